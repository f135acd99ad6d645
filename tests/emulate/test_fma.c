/* SPDX-License-Identifier: Apache-2.0 */
/* test_fma.c - fma by matrix instructions, launcher and texts, emulated: every type, sizes beside its tiles,
 * instruction counts beside a run of them; and what it refuses. */
#include "backend.h"

#include "core/problem.h"
#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct wm_impl *tensor;

/* k: products of an instruction. Two blocks and one element more; less than one. */
static void try_type(const char *arch, int units, const char *dtype, int k, int block) {
	struct wm_trial_place at;
	int sizes[] = {2 * block + 1, 77}, instructions[] = {1, 9};

	wm_emulated_open(&at, arch);
	at.dev.units = units;
	for (int i = 0; i < 2; i++) {
		char text[WM_PROBLEM_CHARS];
		snprintf(text, sizeof(text), "fma:n=%d,iters=%d,dtype=%s", sizes[i], instructions[i] * k, dtype);
		wm_trial(&at, tensor, text);
	}
}

static void wgmma_adds_what_was_asked(void **state) {
	(void)state;
	try_type("sm_90", 132, "bf16", 16, 64 * 128);
	try_type("sm_90", 132, "f16", 16, 64 * 128);
	try_type("sm_90", 132, "tf32", 8, 64 * 128);
	try_type("sm_90", 132, "e4m3", 32, 64 * 128);
	try_type("sm_90", 132, "e5m2", 32, 64 * 128);
	try_type("sm_90", 132, "i8", 32, 64 * 128);
}

/* Few multiprocessors: the wide instruction. */
static void wide_wgmma_too(void **state) {
	(void)state;
	try_type("sm_90", 1, "bf16", 16, 64 * 256);
	try_type("sm_90", 1, "i8", 32, 64 * 256);
}

static void mma_adds_what_was_asked(void **state) {
	(void)state;
	try_type("sm_80", 108, "bf16", 16, 8192);
	try_type("sm_86", 46, "f16", 16, 8192);
	try_type("sm_80", 108, "tf32", 8, 8192);
	try_type("sm_80", 108, "i8", 32, 8192);
	try_type("sm_89", 128, "e4m3", 32, 8192);
	try_type("sm_100", 148, "e5m2", 32, 8192);
}

static void f64_in_both_forms(void **state) {
	(void)state;
	try_type("sm_80", 108, "f64", 16, 4096);
	try_type("sm_90", 132, "f64", 16, 4096);
}

static void refuse(const char *arch, const char *problem, const char *reason) {
	struct wm_trial_place at;
	struct wm_problem p;

	wm_emulated_open(&at, arch);
	struct wm_run run = {.problem = &p, .backend = at.backend, .dev = &at.dev, .sets = 1};
	wm_trial_must(problem, "parse", wm_problem_parse(problem, &p));
	assert_int_equal(tensor->can_run(&run), WM_UNSUPPORTED);
	assert_string_equal(wm_why(), reason);
}

static void what_it_cannot_do_is_named(void **state) {
	(void)state;
	refuse("sm_90", "fma:dtype=f32", "no matrix instruction multiplies f32: tf32 is a type of its own");
	refuse("sm_75", "fma:dtype=f16", "matrix instructions of f16 need compute capability 8.0, cuda:0 is sm_75");
	refuse("sm_86", "fma:dtype=e4m3", "matrix instructions of e4m3 need compute capability 8.9, cuda:0 is sm_86");
	refuse("sm_90", "fma:iters=40,dtype=e4m3",
	       "iters=40 is no multiple of 32, the products of e4m3 that one instruction adds");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wgmma_adds_what_was_asked),  cmocka_unit_test(wide_wgmma_too),
		cmocka_unit_test(mma_adds_what_was_asked),    cmocka_unit_test(f64_in_both_forms),
		cmocka_unit_test(what_it_cannot_do_is_named),
	};
	tensor = wm_impl_find("fma", "tensor");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
