/* SPDX-License-Identifier: Apache-2.0 */
/*
 * powercap.c - RAPL as /sys/class/powercap shows it: energy counters of Intel's processors and AMD's since Zen.
 *
 * Zones are known by their names (drivers/powercap/intel_rapl_common.c of Linux): package-N or, where a package has
 * several counters, package-N-die-M; below each of them core, uncore and dram, which is not in the package; psys beside
 * or below. A package is one source, of all its dies, and with its DRAM a second one. The control type intel-rapl-mmio
 * shows the same packages once more and is left alone.
 */
#include "files.h"

#include "system/sysfile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "/sys/class/powercap"
/* since the fix of CVE-2020-8694 (Linux 5.10) */
#define REMEDY "as root: chmod a+r " FOLDER "/*/energy_uj"
/* "updated every 1ms": Documentation/hwmon/amd_energy.rst of Linux 5.8, of the same registers */
#define REFRESH_S 0.001
#define JOULES 1e-6

enum { MOST_ZONES = 128, MOST_FILES = 16 };

struct zone {
	char folder[32]; /* "intel-rapl:0:1" */
	char name[32];   /* "dram" */
	int parent;      /* index of the zone that it is listed under; -1: none */
	int package;     /* -1: none */
};

struct zones {
	const char *root;
	struct zone v[MOST_ZONES];
	int n;
};

static bool is_package(const struct zone *zone) {
	return strncmp(zone->name, "package-", strlen("package-")) == 0;
}

static bool is_dram(const struct zone *zone) {
	return strcmp(zone->name, "dram") == 0;
}

/* ---- finding ------------------------------------------------------------------------------------------------ */

static void take_zone(void *arg, const char *path) {
	struct zones *zones = arg;
	const char *folder = path + strlen(FOLDER "/");
	struct zone *zone = &zones->v[zones->n];

	if (zones->n == MOST_ZONES)
		return;
	*zone = (struct zone){.parent = -1, .package = -1};
	snprintf(zone->folder, sizeof(zone->folder), "%.*s", (int)strcspn(folder, "/"), folder);
	if (wm_sysfile_line(zones->root, path, zone->name, sizeof(zone->name)))
		zones->n++;
}

/* "intel-rapl:0:1" is listed under "intel-rapl:0". */
static int parent_of(const struct zones *zones, const struct zone *zone) {
	size_t n = (size_t)(strrchr(zone->folder, ':') - zone->folder);

	for (int i = 0; i < zones->n; i++)
		if (strlen(zones->v[i].folder) == n && strncmp(zones->v[i].folder, zone->folder, n) == 0)
			return i;
	return -1;
}

static int package_of(const struct zones *zones, const struct zone *zone) {
	int package;

	if (sscanf(zone->name, "package-%d", &package) == 1)
		return package;
	return zone->parent < 0 ? -1 : package_of(zones, &zones->v[zone->parent]);
}

static void relate(struct zones *zones) {
	for (int i = 0; i < zones->n; i++)
		zones->v[i].parent = parent_of(zones, &zones->v[i]);
	for (int i = 0; i < zones->n; i++)
		zones->v[i].package = package_of(zones, &zones->v[i]);
}

/* Joules at which a zone's counter begins again; NAN: it does not say. */
static double range_of(const char *root, const char *folder) {
	char path[128];
	double range_uj;

	snprintf(path, sizeof(path), FOLDER "/%s/max_energy_range_uj", folder);
	return wm_number_look(root, path, &range_uj) == WM_OK ? JOULES * range_uj : NAN;
}

/*
 * Adds a zone to what a source reads. The counter of one zone is given as it is, and the range says where it wraps; of
 * several the meter undoes the wraps before it adds them up, and their sum has none.
 */
static void weigh(const struct zones *zones, const struct zone *zone, struct wm_source *source) {
	double range_j = range_of(zones->root, zone->folder);
	char path[128];

	source->range_j = source->where[0] ? INFINITY : range_j;
	/* the file says what 2^32 - 1 units are */
	source->quantum = fmin(source->quantum, range_j / UINT32_MAX);
	if (!wm_files_add(source->where, sizeof(source->where), " ", zone->folder))
		snprintf(source->off, sizeof(source->off), "more zones than one source can hold: %.200s ..", source->where);
	wm_files_add(source->word, sizeof(source->word), " + ", zone->name);
	snprintf(path, sizeof(path), FOLDER "/%s/energy_uj", zone->folder);
	wm_source_try(source, zones->root, path, REMEDY);
}

static struct wm_source begin(enum wm_scope scope, int package) {
	struct wm_source source = wm_source_of("powercap", scope, WM_COUNTER);

	source.package = package;
	source.refresh_s = REFRESH_S;
	return source;
}

/* All dies of a package, with their DRAM or without. False: it has none, or not of every die. */
static bool package_source(const struct zones *zones, int package, bool with_dram, struct wm_source *source_p) {
	struct wm_source source = begin(with_dram ? WM_SCOPE_CPU_DRAM : WM_SCOPE_CPU, package);
	int dies = 0, drams = 0;

	for (int i = 0; i < zones->n; i++) {
		const struct zone *zone = &zones->v[i];

		if (zone->package != package || !(is_package(zone) || (with_dram && is_dram(zone))))
			continue;
		dies += is_package(zone);
		drams += is_dram(zone);
		weigh(zones, zone, &source);
	}
	snprintf(source.id, sizeof(source.id), "powercap:package-%d%s", package, with_dram ? "+dram" : "");
	snprintf(source.note, sizeof(source.note), "%s", with_dram ? "package and DRAM" : "package without DRAM");
	*source_p = source;
	return dies > 0 && (!with_dram || drams == dies);
}

