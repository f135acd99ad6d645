/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_load.c - checks of what else runs, and of how much CPU time is left for us. */
#include "doctor_private.h"

#include "limits.h"
#include "sysfile.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOAD_LIMIT 0.5   /* processes */
#define BUSY_LIMIT 0.2   /* CPUs */
#define STEAL_LIMIT 0.01 /* of all CPU time */
#define WATCH_S 0.5

void wm_look_load_average(const struct wm_patient *patient, struct wm_finding *finding) {
	const json_t *load = json_object_get(patient->env, "load_average");
	const char *why = json_string_value(json_object_get(load, "unknown"));
	double minute = json_number_value(json_array_get(load, 0));

	if (!json_is_array(load))
		wm_find(finding, WM_VERDICT_UNKNOWN, "%s", why ? why : "not read");
	else
		wm_find(finding, minute >= LOAD_LIMIT ? WM_VERDICT_WARN : WM_VERDICT_OK, "%.2f in 1 min, %.2f in 5, %.2f in 15",
		        minute, json_number_value(json_array_get(load, 1)), json_number_value(json_array_get(load, 2)));
}

/* ---- CPU time, in ticks of the kernel ----------------------------------------------------------------------- */

/* The first line of /proc/stat: user nice system idle iowait irq softirq steal ..; guest time is in user already. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };

static bool read_stat(const char *root, double ticks[FIELDS], char *why, size_t room) {
	char line[512], *s = line;

	if (!wm_sysfile_field(root, "/proc/stat", "cpu", line, sizeof(line))) {
		snprintf(why, room, "%.100s", line);
		return false;
	}
	for (int i = 0; i < FIELDS; i++) {
		char *end;

		ticks[i] = strtod(s, &end);
		if (end == s) {
			snprintf(why, room, "/proc/stat: fewer than %d numbers", FIELDS);
			return false;
		}
		s = end;
	}
	return true;
}

/* So say some sandboxes: the line is there, and all of it is 0. */
#define NOT_COUNTED "/proc/stat counts no CPU time here"

static double sum(const double ticks[FIELDS]) {
	double all = 0;

	for (int i = 0; i < FIELDS; i++)
		all += ticks[i];
	return all;
}

void wm_look_steal(const struct wm_patient *patient, struct wm_finding *finding) {
	double ticks[FIELDS], share;
	char why[128] = NOT_COUNTED;

	if (!read_stat(patient->root, ticks, why, sizeof(why)) || sum(ticks) <= 0) {
		wm_find(finding, WM_VERDICT_UNKNOWN, "%s", why);
		return;
	}
	share = ticks[STEAL] / sum(ticks);
	wm_find(finding, share >= STEAL_LIMIT ? WM_VERDICT_WARN : WM_VERDICT_OK, "%.2f%% of CPU time since boot",
	        100 * share);
}

/* ---- who is busy now ---------------------------------------------------------------------------------------- */

struct process {
	long pid;
	double ticks;
	char name[32];
};
struct processes {
	struct process *all;
	int n, room;
};

/* "PID (NAME) S ppid ..": user and system ticks are fields 14 and 15; the name may hold blanks and brackets. */
static bool read_process(long pid, struct process *p) {
	unsigned long long user, system;
	char path[64], line[512], *name, *end;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	if (!wm_sysfile_line("", path, line, sizeof(line)))
		return false;
	name = strchr(line, '(');
	end = strrchr(line, ')');
	if (!name || !end || sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) != 2)
		return false;
	p->pid = pid;
	p->ticks = (double)user + (double)system;
	snprintf(p->name, sizeof(p->name), "%.*s", (int)(end - name - 1), name + 1);
	return true;
}

/* All processes but this one, in the order of the folder; all is freed by the caller. */
static struct processes read_processes(void) {
	struct processes found = {.n = 0};
	DIR *dir = opendir("/proc");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct process p;
		long pid = isdigit((unsigned char)entry->d_name[0]) ? strtol(entry->d_name, NULL, 10) : 0;

		if (pid <= 0 || pid == (long)getpid() || !read_process(pid, &p))
			continue;
		if (found.n == found.room) {
			struct process *more = wm_zalloc((size_t)(2 * found.room + 64) * sizeof(*more));

			if (found.n)
				memcpy(more, found.all, (size_t)found.n * sizeof(*more));
			free(found.all);
			found.all = more;
			found.room = 2 * found.room + 64;
		}
		found.all[found.n++] = p;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* The process that took most ticks in between; one that began in between has all of its ticks. */
static struct process busiest(const struct processes *before, const struct processes *after) {
	struct process most = {.ticks = 0};

