/* SPDX-License-Identifier: Apache-2.0 */
/* topology_private.h - what topology.c, binding.c and accelerators.c share; the only header here that shows hwloc. */
#ifndef WM_TOPOLOGY_PRIVATE_H
#define WM_TOPOLOGY_PRIVATE_H

#include "topology.h"

#include <hwloc.h>

struct wm_topology {
	hwloc_topology_t t;
	bool real;
	hwloc_bitmap_t usable; /* PUs that this process may run on: control group and its binding at open */
};

/* Reads "0-3,8" into set and takes nothing else; numbers up to 65535. */
bool wm_list_parse(const char *list, hwloc_bitmap_t set);

/* A list for a message: "0-3,8", or where that would be long "0,2,4,.. (192 in all)", so that none seems whole that was
 * cut and the reason behind it is not pushed out. */
enum { WM_BRIEF_LIST = 128 };
void wm_list_brief(hwloc_const_bitmap_t set, char out[WM_BRIEF_LIST]);

#endif
