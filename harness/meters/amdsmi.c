/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amdsmi.c - the sockets of AMD's GPUs, by AMD SMI: the energy counter with its own clock, else the power. What stands
 * beside it comes from the driver's files. Found again by PCI address.
 */
#include "amdsmi_api.h"

#include "amd_socket.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SOCKETS = 64, MAX_PROCESSORS = 64, NO_LAYOUT = -1 };

static struct wm_amdsmi_api smi;

/* An open socket. */
struct place {
	wm_amdsmi_processor processor;
	int layout; /* byte of current_socket_power in amdsmi_power_info_t */
	struct wm_amd_socket files;
};

/* ---- the library ------------------------------------------------------------------------------------------------ */

static enum wm_status load(void) {
	static const char *const libs[] = {"libamd_smi.so",
	                                   "libamd_smi.so.27",
	                                   "libamd_smi.so.26",
	                                   "libamd_smi.so.25",
	                                   "libamd_smi.so.24",
	                                   "/opt/rocm/lib/libamd_smi.so",
	                                   NULL};
	static const char *const names[] = {
#define X(name, symbol, parameters) symbol,
		WM_AMDSMI_FUNCTIONS(X)
#undef X
	};
	enum { COUNT = sizeof(names) / sizeof(names[0]) };
	_Static_assert(sizeof(smi) == COUNT * sizeof(void (*)(void)), "wm_amdsmi_api is an array of function pointers");
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

	if (!smi.text || smi.text(status, &text) != WM_AMDSMI_SUCCESS || !text)
		text = "status";
	return wm_fail(st, "%s: %s (%d)", call, text, status);
}

static enum wm_status start(void) {
	enum wm_status st = load();
	int status;

	if (st != WM_OK)
		return st;
	status = smi.init(WM_AMDSMI_INIT_AMD_GPUS);
	return status ? failed(WM_SKIP, "amdsmi_init", status) : WM_OK;
}

/* Is it an answer, "there is none", and not a failure? */
static bool is_absence(int status) {
	return status == WM_AMDSMI_NOT_SUPPORTED || status == WM_AMDSMI_NOT_YET_IMPLEMENTED || status == WM_AMDSMI_NO_DATA;
}

/*
 * Byte of current_socket_power, by the library's version: 24.6 is ROCm 6.2, 24.7 is 6.3, 25.3 to 25.5 are 6.4, 26
 * is 7.0 and 7.1. (25.2 was never released, and its amdsmi_get_power_info takes another parameter.) In 6.4 the year
 * stands before or in place of the major number. Others are not known.
 */
static int power_layout(void) {
	struct wm_amdsmi_version v = {.build = NULL};
	uint32_t year, major, minor;

	if (!smi.power || !smi.version || smi.version(&v) != WM_AMDSMI_SUCCESS)
		return NO_LAYOUT;
	year = v.words[0];
	major = v.words[1];
	minor = v.words[2];
	if (year == 24 && (major == 6 || major == 7))
		return WM_AMDSMI_CURRENT_POWER_6_2;
	if (year == 25 && major == 25)
		major = minor;
	if ((year == 25 && major >= 3 && major <= 5) || year == 26)
		return WM_AMDSMI_CURRENT_POWER_6_4;
	return NO_LAYOUT;
}

static void say_version(char *out, size_t room) {
	struct wm_amdsmi_version v = {.build = NULL};

	if (smi.version && smi.version(&v) == WM_AMDSMI_SUCCESS)
		snprintf(out, room, "%u.%u.%u", v.words[0], v.words[1], v.words[2]);
	else
		snprintf(out, room, "of unknown version");
}

/* ---- single values ---------------------------------------------------------------------------------------------- */

/* Joules and the library's clock, NAN where it has none. */
static enum wm_status read_joules(wm_amdsmi_processor processor, double *joules_p, double *own_s_p) {
	uint64_t counts = UINT64_MAX, nanoseconds = 0;
	float microjoules = 0;
	int status = smi.energy ? smi.energy(processor, &counts, &microjoules, &nanoseconds) : WM_AMDSMI_NOT_SUPPORTED;

