/* SPDX-License-Identifier: Apache-2.0 */
/* loops_c.c - the loops in plain C, for any CPU that has no table of its own. */
#include "loops.h"

#include <string.h>

enum { LANES = 16 }; /* independent accumulators: enough to hide the latency of an addition */

static double sum_f32(const float *x, size_t n) {
	double lane[LANES] = {0}, sum = 0;
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		for (int l = 0; l < LANES; l++)
			lane[l] += (double)x[i + (size_t)l];
	for (; i < n; i++)
		sum += (double)x[i];
	for (int l = 0; l < LANES; l++)
		sum += lane[l];
	return sum;
}

static double sum_f64(const double *x, size_t n) {
	double lane[LANES] = {0}, sum = 0;
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		for (int l = 0; l < LANES; l++)
			lane[l] += x[i + (size_t)l];
	for (; i < n; i++)
		sum += x[i];
	for (int l = 0; l < LANES; l++)
		sum += lane[l];
	return sum;
}

static void copy_f32(float *restrict c, const float *restrict a, size_t n) {
	for (size_t i = 0; i < n; i++)
		c[i] = a[i];
}

static void copy_f64(double *restrict c, const double *restrict a, size_t n) {
	for (size_t i = 0; i < n; i++)
		c[i] = a[i];
}

static void triad_f32(float *restrict a, const float *restrict b, const float *restrict c, float s, size_t n) {
	for (size_t i = 0; i < n; i++)
		a[i] = b[i] + s * c[i];
}

static void triad_f64(double *restrict a, const double *restrict b, const double *restrict c, double s, size_t n) {
	for (size_t i = 0; i < n; i++)
		a[i] = b[i] + s * c[i];
}

/*
 * Multiplies and adds: what a CPU that is not known to fuse them has. a and b are read through volatile, b
 * once for each lane, so that the compiler cannot take the product out of a loop.
 */
static void fma_f32(float *y, const float *x, const float *ab, size_t n, long iters) {
	const volatile float *factors = ab;
	float b[LANES], lane[LANES];

	for (int l = 0; l < LANES; l++)
		b[l] = factors[1];
	for (size_t i = 0; i < n; i += LANES) {
		size_t count = n - i < LANES ? n - i : LANES;

		memset(lane, 0, sizeof(lane));
		memcpy(lane, x + i, count * sizeof(*x));
		for (long t = 0; t < iters; t++) {
			const float a = factors[0];

			for (int l = 0; l < LANES; l++)
				lane[l] += a * b[l];
		}
		memcpy(y + i, lane, count * sizeof(*y));
	}
}

static void fma_f64(double *y, const double *x, const double *ab, size_t n, long iters) {
	const volatile double *factors = ab;
	double b[LANES], lane[LANES];

	for (int l = 0; l < LANES; l++)
		b[l] = factors[1];
	for (size_t i = 0; i < n; i += LANES) {
		size_t count = n - i < LANES ? n - i : LANES;

		memset(lane, 0, sizeof(lane));
		memcpy(lane, x + i, count * sizeof(*x));
		for (long t = 0; t < iters; t++) {
			const double a = factors[0];

			for (int l = 0; l < LANES; l++)
				lane[l] += a * b[l];
		}
		memcpy(y + i, lane, count * sizeof(*y));
	}
}

const struct wm_loops *wm_loops_c(void) {
	static const struct wm_loops table = {
		.name = "plain C",
		.stores = "plain stores",
		.sum_f32 = sum_f32,
		.sum_f64 = sum_f64,
		.copy_f32 = copy_f32,
		.copy_f64 = copy_f64,
		.triad_f32 = triad_f32,
		.triad_f64 = triad_f64,
		.fma_f32 = fma_f32,
		.fma_f64 = fma_f64,
		.fma_block_f32 = LANES,
		.fma_block_f64 = LANES,
	};

	return &table;
}
