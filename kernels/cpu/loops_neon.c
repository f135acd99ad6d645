/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loops_neon.c - the loops for 64-bit Arm, where every CPU has NEON. Its compilers have no portable way to
 * ask for non-temporal stores; the cores see long runs of stores themselves and stop to read what they
 * overwrite.
 *
 * Accumulators are single variables, made by macros: compilers that do not unroll keep arrays of vectors in
 * memory, which more than halves the ceiling.
 */
#include "loops.h"

#if defined(__aarch64__)

#include <arm_neon.h>
#include <string.h>

#define EACH4(X) X(0) X(1) X(2) X(3)
#define EACH8(X) EACH4(X) X(4) X(5) X(6) X(7)
#define EACH16(X) EACH8(X) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

enum {
	F32 = 4, /* elements of a vector */
	F64 = 2
};

/* ---- read --------------------------------------------------------------------------------------- */

static double sum_f32(const float *x, size_t n) {
	double sum = 0;
	size_t i = 0;
#define ZERO(l) float64x2_t s##l = vdupq_n_f64(0);
#define ADD(l) s##l = vaddq_f64(s##l, vcvt_f64_f32(vld1_f32(x + i + F64 * l)));
#define TOTAL(l) sum += vaddvq_f64(s##l);
	EACH16(ZERO)
	for (; i + 16 * F64 <= n; i += 16 * F64) {
		EACH16(ADD)
	}
	for (; i < n; i++)
		sum += (double)x[i];
	EACH16(TOTAL)
#undef ADD
	return sum;
}

static double sum_f64(const double *x, size_t n) {
	double sum = 0;
	size_t i = 0;
#define ADD(l) s##l = vaddq_f64(s##l, vld1q_f64(x + i + F64 * l));
	EACH16(ZERO)
	for (; i + 16 * F64 <= n; i += 16 * F64) {
		EACH16(ADD)
	}
	for (; i < n; i++)
		sum += x[i];
	EACH16(TOTAL)
#undef ADD
#undef TOTAL
#undef ZERO
	return sum;
}

/* ---- copy and triad ----------------------------------------------------------------------------- */

static void copy_f32(float *c, const float *a, size_t n) {
	size_t i = 0;

	for (; i + 4 * F32 <= n; i += 4 * F32)
		vst1q_f32_x4(c + i, vld1q_f32_x4(a + i));
	memcpy(c + i, a + i, (n - i) * sizeof(*c));
}

static void copy_f64(double *c, const double *a, size_t n) {
	size_t i = 0;

	for (; i + 4 * F64 <= n; i += 4 * F64)
		vst1q_f64_x4(c + i, vld1q_f64_x4(a + i));
	memcpy(c + i, a + i, (n - i) * sizeof(*c));
}

static void triad_f32(float *a, const float *b, const float *c, float s, size_t n) {
	const float32x4_t factor = vdupq_n_f32(s);
	size_t i = 0;
#define LINE(l) vst1q_f32(a + i + F32 * l, vfmaq_f32(vld1q_f32(b + i + F32 * l), factor, vld1q_f32(c + i + F32 * l)));
	for (; i + 4 * F32 <= n; i += 4 * F32) {
		EACH4(LINE)
	}
#undef LINE
	for (; i < n; i++)
		a[i] = b[i] + s * c[i];
}

static void triad_f64(double *a, const double *b, const double *c, double s, size_t n) {
	const float64x2_t factor = vdupq_n_f64(s);
	size_t i = 0;
#define LINE(l) vst1q_f64(a + i + F64 * l, vfmaq_f64(vld1q_f64(b + i + F64 * l), factor, vld1q_f64(c + i + F64 * l)));
	for (; i + 4 * F64 <= n; i += 4 * F64) {
		EACH4(LINE)
	}
#undef LINE
	for (; i < n; i++)
		a[i] = b[i] + s * c[i];
}

/* ---- fma: 16 vectors in flight, then 4, then one at a time, the last one padded ------------------ */

#define BLOCK(EACH)                        \
	{                                      \
		EACH(LOAD)                         \
		for (long t = 0; t < iters; t++) { \
			EACH(STEP)                     \
		}                                  \
		EACH(STORE)                        \
	}

static void fma_f32(float *y, const float *x, const float *ab, size_t n, long iters) {
	const float32x4_t a = vdupq_n_f32(ab[0]), b = vdupq_n_f32(ab[1]);
	size_t i = 0;
#define LOAD(l) float32x4_t y##l = vld1q_f32(x + i + F32 * l);
#define STEP(l) y##l = vfmaq_f32(y##l, a, b);
#define STORE(l) vst1q_f32(y + i + F32 * l, y##l);
	for (; i + 16 * F32 <= n; i += 16 * F32)
		BLOCK(EACH16)
	for (; i + 4 * F32 <= n; i += 4 * F32)
		BLOCK(EACH4)
#undef STORE
#undef LOAD
	for (; i < n; i += F32) {
		size_t left = n - i < F32 ? n - i : F32;
		float lane[F32] = {0};

		memcpy(lane, x + i, left * sizeof(*lane));
		float32x4_t y0 = vld1q_f32(lane);
		for (long t = 0; t < iters; t++)
			STEP(0)
		vst1q_f32(lane, y0);
		memcpy(y + i, lane, left * sizeof(*lane));
	}
#undef STEP
}

static void fma_f64(double *y, const double *x, const double *ab, size_t n, long iters) {
	const float64x2_t a = vdupq_n_f64(ab[0]), b = vdupq_n_f64(ab[1]);
	size_t i = 0;
#define LOAD(l) float64x2_t y##l = vld1q_f64(x + i + F64 * l);
#define STEP(l) y##l = vfmaq_f64(y##l, a, b);
#define STORE(l) vst1q_f64(y + i + F64 * l, y##l);
	for (; i + 16 * F64 <= n; i += 16 * F64)
		BLOCK(EACH16)
	for (; i + 4 * F64 <= n; i += 4 * F64)
		BLOCK(EACH4)
#undef STORE
#undef LOAD
	for (; i < n; i += F64) {
		size_t left = n - i < F64 ? n - i : F64;
		double lane[F64] = {0};

		memcpy(lane, x + i, left * sizeof(*lane));
		float64x2_t y0 = vld1q_f64(lane);
		for (long t = 0; t < iters; t++)
			STEP(0)
		vst1q_f64(lane, y0);
		memcpy(y + i, lane, left * sizeof(*lane));
	}
#undef STEP
}

const struct wm_loops *wm_loops_neon(void) {
	static const struct wm_loops table = {
		.name = "neon",
		.stores = "plain stores",
		.sum_f32 = sum_f32,
		.sum_f64 = sum_f64,
		.copy_f32 = copy_f32,
		.copy_f64 = copy_f64,
		.triad_f32 = triad_f32,
		.triad_f64 = triad_f64,
		.fma_f32 = fma_f32,
		.fma_f64 = fma_f64,
		.fma_block_f32 = 16 * F32,
		.fma_block_f64 = 16 * F64,
	};

	return &table;
}

#else

const struct wm_loops *wm_loops_neon(void) {
	return NULL;
}

#endif
