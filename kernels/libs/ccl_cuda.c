/* SPDX-License-Identifier: Apache-2.0 */
/* ccl_cuda.c - NCCL: the library's name, and its collectives as implementations. */
#include "ccl.h"

static const char *const libraries[] = {"libnccl.so.2", NULL};
static struct wm_ccl_api api;
static const struct wm_ccl_vendor nccl = {.name = "NCCL", .libraries = libraries, .api = &api};

#define NCCL(collective)                                             \
	static enum wm_status prepare_##collective(struct wm_run *run) { \
		return wm_ccl_prepare(run, &nccl, wm_ccl_##collective);      \
	}                                                                \
	const struct wm_impl wm_impl_##collective##_nccl = {             \
		.name = "nccl",                                              \
		.bench = #collective,                                        \
		.backends = "cuda",                                          \
		.about = "NCCL, one process a GPU",                          \
		.origin = WM_LIBRARY,                                        \
		.any_order = true,                                           \
		.can_run = wm_ccl_can_run,                                   \
		.prepare = prepare_##collective,                             \
		.enqueue = wm_ccl_enqueue,                                   \
		.finish = wm_ccl_finish,                                     \
	};

NCCL(allreduce)
NCCL(reducescatter)
NCCL(allgather)
NCCL(broadcast)
NCCL(alltoall)
NCCL(sendrecv)
