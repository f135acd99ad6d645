/* SPDX-License-Identifier: Apache-2.0 */
/* broadcast.c - every rank gets the send of rank 0. */
#include "collective.h"

static struct wm_block source(int rank, int ranks, int block, size_t part) {
	(void)rank;
	(void)ranks;
	(void)block;
	(void)part;
	return (struct wm_block){0, 0};
}

static const struct wm_collective broadcast = {.source = source};

const struct wm_bench wm_bench_broadcast = WM_COLLECTIVE("broadcast", "every rank gets what rank 0 has", &broadcast);
