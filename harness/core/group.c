/* SPDX-License-Identifier: Apache-2.0 */
/* group.c - groups of devices: their ids, their members, and what they are as a device. */
#include "group.h"

#include "cases.h"
#include "registry.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ORDINALS = 1 << 16 };

/* An id taken apart: the backend's name and the numbers in the list. */
struct list {
	char backend[16];
	int number[WM_MAX_RANKS];
	int n;
};

/* A number without sign; false: none is there. */
static bool read_number(const char **at, int *number_p) {
	char *end;
	long x;

	if (**at < '0' || **at > '9')
		return false;
	x = strtol(*at, &end, 10);
	if (x >= MOST_ORDINALS)
		return false;
	*at = end;
	*number_p = (int)x;
	return true;
}

/* One number or range; false: not one, or more ranks than there can be. */
static bool read_range(const char **at, struct list *l) {
	int first, last;

	if (!read_number(at, &first))
		return false;
	last = first;
	if (**at == '-') {
		++*at;
		if (!read_number(at, &last) || last <= first)
			return false;
	}
	for (int i = first; i <= last; i++) {
		if (l->n == WM_MAX_RANKS)
			return false;
		l->number[l->n++] = i;
	}
	return true;
}

static bool read_id(const char *id, struct list *list_p) {
	const char *at = strchr(id, ':');
	struct list l = {.n = 0};

	if (!at || (size_t)(at - id) >= sizeof(l.backend))
		return false;
	memcpy(l.backend, id, (size_t)(at - id));
	do {
		at++;
		if (!read_range(&at, &l))
			return false;
	} while (*at == ',');
	if (*at || l.n < 2 || !wm_backend_find(l.backend))
		return false;
	*list_p = l;
	return true;
}

/* Runs of two or more as a range, so that one list has one id. False: it is too long for an id. */
static bool write_id(const struct list *l, char id[96]) {
	int used = snprintf(id, 96, "%s:", l->backend);

	for (int i = 0, run; i < l->n && used < 96; i += run) {
		for (run = 1; i + run < l->n && l->number[i + run] == l->number[i] + run; run++)
			;
		used += snprintf(id + used, (size_t)(96 - used), "%s%d", i ? "," : "", l->number[i]);
		if (run > 1 && used < 96)
			used += snprintf(id + used, (size_t)(96 - used), "-%d", l->number[i + run - 1]);
	}
	return used < 96;
}

bool wm_group_id(const char *word, char id[96]) {
	struct list l;

	return read_id(word, &l) && write_id(&l, id);
}

/* ---- members ------------------------------------------------------------------------------------------------ */

/* Can it be one rank of several, each with memory and a queue of its own? */
static bool can_join(const struct wm_device *dev) {
	return !dev->on_host && dev->threads == 0 && dev->ranks == 0;
}

static int find_device(const struct wm_device *devs, int n, const char *backend, int number) {
	char id[96];

	snprintf(id, sizeof(id), "%s:%d", backend, number);
	for (int i = 0; i < n; i++)
		if (strcmp(devs[i].id, id) == 0)
			return i;
	return -1;
}

bool wm_group_of_all(const struct wm_device *devs, int n, const char *backend, char id[96]) {
	struct list l = {.n = 0};

	snprintf(l.backend, sizeof(l.backend), "%s", backend);
	for (int i = 0; i < n; i++) {
		if (strcmp(devs[i].backend, backend) != 0 || devs[i].off[0] || !can_join(&devs[i]))
			continue;
		if (l.n == WM_MAX_RANKS)
			return false;
		l.number[l.n++] = devs[i].ordinal;
	}
	return l.n >= 2 && write_id(&l, id);
}

