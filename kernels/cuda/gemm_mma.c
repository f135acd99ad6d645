/* SPDX-License-Identifier: Apache-2.0 */
/* gemm_mma.c - launches gemm_mma.k: one block a tile of 128 x 128, any shape and layout. */
#include "launch.h"

#include <stdlib.h>
#include <string.h>

static const char text[] = "kernels/cuda/gemm_mma.k";

enum {
	TILE = 128,
	THREADS = 256,
	SHARED_BYTES = 4 * 2 * TILE * 64, /* stages x operands x lines x bytes of k */
	PIECE = 16,                       /* bytes that are copied together */
	BAND = 8,                         /* row tiles that are walked together */
};

/* The structs of the same names in gemm_mma.k, member by member. */
struct wm_mma_operand {
	uint64_t line_step, k_step;
	uint32_t lines, unused;
};
struct wm_mma_work {
	struct wm_mma_operand left, right;
	uint32_t k, row_tiles, col_tiles, band, out_f32, out_pieces;
};

struct state {
	struct wm_mma_work work;
	char entry[32];
	void *module;
};

/* The oldest architecture whose mma.sync takes a type; 0: none does. */
static int oldest(const char *dtype) {
	if (!strcmp(dtype, "e4m3") || !strcmp(dtype, "e5m2"))
		return 89;
	return strcmp(dtype, "f32") ? 80 : 0;
}

static uint32_t tiles(uint64_t elements) {
	return (uint32_t)((elements + TILE - 1) / TILE);
}

static enum wm_status can_run(const struct wm_run *run) {
	const struct wm_problem *p = run->problem;
	const char *dtype = wm_get_word(p, "dtype");
	int needed = oldest(dtype);

	if (!needed)
		return wm_fail(WM_UNSUPPORTED, "no tensor core multiplies IEEE f32: its operands have at most 11 bits");
	if (wm_compute_capability(run->dev) < needed)
		return wm_fail(WM_UNSUPPORTED, "mma.sync takes %s from sm_%d on, %s is %s", dtype, needed, run->dev->id,
		               run->dev->arch);
	if ((uint64_t)tiles((uint64_t)wm_get(p, "m")) * tiles((uint64_t)wm_get(p, "n")) > INT32_MAX)
		return wm_fail(WM_UNSUPPORTED, "more than 2^31 - 1 tiles of %d x %d", (int)TILE, (int)TILE);
	return WM_OK;
}

/* An operand of that many lines; steps in elements. */
static struct wm_mma_operand operand(bool along_k, uint64_t lines, uint64_t k) {
	return (struct wm_mma_operand){
		.line_step = along_k ? k : 1,
		.k_step = along_k ? 1 : lines,
		.lines = (uint32_t)lines,
	};
}

/* Its pieces of 16 bytes are aligned, and ldmatrix can bring them into the order of the instruction. */
static bool in_pieces(const struct wm_mma_operand *x, uint64_t bytes) {
	uint64_t far = x->k_step == 1 ? x->line_step : x->k_step;

	return far * bytes % PIECE == 0 && (x->k_step == 1 || bytes == 2);
}

static void plan(const struct wm_problem *p, const struct wm_tensor *t, struct state *s) {
	const char *trans = wm_get_word(p, "trans");
	uint64_t m = (uint64_t)wm_get(p, "m"), n = (uint64_t)wm_get(p, "n"), k = (uint64_t)wm_get(p, "k");
	uint64_t bytes = wm_dtype_bytes(t[0].dtype), out_bytes = wm_dtype_bytes(t[2].dtype);

	s->work = (struct wm_mma_work){
		.left = operand(trans[1] == 'n', n, k),
		.right = operand(trans[0] == 't', m, k),
		.k = (uint32_t)k,
		.row_tiles = tiles(n),
		.col_tiles = tiles(m),
		.band = BAND,
		.out_f32 = t[2].dtype == WM_F32,
		.out_pieces = m * out_bytes % PIECE == 0,
	};
	bool pieces = in_pieces(&s->work.left, bytes) && in_pieces(&s->work.right, bytes);
	snprintf(s->entry, sizeof(s->entry), "gemm_%s_%s", wm_get_word(p, "dtype"), pieces ? trans : "any");
}

static enum wm_status prepare(struct wm_run *run) {
	struct state *s = wm_zalloc(sizeof(*s));
	struct wm_tensor t[WM_MAX_TENSORS];
	int n;

	run->priv = s;
	enum wm_status st = run->problem->bench->tensors(run->problem, t, &n);
	if (st)
		return st;
	plan(run->problem, t, s);
	st = wm_load_text(run, text, &s->module);
	if (st)
		return st;
	snprintf(run->detail, sizeof(run->detail), "entry=%s tile=%dx%d blocks=%u", s->entry, (int)TILE, (int)TILE,
	         s->work.row_tiles * s->work.col_tiles);
	return WM_OK;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	struct state *s = run->priv;
	const struct wm_buf *buf = &run->buf[set * run->tensors];
	struct wm_grid grid = {
		.groups = {s->work.row_tiles * s->work.col_tiles, 1, 1},
		.items = {THREADS, 1, 1},
		.shared_bytes = SHARED_BYTES,
	};
	struct wm_arg args[] = {
		{.buf = &buf[1]},
		{.buf = &buf[0]},
		{.buf = &buf[2]},
		{.value = &s->work, .bytes = sizeof(s->work)},
	};
	return run->backend->launch(run->dev, s->module, s->entry, &grid, args, sizeof(args) / sizeof(args[0]));
}

static void finish(struct wm_run *run) {
	struct state *s = run->priv;

	if (!s)
		return;
	if (s->module)
		run->backend->unbuild(run->dev, s->module);
	free(s);
	run->priv = NULL;
}

const struct wm_impl wm_impl_gemm_mma = {
	.name = "mma",
	.bench = "gemm",
	.backends = "cuda",
	.about = "every tensor core since sm_80: cp.async, ldmatrix, mma.sync; any shape and layout",
	.origin = WM_TUNED,
	.recordable = true,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
