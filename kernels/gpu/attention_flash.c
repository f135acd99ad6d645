/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attention_flash.c - launches attention_flash.k. Where the rows alone are too few groups to fill the device, the keys
 * are split into parts, whose outputs are combined by a second launch.
 */
#include "launch.h"

#include <math.h>
#include <stdlib.h>

/*
 * What the text is built for: a block of rows x keys is one group's, a tile of row_tile x vecs one work-item's at a
 * time (attention_flash.k names each).
 */
struct shape {
	uint32_t items, lanes;
	uint32_t rows, keys;
	uint32_t row_tile, k_vecs, d_vecs;
	uint32_t d_step, key_step;
};

enum {
	MAX_D = 256,
	MOST_ROWS = 64,        /* of a block; a CPU takes twice as many where each core has several blocks */
	TILE_ROWS = 8,         /* most rows of a tile */
	UNKNOWN_UNITS = 128,   /* taken where the device does not say */
	LEAST_PART = 512,      /* keys; fewer are not worth a part of their own */
	PART_UNIT = 256,       /* keys; the largest block of them */
	MOST_GROUPS_Y = 65535, /* of a launch, in CUDA and HIP */
	PAGE = 4096,
	MAX_SIZE = 0x7fff0000
};

struct plan {
	uint32_t sq, sk, kvheads, share; /* share: query heads that use one key head */
	uint32_t d, lines;               /* lines: all rows of all key heads of the batch */
	uint32_t hidden;                 /* sq where causal, else 0 */
	uint32_t blocks;                 /* of rows of a key head */
	uint32_t key_heads;              /* of the whole batch */
	uint32_t part_keys, parts;
	float factor;   /* of q: scores come out as powers of two */
	uint64_t bytes; /* of the parts' outputs: whole pages, 0 = none */
	struct shape shape;
	void *module;
	struct wm_buf work;
};

static uint32_t smaller(uint32_t a, uint32_t b) {
	return a < b ? a : b;
}

/* The least power of two that is not below x; x is at most 2^31. */
static uint32_t power_of_two(uint32_t x) {
	return x > 1 ? UINT32_C(1) << (32 - __builtin_clz(x - 1)) : 1;
}

/* Groups that keep the device busy to the end: a GPU's units have two at a time, and a core that is done early takes
 * another. */
static uint32_t groups_wanted(const struct wm_device *dev) {
	if (dev->on_host)
		return 4 * (uint32_t)dev->threads;
	return 2 * (dev->units > 0 ? (uint32_t)dev->units : UNKNOWN_UNITS);
}

/* The numbers that can_run, workspace and prepare go by. */
static struct plan plan_of(const struct wm_problem *p, const struct wm_device *dev) {
	struct plan plan = {
		.sq = (uint32_t)wm_get(p, "sq"),
		.sk = (uint32_t)wm_get(p, "sk"),
		.kvheads = (uint32_t)wm_get(p, "kvheads"),
		.d = (uint32_t)wm_get(p, "d"),
	};
	plan.share = (uint32_t)wm_get(p, "heads") / plan.kvheads;
	plan.hidden = wm_get(p, "causal") ? plan.sq : 0;
	plan.key_heads = (uint32_t)wm_get(p, "batch") * plan.kvheads;
	plan.lines = plan.key_heads * plan.sq * plan.share;
	uint64_t rows = (uint64_t)plan.sq * plan.share;
	uint64_t blocks = (rows + MOST_ROWS - 1) / MOST_ROWS;
	double groups = (double)blocks * (double)wm_get(p, "batch") * plan.kvheads;
	uint32_t wanted = groups_wanted(dev), parts = groups < wanted ? wm_ceil_div(wanted, (uint32_t)groups) : 1;
	parts = smaller(parts, wm_ceil_div(plan.sk, LEAST_PART));
	plan.part_keys = wm_ceil_div(wm_ceil_div(plan.sk, parts), PART_UNIT) * PART_UNIT;
	plan.parts = wm_ceil_div(plan.sk, plan.part_keys);
	plan.factor = (float)(1.4426950408889634 / sqrt(plan.d)); /* log2(e) / sqrt(d) */
	if (plan.parts > 1)
		plan.bytes = ((uint64_t)plan.parts * plan.lines * (plan.d + 2) * sizeof(float) + PAGE - 1) / PAGE * PAGE;
	return plan;
}

