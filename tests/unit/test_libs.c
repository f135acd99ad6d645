/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_libs.c - the libraries that are opened at run time, held against the benchmark's own verification: all
 * layouts, odd sizes, every type that they have. One that is not installed is a skip. What they refuse is said.
 */
#include "../inject/sets.h"

#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 33, THREADS = 2, PAGE = 4096, MAX_DEVICES = 16 };

static const char *const layouts[] = {"nn", "nt", "tn", "tt"};
static const char *const shapes[] = {"m=1", "m=7,n=13,k=129", "m=129,n=3,k=70", "m=33,n=90,k=1", "m=64"};
enum { LAYOUTS = 4, SHAPES = 5 };

/* ---- on the host -------------------------------------------------------------------------------- */

/* Ends the test as a skip, with the reason, when the library is not here or has no such product. */
static void must_run(struct wm_set *set, const char *impl, enum wm_status st) {
	const char *problem = set->p.str;

	if (st == WM_SKIP || st == WM_UNSUPPORTED) {
		print_message("%s by %s: %s\n", problem, impl, wm_why());
		wm_set_close(set);
		skip();
	}
	if (st != WM_OK)
		fail_msg("%s by %s: %s", problem, impl, wm_why());
}

static void holds_on_host(const char *problem, const char *impl) {
	struct wm_check check;
	struct wm_set set;

	wm_set_open(&set, problem);
	for (int part = WM_EXACT; part <= WM_TIMED; part++) {
		wm_set_fill(&set, (enum wm_data_part)part, SEED);
		must_run(&set, impl, wm_set_run(&set, wm_impl_find(set.p.bench->name, impl), THREADS));
		if (wm_set_verify(&set, (enum wm_data_part)part, SEED, &check) != WM_OK)
			fail_msg("%s by %s: %s", problem, impl, wm_why());
		assert_true(check.compared > 0);
		assert_true(wm_set_slack_whole(&set));
	}
	wm_set_close(&set);
}

static void every_layout_holds(const char *dtype, void (*holds)(const char *problem, const char *impl),
                               const char *impl) {
	char problem[128];

	for (int l = 0; l < LAYOUTS; l++)
		for (int s = 0; s < SHAPES; s++) {
			snprintf(problem, sizeof(problem), "gemm:%s,trans=%s,dtype=%s", shapes[s], layouts[l], dtype);
			holds(problem, impl);
		}
}

static void blis_is_right(void **state) {
	(void)state;
	every_layout_holds("f32", holds_on_host, "blis");
	every_layout_holds("f64", holds_on_host, "blis");
}

static void onednn_is_right_in_f32(void **state) {
	(void)state;
	every_layout_holds("f32", holds_on_host, "onednn");
}

static void onednn_is_right_in_bf16(void **state) {
	(void)state;
	every_layout_holds("bf16", holds_on_host, "onednn");
	every_layout_holds("bf16,out=f32", holds_on_host, "onednn");
}

static void onednn_is_right_in_i8(void **state) {
	(void)state;
	every_layout_holds("i8", holds_on_host, "onednn");
}

/* Only some versions on some CPUs have it. */
static void onednn_is_right_in_f16_or_unsupported(void **state) {
	(void)state;
	every_layout_holds("f16", holds_on_host, "onednn");
}

/* Decode and prefill, shared kv heads, masks with more keys than queries, lengths beside every block size. */
static void onednn_attends(void **state) {
	static const char *const problems[] = {
		"heads=1,sq=1,d=1",
		"heads=3,sq=33,d=40",
		"batch=2,heads=4,sq=65,sk=129,d=64,causal=yes",
		"batch=2,heads=6,kvheads=2,sq=17,sk=40,d=32,causal=yes",
		"heads=8,kvheads=2,sq=1,sk=200,d=128,causal=yes",
		"batch=3,heads=4,kvheads=1,sq=1,sk=77,d=72",
	};
	char problem[128];

	(void)state;
	for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++) {
		snprintf(problem, sizeof(problem), "attention:%s", problems[i]);
		holds_on_host(problem, "onednn");
	}
}

/* ---- on an OpenCL device ------------------------------------------------------------------------ */

static const struct wm_backend *ocl;
static struct wm_device dev;
static bool found;

static int start(void **state) {
	struct wm_device all[MAX_DEVICES];
	int n;

	(void)state;
	ocl = wm_backend_find("opencl");
	if (ocl->find(all, MAX_DEVICES, &n) == WM_OK && !all[0].off[0]) {
		dev = all[0];
		found = true;
		return (int)ocl->open(&dev);
	}
	return 0;
}

static int stop(void **state) {
	(void)state;
	if (found)
		ocl->close(&dev);
	return 0;
}

