/* SPDX-License-Identifier: Apache-2.0 */
/* launch.h - what the launchers of NVIDIA's own texts share: what they go by of its architectures, and loading. */
#ifndef WM_KERNELS_CUDA_LAUNCH_H
#define WM_KERNELS_CUDA_LAUNCH_H

#include "core/wm.h"

#include <stdlib.h>
#include <string.h>

/* Compute capability of a device of the backend cuda, major x 10 + minor: 90 of "sm_90"; 0 of anything else. */
static inline int wm_compute_capability(const struct wm_device *dev) {
	return strncmp(dev->arch, "sm_", 3) ? 0 : atoi(dev->arch + 3);
}

/* Bytes of shared memory that one block can have, by compute capability: CUDA C++ Programming Guide 13.0, "Technical
 * Specifications per Compute Capability". A multiprocessor has 1 KiB more, and each block takes 1 KiB for itself. */
static inline uint32_t wm_shared_per_block(int capability) {
	switch (capability) {
	case 80:
	case 87: return 163 * 1024;
	case 90:
	case 100:
	case 103:
	case 110: return 227 * 1024;
	default: return 99 * 1024;
	}
}

/* WM_UNSUPPORTED + why where there is no wgmma. */
static inline enum wm_status wm_has_wgmma(const struct wm_device *dev) {
	if (wm_compute_capability(dev) == 90)
		return WM_OK;
	return wm_fail(WM_UNSUPPORTED, "wgmma is an instruction of sm_90 alone, %s is %s", dev->id, dev->arch);
}

/* Loads an embedded text's code, and says in run->library what made it, where the backend knows. */
static inline enum wm_status wm_load_text(struct wm_run *run, const char *path, void **module_p) {
	enum wm_status st = run->backend->load(run->dev, path, module_p);
	if (!st && run->backend->made_by)
		snprintf(run->library, sizeof(run->library), "%s", run->backend->made_by(run->dev, *module_p));
	return st;
}

#endif
