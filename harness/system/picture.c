/* SPDX-License-Identifier: Apache-2.0 */
/* picture.c - what hwloc and the probes know of the machine, as text. */
#include "picture.h"

#include "links.h"
#include "topology_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- words -------------------------------------------------------------------------------------------------- */

/* Caches come in powers of two: "48 KiB", "1.25 MiB", "64 GiB" of memory that caches other memory. */
static const char *cache_size(uint64_t bytes, char out[32]) {
	if (bytes >= 1u << 30)
		snprintf(out, 32, "%.4g GiB", (double)bytes / (1u << 30));
	else if (bytes >= 1u << 20)
		snprintf(out, 32, "%.4g MiB", (double)bytes / (1u << 20));
	else
		snprintf(out, 32, "%.4g KiB", (double)bytes / (1u << 10));
	return out;
}

static const char *counted(int n, const char *what, char out[48]) {
	snprintf(out, 48, "%d %s%s", n, what, n == 1 ? "" : "s");
	return out;
}

/* "4 cores": those that have one of these PUs. Some virtual machines tell of no cores, which is not to have none. */
static const char *cores_in(hwloc_topology_t t, hwloc_const_bitmap_t cpuset, char out[48]) {
	int n = 0;

	for (hwloc_obj_t core = NULL; (core = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_CORE, core));)
		n += hwloc_bitmap_intersects(core->cpuset, cpuset);
	return n ? counted(n, "core", out) : "cores unknown";
}

static const char *info(hwloc_obj_t o, const char *key) {
	const char *value = o ? hwloc_obj_get_info_by_name(o, key) : NULL;

	return value ? value : "";
}

/* ---- packages, caches, memory ------------------------------------------------------------------------------- */

/* The caches of one kind inside a package: "2 x 2 MiB, 1 core each". Those of one size stand together; a machine with
 * two kinds of cores has two sizes. */
static void print_caches(FILE *out, hwloc_topology_t t, hwloc_const_bitmap_t cpuset, hwloc_obj_type_t type,
                         const char *name) {
	uint64_t last = 0;

	for (;;) {
		uint64_t size = UINT64_MAX;
		char text[32], cores[48];
		hwloc_obj_t first = NULL;
		int n = 0;

		/* the least size above the last one that was printed */
		for (hwloc_obj_t o = NULL; (o = hwloc_get_next_obj_by_type(t, type, o));)
			if (hwloc_bitmap_isincluded(o->cpuset, cpuset) && o->attr->cache.size > last && o->attr->cache.size < size)
				size = o->attr->cache.size;
		if (size == UINT64_MAX)
			return;
		for (hwloc_obj_t o = NULL; (o = hwloc_get_next_obj_by_type(t, type, o));)
			if (hwloc_bitmap_isincluded(o->cpuset, cpuset) && o->attr->cache.size == size) {
				first = first ? first : o;
				n++;
			}
		fprintf(out, "      %-9s %d x %s, %s%s\n", name, n, cache_size(size, text), cores_in(t, first->cpuset, cores),
		        n > 1 ? " each" : "");
		last = size;
	}
}

static void print_node(FILE *out, const char *indent, hwloc_obj_t node) {
	char list[WM_BRIEF_LIST];

	wm_list_brief(node->cpuset, list);
	fprintf(out, "%sNUMA %-4u %.1f GB, %s%s\n", indent, node->os_index, (double)node->attr->numanode.local_memory / 1e9,
	        *list ? "PUs " : "no cores of its own", list);
}

static void print_package(FILE *out, hwloc_topology_t t, hwloc_obj_t package) {
	static const struct {
		hwloc_obj_type_t type;
		const char *name;
	} caches[] = {
		{HWLOC_OBJ_MEMCACHE, "memory"}, {HWLOC_OBJ_L5CACHE, "L5"}, {HWLOC_OBJ_L4CACHE, "L4"},
		{HWLOC_OBJ_L3CACHE, "L3"},      {HWLOC_OBJ_L2CACHE, "L2"}, {HWLOC_OBJ_L1CACHE, "L1"},
	};
	char list[WM_BRIEF_LIST], cores[48];
	const char *name = info(package, "CPUModel");

	if (!*name)
		name = info(hwloc_get_root_obj(t), "CPUModel");
	wm_list_brief(package->cpuset, list);
	if (package->type != HWLOC_OBJ_PACKAGE || package->os_index == HWLOC_UNKNOWN_INDEX)
		fprintf(out, "  package ?   ");
	else
		fprintf(out, "  package %u   ", package->os_index);
	fprintf(out, "%s%s%s, PUs %s\n", name, *name ? ", " : "", cores_in(t, package->cpuset, cores), list);
	for (hwloc_obj_t o = NULL; (o = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_NUMANODE, o));)
		if (!hwloc_bitmap_iszero(o->cpuset) && hwloc_bitmap_isincluded(o->cpuset, package->cpuset))
			print_node(out, "      ", o);
	for (size_t i = 0; i < sizeof(caches) / sizeof(caches[0]); i++)
		print_caches(out, t, package->cpuset, caches[i].type, caches[i].name);
}

