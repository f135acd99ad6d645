/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collective.c - what the benchmarks of collectives share.
 *
 * Every rank's send repeats one series of PERIOD values, each rank from a place of its own: element i of rank r is
 * value (r STRIDE + i) mod PERIOD. So what any rank must receive is known to any process without the others' buffers,
 * and an array of gigabytes is filled and checked as fast as memory is copied.
 */
#include "collective.h"

#include "arrays.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A prime: a shift by any size that machines like shows. The ranks' places are far apart (PERIOD / golden ratio). */
enum { PERIOD = 4093, STRIDE = 2531 };
enum { LARGEST_I8 = 127, I8_BITS = 7 };
enum { SMALLEST = 8 }; /* of bytes */

const struct wm_axis wm_collective_axes[] = {
	{"bytes", "1M", NULL, SMALLEST, 16L << 30, "S, the size that bandwidths are counted by, in bytes", false},
	{"dtype", "f32", "f32 bf16 i8", 0, 0, "type of the elements", false},
	{"timing", "bandwidth", "bandwidth latency", 0, 0, "operations back to back, or each after a barrier", false},
	{0},
};

static const struct wm_collective *of(const struct wm_problem *p) {
	return p->bench->own;
}

void wm_collective_work(const struct wm_problem *p, struct wm_work *work_p) {
	double bytes = (double)wm_get(p, "bytes"), n = p->ranks;
	int bus = of(p)->bus;

	*work_p = (struct wm_work){.bytes = bytes, .wire_bytes = bus ? bytes * bus * (n - 1) / n : bytes};
}

bool wm_collective_apart(const struct wm_problem *p) {
	return strcmp(wm_get_word(p, "timing"), "latency") == 0;
}

/* ---- sizes ------------------------------------------------------------------------------------------------------ */

/* Elements of S. */
static size_t total(const struct wm_problem *p) {
	return (size_t)wm_get(p, "bytes") / wm_dtype_bytes(wm_get_dtype(p));
}

static size_t one_part(const struct wm_problem *p) {
	return total(p) / (size_t)p->ranks;
}

/* Elements of one rank's buffer. */
static size_t extent(const struct wm_problem *p, bool part) {
	return part ? one_part(p) : total(p);
}

/* Ranks whose buffers this process has, and the first of them. */
static int local_ranks(const struct wm_problem *p) {
	return p->rank == WM_ALL_RANKS ? p->ranks : 1;
}

static int first_rank(const struct wm_problem *p) {
	return p->rank == WM_ALL_RANKS ? 0 : p->rank;
}

/* Up to this integer a type holds all: the magnitudes of the terms of an exact sum add up to no more. */
static long largest_exact(enum wm_dtype t) {
	return wm_dtype_bits(t) ? 1L << wm_dtype_bits(t) : LARGEST_I8;
}

/* The multiple of unit that is nearest below, or above where that would be less than the axis takes. */
static long nearest_size(long bytes, long unit) {
	long below = bytes - bytes % unit;

	return below >= SMALLEST ? below : below + unit;
}

enum wm_status wm_collective_accept(const struct wm_problem *p) {
	const struct wm_collective *c = of(p);
	enum wm_dtype type = wm_get_dtype(p);
	long bytes = wm_get(p, "bytes"), element = (long)wm_dtype_bytes(type), unit = element * p->ranks;

	if (bytes % element != 0)
		return wm_fail(WM_INPUT, "bytes=%ld is no multiple of %ld, the size of an element of %s", bytes, element,
		               wm_dtype_word(type));
	if ((c->send_part || c->recv_part || c->gathers) && bytes % unit != 0)
		return wm_fail(WM_UNSUPPORTED,
		               "bytes=%ld is no multiple of %ld, an element of %s for each of %d ranks: %ld would do", bytes,
		               unit, wm_dtype_word(type), p->ranks, nearest_size(bytes, unit));
	if (c->sums && p->ranks > largest_exact(type))
		return wm_fail(WM_UNSUPPORTED, "%s has no exact sums over %d ranks, at most over %ld", wm_dtype_word(type),
		               p->ranks, largest_exact(type));
	return WM_OK;
}

