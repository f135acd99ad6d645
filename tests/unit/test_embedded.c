/* SPDX-License-Identifier: Apache-2.0 */
/* The binary carries the suites, kernel texts and reference tables of the tree, byte for byte. */
#include "core/embedded.h"
#include "core/wm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Whole file as text, or a failed test. Caller frees. */
static char *read_file(const char *path) {
	FILE *f = fopen(path, "rb");
	size_t room = 1 << 22, n;
	char *text = wm_zalloc(room);

	assert_non_null(f);
	n = fread(text, 1, room - 1, f);
	assert_true(n < room - 1);
	fclose(f);
	return text;
}

static void test_texts_are_the_files(void **state) {
	int n = 0;

	(void)state;
	for (const char *name; (name = wm_embedded_name(n)); n++) {
		char *text = read_file(name);

		assert_string_equal(wm_embedded(name), text);
		free(text);
	}
	assert_true(n > 0);
	assert_null(wm_embedded_name(n + 1));
	assert_null(wm_embedded_name(-1));
}

static void test_what_others_ask_for_is_there(void **state) {
	(void)state;
	assert_non_null(wm_embedded("bench/suites/quick.ini"));
	assert_non_null(wm_embedded("bench/suites/smoke.ini"));
	assert_non_null(wm_embedded("kernels/gpu/device.h"));
	assert_non_null(wm_embedded("results/reference/accelerators.ini"));
}

static void test_unknown_paths_are_null(void **state) {
	(void)state;
	assert_null(wm_embedded(""));
	assert_null(wm_embedded("bench/suites"));
	assert_null(wm_embedded("bench/suites/quick.in"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_are_the_files),
		cmocka_unit_test(test_what_others_ask_for_is_there),
		cmocka_unit_test(test_unknown_paths_are_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
