/* SPDX-License-Identifier: Apache-2.0 */
/*
 * librocm_smi64.c - a fake librocm_smi64.so that plays the script of WM_FAKE_ROCMSMI (script.h). Further keys of a
 * device: nocounter, nopower, mean (its power is an average), resolution (microjoules), partition (its number).
 */
#include "../../harness/meters/rocmsmi_api.h"
#include "script.h"

#include <stdio.h>

#define VARIABLE "WM_FAKE_ROCMSMI"
#define NANO 1e-9
#define MICRO 1e-6

static int status_of(const struct wm_script *s, int device, const char *lacks) {
	if (wm_script_value(s, device, lacks, 0) != 0 || wm_script_value(s, device, "na", 0) != 0)
		return WM_ROCMSMI_NOT_SUPPORTED;
	return (int)wm_script_value(s, device, "error", WM_ROCMSMI_SUCCESS);
}

int rsmi_init(uint64_t flags) {
	struct wm_script s = wm_script_read(VARIABLE);

	(void)flags;
	return (int)wm_script_value(&s, WM_SCRIPT_ALL, "init", WM_ROCMSMI_SUCCESS);
}

int rsmi_shut_down(void) {
	return WM_ROCMSMI_SUCCESS;
}

int rsmi_status_string(int status, const char **text) {
	*text = status == WM_ROCMSMI_NOT_SUPPORTED ? "not supported" : "an error";
	return WM_ROCMSMI_SUCCESS;
}

int rsmi_num_monitor_devices(uint32_t *n) {
	struct wm_script s = wm_script_read(VARIABLE);

	*n = (uint32_t)s.ndevices;
	return WM_ROCMSMI_SUCCESS;
}

int rsmi_dev_pci_id_get(uint32_t index, uint64_t *address) {
	struct wm_script s = wm_script_read(VARIABLE);
	uint64_t partition = (uint64_t)wm_script_value(&s, (int)index, "partition", 0);
	unsigned domain, bus, device, function;

	if (sscanf(s.devices[index].pci, "%x:%x:%x.%x", &domain, &bus, &device, &function) != 4)
		return 1;
	*address = (uint64_t)domain << 32 | partition << 28 | bus << 8 | device << 3 | function;
	return WM_ROCMSMI_SUCCESS;
}

int rsmi_dev_energy_count_get(uint32_t index, uint64_t *counts, float *microjoules, uint64_t *nanoseconds) {
	struct wm_script s = wm_script_read(VARIABLE);
	double at;

	*counts = (uint64_t)(65536 * wm_script_joules(&s, (int)index, &at));
	*microjoules = (float)wm_script_value(&s, (int)index, "resolution", 15.3);
	*nanoseconds = (uint64_t)((1000 + at) / NANO);
	return status_of(&s, (int)index, "nocounter");
}

static int power(uint32_t index, bool mean, uint64_t *microwatts) {
	struct wm_script s = wm_script_read(VARIABLE);

	*microwatts = (uint64_t)(wm_script_watts(&s, (int)index, wm_script_value(&s, (int)index, "lag", 0)) / MICRO + 0.5);
	if (mean != (wm_script_value(&s, (int)index, "mean", 0) != 0))
		return WM_ROCMSMI_NOT_SUPPORTED;
	return status_of(&s, (int)index, "nopower");
}

int rsmi_dev_current_socket_power_get(uint32_t index, uint64_t *microwatts) {
	return power(index, false, microwatts);
}

int rsmi_dev_power_ave_get(uint32_t index, uint32_t sensor, uint64_t *microwatts) {
	(void)sensor;
	return power(index, true, microwatts);
}
