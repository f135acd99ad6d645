/* SPDX-License-Identifier: Apache-2.0 */
/* fma_simd.c - multiply-adds on registers, elements dealt out to one thread per core: the ceiling of
 * arithmetic. */
#include "loops.h"

static void fma_part(void *arg, int thread, int threads) {
	const struct wm_plan *plan = arg;
	size_t from = plan->span[thread].from, count = plan->span[thread].to - from;
	const void *x = plan->buf[0].ptr, *ab = plan->buf[1].ptr;
	void *y = plan->buf[2].ptr;

	(void)threads;
	if (plan->wide)
		plan->loops->fma_f64((double *)y + from, (const double *)x + from, ab, count, plan->iters);
	else
		plan->loops->fma_f32((float *)y + from, (const float *)x + from, ab, count, plan->iters);
}

static enum wm_status can_run(const struct wm_run *run) {
	enum wm_dtype t = wm_get_dtype(run->problem);

	if (t != WM_F64 && t != WM_F32)
		return wm_fail(WM_UNSUPPORTED, "simd has no %s", wm_dtype_word(t));
	return wm_loops_can_run(run);
}

/* Memory does not matter here, full registers do: threads get whole blocks, and a rest makes one thread slower at
 * most. */
static enum wm_status prepare(struct wm_run *run) {
	struct wm_plan *plan = wm_loops_plan(run, fma_part);

	plan->n = (size_t)wm_get(run->problem, "n");
	plan->iters = wm_get(run->problem, "iters");
	wm_loops_deal(run, plan->n, plan->wide ? plan->loops->fma_block_f64 : plan->loops->fma_block_f32);
	return WM_OK;
}

const struct wm_impl wm_impl_fma_simd = {
	.name = "simd",
	.bench = "fma",
	.backends = "host",
	.about = "fused multiply-adds in registers, one thread per core",
	.origin = WM_TUNED,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = wm_loops_enqueue,
	.finish = wm_loops_finish,
};
