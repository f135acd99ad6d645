/* SPDX-License-Identifier: Apache-2.0 */
/* groups.c - which cores the ranks of a group have. */
#include "groups.h"

#include <string.h>

void wm_groups_member(const struct wm_machine *machine, const struct wm_device *group, int rank,
                      struct wm_device *dev_p) {
	int index[WM_MAX_RANKS], n = wm_group_members(machine->devs, machine->n, group, index);
	const struct wm_device *dev = &machine->devs[index[rank]];
	int place = 0, sharers = 1, cores = wm_cpuset_count(dev->cpuset), each;

	for (int r = 0; r < n; r++) {
		if (r == rank || strcmp(machine->devs[index[r]].cpuset, dev->cpuset) != 0)
			continue;
		place += r < rank;
		sharers++;
	}
	*dev_p = *dev;
	each = cores / sharers < WM_RANK_CORES ? cores / sharers : WM_RANK_CORES;
	if (each == 0)
		return;
	wm_cpuset_part(dev->cpuset, place * each, each - (each > 1 && (place + 1) * each == cores), dev_p->cpuset,
	               sizeof(dev_p->cpuset));
}

enum wm_status wm_groups_add(struct wm_machine *machine, const char *id) {
	struct wm_device group, member;
	enum wm_status st = wm_group_make(machine->devs, machine->n, id, &group);

	if (st != WM_OK)
		return st;
	if (machine->n == WM_MAX_DEVICES)
		return wm_fail(WM_INPUT, "device %s: there are %d devices already", id, machine->n);
	for (int r = 0; r < group.ranks; r++) {
		wm_groups_member(machine, &group, r, &member);
		wm_cpuset_add(group.cpuset, sizeof(group.cpuset), member.cpuset);
		wm_cpuset_add(group.nodeset, sizeof(group.nodeset), member.nodeset);
	}
	machine->devs[machine->n++] = group;
	return WM_OK;
}
