/* SPDX-License-Identifier: Apache-2.0 */
/* accelerators.c - accelerators as the topology shows them, for plans of machines that are not at hand. */
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

struct lookup {
	const char *section;         /* "10de:2330" */
	struct wm_device *dev;
};

static int take_fact(void *arg, const char *section, const char *key, const char *value) {
	const struct lookup *lookup = arg;

	if (strcmp(section, lookup->section) != 0)
		return 1;
	if (strcmp(key, "name") == 0)
		snprintf(lookup->dev->name, sizeof(lookup->dev->name), "%s", value);
	else if (strcmp(key, "memory_bytes") == 0)
		lookup->dev->mem_bytes = lookup->dev->free_bytes = strtoull(value, NULL, 10);
	else if (strcmp(key, "cache_bytes") == 0)
		lookup->dev->cache_bytes = strtoull(value, NULL, 10);
	return 1;
}

static enum wm_status put_facts(const struct hwloc_pcidev_attr_s *pci, struct wm_device *dev) {
	const char *text = wm_embedded(FACTS);
	struct lookup lookup = {.dev = dev};
	char section[16];
	int line;

	snprintf(section, sizeof(section), "%04x:%04x", pci->vendor_id, pci->device_id);
	snprintf(dev->name, sizeof(dev->name), "PCI %s", section);
	lookup.section = section;
	if (!text)
		return wm_fail(WM_FAILED, FACTS " is not embedded in this binary");
	line = ini_parse_string(text, take_fact, &lookup);
	if (line != 0)
		return wm_fail(WM_FAILED, FACTS ":%d: not a line of an INI file", line);
	return WM_OK;
}

/* ---- the list ----------------------------------------------------------------------------------------------- */

static enum wm_status fill(const struct wm_topology *topo, hwloc_obj_t o, int vendor, int ordinal,
                           struct wm_device *dev_p) {
	const struct hwloc_pcidev_attr_s *pci = &o->attr->pcidev;
	struct wm_device dev = {.ordinal = ordinal};
	enum wm_status st;

	snprintf(dev.id, sizeof(dev.id), "%s:%d", vendors[vendor].backend, ordinal);
	snprintf(dev.backend, sizeof(dev.backend), "%s", vendors[vendor].backend);
	snprintf(dev.vendor, sizeof(dev.vendor), "%s", vendors[vendor].vendor);
	snprintf(dev.pci, sizeof(dev.pci), "%04x:%02x:%02x.%01x", pci->domain, pci->bus, pci->dev, pci->func);
	st = put_facts(pci, &dev);
	if (st == WM_OK)
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
