/* SPDX-License-Identifier: Apache-2.0 */
/* inject.c - for each benchmark, what each error does to its output. */
#include "inject.h"

#include "../../bench/attention.h"
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

/* ---- attention ---------------------------------------------------------------------------------- */

/* How often key j counts for a query that sees the keys [0, keys): 1 or 0 where nothing is wrong. */
typedef double times_fn(size_t j, size_t keys, const struct wm_attention *a, size_t which);

static double once(size_t j, size_t keys, const struct wm_attention *a, size_t which) {
	(void)a;
	(void)which;
	return j < keys;
}

static double without(size_t j, size_t keys, const struct wm_attention *a, size_t which) {
	(void)a;
	return j < keys && j != which;
}

static double twice(size_t j, size_t keys, const struct wm_attention *a, size_t which) {
	(void)a;
	return j < keys ? 1 + (j == which) : 0;
}

/* The first key that is hidden from a query is not. */
static double one_too_many(size_t j, size_t keys, const struct wm_attention *a, size_t which) {
	(void)a;
	(void)which;
	return j <= keys;
}

static double without_tail(size_t j, size_t keys, const struct wm_attention *a, size_t which) {
	return j < keys && j < a->sk - which;
}

/* The mean of the values under the weights of their scores, counted as times says: one row of the output. No keys at
 * all give zeros. */
static void mix(const struct wm_attention *a, const double *score, const double *value, size_t keys, times_fn *times,
                size_t which, double *o) {
	double most = -INFINITY, total = 0;

	memset(o, 0, a->d * sizeof(*o));
	for (size_t j = 0; j < a->sk; j++)
		if (times(j, keys, a, which) > 0)
			most = fmax(most, score[j]);
	for (size_t j = 0; j < a->sk; j++) {
		double count = times(j, keys, a, which), weight = count > 0 ? count * exp(score[j] - most) : 0;

		total += weight;
		for (size_t c = 0; c < a->d; c++)
			o[c] += weight * value[j * a->kvheads * a->d + c];
	}
	for (size_t c = 0; c < a->d && total > 0; c++)
		o[c] /= total;
}

/* Tensor i as doubles. */
static double *doubles(const struct victim *v, int i) {
	double *x = wm_zalloc(v->t[i].count * sizeof(*x));

	for (size_t at = 0; at < v->t[i].count; at++)
		x[at] = get(v, i, at);
	return x;
}

/* Writes the rows that come out otherwise with other keys; says whether there are any. */
static bool attend_wrongly(const struct victim *v, times_fn *times, size_t which) {
	struct wm_attention a = wm_attention_shape(v->p);
	double *q = doubles(v, 0), *k = doubles(v, 1), *values = doubles(v, 2);
	double *right = wm_zalloc(a.d * sizeof(*right)), *wrong = wm_zalloc(a.d * sizeof(*wrong));
	double *score = wm_zalloc(a.sk * sizeof(*score));
	bool any = false;

	for (size_t row = 0; row < a.batch * a.sq * a.heads; row++) {
		size_t h = row % a.heads, i = row / a.heads % a.sq, b = row / a.heads / a.sq;
		size_t key = wm_attention_key_at(&a, b, 0, h / a.group), keys = wm_attention_keys(&a, i);

		for (size_t j = 0; j < a.sk; j++) {
			score[j] = 0;
			for (size_t c = 0; c < a.d; c++)
				score[j] += q[row * a.d + c] * k[key + j * a.kvheads * a.d + c] / sqrt((double)a.d);
		}
		mix(&a, score, values + key, keys, once, 0, right);
		mix(&a, score, values + key, keys, times, which, wrong);
		if (memcmp(right, wrong, a.d * sizeof(*right)) == 0)
			continue;
		any = true;
		for (size_t c = 0; c < a.d; c++)
			set(v, 3, row * a.d + c, wrong[c]);
	}
	free(q);
	free(k);
	free(values);
	free(right);
	free(wrong);
	free(score);
	return any;
}

/* A random key, or the next that some output depends on. */
static void attend_key_wrongly(const struct victim *v, times_fn *times) {
	size_t sk = wm_attention_shape(v->p).sk, j = pick(v, 0, sk);

	for (size_t left = sk; left > 0 && !attend_wrongly(v, times, j); left--)
		j = (j + 1) % sk;
}

static void attention_dropped(const struct victim *v) {
	attend_key_wrongly(v, without);
}

/* Of a causal problem every second time the first key that is hidden. */
static void attention_doubled(const struct victim *v) {
	if (wm_attention_shape(v->p).causal && v->try_ % 4 < 2)
		attend_wrongly(v, one_too_many, 0);
	else
		attend_key_wrongly(v, twice);
}

static void attention_tail(const struct victim *v) {
	attend_wrongly(v, without_tail, tail(v, wm_attention_shape(v->p).sk));
}

/* Exact: the last bit, or one more, in a row that is the value of a single key. Timed: more than 8 times what any type
 * is allowed while no value is above 1. */