/* Nodes of no single package: memory without cores, or memory that packages share. */
static void print_other_nodes(FILE *out, hwloc_topology_t t) {
	for (hwloc_obj_t o = NULL; (o = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_NUMANODE, o));) {
		bool printed = false;

		for (hwloc_obj_t p = NULL; (p = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_PACKAGE, p));)
			printed = printed || (!hwloc_bitmap_iszero(o->cpuset) && hwloc_bitmap_isincluded(o->cpuset, p->cpuset));
		if (!printed)
			print_node(out, "  ", o);
	}
}

/* Which PUs this process may use, and which it is kept off: offline, not in its control group's cpuset, or not in the
 * affinity that it was started with. */
static void print_usable(FILE *out, const struct wm_topology *topo) {
	hwloc_bitmap_t off = hwloc_bitmap_dup(hwloc_get_root_obj(topo->t)->complete_cpuset);
	char list[WM_BRIEF_LIST], cores[48], pus[48];

	hwloc_bitmap_andnot(off, off, topo->usable);
	wm_list_brief(topo->usable, list);
	fprintf(out, "  usable here %s, %s: %s\n", cores_in(topo->t, topo->usable, cores),
	        counted(hwloc_bitmap_weight(topo->usable), "PU", pus), list);
	if (!hwloc_bitmap_iszero(off)) {
		wm_list_brief(off, list);
		fprintf(out, "  not usable  PUs %s: offline, or kept from this process by its cpuset or affinity\n", list);
	}
	hwloc_bitmap_free(off);
}

void wm_picture_machine(FILE *out, const struct wm_topology *topo) {
	hwloc_topology_t t = topo->t;
	hwloc_obj_t root = hwloc_get_root_obj(t);
	int packages = hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_PACKAGE), nodes = 0;
	char text[4][48];
	uint64_t memory = 0;

	for (hwloc_obj_t o = NULL; (o = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_NUMANODE, o)); nodes++)
		memory += o->attr->numanode.local_memory;
	fprintf(out, "machine\n  %s%s%s, %s, %s, %s with %.1f GB\n", info(root, "Architecture"),
	        *info(root, "Architecture") ? ": " : "",
	        packages > 0 ? counted(packages, "package", text[0]) : "packages unknown",
	        cores_in(t, root->cpuset, text[1]), counted(hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_PU), "PU", text[2]),
	        counted(nodes, "NUMA node", text[3]), (double)memory / 1e9);
	print_usable(out, topo);
	for (hwloc_obj_t p = NULL; (p = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_PACKAGE, p));)
		print_package(out, t, p);
	if (packages == 0)
		print_package(out, t, root);
	else
		print_other_nodes(out, t);
}

/* ---- devices ------------------------------------------------------------------------------------------------ */

static bool same_silicon(const struct wm_device *a, const struct wm_device *b) {
	if (a->on_host || b->on_host)
		return a->on_host && b->on_host;
	return a == b || (*a->pci && strcasecmp(a->pci, b->pci) == 0);
}

/* Has one of the devices before i the same silicon? */
static bool is_shown(const struct wm_device *devs, int i) {
	for (int j = 0; j < i; j++)
		if (same_silicon(&devs[j], &devs[i]))
			return true;
	return false;
}

/* "cuda:0, opencl:1": every device that is this silicon. */
static void join_ids(const struct wm_device *devs, int n, int i, char *out, size_t room) {
	size_t used = 0;

	out[0] = '\0';
	for (int j = i; j < n; j++)
		if (same_silicon(&devs[j], &devs[i]) && used < room)
			used += (size_t)snprintf(out + used, room - used, "%s%s", used ? ", " : "", devs[j].id);
}

static void print_off(FILE *out, const struct wm_device *devs, int n, int i) {
	for (int j = i; j < n; j++)
		if (same_silicon(&devs[j], &devs[i]) && *devs[j].off)
			fprintf(out, "      %-9s %s: %s\n", "off", devs[j].id, devs[j].off);
}

