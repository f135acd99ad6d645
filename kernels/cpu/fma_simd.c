/* SPDX-License-Identifier: Apache-2.0 */
/* fma_simd.c - multiply-adds on registers, elements dealt out to one thread per core: the ceiling of
 * arithmetic. */
#include "loops.h"

enum { GRAIN = 16 }; /* elements; finer than pages, because memory does not matter here */

struct work {
	const struct wm_loops *loops;
	const void *x, *ab;
	void *y;
	enum wm_dtype type;
	size_t n;
	long iters;
};

static void fma_part(void *arg, int thread, int threads) {
	const struct work *work = arg;
	size_t from, to;

	wm_part(work->n, GRAIN, thread, threads, &from, &to);
	if (work->type == WM_F64)
		work->loops->fma_f64((double *)work->y + from, (const double *)work->x + from, work->ab, to - from,
							 work->iters);
	else
		work->loops->fma_f32((float *)work->y + from, (const float *)work->x + from, work->ab, to - from,
							 work->iters);
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	struct work work = {
		.loops = wm_loops(),
		.x = wm_loops_tensor(run, set, 0),
		.ab = wm_loops_tensor(run, set, 1),
		.y = wm_loops_tensor(run, set, 2),
		.type = wm_get_dtype(run->problem),
		.n = (size_t)wm_get(run->problem, "n"),
		.iters = wm_get(run->problem, "iters"),
	};

	return run->backend->parallel(run->dev, fma_part, &work);
}

const struct wm_impl wm_impl_fma_simd = {
	.name = "simd",
	.bench = "fma",
	.backends = "host",
	.about = "fused multiply-adds in registers, one thread per core",
	.origin = WM_TUNED,
	.can_run = wm_loops_can_run,
	.prepare = wm_loops_prepare,
	.enqueue = enqueue,
};
