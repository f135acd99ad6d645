/* SPDX-License-Identifier: Apache-2.0 */
/* backend.c - an emulated GPU: memory is the host's, the queue is empty whenever a call returns. */
#include "backend.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096 };

static enum wm_status open_device(struct wm_device *dev) {
	(void)dev;
	return WM_OK;
}
static void close_device(struct wm_device *dev) {
	(void)dev;
}

static enum wm_status alloc_buffer(struct wm_device *dev, size_t bytes, struct wm_buf *buf_p) {
	void *p;
	(void)dev;
	/* of that size exactly, for the address sanitizer */
	if (posix_memalign(&p, PAGE, bytes))
		return wm_fail(WM_NOMEM, "no %zu bytes", bytes);
	*buf_p = (struct wm_buf){.ptr = p, .bytes = bytes};
	return WM_OK;
}
static enum wm_status view_buffer(struct wm_device *dev, const struct wm_buf *whole, size_t offset, size_t bytes,
                                  struct wm_buf *view_p) {
	(void)dev;
	*view_p = (struct wm_buf){.ptr = (char *)whole->ptr + offset, .bytes = bytes, .is_view = true};
	return WM_OK;
}
static void free_buffer(struct wm_device *dev, struct wm_buf *buf) {
	(void)dev;
	if (!buf->is_view)
		free(buf->ptr);
}
static enum wm_status put(struct wm_device *dev, const struct wm_buf *dst, size_t offset, const void *src,
                          size_t bytes) {
	(void)dev;
	memcpy((char *)dst->ptr + offset, src, bytes);
	return WM_OK;
}
static enum wm_status get(struct wm_device *dev, void *dst, const struct wm_buf *src, size_t offset, size_t bytes) {
	(void)dev;
	memcpy(dst, (const char *)src->ptr + offset, bytes);
	return WM_OK;
}
static enum wm_status sync_device(struct wm_device *dev) {
	(void)dev;
	return WM_OK;
}

/* A module is the path of its text. */
static enum wm_status load(struct wm_device *dev, const char *path, void **module_p) {
	(void)dev;
	if (!wm_emulated_has(path))
		return wm_fail(WM_FAILED, "%s is not emulated: its kernels are named in no file of tests/emulate", path);
	*module_p = strdup(path);
	return *module_p ? WM_OK : wm_fail(WM_NOMEM, "no memory");
}
static void unbuild(struct wm_device *dev, void *module) {
	(void)dev;
	free(module);
}
static const char *made_by(struct wm_device *dev, void *module) {
	(void)dev;
	(void)module;
	return "emulator";
}
static enum wm_status launch(struct wm_device *dev, void *module, const char *entry, const struct wm_grid *grid,
                             const struct wm_arg *args, int nargs) {
	const char *error = wm_emulated_launch_entry(dev->arch, module, entry, grid, args, nargs);
	return error ? wm_fail(WM_FAILED, "%s: %s", entry, error) : WM_OK;
}
static void *native(struct wm_device *dev, const char *what) {
	int (*encode)(void *, int, uint32_t, void *, const uint64_t *, const uint64_t *, const uint32_t *, const uint32_t *,
	              int, int, int, int) = wm_emulated_encode;
	void *found = NULL;
	(void)dev;
	if (!strcmp(what, "cuTensorMapEncodeTiled"))
		memcpy(&found, &encode, sizeof(found)); /* ISO C has no cast from a function's address to an object's */
	return found;
}

const struct wm_backend wm_emulated_backend = {
	.name = "cuda",
	.about = "texts run lane by lane on the CPU",
	.open = open_device,
	.close = close_device,
	.alloc = alloc_buffer,
	.view = view_buffer,
	.free = free_buffer,
	.put = put,
	.get = get,
	.sync = sync_device,
	.load = load,
	.unbuild = unbuild,
	.made_by = made_by,
	.launch = launch,
	.native = native,
};

void wm_emulated_open(struct wm_trial_place *at, const char *arch) {
	*at = (struct wm_trial_place){.backend = &wm_emulated_backend, .found = true, .guard = WM_TRIAL_GUARD};
	at->dev = (struct wm_device){
		.id = "cuda:0",
		.backend = "cuda",
		.name = "an emulated GPU",
		.mem_bytes = (uint64_t)1 << 33,
		.cache_bytes = 1 << 20,
		.units = 4,
		.features = WM_HAS_F64 | WM_HAS_F16,
	};
	snprintf(at->dev.arch, sizeof(at->dev.arch), "%s", arch);
}
