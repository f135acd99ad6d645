/* SPDX-License-Identifier: Apache-2.0 */
/* dnnl.c - what kernels/libs/dnnl_api.h declares, held against the installed dnnl.h, 2.x or 3.x, by compiling this. */
#include "../../kernels/libs/dnnl_api.h"

#include <oneapi/dnnl/dnnl.h>

_Static_assert((int)WM_DNNL_SUCCESS == (int)dnnl_success, "success");
_Static_assert((int)WM_DNNL_OUT_OF_MEMORY == (int)dnnl_out_of_memory, "out of memory");
_Static_assert((int)WM_DNNL_UNIMPLEMENTED == (int)dnnl_unimplemented, "unimplemented");
_Static_assert((int)WM_DNNL_F16 == (int)dnnl_f16, "f16");
_Static_assert((int)WM_DNNL_BF16 == (int)dnnl_bf16, "bf16");
_Static_assert((int)WM_DNNL_F32 == (int)dnnl_f32, "f32");
_Static_assert((int)WM_DNNL_S32 == (int)dnnl_s32, "s32");
_Static_assert((int)WM_DNNL_S8 == (int)dnnl_s8, "s8");
_Static_assert((int)WM_DNNL_CPU == (int)dnnl_cpu, "the CPU");
_Static_assert((int)WM_DNNL_IN_ORDER == (int)dnnl_stream_in_order, "in order");
_Static_assert((int)WM_DNNL_QUERY_IMPL_INFO == (int)dnnl_query_impl_info_str, "name of the implementation");
_Static_assert(WM_DNNL_RUNTIME_SEQ == DNNL_RUNTIME_SEQ, "one thread");
_Static_assert(WM_DNNL_RUNTIME_OMP == DNNL_RUNTIME_OMP, "OpenMP");
_Static_assert((int)WM_DNNL_FORWARD_INFERENCE == (int)dnnl_forward_inference, "inference");
_Static_assert((int)WM_DNNL_SOFTMAX_ACCURATE == (int)dnnl_softmax_accurate, "softmax");
_Static_assert((int)WM_DNNL_BINARY_ADD == (int)dnnl_binary_add, "add");
_Static_assert((int)WM_DNNL_BINARY_MUL == (int)dnnl_binary_mul, "multiply");
_Static_assert(WM_DNNL_ARG_SRC == DNNL_ARG_SRC, "source");
_Static_assert(WM_DNNL_ARG_SRC_1 == DNNL_ARG_SRC_1, "second source");
_Static_assert(WM_DNNL_ARG_DST == DNNL_ARG_DST, "destination");
_Static_assert(WM_DNNL_ARG_WEIGHTS == DNNL_ARG_WEIGHTS, "weights");

_Static_assert(sizeof(dnnl_status_t) == sizeof(int) && sizeof(dnnl_data_type_t) == sizeof(int) &&
                   sizeof(dnnl_query_t) == sizeof(int) && sizeof(dnnl_engine_kind_t) == sizeof(int),
               "an enum is passed as an int");
_Static_assert(sizeof(wm_dnnl_dims) == sizeof(dnnl_dims_t), "dims");
_Static_assert(sizeof(struct wm_dnnl_arg) == sizeof(dnnl_exec_arg_t), "argument");
_Static_assert(offsetof(struct wm_dnnl_arg, memory) == offsetof(dnnl_exec_arg_t, memory), "argument: memory");
_Static_assert(sizeof(struct wm_dnnl_version) == sizeof(dnnl_version_t), "version");
_Static_assert(offsetof(struct wm_dnnl_version, patch) == offsetof(dnnl_version_t, patch), "version: patch");
_Static_assert(offsetof(struct wm_dnnl_version, cpu_runtime) == offsetof(dnnl_version_t, cpu_runtime),
               "version: runtime");

/* The library's functions take our arguments, one for one. */
int shared(dnnl_engine_t e, dnnl_stream_t s, dnnl_memory_t m, dnnl_primitive_desc_t d, dnnl_primitive_t p,
           dnnl_primitive_attr_t a, dnnl_post_ops_t o);
