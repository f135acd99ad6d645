/* SPDX-License-Identifier: Apache-2.0 */
/* test_doctor.c - each check on folders that stand for a machine: what it finds, where it warns, what is unknown. */
#include "system/doctor.h"
#include "system/environment.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define CPU "sys/devices/system/cpu/"
#define NODE "sys/devices/system/node/"

static int index_of(const char *name) {
	for (int i = 0; i < wm_doctor_count; i++)
		if (strcmp(wm_doctor_checks[i].name, name) == 0)
			return i;
	fail_msg("no check '%s'", name);
	return -1;
}

/* The finding of one check, or with name NULL of all, of the machine in that folder. */
static void look(const char *root, const char *name, struct wm_finding *findings) {
	json_t *env = wm_environment(root);
	struct wm_patient patient = {.root = root, .no_opencl = "", .env = env};

	if (name)
		wm_doctor_checks[index_of(name)].look(&patient, findings);
	else
		wm_doctor_look(&patient, findings);
	json_decref(env);
}

/* ---- folders that stand for a machine ---- */

static char scratch[] = "/tmp/test_doctor.XXXXXX";

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw) {
	(void)info, (void)type, (void)ftw;
	return remove(path);
}

static int make_scratch(void **state) {
	(void)state;
	return mkdtemp(scratch) ? 0 : -1;
}

static int empty_scratch(void **state) {
	(void)state;
	nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return mkdir(scratch, 0700);
}

static int remove_scratch(void **state) {
	(void)state;
	return nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *path, const char *text) {
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", scratch, path);
	for (char *s = full + strlen(scratch) + 1; (s = strchr(s, '/')); *s++ = '/') {
		*s = '\0';
		mkdir(full, 0700);
	}
	f = fopen(full, "w");
	if (!f)
		fail_msg("%s", full);
	fprintf(f, "%s\n", text);
	fclose(f);
}

/* ---- each check ---- */

enum { STRINGS = 2 * 8 + 1 };

/* A machine of some files, and what a check must find on it. */
struct example {
	const char *name;
	enum wm_verdict verdict;
	const char *value;          /* words that it must hold */
	const char *files[STRINGS]; /* path, text, path, text .. NULL */
};