/* A CPU: one work-item a core, 16 sums in vectors of 64 bytes, blocks that fit its second-level cache: larger ones
 * read keys and values less often, smaller ones make it easier to keep all cores busy to the end. */
static struct shape cpu_shape(const struct plan *plan, uint32_t cores) {
	uint32_t d = plan->d, all = plan->sq * plan->share, rows = power_of_two(smaller(all, 2 * MOST_ROWS));
	while (rows > MOST_ROWS / 2 && wm_ceil_div(all, rows) * plan->key_heads * plan->parts < 8 * cores)
		rows /= 2;
	struct shape s = {.items = 1, .lanes = 16, .rows = rows, .keys = 128, .d_step = d, .key_step = 128};
	s.row_tile = smaller(rows, TILE_ROWS);
	s.k_vecs = smaller(16 / s.row_tile, 8);
	s.d_vecs = s.k_vecs;
	while (d / s.lanes % s.d_vecs)
		s.d_vecs--;
	return s;
}

/* A GPU: a tile for each work-item, at most 32 KiB of local memory, which is what every OpenCL device has. */
static struct shape gpu_shape(const struct plan *plan) {
	uint32_t d = plan->d, rows = power_of_two(smaller(plan->sq * plan->share, MOST_ROWS));
	struct shape s = {.lanes = 4, .rows = rows, .k_vecs = 1, .d_vecs = 1, .d_step = 16};
	s.keys = rows <= 8 ? 256 : rows <= 32 ? 128 : 64;
	s.key_step = d > 128 ? 8 : 16;
	s.row_tile = smaller(rows, TILE_ROWS);
	s.items = rows / s.row_tile * (s.keys / s.lanes);
	while (d / s.lanes % s.d_vecs || rows / s.row_tile * (d / s.lanes / s.d_vecs) > s.items)
		s.d_vecs++;
	return s;
}

static uint64_t workspace(const struct wm_problem *p, const struct wm_device *dev) {
	return plan_of(p, dev).bytes;
}

static enum wm_status can_run(const struct wm_run *run) {
	const struct wm_problem *p = run->problem;
	long d = wm_get(p, "d"), key_heads = wm_get(p, "batch") * wm_get(p, "kvheads");
	double lines = (double)wm_get(p, "batch") * (double)wm_get(p, "heads") * (double)wm_get(p, "sq");
	if (d % 16 || d > MAX_D)
		return wm_fail(WM_UNSUPPORTED, "d=%ld: a multiple of 16, at most %d, here", d, (int)MAX_D);
	if (key_heads > MOST_GROUPS_Y)
		return wm_fail(WM_UNSUPPORTED, "batch x kvheads = %ld: at most %d here", key_heads, (int)MOST_GROUPS_Y);
	if (lines > MAX_SIZE || wm_get(p, "sk") > MAX_SIZE)
		return wm_fail(WM_UNSUPPORTED, "sk and batch x heads x sq are at most %d here", (int)MAX_SIZE);
	enum wm_status st = wm_has_type(run, wm_get_dtype(p));
	if (!st)
		st = wm_fits_buffer(run->dev, "outputs of the parts of the keys", workspace(p, run->dev));
	return st;
}

