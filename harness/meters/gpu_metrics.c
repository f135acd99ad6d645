/* SPDX-License-Identifier: Apache-2.0 */
/* gpu_metrics.c - takes the amdgpu driver's table apart: structs of versions 1.3 to 1.8, the list of 1.9. */
#include "gpu_metrics.h"

#include <math.h>
#include <string.h>

#define JOULES_PER_COUNT (1.0 / 65536) /* 15.259 uJ, kgd_pp_interface.h */
#define NANO 1e-9
#define MEGA 1e6

static const struct layout {
	unsigned minor, bytes, watts;
	bool averaged;
	unsigned joules, taken, temperature, clocks, dies, cycles;
} layouts[] = {
#define X(name, minor, bytes, watts, averaged, joules, taken, temperature, clocks, dies, cycles) \
	{minor, bytes, watts, averaged, joules, taken, temperature, clocks, dies, cycles},
	WM_GPU_METRICS_LAYOUTS(X)
#undef X
};
enum { LAYOUTS = sizeof(layouts) / sizeof(layouts[0]), HEADER_BYTES = 4, CYCLE_COUNTS = 6, MOST_DIES = 64 };

/* An unsigned number of that many bytes in the machine's own order; NAN when all of its bits are set. */
static double number(const unsigned char *at, unsigned bytes) {
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	switch (bytes) {
	/* NAN is a float: without the casts all would be */
	case 1: return *at == UINT8_MAX ? NAN : (double)*at;
	case 2: memcpy(&u16, at, sizeof(u16)); return u16 == UINT16_MAX ? NAN : (double)u16;
	case 4: memcpy(&u32, at, sizeof(u32)); return u32 == UINT32_MAX ? NAN : (double)u32;
	default: memcpy(&u64, at, sizeof(u64)); return u64 == UINT64_MAX ? NAN : (double)u64;
	}
}

/* Mean of the clocks of those dies that have one; megahertz, of that many bytes each. */
static double mean_clock(const unsigned char *at, unsigned bytes, unsigned n) {
	double all = 0;
	int known = 0;

	for (unsigned i = 0; i < n && i < MOST_DIES; i++) {
		double mhz = number(at + i * bytes, bytes);

		if (mhz > 0) {
			all += mhz;
			known++;
		}
	}
	return known ? MEGA * all / known : NAN;
}

static double *cycles_of(struct wm_gpu_metrics *m, unsigned i) {
	double *const counts[CYCLE_COUNTS] = {&m->cycles,
	                                      &m->prochot_cycles,
	                                      &m->power_cycles,
	                                      &m->socket_heat_cycles,
	                                      &m->regulator_heat_cycles,
	                                      &m->memory_heat_cycles};

	return counts[i];
}

static void decode_struct(const unsigned char *table, const struct layout *l, struct wm_gpu_metrics *m) {
	m->joules = JOULES_PER_COUNT * number(table + l->joules, 8);
	m->taken_s = NANO * number(table + l->taken, 8);
	m->watts = number(table + l->watts, 2);
	m->averaged = l->averaged;
	m->temperature_c = number(table + l->temperature, 2);
	m->clock_hz = mean_clock(table + l->clocks, 2, l->dies);
	for (unsigned i = 0; l->cycles && i < CYCLE_COUNTS; i++)
		*cycles_of(m, i) = number(table + l->cycles + 4 * (size_t)i, 4);
}

/* ---- version 1.9 ------------------------------------------------------------------------------------------------ */

static void take_attribute(unsigned name, const unsigned char *at, unsigned bytes, unsigned n,
                           struct wm_gpu_metrics *m) {
	if (name == WM_GPU_ENERGY)
		m->joules = JOULES_PER_COUNT * number(at, bytes);
	else if (name == WM_GPU_TAKEN)
		m->taken_s = NANO * number(at, bytes);
	else if (name == WM_GPU_SOCKET_POWER)
		m->watts = number(at, bytes);
	else if (name == WM_GPU_HOTSPOT)
		m->temperature_c = number(at, bytes);
	else if (name == WM_GPU_CLOCKS)
		m->clock_hz = mean_clock(at, bytes, n);
	else if (name >= WM_GPU_CYCLES && name <= WM_GPU_MEMORY_HEAT_CYCLES)
		*cycles_of(m, name - WM_GPU_CYCLES) = number(at, bytes);
}

static enum wm_status decode_list(const unsigned char *table, size_t bytes, struct wm_gpu_metrics *m) {
	size_t at = HEADER_BYTES + 4;
	int32_t left;

	if (bytes < at)
		return wm_fail(WM_FAILED, "gpu_metrics 1.9: %zu bytes hold no count of attributes", bytes);
	for (memcpy(&left, table + HEADER_BYTES, sizeof(left)); left > 0; left--) {
		uint64_t attribute;
		unsigned type, size, n;

		if (bytes - at < sizeof(attribute))
			return wm_fail(WM_FAILED, "gpu_metrics 1.9: the table ends %d attributes early", (int)left);
		memcpy(&attribute, table + at, sizeof(attribute));
		at += sizeof(attribute);
		type = attribute >> 20 & 0xf; /* u8 s8 u16 s16 u32 s32 u64 s64 */
		n = attribute & 0x3ff;
		size = 1u << type / 2;
		if (type > 7 || bytes - at < (size_t)n * size)
			return wm_fail(WM_FAILED, "gpu_metrics 1.9: attribute %#llx does not fit", (unsigned long long)attribute);
		if (n > 0)
			take_attribute(attribute >> 10 & 0x3ff, table + at, size, n, m);
		at += (size_t)n * size;
	}
	return WM_OK;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

enum wm_status wm_gpu_metrics_decode(const unsigned char *table, size_t bytes, struct wm_gpu_metrics *metrics_p) {
	struct wm_gpu_metrics m = {NAN, NAN, NAN, false, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	uint16_t said;
	enum wm_status st;

	if (bytes < HEADER_BYTES)
		return wm_fail(WM_FAILED, "gpu_metrics: %zu bytes are no table", bytes);
	memcpy(&said, table, sizeof(said));
	if (said > bytes)
		return wm_fail(WM_FAILED, "gpu_metrics: %zu bytes of %u", bytes, said);
	if (table[2] == 1 && table[3] == 9) {
		st = decode_list(table, said, &m);
		if (st == WM_OK)
			*metrics_p = m;
		return st;
	}
	for (int i = 0; i < LAYOUTS; i++) {
		const struct layout *l = &layouts[i];

		if (table[2] != 1 || table[3] != l->minor || said != l->bytes)
			continue;
		decode_struct(table, l, &m);
		*metrics_p = m;
		return WM_OK;
	}
	return wm_fail(WM_UNSUPPORTED, "gpu_metrics %u.%u of %u bytes is not known (some of 1.3 to 1.9 are)", table[2],
	               table[3], said);
}
