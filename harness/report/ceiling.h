/* SPDX-License-Identifier: Apache-2.0 */
/* ceiling.h - measured ceilings of rows (method 1). Private to the reports. */
#ifndef WM_CEILING_H
#define WM_CEILING_H

#include "intern.h"
#include "rows.h"

/* Sets ceiling and ceiling_why of every row, from the other rows of the same run and device. Reasons go to texts. */
void wm_ceilings_set(struct wm_rows *rows, struct wm_intern *texts);

#endif
