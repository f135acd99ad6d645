/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merge_text.h - the loops of merge.h in vectors of the compiler, for merge_*.c, which say
 *
 *   TARGET         the attribute of functions for this instruction set, or nothing
 *   VECTOR         bytes of a vector register
 *   STREAM(to, x)  stores one vector past the caches, at a multiple of its size
 *   STREAM_END()   waits until that is seen by others
 *
 * No vector has its address taken: the stack of GCC 12's address sanitizer keeps no alignment above 32 (GCC bug
 * 110027).
 *
 * Blocks of BLOCK bytes go through all sources before the next: each source is read a stretch at a time, however many
 * there are, and what was summed is in the first cache when it is copied to the destinations.
 */
#include "merge.h"

#include <string.h>

enum { BLOCK = 4096, LINE = 64 };

/* Vectors may stand anywhere and alias the bytes that they are made of. */
typedef float f32_vector __attribute__((vector_size(VECTOR), aligned(4), may_alias));
typedef uint32_t u32_vector __attribute__((vector_size(VECTOR), aligned(2), may_alias));
typedef uint8_t u8_vector __attribute__((vector_size(VECTOR), aligned(1), may_alias));

static bool on_line(const void *p) {
	return (uintptr_t)p % LINE == 0;
}

/* ---- copies ---- */

static TARGET void stream_block(char *dst, const char *src, size_t bytes) {
	size_t i = 0;

	for (; i + VECTOR <= bytes; i += VECTOR)
		STREAM(dst + i, *(const u8_vector *)(src + i));
	memcpy(dst + i, src + i, bytes - i);
}

static TARGET void copy_block(char *dst, const char *src, size_t bytes, bool stream) {
	if (stream && on_line(dst))
		stream_block(dst, src, bytes);
	else
		memcpy(dst, src, bytes);
}

static TARGET void copy(void *const *dst, int ndst, const char *src, size_t bytes, bool stream) {
	size_t step = ndst > 1 || stream ? BLOCK : bytes;

	for (size_t at = 0; at < bytes; at += step)
		for (int d = 0; d < ndst; d++)
			copy_block((char *)dst[d] + at, src + at, bytes - at < step ? bytes - at : step, stream);
}

/* ---- sums of f32 ---- */

/* out = a + b, or a + b + c */
static TARGET void add_f32(float *out, const float *a, const float *b, size_t n) {
	size_t i = 0;

	for (; i + VECTOR / 4 <= n; i += VECTOR / 4)
		*(f32_vector *)(out + i) = *(const f32_vector *)(a + i) + *(const f32_vector *)(b + i);
	for (; i < n; i++)
		out[i] = a[i] + b[i];
}

static TARGET void add3_f32(float *out, const float *a, const float *b, const float *c, size_t n) {
	size_t i = 0;

	for (; i + VECTOR / 4 <= n; i += VECTOR / 4)
		*(f32_vector *)(out + i) =
			*(const f32_vector *)(a + i) + *(const f32_vector *)(b + i) + *(const f32_vector *)(c + i);
	for (; i < n; i++)
		out[i] = a[i] + b[i] + c[i];
}

static TARGET void sum_f32(void *to, const void *const *src, int nsrc, size_t at, size_t n) {
	float *out = to;
	int s = 2;

	add_f32(out, (const float *)src[0] + at, (const float *)src[1] + at, n);
	for (; s + 2 <= nsrc; s += 2)
		add3_f32(out, out, (const float *)src[s] + at, (const float *)src[s + 1] + at, n);
	if (s < nsrc)
		add_f32(out, out, (const float *)src[s] + at, n);
}

/* ---- sums of bf16 ---- */

/*
 * A bf16 is the upper half of an f32. A vector of 32-bit lanes holds two in each: those in the upper halves are f32
 * once the lower halves are cleared, those in the lower halves once they are moved up. So pairs are taken apart and put
 * together again without moving anything between lanes.
 */
#define UPPER(x) ((f32_vector)((x)&0xffff0000))
#define LOWER(x) ((f32_vector)((x) << 16))

/* The bits of x, rounded to nearest even in the upper half: adding half of the last place less one, and one where the
 * last place is odd, carries into it. A NaN could carry into infinity: it is made quiet instead. */
static inline TARGET __attribute__((always_inline)) u32_vector round_up_half(f32_vector x) {
	u32_vector bits = (u32_vector)x, nan = (u32_vector)(x != x);

	return (nan & (bits | 0x400000)) | (~nan & (bits + 0x7fff + (bits >> 16 & 1)));
}

static inline TARGET __attribute__((always_inline)) void store_pairs(uint16_t *to, f32_vector upper, f32_vector lower) {
	*(u32_vector *)to = (round_up_half(upper) & 0xffff0000) | round_up_half(lower) >> 16;
}

