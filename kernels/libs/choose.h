/* SPDX-License-Identifier: Apache-2.0 */
/* choose.h - the fastest of several ways to do one operation, found by trying. Private to kernels/libs. */
#ifndef WM_CHOOSE_H
#define WM_CHOOSE_H

#include "core/wm.h"

enum { WM_CHOOSE_MOST = 64 };

struct wm_choice {
	int best;
	int tried;      /* that were timed at least once */
	int failed;     /* whose first operation was refused */
	double spent_s; /* by the host's clock */
};

/* Enqueues one operation the i-th way. Not WM_OK: this way cannot be gone, others may. */
typedef enum wm_status wm_choose_enqueue(struct wm_run *run, int i, int set);

/*
 * Times n ways (at most WM_CHOOSE_MOST) by the device's clock, in turn, on the sets of the rotation, several times
 * each, until all rounds are done or budget_s seconds have passed; at least the first is tried. For prepare: what is
 * measured here only decides, it is no result. The status of the last refusal when all are refused, and whatever the
 * device fails with.
 */
enum wm_status wm_choose(struct wm_run *run, int n, wm_choose_enqueue *enqueue, double budget_s,
                         struct wm_choice *choice_p);

#endif
