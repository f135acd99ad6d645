/* SPDX-License-Identifier: Apache-2.0 */
/* profile.h - how much care a run takes (method 3): one row per profile. */
#ifndef WM_PROFILE_H
#define WM_PROFILE_H

struct wm_profile {
	const char *name;
	int replicates;      /* fresh worker processes per case */
	double gap_s;        /* least time from the end of one replicate of a case to the start of its next */
	double block_s;      /* length of the blocks whose agreement means steady */
	double warm_cap_s;   /* unsettled beyond it */
	double sample_min_s; /* least time of samples */
	double sample_cap_s; /* most time of sampling, by the host's clock */
	double target;       /* relative half width of the median's interval that ends sampling */
	/* energy (method 4) */
	int windows;      /* of a weighed case */
	double window_s;  /* length of one */
	int refreshes;    /* of its meter that a window must hold */
	int most_weighed; /* cases */
	double node_s;    /* length of the one window of meters of the whole node; 0: it is not made for them */
	double idle_s;    /* how long idle power is measured at both ends of a run */
};
/* smoke, quick, standard, nightly, published; ends with {0}. */
extern const struct wm_profile wm_profiles[];
const struct wm_profile *wm_profile_find(const char *name); /* NULL: none */

#endif
