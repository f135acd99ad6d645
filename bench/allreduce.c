/* SPDX-License-Identifier: Apache-2.0 */
/* allreduce.c - every rank gets the sum of all ranks' send. */
#include "collective.h"

static struct wm_block source(int rank, int ranks, int block, size_t part) {
	(void)rank;
	(void)ranks;
	(void)block;
	(void)part;
	return (struct wm_block){WM_ALL_RANKS, 0};
}

static const struct wm_collective allreduce = {.sums = true, .bus = 2, .source = source};

const struct wm_bench wm_bench_allreduce =
	WM_COLLECTIVE("allreduce", "every rank gets the sum over all ranks", &allreduce);
