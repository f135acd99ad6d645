/* SPDX-License-Identifier: Apache-2.0 */
/* test_arrays.c - read, copy and triad: counting as STREAM does, and what passes and does not. */
#include "../inject/sets.h"

#include "core/problem.h"
#include "core/registry.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 5 };

static void work_by_hand(void **state) {
	static const struct {
		const char *problem;
		double bytes;
	} rows[] = {{"read:bytes=1000,dtype=f32", 1000}, {"copy:bytes=1000,dtype=f64", 2000}, {"triad:bytes=1000", 3000}};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct wm_problem p;
		struct wm_work work;

		assert_int_equal(wm_problem_parse(rows[i].problem, &p), WM_OK);
		p.bench->work(&p, &work);
		assert_true(work.bytes == rows[i].bytes);
		assert_true(work.flop == 0);
		assert_int_equal(p.bench->cold_factor, 4);
	}
}

static void sizes(void **state) {
	struct wm_set set;
	struct wm_problem p;

	(void)state;
	wm_set_open(&set, "read:bytes=8192,dtype=f32");
	assert_int_equal(set.n, 2);
	assert_int_equal(set.t[0].count, 2048);
	assert_int_equal(set.t[1].count, 1024);
	assert_int_equal(set.t[1].dtype, WM_F64);
	wm_set_close(&set);
	wm_set_open(&set, "read:bytes=80,dtype=f64");
	assert_int_equal(set.t[1].count, 10);
	wm_set_close(&set);
	wm_set_open(&set, "triad:bytes=80,dtype=f64");
	assert_int_equal(set.n, 3);
	assert_int_equal(set.t[2].count, 10);
	assert_true(set.t[2].output && !set.t[1].output);
	wm_set_close(&set);
	assert_int_equal(wm_problem_parse("copy:bytes=12,dtype=f64", &p), WM_INPUT);
	assert_non_null(strstr(wm_why(), "bytes=12 is no multiple of 8, the size of an element of f64"));
	assert_int_equal(wm_problem_parse("copy:bytes=0", &p), WM_INPUT);
}

static void reference_passes(void **state) {
	const char *const benches[] = {"read", "copy", "triad"}, *const types[] = {"f64", "f32"};
	const char *const data[] = {"uniform", "normal", "zeros"};
	const int bytes[] = {8, 8000, 8192, 81920, 1000000};

	(void)state;
	for (int b = 0; b < 3; b++)
		for (int t = 0; t < 2; t++)
			for (int d = 0; d < 3; d++)
				for (int s = 0; s < 5; s++)
					for (int part = WM_EXACT; part <= WM_TIMED; part++) {
						struct wm_set set;
						struct wm_check check;
						char problem[128];

						snprintf(problem, sizeof(problem), "%s:bytes=%d,dtype=%s,data=%s", benches[b], bytes[s],
						         types[t], data[d]);
						wm_set_open(&set, problem);
						wm_set_fill(&set, (enum wm_data_part)part, SEED);
						assert_int_equal(wm_set_run(&set, wm_impl_find(benches[b], "ref"), 1), WM_OK);
						if (wm_set_verify(&set, (enum wm_data_part)part, SEED, &check) != WM_OK)
							fail_msg("%s: %s", problem, wm_why());
						assert_true(check.worst <= 1);
						assert_int_equal(check.compared, set.t[set.n - 1].count);
						wm_set_close(&set);
					}
}

/* A sum in f32 is not what is asked for, and both parts see it. */
static void sums_in_f32(void **state) {
	(void)state;
	for (int part = WM_EXACT; part <= WM_TIMED; part++) {
		struct wm_set set;
		struct wm_check check;

		wm_set_open(&set, "read:bytes=409600,dtype=f32");
		wm_set_fill(&set, (enum wm_data_part)part, SEED);
		for (size_t b = 0; b < 1024; b++) {
			float sum = 0;

			for (size_t i = b * 100; i < (b + 1) * 100; i++)
				sum += ((float *)set.host[0])[i];
			((double *)set.host[1])[b] = (double)sum;
		}
		assert_int_equal(wm_set_verify(&set, (enum wm_data_part)part, SEED, &check), WM_WRONG);
		wm_set_close(&set);
	}
}

/* Rounded once (the reference) and rounded twice are both right; operands cut to 16 bits are not. */
static void triad_roundings(void **state) {
	struct wm_set set;
	struct wm_check check;
	bool differs = false;

	(void)state;
	wm_set_open(&set, "triad:bytes=400000,dtype=f32");
	const float *b = set.host[0], *c = set.host[1];
	float *a = set.host[2];
	wm_set_fill(&set, WM_EXACT, SEED);
	for (size_t i = 0; i < 100000; i++) {
		float product = 3 * c[i];

		a[i] = b[i] + product;
	}
	assert_int_equal(wm_set_verify(&set, WM_EXACT, SEED, &check), WM_OK);
	wm_set_fill(&set, WM_TIMED, SEED);
	for (size_t i = 0; i < 100000; i++) {
		float product = 3 * c[i];

		a[i] = b[i] + product;
		differs |= (double)a[i] != (double)(float)((double)b[i] + 3 * (double)c[i]);
	}
	assert_true(differs);
	assert_int_equal(wm_set_verify(&set, WM_TIMED, SEED, &check), WM_OK);
	assert_true(check.worst > 0.5 && check.worst <= 1);
	for (size_t i = 0; i < 100000; i++)
		a[i] = wm_bf16_to_f32(wm_bf16_from_f32(b[i])) + 3 * c[i];
	assert_int_equal(wm_set_verify(&set, WM_TIMED, SEED, &check), WM_WRONG);
	wm_set_close(&set);
}

static void message(void **state) {
	struct wm_set set;
	struct wm_check check;
	char want[128];

	(void)state;
	wm_set_open(&set, "copy:bytes=20000,dtype=f32");
	wm_set_fill(&set, WM_EXACT, SEED);
	memcpy(set.host[1], set.host[0], set.bytes[0]);
	assert_int_equal(wm_set_verify(&set, WM_EXACT, SEED, &check), WM_OK);
	((float *)set.host[1])[4321] = 6;
	assert_int_equal(wm_set_verify(&set, WM_EXACT, SEED, &check), WM_WRONG);
	snprintf(want, sizeof(want), "c[4321] is 6, expected %.17g", (double)((float *)set.host[0])[4321]);
	assert_string_equal(wm_why(), want);
	((float *)set.host[1])[4321] = NAN;
	assert_int_equal(wm_set_verify(&set, WM_EXACT, SEED, &check), WM_WRONG);
	wm_set_close(&set);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_by_hand), cmocka_unit_test(sizes),           cmocka_unit_test(reference_passes),
		cmocka_unit_test(sums_in_f32),  cmocka_unit_test(triad_roundings), cmocka_unit_test(message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
