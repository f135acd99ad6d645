/* SPDX-License-Identifier: Apache-2.0 */
/* groups.h - groups of devices on the machine at hand: made when asked for, their cores dealt out. */
#ifndef WM_GROUPS_H
#define WM_GROUPS_H

#include "core/group.h"
#include "probe.h"

/* Adds the group of that id behind the machine's devices, with the cores of all its ranks. */
enum wm_status wm_groups_add(struct wm_machine *machine, const char *id);
/*
 * The device of one rank, with the cores that are its own. Ranks whose devices hang at the same cores get equal parts
 * of them, of WM_RANK_CORES at most: a rank waits and hands over work, it computes nothing. Where that would take all
 * of them, the last one is left to the supervisor and the sampler. With fewer cores than ranks all have all.
 */
enum { WM_RANK_CORES = 16 };
void wm_groups_member(const struct wm_machine *machine, const struct wm_device *group, int rank,
                      struct wm_device *dev_p);

#endif
