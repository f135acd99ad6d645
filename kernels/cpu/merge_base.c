/* SPDX-License-Identifier: Apache-2.0 */
/* merge_base.c - the loops of the collectives for the instruction set that the compiler was told: SSE2, NEON, .. */
#include "merge.h"

#define TARGET
#define VECTOR 16

#if defined(__x86_64__)
#define STREAMS true
#include <immintrin.h>
#define STREAM(to, x) _mm_stream_si128((void *)(to), (__m128i)(x))
#define STREAM_END() _mm_sfence()
#else /* plain stores: compilers offer no others for every CPU */
#define STREAMS false
#define STREAM(to, x) (*(u8_vector *)(to) = (x))
#define STREAM_END() ((void)0)
#endif
#include "merge_text.h"

const struct wm_merge *wm_merge_base(void) {
	static const struct wm_merge table = {"base", STREAMS, merge_f32, merge_bf16, merge_i8};

	return &table;
}
