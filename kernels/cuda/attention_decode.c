/* SPDX-License-Identifier: Apache-2.0 */
/* attention_decode.c - launches attention_decode.k as attention_decode_plan.c says. */
#include "attention_decode_plan.h"
#include "launch.h"

#include <stdlib.h>

struct state {
	struct wm_decode_plan plan;
	struct wm_buf parts, done;
	void *module;
};

static enum wm_status plan_of(const struct wm_run *run, struct wm_decode_plan *plan_p) {
	return wm_decode_plan(run->problem, wm_compute_capability(run->dev), run->dev->units, plan_p);
}

static enum wm_status can_run(const struct wm_run *run) {
	struct wm_decode_plan plan;
	enum wm_status st = plan_of(run, &plan);

	return st ? st : wm_fits_buffer(run->dev, "outputs of parts of the keys", plan.parts_bytes);
}

static uint64_t workspace(const struct wm_problem *p, const struct wm_device *dev) {
	(void)dev;
	struct wm_decode_plan plan;

	return wm_decode_plan(p, 90, 0, &plan) ? 0 : plan.parts_bytes + plan.done_bytes;
}

/* Nobody is done with anything yet; each launch leaves it so. */
static enum wm_status clear_done(struct wm_run *run, const struct state *s) {
	void *zeros = wm_zalloc(s->plan.done_bytes);
	enum wm_status st = run->backend->put(run->dev, &s->done, 0, zeros, s->plan.done_bytes);

	free(zeros);
	return st;
}

static enum wm_status prepare(struct wm_run *run) {
	struct state *s = wm_zalloc(sizeof(*s));

	run->priv = s;
	enum wm_status st = plan_of(run, &s->plan);
	if (!st)
		st = run->backend->alloc(run->dev, s->plan.parts_bytes, &s->parts);
	if (!st)
		st = run->backend->alloc(run->dev, s->plan.done_bytes, &s->done);
	if (!st)
		st = clear_done(run, s);
	if (!st)
		st = wm_load_text(run, "kernels/cuda/attention_decode.k", &s->module);
	snprintf(run->detail, sizeof(run->detail), "entry=%s blocks=%ux%u threads=%d", s->plan.entry,
	         s->plan.sizes.row_blocks, s->plan.sizes.shares, (int)WM_DECODE_THREADS);
	return st;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	struct state *s = run->priv;
	const struct wm_buf *buf = &run->buf[set * run->tensors];
	struct wm_grid grid = {
		.groups = {s->plan.sizes.row_blocks, s->plan.sizes.shares, 1},
		.items = {WM_DECODE_THREADS, 1, 1},
		.shared_bytes = s->plan.shared_bytes,
	};
	struct wm_arg args[] = {
		{.buf = &buf[0]},
		{.buf = &buf[1]},
		{.buf = &buf[2]},
		{.buf = &buf[3]},
		{.buf = &s->parts},
		{.buf = &s->done},
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
	run->backend->free(run->dev, &s->done);
	run->backend->free(run->dev, &s->parts);
	free(s);
	run->priv = NULL;
}

const struct wm_impl wm_impl_attention_decode = {
	.name = "decode",
	.bench = "attention",
	.backends = "cuda",
	.about = "few queries: split along the keys, each read once for all query heads that share them",
	.origin = WM_TUNED,
	.recordable = true,
	.can_run = can_run,
	.workspace = workspace,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
