/* SPDX-License-Identifier: Apache-2.0 */
/* reducescatter.c - rank r gets part r of the sum of all ranks' send. */
#include "collective.h"

static struct wm_block source(int rank, int ranks, int block, size_t part) {
	(void)ranks;
	(void)block;
	return (struct wm_block){WM_ALL_RANKS, (size_t)rank * part};
}

static const struct wm_collective reducescatter = {.recv_part = true, .sums = true, .bus = 1, .source = source};

const struct wm_bench wm_bench_reducescatter =
	WM_COLLECTIVE("reducescatter", "every rank gets its part of the sum over all ranks", &reducescatter);
