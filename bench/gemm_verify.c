/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gemm_verify.c - is C the product of A and B? Exact part: all of C at once, by Freivalds' identity modulo a
 * prime. Timed part: sampled elements against sums in double, within a bound that follows from the
 * arithmetic. bench/README.md derives both.
 */
#include "gemm.h"
#include "arrays.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- every element ------------------------------------------------------------------------------ */

/* Every element is finite; in the exact part also an integer that the rule allows. */
static enum wm_status scan(const struct wm_gemm *g, enum wm_data_part part, const void *c) {
	double limit = part == WM_EXACT ? wm_gemm_exact_rule(g).limit : INFINITY;
	size_t count = g->c.rows * g->c.cols;
	double value[WM_CHUNK];

	for (size_t first = 0; first < count; first += WM_CHUNK) {
		size_t n = count - first < WM_CHUNK ? count - first : WM_CHUNK;

		wm_load_run(g->c.type, c, first, 1, n, value);
		for (size_t i = 0; i < n; i++) {
			size_t row = (first + i) % g->c.rows, col = (first + i) / g->c.rows;

			if (!isfinite(value[i]))
				return wm_fail(WM_WRONG, "c[%zu,%zu] is %g, expected a finite number", row, col, value[i]);
			if (part == WM_EXACT && (fabs(value[i]) > limit || value[i] != nearbyint(value[i])))
				return wm_fail(WM_WRONG, "c[%zu,%zu] is %.17g, expected an integer of magnitude up to %.0f", row, col,
				               value[i], limit);
		}
	}
	return WM_OK;
}

/* ---- exact part: c r = a (b r) modulo 2^31 - 1 -------------------------------------------------- */

enum {
	ROUNDS = 2, /* random vectors; each misses a wrong row with probability 2^-31 */
	PRIME_BITS = 31
};
static const int64_t prime = (INT64_C(1) << PRIME_BITS) - 1;

/* A number congruent to x, of magnitude below 2^31 + |x| / 2^31: 2^31 = 1 modulo the prime. */
static int64_t fold(int64_t x) {
	return (x & prime) + (x >> PRIME_BITS);
}

/* The residue in [0, prime) of any x. */
static int64_t residue(int64_t x) {
	x %= prime;
	return x < 0 ? x + prime : x;
}

/* Adds v times each round's factor to the sums: |v| <= 2^53 and factor in [0, prime), so that no product or
 * sum leaves 64 bits. */
static void add_product(int64_t *sum, double v, const int64_t *factor) {
	int64_t folded = fold((int64_t)v);

	for (int i = 0; i < ROUNDS; i++)
		sum[i] = fold(sum[i] + folded * factor[i]);
}

/* y = x r for both rounds; r has x->cols x ROUNDS residues, y x->rows x ROUNDS. Walks x in the order of
 * memory. */
static void times_vectors(const struct wm_matrix *x, const void *data, const int64_t *r, int64_t *y) {
	bool by_rows = x->col_step == 1;
	size_t lines = by_rows ? x->rows : x->cols, line = by_rows ? x->cols : x->rows;
	double value[WM_CHUNK];

	memset(y, 0, x->rows * ROUNDS * sizeof(*y));
	for (size_t outer = 0; outer < lines; outer++)
		for (size_t first = 0; first < line; first += WM_CHUNK) {
			size_t n = line - first < WM_CHUNK ? line - first : WM_CHUNK;

			wm_load_run(x->type, data, outer * line + first, 1, n, value);
			for (size_t i = 0; i < n; i++) {
				size_t inner = first + i;

				if (by_rows)
					add_product(y + outer * ROUNDS, value[i], r + inner * ROUNDS);
				else
					add_product(y + inner * ROUNDS, value[i], r + outer * ROUNDS);
			}
		}
	for (size_t i = 0; i < x->rows * ROUNDS; i++)
		y[i] = residue(y[i]);
}

/* Row i of C is known to be wrong: says in which element, by its sum over all k, which is exact in double. */
static enum wm_status fail_row(const struct wm_gemm *g, void *const *host, size_t i) {
	for (size_t j = 0; j < g->c.cols; j++) {
		double want = 0, got = wm_load_element(g->c.type, host[2], i * g->c.row_step + j * g->c.col_step);

		for (size_t k = 0; k < g->a.cols; k++)
			want += wm_load_element(g->a.type, host[0], i * g->a.row_step + k * g->a.col_step) *
			        wm_load_element(g->b.type, host[1], k * g->b.row_step + j * g->b.col_step);
		if (got != want)
			return wm_fail(WM_WRONG, "c[%zu,%zu] is %.17g, expected %.17g", i, j, got, want);
	}
	return wm_fail(WM_WRONG, "row %zu of c is not row %zu of a times b", i, i);
}

