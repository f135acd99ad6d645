/* SPDX-License-Identifier: Apache-2.0 */
/* gemm.h - the matrix product as its files see it: where elements lie, and the rule of exact inputs. */
#ifndef WM_GEMM_H
#define WM_GEMM_H

#include "core/wm.h"

/* One operand: element (row, col) lies at row * row_step + col * col_step; one of the steps is 1. */
struct wm_matrix {
	enum wm_dtype type;
	size_t rows, cols;
	size_t row_step, col_step;
};

/* c = a b, in the order of the tensors. */
struct wm_gemm {
	struct wm_matrix a, b, c; /* m x k, k x n, m x n */
};
struct wm_gemm wm_gemm_shape(const struct wm_problem *p);

/*
 * The exact part's inputs, by the types of the matrices. Position k of a sum multiplies a wide integer (of
 * that many bits) of one operand with a narrow one of the other; a row of A is zero but for the two ends and
 * every period-th position between, so that the sum of the magnitudes stays below limit.
 */
struct wm_gemm_exact {
	int end_bits; /* wide, at k = 0 and k = K - 1 */
	int mid_bits; /* wide, between */
	int narrow_bits;
	double limit;  /* no |sum|, of any subset of the terms, is above it: exact in the output type */
	size_t period; /* row i of A is not zero at the k between with (k + i) % period = 0 */
};
struct wm_gemm_exact wm_gemm_exact_rule(const struct wm_gemm *g);

/* bench.verify of gemm. */
enum wm_status wm_gemm_verify(const struct wm_problem *p, enum wm_data_part part, uint64_t seed, void *const *host,
                              struct wm_check *check_p);

#endif
