/* SPDX-License-Identifier: Apache-2.0 */
/* sets.h - one buffer set in host memory, for tests of benchmarks and implementations without a worker. */
#ifndef WM_SETS_H
#define WM_SETS_H

#include "core/wm.h"

struct wm_set {
	struct wm_problem p;
	struct wm_tensor t[WM_MAX_TENSORS];
	int n;
	void *host[WM_MAX_TENSORS]; /* on pages of their own, with WM_SET_SLACK bytes behind the last element */
	size_t bytes[WM_MAX_TENSORS];
};
enum { WM_SET_SLACK = 4096 };

/* Parses the problem and allocates; ends the program with a message when the text is wrong. */
void wm_set_open(struct wm_set *set, const char *problem);
/* The same as that rank of so many, or as WM_ALL_RANKS. */
void wm_set_open_ranks(struct wm_set *set, const char *problem, int rank, int ranks);
void wm_set_close(struct wm_set *set);
/* Fills the inputs; outputs and all slack get the byte 0xff, which is NaN or -1. */
void wm_set_fill(struct wm_set *set, enum wm_data_part part, uint64_t seed);
/* One operation, with threads that run one after another: from can_run to finish. */
enum wm_status wm_set_run(struct wm_set *set, const struct wm_impl *impl, int threads);
enum wm_status wm_set_verify(struct wm_set *set, enum wm_data_part part, uint64_t seed, struct wm_check *check_p);
/* No byte of any slack has changed since fill. */
bool wm_set_slack_whole(const struct wm_set *set);

#endif
