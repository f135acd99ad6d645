/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cblas_api.h - the part of the C interface to the BLAS that cblas_gemm.c calls, with the numbers of its reference
 * header (cblas.h of LAPACK 3.11, which OpenBLAS 0.3 and BLIS 0.9 follow). Held against the installed header by
 * tests/abi/cblas.c. Private to kernels/libs.
 */
#ifndef WM_CBLAS_API_H
#define WM_CBLAS_API_H

enum { WM_CBLAS_COLUMN_MAJOR = 102, WM_CBLAS_NO_TRANS = 111, WM_CBLAS_TRANS = 112 };

typedef void wm_cblas_sgemm_fn(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a,
                               int lda, const float *b, int ldb, float beta, float *c, int ldc);
typedef void wm_cblas_dgemm_fn(int order, int trans_a, int trans_b, int m, int n, int k, double alpha, const double *a,
                               int lda, const double *b, int ldb, double beta, double *c, int ldc);

#endif
