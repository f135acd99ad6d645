/* SPDX-License-Identifier: Apache-2.0 */
/* fma.c - y = x, then iters times y = y + a b, for n independent elements: the ceiling of arithmetic. */
#include "arrays.h"

#include <math.h>

/*
 * The accumulating form, which every instruction set has (Arm's NEON has no other). With small integers the
 * result is x + iters a b: every step is exact, and every step that is left out shows. Implementations read a
 * and b from memory, so that no compiler can do the loop for them. Elements have the type that sums of the dtype have,
 * so that instructions which add several products at once fit.
 */
static const double a = 2;
static const double x_limit = 1024; /* |x| is below it, in both parts */

/* Short sums are not to end soon: a b = 1 there. */
static double b(enum wm_dtype in) {
	return wm_sum_bits(in) < 24 ? 0.5 : 3;
}

static const struct wm_axis axes[] = {
	{"n", "1M", NULL, 1, 2147483647, "independent elements", false},
	{"iters", "4096", NULL, 1, 2147483647, "multiply-adds an element", false},
	{"dtype", "f32", "f64 f32 f16 bf16 i8 tf32 e4m3 e5m2", 0, 0, "type of a and b", false},
	{0},
};

static enum wm_status accept(const struct wm_problem *p) {
	enum wm_dtype in = wm_get_dtype(p);
	double limit = ldexp(1, wm_sum_bits(in)), step = a * b(in);
	long iters = wm_get(p, "iters");

	if (x_limit + (double)iters * step <= limit)
		return WM_OK;
	return wm_fail(WM_INPUT, "iters=%ld is too many: above %.0f a result is not exact in %s", iters,
	               floor((limit - x_limit) / step), wm_dtype_word(in));
}

static enum wm_status tensors(const struct wm_problem *p, struct wm_tensor *t, int *n_p) {
	enum wm_dtype in = wm_get_dtype(p), type = wm_sum_type(in);
	size_t n = (size_t)wm_get(p, "n");

	t[0] = (struct wm_tensor){"x", type, n, false};
	t[1] = (struct wm_tensor){"ab", in, 2, false};
	t[2] = (struct wm_tensor){"y", type, n, true};
	*n_p = 3;
	return WM_OK;
}

static void work(const struct wm_problem *p, struct wm_work *work_p) {
	enum wm_dtype in = wm_get_dtype(p);
	double n = (double)wm_get(p, "n");

	*work_p = (struct wm_work){
		.flop = 2 * n * (double)wm_get(p, "iters"),
		.bytes = 2 * n * (double)wm_dtype_bytes(wm_sum_type(in)) + 2 * (double)wm_dtype_bytes(in),
	};
}

/* The timed values, which are at most 6, times 128 and made integers: the data axis still says how x is
 * spread. Integers, at most 127, stay as they are. */
static void fill_timed(const struct wm_problem *p, enum wm_dtype type, uint64_t seed, size_t n, void *host) {
	wm_fill_timed(p, type, seed, 0, n, host);
	for (size_t i = 0; wm_dtype_bits(type) > 0 && i < n; i++)
		wm_store_element(type, host, i, nearbyint(128 * wm_load_element(type, host, i)));
}

static void fill(const struct wm_problem *p, int i, enum wm_data_part part, uint64_t seed, void *host) {
	enum wm_dtype in = wm_get_dtype(p), type = wm_sum_type(in);

	if (i == 1) {
		wm_store_element(in, host, 0, a);
		wm_store_element(in, host, 1, b(in));
	} else if (part == WM_EXACT) {
		wm_fill_odd_integers(type, 10, seed, WM_STREAM_EXACT, (size_t)wm_get(p, "n"), host);
	} else {
		fill_timed(p, type, seed, (size_t)wm_get(p, "n"), host);
	}
}

static enum wm_status verify(const struct wm_problem *p, enum wm_data_part part, uint64_t seed, void *const *host,
                             struct wm_check *check_p) {
	enum wm_dtype in = wm_get_dtype(p), type = wm_sum_type(in);
	size_t n = (size_t)wm_get(p, "n");
	double added = (double)wm_get(p, "iters") * a * b(in);
	struct wm_check check = {.method = "every element equal"};
	double want[WM_CHUNK], y[WM_CHUNK];

	(void)part;
	(void)seed;
	for (size_t first = 0; first < n; first += WM_CHUNK) {
		size_t count = n - first < WM_CHUNK ? n - first : WM_CHUNK;

		wm_load_run(type, host[0], first, 1, count, want);
		wm_load_run(type, host[2], first, 1, count, y);
		for (size_t i = 0; i < count; i++)
			want[i] += added;
		enum wm_status st = wm_compare_run("y", first, count, y, want, NULL, &check);
		if (st != WM_OK)
			return st;
	}
	*check_p = check;
	return WM_OK;
}

const struct wm_bench wm_bench_fma = {
	.name = "fma",
	.about = "repeated y = y + a b in registers: the ceiling of arithmetic",
	.metric = "flop/s",
	.axes = axes,
	.accept = accept,
	.tensors = tensors,
	.work = work,
	.fill = fill,
	.verify = verify,
};
