/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tensor_map.h - what the tensor memory accelerator (TMA, sm_90 and later) goes by: the shape of an array in memory and
 * of the box that one copy moves. Declarations that are the driver's own were read off cuda.h of CUDA 13.0;
 * tests/abi/tensor_map.c holds them against the installed header.
 */
#ifndef WM_KERNELS_CUDA_TENSOR_MAP_H
#define WM_KERNELS_CUDA_TENSOR_MAP_H

#include "core/wm.h"

enum { WM_TMA_MAX_DIMS = 5, WM_TMA_MAX_BOX = 256 };

/* CUtensorMap: opaque; a kernel takes it by value. CUDA 12 asks for 64 bytes of alignment, 13 for 128. */
struct wm_tensor_map {
	_Alignas(128) uint64_t opaque[16];
};

/* CUtensorMapDataType, CUtensorMapInterleave, CUtensorMapSwizzle, CUtensorMapL2promotion, CUtensorMapFloatOOBfill. */
enum { WM_TMA_UINT8 = 0, WM_TMA_INT32 = 3, WM_TMA_FLOAT16 = 6, WM_TMA_FLOAT32, WM_TMA_FLOAT64, WM_TMA_BFLOAT16 };
enum { WM_TMA_INTERLEAVE_NONE };
enum wm_tma_swizzle { WM_TMA_SWIZZLE_NONE, WM_TMA_SWIZZLE_32B, WM_TMA_SWIZZLE_64B, WM_TMA_SWIZZLE_128B };
enum wm_tma_promotion { WM_TMA_L2_NONE, WM_TMA_L2_64B, WM_TMA_L2_128B, WM_TMA_L2_256B };
enum { WM_TMA_FILL_ZEROS };

/* cuTensorMapEncodeTiled: fills a map; CUresult, 0 is success. Enums are passed as ints. */
typedef int wm_tensor_map_encode(struct wm_tensor_map *map, int type, uint32_t dims, void *address,
                                 const uint64_t *size, const uint64_t *stride_bytes, const uint32_t *box,
                                 const uint32_t *element_stride, int interleave, int swizzle, int l2_promotion,
                                 int out_of_bounds);

/*
 * An array of up to five dimensions and the box that one copy moves, the dimension that is dense in memory first.
 * What of a box lies outside of the array is read as zeros and not written.
 */
struct wm_tensor_shape {
	enum wm_dtype type;
	uint32_t dims;
	uint64_t size[WM_TMA_MAX_DIMS]; /* elements along each dimension */
	uint64_t
		stride_bytes[WM_TMA_MAX_DIMS]; /* between neighbours along each dimension from the second on; [0] is unused */
	uint32_t box[WM_TMA_MAX_DIMS];
	enum wm_tma_swizzle swizzle;
	enum wm_tma_promotion l2;
};

/*
 * WM_UNSUPPORTED + the rule that the shape breaks (CUDA driver API, cuTensorMapEncodeTiled): strides are multiples of
 * 16 bytes below 2^40, sizes 1 to 2^32, boxes 1 to 256 elements and as wide as the swizzle at most along the first
 * dimension. what names the array in the reason. For can_run.
 */
enum wm_status wm_tensor_shape_check(const struct wm_tensor_shape *shape, const char *what);

/* Describes a buffer to the TMA. The driver of run's device must have cuTensorMapEncodeTiled (CUDA 12.0); WM_FAILED
 * with its name and the driver's answer otherwise. */
enum wm_status wm_make_tensor_map(const struct wm_run *run, const struct wm_buf *buf,
                                  const struct wm_tensor_shape *shape, struct wm_tensor_map *map_p);

#endif
