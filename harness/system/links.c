/* SPDX-License-Identifier: Apache-2.0 */
/* links.c - who is linked to whom, and how fast: hwloc's matrices, amdkfd's and PCI's files under /sys. */
#include "links.h"

#include "sysfile.h"
#include "topology_private.h"

#include <hwloc/distances.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- hwloc's matrices --------------------------------------------------------------------------------------- */

/* Index of the device that the object is, or is a part of; -1 when it is none of these. */
static int index_of(hwloc_obj_t o, const char pci[][WM_PCI_CHARS], int n) {
	char address[WM_PCI_CHARS];

	while (o && o->type != HWLOC_OBJ_PCI_DEVICE)
		o = o->parent;
	if (!o)
		return -1;
	snprintf(address, sizeof(address), "%04x:%02x:%02x.%01x", o->attr->pcidev.domain & 0xffffu, o->attr->pcidev.bus,
	         o->attr->pcidev.dev, o->attr->pcidev.func & 0xfu);
	for (int i = 0; i < n; i++)
		if (strcasecmp(pci[i], address) == 0)
			return i;
	return -1;
}

static bool is_switch(const struct hwloc_obj *o) {
	return o && o->subtype && strcmp(o->subtype, "NVSwitch") == 0;
}

/* Megabytes per second from object i to object j. Through switches: what i can give them all, or j take from them all.
 */
static double bandwidth(const struct hwloc_distances_s *d, unsigned i, unsigned j) {
	double up = 0, down = 0;

	if (d->values[i * d->nbobjs + j])
		return (double)d->values[i * d->nbobjs + j];
	for (unsigned s = 0; s < d->nbobjs; s++)
		if (is_switch(d->objs[s])) {
			up += (double)d->values[i * d->nbobjs + s];
			down += (double)d->values[s * d->nbobjs + j];
		}
	return up < down ? up : down;
}

/* Fills in one matrix; false when it is not one of links between at least two of these devices. */
static bool take_matrix(hwloc_topology_t t, struct hwloc_distances_s *d, const char pci[][WM_PCI_CHARS], int n,
                        struct wm_links *links) {
	const char *name = hwloc_distances_get_name(t, d);
	bool found = false;

	if (!name || !strstr(name, "Bandwidth") || !(d->kind & HWLOC_DISTANCES_KIND_MEANS_BANDWIDTH))
		return false;
	for (unsigned i = 0; i < d->nbobjs; i++)
		for (unsigned j = 0; j < d->nbobjs; j++) {
			int from = index_of(d->objs[i], pci, n), to = index_of(d->objs[j], pci, n);

			if (from < 0 || to < 0 || from == to)
				continue;
			links->bytes_per_s[from][to] = 1e6 * bandwidth(d, i, j);
			found = true;
		}
	if (found)
		snprintf(links->source, sizeof(links->source), "hwloc: %.50s", name);
	return found;
}

static bool read_matrices(hwloc_topology_t t, const char pci[][WM_PCI_CHARS], int n, struct wm_links *links) {
	struct hwloc_distances_s *all[32];
	unsigned count = sizeof(all) / sizeof(all[0]);
	bool found = false;

	if (hwloc_distances_get(t, &count, all, 0, 0) < 0)
		return false;
	if (count > sizeof(all) / sizeof(all[0]))
		count = sizeof(all) / sizeof(all[0]);
	for (unsigned i = 0; i < count; i++) {
		found = found || take_matrix(t, all[i], pci, n, links);
		hwloc_distances_release(t, all[i]);
	}
	return found;
}

/* ---- amdkfd ------------------------------------------------------------------------------------------------- */

/*
 * The kernel driver of AMD's GPUs tells nodes and links in /sys/class/kfd/kfd/topology (drivers/gpu/drm/amd/amdkfd,
 * kfd_topology.c and kfd_crat.h): a node's place is "domain" and "location_id", bus << 8 | device << 3 | function, with
 * the number of a partition in other bits; a link of "type" 11 is xGMI, its "weight" 15 a hop, its "max_bandwidth"
 * megabytes per second, 0 where the links are not adjacent or not told.
 */
#define KFD_NODES "/sys/class/kfd/kfd/topology/nodes"
enum { KFD_MAX_NODES = 256, KFD_XGMI = 11, KFD_WEIGHT_A_HOP = 15 };

/* Index of the device that is that node; -1 for CPUs and for others. */
static int kfd_index(const char *root, int node, const char pci[][WM_PCI_CHARS], int n) {
	unsigned long long location, domain;
	char path[128], address[32];

	snprintf(path, sizeof(path), KFD_NODES "/%d/properties", node);
	if (!wm_sysfile_number(root, path, "location_id", &location) || location == 0)
		return -1;
	if (!wm_sysfile_number(root, path, "domain", &domain))
		domain = 0;
	snprintf(address, sizeof(address), "%04x:%02x:%02x.%x", (unsigned)domain & 0xffffu, (unsigned)location >> 8 & 0xffu,
	         (unsigned)location >> 3 & 0x1fu, (unsigned)location & 7u);
	for (int i = 0; i < n; i++)
		if (strcasecmp(pci[i], address) == 0)
			return i;
	return -1;
}

