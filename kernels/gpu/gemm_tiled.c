/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gemm_tiled.c - the portable product. On a CPU it launches gemm_tiled.k: packs both operands into panels, then
 * multiplies the panels; the workspace (panels, and partial sums when k needs several steps) is shared by all buffer
 * sets: launches stay in order. On a GPU it launches gemm_blocks.k, once and without a workspace.
 */
#include "gemm_blocks.h"
#include "launch.h"

#include <stdlib.h>

/*
 * Shape of the kernels: a tile of VECS x 64 bytes rows and COLS columns; k in steps of at most STEP_K; a
 * work-item makes BLOCK_P x BLOCK_Q tiles, so that its panels of A stay in a core's second cache level.
 */
enum {
	VECS = 2,
	COLS = 8,
	VEC_BYTES = 64,
	STEP_K = 1024,
	BLOCK_P = 4,
	BLOCK_Q = 16,
	PAGE = 4096,
	MAX_SIZE = 0x7fff0000
};

/* The buffers of the workspace; PART, the sums between steps of k, is there only when k takes several. */
enum { PANELS_A, PANELS_B, PART, WORKSPACES };

struct packing {
	uint32_t k, panels; /* what one work-item packs: of k and of the panels */
};

struct plan {
	uint32_t m, n, k, kp; /* kp: k padded to whole vectors */
	uint32_t lda, ldb;
	uint32_t row_panels, col_panels;
	uint32_t step_k, block_p, block_q;
	struct packing pack_a, pack_b;
	uint64_t bytes[WORKSPACES]; /* whole pages; 0 = none */
	void *module;
	struct wm_buf work[WORKSPACES];
	struct wm_gemm_blocks blocks; /* a GPU's plan: of the rest only module counts */
};

static enum wm_dtype accumulate_type(enum wm_dtype in) {
	return in == WM_F64 ? WM_F64 : in == WM_I8 ? WM_I32 : WM_F32;
}

/* Bytes of an array in whole pages; 2^62 stands for anything above, so that sums of a few stay right. */
static uint64_t page_bytes(uint64_t rows, uint64_t columns, uint64_t element) {
	const uint64_t most = (uint64_t)1 << 62;
	uint64_t count = rows * columns; /* each is at most 2^31 and a tile */
	return count > (most - PAGE) / element ? most : (count * element + PAGE - 1) / PAGE * PAGE;
}

/* Lines of memory are followed as far as that pays: panels lie so far apart that all of them use the same few lines of
 * a first-level cache, which has room for about 8. */
static struct packing packing(bool along_k) {
	return along_k ? (struct packing){.k = 256, .panels = 1} : (struct packing){.k = 32, .panels = 8};
}

/* All numbers of the plan: what can_run, workspace and prepare go by. */
static struct plan plan_of(const struct wm_problem *p) {
	const char *trans = wm_get_word(p, "trans");
	uint32_t bytes = (uint32_t)wm_dtype_bytes(accumulate_type(wm_get_dtype(p)));
	uint32_t lanes = VEC_BYTES / bytes, rows = VECS * lanes;
	struct plan plan = {
		.m = (uint32_t)wm_get(p, "m"),
		.n = (uint32_t)wm_get(p, "n"),
		.k = (uint32_t)wm_get(p, "k"),
		.step_k = STEP_K,
		.block_p = BLOCK_P,
		.block_q = BLOCK_Q,
	};
	plan.kp = wm_ceil_div(plan.k, lanes) * lanes;
	plan.lda = trans[0] == 'n' ? plan.m : plan.k;
	plan.ldb = trans[1] == 'n' ? plan.k : plan.n;
	plan.row_panels = wm_ceil_div(plan.m, rows);
	plan.col_panels = wm_ceil_div(plan.n, COLS);
	plan.pack_a = packing(trans[0] == 't');
	plan.pack_b = packing(trans[1] == 'n');
	uint64_t m = (uint64_t)plan.row_panels * rows, n = (uint64_t)plan.col_panels * COLS;
	plan.bytes[PANELS_A] = page_bytes(m, plan.kp, bytes);
	plan.bytes[PANELS_B] = page_bytes(n, plan.kp, bytes);
	plan.bytes[PART] = plan.kp > plan.step_k ? page_bytes(m, n, bytes) : 0;
	return plan;
}

