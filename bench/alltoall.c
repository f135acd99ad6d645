/* SPDX-License-Identifier: Apache-2.0 */
/* alltoall.c - part r of rank s goes to rank r as its part s. */
#include "collective.h"

static struct wm_block source(int rank, int ranks, int block, size_t part) {
	(void)ranks;
	return (struct wm_block){block, (size_t)rank * part};
}

static const struct wm_collective alltoall = {.gathers = true, .bus = 1, .source = source};

const struct wm_bench wm_bench_alltoall =
	WM_COLLECTIVE("alltoall", "every rank gets its part of every rank", &alltoall);
