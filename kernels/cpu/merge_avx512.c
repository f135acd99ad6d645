/* SPDX-License-Identifier: Apache-2.0 */
/* merge_avx512.c - the loops of the collectives for x86 with AVX-512F and BW. */
#include "merge.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw")))
#define VECTOR 64
#define STREAM(to, x) _mm512_stream_si512((void *)(to), (__m512i)(x))
#define STREAM_END() _mm_sfence()
#include "merge_text.h"

const struct wm_merge *wm_merge_avx512(void) {
	static const struct wm_merge table = {"avx512", true, merge_f32, merge_bf16, merge_i8};

	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") ? &table : NULL;
}

#else

const struct wm_merge *wm_merge_avx512(void) {
	return NULL;
}

#endif