/* frequency: two kinds of cores; then one kind capped, and some cores of a kind */
static const struct example examples[] = {
	{"clock_source", WM_VERDICT_OK, "tsc", {"sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc"}},
	{"clock_source",
     WM_VERDICT_WARN,
     "hpet",
     {"sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet"}},
	{"clock_source",
     WM_VERDICT_INFO,
     "odd",
     {"sys/devices/system/clocksource/clocksource0/current_clocksource", "odd"}},
	{"clock_source", WM_VERDICT_UNKNOWN, "No such file", {NULL}},
	{"governor", WM_VERDICT_OK, "performance", {CPU "cpu0/cpufreq/scaling_governor", "performance"}},
	{"governor", WM_VERDICT_OK, "userspace", {CPU "cpu0/cpufreq/scaling_governor", "userspace"}},
	{"governor",
     WM_VERDICT_WARN,
     "performance schedutil",
     {CPU "cpu0/cpufreq/scaling_governor", "performance", CPU "cpu9/cpufreq/scaling_governor", "schedutil"}},
	{"governor", WM_VERDICT_UNKNOWN, "no cpufreq", {NULL}},
	{"frequency",
     WM_VERDICT_OK,
     "0.80-5.00 GHz of 0.80-5.00 GHz",
     {CPU "cpu0/cpufreq/cpuinfo_min_freq", "800000", CPU "cpu0/cpufreq/cpuinfo_max_freq", "5000000",
      CPU "cpu0/cpufreq/scaling_min_freq", "800000", CPU "cpu0/cpufreq/scaling_max_freq", "5000000",
      CPU "cpu1/cpufreq/cpuinfo_min_freq", "800000", CPU "cpu1/cpufreq/cpuinfo_max_freq", "3800000",
      CPU "cpu1/cpufreq/scaling_min_freq", "800000", CPU "cpu1/cpufreq/scaling_max_freq", "3800000"}},
	{"frequency",
     WM_VERDICT_WARN,
     "0.80-4.00 GHz of 0.80-5.00 GHz",
     {CPU "cpu0/cpufreq/cpuinfo_min_freq", "800000", CPU "cpu0/cpufreq/cpuinfo_max_freq", "5000000",
      CPU "cpu0/cpufreq/scaling_min_freq", "800000", CPU "cpu0/cpufreq/scaling_max_freq", "4000000",
      CPU "cpu1/cpufreq/cpuinfo_min_freq", "800000", CPU "cpu1/cpufreq/cpuinfo_max_freq", "3800000",
      CPU "cpu1/cpufreq/scaling_min_freq", "800000", CPU "cpu1/cpufreq/scaling_max_freq", "3800000"}},
	{"frequency",
     WM_VERDICT_WARN,
     "0.80-2.00 GHz of 0.80-3.80 GHz on some CPUs",
     {CPU "cpu0/cpufreq/cpuinfo_min_freq", "800000", CPU "cpu0/cpufreq/cpuinfo_max_freq", "3800000",
      CPU "cpu0/cpufreq/scaling_min_freq", "800000", CPU "cpu0/cpufreq/scaling_max_freq", "3800000",
      CPU "cpu1/cpufreq/cpuinfo_min_freq", "800000", CPU "cpu1/cpufreq/cpuinfo_max_freq", "3800000",
      CPU "cpu1/cpufreq/scaling_min_freq", "800000", CPU "cpu1/cpufreq/scaling_max_freq", "2000000"}},
	{"frequency", WM_VERDICT_UNKNOWN, "no frequencies", {CPU "cpu0/cpufreq/scaling_max_freq", "2000000"}},
	{"turbo", WM_VERDICT_INFO, "on", {CPU "intel_pstate/no_turbo", "0"}},
	{"turbo", WM_VERDICT_OK, "off", {CPU "cpufreq/boost", "0"}},
	{"throttle", WM_VERDICT_OK, "0 times", {CPU "cpu0/thermal_throttle/core_throttle_count", "0"}},
	{"throttle",
     WM_VERDICT_WARN,
     "at most 7 times",
     {CPU "cpu0/thermal_throttle/core_throttle_count", "7", CPU "cpu1/thermal_throttle/core_throttle_count", "3"}},
	{"throttle", WM_VERDICT_UNKNOWN, "thermal_throttle", {NULL}},
	{"idle_states",
     WM_VERDICT_INFO,
     "C6, 133 us",
     {CPU "cpu0/cpuidle/state0/latency", "0", CPU "cpu0/cpuidle/state1/latency", "133", CPU "cpu0/cpuidle/state1/name",
      "C6"}},
	{"idle_states",
     WM_VERDICT_INFO,
     "state0, 2 us",
     {CPU "cpu0/cpuidle/state0/latency", "2", CPU "cpu0/cpuidle/state1/latency", "133",
      CPU "cpu0/cpuidle/state1/disable", "1"}},
	{"smt", WM_VERDICT_INFO, "on", {CPU "smt/active", "1"}},
	{"smt", WM_VERDICT_OK, "off", {CPU "smt/active", "0"}},
	{"isolated",
     WM_VERDICT_INFO,
     "isolated: 2-7, without tick: none",
     {CPU "isolated", "2-7", CPU "nohz_full", "(null)"}},
	{"isolated", WM_VERDICT_INFO, "isolated: none, without tick: none", {CPU "isolated", ""}},
	{"isolated", WM_VERDICT_UNKNOWN, "No such file", {NULL}},
	{"mitigations",
     WM_VERDICT_INFO,
     "of 3: 1 worked around, 1 open, 1 not affected, 0 not known",
     {CPU "vulnerabilities/a", "Mitigation: x; SMT vulnerable", CPU "vulnerabilities/b", "Vulnerable: y",
      CPU "vulnerabilities/c", "Not affected"}},
	{"mitigations",
     WM_VERDICT_INFO,
     "of 4: 1 worked around, 2 open, 0 not affected, 1 not known",
     {CPU "vulnerabilities/a", "KVM: Mitigation: x", CPU "vulnerabilities/b", "KVM: Vulnerable",
      CPU "vulnerabilities/c", "Processor vulnerable", CPU "vulnerabilities/d", "Unknown: No mitigations"}},
	{"virtualisation", WM_VERDICT_INFO, "virtual machine", {"proc/cpuinfo", "flags\t: fpu hypervisor"}},
	{"virtualisation", WM_VERDICT_OK, "none", {"proc/cpuinfo", "flags\t: fpu"}},
	{"virtualisation", WM_VERDICT_UNKNOWN, "no line 'flags'", {"proc/cpuinfo", "CPU part : 0xd0c"}},
	{"virtualisation", WM_VERDICT_UNKNOWN, "No such file", {NULL}},
	{"numa_balancing", WM_VERDICT_WARN, "2 NUMA nodes", {"proc/sys/kernel/numa_balancing", "1", NODE "online", "0-1"}},
	{"numa_balancing", WM_VERDICT_OK, "one NUMA node", {"proc/sys/kernel/numa_balancing", "1", NODE "online", "0"}},
	{"numa_balancing", WM_VERDICT_OK, "off", {"proc/sys/kernel/numa_balancing", "0", NODE "online", "0-1"}},
	{"huge_pages", WM_VERDICT_WARN, "never", {"sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]"}},
	{"huge_pages", WM_VERDICT_OK, "always", {"sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never"}},
	{"huge_page_pool",
     WM_VERDICT_WARN,
     "2.1 GB",
     {"proc/meminfo", "MemTotal: 16000000 kB\nHugePages_Total: 1000\nHugepagesize: 2048 kB"}},
	{"huge_page_pool",
     WM_VERDICT_OK,
     "0.2 GB",
     {"proc/meminfo", "MemTotal: 16000000 kB\nHugePages_Total: 100\nHugepagesize: 2048 kB"}},
	{"huge_page_pool",
     WM_VERDICT_WARN,
     "4.3 GB",
     {"proc/meminfo", "MemTotal: 16000000 kB\nHugePages_Total: 0\nHugepagesize: 2048 kB\nHugetlb: 4194304 kB"}},
	{"huge_page_pool", WM_VERDICT_UNKNOWN, "no Hugetlb", {"proc/meminfo", "MemTotal: 16000000 kB"}},
	{"swap",
     WM_VERDICT_WARN,
     "0.2 GB of",
     {"proc/meminfo", "MemTotal: 16000000 kB\nSwapTotal: 8000000 kB\nSwapFree: 7800000 kB"}},
	{"swap",
     WM_VERDICT_OK,
     "swappiness 60",
     {"proc/meminfo", "MemTotal: 16000000 kB\nSwapTotal: 8000000 kB\nSwapFree: 7900000 kB", "proc/sys/vm/swappiness",
      "60"}},
	{"swap", WM_VERDICT_OK, "no swap", {"proc/meminfo", "MemTotal: 16000000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB"}},
	{"memory_sources",
     WM_VERDICT_WARN,
     "MemTotal 16.4 GB, NUMA nodes in /sys 8.2 GB",
     {"proc/meminfo", "MemTotal: 16000000 kB", NODE "node0/meminfo", "Node 0 MemTotal: 4000000 kB",
      NODE "node1/meminfo", "Node 1 MemTotal: 4000000 kB"}},
	{"memory_sources",
     WM_VERDICT_OK,
     "16.4 GB",
     {"proc/meminfo", "MemTotal: 16000000 kB", NODE "node0/meminfo", "Node 0 MemTotal: 8000000 kB",
      NODE "node1/meminfo", "Node 1 MemTotal: 7500000 kB"}},
	{"memory_sources", WM_VERDICT_INFO, "no second source", {"proc/meminfo", "MemTotal: 16000000 kB"}},
	{"load_average", WM_VERDICT_WARN, "0.50 in 1 min", {"proc/loadavg", "0.50 0.00 0.00 1/9 9"}},
	{"load_average", WM_VERDICT_OK, "0.49 in 1 min", {"proc/loadavg", "0.49 9.00 9.00 1/9 9"}},
	{"steal", WM_VERDICT_WARN, "1.00%", {"proc/stat", "cpu 90 0 0 9 0 0 0 1 50 0"}},
	{"steal", WM_VERDICT_OK, "0.99%", {"proc/stat", "cpu 91 0 0 9 0 0 0 1 0 0"}},
	{"steal", WM_VERDICT_UNKNOWN, "numbers", {"proc/stat", "cpu 1 2 3"}},
	{"steal", WM_VERDICT_UNKNOWN, "counts no CPU time", {"proc/stat", "cpu 0 0 0 0 0 0 0 0 0 0"}},
	{"steal", WM_VERDICT_UNKNOWN, "/proc/stat", {NULL}},
	{"load_average", WM_VERDICT_UNKNOWN, "not read", {"proc/loadavg", "nan nan nan 1/9 9"}},
	{"irqbalance", WM_VERDICT_INFO, "runs", {"proc/1/comm", "init", "proc/77/comm", "irqbalance"}},
	{"irqbalance", WM_VERDICT_OK, "no process", {"proc/1/comm", "init"}},
	{"cgroup_cpu",
     WM_VERDICT_BAD,
     "the time of 3.5 CPUs, on 4 of them",
     {"proc/self/cgroup", "0::/a", "sys/fs/cgroup/a/cpu.max", "350000 100000", "proc/self/status",
      "Cpus_allowed_list:\t0-3"}},
	{"cgroup_cpu",
     WM_VERDICT_OK,
     "the time of 4 CPUs, on 4 of them",
     {"proc/self/cgroup", "0::/a", "sys/fs/cgroup/a/cpu.max", "400000 100000", "proc/self/status",
      "Cpus_allowed_list:\t0-3"}},
	/* numbers that no CPU has */
	{"cgroup_cpu",
     WM_VERDICT_OK,
     "the time of 4 CPUs, on 4 of them",
     {"sys/devices/system/cpu/online", "0-3", "proc/self/cgroup", "0::/a", "sys/fs/cgroup/a/cpu.max", "400000 100000",
      "proc/self/status", "Cpus_allowed_list:\t0-127"}},
	{"cgroup_cpu", WM_VERDICT_OK, "no limit", {"proc/self/cgroup", "0::/a", "sys/fs/cgroup/a/cpu.max", "max 100000"}},
	{"cpuset", WM_VERDICT_INFO, "2 of 8: 0-1", {"proc/self/status", "Cpus_allowed_list:\t0-1", CPU "online", "0-7"}},
	{"cpuset",
     WM_VERDICT_INFO,
     "4 of 8: 4-127",
     {"proc/self/status", "Cpus_allowed_list:\t4-127", CPU "online", "0-7"}},
	{"cpuset", WM_VERDICT_UNKNOWN, "no list", {"proc/self/status", "Cpus_allowed_list:\t0-7", CPU "online", "x"}},
	{"cpuset", WM_VERDICT_OK, "all 8", {"proc/self/status", "Cpus_allowed_list:\t0-7", CPU "online", "0-7"}},
	{"cgroup_memory",
     WM_VERDICT_WARN,
     "4.0 GB, of which 1.0 GB",
     {"proc/self/cgroup", "0::/a", "sys/fs/cgroup/a/memory.max", "4000000000", "sys/fs/cgroup/a/memory.current",
      "3000000001"}},
	{"cgroup_memory",
     WM_VERDICT_INFO,
     "4.0 GB, of which 1.0 GB",
     {"proc/self/cgroup", "0::/a", "sys/fs/cgroup/a/memory.max", "4000000000", "sys/fs/cgroup/a/memory.current",
      "3000000000"}},
	{"opencl", WM_VERDICT_INFO, "liba.so", {"etc/OpenCL/vendors/a.icd", "liba.so"}},
	/* what a terminal would obey */
	{"opencl", WM_VERDICT_INFO, "?[31mred", {"etc/OpenCL/vendors/a.icd", "\033[31mred"}},
	{"power_meters", WM_VERDICT_OK, "1 of 1 in powercap", {"sys/class/powercap/x:0/energy_uj", "1"}},
	{"power_meters",
     WM_VERDICT_OK,
     "2 of 2 in hwmon",
     {"sys/class/hwmon/hwmon3/power1_average", "1", "sys/class/hwmon/hwmon3/power1_average_interval", "1",
      "sys/class/hwmon/hwmon4/energy1_input", "1"}},
	{"power_meters", WM_VERDICT_INFO, "none", {NULL}},
};

