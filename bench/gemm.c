/* SPDX-License-Identifier: Apache-2.0 */
/* gemm.c - C = A B: shapes, work and inputs. How a result is verified: gemm_verify.c. */
#include "gemm.h"
#include "arrays.h"

#include <math.h>
#include <string.h>

static const struct wm_axis axes[] = {
	{"m", "1024", NULL, 1, 2147483647, "rows of A and C", false},
	{"n", "@m", NULL, 1, 2147483647, "columns of B and C", false},
	{"k", "@m", NULL, 1, 2147483647, "columns of A, rows of B", false},
	{"dtype", "f32", "f64 f32 f16 bf16 i8 tf32 e4m3 e5m2", 0, 0, "type of A and B", false},
	{"trans", "tn", "nn nt tn tt", 0, 0, "column major: A along m (n) or k (t), B along k (n) or n (t)", false},
	{"out", "same", "same f32", 0, 0, "type of C: as A and B (tf32 f32, fp8 bf16, i8 i32), or f32 for f16 and bf16",
     true},
	{0},
};

/* The type of C where nothing else is asked for. */
static enum wm_dtype usual_output(enum wm_dtype in) {
	switch (in) {
	case WM_TF32: return WM_F32;
	case WM_E4M3:
	case WM_E5M2: return WM_BF16;
	case WM_I8: return WM_I32;
	default: return in;
	}
}

static enum wm_dtype output(const struct wm_problem *p) {
	const char *word = wm_get_word(p, "out");

	return strcmp(word, "same") == 0 ? usual_output(wm_get_dtype(p)) : wm_dtype_parse(word);
}

struct wm_gemm wm_gemm_shape(const struct wm_problem *p) {
	size_t m = (size_t)wm_get(p, "m"), n = (size_t)wm_get(p, "n"), k = (size_t)wm_get(p, "k");
	enum wm_dtype in = wm_get_dtype(p), out = output(p);
	const char *trans = wm_get_word(p, "trans");

	return (struct wm_gemm){
		.a = {in, m, k, trans[0] == 't' ? k : 1, trans[0] == 't' ? 1 : m},
		.b = {in, k, n, trans[1] == 't' ? n : 1, trans[1] == 't' ? 1 : k},
		.c = {out, m, n, 1, m},
	};
}

/* The tensor of one matrix. WM_INPUT when its bytes are more than a size_t counts. */
static enum wm_status tensor(const char *name, const struct wm_matrix *x, bool output, struct wm_tensor *t) {
	size_t count, bytes;

	if (__builtin_mul_overflow(x->rows, x->cols, &count) ||
	    __builtin_mul_overflow(count, wm_dtype_bytes(x->type), &bytes))
		return wm_fail(WM_INPUT, "matrix %s of %zu x %zu %s has more bytes than 64 bits can count", name, x->rows,
		               x->cols, wm_dtype_word(x->type));
	*t = (struct wm_tensor){name, x->type, count, output};
	return WM_OK;
}

static enum wm_status tensors(const struct wm_problem *p, struct wm_tensor *t, int *n_p) {
	struct wm_gemm g = wm_gemm_shape(p);
	enum wm_status st = tensor("a", &g.a, false, &t[0]);

	if (st == WM_OK)
		st = tensor("b", &g.b, false, &t[1]);
	if (st == WM_OK)
		st = tensor("c", &g.c, true, &t[2]);
	if (st == WM_OK)
		*n_p = 3;
	return st;
}

/* Only sums in f32 of shorter types can be kept as they are; what C is anyhow has no second name. */
static enum wm_status accept(const struct wm_problem *p) {
	enum wm_dtype in = wm_get_dtype(p);
	const char *out = wm_get_word(p, "out");
	struct wm_tensor t[3];
	int n;
	enum wm_status st = tensors(p, t, &n);

	if (st != WM_OK || strcmp(out, "same") == 0 || in == WM_F16 || in == WM_BF16)
		return st;
	return wm_fail(WM_UNSUPPORTED, "out=%s: C is always %s with dtype=%s, only f16 and bf16 leave a choice", out,
	               wm_dtype_word(usual_output(in)), wm_dtype_word(in));
}

static double bytes_of(const struct wm_matrix *x) {
	return (double)x->rows * (double)x->cols * (double)wm_dtype_bytes(x->type);
}

static void work(const struct wm_problem *p, struct wm_work *work_p) {
	struct wm_gemm g = wm_gemm_shape(p);

	*work_p = (struct wm_work){
		.flop = 2 * (double)g.a.rows * (double)g.b.cols * (double)g.a.cols,
		.bytes = bytes_of(&g.a) + bytes_of(&g.b) + bytes_of(&g.c),
	};
}

