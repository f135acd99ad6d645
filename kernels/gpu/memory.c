/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.c - launches memory.k: read, copy and triad by one text. A group is short on a GPU, so that units which are
 * done early take another; a CPU walks long runs, so that its prefetchers follow.
 */
#include "launch.h"

#include <stdlib.h>

struct shape {
	uint32_t vec_bytes, items, deep;
	uint32_t units;         /* of the device */
	uint32_t groups_a_unit; /* at least so many, where there is work for them */
	uint32_t run_bytes;     /* runs are multiples of it */
};

enum {
	PAGE = 4096,
	UNKNOWN_UNITS = 128, /* taken where the device does not say */
	GPU_ITEMS = 256,
	GPU_DEEP = 4 /* 16-byte loads in flight: with 2048 work-items a unit 128 KiB, several times latency x bandwidth */
};

static struct shape shape_of(const struct wm_device *dev) {
	uint32_t units = dev->units > 0 ? (uint32_t)dev->units : UNKNOWN_UNITS;
	if (dev->on_host)
		return (struct shape){
			.vec_bytes = 64, .items = 1, .deep = 4, .units = units, .groups_a_unit = 4, .run_bytes = PAGE};
	return (struct shape){.vec_bytes = 16,
	                      .items = GPU_ITEMS,
	                      .deep = GPU_DEEP,
	                      .units = units,
	                      .groups_a_unit = 64,
	                      .run_bytes = 16 * GPU_ITEMS * GPU_DEEP};
}

struct plan {
	const char *entry;
	uint32_t groups;
	uint32_t items;
	uint64_t n, split; /* elements; vectors of a group (copy, triad), or groups (read) */
	void *module;
};

/* Sums are in f64 whatever is summed. */
static enum wm_status can_run(const struct wm_run *run) {
	bool is_read = !strcmp(run->problem->bench->name, "read");
	return wm_has_type(run, is_read ? WM_F64 : wm_get_dtype(run->problem));
}

/* Whole multiples of run_bytes for each group: one, or more where there are groups enough for all units. */
static void split_runs(struct plan *plan, const struct shape *s, uint64_t bytes) {
	uint64_t pieces = bytes / s->run_bytes + 1, groups = (uint64_t)s->units * s->groups_a_unit;
	uint64_t pieces_each = (pieces + groups - 1) / groups;
	plan->split = pieces_each * (s->run_bytes / s->vec_bytes);
	plan->groups = (uint32_t)((pieces + pieces_each - 1) / pieces_each);
}

static enum wm_status prepare(struct wm_run *run) {
	const struct wm_problem *p = run->problem;
	struct plan *plan = wm_zalloc(sizeof(*plan));
	struct shape s = shape_of(run->dev);
	struct wm_tensor t[WM_MAX_TENSORS];
	char flags[80];
	int tensors;
	run->priv = plan;
	enum wm_status st = p->bench->tensors(p, t, &tensors);
	if (st)
		return st;
	plan->items = s.items;
	plan->n = t[0].count;
	if (!strcmp(p->bench->name, "read")) {
		plan->entry = "sum";
		plan->groups = (uint32_t)t[1].count;
		plan->split = plan->groups;
	} else {
		plan->entry = p->bench->name;
		split_runs(plan, &s, t[0].count * wm_dtype_bytes(t[0].dtype));
	}
	snprintf(flags, sizeof(flags), "-DIN_%s -DVEC_BYTES=%u -DITEMS=%u -DDEEP=%u", t[0].dtype == WM_F64 ? "F64" : "F32",
	         s.vec_bytes, s.items, s.deep);
	return wm_build_text(run, "kernels/gpu/memory.k", flags, &plan->module);
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	struct plan *plan = run->priv;
	const struct wm_buf *buf = &run->buf[set * run->tensors];
	struct wm_grid grid = {.groups = {plan->groups, 1, 1}, .items = {plan->items, 1, 1}};
	struct wm_arg args[5];
	int n = 0;
	for (int i = 0; i < run->tensors; i++)
		args[n++] = (struct wm_arg){.buf = &buf[i]};
	args[n++] = (struct wm_arg){.value = &plan->n, .bytes = sizeof(plan->n)};
	args[n++] = (struct wm_arg){.value = &plan->split, .bytes = sizeof(plan->split)};
	return run->backend->launch(run->dev, plan->module, plan->entry, &grid, args, n);
}

static void finish(struct wm_run *run) {
	struct plan *plan = run->priv;
	if (plan && plan->module)
		run->backend->unbuild(run->dev, plan->module);
	free(plan);
	run->priv = NULL;
}

const struct wm_impl wm_impl_read_vec = {
	.name = "vec",
	.bench = "read",
	.backends = "opencl cuda hip",
	.about = "one text for every device: a group a block, vector loads, sums in f64",
	.origin = WM_PORTABLE,
	.recordable = true,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};

const struct wm_impl wm_impl_copy_vec = {
	.name = "vec",
	.bench = "copy",
	.backends = "opencl cuda hip",
	.about = "one text for every device: vector loads and stores",
	.origin = WM_PORTABLE,
	.recordable = true,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};

const struct wm_impl wm_impl_triad_vec = {
	.name = "vec",
	.bench = "triad",
	.backends = "opencl cuda hip",
	.about = "one text for every device: vector loads, fused multiply-adds, vector stores",
	.origin = WM_PORTABLE,
	.recordable = true,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
