/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attention_body.h - the tiles of attention, written once over a few vector operations. Included by one file for each
 * instruction set, which has defined:
 *
 *   TARGET             the attribute of functions that use the instruction set
 *   LANES              floats of a vector
 *   EACH_VEC(X, r)     X(r, 0) X(r, 1) ..: the vectors of a line of the register tile, VECS of them
 *   VECS
 *   SET(x)             x in all lanes
 *   FMA(a, b, c)       a b + c, in one rounding where the instruction set has it
 *   MAX(a, b)
 *   SUM(a), TOP(a)     of the lanes: their sum, the largest
 *   SUM4(p, a, b, c, d) p[0..4) = the sums of the lanes of a, b, c and d
 *   LOAD_F16(p)        LANES halves, as floats
 *   STORE_F16(p, a)    rounded to nearest even
 *
 * Many queries: they lie in the lanes. Keys are then rows of a matrix in the order of memory, so is every column of
 * the values' transpose, and both products of a tile are the same loop: a register tile of 6 lines (keys, or elements
 * of the output) by VECS vectors of queries. Maxima and sums run along the lines, so that no lane ever meets another.
 * Few queries, as in decoding: the elements of a head lie in the lanes, and a key's score is the sum of the lanes.
 */
#ifndef WM_ATTENTION_BODY_H
#define WM_ATTENTION_BODY_H

#include "attention_tiles.h"

#include <math.h>
#include <string.h>

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t ivec __attribute__((vector_size(4 * LANES)));
typedef uint16_t hvec __attribute__((vector_size(2 * LANES)));
/* The same anywhere in memory. */
typedef float loose_vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint16_t loose_hvec __attribute__((vector_size(2 * LANES), aligned(2), may_alias));

enum {
	SUB = VECS * LANES,             /* queries that a register tile holds */
	SUBS = WM_ATTEND_QUERIES / SUB, /* such groups of queries in a block */
	KEYS = WM_ATTEND_KEYS,
	FEW = WM_ATTEND_FEW,
	FEW_KEYS = WM_ATTEND_FEW_KEYS,
	GROUP = 4 /* keys that are taken together where queries are few */
};

#define INLINE static inline __attribute__((always_inline)) TARGET

INLINE vec load(const float *p) {
	return *(const loose_vec *)p;
}

INLINE void store(float *p, vec x) {
	*(loose_vec *)p = x;
}

/* ---- 2^x ---------------------------------------------------------------------------------------- */

/*
 * 2^x for x <= 0: 2^n times a polynomial of degree 5 in x - n, n the nearest integer; relative error below 2^-22.6,
 * 2^0 is 1, and from -127 down the result is 0. The polynomial is the minimax one, by relative error, of those that
 * are 1 at 0. Adding 1.5 2^23 rounds to an integer and leaves it in the low bits.
 */
INLINE vec exp2_of(vec x) {
	const vec magic = SET(0x1.8p23F);
	vec y = MAX(x, SET(-127.F)), shifted = y + magic, f = y - (shifted - magic), p = SET(0x1.5bba18p-10F);
	ivec exponent = (ivec)shifted - (ivec)magic;

	p = FMA(p, f, SET(0x1.3cea8ap-7F));
	p = FMA(p, f, SET(0x1.c6b752p-5F));
	p = FMA(p, f, SET(0x1.ebf9bcp-3F));
	p = FMA(p, f, SET(0x1.62e42ap-1F));
	p = FMA(p, f, SET(1.F));
	return p * (vec)((exponent + 127) << 23);
}

/* ---- conversions -------------------------------------------------------------------------------- */

INLINE vec load_bf16(const uint16_t *p) {
	return (vec)(__builtin_convertvector(*(const loose_hvec *)p, ivec) << 16);
}

/* To nearest even; a NaN stays one. */
INLINE void store_bf16(uint16_t *p, vec x) {
	ivec bits = (ivec)x, odd = (bits >> 16) & 1, number = x == x;
	ivec rounded = ((bits + 0x7fff + odd) >> 16 & number) | (0x7fc0 & ~number);

	*(loose_hvec *)p = __builtin_convertvector(rounded, hvec);
}

