/* SPDX-License-Identifier: Apache-2.0 */
/* attention_decode_plan.h - what attention_decode.k is launched with: a pure function of the problem and the device. */
#ifndef WM_KERNELS_CUDA_ATTENTION_DECODE_PLAN_H
#define WM_KERNELS_CUDA_ATTENTION_DECODE_PLAN_H

#include "core/wm.h"

/* The text's own: warps of a block, rows of a block of them, keys of a unit; and the sizes that this takes. */
enum {
	WM_DECODE_THREADS = 128,
	WM_DECODE_ROWS = 16,
	WM_DECODE_UNIT = 64,
	WM_DECODE_MOST_SQ = 16,
	WM_DECODE_MOST_ROWS = 128
};

/* The struct sizes of attention_decode.k, member by member. */
struct wm_decode_sizes {
	uint32_t sq, sk, kvheads;
	uint32_t share, rows;
	uint32_t hidden;
	uint32_t row_blocks;
	uint32_t units, key_heads;
	uint32_t shares;
	float factor;
};

struct wm_decode_plan {
	char entry[24]; /* of attention_decode.k */
	uint32_t shared_bytes;
	struct wm_decode_sizes sizes;     /* the grid is row_blocks x shares */
	uint64_t parts_bytes, done_bytes; /* workspace, whole pages; of the problem alone */
};

/* Does this problem belong here, by its numbers of queries? Where it does, wgmma leaves it. */
bool wm_decode_takes(const struct wm_problem *p);

/*
 * As many shares as blocks run at a time on that many multiprocessors (0: unknown, taken as 132) of that compute
 * capability. WM_UNSUPPORTED + the exact reason where the text cannot do it.
 */
enum wm_status wm_decode_plan(const struct wm_problem *p, int capability, int multiprocessors,
                              struct wm_decode_plan *plan_p);

#endif
