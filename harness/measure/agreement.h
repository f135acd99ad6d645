/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agreement.h - how good a source is: what looks at it at rest and under load tell of its steps, its lag and its
 * agreement with others. Pure functions; numbers that the looks do not give are NAN, with the reason beside them.
 */
#ifndef WM_AGREEMENT_H
#define WM_AGREEMENT_H

#include "window.h"

/* When what was done, on the monotonic clock. */
struct wm_phases {
	double rest_s; /* nothing runs from then on */
	double load_s; /* a load runs from then on; NAN: none */
	double end_s;
};

struct wm_watched {
	size_t looks, failed;
	size_t changes;        /* of the value, joules or watts */
	size_t back;           /* a counter: times that it went back, but for wraps */
	double look_s;         /* median distance of two looks */
	double period_s;       /* median distance of two changes; NAN: fewer than three */
	double quantum;        /* smallest change, joules or watts; NAN: none */
	double rest_w, load_w; /* mean power of both phases */
	double lag_s;          /* from the start of the load until the source showed half of its step */
	double integral;       /* mean of the power beside a counter, over the counter's mean power */
	char rest_why[160], load_why[160], lag_why[160];
};

void wm_watch(const struct wm_source *source, const struct wm_ticks *ticks, const struct wm_phases *phases,
              struct wm_watched *watched_p);

/* Was every look news? Then the value changes at least as often as it was looked at, and period_s says no more. */
bool wm_watch_is_blurred(const struct wm_watched *watched);

/* Do both weigh the same thing in the same class: one package, one accelerator, the server, an outlet? */
bool wm_sources_same(const struct wm_source *a, const struct wm_source *b);

/* What the steps under load of a meter of the server and of all accelerators' meters together say (method 4). */
enum wm_node_finding {
	WM_NODE_UNLOADED, /* the accelerators made no step: nothing is shown */
	WM_NODE_IN,       /* 0.9 .. 1.4 of theirs: the accelerators are in it */
	WM_NODE_OUT
};
/* watched of the server's meter; rest and load of the accelerators, in watts. *ratio_p is NAN for UNLOADED. */
enum wm_node_finding wm_node_step(const struct wm_watched *node, double rest_w, double load_w, double *ratio_p);

/* Median of with[i] / without[i] and the order statistics that hold it with 95% or more; n >= 6. */
void wm_cost_ratio(const double *with, const double *without, size_t n, double *ratio_p, double *lo_p, double *hi_p);

#endif
