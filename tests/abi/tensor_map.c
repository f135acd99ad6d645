/* SPDX-License-Identifier: Apache-2.0 */
/* tensor_map.c - what kernels/cuda/tensor_map.h declares, held against the installed cuda.h by compiling this. */
#include "../../kernels/cuda/tensor_map.h"

#include <cuda.h>

_Static_assert(sizeof(struct wm_tensor_map) == sizeof(CUtensorMap), "size of a map");
_Static_assert(_Alignof(struct wm_tensor_map) == _Alignof(CUtensorMap), "alignment of a map");
_Static_assert((int)WM_TMA_UINT8 == (int)CU_TENSOR_MAP_DATA_TYPE_UINT8, "bytes");
_Static_assert((int)WM_TMA_INT32 == (int)CU_TENSOR_MAP_DATA_TYPE_INT32, "i32");
_Static_assert((int)WM_TMA_FLOAT16 == (int)CU_TENSOR_MAP_DATA_TYPE_FLOAT16, "f16");
_Static_assert((int)WM_TMA_FLOAT32 == (int)CU_TENSOR_MAP_DATA_TYPE_FLOAT32, "f32");
_Static_assert((int)WM_TMA_FLOAT64 == (int)CU_TENSOR_MAP_DATA_TYPE_FLOAT64, "f64");
_Static_assert((int)WM_TMA_BFLOAT16 == (int)CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, "bf16");
_Static_assert((int)WM_TMA_INTERLEAVE_NONE == (int)CU_TENSOR_MAP_INTERLEAVE_NONE, "not interleaved");
_Static_assert((int)WM_TMA_SWIZZLE_NONE == (int)CU_TENSOR_MAP_SWIZZLE_NONE, "not swizzled");
_Static_assert((int)WM_TMA_SWIZZLE_32B == (int)CU_TENSOR_MAP_SWIZZLE_32B, "swizzle of 32 bytes");
_Static_assert((int)WM_TMA_SWIZZLE_64B == (int)CU_TENSOR_MAP_SWIZZLE_64B, "swizzle of 64 bytes");
_Static_assert((int)WM_TMA_SWIZZLE_128B == (int)CU_TENSOR_MAP_SWIZZLE_128B, "swizzle of 128 bytes");
_Static_assert((int)WM_TMA_L2_NONE == (int)CU_TENSOR_MAP_L2_PROMOTION_NONE, "no promotion");
_Static_assert((int)WM_TMA_L2_64B == (int)CU_TENSOR_MAP_L2_PROMOTION_L2_64B, "64 bytes");
_Static_assert((int)WM_TMA_L2_128B == (int)CU_TENSOR_MAP_L2_PROMOTION_L2_128B, "128 bytes");
_Static_assert((int)WM_TMA_L2_256B == (int)CU_TENSOR_MAP_L2_PROMOTION_L2_256B, "256 bytes");
_Static_assert((int)WM_TMA_FILL_ZEROS == (int)CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE, "zeros out of bounds");
_Static_assert(sizeof(CUtensorMapDataType) == sizeof(int) && sizeof(CUtensorMapSwizzle) == sizeof(int), "enums");
_Static_assert(sizeof(CUresult) == sizeof(int), "results");

/* The driver's function takes our arguments, one for one. */
int encode(struct wm_tensor_map *map, void *address, const uint64_t *size, const uint64_t *stride, const uint32_t *box,
           const uint32_t *element_stride);
int encode(struct wm_tensor_map *map, void *address, const uint64_t *size, const uint64_t *stride, const uint32_t *box,
           const uint32_t *element_stride) {
	CUtensorMap *theirs = (void *)map;
	const cuuint64_t *theirs_size = (const void *)size, *theirs_stride = (const void *)stride;

	return cuTensorMapEncodeTiled(theirs, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 2, address, theirs_size, theirs_stride, box,
	                              element_stride, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
	                              CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
}
