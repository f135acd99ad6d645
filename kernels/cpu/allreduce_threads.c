/* SPDX-License-Identifier: Apache-2.0 */
/* allreduce_threads.c - every rank sums its share of S over all ranks and writes it to all of them. */
#include "ranks.h"

static void direct(const struct wm_rank *me, const char *send, char *recv) {
	size_t from, bytes = wm_rank_share(me, me->send, &from);

	for (int r = 0; r < me->ranks; r++) {
		me->source[r] = send + (size_t)r * me->send + from;
		me->target[r] = recv + (size_t)wm_rank_behind(me, r) * me->recv + from;
	}
	wm_rank_merge(me, me->ranks, me->ranks, bytes);
}

static void take(const struct wm_rank *me, char *own_recv) {
	for (int r = 0; r < me->ranks; r++)
		me->source[r] = wm_rank_slot(me, r);
	me->target[0] = own_recv;
	wm_rank_merge(me, 1, me->ranks, me->recv);
}

static enum wm_status prepare(struct wm_run *run) {
	static const struct wm_collective_way way = {
		.pattern = WM_FROM_ALL, .take_whole = true, .direct = direct, .take = take};

	return wm_ranks_prepare(run, &way);
}

const struct wm_impl wm_impl_allreduce_threads = {
	.name = "threads",
	.bench = "allreduce",
	.backends = "host",
	.about = "pinned threads in shared memory, one a rank",
	.origin = WM_TUNED,
	.can_run = wm_ranks_can_run,
	.prepare = prepare,
	.enqueue = wm_ranks_enqueue,
	.batch = wm_ranks_batch,
	.finish = wm_ranks_finish,
};
