/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perf.c - RAPL as the kernel's PMU "power" counts it (arch/x86/events/rapl.c of Linux): for processes that may not
 * read /sys/class/powercap but may open system-wide events. Which CPU counts for which package, which event is what,
 * and how large its unit is, stand in /sys/bus/event_source/devices/power. The kernel makes 64 bits of the 32 of the
 * hardware, so nothing wraps; a count begins at 0 when it is opened.
 */
#include "files.h"

#include "system/sysfile.h"

#include <errno.h>
#include <hwloc.h>
#include <linux/perf_event.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOLDER "/sys/bus/event_source/devices/power"
#define PARANOID "/proc/sys/kernel/perf_event_paranoid"
/* as for powercap: the same registers */
#define REFRESH_S 0.001

enum { MOST_COUNTS = 32, LIST_CHARS = 96 };

/* events of rapl.c; of these energy-pkg is the package and energy-ram its DRAM, the others are parts */
enum { PACKAGE, DRAM };
static const char *const names[] = {"energy-pkg", "energy-ram", "energy-cores", "energy-gpu", "energy-psys"};
enum { EVENTS = sizeof(names) / sizeof(names[0]) };

struct event {
	bool there;
	unsigned config;
	double scale; /* joules a count */
};

struct pmu {
	const char *root;
	unsigned type;
	struct event events[EVENTS];
	int packages[WM_MOST_PACKAGES];
	int npackages;
	char cpus[WM_MOST_PACKAGES][LIST_CHARS]; /* that count for it: one, or one a die */
};

/* ---- finding ------------------------------------------------------------------------------------------------ */

/* "event=0x02"; its unit must be joules. Events that the processor lacks have no file. */
static void look_at_event(struct pmu *pmu, int i) {
	char path[128], text[64];
	struct event *event = &pmu->events[i];

	snprintf(path, sizeof(path), FOLDER "/events/%s", names[i]);
	if (!wm_sysfile_line(pmu->root, path, text, sizeof(text)) || sscanf(text, "event=%x", &event->config) != 1)
		return;
	snprintf(path, sizeof(path), FOLDER "/events/%s.unit", names[i]);
	if (!wm_sysfile_line(pmu->root, path, text, sizeof(text)) || strcmp(text, "Joules") != 0)
		return;
	snprintf(path, sizeof(path), FOLDER "/events/%s.scale", names[i]);
	event->there = wm_sysfile_line(pmu->root, path, text, sizeof(text)) && sscanf(text, "%lf", &event->scale) == 1 &&
	               event->scale > 0;
}

static enum wm_status add_cpu(struct pmu *pmu, unsigned cpu) {
	int package = wm_files_package_of_cpu(pmu->root, (int)cpu), i = 0;
	char number[16];

	if (package < 0)
		return wm_fail(WM_SKIP, "the package of CPU %u is not known: %s", cpu, wm_why());
	while (i < pmu->npackages && pmu->packages[i] != package)
		i++;
	if (i == WM_MOST_PACKAGES)
		return wm_fail(WM_SKIP, "more than %d packages", WM_MOST_PACKAGES);
	if (i == pmu->npackages)
		pmu->packages[pmu->npackages++] = package;
	snprintf(number, sizeof(number), "%u", cpu);
	if (!wm_files_add(pmu->cpus[i], sizeof(pmu->cpus[i]), ",", number))
		return wm_fail(WM_SKIP, "more CPUs count for package %d than one source can hold: %s ..", package,
		               pmu->cpus[i]);
	return WM_OK;
}

/* cpumask: "0,36". */
static enum wm_status look_at_cpus(struct pmu *pmu) {
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	enum wm_status st = WM_OK;
	char list[256];
	unsigned cpu;

	if (!wm_sysfile_line(pmu->root, FOLDER "/cpumask", list, sizeof(list)))
		st = wm_fail(WM_SKIP, "%s", list);
	else if (hwloc_bitmap_list_sscanf(set, list) || hwloc_bitmap_weight(set) < 1)
		st = wm_fail(WM_SKIP, FOLDER "/cpumask: '%s' is no list of CPUs", list);
	else {
		hwloc_bitmap_foreach_begin(cpu, set) if (st == WM_OK) st = add_cpu(pmu, cpu);
		hwloc_bitmap_foreach_end();
	}
	hwloc_bitmap_free(set);
	return st;
}

static enum wm_status look_at_pmu(struct pmu *pmu) {
	char format[32];
	double type;

