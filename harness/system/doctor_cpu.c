/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_cpu.c - checks of the processor: clocks, heat, idle states, hardware threads. */
#include "doctor_private.h"

#include "sysfile.h"

#include <string.h>

#define CPU "/sys/devices/system/cpu"
#define EVERY_CPU CPU "/cpu[0-9]*"

void wm_look_governor(const struct wm_patient *patient, struct wm_finding *finding) {
	const char *names;
	char all[256];
	bool steady = true;

	if (!wm_find_text(patient, "governor", finding, &names))
		return;
	snprintf(all, sizeof(all), "%s", names);
	for (char *rest = all, *name; (name = strsep(&rest, " "));)
		steady = steady && (strcmp(name, "performance") == 0 || strcmp(name, "userspace") == 0);
	wm_find(finding, steady ? WM_VERDICT_OK : WM_VERDICT_WARN, "%s", names);
}

/* The kernel's numbers are kHz. Kinds of cores differ in what they can do; a cap on the fastest kind shows in the
 * greatest upper end, one on some cores of a kind in the least. */
void wm_look_frequency(const struct wm_patient *patient, struct wm_finding *finding) {
	struct wm_sysfile_range can_min, can_max, may_min, may_max;
	bool all_capped, some_capped;

	if (!wm_sysfile_numbers(patient->root, EVERY_CPU "/cpufreq/cpuinfo_min_freq", &can_min) ||
	    !wm_sysfile_numbers(patient->root, EVERY_CPU "/cpufreq/cpuinfo_max_freq", &can_max) ||
	    !wm_sysfile_numbers(patient->root, EVERY_CPU "/cpufreq/scaling_min_freq", &may_min) ||
	    !wm_sysfile_numbers(patient->root, EVERY_CPU "/cpufreq/scaling_max_freq", &may_max)) {
		wm_find(finding, WM_VERDICT_UNKNOWN, "no frequencies in " CPU "/cpu*/cpufreq");
		return;
	}
	all_capped = may_max.max < can_max.max;
	some_capped = may_max.min < can_max.min;
	wm_find(finding, all_capped || some_capped ? WM_VERDICT_WARN : WM_VERDICT_OK,
	        "may use %.2f-%.2f GHz of %.2f-%.2f GHz%s", (double)may_min.min / 1e6,
	        (double)(all_capped || !some_capped ? may_max.max : may_max.min) / 1e6, (double)can_min.min / 1e6,
	        (double)can_max.max / 1e6, some_capped && !all_capped ? " on some CPUs" : "");
}

void wm_look_turbo(const struct wm_patient *patient, struct wm_finding *finding) {
	const char *state;

	if (wm_find_text(patient, "turbo", finding, &state))
		wm_find(finding, strcmp(state, "off") == 0 ? WM_VERDICT_OK : WM_VERDICT_INFO, "%s", state);
}

/* Each CPU of a package tells that package's number, so the greatest is said and not the sum. */
void wm_look_throttle(const struct wm_patient *patient, struct wm_finding *finding) {
	struct wm_sysfile_range core = {.max = 0}, package = {.max = 0};
	int files = wm_sysfile_numbers(patient->root, EVERY_CPU "/thermal_throttle/core_throttle_count", &core) +
	            wm_sysfile_numbers(patient->root, EVERY_CPU "/thermal_throttle/package_throttle_count", &package);

	if (!files)
		wm_find(finding, WM_VERDICT_UNKNOWN, "no thermal_throttle in " CPU "/cpu*: only some processors count it");
	else
		wm_find(finding, core.max || package.max ? WM_VERDICT_WARN : WM_VERDICT_OK,
		        "at most %llu times by a core, %llu by a package, since boot", core.max, package.max);
}

