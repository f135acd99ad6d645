/* SPDX-License-Identifier: Apache-2.0 */
/* test_dtype.c - conversions of the narrow types, held against slow ones that follow the definitions. */
#include "core/wm.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void words(void **state) {
	(void)state;
	for (int t = 0; t < WM_DTYPES; t++)
		assert_int_equal(wm_dtype_parse(wm_dtype_word((enum wm_dtype)t)), t);
	assert_int_equal(wm_dtype_parse("f8"), WM_DTYPES);
	assert_int_equal(wm_dtype_parse(""), WM_DTYPES);
	assert_int_equal(wm_dtype_bytes(WM_BF16), 2);
	assert_int_equal(wm_dtype_bits(WM_F16), 11);
	assert_int_equal(wm_dtype_bits(WM_I8), 0);
	assert_int_equal(wm_dtype_bytes(WM_TF32), 4);
	assert_int_equal(wm_dtype_bits(WM_TF32), 11);
	assert_int_equal(wm_dtype_bytes(WM_E4M3), 1);
	assert_int_equal(wm_dtype_bits(WM_E4M3), 4);
	assert_int_equal(wm_dtype_bytes(WM_E5M2), 1);
	assert_int_equal(wm_dtype_bits(WM_E5M2), 3);
}

/* The value of an encoding with that many fraction bits and exponent bits, by the definition of IEEE 754. */
static double decode(uint32_t x, int fraction_bits, int exponent_bits) {
	int exponent = (int)(x >> fraction_bits) & ((1 << exponent_bits) - 1), bias = (1 << (exponent_bits - 1)) - 1;
	double fraction = ldexp((double)(x & ((1U << fraction_bits) - 1)), -fraction_bits);
	double sign = x >> (fraction_bits + exponent_bits) ? -1 : 1;

	if (exponent == (1 << exponent_bits) - 1)
		return fraction != 0 ? NAN : sign * INFINITY;
	return sign * (exponent ? ldexp(1 + fraction, exponent - bias) : ldexp(fraction, 1 - bias));
}

static void same(double a, double b) {
	if (isnan(a) || isnan(b))
		assert_true(isnan(a) && isnan(b));
	else
		assert_true(a == b && !signbit(a) == !signbit(b));
}

/* All 65536 encodings of both types, there and back. */
static void every_encoding(void **state) {
	(void)state;
	for (uint32_t x = 0; x < 65536; x++) {
		float f16 = wm_f16_to_f32((uint16_t)x), bf16 = wm_bf16_to_f32((uint16_t)x);

		same((double)f16, decode(x, 10, 5));
		same((double)bf16, decode(x, 7, 8));
		if (!isnan(f16))
			assert_int_equal(wm_f16_from_f32(f16), x);
		if (!isnan(bf16))
			assert_int_equal(wm_bf16_from_f32(bf16), x);
	}
}

/* Stores x and gives back what is there. */
static double stored(enum wm_dtype t, double x) {
	uint64_t room = 0;

	wm_store_element(t, &room, 0, x);
	return wm_load_element(t, &room, 0);
}

/* The byte that x is stored as. */
static int byte_of(enum wm_dtype t, double x) {
	uint8_t byte;

	wm_store_element(t, &byte, 0, x);
	return byte;
}

/* Tables 1 and 2 of the OCP 8-bit Floating Point Specification (OFP8), revision 1.0. */
static void ocp_tables(void **state) {
	static const struct {
		int e4m3, e5m2; /* encodings */
		double e4m3_value, e5m2_value;
	} rows[] = {
		{0x7e, 0x7b, 448, 57344},      /* the largest */
		{0x08, 0x04, 0x1p-6, 0x1p-14}, /* the smallest normal */
		{0x07, 0x03, 0x7p-9, 0x3p-16}, /* the largest subnormal */
		{0x01, 0x01, 0x1p-9, 0x1p-16}, /* the smallest */
		{0x38, 0x3c, 1, 1},            /* bias 7 and 15 */
		{0x77, 0x5b, 240, 240 - 16},   /* inputs go no further than 240 */
		{0xfe, 0xfb, -448, -57344},
	};
	uint8_t x;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(byte_of(WM_E4M3, rows[i].e4m3_value), rows[i].e4m3);
		assert_int_equal(byte_of(WM_E5M2, rows[i].e5m2_value), rows[i].e5m2);
	}
	/* every encoding, there and back */
	for (int i = 0; i < 256; i++) {
		x = (uint8_t)i;
		double e4m3 = wm_load_element(WM_E4M3, &x, 0), e5m2 = wm_load_element(WM_E5M2, &x, 0);

		if ((i & 0x7f) == 0x7f)
			assert_true(isnan(e4m3));
		else if ((i & 0x78) == 0x78) /* the largest exponent holds numbers too */
			assert_true(e4m3 == (i < 0x80 ? 1 : -1) * (256 + 32.0 * (i & 7)));
		else
			same(e4m3, decode((uint32_t)i, 3, 4));
		same(e5m2, decode((uint32_t)i, 2, 5));
		if (i != 0x80 && !isnan(e4m3))
			assert_int_equal(byte_of(WM_E4M3, e4m3), i);
		if (i != 0x80 && !isnan(e5m2))
			assert_int_equal(byte_of(WM_E5M2, e5m2), i);
	}
}

