/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attention_verify.c - is o the attention of q, k and v? Exact part: every element, against the values of the keys
 * that its query looks at. Timed part: rows against sums in double, within a bound that follows from the arithmetic.
 * bench/README.md derives both.
 */
#include "attention.h"
#include "arrays.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double unit = 0x1p-24; /* what one operation in f32 errs by, relative to its result */

/* ---- every element ------------------------------------------------------------------------------ */

/* Element at of the output must be want within bound (NaN passes nothing). */
static enum wm_status compare(const struct wm_attention *a, size_t at, double got, double want, double bound,
                              struct wm_check *check) {
	double error = fabs(got - want);
	size_t row = at / a->d, h = row % a->heads, i = row / a->heads % a->sq, b = row / a->heads / a->sq;

	if (!(error <= bound) && bound > 0)
		return wm_fail(WM_WRONG, "o[%zu,%zu,%zu,%zu] is %.17g, expected %.17g within %.3g", b, i, h, at % a->d, got,
		               want, bound);
	if (!(error <= bound))
		return wm_fail(WM_WRONG, "o[%zu,%zu,%zu,%zu] is %.17g, expected %.17g", b, i, h, at % a->d, got, want);
	if (error > check->worst * bound)
		check->worst = error / bound;
	check->compared++;
	return WM_OK;
}

static enum wm_status all_finite(const struct wm_attention *a, const void *o) {
	size_t count = a->batch * a->sq * a->heads * a->d;
	double value[WM_CHUNK];

	for (size_t first = 0; first < count; first += WM_CHUNK) {
		size_t n = count - first < WM_CHUNK ? count - first : WM_CHUNK;

		wm_load_run(a->type, o, first, 1, n, value);
		for (size_t i = 0; i < n; i++)
			if (!isfinite(value[i])) {
				size_t row = (first + i) / a->d;

				return wm_fail(WM_WRONG, "o[%zu,%zu,%zu,%zu] is %g, expected a finite number", row / a->heads / a->sq,
				               row / a->heads % a->sq, row % a->heads, (first + i) % a->d, value[i]);
			}
	}
	return WM_OK;
}

/* ---- exact part: sums of values ----------------------------------------------------------------- */

/* Of the values that a query looks at, and of their magnitudes: d each. */
struct sums {
	double *sum, *size, *line;
	size_t keys; /* where the keys from 0 on are summed one after another: how many */
};

static void add_value(const struct wm_attention *a, const void *v, size_t b, size_t j, size_t g, struct sums *s) {
	wm_load_run(a->type, v, wm_attention_key_at(a, b, j, g), 1, a->d, s->line);
	for (size_t c = 0; c < a->d; c++) {
		s->sum[c] += s->line[c];
		s->size[c] += fabs(s->line[c]);
	}
}

static void clear(const struct wm_attention *a, struct sums *s) {
	memset(s->sum, 0, a->d * sizeof(*s->sum));
	memset(s->size, 0, a->d * sizeof(*s->size));
	s->keys = 0;
}

static struct sums make_sums(const struct wm_attention *a) {
	return (struct sums){
		.sum = wm_zalloc(a->d * sizeof(double)),
		.size = wm_zalloc(a->d * sizeof(double)),
		.line = wm_zalloc(a->d * sizeof(double)),
	};
}

static void free_sums(struct sums *s) {
	free(s->sum);
	free(s->size);
	free(s->line);
}

static double rounded(enum wm_dtype type, double x) {
	double out;

	wm_store_element(type, &out, 0, x);
	return wm_load_element(type, &out, 0);
}

/*
 * What the mean of that many values may differ by: nothing for a single one. Else the ways to divide by the sum of
 * the weights: a quotient, a product with a reciprocal, or an exponential of minus its logarithm, for all keys or by
 * parts of them; then one rounding. size is the mean of the magnitudes.
 */
static double mean_allowance(const struct wm_attention *a, size_t c, size_t count, double mean, double size) {
	double slack = (16 + 2 * log2((double)count)) * unit * size, low, high;

	if (count == 1)
		return 0;
	if (!wm_attention_sums_exact(a, c))
		slack += (double)count * unit * size;
	low = rounded(a->type, mean - slack);
	high = rounded(a->type, mean + slack);
	return fmax(fabs(low - mean), fabs(high - mean));
}

/* The output of one query must be the mean of count values. */
static enum wm_status check_mean(const struct wm_attention *a, const void *o, size_t at, size_t count, struct sums *s,
                                 struct wm_check *check) {
	enum wm_status st = WM_OK;

	wm_load_run(a->type, o, at, 1, a->d, s->line);
	for (size_t c = 0; c < a->d && st == WM_OK; c++) {
		double mean = s->sum[c] / (double)count;

		st = compare(a, at + c, s->line[c], mean, mean_allowance(a, c, count, mean, s->size[c] / (double)count), check);
	}
	return st;
}

