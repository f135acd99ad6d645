/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dnnl_api.h - the part of oneDNN's C interface that dnnl.c calls. Numbers and signatures are those of dnnl.h and
 * dnnl_types.h, the same in 2.6.3 and 3.7.2 but where a name says its version: 2.x describes memory and operations
 * in structs of the caller, 3.x in objects of its own. Handles are pointers. Held against the installed header by
 * tests/abi/dnnl.c. Private to kernels/libs.
 */
#ifndef WM_DNNL_API_H
#define WM_DNNL_API_H

#include <stddef.h>
#include <stdint.h>

enum {
	WM_DNNL_SUCCESS = 0,
	WM_DNNL_OUT_OF_MEMORY = 1,
	WM_DNNL_UNIMPLEMENTED = 3,
	WM_DNNL_F16 = 1,
	WM_DNNL_BF16 = 2,
	WM_DNNL_F32 = 3,
	WM_DNNL_S32 = 4,
	WM_DNNL_S8 = 5,
	WM_DNNL_CPU = 1,
	WM_DNNL_IN_ORDER = 1,
	WM_DNNL_QUERY_IMPL_INFO = 8,
	WM_DNNL_RUNTIME_SEQ = 1,
	WM_DNNL_RUNTIME_OMP = 2,
	WM_DNNL_FORWARD_INFERENCE = 96,
	WM_DNNL_SOFTMAX_ACCURATE = 0x30000,
	WM_DNNL_BINARY_ADD = 0x1fff0,
	WM_DNNL_BINARY_MUL = 0x1fff1,
	WM_DNNL_ARG_SRC = 1,
	WM_DNNL_ARG_SRC_1 = 2,
	WM_DNNL_ARG_DST = 17,
	WM_DNNL_ARG_WEIGHTS = 33,
	WM_DNNL_ARG_POST_OP_BASE_2 = 16384, /* of 2.x */
	WM_DNNL_ARG_POST_OP_BASE_3 = 32768, /* of 3.x */
	WM_DNNL_MAX_NDIMS = 12,
};

typedef int64_t wm_dnnl_dims[WM_DNNL_MAX_NDIMS];

struct wm_dnnl_version {
	int major, minor, patch;
	const char *hash;
	unsigned cpu_runtime, gpu_runtime;
};

struct wm_dnnl_arg {
	int arg;
	void *memory;
};

/* Room for a struct of 2.x that only the library looks into: 696 bytes of a memory descriptor, 2800 of an operation's
 * in 2.6.3. */
union wm_dnnl_md2 {
	char bytes[1024];
	max_align_t align;
};
union wm_dnnl_op2 {
	char bytes[4096];
	max_align_t align;
};

/* X(member, name, result, arguments): a name that begins with '?' is in one of the versions only. */
#define WM_DNNL_FUNCTIONS(X)                                                                                 \
	X(version, "dnnl_version", const struct wm_dnnl_version *, (void))                                       \
	X(engine_create, "dnnl_engine_create", int, (void **engine, int kind, size_t index))                     \
	X(engine_destroy, "dnnl_engine_destroy", int, (void *engine))                                            \
	X(stream_create, "dnnl_stream_create", int, (void **stream, void *engine, unsigned flags))               \
	X(stream_wait, "dnnl_stream_wait", int, (void *stream))                                                  \
	X(stream_destroy, "dnnl_stream_destroy", int, (void *stream))                                            \
	X(memory_create, "dnnl_memory_create", int, (void **memory, const void *md, void *engine, void *handle)) \
	X(memory_destroy, "dnnl_memory_destroy", int, (void *memory))                                            \
	X(attr_create, "dnnl_primitive_attr_create", int, (void **attr))                                         \
	X(attr_set_post_ops, "dnnl_primitive_attr_set_post_ops", int, (void *attr, const void *post_ops))        \
	X(attr_destroy, "dnnl_primitive_attr_destroy", int, (void *attr))                                        \
	X(post_ops_create, "dnnl_post_ops_create", int, (void **post_ops))                                       \
	X(post_ops_binary, "dnnl_post_ops_append_binary", int, (void *post_ops, int alg, const void *md))        \
	X(post_ops_destroy, "dnnl_post_ops_destroy", int, (void *post_ops))                                      \
	X(desc_query, "dnnl_primitive_desc_query", int, (const void *desc, int what, int index, void *result))   \
	X(desc_destroy, "dnnl_primitive_desc_destroy", int, (void *desc))                                        \
	X(primitive_create, "dnnl_primitive_create", int, (void **primitive, const void *desc))                  \
	X(primitive_execute, "dnnl_primitive_execute", int,                                                      \
	  (const void *primitive, void *stream, int nargs, const struct wm_dnnl_arg *args))                      \
	X(primitive_destroy, "dnnl_primitive_destroy", int, (void *primitive))                                   \
	X(md2_init, "?dnnl_memory_desc_init_by_strides", int,                                                    \
	  (union wm_dnnl_md2 * md, int ndims, const int64_t *dims, int type, const int64_t *strides))            \
	X(matmul2_init, "?dnnl_matmul_desc_init", int,                                                           \
	  (union wm_dnnl_op2 * op, const void *src, const void *weights, const void *bias, const void *dst))     \
	X(softmax2_init, "?dnnl_softmax_v2_forward_desc_init", int,                                              \
	  (union wm_dnnl_op2 * op, int prop_kind, int alg, const void *src, const void *dst, int axis))          \
	X(desc2_create, "?dnnl_primitive_desc_create", int,                                                      \
	  (void **desc, const void *op, const void *attr, void *engine, const void *hint))                       \
	X(md3_create, "?dnnl_memory_desc_create_with_strides", int,                                              \
	  (void **md, int ndims, const int64_t *dims, int type, const int64_t *strides))                         \
	X(md3_destroy, "?dnnl_memory_desc_destroy", int, (void *md))                                             \
	X(matmul3_create, "?dnnl_matmul_primitive_desc_create", int,                                             \
	  (void **desc, void *engine, const void *src, const void *weights, const void *bias, const void *dst,   \
	   const void *attr))                                                                                    \
	X(softmax3_create, "?dnnl_softmax_forward_primitive_desc_create", int,                                   \
	  (void **desc, void *engine, int prop_kind, int alg, const void *src, const void *dst, int axis,        \
	   const void *attr))

#endif
