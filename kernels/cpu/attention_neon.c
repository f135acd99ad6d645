/* SPDX-License-Identifier: Apache-2.0 */
/* attention_neon.c - the tiles of attention for 64-bit Arm. */
#include "attention_tiles.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#define TARGET
#define LANES 4
#define VECS 4
#define EACH_VEC(X, r) X(r, 0) X(r, 1) X(r, 2) X(r, 3)
#define SET(x) (vec) vdupq_n_f32(x)
#define FMA(a, b, c) (vec) vfmaq_f32((float32x4_t)(c), (float32x4_t)(a), (float32x4_t)(b))
#define MAX(a, b) (vec) vmaxq_f32((float32x4_t)(a), (float32x4_t)(b))
#define SUM(a) vaddvq_f32((float32x4_t)(a))
#define TOP(a) vmaxvq_f32((float32x4_t)(a))
#define SUM4(p, a, b, c, d) sum_4(p, (float32x4_t)(a), (float32x4_t)(b), (float32x4_t)(c), (float32x4_t)(d))
#define LOAD_F16(p) (vec) vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)))
#define STORE_F16(p, a) vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32((float32x4_t)(a))))

static inline void sum_4(float *p, float32x4_t a, float32x4_t b, float32x4_t c, float32x4_t d) {
	vst1q_f32(p, vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d)));
}

#include "attention_body.h"

const struct wm_attend *wm_attend_neon(void) {
	static const struct wm_attend table = {.name = "neon", .scratch = scratch, .many = many, .few = few, .join = join};

	return &table;
}

#else

const struct wm_attend *wm_attend_neon(void) {
	return NULL;
}

#endif
