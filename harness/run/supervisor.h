/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor.h - runs cases one after the other in worker processes and writes their records. */
#ifndef WM_SUPERVISOR_H
#define WM_SUPERVISOR_H

#include "plan.h"

struct wm_run_outcome {
	bool interrupted; /* not every case has its record: --resume goes on */
};

/*
 * Every (case, replicate) without a final record gets one, in the order of the cases, all of replicate 0 first, and
 * a further replicate of a case no sooner than the profile's gap after its last. A case costs only itself: crashes,
 * hangs and lost devices become rows. SIGINT, SIGTERM and SIGHUP end the run after marking the case in flight as
 * interrupted; another one ends the wait for a worker that is stuck. WM_FAILED only when records cannot be written;
 * the case in flight is then marked as interrupted, if that can be written.
 */
enum wm_status wm_supervise(const struct wm_run_plan *plan, struct wm_run_outcome *outcome_p);

#endif
