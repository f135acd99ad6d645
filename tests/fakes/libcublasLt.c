/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcublasLt.c - a fake libcublasLt.so.13. It keeps descriptors as the documentation says, refuses what
 * cublasLtMatmul() is documented to refuse, and computes on the host, at once, in the memory that it is given: the
 * product of what the descriptors say, summed in f64 and rounded to the type of the result.
 *
 * WM_FAKE_CUBLASLT holds words. Each that begins with a digit is an algorithm, in the order of the heuristic:
 * MICROSECONDS, followed by any of :fails (cublasLtMatmul: NOT_SUPPORTED), :state (an answer without success),
 * :wrong (its products are), :needs=BYTES (of workspace). Other words: init (cublasLtCreate: NOT_INITIALIZED),
 * none (the heuristic: NOT_SUPPORTED), mismatch (ARCH_MISMATCH), invalid (INVALID_VALUE). Nothing: one algorithm of 10.
 *
 * A process that sets wm_fake_cublaslt_spend is told of the time that a product takes; else it is slept.
 */
#include "../../kernels/libs/cublaslt_api.h"

#include <dlfcn.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void (*wm_fake_cublaslt_spend)(void *queue, double seconds);
int wm_fake_cublaslt_live(void); /* handles and descriptors that were created and not destroyed */

enum { HANDLE = 0x4801, DESC, LAYOUT, PREFERENCE, ALGO, MOST_ALGOS = 100 };

struct handle {
	int what;
};

struct desc {
	int what, compute, scale;
	int32_t op[2];
	int8_t fast_accum;
};

struct layout {
	int what, type;
	uint64_t rows, cols;
	int64_t ld;
};

struct preference {
	int what;
	uint64_t workspace;
};

/* What lies in the 64 bytes of an algorithm. */
struct algo {
	int what, id;
	double seconds;
	uint64_t needs;
	bool fails, wrong, state;
};
_Static_assert(sizeof(struct algo) <= sizeof(struct wm_cublaslt_algo), "an algorithm");

static int live;

int wm_fake_cublaslt_live(void) {
	return live;
}

/* ---- script ---- */

static struct algo algo_of(const char *word, int id) {
	const char *needs = strstr(word, ":needs=");

	return (struct algo){.what = ALGO,
	                     .id = id,
	                     .seconds = atof(word) * 1e-6,
	                     .needs = needs ? strtoull(needs + strlen(":needs="), NULL, 10) : 0,
	                     .fails = strstr(word, ":fails") != NULL,
	                     .wrong = strstr(word, ":wrong") != NULL,
	                     .state = strstr(word, ":state") != NULL};
}

/* The algorithms, and whether a word is there. */
static int script(struct algo *algos, const char *wanted, bool *there_p) {
	const char *variable = getenv("WM_FAKE_CUBLASLT");
	char text[4096], *rest = NULL;
	int n = 0;
	bool there = false;

	snprintf(text, sizeof(text), "%s", variable ? variable : "10");
	for (char *word = strtok_r(text, " ", &rest); word && n < MOST_ALGOS; word = strtok_r(NULL, " ", &rest)) {
		there |= strcmp(word, wanted) == 0;
		if (word[0] >= '0' && word[0] <= '9') {
			algos[n] = algo_of(word, n);
			n++;
		}
	}
	*there_p = there;
	return n;
}

static bool says(const char *word) {
	struct algo unused[MOST_ALGOS];
	bool there;

	script(unused, word, &there);
	return there;
}

/* ---- handles and descriptors ---- */

static int create(void **p, size_t bytes, int what) {
	int *object = calloc(1, bytes);

	if (!object)
		return WM_CUBLASLT_ALLOC_FAILED;
	*object = what;
	*p = object;
	live++;
	return WM_CUBLASLT_SUCCESS;
}

static int destroy(void *object, int what) {
	if (!object || *(int *)object != what)
		return WM_CUBLASLT_INVALID_VALUE;
	*(int *)object = 0;
	free(object);
	live--;
	return WM_CUBLASLT_SUCCESS;
}

int cublasLtGetProperty(int part, int *value);
int cublasLtGetProperty(int part, int *value) {
	static const int parts[] = {13, 1, 7};

	if (part < 0 || part > 2)
		return WM_CUBLASLT_INVALID_VALUE;
	*value = parts[part];
	return WM_CUBLASLT_SUCCESS;
}