enum { PAIRS = VECTOR / 2, LANES = VECTOR / 4 }; /* bf16 and f32 of a vector */

/* out = a + b */
static TARGET void add2_bf16(uint16_t *out, const uint16_t *a, const uint16_t *b, size_t n) {
	size_t i = 0;

	for (; i + PAIRS <= n; i += PAIRS) {
		u32_vector x = *(const u32_vector *)(a + i), y = *(const u32_vector *)(b + i);
		f32_vector upper = UPPER(x) + UPPER(y), lower = LOWER(x) + LOWER(y);

		store_pairs(out + i, upper, lower);
	}
	for (; i < n; i++)
		out[i] = wm_bf16_from_f32(wm_bf16_to_f32(a[i]) + wm_bf16_to_f32(b[i]));
}

/* wide += a, the upper halves of a vector before the lower ones */
static TARGET void add_bf16(float *wide, const uint16_t *a, size_t n) {
	size_t i = 0;

	for (; i + PAIRS <= n; i += PAIRS) {
		u32_vector x = *(const u32_vector *)(a + i);

		*(f32_vector *)(wide + i) += UPPER(x);
		*(f32_vector *)(wide + i + LANES) += LOWER(x);
	}
	for (; i < n; i++)
		wide[i] += wm_bf16_to_f32(a[i]);
}

static TARGET void round_bf16(uint16_t *out, const float *wide, size_t n) {
	size_t i = 0;

	for (; i + PAIRS <= n; i += PAIRS)
		store_pairs(out + i, *(const f32_vector *)(wide + i), *(const f32_vector *)(wide + i + LANES));
	for (; i < n; i++)
		out[i] = wm_bf16_from_f32(wide[i]);
}

static TARGET void sum_bf16(void *to, const void *const *src, int nsrc, size_t at, size_t n) {
	float wide[BLOCK / 2];

	if (nsrc == 2) {
		add2_bf16(to, (const uint16_t *)src[0] + at, (const uint16_t *)src[1] + at, n);
		return;
	}
	memset(wide, 0, n * sizeof(*wide));
	for (int s = 0; s < nsrc; s++)
		add_bf16(wide, (const uint16_t *)src[s] + at, n);
	round_bf16(to, wide, n);
}

/* ---- sums of i8 ---- */

/* out = a + b. Unsigned: these wrap as two's complement does. */
static TARGET void add_i8(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t n) {
	size_t i = 0;

	for (; i + VECTOR <= n; i += VECTOR)
		*(u8_vector *)(out + i) = *(const u8_vector *)(a + i) + *(const u8_vector *)(b + i);
	for (; i < n; i++)
		out[i] = (uint8_t)(a[i] + b[i]);
}

static TARGET void sum_i8(void *to, const void *const *src, int nsrc, size_t at, size_t n) {
	add_i8(to, (const uint8_t *)src[0] + at, (const uint8_t *)src[1] + at, n);
	for (int s = 2; s < nsrc; s++)
		add_i8(to, to, (const uint8_t *)src[s] + at, n);
}

/* ---- all of it ---- */

typedef void sum_fn(void *to, const void *const *src, int nsrc, size_t at, size_t n);

/* Sums a block where it is to stand, if that is one place and in the caches; else aside, and copies it from there. */
static TARGET void merge(sum_fn *sum, size_t element, void *const *dst, int ndst, const void *const *src, int nsrc,
                         size_t n, bool stream) {
	/* set on a line by hand, for the same reason */
	char room[BLOCK + LINE], *aside = room + (LINE - (uintptr_t)room % LINE) % LINE;
	bool in_place = ndst == 1 && !(stream && on_line(dst[0]));
	size_t step = BLOCK / element;

	if (nsrc == 1)
		copy(dst, ndst, src[0], n * element, stream);
	for (size_t at = 0; nsrc > 1 && at < n; at += step) {
		size_t count = n - at < step ? n - at : step;
		char *to = in_place ? (char *)dst[0] + at * element : aside;

		sum(to, src, nsrc, at, count);
		for (int d = 0; d < ndst && !in_place; d++)
			copy_block((char *)dst[d] + at * element, aside, count * element, stream);
	}
	if (stream)
		STREAM_END();
}

static TARGET void merge_f32(void *const *dst, int ndst, const void *const *src, int nsrc, size_t n, bool stream) {
	merge(sum_f32, 4, dst, ndst, src, nsrc, n, stream);
}

static TARGET void merge_bf16(void *const *dst, int ndst, const void *const *src, int nsrc, size_t n, bool stream) {
	merge(sum_bf16, 2, dst, ndst, src, nsrc, n, stream);
}

static TARGET void merge_i8(void *const *dst, int ndst, const void *const *src, int nsrc, size_t n, bool stream) {
	merge(sum_i8, 1, dst, ndst, src, nsrc, n, stream);
}
