/* SPDX-License-Identifier: Apache-2.0 */
/* test_random.c - the generator against its published vectors, the timed inputs, and the checksum. */
#include "core/philox.h"
#include "core/problem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The vectors of philox4x32 with 10 rounds in kat_vectors of Random123. */
static void known_answers(void **state) {
	static const struct {
		uint32_t counter[4], key[2], out[4];
	} vectors[] = {
		{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
	     {0xffffffff, 0xffffffff},
	     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
	     {0xa4093822, 0x299f31d0},
	     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	};

	(void)state;
	for (int v = 0; v < 3; v++) {
		uint32_t c[4][WM_PHILOX_LANES];

		for (int w = 0; w < 4; w++)
			for (int i = 0; i < WM_PHILOX_LANES; i++)
				c[w][i] = vectors[v].counter[w];
		wm_philox(c, vectors[v].key[0], vectors[v].key[1]);
		for (int w = 0; w < 4; w++)
			for (int i = 0; i < WM_PHILOX_LANES; i++)
				assert_int_equal(c[w][i], vectors[v].out[w]);
	}
}

static void words_by_index(void **state) {
	uint32_t all[200], some[200];
	/* words 4 to 7 are the block whose counter is 1 and the stream, low words first */
	uint32_t c[4][WM_PHILOX_LANES] = {{1}, {0}, {0x13198a2e}, {0x03707344}};

	(void)state;
	wm_random(0x299f31d0a4093822, 0x0370734413198a2e, 0, 200, all);
	wm_philox(c, 0xa4093822, 0x299f31d0);
	for (int w = 0; w < 4; w++)
		assert_int_equal(all[4 + w], c[w][0]);
	/* any part is the same as in the whole */
	for (size_t first = 0; first < 70; first++)
		for (size_t n = 0; n < 70; n += 3) {
			memset(some, 0, sizeof(some));
			wm_random(0x299f31d0a4093822, 0x0370734413198a2e, first, n, some);
			assert_memory_equal(some, all + first, n * sizeof(*some));
			assert_int_equal(some[n], 0);
		}
	/* other seeds and streams give other words */
	wm_random(0x299f31d0a4093822, 0x0370734413198a2f, 0, 1, some);
	assert_int_not_equal(some[0], all[0]);
	wm_random(0x299f31d1a4093822, 0x0370734413198a2e, 0, 1, some);
	assert_int_not_equal(some[0], all[0]);
}

/* A point with that data axis. */
static struct wm_problem with_data(const char *data) {
	struct wm_problem p;
	char text[64];

	snprintf(text, sizeof(text), "gemm:m=1,data=%s", data);
	assert_int_equal(wm_problem_parse(text, &p), WM_OK);
	return p;
}

enum { N = 100000 };

/* Mean and standard deviation of the values, and whether all are multiples of step within [-limit, limit]. */
static void moments(const struct wm_problem *p, enum wm_dtype t, double step, double limit, double *mean_p,
                    double *deviation_p) {
	void *data = wm_zalloc(N * sizeof(double));
	double sum = 0, squares = 0;

	wm_fill_timed(p, t, 42, 7, N, data);
	for (size_t i = 0; i < N; i++) {
		double x = wm_load_element(t, data, i);

		assert_true(fabs(x) <= limit);
		assert_true(x / step == nearbyint(x / step));
		assert_false(x == 0 && signbit(x));
		sum += x;
		squares += x * x;
	}
	free(data);
	*mean_p = sum / N;
	*deviation_p = sqrt(squares / N - *mean_p * *mean_p);
}

/* 100000 values: the mean's error is below five of its standard deviations, the deviation within 2 %. */
static void near(double mean, double deviation, double want_deviation) {
	assert_true(fabs(mean) < 5 * want_deviation / sqrt(N));
	assert_true(fabs(deviation / want_deviation - 1) < 0.02);
}

static void distributions(void **state) {
	struct wm_problem uniform = with_data("uniform"), normal = with_data("normal"), zeros = with_data("zeros");
	double mean, deviation;

	(void)state;
	for (int t = WM_F64; t <= WM_BF16; t++) {
		moments(&uniform, (enum wm_dtype)t, 0x1p-24, 1, &mean, &deviation);
		near(mean, deviation, sqrt(1.0 / 3));
		moments(&normal, (enum wm_dtype)t, 0x1p-24, 6, &mean, &deviation);
		near(mean, deviation, 1);
	}
	moments(&uniform, WM_I8, 1, 127, &mean, &deviation);
	near(mean, deviation, sqrt((255.0 * 255 - 1) / 12));
	moments(&normal, WM_I8, 1, 127, &mean, &deviation);
	near(mean, deviation, 21);
	moments(&zeros, WM_F16, 1, 0, &mean, &deviation);
	assert_true(mean == 0 && deviation == 0);
}

/* Narrow types hold the same values as f64, rounded to nearest even, whatever the number of elements. */
static void rounded_once(void **state) {
	struct wm_problem p = with_data("uniform");
	double *wide = wm_zalloc(N * sizeof(*wide));
	uint16_t *half = wm_zalloc(N * sizeof(*half)), want;

	(void)state;
	wm_fill_timed(&p, WM_F64, 1, 2, N, wide);
	wm_fill_timed(&p, WM_BF16, 1, 2, 5000, half);
	for (size_t i = 0; i < 5000; i++) {
		wm_store_element(WM_BF16, &want, 0, wide[i]);
		assert_int_equal(half[i], want);
	}
	assert_int_equal(half[5000], 0);
	free(half);
	free(wide);
}

static void checksum(void **state) {
	enum { BYTES = 1000 };
	unsigned char data[BYTES], swapped[BYTES];
	uint64_t sum;

	(void)state;
	for (int i = 0; i < BYTES; i++)
		data[i] = (unsigned char)(i * 37 + i / 7);
	sum = wm_checksum(data, BYTES);
	assert_true(sum == wm_checksum(data, BYTES));
	/* every single bit */
	for (int bit = 0; bit < 8 * BYTES; bit++) {
		data[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_true(sum != wm_checksum(data, BYTES));
		data[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	/* the sign bits of two doubles, which a product alone would let cancel: in the same lane and in others */
	for (int i = 0; i + 8 < BYTES; i += 8)
		for (int j = i + 8; j + 8 < BYTES; j += 8) {
			data[i + 7] ^= 0x80;
			data[j + 7] ^= 0x80;
			assert_true(sum != wm_checksum(data, BYTES));
			data[i + 7] ^= 0x80;
			data[j + 7] ^= 0x80;
		}
	/* words that have changed places */
	for (int i = 8; i + 8 <= BYTES; i += 8) {
		memcpy(swapped, data, BYTES);
		memcpy(swapped, data + i, 8);
		memcpy(swapped + i, data, 8);
		assert_true(memcmp(data, swapped, BYTES) == 0 || sum != wm_checksum(swapped, BYTES));
	}
	/* length, also where only zeros are added, and none at all */
	memset(data, 0, BYTES);
	for (size_t n = 1; n < 200; n++)
		assert_true(wm_checksum(data, n) != wm_checksum(data, n - 1));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers), cmocka_unit_test(words_by_index), cmocka_unit_test(distributions),
		cmocka_unit_test(rounded_once),  cmocka_unit_test(checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
