/* SPDX-License-Identifier: Apache-2.0 */
/* copy.c - c = a: one array read, one written. */
#include "arrays.h"

static enum wm_status tensors(const struct wm_problem *p, struct wm_tensor *t, int *n_p) {
	enum wm_dtype type = wm_get_dtype(p);
	size_t n = wm_array_count(p);

	t[0] = (struct wm_tensor){"a", type, n, false};
	t[1] = (struct wm_tensor){"c", type, n, true};
	*n_p = 2;
	return WM_OK;
}

static void work(const struct wm_problem *p, struct wm_work *work_p) {
	*work_p = (struct wm_work){.bytes = 2.0 * (double)wm_get(p, "bytes")};
}

/* Exact part: every significand bit of the type is in use. */
static void fill(const struct wm_problem *p, int i, enum wm_data_part part, uint64_t seed, void *host) {
	enum wm_dtype type = wm_get_dtype(p);
	size_t n = wm_array_count(p);

	if (part == WM_EXACT)
		wm_fill_odd_integers(type, wm_dtype_bits(type), seed, WM_STREAM_EXACT + (uint64_t)i, n, host);
	else
		wm_fill_timed(p, type, seed, (uint64_t)i, n, host);
}

static enum wm_status verify(const struct wm_problem *p, enum wm_data_part part, uint64_t seed, void *const *host,
                             struct wm_check *check_p) {
	enum wm_dtype type = wm_get_dtype(p);
	size_t n = wm_array_count(p);
	struct wm_check check = {.method = "every element equal"};
	double a[WM_CHUNK], c[WM_CHUNK];

	(void)part;
	(void)seed;
	for (size_t first = 0; first < n; first += WM_CHUNK) {
		size_t count = n - first < WM_CHUNK ? n - first : WM_CHUNK;

		wm_load_run(type, host[0], first, 1, count, a);
		wm_load_run(type, host[1], first, 1, count, c);
		enum wm_status st = wm_compare_run("c", first, count, c, a, NULL, &check);
		if (st != WM_OK)
			return st;
	}
	*check_p = check;
	return WM_OK;
}

const struct wm_bench wm_bench_copy = {
	.name = "copy",
	.about = "c = a: memory bandwidth of one stream in and one out",
	.metric = "B/s",
	.axes = wm_array_axes,
	.accept = wm_array_accept,
	.tensors = tensors,
	.work = work,
	.fill = fill,
	.verify = verify,
	.cold_factor = 4,
};
