/* SPDX-License-Identifier: Apache-2.0 */
/* nvml_state.c - how NVIDIA's GPUs are set up and who else is on them, by NVML. */
#include "nvml_state.h"

#include "meters/nvml_api.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { MOST_PROCESSES = 64, MOST_PEERS = 16 };

static struct wm_nvml_state_api nvml;

static enum wm_status load(void) {
	static const char *const libs[] = {"libnvidia-ml.so.1", NULL};
	static const char *const names[] = {
#define X(name, symbol, parameters) symbol,
		WM_NVML_STATE_FUNCTIONS(X)
#undef X
	};
	enum { COUNT = sizeof(names) / sizeof(names[0]) };
	_Static_assert(sizeof(nvml) == COUNT * sizeof(void (*)(void)),
	               "wm_nvml_state_api is an array of function pointers");
	void (*fn[COUNT])(void);
	const char *lib;
	enum wm_status st = wm_load_library(libs, names, COUNT, fn, &lib);

	if (st == WM_OK)
		memcpy(&nvml, fn, sizeof(nvml));
	return st;
}

/* ---- texts ------------------------------------------------------------------------------------------------------ */

/* Adds words behind what stands there, parted by that; what finds no room is left out whole. */
static void add(char *out, size_t room, const char *parted_by, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static void add(char *out, size_t room, const char *parted_by, const char *fmt, ...) {
	size_t used = strlen(out);
	char words[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	if (used + strlen(parted_by) + strlen(words) < room)
		snprintf(out + used, room - used, "%s%s", used ? parted_by : "", words);
}

#define STATE(dev, ...) add((dev)->state, sizeof((dev)->state), " ", __VA_ARGS__)
#define UNLIKE(dev, ...) add((dev)->unlike, sizeof((dev)->unlike), "; ", __VA_ARGS__)

/* Did the library have that function, and did it tell? */
#define TOLD(function, ...) (nvml.function && nvml.function(__VA_ARGS__) == WM_NVML_SUCCESS)

static const char *on_off(unsigned value) {
	return value ? "on" : "off";
}

/* ---- what is asked ---------------------------------------------------------------------------------------------- */

static void look_at_modes(wm_nvml_device at, struct wm_device *dev) {
	unsigned now = 0, other = 0;

	if (TOLD(mig, at, &now, &other)) {
		STATE(dev, "mig=%s", on_off(now == WM_NVML_MIG_ON));
		if (now == WM_NVML_MIG_ON)
			UNLIKE(dev, "MIG mode is on");
	}
	if (TOLD(ecc, at, &now, &other)) {
		STATE(dev, "ecc=%s", on_off(now));
		if (TOLD(default_ecc, at, &other) && other != now)
			UNLIKE(dev, "ECC is %s, it comes %s", on_off(now), on_off(other));
	}
	if (TOLD(persistence, at, &now))
		STATE(dev, "persistence=%s", on_off(now));
}

/* Locked clocks no driver tells of: the clocks of the trace show them. */
static void look_at_limits(wm_nvml_device at, struct wm_device *dev) {
	unsigned now = 0, usual = 0;

	if (TOLD(cap, at, &now)) {
		STATE(dev, "power_limit_w=%.6g", 1e-3 * now);
		if (TOLD(default_cap, at, &usual)) {
			STATE(dev, "power_limit_default_w=%.6g", 1e-3 * usual);
			if (usual != now)
				UNLIKE(dev, "power limit %.6g W, it comes with %.6g W", 1e-3 * now, 1e-3 * usual);
		}
	}
	if (TOLD(application_clock, at, WM_NVML_CLOCK_SM, &now)) {
		STATE(dev, "application_clock_mhz=%u", now);
		if (TOLD(default_application_clock, at, WM_NVML_CLOCK_SM, &usual)) {
			STATE(dev, "application_clock_default_mhz=%u", usual);
			if (usual != now)
				UNLIKE(dev, "application clock %u MHz, it comes with %u MHz", now, usual);
		}
	}
}

/* Compute processes but ours, and the memory that they hold as far as it is told. */
static void look_at_processes(wm_nvml_device at, struct wm_device *dev) {
	struct wm_nvml_process list[MOST_PROCESSES];
	unsigned n = MOST_PROCESSES, others = 0;
	double bytes = 0;
	int code = nvml.processes ? nvml.processes(at, &n, list) : WM_NVML_NOT_SUPPORTED;

	if (code == WM_NVML_INSUFFICIENT_SIZE) {
		STATE(dev, "other_processes=over_%d", MOST_PROCESSES);
		UNLIKE(dev, "over %d compute processes are on it", MOST_PROCESSES);
		return;
	}
	if (code != WM_NVML_SUCCESS)
		return;
	for (unsigned i = 0; i < n && i < MOST_PROCESSES; i++) {
		if (list[i].pid == (unsigned)getpid())
			continue;
		others++;
		if (list[i].bytes != WM_NVML_NOT_AVAILABLE)
			bytes += (double)list[i].bytes;
	}
	STATE(dev, "other_processes=%u other_processes_bytes=%.0f", others, bytes);
	if (others)
		UNLIKE(dev, "%u other compute process%s %s %.2f GB of its memory", others, others == 1 ? "" : "es",
		       others == 1 ? "holds" : "hold", bytes / 1e9);
}

/* "switch=18 mb_per_s=26562": active NVLinks by where they end, and the speed of one in one direction. */
static void look_at_links(wm_nvml_device at, struct wm_device *dev) {
	struct wm_nvml_field speed = {.id = WM_NVML_NVLINK_SPEED};
	char ends[MOST_PEERS][WM_NVML_END_CHARS];
	int count[MOST_PEERS] = {0}, n = 0;

	for (unsigned link = 0; link < WM_NVML_MOST_LINKS; link++) {
		struct wm_nvml_pci pci = {.domain = 0};
		unsigned active = 0;
		int type = -1, i = 0;
		char end[WM_NVML_END_CHARS] = "unknown";

		if (!TOLD(link_state, at, link, &active) || !active)
			continue;
		if (TOLD(link_type, at, link, &type) && type == WM_NVML_LINK_TO_SWITCH)
			snprintf(end, sizeof(end), "switch");
		else if (TOLD(link_pci, at, link, &pci))
			snprintf(end, sizeof(end), "%04x:%02x:%02x.0", pci.domain & 0xffffu, pci.bus & 0xffu, pci.device & 0x1fu);
		while (i < n && strcmp(ends[i], end) != 0)
			i++;
		if (i == MOST_PEERS)
			continue;
		if (i == n)
			memcpy(ends[n++], end, sizeof(end));
		count[i]++;
	}
	for (int i = 0; i < n; i++)
		add(dev->links, sizeof(dev->links), " ", "%s=%d", ends[i], count[i]);
	if (n && TOLD(fields, at, 1, &speed) && speed.status == WM_NVML_SUCCESS && speed.type == WM_NVML_UNSIGNED_INT)
		add(dev->links, sizeof(dev->links), " ", "mb_per_s=%u", speed.value.ui);
}

static void look_at(struct wm_device *dev) {
	char uuid[WM_NVML_UUID_BYTES];
	wm_nvml_device at = NULL;

	snprintf(uuid, sizeof(uuid), "GPU-%s", dev->uuid);
	if (!*dev->uuid || nvml.by_uuid(uuid, &at) != WM_NVML_SUCCESS) {
		/* a slice of MIG has a UUID of its own */
		snprintf(dev->state, sizeof(dev->state), "unknown: NVML knows no GPU of its UUID");
		return;
	}
	look_at_modes(at, dev);
	look_at_limits(at, dev);
	look_at_processes(at, dev);
	look_at_links(at, dev);
}

void wm_nvml_state(struct wm_device *devs, int n) {
	enum wm_status st = load();
	int code = st == WM_OK ? nvml.init() : 0;

	if (code)
		wm_fail(WM_SKIP, "nvmlInit_v2: status %d", code);
	for (int i = 0; i < n; i++)
		if (st != WM_OK || code)
			snprintf(devs[i].state, sizeof(devs[i].state), "unknown: %.200s", wm_why());
		else
			look_at(&devs[i]);
	if (st == WM_OK && !code)
		nvml.shutdown();
}