	for (int i = 0, j = 0; i < after->n; i++) {
		struct process p = after->all[i];

		/* the folder is in the order of numbers, so one walk through both finds the pairs */
		while (j < before->n && before->all[j].pid < p.pid)
			j++;
		if (j < before->n && before->all[j].pid == p.pid)
			p.ticks -= before->all[j].ticks;
		if (p.ticks > most.ticks)
			most = p;
	}
	return most;
}

void wm_look_busy(const struct wm_patient *patient, struct wm_finding *finding) {
	struct timespec nap = {.tv_nsec = (long)(WATCH_S * 1e9)};
	struct processes before, after;
	struct process most;
	double first[FIELDS], second[FIELDS], began, seconds, busy, hz = (double)sysconf(_SC_CLK_TCK);
	char why[128] = NOT_COUNTED;

	if (!wm_find_live(patient, finding))
		return;
	before = read_processes();
	began = wm_now();
	/* a nap that a signal cuts short is a shorter look */
	if (!read_stat("", first, why, sizeof(why)) || (nanosleep(&nap, NULL) != 0 && errno != EINTR) ||
	    !read_stat("", second, why, sizeof(why)) || sum(second) <= sum(first)) {
		wm_find(finding, WM_VERDICT_UNKNOWN, "%s", why);
		free(before.all);
		return;
	}
	seconds = wm_now() - began;
	after = read_processes();
	most = busiest(&before, &after);
	busy = sum(second) - second[IDLE] - second[IOWAIT] - (sum(first) - first[IDLE] - first[IOWAIT]);
	busy = busy / hz / seconds;
	if (busy < BUSY_LIMIT || most.ticks <= 0)
		wm_find(finding, busy < BUSY_LIMIT ? WM_VERDICT_OK : WM_VERDICT_WARN, "%.2f CPUs", busy > 0 ? busy : 0);
	else
		wm_find(finding, WM_VERDICT_WARN, "%.2f CPUs; the busiest is %s (process %ld) with %.2f", busy, most.name,
		        most.pid, most.ticks / hz / seconds);
	free(before.all);
	free(after.all);
}

static void take_name(void *arg, const char *line) {
	*(bool *)arg = *(bool *)arg || strcmp(line, "irqbalance") == 0;
}

void wm_look_irqbalance(const struct wm_patient *patient, struct wm_finding *finding) {
	bool runs = false;

	if (wm_sysfile_each(patient->root, "/proc/[0-9]*/comm", take_name, &runs) == 0)
		wm_find(finding, WM_VERDICT_UNKNOWN, "no process in /proc");
	else
		wm_find(finding, runs ? WM_VERDICT_INFO : WM_VERDICT_OK, runs ? "runs" : "no process of that name is seen");
}

/* ---- what is left for us ------------------------------------------------------------------------------------ */

void wm_look_cgroup_cpu(const struct wm_patient *patient, struct wm_finding *finding) {
	int cpus = wm_usable_cpus(patient);
	struct wm_limits limits;

	wm_limits_read(patient->root, &limits);
	if (!limits.has_cgroup)
		wm_find(finding, WM_VERDICT_UNKNOWN, "/proc/self/cgroup cannot be read");
	else if (isinf(limits.cgroup_cpus))
		wm_find(finding, WM_VERDICT_OK, "no limit");
	else if (cpus == 0)
		wm_find(finding, WM_VERDICT_BAD, "the time of %.4g CPUs", limits.cgroup_cpus);
	else
		wm_find(finding, limits.cgroup_cpus < cpus ? WM_VERDICT_BAD : WM_VERDICT_OK,
		        "the time of %.4g CPUs, on %d of them", limits.cgroup_cpus, cpus);
}

#define CPUS_ONLINE "/sys/devices/system/cpu/online"

void wm_look_cpuset(const struct wm_patient *patient, struct wm_finding *finding) {
	char online[8192], allowed[8192];
	int all, ours;

	if (!wm_sysfile_line(patient->root, CPUS_ONLINE, online, sizeof(online))) {
		wm_find(finding, WM_VERDICT_UNKNOWN, "%.250s", online);
		return;
	}
	if (!wm_sysfile_field(patient->root, "/proc/self/status", "Cpus_allowed_list", allowed, sizeof(allowed))) {
		wm_find(finding, WM_VERDICT_UNKNOWN, "%.250s", allowed);
		return;
	}
	all = wm_cpuset_count(online);
	ours = wm_usable_cpus(patient);
	if (all == 0)
		wm_find(finding, WM_VERDICT_UNKNOWN, CPUS_ONLINE ": no list of CPUs");
	else if (ours >= all)
		wm_find(finding, WM_VERDICT_OK, "all %d", all);
	else
		wm_find(finding, WM_VERDICT_INFO, "%d of %d: %.200s", ours, all, allowed);
}

void wm_look_supervisor_core(const struct wm_patient *patient, struct wm_finding *finding) {
	int cores = 0;

	if (!wm_find_live(patient, finding))
		return;
	for (int i = 0; i < patient->n; i++)
		if (strcmp(patient->devs[i].id, "host") == 0)
			cores = patient->devs[i].threads;
	if (cores == 0)
		wm_find(finding, WM_VERDICT_UNKNOWN, "no device host was found");
	else
		wm_find(finding, WM_VERDICT_INFO, "none: host measures on all %d usable core%s", cores, cores == 1 ? "" : "s");
}
