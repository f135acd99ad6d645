/* SPDX-License-Identifier: Apache-2.0 */
/* amd_socket.c - gpu_metrics and the power limit of one AMD GPU in /sys, and what AMD's three meters say alike. */
#include "amd_socket.h"

#include "system/sysfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define CYCLE_COUNTS 4294967296.0 /* the firmware's counts of cycles are of 32 bits */
#define MICRO 1e-6
#define NANO 1e-9
#define ASIDE_S 0.1
#define SAME_RESOLUTION 0.01
#define MI300A "0x74a0" /* a processor and an accelerator in one socket (pci.ids) */

static void keep_first(void *arg, const char *path) {
	char *first = arg;

	if (!first[0])
		snprintf(first, PATH_MAX, "%s", path);
}

/* Opens a file of the device's hwmon folder, which has a number that nobody knows; if there is none, it is not open. */
static void open_hwmon(const char *root, const char *pci, const char *name, struct wm_number *number_p) {
	char pattern[160], path[PATH_MAX] = "";

	number_p->is_open = false;
	snprintf(pattern, sizeof(pattern), "/sys/bus/pci/devices/%.15s/hwmon/hwmon*/%.31s", pci, name);
	wm_files_each(root, pattern, keep_first, path);
	if (path[0])
		wm_number_open(root, path, number_p);
}

/* A file of microwatts as watts; NAN: it has none. */
static double read_microwatts(const struct wm_number *number) {
	double microwatts = NAN;

	if (!number->is_open || wm_number_read(number, &microwatts) != WM_OK)
		return NAN;
	return microwatts > 0 ? MICRO * microwatts : NAN;
}

enum wm_status wm_amd_socket_open(const char *root, const char *pci, struct wm_amd_socket *socket_p) {
	char path[PATH_MAX];

	memset(socket_p, 0, sizeof(*socket_p));
	socket_p->aside = wm_no_reading();
	socket_p->aside_at_s = NAN;
	open_hwmon(root, pci, "power1_cap", &socket_p->cap);
	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/gpu_metrics", root, pci);
	socket_p->table = open(path, O_RDONLY | O_CLOEXEC);
	if (socket_p->table < 0)
		return wm_fail(WM_FAILED, "%s: %s", path + strlen(root), strerror(errno));
	return WM_OK;
}

void wm_amd_socket_close(struct wm_amd_socket *socket) {
	if (socket->table >= 0)
		close(socket->table);
	wm_number_close(&socket->cap);
	socket->table = -1;
}

double wm_amd_socket_limit(const char *root, const char *pci) {
	struct wm_number number;
	double watts;

	open_hwmon(root, pci, "power1_cap_max", &number);
	watts = read_microwatts(&number);
	wm_number_close(&number);
	return watts;
}

/* ---- time held back --------------------------------------------------------------------------------------------- */

/* From one count to a later one. */
static double counted(double from, double to) {
	return to < from ? to - from + CYCLE_COUNTS : to - from;
}

/* Part of the firmware's cycles between two tables that were held back, at most 1; NAN: the table does not say. */
static double share(const struct wm_gpu_metrics *from, const struct wm_gpu_metrics *to, double held_back) {
	double cycles = counted(from->cycles, to->cycles);

	if (isnan(cycles) || isnan(held_back))
		return NAN;
	return cycles > 0 ? fmin(held_back / cycles, 1) : 0;
}

/* Heat is what amdsmi calls a thermal violation: of the socket, its regulators, its memory, and PROCHOT. */
static void add_up(struct wm_amd_socket *socket, const struct wm_gpu_metrics *now) {
	const struct wm_gpu_metrics *last = &socket->last;
	double seconds = now->taken_s - last->taken_s;
	double heat = counted(last->prochot_cycles, now->prochot_cycles) +
	              counted(last->socket_heat_cycles, now->socket_heat_cycles) +
	              counted(last->regulator_heat_cycles, now->regulator_heat_cycles) +
	              counted(last->memory_heat_cycles, now->memory_heat_cycles);

	if (!socket->seen) {
		/* NAN in what the table does not tell */
		socket->thermal_s = 0 * heat;
		socket->capped_s = 0 * now->power_cycles;
	} else if (seconds > 0) {
		socket->thermal_s += seconds * share(last, now, heat);
		socket->capped_s += seconds * share(last, now, counted(last->power_cycles, now->power_cycles));
	}
}

