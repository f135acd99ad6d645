/* SPDX-License-Identifier: Apache-2.0 */
/* gpu_cuda.h - numbers of cuda.h, CUDA 11.4 to 13.0, and one rule. Private to gpu_cuda.c; tests/abi holds the numbers
 * against the header. */
#ifndef WM_GPU_CUDA_H
#define WM_GPU_CUDA_H

#include <stddef.h>

enum {
	WM_CUDA_OLDEST = 11040,
	WM_CUDA_COMPUTE_PROHIBITED = 2,

	/* CUresult */
	WM_CUDA_STUB_LIBRARY = 34,
	WM_CUDA_NO_DEVICE = 100,
	WM_CUDA_INVALID_IMAGE = 200,
	WM_CUDA_NO_BINARY_FOR_GPU = 209,
	WM_CUDA_INVALID_PTX = 218,
	WM_CUDA_JIT_COMPILER_NOT_FOUND = 221,
	WM_CUDA_UNSUPPORTED_PTX_VERSION = 222,

	/* CUdevice_attribute */
	WM_CUDA_CLOCK_RATE = 13,
	WM_CUDA_MULTIPROCESSOR_COUNT = 16,
	WM_CUDA_COMPUTE_MODE = 20,
	WM_CUDA_ECC_ENABLED = 32,
	WM_CUDA_MEMORY_CLOCK_RATE = 36,
	WM_CUDA_L2_CACHE_SIZE = 38,
	WM_CUDA_CAPABILITY_MAJOR = 75,
	WM_CUDA_CAPABILITY_MINOR = 76
};

/* Which of a text's targets ("sm_80 sm_90a compute_80") the driver takes for a compute capability (90 is 9.0); "" where
 * none is for it. */
void wm_cuda_choose_target(const char *targets, int capability, char *out, size_t room);

#endif
