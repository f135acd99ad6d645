/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rocmsmi_api.h - the part of ROCm SMI that rocmsmi.c calls, resolved at run time: numbers only, no struct. Those of
 * rocm_smi.h of ROCm 5.2 and 6.x; tests/abi/rocmsmi.c holds them against the installed header.
 */
#ifndef WM_ROCMSMI_API_H
#define WM_ROCMSMI_API_H

#include <stdint.h>

enum {
	WM_ROCMSMI_SUCCESS = 0,
	WM_ROCMSMI_NOT_SUPPORTED = 2,
	WM_ROCMSMI_NOT_YET_IMPLEMENTED = 9,
	WM_ROCMSMI_NO_DATA = 14,

	/* rsmi_dev_pci_id_get: domain << 32 | partition << 28 | bus << 8 | device << 3 | function */
	WM_ROCMSMI_DOMAIN_SHIFT = 32,
	WM_ROCMSMI_PARTITION_SHIFT = 28
};

/* X(our name, ROCm SMI's name, parameters): every function used; '?' is one that a release may lack. */
#define WM_ROCMSMI_FUNCTIONS(X)                                                                  \
	X(init, "rsmi_init", (uint64_t flags))                                                       \
	X(shutdown, "rsmi_shut_down", (void))                                                        \
	X(text, "?rsmi_status_string", (int status, const char **text))                              \
	X(count, "rsmi_num_monitor_devices", (uint32_t * n))                                         \
	X(address, "rsmi_dev_pci_id_get", (uint32_t device, uint64_t * address))                     \
	X(energy, "?rsmi_dev_energy_count_get",                                                      \
	  (uint32_t device, uint64_t * counts, float *microjoules, uint64_t *nanoseconds))           \
	X(power_now, "?rsmi_dev_current_socket_power_get", (uint32_t device, uint64_t * microwatts)) \
	X(power_mean, "?rsmi_dev_power_ave_get", (uint32_t device, uint32_t sensor, uint64_t * microwatts))

/* One pointer per function, in the order of the list. */
struct wm_rocmsmi_api {
#define X(name, symbol, parameters) int(*name) parameters;
	WM_ROCMSMI_FUNCTIONS(X)
#undef X
};

#endif
