/* SPDX-License-Identifier: Apache-2.0 */
/* attention_avx512.c - the tiles of attention for x86 with AVX-512F. */
#include "attention_tiles.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f")))
#define LANES 16
#define VECS 4
#define EACH_VEC(X, r) X(r, 0) X(r, 1) X(r, 2) X(r, 3)
#define SET(x) (vec) _mm512_set1_ps(x)
#define FMA(a, b, c) (vec) _mm512_fmadd_ps(a, b, c)
#define MAX(a, b) (vec) _mm512_max_ps(a, b)
#define SUM(a) _mm512_reduce_add_ps(a)
#define TOP(a) _mm512_reduce_max_ps(a)
#define SUM4(p, a, b, c, d) sum_4(p, a, b, c, d)
#define LOAD_F16(p) (vec) _mm512_cvtph_ps(_mm256_loadu_si256((const void *)(p)))
#define STORE_F16(p, a) _mm256_storeu_si256((void *)(p), _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT))

/* Pairs, then pairs of pairs within 128 bits, then the four quarters. */
static inline __attribute__((always_inline)) TARGET void sum_4(float *p, __m512 a, __m512 b, __m512 c, __m512 d) {
	__m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
	__m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
	__m512 all = _mm512_add_ps(_mm512_shuffle_ps(ab, cd, _MM_SHUFFLE(1, 0, 1, 0)),
	                           _mm512_shuffle_ps(ab, cd, _MM_SHUFFLE(3, 2, 3, 2)));
	__m128 low = _mm_add_ps(_mm512_extractf32x4_ps(all, 0), _mm512_extractf32x4_ps(all, 1));
	__m128 high = _mm_add_ps(_mm512_extractf32x4_ps(all, 2), _mm512_extractf32x4_ps(all, 3));

	_mm_storeu_ps(p, _mm_add_ps(low, high));
}

#include "attention_body.h"

const struct wm_attend *wm_attend_avx512(void) {
	static const struct wm_attend table = {
		.name = "avx512", .scratch = scratch, .many = many, .few = few, .join = join};

	return __builtin_cpu_supports("avx512f") ? &table : NULL;
}

#else

const struct wm_attend *wm_attend_avx512(void) {
	return NULL;
}

#endif
