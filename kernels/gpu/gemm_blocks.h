/* SPDX-License-Identifier: Apache-2.0 */
/* gemm_blocks.h - the product as a GPU does it: one launch, no workspace. Private to gemm_tiled.c. */
#ifndef WM_KERNELS_GPU_GEMM_BLOCKS_H
#define WM_KERNELS_GPU_GEMM_BLOCKS_H

#include "core/wm.h"

struct wm_gemm_blocks {
	uint32_t m, n, k, lda, ldb;
	uint32_t side;   /* work-items of a group along each side of its block */
	uint32_t groups; /* blocks of C */
	void *module;    /* released by the caller */
};

/* WM_UNSUPPORTED + why where C has more blocks than one launch can have groups. */
enum wm_status wm_gemm_blocks_can_run(const struct wm_run *run);
/* Plans, and builds the text with the flags that say the types and layouts. */
enum wm_status wm_gemm_blocks_prepare(struct wm_run *run, const char *types, struct wm_gemm_blocks *blocks_p);
/* buf: a, b and c of one set. */
enum wm_status wm_gemm_blocks_enqueue(const struct wm_run *run, const struct wm_gemm_blocks *blocks,
                                      const struct wm_buf *buf);

#endif
