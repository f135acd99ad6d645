/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu_metrics.h - the binary table that the amdgpu driver shows of a GPU (/sys/.. gpu_metrics), as numbers.
 *
 * Layouts: Linux, drivers/gpu/drm/amd/include/kgd_pp_interface.h, struct gpu_metrics_v1_3 .. v1_9.
 * tests/abi/gpu_metrics.c holds the rows below against the members of those structs.
 */
#ifndef WM_GPU_METRICS_H
#define WM_GPU_METRICS_H

#include "core/wm.h"

enum { WM_GPU_METRICS_BYTES = 16384 }; /* more than any table: its size is 16 bits, 3872 in version 1.8 */

/* One table. NAN: it has none of that, or the driver marked it so (all bits set). */
struct wm_gpu_metrics {
	double joules;        /* the socket's energy counter, in steps of 2^-16 J */
	double taken_s;       /* driver's clock when it took the table */
	double watts;         /* whole watts */
	bool averaged;        /* over some time that is not said (version 1.3) */
	double clock_hz;      /* mean over the dies */
	double temperature_c; /* hot spot */
	/* how many of the firmware's cycles were held back so far, and all of them: 32-bit counts */
	double cycles, prochot_cycles, power_cycles, socket_heat_cycles, regulator_heat_cycles, memory_heat_cycles;
};

/*
 * X(name, minor version, bytes of the table, watts, whether averaged, joules, time taken, temperature, clock of the
 * dies, how many dies, cycles): offsets. The six counts of cycles follow each other; 0: the table has none. Version 1.6
 * is two tables, told apart by their size: that of mainline commit 00dedab07b52, and the later one.
 */
#define WM_GPU_METRICS_LAYOUTS(X)                         \
	X(3, 3, 120, 22, true, 24, 32, 6, 54, 1, 0)           \
	X(4, 4, 288, 10, false, 24, 32, 4, 240, 8, 0)         \
	X(5, 5, 360, 10, false, 88, 96, 4, 312, 8, 0)         \
	X(6_first, 6, 384, 10, false, 88, 96, 4, 336, 8, 104) \
	X(6, 6, 1664, 10, false, 16, 24, 4, 264, 8, 32)       \
	X(7, 7, 2208, 10, false, 24, 32, 4, 296, 8, 40)       \
	X(8, 8, 3872, 10, false, 24, 32, 4, 296, 8, 40)

/* Attributes of version 1.9, whose table is a list: 4 bytes of header, a 32-bit count, then for each attribute 64 bits
 * (unit << 24 | type << 20 | name << 10 | values) and the values, all packed (smu_cmn.h: DECLARE_SMU_METRICS_CLASS). */
enum wm_gpu_attribute {
	WM_GPU_HOTSPOT = 0,
	WM_GPU_SOCKET_POWER = 3,
	WM_GPU_ENERGY = 7,
	WM_GPU_TAKEN = 8,
	WM_GPU_CYCLES = 9, /* and the five counts of held back cycles: 10 .. 14 */
	WM_GPU_MEMORY_HEAT_CYCLES = 14,
	WM_GPU_CLOCKS = 33
};

/* WM_UNSUPPORTED + reason: a version that is not known; WM_FAILED + reason: shorter than it says. */
enum wm_status wm_gpu_metrics_decode(const unsigned char *table, size_t bytes, struct wm_gpu_metrics *metrics_p);

#endif
