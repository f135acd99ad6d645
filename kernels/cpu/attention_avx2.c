/* SPDX-License-Identifier: Apache-2.0 */
/* attention_avx2.c - the tiles of attention for x86 with AVX2, FMA and F16C (no CPU has AVX2 without F16C). */
#include "attention_tiles.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma,f16c")))
#define LANES 8
#define VECS 2
#define EACH_VEC(X, r) X(r, 0) X(r, 1)
#define SET(x) (vec) _mm256_set1_ps(x)
#define FMA(a, b, c) (vec) _mm256_fmadd_ps(a, b, c)
#define MAX(a, b) (vec) _mm256_max_ps(a, b)
#define SUM(a) sum_of(a)
#define TOP(a) top_of(a)
#define SUM4(p, a, b, c, d) sum_4(p, a, b, c, d)
#define LOAD_F16(p) (vec) _mm256_cvtph_ps(_mm_loadu_si128((const void *)(p)))
#define STORE_F16(p, a) _mm_storeu_si128((void *)(p), _mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT))

static inline __attribute__((always_inline)) TARGET float sum_of(__m256 a) {
	__m128 four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
	__m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));

	return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

static inline __attribute__((always_inline)) TARGET float top_of(__m256 a) {
	__m128 four = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
	__m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));

	return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

static inline __attribute__((always_inline)) TARGET void sum_4(float *p, __m256 a, __m256 b, __m256 c, __m256 d) {
	__m256 all = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));

	_mm_storeu_ps(p, _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1)));
}

#include "attention_body.h"

const struct wm_attend *wm_attend_avx2(void) {
	static const struct wm_attend table = {.name = "avx2", .scratch = scratch, .many = many, .few = few, .join = join};

	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &table : NULL;
}

#else

const struct wm_attend *wm_attend_avx2(void) {
	return NULL;
}

#endif
