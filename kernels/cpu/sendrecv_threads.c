/* SPDX-License-Identifier: Apache-2.0 */
/* sendrecv_threads.c - every rank reads what the rank before it has. */
#include "ranks.h"

#include <string.h>

static int before(const struct wm_rank *me) {
	return me->rank > 0 ? me->rank - 1 : me->ranks - 1;
}

static void direct(const struct wm_rank *me, const char *send, char *recv) {
	me->source[0] = send + (size_t)before(me) * me->send;
	me->target[0] = recv + (size_t)me->rank * me->recv;
	wm_rank_merge(me, 1, 1, me->recv);
}

static void take(const struct wm_rank *me, char *own_recv) {
	memcpy(own_recv, wm_rank_slot(me, before(me)), me->recv);
}

static enum wm_status prepare(struct wm_run *run) {
	static const struct wm_collective_way way = {.pattern = WM_FROM_BEFORE, .direct = direct, .take = take};

	return wm_ranks_prepare(run, &way);
}

const struct wm_impl wm_impl_sendrecv_threads = {
	.name = "threads",
	.bench = "sendrecv",
	.backends = "host",
	.about = "pinned threads in shared memory, one a rank",
	.origin = WM_TUNED,
	.can_run = wm_ranks_can_run,
	.prepare = prepare,
	.enqueue = wm_ranks_enqueue,
	.batch = wm_ranks_batch,
	.finish = wm_ranks_finish,
};
