/* SPDX-License-Identifier: Apache-2.0 */
/* trace.h - power.csv: what the meters showed while cases were weighed, the ramps and idle time before the windows in.
 */
#ifndef WM_TRACE_H
#define WM_TRACE_H

#include "sampler.h"
#include "store/bundle.h"

/*
 * Appends the ticks of all sources of a sampling, in that segment of the run (boots have clocks of their own): ten
 * lines a second of each, and those that are edges of windows. classes is the list of that name in the record's energy
 * (borrowed). WM_FAILED: the file cannot be written.
 */
enum wm_status wm_trace_write(struct wm_bundle *bundle, int segment, const struct wm_sampling *sampling,
                              const struct wm_ticks *ticks, const json_t *classes);

#endif
