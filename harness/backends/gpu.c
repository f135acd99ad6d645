/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu.c - GPUs through the API that CUDA's driver and HIP share: devices, the queue, time. One device a process: its
 * context is current in the thread that opened it, which is the only one that calls what is here.
 */
#include "gpu.h"

#include "gpu_memory.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* ---- errors and the library --------------------------------------------------------------------------------- */

const char *wm_gpu_error_name(const struct wm_gpu_vendor *v, int code) {
	const char *name = NULL;

	return v->api->error_name(code, &name) == WM_GPU_SUCCESS && name ? name : "an error without a name";
}

enum wm_status wm_gpu_done(const struct wm_gpu_vendor *v, enum wm_gpu_function function, int code) {
	if (code == WM_GPU_SUCCESS)
		return WM_OK;
	return wm_fail(code == WM_GPU_OUT_OF_MEMORY ? WM_NOMEM : WM_FAILED, "%s: %s (%d)", v->symbols[function],
	               wm_gpu_error_name(v, code), code);
}

static enum wm_status load(const struct wm_gpu_vendor *v) {
	_Static_assert(sizeof(struct wm_gpu_api) == WM_GPU_FUNCTION_COUNT * sizeof(void (*)(void)),
	               "wm_gpu_api is an array of function pointers");
	void (*fn[WM_GPU_FUNCTION_COUNT])(void);
	const char *lib;
	enum wm_status st;

	if (v->api->init)
		return WM_OK;
	st = wm_load_library(v->libraries, v->symbols, WM_GPU_FUNCTION_COUNT, fn, &lib);
	if (st == WM_OK)
		memcpy(v->api, fn, sizeof(*v->api));
	return st;
}

/* Opens the driver. WM_SKIP + why: it has no device, or is none. */
static enum wm_status start(const struct wm_gpu_vendor *v, int *version_p) {
	int code, version = 0;
	enum wm_status st = load(v);

	if (st != WM_OK)
		return st;
	setenv(v->order[0], v->order[1], 0);
	code = v->api->init(0);
	for (const struct wm_gpu_absence *a = v->absences; a->code; a++)
		if (a->code == code)
			return wm_fail(WM_SKIP, "%s: %s (%d)", v->symbols[WM_GPU_AT_init], a->words, code);
	st = wm_gpu_done(v, WM_GPU_AT_init, code);
	if (st == WM_OK)
		st = WM_GPU(v, driver_version, &version);
	if (st == WM_OK && version < v->oldest) {
		char has[64], needs[64];

		v->driver_text(version, has, sizeof(has));
		v->driver_text(v->oldest, needs, sizeof(needs));
		return wm_fail(WM_SKIP, "%s is older than %s, which wattmark needs", has, needs);
	}
	if (st == WM_OK)
		*version_p = version;
	return st;
}

/* ---- devices ------------------------------------------------------------------------------------------------ */

/* 0 where the driver does not know it. */
static int attribute(const struct wm_gpu_vendor *v, enum wm_gpu_attribute which, int device) {
	int value = 0;

	return v->api->device_attribute(&value, v->attributes[which], device) == WM_GPU_SUCCESS ? value : 0;
}

