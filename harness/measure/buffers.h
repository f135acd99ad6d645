/* SPDX-License-Identifier: Apache-2.0 */
/* buffers.h - the buffer sets of one run: guarded on both sides, poisoned, read back. */
#ifndef WM_BUFFERS_H
#define WM_BUFFERS_H

#include "core/wm.h"

enum { WM_GUARD = 4096 }; /* bytes of guard before and, at least, after every tensor */

/* sets x tensors buffers on one device. Owned by the caller between wm_buffers_make and wm_buffers_free. */
struct wm_buffers {
	const struct wm_backend *backend;
	struct wm_device *dev;
	const struct wm_tensor *tensors;
	int ntensors, sets;
	struct wm_buf *whole;   /* [set * ntensors + i]: guard, tensor, guard */
	struct wm_buf *part;    /* the tensor alone: what implementations see */
	unsigned char *scratch; /* host memory of scratch_bytes for guards and poison */
};

/* Bytes of one tensor on the device with its guards. */
uint64_t wm_guarded_bytes(uint64_t bytes);
/* Allocates everything and writes the guards. tensors must live as long. */
enum wm_status wm_buffers_make(const struct wm_backend *backend, struct wm_device *dev, const struct wm_tensor *tensors,
                               int ntensors, int sets, struct wm_buffers *b_p);
void wm_buffers_free(struct wm_buffers *b);

size_t wm_tensor_bytes(const struct wm_tensor *t);
/* Fills the outputs of a set with NaN (floats) or 0x80 bytes (integers): values that no operation gives. */
enum wm_status wm_buffers_poison(struct wm_buffers *b, int set);
/* WM_WRONG + tensor and set when an output of the set, as read back into host, is not all poison any more. */
enum wm_status wm_buffers_still_poison(const struct wm_buffers *b, int set, void *const *host);
/* WM_WRONG + tensor, set and distance when a guard byte of the set has changed. */
enum wm_status wm_buffers_guards(struct wm_buffers *b, int set);
/* Copies between host[i] and tensor i of a set: all inputs to the device, all outputs from it. */
enum wm_status wm_buffers_put_inputs(struct wm_buffers *b, int set, void *const *host);
enum wm_status wm_buffers_get_inputs(struct wm_buffers *b, int set, void *const *host);
enum wm_status wm_buffers_get_outputs(struct wm_buffers *b, int set, void *const *host);

#endif
