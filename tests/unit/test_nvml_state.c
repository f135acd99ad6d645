/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_nvml_state.c - how a GPU is set up and who else is on it, on a fake NVML that plays a script: what is as it
 * comes is no doubt, what is not is told in words, what the driver does not tell is not made up; links between GPUs.
 */
#include "../../harness/backends/nvml_state.h"

#include "system/links.h"

#include <dlfcn.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FIRST "device 0000:41:00.0 GPU-11111111-2222-3333-4444-555555555555\n"
#define SECOND "device 0000:c1:00.0 GPU-22222222-2222-3333-4444-555555555555\n"
#define AS_IT_COMES "ecc 1\npersistence 1\ncap 700\ncap_default 700\napp_clock 1980\napp_clock_default 1980\n"

static char file[] = "/tmp/wm-test-nvml-state-XXXXXX";
static struct wm_device devs[2];

/* What is told of two devices on a machine that plays that script. */
static void ask(const char *script) {
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fputs(script, f);
	fclose(f);
	memset(devs, 0, sizeof(devs));
	strcpy(devs[0].uuid, "11111111-2222-3333-4444-555555555555");
	strcpy(devs[0].pci, "0000:41:00.0");
	strcpy(devs[1].uuid, "22222222-2222-3333-4444-555555555555");
	strcpy(devs[1].pci, "0000:c1:00.0");
	wm_nvml_state(devs, 2);
}

static int start(void **state) {
	const char *b = getenv("B");
	char path[256];
	int fd = mkstemp(file);

	(void)state;
	if (fd < 0)
		return -1;
	close(fd);
	setenv("WM_FAKE_NVML", file, 1);
	snprintf(path, sizeof(path), "%s/tests/fakes/libnvidia-ml.so.1", b ? b : "build");
	return dlopen(path, RTLD_LOCAL | RTLD_NOW) ? 0 : -1;
}

static int stop(void **state) {
	(void)state;
	return unlink(file);
}

static void what_is_as_it_comes_is_no_doubt(void **state) {
	(void)state;
	ask(FIRST AS_IT_COMES SECOND);
	assert_string_equal(devs[0].state,
	                    "mig=off ecc=on persistence=on power_limit_w=700 power_limit_default_w=700 "
	                    "application_clock_mhz=1980 application_clock_default_mhz=1980 "
	                    "other_processes=0 other_processes_bytes=0");
	assert_string_equal(devs[0].unlike, "");
	assert_string_equal(devs[0].links, "");
}

static void what_is_not_told_is_not_made_up(void **state) {
	(void)state;
	ask(FIRST SECOND "cap 500\n");
	assert_string_equal(devs[0].state, "mig=off other_processes=0 other_processes_bytes=0");
	assert_string_equal(devs[1].state, "mig=off power_limit_w=500 other_processes=0 other_processes_bytes=0");
	assert_string_equal(devs[1].unlike, "");
}

static void what_is_not_as_it_comes_is_said(void **state) {
	(void)state;
	ask(FIRST AS_IT_COMES "cap 500\n" SECOND AS_IT_COMES "mig 1\necc 0\napp_clock 1200\n");
	assert_string_equal(devs[0].unlike, "power limit 500 W, it comes with 700 W");
	assert_string_equal(devs[1].unlike,
	                    "MIG mode is on; ECC is off, it comes on; "
	                    "application clock 1200 MHz, it comes with 1980 MHz");
}

static void others_on_it_are_counted(void **state) {
	(void)state;
	ask(FIRST "processes 2\nholds 1.5e9\n" SECOND "processes 1\nholds 2e9\n");
	assert_string_equal(devs[0].unlike, "2 other compute processes hold 3.00 GB of its memory");
	assert_string_equal(devs[1].unlike, "1 other compute process holds 2.00 GB of its memory");
	ask(FIRST "processes 65\n" SECOND "processes 64\n");
	assert_string_equal(devs[0].unlike, "over 64 compute processes are on it");
	assert_string_equal(devs[1].unlike, "64 other compute processes hold 0.00 GB of its memory");
}

static void without_nvml_it_is_unknown(void **state) {
	(void)state;
	ask("init 9\n" FIRST SECOND);
	assert_string_equal(devs[0].state, "unknown: nvmlInit_v2: status 9");
	ask(FIRST);
	assert_string_equal(devs[1].state, "unknown: NVML knows no GPU of its UUID");
	assert_string_equal(devs[1].unlike, "");
}

static void links_are_counted_by_their_ends(void **state) {
	(void)state;
	ask(FIRST "nvlinks 4\n" SECOND "nvlinks 18\nswitched 1\n");
	assert_string_equal(devs[0].links, "0000:c1:00.0=4 mb_per_s=26562");
	assert_string_equal(devs[1].links, "switch=18 mb_per_s=26562");
}

/* The speed between two devices whose drivers told that. */
static double between(const char *from, const char *to) {
	struct wm_device a = {.pci = "0000:41:00.0"}, b = {.pci = "0000:c1:00.0"};
	const struct wm_device *const both[] = {&a, &b};
	struct wm_links links;

	snprintf(a.links, sizeof(a.links), "%s", from);
	snprintf(b.links, sizeof(b.links), "%s", to);
	return wm_links_told(both, 2, &links) == WM_OK ? links.bytes_per_s[0][1] : NAN;
}

static void links_make_a_matrix(void **state) {
	(void)state;
	assert_true(between("0000:C1:00.0=4 mb_per_s=25000", "") == 100e9);
	assert_true(between("switch=18 mb_per_s=25000", "switch=16 mb_per_s=25000") == 400e9);
	assert_true(isnan(between("switch=18 mb_per_s=25000", "")));
	assert_true(isnan(between("0000:81:00.0=4 mb_per_s=25000", "")));
	assert_true(isnan(between("", "")));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_as_it_comes_is_no_doubt),
		cmocka_unit_test(what_is_not_told_is_not_made_up),
		cmocka_unit_test(what_is_not_as_it_comes_is_said),
		cmocka_unit_test(others_on_it_are_counted),
		cmocka_unit_test(without_nvml_it_is_unknown),
		cmocka_unit_test(links_are_counted_by_their_ends),
		cmocka_unit_test(links_make_a_matrix),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
