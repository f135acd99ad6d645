/* SPDX-License-Identifier: Apache-2.0 */
/*
 * busy.h - threads that keep all cores busy which this process may use: a load for meters to show, and an amount of
 * work to time. Private to the commands.
 */
#ifndef WM_BUSY_H
#define WM_BUSY_H

#include "core/wm.h"

struct wm_busy;

/* How many PUs this process may use: so many threads there are. */
int wm_busy_threads(void);
/* Arithmetic without end on every thread, until it is stopped. WM_FAILED + the system's reason. */
enum wm_status wm_busy_start(struct wm_busy **busy_p);
void wm_busy_stop(struct wm_busy *busy);
/* That many rounds of the same arithmetic on every thread: from the start of the first to the end of the last. */
enum wm_status wm_busy_time(long rounds, double *seconds_p);
/* How many rounds take about that long. */
enum wm_status wm_busy_rounds(double seconds, long *rounds_p);

#endif