/* States are numbered from shallow to deep; latencies are in microseconds. */
void wm_look_idle_states(const struct wm_patient *patient, struct wm_finding *finding) {
	unsigned long long latency, deepest = 0, disabled;
	char path[128], name[64] = "";

	for (int i = 0; i < 16; i++) {
		snprintf(path, sizeof(path), CPU "/cpu0/cpuidle/state%d/latency", i);
		if (!wm_sysfile_number(patient->root, path, NULL, &latency))
			break;
		snprintf(path, sizeof(path), CPU "/cpu0/cpuidle/state%d/disable", i);
		if (wm_sysfile_number(patient->root, path, NULL, &disabled) && disabled)
			continue;
		snprintf(path, sizeof(path), CPU "/cpu0/cpuidle/state%d/name", i);
		if (!wm_sysfile_line(patient->root, path, name, sizeof(name)))
			snprintf(name, sizeof(name), "state%d", i);
		deepest = latency;
	}
	if (*name)
		wm_find(finding, WM_VERDICT_INFO, "%s, %llu us to wake", name, deepest);
	else
		wm_find(finding, WM_VERDICT_UNKNOWN, "no idle states that are in use in " CPU "/cpu0/cpuidle");
}

void wm_look_smt(const struct wm_patient *patient, struct wm_finding *finding) {
	char text[128];

	if (!wm_sysfile_line(patient->root, CPU "/smt/active", text, sizeof(text)))
		wm_find(finding, WM_VERDICT_UNKNOWN, "%s", text);
	else if (strcmp(text, "0") == 0)
		wm_find(finding, WM_VERDICT_OK, "off, or one hardware thread a core");
	else
		wm_find(finding, WM_VERDICT_INFO, "on");
}

/* An empty file is an empty list; nohz_full says "(null)" when it is not in use. False: there is no such file. */
static bool read_list(const struct wm_patient *patient, const char *path, char *out, size_t room) {
	if (!wm_sysfile_line(patient->root, path, out, room))
		return false;
	if (*out < '0' || *out > '9')
		snprintf(out, room, "none");
	return true;
}

/* A kernel that cannot do without the tick has no nohz_full. */
void wm_look_isolated(const struct wm_patient *patient, struct wm_finding *finding) {
	char isolated[96], tickless[96];

	if (!read_list(patient, CPU "/isolated", isolated, sizeof(isolated))) {
		wm_find(finding, WM_VERDICT_UNKNOWN, "%s", isolated);
		return;
	}
	if (!read_list(patient, CPU "/nohz_full", tickless, sizeof(tickless)))
		snprintf(tickless, sizeof(tickless), "none");
	wm_find(finding, WM_VERDICT_INFO, "isolated: %s, without tick: %s", isolated, tickless);
}

struct states {
	int mitigated, vulnerable, unaffected;
};

/* "Mitigation: ..", "KVM: Mitigation: ..", "Vulnerable: ..", "Processor vulnerable", "Not affected", "Unknown: ..". The
 * first word decides: a mitigation may go on with "SMT vulnerable". */
static void take_state(void *arg, const char *line) {
	struct states *states = arg;

	if (strstr(line, "Mitigation"))
		states->mitigated++;
	else if (strcasestr(line, "vulnerable"))
		states->vulnerable++;
	else if (strncmp(line, "Not affected", 12) == 0)
		states->unaffected++;
}

void wm_look_mitigations(const struct wm_patient *patient, struct wm_finding *finding) {
	struct states states = {0};
	int all = wm_sysfile_each(patient->root, CPU "/vulnerabilities/*", take_state, &states);

	if (all == 0)
		wm_find(finding, WM_VERDICT_UNKNOWN, "nothing in " CPU "/vulnerabilities");
	else
		wm_find(finding, WM_VERDICT_INFO, "of %d: %d worked around, %d open, %d not affected, %d not known", all,
		        states.mitigated, states.vulnerable, states.unaffected,
		        all - states.mitigated - states.vulnerable - states.unaffected);
}

void wm_look_virtualisation(const struct wm_patient *patient, struct wm_finding *finding) {
	const char *text;

	if (wm_find_text(patient, "virtualisation", finding, &text))
		wm_find(finding, strcmp(text, "none") == 0 ? WM_VERDICT_OK : WM_VERDICT_INFO, "%s", text);
}

void wm_look_kernel(const struct wm_patient *patient, struct wm_finding *finding) {
	const char *text;

	if (wm_find_text(patient, "kernel", finding, &text))
		wm_find(finding, WM_VERDICT_INFO, "%s", text);
}
