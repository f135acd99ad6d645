/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amdsmi_api.h - the part of AMD SMI that amdsmi.c calls, resolved at run time. Numbers and layouts are those of
 * amdsmi.h of ROCm 6.2, 6.4 and 7.0; tests/abi/amdsmi.c holds them against recorded tables and, where one is installed,
 * the header.
 */
#ifndef WM_AMDSMI_API_H
#define WM_AMDSMI_API_H

#include <stdint.h>

enum {
	WM_AMDSMI_SUCCESS = 0,
	WM_AMDSMI_NOT_SUPPORTED = 2,
	WM_AMDSMI_NOT_YET_IMPLEMENTED = 3,
	WM_AMDSMI_NO_DATA = 40,
	WM_AMDSMI_INIT_AMD_GPUS = 2,
	WM_AMDSMI_AMD_GPU = 1, /* processor_type_t */

	/* amdsmi_bdf_t is 64 bits: function 3, device 5, bus 8, domain 48, the lowest first */
	WM_AMDSMI_DOMAIN_SHIFT = 16,

	/* amdsmi_version_t, both forms: 4 words of 32 bits and a pointer. To ROCm 6.4 the first word is the year */
	WM_AMDSMI_VERSION_WORDS = 4,

	/* amdsmi_power_info_t: where current_socket_power lies, and average_socket_power behind it, watts, 32 bits each.
	 * Its size changes too: room enough for all that are known (at most 192 bytes, ROCm 7.0) */
	WM_AMDSMI_CURRENT_POWER_6_2 = 0,
	WM_AMDSMI_CURRENT_POWER_6_4 = 8, /* and 7.0, 7.1: behind 64 bits of socket_power */
	WM_AMDSMI_POWER_INFO_BYTES = 1024
};

typedef void *wm_amdsmi_socket;
typedef void *wm_amdsmi_processor;

struct wm_amdsmi_version {
	uint32_t words[WM_AMDSMI_VERSION_WORDS];
	const char *build;
};

union wm_amdsmi_power_info {
	uint32_t words[WM_AMDSMI_POWER_INFO_BYTES / 4];
	uint64_t align;
};

/* X(our name, AMD SMI's name, parameters): every function used; '?' is one that a release may lack. */
#define WM_AMDSMI_FUNCTIONS(X)                                                                       \
	X(init, "amdsmi_init", (uint64_t flags))                                                         \
	X(shutdown, "amdsmi_shut_down", (void))                                                          \
	X(text, "?amdsmi_status_code_to_string", (int status, const char **text))                        \
	X(version, "?amdsmi_get_lib_version", (struct wm_amdsmi_version * version))                      \
	X(sockets, "amdsmi_get_socket_handles", (uint32_t * n, wm_amdsmi_socket * sockets))              \
	X(processors, "amdsmi_get_processor_handles",                                                    \
	  (wm_amdsmi_socket socket, uint32_t * n, wm_amdsmi_processor * processors))                     \
	X(type, "amdsmi_get_processor_type", (wm_amdsmi_processor processor, int *type))                 \
	X(address, "amdsmi_get_gpu_device_bdf", (wm_amdsmi_processor processor, uint64_t * address))     \
	X(energy, "?amdsmi_get_energy_count",                                                            \
	  (wm_amdsmi_processor processor, uint64_t * counts, float *microjoules, uint64_t *nanoseconds)) \
	X(power, "?amdsmi_get_power_info", (wm_amdsmi_processor processor, union wm_amdsmi_power_info * info))

/* One pointer per function, in the order of the list. */
struct wm_amdsmi_api {
#define X(name, symbol, parameters) int(*name) parameters;
	WM_AMDSMI_FUNCTIONS(X)
#undef X
};

#endif
