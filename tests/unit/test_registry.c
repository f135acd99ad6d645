/* SPDX-License-Identifier: Apache-2.0 */
/* test_registry.c - a plug-in that breaks its contract is named at start; words that are nearly right are known. */
#include "core/problem.h"
#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Copies of real plug-ins, to be broken one member at a time, in tables of their own. */
static struct wm_backend backend;
static struct wm_bench bench;
static struct wm_impl impl;
static struct wm_meter meter;
static struct wm_report report;
static struct wm_axis axes[WM_MAX_AXES + 1];

static int restore(void **state) {
	int n = 0;

	(void)state;
	backend = *wm_backend_find("host");
	bench = *wm_bench_find("copy");
	impl = *wm_impl_find("copy", "ref");
	meter = *wm_meter_find("powercap");
	report = *wm_report_find("csv");
	memset(axes, 0, sizeof(axes));
	for (; bench.axes[n].key; n++)
		axes[n] = bench.axes[n];
	bench.axes = axes;
	return 0;
}

static const char *check(void) {
	const struct wm_backend *const backends[] = {&backend, NULL};
	const struct wm_bench *const benches[] = {&bench, NULL};
	const struct wm_impl *const impls[] = {&impl, NULL};
	const struct wm_report *const reports[] = {&report, NULL};
	const struct wm_meter *const meters[] = {&meter, NULL};
	const struct wm_registry tables = {backends, benches, impls, meters, reports};
	enum wm_status st = wm_registry_check_tables(&tables);

	restore(NULL);
	if (st == WM_OK)
		return "fine";
	assert_int_equal(st, WM_FAILED);
	return wm_why();
}

static void product_is_sound(void **state) {
	(void)state;
	if (wm_registry_check() != WM_OK)
		fail_msg("%s", wm_why());
	assert_string_equal(check(), "fine");
}

static void missing_members(void **state) {
	(void)state;
	backend.rouse = NULL;
	assert_string_equal(check(), "backend host: member rouse is missing");
	backend.find = NULL;
	assert_string_equal(check(), "backend host: member find is missing");
	backend.launch = wm_backend_find("opencl")->launch; /* without its build and unbuild */
	assert_string_equal(check(), "backend host: build, launch and unbuild come all or none");
	backend.play = wm_backend_find("cuda")->play; /* without what records */
	assert_string_equal(check(), "backend host: record_begin, record_end, play and forget come all or none");
	bench.verify = NULL;
	assert_string_equal(check(), "benchmark copy: member verify is missing");
	bench.metric = NULL;
	assert_string_equal(check(), "benchmark copy: member metric is missing");
	bench.accept = NULL;
	assert_string_equal(check(), "fine");
	impl.can_run = NULL;
	assert_string_equal(check(), "implementation ref: member can_run is missing");
	impl.prepare = NULL;
	impl.finish = NULL;
	assert_string_equal(check(), "fine");
	meter.read = NULL;
	assert_string_equal(check(), "meter powercap: member read is missing");
	report.write = NULL;
	assert_string_equal(check(), "report csv: member write is missing");
}

static void names(void **state) {
	(void)state;
	bench.name = NULL;
	assert_string_equal(check(), "a benchmark has no name");
	bench.name = "Copy it";
	assert_string_equal(check(), "benchmark 'Copy it': a name holds small letters, digits and '_' only");
	bench.name = "copy-it";
	assert_string_equal(check(), "benchmark 'copy-it': a name holds small letters, digits and '_' only");
	backend.name = "a_name_of_16_let";
	assert_string_equal(check(), "backend a_name_of_16_let: its name is too long for wm_device");
	meter.name = "a_name_of_16_let";
	assert_string_equal(check(), "meter a_name_of_16_let: its name is too long for wm_source");
	impl.bench = "paste";
	assert_string_equal(check(), "implementation ref: benchmark 'paste' is not registered");
	impl.backends = "vulkan metal";
	assert_string_equal(check(), "implementation ref of copy: none of its backends 'vulkan metal' is registered");
	impl.backends = "vulkan host";
	assert_string_equal(check(), "fine");
}

static void twice(void **state) {
	const struct wm_backend *const backends[] = {&backend, &backend, NULL};
	const struct wm_bench *const benches[] = {&bench, NULL}, *const two_benches[] = {&bench, &bench, NULL};
	const struct wm_impl *const impls[] = {&impl, NULL}, *const two_impls[] = {&impl, &impl, NULL};
	const struct wm_report *const reports[] = {&report, NULL}, *const two_reports[] = {&report, &report, NULL};
	const struct wm_meter *const meters[] = {&meter, NULL}, *const two_meters[] = {&meter, &meter, NULL};
	struct wm_registry tables = {backends, benches, impls, meters, reports};

	(void)state;
	assert_int_equal(wm_registry_check_tables(&tables), WM_FAILED);
	assert_string_equal(wm_why(), "backend host is registered twice");
	tables = (struct wm_registry){backends + 1, two_benches, impls, meters, reports};
	assert_int_equal(wm_registry_check_tables(&tables), WM_FAILED);
	assert_string_equal(wm_why(), "benchmark copy is registered twice");
	tables = (struct wm_registry){backends + 1, benches, two_impls, meters, reports};
	assert_int_equal(wm_registry_check_tables(&tables), WM_FAILED);
	assert_string_equal(wm_why(), "implementation ref is registered twice");
	tables = (struct wm_registry){backends + 1, benches, impls, meters, two_reports};
	assert_int_equal(wm_registry_check_tables(&tables), WM_FAILED);
	assert_string_equal(wm_why(), "report csv is registered twice");
	tables = (struct wm_registry){backends + 1, benches, impls, two_meters, reports};
	assert_int_equal(wm_registry_check_tables(&tables), WM_FAILED);
	assert_string_equal(wm_why(), "meter powercap is registered twice");
}

