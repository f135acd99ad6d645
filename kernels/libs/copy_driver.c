/* SPDX-License-Identifier: Apache-2.0 */
/* copy_driver.c - c = a by the GPU driver's own copy inside the device: the peer of every copy kernel. */
#include "core/wm.h"

#include <stdlib.h>
#include <string.h>

/* cuMemcpyDtoDAsync_v2 of cuda.h: addresses are 64-bit integers, 0 is success. */
typedef int copy_fn(uint64_t to, uint64_t from, size_t bytes, void *queue);

struct plan {
	copy_fn *copy;
	void *queue;
	size_t bytes;
};

static enum wm_status can_run(const struct wm_run *run) {
	(void)run;
	return WM_OK;
}

static enum wm_status prepare(struct wm_run *run) {
	static const char symbol[] = "cuMemcpyDtoDAsync_v2";
	struct plan *plan = wm_zalloc(sizeof(*plan));
	void *found = run->backend->native(run->dev, symbol);

	run->priv = plan;
	if (!found)
		return wm_fail(WM_FAILED, "the driver has no %s", symbol);
	memcpy(&plan->copy, &found, sizeof(found));
	plan->queue = run->backend->native(run->dev, "queue");
	plan->bytes = (size_t)wm_get(run->problem, "bytes");
	snprintf(run->library, sizeof(run->library), "%.100s, %s", run->dev->driver, symbol);
	return WM_OK;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	const struct wm_buf *buf = run->buf + set * run->tensors;
	const struct plan *plan = run->priv;
	int code = plan->copy((uintptr_t)buf[1].ptr, (uintptr_t)buf[0].ptr, plan->bytes, plan->queue);

	return code ? wm_fail(WM_FAILED, "cuMemcpyDtoDAsync_v2: CUresult %d", code) : WM_OK;
}

static void finish(struct wm_run *run) {
	free(run->priv);
	run->priv = NULL;
}

const struct wm_impl wm_impl_copy_driver = {
	.name = "driver",
	.bench = "copy",
	.backends = "cuda",
	.about = "the driver's copy from device memory to device memory",
	.origin = WM_LIBRARY,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
