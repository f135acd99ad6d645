/* SPDX-License-Identifier: Apache-2.0 */
/* binding.c - lists of PUs, and binding processes and threads to them. */
#include "topology_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* hwloc's own reader of lists takes "3-1", "5-" and trailing words, which would bind to something else. */
bool wm_list_parse(const char *list, hwloc_bitmap_t set) {
	const unsigned long max = 65535;
	char *end = NULL;

	hwloc_bitmap_zero(set);
	for (const char *s = list;; s = end + 1) {
		unsigned long first, last;

		if (*s < '0' || *s > '9')
			return false;
		first = last = strtoul(s, &end, 10);
		if (*end == '-') {
			if (end[1] < '0' || end[1] > '9')
				return false;
			last = strtoul(end + 1, &end, 10);
		}
		if (last < first || last > max)
			return false;
		hwloc_bitmap_set_range(set, (unsigned)first, (int)last);
		if (*end == '\0')
			return true;
		if (*end != ',')
			return false;
	}
}

void wm_list_brief(hwloc_const_bitmap_t set, char out[WM_BRIEF_LIST]) {
	enum { MARK = 24 }; /* room for what says that there is more */
	char *cut;

	if (hwloc_bitmap_list_snprintf(out, WM_BRIEF_LIST, set) < WM_BRIEF_LIST)
		return;
	out[WM_BRIEF_LIST - MARK] = '\0';
	cut = strrchr(out, ',') + 1;
	snprintf(cut, (size_t)(out + WM_BRIEF_LIST - cut), ".. (%d in all)", hwloc_bitmap_weight(set));
}

int wm_cpuset_count(const char *cpuset) {
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	int n = wm_list_parse(cpuset, set) ? hwloc_bitmap_weight(set) : 0;

	hwloc_bitmap_free(set);
	return n;
}

void wm_cpuset_part(const char *cpuset, int from, int n, char *out, size_t room) {
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	int at = 0;

	if (!wm_list_parse(cpuset, set))
		hwloc_bitmap_zero(set);
	for (int pu = hwloc_bitmap_first(set); pu >= 0; pu = hwloc_bitmap_next(set, pu), at++)
		if (at < from || at >= from + n)
			hwloc_bitmap_clr(set, (unsigned)pu);
	if (hwloc_bitmap_list_snprintf(out, room, set) >= (int)room)
		out[0] = 0;
	hwloc_bitmap_free(set);
}

void wm_cpuset_add(char *list, size_t room, const char *more) {
	hwloc_bitmap_t set = hwloc_bitmap_alloc(), added = hwloc_bitmap_alloc();

	if (!wm_list_parse(list, set))
		hwloc_bitmap_zero(set);
	if (wm_list_parse(more, added))
		hwloc_bitmap_or(set, set, added);
	if (hwloc_bitmap_list_snprintf(list, room, set) >= (int)room)
		list[0] = 0;
	hwloc_bitmap_free(added);
	hwloc_bitmap_free(set);
}

static enum wm_status parse_for_binding(const struct wm_topology *topo, const char *list, hwloc_bitmap_t set) {
	if (!wm_list_parse(list, set))
		return wm_fail(WM_FAILED, "cannot bind to '%.200s': not a list like 0-3,8", list);
	if (!topo->real)
		return wm_fail(WM_FAILED, "cannot bind to a machine whose topology was read from a file");
	return WM_OK;
}

/* Memory is a preference, and only for one node out of several. Kernels before 5.15 take a preference for many as one
 * for the first of them and fill it although the cores of the others write; unbound, a page comes from the node of the
 * core that writes it first. Where the kernel has no NUMA policy or a container forbids it, so it does for one node. */
static enum wm_status bind_memory(const struct wm_topology *topo, const char *list, hwloc_bitmap_t nodes) {
	enum wm_status st = parse_for_binding(topo, list, nodes);

	if (st != WM_OK)
		return st;
	if (hwloc_bitmap_weight(nodes) != 1 || hwloc_bitmap_isequal(hwloc_topology_get_topology_nodeset(topo->t), nodes))
		return WM_OK;
	if (hwloc_set_membind(topo->t, nodes, HWLOC_MEMBIND_BIND, HWLOC_MEMBIND_BYNODESET | HWLOC_MEMBIND_THREAD) < 0 &&
	    errno != ENOSYS && errno != EPERM)
		return wm_fail(WM_FAILED, "cannot prefer memory of NUMA node %s: %s", list, strerror(errno));
	return WM_OK;
}

enum wm_status wm_bind_process(const struct wm_topology *topo, const char *cpuset, const char *nodeset) {
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	enum wm_status st = parse_for_binding(topo, cpuset, set);

	if (st == WM_OK && hwloc_set_cpubind(topo->t, set, HWLOC_CPUBIND_PROCESS) < 0) {
		int error = errno;
		char brief[WM_BRIEF_LIST];

		wm_list_brief(set, brief);
		st = wm_fail(WM_FAILED, "cannot bind this process to CPUs %s: %s", brief, strerror(error));
	}
	if (st == WM_OK && *nodeset)
		st = bind_memory(topo, nodeset, set);
	hwloc_bitmap_free(set);
	return st;
}

enum wm_status wm_bind_thread(const struct wm_topology *topo, const char *cpuset, int nth) {
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	enum wm_status st = parse_for_binding(topo, cpuset, set);
	char brief[WM_BRIEF_LIST];
	int pu = -1;

	if (st != WM_OK)
		goto out;
	for (int i = 0; i <= nth; i++) {
		pu = hwloc_bitmap_next(set, pu);
		if (pu < 0)
			break;
	}
	if (pu < 0) {
		wm_list_brief(set, brief);
		st = wm_fail(WM_FAILED, "cannot bind thread %d to CPUs %s: there are only %d", nth, brief,
		             hwloc_bitmap_weight(set));
		goto out;
	}
	hwloc_bitmap_only(set, (unsigned)pu);
	if (hwloc_set_cpubind(topo->t, set, HWLOC_CPUBIND_THREAD) < 0)
		st = wm_fail(WM_FAILED, "cannot bind thread %d to CPU %d: %s", nth, pu, strerror(errno));
out:
	hwloc_bitmap_free(set);
	return st;
}

int wm_topology_packages(const struct wm_topology *topo, const char *cpuset, int *packages, int max) {
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	hwloc_obj_t package = NULL;
	int n = 0;

	if (!wm_list_parse(cpuset, set))
		hwloc_bitmap_zero(set);
	while ((package = hwloc_get_next_obj_by_type(topo->t, HWLOC_OBJ_PACKAGE, package)) && n < max)
		if (hwloc_bitmap_intersects(package->cpuset, set))
			packages[n++] = (int)package->os_index;
	hwloc_bitmap_free(set);
	return n;
}

void wm_topology_spare(const struct wm_topology *topo, const char *cpuset, char *out, size_t room) {
	hwloc_bitmap_t set = hwloc_bitmap_alloc(), spare = hwloc_bitmap_dup(topo->usable);
	hwloc_obj_t core = NULL;

	if (!wm_list_parse(cpuset, set))
		hwloc_bitmap_zero(set);
	while ((core = hwloc_get_next_obj_by_type(topo->t, HWLOC_OBJ_CORE, core)))
		if (hwloc_bitmap_intersects(core->cpuset, set))
			hwloc_bitmap_andnot(spare, spare, core->cpuset);
	hwloc_bitmap_andnot(spare, spare, set);
	if (hwloc_bitmap_list_snprintf(out, room, spare) >= (int)room)
		out[0] = 0;
	hwloc_bitmap_free(spare);
	hwloc_bitmap_free(set);
}
