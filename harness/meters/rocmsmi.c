/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rocmsmi.c - the sockets of AMD's GPUs, by ROCm SMI, what there was before AMD SMI: the energy counter with its own
 * clock, else the power. What stands beside it comes from the driver's files. Found again by PCI address.
 */
#include "rocmsmi_api.h"

#include "amd_socket.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MICRO 1e-6

static struct wm_rocmsmi_api smi;

/* An open socket. */
struct place {
	uint32_t device;
	struct wm_amd_socket files;
};

/* ---- the library ------------------------------------------------------------------------------------------------ */

static enum wm_status load(void) {
	static const char *const libs[] = {"librocm_smi64.so",
	                                   "librocm_smi64.so.7",
	                                   "librocm_smi64.so.6",
	                                   "librocm_smi64.so.5",
	                                   "librocm_smi64.so.1",
	                                   "/opt/rocm/lib/librocm_smi64.so",
	                                   NULL};
	static const char *const names[] = {
#define X(name, symbol, parameters) symbol,
		WM_ROCMSMI_FUNCTIONS(X)
#undef X
	};
	enum { COUNT = sizeof(names) / sizeof(names[0]) };
	_Static_assert(sizeof(smi) == COUNT * sizeof(void (*)(void)), "wm_rocmsmi_api is an array of function pointers");
	void (*fn[COUNT])(void);
	const char *lib;
	enum wm_status st;

	if (smi.init)
		return WM_OK;
	st = wm_load_library(libs, names, COUNT, fn, &lib);
	if (st == WM_OK)
		memcpy(&smi, fn, sizeof(smi));
	return st;
}

static enum wm_status failed(enum wm_status st, const char *call, int status) {
	const char *text = NULL;

	if (!smi.text || smi.text(status, &text) != WM_ROCMSMI_SUCCESS || !text)
		text = "status";
	return wm_fail(st, "%s: %s (%d)", call, text, status);
}

static enum wm_status start(void) {
	enum wm_status st = load();
	int status;

	if (st != WM_OK)
		return st;
	status = smi.init(0);
	return status ? failed(WM_SKIP, "rsmi_init", status) : WM_OK;
}

/* Is it an answer, "there is none", and not a failure? */
static bool is_absence(int status) {
	return status == WM_ROCMSMI_NOT_SUPPORTED || status == WM_ROCMSMI_NOT_YET_IMPLEMENTED ||
	       status == WM_ROCMSMI_NO_DATA;
}

/* ---- single values ---------------------------------------------------------------------------------------------- */

/* Joules and the library's clock, NAN where it has none. */
static enum wm_status read_joules(uint32_t device, double *joules_p, double *own_s_p) {
	uint64_t counts = UINT64_MAX, nanoseconds = 0;
	float microjoules = 0;
	int status = smi.energy ? smi.energy(device, &counts, &microjoules, &nanoseconds) : WM_ROCMSMI_NOT_SUPPORTED;

	if (status && !is_absence(status))
		return failed(WM_FAILED, "rsmi_dev_energy_count_get", status);
	wm_amd_count(status ? UINT64_MAX : counts, microjoules, nanoseconds, joules_p, own_s_p);
	return WM_OK;
}

/* Watts: what it draws now where the library has that, else the mean. */
static enum wm_status read_watts(uint32_t device, double *watts_p) {
	uint64_t microwatts = 0;
	int status = smi.power_now ? smi.power_now(device, &microwatts) : WM_ROCMSMI_NOT_SUPPORTED;
	const char *call = "rsmi_dev_current_socket_power_get";

	if (is_absence(status)) {
		call = "rsmi_dev_power_ave_get";
		status = smi.power_mean ? smi.power_mean(device, 0, &microwatts) : WM_ROCMSMI_NOT_SUPPORTED;
	}
	if (status && !is_absence(status))
		return failed(WM_FAILED, call, status);
	*watts_p = status ? NAN : MICRO * (double)microwatts;
	return WM_OK;
}

/* ---- finding ---------------------------------------------------------------------------------------------------- */

/* Address, and whether it is the first or a further partition: bits 28 to 31, or the function in older releases. */
static enum wm_status read_address(uint32_t device, char pci[16], bool *further_p) {
	uint64_t address = 0;
	int status = smi.address(device, &address);

	if (status)
		return failed(WM_FAILED, "rsmi_dev_pci_id_get", status);
	wm_amd_address(address >> WM_ROCMSMI_DOMAIN_SHIFT, address & 0xffff, pci);
	*further_p = (address >> WM_ROCMSMI_PARTITION_SHIFT & 0xf) != 0;
	return WM_OK;
}

