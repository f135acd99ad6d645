/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_clock.c - checks of the clock that everything is timed with. */
#include "doctor_private.h"

#include "core/registry.h"
#include "sysfile.h"

#include <time.h>

#define STEP_LIMIT_S 1e-6
#define COST_LIMIT_S 200e-9

/* Seconds a reading costs: the least of some rounds, since anything else in between only adds. */
static double reading_cost(void) {
	enum { ROUNDS = 20, READINGS = 2000 };
	double least = 1;

	for (int r = 0; r < ROUNDS; r++) {
		double began = wm_now(), last = began;

		for (int i = 0; i < READINGS; i++)
			last = wm_now();
		if ((last - began) / READINGS < least)
			least = (last - began) / READINGS;
	}
	return least;
}

/* Seconds of the least step that the clock was seen to take, in nanoseconds as it counts. */
static double least_step(void) {
	enum { STEPS = 1000 };
	long least = 1000000000;

	for (int i = 0; i < STEPS; i++) {
		struct timespec a, b;
		long step;

		clock_gettime(CLOCK_MONOTONIC, &a);
		do {
			clock_gettime(CLOCK_MONOTONIC, &b);
			step = (long)(b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec;
		} while (step == 0);
		least = step < least ? step : least;
	}
	return 1e-9 * (double)least;
}

void wm_look_timer(const struct wm_patient *patient, struct wm_finding *finding) {
	double step, cost;

	if (!wm_find_live(patient, finding))
		return;
	step = least_step();
	cost = reading_cost();
	wm_find(finding, step > STEP_LIMIT_S || cost > COST_LIMIT_S ? WM_VERDICT_WARN : WM_VERDICT_OK,
	        "steps of %.0f ns seen, a reading costs %.0f ns", 1e9 * step, 1e9 * cost);
}

/* Sources that a program reads without a system call, by the names that kernels give them. */
void wm_look_clock_source(const struct wm_patient *patient, struct wm_finding *finding) {
	static const char fast[] = "tsc kvm-clock hyperv_clocksource_tsc_page arch_sys_counter timebase riscv_clocksource";
	static const char slow[] = "hpet acpi_pm jiffies refined-jiffies pit";
	char name[128];

	if (!wm_sysfile_line(patient->root, "/sys/devices/system/clocksource/clocksource0/current_clocksource", name,
	                     sizeof(name)))
		wm_find(finding, WM_VERDICT_UNKNOWN, "%s", name);
	else if (wm_word_index(fast, name) >= 0)
		wm_find(finding, WM_VERDICT_OK, "%s", name);
	else if (wm_word_index(slow, name) >= 0)
		wm_find(finding, WM_VERDICT_WARN, "%s", name);
	else
		wm_find(finding, WM_VERDICT_INFO, "%s, which is not known here; see timer", name);
}
