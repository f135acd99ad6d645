/* SPDX-License-Identifier: Apache-2.0 */
/* gemm_wgmma.h - which variant of gemm_wgmma.k computes a problem, and with what; and how it is launched.
 */
#ifndef WM_KERNELS_CUDA_GEMM_WGMMA_H
#define WM_KERNELS_CUDA_GEMM_WGMMA_H

#include "core/wm.h"
#include "tensor_map.h"

/* The struct of the same name in gemm_wgmma.k, member by member. */
struct wm_gemm_work {
	uint32_t row_tiles, col_tiles, splits, steps, split_steps, clusters, band, out_32;
};

/* A tile of C' (n x m, lines along m): what one block computes at a time. */
struct wm_gemm_tile_kind {
	const char *name; /* as the entries end */
	uint32_t groups;  /* consumers of 64 rows */
	uint32_t cols;
	uint32_t blocks; /* in a cluster, one below the other */
	uint32_t stages;
};

struct wm_gemm_plan {
	const struct wm_gemm_tile_kind *tile;
	char entry[48]; /* of gemm_wgmma.k */
	uint32_t threads, shared_bytes;
	struct wm_gemm_work work;
	/* left is B, right is A; out is C, or the planes of its parts where k is split. */
	struct wm_tensor_shape left, right, out;
	uint64_t planes_bytes; /* of the parts; 0: k is not split */
	double cycles;         /* what the cost model expects */
};

/*
 * The variant that the cost model expects to be fastest, for a device of that many multiprocessors. The choice is made
 * for the 132 of an H100 SXM, so that the workspace is a matter of the problem alone; units set the size of the grid
 * (0: unknown, 132). WM_UNSUPPORTED + the exact reason where no variant can do it. A pure function.
 */
enum wm_status wm_gemm_wgmma_plan(const struct wm_problem *p, int units, struct wm_gemm_plan *plan_p);

/* The same with the tile of that name ("large", "medium", "small") and k in that many parts, at most. */
enum wm_status wm_gemm_wgmma_plan_with(const struct wm_problem *p, int units, const char *tile, uint32_t splits,
                                       struct wm_gemm_plan *plan_p);

/* What the implementation's prepare does once it has a plan: workspace, tensor maps of every buffer set, code. */
enum wm_status wm_gemm_wgmma_prepare(struct wm_run *run, const struct wm_gemm_plan *plan);

#endif
