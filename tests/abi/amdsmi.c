/* SPDX-License-Identifier: Apache-2.0 */
/* amdsmi.c - what harness/meters/amdsmi_api.h declares, held against an installed amdsmi.h (ROCm 6.2 and newer) by
 * compiling this. */
#include "../../harness/meters/amdsmi_api.h"

#if __has_include(<amd_smi/amdsmi.h>) /* else there is nothing to hold it against */
#include <amd_smi/amdsmi.h>
#include <stddef.h>

_Static_assert((int)WM_AMDSMI_SUCCESS == (int)AMDSMI_STATUS_SUCCESS, "success");
_Static_assert((int)WM_AMDSMI_NOT_SUPPORTED == (int)AMDSMI_STATUS_NOT_SUPPORTED, "not supported");
_Static_assert((int)WM_AMDSMI_NOT_YET_IMPLEMENTED == (int)AMDSMI_STATUS_NOT_YET_IMPLEMENTED, "not yet implemented");
_Static_assert((int)WM_AMDSMI_NO_DATA == (int)AMDSMI_STATUS_NO_DATA, "no data");
_Static_assert((int)WM_AMDSMI_INIT_AMD_GPUS == (int)AMDSMI_INIT_AMD_GPUS, "GPUs");
_Static_assert(sizeof(amdsmi_status_t) == sizeof(int) && sizeof(processor_type_t) == sizeof(int),
               "an enum is passed as an int");
_Static_assert(sizeof(amdsmi_bdf_t) == sizeof(uint64_t), "address");
_Static_assert(sizeof(amdsmi_version_t) == sizeof(struct wm_amdsmi_version), "version");
_Static_assert(offsetof(amdsmi_version_t, build) == offsetof(struct wm_amdsmi_version, build), "version: build");
_Static_assert(sizeof(amdsmi_power_info_t) <= sizeof(union wm_amdsmi_power_info), "room for the power");
_Static_assert(offsetof(amdsmi_power_info_t, average_socket_power) ==
                   offsetof(amdsmi_power_info_t, current_socket_power) + 4,
               "mean power behind the current one");
#if AMDSMI_LIB_VERSION_MAJOR == 25 || AMDSMI_LIB_VERSION_MAJOR == 26
_Static_assert(offsetof(amdsmi_power_info_t, current_socket_power) == WM_AMDSMI_CURRENT_POWER_6_4, "power");
#elif AMDSMI_LIB_VERSION_MAJOR == 6 || AMDSMI_LIB_VERSION_MAJOR == 7
_Static_assert(offsetof(amdsmi_power_info_t, current_socket_power) == WM_AMDSMI_CURRENT_POWER_6_2, "power");
#endif

/* The library's functions take our arguments, one for one. */
int all(amdsmi_socket_handle socket, amdsmi_processor_handle processor);
int all(amdsmi_socket_handle socket, amdsmi_processor_handle processor) {
	amdsmi_version_t version;
	amdsmi_power_info_t power;
	processor_type_t type;
	amdsmi_bdf_t address;
	const char *text;
	uint64_t counts, nanoseconds;
	uint32_t n;
	float resolution;

	return (int)amdsmi_init(AMDSMI_INIT_AMD_GPUS) | (int)amdsmi_shut_down() |
	       (int)amdsmi_status_code_to_string(AMDSMI_STATUS_SUCCESS, &text) | (int)amdsmi_get_lib_version(&version) |
	       (int)amdsmi_get_socket_handles(&n, &socket) | (int)amdsmi_get_processor_handles(socket, &n, &processor) |
	       (int)amdsmi_get_processor_type(processor, &type) | (int)amdsmi_get_gpu_device_bdf(processor, &address) |
	       (int)amdsmi_get_energy_count(processor, &counts, &resolution, &nanoseconds) |
	       (int)amdsmi_get_power_info(processor, &power);
}
#endif