/* Sums of the keys that one query looks at. Those of queries that look at all that they see grow from query to query:
 * all has them. */
static struct sums *sums_of(const struct wm_attention *a, const void *v, size_t b, size_t g,
                            const struct wm_attention_aim *aim, struct sums *all, struct sums *own) {
	if (aim->step == 1) {
		while (all->keys < aim->count)
			add_value(a, v, b, all->keys++, g, all);
		return all;
	}
	clear(a, own);
	for (size_t n = 0; n < aim->count; n++)
		add_value(a, v, b, aim->first + n * aim->step, g, own);
	return own;
}

static enum wm_status verify_exact(const struct wm_attention *a, uint64_t seed, void *const *host,
                                   struct wm_check *check_p) {
	struct sums all = make_sums(a), own = make_sums(a);
	struct wm_check check = {.method = "every element"};
	enum wm_status st = WM_OK;

	for (size_t kv = 0; kv < a->batch * a->kvheads && st == WM_OK; kv++) {
		size_t b = kv / a->kvheads, g = kv % a->kvheads;

		clear(a, &all);
		for (size_t row = 0; row < a->sq * a->group && st == WM_OK; row++) {
			size_t i = row / a->group, h = g * a->group + row % a->group;
			struct wm_attention_aim aim = wm_attention_aim(a, seed, b, i, h);
			struct sums *s = sums_of(a, host[2], b, g, &aim, &all, &own);

			st = check_mean(a, host[3], wm_attention_query_at(a, b, i, h), aim.count, s, &check);
		}
	}
	if (st == WM_OK)
		*check_p = check;
	free_sums(&all);
	free_sums(&own);
	return st;
}

/* ---- timed part: rows --------------------------------------------------------------------------- */

enum {
	ROWS = 8,       /* queries of one kv head that are computed together */
	UNITS = 16,     /* samples hold at least so many times ROWS queries */
	TILE = 64,      /* tiles of any kernel end at multiples of this */
	STEPS = 1 << 26 /* queries x keys x elements that are looked at: about a tenth of a second */
};

/* Queries of one kv head, and what is computed of them. */
struct unit {
	size_t b, g, n;
	size_t h[ROWS], i[ROWS], keys[ROWS];
	double largest[ROWS];   /* |score| of any key */
	double magnitude[ROWS]; /* of any key: sum of |q k| / sqrt(d) */
	double floor[ROWS];     /* the smallest normal weight in the type of the inputs */
	double squares[ROWS];   /* sum of the squares of the weights */
	double (*q)[ROWS];      /* d of each, over sqrt(d) */
	double (*weight)[ROWS]; /* of each key; first its score */
	double *sum[ROWS];      /* d each: of weight v, ... */
	double *square[ROWS];   /* ... of its square, ... */
	double *size[ROWS];     /* ... of its magnitude */
	double *line;           /* d */
};

static struct unit make_unit(const struct wm_attention *a) {
	struct unit u = {0};

	u.q = wm_zalloc(a->d * sizeof(*u.q));
	u.weight = wm_zalloc(a->sk * sizeof(*u.weight));
	u.line = wm_zalloc(a->d * sizeof(*u.line));
	for (int r = 0; r < ROWS; r++) {
		u.sum[r] = wm_zalloc(a->d * sizeof(double));
		u.square[r] = wm_zalloc(a->d * sizeof(double));
		u.size[r] = wm_zalloc(a->d * sizeof(double));
	}
	return u;
}

static void free_unit(struct unit *u) {
	for (int r = 0; r < ROWS; r++) {
		free(u->sum[r]);
		free(u->square[r]);
		free(u->size[r]);
	}
	free(u->line);
	free(u->weight);
	free(u->q);
}

/* Loads the queries; rows that there are not stay at zero. */
static void load_queries(const struct wm_attention *a, const void *q, struct unit *u) {
	double scale = 1 / sqrt((double)a->d);

	memset(u->q, 0, a->d * sizeof(*u->q));
	for (size_t r = 0; r < ROWS; r++) {
		u->keys[r] = 0;
		u->largest[r] = u->magnitude[r] = u->squares[r] = 0;
		memset(u->sum[r], 0, a->d * sizeof(double));
		memset(u->square[r], 0, a->d * sizeof(double));
		memset(u->size[r], 0, a->d * sizeof(double));
		if (r >= u->n)
			continue;
		u->keys[r] = wm_attention_keys(a, u->i[r]);
		wm_load_run(a->type, q, wm_attention_query_at(a, u->b, u->i[r], u->h[r]), 1, a->d, u->line);
		for (size_t c = 0; c < a->d; c++)
			u->q[c][r] = u->line[c] * scale;
	}
}