int cublasLtCreate(void **handle);
int cublasLtCreate(void **handle) {
	return says("init") ? WM_CUBLASLT_NOT_INITIALIZED : create(handle, sizeof(struct handle), HANDLE);
}

int cublasLtDestroy(void *handle);
int cublasLtDestroy(void *handle) {
	return destroy(handle, HANDLE);
}

static bool scale_fits(int compute, int scale) {
	switch (compute) {
	case WM_CUBLASLT_COMPUTE_64F: return scale == WM_CUBLASLT_R_64F;
	case WM_CUBLASLT_COMPUTE_32I: return scale == WM_CUBLASLT_R_32I;
	case WM_CUBLASLT_COMPUTE_32F:
	case WM_CUBLASLT_COMPUTE_32F_FAST_TF32: return scale == WM_CUBLASLT_R_32F;
	default: return false;
	}
}

int cublasLtMatmulDescCreate(void **desc, int compute, int scale);
int cublasLtMatmulDescCreate(void **desc, int compute, int scale) {
	struct desc *d;
	int status;

	if (!scale_fits(compute, scale))
		return WM_CUBLASLT_INVALID_VALUE;
	status = create(desc, sizeof(*d), DESC);
	if (status == WM_CUBLASLT_SUCCESS) {
		d = *desc;
		d->compute = compute;
		d->scale = scale;
	}
	return status;
}

int cublasLtMatmulDescDestroy(void *desc);
int cublasLtMatmulDescDestroy(void *desc) {
	return destroy(desc, DESC);
}

int cublasLtMatmulDescSetAttribute(void *desc, int attribute, const void *value, size_t bytes);
int cublasLtMatmulDescSetAttribute(void *desc, int attribute, const void *value, size_t bytes) {
	struct desc *d = desc;

	if (!d || d->what != DESC || !value)
		return WM_CUBLASLT_INVALID_VALUE;
	if ((attribute == WM_CUBLASLT_DESC_TRANSA || attribute == WM_CUBLASLT_DESC_TRANSB) && bytes == 4)
		memcpy(&d->op[attribute - WM_CUBLASLT_DESC_TRANSA], value, bytes);
	else if (attribute == WM_CUBLASLT_DESC_FAST_ACCUM && bytes == 1)
		memcpy(&d->fast_accum, value, bytes);
	else
		return WM_CUBLASLT_INVALID_VALUE;
	return WM_CUBLASLT_SUCCESS;
}

static size_t bytes_of(int type) {
	switch (type) {
	case WM_CUBLASLT_R_64F: return 8;
	case WM_CUBLASLT_R_32F:
	case WM_CUBLASLT_R_32I: return 4;
	case WM_CUBLASLT_R_16F:
	case WM_CUBLASLT_R_16BF: return 2;
	case WM_CUBLASLT_R_8I:
	case WM_CUBLASLT_R_8F_E4M3:
	case WM_CUBLASLT_R_8F_E5M2: return 1;
	default: return 0;
	}
}

int cublasLtMatrixLayoutCreate(void **layout, int type, uint64_t rows, uint64_t cols, int64_t ld);
int cublasLtMatrixLayoutCreate(void **layout, int type, uint64_t rows, uint64_t cols, int64_t ld) {
	int status;

	if (!bytes_of(type) || !rows || !cols || ld < (int64_t)rows)
		return WM_CUBLASLT_INVALID_VALUE;
	status = create(layout, sizeof(struct layout), LAYOUT);
	if (status == WM_CUBLASLT_SUCCESS)
		*(struct layout *)*layout = (struct layout){LAYOUT, type, rows, cols, ld};
	return status;
}

int cublasLtMatrixLayoutDestroy(void *layout);
int cublasLtMatrixLayoutDestroy(void *layout) {
	return destroy(layout, LAYOUT);
}

int cublasLtMatmulPreferenceCreate(void **preference);
int cublasLtMatmulPreferenceCreate(void **preference) {
	return create(preference, sizeof(struct preference), PREFERENCE);
}

int cublasLtMatmulPreferenceDestroy(void *preference);
int cublasLtMatmulPreferenceDestroy(void *preference) {
	return destroy(preference, PREFERENCE);
}

int cublasLtMatmulPreferenceSetAttribute(void *preference, int attribute, const void *value, size_t bytes);
int cublasLtMatmulPreferenceSetAttribute(void *preference, int attribute, const void *value, size_t bytes) {
	struct preference *p = preference;

	if (!p || p->what != PREFERENCE || !value || attribute != WM_CUBLASLT_PREF_MAX_WORKSPACE_BYTES || bytes != 8)
		return WM_CUBLASLT_INVALID_VALUE;
	memcpy(&p->workspace, value, bytes);
	return WM_CUBLASLT_SUCCESS;
}

