/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nvml_api.h - the part of NVML that nvml.c calls, resolved at run time. Numbers and layouts are those of nvml.h of
 * CUDA 11.8 to 13.5; tests/abi/nvml.c holds them against an installed header, tests/abi/recorded.c against a list.
 */
#ifndef WM_NVML_API_H
#define WM_NVML_API_H

enum {
	WM_NVML_SUCCESS = 0,
	WM_NVML_INVALID_ARGUMENT = 2,
	WM_NVML_NOT_SUPPORTED = 3,
	WM_NVML_NOT_FOUND = 6,
	WM_NVML_INSUFFICIENT_SIZE = 7,

	WM_NVML_MIG_ON = 1,
	WM_NVML_CLOCK_SM = 1,
	WM_NVML_TEMPERATURE_GPU = 0, /* of the die */
	WM_NVML_UUID_BYTES = 96,
	WM_NVML_MOST_LINKS = 18,    /* newer headers have more, for boards to come */
	WM_NVML_LINK_TO_SWITCH = 2, /* what is at the other end of an NVLink */
	WM_NVML_NVLINK_SPEED = 90,  /* field: of one active link in one direction, MB/s */
	WM_NVML_END_CHARS = 16,     /* ours: "0000:41:00.0" */

	/* which power a field is of: its scopeId */
	WM_NVML_SCOPE_GPU = 0,
	WM_NVML_SCOPE_MODULE = 1,

	/* fields; times are nanoseconds since some start, powers milliwatts */
	WM_NVML_POLICY_POWER = 74,   /* held back by the power limit; newer headers: CLOCKS_EVENT_REASON_SW_POWER_CAP */
	WM_NVML_POLICY_THERMAL = 75, /* by heat: what there was before those below */
	WM_NVML_POWER_AVERAGE = 185, /* mean of one second, Ampere (but GA100) and newer */
	WM_NVML_POWER_INSTANT = 186,
	/*
	 * Held back by heat as software sees it, by heat as hardware sees it, by the power brake: three fields in a row, of
	 * type unsigned long long, that were renumbered. 251 in nvml.h of CUDA 12.9 and 13.0.0, 269 from 13.0.2 on, where
	 * 251 is another thing; none before. The drivers of those releases are 575.51, 580.65 and 580.95.
	 */
	WM_NVML_REASONS_575 = 251,
	WM_NVML_REASONS_580_95 = 269,
	WM_NVML_REASONS = 3,

	WM_NVML_BRAKE_NOW = 0x80, /* bit of what holds the clock back now: nvmlClocksThrottleReasonHwPowerBrakeSlowdown */
	WM_NVML_VERSION_BYTES = 80,

	/* what a field's value is */
	WM_NVML_DOUBLE = 0,
	WM_NVML_UNSIGNED_INT = 1,
	WM_NVML_UNSIGNED_LONG = 2,
	WM_NVML_UNSIGNED_LONG_LONG = 3,
	WM_NVML_SIGNED_LONG_LONG = 4
};

typedef struct wm_nvml_handle *wm_nvml_device; /* nvmlDevice_t: a pointer to what is not ours */

struct wm_nvml_pci { /* nvmlPciInfo_t */
	char old_address[16];
	unsigned domain, bus, device;
	unsigned id, subsystem_id;
	char address[32];
};

struct wm_nvml_field { /* nvmlFieldValue_t */
	unsigned id, scope;
	long long at_us, took_us;
	int type, status;
	union {
		double d;
		unsigned ui;
		unsigned long ul;
		unsigned long long ull;
		long long sll;
	} value;
};

struct wm_nvml_process { /* nvmlProcessInfo_t, as the functions of version 3 have it */
	unsigned pid;
	unsigned long long bytes; /* of the GPU's memory, or WM_NVML_NOT_AVAILABLE */
	unsigned gpu_instance, compute_instance;
};
#define WM_NVML_NOT_AVAILABLE (~0ull)