/* tf32 is f32 without its last 13 bits. */
static void tf32(void **state) {
	const struct {
		double x, want;
	} rows[] = {
		{1 + 0x1p-10, 1 + 0x1p-10},     {1 + 0x1p-11, 1},           {1 + 0x3p-11, 1 + 0x1p-9},
		{1 + 0x1.001p-11, 1 + 0x1p-10}, {0x1.ffcp127, 0x1.ffcp127}, {(double)FLT_MAX, INFINITY},
		{0x1p-126, 0x1p-126},           {0x1p-136, 0x1p-136},       {0x1p-137, 0},
	};
	float x;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int sign = -1; sign <= 1; sign += 2) {
			uint32_t u;

			wm_store_element(WM_TF32, &x, 0, sign * rows[i].x);
			assert_true((double)x == sign * rows[i].want);
			memcpy(&u, &x, sizeof(u));
			assert_int_equal(u & 0x1fff, 0);
			assert_true(wm_load_element(WM_TF32, &x, 0) == (double)x);
		}
}

/* Between two neighbours of the type: below the middle goes down, above up, the middle to the even one. */
static void nearest_even(enum wm_dtype t, uint16_t infinity) {
	for (uint16_t low = 0; low + 1 < infinity; low++) {
		uint16_t high = (uint16_t)(low + 1);
		double a = wm_load_element(t, &low, 0), b = wm_load_element(t, &high, 0), middle = a + (b - a) / 2;

		for (int sign = -1; sign <= 1; sign += 2) {
			assert_true(stored(t, sign * middle) == sign * (low % 2 == 0 ? a : b));
			assert_true(stored(t, sign * nextafter(middle, 0)) == sign * a);
			assert_true(stored(t, sign * nextafter(middle, INFINITY)) == sign * b);
		}
	}
}

static void rounding(void **state) {
	(void)state;
	nearest_even(WM_F16, 0x7c00);
	nearest_even(WM_BF16, 0x7f80);
	nearest_even(WM_E4M3, 0x7f);
	nearest_even(WM_E5M2, 0x7c);
	/* by way of float this would round twice, and down */
	assert_true(stored(WM_F16, 1 + 0x1p-11 + 0x1p-40) == 1 + 0x1p-10);
	assert_true(stored(WM_F32, 1 + 0x1p-24) == 1);
	assert_true(stored(WM_F32, 1 + 0x3p-24) == 1 + 0x1p-22);
}

static void ends_of_range(void **state) {
	const enum wm_dtype narrow[] = {WM_F16, WM_BF16, WM_F32, WM_TF32, WM_E5M2};

	(void)state;
	assert_true(stored(WM_F16, 65504) == 65504);
	assert_true(stored(WM_F16, 65519.99) == 65504);
	assert_true(isinf(stored(WM_F16, 65520)));
	assert_true(stored(WM_F16, 0x1p-24) == 0x1p-24);
	assert_true(stored(WM_F16, 0x1p-25) == 0);
	assert_true(stored(WM_F16, 0x1.001p-25) == 0x1p-24);
	assert_true(isinf(stored(WM_BF16, (double)FLT_MAX)));
	for (int i = 0; i < 5; i++) {
		assert_true(stored(narrow[i], INFINITY) == INFINITY);
		assert_true(stored(narrow[i], -INFINITY) == -INFINITY);
		assert_true(isnan(stored(narrow[i], NAN)));
		assert_true(isnan(stored(narrow[i], -NAN)));
		assert_true(stored(narrow[i], DBL_MIN / 2) == 0);
	}
	assert_true(isinf(stored(WM_E5M2, 61440)));
	assert_true(stored(WM_E5M2, 61439) == 57344);
	assert_true(stored(WM_E4M3, 464) == 448);
	for (int sign = -1; sign <= 1; sign += 2) {
		assert_true(isnan(stored(WM_E4M3, sign * 464.01)));
		assert_true(isnan(stored(WM_E4M3, sign * 500.0)));
		assert_true(isnan(stored(WM_E4M3, sign * 512.0)));
		assert_true(isnan(stored(WM_E4M3, sign * (double)INFINITY)));
		assert_true(isnan(stored(WM_E4M3, sign * (double)NAN)));
	}
	assert_true(stored(WM_E4M3, DBL_MIN / 2) == 0);
}

static void zero_is_positive(void **state) {
	(void)state;
	for (int t = 0; t < WM_DTYPES; t++) {
		same(stored((enum wm_dtype)t, -0.0), 0);
		if (wm_dtype_bits((enum wm_dtype)t) > 0 && t != WM_F64)
			same(stored((enum wm_dtype)t, -0x1p-1000), 0);
	}
	/* the plain conversions keep it, as IEEE 754 says */
	assert_int_equal(wm_f16_from_f32(-0.0F), 0x8000);
	assert_int_equal(wm_bf16_from_f32(-0.0F), 0x8000);
}

static void integers(void **state) {
	int8_t small[3] = {0};

	(void)state;
	wm_store_element(WM_I8, small, 1, -128);
	assert_int_equal(small[0], 0);
	assert_int_equal(small[1], -128);
	assert_int_equal(small[2], 0);
	assert_true(stored(WM_I8, 127) == 127);
	assert_true(stored(WM_I32, -2147483648.0) == -2147483648.0);
	assert_true(stored(WM_I32, 2147483647) == 2147483647);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(ocp_tables),
		cmocka_unit_test(tf32),
		cmocka_unit_test(every_encoding),
		cmocka_unit_test(rounding),
		cmocka_unit_test(ends_of_range),
		cmocka_unit_test(zero_is_positive),
		cmocka_unit_test(integers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
