/* SPDX-License-Identifier: Apache-2.0 */
/* tensor_map.c - makes the TMA's descriptions of buffers. */
#include "tensor_map.h"

#include <string.h>

/* The driver's word for a type: -1 where it has none. Shorter floats move as bytes. */
static int tma_type(enum wm_dtype type) {
	if (type == WM_F16)
		return WM_TMA_FLOAT16;
	if (type == WM_BF16)
		return WM_TMA_BFLOAT16;
	if (type == WM_F64)
		return WM_TMA_FLOAT64;
	if (type == WM_I32)
		return WM_TMA_INT32;
	return wm_dtype_bytes(type) == 4 ? WM_TMA_FLOAT32 : WM_TMA_UINT8;
}

static uint32_t swizzle_bytes(enum wm_tma_swizzle swizzle) {
	return swizzle == WM_TMA_SWIZZLE_NONE ? UINT32_MAX : 16U << swizzle;
}

enum wm_status wm_tensor_shape_check(const struct wm_tensor_shape *s, const char *what) {
	enum { ALIGNMENT = 16 };
	uint32_t row = s->box[0] * (uint32_t)wm_dtype_bytes(s->type);

	for (uint32_t d = 0; d < s->dims; d++) {
		if (d && (s->stride_bytes[d] % ALIGNMENT || s->stride_bytes[d] >> 40))
			return wm_fail(WM_UNSUPPORTED,
			               "%s: lines are %llu bytes apart, the TMA takes multiples of %d bytes below 2^40", what,
			               (unsigned long long)s->stride_bytes[d], (int)ALIGNMENT);
		if (s->size[d] < 1 || s->size[d] >> 32)
			return wm_fail(WM_UNSUPPORTED, "%s: %llu elements along one dimension, the TMA takes 1 to 2^32 - 1", what,
			               (unsigned long long)s->size[d]);
		if (s->box[d] < 1 || s->box[d] > WM_TMA_MAX_BOX)
			return wm_fail(WM_UNSUPPORTED, "%s: a box of %u elements along one dimension, the TMA takes 1 to %d", what,
			               s->box[d], (int)WM_TMA_MAX_BOX);
	}
	if (row % ALIGNMENT || row > swizzle_bytes(s->swizzle))
		return wm_fail(WM_UNSUPPORTED, "%s: a box of %u bytes a line, the TMA takes multiples of %d up to its swizzle",
		               what, row, (int)ALIGNMENT);
	return WM_OK;
}

enum wm_status wm_make_tensor_map(const struct wm_run *run, const struct wm_buf *buf, const struct wm_tensor_shape *s,
                                  struct wm_tensor_map *map_p) {
	static const uint32_t dense[WM_TMA_MAX_DIMS] = {1, 1, 1, 1, 1};
	static const char name[] = "cuTensorMapEncodeTiled";
	wm_tensor_map_encode *encode = NULL;
	void *found = run->backend->native ? run->backend->native(run->dev, name) : NULL;
	struct wm_tensor_map map;

	if (!found)
		return wm_fail(WM_FAILED, "the driver has no %s: CUDA 12.0 or later is needed", name);
	memcpy(&encode, &found, sizeof(encode)); /* ISO C has no cast from an object's address to a function's */
	int result = encode(&map, tma_type(s->type), s->dims, buf->ptr, s->size, s->stride_bytes + 1, s->box, dense,
	                    WM_TMA_INTERLEAVE_NONE, (int)s->swizzle, (int)s->l2, WM_TMA_FILL_ZEROS);
	if (result)
		return wm_fail(WM_FAILED, "%s: error %d", name, result);
	*map_p = map;
	return WM_OK;
}