static enum wm_status verify_exact(const struct wm_gemm *g, uint64_t seed, void *const *host,
                                   struct wm_check *check_p) {
	size_t m = g->c.rows, n = g->c.cols, depth = g->a.cols;
	int64_t *r = wm_zalloc(n * ROUNDS * sizeof(*r)), *br = wm_zalloc(depth * ROUNDS * sizeof(*br));
	int64_t *abr = wm_zalloc(m * ROUNDS * sizeof(*abr)), *cr = wm_zalloc(m * ROUNDS * sizeof(*cr));
	enum wm_status st = WM_OK;

	for (size_t first = 0; first < n * ROUNDS; first += WM_CHUNK) {
		size_t count = n * ROUNDS - first < WM_CHUNK ? n * ROUNDS - first : WM_CHUNK;
		uint32_t word[WM_CHUNK];

		wm_random(seed, WM_STREAM_CHECK, first, count, word);
		for (size_t i = 0; i < count; i++)
			r[first + i] = word[i] % prime;
	}
	times_vectors(&g->b, host[1], r, br);
	times_vectors(&g->a, host[0], br, abr);
	times_vectors(&g->c, host[2], r, cr);
	for (size_t i = 0; i < m && st == WM_OK; i++)
		if (memcmp(cr + i * ROUNDS, abr + i * ROUNDS, ROUNDS * sizeof(*cr)) != 0)
			st = fail_row(g, host, i);
	if (st == WM_OK)
		*check_p = (struct wm_check){.compared = m * n, .method = "freivalds mod 2^31-1"};
	free(cr);
	free(abr);
	free(br);
	free(r);
	return st;
}

/* ---- timed part: sampled elements --------------------------------------------------------------- */

enum {
	GROUP = 4096,     /* samples that are summed together */
	DEPTH = 64,       /* positions of k that are gathered at a time */
	TILE = 64,        /* tiles of any kernel end at multiples of this */
	CORNER_LINES = 64 /* rows (columns) of the grid of tile corners */
};

/* Up to GROUP places in C, as pairs of indices into their distinct rows and columns, and what is gathered for
 * them. */
struct group {
	size_t rows[GROUP], cols[GROUP];
	size_t nrows, ncols;
	size_t row_of[GROUP], col_of[GROUP]; /* of sample s: index into rows, cols */
	size_t samples;
	double sum[GROUP], magnitude[GROUP], square[GROUP]; /* of a[i,k] b[k,j], of its magnitude, of its square */
	double a[GROUP][DEPTH], b[GROUP][DEPTH];
};

/* buf[line][q] = element (line, from + q) of a matrix whose lines are line_step apart and whose k are k_step
 * apart; blocks of lines, so that what lies side by side in memory is read together. */
static void gather(enum wm_dtype type, const void *data, const size_t *line, size_t lines, size_t line_step,
                   size_t k_step, size_t from, size_t depth, double (*buf)[DEPTH]) {
	if (k_step == 1) {
		for (size_t i = 0; i < lines; i++)
			wm_load_run(type, data, line[i] * line_step + from, 1, depth, buf[i]);
		return;
	}
	for (size_t block = 0; block < lines; block += DEPTH)
		for (size_t q = 0; q < depth; q++)
			for (size_t i = block; i < lines && i < block + DEPTH; i++)
				buf[i][q] = wm_load_element(type, data, line[i] * line_step + (from + q) * k_step);
}

