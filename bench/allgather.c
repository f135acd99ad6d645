/* SPDX-License-Identifier: Apache-2.0 */
/* allgather.c - every rank gets all ranks' send, one after the other. */
#include "collective.h"

static struct wm_block source(int rank, int ranks, int block, size_t part) {
	(void)rank;
	(void)ranks;
	(void)part;
	return (struct wm_block){block, 0};
}

static const struct wm_collective allgather = {.send_part = true, .gathers = true, .bus = 1, .source = source};

const struct wm_bench wm_bench_allgather =
	WM_COLLECTIVE("allgather", "every rank gets the parts of all ranks", &allgather);
