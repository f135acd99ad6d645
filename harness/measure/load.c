/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - batches without a pause, and when each was complete. */
#include "load.h"

#include <math.h>

#define BATCH_S 16e-3 /* with 20% on top still below the method's 20 ms */
#define SPREAD 0.2
#define EDGE_SHARE 0.0025 /* of a window: one operation, that is half of one at each edge */
#define LONGEST_S 60.0
#define BLOCKED 0.01 /* of a batch: less is no wait for it */
enum { IN_FLIGHT = WM_MAX_MARKS / 2, STREAM = 0x4C4F4144 };

double wm_load_window(const struct wm_window_plan *plan, double op_s) {
	return fmax(plan->length_s, fmin(op_s / EDGE_SHARE, LONGEST_S));
}

double wm_load_seconds(const struct wm_window_plan *plan, double length_s) {
	struct wm_window_plan lengthened = *plan;

	lengthened.length_s = length_s;
	return 2 * plan->lead_s + plan->windows * wm_window_pitch(&lengthened);
}

/* Operations of batch i. */
static long batch_size(const struct wm_sampler *s, long i) {
	uint32_t word;
	double spread;

	wm_random(s->job->seed, STREAM, (uint64_t)i, 1, &word);
	spread = 1 + SPREAD * (2 * ldexp(word, -32) - 1);
	return (long)fmax(1, floor(BATCH_S * spread / s->m->median_s));
}

/* A batch is complete now. */
static void note(struct wm_load *load, long batch, double busy_s) {
	struct wm_batch_done last = load->n ? load->v[load->n - 1] : (struct wm_batch_done){0};

	wm_load_add(load, wm_now(), last.operations + (double)batch, last.busy_s + busy_s);
}

/* One batch after the other, each waited for. */
static enum wm_status run_one_by_one(struct wm_sampler *s, double until, struct wm_load *load) {
	double now;
	enum wm_status st = wm_sampler_now(s, &now);

	for (long i = 0; st == WM_OK && now < until; i++) {
		long batch = batch_size(s, i);
		double device, host;

		st = wm_sampler_time(s, batch, &device, &host);
		if (st != WM_OK)
			break;
		note(load, batch, device);
		st = wm_sampler_now(s, &now);
	}
	return st;
}

static int slot_of(long i) {
	return (int)(i % IN_FLIGHT) * 2;
}

/* Puts batch i behind those in flight. */
static enum wm_status put_batch(struct wm_sampler *s, long i) {
	const struct wm_backend *b = s->job->backend;
	enum wm_status st = b->mark(s->job->dev, slot_of(i));

	if (st == WM_OK)
		st = wm_sampler_enqueue(s, batch_size(s, i));
	return st == WM_OK ? b->mark(s->job->dev, slot_of(i) + 1) : st;
}

/* Waits for batch i, the oldest in flight. */
static enum wm_status take_batch(struct wm_sampler *s, long i, struct wm_load *load) {
	const struct wm_backend *b = s->job->backend;
	double device, waited, from = wm_now();
	enum wm_status st = b->wait(s->job->dev, slot_of(i) + 1);

	waited = wm_now() - from;
	if (st == WM_OK)
		st = b->between(s->job->dev, slot_of(i), slot_of(i) + 1, &device);
	/* A device that is done before it is waited for may have idled inside the batch, between its marks. */
	if (st == WM_OK)
		note(load, batch_size(s, i), waited > BLOCKED * device ? device : 0);
	return st;
}

/* As many in flight as there are pairs of marks, so that the device never waits for this thread. */
static enum wm_status run_in_flight(struct wm_sampler *s, double until, struct wm_load *load) {
	long put = 0, done = 0;
	enum wm_status st = WM_OK;

	for (;;) {
		while (st == WM_OK && put < done + IN_FLIGHT && wm_now() < until)
			st = put_batch(s, put++);
		if (st != WM_OK)
			return st;
		if (done == put)
			return s->job->backend->sync(s->job->dev);
		st = take_batch(s, done++, load);
	}
}

enum wm_status wm_load_device(struct wm_sampler *s, double seconds, struct wm_load *load_p) {
	bool in_flight = s->job->backend->wait && !s->job->impl->batch && !s->job->meeting;
	double until;
	enum wm_status st = wm_sampler_now(s, &load_p->began_s);

	if (st != WM_OK)
		return st;
	until = load_p->began_s + seconds;
	st = in_flight ? run_in_flight(s, until, load_p) : run_one_by_one(s, until, load_p);
	load_p->ended_s = load_p->n ? load_p->v[load_p->n - 1].at_s : load_p->began_s;
	return st;
}