/* The sums of every sample of the group, over all k in order. */
static void sum_group(const struct wm_gemm *g, void *const *host, struct group *s) {
	memset(s->sum, 0, sizeof(s->sum));
	memset(s->magnitude, 0, sizeof(s->magnitude));
	memset(s->square, 0, sizeof(s->square));
	for (size_t from = 0; from < g->a.cols; from += DEPTH) {
		size_t depth = g->a.cols - from < DEPTH ? g->a.cols - from : DEPTH;

		gather(g->a.type, host[0], s->rows, s->nrows, g->a.row_step, g->a.col_step, from, depth, s->a);
		gather(g->b.type, host[1], s->cols, s->ncols, g->b.col_step, g->b.row_step, from, depth, s->b);
		for (size_t i = 0; i < s->samples; i++) {
			const double *a = s->a[s->row_of[i]], *b = s->b[s->col_of[i]];

			for (size_t q = 0; q < depth; q++) {
				double product = a[q] * b[q];

				s->sum[i] += product;
				s->magnitude[i] += fabs(product);
				s->square[i] += product * product;
			}
		}
	}
}

/*
 * What a right result may differ by, from the arithmetic: one rounding to the output type, and the
 * accumulation's roundings, which over random signs grow with sqrt(k); sums of 8-bit floats have room for 14 bits over
 * 128 products. Where sums are exact there is nothing to allow.
 */
static double allowance(const struct wm_gemm *g, const struct group *s, size_t n) {
	double root = sqrt((double)g->a.cols), unit = ldexp(1, -wm_dtype_bits(g->c.type));
	double output = unit * fabs(s->sum[n]), f32_sums = 4 * root * 0x1p-24 * s->magnitude[n];

	if (g->c.type == WM_I32)
		return 0;
	if (g->c.type == WM_F64)
		return output + 8 * root * 0x1p-53 * s->magnitude[n];
	if (g->c.type == WM_F16)
		return output + f32_sums + 0x1p-25;
	if (wm_sum_bits(g->a.type) < 24)
		return output + f32_sums + unit * sqrt(s->square[n]);
	return output + f32_sums;
}

static enum wm_status check_group(const struct wm_gemm *g, void *const *host, struct group *s, struct wm_check *check) {
	sum_group(g, host, s);
	for (size_t n = 0; n < s->samples; n++) {
		size_t i = s->rows[s->row_of[n]], j = s->cols[s->col_of[n]];
		double got = wm_load_element(g->c.type, host[2], i * g->c.row_step + j * g->c.col_step);
		double bound = allowance(g, s, n), error = fabs(got - s->sum[n]);

		if (!(error <= bound))
			return wm_fail(WM_WRONG, "c[%zu,%zu] is %.17g, expected %.17g within %.3g", i, j, got, s->sum[n], bound);
		if (error > check->worst * bound)
			check->worst = error / bound;
	}
	check->compared += s->samples;
	return WM_OK;
}

/* All places where the group's rows and columns meet. */
static void cross(struct group *s) {
	s->samples = 0;
	for (size_t i = 0; i < s->nrows; i++)
		for (size_t j = 0; j < s->ncols; j++) {
			s->row_of[s->samples] = i;
			s->col_of[s->samples++] = j;
		}
}

/* lines[0..n) = first, first + 1, .. */
static size_t consecutive(size_t first, size_t n, size_t *lines) {
	for (size_t i = 0; i < n; i++)
		lines[i] = first + i;
	return n;
}

static enum wm_status check_last_row(const struct wm_gemm *g, void *const *host, struct group *s,
                                     struct wm_check *check) {
	enum wm_status st = WM_OK;

	s->nrows = consecutive(g->c.rows - 1, 1, s->rows);
	for (size_t first = 0; first < g->c.cols && st == WM_OK; first += GROUP) {
		s->ncols = consecutive(first, g->c.cols - first < GROUP ? g->c.cols - first : GROUP, s->cols);
		cross(s);
		st = check_group(g, host, s, check);
	}
	return st;
}

static enum wm_status check_last_column(const struct wm_gemm *g, void *const *host, struct group *s,
                                        struct wm_check *check) {
	enum wm_status st = WM_OK;

	s->ncols = consecutive(g->c.cols - 1, 1, s->cols);
	for (size_t first = 0; first < g->c.rows && st == WM_OK; first += GROUP) {
		s->nrows = consecutive(first, g->c.rows - first < GROUP ? g->c.rows - first : GROUP, s->rows);
		cross(s);
		st = check_group(g, host, s, check);
	}
	return st;
}

static int by_size(const void *x, const void *y) {
	size_t a = *(const size_t *)x, b = *(const size_t *)y;

	return (a > b) - (a < b);
}

/* Sorts and drops what is there twice; returns how many are left. */
static size_t sort_unique(size_t *x, size_t n) {
	size_t kept = 0;

	qsort(x, n, sizeof(*x), by_size);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || x[i] != x[i - 1])
			x[kept++] = x[i];
	return kept;
}

