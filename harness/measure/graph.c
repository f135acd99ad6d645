/* SPDX-License-Identifier: Apache-2.0 */
/* graph.c - recordings of operations, one after the other through the sets of the rotation. */
#include "graph.h"

#include "sample.h"

#include <stdlib.h>

#define WORTH_S 100e-6 /* a launch takes a few microseconds, which longer operations hide */
enum {
	LENGTH = 64,      /* operations in a recording: what starting it costs is shared by that many */
	MOST = 1024 * 64, /* operations in all: more would take long to record */
};

bool wm_graphs_apply(const struct wm_sampler *s, double op_s) {
	return s->job->impl->recordable && s->job->backend->record_begin && !s->job->impl->batch && !s->job->meeting &&
	       op_s < WORTH_S && s->span <= MOST;
}

static long length_of(const struct wm_graphs *g, int i) {
	return i + 1 < g->n ? LENGTH : g->cycle - (long)LENGTH * i;
}

static enum wm_status record_one(struct wm_sampler *s, int i) {
	const struct wm_backend *b = s->job->backend;
	struct wm_graphs *g = &s->graphs;
	enum wm_status st = b->record_begin(s->job->dev), ended;

	if (st != WM_OK)
		return st;
	for (long k = 0; k < length_of(g, i) && st == WM_OK; k++)
		st = s->job->impl->enqueue(s->run, (int)(((long)LENGTH * i + k) % g->span));
	ended = b->record_end(s->job->dev, &g->recorded[i]); /* also when there is nothing worth keeping */
	return st != WM_OK ? st : ended;
}

enum wm_status wm_graphs_record(struct wm_sampler *s) {
	struct wm_graphs *g = &s->graphs;
	enum wm_status st = WM_OK;

	wm_graphs_drop(s);
	g->span = s->span;
	g->cycle = (long)s->span * ((LENGTH + s->span - 1) / s->span);
	g->n = (int)((g->cycle + LENGTH - 1) / LENGTH);
	g->recorded = wm_zalloc((size_t)g->n * sizeof(*g->recorded));
	s->next_set = 0;
	for (int i = 0; i < g->n && st == WM_OK; i++)
		st = record_one(s, i);
	if (st != WM_OK)
		wm_graphs_drop(s);
	return st;
}

enum wm_status wm_graphs_play(struct wm_sampler *s, long most, long *done_p) {
	struct wm_graphs *g = &s->graphs;
	int i = (int)(g->at / LENGTH);
	enum wm_status st;

	*done_p = 0;
	if (!g->n || g->at % LENGTH || length_of(g, i) > most)
		return WM_OK;
	st = s->job->backend->play(s->job->dev, g->recorded[i]);
	if (st != WM_OK)
		return st;
	*done_p = length_of(g, i);
	g->at = (g->at + *done_p) % g->cycle;
	return WM_OK;
}

void wm_graphs_step(struct wm_graphs *g) {
	if (g->n)
		g->at = (g->at + 1) % g->cycle;
}

void wm_graphs_drop(struct wm_sampler *s) {
	struct wm_graphs *g = &s->graphs;

	for (int i = 0; i < g->n; i++)
		if (g->recorded[i])
			s->job->backend->forget(s->job->dev, g->recorded[i]);
	free(g->recorded);
	*g = (struct wm_graphs){0};
}
