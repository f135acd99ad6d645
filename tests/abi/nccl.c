/* SPDX-License-Identifier: Apache-2.0 */
/* nccl.c - what kernels/libs/ccl_api.h declares, held against an installed nccl.h by compiling this. */
#include "../../kernels/libs/ccl_api.h"

#if __has_include(<nccl.h>) && __has_include(<cuda_runtime.h>) /* else there is nothing to hold it against */
#include <nccl.h>

_Static_assert((int)WM_CCL_SUCCESS == (int)ncclSuccess, "success");
_Static_assert((int)WM_CCL_IN_PROGRESS == (int)ncclInProgress, "in progress");
_Static_assert((int)WM_CCL_SUM == (int)ncclSum, "sum");
_Static_assert((int)WM_CCL_INT8 == (int)ncclInt8, "int8");
_Static_assert((int)WM_CCL_FLOAT32 == (int)ncclFloat32, "float32");
_Static_assert((int)WM_CCL_BFLOAT16 == (int)ncclBfloat16, "bfloat16");
_Static_assert((int)WM_CCL_ID_BYTES == (int)NCCL_UNIQUE_ID_BYTES, "unique id");
_Static_assert(sizeof(struct wm_ccl_id) == sizeof(ncclUniqueId) && _Alignof(struct wm_ccl_id) == _Alignof(ncclUniqueId),
               "an id is passed by value, in memory");
_Static_assert(sizeof(ncclResult_t) == sizeof(int) && sizeof(ncclDataType_t) == sizeof(int) &&
                   sizeof(ncclRedOp_t) == sizeof(int),
               "an enum is passed as an int");
_Static_assert(sizeof(ncclComm_t) == sizeof(void *) && sizeof(cudaStream_t) == sizeof(void *), "a handle is a pointer");

/* Every function that is called, with the parameters that it is called with: pointers, ints and sizes in that order. */
#define TAKES(name, ...) _Static_assert(_Generic(&name, ncclResult_t(*)(__VA_ARGS__) : 1, default : 0), #name)
TAKES(ncclGetVersion, int *);
TAKES(ncclGetUniqueId, ncclUniqueId *);
TAKES(ncclCommInitRank, ncclComm_t *, int, ncclUniqueId, int);
TAKES(ncclCommDestroy, ncclComm_t);
TAKES(ncclCommAbort, ncclComm_t);
TAKES(ncclCommGetAsyncError, ncclComm_t, ncclResult_t *);
TAKES(ncclAllReduce, const void *, void *, size_t, ncclDataType_t, ncclRedOp_t, ncclComm_t, cudaStream_t);
TAKES(ncclReduceScatter, const void *, void *, size_t, ncclDataType_t, ncclRedOp_t, ncclComm_t, cudaStream_t);
TAKES(ncclAllGather, const void *, void *, size_t, ncclDataType_t, ncclComm_t, cudaStream_t);
TAKES(ncclBroadcast, const void *, void *, size_t, ncclDataType_t, int, ncclComm_t, cudaStream_t);
TAKES(ncclSend, const void *, size_t, ncclDataType_t, int, ncclComm_t, cudaStream_t);
TAKES(ncclRecv, void *, size_t, ncclDataType_t, int, ncclComm_t, cudaStream_t);
TAKES(ncclGroupStart);
TAKES(ncclGroupEnd);
_Static_assert(_Generic(&ncclGetErrorString, const char *(*)(ncclResult_t) : 1, default : 0), "ncclGetErrorString");
#if NCCL_VERSION_CODE >= NCCL_VERSION(2, 13, 0)
_Static_assert(_Generic(&ncclGetLastError, const char *(*)(ncclComm_t) : 1, default : 0), "ncclGetLastError");
#endif
#endif