	if (status && !is_absence(status))
		return failed(WM_FAILED, "amdsmi_get_energy_count", status);
	wm_amd_count(status ? UINT64_MAX : counts, microjoules, nanoseconds, joules_p, own_s_p);
	return WM_OK;
}

/* Watts: what it draws now (MI300 and newer), else the mean (others); unsupported ones are all bits set. */
static enum wm_status read_watts(wm_amdsmi_processor processor, int layout, double *watts_p) {
	union wm_amdsmi_power_info info;
	uint32_t now, mean;
	int status;

	*watts_p = NAN;
	if (layout == NO_LAYOUT)
		return WM_OK;
	memset(&info, 0xff, sizeof(info));
	status = smi.power(processor, &info);
	if (status && !is_absence(status))
		return failed(WM_FAILED, "amdsmi_get_power_info", status);
	if (status)
		return WM_OK;
	now = info.words[layout / 4];
	mean = info.words[layout / 4 + 1];
	/* 16 bits set are the same word of a driver whose table has 16 bits */
	if (now > 0 && now < UINT16_MAX)
		*watts_p = now;
	else if (mean < UINT16_MAX)
		*watts_p = mean;
	return WM_OK;
}

/* ---- finding ---------------------------------------------------------------------------------------------------- */

/* One GPU as the library lists it. */
struct gpu {
	wm_amdsmi_processor processor;
	char pci[16];
	bool further; /* not the first of its socket */
};

/* Adds the GPUs of one socket. */
static enum wm_status list_socket(wm_amdsmi_socket socket, struct gpu *gpus, int max, int *n) {
	wm_amdsmi_processor processors[MAX_PROCESSORS];
	uint32_t count = MAX_PROCESSORS;
	int status = smi.processors(socket, &count, processors), first = *n;

	if (status)
		return failed(WM_FAILED, "amdsmi_get_processor_handles", status);
	for (uint32_t i = 0; i < count && i < MAX_PROCESSORS && *n < max; i++) {
		struct gpu *g = &gpus[*n];
		uint64_t address = 0;
		int type = 0;

		status = smi.type(processors[i], &type);
		if (status || type != WM_AMDSMI_AMD_GPU)
			continue;
		status = smi.address(processors[i], &address);
		if (status)
			return failed(WM_FAILED, "amdsmi_get_gpu_device_bdf", status);
		g->processor = processors[i];
		g->further = *n > first;
		wm_amd_address(address >> WM_AMDSMI_DOMAIN_SHIFT, address & 0xffff, g->pci);
		++*n;
	}
	return WM_OK;
}

static enum wm_status list(struct gpu *gpus, int max, int *n_p) {
	wm_amdsmi_socket sockets[MAX_SOCKETS];
	uint32_t count = MAX_SOCKETS;
	int status = smi.sockets(&count, sockets), n = 0;
	enum wm_status st = WM_OK;

	if (status)
		return failed(WM_SKIP, "amdsmi_get_socket_handles", status);
	for (uint32_t i = 0; st == WM_OK && i < count && i < MAX_SOCKETS; i++)
		st = list_socket(sockets[i], gpus, max, &n);
	if (st == WM_OK && n == 0)
		st = wm_fail(WM_SKIP, "AMD SMI finds 0 GPUs");
	if (st == WM_OK)
		*n_p = n;
	return st;
}

static void describe_value(const struct gpu *g, int layout, struct wm_source *s) {
	double joules = NAN, own_s = NAN, watts = NAN;
	char version[48];
	enum wm_status st = read_joules(g->processor, &joules, &own_s);

	if (st == WM_OK && !(joules > 0))
		st = read_watts(g->processor, layout, &watts);
	if (st != WM_OK) {
		snprintf(s->off, sizeof(s->off), "%.250s", wm_why());
		return;
	}
	say_version(version, sizeof(version));
	if (isnan(joules) && isnan(watts))
		snprintf(s->off, sizeof(s->off),
		         "AMD SMI %.40s has no energy counter here (not supported on virtual machine guests: amdsmi.h)%s",
		         version, layout == NO_LAYOUT ? ", and where its power lies is not known" : " and no power");
	else
		wm_amd_kind(joules, watts, s);
	snprintf(s->word, sizeof(s->word), "%s", s->kind == WM_COUNTER ? "energy count" : "socket power");
	if (layout == NO_LAYOUT)
		snprintf(s->note, sizeof(s->note),
		         "accuracy not published; no power: AMD SMI %.40s keeps it where we do not know", version);
}

