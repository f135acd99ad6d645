/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_gemm_tiled.c - the portable GEMM on the first OpenCL device, held against the benchmark's own
 * verification: sizes beside every edge of its tiles and steps of k, all types, all layouts. With an
 * argument: that problem alone (tests/kernels/portable.sh runs it so under a checker).
 */
#include "core/problem.h"
#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE = 4096, MAX = 16, SEED = 7 };

static const struct wm_backend *ocl;
static const struct wm_impl *tiled;
static struct wm_device dev;
static bool found;

/*
 * Bytes before and after each buffer, whose views the kernels are given. 0 in the run of one problem: there
 * buffers have the exact size of their tensors and a checker watches the ends.
 */
static size_t guard = PAGE;

static int start(void **state) {
	(void)state;
	struct wm_device all[MAX];
	int n;
	ocl = wm_backend_find("opencl");
	tiled = wm_impl_find("gemm", "tiled");
	if (ocl->find(all, MAX, &n)) {
		printf("skipped: %s\n", wm_why());
		return 0;
	}
	dev = all[0];
	found = !dev.off[0];
	return found ? (int)ocl->open(&dev) : 0;
}

static int stop(void **state) {
	(void)state;
	if (found)
		ocl->close(&dev);
	return 0;
}

/* Prints why a step failed before the assertion ends the test. */
static void must(const char *problem, const char *step, enum wm_status st) {
	if (st)
		print_error("%s: %s: %s: %s\n", problem, step, wm_status_word(st), wm_why());
	assert_int_equal(st, WM_OK);
}

/* One problem, from filling to verifying, for both data parts; or its refusal. */
struct trial {
	struct wm_problem problem;
	struct wm_tensor tensors[WM_MAX_TENSORS];
	struct wm_buf whole[WM_MAX_TENSORS], buf[WM_MAX_TENSORS];
	void *host[WM_MAX_TENSORS];
	size_t room[WM_MAX_TENSORS]; /* bytes of what the kernels are given: whole pages, or exact without guard */
	struct wm_run run;
};

static void set_up(struct trial *t) {
	int n;
	must(t->problem.str, "tensors", t->problem.bench->tensors(&t->problem, t->tensors, &n));
	for (int i = 0; i < n; i++) {
		size_t bytes = t->tensors[i].count * wm_dtype_bytes(t->tensors[i].dtype);
		t->room[i] = guard ? (bytes + PAGE - 1) / PAGE * PAGE : bytes;
		t->host[i] = wm_zalloc(t->room[i] + guard);
		must(t->problem.str, "alloc", ocl->alloc(&dev, t->room[i] + 2 * guard, &t->whole[i]));
		t->buf[i] = t->whole[i];
		if (guard)
			must(t->problem.str, "view", ocl->view(&dev, &t->whole[i], guard, t->room[i], &t->buf[i]));
	}
	t->run.tensors = n;
	t->run.buf = t->buf;
	must(t->problem.str, "prepare", tiled->prepare(&t->run));
}

static void tear_down(struct trial *t) {
	tiled->finish(&t->run);
	for (int i = 0; i < t->run.tensors; i++) {
		if (guard)
			ocl->free(&dev, &t->buf[i]);
		ocl->free(&dev, &t->whole[i]);
		free(t->host[i]);
	}
}

/* Nothing is written beyond the last element: neither in the view's own last page nor in the page after. */
static void check_after_end(struct trial *t, int i) {
	size_t bytes = t->tensors[i].count * wm_dtype_bytes(t->tensors[i].dtype);
	unsigned char *host = t->host[i];
	must(t->problem.str, "get", ocl->get(&dev, host, &t->whole[i], guard, t->room[i] + guard));
	for (size_t at = bytes; at < t->room[i] + guard; at++)
		if (host[at] != 0xa5)
			fail_msg("%s: byte %zu after the end of tensor %d was written", t->problem.str, at - bytes, i);
}

static void compute(struct trial *t, enum wm_data_part part) {
	const char *name = t->problem.str;
	const struct wm_bench *bench = t->problem.bench;
	struct wm_check check;
	for (int i = 0; i < t->run.tensors; i++) {
		memset(t->host[i], 0xa5, t->room[i] + guard);
		if (!t->tensors[i].output)
			bench->fill(&t->problem, i, part, SEED, t->host[i]);
		must(name, "put", ocl->put(&dev, &t->whole[i], guard, t->host[i], t->room[i] + guard));
	}
	must(name, "enqueue", tiled->enqueue(&t->run, 0));
	must(name, "sync", ocl->sync(&dev));
	for (int i = 0; i < t->run.tensors; i++)
		if (t->tensors[i].output)
			check_after_end(t, i);
	must(name, part == WM_EXACT ? "verify exact" : "verify timed",
	     bench->verify(&t->problem, part, SEED, t->host, &check));
	assert_true(check.compared > 0);
}

