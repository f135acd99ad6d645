/* SPDX-License-Identifier: Apache-2.0 */
/* weigh.h - the energy of cases: which meters a case has, its windows, and what goes into its record (method 4). */
#ifndef WM_WEIGH_H
#define WM_WEIGH_H

#include "measure/window.h"
#include "plan.h"

#include <signal.h>

struct wm_weigher; /* the run's meters and its sampler */

/* Looks which sources the weighed cases of the plan need, and starts a sampler on them when there are any. That nothing
 * can be weighed is no error: then every weighed case says why. while_waiting is that of sampler.h, and outlives it. */
struct wm_weigher *wm_weigher_open(const struct wm_run_plan *plan, int log_fd, const sigset_t *while_waiting);
void wm_weigher_close(struct wm_weigher *weigher);

/* Idle power: the sampler looks between begin and end, while nothing runs; at is "begin", "end", or
 * NULL where that was cut short and counts for nothing. Goes into run.json.
 * False: nothing is weighed in this run, no need to wait. */
bool wm_weigher_idle_begin(struct wm_weigher *weigher);
enum wm_status wm_weigher_idle_end(struct wm_weigher *weigher, const char *at);

/*
 * One case. begin: true when it is to be weighed, with the windows that its worker must run for; else why says why not.
 * loading: the worker's load has begun. end: cuts the windows, appends to power.csv, and sets the record's "energy" and
 * "not_weighed"; load is the worker's "load", NULL when none came.
 */
bool wm_weigher_begin(struct wm_weigher *weigher, size_t index, struct wm_window_plan *plan_p, char why[256]);
void wm_weigher_loading(struct wm_weigher *weigher, double began_s, double length_s);
void wm_weigher_end(struct wm_weigher *weigher, size_t index, const json_t *load, json_t *record);

#endif