/* The scores of one key, and the sums of the magnitudes of their terms. */
static void score_key(const double (*restrict q)[ROWS], const double *restrict k, size_t d, double *restrict score,
                      double *restrict magnitude) {
	double sum[ROWS] = {0}, size[ROWS] = {0};

	for (size_t c = 0; c < d; c++)
		for (int r = 0; r < ROWS; r++) {
			double term = q[c][r] * k[c];

			sum[r] += term;
			size[r] += fabs(term);
		}
	memcpy(score, sum, sizeof(sum));
	memcpy(magnitude, size, sizeof(size));
}

static void score_all(const struct wm_attention *a, const void *k, size_t keys, struct unit *u) {
	for (size_t j = 0; j < keys; j++) {
		double magnitude[ROWS];

		wm_load_run(a->type, k, wm_attention_key_at(a, u->b, j, u->g), 1, a->d, u->line);
		score_key((const double(*)[ROWS])u->q, u->line, a->d, u->weight[j], magnitude);
		for (size_t r = 0; r < ROWS; r++) {
			if (j >= u->keys[r])
				continue;
			u->largest[r] = fmax(u->largest[r], fabs(u->weight[j][r]));
			u->magnitude[r] = fmax(u->magnitude[r], magnitude[r]);
		}
	}
}

/* Scores become weights, in two passes: the maximum, then the exponentials over their sum. */
static void weigh_row(const struct wm_attention *a, size_t keys, struct unit *u, size_t r) {
	double most = -INFINITY, sum = 0;

	for (size_t j = 0; j < u->keys[r]; j++)
		most = fmax(most, u->weight[j][r]);
	for (size_t j = 0; j < keys; j++) {
		u->weight[j][r] = j < u->keys[r] ? exp(u->weight[j][r] - most) : 0;
		sum += u->weight[j][r];
	}
	for (size_t j = 0; j < u->keys[r]; j++) {
		u->weight[j][r] /= sum;
		u->squares[r] += u->weight[j][r] * u->weight[j][r];
	}
	u->floor[r] = a->type == WM_F16 ? 0x1p-14 / sum : 0;
}

static void add_weighted(const double *restrict v, size_t d, double weight, double floor, double *restrict sum,
                         double *restrict square, double *restrict size) {
	for (size_t c = 0; c < d; c++) {
		double term = weight * v[c], coarse = (weight + floor) * v[c];

		sum[c] += term;
		square[c] += coarse * coarse;
		size[c] += fabs(term);
	}
}

static void attend(const struct wm_attention *a, void *const *host, struct unit *u) {
	size_t keys = 0;

	load_queries(a, host[0], u);
	for (size_t r = 0; r < u->n; r++)
		keys = u->keys[r] > keys ? u->keys[r] : keys;
	score_all(a, host[1], keys, u);
	for (size_t r = 0; r < u->n; r++)
		weigh_row(a, keys, u, r);
	for (size_t j = 0; j < keys; j++) {
		wm_load_run(a->type, host[2], wm_attention_key_at(a, u->b, j, u->g), 1, a->d, u->line);
		for (size_t r = 0; r < u->n; r++)
			if (j < u->keys[r])
				add_weighted(u->line, a->d, u->weight[j][r], u->floor[r], u->sum[r], u->square[r], u->size[r]);
	}
}

/*
 * What a right result may differ by, from the arithmetic. Errors of random signs, one for each key, add up as their
 * root of squares does; 4 of these, as for gemm. Errors that may have the same sign for all keys are summed.
 */
static double allowance(const struct wm_attention *a, const struct unit *u, size_t r, size_t c) {
	double o = fabs(u->sum[r][c]), root = sqrt(u->square[r][c]), keys = (double)u->keys[r];
	double half = ldexp(1, -wm_dtype_bits(a->type)), score = u->largest[r];
	double scores = 4 * sqrt((double)a->d) * u->magnitude[r] * unit * (root + o * sqrt(u->squares[r]));
	double weights = (8 + 4 * score + 2 * log(keys)) * unit * (u->size[r][c] + o);
	double sums = 4 * sqrt(3 * keys) * unit * (4 * root + 2 * o);
	double short_weights = a->type == WM_F32 ? 0 : half * (4 * root + o);
	double output = half * o + (a->type == WM_F16 ? 0x1p-25 : 0);

	return scores + weights + sums + short_weights + output;
}

