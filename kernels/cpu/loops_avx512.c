/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loops_avx512.c - the loops for x86 with AVX-512F.
 *
 * Accumulators are single variables, made by macros: compilers that do not unroll keep arrays of vectors in
 * memory, which more than halves the ceiling.
 */
#include "loops.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define TARGET __attribute__((target("avx512f")))
#define EACH4(X) X(0) X(1) X(2) X(3)
#define EACH8(X) EACH4(X) X(4) X(5) X(6) X(7)
#define EACH16(X) EACH8(X) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

enum {
	LINE = 64, /* bytes of a vector and of a cache line */
	F32 = 16,  /* elements of a vector */
	F64 = 8
};

/* Elements before p is at a multiple of LINE, at most n. */
static size_t head(const void *p, size_t element_bytes, size_t n) {
	size_t before = (LINE - (uintptr_t)p % LINE) % LINE / element_bytes;

	return before < n ? before : n;
}

/* ---- read --------------------------------------------------------------------------------------- */

static TARGET double sum_f32(const float *x, size_t n) {
	double sum = 0;
	size_t i = 0;
#define ZERO(l) __m512d s##l = _mm512_setzero_pd();
#define ADD(l) s##l = _mm512_add_pd(s##l, _mm512_cvtps_pd(_mm256_loadu_ps(x + i + F64 * l)));
#define TOTAL(l) sum += _mm512_reduce_add_pd(s##l);
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
#define ADD(l) s##l = _mm512_add_pd(s##l, _mm512_loadu_pd(x + i + F64 * l));
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
		_mm512_stream_ps(c + i, _mm512_loadu_ps(a + i));
	memcpy(c + i, a + i, (n - i) * sizeof(*c));
	_mm_sfence();
}

static TARGET void copy_f64(double *c, const double *a, size_t n) {
	size_t i = head(c, sizeof(*c), n);

	memcpy(c, a, i * sizeof(*c));
	for (; i + F64 <= n; i += F64)
		_mm512_stream_pd(c + i, _mm512_loadu_pd(a + i));
	memcpy(c + i, a + i, (n - i) * sizeof(*c));
	_mm_sfence();
}

static TARGET void triad_f32(float *a, const float *b, const float *c, float s, size_t n) {
	const __m512 factor = _mm512_set1_ps(s);
	size_t i = 0, aligned = head(a, sizeof(*a), n);

	for (; i < aligned; i++)
		a[i] = b[i] + s * c[i];
	for (; i + F32 <= n; i += F32)
		_mm512_stream_ps(a + i, _mm512_fmadd_ps(factor, _mm512_loadu_ps(c + i), _mm512_loadu_ps(b + i)));
	for (; i < n; i++)
		a[i] = b[i] + s * c[i];
	_mm_sfence();
}

static TARGET void triad_f64(double *a, const double *b, const double *c, double s, size_t n) {
	const __m512d factor = _mm512_set1_pd(s);
	size_t i = 0, aligned = head(a, sizeof(*a), n);

	for (; i < aligned; i++)
		a[i] = b[i] + s * c[i];
	for (; i + F64 <= n; i += F64)
		_mm512_stream_pd(a + i, _mm512_fmadd_pd(factor, _mm512_loadu_pd(c + i), _mm512_loadu_pd(b + i)));
	for (; i < n; i++)
		a[i] = b[i] + s * c[i];
	_mm_sfence();
}

/* ---- fma: 16 vectors in flight, then 4, then one at a time, the last one padded -------------------- */

#define BLOCK(EACH)                        \
	{                                      \
		EACH(LOAD)                         \
		for (long t = 0; t < iters; t++) { \
			EACH(STEP)                     \
		}                                  \
		EACH(STORE)                        \
	}

static TARGET void fma_f32(float *y, const float *x, const float *ab, size_t n, long iters) {
	const __m512 a = _mm512_set1_ps(ab[0]), b = _mm512_set1_ps(ab[1]);
	size_t i = 0;
#define LOAD(l) __m512 y##l = _mm512_loadu_ps(x + i + F32 * l);
#define STEP(l) y##l = _mm512_fmadd_ps(a, b, y##l);
#define STORE(l) _mm512_storeu_ps(y + i + F32 * l, y##l);
	for (; i + 16 * F32 <= n; i += 16 * F32)
		BLOCK(EACH16)
	for (; i + 4 * F32 <= n; i += 4 * F32)
		BLOCK(EACH4)
#undef STORE
#undef LOAD
	for (; i < n; i += F32) {
		size_t left = n - i < F32 ? n - i : F32;
		__mmask16 mask = (__mmask16)((1U << left) - 1);
		__m512 y0 = _mm512_maskz_loadu_ps(mask, x + i);

		for (long t = 0; t < iters; t++)
			STEP(0)
		_mm512_mask_storeu_ps(y + i, mask, y0);
	}
#undef STEP
}

static TARGET void fma_f64(double *y, const double *x, const double *ab, size_t n, long iters) {
	const __m512d a = _mm512_set1_pd(ab[0]), b = _mm512_set1_pd(ab[1]);
	size_t i = 0;
#define LOAD(l) __m512d y##l = _mm512_loadu_pd(x + i + F64 * l);
#define STEP(l) y##l = _mm512_fmadd_pd(a, b, y##l);
#define STORE(l) _mm512_storeu_pd(y + i + F64 * l, y##l);
	for (; i + 16 * F64 <= n; i += 16 * F64)
		BLOCK(EACH16)
	for (; i + 4 * F64 <= n; i += 4 * F64)
		BLOCK(EACH4)
#undef STORE
#undef LOAD
	for (; i < n; i += F64) {
		size_t left = n - i < F64 ? n - i : F64;
		__mmask8 mask = (__mmask8)((1U << left) - 1);
		__m512d y0 = _mm512_maskz_loadu_pd(mask, x + i);

		for (long t = 0; t < iters; t++)
			STEP(0)
		_mm512_mask_storeu_pd(y + i, mask, y0);
	}
#undef STEP
}

const struct wm_loops *wm_loops_avx512(void) {
	static const struct wm_loops table = {
		.name = "avx512",
		.stores = "non-temporal stores",
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

	return __builtin_cpu_supports("avx512f") ? &table : NULL;
}

#else

const struct wm_loops *wm_loops_avx512(void) {
	return NULL;
}

#endif
