/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ccl_tuning.h - which algorithm and protocol the library takes. It tells that nowhere but in its log (subsystem
 * TUNING, a line an operation), so that is listened to for one operation and then closed. Private to kernels/libs.
 */
#ifndef WM_CCL_TUNING_H
#define WM_CCL_TUNING_H

#include "ccl.h"

struct wm_ccl_tuning {
	int fd; /* of the log; -1: nobody listens */
};

/* Before the library logs for the first time. It is not listened to where the user has set NCCL_DEBUG, nor where it
 * cannot be told to stop. */
void wm_ccl_tuning_listen(struct wm_ccl_tuning *t, const struct wm_ccl_api *api);
/* Stops listening; "algo=Ring proto=Simple channels=0..15" as far as the log has it, else "". */
void wm_ccl_tuning_read(struct wm_ccl_tuning *t, const struct wm_ccl_api *api, char *out, size_t room);

#endif