/* n elements as floats. */
static TARGET void widen(enum wm_dtype type, const void *from, size_t n, float *to) {
	size_t i = 0;

	if (type == WM_F32) {
		memcpy(to, from, n * sizeof(*to));
		return;
	}
	const uint16_t *half = from;
	if (type == WM_F16)
		for (; i + LANES <= n; i += LANES)
			store(to + i, LOAD_F16(half + i));
	else
		for (; i + LANES <= n; i += LANES)
			store(to + i, load_bf16(half + i));
	for (; i < n; i++)
		to[i] = type == WM_F16 ? wm_f16_to_f32(half[i]) : wm_bf16_to_f32(half[i]);
}

static TARGET void scale(const float *from, float factor, size_t n, float *to) {
	vec f = SET(factor);
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		store(to + i, load(from + i) * f);
	for (; i < n; i++)
		to[i] = from[i] * factor;
}

/* n floats times factor, as elements. */
static TARGET void narrow(enum wm_dtype type, const float *from, float factor, size_t n, void *to) {
	vec f = SET(factor);
	uint16_t *half = to;
	size_t i = 0;

	if (type == WM_F32) {
		scale(from, factor, n, to);
		return;
	}
	if (type == WM_F16)
		for (; i + LANES <= n; i += LANES)
			STORE_F16(half + i, load(from + i) * f);
	else
		for (; i + LANES <= n; i += LANES)
			store_bf16(half + i, load(from + i) * f);
	for (; i < n; i++)
		half[i] = type == WM_F16 ? wm_f16_from_f32(from[i] * factor) : wm_bf16_from_f32(from[i] * factor);
}

/* n keys (or values) as floats, d apart, in to; where they are floats already, they stay where they are. Says where
 * they begin, and the step between them. */
static TARGET const float *tile_of(const struct wm_attend_block *w, const void *base, size_t first, size_t n, float *to,
                                   size_t *step_p) {
	size_t bytes = wm_dtype_bytes(w->type);
	const char *from = (const char *)base + first * w->step * bytes;

	*step_p = w->type == WM_F32 ? w->step : w->d;
	if (w->type == WM_F32)
		return (const float *)(const void *)from;
	for (size_t i = 0; i < n; i++)
		widen(w->type, from + i * w->step * bytes, w->d, to + i * w->d);
	return to;
}

/* The factor of q k that makes it a power of 2. */
static float score_factor(size_t d) {
	return (float)(1.4426950408889634 / sqrt((double)d));
}

/* ---- many queries ------------------------------------------------------------------------------- */

/*
 * lines [r][SUB] = lines [r][SUB] factor[SUB] + sum over t < depth of a[r row_step + t step] b[t][SUB], for n lines,
 * where a line begins at zero if factor is NULL. The lines of a tile stay in registers.
 */
#define LINES1(X) EACH_VEC(X, 0)
#define LINES4(X) LINES1(X) EACH_VEC(X, 1) EACH_VEC(X, 2) EACH_VEC(X, 3)
#define LINES6(X) LINES4(X) EACH_VEC(X, 4) EACH_VEC(X, 5)
#define ROWS1(X) X(0)
#define ROWS4(X) X(0) X(1) X(2) X(3)
#define ROWS6(X) ROWS4(X) X(4) X(5)

#define BEGIN(r, v) vec s##r##v = factor ? load(lines + r * SUB + v * LANES) * load(factor + v * LANES) : SET(0.F);
#define OPERAND(r, v) vec b##v = load(b + v * LANES);
#define STEP(r, v) s##r##v = FMA(x##r, b##v, s##r##v);
#define ROW(r)                           \
	{                                    \
		vec x##r = SET(a[r * row_step]); \
		EACH_VEC(STEP, r)                \
	}
#define END(r, v) store(lines + r * SUB + v * LANES, s##r##v);

