/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - one continuous load, and the log of what was complete when: what energy windows are cut from (method 4).
 * Private to measure/. */
#ifndef WM_LOAD_H
#define WM_LOAD_H

#include "sample.h"

/* The length of a window that operations of op_s seconds need: the planned one, or longer, so that half an operation
 * at each edge is a quarter of a percent at most; never longer than a minute for that. */
double wm_load_window(const struct wm_window_plan *plan, double op_s);
/* How long the load must run for windows of that length. */
double wm_load_seconds(const struct wm_window_plan *plan, double length_s);
/*
 * Load for that long, into *load_p, which starts from {0}: batches of at most 20 ms, or of one operation, their lengths
 * drawn at random (+-20%) so that they keep no step with a meter. Several are in flight where the backend can wait for
 * one of them. Batches complete before an error are in the log; the caller frees it.
 */
enum wm_status wm_load_device(struct wm_sampler *s, double seconds, struct wm_load *load_p);

#endif
