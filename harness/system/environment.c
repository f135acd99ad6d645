/* SPDX-License-Identifier: Apache-2.0 */
/* environment.c - the picture of the machine that stands in run.json. */
#include "environment.h"

#include "core/registry.h"
#include "limits.h"
#include "sysfile.h"

#include <hwloc.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The Makefile says how this binary was built; a build without it says nothing, which is recorded as that. */
#ifndef WM_BUILD_CC
#define WM_BUILD_CC ""
#endif
#ifndef WM_BUILD_CFLAGS
#define WM_BUILD_CFLAGS ""
#endif
#ifndef WM_BUILD_GIT
#define WM_BUILD_GIT ""
#endif

enum { TEXT = 8192 }; /* the longest value: the flags of /proc/cpuinfo */

static json_t *unknown(const char *why) {
	return json_pack("{s:s}", "unknown", why);
}

/* text is a value, or the reason why there is none. */
static json_t *known(bool is_known, const char *text) {
	json_t *value = is_known ? json_string(text) : unknown(text);

	return value ? value : unknown("not UTF-8 text");
}

static json_t *line_of(const char *root, const char *path) {
	char text[TEXT];

	return known(wm_sysfile_line(root, path, text, sizeof(text)), text);
}

static json_t *field_of(const char *root, const char *path, const char *key) {
	char text[TEXT];

	return known(wm_sysfile_field(root, path, key, text, sizeof(text)), text);
}

/* ---- the processor ------------------------------------------------------------------------------------------ */

/* x86 kernels give a name; Arm kernels the numbers of designer and part, which are as exact. */
static json_t *cpu(const char *root) {
	char name[256], implementer[64], part[64];

	if (wm_sysfile_field(root, "/proc/cpuinfo", "model name", name, sizeof(name)))
		return known(true, name);
	if (wm_sysfile_field(root, "/proc/cpuinfo", "CPU implementer", implementer, sizeof(implementer)) &&
	    wm_sysfile_field(root, "/proc/cpuinfo", "CPU part", part, sizeof(part)))
		return json_sprintf("Arm implementer %s part %s", implementer, part);
	return unknown(name);
}

/* The governors of all CPUs: "performance", or "performance powersave". */
static json_t *governor(const char *root) {
	char all[256];

	if (wm_sysfile_distinct(root, "/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor", all, sizeof(all)) == 0)
		return unknown("no cpufreq under /sys/devices/system/cpu: the kernel or hypervisor hides clock control");
	return json_string(all);
}

/* Two drivers, two files, opposite sense. */
static json_t *turbo(const char *root) {
	char text[64];

	if (wm_sysfile_line(root, "/sys/devices/system/cpu/intel_pstate/no_turbo", text, sizeof(text)))
		return json_string(strcmp(text, "0") == 0 ? "on" : "off");
	if (wm_sysfile_line(root, "/sys/devices/system/cpu/cpufreq/boost", text, sizeof(text)))
		return json_string(strcmp(text, "0") == 0 ? "off" : "on");
	return unknown("neither intel_pstate/no_turbo nor cpufreq/boost under /sys/devices/system/cpu");
}

/* x86 hypervisors set a CPU flag that bare hardware never has; elsewhere only Xen and firmware names tell. */
static json_t *virtualisation(const char *root) {
	char flags[TEXT], text[128];

	if (wm_sysfile_line(root, "/sys/hypervisor/type", text, sizeof(text)))
		return json_string(text);
	if (!wm_sysfile_field(root, "/proc/cpuinfo", "flags", flags, sizeof(flags)))
		return unknown(flags); /* Arm has no such line */
	if (wm_word_index(flags, "hypervisor") < 0)
		return json_string("none");
	if (!wm_sysfile_line(root, "/sys/class/dmi/id/sys_vendor", text, sizeof(text)))
		return json_string("virtual machine");
	return json_sprintf("virtual machine (%s)", text);
}

/* ---- memory and load ---------------------------------------------------------------------------------------- */

static json_t *huge_pages(const char *root) {
	char text[128];

	return known(wm_sysfile_choice(root, "/sys/kernel/mm/transparent_hugepage/enabled", text, sizeof(text)), text);
}

static json_t *load_average(const char *root) {
	char text[128];
	double load[3];

	if (!wm_sysfile_line(root, "/proc/loadavg", text, sizeof(text)))
		return unknown(text);
	if (sscanf(text, "%lf %lf %lf", &load[0], &load[1], &load[2]) != 3)
		return unknown("/proc/loadavg: not three numbers");
	return json_pack("[f,f,f]", load[0], load[1], load[2]);
}

