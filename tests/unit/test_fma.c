/* SPDX-License-Identifier: Apache-2.0 */
/* test_fma.c - the ceiling of arithmetic: its count of operations, its limits, and that no iteration can be
 * left out. */
#include "../inject/sets.h"

#include "core/problem.h"
#include "core/registry.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void work_by_hand(void **state) {
	struct wm_problem p;
	struct wm_work work;

	(void)state;
	assert_int_equal(wm_problem_parse("fma:n=100,iters=7,dtype=f64", &p), WM_OK);
	p.bench->work(&p, &work);
	assert_true(work.flop == 1400);
	assert_true(work.bytes == 8 * 202);
	assert_int_equal(wm_problem_parse("fma:n=100,iters=7,dtype=e4m3", &p), WM_OK);
	p.bench->work(&p, &work);
	assert_true(work.flop == 1400);
	assert_true(work.bytes == 4 * 200 + 2);
}

/* 1024 + 6 iters must not pass what a sum holds, 2^24, 2^31 or 2^53; 8-bit floats: 1024 + iters, and 2^14. */
static void limits(void **state) {
	struct wm_problem p;

	(void)state;
	assert_int_equal(wm_problem_parse("fma:iters=2796032,dtype=f32", &p), WM_OK);
	assert_int_equal(wm_problem_parse("fma:iters=2796033,dtype=f32", &p), WM_INPUT);
	assert_non_null(strstr(wm_why(), "iters=2796033 is too many: above 2796032 a result is not exact in f32"));
	assert_int_equal(wm_problem_parse("fma:iters=2147483647,dtype=f64", &p), WM_OK);
	assert_int_equal(wm_problem_parse("fma:iters=2796032,dtype=bf16", &p), WM_OK);
	assert_int_equal(wm_problem_parse("fma:iters=2796033,dtype=tf32", &p), WM_INPUT);
	assert_int_equal(wm_problem_parse("fma:iters=357913770,dtype=i8", &p), WM_OK);
	assert_int_equal(wm_problem_parse("fma:iters=357913771,dtype=i8", &p), WM_INPUT);
	assert_int_equal(wm_problem_parse("fma:iters=15360,dtype=e5m2", &p), WM_OK);
	assert_int_equal(wm_problem_parse("fma:iters=15361,dtype=e4m3", &p), WM_INPUT);
	assert_non_null(strstr(wm_why(), "iters=15361 is too many: above 15360 a result is not exact in e4m3"));
}

static void passes(const char *problem, enum wm_data_part part) {
	struct wm_set set;
	struct wm_check check;

	wm_set_open(&set, problem);
	wm_set_fill(&set, part, 9);
	assert_int_equal(wm_set_run(&set, wm_impl_find("fma", "ref"), 1), WM_OK);
	if (wm_set_verify(&set, part, 9, &check) != WM_OK)
		fail_msg("%s: %s", problem, wm_why());
	for (size_t i = 0; i < set.t[0].count; i++)
		assert_true(fabs(wm_load_element(set.t[0].dtype, set.host[0], i)) <= 1024);
	wm_set_close(&set);
}

static void reference_passes(void **state) {
	const char *const problems[] = {
		"fma:n=1,iters=1",
		"fma:n=1000,iters=3,dtype=f64,data=normal",
		"fma:n=1000,iters=2,dtype=f32,data=normal",
		"fma:n=2000,iters=100,dtype=f32,data=zeros",
		"fma:n=3,iters=2796032,dtype=f32",
		"fma:n=300,iters=32,dtype=f16,data=normal",
		"fma:n=3,iters=2796032,dtype=bf16",
		"fma:n=300,iters=8,dtype=tf32",
		"fma:n=300,iters=64,dtype=i8,data=normal",
		"fma:n=300,iters=15360,dtype=e4m3",
		"fma:n=300,iters=32,dtype=e5m2,data=normal",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(problems) / sizeof(*problems); i++) {
		passes(problems[i], WM_EXACT);
		passes(problems[i], WM_TIMED);
	}
}

/* Without a or without b, or with one iteration less, at the very end of the range too. */
static void nothing_left_out(void **state) {
	const double wrong[] = {2.0 * 2796032, 3.0 * 2796032, 6.0 * 2796031, 6.0 * 2796033};

	(void)state;
	for (int w = 0; w < 4; w++) {
		struct wm_set set;
		struct wm_check check;

		wm_set_open(&set, "fma:n=5,iters=2796032,dtype=f32");
		wm_set_fill(&set, WM_EXACT, 9);
		for (size_t i = 0; i < 5; i++)
			wm_store_element(WM_F32, set.host[2], i, wm_load_element(WM_F32, set.host[0], i) + wrong[w]);
		assert_int_equal(wm_set_verify(&set, WM_EXACT, 9, &check), WM_WRONG);
		wm_set_close(&set);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_by_hand),
		cmocka_unit_test(limits),
		cmocka_unit_test(reference_passes),
		cmocka_unit_test(nothing_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
