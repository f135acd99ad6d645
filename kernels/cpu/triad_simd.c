/* SPDX-License-Identifier: Apache-2.0 */
/* triad_simd.c - a = b + 3 c, each thread its own pages: the ceiling of two streams in and one out. */
#include "loops.h"

static void triad_part(void *arg, int thread, int threads) {
	const struct wm_plan *plan = arg;
	size_t from = plan->span[thread].from, count = plan->span[thread].to - from;
	const void *b = plan->buf[0].ptr, *c = plan->buf[1].ptr;
	void *a = plan->buf[2].ptr;

	(void)threads;
	if (plan->wide)
		plan->loops->triad_f64((double *)a + from, (const double *)b + from, (const double *)c + from, 3, count);
	else
		plan->loops->triad_f32((float *)a + from, (const float *)b + from, (const float *)c + from, 3, count);
}

static enum wm_status prepare(struct wm_run *run) {
	return wm_loops_plan_arrays(run, triad_part);
}

const struct wm_impl wm_impl_triad_simd = {
	.name = "simd",
	.bench = "triad",
	.backends = "host",
	.about = "vector loads and stores, one thread per core",
	.origin = WM_TUNED,
	.can_run = wm_loops_can_run,
	.prepare = prepare,
	.enqueue = wm_loops_enqueue,
	.finish = wm_loops_finish,
};
