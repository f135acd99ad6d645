/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nvml.c - the boards of NVIDIA's GPUs, by NVML: the energy counter where the board has one (Volta and newer), else its
 * power. Found again by UUID.
 */
#include "nvml_api.h"

#include "files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* arXiv 2312.02741: counter and power change ten times a second; a board is off by up to 5%, and stays so. */
#define REFRESH_S 0.1
#define GAIN 0.05
#define MILLI 1e-3
#define NANO 1e-9

static struct wm_nvml_api nvml;

/* The ways to ask for a GPU's power, the better first. Where the GPU has no power of its own but its module has, what
 * is weighed is the module, processor and all. */
static const struct way {
	unsigned field, scope; /* field 0: nvmlDeviceGetPowerUsage */
	double lag_s;
	const char *word;
} ways[] = {
	{WM_NVML_POWER_INSTANT, WM_NVML_SCOPE_GPU, 0, "POWER_INSTANT of the GPU"},
	{WM_NVML_POWER_AVERAGE, WM_NVML_SCOPE_GPU, 1, "POWER_AVERAGE of the GPU"},
	{WM_NVML_POWER_INSTANT, WM_NVML_SCOPE_MODULE, 0, "POWER_INSTANT of the module"},
	{WM_NVML_POWER_AVERAGE, WM_NVML_SCOPE_MODULE, 1, "POWER_AVERAGE of the module"},
	/* drivers without these fields; a mean of one second on Ampere (but GA100) and newer: nvml.h */
	{0, WM_NVML_SCOPE_GPU, 1, "power usage"},
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

/* An open GPU. */
struct place {
	wm_nvml_device device;
	const struct way *way;   /* to its power; NULL: none */
	unsigned reasons;        /* first field of what holds it back; 0: not known */
	double brake_s;          /* where there is no such field: time at whose end the brake was seen, since open */
	struct wm_reading aside; /* all but joules and a power source's watts, as last seen */
	double aside_at_s, joules;
};

/* ---- the library ------------------------------------------------------------------------------------------------ */

static enum wm_status load(void) {
	static const char *const libs[] = {"libnvidia-ml.so.1", NULL};
	static const char *const names[] = {
#define X(result, name, symbol, parameters) symbol,
		WM_NVML_FUNCTIONS(X)
#undef X
	};
	enum { COUNT = sizeof(names) / sizeof(names[0]) };
	_Static_assert(sizeof(nvml) == COUNT * sizeof(void (*)(void)), "wm_nvml_api is an array of function pointers");
	void (*fn[COUNT])(void);
	const char *lib;
	enum wm_status st;

	if (nvml.init)
		return WM_OK;
	st = wm_load_library(libs, names, COUNT, fn, &lib);
	if (st == WM_OK)
		memcpy(&nvml, fn, sizeof(nvml));
	return st;
}

static enum wm_status failed(enum wm_status st, const char *call, int code) {
	const char *text = nvml.error(code);

	return wm_fail(st, "%s: %s (%d)", call, text ? text : "unknown error", code);
}

static enum wm_status start(void) {
	enum wm_status st = load();
	int code;

	if (st != WM_OK)
		return st;
	code = nvml.init();
	return code ? failed(WM_SKIP, "nvmlInit_v2", code) : WM_OK;
}

/* ---- single values ---------------------------------------------------------------------------------------------- */

/* NAN: the driver has none of that. */
static double field_value(const struct wm_nvml_field *field) {
	if (field->status != WM_NVML_SUCCESS)
		return NAN;
	switch (field->type) {
	case WM_NVML_DOUBLE: return field->value.d;
	case WM_NVML_UNSIGNED_INT: return field->value.ui;
	case WM_NVML_UNSIGNED_LONG: return (double)field->value.ul;
	case WM_NVML_UNSIGNED_LONG_LONG: return (double)field->value.ull;
	case WM_NVML_SIGNED_LONG_LONG: return (double)field->value.sll;
	default: return NAN;
	}
}

/* Is it an answer, "there is none", and not a failure? */
static bool is_absence(int code) {
	return code == WM_NVML_NOT_SUPPORTED || code == WM_NVML_INVALID_ARGUMENT || code == WM_NVML_NOT_FOUND;
}

/* Watts, NAN where the driver has none now: no board that answers draws 0 W. */
static enum wm_status read_watts(wm_nvml_device device, const struct way *way, double *watts_p) {
	struct wm_nvml_field field = {.id = way->field, .scope = way->scope};
	const char *call = way->field ? "nvmlDeviceGetFieldValues" : "nvmlDeviceGetPowerUsage";
	unsigned milliwatts = 0;
	double watts;
	int code;

	if (way->field) {
		code = nvml.fields ? nvml.fields(device, 1, &field) : WM_NVML_NOT_SUPPORTED;
		if (code == WM_NVML_SUCCESS)
			code = field.status;
		watts = MILLI * field_value(&field);
	} else {
		code = nvml.power ? nvml.power(device, &milliwatts) : WM_NVML_NOT_SUPPORTED;
		watts = MILLI * milliwatts;
	}
	if (code && !is_absence(code))
		return failed(WM_FAILED, call, code);
	*watts_p = !code && watts > 0 ? watts : NAN;
	return WM_OK;
}

static enum wm_status read_joules(wm_nvml_device device, double *joules_p) {
	unsigned long long millijoules = 0;
	int code = nvml.energy ? nvml.energy(device, &millijoules) : WM_NVML_NOT_SUPPORTED;

	if (code && !is_absence(code))
		return failed(WM_FAILED, "nvmlDeviceGetTotalEnergyConsumption", code);
	*joules_p = code ? NAN : MILLI * (double)millijoules;
	return WM_OK;
}

static bool tells(wm_nvml_device device, const struct way *way) {
	double watts = NAN;

	return read_watts(device, way, &watts) == WM_OK && !isnan(watts);
}

/* The best way by which the GPU, or also its module, tells its power now; NULL: none. */
static const struct way *find_way(wm_nvml_device device, bool or_module) {
	for (int i = 0; i < WAYS; i++)
		if ((or_module || ways[i].scope == WM_NVML_SCOPE_GPU) && tells(device, &ways[i]))
			return &ways[i];
	return NULL;
}

/* Is the GPU a part of a module that is weighed too? */
static bool in_superchip(wm_nvml_device device) {
	for (int i = 0; i < WAYS; i++)
		if (ways[i].scope == WM_NVML_SCOPE_MODULE && tells(device, &ways[i]))
			return true;
	return false;
}

/* ---- finding ---------------------------------------------------------------------------------------------------- */

static void turn_off(struct wm_source *s, const char *call, int code) {
	failed(WM_FAILED, call, code);
	snprintf(s->off, sizeof(s->off), "%.250s", wm_why());
}

/* Who it is; where that cannot be had the source is off. */
static void identify(unsigned index, wm_nvml_device *device_p, struct wm_source *s) {
	struct wm_nvml_pci pci = {.domain = 0};
	char uuid[WM_NVML_UUID_BYTES] = "";
	int code = nvml.by_index(index, device_p);

	snprintf(s->id, sizeof(s->id), "nvml:%u", index);
	if (code) {
		turn_off(s, "nvmlDeviceGetHandleByIndex_v2", code);
		return;
	}
	if (nvml.pci(*device_p, &pci) == WM_NVML_SUCCESS)
		snprintf(s->pci, sizeof(s->pci), "%04x:%02x:%02x.0", pci.domain & 0xfffffffu, pci.bus & 0xffu,
		         pci.device & 0x1fu);
	code = nvml.uuid(*device_p, uuid, sizeof(uuid));
	if (code) {
		turn_off(s, "nvmlDeviceGetUUID", code);
		return;
	}
	snprintf(s->id, sizeof(s->id), "nvml:%.70s", uuid);
	snprintf(s->where, sizeof(s->where), "%s", uuid);
	/* what CUDA and OpenCL call the UUID has no "GPU-" before it */
	snprintf(s->uuid, sizeof(s->uuid), "%.40s", strncmp(uuid, "GPU-", 4) == 0 ? uuid + 4 : uuid);
}

static bool in_slices(wm_nvml_device device) {
	unsigned now = 0, after_reset = 0;

	return nvml.mig && nvml.mig(device, &now, &after_reset) == WM_NVML_SUCCESS && now == WM_NVML_MIG_ON;
}

static double most_watts(wm_nvml_device device) {
	unsigned least = 0, most = 0;

	if (!nvml.limits || nvml.limits(device, &least, &most) != WM_NVML_SUCCESS || most == 0)
		return NAN;
	return MILLI * most;
}

/* What it can tell: kind, scope, words. */
static void describe_value(wm_nvml_device device, struct wm_source *s) {
	const struct way *way = find_way(device, true);
	bool superchip = in_superchip(device);
	double joules = NAN;
	enum wm_status st = read_joules(device, &joules);

	s->quantum = MILLI;
	if (!superchip && !isnan(joules)) {
		s->kind = WM_COUNTER;
		s->lag_s = 0;
		s->range_j = INFINITY; /* 64 bits of millijoules */
		snprintf(s->word, sizeof(s->word), "total energy consumption");
	} else if (way) {
		s->lag_s = way->lag_s;
		snprintf(s->word, sizeof(s->word), "%s", way->word);
	} else {
		snprintf(s->off, sizeof(s->off), "%.250s", st ? wm_why() : "NVML has neither energy nor power of this GPU");
	}
	if (way && way->scope == WM_NVML_SCOPE_MODULE)
		s->scope = WM_SCOPE_SUPERCHIP;
	if (superchip)
		snprintf(s->note, sizeof(s->note),
		         "accuracy: 5%% a board (arXiv 2312.02741); counter not used: on GH200 it is the module's (zeus #172)");
}

static void describe(unsigned index, struct wm_source *s) {
	wm_nvml_device device = NULL;

	*s = wm_source_of("nvml", WM_SCOPE_ACCELERATOR, WM_POWER);
	s->refresh_s = REFRESH_S;
	s->gain_rel = GAIN;
	snprintf(s->note, sizeof(s->note),
	         "accuracy: 5%% a board, and A100 and H100 look at 25%% of the time only (arXiv 2312.02741)");
	identify(index, &device, s);
	if (!s->off[0] && in_slices(device))
		snprintf(s->off, sizeof(s->off), "MIG mode is on: NVML has no energy and no power of a slice");
	if (s->off[0])
		return;
	describe_value(device, s);
	s->limit_w = most_watts(device);
}

static enum wm_status find(const struct wm_meter_setup *setup, struct wm_source *sources, int max, int *n_p) {
	unsigned count = 0;
	int code, n = 0;
	enum wm_status st = start();

	(void)setup;
	if (st != WM_OK)
		return st;
	code = nvml.count(&count);
	if (code)
		st = failed(WM_SKIP, "nvmlDeviceGetCount_v2", code);
	else if (count == 0)
		st = wm_fail(WM_SKIP, "NVML finds 0 GPUs");
	for (; st == WM_OK && n < (int)count && n < max; n++)
		describe((unsigned)n, &sources[n]);
	nvml.shutdown();
	if (st == WM_OK)
		*n_p = n;
	return st;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* A sum of which one part may be missing. */
static double sum(double a, double b) {
	if (isnan(a) || isnan(b))
		return isnan(a) ? b : a;
	return a + b;
}

/* The first of the three fields of what holds a GPU back; 0: the driver has none, or it is not known where. */
static unsigned find_reasons(void) {
	char text[WM_NVML_VERSION_BYTES] = "";
	unsigned major = 0, minor = 0, version;

	if (!nvml.driver || nvml.driver(text, sizeof(text)) != WM_NVML_SUCCESS ||
	    sscanf(text, "%4u.%4u", &major, &minor) != 2)
		return 0;
	version = 1000 * major + minor;
	if (version >= 580095)
		return WM_NVML_REASONS_580_95;
	return version >= 575051 && version <= 580065 ? WM_NVML_REASONS_575 : 0;
}

/* NAN also for a value that is no time: the field is another one in that driver. */
static double nanoseconds(const struct wm_nvml_field *field) {
	return field->type == WM_NVML_UNSIGNED_LONG_LONG ? field_value(field) : NAN;
}

/* A brake without a field of its own is seen now or not. */
static double look_for_brake(struct place *at) {
	unsigned long long bits = 0;

	if (!nvml.reasons || nvml.reasons(at->device, &bits) != WM_NVML_SUCCESS)
		return NAN;
	if ((bits & WM_NVML_BRAKE_NOW) && !isnan(at->aside_at_s))
		at->brake_s += wm_now() - at->aside_at_s;
	return at->brake_s;
}

static void read_throttling(struct place *at, struct wm_reading *r) {
	enum { CAPPED, HEAT, SW_HEAT, HW_HEAT, BRAKE, FIELDS };
	struct wm_nvml_field fields[FIELDS] = {{.id = WM_NVML_POLICY_POWER},
	                                       {.id = WM_NVML_POLICY_THERMAL},
	                                       {.id = at->reasons},
	                                       {.id = at->reasons + 1},
	                                       {.id = at->reasons + 2}};
	int n = at->reasons ? FIELDS : SW_HEAT;

	if (nvml.fields && nvml.fields(at->device, n, fields) == WM_NVML_SUCCESS) {
		r->capped_s = NANO * field_value(&fields[CAPPED]);
		r->thermal_s = NANO * field_value(&fields[HEAT]);
		if (at->reasons && !isnan(nanoseconds(&fields[SW_HEAT])))
			r->thermal_s = NANO * sum(nanoseconds(&fields[SW_HEAT]), nanoseconds(&fields[HW_HEAT]));
		if (at->reasons)
			r->brake_s = NANO * nanoseconds(&fields[BRAKE]);
	}
	if (isnan(r->brake_s))
		r->brake_s = look_for_brake(at);
}

/* What stands beside joules or watts. Each call costs up to milliseconds, and what fails is NAN. */
static struct wm_reading read_aside(struct place *at, bool with_watts) {
	struct wm_reading r = wm_no_reading();
	unsigned value = 0;

	if (with_watts && at->way)
		read_watts(at->device, at->way, &r.watts);
	if (nvml.cap && nvml.cap(at->device, &value) == WM_NVML_SUCCESS && value > 0)
		r.cap_w = MILLI * value;
	if (nvml.clock && nvml.clock(at->device, WM_NVML_CLOCK_SM, &value) == WM_NVML_SUCCESS && value > 0)
		r.clock_hz = 1e6 * value;
	if (nvml.temperature && nvml.temperature(at->device, WM_NVML_TEMPERATURE_GPU, &value) == WM_NVML_SUCCESS)
		r.temperature_c = value;
	read_throttling(at, &r);
	return r;
}

/*
 * A look that sees the counter change is an edge of a window, and its time must be known well: the slow rest is looked
 * at in the looks between, once a refresh, and only if there are none such in a look that saw a change.
 */
static bool aside_is_due(const struct place *at, double joules) {
	bool changed = joules < at->joules || joules > at->joules;
	double age_s = wm_now() - at->aside_at_s;

	return !(age_s < (changed ? 2 * REFRESH_S : REFRESH_S));
}

static enum wm_status read_source(struct wm_source *source, struct wm_reading *reading_p) {
	struct place *at = source->priv;
	double joules = NAN, watts = NAN;
	bool counts = source->kind == WM_COUNTER;
	enum wm_status st = counts ? read_joules(at->device, &joules) : read_watts(at->device, at->way, &watts);

	if (st != WM_OK)
		return st;
	if (aside_is_due(at, joules)) {
		at->aside = read_aside(at, counts);
		at->aside_at_s = wm_now();
	}
	at->joules = joules;
	*reading_p = at->aside;
	reading_p->joules = joules;
	if (!counts)
		reading_p->watts = watts;
	return WM_OK;
}

/* The way that find chose, for it says what is weighed and how late; a counter of the GPU stands beside the GPU's power
 * alone, or none. NULL: the GPU does not tell it now. */
static const struct way *way_of(wm_nvml_device device, const struct wm_source *source) {
	if (source->kind == WM_COUNTER)
		return find_way(device, false);
	for (int i = 0; i < WAYS; i++)
		if (strcmp(ways[i].word, source->word) == 0)
			return tells(device, &ways[i]) ? &ways[i] : NULL;
	return NULL;
}

static enum wm_status open_source(const struct wm_meter_setup *setup, struct wm_source *source) {
	struct place *at;
	wm_nvml_device device;
	enum wm_status st = start();
	int code;

	(void)setup;
	if (st != WM_OK)
		return st;
	code = nvml.by_uuid(source->where, &device);
	if (code) {
		nvml.shutdown();
		return failed(WM_FAILED, "nvmlDeviceGetHandleByUUID", code);
	}
	at = wm_zalloc(sizeof(*at));
	at->device = device;
	at->way = way_of(device, source);
	at->reasons = find_reasons();
	at->aside = wm_no_reading();
	at->aside_at_s = at->joules = NAN;
	if (source->kind == WM_POWER && !at->way) {
		free(at);
		nvml.shutdown();
		return wm_fail(WM_FAILED, "NVML has no '%s' any more", source->word);
	}
	source->priv = at;
	return WM_OK;
}

static void close_source(struct wm_source *source) {
	free(source->priv);
	source->priv = NULL;
	nvml.shutdown();
}

const struct wm_meter wm_meter_nvml = {
	.name = "nvml",
	.about = "boards of NVIDIA GPUs: energy counter or power (libnvidia-ml.so.1)",
	.library = true,
	.find = find,
	.open = open_source,
	.read = read_source,
	.close = close_source,
};
