/* SPDX-License-Identifier: Apache-2.0 */
/* cblas.c - what kernels/libs/cblas_api.h declares, held against the installed cblas.h by compiling this. */
#include "../../kernels/libs/cblas_api.h"

#include <cblas.h>

_Static_assert((int)WM_CBLAS_COLUMN_MAJOR == (int)CblasColMajor, "column major");
_Static_assert((int)WM_CBLAS_NO_TRANS == (int)CblasNoTrans, "no transpose");
_Static_assert((int)WM_CBLAS_TRANS == (int)CblasTrans, "transpose");
_Static_assert(sizeof(CBLAS_TRANSPOSE) == sizeof(int), "an enum is passed as an int");

/* The library's functions take our arguments, one for one. */
void sgemm(const float *a, float *c);
void sgemm(const float *a, float *c) {
	cblas_sgemm(CblasColMajor, CblasNoTrans, CblasTrans, 1, 1, 1, 1, a, 1, a, 1, 0, c, 1);
}
void dgemm(const double *a, double *c);
void dgemm(const double *a, double *c) {
	cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, 1, 1, 1, 1, a, 1, a, 1, 0, c, 1);
}
