/* SPDX-License-Identifier: Apache-2.0 */
/* attention_wgmma.c - launches attention_wgmma.k as attention_wgmma_plan.c says. */
#include "attention_wgmma_plan.h"
#include "launch.h"

#include <stdlib.h>

/* The maps of one buffer set. */
struct maps {
	struct wm_tensor_map q, k, v;
};

struct state {
	struct wm_wgmma_plan plan;
	struct maps *maps; /* one a set */
	struct wm_buf schedule;
	uint32_t tiles_at; /* in the schedule */
	void *module;
};

static enum wm_status plan_of(const struct wm_run *run, struct wm_wgmma_plan *plan_p) {
	return wm_wgmma_plan(run->problem, run->dev->units, run->dev->cache_bytes, plan_p);
}

static enum wm_status can_run(const struct wm_run *run) {
	struct wm_wgmma_plan plan;
	enum wm_status st = wm_has_wgmma(run->dev);

	return st ? st : plan_of(run, &plan);
}

static uint64_t workspace(const struct wm_problem *p, const struct wm_device *dev) {
	(void)dev;
	struct wm_wgmma_plan plan;

	return wm_wgmma_plan(p, 0, 0, &plan) ? 0 : plan.schedule_bytes;
}

static enum wm_status make_maps(struct wm_run *run, struct state *s) {
	enum wm_status st = WM_OK;

	s->maps = aligned_alloc(_Alignof(struct maps), sizeof(*s->maps) * (size_t)run->sets);
	if (!s->maps)
		return wm_fail(WM_NOMEM, "no memory for %d tensor maps", 3 * run->sets);
	for (int set = 0; set < run->sets && !st; set++) {
		const struct wm_buf *buf = &run->buf[set * run->tensors];
		st = wm_make_tensor_map(run, &buf[0], &s->plan.q, &s->maps[set].q);
		if (!st)
			st = wm_make_tensor_map(run, &buf[1], &s->plan.kv, &s->maps[set].k);
		if (!st)
			st = wm_make_tensor_map(run, &buf[2], &s->plan.kv, &s->maps[set].v);
	}
	return st;
}

static enum wm_status put_schedule(struct wm_run *run, struct state *s) {
	struct wm_wgmma_tile *words = wm_zalloc(s->plan.schedule_bytes);

	s->tiles_at = wm_wgmma_tiles_at(s->plan.blocks);
	wm_wgmma_schedule(&s->plan, (uint32_t *)words, words + s->tiles_at);
	enum wm_status st = run->backend->put(run->dev, &s->schedule, 0, words, s->plan.schedule_bytes);
	free(words);
	return st;
}

static enum wm_status prepare(struct wm_run *run) {
	struct state *s = wm_zalloc(sizeof(*s));

	run->priv = s;
	enum wm_status st = plan_of(run, &s->plan);
	if (!st)
		st = run->backend->alloc(run->dev, s->plan.schedule_bytes, &s->schedule);
	if (!st)
		st = put_schedule(run, s);
	if (!st)
		st = make_maps(run, s);
	if (!st)
		st = wm_load_text(run, "kernels/cuda/attention_wgmma.k", &s->module);
	snprintf(run->detail, sizeof(run->detail), "entry=%s blocks=%u threads=%u", s->plan.entry, s->plan.blocks,
	         s->plan.threads);
	return st;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	struct state *s = run->priv;
	const struct maps *maps = &s->maps[set];
	struct wm_grid grid = {
		.groups = {s->plan.blocks, 1, 1},
		.items = {s->plan.threads, 1, 1},
		.shared_bytes = s->plan.shared_bytes,
	};
	struct wm_arg args[] = {
		{.value = &maps->q, .bytes = sizeof(maps->q)},
		{.value = &maps->k, .bytes = sizeof(maps->k)},
		{.value = &maps->v, .bytes = sizeof(maps->v)},
		{.buf = &run->buf[set * run->tensors + 3]},
		{.buf = &s->schedule},
		{.value = &s->tiles_at, .bytes = sizeof(s->tiles_at)},
		{.value = &s->plan.sizes, .bytes = sizeof(s->plan.sizes)},
	};

	return run->backend->launch(run->dev, s->module, s->plan.entry, &grid, args, sizeof(args) / sizeof(args[0]));
}

static void finish(struct wm_run *run) {
	struct state *s = run->priv;

	if (!s)
		return;
	if (s->module)
		run->backend->unbuild(run->dev, s->module);
	run->backend->free(run->dev, &s->schedule);
	free(s->maps);
	free(s);
	run->priv = NULL;
}

const struct wm_impl wm_impl_attention_wgmma = {
	.name = "wgmma",
	.bench = "attention",
	.backends = "cuda",
	.about = "Hopper's own: TMA, warpgroups that take turns with the matrix units, a persistent grid",
	.origin = WM_TUNED,
	.recordable = true,
	.can_run = can_run,
	.workspace = workspace,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
