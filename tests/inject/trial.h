/* SPDX-License-Identifier: Apache-2.0 */
/* trial.h - a device implementation held against its benchmark's own verification, for tests that use cmocka. */
#ifndef WM_TRIAL_H
#define WM_TRIAL_H

#include "core/wm.h"

enum { WM_TRIAL_GUARD = 4096, WM_TRIAL_SEED = 7 };

struct wm_trial_place {
	const struct wm_backend *backend;
	struct wm_device dev; /* the backend's first one */
	bool found;           /* it is there and open */
	/* Bytes before and behind each buffer, whose views the kernels are given: whole pages. 0: buffers have the exact
	 * size of their tensors, for a checker that watches their ends. */
	size_t guard;
};

/* Opens the first device of a backend; prints why where there is none. False: it is there and did not open. */
bool wm_trial_open(struct wm_trial_place *at, const char *backend);
void wm_trial_close(struct wm_trial_place *at);

/* Both data parts of a problem, from can_run to finish; the test fails with a message at the first step that does,
 * and is skipped where the implementation says WM_UNSUPPORTED or there is no device. */
void wm_trial(struct wm_trial_place *at, const struct wm_impl *impl, const char *problem);

/* Prints what, and why it failed, before the assertion ends the test. */
void wm_trial_must(const char *problem, const char *step, enum wm_status st);

/* prepare allocates what workspace said, and a device whose largest buffer is one byte less than the largest of these
 * refuses the problem in the words of can_run. */
void wm_trial_workspace(struct wm_trial_place *at, const struct wm_impl *impl, const char *problem);

/* For main, where a checker asks for one problem: the implementation of that name alone, on the first OpenCL device, in
 * the shape for a GPU or for a CPU of many units, on buffers of exact size. Returns main's exit status. */
int wm_trial_asked(const char *impl, const char *problem, bool for_gpu);

#endif
