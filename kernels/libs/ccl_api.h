/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ccl_api.h - the part of NCCL that ccl.c calls, which RCCL has under the same names and numbers: nccl.h of 2.28.9 (and
 * rccl.h of ROCm 6.2). A communicator and a stream are pointers, enums are ints. Held against the installed header by
 * tests/abi/nccl.c. Private to kernels/libs.
 */
#ifndef WM_CCL_API_H
#define WM_CCL_API_H

#include <stddef.h>

enum {
	WM_CCL_SUCCESS = 0,
	WM_CCL_IN_PROGRESS = 7,
	WM_CCL_SUM = 0,
	WM_CCL_INT8 = 0,
	WM_CCL_FLOAT32 = 7,
	WM_CCL_BFLOAT16 = 9,
	WM_CCL_ID_BYTES = 128,
};

/* Passed by value. */
struct wm_ccl_id {
	char bytes[WM_CCL_ID_BYTES];
};

/* X(member, symbol, result, parameters); a symbol that begins with '?' may be missing. */
#define WM_CCL_FUNCTIONS(X)                                                                                  \
	X(get_version, "ncclGetVersion", int, (int *version))                                                    \
	X(get_id, "ncclGetUniqueId", int, (struct wm_ccl_id * id))                                               \
	X(init_rank, "ncclCommInitRank", int, (void **comm, int ranks, struct wm_ccl_id id, int rank))           \
	X(destroy, "ncclCommDestroy", int, (void *comm))                                                         \
	X(abort, "ncclCommAbort", int, (void *comm))                                                             \
	X(async_error, "ncclCommGetAsyncError", int, (void *comm, int *error))                                   \
	X(error_string, "ncclGetErrorString", const char *, (int error))                                         \
	X(last_error, "?ncclGetLastError", const char *, (void *comm))                                           \
	X(reset_debug, "?ncclResetDebugInit", void, (void))                                                      \
	X(all_reduce, "ncclAllReduce", int,                                                                      \
	  (const void *send, void *recv, size_t count, int type, int operation, void *comm, void *stream))       \
	X(reduce_scatter, "ncclReduceScatter", int,                                                              \
	  (const void *send, void *recv, size_t recv_count, int type, int operation, void *comm, void *stream))  \
	X(all_gather, "ncclAllGather", int,                                                                      \
	  (const void *send, void *recv, size_t send_count, int type, void *comm, void *stream))                 \
	X(broadcast, "ncclBroadcast", int,                                                                       \
	  (const void *send, void *recv, size_t count, int type, int root, void *comm, void *stream))            \
	X(send, "ncclSend", int, (const void *send, size_t count, int type, int peer, void *comm, void *stream)) \
	X(recv, "ncclRecv", int, (void *recv, size_t count, int type, int peer, void *comm, void *stream))       \
	X(group_start, "ncclGroupStart", int, (void))                                                            \
	X(group_end, "ncclGroupEnd", int, (void))

#endif
