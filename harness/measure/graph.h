/* SPDX-License-Identifier: Apache-2.0 */
/* graph.h - short operations, recorded once and played many at a time (method 3). Private to measure/. */
#ifndef WM_GRAPH_H
#define WM_GRAPH_H

#include "core/wm.h"

struct wm_sampler;

/*
 * A cycle of operations: the sets 0 .. span - 1 in turn, round and round until it is long enough, cut into recordings
 * of the same length but for the last. Start from {0}: nothing recorded.
 */
struct wm_graphs {
	int span, n;
	long cycle, at; /* operations; where in the cycle the next one is */
	void **recorded;
};

/* Are operations that take that long worth recording, and can they be? */
bool wm_graphs_apply(const struct wm_sampler *s, double op_s);
/* Records the cycle for s->span, in place of what was recorded; the next operation is on set 0. WM_FAILED: it could not
 * be recorded; then nothing is, and operations can be enqueued as before. */
enum wm_status wm_graphs_record(struct wm_sampler *s);
/* Plays one recording, of at most that many operations; *done_p: how many it had, 0 where none fits here. */
enum wm_status wm_graphs_play(struct wm_sampler *s, long most, long *done_p);
/* Counts one operation that was enqueued by itself. */
void wm_graphs_step(struct wm_graphs *g);
void wm_graphs_drop(struct wm_sampler *s);

#endif
