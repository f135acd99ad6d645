/* SPDX-License-Identifier: Apache-2.0 */
/* broadcast_threads.c - every rank writes its share of what rank 0 has to all ranks. */
#include "ranks.h"

#include <string.h>

static void direct(const struct wm_rank *me, const char *send, char *recv) {
	size_t from, bytes = wm_rank_share(me, me->send, &from);

	me->source[0] = send + from;
	for (int r = 0; r < me->ranks; r++)
		me->target[r] = recv + (size_t)wm_rank_behind(me, r) * me->recv + from;
	wm_rank_merge(me, me->ranks, 1, bytes);
}

static void take(const struct wm_rank *me, char *own_recv) {
	memcpy(own_recv, wm_rank_slot(me, 0), me->recv);
}

static enum wm_status prepare(struct wm_run *run) {
	static const struct wm_collective_way way = {.pattern = WM_FROM_FIRST, .direct = direct, .take = take};

	return wm_ranks_prepare(run, &way);
}

const struct wm_impl wm_impl_broadcast_threads = {
	.name = "threads",
	.bench = "broadcast",
	.backends = "host",
	.about = "pinned threads in shared memory, one a rank",
	.origin = WM_TUNED,
	.can_run = wm_ranks_can_run,
	.prepare = prepare,
	.enqueue = wm_ranks_enqueue,
	.batch = wm_ranks_batch,
	.finish = wm_ranks_finish,
};
