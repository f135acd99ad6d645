/* SPDX-License-Identifier: Apache-2.0 */
/* nvml_state.h - how NVIDIA's GPUs are set up and who else is on them. Private to harness/backends. */
#ifndef WM_NVML_STATE_H
#define WM_NVML_STATE_H

#include "core/wm.h"

/*
 * Fills in state, unlike and links of these devices, found again by UUID. Asks and changes nothing. Runs in a probe.
 * Without NVML, or where it does not know a device, state says so, and the others are "".
 */
void wm_nvml_state(struct wm_device *devs, int n);

#endif
