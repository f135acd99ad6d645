/* SPDX-License-Identifier: Apache-2.0 */
/* cublaslt.c - what kernels/libs/cublaslt_api.h and blaslt_api.h declare, held against the installed cublasLt.h (CUDA
 * 11.8 to 13) by compiling this. recorded_cublaslt.c holds the same values where there is none. */
#include "../../kernels/libs/blaslt_api.h"
#include "../../kernels/libs/cublaslt_api.h"

#include <cublasLt.h>

/* An enum of theirs that our numbers stand for: the value, and that it is passed as an int. */
#define SAME(ours, theirs) _Static_assert((int)(ours) == (int)(theirs), #theirs)
#define X(name, value) SAME(WM_CUBLASLT_##name, CUBLAS_STATUS_##name);
WM_CUBLASLT_STATUSES(X)
#undef X
SAME(WM_CUBLASLT_MAJOR_VERSION, MAJOR_VERSION);
SAME(WM_CUBLASLT_MAJOR_VERSION + 1, MINOR_VERSION);
SAME(WM_CUBLASLT_MAJOR_VERSION + 2, PATCH_LEVEL);
SAME(WM_CUBLASLT_R_32F, CUDA_R_32F);
SAME(WM_CUBLASLT_R_64F, CUDA_R_64F);
SAME(WM_CUBLASLT_R_16F, CUDA_R_16F);
SAME(WM_CUBLASLT_R_8I, CUDA_R_8I);
SAME(WM_CUBLASLT_R_32I, CUDA_R_32I);
SAME(WM_CUBLASLT_R_16BF, CUDA_R_16BF);
SAME(WM_CUBLASLT_R_8F_E4M3, CUDA_R_8F_E4M3);
SAME(WM_CUBLASLT_R_8F_E5M2, CUDA_R_8F_E5M2);
SAME(WM_CUBLASLT_COMPUTE_32F, CUBLAS_COMPUTE_32F);
SAME(WM_CUBLASLT_COMPUTE_64F, CUBLAS_COMPUTE_64F);
SAME(WM_CUBLASLT_COMPUTE_32I, CUBLAS_COMPUTE_32I);
SAME(WM_CUBLASLT_COMPUTE_32F_FAST_TF32, CUBLAS_COMPUTE_32F_FAST_TF32);
SAME(WM_CUBLASLT_OP_N, CUBLAS_OP_N);
SAME(WM_CUBLASLT_OP_T, CUBLAS_OP_T);
SAME(WM_CUBLASLT_DESC_TRANSA, CUBLASLT_MATMUL_DESC_TRANSA);
SAME(WM_CUBLASLT_DESC_TRANSB, CUBLASLT_MATMUL_DESC_TRANSB);
SAME(WM_CUBLASLT_DESC_FAST_ACCUM, CUBLASLT_MATMUL_DESC_FAST_ACCUM);
SAME(WM_CUBLASLT_PREF_MAX_WORKSPACE_BYTES, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES);
SAME(WM_CUBLASLT_CONFIG_ID, CUBLASLT_ALGO_CONFIG_ID);
SAME(WM_CUBLASLT_CONFIG_TILE_ID, CUBLASLT_ALGO_CONFIG_TILE_ID);
SAME(WM_CUBLASLT_CONFIG_SPLITK_NUM, CUBLASLT_ALGO_CONFIG_SPLITK_NUM);
SAME(WM_CUBLASLT_CONFIG_REDUCTION_SCHEME, CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME);
SAME(WM_CUBLASLT_CONFIG_CTA_SWIZZLING, CUBLASLT_ALGO_CONFIG_CTA_SWIZZLING);
SAME(WM_CUBLASLT_CONFIG_CUSTOM_OPTION, CUBLASLT_ALGO_CONFIG_CUSTOM_OPTION);
SAME(WM_CUBLASLT_CONFIG_STAGES_ID, CUBLASLT_ALGO_CONFIG_STAGES_ID);
SAME(WM_CUBLASLT_CONFIG_INNER_SHAPE_ID, CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID);
SAME(WM_CUBLASLT_CONFIG_CLUSTER_SHAPE_ID, CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID);
SAME(WM_CUBLASLT_CAP_NUMERICAL_IMPL_FLAGS, CUBLASLT_ALGO_CAP_NUMERICAL_IMPL_FLAGS);

