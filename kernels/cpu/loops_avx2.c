/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loops_avx2.c - the loops for x86 with AVX2 and FMA.
 *
 * Accumulators are single variables, made by macros: compilers that do not unroll keep arrays of vectors in
 * memory, which more than halves the ceiling.
 */
#include "loops.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define TARGET __attribute__((target("avx2,fma")))
#define EACH4(X) X(0) X(1) X(2) X(3)
#define EACH8(X) EACH4(X) X(4) X(5) X(6) X(7)
#define EACH12(X) EACH8(X) X(8) X(9) X(10) X(11)

enum {
	LINE = 32, /* bytes of a vector */
	F32 = 8,   /* elements of a vector */
	F64 = 4
};

/* Elements before p is at a multiple of LINE, at most n. */
static size_t head(const void *p, size_t element_bytes, size_t n) {
	size_t before = (LINE - (uintptr_t)p % LINE) % LINE / element_bytes;

	return before < n ? before : n;
}

/* ---- read --------------------------------------------------------------------------------------- */

static TARGET double total(__m256d v) {
	double lane[F64];

	_mm256_storeu_pd(lane, v);
	return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

static TARGET double sum_f32(const float *x, size_t n) {
	double sum = 0;
	size_t i = 0;
#define ZERO(l) __m256d s##l = _mm256_setzero_pd();
#define ADD(l) s##l = _mm256_add_pd(s##l, _mm256_cvtps_pd(_mm_loadu_ps(x + i + F64 * l)));
#define TOTAL(l) sum += total(s##l);
	EACH8(ZERO)
	for (; i + 8 * F64 <= n; i += 8 * F64) {
		EACH8(ADD)
	}
	for (; i < n; i++)
		sum += (double)x[i];
	EACH8(TOTAL)
#undef ADD
	return sum;
}

static TARGET double sum_f64(const double *x, size_t n) {
	double sum = 0;
	size_t i = 0;
#define ADD(l) s##l = _mm256_add_pd(s##l, _mm256_loadu_pd(x + i + F64 * l));
	EACH8(ZERO)
	for (; i + 8 * F64 <= n; i += 8 * F64) {
		EACH8(ADD)
	}
	for (; i < n; i++)
		sum += x[i];
	EACH8(TOTAL)
#undef ADD
#undef TOTAL
#undef ZERO
	return sum;
}

/* ---- copy and triad ----------------------------------------------------------------------------- */

static TARGET void copy_f32(float *c, const float *a, size_t n) {
	size_t i = head(c, sizeof(*c), n);

	memcpy(c, a, i * sizeof(*c));
	for (; i + F32 <= n; i += F32)
		_mm256_stream_ps(c + i, _mm256_loadu_ps(a + i));
	memcpy(c + i, a + i, (n - i) * sizeof(*c));
	_mm_sfence();
}

static TARGET void copy_f64(double *c, const double *a, size_t n) {
	size_t i = head(c, sizeof(*c), n);

	memcpy(c, a, i * sizeof(*c));
	for (; i + F64 <= n; i += F64)
		_mm256_stream_pd(c + i, _mm256_loadu_pd(a + i));
	memcpy(c + i, a + i, (n - i) * sizeof(*c));
	_mm_sfence();
}

static TARGET void triad_f32(float *a, const float *b, const float *c, float s, size_t n) {
	const __m256 factor = _mm256_set1_ps(s);
	size_t i = 0, aligned = head(a, sizeof(*a), n);

	for (; i < aligned; i++)
		a[i] = b[i] + s * c[i];
	for (; i + F32 <= n; i += F32)
		_mm256_stream_ps(a + i, _mm256_fmadd_ps(factor, _mm256_loadu_ps(c + i), _mm256_loadu_ps(b + i)));
	for (; i < n; i++)
		a[i] = b[i] + s * c[i];
	_mm_sfence();
}

static TARGET void triad_f64(double *a, const double *b, const double *c, double s, size_t n) {
	const __m256d factor = _mm256_set1_pd(s);
	size_t i = 0, aligned = head(a, sizeof(*a), n);

	for (; i < aligned; i++)
		a[i] = b[i] + s * c[i];
	for (; i + F64 <= n; i += F64)
		_mm256_stream_pd(a + i, _mm256_fmadd_pd(factor, _mm256_loadu_pd(c + i), _mm256_loadu_pd(b + i)));
	for (; i < n; i++)
		a[i] = b[i] + s * c[i];
	_mm_sfence();
}

/* ---- fma: 12 vectors in flight, then 4, then one at a time, the last one padded -------------------- */

#define BLOCK(EACH)                        \
	{                                      \
		EACH(LOAD)                         \
		for (long t = 0; t < iters; t++) { \
			EACH(STEP)                     \
		}                                  \
		EACH(STORE)                        \
	}

static TARGET void fma_f32(float *y, const float *x, const float *ab, size_t n, long iters) {
	const __m256 a = _mm256_set1_ps(ab[0]), b = _mm256_set1_ps(ab[1]);
	size_t i = 0;
#define LOAD(l) __m256 y##l = _mm256_loadu_ps(x + i + F32 * l);
#define STEP(l) y##l = _mm256_fmadd_ps(a, b, y##l);
#define STORE(l) _mm256_storeu_ps(y + i + F32 * l, y##l);
	for (; i + 12 * F32 <= n; i += 12 * F32)
		BLOCK(EACH12)
	for (; i + 4 * F32 <= n; i += 4 * F32)
		BLOCK(EACH4)
#undef STORE
#undef LOAD
	for (; i < n; i += F32) {
		size_t left = n - i < F32 ? n - i : F32;
		float lane[F32] = {0};

		memcpy(lane, x + i, left * sizeof(*lane));
		__m256 y0 = _mm256_loadu_ps(lane);
		for (long t = 0; t < iters; t++)
			STEP(0)
		_mm256_storeu_ps(lane, y0);
		memcpy(y + i, lane, left * sizeof(*lane));
	}
#undef STEP
}

static TARGET void fma_f64(double *y, const double *x, const double *ab, size_t n, long iters) {
	const __m256d a = _mm256_set1_pd(ab[0]), b = _mm256_set1_pd(ab[1]);
	size_t i = 0;
#define LOAD(l) __m256d y##l = _mm256_loadu_pd(x + i + F64 * l);
#define STEP(l) y##l = _mm256_fmadd_pd(a, b, y##l);
#define STORE(l) _mm256_storeu_pd(y + i + F64 * l, y##l);
	for (; i + 12 * F64 <= n; i += 12 * F64)
		BLOCK(EACH12)
	for (; i + 4 * F64 <= n; i += 4 * F64)
		BLOCK(EACH4)
#undef STORE
#undef LOAD
	for (; i < n; i += F64) {
		size_t left = n - i < F64 ? n - i : F64;
		double lane[F64] = {0};

		memcpy(lane, x + i, left * sizeof(*lane));
		__m256d y0 = _mm256_loadu_pd(lane);
		for (long t = 0; t < iters; t++)
			STEP(0)
		_mm256_storeu_pd(lane, y0);
		memcpy(y + i, lane, left * sizeof(*lane));
	}
#undef STEP
}

const struct wm_loops *wm_loops_avx2(void) {
	static const struct wm_loops table = {
		.name = "avx2",
		.stores = "non-temporal stores",
		.sum_f32 = sum_f32,
		.sum_f64 = sum_f64,
		.copy_f32 = copy_f32,
		.copy_f64 = copy_f64,
		.triad_f32 = triad_f32,
		.triad_f64 = triad_f64,
		.fma_f32 = fma_f32,
		.fma_f64 = fma_f64,
		.fma_block_f32 = 12 * F32,
		.fma_block_f64 = 12 * F64,
	};

	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &table : NULL;
}

#else

const struct wm_loops *wm_loops_avx2(void) {
	return NULL;
}

#endif
