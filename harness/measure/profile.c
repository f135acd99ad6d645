/* SPDX-License-Identifier: Apache-2.0 */
/* profile.c - the profiles of method 3, as data. */
#include "profile.h"

#include <string.h>

const struct wm_profile wm_profiles[] = {
	/* name, R, gap_s, block_s, warm_cap_s, sample_min_s, sample_cap_s, target,
     * windows, window_s, refreshes, most_weighed, node_s, idle_s */
	{"smoke", 1, 0, 0.2, 1.0, 0.5, 0.6, 0.05, 1, 2, 15, 3, 0, 2},
	{"quick", 1, 0, 0.2, 2.0, 0.5, 1.0, 0.02, 1, 2, 15, 6, 0, 2},
	{"standard", 3, 120, 1.0, 10.0, 0.5, 10.0, 0.01, 3, 5, 50, 12, 0, 10},
	{"nightly", 1, 0, 5.0, 20.0, 0.5, 10.0, 0.01, 3, 5, 50, 20, 0, 10},
	{"published", 5, 120, 10.0, 120.0, 0.5, 60.0, 0.005, 5, 10, 50, 12, 60, 30},
	{0},
};

const struct wm_profile *wm_profile_find(const char *name) {
	for (const struct wm_profile *p = wm_profiles; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}