/* ---- what is supported: the tables and lists of cublasLtMatmul() ---- */

/* One product, as it was told. */
struct product {
	const struct desc *desc;
	const struct layout *a, *b, *c, *d;
};

static bool is_fp8(int type) {
	return type == WM_CUBLASLT_R_8F_E4M3 || type == WM_CUBLASLT_R_8F_E5M2;
}

static bool one_of(int type, int x, int y, int z) {
	return type == x || type == y || type == z;
}

static bool types_fit(const struct product *x) {
	int a = x->a->type, b = x->b->type, c = x->c->type;
	enum { F32 = WM_CUBLASLT_R_32F, F16 = WM_CUBLASLT_R_16F, BF16 = WM_CUBLASLT_R_16BF };

	if (is_fp8(a) && is_fp8(b))
		return x->desc->compute == WM_CUBLASLT_COMPUTE_32F && one_of(c, F32, F16, BF16) &&
		       !(a == WM_CUBLASLT_R_8F_E5M2 && b == WM_CUBLASLT_R_8F_E5M2);
	if (a != b || x->desc->fast_accum)
		return false;
	switch (x->desc->compute) {
	case WM_CUBLASLT_COMPUTE_64F: return a == WM_CUBLASLT_R_64F && c == WM_CUBLASLT_R_64F;
	case WM_CUBLASLT_COMPUTE_32I: return a == WM_CUBLASLT_R_8I && c == WM_CUBLASLT_R_32I;
	case WM_CUBLASLT_COMPUTE_32F_FAST_TF32: return a == F32 && c == F32;
	default: return one_of(a, F32, F16, BF16) && one_of(c, a, F32, F32);
	}
}

static bool ops_fit(const struct product *x) {
	for (int i = 0; i < 2; i++)
		if (x->desc->op[i] != WM_CUBLASLT_OP_N && x->desc->op[i] != WM_CUBLASLT_OP_T)
			return false;
	return true;
}

static bool shapes_fit(const struct product *x) {
	bool ta = x->desc->op[0] == WM_CUBLASLT_OP_T, tb = x->desc->op[1] == WM_CUBLASLT_OP_T;
	uint64_t m = ta ? x->a->cols : x->a->rows, k = ta ? x->a->rows : x->a->cols;

	return (tb ? x->b->cols : x->b->rows) == k && x->c->rows == m && x->c->cols == (tb ? x->b->rows : x->b->cols) &&
	       x->d->rows == x->c->rows && x->d->cols == x->c->cols && x->d->type == x->c->type;
}

static bool is_tn(const struct product *x) {
	return x->desc->op[0] == WM_CUBLASLT_OP_T && x->desc->op[1] == WM_CUBLASLT_OP_N;
}

/* As on compute capability 9.0. With TN a's rows are k, b's are k and c's are m. */
static bool is_supported(const struct product *x) {
	const struct layout *const all[] = {x->a, x->b, x->c, x->d};

	if (!types_fit(x))
		return false;
	for (int i = 0; i < 4; i++)
		if ((is_fp8(x->a->type) &&
		     (all[i]->rows * bytes_of(all[i]->type) % 16 || (uint64_t)all[i]->ld * bytes_of(all[i]->type) % 16)) ||
		    (x->a->type == WM_CUBLASLT_R_8I && (all[i]->rows % 4 || all[i]->ld % 4)))
			return false;
	return bytes_of(x->a->type) > 1 || is_tn(x);
}

/* A status of what is told of a product, before memory is looked at. */
static int judge(const struct product *x) {
	if (!x->desc || x->desc->what != DESC || !x->a || x->a->what != LAYOUT || !x->b || x->b->what != LAYOUT || !x->c ||
	    x->c->what != LAYOUT || !x->d || x->d->what != LAYOUT || !ops_fit(x) || !shapes_fit(x))
		return WM_CUBLASLT_INVALID_VALUE;
	return is_supported(x) ? WM_CUBLASLT_SUCCESS : WM_CUBLASLT_NOT_SUPPORTED;
}

/* ---- algorithms ---- */

