/* SPDX-License-Identifier: Apache-2.0 */
/* sample.h - time: batches, steady state, the stopping rule (method 3). Private to measure/. */
#ifndef WM_SAMPLE_H
#define WM_SAMPLE_H

#include "graph.h"
#include "measure.h"

/* A run that is being timed: which set the next operation takes, and the batch that was settled on. */
struct wm_sampler {
	const struct wm_measure_job *job;
	struct wm_run *run;
	struct wm_measurement *m;
	int next_set, span;      /* operations take the sets next_set, .. modulo span */
	struct wm_graphs graphs; /* what was recorded of the operations */
	double host_s, device_s; /* sums over all samples' batches */
	double wait_s, waited_s; /* for the end of a batch, all of it being enqueued: of the last one; over all samples */
	double skew_s;           /* of the last batch, where ranks keep their own time */
	double ended_s;          /* of the last batch on this rank's device, on the monotonic clock */
};

/* Measures the resolution of the device's clock and finds the batch: long enough for it, within the regime. Short
 * operations are recorded on the way, where they can be: the caller then drops them (wm_graphs_drop). */
enum wm_status wm_sampler_batch(struct wm_sampler *s);
/* Load until two blocks in a row agree (sustained), or nothing (burst). Sets steady_by. */
enum wm_status wm_sampler_warm(struct wm_sampler *s);
/* Samples until the stopping rule holds. */
enum wm_status wm_sampler_run(struct wm_sampler *s);
/* One more sample of the batch, on the sets next_set .. next_set + batch - 1, modulo span. */
enum wm_status wm_sampler_one(struct wm_sampler *s);
/* The stopping rule, to be asked at 10, 20, 40, .. samples only, so that it does not wait for a lucky moment: is the
 * interval narrow enough, and were its blocks long enough to be independent? Summarises on the way. */
bool wm_sampler_done(struct wm_measurement *m, double target);
/* The same batch once more for checking what it wrote: into checked_s, not among the samples. */
enum wm_status wm_sampler_checked(struct wm_sampler *s);
/* A batch without waiting for its end: batch operations on the next sets. */
enum wm_status wm_sampler_enqueue(struct wm_sampler *s, long batch);
/* A batch and its time, by the device's clock (the ranks' where they keep their own) and by the host's around it. */
enum wm_status wm_sampler_time(struct wm_sampler *s, long batch, double *device_p, double *host_p);
/* The time that decisions go by: the monotonic clock; of ranks that are processes one that they all have looked at, so
 * that they decide alike. */
enum wm_status wm_sampler_now(const struct wm_sampler *s, double *now_p);
/* Median, interval and the rest from the samples. */
void wm_sampler_summarise(struct wm_measurement *m);

#endif
