/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libnvidia-ml.c - a fake libnvidia-ml.so.1 that plays the script of WM_FAKE_NVML (script.h). Further keys: driver (its
 * version, 580.95 where nothing is said), reasons (first field of what holds a GPU back, 269; the other three are of
 * power smoothing); of a device: nocounter, nopower, noinstant, module (only the module has power), superchip (it has
 * too), nofields (driver before 530), noheat (field 75 is missing too), braking (the brake is on), mig, lost (status of
 * its handle), ecc, ecc_default (1), persistence, cap_default (watts), app_clock and app_clock_default (MHz), processes
 * (others on it) and holds (bytes that each holds), nvlinks (in use) to the next device or, with switched, to switches.
 * With -DWM_FAKE_OLD it lacks what an old driver lacks.
 */
#include "../../harness/meters/nvml_api.h"
#include "script.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define VARIABLE "WM_FAKE_NVML"
#define NANO 1e-9
#define MILLI 1e-3

/* A handle is the number of the GPU and one more. */
static int index_of(wm_nvml_device device) {
	return (int)(uintptr_t)device - 1;
}

static bool says(const struct wm_script *s, int device, const char *key) {
	return wm_script_value(s, device, key, 0) != 0;
}

/* Status of whatever tells energy or power now. */
static int status_of(const struct wm_script *s, int device) {
	if (says(s, device, "na"))
		return WM_NVML_NOT_SUPPORTED;
	return (int)wm_script_value(s, device, "error", WM_NVML_SUCCESS);
}

int nvmlInit_v2(void) {
	struct wm_script s = wm_script_read(VARIABLE);

	return (int)wm_script_value(&s, WM_SCRIPT_ALL, "init", WM_NVML_SUCCESS);
}

int nvmlShutdown(void) {
	return WM_NVML_SUCCESS;
}

const char *nvmlErrorString(int code) {
	switch (code) {
	case WM_NVML_NOT_SUPPORTED: return "Not Supported";
	case 9: return "Driver Not Loaded";
	case 15: return "GPU is lost";
	default: return "Unknown Error";
	}
}

int nvmlDeviceGetCount_v2(unsigned *n) {
	struct wm_script s = wm_script_read(VARIABLE);

	*n = (unsigned)s.ndevices;
	return WM_NVML_SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, wm_nvml_device *device) {
	struct wm_script s = wm_script_read(VARIABLE);

	*device = (wm_nvml_device)((uintptr_t)index + 1);
	return (int)wm_script_value(&s, (int)index, "lost", WM_NVML_SUCCESS);
}

int nvmlDeviceGetHandleByUUID(const char *uuid, wm_nvml_device *device) {
	struct wm_script s = wm_script_read(VARIABLE);

	for (int i = 0; i < s.ndevices; i++)
		if (strcmp(s.devices[i].uuid, uuid) == 0) {
			*device = (wm_nvml_device)((uintptr_t)i + 1);
			return (int)wm_script_value(&s, i, "lost", WM_NVML_SUCCESS);
		}
	return WM_NVML_NOT_FOUND;
}

int nvmlDeviceGetUUID(wm_nvml_device device, char *uuid, unsigned bytes) {
	struct wm_script s = wm_script_read(VARIABLE);

	snprintf(uuid, bytes, "%s", s.devices[index_of(device)].uuid);
	return WM_NVML_SUCCESS;
}

int nvmlDeviceGetPciInfo_v3(wm_nvml_device device, struct wm_nvml_pci *pci) {
	struct wm_script s = wm_script_read(VARIABLE);
	const char *address = s.devices[index_of(device)].pci;

	memset(pci, 0, sizeof(*pci));
	if (sscanf(address, "%x:%x:%x", &pci->domain, &pci->bus, &pci->device) != 3)
		return WM_NVML_NOT_SUPPORTED;
	snprintf(pci->address, sizeof(pci->address), "%08X:%02X:%02X.0", pci->domain, pci->bus, pci->device);
	return WM_NVML_SUCCESS;
}

int nvmlDeviceGetTotalEnergyConsumption(wm_nvml_device device, unsigned long long *millijoules) {
	struct wm_script s = wm_script_read(VARIABLE);
	double at;

	if (says(&s, index_of(device), "nocounter"))
		return WM_NVML_NOT_SUPPORTED;
	*millijoules = (unsigned long long)(wm_script_joules(&s, index_of(device), &at) / MILLI + 0.5);
	return status_of(&s, index_of(device));
}

int nvmlDeviceGetPowerUsage(wm_nvml_device device, unsigned *milliwatts) {
	struct wm_script s = wm_script_read(VARIABLE);

	if (says(&s, index_of(device), "nopower"))
		return WM_NVML_NOT_SUPPORTED;
	*milliwatts = (unsigned)(wm_script_watts(&s, index_of(device), 1) / MILLI + 0.5);
	return status_of(&s, index_of(device));
}

#ifndef WM_FAKE_OLD

