/* SPDX-License-Identifier: Apache-2.0 */
/* triad.c - a = b + s c with s = 3: two arrays read, one written, one multiply-add an element. */
#include "arrays.h"

#include <math.h>

static const double s = 3;

static enum wm_status tensors(const struct wm_problem *p, struct wm_tensor *t, int *n_p) {
	enum wm_dtype type = wm_get_dtype(p);
	size_t n = wm_array_count(p);

	t[0] = (struct wm_tensor){"b", type, n, false};
	t[1] = (struct wm_tensor){"c", type, n, false};
	t[2] = (struct wm_tensor){"a", type, n, true};
	*n_p = 3;
	return WM_OK;
}

static void work(const struct wm_problem *p, struct wm_work *work_p) {
	*work_p = (struct wm_work){.bytes = 3.0 * (double)wm_get(p, "bytes")};
}

/* Exact part: integers of two bits less than the type has, so that 3 c and b + 3 c are exact, in either
 * order. */
static void fill(const struct wm_problem *p, int i, enum wm_data_part part, uint64_t seed, void *host) {
	enum wm_dtype type = wm_get_dtype(p);
	size_t n = wm_array_count(p);

	if (part == WM_EXACT)
		wm_fill_odd_integers(type, wm_dtype_bits(type) - 2, seed, WM_STREAM_EXACT + (uint64_t)i, n, host);
	else
		wm_fill_timed(p, type, seed, (uint64_t)i, n, host);
}

/*
 * Timed part. With u = 2^-p and p the significand bits: a fused multiply-add rounds b + s c once, an error of
 * at most u |b + s c|; apart, the product's rounding adds at most u |s c| (1 + u). b, c are multiples of
 * 2^-24, so that both are exact in double.
 */
static enum wm_status verify(const struct wm_problem *p, enum wm_data_part part, uint64_t seed, void *const *host,
                             struct wm_check *check_p) {
	enum wm_dtype type = wm_get_dtype(p);
	size_t n = wm_array_count(p);
	double u = ldexp(1, -wm_dtype_bits(type));
	struct wm_check check = {.method = "every element"};
	double a[WM_CHUNK], b[WM_CHUNK], c[WM_CHUNK], want[WM_CHUNK], bound[WM_CHUNK];

	(void)seed;
	for (size_t first = 0; first < n; first += WM_CHUNK) {
		size_t count = n - first < WM_CHUNK ? n - first : WM_CHUNK;

		wm_load_run(type, host[0], first, 1, count, b);
		wm_load_run(type, host[1], first, 1, count, c);
		wm_load_run(type, host[2], first, 1, count, a);
		for (size_t i = 0; i < count; i++) {
			want[i] = b[i] + s * c[i];
			bound[i] = u * (fabs(want[i]) + fabs(s * c[i]) * (1 + u));
		}
		enum wm_status st = wm_compare_run("a", first, count, a, want, part == WM_EXACT ? NULL : bound, &check);
		if (st != WM_OK)
			return st;
	}
	*check_p = check;
	return WM_OK;
}

const struct wm_bench wm_bench_triad = {
	.name = "triad",
	.about = "a = b + 3 c: memory bandwidth of two streams in and one out",
	.metric = "B/s",
	.axes = wm_array_axes,
	.accept = wm_array_accept,
	.tensors = tensors,
	.work = work,
	.fill = fill,
	.verify = verify,
	.cold_factor = 4,
};
