/* SPDX-License-Identifier: Apache-2.0 */
/* reducescatter_threads.c - every rank sums its part over all ranks. */
#include "ranks.h"

static void direct(const struct wm_rank *me, const char *send, char *recv) {
	for (int r = 0; r < me->ranks; r++)
		me->source[r] = send + (size_t)r * me->send + (size_t)me->rank * me->part;
	me->target[0] = recv + (size_t)me->rank * me->recv;
	wm_rank_merge(me, 1, me->ranks, me->part);
}

static void take(const struct wm_rank *me, char *own_recv) {
	for (int r = 0; r < me->ranks; r++)
		me->source[r] = wm_rank_slot(me, r) + (size_t)me->rank * me->part;
	me->target[0] = own_recv;
	wm_rank_merge(me, 1, me->ranks, me->part);
}

static enum wm_status prepare(struct wm_run *run) {
	static const struct wm_collective_way way = {
		.pattern = WM_FROM_ALL, .recv_part = true, .direct = direct, .take = take};

	return wm_ranks_prepare(run, &way);
}

const struct wm_impl wm_impl_reducescatter_threads = {
	.name = "threads",
	.bench = "reducescatter",
	.backends = "host",
	.about = "pinned threads in shared memory, one a rank",
	.origin = WM_TUNED,
	.can_run = wm_ranks_can_run,
	.prepare = prepare,
	.enqueue = wm_ranks_enqueue,
	.batch = wm_ranks_batch,
	.finish = wm_ranks_finish,
};
