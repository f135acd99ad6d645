/* SPDX-License-Identifier: Apache-2.0 */
/* nvml.c - what harness/meters/nvml_api.h declares, held against an installed nvml.h (CUDA 11.8 to 13) by compiling
 * this. Names that a header is too old for are passed over: recorded.c holds them. */
#include "../../harness/meters/nvml_api.h"

#if __has_include(<nvml.h>) /* else there is nothing to hold it against */
#include <nvml.h>
#include <stddef.h>

_Static_assert((int)WM_NVML_SUCCESS == (int)NVML_SUCCESS, "success");
_Static_assert((int)WM_NVML_INVALID_ARGUMENT == (int)NVML_ERROR_INVALID_ARGUMENT, "invalid argument");
_Static_assert((int)WM_NVML_NOT_SUPPORTED == (int)NVML_ERROR_NOT_SUPPORTED, "not supported");
_Static_assert((int)WM_NVML_NOT_FOUND == (int)NVML_ERROR_NOT_FOUND, "not found");
_Static_assert((int)WM_NVML_INSUFFICIENT_SIZE == (int)NVML_ERROR_INSUFFICIENT_SIZE, "insufficient size");
_Static_assert((int)WM_NVML_MOST_LINKS <= (int)NVML_NVLINK_MAX_LINKS, "links");
_Static_assert((int)WM_NVML_LINK_TO_SWITCH == (int)NVML_NVLINK_DEVICE_TYPE_SWITCH, "switch");
_Static_assert(WM_NVML_NVLINK_SPEED == NVML_FI_DEV_NVLINK_SPEED_MBPS_COMMON, "speed of a link");
_Static_assert(WM_NVML_NOT_AVAILABLE == (unsigned long long)NVML_VALUE_NOT_AVAILABLE, "not available");
_Static_assert((int)WM_NVML_MIG_ON == (int)NVML_DEVICE_MIG_ENABLE, "MIG");
_Static_assert((int)WM_NVML_CLOCK_SM == (int)NVML_CLOCK_SM, "clock");
_Static_assert((int)WM_NVML_TEMPERATURE_GPU == (int)NVML_TEMPERATURE_GPU, "temperature");
_Static_assert((int)WM_NVML_UUID_BYTES == (int)NVML_DEVICE_UUID_V2_BUFFER_SIZE, "UUID");
_Static_assert((int)WM_NVML_DOUBLE == (int)NVML_VALUE_TYPE_DOUBLE, "double");
_Static_assert((int)WM_NVML_UNSIGNED_INT == (int)NVML_VALUE_TYPE_UNSIGNED_INT, "unsigned");
_Static_assert((int)WM_NVML_UNSIGNED_LONG == (int)NVML_VALUE_TYPE_UNSIGNED_LONG, "unsigned long");
_Static_assert((int)WM_NVML_UNSIGNED_LONG_LONG == (int)NVML_VALUE_TYPE_UNSIGNED_LONG_LONG, "unsigned long long");
_Static_assert((int)WM_NVML_SIGNED_LONG_LONG == (int)NVML_VALUE_TYPE_SIGNED_LONG_LONG, "long long");
_Static_assert(WM_NVML_BRAKE_NOW == nvmlClocksThrottleReasonHwPowerBrakeSlowdown, "brake, now");
_Static_assert((int)WM_NVML_VERSION_BYTES == (int)NVML_SYSTEM_DRIVER_VERSION_BUFFER_SIZE, "driver's version");
_Static_assert(WM_NVML_POLICY_POWER == NVML_FI_DEV_PERF_POLICY_POWER, "held back by power");
_Static_assert(WM_NVML_POLICY_THERMAL == NVML_FI_DEV_PERF_POLICY_THERMAL, "held back by heat");
#ifdef NVML_FI_DEV_POWER_INSTANT
_Static_assert(WM_NVML_POWER_AVERAGE == NVML_FI_DEV_POWER_AVERAGE, "mean power");
_Static_assert(WM_NVML_POWER_INSTANT == NVML_FI_DEV_POWER_INSTANT, "power");
_Static_assert(WM_NVML_SCOPE_GPU == NVML_POWER_SCOPE_GPU, "scope: GPU");
_Static_assert(WM_NVML_SCOPE_MODULE == NVML_POWER_SCOPE_MODULE, "scope: module");
#endif
#ifdef NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN
enum { FIRST_REASON = NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN };
_Static_assert((int)FIRST_REASON == (int)WM_NVML_REASONS_575 || (int)FIRST_REASON == (int)WM_NVML_REASONS_580_95,
               "heat, software");
_Static_assert(NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN == FIRST_REASON + 1, "heat, hardware");
_Static_assert(NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN == FIRST_REASON + 2, "brake");
_Static_assert(WM_NVML_POLICY_POWER == NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_POWER_CAP, "power limit");
#endif

