/* SPDX-License-Identifier: Apache-2.0 */
/* picture.h - the machine as text for people. */
#ifndef WM_PICTURE_H
#define WM_PICTURE_H

#include "topology.h"

/* Packages, cores, caches, NUMA nodes, and which of the cores this process may use. */
void wm_picture_machine(FILE *out, const struct wm_topology *topo);
/*
 * The n devices and where each hangs: PCI address, nearest cores and NUMA node, PCI link, switches on the way. Devices
 * that share an address are one piece of silicon and are shown once with all their ids, as are the host and what else
 * runs on its cores; accelerators of the topology that are none of the devices are shown without an id. Then what
 * else hangs on PCI and matters for data: network and storage. root: as in sysfile.h, for what is read from /sys when
 * the topology is this machine's.
 */
void wm_picture_devices(FILE *out, const struct wm_topology *topo, const char *root, const struct wm_device *devs,
                        int n);
/* Direct links between the accelerators among the devices: speeds and hops as matrices, or why they are unknown. */
void wm_picture_links(FILE *out, const struct wm_topology *topo, const char *root, const struct wm_device *devs, int n);

#endif
