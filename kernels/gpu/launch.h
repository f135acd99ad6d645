/* SPDX-License-Identifier: Apache-2.0 */
/* launch.h - what the launchers of the portable texts share. */
#ifndef WM_KERNELS_GPU_LAUNCH_H
#define WM_KERNELS_GPU_LAUNCH_H

#include "core/wm.h"

#include <string.h>

/* x / by, rounded up; by is not 0, which the analyzer cannot know of powers of two. */
static inline uint32_t wm_ceil_div(uint32_t x, uint32_t by) {
	return x / by + (x % by != 0); /* NOLINT(clang-analyzer-core.DivideZero) */
}

/* WM_UNSUPPORTED + why where the device lacks the arithmetic of a type, in the words of the device's API. */
static inline enum wm_status wm_has_type(const struct wm_run *run, enum wm_dtype type) {
	if (type == WM_TF32 || type == WM_E4M3 || type == WM_E5M2)
		return wm_fail(WM_UNSUPPORTED, "the portable languages have no %s", wm_dtype_word(type));
	uint32_t needed = type == WM_F16 ? WM_HAS_F16 : type == WM_F64 ? WM_HAS_F64 : 0;
	if ((run->dev->features & needed) == needed)
		return WM_OK;
	if (!strcmp(run->backend->name, "opencl"))
		return wm_fail(WM_UNSUPPORTED, "no %s", type == WM_F16 ? "cl_khr_fp16" : "cl_khr_fp64");
	return wm_fail(WM_UNSUPPORTED, "%s has no %s", run->dev->name, wm_dtype_word(type));
}

/* Compiles an embedded text, and says in run->library what made its code, where the backend knows. */
static inline enum wm_status wm_build_text(struct wm_run *run, const char *path, const char *flags, void **module_p) {
	enum wm_status st = run->backend->build(run->dev, wm_embedded(path), flags, module_p);
	if (!st && run->backend->made_by)
		snprintf(run->library, sizeof(run->library), "%s", run->backend->made_by(run->dev, *module_p));
	return st;
}

#endif
