/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_ceilings.c - the portable read, copy, triad and fma on the first OpenCL device, in the shape for CPUs and in
 * that for GPUs, held against their benchmarks' own verification: sizes beside every edge of their vectors and runs.
 * With arguments PROBLEM and cpu or gpu: that problem alone in that shape (tests/kernels/portable.sh runs it so under a
 * checker).
 */
#include "../inject/trial.h"

#include "core/problem.h"
#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct wm_trial_place place = {.guard = WM_TRIAL_GUARD};

static int start(void **state) {
	(void)state;
	return wm_trial_open(&place, "opencl") ? 0 : -1;
}

static int stop(void **state) {
	(void)state;
	wm_trial_close(&place);
	return 0;
}

static const struct wm_impl *vec_of(const char *problem) {
	char bench[16];
	snprintf(bench, sizeof(bench), "%.*s", (int)strcspn(problem, ":"), problem);
	return wm_impl_find(bench, "vec");
}

/* The launcher goes by whether the device is the host's CPU, and by how many units it has: with one, runs are long. */
static void try_shapes(const char *problem) {
	struct wm_device as_found = place.dev;
	place.dev.units = 1;
	place.dev.on_host = true;
	wm_trial(&place, vec_of(problem), problem);
	place.dev.units = 64;
	place.dev.on_host = false;
	wm_trial(&place, vec_of(problem), problem);
	place.dev = as_found;
}

/* Elements: fewer than a vector, than a tile of a group, just beyond, and more than a run. */
static void try_arrays(const char *bench) {
	static const char *const rest[] = {"bytes=4",      "bytes=68",           "bytes=16396",
	                                   "bytes=400012", "bytes=24,dtype=f64", "bytes=1200024,dtype=f64"};
	char text[WM_PROBLEM_CHARS];
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
		snprintf(text, sizeof(text), "%s:%s", bench, rest[i]);
		try_shapes(text);
	}
}

static void read_is_right(void **state) {
	(void)state;
	try_arrays("read");
}
static void copy_is_right(void **state) {
	(void)state;
	try_arrays("copy");
}
static void triad_is_right(void **state) {
	(void)state;
	try_arrays("triad");
}

static void fma_is_right(void **state) {
	(void)state;
	try_shapes("fma:n=1,iters=1");
	try_shapes("fma:n=2048,iters=100");
	try_shapes("fma:n=2049,iters=16,dtype=f64");
	try_shapes("fma:n=5003,iters=4097");
}

static enum wm_status answer(const char *problem, uint32_t features) {
	struct wm_problem p;
	struct wm_device bare = {.id = "opencl:0", .name = "a device", .features = features};
	struct wm_run run = {.problem = &p, .backend = place.backend, .dev = &bare, .sets = 1};
	wm_trial_must(problem, "parse", wm_problem_parse(problem, &p));
	return vec_of(problem)->can_run(&run);
}

static void refuse(const char *problem, const char *reason) {
	assert_int_equal(answer(problem, 0), WM_UNSUPPORTED);
	assert_string_equal(wm_why(), reason);
}

/* read sums in f64 whatever it reads. */
static void what_is_missing_is_named(void **state) {
	(void)state;
	refuse("read:bytes=4K,dtype=f32", "no cl_khr_fp64");
	refuse("triad:bytes=4K,dtype=f64", "no cl_khr_fp64");
	refuse("fma:n=64,dtype=f64", "no cl_khr_fp64");
	assert_int_equal(answer("read:bytes=4K,dtype=f32", WM_HAS_F64), WM_OK);
	assert_int_equal(answer("copy:bytes=4K,dtype=f32", 0), WM_OK);
	refuse("fma:n=64,dtype=bf16", "the portable languages have no multiply-add of bf16 with longer sums");
}

int main(int argc, char **argv) {
	if (argc == 3)
		return wm_trial_asked("vec", argv[1], !strcmp(argv[2], "gpu"));
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_is_named), cmocka_unit_test(read_is_right), cmocka_unit_test(copy_is_right),
		cmocka_unit_test(triad_is_right),           cmocka_unit_test(fma_is_right),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
