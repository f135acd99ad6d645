/* SPDX-License-Identifier: Apache-2.0 */
/* inject.c - for each benchmark, what each error does to its output. */
#include "inject.h"

#include "../../bench/gemm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM = 64, PICKS = 8, TAIL = 15 };

/* One set of tensors, and the try that chooses where. */
struct victim {
	const struct wm_problem *p;
	enum wm_data_part part;
	uint64_t seed, try_;
	struct wm_tensor t[WM_MAX_TENSORS];
	int n;
	void *const *host;
};

typedef void damage_fn(const struct victim *v);

/* A random number below bound; index tells the numbers of one try apart. */
static size_t pick(const struct victim *v, unsigned index, size_t bound) {
	uint32_t word[2];

	wm_random(v->seed, STREAM, 2 * (v->try_ * PICKS + index), 2, word);
	return (size_t)(((uint64_t)word[0] << 32 | word[1]) % bound);
}

static double get(const struct victim *v, int tensor, size_t i) {
	return wm_load_element(v->t[tensor].dtype, v->host[tensor], i);
}

static void set(const struct victim *v, int tensor, size_t i, double x) {
	wm_store_element(v->t[tensor].dtype, v->host[tensor], i, x);
}

/* The last tensor is the output of every benchmark here. */
static int output(const struct victim *v) {
	return v->n - 1;
}

static void zero(const struct victim *v) {
	const struct wm_tensor *t = &v->t[output(v)];

	memset(v->host[output(v)], 0, t->count * wm_dtype_bytes(t->dtype));
}

/* One unit in the last place: the lowest bit of the encoding. */
static void flip_last_bit(const struct victim *v, size_t i) {
	const uint16_t probe = 1;
	size_t bytes = wm_dtype_bytes(v->t[output(v)].dtype);
	bool little_endian = *(const unsigned char *)&probe == 1;

	((unsigned char *)v->host[output(v)])[i * bytes + (little_endian ? 0 : bytes - 1)] ^= 1;
}

static void one_bit(const struct victim *v) {
	flip_last_bit(v, pick(v, 0, v->t[output(v)].count));
}

/* The number of keys in a dropped tail of at most that many. */
static size_t tail(const struct victim *v, size_t most) {
	return 1 + pick(v, 1, most < TAIL ? most : TAIL);
}

/* ---- gemm --------------------------------------------------------------------------------------- */

static double a_of(const struct victim *v, const struct wm_gemm *g, size_t i, size_t k) {
	return get(v, 0, i * g->a.row_step + k * g->a.col_step);
}

static double b_of(const struct victim *v, const struct wm_gemm *g, size_t k, size_t j) {
	return get(v, 1, k * g->b.row_step + j * g->b.col_step);
}

/* c += times a[:,k] b[k,:] for k in [from, to) */
static void add_keys(const struct victim *v, size_t from, size_t to, double times) {
	struct wm_gemm g = wm_gemm_shape(v->p);

	for (size_t j = 0; j < g.c.cols; j++)
		for (size_t i = 0; i < g.c.rows; i++) {
			double sum = get(v, 2, i + j * g.c.rows);

			for (size_t k = from; k < to; k++)
				sum += times * a_of(v, &g, i, k) * b_of(v, &g, k, j);
			set(v, 2, i + j * g.c.rows, sum);
		}
}

/* A random k at which some row of A is not zero; the others are no part of the sum. */
static size_t used_key(const struct victim *v) {
	struct wm_gemm g = wm_gemm_shape(v->p);
	size_t depth = g.a.cols, k = pick(v, 0, depth);

	for (size_t left = depth; left > 0; left--, k = (k + 1) % depth)
		for (size_t i = 0; i < g.a.rows; i++)
			if (a_of(v, &g, i, k) != 0)
				return k;
	return k;
}

static void gemm_dropped(const struct victim *v) {
	size_t k = used_key(v);

	add_keys(v, k, k + 1, -1);
}

static void gemm_doubled(const struct victim *v) {
	size_t k = used_key(v);

	add_keys(v, k, k + 1, 1);
}

static void gemm_tail(const struct victim *v) {
	size_t depth = wm_gemm_shape(v->p).a.cols;

	add_keys(v, depth - tail(v, depth), depth, -1);
}

/* Exact: the last bit, or the next integer. Timed: more than 8 times what any type is allowed, in the last
 * row. */
static void gemm_element(const struct victim *v) {
	struct wm_gemm g = wm_gemm_shape(v->p);
	size_t i = v->part == WM_EXACT ? pick(v, 0, g.c.rows) : g.c.rows - 1, j = pick(v, 1, g.c.cols);
	size_t at = i + j * g.c.rows;
	double c = get(v, 2, at), magnitude = 0, unit = g.c.type == WM_F64 ? 0x1p-53 : 0x1p-24;

	if (v->part == WM_EXACT || g.c.type == WM_I32) {
		if (v->try_ % 2)
			flip_last_bit(v, at);
		else
			set(v, 2, at, c > 0 ? c - 1 : c + 1);
		return;
	}
	for (size_t k = 0; k < g.a.cols; k++)
		magnitude += fabs(a_of(v, &g, i, k) * b_of(v, &g, k, j));
	set(v, 2, at,
	    c + 8 * (2 * ldexp(fabs(c), -wm_dtype_bits(g.c.type)) + 8 * sqrt((double)g.a.cols) * unit * magnitude +
	             0x1p-25));
}