/* X(result, our name, NVML's name, parameters): every function used; '?' is one that an older driver may lack. */
#define WM_NVML_FUNCTIONS(X)                                                                                         \
	X(int, init, "nvmlInit_v2", (void))                                                                              \
	X(int, shutdown, "nvmlShutdown", (void))                                                                         \
	X(const char *, error, "nvmlErrorString", (int code))                                                            \
	X(int, count, "nvmlDeviceGetCount_v2", (unsigned *n))                                                            \
	X(int, driver, "?nvmlSystemGetDriverVersion", (char *version, unsigned bytes))                                   \
	X(int, by_index, "nvmlDeviceGetHandleByIndex_v2", (unsigned index, wm_nvml_device *device))                      \
	X(int, by_uuid, "nvmlDeviceGetHandleByUUID", (const char *uuid, wm_nvml_device *device))                         \
	X(int, uuid, "nvmlDeviceGetUUID", (wm_nvml_device device, char *uuid, unsigned bytes))                           \
	X(int, pci, "nvmlDeviceGetPciInfo_v3", (wm_nvml_device device, struct wm_nvml_pci * pci))                        \
	X(int, energy, "?nvmlDeviceGetTotalEnergyConsumption", (wm_nvml_device device, unsigned long long *millijoules)) \
	X(int, power, "?nvmlDeviceGetPowerUsage", (wm_nvml_device device, unsigned *milliwatts))                         \
	X(int, fields, "?nvmlDeviceGetFieldValues", (wm_nvml_device device, int n, struct wm_nvml_field *fields))        \
	X(int, cap, "?nvmlDeviceGetEnforcedPowerLimit", (wm_nvml_device device, unsigned *milliwatts))                   \
	X(int, limits, "?nvmlDeviceGetPowerManagementLimitConstraints",                                                  \
	  (wm_nvml_device device, unsigned *least_milliwatts, unsigned *most_milliwatts))                                \
	X(int, reasons, "?nvmlDeviceGetCurrentClocksThrottleReasons", (wm_nvml_device device, unsigned long long *bits)) \
	X(int, mig, "?nvmlDeviceGetMigMode", (wm_nvml_device device, unsigned *now, unsigned *after_reset))              \
	X(int, clock, "?nvmlDeviceGetClockInfo", (wm_nvml_device device, int which, unsigned *megahertz))                \
	X(int, temperature, "?nvmlDeviceGetTemperature", (wm_nvml_device device, int sensor, unsigned *celsius))

/* What tells how a GPU is set up and who else is on it (backends/nvml_state.c), all with a status as their result:
 * X(our name, NVML's name, parameters). */
#define WM_NVML_STATE_FUNCTIONS(X)                                                                                   \
	X(init, "nvmlInit_v2", (void))                                                                                   \
	X(shutdown, "nvmlShutdown", (void))                                                                              \
	X(by_uuid, "nvmlDeviceGetHandleByUUID", (const char *uuid, wm_nvml_device *device))                              \
	X(mig, "?nvmlDeviceGetMigMode", (wm_nvml_device device, unsigned *now, unsigned *after_reset))                   \
	X(ecc, "?nvmlDeviceGetEccMode", (wm_nvml_device device, unsigned *now, unsigned *after_reset))                   \
	X(default_ecc, "?nvmlDeviceGetDefaultEccMode", (wm_nvml_device device, unsigned *mode))                          \
	X(persistence, "?nvmlDeviceGetPersistenceMode", (wm_nvml_device device, unsigned *mode))                         \
	X(cap, "?nvmlDeviceGetEnforcedPowerLimit", (wm_nvml_device device, unsigned *milliwatts))                        \
	X(default_cap, "?nvmlDeviceGetPowerManagementDefaultLimit", (wm_nvml_device device, unsigned *milliwatts))       \
	X(application_clock, "?nvmlDeviceGetApplicationsClock", (wm_nvml_device device, int which, unsigned *megahertz)) \
	X(default_application_clock, "?nvmlDeviceGetDefaultApplicationsClock",                                           \
	  (wm_nvml_device device, int which, unsigned *megahertz))                                                       \
	X(processes, "?nvmlDeviceGetComputeRunningProcesses_v3",                                                         \
	  (wm_nvml_device device, unsigned *n, struct wm_nvml_process *list))                                            \
	X(link_state, "?nvmlDeviceGetNvLinkState", (wm_nvml_device device, unsigned link, unsigned *active))             \
	X(link_type, "?nvmlDeviceGetNvLinkRemoteDeviceType", (wm_nvml_device device, unsigned link, int *type))          \
	X(link_pci, "?nvmlDeviceGetNvLinkRemotePciInfo_v2",                                                              \
	  (wm_nvml_device device, unsigned link, struct wm_nvml_pci *pci))                                               \
	X(fields, "?nvmlDeviceGetFieldValues", (wm_nvml_device device, int n, struct wm_nvml_field *fields))

struct wm_nvml_state_api {
#define X(name, symbol, parameters) int(*name) parameters;
	WM_NVML_STATE_FUNCTIONS(X)
#undef X
};

/* One pointer per function, in the order of the list. */
struct wm_nvml_api {
#define X(result, name, symbol, parameters) result(*name) parameters;
	WM_NVML_FUNCTIONS(X)
#undef X
};

#endif