int cublasLtMatmulAlgoGetHeuristic(void *handle, void *desc, void *a, void *b, void *c, void *d, void *preference,
                                   int wanted, struct wm_cublaslt_answer *answers, int *found);
int cublasLtMatmulAlgoGetHeuristic(void *handle, void *desc, void *a, void *b, void *c, void *d, void *preference,
                                   int wanted, struct wm_cublaslt_answer *answers, int *found) {
	const struct product x = {desc, a, b, c, d};
	const struct preference *p = preference;
	const struct handle *h = handle;
	struct algo algos[MOST_ALGOS];
	bool invalid;
	int n = script(algos, "invalid", &invalid), status = judge(&x);

	if (!h || h->what != HANDLE)
		return WM_CUBLASLT_NOT_INITIALIZED;
	if (invalid || !p || p->what != PREFERENCE || wanted <= 0 || status == WM_CUBLASLT_INVALID_VALUE)
		return WM_CUBLASLT_INVALID_VALUE;
	if (says("mismatch"))
		return WM_CUBLASLT_ARCH_MISMATCH;
	if (says("none") || status != WM_CUBLASLT_SUCCESS)
		return WM_CUBLASLT_NOT_SUPPORTED;
	*found = 0;
	for (int i = 0; i < n && *found < wanted; i++) {
		struct wm_cublaslt_answer *out = &answers[*found];

		if (algos[i].needs > p->workspace)
			continue;
		memset(out, 0, sizeof(*out));
		memcpy(&out->algo, &algos[i], sizeof(algos[i]));
		out->workspace = algos[i].needs;
		out->state = algos[i].state ? WM_CUBLASLT_NOT_SUPPORTED : WM_CUBLASLT_SUCCESS;
		out->waves = 1;
		++*found;
	}
	return WM_CUBLASLT_SUCCESS;
}

/* The number of an algorithm is also its tile's; all others are 1. */
int cublasLtMatmulAlgoConfigGetAttribute(const struct algo *algo, int attribute, void *value, size_t bytes,
                                         size_t *written);
int cublasLtMatmulAlgoConfigGetAttribute(const struct algo *algo, int attribute, void *value, size_t bytes,
                                         size_t *written) {
	bool is_short = attribute == WM_CUBLASLT_CONFIG_INNER_SHAPE_ID || attribute == WM_CUBLASLT_CONFIG_CLUSTER_SHAPE_ID;
	uint32_t number = attribute <= WM_CUBLASLT_CONFIG_TILE_ID ? (uint32_t)algo->id : 1;
	uint16_t brief = (uint16_t)number;

	if (algo->what != ALGO || attribute < 0 || attribute > WM_CUBLASLT_CONFIG_CLUSTER_SHAPE_ID ||
	    bytes != (is_short ? sizeof(brief) : sizeof(number)))
		return WM_CUBLASLT_INVALID_VALUE;
	memcpy(value, is_short ? (void *)&brief : (void *)&number, bytes);
	*written = bytes;
	return WM_CUBLASLT_SUCCESS;
}

int cublasLtMatmulAlgoCapGetAttribute(const struct algo *algo, int attribute, void *value, size_t bytes,
                                      size_t *written);
int cublasLtMatmulAlgoCapGetAttribute(const struct algo *algo, int attribute, void *value, size_t bytes,
                                      size_t *written) {
	uint64_t flags = 0x80202;

	if (algo->what != ALGO || attribute != WM_CUBLASLT_CAP_NUMERICAL_IMPL_FLAGS || bytes != sizeof(flags))
		return WM_CUBLASLT_INVALID_VALUE;
	memcpy(value, &flags, bytes);
	*written = bytes;
	return WM_CUBLASLT_SUCCESS;
}

/* ---- numbers: a sign, exponent bits and fraction bits, after IEEE 754 ---- */

struct format {
	int exponent, fraction;
	bool only_nan; /* OCP e4m3: the largest exponent is one more of numbers, all ones are NaN */
};

static struct format format_of(int type) {
	switch (type) {
	case WM_CUBLASLT_R_16F: return (struct format){5, 10, false};
	case WM_CUBLASLT_R_16BF: return (struct format){8, 7, false};
	case WM_CUBLASLT_R_8F_E4M3: return (struct format){4, 3, true};
	default: return (struct format){5, 2, false}; /* e5m2 */
	}
}