/* ---- inputs of the exact part ------------------------------------------------------------------- */

struct wm_gemm_exact wm_gemm_exact_rule(const struct wm_gemm *g) {
	/* By type of the operands; bench/README.md says how these widths were chosen. */
	/* clang-format off */
	static const struct wm_gemm_exact usual[WM_DTYPES] = {
		[WM_F64] = { 50, 28, 1, 0x1p53, 0 },
		[WM_F32] = { 22, 12, 1, 0x1p24, 0 },
		[WM_TF32] = { 11, 11, 4, 0x1p24, 0 },
		[WM_F16] = { 9, 2, 1, 0x1p11, 0 },
		[WM_BF16] = { 6, 1, 1, 0x1p8, 0 },
		[WM_E4M3] = { 4, 1, 1, 0x1p8, 0 },
		[WM_E5M2] = { 3, 1, 1, 0x1p8, 0 },
		[WM_I8] = { 7, 7, 7, 0x1p31 - 1, 0 },
	};
	static const struct wm_gemm_exact to_f32[WM_DTYPES] = {
		[WM_F16] = { 11, 11, 4, 0x1p24, 0 },
		[WM_BF16] = { 8, 8, 4, 0x1p24, 0 },
	};
	/* clang-format on */
	struct wm_gemm_exact rule = g->c.type == usual_output(g->a.type) ? usual[g->a.type] : to_f32[g->a.type];
	double narrow = ldexp(1, rule.narrow_bits) - 1;
	double end = (ldexp(1, rule.end_bits) - 1) * narrow, mid = (ldexp(1, rule.mid_bits) - 1) * narrow;
	size_t most = (size_t)((rule.limit - 2 * end) / mid), between = g->a.cols > 2 ? g->a.cols - 2 : 1;

	rule.period = (between + most - 1) / most;
	return rule;
}

/* Element of A (or B) in row (column) i at position k, from its random word. Even k are wide in B, odd ones
 * in A; the first is wide in B and the last in A. */
static double exact_value(const struct wm_gemm *g, const struct wm_gemm_exact *rule, bool of_a, size_t i, size_t k,
                          uint32_t word) {
	size_t last = g->a.cols - 1;
	bool end = k == 0 || k == last;
	bool wide_in_a = end ? k != 0 : k % 2 == 1;

	if (of_a && !end && (k + i) % rule->period != 0)
		return 0;
	if (of_a != wide_in_a)
		return wm_odd_integer(word, rule->narrow_bits);
	return wm_odd_integer(word, end ? rule->end_bits : rule->mid_bits);
}

/* Walks the matrix in the order of memory: lines along k, or across it. */
static void fill_exact(const struct wm_gemm *g, bool of_a, uint64_t seed, void *host) {
	struct wm_gemm_exact rule = wm_gemm_exact_rule(g);
	const struct wm_matrix *x = of_a ? &g->a : &g->b;
	size_t count = x->rows * x->cols, depth = g->a.cols, across = count / depth;
	bool along_k = (of_a ? x->col_step : x->row_step) == 1;
	size_t line = along_k ? depth : across;
	uint32_t word[WM_CHUNK];

	for (size_t at = 0, outer = 0, inner = 0; at < count; at++) {
		if (at % WM_CHUNK == 0)
			wm_random(seed, WM_STREAM_EXACT + !of_a, at, count - at < WM_CHUNK ? count - at : WM_CHUNK, word);
		wm_store_element(
			x->type, host, at,
			exact_value(g, &rule, of_a, along_k ? outer : inner, along_k ? inner : outer, word[at % WM_CHUNK]));
		if (++inner == line) {
			inner = 0;
			outer++;
		}
	}
}

static void fill(const struct wm_problem *p, int i, enum wm_data_part part, uint64_t seed, void *host) {
	struct wm_gemm g = wm_gemm_shape(p);
	const struct wm_matrix *x = i == 0 ? &g.a : &g.b;

	if (part == WM_EXACT)
		fill_exact(&g, i == 0, seed, host);
	else
		wm_fill_timed(p, x->type, seed, (uint64_t)i, x->rows * x->cols, host);
}

const struct wm_bench wm_bench_gemm = {
	.name = "gemm",
	.about = "C = A B, column major, alpha 1, beta 0",
	.metric = "flop/s",
	.axes = axes,
	.accept = accept,
	.tensors = tensors,
	.work = work,
	.fill = fill,
	.verify = wm_gemm_verify,
};
