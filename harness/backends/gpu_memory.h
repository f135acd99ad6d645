/* SPDX-License-Identifier: Apache-2.0 */
/* gpu_memory.h - what opening and closing a GPU needs of its memory. Private to backends/gpu*.c. */
#ifndef WM_GPU_MEMORY_H
#define WM_GPU_MEMORY_H

#include "gpu.h"

/* Makes the pinned host memory that copies go through, near the device where the process is bound there. */
enum wm_status wm_gpu_stage(struct wm_gpu_place *at);
void wm_gpu_unstage(struct wm_gpu_place *at);
/* Adds to dev->driver when that memory does not lie on the device's NUMA node. */
void wm_gpu_tell_staging(struct wm_device *dev);
/* Gives all device memory of ours back to the driver. */
void wm_gpu_free_all(struct wm_gpu_place *at);

#endif
