/* SPDX-License-Identifier: Apache-2.0 */
/* copy_driver.c - c = a by the GPU driver's own copy inside the device: the peer of every copy kernel. */
#include "core/wm.h"

#include <stdlib.h>
#include <string.h>

/* Of cuda.h: addresses are 64-bit integers, 0 is success. */
#define COPY "cuMemcpyDtoDAsync_v2"
#define NAME "cuGetErrorName"
typedef int copy_fn(uint64_t to, uint64_t from, size_t bytes, void *queue);
typedef int name_fn(int code, const char **name_p);

struct plan {
	copy_fn *copy;
	name_fn *name;
	void *queue;
	size_t bytes;
};

static enum wm_status can_run(const struct wm_run *run) {
	(void)run;
	return WM_OK;
}

static enum wm_status prepare(struct wm_run *run) {
	struct plan *plan = wm_zalloc(sizeof(*plan));
	void *copy = run->backend->native(run->dev, COPY), *name = run->backend->native(run->dev, NAME);

	run->priv = plan;
	if (!copy || !name)
		return wm_fail(WM_FAILED, "the driver has no %s", copy ? NAME : COPY);
	memcpy(&plan->copy, &copy, sizeof(copy));
	memcpy(&plan->name, &name, sizeof(name));
	plan->queue = run->backend->native(run->dev, "queue");
	plan->bytes = (size_t)wm_get(run->problem, "bytes");
	snprintf(run->library, sizeof(run->library), "the driver's %s", COPY);
	return WM_OK;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	const struct wm_buf *buf = run->buf + set * run->tensors;
	const struct plan *plan = run->priv;
	const char *name = NULL;
	int code = plan->copy((uintptr_t)buf[1].ptr, (uintptr_t)buf[0].ptr, plan->bytes, plan->queue);

	if (code == 0)
		return WM_OK;
	plan->name(code, &name);
	return wm_fail(WM_FAILED, "%s: %s (%d)", COPY, name ? name : "an error without a name", code);
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
	.recordable = true,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