static json_t *bytes_or(uint64_t bytes, uint64_t none, json_t *otherwise) {
	if (bytes == none)
		return otherwise;
	json_decref(otherwise);
	return json_integer((json_int_t)bytes);
}

static json_t *memory(const struct wm_limits *limits) {
	return json_pack("{s:o,s:o}", "total_bytes",
	                 bytes_or(limits->total, 0, unknown("/proc/meminfo: no line 'MemTotal'")), "available_bytes",
	                 bytes_or(limits->available, 0, unknown("/proc/meminfo: no line 'MemAvailable'")));
}

static json_t *cgroup(const struct wm_limits *limits) {
	if (!limits->has_cgroup)
		return unknown("/proc/self/cgroup cannot be read");
	return json_pack("{s:o,s:o}", "memory_max_bytes", bytes_or(limits->cgroup_limit, UINT64_MAX, json_string("none")),
	                 "cpus", isinf(limits->cgroup_cpus) ? json_string("none") : json_real(limits->cgroup_cpus));
}

/* ---- this binary -------------------------------------------------------------------------------------------- */

/* The build says "unknown: REASON" where it could not find out either. */
static json_t *said_by_build(const char *text, const char *why) {
	static const char prefix[] = "unknown: ";

	if (strncmp(text, prefix, sizeof(prefix) - 1) == 0)
		return unknown(text + sizeof(prefix) - 1);
	return *text ? json_string(text) : unknown(why);
}

/* hwloc tells the version of its interface only, which may stay while the library's own goes up. */
static json_t *hwloc_version(void) {
	unsigned v = hwloc_get_api_version();

	return json_sprintf("interface %u.%u.%u", v >> 16, v >> 8 & 255, v & 255);
}

void wm_binary_id(char out[17]) {
	uint64_t hash = 14695981039346656037u;
	unsigned char block[65536];
	FILE *f = fopen("/proc/self/exe", "re");
	size_t n;

	snprintf(out, 17, "unknown");
	if (!f)
		return;
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		for (size_t i = 0; i < n; i++)
			hash = (hash ^ block[i]) * 1099511628211u;
	if (!ferror(f))
		snprintf(out, 17, "%016llx", (unsigned long long)hash);
	fclose(f);
}

static json_t *binary_id(void) {
	char id[17];

	wm_binary_id(id);
	return known(strcmp(id, "unknown") != 0, strcmp(id, "unknown") != 0 ? id : "/proc/self/exe cannot be read");
}

json_t *wm_environment(const char *root) {
	json_t *env = json_object();
	struct wm_limits limits;

	wm_limits_read(root, &limits);
	json_object_set_new(env, "host", line_of(root, "/proc/sys/kernel/hostname"));
	json_object_set_new(env, "kernel", line_of(root, "/proc/sys/kernel/osrelease"));
	json_object_set_new(env, "os", field_of(root, "/etc/os-release", "PRETTY_NAME"));
	json_object_set_new(env, "boot_id", line_of(root, "/proc/sys/kernel/random/boot_id"));
	json_object_set_new(env, "cpu", cpu(root));
	json_object_set_new(env, "governor", governor(root));
	json_object_set_new(env, "turbo", turbo(root));
	json_object_set_new(env, "virtualisation", virtualisation(root));
	json_object_set_new(env, "numa_balancing", line_of(root, "/proc/sys/kernel/numa_balancing"));
	json_object_set_new(env, "huge_pages", huge_pages(root));
	json_object_set_new(env, "load_average", load_average(root));
	json_object_set_new(env, "memory", memory(&limits));
	json_object_set_new(env, "cgroup", cgroup(&limits));
	json_object_set_new(env, "compiler", said_by_build(WM_BUILD_CC, "the build did not pass WM_BUILD_CC"));
	json_object_set_new(env, "cflags", said_by_build(WM_BUILD_CFLAGS, "the build did not pass WM_BUILD_CFLAGS"));
	json_object_set_new(env, "git", said_by_build(WM_BUILD_GIT, "the build did not pass WM_BUILD_GIT"));
	json_object_set_new(env, "binary", binary_id());
	json_object_set_new(env, "hwloc", hwloc_version());
	json_object_set_new(env, "jansson", json_string(jansson_version_str()));
	return env;
}
