/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor.h - runs cases one after the other in worker processes and writes their records. */
#ifndef WM_SUPERVISOR_H
#define WM_SUPERVISOR_H

#include "core/cases.h"
#include "measure/profile.h"
#include "probe.h"
#include "store/bundle.h"

/* Everything a run needs; all pointers are the caller's. */
struct wm_run_plan {
	const struct wm_cases *cases;
	const struct wm_machine *machine;
	const struct wm_profile *profile;
	int replicates;
	uint64_t seed;
	double time_budget_s;    /* cases that would begin later are skipped; INFINITY: none */
	double deadline_s;       /* what a timed phase may overrun before its worker is killed */
	struct wm_bundle *bundle;
	int segment;
	bool quiet;
};

struct wm_run_outcome {
	bool interrupted;        /* not every case has its record: --resume goes on */
};

/*
 * Every (case, replicate) without a final record gets one, in the order of the cases, all of replicate 0 first. A
 * case costs only itself: crashes, hangs and lost devices become rows. SIGINT, SIGTERM and SIGHUP end the run after
 * marking the case in flight as interrupted; a second one kills at once. WM_FAILED only when records cannot be
 * written.
 */
enum wm_status wm_supervise(const struct wm_run_plan *plan, struct wm_run_outcome *outcome_p);
/* Seconds that the whole plan should take. */
double wm_plan_seconds(const struct wm_run_plan *plan);

#endif