static void try(const char *text) {
	struct trial t = {0};
	must(text, "parse", wm_problem_parse(text, &t.problem));
	t.run = (struct wm_run){.problem = &t.problem, .backend = ocl, .dev = &dev, .sets = 1};
	enum wm_status st = tiled->can_run(&t.run);
	if (st == WM_UNSUPPORTED)
		skip();
	must(text, "can_run", st);
	set_up(&t);
	compute(&t, WM_EXACT);
	compute(&t, WM_TIMED);
	tear_down(&t);
}

static void try_sizes(const char *dtype, const char *trans) {
	static const int sizes[][3] = {
		{1, 1, 1}, {32, 8, 16}, {33, 9, 17}, {31, 7, 15}, {65, 33, 1}, {1, 65, 40}, {64, 1, 129}, {130, 70, 1100},
	};
	if (!found)
		skip();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char text[WM_PROBLEM_CHARS];
		snprintf(text, sizeof(text), "gemm:m=%d,n=%d,k=%d,dtype=%s,trans=%s", sizes[i][0], sizes[i][1], sizes[i][2],
		         dtype, trans);
		try(text);
	}
}

static void try_layouts(const char *dtype) {
	static const char *const layouts[] = {"nn", "nt", "tn", "tt"};
	for (int i = 0; i < 4; i++)
		try_sizes(dtype, layouts[i]);
}

static void f64_is_right(void **state) {
	(void)state;
	try_layouts("f64");
}
static void f32_is_right(void **state) {
	(void)state;
	try_layouts("f32");
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
	struct wm_run run = {.problem = &p, .backend = ocl, .dev = &bare, .sets = 1};
	snprintf(text, sizeof(text), "gemm:m=8,n=8,k=8,dtype=%s", dtype);
	must(text, "parse", wm_problem_parse(text, &p));
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

static uint64_t allocated, largest;

static enum wm_status count_alloc(struct wm_device *device, size_t bytes, struct wm_buf *buf_p) {
	assert_true(bytes > 0 && bytes % PAGE == 0);
	allocated += bytes;
	largest = bytes > largest ? bytes : largest;
	return ocl->alloc(device, bytes, buf_p);
}

/* What is said beforehand is what prepare takes, and a device with less is refused before anything is taken. */
static void the_workspace_is_what_was_said(void **state) {
	static const char *const problems[] = {"gemm:m=1", "gemm:m=33,n=70,k=1025", "gemm:m=100,n=9,k=17,dtype=i8",
	                                       "gemm:m=5,n=300,k=1024,dtype=f64", "gemm:m=40,dtype=bf16,trans=nt"};
	struct wm_backend counting = *ocl;
	(void)state;
	if (!found)
		skip();
	counting.alloc = count_alloc;
	for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++) {
		struct wm_problem p;
		struct wm_device small = dev;
		struct wm_run run = {.problem = &p, .backend = &counting, .dev = &dev, .sets = 1};
		char needs[64];
		allocated = largest = 0;
		must(problems[i], "parse", wm_problem_parse(problems[i], &p));
		must(problems[i], "prepare", tiled->prepare(&run));
		tiled->finish(&run);
		assert_int_equal(tiled->workspace(&p), allocated);
		run.dev = &small;
		small.features = WM_HAS_F16 | WM_HAS_F64;
		small.max_alloc_bytes = largest;
		assert_int_equal(tiled->can_run(&run), WM_OK);
		small.max_alloc_bytes = largest - 1;
		assert_int_equal(tiled->can_run(&run), WM_SKIP);
		snprintf(needs, sizeof(needs), "a buffer of %llu bytes, the device's largest is %llu bytes",
		         (unsigned long long)largest, (unsigned long long)largest - 1);
		assert_non_null(strstr(wm_why(), needs));
	}
}

/* Sizes that no device has are large numbers, not small ones. */
static void a_huge_workspace_stays_huge(void **state) {
	struct wm_problem p;
	(void)state;
	must("huge", "parse", wm_problem_parse("gemm:m=2147483647,n=1,k=2147483647,dtype=i8", &p));
	assert_true(tiled->workspace(&p) >= (uint64_t)1 << 62);
}

static const char *asked;

static void the_problem_asked_for_is_right(void **state) {
	(void)state;
	if (!found)
		skip();
	try(asked);
}

int main(int argc, char **argv) {
	const struct CMUnitTest one[] = {cmocka_unit_test(the_problem_asked_for_is_right)};
	if (argc == 2) {
		asked = argv[1];
		guard = 0;
		return cmocka_run_group_tests(one, start, stop);
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missing_type_is_named),
		cmocka_unit_test(f64_is_right),
		cmocka_unit_test(f32_is_right),
		cmocka_unit_test(f16_is_right_or_unsupported),
		cmocka_unit_test(bf16_is_right),
		cmocka_unit_test(i8_is_right),
		cmocka_unit_test(sums_in_f32_are_kept),
		cmocka_unit_test(sums_in_f32_are_kept_of_f16),
		cmocka_unit_test(the_workspace_is_what_was_said),
		cmocka_unit_test(a_huge_workspace_stays_huge),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
