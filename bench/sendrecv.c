/* SPDX-License-Identifier: Apache-2.0 */
/* sendrecv.c - a ring: every rank gets the send of the rank before it. */
#include "collective.h"

static struct wm_block source(int rank, int ranks, int block, size_t part) {
	(void)block;
	(void)part;
	return (struct wm_block){(rank + ranks - 1) % ranks, 0};
}

static const struct wm_collective sendrecv = {.source = source};

const struct wm_bench wm_bench_sendrecv =
	WM_COLLECTIVE("sendrecv", "every rank sends to the next and receives from the one before", &sendrecv);