static void test_checks(void **state) {
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		const struct example *e = &examples[i];
		struct wm_finding finding;

		assert_int_equal(empty_scratch(state), 0);
		for (int f = 0; e->files[f]; f += 2)
			put(e->files[f], e->files[f + 1]);
		look(scratch, e->name, &finding);
		if (finding.verdict != e->verdict || !strstr(finding.value, e->value))
			fail_msg("example %zu, %s: %s '%s', not %s '%s'", i, e->name, wm_verdict_word(finding.verdict),
			         finding.value, wm_verdict_word(e->verdict), e->value);
	}
}

/* A driver on the host's memory may keep some of it, but not the most of it; the host itself is no source. */
static void test_driver_memory(void **state) {
	struct wm_device devs[] = {
		{.id = "host", .backend = "host", .on_host = true, .mem_bytes = 16000000000},
		{.id = "opencl:0", .backend = "opencl", .on_host = true, .mem_bytes = 8500000000},
		{.id = "opencl:1", .backend = "opencl", .mem_bytes = 1},
	};
	struct wm_patient patient = {.root = scratch, .devs = devs, .n = 3};
	struct wm_finding finding;

	assert_int_equal(empty_scratch(state), 0);
	put("proc/meminfo", "MemTotal: 16000000 kB");
	put(NODE "node0/meminfo", "Node 0 MemTotal: 16000000 kB");
	wm_doctor_checks[index_of("memory_sources")].look(&patient, &finding);
	assert_int_equal(finding.verdict, WM_VERDICT_OK);
	assert_non_null(strstr(finding.value, "opencl:0 8.5 GB"));
	assert_null(strstr(finding.value, "opencl:1"));
	assert_null(strstr(finding.value, "host "));
	devs[1].mem_bytes = 7900000000;
	wm_doctor_checks[index_of("memory_sources")].look(&patient, &finding);
	assert_int_equal(finding.verdict, WM_VERDICT_WARN);
	/* a container's limit, or one node of many, holds for both */
	devs[0].mem_bytes = 4000000000;
	devs[1].mem_bytes = 3900000000;
	wm_doctor_checks[index_of("memory_sources")].look(&patient, &finding);
	assert_int_equal(finding.verdict, WM_VERDICT_OK);
}