enum wm_status wm_amd_socket_read(struct wm_amd_socket *socket, struct wm_reading *reading_p,
                                  struct wm_gpu_metrics *metrics_p) {
	unsigned char table[WM_GPU_METRICS_BYTES];
	struct wm_reading r = wm_no_reading();
	struct wm_gpu_metrics m;
	ssize_t n;
	enum wm_status st;

	if (socket->table < 0)
		return wm_fail(WM_FAILED, "gpu_metrics is not open");
	n = pread(socket->table, table, sizeof(table), 0);
	if (n < 0)
		return wm_fail(WM_FAILED, "gpu_metrics: %s", strerror(errno));
	st = wm_gpu_metrics_decode(table, (size_t)n, &m);
	if (st != WM_OK)
		return st;
	add_up(socket, &m);
	socket->last = m;
	socket->seen = true;
	r.joules = m.joules;
	r.watts = wm_amd_watts(m.watts);
	r.own_s = m.taken_s;
	r.cap_w = read_microwatts(&socket->cap);
	r.clock_hz = m.clock_hz;
	r.temperature_c = m.temperature_c;
	r.thermal_s = socket->thermal_s;
	r.capped_s = socket->capped_s;
	*reading_p = r;
	if (metrics_p)
		*metrics_p = m;
	return WM_OK;
}

bool wm_amd_socket_aside(struct wm_amd_socket *socket) {
	struct wm_reading r = wm_no_reading();

	if (wm_now() - socket->aside_at_s < ASIDE_S)
		return false;
	wm_amd_socket_read(socket, &r, NULL);
	r.joules = r.watts = r.own_s = NAN;
	socket->aside = r;
	socket->aside_at_s = wm_now();
	return true;
}

/* ---- what AMD's meters say alike -------------------------------------------------------------------------------- */

void wm_amd_address(uint64_t domain, uint64_t bdf, char pci[16]) {
	snprintf(pci, 16, "%04x:%02x:%02x.%x", (unsigned)(domain & 0xfffffff), (unsigned)(bdf >> 8 & 0xff),
	         (unsigned)(bdf >> 3 & 0x1f), (unsigned)(bdf & 7));
}

void wm_amd_source(const char *meter, const char *root, const char *pci, struct wm_source *source_p) {
	struct wm_source s = wm_source_of(meter, WM_SCOPE_ACCELERATOR, WM_POWER);
	char path[96], device[16];

	s.refresh_s = WM_AMD_REFRESH_S;
	snprintf(s.id, sizeof(s.id), "%.15s:%.15s", meter, pci);
	snprintf(s.pci, sizeof(s.pci), "%.15s", pci);
	snprintf(s.where, sizeof(s.where), "%.15s", pci);
	snprintf(s.note, sizeof(s.note), "accuracy not published");
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.15s/device", pci);
	if (wm_sysfile_line(root, path, device, sizeof(device)) && strcasecmp(device, MI300A) == 0)
		s.scope = WM_SCOPE_SUPERCHIP;
	if (pci[0] && pci[strlen(pci) - 1] != '0')
		snprintf(s.off, sizeof(s.off), "a further partition: energy and power are the socket's, at PCI function 0");
	*source_p = s;
}

void wm_amd_count(uint64_t counts, float microjoules, uint64_t nanoseconds, double *joules_p, double *own_s_p) {
	double joules = MICRO * microjoules;

	*joules_p = *own_s_p = NAN;
	if (counts == UINT64_MAX || !(microjoules > 0))
		return;
	/* rocm_smi.cc rounds 15.259 to 15.3: 0.27% too much */
	if (fabs(joules / WM_AMD_JOULES_PER_COUNT - 1) < SAME_RESOLUTION)
		joules = WM_AMD_JOULES_PER_COUNT;
	*joules_p = joules * (double)counts;
	*own_s_p = nanoseconds ? NANO * (double)nanoseconds : NAN;
}

double wm_amd_watts(double watts) {
	return watts > 0 ? watts : NAN;
}

void wm_amd_kind(double joules, double watts, struct wm_source *s) {
	if (joules > 0) {
		s->kind = WM_COUNTER;
		s->lag_s = 0;
		s->quantum = WM_AMD_JOULES_PER_COUNT;
		s->range_j = INFINITY; /* 64 bits */
	} else if (watts > 0) {
		s->kind = WM_POWER;
		s->quantum = 1;
	} else if (joules <= 0 || watts <= 0) {
		/* Linux, aldebaran_ppt.c: "Valid power data is available only from primary die", and 0 from the other */
		snprintf(s->off, sizeof(s->off),
		         "energy and power are 0: the other die of a socket whose first one counts both");
	} else {
		snprintf(s->off, sizeof(s->off), "the driver has neither energy nor power of this GPU");
	}
}
