/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gemm_wgmma.c - launches gemm_wgmma.k as gemm_wgmma_plan.c says. Where k is split, the parts go to planes of sums that
 * a second launch adds up.
 */
#include "gemm_wgmma.h"
#include "launch.h"

#include <stdlib.h>

static const char text[] = "kernels/cuda/gemm_wgmma.k";

enum { PAGE = 4096, ADD_THREADS = 256, ADD_EACH = 4 /* elements a thread adds */ };

/* The maps of one buffer set. */
struct maps {
	struct wm_tensor_map left, right, out;
};

struct state {
	struct wm_gemm_plan plan;
	struct maps *maps; /* one a set */
	struct wm_buf planes;
	uint64_t elements; /* of C */
	char add[24];      /* entry that adds the planes */
	void *module;
};

static enum wm_status can_run(const struct wm_run *run) {
	struct wm_gemm_plan plan;
	enum wm_status st = wm_has_wgmma(run->dev);

	return st ? st : wm_gemm_wgmma_plan(run->problem, run->dev->units, &plan);
}

static uint64_t planes_bytes(const struct wm_gemm_plan *plan) {
	return (plan->planes_bytes + PAGE - 1) / PAGE * PAGE;
}

static uint64_t workspace(const struct wm_problem *p, const struct wm_device *dev) {
	(void)dev;
	struct wm_gemm_plan plan;

	return wm_gemm_wgmma_plan(p, 0, &plan) ? 0 : planes_bytes(&plan);
}

static enum wm_status make_maps(struct wm_run *run, struct state *s) {
	enum wm_status st = WM_OK;

	s->maps = aligned_alloc(_Alignof(struct maps), sizeof(*s->maps) * (size_t)run->sets);
	if (!s->maps)
		return wm_fail(WM_NOMEM, "no memory for %d tensor maps", 3 * run->sets);
	for (int set = 0; set < run->sets && !st; set++) {
		const struct wm_buf *buf = &run->buf[set * run->tensors];
		st = wm_make_tensor_map(run, &buf[1], &s->plan.left, &s->maps[set].left);
		if (!st)
			st = wm_make_tensor_map(run, &buf[0], &s->plan.right, &s->maps[set].right);
		if (!st)
			st = wm_make_tensor_map(run, s->plan.planes_bytes ? &s->planes : &buf[2], &s->plan.out, &s->maps[set].out);
	}
	return st;
}

static void describe(struct wm_run *run, const struct state *s) {
	const struct wm_gemm_plan *plan = &s->plan;

	snprintf(run->detail, sizeof(run->detail), "entry=%s tile=%ux%u clusters=%ux%u splits=%u band=%u stages=%u",
	         plan->entry, plan->tile->groups * 64, plan->tile->cols, plan->work.clusters, plan->tile->blocks,
	         plan->work.splits, plan->work.band, plan->tile->stages);
}

enum wm_status wm_gemm_wgmma_prepare(struct wm_run *run, const struct wm_gemm_plan *plan) {
	struct state *s = wm_zalloc(sizeof(*s));
	struct wm_tensor t[WM_MAX_TENSORS];
	int n;

	run->priv = s;
	s->plan = *plan;
	enum wm_status st = run->problem->bench->tensors(run->problem, t, &n);
	if (!st && plan->planes_bytes)
		st = run->backend->alloc(run->dev, planes_bytes(plan), &s->planes);
	if (!st)
		st = make_maps(run, s);
	if (!st)
		st = wm_load_text(run, text, &s->module);
	if (st)
		return st;
	s->elements = t[2].count;
	snprintf(s->add, sizeof(s->add), "gemm_add_%s", wm_dtype_word(t[2].dtype));
	describe(run, s);
	return WM_OK;
}

static enum wm_status prepare(struct wm_run *run) {
	struct wm_gemm_plan plan;
	enum wm_status st = wm_gemm_wgmma_plan(run->problem, run->dev->units, &plan);

	return st ? st : wm_gemm_wgmma_prepare(run, &plan);
}

static enum wm_status multiply(struct wm_run *run, int set) {
	struct state *s = run->priv;
	const struct wm_gemm_plan *plan = &s->plan;
	struct wm_grid grid = {
		.groups = {plan->work.clusters * plan->tile->blocks, 1, 1},
		.items = {plan->threads, 1, 1},
		.shared_bytes = plan->shared_bytes,
	};
	struct wm_arg args[] = {
		{.value = &s->maps[set].left, .bytes = sizeof(struct wm_tensor_map)},
		{.value = &s->maps[set].right, .bytes = sizeof(struct wm_tensor_map)},
		{.value = &s->maps[set].out, .bytes = sizeof(struct wm_tensor_map)},
		{.value = &plan->work, .bytes = sizeof(plan->work)},
	};
	return run->backend->launch(run->dev, s->module, plan->entry, &grid, args, sizeof(args) / sizeof(args[0]));
}

static enum wm_status add_planes(struct wm_run *run, const struct wm_buf *c) {
	struct state *s = run->priv;
	uint64_t each = ADD_THREADS * ADD_EACH;
	struct wm_grid grid = {.groups = {(unsigned)((s->elements + each - 1) / each), 1, 1}, .items = {ADD_THREADS, 1, 1}};
	struct wm_arg args[] = {
		{.buf = &s->planes},
		{.buf = c},
		{.value = &s->elements, .bytes = sizeof(s->elements)},
		{.value = &s->plan.work.splits, .bytes = sizeof(s->plan.work.splits)},
	};
	return run->backend->launch(run->dev, s->module, s->add, &grid, args, sizeof(args) / sizeof(args[0]));
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	struct state *s = run->priv;
	enum wm_status st = multiply(run, set);

	if (!st && s->plan.planes_bytes)
		st = add_planes(run, &run->buf[set * run->tensors + 2]);
	return st;
}

static void finish(struct wm_run *run) {
	struct state *s = run->priv;

	if (!s)
		return;
	if (s->module)
		run->backend->unbuild(run->dev, s->module);
	if (s->planes.ptr)
		run->backend->free(run->dev, &s->planes);
	free(s->maps);
	free(s);
	run->priv = NULL;
}

const struct wm_impl wm_impl_gemm_wgmma = {
	.name = "wgmma",
	.bench = "gemm",
	.backends = "cuda",
	.about = "Hopper's own: TMA, clusters, warp-specialised wgmma, a persistent grid",
	.origin = WM_TUNED,
	.recordable = true,
	.can_run = can_run,
	.workspace = workspace,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
