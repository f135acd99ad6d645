/* SPDX-License-Identifier: Apache-2.0 */
/* gpu_code.c - modules of kernels: compiled ahead or now, loaded, launched. */
#include "gpu.h"
#include "gpu_rtc.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 16, ARGS = 32, SHARED_AS_IS = 48 << 10 };

/* Loaded code and the entries of it that were asked for so far. */
struct module {
	void *handle;
	struct entry {
		char name[64];
		void *function;
		unsigned shared_bytes; /* dynamic, that it may have */
	} entries[ENTRIES];
	int n;
	char made_by[256];
};

/* WM_UNSUPPORTED: the code is sound, but not for this device or driver. */
static enum wm_status load_image(const struct wm_gpu_vendor *v, const void *image, struct module *mod) {
	int code = v->api->module_load(&mod->handle, image);
	enum wm_status st = wm_gpu_done(v, WM_GPU_AT_module_load, code);

	for (const int *f = v->foreign; *f; f++)
		if (*f == code)
			return WM_UNSUPPORTED;
	return st;
}

/* ---- making modules ----------------------------------------------------------------------------------------- */

/* The headers (embedded files; those that there are) and the text, each with its own name and lines in what the
 * compiler says. The caller's to free. */
static char *join(const char *const *headers, int n, const char *text) {
	static const char line[] = "\n#line 1 \"%s\"\n%s";
	size_t bytes = strlen(text) + 64, used = 0;
	char *all;

	for (int i = 0; i < n; i++)
		bytes += wm_embedded(headers[i]) ? strlen(wm_embedded(headers[i])) + strlen(headers[i]) + sizeof(line) : 0;
	all = wm_zalloc(bytes);
	for (int i = 0; i < n; i++)
		if (wm_embedded(headers[i]))
			used += (size_t)snprintf(all + used, bytes - used, line, headers[i], wm_embedded(headers[i]));
	snprintf(all + used, bytes - used, line, "kernel text", text);
	return all;
}

/* Compiles now and loads. own: the text is for this vendor alone. */
static enum wm_status make(struct wm_device *dev, const char *text, const char *flags, bool own, struct module *mod) {
	const struct wm_gpu_place *at = dev->priv;
	const char *headers[] = {"kernels/gpu/device.h", at->vendor->own_header};
	char *all = join(headers, own ? 2 : 1, text);
	void *image = NULL;
	enum wm_status st = wm_gpu_compile(at, all, flags, mod->made_by, sizeof(mod->made_by), &image);

	free(all);
	if (st != WM_OK)
		return st;
	st = load_image(at->vendor, image, mod);
	free(image);
	return st;
}

enum wm_status wm_gpu_build(struct wm_device *dev, const char *text, const char *flags, void **module_p) {
	struct module *mod = wm_zalloc(sizeof(*mod));
	enum wm_status st = make(dev, text, flags ? flags : "", false, mod);

	if (st != WM_OK) {
		free(mod);
		return st;
	}
	*module_p = mod;
	return WM_OK;
}

/* What was compiled ahead of a text "kernels/cuda/X.k": X.fatbin, the code of every target in X.targets.
 * WM_UNSUPPORTED: there is none for this device. */
static enum wm_status load_ahead(const struct wm_gpu_place *at, const char *path, struct module *mod) {
	const struct wm_gpu_vendor *v = at->vendor;
	const char *made = wm_embedded(v->made), *targets;
	int stem = (int)(strrchr(path, '.') - path);
	char file[256], target[32];
	const void *image;
	size_t bytes;

	snprintf(file, sizeof(file), "%.*s.fatbin", stem, path);
	image = wm_embedded_data(file, &bytes);
	snprintf(file, sizeof(file), "%.*s.targets", stem, path);
	targets = wm_embedded(file);
	if (!image || !targets || !made)
		return WM_UNSUPPORTED;
	v->choose_target(targets, at->capability, target, sizeof(target));
	if (!*target)
		return WM_UNSUPPORTED;
	snprintf(mod->made_by, sizeof(mod->made_by), "%.*s %s", (int)strcspn(made, "\n"), made, target);
	return load_image(v, image, mod);
}

enum wm_status wm_gpu_load(struct wm_device *dev, const char *path, void **module_p) {
	const char *text = wm_embedded(path);
	struct module *mod;
	enum wm_status st;