/* One link of a node; false when there is no such link. */
static bool kfd_link(const char *root, int node, int link, const int *index, struct wm_links *links) {
	unsigned long long type, to, weight, speed;
	char path[128];
	int i = index[node], j;

	snprintf(path, sizeof(path), KFD_NODES "/%d/io_links/%d/properties", node, link);
	if (!wm_sysfile_number(root, path, "type", &type))
		return false;
	if (type != KFD_XGMI || !wm_sysfile_number(root, path, "node_to", &to) || to >= KFD_MAX_NODES)
		return true;
	j = index[to];
	if (i < 0 || j < 0 || i == j)
		return true;
	if (wm_sysfile_number(root, path, "weight", &weight))
		links->hops[i][j] = (int)(weight / KFD_WEIGHT_A_HOP);
	if (wm_sysfile_number(root, path, "max_bandwidth", &speed))
		links->bytes_per_s[i][j] = 1e6 * (double)speed;
	snprintf(links->source, sizeof(links->source), "amdkfd: xGMI links in /sys/class/kfd");
	return true;
}

static bool read_kfd(const char *root, const char pci[][WM_PCI_CHARS], int n, struct wm_links *links) {
	int index[KFD_MAX_NODES];

	for (int node = 0; node < KFD_MAX_NODES; node++)
		index[node] = kfd_index(root, node, pci, n);
	for (int node = 0; node < KFD_MAX_NODES; node++)
		for (int link = 0; index[node] >= 0 && kfd_link(root, node, link, index, links); link++)
			;
	return links->source[0] != '\0';
}

enum wm_status wm_links_read(const struct wm_topology *topo, const char *root, const char pci[][WM_PCI_CHARS], int n,
                             struct wm_links *links_p) {
	struct wm_links *links = wm_zalloc(sizeof(*links));
	bool found;

	found = read_matrices(topo->t, pci, n, links) || (topo->real && read_kfd(root, pci, n, links));
	if (found)
		*links_p = *links;
	free(links);
	if (found)
		return WM_OK;
	if (!topo->real)
		return wm_fail(WM_SKIP, "the topology file has no matrix of bandwidths between them");
	return wm_fail(WM_SKIP,
	               "hwloc has no matrix of bandwidths between them, /sys/class/kfd no xGMI links, and what "
	               "else there may be (NVLink) only its driver's library tells");
}

/* ---- what drivers told --------------------------------------------------------------------------------------- */

/* The number behind "END=" in the words; 0 when it is not there. */
static double told(const char *words, const char *end) {
	/* the analyzer takes an array in a device for a pointer that may be NULL */
	size_t length = strlen(end); /* NOLINT(clang-analyzer-core.NonNullParamChecker) */

	for (const char *w = words; w; w = strchr(w, ' ')) {
		w += *w == ' ';
		if (strncasecmp(w, end, length) == 0 && w[length] == '=')
			return strtod(w + length + 1, NULL);
	}
	return 0;
}

/* Through switches each gives and takes no more than its own links carry. */
enum wm_status wm_links_told(const struct wm_device *const *devs, int n, struct wm_links *links_p) {
	struct wm_links *links = wm_zalloc(sizeof(*links));
	bool found = false;

	for (int i = 0; i < n; i++) {
		double one = 1e6 * told(devs[i]->links, "mb_per_s"), up = told(devs[i]->links, "switch");

		for (int j = 0; j < n; j++) {
			double down = told(devs[j]->links, "switch");
			double count = told(devs[i]->links, devs[j]->pci) + (up < down ? up : down);

			if (i == j || count <= 0)
				continue;
			found = true;
			links->bytes_per_s[i][j] = count * one;
		}
	}
	snprintf(links->source, sizeof(links->source), "the driver: NVLinks in use");
	if (found)
		*links_p = *links;
	free(links);
	return found ? WM_OK : wm_fail(WM_SKIP, "their drivers tell of none");
}

/* ---- the PCI link of one device ----------------------------------------------------------------------------- */

/*
 * Bytes per second and lane of a transfer rate in 10^9 transfers a second, one direction, without the packets'
 * overhead: 8 of 10 bits are data up to 5 GT/s, 128 of 130 up to 32 GT/s, 242 of 256 bytes of a flit above
 * (PCI Express base specification, physical layer).
 */
static double lane_bytes_per_s(double gt_per_s) {
	double share = gt_per_s <= 5 ? 8.0 / 10 : gt_per_s <= 32 ? 128.0 / 130 : 242.0 / 256;

	return gt_per_s * 1e9 / 8 * share;
}

/* "32.0 GT/s PCIe" and "16", of the link as it is ("current") or as it could be ("max"). */
static bool read_pci_link(const char *root, const char *pci, const char *which, double *rate_p, int *lanes_p, char *why,
                          size_t room) {
	char path[128], text[192];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.16s/%s_link_speed", pci, which);
	if (!wm_sysfile_line(root, path, text, sizeof(text))) {
		snprintf(why, room, "%s", text);
		return false;
	}
	*rate_p = strtod(text, NULL);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.16s/%s_link_width", pci, which);
	if (!wm_sysfile_line(root, path, text, sizeof(text))) {
		snprintf(why, room, "%s", text);
		return false;
	}
	*lanes_p = atoi(text);
	if (*rate_p > 0 && *lanes_p > 0)
		return true;
	snprintf(why, room, "the kernel does not know it");
	return false;
}

bool wm_links_pci(const char *root, const char *pci, char *out, size_t room) {
	double rate, most;
	int lanes, most_lanes, used;
	char why[8];

	if (!read_pci_link(root, pci, "current", &rate, &lanes, out, room))
		return false;
	used = snprintf(out, room, "%.1f GB/s (%.1f GT/s x%d)", lanes * lane_bytes_per_s(rate) / 1e9, rate, lanes);
	if (read_pci_link(root, pci, "max", &most, &most_lanes, why, sizeof(why)) && (most > rate || most_lanes > lanes) &&
	    used > 0 && (size_t)used < room)
		snprintf(out + used, room - (size_t)used, " now, the device itself can do %.1f GB/s (%.1f GT/s x%d)",
		         most_lanes * lane_bytes_per_s(most) / 1e9, most, most_lanes);
	return true;
}