enum wm_status wm_collective_tensors(const struct wm_problem *p, struct wm_tensor *t, int *n_p) {
	const struct wm_collective *c = of(p);
	enum wm_dtype type = wm_get_dtype(p);
	size_t ranks = (size_t)local_ranks(p);

	t[0] = (struct wm_tensor){"send", type, ranks * extent(p, c->send_part), false};
	t[1] = (struct wm_tensor){"recv", type, ranks * extent(p, c->recv_part), true};
	*n_p = 2;
	return WM_OK;
}

/* ---- the series ------------------------------------------------------------------------------------------------- */

/* Where in the series an element of a rank's send stands. */
static size_t place(int rank, size_t element) {
	return ((size_t)rank * STRIDE + element) % PERIOD;
}

/* Odd integers, of which a sum of one a rank stays within what the type holds exactly. */
static void fill_terms(enum wm_dtype t, int ranks, uint64_t seed, void *out) {
	uint64_t magnitudes = ((uint64_t)(largest_exact(t) / ranks) + 1) / 2; /* 1, 3, 5, .. */
	uint32_t word[PERIOD];

	wm_random(seed, WM_STREAM_EXACT, 0, PERIOD, word);
	for (size_t i = 0; i < PERIOD; i++) {
		double x = 2 * (double)((word[i] >> 1) * magnitudes >> 31) + 1;

		wm_store_element(t, out, i, word[i] & 1 ? -x : x);
	}
}

/* Timed i8 values whose sum over all ranks stays in range. */
static void shrink(int8_t *x, int ranks) {
	for (size_t i = 0; i < PERIOD; i++)
		x[i] = (int8_t)(x[i] / ranks);
}

/* The PERIOD values, to be freed. */
static void *series(const struct wm_problem *p, const struct wm_collective *c, enum wm_data_part part, uint64_t seed) {
	enum wm_dtype t = wm_get_dtype(p);
	void *x = wm_zalloc(PERIOD * wm_dtype_bytes(t));

	if (part == WM_TIMED)
		wm_fill_timed(p, t, seed, 0, PERIOD, x);
	else if (c->sums)
		fill_terms(t, p->ranks, seed, x);
	else
		wm_fill_odd_integers(t, wm_dtype_bits(t) ? wm_dtype_bits(t) : I8_BITS, seed, WM_STREAM_EXACT, PERIOD, x);
	if (part == WM_TIMED && c->sums && t == WM_I8)
		shrink(x, p->ranks);
	return x;
}

/* Elements from place at on until n are done or the series ends. */
static size_t stretch(size_t at, size_t n) {
	return n < PERIOD - at ? n : PERIOD - at;
}

void wm_collective_fill(const struct wm_problem *p, int i, enum wm_data_part part, uint64_t seed, void *host) {
	const struct wm_collective *c = of(p);
	size_t element = wm_dtype_bytes(wm_get_dtype(p)), n = extent(p, c->send_part);
	char *values = series(p, c, part, seed), *out = host;

	(void)i; /* send is the only input */
	for (int r = 0; r < local_ranks(p); r++)
		for (size_t at = 0, step; at < n; at += step, out += step * element) {
			size_t from = place(first_rank(p) + r, at);

			step = stretch(from, n - at);
			memcpy(out, values + from * element, step * element);
		}
	free(values);
}

/* ---- the check -------------------------------------------------------------------------------------------------- */

/* What verification holds recv against. */
struct expected {
	enum wm_dtype type;
	char *values;          /* the series */
	double sum[PERIOD];    /* of all ranks' values whose place in send is i mod PERIOD */
	double error[PERIOD];  /* how far a sum of timed values may be off */
	const double *allowed; /* error, or NULL: equal */
	struct wm_check check;
};

/*
 * A sum of n terms in any order passes every term through at most n - 1 roundings, each off by at most u = 2^-p
 * of its result: |sum - exact| <= (n - 1) u / (1 - (n - 1) u) times the sum of the magnitudes (Higham, Accuracy
 * and Stability of Numerical Algorithms, 2nd ed., section 4.2). Of many ranks that is more than the sum itself; partial
 * sums of terms of random signs stay below 4 roots of the sum of the squares, and so many roundings of random signs
 * below 4 sqrt(n - 1) u of these. The terms are multiples of 2^-24 below 6, so that the sum is exact in double. One
 * rounding of a wider sum is within that too.
 */
