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
 * The encoding of x in a narrower IEEE format with that many significand bits (hidden one included) and
 * exponent bits: one rounding to nearest even, gradual underflow, overflow to infinity, NaN to the quiet NaN,
 * the sign of zero kept. Rounding from double at once matters: by way of float it would happen twice.
 */
static uint32_t narrow(double x, int bits, int exponent_bits) {
	uint64_t u;
	int bias = (1 << (exponent_bits - 1)) - 1;
	uint32_t infinity = (uint32_t)(2 * bias + 1) << (bits - 1);

	memcpy(&u, &x, sizeof(u));
	uint32_t sign = (uint32_t)(u >> 63) << (bits - 1 + exponent_bits);
	int exponent = (int)(u >> 52 & 0x7ff) - 1023;
	uint64_t significand = (u & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;

	if (isnan(x))
		return sign | infinity | UINT32_C(1) << (bits - 2);
	if (exponent > bias)
		return sign | infinity;

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
	return sign | ((field << (bits - 1)) + (uint32_t)kept);
}

float wm_bf16_to_f32(uint16_t x) {
	return float_of_bits((uint32_t)x << 16);
}

uint16_t wm_bf16_from_f32(float x) {
	return (uint16_t)narrow((double)x, 8, 8);
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
	return (uint16_t)narrow((double)x, 11, 5);
}

double wm_load_element(enum wm_dtype t, const void *array, size_t i) {
	switch (t) {
	case WM_F64: return ((const double *)array)[i];
	case WM_F32: return (double)((const float *)array)[i];
	case WM_F16: return (double)wm_f16_to_f32(((const uint16_t *)array)[i]);
	case WM_BF16: return (double)wm_bf16_to_f32(((const uint16_t *)array)[i]);
	case WM_I8: return ((const int8_t *)array)[i];
	case WM_I32: return ((const int32_t *)array)[i];
	case WM_DTYPES: break;
	}
	return NAN;
}

/* The sign bit goes when nothing else is left. */
static uint16_t positive_zero(uint32_t encoding) {
	return (encoding & 0x7fff) ? (uint16_t)encoding : 0;
}

void wm_store_element(enum wm_dtype t, void *array, size_t i, double x) {
	/* A zero of either sign plus a positive zero is a positive zero, and nothing else changes. */
	switch (t) {
	case WM_F64: ((double *)array)[i] = x + 0.0; break;
	case WM_F32: ((float *)array)[i] = (float)x + 0.0F; break;
	case WM_F16: ((uint16_t *)array)[i] = positive_zero(narrow(x, 11, 5)); break;
	case WM_BF16: ((uint16_t *)array)[i] = positive_zero(narrow(x, 8, 8)); break;
	case WM_I8: ((int8_t *)array)[i] = (int8_t)x; break;
	case WM_I32: ((int32_t *)array)[i] = (int32_t)x; break;
	case WM_DTYPES: break;
	}
}
