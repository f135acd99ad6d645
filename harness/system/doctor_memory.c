/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_memory.c - checks of the memory: pages, swap, and who says how much there is. */
#include "doctor_private.h"

#include "limits.h"
#include "sysfile.h"

#include <stdlib.h>
#include <string.h>

#define MEMINFO "/proc/meminfo"
#define POOL_SHARE 0.1  /* of all memory: what is set aside is missed */
#define SWAP_SHARE 0.01 /* of all memory: below it are pages that nobody misses */
#define DIFFER 0.05     /* between sources that mean the same memory */
#define DRIVER_SHARE \
	0.5 /* of what the host gets: a driver on the host's memory keeps some to itself, but not that much */
#define LEAST_ROOM 1e9 /* bytes */

static bool kib(const struct wm_patient *patient, const char *key, double *bytes_p) {
	unsigned long long value;

	if (!wm_sysfile_number(patient->root, MEMINFO, key, &value))
		return false;
	*bytes_p = 1024.0 * (double)value;
	return true;
}

/* Without nodes to tell, the setting alone is judged. */
void wm_look_numa_balancing(const struct wm_patient *patient, struct wm_finding *finding) {
	char list[1024];
	const char *state;
	int nodes = -1;

	if (!wm_find_text(patient, "numa_balancing", finding, &state))
		return;
	if (wm_sysfile_line(patient->root, "/sys/devices/system/node/online", list, sizeof(list)))
		nodes = wm_cpuset_count(list);
	if (strcmp(state, "0") == 0)
		wm_find(finding, WM_VERDICT_OK, "off");
	else if (nodes == 1)
		wm_find(finding, WM_VERDICT_OK, "on, but there is one NUMA node only");
	else if (nodes > 1)
		wm_find(finding, WM_VERDICT_WARN, "on (%s), %d NUMA nodes", state, nodes);
	else
		wm_find(finding, WM_VERDICT_WARN, "on (%s)", state);
}

void wm_look_huge_pages(const struct wm_patient *patient, struct wm_finding *finding) {
	const char *state;

	if (wm_find_text(patient, "huge_pages", finding, &state))
		wm_find(finding, strcmp(state, "never") == 0 ? WM_VERDICT_WARN : WM_VERDICT_OK, "%s", state);
}

/* Hugetlb is the pools of all sizes; kernels before 4.16 tell the pool of the default size only. */
static bool read_pool(const struct wm_patient *patient, double *bytes_p) {
	unsigned long long pages;
	double size;

	if (kib(patient, "Hugetlb", bytes_p))
		return true;
	if (!wm_sysfile_number(patient->root, MEMINFO, "HugePages_Total", &pages) || !kib(patient, "Hugepagesize", &size))
		return false;
	*bytes_p = (double)pages * size;
	return true;
}

void wm_look_huge_page_pool(const struct wm_patient *patient, struct wm_finding *finding) {
	double total, pool;

	if (!read_pool(patient, &pool) || !kib(patient, "MemTotal", &total)) {
		wm_find(finding, WM_VERDICT_UNKNOWN, MEMINFO ": no Hugetlb, HugePages_Total, Hugepagesize or MemTotal");
		return;
	}
	if (pool <= 0)
		wm_find(finding, WM_VERDICT_OK, "none");
	else
		wm_find(finding, pool > POOL_SHARE * total ? WM_VERDICT_WARN : WM_VERDICT_OK, "%.1f GB of %.1f GB", pool / 1e9,
		        total / 1e9);
}

void wm_look_swap(const struct wm_patient *patient, struct wm_finding *finding) {
	double swap, unused, total;
	char swappiness[32];

	if (!kib(patient, "SwapTotal", &swap) || !kib(patient, "SwapFree", &unused) || !kib(patient, "MemTotal", &total)) {
		wm_find(finding, WM_VERDICT_UNKNOWN, MEMINFO ": no SwapTotal, SwapFree or MemTotal");
		return;
	}
	if (swap <= 0) {
		wm_find(finding, WM_VERDICT_OK, "no swap");
		return;
	}
	if (!wm_sysfile_line(patient->root, "/proc/sys/vm/swappiness", swappiness, sizeof(swappiness)))
		snprintf(swappiness, sizeof(swappiness), "unknown");
	wm_find(finding, swap - unused > SWAP_SHARE * total ? WM_VERDICT_WARN : WM_VERDICT_OK,
	        "%.1f GB of %.1f GB in use, swappiness %s", (swap - unused) / 1e9, swap / 1e9, swappiness);
}