	if (!wm_files_has(pmu->root, FOLDER))
		return wm_fail(WM_SKIP, "no %s: %s (it is x86's RAPL; a virtual machine has none)", FOLDER, strerror(errno));
	if (wm_number_look(pmu->root, FOLDER "/type", &type))
		return WM_SKIP;
	pmu->type = (unsigned)type;
	/* where the event's number goes into the configuration: bits 0 to 7 in every Linux so far */
	if (!wm_sysfile_line(pmu->root, FOLDER "/format/event", format, sizeof(format)) ||
	    strcmp(format, "config:0-7") != 0)
		return wm_fail(WM_SKIP, FOLDER "/format/event is not config:0-7 but %s", format);
	for (int i = 0; i < EVENTS; i++)
		look_at_event(pmu, i);
	return look_at_cpus(pmu);
}

static int open_count(unsigned type, unsigned config, int cpu) {
	struct perf_event_attr attr = {.type = type, .size = sizeof(attr), .config = config};

	return (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

/* Of an open_count that failed. */
static enum wm_status refused(int error, unsigned config, int cpu) {
	char paranoid[64];

	if (error != EACCES && error != EPERM)
		return wm_fail(WM_FAILED, "perf_event_open of event %u of %s on CPU %d: %s", config, FOLDER, cpu,
		               strerror(error));
	wm_sysfile_line("", PARANOID, paranoid, sizeof(paranoid));
	return wm_fail(WM_FAILED,
	               "permission: system-wide events are for root only (perf_event_paranoid is %s); as root: "
	               "sysctl kernel.perf_event_paranoid=0, or setcap cap_perfmon+ep on this program",
	               paranoid);
}

/* TYPE CPU[,CPU..] CONFIG*SCALE [CONFIG*SCALE]: what open needs, of every event on every one of these CPUs. */
static void add_event(const struct pmu *pmu, int package, int event, struct wm_source *source) {
	char text[64];

	if (!source->where[0])
		snprintf(source->where, sizeof(source->where), "%u %s", pmu->type, pmu->cpus[package]);
	snprintf(text, sizeof(text), "%u*%.17g", pmu->events[event].config, pmu->events[event].scale);
	wm_files_add(source->where, sizeof(source->where), " ", text);
	wm_files_add(source->word, sizeof(source->word), " + ", names[event]);
}

static void try(const struct pmu *pmu, int event, int cpu, struct wm_source *source) {
	int fd;

	/* the counters of the machine that this runs on say nothing of a folder's */
	if (pmu->root[0] || source->off[0])
		return;
	fd = open_count(pmu->type, pmu->events[event].config, cpu);
	if (fd >= 0) {
		close(fd);
		return;
	}
	refused(errno, pmu->events[event].config, cpu);
	snprintf(source->off, sizeof(source->off), "%.*s", (int)sizeof(source->off) - 1, wm_why());
}

static struct wm_source source_of(const struct pmu *pmu, int package, enum wm_scope scope, int first, int last) {
	struct wm_source source = wm_source_of("perf", scope, WM_COUNTER);

	source.package = pmu->packages[package];
	source.refresh_s = REFRESH_S;
	source.range_j = INFINITY;
	for (int event = first; event <= last; event++) {
		add_event(pmu, package, event, &source);
		try(pmu, event, atoi(pmu->cpus[package]), &source);
	}
	return source;
}

static void package_sources(const struct pmu *pmu, int package, struct wm_source *sources, int max, int *n) {
	int number = pmu->packages[package];

	if (*n < max && pmu->events[PACKAGE].there) {
		struct wm_source *source = &sources[(*n)++];

		*source = source_of(pmu, package, WM_SCOPE_CPU, PACKAGE, PACKAGE);
		snprintf(source->id, sizeof(source->id), "perf:package-%d", number);
		snprintf(source->note, sizeof(source->note), "package without DRAM");
	}
	if (*n < max && pmu->events[PACKAGE].there && pmu->events[DRAM].there) {
		struct wm_source *source = &sources[(*n)++];

		*source = source_of(pmu, package, WM_SCOPE_CPU_DRAM, PACKAGE, DRAM);
		snprintf(source->id, sizeof(source->id), "perf:package-%d+dram", number);
		snprintf(source->note, sizeof(source->note), "package and DRAM");
	}
}

static void part_sources(const struct pmu *pmu, int package, struct wm_source *sources, int max, int *n) {
	for (int event = DRAM; event < EVENTS; event++) {
		struct wm_source *source = &sources[*n];

		if (*n == max || !pmu->events[event].there)
			continue;
		(*n)++;
		*source = source_of(pmu, package, WM_SCOPE_PART, event, event);
		snprintf(source->id, sizeof(source->id), "perf:package-%d-%s", pmu->packages[package],
		         names[event] + strlen("energy-"));
		snprintf(source->note, sizeof(source->note), "%s",
		         strcmp(names[event], "energy-psys") == 0
		             ? "what the maker of the board has wired to it: nobody states what that is"
		         : event == DRAM ? "not in the package"
		                         : "in the package");
	}
}

static enum wm_status find(const struct wm_meter_setup *setup, struct wm_source *sources, int max, int *n_p) {
	struct pmu *pmu = wm_zalloc(sizeof(*pmu));
	enum wm_status st;
	int n = 0;

	pmu->root = setup->root;
	st = look_at_pmu(pmu);
	if (st == WM_OK) {
		for (int i = 0; i < pmu->npackages; i++)
			package_sources(pmu, i, sources, max, &n);
		for (int i = 0; i < pmu->npackages; i++)
			part_sources(pmu, i, sources, max, &n);
		if (n == 0)
			st = wm_fail(WM_SKIP, "no event energy-.. in joules in %s/events", FOLDER);
	}
	free(pmu);
	if (st == WM_OK)
		*n_p = n;
	return st;
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

struct counts {
	int n;
	struct count {
		int fd;
		double scale;
	} v[MOST_COUNTS];
};

static void close_source(struct wm_source *source) {
	struct counts *counts = source->priv;

	for (int i = 0; counts && i < counts->n; i++)
		close(counts->v[i].fd);
	free(counts);
	source->priv = NULL;
}

/* One event on every CPU of a list. */
static enum wm_status open_event(struct counts *counts, unsigned type, const char *cpus, const char *event) {
	unsigned config;
	double scale;

	if (sscanf(event, "%u*%lf", &config, &scale) != 2)
		return wm_fail(WM_FAILED, "'%s' is no event", event);
	for (const char *at = cpus; *at; at += strcspn(at, ","), at += *at == ',') {
		int cpu = atoi(at), fd;

		if (counts->n == MOST_COUNTS)
			return wm_fail(WM_FAILED, "more than %d counters for one source", MOST_COUNTS);
		fd = open_count(type, config, cpu);
		if (fd < 0)
			return refused(errno, config, cpu);
		counts->v[counts->n++] = (struct count){fd, scale};
	}
	return WM_OK;
}

static enum wm_status open_source(const struct wm_meter_setup *setup, struct wm_source *source) {
	const char *where = source->where;
	char type[16], cpus[LIST_CHARS], event[64];
	struct counts *counts;
	enum wm_status st = WM_OK;

	if (setup->root[0])
		return wm_fail(WM_FAILED, "the counters of this machine are not those of %s", setup->root);
	if (!wm_files_next(&where, type, sizeof(type)) || !wm_files_next(&where, cpus, sizeof(cpus)))
		return wm_fail(WM_FAILED, "'%s' says no type and no CPU", source->where);
	counts = wm_zalloc(sizeof(*counts));
	source->priv = counts;
	while (st == WM_OK && wm_files_next(&where, event, sizeof(event)))
		st = open_event(counts, (unsigned)atoi(type), cpus, event);
	if (st)
		close_source(source);
	return st;
}

static enum wm_status read_source(struct wm_source *source, struct wm_reading *reading_p) {
	const struct counts *counts = source->priv;
	struct wm_reading reading = wm_no_reading();

	reading.joules = 0;
	for (int i = 0; i < counts->n; i++) {
		uint64_t value;
		ssize_t n = read(counts->v[i].fd, &value, sizeof(value));

		if (n != sizeof(value))
			return wm_fail(WM_FAILED, "%s: reading its counter: %s", source->id,
			               n < 0 ? strerror(errno) : "it gave nothing, as one of a CPU does that is switched off");
		reading.joules += counts->v[i].scale * (double)value;
	}
	*reading_p = reading;
	return WM_OK;
}

const struct wm_meter wm_meter_perf = {
	.name = "perf",
	.about = "RAPL energy counters of Intel's and AMD's processors, from the kernel's performance events",
	.find = find,
	.open = open_source,
	.read = read_source,
	.close = close_source,
};
