/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cublaslt_api.h - the numbers and structs of cuBLASLt that blaslt_cuda.c needs, from cublasLt.h, cublas_api.h and
 * library_types.h of CUDA 13.0 (cuBLAS 13.1); versions 11 and 12 have the same. Held against the installed header by
 * tests/abi/cublaslt.c, against recorded values by tests/abi/recorded_cublaslt.c. Private to kernels/libs.
 */
#ifndef WM_CUBLASLT_API_H
#define WM_CUBLASLT_API_H

#include <stddef.h>
#include <stdint.h>

/* cublasStatus_t: X(name behind CUBLAS_STATUS_, value) */
#define WM_CUBLASLT_STATUSES(X) \
	X(SUCCESS, 0)               \
	X(NOT_INITIALIZED, 1)       \
	X(ALLOC_FAILED, 3)          \
	X(INVALID_VALUE, 7)         \
	X(ARCH_MISMATCH, 8)         \
	X(MAPPING_ERROR, 11)        \
	X(EXECUTION_FAILED, 13)     \
	X(INTERNAL_ERROR, 14)       \
	X(NOT_SUPPORTED, 15)        \
	X(LICENSE_ERROR, 16)

enum {
#define X(name, value) WM_CUBLASLT_##name = value,
	WM_CUBLASLT_STATUSES(X)
#undef X
	/* libraryPropertyType; MINOR_VERSION and PATCH_LEVEL follow */
	WM_CUBLASLT_MAJOR_VERSION = 0,
	/* cudaDataType_t */
	WM_CUBLASLT_R_32F = 0,
	WM_CUBLASLT_R_64F = 1,
	WM_CUBLASLT_R_16F = 2,
	WM_CUBLASLT_R_8I = 3,
	WM_CUBLASLT_R_32I = 10,
	WM_CUBLASLT_R_16BF = 14,
	WM_CUBLASLT_R_8F_E4M3 = 28,
	WM_CUBLASLT_R_8F_E5M2 = 29,
	/* cublasComputeType_t */
	WM_CUBLASLT_COMPUTE_32F = 68,
	WM_CUBLASLT_COMPUTE_64F = 70,
	WM_CUBLASLT_COMPUTE_32I = 72,
	WM_CUBLASLT_COMPUTE_32F_FAST_TF32 = 77,
	/* cublasOperation_t */
	WM_CUBLASLT_OP_N = 0,
	WM_CUBLASLT_OP_T = 1,
	/* cublasLtMatmulDescAttributes_t */
	WM_CUBLASLT_DESC_TRANSA = 3,
	WM_CUBLASLT_DESC_TRANSB = 4,
	WM_CUBLASLT_DESC_FAST_ACCUM = 25,
	/* cublasLtMatmulPreferenceAttributes_t */
	WM_CUBLASLT_PREF_MAX_WORKSPACE_BYTES = 1,
	/* cublasLtMatmulAlgoConfigAttributes_t */
	WM_CUBLASLT_CONFIG_ID = 0,
	WM_CUBLASLT_CONFIG_TILE_ID = 1,
	WM_CUBLASLT_CONFIG_SPLITK_NUM = 2,
	WM_CUBLASLT_CONFIG_REDUCTION_SCHEME = 3,
	WM_CUBLASLT_CONFIG_CTA_SWIZZLING = 4,
	WM_CUBLASLT_CONFIG_CUSTOM_OPTION = 5,
	WM_CUBLASLT_CONFIG_STAGES_ID = 6,
	WM_CUBLASLT_CONFIG_INNER_SHAPE_ID = 7,
	WM_CUBLASLT_CONFIG_CLUSTER_SHAPE_ID = 8,
	/* cublasLtMatmulAlgoCapAttributes_t */
	WM_CUBLASLT_CAP_NUMERICAL_IMPL_FLAGS = 15,
};

/* cublasLtMatmulAlgo_t */
struct wm_cublaslt_algo {
	uint64_t data[8];
};

/* cublasLtMatmulHeuristicResult_t */
struct wm_cublaslt_answer {
	struct wm_cublaslt_algo algo;
	size_t workspace;
	int state; /* a status; the other fields are set only where it is SUCCESS */
	float waves;
	int reserved[4];
};

#endif
