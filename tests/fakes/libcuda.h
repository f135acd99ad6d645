/* SPDX-License-Identifier: Apache-2.0 */
/* libcuda.h - what the fake libcuda.so.1 shares with the kernels that it can run (cuda_kernels.c). */
#ifndef WM_FAKE_LIBCUDA_H
#define WM_FAKE_LIBCUDA_H

#include <stddef.h>

enum { WM_FAKE_ARGS = 16 };

struct wm_fake_grid {
	unsigned groups[3], items[3], shared_bytes;
};

/* A kernel in C: run does what the whole grid does. args[i] points at argument i, of bytes[i] bytes; pointers are
 * addresses of this process. */
struct wm_fake_kernel {
	const char *name;
	size_t bytes[WM_FAKE_ARGS]; /* ends with 0 */
	void (*run)(const struct wm_fake_grid *grid, void **args);
};

extern const struct wm_fake_kernel wm_fake_kernels[]; /* ends with a name of NULL */

#endif
