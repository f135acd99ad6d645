/* SPDX-License-Identifier: Apache-2.0 */
/* test_environment.c - the picture of a machine, from folders that stand for its /proc, /sys and /etc. */
#include "system/environment.h"
#include "system/limits.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GIB ((uint64_t)1 << 30)

static void assert_text(const json_t *env, const char *key, const char *want) {
	const char *text = json_string_value(json_object_get(env, key));

	if (!text)
		fail_msg("%s: not a string", key);
	assert_string_equal(text, want);
}

/* The reason must say what was looked for. */
static void assert_unknown(const json_t *env, const char *key, const char *words) {
	const char *why = json_string_value(json_object_get(json_object_get(env, key), "unknown"));

	if (!why || !strstr(why, words))
		fail_msg("%s: '%s' does not say '%s'", key, why ? why : "a value", words);
}

static void test_bare(void **state) {
	json_t *env = wm_environment("tests/roots/bare"), *part;

	(void)state;
	assert_text(env, "host", "bare-server");
	assert_text(env, "kernel", "6.1.0-example");
	assert_text(env, "os", "Debian GNU/Linux 12 (bookworm)");
	assert_text(env, "boot_id", "11111111-2222-3333-4444-555555555555");
	assert_text(env, "cpu", "Intel(R) Xeon(R) Example CPU @ 2.00GHz");
	assert_text(env, "governor", "performance powersave");
	assert_text(env, "turbo", "off");
	assert_text(env, "virtualisation", "none");
	assert_text(env, "numa_balancing", "1");
	assert_text(env, "huge_pages", "madvise");
	part = json_object_get(env, "load_average");
	assert_true(json_real_value(json_array_get(part, 0)) == 0.12);
	part = json_object_get(env, "memory");
	assert_int_equal(json_integer_value(json_object_get(part, "total_bytes")), 65536000LL * 1024);
	assert_int_equal(json_integer_value(json_object_get(part, "available_bytes")), 61440000LL * 1024);
	part = json_object_get(env, "cgroup");
	assert_text(part, "memory_max_bytes", "none");
	assert_text(part, "cpus", "none");
	json_decref(env);
}

static void test_limited(void **state) {
	json_t *env = wm_environment("tests/roots/limited"), *part = json_object_get(env, "cgroup");

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(part, "memory_max_bytes")), 8 * GIB);
	assert_true(json_real_value(json_object_get(part, "cpus")) == 1.5);
	assert_text(env, "virtualisation", "virtual machine (QEMU)");
	assert_text(env, "turbo", "on");
	assert_unknown(env, "governor", "cpufreq");
	assert_unknown(env, "load_average", "/proc/loadavg: No such file or directory");
	json_decref(env);
}

/* The least limit and the least room may be of different groups; cached files do not count as used. */
static void test_room(void **state) {
	struct wm_limits limits;

	(void)state;
	wm_limits_read("tests/roots/limited", &limits);
	assert_int_equal(limits.cgroup_limit, 8 * GIB);
	assert_int_equal(limits.cgroup_room, 1 * GIB);
	wm_limits_read("tests/roots/limited-v1", &limits);
	assert_int_equal(limits.cgroup_limit, 4 * GIB);
	assert_int_equal(limits.cgroup_room, 3 * GIB + GIB / 2);
	assert_true(limits.cgroup_cpus == 0.5);
	assert_int_equal(limits.available, 0);
	wm_limits_read("tests/roots/bare", &limits);
	assert_true(limits.cgroup_limit == UINT64_MAX && limits.cgroup_room == UINT64_MAX);
	assert_true(isinf(limits.cgroup_cpus));
}

static void test_arm(void **state) {
	json_t *env = wm_environment("tests/roots/limited-v1");

	(void)state;
	assert_text(env, "cpu", "Arm implementer 0x41 part 0xd0c");
	assert_unknown(env, "virtualisation", "'flags'");
	assert_unknown(json_object_get(env, "memory"), "available_bytes", "MemAvailable");
	json_decref(env);
}

/* Nothing to read: every key of the machine is there all the same, and says why it has no value. */
static void test_nothing(void **state) {
	static const char *const keys[] = {
		"host",           "kernel",         "os",         "boot_id",      "cpu",   "governor", "turbo",
		"virtualisation", "numa_balancing", "huge_pages", "load_average", "cgroup"};
	json_t *env = wm_environment("tests/roots/no-such-root");

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_unknown(env, keys[i], "");
	assert_unknown(json_object_get(env, "memory"), "total_bytes", "MemTotal");
	assert_int_equal(strlen(json_string_value(json_object_get(env, "binary"))), 16);
	assert_true(json_is_string(json_object_get(env, "hwloc")));
	assert_text(env, "jansson", jansson_version_str());
	json_decref(env);
}

/* What --resume compares must not change while nothing changes. */
static void test_identity(void **state) {
	char a[17], b[17];
	json_t *env = wm_environment(""), *again = wm_environment("");

	(void)state;
	wm_binary_id(a);
	wm_binary_id(b);
	assert_string_equal(a, b);
	assert_int_equal(strspn(a, "0123456789abcdef"), 16);
	assert_text(env, "binary", a);
	assert_true(json_equal(json_object_get(env, "boot_id"), json_object_get(again, "boot_id")));
	assert_non_null(json_object_get(env, "compiler"));
	assert_non_null(json_object_get(env, "cflags"));
	assert_non_null(json_object_get(env, "git"));
	json_decref(env);
	json_decref(again);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bare), cmocka_unit_test(test_limited), cmocka_unit_test(test_room),
		cmocka_unit_test(test_arm),  cmocka_unit_test(test_nothing), cmocka_unit_test(test_identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
