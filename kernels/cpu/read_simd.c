/* SPDX-License-Identifier: Apache-2.0 */
/* read_simd.c - the sum of each block of x, blocks dealt out to the threads: the ceiling of reading. */
#include "loops.h"

/* Block b of x is [b * n / blocks, (b + 1) * n / blocks). */
static double sum_block(const struct wm_plan *plan, size_t b) {
	size_t from = b * plan->n / plan->blocks, count = (b + 1) * plan->n / plan->blocks - from;
	const void *x = plan->buf[0].ptr;

	if (plan->wide)
		return plan->loops->sum_f64((const double *)x + from, count);
	return plan->loops->sum_f32((const float *)x + from, count);
}

static void sum_part(void *arg, int thread, int threads) {
	const struct wm_plan *plan = arg;
	double *s = plan->buf[1].ptr;

	(void)threads;
	for (size_t b = plan->span[thread].from; b < plan->span[thread].to; b++)
		s[b] = sum_block(plan, b);
}

static enum wm_status prepare(struct wm_run *run) {
	struct wm_plan *plan = wm_loops_plan(run, sum_part);

	plan->n = (size_t)wm_get(run->problem, "bytes") / wm_dtype_bytes(wm_get_dtype(run->problem));
	plan->blocks = plan->n < 1024 ? plan->n : 1024;
	wm_loops_deal(run, plan->blocks, 1);
	return WM_OK;
}

const struct wm_impl wm_impl_read_simd = {
	.name = "simd",
	.bench = "read",
	.backends = "host",
	.about = "vector loads, one thread per core",
	.origin = WM_TUNED,
	.can_run = wm_loops_can_run,
	.prepare = prepare,
	.enqueue = wm_loops_enqueue,
	.finish = wm_loops_finish,
};
