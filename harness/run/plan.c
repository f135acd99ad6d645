/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - how long a plan should take. */
#include "plan.h"

#include "measure/measure.h"

#include <math.h>

/* Of a weighed case on a meter that needs no more than the least lead. */
static double load_seconds(const struct wm_profile *profile) {
	const struct wm_window_plan plan = {
		.windows = profile->windows, .length_s = profile->window_s, .lead_s = 1, .refreshes = profile->refreshes};

	return 2 * plan.lead_s + plan.windows * wm_window_pitch(&plan);
}

void wm_plan_estimate(struct wm_cases *cases, const struct wm_profile *profile, bool weighs) {
	int weighed = 0;

	for (size_t i = 0; i < cases->n; i++) {
		struct wm_case *c = &cases->v[i];

		if (wm_get(&c->problem, "regime") == WM_BURST)
			c->expect_s += WM_BURSTS_SECONDS;
		else
			c->expect_s +=
				2 * profile->block_s + profile->warm_cap_s / 4 + (profile->sample_min_s + profile->sample_cap_s) / 2;
		if (weighs && c->weigh && weighed++ < profile->most_weighed)
			c->expect_s += load_seconds(profile);
	}
}

/* A further replicate of all cases takes as long as the first, or as the longest case and the gap behind it. */
double wm_plan_seconds(const struct wm_run_plan *plan) {
	double sum = 0, longest = 0;

	for (size_t i = 0; i < plan->cases->n; i++) {
		sum += plan->cases->v[i].expect_s;
		longest = fmax(longest, plan->cases->v[i].expect_s);
	}
	return sum + (plan->replicates - 1) * fmax(sum, longest + plan->profile->gap_s);
}
