/* SPDX-License-Identifier: Apache-2.0 */
/* rocmsmi.c - what harness/meters/rocmsmi_api.h declares, held against an installed rocm_smi.h by compiling this. */
#include "../../harness/meters/rocmsmi_api.h"

#if __has_include(<rocm_smi/rocm_smi.h>) /* else there is nothing to hold it against */
#include <rocm_smi/rocm_smi.h>
#include <stddef.h>

_Static_assert((int)WM_ROCMSMI_SUCCESS == (int)RSMI_STATUS_SUCCESS, "success");
_Static_assert((int)WM_ROCMSMI_NOT_SUPPORTED == (int)RSMI_STATUS_NOT_SUPPORTED, "not supported");
_Static_assert((int)WM_ROCMSMI_NOT_YET_IMPLEMENTED == (int)RSMI_STATUS_NOT_YET_IMPLEMENTED, "not yet implemented");
_Static_assert((int)WM_ROCMSMI_NO_DATA == (int)RSMI_STATUS_NO_DATA, "no data");
_Static_assert(sizeof(rsmi_status_t) == sizeof(int), "a status is an int");

/* The library's functions take our arguments, one for one. rsmi_dev_current_socket_power_get is younger than ROCm 5.2.
 */
int all(void);
int all(void) {
	uint32_t n;
	uint64_t a, b;
	float resolution;
	const char *text;

	return (int)rsmi_init(0) | (int)rsmi_shut_down() | (int)rsmi_status_string(RSMI_STATUS_SUCCESS, &text) |
	       (int)rsmi_num_monitor_devices(&n) | (int)rsmi_dev_pci_id_get(0, &a) |
	       (int)rsmi_dev_energy_count_get(0, &a, &resolution, &b) | (int)rsmi_dev_power_ave_get(0, 0, &a);
}
#endif