static enum wm_status check_unit(const struct wm_attention *a, void *const *host, struct unit *u,
                                 struct wm_check *check) {
	enum wm_status st = WM_OK;

	attend(a, host, u);
	for (size_t r = 0; r < u->n; r++) {
		size_t at = wm_attention_query_at(a, u->b, u->i[r], u->h[r]);

		wm_load_run(a->type, host[3], at, 1, a->d, u->line);
		for (size_t c = 0; c < a->d && st == WM_OK; c++)
			st = compare(a, at + c, u->line[c], u->sum[r][c], allowance(a, u, r, c), check);
	}
	return st;
}

/* Row number row of the queries of the unit's kv head. */
static void put_row(const struct wm_attention *a, struct unit *u, size_t row) {
	u->i[u->n] = row / a->group;
	u->h[u->n++] = u->g * a->group + row % a->group;
}

static enum wm_status check_head(const struct wm_attention *a, size_t kv, void *const *host, struct unit *u,
                                 struct wm_check *check) {
	size_t rows = a->sq * a->group;
	enum wm_status st = WM_OK;

	u->b = kv / a->kvheads;
	u->g = kv % a->kvheads;
	for (size_t row = 0; row < rows && st == WM_OK;) {
		for (u->n = 0; u->n < ROWS && row < rows; row++)
			put_row(a, u, row);
		st = check_unit(a, host, u, check);
	}
	return st;
}

/* Random number index of the check, in [0, bound). */
static size_t below(uint64_t seed, uint64_t index, size_t bound) {
	uint32_t word[2];

	wm_random(seed, WM_STREAM_CHECK, 2 * index, 2, word);
	return (size_t)(((uint64_t)word[0] << 32 | word[1]) % bound);
}

/* Query number slot of a unit: the first, the last, three on either side of borders of tiles, and others at random. */
static size_t sample_query(const struct wm_attention *a, uint64_t seed, uint64_t t, size_t slot) {
	size_t random = below(seed, ROWS * (t + 1) + slot, a->sq), border = random / TILE * TILE;

	if (slot < 2)
		return slot ? a->sq - 1 : 0;
	if (slot < 5)
		return random % 2 && border > 0 ? border - 1 : border;
	return random;
}

/* The kv head of unit t of as many: all in turn, or the first, the last and others at random. */
static size_t sample_head(const struct wm_attention *a, uint64_t seed, uint64_t t, size_t units) {
	size_t heads = a->batch * a->kvheads;

	if (units >= heads)
		return t % heads;
	return t == 0 ? 0 : t == 1 ? heads - 1 : below(seed, ROWS * (t + 1) + 7, heads);
}

static enum wm_status check_sample(const struct wm_attention *a, uint64_t seed, size_t units, void *const *host,
                                   struct unit *u, struct wm_check *check) {
	size_t rows = a->sq * a->group;
	enum wm_status st = WM_OK;

	for (size_t t = 0; t < units && st == WM_OK; t++) {
		size_t kv = sample_head(a, seed, t, units);

		if (rows <= ROWS) {
			st = check_head(a, kv, host, u, check);
			continue;
		}
		u->b = kv / a->kvheads;
		u->g = kv % a->kvheads;
		for (u->n = 0; u->n < ROWS;) {
			size_t head = (t * ROWS + u->n) % a->group;

			put_row(a, u, sample_query(a, seed, t, u->n) * a->group + head);
		}
		st = check_unit(a, host, u, check);
	}
	return st;
}

static enum wm_status verify_timed(const struct wm_attention *a, uint64_t seed, void *const *host,
                                   struct wm_check *check_p) {
	double row = (double)a->sk * (double)a->d, rows = (double)a->batch * (double)a->heads * (double)a->sq;
	struct unit u = make_unit(a);
	struct wm_check check = {0};
	enum wm_status st = WM_OK;

	if (rows * row <= STEPS) {
		strcpy(check.method, "every row, fp64");
		for (size_t kv = 0; kv < a->batch * a->kvheads && st == WM_OK; kv++)
			st = check_head(a, kv, host, &u, &check);
	} else {
		strcpy(check.method, "tile borders, last and random rows, fp64");
		st = check_sample(a, seed, (size_t)fmax(UNITS, STEPS / (ROWS * row)), host, &u, &check);
	}
	if (st == WM_OK)
		*check_p = check;
	free_unit(&u);
	return st;
}

enum wm_status wm_attention_verify(const struct wm_problem *p, enum wm_data_part part, uint64_t seed, void *const *host,
                                   struct wm_check *check_p) {
	struct wm_attention a = wm_attention_shape(p);
	enum wm_status st = all_finite(&a, host[3]);

	if (st != WM_OK)
		return st;
	return part == WM_EXACT ? verify_exact(&a, seed, host, check_p) : verify_timed(&a, seed, host, check_p);
}