static void expect_sums(struct expected *e, int ranks) {
	double u = ldexp(1, -wm_dtype_bits(e->type)), growth = (ranks - 1) * u / (1 - (ranks - 1) * u);
	double x[PERIOD];

	wm_load_run(e->type, e->values, 0, 1, PERIOD, x);
	for (size_t i = 0; i < PERIOD; i++) {
		double size = 0, squares = 0;

		for (int r = 0; r < ranks; r++) {
			double term = x[place(r, i)];

			e->sum[i] += term;
			size += fabs(term);
			squares += term * term;
		}
		e->error[i] = fmin(growth * size, 16 * sqrt((ranks - 1) * squares) * u);
	}
}

static enum wm_status check_sums(struct expected *e, const char *name, const char *recv, size_t to, size_t first,
                                 size_t n) {
	double got[WM_CHUNK];
	enum wm_status st = WM_OK;

	for (size_t i = 0, step; i < n && st == WM_OK; i += step) {
		size_t at = (first + i) % PERIOD;

		step = stretch(at, n - i < WM_CHUNK ? n - i : WM_CHUNK);
		wm_load_run(e->type, recv, to + i, 1, step, got);
		st = wm_compare_run(name, to + i, step, got, e->sum + at, e->allowed ? e->allowed + at : NULL, &e->check);
	}
	return st;
}

static enum wm_status fail_copy(const struct expected *e, const char *name, const char *recv, size_t to, int from,
                                size_t at) {
	return wm_fail(WM_WRONG, "%s[%zu] is %.17g, expected %.17g from rank %d", name, to,
	               wm_load_element(e->type, recv, to), wm_load_element(e->type, e->values, at), from);
}

static enum wm_status check_copies(struct expected *e, const char *name, const char *recv, size_t to, struct wm_block s,
                                   size_t n) {
	size_t element = wm_dtype_bytes(e->type);

	for (size_t i = 0, step; i < n; i += step) {
		size_t at = place(s.from, s.first + i), k = 0;
		const char *got = recv + (to + i) * element, *want = e->values + at * element;

		step = stretch(at, n - i);
		if (memcmp(got, want, step * element) == 0)
			continue;
		while (memcmp(got + k * element, want + k * element, element) == 0)
			k++;
		return fail_copy(e, name, recv, to + i + k, s.from, at + k);
	}
	e->check.compared += n;
	return WM_OK;
}

/* All of what one rank has received. */
static enum wm_status check_rank(const struct wm_problem *p, const struct wm_collective *c, struct expected *e,
                                 int rank, const char *recv) {
	int blocks = c->gathers ? p->ranks : 1;
	size_t n = extent(p, c->recv_part || c->gathers);
	enum wm_status st = WM_OK;
	char name[32];

	snprintf(name, sizeof(name), "recv of rank %d", rank);
	for (int b = 0; b < blocks && st == WM_OK; b++) {
		struct wm_block s = c->source(rank, p->ranks, b, one_part(p));

		st = s.from == WM_ALL_RANKS ? check_sums(e, name, recv, (size_t)b * n, s.first, n)
		                            : check_copies(e, name, recv, (size_t)b * n, s, n);
	}
	return st;
}

enum wm_status wm_collective_verify(const struct wm_problem *p, enum wm_data_part part, uint64_t seed,
                                    void *const *host, struct wm_check *check_p) {
	const struct wm_collective *c = of(p);
	struct expected *e = wm_zalloc(sizeof(*e));
	size_t bytes;
	enum wm_status st = WM_OK;

	e->type = wm_get_dtype(p);
	e->values = series(p, c, part, seed);
	e->check = (struct wm_check){.method = "every element"};
	bytes = extent(p, c->recv_part) * wm_dtype_bytes(e->type);
	if (c->sums)
		expect_sums(e, p->ranks);
	if (part == WM_TIMED && wm_dtype_bits(e->type))
		e->allowed = e->error;
	for (int r = 0; r < local_ranks(p) && st == WM_OK; r++)
		st = check_rank(p, c, e, first_rank(p) + r, (const char *)host[1] + (size_t)r * bytes);
	if (st == WM_OK)
		*check_p = e->check;
	free(e->values);
	free(e);
	return st;
}
