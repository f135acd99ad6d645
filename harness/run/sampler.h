/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sampler.h - the process that reads meters, one thread a source, while a load runs elsewhere; and this side's end of
 * it. It looks every fifth of a refresh (10 ms at least), ten times as often near the edges that it was told of, keeps
 * what it saw in memory and hands it over when asked: while the load runs it writes nothing and wakes nobody.
 */
#ifndef WM_RUN_SAMPLER_H
#define WM_RUN_SAMPLER_H

#include "measure/window.h"
#include "meters.h"

#include <signal.h>

struct wm_sampling; /* a sampler process with its sources */

/* Starts it and opens the sources of these indices. A source that cannot be opened stays and is off: sources(i)->off
 * says why. Waits for its answers let in the signals that are not in while_waiting (NULL: those that are let in
 * anyway), and are over when one is handled. WM_FAILED: no process, or it died, or was not waited for. */
enum wm_status wm_sampling_open(const struct wm_meters *meters, const int *index, int n, int log_fd,
                                const sigset_t *while_waiting, struct wm_sampling **sampling_p);
void wm_sampling_close(struct wm_sampling *sampling);
int wm_sampling_count(const struct wm_sampling *sampling);
const struct wm_source *wm_sampling_source(const struct wm_sampling *sampling, int i);

/* Looks from now on, all sources. cpus: list of PUs that the sampler keeps to, "" = wherever it may. */
enum wm_status wm_sampling_start(struct wm_sampling *sampling, const char *cpus);
/* Looks closely around these times (monotonic clock). */
enum wm_status wm_sampling_edges(struct wm_sampling *sampling, const double *at_s, int n);
/* Ends the looking; ticks[i] is what was seen of source i since the start, each to be freed by wm_ticks_free.
 * WM_FAILED + "sampler died ..": ticks are untouched, and the sampling is good for nothing but close. */
enum wm_status wm_sampling_stop(struct wm_sampling *sampling, struct wm_ticks *ticks);

/* The command of the sampler's process: orders on fd 3, answers on fd 4, JSON lines. Ends when fd 3 closes. */
int wm_sampler_main(void);

#endif
