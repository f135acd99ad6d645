/* SPDX-License-Identifier: Apache-2.0 */
/* links.h - direct links between accelerators (NVLink, xGMI), and the PCI link of one. Private to harness/system. */
#ifndef WM_LINKS_H
#define WM_LINKS_H

#include "topology.h"

enum { WM_MAX_LINKED = 32, WM_PCI_CHARS = 16 };

/* What is told of the pairs [from][to] of some devices. */
struct wm_links {
	char source[64];                                  /* who says so: "hwloc: NVLinkBandwidth" */
	double bytes_per_s[WM_MAX_LINKED][WM_MAX_LINKED]; /* one direction; 0 = no direct link or its speed is not told */
	int hops[WM_MAX_LINKED][WM_MAX_LINKED];           /* 0 = not told */
};

/*
 * Links between the devices at these PCI addresses (n <= WM_MAX_LINKED): from the bandwidth matrix of the topology; on
 * this machine else from /sys/class/kfd under root. WM_SKIP + where was looked when nobody says.
 */
enum wm_status wm_links_read(const struct wm_topology *topo, const char *root, const char pci[][WM_PCI_CHARS], int n,
                             struct wm_links *links_p);

/* The same out of what the drivers told of each of these devices (wm_device.links); WM_SKIP when they told nothing. */
enum wm_status wm_links_told(const struct wm_device *const *devs, int n, struct wm_links *links_p);

/* The PCI link of a device as text: "63.0 GB/s (32.0 GT/s x16)", with what the device could do where that is more (its
 * slot or a switch may not); from /sys/bus/pci under root. False and out is the reason when it is not told there. */
bool wm_links_pci(const char *root, const char *pci, char *out, size_t room);

#endif
