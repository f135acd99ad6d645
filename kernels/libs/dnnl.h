/* SPDX-License-Identifier: Apache-2.0 */
/* dnnl.h - oneDNN on the CPU, opened at run time: what its operations share. Private to kernels/libs. */
#ifndef WM_DNNL_H
#define WM_DNNL_H

#include "core/wm.h"
#include "dnnl_api.h"

/* The open library. Start from {0}; released by wm_dnnl_close. */
struct wm_dnnl {
	struct wm_dnnl_calls {
#define X(member, name, result, arguments) result(*member) arguments;
		WM_DNNL_FUNCTIONS(X)
#undef X
	} call;
	void *engine, *stream;
};

/* Operands may have that type. */
bool wm_dnnl_has(enum wm_dtype t);

/* Where the elements of an operand lie: dims as the operation counts them, strides in elements. */
struct wm_dnnl_layout {
	enum wm_dtype type;
	int n; /* of dimensions */
	wm_dnnl_dims dims, strides;
};

/*
 * Opens libdnnl of 2.x or 3.x with an engine for the CPU and a stream. Sets run->library to its version, and
 * run->threads to what OpenMP says where that is what it runs on. WM_SKIP + dlopen's reasons: not installed.
 */
enum wm_status wm_dnnl_open(struct wm_dnnl *d, struct wm_run *run);
void wm_dnnl_close(struct wm_dnnl *d);

/* After a product: every element of dst is multiplied by (WM_DNNL_BINARY_MUL), or is added to it
 * (.._ADD), that of an operand, which has dims of 1 where it is the same for all. */
struct wm_dnnl_after {
	int what;
	const struct wm_dnnl_layout *layout;
};

/* dst = src weights, plain layouts, and then the n operations, whose operands are passed under wm_dnnl_after_arg. Adds
 * the implementation that it chose to run->library. WM_UNSUPPORTED where it has none for these types on this CPU. The
 * primitive is released by call.primitive_destroy. */
enum wm_status wm_dnnl_matmul(struct wm_dnnl *d, const struct wm_dnnl_layout *src, const struct wm_dnnl_layout *weights,
                              const struct wm_dnnl_layout *dst, const struct wm_dnnl_after *after, int n,
                              struct wm_run *run, void **primitive_p);
int wm_dnnl_after_arg(const struct wm_dnnl *d, int i);
/* dst = softmax of src over the last dimension; the rest as above. */
enum wm_status wm_dnnl_softmax(struct wm_dnnl *d, const struct wm_dnnl_layout *src, const struct wm_dnnl_layout *dst,
                               struct wm_run *run, void **primitive_p);
/* An operand over memory that stays the caller's; released by call.memory_destroy. */
enum wm_status wm_dnnl_memory(struct wm_dnnl *d, const struct wm_dnnl_layout *layout, void *data, void **memory_p);
/* Runs a primitive and waits for it. */
enum wm_status wm_dnnl_execute(struct wm_dnnl *d, const void *primitive, const struct wm_dnnl_arg *args, int n);

#endif
