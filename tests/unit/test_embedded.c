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

/* Made while building, so no file of the tree: code for NVIDIA GPUs, and a word about its compiler. */
static bool is_made(const char *name) {
	return strstr(name, ".fatbin") || strstr(name, ".targets") || strcmp(name, "kernels/cuda/compiler") == 0;
}

static void test_texts_are_the_files(void **state) {
	int n = 0;

	(void)state;
	for (const char *name; (name = wm_embedded_name(n)); n++) {
		size_t bytes;
		char *text;

		if (is_made(name))
			continue;
		text = read_file(name);
		assert_string_equal(wm_embedded(name), text);
		assert_ptr_equal(wm_embedded_data(name, &bytes), wm_embedded(name));
		assert_int_equal(bytes, strlen(text));
		free(text);
	}
	assert_true(n > 0);
	assert_null(wm_embedded_name(n + 1));
	assert_null(wm_embedded_name(-1));
}

/* With a compiler at hand the code of every text for NVIDIA is there, and the compiler is named. */
static void test_code_made_ahead_is_whole(void **state) {
	static const unsigned char magic[] = {0x50, 0xed, 0x55, 0xba};
	int n = 0, codes = 0;

	(void)state;
	for (const char *name; (name = wm_embedded_name(n)); n++) {
		char targets[128];
		size_t bytes;
		const void *code = wm_embedded_data(name, &bytes);

		if (!strstr(name, ".fatbin"))
			continue;
		assert_true(bytes > 1000);
		assert_memory_equal(code, magic, sizeof(magic));
		assert_int_equal((uintptr_t)code % 16, 0);
		snprintf(targets, sizeof(targets), "%.*s.targets", (int)(strrchr(name, '.') - name), name);
		assert_true(strstr(wm_embedded(targets), "sm_") || strstr(wm_embedded(targets), "compute_"));
		codes++;
	}
	if (codes)
		assert_memory_equal(wm_embedded("kernels/cuda/compiler"), "nvcc ", 5);
	else
		skip();
}

static void test_what_others_ask_for_is_there(void **state) {
	(void)state;
	assert_non_null(wm_embedded("bench/suites/quick.ini"));
	assert_non_null(wm_embedded("bench/suites/smoke.ini"));
	assert_non_null(wm_embedded("kernels/gpu/device.h"));
	assert_non_null(wm_embedded("results/reference/accelerators.ini"));
}

static void test_unknown_paths_are_null(void **state) {
	size_t bytes = 1;

	(void)state;
	assert_null(wm_embedded_data("bench/suites", &bytes));
	assert_int_equal(bytes, 0);
	assert_null(wm_embedded(""));
	assert_null(wm_embedded("bench/suites"));
	assert_null(wm_embedded("bench/suites/quick.in"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_are_the_files),
		cmocka_unit_test(test_code_made_ahead_is_whole),
		cmocka_unit_test(test_what_others_ask_for_is_there),
		cmocka_unit_test(test_unknown_paths_are_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
