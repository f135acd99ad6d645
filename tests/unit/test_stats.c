/* SPDX-License-Identifier: Apache-2.0 */
/* test_stats.c - the statistics against numbers from tables and by hand. */
#include "measure/stats.h"

#include "core/wm.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void quantiles(void **state) {
	double x[] = {4, 1, 3, 2};

	(void)state;
	wm_sort(x, 4);
	assert_float_equal(wm_quantile(x, 4, 0.5), 2.5, 0);
	assert_float_equal(wm_quantile(x, 4, 0), 1, 0);
	assert_float_equal(wm_quantile(x, 4, 1), 4, 0);
	assert_float_equal(wm_quantile(x, 4, 0.25), 1.75, 1e-15);
	assert_true(isnan(wm_quantile(x, 0, 0.5)));
}

/* The classic table of order-statistic intervals for the median: n, first order statistic (1-based), exact level. */
static void median_interval(void **state) {
	static const struct {
		size_t n, first;
		double level;
	} table[] = {
		{6, 1, 0.96875}, {10, 2, 0.978515625}, {15, 4, 0.96484375}, {20, 6, 0.958610534667969}, {40, 14, 0.961522}};
	size_t lo, hi;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		double level = wm_median_interval(table[i].n, 0.95, &lo, &hi);

		assert_int_equal(lo + 1, table[i].first);
		assert_int_equal(hi + 1, table[i].n + 1 - table[i].first);
		assert_float_equal(level, table[i].level, 1e-6);
	}
	/* too few for the level: the whole range, and the level that it has */
	assert_float_equal(wm_median_interval(5, 0.95, &lo, &hi), 0.9375, 1e-12);
	assert_int_equal(lo, 0);
	assert_int_equal(hi, 4);
	assert_float_equal(wm_median_interval(1, 0.95, &lo, &hi), 0, 1e-12);
	assert_int_equal(hi, 0);
}

/* The interval must hold the true median in at least 95% of experiments: 4000 of them, from our own random bits. */
static void median_interval_covers(void **state) {
	enum { TRIES = 4000, N = 37 };
	uint32_t bits[N];
	double x[N];
	size_t lo, hi;
	int held = 0;

	(void)state;
	for (int t = 0; t < TRIES; t++) {
		wm_random(5, (uint64_t)t, 0, N, bits);
		for (int i = 0; i < N; i++)
			x[i] = bits[i] * 0x1p-32;
		wm_sort(x, N);
		wm_median_interval(N, 0.95, &lo, &hi);
		held += x[lo] <= 0.5 && 0.5 <= x[hi];
	}
	/* exact coverage here is 0.953; three sigma of 4000 tries is 0.010 */
	assert_in_range(held, (int)(0.943 * TRIES), (int)(0.973 * TRIES));
}

/* Percentiles of Student's t from any table. */
static void student(void **state) {
	(void)state;
	assert_float_equal(wm_t_quantile(0.95, 1), 12.7062, 1e-3);
	assert_float_equal(wm_t_quantile(0.95, 2), 4.30265, 1e-4);
	assert_float_equal(wm_t_quantile(0.95, 4), 2.77645, 1e-4);
	assert_float_equal(wm_t_quantile(0.99, 7), 3.49948, 1e-4);
	assert_float_equal(wm_t_quantile(0.95, 30), 2.04227, 1e-4);
}

static void log_interval(void **state) {
	const double x[] = {1, 2, 4};
	double mid, lo, hi, half;

	(void)state;
	wm_log_interval(x, 3, 0.95, &mid, &lo, &hi);
	half = 4.30265 * log(2) / sqrt(3);
	assert_float_equal(mid, 2, 1e-12);
	assert_float_equal(lo, 2 * exp(-half), 1e-4);
	assert_float_equal(hi, 2 * exp(half), 1e-2);
}

static void correlation(void **state) {
	const double up[] = {1, 2, 3, 4, 5, 6}, zigzag[] = {1, -1, 1, -1, 1, -1}, flat[] = {2, 2, 2, 2};

	(void)state;
	assert_float_equal(wm_lag1(up, 6), 0.5, 1e-12);
	assert_float_equal(wm_lag1(zigzag, 6), -5.0 / 6, 1e-12);
	assert_float_equal(wm_lag1(flat, 4), 0, 0);
}

static void blocks_and_outliers(void **state) {
	const double x[] = {3, 1, 2, 9, 7, 8, 5};
	double out[2], sorted[] = {1, 1.1, 1.2, 1.3, 1.4, 9};

	(void)state;
	assert_int_equal(wm_block_medians(x, 7, 3, out), 2);
	assert_float_equal(out[0], 2, 0);
	assert_float_equal(out[1], 8, 0);
	assert_int_equal(wm_outliers(sorted, 6), 1);
	assert_int_equal(wm_outliers(sorted, 5), 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles),
		cmocka_unit_test(median_interval),
		cmocka_unit_test(median_interval_covers),
		cmocka_unit_test(student),
		cmocka_unit_test(log_interval),
		cmocka_unit_test(correlation),
		cmocka_unit_test(blocks_and_outliers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
