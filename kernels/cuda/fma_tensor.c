/* SPDX-License-Identifier: Apache-2.0 */
/* fma_tensor.c - multiply-adds by matrix instructions: fma_wgmma.k where there is wgmma and it knows the type, else
 * fma_mma.k. Both add iters / k instructions to elements that stay in registers. */
#include "launch.h"

enum { THREADS = 128 };

struct plan {
	const char *text;
	char entry[32];
	uint32_t elements; /* a block's */
	uint32_t shared_bytes;
	uint32_t n, blocks, steps; /* steps: instructions for an element */
	void *module;
};

/* Products that one instruction (or one step of the text) adds: 32 bytes of k; f64: 16, in one instruction or four. */
static uint32_t products(enum wm_dtype type) {
	return type == WM_F64 ? 16 : 32 / (uint32_t)wm_dtype_bytes(type);
}

static const char *word(enum wm_dtype type) {
	return type == WM_I8 ? "s8" : wm_dtype_word(type);
}

static bool has_wgmma(const struct wm_run *run) {
	return wm_compute_capability(run->dev) == 90 && wm_get_dtype(run->problem) != WM_F64;
}

static enum wm_status can_run(const struct wm_run *run) {
	enum wm_dtype type = wm_get_dtype(run->problem);
	int capability = wm_compute_capability(run->dev), needed = type == WM_E4M3 || type == WM_E5M2 ? 89 : 80;
	long iters = wm_get(run->problem, "iters");

	if (type == WM_F32)
		return wm_fail(WM_UNSUPPORTED, "no matrix instruction multiplies f32: tf32 is a type of its own");
	if (capability < needed)
		return wm_fail(WM_UNSUPPORTED, "matrix instructions of %s need compute capability %d.%d, %s is %s",
		               wm_dtype_word(type), needed / 10, needed % 10, run->dev->id, run->dev->arch);
	if (iters % products(type))
		return wm_fail(WM_UNSUPPORTED, "iters=%ld is no multiple of %u, the products of %s that one instruction adds",
		               iters, products(type), wm_dtype_word(type));
	return WM_OK;
}

static uint32_t blocks_of(uint32_t n, uint32_t elements) {
	return (n - 1) / elements + 1; /* n is at least 1 */
}

/* The wider instruction where two of its blocks fall to each multiprocessor: few elements are shared out more evenly in
 * smaller blocks. */
static void plan_wgmma(const struct wm_run *run, struct plan *plan) {
	enum { NARROW = 128, WIDE = 256, ROWS = 64, TILES_BYTES = 2 * 8192 };
	uint32_t wide_blocks = blocks_of(plan->n, ROWS * WIDE);
	uint32_t columns = wide_blocks >= 2 * (uint32_t)run->dev->units ? WIDE : NARROW;

	plan->text = "kernels/cuda/fma_wgmma.k";
	plan->elements = ROWS * columns;
	plan->shared_bytes = TILES_BYTES;
	snprintf(plan->entry, sizeof(plan->entry), "fma_wgmma_%s_%u", word(wm_get_dtype(run->problem)), columns);
}

static void plan_mma(const struct wm_run *run, struct plan *plan) {
	enum { REGISTERS = 64 };
	enum wm_dtype type = wm_get_dtype(run->problem);

	plan->text = "kernels/cuda/fma_mma.k";
	plan->elements = THREADS * REGISTERS / (type == WM_F64 ? 2 : 1);
	snprintf(plan->entry, sizeof(plan->entry), "fma_mma_%s", word(type));
}

static enum wm_status prepare(struct wm_run *run) {
	struct plan *plan = wm_zalloc(sizeof(*plan));

	run->priv = plan;
	plan->n = (uint32_t)wm_get(run->problem, "n");
	plan->steps = (uint32_t)wm_get(run->problem, "iters") / products(wm_get_dtype(run->problem));
	if (has_wgmma(run))
		plan_wgmma(run, plan);
	else
		plan_mma(run, plan);
	plan->blocks = blocks_of(plan->n, plan->elements);
	enum wm_status st = wm_load_text(run, plan->text, &plan->module);
	if (st)
		return st;
	snprintf(run->detail, sizeof(run->detail), "entry=%s blocks=%u threads=%d", plan->entry, plan->blocks,
	         (int)THREADS);
	return WM_OK;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	struct plan *plan = run->priv;
	const struct wm_buf *buf = &run->buf[set * run->tensors];
	struct wm_grid grid = {
		.groups = {plan->blocks, 1, 1}, .items = {THREADS, 1, 1}, .shared_bytes = plan->shared_bytes};
	struct wm_arg args[] = {
		{.buf = &buf[0]},
		{.buf = &buf[1]},
		{.buf = &buf[2]},
		{.value = &plan->n, .bytes = sizeof(plan->n)},
		{.value = &plan->steps, .bytes = sizeof(plan->steps)},
	};
	return run->backend->launch(run->dev, plan->module, plan->entry, &grid, args, sizeof(args) / sizeof(args[0]));
}

static void finish(struct wm_run *run) {
	struct plan *plan = run->priv;

	if (plan && plan->module)
		run->backend->unbuild(run->dev, plan->module);
	free(plan);
	run->priv = NULL;
}

const struct wm_impl wm_impl_fma_tensor = {
	.name = "tensor",
	.bench = "fma",
	.backends = "cuda",
	.about = "matrix instructions on operands that stay: wgmma on sm_90, else mma",
	.origin = WM_TUNED,
	.recordable = true,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
