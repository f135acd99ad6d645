/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libamd_smi.c - a fake libamd_smi.so that plays the script of WM_FAKE_AMDSMI (script.h). Further keys of the library:
 * year, major, minor (the first three words of its version), offset (byte of current_socket_power), socketof (devices a
 * socket: 2 makes the second of each two a further partition). Of a device: nocounter, nopower, mean (its power is an
 * average), resolution (microjoules).
 */
#include "../../harness/meters/amdsmi_api.h"
#include "script.h"

#include <stdio.h>
#include <string.h>

#define VARIABLE "WM_FAKE_AMDSMI"
#define NANO 1e-9

/* A handle is the number of the device or socket and one more. */
static void *handle_of(int index) {
	return (void *)((uintptr_t)index + 1);
}

static int index_of(const void *handle) {
	return (int)(uintptr_t)handle - 1;
}

static int devices_a_socket(const struct wm_script *s) {
	return (int)wm_script_value(s, WM_SCRIPT_ALL, "socketof", 1);
}

static int status_of(const struct wm_script *s, int device, const char *lacks) {
	if (wm_script_value(s, device, lacks, 0) != 0 || wm_script_value(s, device, "na", 0) != 0)
		return WM_AMDSMI_NOT_SUPPORTED;
	return (int)wm_script_value(s, device, "error", WM_AMDSMI_SUCCESS);
}

int amdsmi_init(uint64_t flags) {
	struct wm_script s = wm_script_read(VARIABLE);

	if (flags != WM_AMDSMI_INIT_AMD_GPUS)
		return 1;
	return (int)wm_script_value(&s, WM_SCRIPT_ALL, "init", WM_AMDSMI_SUCCESS);
}

int amdsmi_shut_down(void) {
	return WM_AMDSMI_SUCCESS;
}

int amdsmi_status_code_to_string(int status, const char **text) {
	*text = status == WM_AMDSMI_NOT_SUPPORTED ? "AMDSMI_STATUS_NOT_SUPPORTED" : "AMDSMI_STATUS_DRM_ERROR";
	return WM_AMDSMI_SUCCESS;
}

int amdsmi_get_lib_version(struct wm_amdsmi_version *version) {
	struct wm_script s = wm_script_read(VARIABLE);

	memset(version, 0, sizeof(*version));
	version->words[0] = (uint32_t)wm_script_value(&s, WM_SCRIPT_ALL, "year", 26);
	version->words[1] = (uint32_t)wm_script_value(&s, WM_SCRIPT_ALL, "major", 0);
	version->words[2] = (uint32_t)wm_script_value(&s, WM_SCRIPT_ALL, "minor", 0);
	version->build = "fake";
	return WM_AMDSMI_SUCCESS;
}

int amdsmi_get_socket_handles(uint32_t *n, wm_amdsmi_socket *sockets) {
	struct wm_script s = wm_script_read(VARIABLE);
	uint32_t count = (uint32_t)((s.ndevices + devices_a_socket(&s) - 1) / devices_a_socket(&s));

	for (uint32_t i = 0; sockets && i < count && i < *n; i++)
		sockets[i] = handle_of((int)i);
	*n = count;
	return WM_AMDSMI_SUCCESS;
}

int amdsmi_get_processor_handles(wm_amdsmi_socket socket, uint32_t *n, wm_amdsmi_processor *processors) {
	struct wm_script s = wm_script_read(VARIABLE);
	int each = devices_a_socket(&s), first = each * index_of(socket);
	uint32_t count = (uint32_t)(s.ndevices - first < each ? s.ndevices - first : each);

	for (uint32_t i = 0; processors && i < count && i < *n; i++)
		processors[i] = handle_of(first + (int)i);
	*n = count;
	return WM_AMDSMI_SUCCESS;
}

int amdsmi_get_processor_type(wm_amdsmi_processor processor, int *type) {
	(void)processor;
	*type = WM_AMDSMI_AMD_GPU;
	return WM_AMDSMI_SUCCESS;
}

int amdsmi_get_gpu_device_bdf(wm_amdsmi_processor processor, uint64_t *address) {
	struct wm_script s = wm_script_read(VARIABLE);
	unsigned domain, bus, device, function;

	if (sscanf(s.devices[index_of(processor)].pci, "%x:%x:%x.%x", &domain, &bus, &device, &function) != 4)
		return 1;
	*address = (uint64_t)domain << 16 | bus << 8 | device << 3 | function;
	return WM_AMDSMI_SUCCESS;
}

int amdsmi_get_energy_count(wm_amdsmi_processor processor, uint64_t *counts, float *microjoules,
                            uint64_t *nanoseconds) {
	struct wm_script s = wm_script_read(VARIABLE);
	int device = index_of(processor), status = status_of(&s, device, "nocounter");
	double at;

	*counts = (uint64_t)(65536 * wm_script_joules(&s, device, &at));
	*microjoules = (float)wm_script_value(&s, device, "resolution", 15.3);
	*nanoseconds = (uint64_t)((1000 + at) / NANO);
	return status;
}

int amdsmi_get_power_info(wm_amdsmi_processor processor, union wm_amdsmi_power_info *info) {
	struct wm_script s = wm_script_read(VARIABLE);
	int device = index_of(processor);
	int word = (int)wm_script_value(&s, WM_SCRIPT_ALL, "offset", 8) / 4;
	uint32_t watts = (uint32_t)(wm_script_watts(&s, device, wm_script_value(&s, device, "lag", 0)) + 0.5);
	bool mean = wm_script_value(&s, device, "mean", 0) != 0;

	memset(info, 0, 64);
	info->words[word] = mean ? UINT32_MAX : watts;
	info->words[word + 1] = mean ? watts : UINT32_MAX;
	return status_of(&s, device, "nopower");
}