static double decode(struct format f, uint32_t bits) {
	int top = (1 << f.exponent) - 1, bias = top / 2;
	int e = (int)(bits >> f.fraction) & top, m = (int)(bits & ((1u << f.fraction) - 1));
	double sign = (bits >> (f.exponent + f.fraction)) ? -1 : 1;

	if (e == top && (!f.only_nan || m == (1 << f.fraction) - 1))
		return m ? NAN : sign * INFINITY;
	return sign * (e ? ldexp(m + (1 << f.fraction), e - bias - f.fraction) : ldexp(m, 1 - bias - f.fraction));
}

/* To nearest even; beyond the largest: infinity. Only for formats that have one. */
static uint32_t encode(struct format f, double x) {
	int bias = ((1 << f.exponent) - 1) / 2, e, top = (1 << f.exponent) - 1;
	uint32_t sign = signbit(x) ? 1u << (f.exponent + f.fraction) : 0;
	double units;

	if (isnan(x))
		return sign | (uint32_t)top << f.fraction | 1;
	if (x == 0)
		return sign;
	frexp(x, &e);
	e = e - 1 > 1 - bias ? e - 1 : 1 - bias;
	if (isinf(x) || e > bias)
		return sign | (uint32_t)top << f.fraction;
	/* units of the last place; those of a normal number begin at 1 << fraction, which is one step of the exponent, and
	 * one that is rounded up to the next power of two, or to infinity, carries into it by itself */
	units = nearbyint(ldexp(fabs(x), f.fraction - e));
	return sign | (uint32_t)(units + (double)((int64_t)(e + bias - 1) << f.fraction));
}

static double get(int type, const void *memory, size_t i) {
	switch (type) {
	case WM_CUBLASLT_R_64F: return ((const double *)memory)[i];
	case WM_CUBLASLT_R_32F: return ((const float *)memory)[i];
	case WM_CUBLASLT_R_32I: return ((const int32_t *)memory)[i];
	case WM_CUBLASLT_R_8I: return ((const int8_t *)memory)[i];
	default:
		return decode(format_of(type),
		              bytes_of(type) == 2 ? ((const uint16_t *)memory)[i] : ((const uint8_t *)memory)[i]);
	}
}

static void put(int type, void *memory, size_t i, double x) {
	switch (type) {
	case WM_CUBLASLT_R_64F: ((double *)memory)[i] = x; break;
	case WM_CUBLASLT_R_32F: ((float *)memory)[i] = (float)x; break;
	case WM_CUBLASLT_R_32I: ((int32_t *)memory)[i] = (int32_t)x; break;
	default: ((uint16_t *)memory)[i] = (uint16_t)encode(format_of(type), x);
	}
}

/* An operand of tf32: 10 bits of fraction, the rest is cut off. */
static double to_tf32(double x) {
	float f = (float)x;
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	bits &= 0xffffe000u;
	memcpy(&f, &bits, sizeof(f));
	return f;
}

/* op(matrix) as doubles, element (row, col) at row * cols + col. */
static double *load(const struct layout *l, int32_t op, const void *memory, bool tf32, bool by_col) {
	bool t = op == WM_CUBLASLT_OP_T;
	size_t rows = t ? l->cols : l->rows, cols = t ? l->rows : l->cols;
	double *out = malloc(rows * cols * sizeof(double));

	for (size_t r = 0; out && r < rows; r++)
		for (size_t c = 0; c < cols; c++) {
			double x = get(l->type, memory, t ? c + r * (size_t)l->ld : r + c * (size_t)l->ld);

			out[by_col ? c * rows + r : r * cols + c] = tf32 ? to_tf32(x) : x;
		}
	return out;
}

static double scalar(int type, const void *p) {
	return type == WM_CUBLASLT_R_64F   ? *(const double *)p
	       : type == WM_CUBLASLT_R_32I ? *(const int32_t *)p
	                                   : *(const float *)p;
}

/* All that one product needs, so that it can be done later, and again. */
struct call {
	struct desc desc;
	struct layout a, b, c, d;
	double alpha, beta;
	const void *pa, *pb, *pc;
	void *pd, *queue;
	struct algo algo;
};

static void spend(void *queue, double seconds) {
	struct timespec t = {.tv_nsec = (long)(seconds * 1e9)};

	if (wm_fake_cublaslt_spend)
		wm_fake_cublaslt_spend(queue, seconds);
	else
		nanosleep(&t, NULL);
}

