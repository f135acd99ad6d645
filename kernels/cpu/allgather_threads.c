/* SPDX-License-Identifier: Apache-2.0 */
/* allgather_threads.c - every rank writes its part to all ranks. */
#include "ranks.h"

#include <string.h>

static void direct(const struct wm_rank *me, const char *send, char *recv) {
	me->source[0] = send + (size_t)me->rank * me->send;
	for (int r = 0; r < me->ranks; r++)
		me->target[r] = recv + (size_t)wm_rank_behind(me, r) * me->recv + (size_t)me->rank * me->part;
	wm_rank_merge(me, me->ranks, 1, me->part);
}

static void take(const struct wm_rank *me, char *own_recv) {
	for (int r = 0; r < me->ranks; r++)
		memcpy(own_recv + (size_t)r * me->part, wm_rank_slot(me, r), me->part);
}

static enum wm_status prepare(struct wm_run *run) {
	static const struct wm_collective_way way = {
		.pattern = WM_FROM_ALL, .send_part = true, .take_whole = true, .direct = direct, .take = take};

	return wm_ranks_prepare(run, &way);
}

const struct wm_impl wm_impl_allgather_threads = {
	.name = "threads",
	.bench = "allgather",
	.backends = "host",
	.about = "pinned threads in shared memory, one a rank",
	.origin = WM_TUNED,
	.can_run = wm_ranks_can_run,
	.prepare = prepare,
	.enqueue = wm_ranks_enqueue,
	.batch = wm_ranks_batch,
	.finish = wm_ranks_finish,
};