static void describe_uuid(const struct wm_gpu_uuid *uuid, char *out, size_t room) {
	const unsigned char *b = uuid->bytes;

	snprintf(out, room, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3],
	         b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

/* The driver's "0000:C1:00.0" or "00000000:C1:00.0" as hwloc has it. */
static void describe_pci(const char *address, char *out, size_t room) {
	unsigned domain, bus, device, function = 0;

	if (sscanf(address, "%x:%x:%x.%x", &domain, &bus, &device, &function) >= 3)
		snprintf(out, room, "%04x:%02x:%02x.%x", domain & 0xffffu, bus & 0xffu, device & 0x1fu, function & 7u);
}

/* The driver, and what of the device's state it tells: clocks, ECC, whether this is a part of a GPU. */
static void describe_driver(const struct wm_gpu_vendor *v, int version, int device, struct wm_device *dev) {
	int clock = attribute(v, WM_GPU_CLOCK, device), memory_clock = attribute(v, WM_GPU_MEMORY_CLOCK, device);
	size_t n;

	v->driver_text(version, dev->driver, sizeof(dev->driver));
	n = strlen(dev->driver);
	if (clock > 0 && memory_clock > 0)
		n += (size_t)snprintf(dev->driver + n, sizeof(dev->driver) - n, ", clocks to %d MHz, memory %d MHz",
		                      clock / 1000, memory_clock / 1000);
	snprintf(dev->driver + n, sizeof(dev->driver) - n, ", ECC %s%s", attribute(v, WM_GPU_ECC, device) ? "on" : "off",
	         strstr(dev->name, " MIG ") ? ", a part of a GPU (MIG)" : "");
}

static enum wm_status describe(const struct wm_gpu_vendor *v, int version, int ordinal, struct wm_device *dev) {
	char address[32] = "";
	struct wm_gpu_uuid uuid = {{0}};
	size_t bytes = 0;
	int device = 0;
	enum wm_status st = WM_GPU(v, device_get, &device, ordinal);

	memset(dev, 0, sizeof(*dev));
	snprintf(dev->id, sizeof(dev->id), "%s:%d", v->backend, ordinal);
	snprintf(dev->backend, sizeof(dev->backend), "%s", v->backend);
	snprintf(dev->vendor, sizeof(dev->vendor), "%s", v->maker);
	dev->ordinal = ordinal;
	if (st == WM_OK)
		st = WM_GPU(v, device_name, dev->name, sizeof(dev->name), device);
	if (st == WM_OK)
		st = WM_GPU(v, device_memory, &bytes, device);
	if (st == WM_OK)
		st = WM_GPU(v, device_pci, address, sizeof(address), device);
	if (st == WM_OK)
		st = WM_GPU(v, device_uuid, &uuid, device);
	if (st != WM_OK)
		return st;
	dev->mem_bytes = bytes;
	describe_pci(address, dev->pci, sizeof(dev->pci));
	describe_uuid(&uuid, dev->uuid, sizeof(dev->uuid));
	snprintf(dev->arch, sizeof(dev->arch), "sm_%d%d", attribute(v, WM_GPU_MAJOR, device),
	         attribute(v, WM_GPU_MINOR, device));
	dev->units = attribute(v, WM_GPU_UNITS, device);
	dev->cache_bytes = (uint64_t)attribute(v, WM_GPU_CACHE, device);
	dev->features = WM_HAS_F64 | WM_HAS_F16;
	describe_driver(v, version, device, dev);
	if (attribute(v, WM_GPU_MODE, device) == v->mode_prohibited)
		snprintf(dev->off, sizeof(dev->off), "its compute mode is prohibited");
	return WM_OK;
}

static enum wm_status count(const struct wm_gpu_vendor *v, int *n_p) {
	int n = 0;
	enum wm_status st = WM_GPU(v, device_count, &n);

	if (st == WM_OK)
		*n_p = n;
	return st;
}

/* A device that cannot be asked is told of with the reason; the others are not lost with it. No context is made, so
 * that looking changes nothing on a device; how much of its memory is free is known when it is opened. */
enum wm_status wm_gpu_find(const struct wm_gpu_vendor *v, struct wm_device *devs, int max, int *n_p) {
	int n = 0, version = 0;
	enum wm_status st = start(v, &version);

	if (st == WM_OK)
		st = count(v, &n);
	if (st != WM_OK)
		return st;
	if (n == 0)
		return wm_fail(WM_SKIP, "%s found 0 devices", v->symbols[WM_GPU_AT_device_count]);
	n = n < max ? n : max;
	for (int i = 0; i < n; i++)
		if (describe(v, version, i, &devs[i]) != WM_OK)
			snprintf(devs[i].off, sizeof(devs[i].off), "%.250s", wm_why());
	*n_p = n;
	return WM_OK;
}

static enum wm_status open_place(struct wm_gpu_place *at, const struct wm_device *dev) {
	const struct wm_gpu_vendor *v = at->vendor;
	enum wm_status st = WM_GPU(v, device_get, &at->device, dev->ordinal);

	at->capability = 10 * attribute(v, WM_GPU_MAJOR, at->device) + attribute(v, WM_GPU_MINOR, at->device);
	if (st == WM_OK)
		st = WM_GPU(v, context_retain, &at->context, at->device);
	at->retained = st == WM_OK;
	if (st == WM_OK)
		st = WM_GPU(v, context_set, at->context);
	if (st == WM_OK)
		st = WM_GPU(v, queue_create, &at->queue, WM_GPU_QUEUE_NON_BLOCKING);
	for (int i = 0; i < WM_MAX_MARKS && st == WM_OK; i++)
		st = WM_GPU(v, event_create, &at->marks[i], 0);
	return st == WM_OK ? wm_gpu_stage(at) : st;
}

/* Releases whatever of the place there is. What the driver answers no longer matters. */
static void shut(struct wm_gpu_place *at) {
	const struct wm_gpu_api *gpu = at->vendor->api;

	wm_gpu_unstage(at);
	wm_gpu_free_all(at);
	for (int i = 0; i < WM_MAX_MARKS; i++)
		if (at->marks[i])
			gpu->event_destroy(at->marks[i]);
	if (at->queue)
		gpu->queue_destroy(at->queue);
	if (at->retained)
		gpu->context_release(at->device);
	free(at);
}

enum wm_status wm_gpu_open(const struct wm_gpu_vendor *v, struct wm_device *dev) {
	struct wm_gpu_place *at;
	struct wm_device now;
	size_t free_bytes = 0, bytes = 0;
	int version = 0, n = 0;
	enum wm_status st = start(v, &version);

	if (st == WM_OK)
		st = count(v, &n);
	if (st != WM_OK)
		return st;
	if (dev->ordinal < 0 || dev->ordinal >= n)
		return wm_fail(WM_FAILED, "%s is gone: %d device%s now", dev->id, n, n == 1 ? "" : "s");
	st = describe(v, version, dev->ordinal, &now);
	if (st != WM_OK)
		return st;
	if (*dev->uuid && strcmp(now.uuid, dev->uuid) != 0)
		return wm_fail(WM_FAILED, "%s was %s when it was found and is %s now", dev->id, dev->uuid, now.uuid);
	at = wm_zalloc(sizeof(*at));
	at->vendor = v;
	at->driver_version = version;
	st = open_place(at, dev);
	if (st == WM_OK)
		st = WM_GPU(v, memory_info, &free_bytes, &bytes);
	if (st != WM_OK) {
		shut(at);
		return st;
	}
	memcpy(dev->name, now.name, sizeof(dev->name));
	memcpy(dev->driver, now.driver, sizeof(dev->driver));
	dev->free_bytes = free_bytes;
	dev->priv = at;
	wm_gpu_tell_staging(dev);
	return WM_OK;
}

void wm_gpu_close(struct wm_device *dev) {
	shut(dev->priv);
	dev->priv = NULL;
}

/* ---- the queue and time ------------------------------------------------------------------------------------- */

enum wm_status wm_gpu_sync(struct wm_device *dev) {
	struct wm_gpu_place *at = dev->priv;

	return WM_GPU(at->vendor, queue_wait, at->queue);
}

enum wm_status wm_gpu_mark(struct wm_device *dev, int slot) {
	struct wm_gpu_place *at = dev->priv;

	at->marked[slot] = true;
	return WM_GPU(at->vendor, event_record, at->marks[slot], at->queue);
}

enum wm_status wm_gpu_wait(struct wm_device *dev, int slot) {
	struct wm_gpu_place *at = dev->priv;

	return WM_GPU(at->vendor, event_wait, at->marks[slot]);
}

/* The driver tells milliseconds in a float, in steps of about half a microsecond. */
enum wm_status wm_gpu_between(struct wm_device *dev, int from, int to, double *seconds_p) {
	struct wm_gpu_place *at = dev->priv;
	float milliseconds = 0;
	enum wm_status st;

	if (!at->marked[from] || !at->marked[to])
		return wm_fail(WM_FAILED, "%s: no mark in slot %d", dev->id, at->marked[from] ? to : from);
	st = WM_GPU(at->vendor, event_between, &milliseconds, at->marks[from], at->marks[to]);
	if (st != WM_OK)
		return st;
	if (milliseconds < 0)
		return wm_fail(WM_FAILED, "%s: its clock went back by %g ms between two marks", dev->id, -milliseconds);
	*seconds_p = 1e-3 * (double)milliseconds;
	return WM_OK;
}

/* Fills of 32 MiB, some hundred microseconds of them at a time: any work raises the clock, and this needs no compiler.
 */
enum wm_status wm_gpu_rouse(struct wm_device *dev, double seconds) {
	enum { BYTES = 32 << 20, AT_A_TIME = 16 };
	struct wm_gpu_place *at = dev->priv;
	const struct wm_gpu_vendor *v = at->vendor;
	enum wm_status st = at->rouse_at ? WM_OK : WM_GPU(v, alloc, &at->rouse_at, BYTES);

	for (double end = wm_now() + seconds; st == WM_OK && wm_now() < end;) {
		for (int i = 0; i < AT_A_TIME && st == WM_OK; i++)
			st = WM_GPU(v, fill_bytes, at->rouse_at, 0, BYTES, at->queue);
		if (st == WM_OK)
			st = WM_GPU(v, queue_wait, at->queue);
	}
	return st;
}

void *wm_gpu_native(struct wm_device *dev, const char *what) {
	struct wm_gpu_place *at = dev->priv;
	void *library = NULL;

	if (strcmp(what, "queue") == 0)
		return at->queue;
	if (strcmp(what, "context") == 0)
		return at->context;
	if (strcmp(what, "device") == 0)
		return &at->device;
	/* the library that load() left open */
	for (int i = 0; !library && at->vendor->libraries[i]; i++)
		library = dlopen(at->vendor->libraries[i], RTLD_LOCAL | RTLD_NOW | RTLD_NOLOAD);
	return library ? dlsym(library, what) : NULL;
}
