/* SPDX-License-Identifier: Apache-2.0 */
/* test_cases.c - which cases a suite makes on which devices, their ids and order, and how many sets rotate. */
#include "core/cases.h"
#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A machine with a CPU, a part of it that somebody asked for, and two OpenCL devices. */
static const struct wm_device devs[] = {
	{.id = "host", .backend = "host", .name = "Some CPU"},
	{.id = "host:numa=0", .backend = "host", .name = "Some CPU"},
	{.id = "opencl:0", .backend = "opencl", .name = "Some GPU", .pci = "0000:41:00.0"},
	{.id = "opencl:1", .backend = "opencl", .name = "Some GPU", .pci = "0000:42:00.0", .uuid = "GPU-77"},
};
enum { NDEVS = 4 };

/* "impl@device .." of the cases that words (patterns or suites) make, or the reason for none. */
static const char *expand(const char *pattern, const char *devices, const char *impls, int ndevs) {
	static char text[1024];
	struct wm_suite suite = {0};
	struct wm_cases cases = {0};
	size_t used = 0;

	assert_int_equal(wm_suite_add(pattern, &suite), WM_OK);
	if (wm_cases_expand(&suite, devs, ndevs, devices, impls, &cases) == WM_OK) {
		text[0] = 0;
		for (size_t i = 0; i < cases.n; i++)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s@%s", i ? " " : "", cases.v[i].impl->name,
			                         devs[cases.v[i].device].id);
	} else {
		snprintf(text, sizeof(text), "%s", wm_why());
	}
	wm_cases_free(&cases);
	wm_suite_free(&suite);
	return text;
}

static void choice(void **state) {
	(void)state;
	/* all: every device that was found, but no part of the host; every implementation but those asked for by name */
	assert_string_equal(expand("gemm:m=64", "", "", NDEVS), "cblas@host tiled@opencl:0 tiled@opencl:1");
	assert_string_equal(expand("gemm:m=64", "all", "", NDEVS), "cblas@host tiled@opencl:0 tiled@opencl:1");
	assert_string_equal(expand("gemm:m=64", "opencl", "", NDEVS), "tiled@opencl:0 tiled@opencl:1");
	assert_string_equal(expand("gemm:m=64", "opencl:1", "", NDEVS), "tiled@opencl:1");
	assert_string_equal(expand("gemm:m=64", "host", "", NDEVS), "cblas@host");
	assert_string_equal(expand("gemm:m=64", "host:numa=0/host", "", NDEVS), "cblas@host cblas@host:numa=0");
	assert_string_equal(expand("gemm:m=64", "", "ref", NDEVS), "ref@host");
	assert_string_equal(expand("gemm:m=64", "", "ref/tiled", NDEVS), "ref@host tiled@opencl:0 tiled@opencl:1");
	/* the same case asked for twice is one case */
	assert_string_equal(expand("gemm:m=64/64", "host/all/host", "cblas/cblas", NDEVS), "cblas@host");
}

/* What an implementation usually takes to prepare is part of what its case should take. */
static void preparation_counts(void **state) {
	static const struct wm_device gpu = {.id = "cuda:0", .backend = "cuda", .name = "Some GPU"};
	struct wm_suite suite = {0};
	struct wm_cases cases = {0};

	(void)state;
	assert_int_equal(wm_suite_add("gemm:m=64", &suite), WM_OK);
	assert_int_equal(wm_cases_expand(&suite, &gpu, 1, "", "blaslt/blaslt_tuned", &cases), WM_OK);
	assert_int_equal(cases.n, 2);
	assert_true(cases.v[1].impl->prepare_s > 0);
	assert_float_equal(cases.v[1].expect_s - cases.v[0].expect_s, cases.v[1].impl->prepare_s, 1e-9);
	wm_cases_free(&cases);
	wm_suite_free(&suite);
}

static void refusals(void **state) {
	(void)state;
	assert_string_equal(expand("gemm", "opencl:7", "", NDEVS), "unknown device 'opencl:7'; did you mean 'opencl:0'?");
	assert_string_equal(expand("gemm", "hots", "", NDEVS), "unknown device 'hots'; did you mean 'host'?");
	assert_string_equal(expand("gemm", "cuda:0", "", 1), "no cuda device here; see wattmark list");
	assert_string_equal(expand("gemm", "tpu", "", NDEVS),
	                    "unknown device 'tpu'; known: host host:numa=0 opencl:0 opencl:1 opencl cuda all");
	assert_string_equal(expand("gemm", "opencl", "", 1), "no opencl device here; see wattmark list");
	assert_string_equal(expand("gemm", "", "", 0), "no device at all; see wattmark list");
	assert_string_equal(expand("gemm", "", "cblass", NDEVS), "unknown implementation 'cblass'; did you mean 'cblas'?");
	assert_ptr_equal(strstr(expand("gemm", "", "simd", NDEVS), "unknown implementation 'simd'; known: cblas blis "),
	                 expand("gemm", "", "simd", NDEVS));
	assert_string_equal(
		expand("gemm", "opencl", "cblas", NDEVS),
		"nothing to run: no implementation of gemm among cblas runs on device opencl; see wattmark list");
}

