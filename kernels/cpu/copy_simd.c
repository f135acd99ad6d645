/* SPDX-License-Identifier: Apache-2.0 */
/* copy_simd.c - c = a, each thread its own pages: the ceiling of copying. */
#include "loops.h"

static void copy_part(void *arg, int thread, int threads) {
	const struct wm_plan *plan = arg;
	size_t from = plan->span[thread].from, count = plan->span[thread].to - from;
	const void *a = plan->buf[0].ptr;
	void *c = plan->buf[1].ptr;

	(void)threads;
	if (plan->wide)
		plan->loops->copy_f64((double *)c + from, (const double *)a + from, count);
	else
		plan->loops->copy_f32((float *)c + from, (const float *)a + from, count);
}

static enum wm_status prepare(struct wm_run *run) {
	return wm_loops_plan_arrays(run, copy_part);
}

const struct wm_impl wm_impl_copy_simd = {
	.name = "simd",
	.bench = "copy",
	.backends = "host",
	.about = "vector loads and stores, one thread per core",
	.origin = WM_TUNED,
	.can_run = wm_loops_can_run,
	.prepare = prepare,
	.enqueue = wm_loops_enqueue,
	.finish = wm_loops_finish,
};
