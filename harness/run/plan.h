/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h - what a run is to do: cases, devices, how much care, and where the records go. */
#ifndef WM_PLAN_H
#define WM_PLAN_H

#include "core/cases.h"
#include "measure/profile.h"
#include "meters.h"
#include "probe.h"
#include "store/bundle.h"

/* Everything a run needs; all pointers are the caller's. */
struct wm_run_plan {
	const struct wm_cases *cases;
	const struct wm_machine *machine;
	const struct wm_topology *topo;
	const struct wm_meters *meters;
	const struct wm_profile *profile;
	int replicates;
	uint64_t seed;
	double time_budget_s; /* cases that would begin later are skipped; INFINITY: none */
	double deadline_s;    /* what a timed phase may overrun before its worker is killed */
	struct wm_bundle *bundle;
	int segment;
	bool quiet;
};

/* Adds to each case's estimate what warming and sampling take in the plan's profile and, where there are meters
 * (weighs), what the load of weighed cases takes. */
void wm_plan_estimate(struct wm_cases *cases, const struct wm_profile *profile, bool weighs);
/* Seconds that the whole plan should take, with the gaps between the replicates of a case. */
double wm_plan_seconds(const struct wm_run_plan *plan);

#endif