#define TILE(n)                                                                                         \
	INLINE void tile##n(const float *a, size_t row_step, size_t step, size_t depth, const float *b,     \
	                    const float *factor, float *lines) {                                            \
		LINES##n(BEGIN) for (size_t t = 0; t < depth;                                                   \
		                     t++, a += step, b += SUB){EACH_VEC(OPERAND, 0) ROWS##n(ROW)} LINES##n(END) \
	}
TILE(6)
TILE(4)
TILE(1)

INLINE void product(const float *a, size_t row_step, size_t step, size_t n, size_t depth, const float *b,
                    const float *factor, float *lines) {
	size_t r = 0;

	for (; r + 6 <= n; r += 6)
		tile6(a + r * row_step, row_step, step, depth, b, factor, lines + r * SUB);
	for (; r + 4 <= n; r += 4)
		tile4(a + r * row_step, row_step, step, depth, b, factor, lines + r * SUB);
	for (; r < n; r++)
		tile1(a + r * row_step, row_step, step, depth, b, factor, lines + r * SUB);
}

/* score[key][query] = k q; keys are step apart. */
static TARGET void scores_of(const float *k, size_t step, size_t keys, size_t d, const float *q, float *score) {
	product(k, step, 1, keys, d, q, NULL, score);
}

/* sums[element][query] = sums factor[query] + v weight; values are step apart. */
static TARGET void add_values(const float *v, size_t step, size_t keys, size_t d, const float *weight,
                              const float *factor, float *sums) {
	product(v, 1, step, d, keys, weight, factor, sums);
}

/* Queries in lanes, and what becomes of them. */
struct lanes {
	size_t n, most_limit, least_limit;
	float limit[SUB]; /* exact: below 2^24 */
	float most[SUB], total[SUB], factor[SUB];
	float *q, *sums; /* d x SUB */
};

/* Scores of keys that a query does not see become -infinity; the first of them is key number first. */
static TARGET void hide(const struct lanes *s, size_t first, size_t keys, float *score) {
	const ivec infinity = (ivec)SET(-INFINITY);

	for (size_t j = 0; j < keys; j++, score += SUB)
		for (size_t at = 0; at < SUB; at += LANES) {
			ivec seen = load(s->limit + at) > SET((float)(first + j));

			store(score + at, (vec)(((ivec)load(score + at) & seen) | (infinity & ~seen)));
		}
}

/* Scores become weights relative to the new maximum; factor is what sums so far are worth under it. */
static TARGET void weigh(struct lanes *s, size_t keys, float *score) {
	for (size_t at = 0; at < SUB; at += LANES) {
		vec before = load(s->most + at), most = before, total = SET(0.F), factor;

		for (size_t j = 0; j < keys; j++)
			most = MAX(most, load(score + j * SUB + at));
		for (size_t j = 0; j < keys; j++) {
			vec weight = exp2_of(load(score + j * SUB + at) - most);

			store(score + j * SUB + at, weight);
			total += weight;
		}
		factor = exp2_of(before - most);
		store(s->most + at, most);
		store(s->factor + at, factor);
		store(s->total + at, FMA(load(s->total + at), factor, total));
	}
}

/* Queries first .. of the block, transposed and scaled; lanes without one are zero and see every key. */
static TARGET void load_lanes(const struct wm_attend_block *w, size_t first, float *line, struct lanes *s) {
	float factor = score_factor(w->d);

	s->n = w->n - first < SUB ? w->n - first : SUB;
	s->most_limit = 0;
	s->least_limit = SIZE_MAX;
	memset(s->q, 0, w->d * SUB * sizeof(*s->q));
	memset(s->sums, 0, w->d * SUB * sizeof(*s->sums));
	for (size_t i = 0; i < SUB; i++) {
		s->most[i] = WM_ATTEND_LOWEST;
		s->total[i] = 0;
		s->limit[i] = INFINITY;
	}
	for (size_t i = 0; i < s->n; i++) {
		size_t limit = w->limit[first + i];

		s->limit[i] = (float)limit;
		s->most_limit = limit > s->most_limit ? limit : s->most_limit;
		s->least_limit = limit < s->least_limit ? limit : s->least_limit;
		widen(w->type, w->q[first + i], w->d, line);
		for (size_t c = 0; c < w->d; c++)
			s->q[c * SUB + i] = line[c] * factor;
	}
}

