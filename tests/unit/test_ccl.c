/* SPDX-License-Identifier: Apache-2.0 */
/* test_ccl.c - what is read from the log of NCCL: lines as its versions write them, and when nobody listens. */
#include "../../kernels/libs/ccl_tuning.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int resets;

static void reset(void) {
	resets++;
}

static const struct wm_ccl_api api = {.reset_debug = reset};

/* What is found in a log that holds these lines; the library writes it where the environment says. */
static const char *found_in(const char *lines) {
	static char out[256];
	struct wm_ccl_tuning t;
	FILE *log;

	wm_ccl_tuning_listen(&t, &api);
	assert_string_equal(getenv("NCCL_DEBUG"), "INFO");
	assert_string_equal(getenv("NCCL_DEBUG_SUBSYS"), "TUNING");
	log = fopen(getenv("NCCL_DEBUG_FILE"), "w");
	assert_non_null(log);
	fputs(lines, log);
	fclose(log);
	wm_ccl_tuning_read(&t, &api, out, sizeof(out));
	assert_null(getenv("NCCL_DEBUG"));
	assert_null(getenv("NCCL_DEBUG_FILE"));
	return out;
}

static void lines(void **state) {
	(void)state;
	/* 2.28: after other lines, one an operation; the first one counts */
	assert_string_equal(
		found_in("box:7:8 [0] NCCL INFO TUNER/Plugin: none\n"
	             "box:7:8 [0] NCCL INFO AllReduce: 1048576 Bytes -> Algo NVLS proto SIMPLE channel{Lo..Hi}={0..15}\n"
	             "box:7:8 [0] NCCL INFO AllReduce: 8 Bytes -> Algo TREE proto LL channel{Lo..Hi}={0..0}\n"),
		"algo=NVLS proto=SIMPLE channels={0..15}");
	/* 2.21 has numbers, and a time */
	assert_string_equal(found_in("box:7:8 [0] NCCL INFO 4096 Bytes -> Algo 1 proto 2 time 11.830000\n"),
	                    "algo=1 proto=2");
	assert_string_equal(found_in("box:7:8 [0] NCCL INFO Channel 00/02 : 0 1\n"), "");
	assert_string_equal(found_in(""), "");
	assert_int_equal(resets, 8);
}

/* A log of the user's, or one that cannot be ended, is left alone. */
static void nobody_listens(void **state) {
	static const struct wm_ccl_api without = {0};
	struct wm_ccl_tuning t;
	char out[64] = "x";

	(void)state;
	resets = 0;
	wm_ccl_tuning_listen(&t, &without);
	assert_null(getenv("NCCL_DEBUG"));
	setenv("NCCL_DEBUG", "WARN", 1);
	wm_ccl_tuning_listen(&t, &api);
	wm_ccl_tuning_read(&t, &api, out, sizeof(out));
	assert_string_equal(out, "");
	assert_string_equal(getenv("NCCL_DEBUG"), "WARN");
	assert_int_equal(resets, 0);
	unsetenv("NCCL_DEBUG");
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(nobody_listens)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
