/* SPDX-License-Identifier: Apache-2.0 */
/* gemm_blocks.c - launches gemm_blocks.k: blocks of C in local memory and registers, the portable product on a GPU. */
#include "gemm_blocks.h"

#include "launch.h"

enum {
	TILE = 8,                 /* rows and columns of a work-item */
	LARGE_SIDE = 16,          /* work-items a side: blocks of 128 x 128 */
	SMALL_SIDE = 8,           /* 64 x 64, where large ones leave units idle */
	MOST_GROUPS = 2147483647, /* of a launch in one dimension, in CUDA and HIP */
};

static uint64_t blocks_of(const struct wm_problem *p, uint32_t side) {
	uint64_t block = (uint64_t)side * TILE, m = (uint64_t)wm_get(p, "m"), n = (uint64_t)wm_get(p, "n");
	return (m + block - 1) / block * ((n + block - 1) / block);
}

/* Large blocks read operands half as often; they are worth it once each unit has one. */
static uint32_t side_of(const struct wm_run *run) {
	return blocks_of(run->problem, LARGE_SIDE) < (uint64_t)run->dev->units ? SMALL_SIDE : LARGE_SIDE;
}

enum wm_status wm_gemm_blocks_can_run(const struct wm_run *run) {
	uint64_t blocks = blocks_of(run->problem, side_of(run));
	if (blocks > MOST_GROUPS)
		return wm_fail(WM_UNSUPPORTED, "C has %llu blocks of 128 x 128, at most %d can be launched",
		               (unsigned long long)blocks, (int)MOST_GROUPS);
	return WM_OK;
}

enum wm_status wm_gemm_blocks_prepare(struct wm_run *run, const char *types, struct wm_gemm_blocks *blocks_p) {
	const struct wm_problem *p = run->problem;
	const char *trans = wm_get_word(p, "trans");
	bool a_along_k = trans[0] == 't', b_along_k = trans[1] == 'n';
	struct wm_gemm_blocks blocks = {
		.m = (uint32_t)wm_get(p, "m"),
		.n = (uint32_t)wm_get(p, "n"),
		.k = (uint32_t)wm_get(p, "k"),
		.side = side_of(run),
	};
	char flags[120];
	blocks.lda = a_along_k ? blocks.k : blocks.m;
	blocks.ldb = b_along_k ? blocks.k : blocks.n;
	blocks.groups = (uint32_t)blocks_of(p, blocks.side);
	snprintf(flags, sizeof(flags), "%s -DA_ALONG_K=%d -DB_ALONG_K=%d -DSIDE=%u", types, a_along_k, b_along_k,
	         blocks.side);
	enum wm_status st = wm_build_text(run, "kernels/gpu/gemm_blocks.k", flags, &blocks.module);
	if (!st)
		*blocks_p = blocks;
	return st;
}

enum wm_status wm_gemm_blocks_enqueue(const struct wm_run *run, const struct wm_gemm_blocks *blocks,
                                      const struct wm_buf *buf) {
	struct wm_grid grid = {.groups = {blocks->groups, 1, 1}, .items = {blocks->side * blocks->side, 1, 1}};
	struct wm_arg args[] = {
		{.buf = &buf[0]},
		{.buf = &buf[1]},
		{.buf = &buf[2]},
		{.value = &blocks->m, .bytes = sizeof(blocks->m)},
		{.value = &blocks->n, .bytes = sizeof(blocks->n)},
		{.value = &blocks->k, .bytes = sizeof(blocks->k)},
		{.value = &blocks->lda, .bytes = sizeof(blocks->lda)},
		{.value = &blocks->ldb, .bytes = sizeof(blocks->ldb)},
	};
	return run->backend->launch(run->dev, blocks->module, "gemm", &grid, args, sizeof(args) / sizeof(args[0]));
}
