/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clblast_api.h - the part of CLBlast's C interface that clblast.c calls, with the numbers of clblast_c.h, version
 * 1.5.3. Handles of OpenCL are pointers. Held against the installed header by tests/abi/clblast.c. Private to
 * kernels/libs.
 */
#ifndef WM_CLBLAST_API_H
#define WM_CLBLAST_API_H

#include <stddef.h>

enum {
	WM_CLBLAST_COLUMN_MAJOR = 102,
	WM_CLBLAST_NO_TRANS = 111,
	WM_CLBLAST_TRANS = 112,
	WM_CLBLAST_SUCCESS = 0,
	WM_CLBLAST_NO_MEMORY = -4,        /* CL_MEM_OBJECT_ALLOCATION_FAILURE */
	WM_CLBLAST_OUT_OF_RESOURCES = -5, /* CL_OUT_OF_RESOURCES */
	WM_CLBLAST_OUT_OF_HOST_MEMORY = -6,
};

typedef int wm_clblast_sgemm_fn(int layout, int trans_a, int trans_b, size_t m, size_t n, size_t k, float alpha,
                                void *a, size_t a_offset, size_t lda, void *b, size_t b_offset, size_t ldb, float beta,
                                void *c, size_t c_offset, size_t ldc, void **queue, void **event);
typedef int wm_clblast_dgemm_fn(int layout, int trans_a, int trans_b, size_t m, size_t n, size_t k, double alpha,
                                void *a, size_t a_offset, size_t lda, void *b, size_t b_offset, size_t ldb, double beta,
                                void *c, size_t c_offset, size_t ldc, void **queue, void **event);

#endif