static void compute(void *data) {
	const struct call *x = data;
	bool tf32 = x->desc.compute == WM_CUBLASLT_COMPUTE_32F_FAST_TF32;
	double *left = load(&x->a, x->desc.op[0], x->pa, tf32, false),
		   *right = load(&x->b, x->desc.op[1], x->pb, tf32, true);
	size_t m = x->d.rows, n = x->d.cols, k = x->desc.op[0] == WM_CUBLASLT_OP_T ? x->a.rows : x->a.cols;

	if (!left || !right)
		abort();
	spend(x->queue, x->algo.seconds);
	for (size_t j = 0; j < n; j++)
		for (size_t i = 0; i < m; i++) {
			double sum = 0;

			for (size_t l = 0; l < k; l++)
				sum += left[i * k + l] * right[j * k + l];
			sum *= x->alpha;
			if (x->beta != 0)
				sum += x->beta * get(x->c.type, x->pc, i + j * (size_t)x->c.ld);
			if (x->algo.wrong && i + 1 == m && j + 1 == n)
				sum = 3 * sum + 1;
			put(x->d.type, x->pd, i + j * (size_t)x->d.ld, sum);
		}
	free(left);
	free(right);
}

/* A copy that stays, one for all calls that are alike: a graph may do it again at any time. */
static struct call *keep(const struct call *x) {
	static struct kept {
		struct kept *next;
		struct call call;
	} * all;
	struct kept *at = all;

	/* by bytes: of two that differ in padding alone both are kept, which costs memory and nothing else */
	/* NOLINTNEXTLINE(bugprone-suspicious-*,cert-exp42-c,cert-flp37-c) */
	while (at && memcmp(&at->call, x, sizeof(*x)))
		at = at->next;
	if (!at) {
		at = malloc(sizeof(*at));
		if (!at)
			abort();
		memcpy(&at->call, x, sizeof(*x));
		at->next = all;
		all = at;
	}
	return &at->call;
}

/* Into the queue of the fake driver, where that is open: it may be recording. Else at once. */
static int submit(const struct call *x) {
	void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
	int (*launch)(void *queue, void (*fn)(void *), void *data) = NULL;

	if (driver)
		*(void **)&launch = dlsym(driver, "cuLaunchHostFunc");
	if (launch)
		return launch(x->queue, compute, keep(x)) ? WM_CUBLASLT_EXECUTION_FAILED : WM_CUBLASLT_SUCCESS;
	compute(keep(x));
	return WM_CUBLASLT_SUCCESS;
}

static bool aligned(const void *p, size_t bytes) {
	return p && (uintptr_t)p % bytes == 0;
}

int cublasLtMatmul(void *handle, void *desc, const void *alpha, const void *a, void *a_layout, const void *b,
                   void *b_layout, const void *beta, const void *c, void *c_layout, void *d, void *d_layout,
                   const struct algo *algo, void *workspace, size_t workspace_bytes, void *queue);
int cublasLtMatmul(void *handle, void *desc, const void *alpha, const void *a, void *a_layout, const void *b,
                   void *b_layout, const void *beta, const void *c, void *c_layout, void *d, void *d_layout,
                   const struct algo *algo, void *workspace, size_t workspace_bytes, void *queue) {
	const struct product x = {desc, a_layout, b_layout, c_layout, d_layout};
	const struct handle *h = handle;
	struct call call;
	int status;

	if (!h || h->what != HANDLE)
		return WM_CUBLASLT_NOT_INITIALIZED;
	status = judge(&x);
	if (status != WM_CUBLASLT_SUCCESS)
		return status;
	if (!algo || algo->what != ALGO || !alpha || !beta || !aligned(a, 16) || !aligned(b, 16) || !aligned(c, 16) ||
	    !aligned(d, 16) || algo->needs > workspace_bytes || !aligned(workspace, 256))
		return WM_CUBLASLT_INVALID_VALUE;
	if (algo->fails)
		return WM_CUBLASLT_NOT_SUPPORTED;
	if (algo->needs)
		((char *)workspace)[0] = ((char *)workspace)[algo->needs - 1] = 0x5a;
	memset(&call, 0, sizeof(call)); /* bytes between members too: calls are compared */
	call.desc = *x.desc;
	call.a = *x.a;
	call.b = *x.b;
	call.c = *x.c;
	call.d = *x.d;
	call.alpha = scalar(x.desc->scale, alpha);
	call.beta = scalar(x.desc->scale, beta);
	call.pa = a;
	call.pb = b;
	call.pc = c;
	call.pd = d;
	call.queue = queue;
	call.algo = *algo;
	return submit(&call);
}
