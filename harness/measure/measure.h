/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure.h - one problem on one open device by one implementation: verified, timed, checked again (method 2, 3).
 * Runs in a worker process; knows no pipe, no record and no other case.
 */
#ifndef WM_MEASURE_H
#define WM_MEASURE_H

#include "core/wm.h"
#include "profile.h"
#include "window.h"

/* What 30 bursts of at most 20 ms take with the rest before each. */
#define WM_BURSTS_SECONDS 16.0

/* What to measure. All pointers are the caller's and outlive the call. */
struct wm_measure_job {
	const struct wm_problem *problem;
	const struct wm_impl *impl;
	const struct wm_backend *backend;
	struct wm_device *dev; /* open */
	const struct wm_profile *profile;
	uint64_t seed;
	/* Of the ranks that are processes of their own, of which this is one; NULL: this process has all there are. Then
	 * they go through all phases in step, and everything that a decision is made on they agree upon. */
	struct wm_meeting *meeting;
	/* Called at the start of every phase with the seconds that it should take; tight: a timed phase, whose
	 * length is known, against one that may build or verify for long. */
	void (*enter)(void *arg, const char *phase, double expect_s, bool tight);
	/* NULL: the case is not weighed. Else a continuous load follows the samples, long enough for these windows. */
	const struct wm_window_plan *windows;
	/* Called when that load begins, with its beginning on the monotonic clock and the windows' length: longer than
	 * asked for where operations are long. */
	void (*loading)(void *arg, double began_s, double length_s);
	void *arg;
};

/* What was measured, as far as it got. Released by wm_measurement_free. Start from {0}. */
struct wm_measurement {
	bool verified; /* exact part, timed part and last batch all passed */
	struct wm_work work;
	int sets, threads;
	uint64_t rotation_bytes;         /* read or written by one turn of the rotation */
	char library[160], detail[1024]; /* as the implementation left them in wm_run */
	bool has_exact, has_timed;
	struct wm_check exact, timed;
	uint64_t fingerprint;     /* checksum of the timed inputs */
	uint64_t output_checksum; /* of a verified set on the timed inputs */
	int sets_checked;         /* after timing */
	const char *steady_by;    /* "throughput", "unsettled", "burst"; NULL: not reached */
	double warm_s;
	int warm_blocks;
	double resolution_s; /* of the device's clock, as measured */
	long batch;          /* operations per sample */
	double *samples;     /* seconds per operation by the device's clock, in order */
	double *skews;       /* of each sample, where ranks keep their own time; else zeros */
	size_t n, room;
	double total_s;    /* of all samples' batches, device clock */
	double checked_s;  /* per operation, of the batch whose outputs were checked: no sample, because the
	                    * poisoning before it broke the load */
	double host_ratio; /* host clock / device clock over all batches */
	/* a host gap above 1%: host_ratio > 1.01, or no work left in the queue when the last operation was put into it;
	 * never where ranks keep their own time */
	bool launch_bound;
	const char *launch; /* "graph": operations were recorded and played; "queue"; NULL: they end as they are called */
	bool by_ranks;      /* times are those of the ranks' own clocks, of which the slowest counts */
	double skew_s;      /* by_ranks: median over the samples, per operation */
	double median_s, lo_s, hi_s, level, min_s, p95_s, max_s;
	double lag1, block_lag1; /* correlation of neighbours: samples; blocks of the interval */
	size_t block, outliers;  /* samples per block that the interval is taken over */
	struct wm_load load;     /* of a weighed case; else nothing in it */
};

/*
 * Runs all phases: fill, build, verify, warm, sample, check. WM_OK, or the status of the row with wm_why(): WM_SKIP
 * (does not fit, before allocating), WM_UNSUPPORTED, WM_WRONG, WM_SUSPECT (all done, but the clocks disagree) ..
 */
enum wm_status wm_measure(const struct wm_measure_job *job, struct wm_measurement *m);
void wm_measurement_free(struct wm_measurement *m);

/* What a case takes on its device. */
struct wm_footprint {
	int sets;              /* of the rotation */
	uint64_t set_bytes;    /* tensors of one set */
	uint64_t device_bytes; /* all sets with their guards, the implementation's workspace, and on the host's own
	                        * silicon the copy of one set that verification reads */
};
/* WM_OK when that is at most half of the device's free memory (0 = unknown: no limit) and no buffer is larger than
 * the device's largest; WM_SKIP + needed and available bytes else, and whatever wm_rotation_sets refuses. */
enum wm_status wm_measure_fit(const struct wm_problem *p, const struct wm_impl *impl, const struct wm_device *dev,
                              struct wm_footprint *footprint_p);

#endif