static struct wm_job *add_job(struct wm_suite *suite, struct wm_job *jobs, const char *pattern) {
	struct wm_job *job = &jobs[suite->n++];

	suite->jobs = jobs;
	assert_int_equal(wm_pattern_expand(pattern, &job->problems), WM_OK);
	return job;
}

/* A job's own device and impl hold where the command line says nothing. */
static void jobs(void **state) {
	struct wm_job list[2] = {{.device = "opencl:1", .device_at = "a.ini:3"}, {.impl = "ref", .weigh = true}};
	struct wm_suite suite = {0};
	struct wm_cases cases = {0};

	(void)state;
	add_job(&suite, list, "gemm:m=64");
	add_job(&suite, list, "gemm:m=64/128");
	assert_int_equal(wm_cases_expand(&suite, devs, NDEVS, "", "", &cases), WM_OK);
	assert_int_equal(cases.n, 3);
	assert_int_equal(cases.v[0].device, 3);
	assert_false(cases.v[0].weigh);
	assert_string_equal(cases.v[1].impl->name, "ref");
	assert_true(cases.v[1].weigh);
	/* three 64 x 64 matrices of 4 bytes: start and 8 passes at 1e9 B/s */
	assert_float_equal(cases.v[0].expect_s, 1 + 8 * 3 * 64 * 64 * 4 / 1e9, 1e-12);
	wm_cases_free(&cases);

	assert_int_equal(wm_cases_expand(&suite, devs, NDEVS, "host", "cblas", &cases), WM_OK);
	assert_int_equal(cases.n, 2);
	assert_true(cases.v[0].weigh); /* asked for by one of two jobs that have it */
	wm_cases_free(&cases);

	/* an unknown device of a job file is named with its place */
	assert_int_equal(wm_cases_expand(&suite, devs, 3, "", "", &cases), WM_INPUT);
	assert_string_equal(wm_why(), "a.ini:3: unknown device 'opencl:1'; did you mean 'opencl:0'?");
	wm_cases_free(&cases);
	wm_problems_free(&list[0].problems);
	wm_problems_free(&list[1].problems);
}

static void requests(void **state) {
	struct wm_job list[2] = {{.device = "host:numa=1/opencl:0"}, {.device = "host:cpus=0-3,8/host/host:numa=1"}};
	const struct wm_suite suite = {.jobs = list, .n = 2};
	char out[4][96];

	(void)state;
	assert_int_equal(wm_device_requests(&suite, devs, NDEVS, "", out, 4), 2);
	assert_string_equal(out[0], "host:numa=1");
	assert_string_equal(out[1], "host:cpus=0-3,8");
	assert_int_equal(wm_device_requests(&suite, devs, NDEVS, "", out, 1), 1);
	assert_int_equal(wm_device_requests(&suite, devs, NDEVS, "host:package=0/host", out, 4), 1);
	assert_string_equal(out[0], "host:package=0");
	assert_int_equal(wm_device_requests(&suite, devs, NDEVS, "all", out, 4), 0);
}

/* Ids join the records of years: these were computed by another program, from the words in cases.h. */
static void ids_are_stable(void **state) {
	struct wm_job list[1] = {{.impl = "ref/tiled"}};
	struct wm_suite suite = {0};
	struct wm_cases cases = {0};
	char key[256];

	(void)state;
	add_job(&suite, list, "gemm:m=64");
	assert_int_equal(wm_cases_expand(&suite, devs, NDEVS, "host/opencl:0", "", &cases), WM_OK);
	assert_int_equal(cases.n, 2);
	assert_string_equal(cases.v[0].id, "1bf2060d93bf85f1");
	assert_string_equal(cases.v[1].id, "30ba5e02d1ed7f54");
	wm_cases_free(&cases);
	wm_problems_free(&list[0].problems);

	wm_device_key(&devs[0], key, sizeof(key));
	assert_string_equal(key, "host Some CPU");
	wm_device_key(&devs[2], key, sizeof(key));
	assert_string_equal(key, "0000:41:00.0");
	wm_device_key(&devs[3], key, sizeof(key));
	assert_string_equal(key, "GPU-77");
}

/* One card under two platforms of one backend: two devices with the same key, and all cases of both. */
static void one_card_twice(void **state) {
	struct wm_device two[] = {devs[3], devs[3]};
	struct wm_job list[1] = {{.impl = ""}};
	struct wm_suite suite = {0};
	struct wm_cases cases = {0};

	(void)state;
	strcpy(two[1].id, "opencl:5");
	add_job(&suite, list, "gemm:m=64");
	assert_int_equal(wm_cases_expand(&suite, two, 2, "", "", &cases), WM_OK);
	assert_int_equal(cases.n, 2);
	assert_string_not_equal(cases.v[0].id, cases.v[1].id);
	wm_cases_free(&cases);
	wm_problems_free(&list[0].problems);
}

