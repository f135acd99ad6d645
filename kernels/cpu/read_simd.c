/* SPDX-License-Identifier: Apache-2.0 */
/* read_simd.c - the sum of each block of x, blocks dealt out to the threads: the ceiling of reading. */
#include "loops.h"

/* The arrays of one operation; block b of x is [b * n / blocks, (b + 1) * n / blocks). */
struct work {
	const struct wm_loops *loops;
	const void *x;
	double *s;
	bool wide; /* f64 */
	size_t n, blocks;
};

static double sum_block(const struct work *work, size_t b) {
	size_t from = b * work->n / work->blocks, count = (b + 1) * work->n / work->blocks - from;

	if (work->wide)
		return work->loops->sum_f64((const double *)work->x + from, count);
	return work->loops->sum_f32((const float *)work->x + from, count);
}

static void sum_part(void *arg, int thread, int threads) {
	const struct work *work = arg;
	size_t from, to;

	wm_part(work->blocks, 1, thread, threads, &from, &to);
	for (size_t b = from; b < to; b++)
		work->s[b] = sum_block(work, b);
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	enum wm_dtype type = wm_get_dtype(run->problem);
	struct work work = {
		.loops = wm_loops(),
		.x = wm_loops_tensor(run, set, 0),
		.s = wm_loops_tensor(run, set, 1),
		.wide = type == WM_F64,
		.n = (size_t)wm_get(run->problem, "bytes") / wm_dtype_bytes(type),
	};

	work.blocks = work.n < 1024 ? work.n : 1024;
	return run->backend->parallel(run->dev, sum_part, &work);
}

const struct wm_impl wm_impl_read_simd = {
	.name = "simd",
	.bench = "read",
	.backends = "host",
	.about = "vector loads, one thread per core",
	.origin = WM_TUNED,
	.can_run = wm_loops_can_run,
	.prepare = wm_loops_prepare,
	.enqueue = enqueue,
};