/* Nearest cores, their package and node: those of the closest object with cores above the device. */
static void print_near(FILE *out, const struct wm_topology *topo, hwloc_obj_t o) {
	hwloc_obj_t place = hwloc_get_non_io_ancestor_obj(topo->t, o), package = place;
	hwloc_bitmap_t usable = hwloc_bitmap_dup(place->cpuset);
	char list[WM_BRIEF_LIST];

	while (package && package->type != HWLOC_OBJ_PACKAGE)
		package = package->parent;
	fprintf(out, "      %-9s ", "near");
	if (package)
		fprintf(out, "package %u, ", package->os_index);
	wm_list_brief(place->nodeset, list);
	fprintf(out, "NUMA %s", list);
	hwloc_bitmap_and(usable, usable, topo->usable);
	wm_list_brief(usable, list);
	fprintf(out, ", PUs %s\n", *list ? list : "that this process may not use");
	hwloc_bitmap_free(usable);
}

/* The PCI bridges on the way to the root; what shares one shares its link upwards. */
static void print_bridges(FILE *out, hwloc_obj_t o) {
	const char *before = "";

	for (o = o->parent; o && o->type == HWLOC_OBJ_BRIDGE; o = o->parent) {
		const struct hwloc_bridge_attr_s *b = &o->attr->bridge;

		if (b->upstream_type == HWLOC_OBJ_BRIDGE_PCI)
			fprintf(out, "%sPCI bridge %04x:%02x:%02x.%01x", before, b->upstream.pci.domain, b->upstream.pci.bus,
			        b->upstream.pci.dev, b->upstream.pci.func);
		else
			fprintf(out, "%shost bridge of buses %04x:%02x-%02x", before, b->downstream.pci.domain,
			        b->downstream.pci.secondary_bus, b->downstream.pci.subordinate_bus);
		before = ", ";
	}
	fprintf(out, "%s", *before ? "" : "no bridge that hwloc shows");
}

/* Of this machine /sys tells the link with its width; a file has the speed that hwloc found, 0 where it found none. */
static void print_pci_link(FILE *out, const struct wm_topology *topo, const char *root, const char *pci,
                           hwloc_obj_t o) {
	char text[128];

	if (topo->real && wm_links_pci(root, pci, text, sizeof(text)))
		fprintf(out, "      %-9s %s\n", "PCI link", text);
	else if (o->attr->pcidev.linkspeed > 0)
		fprintf(out, "      %-9s %.1f GB/s\n", "PCI link", (double)o->attr->pcidev.linkspeed);
	else
		fprintf(out, "      %-9s unknown: %s\n", "PCI link", topo->real ? text : "the topology file does not say");
}

static void print_place(FILE *out, const struct wm_topology *topo, const char *root, const char *pci) {
	hwloc_obj_t o = *pci ? hwloc_get_pcidev_by_busidstring(topo->t, pci) : NULL;

	if (!*pci) {
		fprintf(out, "      %-9s unknown: its driver tells no PCI address\n", "place");
		return;
	}
	if (!o) {
		fprintf(out, "      %-9s unknown: hwloc shows no PCI device %s\n", "place", pci);
		return;
	}
	print_near(out, topo, o);
	fprintf(out, "      %-9s ", "through");
	print_bridges(out, o);
	fprintf(out, "\n");
	print_pci_link(out, topo, root, pci, o);
}

/* The list of a device as people read it: every second PU of a large machine is not one line of a screen. */
static const char *brief_list(const char *list, char out[WM_BRIEF_LIST]) {
	hwloc_bitmap_t set = hwloc_bitmap_alloc();

	out[0] = '\0';
	if (wm_list_parse(list, set))
		wm_list_brief(set, out);
	hwloc_bitmap_free(set);
	return out;
}

static void print_device(FILE *out, const struct wm_topology *topo, const char *root, const struct wm_device *devs,
                         int n, int i) {
	const struct wm_device *d = &devs[i];
	char ids[1024], list[WM_BRIEF_LIST];

	join_ids(devs, n, i, ids, sizeof(ids));
	fprintf(out, "  %-11s %s%s%s", ids, *d->name ? d->name : "(no name)", *d->pci ? ", PCI " : "", d->pci);
	if (d->mem_bytes)
		fprintf(out, ", %.1f GB", (double)d->mem_bytes / 1e9);
	fprintf(out, "\n");
	if (d->on_host)
		fprintf(out, "      %-9s the packages above: PUs %s, NUMA %s\n", "is", brief_list(d->cpuset, list), d->nodeset);
	else
		print_place(out, topo, root, d->pci);
	if (*d->state)
		fprintf(out, "      %-9s %s\n", "state", d->state);
	if (*d->unlike)
		fprintf(out, "      %-9s it is not as it comes: %s\n", "doubt", d->unlike);
	if (*d->links)
		fprintf(out, "      %-9s %s\n", "links", d->links);
	print_off(out, devs, n, i);
}