int wm_group_members(const struct wm_device *devs, int n, const struct wm_device *dev, int index[WM_MAX_RANKS]) {
	struct list l;

	if (dev->ranks == 0 || !read_id(dev->id, &l)) {
		index[0] = (int)(dev - devs);
		return 1;
	}
	for (int r = 0; r < l.n; r++)
		index[r] = find_device(devs, n, l.backend, l.number[r]);
	return l.n;
}

static enum wm_status find_members(const struct wm_device *devs, int n, const char *id, const struct list *l,
                                   int index[WM_MAX_RANKS]) {
	for (int r = 0; r < l->n; r++) {
		index[r] = find_device(devs, n, l->backend, l->number[r]);
		if (index[r] < 0)
			return wm_fail(WM_INPUT, "device %s: %s:%d is not here; see wattmark list", id, l->backend, l->number[r]);
		if (!can_join(&devs[index[r]]))
			return wm_fail(WM_INPUT, "device %s: %s is made of the host's cores: no group", id, devs[index[r]].id);
		for (int k = 0; k < r; k++)
			if (index[k] == index[r])
				return wm_fail(WM_INPUT, "device %s: %s is in it twice", id, devs[index[r]].id);
	}
	return WM_OK;
}

/* ---- the group as a device ---------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b) {
	return strcmp(a, b);
}

/* "group" and a hash of the members' keys in rising order: the same set has the same after a reboot that numbered the
 * devices anew. */
static void set_key(const struct wm_device *devs, const int *index, int n, char uuid[48]) {
	char(*keys)[256] = wm_zalloc((size_t)n * sizeof(*keys));
	uint64_t hash;

	for (int r = 0; r < n; r++)
		wm_device_key(&devs[index[r]], keys[r], sizeof(keys[r]));
	qsort(keys, (size_t)n, sizeof(*keys), by_text);
	hash = wm_checksum(keys, (size_t)n * sizeof(*keys));
	snprintf(uuid, 48, "group of %d %016llx", n, (unsigned long long)hash);
	free(keys);
}

static uint64_t least(uint64_t a, uint64_t b) {
	return a < b ? a : b;
}

static void add_member(struct wm_device *g, const struct wm_device *dev) {
	g->mem_bytes = least(g->mem_bytes, dev->mem_bytes);
	g->free_bytes = least(g->free_bytes, dev->free_bytes);
	if (dev->max_alloc_bytes)
		g->max_alloc_bytes =
			g->max_alloc_bytes ? least(g->max_alloc_bytes, dev->max_alloc_bytes) : dev->max_alloc_bytes;
	if (dev->cache_bytes > g->cache_bytes)
		g->cache_bytes = dev->cache_bytes;
	g->features &= dev->features;
	if (dev->off[0] && !g->off[0])
		snprintf(g->off, sizeof(g->off), "%s: %.150s", dev->id, dev->off);
}

enum wm_status wm_group_make(const struct wm_device *devs, int n, const char *id, struct wm_device *group_p) {
	struct wm_device g;
	int index[WM_MAX_RANKS] = {0};
	bool alike = true;
	struct list l;
	enum wm_status st;

	if (!read_id(id, &l))
		return wm_fail(WM_INPUT, "'%s' is no group of devices", id);
	st = find_members(devs, n, id, &l, index);
	if (st != WM_OK)
		return st;
	g = devs[index[0]];
	if (!write_id(&l, g.id))
		return wm_fail(WM_INPUT, "device %s: a list that long has no id", id);
	g.ranks = l.n;
	g.units = 0;
	g.pci[0] = g.cpuset[0] = g.nodeset[0] = g.off[0] = 0;
	for (int r = 0; r < l.n; r++) {
		alike &= strcmp(devs[index[r]].name, devs[index[0]].name) == 0;
		add_member(&g, &devs[index[r]]);
	}
	snprintf(g.name, sizeof(g.name), "%d x %.100s%s", l.n, devs[index[0]].name, alike ? "" : " and others");
	set_key(devs, index, l.n, g.uuid);
	*group_p = g;
	return WM_OK;
}
