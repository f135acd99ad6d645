/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.h - energy windows: cut afterwards from the inside of one continuous load, by joining what a sampler saw of a
 * source with what the worker completed when (method 4). Pure functions of both: they know no meter, process or record.
 * All times are of the monotonic clock, in seconds.
 */
#ifndef WM_WINDOW_H
#define WM_WINDOW_H

#include "ticks.h"

/* A continuous load: batches in order. Freed by wm_load_free. */
struct wm_load {
	double began_s, ended_s;
	struct wm_batch_done {
		double at_s;       /* when it was complete */
		double operations; /* complete by then, since began_s */
		double busy_s;     /* time that the device has worked by then */
	} * v;
	size_t n, room;
};
void wm_load_add(struct wm_load *load, double at_s, double operations, double busy_s);
void wm_load_free(struct wm_load *load);

/* How windows are to be cut. */
struct wm_window_plan {
	int windows;
	double length_s;
	double lead_s; /* load before the first window and behind the last (wm_window_lead) */
	int refreshes; /* that a window must hold at least */
};

/* What one window says of one source. Unknown numbers are NAN. */
struct wm_window {
	double from_s, to_s; /* of its ticks; as planned where it has none */
	double joules;       /* NAN: it is no number */
	double operations;
	double bound; /* how far joules per operation may be off because of where the edges lie, relative */
	double busy;  /* part of the window that the device worked */
	int refreshes;
	bool throttled; /* by heat or the power brake: a number, but not for publication */
	bool would_say; /* whether it was throttled: the meter counts that */
	char why[160];  /* why it is no number; "" = it is one */
};

/* Load that must run before and behind a window of that source: max(1 s, 10 refreshes, 3 lags). A lag that nobody
 * states counts as none. */
double wm_window_lead(const struct wm_source *source);
/* Looks closer together than this say nothing: max(refresh, 10 ms), and 0.1 s for a power of which nobody knows how
 * often it refreshes. Limits that count refreshes count these. */
double wm_window_refresh(const struct wm_source *source);
/* From the plan of one window to that of the next: its length, and room for edges that come later than planned. */
double wm_window_pitch(const struct wm_window_plan *plan);
/* Where ticks must be known well, on a load that began then: the edges and thirds of each window as planned. Writes
 * WM_WINDOW_LOOKS times plan->windows of them, in order; edges come up to three refreshes behind their plan. */
enum { WM_WINDOW_LOOKS = 4 };
void wm_window_looks(const struct wm_window_plan *plan, double began_s, double *at_s);

/*
 * Cuts plan->windows windows, one behind the other, the first after plan->lead_s of load. A window begins at the first
 * tick of the source (change of a counter, reading of a power) at or behind its plan that is known well, and ends at
 * the first such one that makes it plan->length_s long and, where there is room, lets it hold plan->refreshes. Each of
 * out[0 .. windows) is a number or says why not. A counter's wrap is undone where its range is known.
 */
void wm_cut_windows(const struct wm_source *source, const struct wm_ticks *ticks, const struct wm_load *load,
                    const struct wm_window_plan *plan, struct wm_window *out);

/* Mean power of a source over all its ticks, whatever ran meanwhile; at_rest: nothing did. WM_SKIP + reason: a flaw in
 * them as windows have it (an error, a gap, a jump, a meter that is stuck), or fewer than two changes. */
enum wm_status wm_mean_power(const struct wm_source *source, const struct wm_ticks *ticks, bool at_rest,
                             double *watts_p, double *seconds_p);

#endif
