/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_tools.c - checks of what else is installed: OpenCL drivers, programs that draw, power meters. */
#include "doctor_private.h"

#include "program.h"
#include "sysfile.h"

#include <stdlib.h>
#include <string.h>

/* One file a driver; each holds the name of a library (OpenCL installable client driver extension). */
#define VENDORS "/etc/OpenCL/vendors"

static int opencl_devices(const struct wm_patient *patient) {
	int n = 0;

	for (int i = 0; i < patient->n; i++)
		n += strcmp(patient->devs[i].backend, "opencl") == 0;
	return n;
}

void wm_look_opencl(const struct wm_patient *patient, struct wm_finding *finding) {
	int n = opencl_devices(patient);
	char drivers[128];

	if (!wm_sysfile_distinct(patient->root, VENDORS "/*.icd", drivers, sizeof(drivers)))
		snprintf(drivers, sizeof(drivers), "none");
	if (*patient->root)
		wm_find(finding, WM_VERDICT_INFO, "drivers in " VENDORS ": %s", drivers);
	else if (n > 0)
		wm_find(finding, WM_VERDICT_OK, "%d device%s; drivers in " VENDORS ": %s", n, n == 1 ? "" : "s", drivers);
	else
		wm_find(finding, WM_VERDICT_INFO, "no device (%.100s); drivers in " VENDORS ": %s", patient->no_opencl,
		        drivers);
}

/* The first line of what a program says of its version, or that it is not there. */
static bool version(const char *name, char *out, size_t room) {
	const char *argv[] = {name, "--version", NULL};
	char *text;
	size_t bytes;
	enum wm_status st = wm_program_run(argv, NULL, 10, &text, &bytes);

	if (st != WM_OK) {
		snprintf(out, room, st == WM_SKIP ? "no %s" : "%s that does not run", name);
		return false;
	}
	snprintf(out, room, "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	return true;
}

void wm_look_programs(const struct wm_patient *patient, struct wm_finding *finding) {
	char gnuplot[64], lstopo[64];
	bool all;

	if (!wm_find_live(patient, finding))
		return;
	all = version("gnuplot", gnuplot, sizeof(gnuplot));
	all = (version("lstopo-no-graphics", lstopo, sizeof(lstopo)) || version("lstopo", lstopo, sizeof(lstopo))) && all;
	wm_find(finding, all ? WM_VERDICT_OK : WM_VERDICT_INFO, "%s, %s", gnuplot, lstopo);
}

void wm_look_power_meters(const struct wm_patient *patient, struct wm_finding *finding) {
	static const char *const patterns[] = {
		"/sys/class/powercap/*/energy_uj",
		"/sys/class/hwmon/hwmon*/energy*_input",
		"/sys/class/hwmon/hwmon*/power*_input",
		"/sys/class/hwmon/hwmon*/power*_average",
	};
	enum { PATTERNS = sizeof(patterns) / sizeof(patterns[0]) };
	int readable[PATTERNS] = {0}, files[PATTERNS], powercap, hwmon;

	for (int i = 0; i < PATTERNS; i++)
		files[i] = wm_sysfile_count(patient->root, patterns[i], &readable[i]);
	powercap = readable[0];
	hwmon = readable[1] + readable[2] + readable[3];
	if (files[0] + files[1] + files[2] + files[3] == 0)
		wm_find(finding, WM_VERDICT_INFO, "none in /sys/class/powercap and /sys/class/hwmon");
	else
		wm_find(finding, powercap + hwmon ? WM_VERDICT_OK : WM_VERDICT_INFO,
		        "readable: %d of %d in powercap, %d of %d in hwmon", powercap, files[0], hwmon,
		        files[1] + files[2] + files[3]);
}
