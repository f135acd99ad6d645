/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group.h - several devices of one backend as one device of collectives: "cuda:0-3", "cuda:0,2,5". Rank r is the r-th
 * of them in that order. Private to the harness.
 */
#ifndef WM_GROUP_H
#define WM_GROUP_H

#include "wm.h"

/* Is that word a group: a backend's name and a list of two or more numbers? Then id is the one spelling of it:
 * "cuda:0,1,2" is "cuda:0-2". */
bool wm_group_id(const char *word, char id[96]);
/* The id of the group of all devices of a backend that can be used and are not made of the host's cores; false: there
 * are fewer than two, or more than a group can have. */
bool wm_group_of_all(const struct wm_device *devs, int n, const char *backend, char id[96]);
/*
 * The group of that id as a device: ranks, and of what its devices have each the least that holds for all (free memory,
 * largest buffer, features) or the most that one needs (caches); it is off when one of them is. cpuset and nodeset
 * are left empty. Its uuid stands for the set of its devices, in whatever order. WM_INPUT: one is not here, twice in
 * the list, or made of the host's cores.
 */
enum wm_status wm_group_make(const struct wm_device *devs, int n, const char *id, struct wm_device *group_p);
/* The devices of a group by rank, as indices into devs (which it was made from); of any other device itself. How many.
 */
int wm_group_members(const struct wm_device *devs, int n, const struct wm_device *dev, int index[WM_MAX_RANKS]);

#endif