static void answer_power(const struct wm_script *s, int device, struct wm_nvml_field *f) {
	bool instant = f->id == WM_NVML_POWER_INSTANT;
	bool module = says(s, device, "module");
	bool in_scope = f->scope == WM_NVML_SCOPE_MODULE ? module || says(s, device, "superchip") : !module;
	double lag = instant ? wm_script_value(s, device, "lag", 0) : 1;

	f->status = status_of(s, device);
	if (says(s, device, "nopower") || (instant && says(s, device, "noinstant")) || !in_scope)
		f->status = WM_NVML_NOT_SUPPORTED;
	f->type = WM_NVML_UNSIGNED_INT;
	f->value.ui = (unsigned)(wm_script_watts(s, device, lag) / MILLI + 0.5);
}

static void answer_seconds(double seconds, struct wm_nvml_field *f) {
	f->status = WM_NVML_SUCCESS;
	f->type = WM_NVML_UNSIGNED_LONG_LONG;
	f->value.ull = (unsigned long long)(seconds / NANO + 0.5);
}

/* Of the six fields that are what holds a GPU back in one driver and power smoothing in another. */
static void answer_reason(const struct wm_script *s, int device, struct wm_nvml_field *f) {
	double first = wm_script_value(s, WM_SCRIPT_ALL, "reasons", WM_NVML_REASONS_580_95);
	double heat = wm_script_sum(s, device, "thermal");

	f->status = WM_NVML_SUCCESS;
	f->type = WM_NVML_UNSIGNED_INT;
	f->value.ui = 1;
	if (f->id == first)
		answer_seconds(heat / 4, f);
	else if (f->id == first + 1)
		answer_seconds(heat * 3 / 4, f);
	else if (f->id == first + 2)
		answer_seconds(wm_script_sum(s, device, "brake"), f);
}

int nvmlDeviceGetFieldValues(wm_nvml_device device, int n, struct wm_nvml_field *fields) {
	struct wm_script s = wm_script_read(VARIABLE);
	int d = index_of(device);

	if (says(&s, d, "nofields"))
		return WM_NVML_INVALID_ARGUMENT;
	for (int i = 0; i < n; i++) {
		struct wm_nvml_field *f = &fields[i];

		switch (f->id) {
		case WM_NVML_POWER_INSTANT:
		case WM_NVML_POWER_AVERAGE: answer_power(&s, d, f); break;
		case WM_NVML_POLICY_POWER: answer_seconds(wm_script_sum(&s, d, "capped"), f); break;
		case WM_NVML_POLICY_THERMAL:
			answer_seconds(wm_script_sum(&s, d, "thermal"), f);
			if (says(&s, d, "noheat"))
				f->status = WM_NVML_NOT_SUPPORTED;
			break;
		case WM_NVML_REASONS_575:
		case WM_NVML_REASONS_575 + 1:
		case WM_NVML_REASONS_575 + 2:
		case WM_NVML_REASONS_580_95:
		case WM_NVML_REASONS_580_95 + 1:
		case WM_NVML_REASONS_580_95 + 2: answer_reason(&s, d, f); break;
		case WM_NVML_NVLINK_SPEED:
			f->status = WM_NVML_SUCCESS;
			f->type = WM_NVML_UNSIGNED_INT;
			f->value.ui = 26562;
			break;
		default: f->status = WM_NVML_INVALID_ARGUMENT;
		}
	}
	return WM_NVML_SUCCESS;
}

int nvmlDeviceGetEnforcedPowerLimit(wm_nvml_device device, unsigned *milliwatts) {
	struct wm_script s = wm_script_read(VARIABLE);
	double cap = wm_script_value(&s, index_of(device), "cap", NAN);

	*milliwatts = isnan(cap) ? 0 : (unsigned)(cap / MILLI);
	return isnan(cap) ? WM_NVML_NOT_SUPPORTED : WM_NVML_SUCCESS;
}

int nvmlDeviceGetPowerManagementLimitConstraints(wm_nvml_device device, unsigned *least, unsigned *most) {
	struct wm_script s = wm_script_read(VARIABLE);
	double watts = wm_script_value(&s, index_of(device), "most", NAN);

	*least = 0;
	*most = isnan(watts) ? 0 : (unsigned)(watts / MILLI);
	return isnan(watts) ? WM_NVML_NOT_SUPPORTED : WM_NVML_SUCCESS;
}

int nvmlSystemGetDriverVersion(char *version, unsigned bytes) {
	struct wm_script s = wm_script_read(VARIABLE);

	snprintf(version, bytes, "%.2f.05", wm_script_value(&s, WM_SCRIPT_ALL, "driver", 580.95));
	return WM_NVML_SUCCESS;
}

int nvmlDeviceGetCurrentClocksThrottleReasons(wm_nvml_device device, unsigned long long *bits) {
	struct wm_script s = wm_script_read(VARIABLE);

	*bits = 0x4 | (says(&s, index_of(device), "braking") ? WM_NVML_BRAKE_NOW : 0);
	return WM_NVML_SUCCESS;
}

