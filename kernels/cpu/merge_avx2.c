/* SPDX-License-Identifier: Apache-2.0 */
/* merge_avx2.c - the loops of the collectives for x86 with AVX2. */
#include "merge.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))
#define VECTOR 32
#define STREAM(to, x) _mm256_stream_si256((void *)(to), (__m256i)(x))
#define STREAM_END() _mm_sfence()
#include "merge_text.h"

const struct wm_merge *wm_merge_avx2(void) {
	static const struct wm_merge table = {"avx2", true, merge_f32, merge_bf16, merge_i8};

	return __builtin_cpu_supports("avx2") ? &table : NULL;
}

#else

const struct wm_merge *wm_merge_avx2(void) {
	return NULL;
}

#endif