/* Accelerators that hwloc sees and no backend has opened. A device without an address may be one of them. */
static void print_undriven(FILE *out, const struct wm_topology *topo, const char *root, const struct wm_device *devs,
                           int n) {
	enum { MOST = 128 };
	struct wm_device *all = wm_zalloc(MOST * sizeof(*all));
	int found = 0;

	if (wm_topology_accelerators(topo, all, MOST, &found) != WM_OK)
		found = 0;
	for (int i = 0; i < found; i++) {
		bool driven = false;

		for (int j = 0; j < n; j++)
			driven = driven || same_silicon(&devs[j], &all[i]);
		if (driven)
			continue;
		fprintf(out, "  %-11s %s, PCI %s\n      %-9s no backend shows a device with this address\n", "(no id)",
		        all[i].name, all[i].pci, "off");
		print_place(out, topo, root, all[i].pci);
	}
	free(all);
}

/* Network (PCI base class 02) and storage (01): what data comes and goes by. */
static void print_others(FILE *out, const struct wm_topology *topo) {
	for (hwloc_obj_t o = NULL; (o = hwloc_get_next_pcidev(topo->t, o));) {
		const struct hwloc_pcidev_attr_s *p = &o->attr->pcidev;
		unsigned base_class = p->class_id >> 8;
		char list[WM_BRIEF_LIST];

		if (base_class != 0x01 && base_class != 0x02)
			continue;
		wm_list_brief(hwloc_get_non_io_ancestor_obj(topo->t, o)->nodeset, list);
		fprintf(out, "  %-11s PCI %04x:%02x:%02x.%01x (%04x:%04x), NUMA %s, through ",
		        base_class == 0x02 ? "network" : "storage", p->domain, p->bus, p->dev, p->func, p->vendor_id,
		        p->device_id, list);
		print_bridges(out, o);
		for (hwloc_obj_t c = o->io_first_child; c; c = c->next_sibling)
			if (c->type == HWLOC_OBJ_OS_DEVICE && c->name)
				fprintf(out, "; %s", c->name);
		fprintf(out, "\n");
	}
}

void wm_picture_devices(FILE *out, const struct wm_topology *topo, const char *root, const struct wm_device *devs,
                        int n) {
	fprintf(out, "devices\n");
	for (int i = 0; i < n; i++)
		if (!is_shown(devs, i))
			print_device(out, topo, root, devs, n, i);
	print_undriven(out, topo, root, devs, n);
	print_others(out, topo);
}

/* ---- links -------------------------------------------------------------------------------------------------- */

/* One matrix: rows give, columns take. */
static void print_matrix(FILE *out, const char *title, const char *const *ids, int n, const struct wm_links *links,
                         bool hops) {
	fprintf(out, "  %s\n  %-11s", title, "");
	for (int j = 0; j < n; j++)
		fprintf(out, " %9s", ids[j]);
	fprintf(out, "\n");
	for (int i = 0; i < n; i++) {
		fprintf(out, "  %-11s", ids[i]);
		for (int j = 0; j < n; j++) {
			if (i == j || (hops ? links->hops[i][j] == 0 : links->bytes_per_s[i][j] <= 0))
				fprintf(out, " %9s", i == j ? "." : "-");
			else if (hops)
				fprintf(out, " %9d", links->hops[i][j]);
			else
				fprintf(out, " %9.1f", links->bytes_per_s[i][j] / 1e9);
		}
		fprintf(out, "\n");
	}
}

static bool any_hops(const struct wm_links *links, int n) {
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			if (links->hops[i][j])
				return true;
	return false;
}

void wm_picture_links(FILE *out, const struct wm_topology *topo, const char *root, const struct wm_device *devs,
                      int n) {
	struct wm_links *links = wm_zalloc(sizeof(*links));
	const struct wm_device *linked[WM_MAX_LINKED];
	const char *ids[WM_MAX_LINKED];
	char why[512];
	char pci[WM_MAX_LINKED][WM_PCI_CHARS];
	int count = 0;

	for (int i = 0; i < n && count < WM_MAX_LINKED; i++) {
		if (devs[i].on_host || !*devs[i].pci || is_shown(devs, i))
			continue;
		ids[count] = devs[i].id;
		linked[count] = &devs[i];
		snprintf(pci[count++], WM_PCI_CHARS, "%s", devs[i].pci);
	}
	if (count >= 2) {
		fprintf(out, "links between accelerators\n");
		bool read = wm_links_read(topo, root, (const char(*)[WM_PCI_CHARS])pci, count, links) == WM_OK;

		snprintf(why, sizeof(why), "%s", wm_why());
		if (!read && wm_links_told(linked, count, links) != WM_OK) {
			fprintf(out, "  unknown: %s\n", why);
		} else {
			char title[128];

			snprintf(title, sizeof(title), "GB/s from row to column (%s); - is none, or not told", links->source);
			print_matrix(out, title, ids, count, links, false);
			if (any_hops(links, count))
				print_matrix(out, "hops", ids, count, links, true);
		}
	}
	free(links);
}