static void describe(const char *root, const struct gpu *g, int layout, struct wm_source *s) {
	wm_amd_source("amdsmi", root, g->pci, s);
	if (!s->off[0] && g->further)
		snprintf(s->off, sizeof(s->off), "a further partition: energy and power are the socket's, at its first one");
	if (s->off[0])
		return;
	describe_value(g, layout, s);
	s->limit_w = wm_amd_socket_limit(root, g->pci);
}

/* Partitions may share an address. */
static void name_partitions(struct wm_source *sources, int n) {
	for (int i = 0; i < n; i++)
		for (int k = 0, same = 0; k < i; k++)
			if (strcmp(sources[k].pci, sources[i].pci) == 0)
				snprintf(sources[i].id, sizeof(sources[i].id), "%.6s:%.15s/%d", sources[i].meter, sources[i].pci,
				         ++same);
}

static enum wm_status find(const struct wm_meter_setup *setup, struct wm_source *sources, int max, int *n_p) {
	struct gpu *gpus;
	int n = 0;
	enum wm_status st = start();

	if (st != WM_OK)
		return st;
	gpus = wm_zalloc((size_t)max * sizeof(*gpus));
	st = list(gpus, max, &n);
	for (int i = 0; i < n; i++)
		describe(setup->root, &gpus[i], power_layout(), &sources[i]);
	name_partitions(sources, n);
	free(gpus);
	smi.shutdown();
	if (st == WM_OK)
		*n_p = n;
	return st;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static enum wm_status read_source(struct wm_source *source, struct wm_reading *reading_p) {
	struct place *at = source->priv;
	double joules = NAN, watts = NAN, own_s = NAN;
	bool counts = source->kind == WM_COUNTER;
	enum wm_status st =
		counts ? read_joules(at->processor, &joules, &own_s) : read_watts(at->processor, at->layout, &watts);

	if (st != WM_OK)
		return st;
	/* beside a counter stands the power, NAN where it cannot be had */
	if (wm_amd_socket_aside(&at->files) && counts)
		read_watts(at->processor, at->layout, &at->files.aside.watts);
	at->files.aside.watts = wm_amd_watts(at->files.aside.watts);
	*reading_p = at->files.aside;
	reading_p->joules = joules;
	reading_p->own_s = own_s;
	if (!counts)
		reading_p->watts = wm_amd_watts(watts);
	return WM_OK;
}

static enum wm_status open_gpu(const char *root, const char *pci, struct place **at_p) {
	struct gpu gpus[MAX_SOCKETS];
	int n = 0;
	enum wm_status st = list(gpus, MAX_SOCKETS, &n);

	if (st != WM_OK)
		return st;
	/* of partitions that share an address the first is the socket's own */
	for (int i = 0; i < n; i++) {
		struct place *at;

		if (strcmp(gpus[i].pci, pci) != 0)
			continue;
		at = wm_zalloc(sizeof(*at));
		at->processor = gpus[i].processor;
		at->layout = power_layout();
		wm_amd_socket_open(root, pci, &at->files); /* without it the counter stands alone */
		*at_p = at;
		return WM_OK;
	}
	return wm_fail(WM_FAILED, "AMD SMI finds no GPU at %s any more", pci);
}

static enum wm_status open_source(const struct wm_meter_setup *setup, struct wm_source *source) {
	struct place *at = NULL;
	enum wm_status st = start();

	if (st != WM_OK)
		return st;
	st = open_gpu(setup->root, source->where, &at);
	if (st != WM_OK)
		smi.shutdown();
	else
		source->priv = at;
	return st;
}

static void close_source(struct wm_source *source) {
	struct place *at = source->priv;

	wm_amd_socket_close(&at->files);
	free(at);
	source->priv = NULL;
	smi.shutdown();
}

const struct wm_meter wm_meter_amdsmi = {
	.name = "amdsmi",
	.about = "sockets of AMD GPUs: energy counter or power (libamd_smi.so)",
	.library = true,
	.find = find,
	.open = open_source,
	.read = read_source,
	.close = close_source,
};
