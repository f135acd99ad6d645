/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_gemm_tiled.c - the portable GEMM on the first OpenCL device, in the shape for CPUs and in that for GPUs, held
 * against the benchmark's own verification: sizes beside every edge of its tiles and steps of k, all types, all
 * layouts. With arguments PROBLEM and cpu or gpu: that problem alone in that shape (tests/kernels/portable.sh runs it
 * so under a checker).
 */
#include "../inject/trial.h"

#include "core/problem.h"
#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct wm_impl *tiled;
static struct wm_trial_place place = {.guard = WM_TRIAL_GUARD};

static int start(void **state) {
	(void)state;
	tiled = wm_impl_find("gemm", "tiled");
	return wm_trial_open(&place, "opencl") ? 0 : -1;
}

static int stop(void **state) {
	(void)state;
	wm_trial_close(&place);
	return 0;
}

/* In a GPU's shape, of large blocks where the device has few units and of small ones where it has many. */
static void try_block(int m, int n, int k, int units, const char *dtype, const char *trans) {
	struct wm_device as_found = place.dev;
	char text[WM_PROBLEM_CHARS];
	snprintf(text, sizeof(text), "gemm:m=%d,n=%d,k=%d,dtype=%s,trans=%s", m, n, k, dtype, trans);
	place.dev.on_host = false;
	place.dev.units = units;
	wm_trial(&place, tiled, text);
	place.dev = as_found;
}

static void try_sizes(const char *dtype, const char *trans) {
	static const int sizes[][3] = {
		{1, 1, 1},   {32, 8, 16},  {33, 9, 17},     {31, 7, 15},   {65, 33, 1},
		{1, 65, 40}, {64, 1, 129}, {130, 70, 1100}, {300, 90, 33},
	};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char text[WM_PROBLEM_CHARS];
		snprintf(text, sizeof(text), "gemm:m=%d,n=%d,k=%d,dtype=%s,trans=%s", sizes[i][0], sizes[i][1], sizes[i][2],
		         dtype, trans);
		wm_trial(&place, tiled, text);
	}
}

static void try_layouts(const char *dtype) {
	static const char *const layouts[] = {"nn", "nt", "tn", "tt"};
	for (int i = 0; i < 4; i++)
		try_sizes(dtype, layouts[i]);
	try_block(129, 127, 17, 1, dtype, "tn");
	try_block(66, 70, 33, 64, dtype, "nt");
}

static void f64_is_right(void **state) {
	(void)state;
	try_layouts("f64");
}
static void f32_is_right(void **state) {
	(void)state;
	try_layouts("f32");
}
/* Edges of a block, one step of k and several, more than a band of columns; in one type, since texts differ in little
 * else. */
static void blocks_of_a_gpu_are_right(void **state) {
	(void)state;
	try_block(1, 1, 1, 1, "f32", "nn");
	try_block(128, 256, 8, 1, "f32", "nn");
	try_block(257, 129, 7, 1, "f32", "tt");
	try_block(64, 63, 130, 64, "f32", "nn");
	try_block(3, 600, 9, 64, "f32", "tt");
}
static void f16_is_right_or_unsupported(void **state) {
	(void)state;
	try_layouts("f16");
}
static void bf16_is_right(void **state) {
	(void)state;
	try_layouts("bf16");
}
/* One rounding less: C keeps the sums. */
static void sums_in_f32_are_kept(void **state) {
	(void)state;
	try_layouts("bf16,out=f32");
}
static void sums_in_f32_are_kept_of_f16(void **state) {
	(void)state;
	try_layouts("f16,out=f32");
}
static void i8_is_right(void **state) {
	(void)state;
	try_layouts("i8");
}

static void refuse(const char *dtype, const char *reason) {
	struct wm_problem p;
	char text[64];
	struct wm_device bare = {.id = "opencl:0", .name = "a device without features"};
	struct wm_run run = {.problem = &p, .backend = place.backend, .dev = &bare, .sets = 1};
	snprintf(text, sizeof(text), "gemm:m=8,n=8,k=8,dtype=%s", dtype);
	wm_trial_must(text, "parse", wm_problem_parse(text, &p));
	assert_int_equal(tiled->can_run(&run), WM_UNSUPPORTED);
	assert_string_equal(wm_why(), reason);
	bare.features = WM_HAS_F16 | WM_HAS_F64;
	assert_int_equal(tiled->can_run(&run), WM_OK);
}

static void a_missing_type_is_named(void **state) {
	(void)state;
	refuse("f16", "no cl_khr_fp16");
	refuse("f64", "no cl_khr_fp64");
}

/* ---- the workspace -------------------------------------------------------------------------------- */

/* What is said beforehand is what prepare takes, and a device with less is refused before anything is taken. */
static void the_workspace_is_what_was_said(void **state) {
	static const char *const problems[] = {"gemm:m=1", "gemm:m=33,n=70,k=1025", "gemm:m=100,n=9,k=17,dtype=i8",
	                                       "gemm:m=5,n=300,k=1024,dtype=f64", "gemm:m=40,dtype=bf16,trans=nt"};
	(void)state;
	for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++)
		wm_trial_workspace(&place, tiled, problems[i]);
}

/* Sizes that no device has are large numbers, not small ones. */
static void a_huge_workspace_stays_huge(void **state) {
	struct wm_problem p;
	(void)state;
	wm_trial_must("huge", "parse", wm_problem_parse("gemm:m=2147483647,n=1,k=2147483647,dtype=i8", &p));
	assert_true(tiled->workspace(&p, &place.dev) >= (uint64_t)1 << 62);
}

/* A GPU takes none, and as many blocks as a launch can have. */
static void blocks_need_no_workspace(void **state) {
	struct wm_problem p;
	struct wm_device gpu = {.id = "cuda:0", .name = "a GPU", .units = 132};
	struct wm_run run = {.problem = &p, .backend = place.backend, .dev = &gpu, .sets = 1};
	(void)state;
	wm_trial_must("largest", "parse", wm_problem_parse("gemm:m=2147418112,n=16383,k=1", &p));
	assert_true(tiled->workspace(&p, &gpu) == 0);
	assert_int_equal(tiled->can_run(&run), WM_OK);
	wm_trial_must("larger", "parse", wm_problem_parse("gemm:m=2147418112,n=16385,k=1", &p));
	assert_int_equal(tiled->can_run(&run), WM_UNSUPPORTED);
	assert_string_equal(wm_why(), "C has 2164194816 blocks of 128 x 128, at most 2147483647 can be launched");
}

int main(int argc, char **argv) {
	if (argc == 3)
		return wm_trial_asked("tiled", argv[1], !strcmp(argv[2], "gpu"));
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missing_type_is_named),
		cmocka_unit_test(f64_is_right),
		cmocka_unit_test(f32_is_right),
		cmocka_unit_test(blocks_of_a_gpu_are_right),
		cmocka_unit_test(f16_is_right_or_unsupported),
		cmocka_unit_test(bf16_is_right),
		cmocka_unit_test(i8_is_right),
		cmocka_unit_test(sums_in_f32_are_kept),
		cmocka_unit_test(sums_in_f32_are_kept_of_f16),
		cmocka_unit_test(the_workspace_is_what_was_said),
		cmocka_unit_test(a_huge_workspace_stays_huge),
		cmocka_unit_test(blocks_need_no_workspace),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
