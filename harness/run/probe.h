/* SPDX-License-Identifier: Apache-2.0 */
/* probe.h - discovery: one child process per backend, in parallel, so that no driver is ever loaded here. */
#ifndef WM_PROBE_H
#define WM_PROBE_H

#include "core/registry.h"
#include "system/topology.h"

enum { WM_MAX_DEVICES = 128 };

/* What the probes found. Devices are in registry order, then by ordinal; their places come from the topology. */
struct wm_machine {
	struct wm_device devs[WM_MAX_DEVICES];
	int n;
	/* Backends without a device, or whose probe did not live to tell of all: name and exact reason ("no OpenCL
	 * platform: ..", "its probe took over 5 s and was ended"). */
	struct {
		char backend[16], why[256];
	} missing[16];
	int nmissing;
};

/* Runs the probes (deadline 5 s each) and joins devices with the topology. A backend that fails is a missing row,
 * not an error; what it told of before stays. */
enum wm_status wm_probe_machine(const struct wm_topology *topo, struct wm_machine *machine_p);
/* The command of a probe child: finds the devices of one backend, prints them as JSON lines on fd 4. */
int wm_probe_main(const char *backend);

#endif