#define AN_INT(type) _Static_assert(sizeof(type) == sizeof(int), #type " is passed as an int")
AN_INT(cublasStatus_t);
AN_INT(libraryPropertyType);
AN_INT(cudaDataType_t);
AN_INT(cublasComputeType_t);
AN_INT(cublasOperation_t);
AN_INT(cublasLtMatmulDescAttributes_t);
AN_INT(cublasLtMatmulPreferenceAttributes_t);
AN_INT(cublasLtMatmulAlgoConfigAttributes_t);
AN_INT(cublasLtMatmulAlgoCapAttributes_t);

#define A_POINTER(type) _Static_assert(sizeof(type) == sizeof(void *), #type " is a pointer")
A_POINTER(cublasLtHandle_t);
A_POINTER(cublasLtMatmulDesc_t);
A_POINTER(cublasLtMatrixLayout_t);
A_POINTER(cublasLtMatmulPreference_t);
A_POINTER(cudaStream_t);

#define PLACE(ours, theirs)                                                                                          \
	_Static_assert(offsetof(struct wm_cublaslt_answer, ours) == offsetof(cublasLtMatmulHeuristicResult_t, theirs) && \
	                   sizeof(((struct wm_cublaslt_answer *)0)->ours) ==                                             \
	                       sizeof(((cublasLtMatmulHeuristicResult_t *)0)->theirs),                                   \
	               #theirs)
_Static_assert(sizeof(struct wm_cublaslt_algo) == sizeof(cublasLtMatmulAlgo_t), "algorithm");
_Static_assert(sizeof(struct wm_cublaslt_algo) <= WM_BLASLT_ALGO_BYTES, "there is room for an algorithm");
_Static_assert(sizeof(struct wm_cublaslt_answer) == sizeof(cublasLtMatmulHeuristicResult_t), "answer");
PLACE(algo, algo);
PLACE(workspace, workspaceSize);
PLACE(state, state);
PLACE(waves, wavesCount);

/* The library's functions take our arguments, one for one and in this order: what blaslt_api.h declares, with their
 * types for its pointers and ints. */
int all(void *const p, struct wm_cublaslt_answer *answers);
int all(void *const p, struct wm_cublaslt_answer *answers) {
	cublasLtHandle_t handle;
	cublasLtMatmulDesc_t desc;
	cublasLtMatrixLayout_t layout;
	cublasLtMatmulPreference_t preference;
	const cublasLtMatmulAlgo_t *algo = p;
	uint64_t rows = 1, cols = 1;
	int64_t ld = 1;
	size_t bytes = 4, written;
	int found, value;

	return (int)cublasLtCreate(&handle) | (int)cublasLtDestroy(handle) |
	       (int)cublasLtGetProperty(MAJOR_VERSION, &value) |
	       (int)cublasLtMatmulDescCreate(&desc, CUBLAS_COMPUTE_32F, CUDA_R_32F) | (int)cublasLtMatmulDescDestroy(desc) |
	       (int)cublasLtMatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_TRANSA, p, bytes) |
	       (int)cublasLtMatrixLayoutCreate(&layout, CUDA_R_32F, rows, cols, ld) |
	       (int)cublasLtMatrixLayoutDestroy(layout) | (int)cublasLtMatmulPreferenceCreate(&preference) |
	       (int)cublasLtMatmulPreferenceDestroy(preference) |
	       (int)cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, p, bytes) |
	       (int)cublasLtMatmulAlgoGetHeuristic(handle, desc, layout, layout, layout, layout, preference, 1,
	                                           (cublasLtMatmulHeuristicResult_t *)(void *)answers, &found) |
	       (int)cublasLtMatmul(handle, desc, p, p, layout, p, layout, p, p, layout, p, layout, algo, p, bytes,
	                           (cudaStream_t)p) |
	       (int)cublasLtMatmulAlgoConfigGetAttribute(algo, CUBLASLT_ALGO_CONFIG_ID, p, bytes, &written) |
	       (int)cublasLtMatmulAlgoCapGetAttribute(algo, CUBLASLT_ALGO_CAP_NUMERICAL_IMPL_FLAGS, p, bytes, &written);
}
