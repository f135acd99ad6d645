/* SPDX-License-Identifier: Apache-2.0 */
/* ticks.h - what a sampler saw of a source: looks, in order, and what any stretch of them tells. Times are of the
 * monotonic clock, in seconds. */
#ifndef WM_TICKS_H
#define WM_TICKS_H

#include "core/wm.h"

/* One look at a source. */
struct wm_tick {
	double before_s, after_s; /* around the look */
	bool failed;              /* it gave an error, and r is nothing */
	struct wm_reading r;
};

/* All looks at one source during one load, in order. v is freed by wm_ticks_free. */
struct wm_ticks {
	struct wm_tick *v;
	size_t n, room;
};
void wm_ticks_add(struct wm_ticks *ticks, const struct wm_tick *tick);
/* Keeps every second look, the first among them, and the last. */
void wm_ticks_thin(struct wm_ticks *ticks);
void wm_ticks_free(struct wm_ticks *ticks);

double wm_tick_middle(const struct wm_tick *tick);
/* What a source of that kind is read by: joules or watts; NAN: this look has none. */
double wm_tick_value(const struct wm_source *source, const struct wm_tick *tick);

/* The looks that lie in a stretch of time as a whole: a part of ticks, which stays the owner. */
struct wm_ticks wm_ticks_between(const struct wm_ticks *ticks, double from_s, double to_s);
/* Mean of the power that a counter shows beside its joules, by trapezoids; NAN: it shows none. */
double wm_ticks_beside(const struct wm_source *source, const struct wm_ticks *ticks);

/* Power limit and throttling over all looks; what the first ones do not tell, later ones may. */
struct wm_ticks_state {
	double cap_w, other_cap_w; /* the first limit, and one that differs from it by more than 0.1% (NAN: none) */
	bool throttled;            /* by heat or the power brake */
	bool would_say;            /* whether it was: the meter counts that */
};
struct wm_ticks_state wm_ticks_state(const struct wm_ticks *ticks);

#endif