/* Random number index of a stream, in [0, bound); from 64 bits, so that the bias of bounds up to 2^31 is
 * nothing. */
static size_t below(uint64_t seed, uint64_t stream, uint64_t index, size_t bound) {
	uint32_t word[2];

	wm_random(seed, stream, 2 * index, 2, word);
	return (size_t)(((uint64_t)word[0] << 32 | word[1]) % bound);
}

/* Lines at tile borders and on either side of them: the first border, the last, and others at random. */
static size_t corner_lines(uint64_t seed, uint64_t stream, size_t count, size_t *lines) {
	size_t borders = (count - 1) / TILE + 1, n = 0;

	for (size_t i = 0; i < CORNER_LINES / 3; i++) {
		size_t border = TILE * (i == 0 ? 0 : i == 1 ? borders - 1 : below(seed, stream, i, borders));

		for (size_t line = border ? border - 1 : 0; line <= border + 1 && line < count; line++)
			lines[n++] = line;
	}
	return sort_unique(lines, n);
}

static enum wm_status check_corners(const struct wm_gemm *g, uint64_t seed, void *const *host, struct group *s,
                                    struct wm_check *check) {
	s->nrows = corner_lines(seed, WM_STREAM_CHECK + 1, g->c.rows, s->rows);
	s->ncols = corner_lines(seed, WM_STREAM_CHECK + 2, g->c.cols, s->cols);
	cross(s);
	return check_group(g, host, s, check);
}

/* Index of a value that the sorted array holds. */
static size_t index_of(const size_t *sorted, size_t n, size_t value) {
	return (size_t)((const size_t *)bsearch(&value, sorted, n, sizeof(value), by_size) - sorted);
}

static enum wm_status check_random(const struct wm_gemm *g, uint64_t seed, void *const *host, struct group *s,
                                   struct wm_check *check) {
	s->samples = GROUP;
	for (size_t n = 0; n < GROUP; n++) {
		s->row_of[n] = s->rows[n] = below(seed, WM_STREAM_CHECK + 3, n, g->c.rows);
		s->col_of[n] = s->cols[n] = below(seed, WM_STREAM_CHECK + 4, n, g->c.cols);
	}
	s->nrows = sort_unique(s->rows, GROUP);
	s->ncols = sort_unique(s->cols, GROUP);
	for (size_t n = 0; n < GROUP; n++) {
		s->row_of[n] = index_of(s->rows, s->nrows, s->row_of[n]);
		s->col_of[n] = index_of(s->cols, s->ncols, s->col_of[n]);
	}
	return check_group(g, host, s, check);
}

/* Small products: every element. */
static enum wm_status check_all(const struct wm_gemm *g, void *const *host, struct group *s, struct wm_check *check) {
	s->nrows = consecutive(0, g->c.rows, s->rows);
	s->ncols = consecutive(0, g->c.cols, s->cols);
	cross(s);
	return check_group(g, host, s, check);
}

static enum wm_status verify_timed(const struct wm_gemm *g, uint64_t seed, void *const *host,
                                   struct wm_check *check_p) {
	struct group *s = wm_zalloc(sizeof(*s));
	struct wm_check check = {0};
	enum wm_status st;

	if (g->c.rows * g->c.cols <= GROUP) {
		strcpy(check.method, "every element, fp64");
		st = check_all(g, host, s, &check);
	} else {
		strcpy(check.method, "corners, last row and column, random, fp64");
		st = check_corners(g, seed, host, s, &check);
		if (st == WM_OK)
			st = check_last_row(g, host, s, &check);
		if (st == WM_OK)
			st = check_last_column(g, host, s, &check);
		if (st == WM_OK)
			st = check_random(g, seed, host, s, &check);
	}
	if (st == WM_OK)
		*check_p = check;
	free(s);
	return st;
}

enum wm_status wm_gemm_verify(const struct wm_problem *p, enum wm_data_part part, uint64_t seed, void *const *host,
                              struct wm_check *check_p) {
	struct wm_gemm g = wm_gemm_shape(p);
	enum wm_status st = scan(&g, part, host[2]);

	if (st != WM_OK)
		return st;
	if (part == WM_EXACT)
		return verify_exact(&g, seed, host, check_p);
	return verify_timed(&g, seed, host, check_p);
}