/* From filled host memory to device buffers, one operation, and back. */
static enum wm_status run_there(struct wm_set *set, const struct wm_impl *impl) {
	struct wm_buf buf[WM_MAX_TENSORS];
	struct wm_run run = {.problem = &set->p, .backend = ocl, .dev = &dev, .tensors = set->n, .sets = 1, .buf = buf};
	enum wm_status st = impl->can_run(&run);

	if (st != WM_OK)
		return st;
	for (int i = 0; i < set->n; i++) {
		assert_int_equal(ocl->alloc(&dev, (set->bytes[i] / PAGE + 1) * PAGE, &buf[i]), WM_OK);
		assert_int_equal(ocl->put(&dev, &buf[i], 0, set->host[i], set->bytes[i]), WM_OK);
	}
	st = impl->prepare(&run);
	/* what prepare left in an output does not count */
	for (int i = 0; i < set->n; i++)
		if (set->t[i].output)
			assert_int_equal(ocl->put(&dev, &buf[i], 0, set->host[i], set->bytes[i]), WM_OK);
	if (st == WM_OK)
		st = impl->enqueue(&run, 0);
	if (st == WM_OK)
		st = ocl->sync(&dev);
	impl->finish(&run);
	for (int i = 0; i < set->n; i++) {
		assert_int_equal(ocl->get(&dev, set->host[i], &buf[i], 0, set->bytes[i]), WM_OK);
		ocl->free(&dev, &buf[i]);
	}
	return st;
}

static void holds_there(const char *problem, const char *impl) {
	struct wm_check check;
	struct wm_set set;

	wm_set_open(&set, problem);
	for (int part = WM_EXACT; part <= WM_TIMED; part++) {
		wm_set_fill(&set, (enum wm_data_part)part, SEED);
		must_run(&set, impl, run_there(&set, wm_impl_find(set.p.bench->name, impl)));
		if (wm_set_verify(&set, (enum wm_data_part)part, SEED, &check) != WM_OK)
			fail_msg("%s by %s: %s", problem, impl, wm_why());
	}
	wm_set_close(&set);
}

static void clblast_is_right(void **state) {
	(void)state;
	if (!found)
		skip();
	every_layout_holds("f32", holds_there, "clblast");
	if (dev.features & WM_HAS_F64)
		holds_there("gemm:m=33,n=17,k=65,dtype=f64,trans=nt", "clblast");
}

static void the_handles_are_told(void **state) {
	(void)state;
	if (!found)
		skip();
	assert_non_null(ocl->native(&dev, "queue"));
	assert_non_null(ocl->native(&dev, "context"));
	assert_non_null(ocl->native(&dev, "device"));
	assert_null(ocl->native(&dev, "stream"));
}

/* ---- refusals ----------------------------------------------------------------------------------- */

static void refused(const char *problem, const char *impl, const char *why) {
	struct wm_device bare = {.id = "opencl:0"};
	struct wm_set set = {0};
	struct wm_run run = {.problem = &set.p, .dev = &bare};

	wm_set_open(&set, problem);
	assert_int_equal(wm_impl_find(set.p.bench->name, impl)->can_run(&run), WM_UNSUPPORTED);
	assert_string_equal(wm_why(), why);
	wm_set_close(&set);
}

static void what_they_lack_is_named(void **state) {
	(void)state;
	refused("gemm:m=8,dtype=bf16", "blis", "blis has no bf16");
	refused("gemm:m=8,dtype=f64", "onednn", "onednn has no f64");
	refused("attention:sq=8,dtype=bf16", "onednn",
	        "weights rounded to bf16 after their division are less exact than the problem allows");
	refused("gemm:m=8,dtype=i8", "clblast", "clblast has no i8");
	refused("gemm:m=8,dtype=f16", "clblast", "clblast sums f16 in f16, the problem in f32");
	refused("gemm:m=8,dtype=f64", "clblast", "no cl_khr_fp64");
}

/* They are peers to be asked for, in no suite by themselves. */
static void they_run_when_asked_for(void **state) {
	(void)state;
	assert_true(wm_impl_find("gemm", "blis")->asked_only);
	assert_true(wm_impl_find("gemm", "onednn")->asked_only);
	assert_true(wm_impl_find("attention", "onednn")->asked_only);
	assert_true(wm_impl_find("gemm", "clblast")->asked_only);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blis_is_right),
		cmocka_unit_test(onednn_is_right_in_f32),
		cmocka_unit_test(onednn_is_right_in_bf16),
		cmocka_unit_test(onednn_is_right_in_i8),
		cmocka_unit_test(onednn_is_right_in_f16_or_unsupported),
		cmocka_unit_test(onednn_attends),
		cmocka_unit_test(clblast_is_right),
		cmocka_unit_test(the_handles_are_told),
		cmocka_unit_test(what_they_lack_is_named),
		cmocka_unit_test(they_run_when_asked_for),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