/* The macros that attention_flash.k asks for. */
static void make_flags(enum wm_dtype type, uint32_t d, const struct shape *s, char *flags, size_t room) {
	snprintf(flags, room,
	         "-DIN_%s -DD=%u -DITEMS=%u -DLANES=%u -DROWS=%u -DKEYS=%u -DROW_TILE=%u -DK_VECS=%u -DD_VECS=%u "
	         "-DD_STEP=%u -DKEY_STEP=%u",
	         type == WM_F32   ? "F32"
	         : type == WM_F16 ? "F16"
	                          : "BF16",
	         d, s->items, s->lanes, s->rows, s->keys, s->row_tile, s->k_vecs, s->d_vecs, s->d_step, s->key_step);
}

static enum wm_status prepare(struct wm_run *run) {
	struct plan *plan = wm_zalloc(sizeof(*plan));
	char flags[200];
	*plan = plan_of(run->problem, run->dev);
	plan->shape = run->dev->on_host ? cpu_shape(plan, (uint32_t)run->dev->threads) : gpu_shape(plan);
	plan->blocks = wm_ceil_div(plan->sq * plan->share, plan->shape.rows);
	run->priv = plan;
	enum wm_status st = plan->bytes ? run->backend->alloc(run->dev, plan->bytes, &plan->work) : WM_OK;
	if (st)
		return st;
	make_flags(wm_get_dtype(run->problem), plan->d, &plan->shape, flags, sizeof(flags));
	return wm_build_text(run, "kernels/gpu/attention_flash.k", flags, &plan->module);
}

#define VALUE(x) \
	{ .value = &(x), .bytes = sizeof(x) }
#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static enum wm_status attend(struct wm_run *run, const struct wm_buf *buf) {
	struct plan *plan = run->priv;
	struct wm_grid grid = {.groups = {plan->blocks, plan->key_heads, plan->parts}, .items = {plan->shape.items, 1, 1}};
	/* with one part nothing is written to the workspace, and any buffer will do */
	struct wm_arg args[] = {
		{.buf = &buf[0]},
		{.buf = &buf[1]},
		{.buf = &buf[2]},
		{.buf = &buf[3]},
		{.buf = plan->bytes ? &plan->work : &buf[3]},
		VALUE(plan->sq),
		VALUE(plan->sk),
		VALUE(plan->kvheads),
		VALUE(plan->share),
		VALUE(plan->hidden),
		VALUE(plan->blocks),
		VALUE(plan->lines),
		VALUE(plan->part_keys),
		VALUE(plan->parts),
		VALUE(plan->factor),
	};
	return run->backend->launch(run->dev, plan->module, "attend", &grid, args, COUNT(args));
}

static enum wm_status combine(struct wm_run *run, const struct wm_buf *out) {
	struct plan *plan = run->priv;
	struct wm_grid grid = {.groups = {plan->lines, 1, 1}, .items = {plan->shape.items, 1, 1}};
	struct wm_arg args[] = {
		{.buf = &plan->work}, {.buf = out},       VALUE(plan->sq),    VALUE(plan->kvheads),
		VALUE(plan->share),   VALUE(plan->lines), VALUE(plan->parts),
	};
	return run->backend->launch(run->dev, plan->module, "combine", &grid, args, COUNT(args));
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	struct plan *plan = run->priv;
	const struct wm_buf *buf = &run->buf[set * run->tensors];
	enum wm_status st = attend(run, buf);
	if (!st && plan->parts > 1)
		st = combine(run, &buf[3]);
	return st;
}

static void finish(struct wm_run *run) {
	struct plan *plan = run->priv;
	if (!plan)
		return;
	if (plan->module)
		run->backend->unbuild(run->dev, plan->module);
	run->backend->free(run->dev, &plan->work);
	free(plan);
	run->priv = NULL;
}

const struct wm_impl wm_impl_attention_flash = {
	.name = "flash",
	.bench = "attention",
	.backends = "opencl cuda hip",
	.about = "one text for every device: online softmax over blocks of keys in local memory",
	.origin = WM_PORTABLE,
	.recordable = true,
	.can_run = can_run,
	.workspace = workspace,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