int shared(dnnl_engine_t e, dnnl_stream_t s, dnnl_memory_t m, dnnl_primitive_desc_t d, dnnl_primitive_t p,
           dnnl_primitive_attr_t a, dnnl_post_ops_t o) {
	const char *text;
	dnnl_exec_arg_t arg = {DNNL_ARG_SRC, m};

	return (int)dnnl_primitive_attr_create(&a) | (int)dnnl_post_ops_create(&o) |
	       (int)dnnl_primitive_attr_set_post_ops(a, o) | (int)dnnl_post_ops_destroy(o) |
	       (int)dnnl_primitive_attr_destroy(a) | (int)dnnl_engine_create(&e, dnnl_cpu, 0) |
	       (int)dnnl_stream_create(&s, e, dnnl_stream_in_order) |
	       (int)dnnl_primitive_desc_query(d, dnnl_query_impl_info_str, 0, &text) | (int)dnnl_primitive_create(&p, d) |
	       (int)dnnl_primitive_execute(p, s, 1, &arg) | (int)dnnl_stream_wait(s) | (int)dnnl_primitive_destroy(p) |
	       (int)dnnl_primitive_desc_destroy(d) | (int)dnnl_memory_destroy(m) | (int)dnnl_stream_destroy(s) |
	       (int)dnnl_engine_destroy(e) | dnnl_version()->major;
}

_Static_assert(DNNL_VERSION_MAJOR == 2 || DNNL_VERSION_MAJOR == 3, "dnnl.c refuses other versions");

#if DNNL_VERSION_MAJOR == 2
_Static_assert(sizeof(dnnl_memory_desc_t) <= sizeof(union wm_dnnl_md2), "room for a memory descriptor");
_Static_assert(sizeof(dnnl_matmul_desc_t) <= sizeof(union wm_dnnl_op2), "room for a descriptor of matmul");
_Static_assert(sizeof(dnnl_softmax_v2_desc_t) <= sizeof(union wm_dnnl_op2), "room for a descriptor of softmax");
_Static_assert(WM_DNNL_ARG_POST_OP_BASE_2 == DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE, "operand of a post-op");
_Static_assert(_Alignof(dnnl_matmul_desc_t) <= _Alignof(union wm_dnnl_op2), "alignment");

int of_this_version(dnnl_memory_desc_t *md, dnnl_matmul_desc_t *op, dnnl_softmax_v2_desc_t *softmax, dnnl_dims_t dims,
                    dnnl_engine_t e, dnnl_post_ops_t o);
int of_this_version(dnnl_memory_desc_t *md, dnnl_matmul_desc_t *op, dnnl_softmax_v2_desc_t *softmax, dnnl_dims_t dims,
                    dnnl_engine_t e, dnnl_post_ops_t o) {
	dnnl_primitive_desc_t desc;
	dnnl_memory_t memory;

	return (int)dnnl_memory_desc_init_by_strides(md, 2, dims, dnnl_f32, dims) |
	       (int)dnnl_matmul_desc_init(op, md, md, NULL, md) |
	       (int)dnnl_softmax_v2_forward_desc_init(softmax, dnnl_forward_inference, dnnl_softmax_accurate, md, md, 3) |
	       (int)dnnl_post_ops_append_binary(o, dnnl_binary_add, md) |
	       (int)dnnl_primitive_desc_create(&desc, op, NULL, e, NULL) | (int)dnnl_memory_create(&memory, md, e, NULL);
}
#elif DNNL_VERSION_MAJOR == 3
_Static_assert(WM_DNNL_ARG_POST_OP_BASE_3 == DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE, "operand of a post-op");

int of_this_version(dnnl_memory_desc_t md, dnnl_dims_t dims, dnnl_engine_t e, dnnl_post_ops_t o);
int of_this_version(dnnl_memory_desc_t md, dnnl_dims_t dims, dnnl_engine_t e, dnnl_post_ops_t o) {
	dnnl_primitive_desc_t desc;
	dnnl_memory_t memory;

	return (int)dnnl_memory_desc_create_with_strides(&md, 2, dims, dnnl_f32, dims) |
	       (int)dnnl_matmul_primitive_desc_create(&desc, e, md, md, NULL, md, NULL) |
	       (int)dnnl_softmax_forward_primitive_desc_create(&desc, e, dnnl_forward_inference, dnnl_softmax_accurate, md,
	                                                       md, 3, NULL) |
	       (int)dnnl_post_ops_append_binary(o, dnnl_binary_add, md) | (int)dnnl_memory_create(&memory, md, e, NULL) |
	       (int)dnnl_memory_desc_destroy(md);
}
#endif
