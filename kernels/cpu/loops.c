/* SPDX-License-Identifier: Apache-2.0 */
/* loops.c - which table of loops runs here, and what the implementations that use one have in common. */
#include "loops.h"

enum { PAGE = 4096 }; /* the grain of every split of memory among threads */

const struct wm_loops *wm_loops(void) {
	const struct wm_loops *tables[] = { wm_loops_avx512(), wm_loops_avx2(), wm_loops_neon(), wm_loops_c() };
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

enum wm_status wm_loops_prepare(struct wm_run *run) {
	run->threads = run->dev->threads;
	snprintf(run->library, sizeof(run->library), "%s", wm_loops()->name);
	return WM_OK;
}

enum wm_status wm_loops_prepare_stores(struct wm_run *run) {
	run->threads = run->dev->threads;
	snprintf(run->library, sizeof(run->library), "%s, %s", wm_loops()->name, wm_loops()->stores);
	return WM_OK;
}

void *wm_loops_tensor(const struct wm_run *run, int set, int tensor) {
	return run->buf[set * run->tensors + tensor].ptr;
}

void wm_loops_part(size_t count, size_t element_bytes, int thread, int threads, size_t *from_p,
				   size_t *to_p) {
	wm_part(count, PAGE / element_bytes, thread, threads, from_p, to_p);
}
