/* SPDX-License-Identifier: Apache-2.0 */
/* accelerators.c - published facts of accelerators by PCI id, and plans of machines that are not at hand. */
#include "accelerators.h"

#include "sysfile.h"
#include "topology_private.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>

#define FACTS "results/reference/accelerators.ini"

/* Whose PCI devices which backend drives. */
static const struct {
	unsigned short pci;
	const char *backend, *vendor;
} vendors[] = {
	{0x10de, "cuda", "NVIDIA"},
	{0x1002, "hip", "AMD"},
};
enum { VENDORS = sizeof(vendors) / sizeof(vendors[0]) };

/* Index into vendors, or -1 when the device is no accelerator of theirs: PCI base class 03 is display (3D included),
 * 12 a processing accelerator. */
static int vendor_of(const struct hwloc_pcidev_attr_s *pci) {
	unsigned base_class = pci->class_id >> 8;

	for (int i = 0; i < VENDORS; i++)
		if (pci->vendor_id == vendors[i].pci && (base_class == 0x03 || base_class == 0x12))
			return i;
	return -1;
}

static int by_address(const void *a, const void *b) {
	const struct hwloc_pcidev_attr_s *x = &(*(hwloc_obj_t const *)a)->attr->pcidev;
	const struct hwloc_pcidev_attr_s *y = &(*(hwloc_obj_t const *)b)->attr->pcidev;

	if (x->domain != y->domain)
		return x->domain < y->domain ? -1 : 1;
	if (x->bus != y->bus)
		return (int)x->bus - (int)y->bus;
	return x->dev != y->dev ? (int)x->dev - (int)y->dev : (int)x->func - (int)y->func;
}

/* ---- published facts by PCI id ------------------------------------------------------------------------------ */

/* One section of the file; "" and 0 where there is none. */
struct facts {
	char name[sizeof(((struct wm_device *)0)->name)];
	uint64_t memory_bytes, cache_bytes;
};

struct lookup {
	char section[16]; /* "10de:2330" */
	struct facts facts;
};

static int take_fact(void *arg, const char *section, const char *key, const char *value) {
	struct lookup *lookup = arg;

	if (strcmp(section, lookup->section) != 0)
		return 1;
	if (strcmp(key, "name") == 0)
		snprintf(lookup->facts.name, sizeof(lookup->facts.name), "%s", value);
	else if (strcmp(key, "memory_bytes") == 0)
		lookup->facts.memory_bytes = strtoull(value, NULL, 10);
	else if (strcmp(key, "cache_bytes") == 0)
		lookup->facts.cache_bytes = strtoull(value, NULL, 10);
	return 1;
}

static enum wm_status look_up(unsigned vendor, unsigned device, struct facts *facts_p) {
	const char *text = wm_embedded(FACTS);
	struct lookup lookup = {.section = ""};
	int line;

	if (!text)
		return wm_fail(WM_FAILED, FACTS " is not embedded in this binary");
	snprintf(lookup.section, sizeof(lookup.section), "%04x:%04x", vendor & 0xffffu, device & 0xffffu);
	line = ini_parse_string(text, take_fact, &lookup);
	if (line != 0)
		return wm_fail(WM_FAILED, FACTS ":%d: not a line of an INI file", line);
	*facts_p = lookup.facts;
	return WM_OK;
}

/* "0x10de" in a file of that device's folder. */
static bool read_id(const char *root, const char *pci, const char *file, unsigned *id_p) {
	char path[96], text[32];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.32s/%s", pci, file);
	return wm_sysfile_line(root, path, text, sizeof(text)) && sscanf(text, "%x", id_p) == 1;
}

uint64_t wm_accelerator_cache_bytes(const char *root, const char *pci) {
	unsigned vendor, device;
	struct facts facts = {.cache_bytes = 0};

	if (!*pci || !read_id(root, pci, "vendor", &vendor) || !read_id(root, pci, "device", &device))
		return 0;
	return look_up(vendor, device, &facts) == WM_OK ? facts.cache_bytes : 0;
}

bool wm_accelerator_ids(const char *xml, const char *pci, char ids[WM_PCI_IDS_CHARS]) {
	struct wm_topology *topo;
	if (wm_topology_open(xml, &topo) != WM_OK)
		return false;
	hwloc_obj_t o = hwloc_get_pcidev_by_busidstring(topo->t, pci);
	if (o)
		snprintf(ids, WM_PCI_IDS_CHARS, "%04x:%04x", o->attr->pcidev.vendor_id, o->attr->pcidev.device_id);
	wm_topology_close(topo);
	return o;
}

/* ---- the list ----------------------------------------------------------------------------------------------- */

static enum wm_status fill(const struct wm_topology *topo, hwloc_obj_t o, int vendor, int ordinal,
                           struct wm_device *dev_p) {
	const struct hwloc_pcidev_attr_s *pci = &o->attr->pcidev;
	struct wm_device dev = {.ordinal = ordinal};
	struct facts facts = {.cache_bytes = 0};
	enum wm_status st = look_up(pci->vendor_id, pci->device_id, &facts);

	if (st != WM_OK)
		return st;

	snprintf(dev.id, sizeof(dev.id), "%s:%d", vendors[vendor].backend, ordinal);
	snprintf(dev.backend, sizeof(dev.backend), "%s", vendors[vendor].backend);
	snprintf(dev.vendor, sizeof(dev.vendor), "%s", vendors[vendor].vendor);
	snprintf(dev.pci, sizeof(dev.pci), "%04x:%02x:%02x.%01x", pci->domain, pci->bus, pci->dev, pci->func);
	if (*facts.name)
		memcpy(dev.name, facts.name, sizeof(dev.name));
	else
		snprintf(dev.name, sizeof(dev.name), "PCI %04x:%04x", pci->vendor_id, pci->device_id);
	dev.mem_bytes = dev.free_bytes = facts.memory_bytes;
	dev.cache_bytes = facts.cache_bytes;
	st = wm_topology_near(topo, &dev);
	if (st == WM_OK)
		*dev_p = dev;
	return st;
}

enum wm_status wm_topology_accelerators(const struct wm_topology *topo, struct wm_device *devs, int max, int *n_p) {
	int found = 0, n = 0, ordinal[VENDORS] = {0};
	hwloc_obj_t *list, o = NULL;
	enum wm_status st = WM_OK;

	while ((o = hwloc_get_next_pcidev(topo->t, o)))
		found += vendor_of(&o->attr->pcidev) >= 0;
	list = wm_zalloc(((size_t)found + 1) * sizeof(hwloc_obj_t));
	while ((o = hwloc_get_next_pcidev(topo->t, o)))
		if (vendor_of(&o->attr->pcidev) >= 0)
			list[n++] = o;
	qsort(list, (size_t)found, sizeof(hwloc_obj_t), by_address);
	if (found > max)
		found = max;
	for (n = 0; n < found && st == WM_OK; n++) {
		int vendor = vendor_of(&list[n]->attr->pcidev);

		st = fill(topo, list[n], vendor, ordinal[vendor]++, &devs[n]);
	}
	free(list);
	if (st == WM_OK)
		*n_p = found;
	return st;
}
