/* SPDX-License-Identifier: Apache-2.0 */
/* arch.h - what the launchers go by of NVIDIA's architectures. */
#ifndef WM_KERNELS_CUDA_ARCH_H
#define WM_KERNELS_CUDA_ARCH_H

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

#endif