static int by_id(const void *a, const void *b) {
	return strcmp(((const struct wm_case *)a)->id, ((const struct wm_case *)b)->id);
}

/* The same order for the same seed, another for another, and always the same cases. */
static void shuffle(void **state) {
	struct wm_job list[1] = {{.impl = "ref"}};
	struct wm_suite suite = {0};
	struct wm_cases first = {0}, again = {0}, other = {0};
	int same = 0;

	(void)state;
	add_job(&suite, list, "gemm:m=1:100:+1");
	assert_int_equal(wm_cases_expand(&suite, devs, 1, "", "", &first), WM_OK);
	assert_int_equal(wm_cases_expand(&suite, devs, 1, "", "", &again), WM_OK);
	assert_int_equal(wm_cases_expand(&suite, devs, 1, "", "", &other), WM_OK);
	wm_cases_shuffle(&first, 7);
	wm_cases_shuffle(&again, 7);
	wm_cases_shuffle(&other, 8);
	for (size_t i = 0; i < first.n; i++) {
		assert_string_equal(first.v[i].id, again.v[i].id);
		same += strcmp(first.v[i].id, other.v[i].id) == 0;
	}
	assert_in_range(same, 0, 10); /* 1 is expected of two independent orders */
	qsort(first.v, first.n, sizeof(*first.v), by_id);
	qsort(other.v, other.n, sizeof(*other.v), by_id);
	for (size_t i = 0; i < first.n; i++)
		assert_string_equal(first.v[i].id, other.v[i].id);
	wm_cases_free(&first);
	wm_cases_free(&again);
	wm_cases_free(&other);
	wm_problems_free(&list[0].problems);
}

/* Sets of a problem on a device with that much cache, or the reason why there are none. */
static int sets(const char *pattern, uint64_t cache_bytes) {
	struct wm_problem p;
	int n = -1;
	enum wm_status st;

	assert_int_equal(wm_problem_parse(pattern, &p), WM_OK);
	st = wm_rotation_sets(&p, cache_bytes, &n);
	if (st == WM_OK)
		return n;
	assert_int_equal(st, WM_SKIP);
	assert_int_equal(n, -1);
	return 0;
}

/* method 1: the sets of a cold case together hold at least twice all caches from L2 up. */
static void rotation(void **state) {
	const uint64_t h100 = 50u << 20, mi300x = 288u << 20;
	struct wm_problem p;
	uint64_t bytes = 0;

	(void)state;
	assert_int_equal(wm_problem_parse("gemm:m=1024", &p), WM_OK);
	assert_int_equal(wm_problem_bytes(&p, &bytes), WM_OK);
	assert_int_equal(bytes, 3 << 22);
	assert_int_equal(sets("gemm:m=1024", h100), 9);    /* 100 MiB / 12 MiB, rounded up */
	assert_int_equal(sets("gemm:m=1024", mi300x), 48); /* 576 / 12 exactly */
	assert_int_equal(sets("gemm:m=1024", mi300x + 1), 49);
	assert_int_equal(sets("gemm:m=1024", 12u << 20), 2);
	assert_int_equal(sets("gemm:m=1024", (12u << 20) + 1), 3);
	assert_int_equal(sets("gemm:m=16K", h100), 2); /* never one: a kernel stuck on one set must show */
	assert_int_equal(sets("gemm:m=1024,cache=hot", mi300x), 1);
	assert_int_equal(sets("gemm:m=1024,cache=hot", 0), 1);
}

static void no_cold(void **state) {
	(void)state;
	/* what is not known cannot be promised */
	assert_int_equal(sets("gemm:m=1024", 0), 0);
	assert_string_equal(wm_why(), "cold: the size of the device's caches is unknown; cache=hot runs without it");
	/* arrays of memory benchmarks: at least 4 x all caches */
	assert_int_equal(sets("copy:bytes=256M", 64u << 20), 2);
	assert_int_equal(sets("copy:bytes=256M", (64u << 20) + 1), 0);
	assert_string_equal(wm_why(),
	                    "cold: the smallest array has 268435456 bytes, less than 4 x the 67108865 of all caches; "
	                    "257M would do");
	assert_int_equal(sets("copy:bytes=257M", (64u << 20) + 1), 2);
	assert_int_equal(sets("copy:bytes=256M,cache=hot", 1u << 30), 1);
	/* 1 x 1 x 1 in f32 is 12 bytes a set */
	assert_int_equal(sets("gemm:m=1", 6 * 65536), 65536);
	assert_int_equal(sets("gemm:m=1", 6 * 65536 + 1), 0);
	assert_string_equal(wm_why(), "cold: 65537 sets of 12 bytes would be needed, at most 65536 are made");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(choice),         cmocka_unit_test(preparation_counts),
		cmocka_unit_test(refusals),       cmocka_unit_test(jobs),
		cmocka_unit_test(requests),       cmocka_unit_test(ids_are_stable),
		cmocka_unit_test(one_card_twice), cmocka_unit_test(shuffle),
		cmocka_unit_test(rotation),       cmocka_unit_test(no_cold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
