/* SPDX-License-Identifier: Apache-2.0 */
/* attention_wgmma_plan.h - which kernel of attention_wgmma.k computes a problem, and which block does what: pure
 * functions of the problem and the device. */
#ifndef WM_KERNELS_CUDA_ATTENTION_WGMMA_PLAN_H
#define WM_KERNELS_CUDA_ATTENTION_WGMMA_PLAN_H

#include "core/wm.h"
#include "tensor_map.h"

/* The structs of the same names in attention_wgmma.k, member by member. */
struct wm_wgmma_sizes {
	uint32_t sq, sk, heads;
	uint32_t share;
	uint32_t hidden;
	float factor;
};
struct wm_wgmma_tile {
	uint32_t head;
	uint32_t first;
};

struct wm_wgmma_plan {
	char entry[32];      /* of attention_wgmma.k */
	uint32_t rows, keys; /* of a tile; of a block of keys */
	uint32_t threads, shared_bytes;
	uint32_t blocks;            /* of the grid, one a multiprocessor */
	uint32_t tiles, head_tiles; /* of the problem; of a head */
	uint32_t heads, sections;   /* of the batch; what they are taken in, one after the other */
	struct wm_wgmma_sizes sizes;
	struct wm_tensor_shape q, kv;
	uint64_t schedule_bytes; /* workspace, whole pages; of the problem alone */
};

/* For a device with that many multiprocessors and bytes of L2 (0: unknown, taken as those of an H100). WM_UNSUPPORTED +
 * the exact reason where no kernel can do it. */
enum wm_status wm_wgmma_plan(const struct wm_problem *p, int multiprocessors, uint64_t cache_bytes,
                             struct wm_wgmma_plan *plan_p);

/*
 * Deals out the tiles: block b does tiles[begins[b]] to tiles[begins[b + 1] - 1], in that order. begins has blocks + 1
 * elements, tiles has plan->tiles. Of a section the longest go first, each to the block with the least to do.
 */
void wm_wgmma_schedule(const struct wm_wgmma_plan *plan, uint32_t *begins, struct wm_wgmma_tile *tiles);

/* Blocks of keys that a tile goes through. */
uint32_t wm_wgmma_length(const struct wm_wgmma_plan *plan, struct wm_wgmma_tile tile);

/* Where tiles begin in the buffer that holds both: behind blocks + 1 words, at a whole number of tiles. In tiles. */
uint32_t wm_wgmma_tiles_at(uint32_t blocks);

#endif
