/* SPDX-License-Identifier: Apache-2.0 */
/* fma.c - launches fma.k: multiply-adds in registers, the ceiling of arithmetic outside matrix units. */
#include "launch.h"

#include <stdlib.h>

struct shape {
	uint32_t vec_bytes, items, vecs;
};

/* A CPU: 16 of its 32 (AVX2: half of them pairs) widest registers, twice what two units of four cycles need. A GPU: 64
 * bytes a work-item, of which a unit holds hundreds. */
static struct shape shape_of(const struct wm_device *dev) {
	return dev->on_host ? (struct shape){.vec_bytes = 64, .items = 1, .vecs = 16}
	                    : (struct shape){.vec_bytes = 16, .items = 128, .vecs = 4};
}

struct plan {
	uint64_t n;
	uint32_t iters, groups, items;
	void *module;
};

static enum wm_status can_run(const struct wm_run *run) {
	enum wm_dtype type = wm_get_dtype(run->problem);
	if (type != WM_F32 && type != WM_F64)
		return wm_fail(WM_UNSUPPORTED, "the portable languages have no multiply-add of %s with longer sums",
		               wm_dtype_word(type));
	return wm_has_type(run, type);
}

static enum wm_status prepare(struct wm_run *run) {
	const struct wm_problem *p = run->problem;
	struct plan *plan = wm_zalloc(sizeof(*plan));
	struct shape s = shape_of(run->dev);
	uint64_t tile = s.items * s.vecs * (s.vec_bytes / wm_dtype_bytes(wm_get_dtype(p)));
	char flags[80];
	run->priv = plan;
	plan->n = (uint64_t)wm_get(p, "n");
	plan->iters = (uint32_t)wm_get(p, "iters");
	plan->groups = (uint32_t)((plan->n + tile - 1) / tile);
	plan->items = s.items;
	snprintf(flags, sizeof(flags), "-DIN_%s -DVEC_BYTES=%u -DITEMS=%u -DVECS=%u",
	         wm_get_dtype(p) == WM_F64 ? "F64" : "F32", s.vec_bytes, s.items, s.vecs);
	return wm_build_text(run, "kernels/gpu/fma.k", flags, &plan->module);
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	struct plan *plan = run->priv;
	const struct wm_buf *buf = &run->buf[set * run->tensors];
	struct wm_grid grid = {.groups = {plan->groups, 1, 1}, .items = {plan->items, 1, 1}};
	struct wm_arg args[] = {
		{.buf = &buf[0]},
		{.buf = &buf[1]},
		{.buf = &buf[2]},
		{.value = &plan->n, .bytes = sizeof(plan->n)},
		{.value = &plan->iters, .bytes = sizeof(plan->iters)},
	};
	return run->backend->launch(run->dev, plan->module, "multiply_add", &grid, args, sizeof(args) / sizeof(args[0]));
}

static void finish(struct wm_run *run) {
	struct plan *plan = run->priv;
	if (plan && plan->module)
		run->backend->unbuild(run->dev, plan->module);
	free(plan);
	run->priv = NULL;
}

const struct wm_impl wm_impl_fma_vec = {
	.name = "vec",
	.bench = "fma",
	.backends = "opencl cuda hip",
	.about = "one text for every device: fused multiply-adds of vectors in registers",
	.origin = WM_PORTABLE,
	.recordable = true,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
