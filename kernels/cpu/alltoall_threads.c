/* SPDX-License-Identifier: Apache-2.0 */
/* alltoall_threads.c - every rank reads its part of every rank. */
#include "ranks.h"

#include <string.h>

static void direct(const struct wm_rank *me, const char *send, char *recv) {
	for (int r = 0; r < me->ranks; r++) {
		size_t from = (size_t)wm_rank_behind(me, r);

		me->source[0] = send + from * me->send + (size_t)me->rank * me->part;
		me->target[0] = recv + (size_t)me->rank * me->recv + from * me->part;
		wm_rank_merge(me, 1, 1, me->part);
	}
}

static void take(const struct wm_rank *me, char *own_recv) {
	for (int r = 0; r < me->ranks; r++)
		memcpy(own_recv + (size_t)r * me->part, wm_rank_slot(me, r) + (size_t)me->rank * me->part, me->part);
}

static enum wm_status prepare(struct wm_run *run) {
	static const struct wm_collective_way way = {.pattern = WM_FROM_ALL, .direct = direct, .take = take};

	return wm_ranks_prepare(run, &way);
}

const struct wm_impl wm_impl_alltoall_threads = {
	.name = "threads",
	.bench = "alltoall",
	.backends = "host",
	.about = "pinned threads in shared memory, one a rank",
	.origin = WM_TUNED,
	.can_run = wm_ranks_can_run,
	.prepare = prepare,
	.enqueue = wm_ranks_enqueue,
	.batch = wm_ranks_batch,
	.finish = wm_ranks_finish,
};