	if (!text || !strrchr(path, '.'))
		return wm_fail(WM_FAILED, "%s is not embedded in this binary", path);
	mod = wm_zalloc(sizeof(*mod));
	st = load_ahead(dev->priv, path, mod);
	if (st == WM_UNSUPPORTED)
		st = make(dev, text, "", true, mod);
	if (st != WM_OK) {
		free(mod);
		return st;
	}
	*module_p = mod;
	return WM_OK;
}

const char *wm_gpu_made_by(struct wm_device *dev, void *module) {
	(void)dev;
	return ((const struct module *)module)->made_by;
}

void wm_gpu_unbuild(struct wm_device *dev, void *module) {
	const struct wm_gpu_place *at = dev->priv;
	struct module *mod = module;

	at->vendor->api->module_unload(mod->handle);
	free(mod);
}

/* ---- launches ----------------------------------------------------------------------------------------------- */

/* The module's entry of that name, looked up at its first use. */
static enum wm_status find_entry(const struct wm_gpu_vendor *v, struct module *mod, const char *name,
                                 struct entry **entry_p) {
	struct entry *e;
	int code;

	for (int i = 0; i < mod->n; i++)
		if (strcmp(mod->entries[i].name, name) == 0) {
			*entry_p = &mod->entries[i];
			return WM_OK;
		}
	e = &mod->entries[mod->n];
	if (mod->n == ENTRIES || strlen(name) >= sizeof(e->name))
		return wm_fail(WM_FAILED, "kernel %s: a module holds at most %d of under %zu letters", name, ENTRIES,
		               sizeof(e->name));
	code = v->api->module_function(&e->function, mod->handle, name);
	if (code != WM_GPU_SUCCESS)
		return wm_fail(WM_FAILED, "%s(%s): %s (%d)", v->symbols[WM_GPU_AT_module_function], name,
		               wm_gpu_error_name(v, code), code);
	snprintf(e->name, sizeof(e->name), "%s", name);
	e->shared_bytes = SHARED_AS_IS;
	mod->n++;
	*entry_p = e;
	return WM_OK;
}

/* More dynamic shared memory than 48 KiB has to be asked for, once for each entry. */
static enum wm_status allow_shared(const struct wm_gpu_vendor *v, struct entry *e, unsigned bytes) {
	int code = WM_GPU_SUCCESS;

	if (bytes > e->shared_bytes)
		code = v->api->function_set(e->function, WM_GPU_DYNAMIC_SHARED, (int)bytes);
	if (code != WM_GPU_SUCCESS)
		return wm_fail(WM_UNSUPPORTED, "kernel %s: the device gives no group %u bytes of shared memory: %s (%d)",
		               e->name, bytes, wm_gpu_error_name(v, code), code);
	if (bytes > e->shared_bytes)
		e->shared_bytes = bytes;
	return WM_OK;
}

enum wm_status wm_gpu_launch(struct wm_device *dev, void *module, const char *entry, const struct wm_grid *grid,
                             const struct wm_arg *args, int nargs) {
	const struct wm_gpu_place *at = dev->priv;
	const struct wm_gpu_vendor *v = at->vendor;
	struct entry *e = NULL;
	void *values[ARGS];
	int code;
	enum wm_status st = find_entry(v, module, entry, &e);

	if (st == WM_OK)
		st = allow_shared(v, e, grid->shared_bytes);
	if (st == WM_OK && nargs > ARGS)
		st = wm_fail(WM_FAILED, "kernel %s: %d arguments, more than %d", entry, nargs, ARGS);
	if (st != WM_OK)
		return st;
	for (int i = 0; i < nargs; i++) /* the driver copies what they point at before it returns */
		values[i] = (void *)(uintptr_t)(args[i].buf ? (const void *)&args[i].buf->ptr : args[i].value);
	code = v->api->launch(e->function, grid->groups[0], grid->groups[1], grid->groups[2], grid->items[0],
	                      grid->items[1], grid->items[2], grid->shared_bytes, at->queue, values, NULL);
	if (code != WM_GPU_SUCCESS)
		return wm_fail(code == WM_GPU_OUT_OF_MEMORY ? WM_NOMEM : WM_FAILED, "%s(%s): %s (%d)",
		               v->symbols[WM_GPU_AT_launch], entry, wm_gpu_error_name(v, code), code);
	return WM_OK;
}