static TARGET void store_lanes(const struct wm_attend_block *w, size_t first, const struct lanes *s,
                               struct wm_attend_part *part) {
	for (size_t i = 0; i < s->n; i++) {
		part->most[first + i] = s->most[i];
		part->total[first + i] = s->total[i];
		for (size_t c = 0; c < w->d; c++)
			part->sums[(first + i) * w->d + c] = s->sums[c * SUB + i];
	}
}

/* One tile of keys, the first of them number first. */
static TARGET void attend_tile(struct lanes *s, size_t d, size_t first, size_t keys, const float *k, size_t k_step,
                               const float *v, size_t v_step, float *score) {
	if (first >= s->most_limit)
		return;
	if (first + keys > s->most_limit)
		keys = s->most_limit - first;
	scores_of(k, k_step, keys, d, s->q, score);
	if (first + keys > s->least_limit)
		hide(s, first, keys, score);
	weigh(s, keys, score);
	add_values(v, v_step, keys, d, score, s->factor, s->sums);
}

static TARGET void many(const struct wm_attend_block *w, struct wm_attend_part *part) {
	struct lanes s[SUBS];
	float *score = w->scratch, *k_tile = score + KEYS * SUB, *v_tile = k_tile + KEYS * w->d;
	float *lane = v_tile + KEYS * w->d, *line = lane + 2 * WM_ATTEND_QUERIES * w->d;
	size_t subs = (w->n + SUB - 1) / SUB;

	for (size_t i = 0; i < subs; i++) {
		s[i].q = lane + 2 * i * w->d * SUB;
		s[i].sums = s[i].q + w->d * SUB;
		load_lanes(w, i * SUB, line, &s[i]);
	}
	for (size_t first = w->from; first < w->to; first += KEYS) {
		size_t keys = w->to - first < KEYS ? w->to - first : KEYS, k_step, v_step;
		const float *k = tile_of(w, w->k, first, keys, k_tile, &k_step);
		const float *v = tile_of(w, w->v, first, keys, v_tile, &v_step);

		for (size_t i = 0; i < subs; i++)
			attend_tile(&s[i], w->d, first, keys, k, k_step, v, v_step, score);
	}
	for (size_t i = 0; i < subs; i++)
		store_lanes(w, i * SUB, &s[i], part);
}

/* ---- few queries -------------------------------------------------------------------------------- */

/*
 * Keys and values stream from memory, each line once. While some are in work, a few lines at a time are asked for of
 * those that come next, into the second cache: many at once, or into the first, would make the work wait.
 */
struct ahead {
	const char *row;
	size_t rows, line, bytes, step, share; /* share: lines to ask for at a time */
};

INLINE struct ahead ahead_of(const struct wm_attend_block *w, const char *row, size_t times) {
	size_t lines = w->next_rows * ((w->next_bytes + 63) / 64);

	return (struct ahead){.row = row,
	                      .rows = w->next_rows,
	                      .bytes = w->next_bytes,
	                      .step = w->step * wm_dtype_bytes(w->type),
	                      .share = (lines + times - 1) / times};
}

INLINE void ask(struct ahead *a) {
	for (size_t n = 0; n < a->share && a->rows > 0; n++) {
		__builtin_prefetch(a->row + a->line, 0, 2);
		a->line += 64;
		if (a->line >= a->bytes) {
			a->line = 0;
			a->row += a->step;
			a->rows--;
		}
	}
}

INLINE float dot(const float *a, const float *b, size_t d) {
	vec sum = SET(0.F);
	size_t c = 0;
	float rest = 0;

	for (; c + LANES <= d; c += LANES)
		sum = FMA(load(a + c), load(b + c), sum);
	for (; c < d; c++)
		rest += a[c] * b[c];
	return SUM(sum) + rest;
}