static void attention_element(const struct victim *v) {
	struct wm_attention a = wm_attention_shape(v->p);
	size_t rows = a.batch * a.sq * a.heads, row = pick(v, 0, rows), at;
	double keys = (double)a.sk, d = (double)a.d;

	for (size_t left = rows; v->part == WM_EXACT && left > 0; left--, row = (row + 1) % rows)
		if (wm_attention_aim(&a, v->seed, row / a.heads / a.sq, row / a.heads % a.sq, row % a.heads).count == 1)
			break;
	at = row * a.d + pick(v, 1, a.d);
	if (v->part == WM_TIMED)
		set(v, 3, at,
		    get(v, 3, at) + 8 * (0x1p-24 * (8 * d + 100 + 35 * sqrt(keys)) +
		                         (a.type == WM_F32 ? 0 : 6 * ldexp(1, -wm_dtype_bits(a.type)))));
	else if (v->try_ % 2)
		flip_last_bit(v, at);
	else
		set(v, 3, at, get(v, 3, at) > 0 ? get(v, 3, at) - 1 : get(v, 3, at) + 1);
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

/* ---- collectives -------------------------------------------------------------------------------- */

/* Elements of one rank's send and recv. */
static size_t sent(const struct victim *v) {
	return v->t[0].count / (size_t)v->p->ranks;
}

static size_t received(const struct victim *v) {
	return v->t[1].count / (size_t)v->p->ranks;
}

/* The element of rank r's send that is a term of element i of all recv. */
static size_t term_of(const struct victim *v, size_t r, size_t i) {
	bool parts = received(v) < sent(v); /* recv of rank k begins with element k x received of send */

	return r * sent(v) + (parts ? i : i % received(v));
}

/* i8 wraps, as its sums do. */
static double wrapped(const struct victim *v, double x) {
	return v->t[1].dtype == WM_I8 ? (double)(int8_t)(uint8_t)(int)x : x;
}

/* A random element of recv and a random rank: recv += times that rank's term. A sum of terms that is rounded may stay
 * as it is when one of them is tiny: the next place is taken then. */
static void add_rank(const struct victim *v, double times) {
	size_t n = v->t[1].count, r = pick(v, 1, (size_t)v->p->ranks), i = pick(v, 0, n);

	for (size_t left = n; left > 0; left--, i = (i + 1) % n) {
		double before = get(v, 1, i);

		set(v, 1, i, wrapped(v, before + times * get(v, 0, term_of(v, r, i))));
		if (get(v, 1, i) != before)
			return;
	}
}

static void sum_dropped(const struct victim *v) {
	add_rank(v, -1);
}

static void sum_doubled(const struct victim *v) {
	add_rank(v, 1);
}

/* Of one rank, the sums lack the last rank at their end. */
static void sum_tail(const struct victim *v) {
	size_t n = received(v), first = pick(v, 0, (size_t)v->p->ranks) * n;

	for (size_t i = n - tail(v, n); i < n; i++) {
		size_t at = first + i;

		set(v, 1, at, get(v, 1, at) - get(v, 0, term_of(v, (size_t)v->p->ranks - 1, at)));
	}
}

/* Timed: 8 times the bound, which is below twice (ranks - 1) 2^-p times the magnitudes. */
static void sum_element(const struct victim *v) {
	size_t i = pick(v, 0, v->t[1].count);
	double size = 0;

	if (v->part == WM_EXACT || v->t[1].dtype == WM_I8) {
		flip_last_bit(v, i);
		return;
	}
	for (size_t r = 0; r < (size_t)v->p->ranks; r++)
		size += fabs(get(v, 0, term_of(v, r, i)));
	set(v, 1, i, get(v, 1, i) + 16 * (v->p->ranks - 1) * ldexp(size, -wm_dtype_bits(v->t[1].dtype)) + 0x1p-20);
}

/* The next rank's element stands where one was. */
static void moved_doubled(const struct victim *v) {
	size_t n = v->t[1].count, i = pick(v, 0, n);

	for (size_t left = n; left > 0; left--, i = (i + 1) % n) {
		double other = get(v, 1, (i + received(v)) % n);

		if (other == get(v, 1, i))
			other = get(v, 1, (i + 1) % n);
		if (other == get(v, 1, i))
			continue;
		set(v, 1, i, other);
		return;
	}
}

/* ---- tables ------------------------------------------------------------------------------------- */

static const struct {
	const char *bench;
	damage_fn *damage[WM_INJECTIONS];
} tables[] = {
	{"gemm", {zero, gemm_element, gemm_dropped, gemm_doubled, gemm_tail}},
	{"attention", {zero, attention_element, attention_dropped, attention_doubled, attention_tail}},
	{"read", {zero, one_bit, read_dropped, read_doubled, read_tail}},
	{"copy", {zero, one_bit, copy_dropped, copy_doubled, copy_tail}},
	{"triad", {zero, triad_element, triad_dropped, triad_doubled, triad_tail}},
	{"fma", {zero, one_bit, fma_dropped, fma_doubled, fma_tail}},
	{"allreduce", {zero, sum_element, sum_dropped, sum_doubled, sum_tail}},
	{"reducescatter", {zero, sum_element, sum_dropped, sum_doubled, sum_tail}},
	{"allgather", {zero, one_bit, copy_dropped, moved_doubled, copy_tail}},
	{"broadcast", {zero, one_bit, copy_dropped, moved_doubled, copy_tail}},
	{"alltoall", {zero, one_bit, copy_dropped, moved_doubled, copy_tail}},
	{"sendrecv", {zero, one_bit, copy_dropped, moved_doubled, copy_tail}},
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
