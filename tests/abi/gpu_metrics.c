/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu_metrics.c - the rows of harness/meters/gpu_metrics.h, held against the members that the driver's tables have
 * before those that we read, as kgd_pp_interface.h of Linux lists them (natural alignment, not packed). The compiler
 * counts the bytes.
 */
#include "../../harness/meters/gpu_metrics.h"

#include <stddef.h>
#include <stdint.h>

enum { LINKS = 8, VIDEO = 4, JPEG = 32 };

struct table_3 {
	uint8_t header[4];
	uint16_t edge, temperature, of_memory, of_regulators[3], busy[3], watts;
	uint64_t joules, taken;
	uint16_t mean_clocks[7], clocks, other_clocks[6];
	uint32_t held_back;
	uint16_t fan, pcie[2], none;
	uint32_t busy_so_far[2];
	uint16_t of_hbm[4];
	uint64_t firmware_time;
	uint16_t volts[3], none_either;
	uint64_t held_back_too;
};

struct table_4 {
	uint8_t header[4];
	uint16_t temperature, of_memory, of_regulator, watts, busy[2], video[VIDEO];
	uint64_t joules, taken;
	uint32_t held_back, locked;
	uint16_t pcie[2], xgmi[2];
	uint32_t busy_so_far[2];
	uint64_t pcie_bytes[2], pcie_counts[3], xgmi_bytes[2 * LINKS], firmware_time;
	uint16_t clocks[8], other_clocks[3 * 4 + 1], none;
};

struct table_5 {
	uint8_t header[4];
	uint16_t temperature, of_memory, of_regulator, watts, busy[2], video[VIDEO], jpeg[JPEG];
	uint64_t joules, taken;
	uint32_t held_back, locked;
	uint16_t pcie[2], xgmi[2];
	uint32_t busy_so_far[2];
	uint64_t pcie_bytes[2], pcie_counts[3];
	uint32_t pcie_naks[2];
	uint64_t xgmi_bytes[2 * LINKS], firmware_time;
	uint16_t clocks[8], other_clocks[3 * 4 + 1], none;
};

/* What one partition does, three forms. */
struct part_6 {
	uint32_t busy[8];
	uint16_t jpeg[JPEG], video[VIDEO];
	uint64_t busy_so_far[8];
};
struct part_7 {
	uint32_t busy[8];
	uint16_t jpeg[JPEG], video[VIDEO];
	uint64_t busy_so_far[8], below_limit[8];
};
struct part_8 {
	uint32_t busy[8];
	uint16_t jpeg[40], video[VIDEO];
	uint64_t busy_so_far[8], below_limit[4][8];
};

/* The first form of version 1.6: mainline commit 00dedab07b52. */
struct table_6_first {
	uint8_t header[4];
	uint16_t temperature, of_memory, of_regulator, watts, busy[2], video[VIDEO], jpeg[JPEG];
	uint64_t joules, taken;
	uint32_t cycles[6], held_back, locked;
	uint16_t pcie[2], xgmi[2];
	uint32_t busy_so_far[2];
	uint64_t pcie_bytes[2], pcie_counts[3];
	uint32_t pcie_naks[2];
	uint64_t xgmi_bytes[2 * LINKS], firmware_time;
	uint16_t clocks[8], other_clocks[3 * 4 + 1], none;
};

struct table_6 {
	uint8_t header[4];
	uint16_t temperature, of_memory, of_regulator, watts, busy[2];
	uint64_t joules, taken;
	uint32_t cycles[6], locked;
	uint16_t pcie[2], xgmi[2];
	uint32_t busy_so_far[2];
	uint64_t pcie_bytes[2], pcie_counts[3];
	uint32_t pcie_naks[2];
	uint64_t xgmi_bytes[2 * LINKS], firmware_time;
	uint16_t clocks[8], other_clocks[3 * 4 + 1], partitions;
	struct part_6 parts[8];
	uint32_t pcie_recoveries;
};

#define TABLE_7(parts_type)                                            \
	{                                                                  \
		uint8_t header[4];                                             \
		uint16_t temperature, of_memory, of_regulator, watts, busy[2]; \
		uint64_t most_bandwidth, joules, taken;                        \
		uint32_t cycles[6], locked;                                    \
		uint16_t pcie[2], xgmi[2];                                     \
		uint32_t busy_so_far[2];                                       \
		uint64_t pcie_bytes[2], pcie_counts[3];                        \
		uint32_t pcie_naks[2];                                         \
		uint64_t xgmi_bytes[2 * LINKS];                                \
		uint16_t xgmi_links[LINKS], none;                              \
		uint64_t firmware_time;                                        \
		uint16_t clocks[8], other_clocks[3 * 4 + 1], partitions;       \
		parts_type parts[8];                                           \
		uint32_t pcie_recoveries;                                      \
	}
struct table_7 TABLE_7(struct part_7);
struct table_8 TABLE_7(struct part_8);

#define AT(name, member) offsetof(struct table_##name, member)
#define X(name, minor, bytes, watts_, averaged, joules_, taken_, temperature_, clocks_, dies, cycles_) \
	_Static_assert(sizeof(struct table_##name) == (bytes), "bytes of 1." #name);                       \
	_Static_assert(AT(name, watts) == (watts_), "watts of version 1." #name);                          \
	_Static_assert(AT(name, joules) == (joules_), "joules of version 1." #name);                       \
	_Static_assert(AT(name, taken) == (taken_), "time of version 1." #name);                           \
	_Static_assert(AT(name, temperature) == (temperature_), "heat of version 1." #name);               \
	_Static_assert(AT(name, clocks) == (clocks_), "clocks of version 1." #name);                       \
	enum { CYCLES_##name = (cycles_), DIES_##name = (dies) };
WM_GPU_METRICS_LAYOUTS(X)
#undef X

_Static_assert(CYCLES_3 == 0 && CYCLES_4 == 0 && CYCLES_5 == 0, "tables without cycles");
_Static_assert((int)CYCLES_6_first == (int)AT(6_first, cycles), "cycles of the first version 1.6");
_Static_assert((int)CYCLES_6 == (int)AT(6, cycles), "cycles of version 1.6");
_Static_assert((int)CYCLES_7 == (int)AT(7, cycles), "cycles of version 1.7");
_Static_assert((int)CYCLES_8 == (int)AT(8, cycles), "cycles of version 1.8");
_Static_assert(DIES_3 == 1 && DIES_4 == 8 && DIES_5 == 8 && DIES_6_first == 8 && DIES_6 == 8 && DIES_7 == 8 &&
                   DIES_8 == 8,
               "number of clocks");