/* The scores of GROUP keys, step apart, for one query or two: the second's are FEW_KEYS behind the first's. */
INLINE void dots(const float *q, bool two, const float *k, size_t step, size_t d, float *score) {
	vec a0 = SET(0.F), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
	size_t c = 0;

	for (; c + LANES <= d; c += LANES) {
		vec k0 = load(k + c), k1 = load(k + step + c), k2 = load(k + 2 * step + c), k3 = load(k + 3 * step + c);
		vec x = load(q + c);

		a0 = FMA(x, k0, a0);
		a1 = FMA(x, k1, a1);
		a2 = FMA(x, k2, a2);
		a3 = FMA(x, k3, a3);
		if (two) {
			vec y = load(q + d + c);

			b0 = FMA(y, k0, b0);
			b1 = FMA(y, k1, b1);
			b2 = FMA(y, k2, b2);
			b3 = FMA(y, k3, b3);
		}
	}
	SUM4(score, a0, a1, a2, a3);
	if (two)
		SUM4(score + FEW_KEYS, b0, b1, b2, b3);
	for (; c < d; c++)
		for (size_t j = 0; j < GROUP; j++) {
			score[j] += q[c] * k[j * step + c];
			if (two)
				score[FEW_KEYS + j] += q[d + c] * k[j * step + c];
		}
}

/* Scores of all keys of a tile for all queries. */
INLINE void scores_of_few(const float *k, size_t step, size_t keys, size_t n, size_t d, const float *q, float *score,
                          struct ahead *ahead) {
	size_t j = 0;

	for (; j + GROUP <= keys; j += GROUP, k += GROUP * step) {
		size_t i = 0;

		ask(ahead);
		for (; i + 2 <= n; i += 2)
			dots(q + i * d, true, k, step, d, score + i * FEW_KEYS + j);
		if (i < n)
			dots(q + i * d, false, k, step, d, score + i * FEW_KEYS + j);
	}
	for (; j < keys; j++, k += step)
		for (size_t i = 0; i < n; i++)
			score[i * FEW_KEYS + j] = dot(q + i * d, k, d);
}

/* Scores become weights, as in weigh; the sums so far are brought under the maximum. Those of keys from limit on are
 * none. */
static TARGET void weigh_one(struct wm_attend_part *part, size_t i, size_t limit, size_t d, float *score) {
	float *sums = part->sums + i * d, before = part->most[i], most, factor;
	vec top = SET(before), total = SET(0.F);

	for (size_t j = limit; j < FEW_KEYS; j++)
		score[j] = -INFINITY;
	for (size_t j = 0; j < FEW_KEYS; j += LANES)
		top = MAX(top, load(score + j));
	most = TOP(top);
	for (size_t j = 0; j < FEW_KEYS; j += LANES) {
		vec weight = exp2_of(load(score + j) - SET(most));

		store(score + j, weight);
		total += weight;
	}
	factor = exp2_of(SET(before - most))[0];
	part->most[i] = most;
	part->total[i] = part->total[i] * factor + SUM(total);
	if (most > before)
		scale(sums, factor, d, sums);
}

/* sums += weight[j] value j for GROUP values, step apart, for one query or two. */
INLINE void add_few(const float *v, size_t step, size_t d, const float *weight, bool two, float *sums) {
	vec a0 = SET(weight[0]), a1 = SET(weight[1]), a2 = SET(weight[2]), a3 = SET(weight[3]);
	const float *other = weight + (two ? FEW_KEYS : 0);
	vec b0 = SET(other[0]), b1 = SET(other[1]), b2 = SET(other[2]), b3 = SET(other[3]);
	size_t c = 0;

	for (; c + LANES <= d; c += LANES) {
		vec v0 = load(v + c), v1 = load(v + step + c), v2 = load(v + 2 * step + c), v3 = load(v + 3 * step + c);

		store(sums + c, FMA(a3, v3, FMA(a2, v2, FMA(a1, v1, FMA(a0, v0, load(sums + c))))));
		if (two)
			store(sums + d + c, FMA(b3, v3, FMA(b2, v2, FMA(b1, v1, FMA(b0, v0, load(sums + d + c))))));
	}
	for (; c < d; c++)
		for (size_t j = 0; j < GROUP; j++) {
			sums[c] += weight[j] * v[j * step + c];
			if (two)
				sums[d + c] += other[j] * v[j * step + c];
		}
}

