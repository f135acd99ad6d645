/* SPDX-License-Identifier: Apache-2.0 */
/*
 * span.h - what one source says of a whole run of something that nobody could cut windows into: from its first tick in
 * the run to its last. No work is placed in time here, so the ends of the run that no tick covers are stated, not
 * guessed.
 */
#ifndef WM_SPAN_H
#define WM_SPAN_H

#include "window.h"

struct wm_span {
	double length_s;  /* of the run */
	double covered_s; /* from the first tick in it to the last */
	double uncovered; /* part of the run, 0 .. 1, that the joules may know nothing of: its two ends and, of a power that
	                   * lags, once its lag */
	double joules, watts; /* of what is covered; NAN: no number */
	double shown_w;       /* mean of the power that a counter shows beside its joules; NAN: none */
	int refreshes;
	bool throttled; /* by heat or the power brake */
	bool would_say; /* whether it was: the meter counts that */
	char why[160];  /* why it is no number; "" = it is one */
};

/*
 * A number when no flaw of the source lies in the run (those of wm_cut_windows), the power limit stayed the same, the
 * run holds 50 refreshes of the meter (a node's: 60 s too), and at most 2% of it are uncovered. Steady power is not
 * asked for: a command may do this first and that later.
 */
void wm_weigh_span(const struct wm_source *source, const struct wm_ticks *ticks, double from_s, double to_s,
                   struct wm_span *span_p);

#endif