static void part_source(const struct zones *zones, const struct zone *zone, struct wm_source *source_p) {
	struct wm_source source = begin(WM_SCOPE_PART, zone->package);
	char names[66], id_names[66];

	weigh(zones, zone, &source);
	snprintf(names, sizeof(names), "%s%s%s", zone->parent < 0 ? "" : zones->v[zone->parent].name,
	         zone->parent < 0 ? "" : "-", zone->name);
	wm_files_id_name(names, id_names, sizeof(id_names));
	snprintf(source.id, sizeof(source.id), "powercap:%s", id_names);
	snprintf(source.note, sizeof(source.note), "%s",
	         strncmp(zone->name, "psys", strlen("psys")) == 0
	             ? "what the maker of the board has wired to it: nobody states what that is"
	         : is_dram(zone) ? "not in the package"
	                         : "in the package");
	*source_p = source;
}

/* Is it the first zone of its package? */
static bool begins_package(const struct zones *zones, int i) {
	if (!is_package(&zones->v[i]))
		return false;
	for (int k = 0; k < i; k++)
		if (is_package(&zones->v[k]) && zones->v[k].package == zones->v[i].package)
			return false;
	return true;
}

static enum wm_status nothing(const char *root) {
	if (!wm_files_has(root, FOLDER))
		return wm_fail(WM_SKIP, "no %s: %s", FOLDER, strerror(errno));
	return wm_fail(WM_SKIP,
	               "no zone intel-rapl:N in %s: the processor has no RAPL, the module intel_rapl_msr is not "
	               "loaded, or a container or a virtual machine hides it",
	               FOLDER);
}

static enum wm_status find(const struct wm_meter_setup *setup, struct wm_source *sources, int max, int *n_p) {
	struct zones zones = {.root = setup->root};
	int n = 0;

	wm_files_each(setup->root, FOLDER "/intel-rapl:*/name", take_zone, &zones);
	if (zones.n == 0)
		return nothing(setup->root);
	relate(&zones);
	for (int i = 0; i < zones.n; i++)
		for (int with_dram = 0; with_dram < 2 && begins_package(&zones, i); with_dram++)
			if (n < max && package_source(&zones, zones.v[i].package, with_dram, &sources[n]))
				n++;
	for (int i = 0; i < zones.n && n < max; i++)
		if (!is_package(&zones.v[i]))
			part_source(&zones, &zones.v[i], &sources[n++]);
	*n_p = n;
	return WM_OK;
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

struct open_zones {
	struct wm_number energy[MOST_FILES];
	int n;
	struct wm_number cap; /* of a single zone */
};

/*
 * The limit that power cannot pass for long: the short-term one where there is one, else the long-term one (constraint
 * names of intel_rapl_common.c). None where the zone's limits are switched off, or where there are none (AMD).
 */
static void open_cap(const char *root, const char *folder, struct wm_number *cap_p) {
	static const char *const names[] = {"short_term", "long_term"};
	enum { MOST_CONSTRAINTS = 3 };
	char path[128], name[32];
	double enabled;

	snprintf(path, sizeof(path), FOLDER "/%s/enabled", folder);
	if (wm_number_look(root, path, &enabled) || enabled == 0)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (int k = 0; k < MOST_CONSTRAINTS; k++) {
			snprintf(path, sizeof(path), FOLDER "/%s/constraint_%d_name", folder, k);
			if (!wm_sysfile_line(root, path, name, sizeof(name)) || strcmp(name, names[i]) != 0)
				continue;
			snprintf(path, sizeof(path), FOLDER "/%s/constraint_%d_power_limit_uw", folder, k);
			if (wm_number_open(root, path, cap_p) == WM_OK)
				return;
		}
}

static void close_source(struct wm_source *source) {
	struct open_zones *open = source->priv;

	for (int i = 0; open && i < open->n; i++)
		wm_number_close(&open->energy[i]);
	if (open)
		wm_number_close(&open->cap);
	free(open);
	source->priv = NULL;
}

static enum wm_status open_source(const struct wm_meter_setup *setup, struct wm_source *source) {
	struct open_zones *open = wm_zalloc(sizeof(*open));
	const char *folders = source->where;
	char folder[32] = "", path[128];

	source->priv = open;
	while (open->n < MOST_FILES && wm_files_next(&folders, folder, sizeof(folder))) {
		struct wm_number *energy = &open->energy[open->n];
		enum wm_status st;

		snprintf(path, sizeof(path), FOLDER "/%s/energy_uj", folder);
		st = wm_number_open(setup->root, path, energy);
		if (st) {
			close_source(source);
			return st;
		}
		energy->range = range_of(setup->root, folder) / JOULES;
		open->n++;
	}
	if (open->n == 1)
		open_cap(setup->root, folder, &open->cap);
	return WM_OK;
}

static enum wm_status read_source(struct wm_source *source, struct wm_reading *reading_p) {
	struct open_zones *open = source->priv;
	struct wm_reading reading = wm_no_reading();
	double value;

	reading.joules = 0;
	for (int i = 0; i < open->n; i++) {
		enum wm_status st =
			open->n > 1 ? wm_number_count(&open->energy[i], &value) : wm_number_read(&open->energy[i], &value);

		if (st)
			return st;
		reading.joules += JOULES * value;
	}
	/* 0: not set */
	if (open->cap.is_open && wm_number_read(&open->cap, &value) == WM_OK && value > 0)
		reading.cap_w = 1e-6 * value;
	*reading_p = reading;
	return WM_OK;
}

const struct wm_meter wm_meter_powercap = {
	.name = "powercap",
	.about = "RAPL energy counters of Intel's and AMD's processors, from /sys/class/powercap",
	.find = find,
	.open = open_source,
	.read = read_source,
	.close = close_source,
};