static uint64_t workspace(const struct wm_problem *p, const struct wm_device *dev) {
	struct plan plan = plan_of(p);
	uint64_t sum = 0;
	if (!dev->on_host)
		return 0;
	for (int i = 0; i < WORKSPACES; i++)
		sum += plan.bytes[i];
	return sum;
}

/* Panels have the accumulate type, so that they may be larger than any tensor. */
static enum wm_status fits(const struct wm_problem *p, const struct wm_device *dev) {
	static const char *const what[WORKSPACES] = {"panels of a", "panels of b", "sums between steps of k"};
	struct plan plan = plan_of(p);
	enum wm_status st = WM_OK;
	for (int i = 0; i < WORKSPACES && !st; i++)
		st = wm_fits_buffer(dev, what[i], plan.bytes[i]);
	return st;
}

static enum wm_status can_run(const struct wm_run *run) {
	const struct wm_problem *p = run->problem;
	if (wm_get(p, "m") > MAX_SIZE || wm_get(p, "n") > MAX_SIZE || wm_get(p, "k") > MAX_SIZE)
		return wm_fail(WM_UNSUPPORTED, "m, n and k are at most %d here", (int)MAX_SIZE);
	enum wm_status st = wm_has_type(run, wm_get_dtype(p));
	if (!st)
		st = run->dev->on_host ? fits(p, run->dev) : wm_gemm_blocks_can_run(run);
	return st;
}

/* The types, as both texts want them. */
static void make_types(enum wm_dtype in, enum wm_dtype out, char *flags, size_t room) {
	static const char *const names[WM_DTYPES] = {
		[WM_F64] = "F64", [WM_F32] = "F32", [WM_F16] = "F16", [WM_BF16] = "BF16", [WM_I8] = "I8", [WM_I32] = "I32"};
	snprintf(flags, room, "-DIN_%s -DOUT_%s", names[in], names[out]);
}

/* The macros that gemm_tiled.k asks for. */
static void make_flags(const char *types, const char *trans, const struct plan *plan, char *flags, size_t room) {
	snprintf(flags, room,
	         "%s -DA_ALONG_K=%d -DB_ALONG_K=%d -DVECS=%d -DCOLS=%d -DA_PACK_K=%u -DA_PACK_PANELS=%u "
	         "-DB_PACK_K=%u -DB_PACK_PANELS=%u",
	         types, trans[0] == 't', trans[1] == 'n', VECS, COLS, plan->pack_a.k, plan->pack_a.panels, plan->pack_b.k,
	         plan->pack_b.panels);
}

static enum wm_status prepare_panels(struct wm_run *run, const char *types) {
	struct plan *plan = run->priv;
	enum wm_status st = WM_OK;
	char flags[240];
	for (int i = 0; i < WORKSPACES && !st; i++)
		if (plan->bytes[i])
			st = run->backend->alloc(run->dev, plan->bytes[i], &plan->work[i]);
	if (st)
		return st;
	make_flags(types, wm_get_word(run->problem, "trans"), plan, flags, sizeof(flags));
	return wm_build_text(run, "kernels/gpu/gemm_tiled.k", flags, &plan->module);
}

static enum wm_status prepare_blocks(struct wm_run *run, const char *types) {
	struct plan *plan = run->priv;
	enum wm_status st = wm_gemm_blocks_prepare(run, types, &plan->blocks);
	if (!st)
		plan->module = plan->blocks.module;
	return st;
}