static void describe(const char *root, uint32_t device, struct wm_source *s) {
	double joules = NAN, own_s = NAN, watts = NAN;
	char pci[16] = "";
	bool further = false;
	enum wm_status st = read_address(device, pci, &further);

	wm_amd_source("rocmsmi", root, pci, s);
	if (st != WM_OK || further)
		snprintf(s->id, sizeof(s->id), "rocmsmi:%.15s/%u", pci, device);
	if (st == WM_OK && further)
		snprintf(s->off, sizeof(s->off), "a further partition: energy and power are the socket's, at its first one");
	if (s->off[0])
		return;
	if (st == WM_OK)
		st = read_joules(device, &joules, &own_s);
	if (st == WM_OK && !(joules > 0))
		st = read_watts(device, &watts);
	if (st != WM_OK) {
		snprintf(s->off, sizeof(s->off), "%.250s", wm_why());
		return;
	}
	wm_amd_kind(joules, watts, s);
	snprintf(s->word, sizeof(s->word), "%s", s->kind == WM_COUNTER ? "energy count" : "socket power");
	s->limit_w = wm_amd_socket_limit(root, pci);
}

static enum wm_status count_devices(uint32_t *n_p) {
	int status = smi.count(n_p);

	if (status)
		return failed(WM_SKIP, "rsmi_num_monitor_devices", status);
	return *n_p ? WM_OK : wm_fail(WM_SKIP, "ROCm SMI finds 0 GPUs");
}

static enum wm_status find(const struct wm_meter_setup *setup, struct wm_source *sources, int max, int *n_p) {
	uint32_t count = 0, n = 0;
	enum wm_status st = start();

	if (st != WM_OK)
		return st;
	st = count_devices(&count);
	for (; st == WM_OK && n < count && n < (uint32_t)max; n++)
		describe(setup->root, n, &sources[n]);
	smi.shutdown();
	if (st == WM_OK)
		*n_p = (int)n;
	return st;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static enum wm_status read_source(struct wm_source *source, struct wm_reading *reading_p) {
	struct place *at = source->priv;
	double joules = NAN, watts = NAN, own_s = NAN;
	bool counts = source->kind == WM_COUNTER;
	enum wm_status st = counts ? read_joules(at->device, &joules, &own_s) : read_watts(at->device, &watts);

	if (st != WM_OK)
		return st;
	/* beside a counter stands the power, NAN where it cannot be had */
	if (wm_amd_socket_aside(&at->files) && counts)
		read_watts(at->device, &at->files.aside.watts);
	at->files.aside.watts = wm_amd_watts(at->files.aside.watts);
	*reading_p = at->files.aside;
	reading_p->joules = joules;
	reading_p->own_s = own_s;
	if (!counts)
		reading_p->watts = wm_amd_watts(watts);
	return WM_OK;
}

static enum wm_status find_device(const char *pci, uint32_t *device_p) {
	uint32_t count = 0;
	enum wm_status st = count_devices(&count);

	if (st != WM_OK)
		return st;
	for (uint32_t i = 0; i < count; i++) {
		char here[16] = "";
		bool further = false;

		if (read_address(i, here, &further) == WM_OK && !further && strcmp(here, pci) == 0) {
			*device_p = i;
			return WM_OK;
		}
	}
	return wm_fail(WM_FAILED, "ROCm SMI finds no GPU at %s any more", pci);
}

static enum wm_status open_source(const struct wm_meter_setup *setup, struct wm_source *source) {
	struct place *at;
	uint32_t device = 0;
	enum wm_status st = start();

	if (st != WM_OK)
		return st;
	st = find_device(source->where, &device);
	if (st != WM_OK) {
		smi.shutdown();
		return st;
	}
	at = wm_zalloc(sizeof(*at));
	at->device = device;
	wm_amd_socket_open(setup->root, source->where, &at->files); /* without it the counter stands alone */
	source->priv = at;
	return WM_OK;
}

static void close_source(struct wm_source *source) {
	struct place *at = source->priv;

	wm_amd_socket_close(&at->files);
	free(at);
	source->priv = NULL;
	smi.shutdown();
}

const struct wm_meter wm_meter_rocmsmi = {
	.name = "rocmsmi",
	.about = "sockets of AMD GPUs: energy counter or power (librocm_smi64.so)",
	.library = true,
	.find = find,
	.open = open_source,
	.read = read_source,
	.close = close_source,
};