static void broken_axes(void **state) {
	(void)state;
	axes[0].def = "4Q";
	assert_string_equal(check(),
	                    "defaults of a benchmark: copy axis bytes: '4Q' is not a whole number (digits, then "
	                    "nothing, K, M or G)");
	axes[0].def = "4/8";
	assert_string_equal(check(), "benchmark copy: its defaults make 2 problems");
	axes[0].def = "@bytes";
	assert_string_equal(check(), "defaults of a benchmark: copy: a circle of ties: bytes -> bytes");
	axes[1].def = "f99";
	assert_string_equal(check(), "defaults of a benchmark: unknown copy dtype 'f99'; known: f64 f32");
	axes[0].def = NULL;
	assert_string_equal(check(), "benchmark copy: axis 'bytes' has no default");
	axes[0].help = NULL;
	assert_string_equal(check(), "benchmark copy: axis 'bytes' has no help");
	axes[0].min = -4;
	assert_string_equal(check(), "benchmark copy: axis 'bytes' has the range -4 to 274877906944");
	axes[1].key = "bytes";
	assert_string_equal(check(), "benchmark copy: axis 'bytes' is there twice");
	axes[1].key = "cache";
	assert_string_equal(check(), "benchmark copy: axis 'cache' is the core's");
	axes[1].key = "Data Type";
	assert_string_equal(check(), "benchmark copy: axis 'Data Type' has no proper name");
	axes[1].words = "f32 a-word-that-no-problem-string-has-room-for";
	assert_string_equal(check(), "benchmark copy: axis 'dtype' has a word of 32 letters or more");
}

/* A problem has room for so many axes and letters: more are refused at start, not cut off later. */
static void too_much(void **state) {
	static const char *const keys[] = {"a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "b1", "b2"};

	(void)state;
	for (int i = 0; i < 11; i++)
		axes[2 + i] = (struct wm_axis){keys[i], "1", NULL, 0, 9, "a digit", false};
	assert_string_equal(check(), "benchmark copy: more than 12 axes");
	for (int i = 0; i < 9; i++)
		axes[2 + i] = (struct wm_axis){keys[i], "1", NULL, 0, 9000000000000000000, "a long number", false};
	assert_non_null(strstr(check(), "benchmark copy: a problem string may take "));
}

static void nearest(void **state) {
	static const char *const words[] = {"gemm", "read", "copy", "triad", "fma", "m", "time-budget"};

	(void)state;
	assert_string_equal(wm_nearest("gem", words, 7), "gemm");
	assert_string_equal(wm_nearest("gmem", words, 7), "gemm"); /* two letters swapped are one step */
	assert_string_equal(wm_nearest("TRIAD", words, 7), "triad");
	assert_string_equal(wm_nearest("tirad", words, 7), "triad");
	assert_string_equal(wm_nearest("timebudgets", words, 7), "time-budget");
	assert_string_equal(wm_nearest("M", words, 7), "m");
	assert_null(wm_nearest("q", words, 7)); /* nothing of it is kept */
	assert_null(wm_nearest("", words, 7));
	assert_null(wm_nearest("gxxm", words, 7));
	assert_null(wm_nearest("triple", words, 7));
	assert_null(wm_nearest("gem", words, 0));
	assert_null(wm_nearest("an unreasonably long word that nobody could have meant for any of these", words, 7));
}

static void words(void **state) {
	(void)state;
	assert_int_equal(wm_word_index("f64 f32 bf16", "f64"), 0);
	assert_int_equal(wm_word_index("f64 f32 bf16", "bf16"), 2);
	assert_int_equal(wm_word_index("f64 f32 bf16", "f16"), -1);
	assert_int_equal(wm_word_index("f64 f32 bf16", "f3"), -1);
	assert_int_equal(wm_word_index("f64 f32 bf16", ""), -1);
	assert_int_equal(wm_word_index("f64 f32 bf16", "f64 f32"), -1);
	assert_int_equal(wm_word_index("", "f64"), -1);
	assert_true(wm_impl_runs_on(wm_impl_find("gemm", "ref"), "host"));
	assert_false(wm_impl_runs_on(wm_impl_find("gemm", "ref"), "hos"));
	assert_null(wm_impl_find("copy", "cblas"));
	assert_null(wm_bench_find("gem"));
	assert_null(wm_backend_find("gem"));
	assert_null(wm_report_find("gem"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(product_is_sound, restore),
		cmocka_unit_test_setup(missing_members, restore),
		cmocka_unit_test_setup(names, restore),
		cmocka_unit_test_setup(twice, restore),
		cmocka_unit_test_setup(broken_axes, restore),
		cmocka_unit_test_setup(too_much, restore),
		cmocka_unit_test(nearest),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
