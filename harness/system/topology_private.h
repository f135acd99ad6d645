/* SPDX-License-Identifier: Apache-2.0 */
/* topology_private.h - what topology.c, binding.c and accelerators.c share; the only header here that shows hwloc. */
#ifndef WM_TOPOLOGY_PRIVATE_H
#define WM_TOPOLOGY_PRIVATE_H

#include "topology.h"

#include <hwloc.h>

struct wm_topology {
	hwloc_topology_t t;
	bool real;
	hwloc_bitmap_t usable;       /* PUs that this process may run on: control group and its binding at open */
};

/* Reads "0-3,8" into set and takes nothing else; numbers up to 65535. */
bool wm_list_parse(const char *list, hwloc_bitmap_t set);

#endif