/* ---- whole machines ---- */

static void test_roots(void **state) {
	static const char *const bad[] = {"governor", "numa_balancing", "huge_pages"};
	struct wm_finding *f = calloc((size_t)wm_doctor_count, sizeof(*f));

	(void)state;
	assert_non_null(f);
	look("tests/roots/good", NULL, f);
	assert_int_equal(wm_doctor_verdicts(f, WM_VERDICT_WARN) + wm_doctor_verdicts(f, WM_VERDICT_BAD), 0);
	/* all that files can tell is told: only what would have to be tried out is unknown */
	for (int i = 0; i < wm_doctor_count; i++)
		if (f[i].verdict == WM_VERDICT_UNKNOWN)
			assert_string_equal(f[i].value, "not read: recorded machine");
	assert_int_equal(wm_doctor_verdicts(f, WM_VERDICT_UNKNOWN), 4);

	look("tests/roots/three-bad", NULL, f);
	assert_int_equal(wm_doctor_verdicts(f, WM_VERDICT_WARN), 3);
	assert_int_equal(wm_doctor_verdicts(f, WM_VERDICT_BAD), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(f[index_of(bad[i])].verdict, WM_VERDICT_WARN);

	/* nothing to read: nothing is judged, and everything says why */
	look("tests/roots/no-such-root", NULL, f);
	assert_int_equal(wm_doctor_verdicts(f, WM_VERDICT_OK) + wm_doctor_verdicts(f, WM_VERDICT_WARN) +
	                     wm_doctor_verdicts(f, WM_VERDICT_BAD),
	                 0);
	for (int i = 0; i < wm_doctor_count; i++)
		if (!*f[i].value)
			fail_msg("%s says nothing", wm_doctor_checks[i].name);
	free(f);
}

/* Wildcards in the name of the folder stand for themselves. */
static void test_odd_root(void **state) {
	struct wm_finding finding;
	char root[64];

	assert_int_equal(empty_scratch(state), 0);
	put("a[bc]*/" CPU "cpu0/cpufreq/scaling_governor", "powersave");
	put("ab/" CPU "cpu0/cpufreq/scaling_governor", "performance");
	snprintf(root, sizeof(root), "%s/a[bc]*", scratch);
	look(root, "governor", &finding);
	assert_string_equal(finding.value, "powersave");
}

/* ---- this machine ---- */

/* Every check has its texts, its own name, and an answer here, whatever machine this is. */
static void test_table(void **state) {
	struct wm_finding *f = calloc((size_t)wm_doctor_count, sizeof(*f));

	(void)state;
	assert_non_null(f);
	look("", NULL, f);
	for (int i = 0; i < wm_doctor_count; i++) {
		const struct wm_doctor_check *c = &wm_doctor_checks[i];

		assert_true(*c->name && *c->about && *c->why && *c->fix && *f[i].value);
		assert_int_equal(index_of(c->name), i);
		assert_null(strchr(f[i].value, '\n'));
		assert_in_range(f[i].verdict, 0, WM_VERDICTS - 1);
	}
	assert_null(wm_doctor_checks[wm_doctor_count].name);
	assert_non_null(strstr(f[index_of("timer")].value, "a reading costs"));
	assert_true(strstr(f[index_of("busy")].value, "CPUs") || f[index_of("busy")].verdict == WM_VERDICT_UNKNOWN);
	free(f);
}

/* ---- what is printed ---- */

static void test_json(void **state) {
	static const char *const keys[] = {"name", "value", "verdict", "about", "why", "fix"};
	struct wm_finding *f = calloc((size_t)wm_doctor_count, sizeof(*f));
	json_t *env = wm_environment("tests/roots/three-bad"), *json, *counts, *check;
	struct wm_patient patient = {.root = "tests/roots/three-bad", .no_opencl = "", .env = env};
	size_t i, sum = 0;
	const char *key;

	(void)state;
	assert_non_null(f);
	wm_doctor_look(&patient, f);
	json = wm_doctor_json(&patient, f);
	assert_int_equal(json_integer_value(json_object_get(json, "schema")), 1);
	assert_string_equal(json_string_value(json_object_get(json, "root")), "tests/roots/three-bad");
	counts = json_object_get(json, "counts");
	assert_int_equal(json_integer_value(json_object_get(counts, "warn")), 3);
	json_object_foreach(counts, key, check) sum += (size_t)json_integer_value(check);
	assert_int_equal(sum, wm_doctor_count);
	assert_int_equal(json_array_size(json_object_get(json, "checks")), wm_doctor_count);
	json_array_foreach(json_object_get(json, "checks"), i, check) {
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
			assert_true(json_is_string(json_object_get(check, keys[k])));
		assert_string_equal(json_string_value(json_object_get(check, "name")), wm_doctor_checks[i].name);
	}
	json_decref(json);
	json_decref(env);
	free(f);
}

/* What is wrong is followed by why and how to mend it, what is not is one line. */
static void test_text(void **state) {
	struct wm_finding *f = calloc((size_t)wm_doctor_count, sizeof(*f));
	char *text = NULL;
	size_t size = 0, lines = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_true(f && out);
	look("tests/roots/three-bad", NULL, f);
	wm_doctor_text(out, f);
	fclose(out);
	for (const char *s = text; (s = strchr(s, '\n')); s++)
		lines++;
	assert_int_equal(lines, wm_doctor_count + 2 * 3 + 1);
	assert_non_null(strstr(text, "cpupower frequency-set -g performance\n"));
	assert_non_null(strstr(text, " 3 warn, 0 bad\n"));
	free(text);
	free(f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checks),   cmocka_unit_test(test_driver_memory), cmocka_unit_test(test_roots),
		cmocka_unit_test(test_odd_root), cmocka_unit_test(test_table),         cmocka_unit_test(test_json),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