INLINE void add_values_of_few(const float *v, size_t step, size_t keys, size_t n, size_t d, const float *weight,
                              float *sums, struct ahead *ahead) {
	size_t j = 0;

	for (; j + GROUP <= keys; j += GROUP, v += GROUP * step) {
		size_t i = 0;

		ask(ahead);
		for (; i + 2 <= n; i += 2)
			add_few(v, step, d, weight + i * FEW_KEYS + j, true, sums + i * d);
		if (i < n)
			add_few(v, step, d, weight + i * FEW_KEYS + j, false, sums + i * d);
	}
	for (; j < keys; j++, v += step)
		for (size_t i = 0; i < n; i++)
			for (size_t c = 0; c < d; c++)
				sums[i * d + c] += weight[i * FEW_KEYS + j] * v[c];
}

static TARGET void few(const struct wm_attend_block *w, struct wm_attend_part *part) {
	float *score = w->scratch, *q = score + FEW * FEW_KEYS, *tile = q + FEW * w->d, factor = score_factor(w->d);
	size_t keys = w->to - w->from, step;
	const float *k = tile_of(w, w->k, w->from, keys, tile, &step), *v;
	struct ahead next_k = ahead_of(w, w->next_k, FEW_KEYS / GROUP), next_v = ahead_of(w, w->next_v, FEW_KEYS / GROUP);

	for (size_t i = 0; i < w->n; i++) {
		widen(w->type, w->q[i], w->d, q + i * w->d);
		scale(q + i * w->d, factor, w->d, q + i * w->d);
	}
	scores_of_few(k, step, keys, w->n, w->d, q, score, &next_k);
	for (size_t i = 0; i < w->n; i++) {
		size_t limit = w->limit[i] < w->from ? 0 : w->limit[i] - w->from;

		weigh_one(part, i, limit < keys ? limit : keys, w->d, score + i * FEW_KEYS);
	}
	v = tile_of(w, w->v, w->from, keys, tile, &step);
	add_values_of_few(v, step, keys, w->n, w->d, score, part->sums, &next_v);
}

/* ---- the table's functions ---------------------------------------------------------------------- */

static size_t scratch(size_t d) {
	return KEYS * SUB + 2 * KEYS * d + 2 * WM_ATTEND_QUERIES * d + d;
}

/* What each part's sums of query i are worth in the whole, relative to the maximum over all; returns their total. */
static float join_one(struct wm_attend_part *parts, size_t n, size_t i, size_t d) {
	float most = parts[0].most[i], total = 0;

	for (size_t p = 1; p < n; p++)
		most = fmaxf(most, parts[p].most[i]);
	for (size_t p = 0; p < n; p++) {
		float factor = exp2f(parts[p].most[i] - most), *first = parts[0].sums + i * d, *sums = parts[p].sums + i * d;

		total += factor * parts[p].total[i];
		for (size_t c = 0; c < d; c++)
			first[c] = p == 0 ? factor * sums[c] : first[c] + factor * sums[c];
	}
	return total;
}

static TARGET void join(const struct wm_attend_block *w, struct wm_attend_part *parts, size_t n) {
	for (size_t i = 0; i < w->n; i++) {
		float total = n > 1 ? join_one(parts, n, i, w->d) : parts[0].total[i];

		narrow(w->type, parts[0].sums + i * w->d, 1 / total, w->d, w->o[i]);
	}
}

#endif