/* ---- who says how much there is ----------------------------------------------------------------------------- */

/* "Node 0 MemTotal:  65536000 kB" is the first line of a node's meminfo. */
static void take_node(void *arg, const char *line) {
	const char *number = strstr(line, "MemTotal:");

	if (number)
		*(double *)arg += 1024 * strtod(number + strlen("MemTotal:"), NULL);
}

/* What has been said so far: "MemTotal 24.7 GB, NUMA nodes 11.2 GB", and whether it agrees. */
struct sources {
	char text[200];
	double least, most;
	int n;
};

static void add_text(struct sources *s, const char *name, double bytes) {
	size_t used = strlen(s->text);

	snprintf(s->text + used, sizeof(s->text) - used, "%s%s %.1f GB", used ? ", " : "", name, bytes / 1e9);
}

static void add(struct sources *s, const char *name, double bytes) {
	if (bytes <= 0)
		return;
	add_text(s, name, bytes);
	s->least = s->n == 0 || bytes < s->least ? bytes : s->least;
	s->most = bytes > s->most ? bytes : s->most;
	s->n++;
}

/* Bytes that the device host gets: its own nodes, within its control group's limit, as a driver's device on the same
 * cores does. Without that device the least of the sources. */
static double host_memory(const struct wm_patient *patient, const struct sources *s) {
	for (int i = 0; i < patient->n; i++)
		if (strcmp(patient->devs[i].id, "host") == 0 && patient->devs[i].mem_bytes)
			return (double)patient->devs[i].mem_bytes;
	return s->least;
}

/* hwloc's sum is not read again from the same files, but asked of the topology that plans are made with; it counts for
 * nothing where this process is kept off some nodes. A driver that
 * computes on the host's memory may say less, to a degree. */
void wm_look_memory_sources(const struct wm_patient *patient, struct wm_finding *finding) {
	struct sources s = {.n = 0};
	double total = 0, nodes = 0;
	bool differ;

	kib(patient, "MemTotal", &total);
	wm_sysfile_each(patient->root, "/sys/devices/system/node/node[0-9]*/meminfo", take_node, &nodes);
	add(&s, "MemTotal", total);
	add(&s, "NUMA nodes in /sys", nodes);
	if (patient->topo)
		add(&s, "hwloc", (double)wm_topology_memory(patient->topo));
	differ = s.n > 1 && s.least < (1 - DIFFER) * s.most;
	for (int i = 0; i < patient->n; i++) {
		const struct wm_device *dev = &patient->devs[i];

		if (!dev->on_host || strcmp(dev->backend, "host") == 0 || !dev->mem_bytes)
			continue;
		add_text(&s, dev->id, (double)dev->mem_bytes);
		differ = differ || (double)dev->mem_bytes < DRIVER_SHARE * host_memory(patient, &s);
	}
	if (s.n == 0)
		wm_find(finding, WM_VERDICT_UNKNOWN, "neither " MEMINFO " nor /sys/devices/system/node says");
	else if (s.n == 1 && !differ)
		wm_find(finding, WM_VERDICT_INFO, "%s, and no second source", s.text);
	else
		wm_find(finding, differ ? WM_VERDICT_WARN : WM_VERDICT_OK, "%s", s.text);
}

void wm_look_cgroup_memory(const struct wm_patient *patient, struct wm_finding *finding) {
	struct wm_limits limits;

	wm_limits_read(patient->root, &limits);
	if (!limits.has_cgroup)
		wm_find(finding, WM_VERDICT_UNKNOWN, "/proc/self/cgroup cannot be read");
	else if (limits.cgroup_limit == UINT64_MAX)
		wm_find(finding, WM_VERDICT_OK, "no limit");
	else
		wm_find(finding, (double)limits.cgroup_room < LEAST_ROOM ? WM_VERDICT_WARN : WM_VERDICT_INFO,
		        "%.1f GB, of which %.1f GB are left", (double)limits.cgroup_limit / 1e9,
		        (double)limits.cgroup_room / 1e9);
}
