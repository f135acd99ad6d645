/* SPDX-License-Identifier: Apache-2.0 */
/* loops.c - which table of loops runs here, and what the implementations that use one have in common. */
#include "loops.h"

#include <stdlib.h>

enum { PAGE = 4096 }; /* the grain of every split of memory among threads */

const struct wm_loops *wm_loops(void) {
	const struct wm_loops *tables[] = {wm_loops_avx512(), wm_loops_avx2(), wm_loops_neon(), wm_loops_c()};
	int i = 0;

	while (!tables[i])
		i++;
	return tables[i];
}

enum wm_status wm_loops_can_run(const struct wm_run *run) {
	if (!run->backend->parallel)
		return wm_fail(WM_UNSUPPORTED, "backend %s has no threads", run->backend->name);
	return WM_OK;
}

enum wm_status wm_loops_enqueue(struct wm_run *run, int set) {
	struct wm_plan *plan = run->priv;

	plan->buf = run->buf + set * run->tensors;
	return run->backend->parallel(run->dev, plan->part, plan);
}

void wm_loops_finish(struct wm_run *run) {
	struct wm_plan *plan = run->priv;

	if (plan)
		free(plan->span);
	free(plan);
	run->priv = NULL;
}

struct wm_plan *wm_loops_plan(struct wm_run *run, void (*part)(void *plan, int thread, int threads)) {
	struct wm_plan *plan = wm_zalloc(sizeof(*plan));

	run->priv = plan;
	run->threads = run->dev->threads;
	plan->part = part;
	plan->loops = wm_loops();
	plan->wide = wm_get_dtype(run->problem) == WM_F64;
	snprintf(run->library, sizeof(run->library), "%s", plan->loops->name);
	return plan;
}

enum wm_status wm_loops_plan_arrays(struct wm_run *run, void (*part)(void *plan, int thread, int threads)) {
	struct wm_plan *plan = wm_loops_plan(run, part);
	size_t element = wm_dtype_bytes(wm_get_dtype(run->problem));

	plan->n = (size_t)wm_get(run->problem, "bytes") / element;
	wm_loops_deal(run, plan->n, PAGE / element);
	snprintf(run->library, sizeof(run->library), "%s, %s", plan->loops->name, plan->loops->stores);
	return WM_OK;
}

void wm_loops_deal(struct wm_run *run, size_t count, size_t grain) {
	struct wm_plan *plan = run->priv;
	int threads = run->dev->threads;

	plan->span = wm_zalloc((size_t)threads * sizeof(*plan->span));
	for (int t = 0; t < threads; t++)
		wm_part(count, grain, t, threads, &plan->span[t].from, &plan->span[t].to);
}
