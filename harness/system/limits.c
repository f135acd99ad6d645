/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c - memory and CPU limits: /proc/meminfo and control groups of both versions. */
#include "limits.h"

#include "sysfile.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Version 1 writes "no limit" as the largest multiple of a page: nothing real comes near. */
#define NO_LIMIT ((uint64_t)1 << 60)

/* The names of the same things in the two versions of control groups. */
struct names {
	const char *limit, *used, *stat, *reclaimable;
};
static const struct names memory_v1 = {"memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat",
                                       "total_inactive_file"};
static const struct names memory_v2 = {"memory.max", "memory.current", "memory.stat", "inactive_file"};

static bool read_number(const char *root, const char *dir, const char *file, const char *key, uint64_t *value_p) {
	char path[PATH_MAX + 32];
	unsigned long long value;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (!wm_sysfile_number(root, path, key, &value))
		return false;
	*value_p = value;
	return true;
}

/* One group's own limit; its file cache counts as used but goes when the memory is needed. */
static void read_memory(const char *root, const char *dir, const struct names *names, struct wm_limits *limits) {
	uint64_t limit, used = 0, cache = 0, room;

	if (!read_number(root, dir, names->limit, NULL, &limit) || limit >= NO_LIMIT)
		return;
	read_number(root, dir, names->used, NULL, &used);
	read_number(root, dir, names->stat, names->reclaimable, &cache);
	used -= cache < used ? cache : used;
	room = used < limit ? limit - used : 0;
	if (limit < limits->cgroup_limit)
		limits->cgroup_limit = limit;
	if (room < limits->cgroup_room)
		limits->cgroup_room = room;
}

static void take_quota(uint64_t quota, uint64_t period, struct wm_limits *limits) {
	double cpus = period ? (double)quota / (double)period : INFINITY;

	if (cpus < limits->cgroup_cpus)
		limits->cgroup_cpus = cpus;
}

/* "max 100000" or "150000 100000", microseconds. */
static void read_cpu_v2(const char *root, const char *dir, struct wm_limits *limits) {
	char path[PATH_MAX + 32], text[64], *end;
	unsigned long long quota;

	snprintf(path, sizeof(path), "%s/cpu.max", dir);
	if (!wm_sysfile_line(root, path, text, sizeof(text)))
		return;
	quota = strtoull(text, &end, 10);
	if (end != text)
		take_quota(quota, strtoull(end, NULL, 10), limits);
}

/* A quota of -1 (none) is no decimal number, so it reads as absent. */
static void read_cpu_v1(const char *root, const char *dir, struct wm_limits *limits) {
	uint64_t quota, period;

	if (read_number(root, dir, "cpu.cfs_quota_us", NULL, &quota) &&
	    read_number(root, dir, "cpu.cfs_period_us", NULL, &period))
		take_quota(quota, period, limits);
}

static bool has_word(const char *list, const char *word) {
	size_t n = strlen(word);

	for (const char *s = list; s; s = strchr(s, ',') ? strchr(s, ',') + 1 : NULL)
		if (strncmp(s, word, n) == 0 && (s[n] == '\0' || s[n] == ','))
			return true;
	return false;
}

/*
 * One line "ID:CONTROLLERS:PATH" of /proc/self/cgroup. A limit on any parent holds too, so every folder from PATH up
 * to the mount is read; those that cannot be seen from inside a container are not there and say nothing. The mounts
 * are where systemd and container runtimes put them: /sys/fs/cgroup (version 2, or its subfolder unified beside
 * version 1), /sys/fs/cgroup/CONTROLLERS (version 1).
 */
static void read_group(const char *root, char *line, struct wm_limits *limits) {
	char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
	char dir[PATH_MAX];

	if (!path)
		return;
	*path++ = '\0';
	controllers++;
	path[strcspn(path, "\n")] = '\0';
	for (;;) {
		if (controllers[0] == '\0') {
			snprintf(dir, sizeof(dir), "/sys/fs/cgroup%s", path);
			read_memory(root, dir, &memory_v2, limits);
			read_cpu_v2(root, dir, limits);
			snprintf(dir, sizeof(dir), "/sys/fs/cgroup/unified%s", path);
			read_memory(root, dir, &memory_v2, limits);
			read_cpu_v2(root, dir, limits);
		} else {
			snprintf(dir, sizeof(dir), "/sys/fs/cgroup/%s%s", controllers, path);
			if (has_word(controllers, "memory"))
				read_memory(root, dir, &memory_v1, limits);
			if (has_word(controllers, "cpu"))
				read_cpu_v1(root, dir, limits);
		}
		if (!strrchr(path, '/'))
			break;
		*strrchr(path, '/') = '\0';
	}
}

void wm_limits_read(const char *root, struct wm_limits *limits_p) {
	struct wm_limits limits = {.cgroup_limit = UINT64_MAX, .cgroup_room = UINT64_MAX, .cgroup_cpus = INFINITY};
	unsigned long long kib;
	char path[PATH_MAX], *line = NULL;
	size_t size = 0;
	FILE *f;

	if (wm_sysfile_number(root, "/proc/meminfo", "MemTotal", &kib))
		limits.total = (uint64_t)kib * 1024;
	if (wm_sysfile_number(root, "/proc/meminfo", "MemAvailable", &kib))
		limits.available = (uint64_t)kib * 1024;
	snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
	f = fopen(path, "re");
	if (f) {
		limits.has_cgroup = true;
		while (getline(&line, &size, f) >= 0)
			read_group(root, line, &limits);
		free(line);
		fclose(f);
	}
	*limits_p = limits;
}
