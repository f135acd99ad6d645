/* SPDX-License-Identifier: Apache-2.0 */
/* test_status.c - words of statuses, the one line of an error, and libraries that are opened at run time. */
#include "core/wm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void words(void **state) {
	(void)state;
	for (int i = 0; i < WM_STATUSES; i++) {
		assert_int_equal(wm_status_parse(wm_status_word((enum wm_status)i)), i);
		assert_true(strlen(wm_status_meaning((enum wm_status)i)) > 0);
	}
	assert_int_equal(wm_status_parse("OK"), WM_STATUSES);
	assert_int_equal(wm_status_class(WM_SUSPECT), WM_ROW_GOOD);
	assert_int_equal(wm_status_class(WM_UNSUPPORTED), WM_ROW_SKIPPED);
	assert_int_equal(wm_status_class(WM_HANG), WM_ROW_BAD);
	assert_string_equal(wm_origin_word(WM_REFERENCE), "reference");
	assert_string_equal(wm_origin_word(WM_LIBRARY), "library");
}

static void one_line(void **state) {
	char longest[600];

	(void)state;
	assert_int_equal(wm_fail(WM_HANG, "phase %d", 3), WM_HANG);
	assert_string_equal(wm_why(), "phase 3");
	/* a caller may put the place before the cause */
	wm_fail(WM_INPUT, "%s:%d: %s", "file", 7, wm_why());
	assert_string_equal(wm_why(), "file:7: phase 3");
	wm_fail(WM_FAILED, "%s", "a library's\nown\twords\r\x1b[0m\x7f");
	assert_string_equal(wm_why(), "a library's own words  [0m ");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	wm_fail(WM_FAILED, "%s", longest);
	assert_int_equal(strlen(wm_why()), 511);
}

static void library(void **state) {
	static const char *const libs[] = {"libno-such-library.so.1", "libm.so.6", NULL};
	static const char *const none[] = {"libno-such-library.so.1", "libno-other.so", NULL};
	static const char *const names[] = {"cos", "?no_such_function", "?sin"};
	static const char *const missing[] = {"cos", "no_such_function"};
	void (*fn[3])(void) = {NULL, NULL, NULL};
	double (*cosine)(double);
	const char *lib = NULL;

	(void)state;
	assert_int_equal(wm_load_library(libs, names, 3, fn, &lib), WM_OK);
	assert_string_equal(lib, "libm.so.6");
	assert_non_null(fn[0]);
	assert_null(fn[1]);
	assert_non_null(fn[2]);
	memcpy(&cosine, &fn[0], sizeof(cosine));
	assert_float_equal(cosine(0), 1, 0);

	assert_int_equal(wm_load_library(libs, missing, 2, fn, &lib), WM_FAILED);
	assert_string_equal(wm_why(), "libm.so.6 has no symbol no_such_function");
	assert_int_equal(wm_load_library(none, names, 3, fn, &lib), WM_SKIP);
	assert_non_null(strstr(wm_why(), "libno-such-library.so.1: "));
	assert_non_null(strstr(wm_why(), "libno-other.so: "));
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(words), cmocka_unit_test(one_line), cmocka_unit_test(library)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
