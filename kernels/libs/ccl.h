/* SPDX-License-Identifier: Apache-2.0 */
/* ccl.h - collectives by the vendor's library, one rank a process: what NCCL and RCCL share. Private to kernels/libs.
 */
#ifndef WM_CCL_H
#define WM_CCL_H

#include "ccl_api.h"
#include "core/wm.h"

struct wm_ccl_api {
#define X(member, symbol, result, parameters) result(*member) parameters;
	WM_CCL_FUNCTIONS(X)
#undef X
};

/* One of the two libraries. */
struct wm_ccl_vendor {
	const char *name;             /* "NCCL" */
	const char *const *libraries; /* file names to try, NULL-terminated */
	struct wm_ccl_api *api;       /* filled when it is opened */
};

/* What an operation is made of, as the functions of the collectives see it. */
struct wm_ccl_operation {
	const struct wm_ccl_api *api;
	const char *send;
	char *recv;
	size_t total, part, part_bytes; /* elements of S, of one of as many parts as there are ranks; bytes of that */
	int type, rank, ranks;
	void *comm, *stream;
};

/* Puts one collective into the stream; what the library returned. */
typedef int wm_ccl_fn(const struct wm_ccl_operation *o);
int wm_ccl_allreduce(const struct wm_ccl_operation *o);
int wm_ccl_reducescatter(const struct wm_ccl_operation *o);
int wm_ccl_allgather(const struct wm_ccl_operation *o);
int wm_ccl_broadcast(const struct wm_ccl_operation *o);
int wm_ccl_alltoall(const struct wm_ccl_operation *o);
int wm_ccl_sendrecv(const struct wm_ccl_operation *o);

/* Members of the implementations; prepare is told the library and the collective. */
enum wm_status wm_ccl_can_run(const struct wm_run *run);
enum wm_status wm_ccl_prepare(struct wm_run *run, const struct wm_ccl_vendor *vendor, wm_ccl_fn *collective);
enum wm_status wm_ccl_enqueue(struct wm_run *run, int set);
void wm_ccl_finish(struct wm_run *run);

#endif