static enum wm_status prepare(struct wm_run *run) {
	const struct wm_problem *p = run->problem;
	struct plan *plan = wm_zalloc(sizeof(*plan));
	struct wm_tensor t[WM_MAX_TENSORS];
	int n;
	char types[40];
	*plan = plan_of(p);
	run->priv = plan;
	enum wm_status st = p->bench->tensors(p, t, &n);
	if (st)
		return st;
	make_types(t[0].dtype, t[2].dtype, types, sizeof(types));
	return run->dev->on_host ? prepare_panels(run, types) : prepare_blocks(run, types);
}

/* Turns one operand (rows x k, or k x columns) into panels of that count. */
static enum wm_status pack(struct wm_run *run, const char *entry, const struct wm_buf *from, const struct wm_buf *to,
                           const struct packing *by, const uint32_t *rows, const uint32_t *ld, uint32_t panels) {
	struct plan *plan = run->priv;
	struct wm_grid grid = {.groups = {wm_ceil_div(plan->kp, by->k), wm_ceil_div(panels, by->panels), 1},
	                       .items = {1, 1, 1}};
	struct wm_arg args[] = {
		{.buf = from},
		{.buf = to},
		{.value = rows, .bytes = sizeof(*rows)},
		{.value = &plan->k, .bytes = sizeof(plan->k)},
		{.value = &plan->kp, .bytes = sizeof(plan->kp)},
		{.value = ld, .bytes = sizeof(*ld)},
	};
	return run->backend->launch(run->dev, plan->module, entry, &grid, args, sizeof(args) / sizeof(args[0]));
}

static enum wm_status multiply(struct wm_run *run, const struct wm_buf *c) {
	struct plan *plan = run->priv;
	struct wm_grid grid = {
		.groups = {wm_ceil_div(plan->row_panels, plan->block_p), wm_ceil_div(plan->col_panels, plan->block_q), 1},
		.items = {1, 1, 1},
	};
	/* when one step covers k nothing is kept in part, and any buffer will do */
	struct wm_arg args[] = {
		{.buf = &plan->work[PANELS_A]},
		{.buf = &plan->work[PANELS_B]},
		{.buf = c},
		{.buf = plan->bytes[PART] ? &plan->work[PART] : &plan->work[PANELS_A]},
		{.value = &plan->m, .bytes = sizeof(plan->m)},
		{.value = &plan->n, .bytes = sizeof(plan->n)},
		{.value = &plan->kp, .bytes = sizeof(plan->kp)},
		{.value = &plan->step_k, .bytes = sizeof(plan->step_k)},
		{.value = &plan->block_p, .bytes = sizeof(plan->block_p)},
		{.value = &plan->block_q, .bytes = sizeof(plan->block_q)},
	};
	return run->backend->launch(run->dev, plan->module, "multiply", &grid, args, sizeof(args) / sizeof(args[0]));
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	struct plan *plan = run->priv;
	const struct wm_buf *buf = &run->buf[set * run->tensors];
	if (!run->dev->on_host)
		return wm_gemm_blocks_enqueue(run, &plan->blocks, buf);
	enum wm_status st =
		pack(run, "pack_a", &buf[0], &plan->work[PANELS_A], &plan->pack_a, &plan->m, &plan->lda, plan->row_panels);
	if (!st)
		st = pack(run, "pack_b", &buf[1], &plan->work[PANELS_B], &plan->pack_b, &plan->n, &plan->ldb, plan->col_panels);
	if (!st)
		st = multiply(run, &buf[2]);
	return st;
}

static void finish(struct wm_run *run) {
	struct plan *plan = run->priv;
	if (!plan)
		return;
	if (plan->module)
		run->backend->unbuild(run->dev, plan->module);
	for (int i = WORKSPACES - 1; i >= 0; i--)
		run->backend->free(run->dev, &plan->work[i]);
	free(plan);
	run->priv = NULL;
}

const struct wm_impl wm_impl_gemm_tiled = {
	.name = "tiled",
	.bench = "gemm",
	.backends = "opencl cuda hip",
	.about = "plain texts for every device: panels and register tiles on a CPU, blocks in local memory on a GPU",
	.origin = WM_PORTABLE,
	.recordable = true,
	.can_run = can_run,
	.workspace = workspace,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
