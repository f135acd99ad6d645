/* SPDX-License-Identifier: Apache-2.0 */
/* read.c - s[block] = sum of a block of x: one array read, next to nothing written. The ceiling of decode. */
#include "arrays.h"

enum { MAX_BLOCKS = 1024 };

static size_t blocks(size_t n) {
	return n < MAX_BLOCKS ? n : MAX_BLOCKS;
}

static enum wm_status tensors(const struct wm_problem *p, struct wm_tensor *t, int *n_p) {
	size_t n = wm_array_count(p);

	t[0] = (struct wm_tensor){"x", wm_get_dtype(p), n, false};
	t[1] = (struct wm_tensor){"s", WM_F64, blocks(n), true};
	*n_p = 2;
	return WM_OK;
}

static void work(const struct wm_problem *p, struct wm_work *work_p) {
	*work_p = (struct wm_work){.bytes = (double)wm_get(p, "bytes")};
}

/* Bits of the exact part's integers: as many as x holds, if the sum of a block still fits a double's 53. */
static int exact_bits(enum wm_dtype type, size_t n) {
	size_t longest = n / blocks(n) + 1;
	int bits = 53;

	while (longest >> (53 - bits))
		bits--;
	return wm_dtype_bits(type) < bits ? wm_dtype_bits(type) : bits;
}

static void fill(const struct wm_problem *p, int i, enum wm_data_part part, uint64_t seed, void *host) {
	enum wm_dtype type = wm_get_dtype(p);
	size_t n = wm_array_count(p);

	if (part == WM_EXACT)
		wm_fill_odd_integers(type, exact_bits(type, n), seed, WM_STREAM_EXACT + (uint64_t)i, n, host);
	else
		wm_fill_timed(p, type, seed, (uint64_t)i, n, host);
}

/* The sum of x[from, to), in the order of the indices; no term and no partial sum is rounded. */
static double sum(enum wm_dtype type, const void *x, size_t from, size_t to) {
	double total = 0, value[WM_CHUNK];

	for (size_t first = from; first < to; first += WM_CHUNK) {
		size_t count = to - first < WM_CHUNK ? to - first : WM_CHUNK;

		wm_load_run(type, x, first, 1, count, value);
		for (size_t i = 0; i < count; i++)
			total += value[i];
	}
	return total;
}

/*
 * Both parts are exact in double in any order: the exact part by its bits; timed values are multiples of
 * 2^-24 below 6, and the largest array allowed (2^36 elements of f32) has blocks of 2^26, which sum to less
 * than 2^53 of these units.
 */
static enum wm_status verify(const struct wm_problem *p, enum wm_data_part part, uint64_t seed, void *const *host,
                             struct wm_check *check_p) {
	size_t n = wm_array_count(p), count = blocks(n);
	struct wm_check check = {.method = "every sum equal"};

	(void)part;
	(void)seed;
	for (size_t b = 0; b < count; b++) {
		double want = sum(wm_get_dtype(p), host[0], b * n / count, (b + 1) * n / count);
		enum wm_status st = wm_compare_run("s", b, 1, (const double *)host[1] + b, &want, NULL, &check);

		if (st != WM_OK)
			return st;
	}
	*check_p = check;
	return WM_OK;
}

const struct wm_bench wm_bench_read = {
	.name = "read",
	.about = "sums of 1024 blocks: memory bandwidth of one stream in",
	.metric = "B/s",
	.axes = wm_array_axes,
	.accept = wm_array_accept,
	.tensors = tensors,
	.work = work,
	.fill = fill,
	.verify = verify,
	.cold_factor = 4,
};