#define SAME(ours, our_member, theirs, their_member)                                           \
	_Static_assert(offsetof(ours, our_member) == offsetof(theirs, their_member) &&             \
	                   sizeof(((ours *)0)->our_member) == sizeof(((theirs *)0)->their_member), \
	               #theirs ": " #their_member)
_Static_assert(sizeof(struct wm_nvml_field) == sizeof(nvmlFieldValue_t), "field");
SAME(struct wm_nvml_field, id, nvmlFieldValue_t, fieldId);
SAME(struct wm_nvml_field, scope, nvmlFieldValue_t, scopeId);
SAME(struct wm_nvml_field, at_us, nvmlFieldValue_t, timestamp);
SAME(struct wm_nvml_field, took_us, nvmlFieldValue_t, latencyUsec);
SAME(struct wm_nvml_field, type, nvmlFieldValue_t, valueType);
SAME(struct wm_nvml_field, status, nvmlFieldValue_t, nvmlReturn);
SAME(struct wm_nvml_field, value, nvmlFieldValue_t, value);
_Static_assert(sizeof(struct wm_nvml_pci) == sizeof(nvmlPciInfo_t), "PCI");
SAME(struct wm_nvml_pci, domain, nvmlPciInfo_t, domain);
SAME(struct wm_nvml_pci, bus, nvmlPciInfo_t, bus);
SAME(struct wm_nvml_pci, device, nvmlPciInfo_t, device);
SAME(struct wm_nvml_pci, address, nvmlPciInfo_t, busId);
_Static_assert(sizeof(struct wm_nvml_process) == sizeof(nvmlProcessInfo_t), "process");
SAME(struct wm_nvml_process, pid, nvmlProcessInfo_t, pid);
SAME(struct wm_nvml_process, bytes, nvmlProcessInfo_t, usedGpuMemory);
SAME(struct wm_nvml_process, gpu_instance, nvmlProcessInfo_t, gpuInstanceId);
SAME(struct wm_nvml_process, compute_instance, nvmlProcessInfo_t, computeInstanceId);
_Static_assert(sizeof(nvmlEnableState_t) == sizeof(int) && sizeof(nvmlIntNvLinkDeviceType_t) == sizeof(int),
               "an enum is passed as an int");
_Static_assert(sizeof(wm_nvml_device) == sizeof(nvmlDevice_t), "a handle is a pointer");
_Static_assert(sizeof(nvmlReturn_t) == sizeof(int) && sizeof(nvmlClockType_t) == sizeof(int) &&
                   sizeof(nvmlTemperatureSensors_t) == sizeof(int),
               "an enum is passed as an int");

/* nvmlDeviceGetTemperature is deprecated since CUDA 13, and still there. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
/* The library's functions take our arguments, one for one. */
int all(nvmlDevice_t device);
int all(nvmlDevice_t device) {
	unsigned a, b;
	unsigned long long joules;
	char text[WM_NVML_UUID_BYTES];
	nvmlPciInfo_t pci;
	nvmlFieldValue_t fields[1];
	unsigned long long bits;
	nvmlEnableState_t on;
	nvmlProcessInfo_t processes[1];
	nvmlIntNvLinkDeviceType_t type;

	return (int)nvmlInit_v2() | (int)nvmlShutdown() | (nvmlErrorString((nvmlReturn_t)0) != NULL) |
	       (int)nvmlDeviceGetCount_v2(&a) | (int)nvmlDeviceGetHandleByIndex_v2(0, &device) |
	       (int)nvmlDeviceGetHandleByUUID(text, &device) | (int)nvmlDeviceGetUUID(device, text, sizeof(text)) |
	       (int)nvmlDeviceGetPciInfo_v3(device, &pci) | (int)nvmlDeviceGetTotalEnergyConsumption(device, &joules) |
	       (int)nvmlDeviceGetPowerUsage(device, &a) | (int)nvmlDeviceGetFieldValues(device, 1, fields) |
	       (int)nvmlSystemGetDriverVersion(text, sizeof(text)) |
	       (int)nvmlDeviceGetCurrentClocksThrottleReasons(device, &bits) |
	       (int)nvmlDeviceGetEnforcedPowerLimit(device, &a) |
	       (int)nvmlDeviceGetPowerManagementLimitConstraints(device, &a, &b) |
	       (int)nvmlDeviceGetMigMode(device, &a, &b) | (int)nvmlDeviceGetClockInfo(device, NVML_CLOCK_SM, &a) |
	       (int)nvmlDeviceGetTemperature(device, NVML_TEMPERATURE_GPU, &a) |
	       (int)nvmlDeviceGetEccMode(device, &on, &on) | (int)nvmlDeviceGetDefaultEccMode(device, &on) |
	       (int)nvmlDeviceGetPersistenceMode(device, &on) | (int)nvmlDeviceGetPowerManagementDefaultLimit(device, &a) |
	       (int)nvmlDeviceGetApplicationsClock(device, NVML_CLOCK_SM, &a) |
	       (int)nvmlDeviceGetDefaultApplicationsClock(device, NVML_CLOCK_SM, &a) |
	       (int)nvmlDeviceGetComputeRunningProcesses_v3(device, &a, processes) |
	       (int)nvmlDeviceGetNvLinkState(device, 0, &on) | (int)nvmlDeviceGetNvLinkRemoteDeviceType(device, 0, &type) |
	       (int)nvmlDeviceGetNvLinkRemotePciInfo_v2(device, 0, &pci);
}
#endif