/* ---- read --------------------------------------------------------------------------------------- */

/* The block of element i, and where it ends. */
static size_t block_of(const struct victim *v, size_t i, size_t *end_p) {
	size_t n = v->t[0].count, blocks = v->t[1].count, b = 0;

	while ((b + 1) * n / blocks <= i)
		b++;
	*end_p = (b + 1) * n / blocks;
	return b;
}

static void read_add(const struct victim *v, double times) {
	size_t i = pick(v, 0, v->t[0].count), end, b = block_of(v, i, &end);

	set(v, 1, b, get(v, 1, b) + times * get(v, 0, i));
}

static void read_dropped(const struct victim *v) {
	read_add(v, -1);
}

static void read_doubled(const struct victim *v) {
	read_add(v, 1);
}

static void read_tail(const struct victim *v) {
	size_t end, b = block_of(v, pick(v, 0, v->t[0].count), &end), begin = b * v->t[0].count / v->t[1].count;

	for (size_t left = tail(v, end - begin), i = end - left; i < end; i++)
		set(v, 1, b, get(v, 1, b) - get(v, 0, i));
}

/* ---- copy --------------------------------------------------------------------------------------- */

static void copy_dropped(const struct victim *v) {
	set(v, 1, pick(v, 0, v->t[1].count), 0);
}

/* One store too many: the next element gets this one's value too. */
static void copy_doubled(const struct victim *v) {
	size_t n = v->t[1].count, i = pick(v, 0, n);

	set(v, 1, (i + 1) % n, get(v, 0, i));
}

static void copy_tail(const struct victim *v) {
	size_t n = v->t[1].count;

	for (size_t i = n - tail(v, n); i < n; i++)
		set(v, 1, i, 0);
}

/* ---- triad -------------------------------------------------------------------------------------- */

static void triad_dropped(const struct victim *v) {
	size_t i = pick(v, 0, v->t[2].count);

	set(v, 2, i, get(v, 0, i));
}

static void triad_doubled(const struct victim *v) {
	size_t i = pick(v, 0, v->t[2].count);

	set(v, 2, i, get(v, 0, i) + 2 * 3 * get(v, 1, i));
}

static void triad_tail(const struct victim *v) {
	size_t n = v->t[2].count;

	for (size_t i = n - tail(v, n); i < n; i++)
		set(v, 2, i, get(v, 0, i));
}

/* Timed: 8 times the bound, which is at most 2^-p (|a| + 3 |c|) and a little. */
static void triad_element(const struct victim *v) {
	size_t i = pick(v, 0, v->t[2].count);
	double size = fabs(get(v, 2, i)) + 3 * fabs(get(v, 1, i));

	if (v->part == WM_EXACT)
		flip_last_bit(v, i);
	else
		set(v, 2, i, get(v, 2, i) + 8 * ldexp(size, 1 - wm_dtype_bits(v->t[2].dtype)));
}

/* ---- fma ---------------------------------------------------------------------------------------- */

static void fma_add(const struct victim *v, double times) {
	size_t i = pick(v, 0, v->t[2].count);

	set(v, 2, i, get(v, 2, i) + times * get(v, 1, 0) * get(v, 1, 1));
}

static void fma_dropped(const struct victim *v) {
	fma_add(v, -1);
}

static void fma_doubled(const struct victim *v) {
	fma_add(v, 1);
}

static void fma_tail(const struct victim *v) {
	size_t n = v->t[2].count;

	for (size_t i = n - tail(v, n); i < n; i++)
		set(v, 2, i, get(v, 0, i));
}

/* ---- tables ------------------------------------------------------------------------------------- */

static const struct {
	const char *bench;
	damage_fn *damage[WM_INJECTIONS];
} tables[] = {
	{"gemm", {zero, gemm_element, gemm_dropped, gemm_doubled, gemm_tail}},
	{"read", {zero, one_bit, read_dropped, read_doubled, read_tail}},
	{"copy", {zero, one_bit, copy_dropped, copy_doubled, copy_tail}},
	{"triad", {zero, triad_element, triad_dropped, triad_doubled, triad_tail}},
	{"fma", {zero, one_bit, fma_dropped, fma_doubled, fma_tail}},
};

const char *wm_injection_word(enum wm_injection what) {
	static const char *const words[WM_INJECTIONS] = {"zero output", "one wrong element", "one key dropped",
	                                                 "one key twice", "tail dropped"};

	return words[what];
}

bool wm_damage(enum wm_injection what, const struct wm_problem *p, enum wm_data_part part, uint64_t seed,
               void *const *host, uint64_t try_) {
	struct victim v = {.p = p, .part = part, .seed = seed, .try_ = try_, .host = host};
	size_t table = 0, bytes;
	void *before;
	bool changed;

	while (strcmp(tables[table].bench, p->bench->name) != 0)
		if (++table == sizeof(tables) / sizeof(*tables))
			return false;
	if (p->bench->tensors(p, v.t, &v.n) != WM_OK)
		return false;
	bytes = v.t[output(&v)].count * wm_dtype_bytes(v.t[output(&v)].dtype);
	before = wm_zalloc(bytes);
	memcpy(before, host[output(&v)], bytes);
	tables[table].damage[what](&v);
	changed = memcmp(before, host[output(&v)], bytes) != 0;
	free(before);
	return changed;
}