int nvmlDeviceGetMigMode(wm_nvml_device device, unsigned *now, unsigned *after_reset) {
	struct wm_script s = wm_script_read(VARIABLE);

	*now = *after_reset = says(&s, index_of(device), "mig");
	return WM_NVML_SUCCESS;
}

int nvmlDeviceGetClockInfo(wm_nvml_device device, int which, unsigned *megahertz) {
	struct wm_script s = wm_script_read(VARIABLE);
	double hertz = wm_script_value(&s, index_of(device), "clock", NAN);

	*megahertz = isnan(hertz) ? 0 : (unsigned)(hertz / 1e6);
	return isnan(hertz) || which != WM_NVML_CLOCK_SM ? WM_NVML_NOT_SUPPORTED : WM_NVML_SUCCESS;
}

int nvmlDeviceGetTemperature(wm_nvml_device device, int sensor, unsigned *celsius) {
	struct wm_script s = wm_script_read(VARIABLE);
	double value = wm_script_value(&s, index_of(device), "temperature", NAN);

	*celsius = isnan(value) ? 0 : (unsigned)value;
	return isnan(value) || sensor != WM_NVML_TEMPERATURE_GPU ? WM_NVML_NOT_SUPPORTED : WM_NVML_SUCCESS;
}

/* A number that the script may not have: then the driver does not tell it. */
static int answer(wm_nvml_device device, const char *key, double scale, unsigned *value) {
	struct wm_script s = wm_script_read(VARIABLE);
	double v = wm_script_value(&s, index_of(device), key, NAN);

	*value = isnan(v) ? 0 : (unsigned)(v * scale + 0.5);
	return isnan(v) ? WM_NVML_NOT_SUPPORTED : WM_NVML_SUCCESS;
}

int nvmlDeviceGetEccMode(wm_nvml_device device, unsigned *now, unsigned *after_reset) {
	int code = answer(device, "ecc", 1, now);

	*after_reset = *now;
	return code;
}

int nvmlDeviceGetDefaultEccMode(wm_nvml_device device, unsigned *mode) {
	struct wm_script s = wm_script_read(VARIABLE);

	*mode = (unsigned)wm_script_value(&s, index_of(device), "ecc_default", 1);
	return WM_NVML_SUCCESS;
}

int nvmlDeviceGetPersistenceMode(wm_nvml_device device, unsigned *mode) {
	return answer(device, "persistence", 1, mode);
}

int nvmlDeviceGetPowerManagementDefaultLimit(wm_nvml_device device, unsigned *milliwatts) {
	return answer(device, "cap_default", 1 / MILLI, milliwatts);
}

int nvmlDeviceGetApplicationsClock(wm_nvml_device device, int which, unsigned *megahertz) {
	return which == WM_NVML_CLOCK_SM ? answer(device, "app_clock", 1, megahertz) : WM_NVML_INVALID_ARGUMENT;
}

int nvmlDeviceGetDefaultApplicationsClock(wm_nvml_device device, int which, unsigned *megahertz) {
	return which == WM_NVML_CLOCK_SM ? answer(device, "app_clock_default", 1, megahertz) : WM_NVML_INVALID_ARGUMENT;
}

int nvmlDeviceGetComputeRunningProcesses_v3(wm_nvml_device device, unsigned *n, struct wm_nvml_process *list) {
	struct wm_script s = wm_script_read(VARIABLE);
	unsigned room = *n;

	*n = (unsigned)wm_script_value(&s, index_of(device), "processes", 0);
	if (*n > room)
		return WM_NVML_INSUFFICIENT_SIZE;
	for (unsigned i = 0; i < *n; i++)
		list[i] = (struct wm_nvml_process){
			.pid = 1 + i, .bytes = (unsigned long long)wm_script_value(&s, index_of(device), "holds", 0)};
	return WM_NVML_SUCCESS;
}

int nvmlDeviceGetNvLinkState(wm_nvml_device device, unsigned link, unsigned *active) {
	struct wm_script s = wm_script_read(VARIABLE);

	*active = link < wm_script_value(&s, index_of(device), "nvlinks", 0);
	return WM_NVML_SUCCESS;
}

int nvmlDeviceGetNvLinkRemoteDeviceType(wm_nvml_device device, unsigned link, int *type) {
	struct wm_script s = wm_script_read(VARIABLE);

	(void)link;
	*type = says(&s, index_of(device), "switched") ? WM_NVML_LINK_TO_SWITCH : 0;
	return WM_NVML_SUCCESS;
}

int nvmlDeviceGetNvLinkRemotePciInfo_v2(wm_nvml_device device, unsigned link, struct wm_nvml_pci *pci) {
	struct wm_script s = wm_script_read(VARIABLE);
	int next = (index_of(device) + 1) % s.ndevices;

	(void)link;
	return nvmlDeviceGetPciInfo_v3((wm_nvml_device)((uintptr_t)next + 1), pci);
}

#endif
