/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h - what a user sees of a run on stderr: one line a case, rewritten on a terminal. */
#ifndef WM_PROGRESS_H
#define WM_PROGRESS_H

#include "plan.h"

struct wm_progress;

/* plan outlives it. A quiet plan gives one that prints nothing. */
struct wm_progress *wm_progress_open(const struct wm_run_plan *plan);
void wm_progress_close(struct wm_progress *progress);
void wm_progress_begin(struct wm_progress *progress, const struct wm_case *c, const struct wm_device *dev);
void wm_progress_phase(struct wm_progress *progress, const char *phase);
void wm_progress_row(struct wm_progress *progress, const struct wm_case *c, const struct wm_device *dev,
                     const json_t *record);

#endif
