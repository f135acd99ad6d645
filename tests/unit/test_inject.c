/* SPDX-License-Identifier: Apache-2.0 */
/* test_inject.c - every error of tests/inject is caught by the exact part of its benchmark, wherever it
 * strikes. */
#include "../inject/inject.h"
#include "../inject/sets.h"

#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TRIES = 100, SEED = 3 };

/* All errors, TRIES times each, on the output of the reference. */
static void attack(const char *problem, enum wm_data_part part, bool keys) {
	struct wm_set set;
	struct wm_check check;

	wm_set_open(&set, problem);
	wm_set_fill(&set, part, SEED);
	assert_int_equal(wm_set_run(&set, wm_impl_find(set.p.bench->name, "ref"), 1), WM_OK);
	int out = set.n - 1;
	void *right = wm_zalloc(set.bytes[out]);
	memcpy(right, set.host[out], set.bytes[out]);
	for (int what = 0; what < WM_INJECTIONS; what++)
		for (uint64_t n = 0; n < TRIES; n++) {
			if (!keys && what != WM_INJECT_ZERO && what != WM_INJECT_ELEMENT)
				continue;
			if (wm_set_verify(&set, part, SEED, &check) != WM_OK)
				fail_msg("%s: right output: %s", problem, wm_why());
			if (!wm_damage((enum wm_injection)what, &set.p, part, SEED, set.host, n))
				fail_msg("%s: %s, try %d: nothing changed", problem, wm_injection_word((enum wm_injection)what),
				         (int)n);
			if (wm_set_verify(&set, part, SEED, &check) != WM_WRONG)
				fail_msg("%s: %s, try %d: not caught", problem, wm_injection_word((enum wm_injection)what), (int)n);
			memcpy(set.host[out], right, set.bytes[out]);
		}
	free(right);
	wm_set_close(&set);
}

static void gemm(void **state) {
	const char *const types[] = {"f64", "f32", "f16", "bf16", "i8"}, *const trans[] = {"nn", "nt", "tn", "tt"};
	char problem[128];

	(void)state;
	for (int t = 0; t < 5; t++)
		for (int x = 0; x < 4; x++) {
			snprintf(problem, sizeof(problem), "gemm:m=7,n=13,k=29,dtype=%s,trans=%s", types[t], trans[x]);
			attack(problem, WM_EXACT, true);
			attack(problem, WM_TIMED, false);
		}
	/* more positions than a row of A may fill: rows take turns */
	attack("gemm:m=5,n=3,k=400,dtype=bf16", WM_EXACT, true);
	attack("gemm:m=3,n=3,k=5000,dtype=f32", WM_EXACT, true);
	/* more elements than the timed part looks at */
	attack("gemm:m=70,n=67,k=3,dtype=f32", WM_TIMED, false);
}

static void attention(void **state) {
	const char *const types[] = {"f32", "f16", "bf16"}, *const causal[] = {"no", "yes"};
	char problem[128];

	(void)state;
	for (int t = 0; t < 3; t++)
		for (int c = 0; c < 2; c++) {
			snprintf(problem, sizeof(problem), "attention:heads=4,kvheads=2,sq=7,sk=19,d=10,dtype=%s,causal=%s",
			         types[t], causal[c]);
			attack(problem, WM_EXACT, true);
			attack(problem, WM_TIMED, t == 0);
		}
	/* decoding, and heads too short to hold the number of a key */
	attack("attention:batch=2,heads=6,kvheads=2,sq=1,sk=50,d=16,dtype=bf16", WM_EXACT, true);
	attack("attention:heads=2,sq=24,sk=40,d=8,causal=yes", WM_EXACT, true);
}

static void memory(void **state) {
	const char *const benches[] = {"read", "copy", "triad"}, *const types[] = {"f64", "f32"};
	char problem[128];

	(void)state;
	for (int b = 0; b < 3; b++)
		for (int t = 0; t < 2; t++) {
			snprintf(problem, sizeof(problem), "%s:bytes=44440,dtype=%s", benches[b], types[t]);
			attack(problem, WM_EXACT, true);
			attack(problem, WM_TIMED, true);
		}
}

static void arithmetic(void **state) {
	(void)state;
	attack("fma:n=1111,iters=5,dtype=f32", WM_EXACT, true);
	attack("fma:n=1111,iters=5,dtype=f64", WM_EXACT, true);
	attack("fma:n=1111,iters=5,dtype=f32", WM_TIMED, true);
	/* the largest results that are exact */
	attack("fma:n=20,iters=10000,dtype=f32", WM_EXACT, true);
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(gemm), cmocka_unit_test(attention), cmocka_unit_test(memory),
	                                   cmocka_unit_test(arithmetic)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
