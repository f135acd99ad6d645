/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_attention_flash.c - the portable attention on the first OpenCL device, in the shape for CPUs and in that for
 * GPUs, held against the benchmark's own verification: sizes beside every edge of its blocks and tiles, one query and
 * many, keys in one part and in several. With arguments PROBLEM and cpu or gpu: that problem alone in that shape
 * (tests/kernels/portable.sh runs it so under a checker).
 */
#include "../inject/trial.h"

#include "core/problem.h"
#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct wm_impl *flash;
static struct wm_trial_place place = {.guard = WM_TRIAL_GUARD};

static int start(void **state) {
	(void)state;
	flash = wm_impl_find("attention", "flash");
	return wm_trial_open(&place, "opencl") ? 0 : -1;
}

static int stop(void **state) {
	(void)state;
	wm_trial_close(&place);
	return 0;
}

/* The launcher goes by whether the device is the host's CPU, and by its cores or units: one makes the largest blocks,
 * many make the most parts of the keys. Any device runs either shape, if slowly. */
static void try_shapes(const char *problem, int cores) {
	struct wm_device as_found = place.dev;
	place.dev.threads = cores;
	place.dev.units = 2 * cores;
	place.dev.on_host = true;
	wm_trial(&place, flash, problem);
	place.dev.on_host = false;
	wm_trial(&place, flash, problem);
	place.dev = as_found;
}

static void try_all(const char *const *problems, const char *dtype, int cores) {
	for (; *problems; problems++) {
		char text[WM_PROBLEM_CHARS];
		snprintf(text, sizeof(text), "attention:%s,dtype=%s", *problems, dtype);
		try_shapes(text, cores);
	}
}

/* Rows of a block, of a tile and between; keys of a block, one less and one more. Each d is a kernel of its own. */
static const char *const edges[] = {
	"heads=1,sq=1,sk=1,d=64",
	"heads=1,sq=128,sk=128,d=64",
	"heads=2,sq=65,sk=129,d=64",
	"heads=1,sq=129,sk=255,d=64,causal=yes",
	"heads=1,sq=63,sk=127,d=80,causal=yes",
	"heads=1,sq=33,sk=300,d=256,causal=yes",
	NULL,
};

/* Query heads that share keys: rows of several heads in one block, and of one query in several. */
static const char *const groups[] = {
	"batch=2,heads=6,kvheads=2,sq=27,sk=70,d=64,causal=yes",
	"batch=2,heads=4,kvheads=4,sq=3,sk=40,d=16",
	NULL,
};

/* Few rows and many keys: the keys in several parts, whose outputs are combined. */
static const char *const decode[] = {
	"heads=1,sq=1,sk=1300,d=64",
	"batch=2,heads=8,kvheads=1,sq=1,sk=1025,d=128,causal=yes",
	"heads=1,sq=600,sk=700,d=64,causal=yes",
	NULL,
};

static void edges_are_right(void **state) {
	(void)state;
	try_all(edges, "f32", 1);
}

static void shared_keys_are_right(void **state) {
	(void)state;
	try_all(groups, "f32", 1);
	try_all(groups, "bf16", 1);
}

static void parts_of_the_keys_are_right(void **state) {
	(void)state;
	try_all(decode, "f32", 64);
}

static void f16_is_right_or_unsupported(void **state) {
	(void)state;
	try_all(groups, "f16", 1);
	try_all(decode, "f16", 64);
}

static enum wm_status answer(const char *problem, uint32_t features) {
	struct wm_problem p;
	struct wm_device bare = {.id = "opencl:0", .name = "a device", .features = features};
	struct wm_run run = {.problem = &p, .backend = place.backend, .dev = &bare, .sets = 1};
	wm_trial_must(problem, "parse", wm_problem_parse(problem, &p));
	return flash->can_run(&run);
}

static void refuse(const char *problem, const char *reason) {
	assert_int_equal(answer(problem, 0), WM_UNSUPPORTED);
	assert_string_equal(wm_why(), reason);
}

static void what_is_missing_is_named(void **state) {
	(void)state;
	refuse("attention:dtype=f16", "no cl_khr_fp16");
	assert_int_equal(answer("attention:dtype=f16", WM_HAS_F16), WM_OK);
	refuse("attention:d=72", "d=72: a multiple of 16, at most 256, here");
	refuse("attention:d=272", "d=272: a multiple of 16, at most 256, here");
	assert_int_equal(answer("attention:d=256", 0), WM_OK);
	refuse("attention:batch=65536,heads=1,sq=1", "batch x kvheads = 65536: at most 65535 here");
	assert_int_equal(answer("attention:batch=65535,heads=1,sq=1", 0), WM_OK);
	refuse("attention:batch=32768,heads=2,kvheads=1,sq=32768", "sk and batch x heads x sq are at most 2147418112 here");
	assert_int_equal(answer("attention:batch=32768,heads=2,kvheads=1,sq=32767", 0), WM_OK);
}

/* What is said beforehand is what prepare takes, and a device with less is refused before anything is taken. */
static void the_workspace_is_what_was_said(void **state) {
	(void)state;
	wm_trial_workspace(&place, flash, "attention:heads=2,sq=100,sk=500,d=64");
	wm_trial_workspace(&place, flash, "attention:heads=2,sq=100,sk=700,d=64");
	wm_trial_workspace(&place, flash, "attention:heads=4,kvheads=1,sq=1,sk=5000,d=80,dtype=bf16");
}

/* Keys are split for the units that would be idle, and for no others: two launches cost more than one. */
static void parts_follow_the_device(void **state) {
	const struct wm_device cpu = {.on_host = true, .threads = 2, .units = 2};
	const struct wm_device server = {.on_host = true, .threads = 64, .units = 64};
	const struct wm_device gpu = {.units = 132}, unknown = {.units = 0};
	struct wm_problem prefill, decode_step;
	(void)state;
	wm_trial_must("prefill", "parse", wm_problem_parse("attention:heads=8,kvheads=2,sq=1024,d=128", &prefill));
	wm_trial_must("decode", "parse", wm_problem_parse("attention:heads=8,kvheads=2,sq=1,sk=8192,d=128", &decode_step));
	assert_true(flash->workspace(&prefill, &cpu) == 0);
	assert_true(flash->workspace(&prefill, &server) > 0);
	assert_true(flash->workspace(&prefill, &gpu) > 0);
	assert_true(flash->workspace(&decode_step, &cpu) < flash->workspace(&decode_step, &server));
	assert_true(flash->workspace(&decode_step, &unknown) == flash->workspace(&decode_step, &gpu));
}

int main(int argc, char **argv) {
	if (argc == 3)
		return wm_trial_asked("flash", argv[1], !strcmp(argv[2], "gpu"));
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_is_named),    cmocka_unit_test(edges_are_right),
		cmocka_unit_test(shared_keys_are_right),       cmocka_unit_test(parts_of_the_keys_are_right),
		cmocka_unit_test(f16_is_right_or_unsupported), cmocka_unit_test(the_workspace_is_what_was_said),
		cmocka_unit_test(parts_follow_the_device),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
