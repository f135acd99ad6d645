/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_gemm_mma.c - gemm / mma run lane by lane, held against the benchmark's own verification: every kernel of the
 * text, each edge of a tile, a ring that goes round. With an argument: that problem alone.
 */
#include "backend.h"

#include "core/problem.h"
#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct wm_trial_place place;
static const struct wm_impl *mma;

static int start(void **state) {
	(void)state;
	wm_emulated_open(&place, "sm_120");
	mma = wm_impl_find("gemm", "mma");
	return 0;
}

static void try_sizes(const char *sizes, const char *dtype) {
	static const char *const layouts[] = {"tn", "nn", "nt", "tt"};
	for (int i = 0; i < 4; i++) {
		char problem[WM_PROBLEM_CHARS];
		snprintf(problem, sizeof(problem), "gemm:%s,trans=%s,dtype=%s", sizes, layouts[i], dtype);
		wm_trial(&place, mma, problem);
	}
}

/* Lines of whole pieces of 16 bytes: asynchronous copies, and more than one tile; the ring goes round. */
static void bf16_in_pieces_is_right(void **state) {
	(void)state;
	try_sizes("m=136,n=136,k=168", "bf16");
}
static void f16_in_pieces_is_right(void **state) {
	(void)state;
	try_sizes("m=72,n=40,k=40", "f16");
}
static void others_in_pieces_are_right(void **state) {
	(void)state;
	wm_trial(&place, mma, "gemm:m=136,n=20,k=84,dtype=tf32");
	wm_trial(&place, mma, "gemm:m=136,n=20,k=336,dtype=i8");
	wm_trial(&place, mma, "gemm:m=36,n=68,k=42,dtype=f64");
	wm_trial(&place, mma, "gemm:m=136,n=20,k=336,dtype=e4m3");
	wm_trial(&place, mma, "gemm:m=40,n=20,k=144,dtype=e5m2");
}

/* Lines that begin anywhere. */
static void odd_sizes_are_right(void **state) {
	(void)state;
	try_sizes("m=131,n=33,k=77", "bf16");
	try_sizes("m=33,n=35,k=3", "f16");
	try_sizes("m=33,n=35,k=37", "tf32");
	try_sizes("m=33,n=35,k=131", "i8");
	try_sizes("m=17,n=9,k=13", "f64");
	try_sizes("m=33,n=35,k=131", "e4m3");
	try_sizes("m=3,n=5,k=7", "e5m2");
	try_sizes("m=1,n=1,k=1", "bf16");
}
/* Buffers of the exact size, whose ends the address sanitizer watches. */
static void nothing_beyond_the_operands_is_read(void **state) {
	(void)state;
	place.guard = 0;
	try_sizes("m=40,n=24,k=40", "f16");
	try_sizes("m=33,n=35,k=3", "f16");
	try_sizes("m=20,n=12,k=24", "tf32");
	place.guard = WM_TRIAL_GUARD;
}
static void sums_in_f32_are_kept(void **state) {
	(void)state;
	wm_trial(&place, mma, "gemm:m=36,n=35,k=40,dtype=bf16,trans=nt,out=f32");
	wm_trial(&place, mma, "gemm:m=37,n=35,k=40,dtype=f16,out=f32");
}

/* What a device lacks is told, and a newer one is let pass. */
static void refuse(const char *arch, const char *problem, const char *newer, const char *reason) {
	struct wm_problem p;
	struct wm_device dev = place.dev;
	struct wm_run run = {.problem = &p, .backend = place.backend, .dev = &dev, .sets = 1};
	wm_trial_must(problem, "parse", wm_problem_parse(problem, &p));
	snprintf(dev.arch, sizeof(dev.arch), "%s", arch);
	assert_int_equal(mma->can_run(&run), WM_UNSUPPORTED);
	assert_string_equal(wm_why(), reason);
	if (newer) {
		snprintf(dev.arch, sizeof(dev.arch), "%s", newer);
		assert_int_equal(mma->can_run(&run), WM_OK);
	}
}
static void what_a_device_lacks_is_told(void **state) {
	(void)state;
	refuse("sm_75", "gemm:m=8,dtype=bf16", "sm_80", "mma.sync takes bf16 from sm_80 on, cuda:0 is sm_75");
	refuse("sm_86", "gemm:m=8,dtype=e4m3", "sm_89", "mma.sync takes e4m3 from sm_89 on, cuda:0 is sm_86");
	refuse("sm_90", "gemm:m=8,dtype=f32", NULL,
	       "no tensor core multiplies IEEE f32: its operands have at most 11 bits");
}

static const char *asked;

static void the_problem_that_was_asked_for(void **state) {
	(void)state;
	wm_trial(&place, mma, asked);
}

int main(int argc, char **argv) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bf16_in_pieces_is_right),
		cmocka_unit_test(f16_in_pieces_is_right),
		cmocka_unit_test(others_in_pieces_are_right),
		cmocka_unit_test(odd_sizes_are_right),
		cmocka_unit_test(nothing_beyond_the_operands_is_read),
		cmocka_unit_test(sums_in_f32_are_kept),
		cmocka_unit_test(what_a_device_lacks_is_told),
	};
	const struct CMUnitTest one[] = {cmocka_unit_test(the_problem_that_was_asked_for)};
	if (argc == 2) {
		asked = argv[1];
		return cmocka_run_group_tests(one, start, NULL);
	}
	return cmocka_run_group_tests(tests, start, NULL);
}
