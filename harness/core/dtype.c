/* SPDX-License-Identifier: Apache-2.0 */
/* dtype.c - the number types: their names, and exact conversion to and from double with one rounding. */
#include "wm.h"

#include <math.h>
#include <string.h>

static const struct {
	const char *word;
	size_t bytes;
	int bits;
} types[] = {
#define X(id, word, bytes, bits, meaning) {word, bytes, bits},
	WM_DTYPE_MAP(X)
#undef X
};

const char *wm_dtype_word(enum wm_dtype t) {
	return types[t].word;
}

size_t wm_dtype_bytes(enum wm_dtype t) {
	return types[t].bytes;
}

int wm_dtype_bits(enum wm_dtype t) {
	return types[t].bits;
}

enum wm_dtype wm_dtype_parse(const char *word) {
	for (int t = 0; t < WM_DTYPES; t++)
		if (strcmp(types[t].word, word) == 0)
			return (enum wm_dtype)t;
	return WM_DTYPES;
}

static uint32_t bits_of_float(float x) {
	uint32_t u;

	memcpy(&u, &x, sizeof(u));
	return u;
}

static float float_of_bits(uint32_t u) {
	float x;

	memcpy(&x, &u, sizeof(x));
	return x;
}

/*
 * A narrower binary format. Those of IEEE 754, and e5m2, keep the largest exponent for infinity and NaN. e4m3 uses it
 * for numbers too and has one NaN, all bits set (OCP 8-bit Floating Point Specification (OFP8), revision 1.0, 2023,
 * section 5).
 */
struct format {
	int bits; /* of the significand, hidden one included */
	int exponent_bits;
	bool finite; /* no infinity */
};
static const struct format tf32 = {11, 8, false}, f16 = {11, 5, false}, bf16 = {8, 8, false};
static const struct format e4m3 = {4, 4, true}, e5m2 = {3, 5, false};

/*
 * The encoding of x in a format: one rounding to nearest even, gradual underflow, overflow to infinity (NaN where
 * there is none), NaN to the quiet NaN, the sign of zero kept. Rounding from double at once matters: by way of float
 * it would happen twice.
 */
static uint32_t narrow(double x, struct format format) {
	uint64_t u;
	int bits = format.bits, bias = (1 << (format.exponent_bits - 1)) - 1;
	uint32_t top = (uint32_t)(2 * bias + 1) << (bits - 1); /* the largest exponent, no fraction */
	uint32_t nan = format.finite ? top | ((UINT32_C(1) << (bits - 1)) - 1) : top | UINT32_C(1) << (bits - 2);
	uint32_t beyond = format.finite ? nan : top; /* the first encoding that is no number */

	memcpy(&u, &x, sizeof(u));
	uint32_t sign = (uint32_t)(u >> 63) << (bits - 1 + format.exponent_bits);
	int exponent = (int)(u >> 52 & 0x7ff) - 1023;
	uint64_t significand = (u & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;

	if (isnan(x))
		return sign | nan;
	if (exponent > bias + format.finite)
		return sign | beyond;

	/* Subnormal results have a fixed exponent, and lose one more bit for every step below it. */
	int below = exponent < 1 - bias ? 1 - bias - exponent : 0;
	int drop = 53 - bits + below;
	if (drop > 54)
		return sign;
	uint64_t kept = significand >> drop, rest = significand - (kept << drop), half = UINT64_C(1) << (drop - 1);
	if (rest > half || (rest == half && (kept & 1)))
		kept++;
	/* The hidden bit adds one to the exponent field, and so does a carry out of the rounding. */
	uint32_t field = below ? 0 : (uint32_t)(exponent + bias - 1);
	uint32_t magnitude = (field << (bits - 1)) + (uint32_t)kept;
	return sign | (magnitude < beyond ? magnitude : beyond);
}

float wm_bf16_to_f32(uint16_t x) {
	return float_of_bits((uint32_t)x << 16);
}

uint16_t wm_bf16_from_f32(float x) {
	return (uint16_t)narrow((double)x, bf16);
}

float wm_f16_to_f32(uint16_t x) {
	uint32_t sign = (uint32_t)(x & 0x8000) << 16, exponent = x >> 10 & 31, fraction = x & 0x3ff;

	if (exponent == 31)
		return float_of_bits(sign | 0x7f800000 | fraction << 13);
	if (exponent == 0)
		return float_of_bits(sign | bits_of_float((float)fraction * 0x1p-24f));
	return float_of_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13);
}

uint16_t wm_f16_from_f32(float x) {
	return (uint16_t)narrow((double)x, f16);
}

/* e5m2 is the upper byte of f16. */
static float e5m2_to_f32(uint8_t x) {
	return wm_f16_to_f32((uint16_t)(x << 8));
}

/* Without its infinity e4m3 has exponents of -6 to 8; subnormals are multiples of 2^-9. */
static float e4m3_to_f32(uint8_t x) {
	uint32_t sign = (uint32_t)(x & 0x80) << 24, exponent = x >> 3 & 15, fraction = x & 7;

	if ((x & 0x7f) == 0x7f)
		return float_of_bits(sign | 0x7fc00000);
	if (exponent == 0)
		return float_of_bits(sign | bits_of_float((float)fraction * 0x1p-9f));
	return float_of_bits(sign | (exponent + 127 - 7) << 23 | fraction << 20);
}

double wm_load_element(enum wm_dtype t, const void *array, size_t i) {
	switch (t) {
	case WM_F64: return ((const double *)array)[i];
	case WM_F32:
	case WM_TF32: return (double)((const float *)array)[i];
	case WM_F16: return (double)wm_f16_to_f32(((const uint16_t *)array)[i]);
	case WM_BF16: return (double)wm_bf16_to_f32(((const uint16_t *)array)[i]);
	case WM_E4M3: return (double)e4m3_to_f32(((const uint8_t *)array)[i]);
	case WM_E5M2: return (double)e5m2_to_f32(((const uint8_t *)array)[i]);
	case WM_I8: return ((const int8_t *)array)[i];
	case WM_I32: return ((const int32_t *)array)[i];
	case WM_DTYPES: break;
	}
	return NAN;
}

/* The encoding of x, a zero without its sign. */
static uint32_t positive(double x, struct format format) {
	uint32_t encoding = narrow(x, format), sign = UINT32_C(1) << (format.bits - 1 + format.exponent_bits);

	return encoding == sign ? 0 : encoding;
}

void wm_store_element(enum wm_dtype t, void *array, size_t i, double x) {
	/* A zero of either sign plus a positive zero is a positive zero, and nothing else changes. */
	switch (t) {
	case WM_F64: ((double *)array)[i] = x + 0.0; break;
	case WM_F32: ((float *)array)[i] = (float)x + 0.0F; break;
	case WM_TF32: ((float *)array)[i] = float_of_bits(positive(x, tf32) << 13); break;
	case WM_F16: ((uint16_t *)array)[i] = (uint16_t)positive(x, f16); break;
	case WM_BF16: ((uint16_t *)array)[i] = (uint16_t)positive(x, bf16); break;
	case WM_E4M3: ((uint8_t *)array)[i] = (uint8_t)positive(x, e4m3); break;
	case WM_E5M2: ((uint8_t *)array)[i] = (uint8_t)positive(x, e5m2); break;
	case WM_I8: ((int8_t *)array)[i] = (int8_t)x; break;
	case WM_I32: ((int32_t *)array)[i] = (int32_t)x; break;
	case WM_DTYPES: break;
	}
}
