/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_attention_plans.c - how the CUDA kernels of attention are launched: every tile is done once and blocks have as
 * much to do as each other, what is asked of the device fits it, and what cannot be done is refused in exact words.
 */
#include "../../kernels/cuda/attention_decode_plan.h"
#include "../../kernels/cuda/attention_wgmma_plan.h"

#include "core/problem.h"
#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { H100_UNITS = 132, H100_SHARED = 227 * 1024 };

static struct wm_problem parsed(const char *text) {
	struct wm_problem p;
	if (wm_problem_parse(text, &p))
		fail_msg("%s: %s", text, wm_why());
	return p;
}

static struct wm_wgmma_plan wgmma_plan(const char *text) {
	struct wm_problem p = parsed(text);
	struct wm_wgmma_plan plan;
	if (wm_wgmma_plan(&p, H100_UNITS, 50 << 20, &plan))
		fail_msg("%s: %s", text, wm_why());
	return plan;
}

static struct wm_decode_plan decode_plan(const char *text, int capability, int units) {
	struct wm_problem p = parsed(text);
	struct wm_decode_plan plan;
	if (wm_decode_plan(&p, capability, units, &plan))
		fail_msg("%s: %s", text, wm_why());
	return plan;
}

/* ---- wgmma -------------------------------------------------------------------------------------- */

/* Every (head, tile) stands in one block's list, once; no block has more to do than another by more than one tile. */
static void deal(const char *text) {
	struct wm_wgmma_plan plan = wgmma_plan(text);
	uint32_t *begins = wm_zalloc((plan.blocks + 1) * sizeof(*begins));
	struct wm_wgmma_tile *tiles = wm_zalloc(plan.tiles * sizeof(*tiles));
	bool *done = wm_zalloc(plan.tiles);
	uint64_t least = UINT64_MAX, most = 0, longest = 0;

	wm_wgmma_schedule(&plan, begins, tiles);
	assert_int_equal(begins[0], 0);
	assert_int_equal(begins[plan.blocks], plan.tiles);
	for (uint32_t b = 0; b < plan.blocks; b++) {
		uint64_t load = 0;
		assert_true(begins[b] < begins[b + 1]);
		for (uint32_t i = begins[b]; i < begins[b + 1]; i++) {
			uint32_t number = tiles[i].head * plan.head_tiles + tiles[i].first / plan.rows;
			assert_true(tiles[i].first % plan.rows == 0 && tiles[i].first < plan.sizes.sq);
			assert_true(tiles[i].head < plan.heads);
			assert_false(done[number]);
			done[number] = true;
			uint64_t length = wm_wgmma_length(&plan, tiles[i]) + 1;
			load += length;
			longest = length > longest ? length : longest;
		}
		least = load < least ? load : least;
		most = load > most ? load : most;
	}
	if (most > least + longest)
		fail_msg("%s: a block has %llu to do and another %llu", text, (unsigned long long)most,
		         (unsigned long long)least);
	free(begins);
	free(tiles);
	free(done);
}

static void every_tile_is_dealt_once(void **state) {
	(void)state;
	deal("attention:batch=4,heads=16,sq=4096,d=128,dtype=bf16");
	deal("attention:batch=4,heads=16,sq=4096,d=128,causal=yes,dtype=bf16");
	deal("attention:batch=1,heads=16,sq=16384,d=128,causal=yes,dtype=f16");
	deal("attention:batch=3,heads=12,kvheads=3,sq=777,sk=1001,d=64,causal=yes,dtype=bf16");
	deal("attention:batch=1,heads=1,sq=17,sk=1,d=256,dtype=bf16");
}

/* Blocks have the same to do to within a hundredth where there are many tiles. */
static void long_causal_rows_are_spread(void **state) {
	struct wm_wgmma_plan plan = wgmma_plan("attention:batch=1,heads=16,sq=16384,d=128,causal=yes,dtype=bf16");
	uint32_t begins[H100_UNITS + 1];
	struct wm_wgmma_tile *tiles = wm_zalloc(plan.tiles * sizeof(*tiles));
	uint64_t all = 0, most = 0;

	(void)state;
	wm_wgmma_schedule(&plan, begins, tiles);
	for (uint32_t b = 0; b < plan.blocks; b++) {
		uint64_t load = 0;
		for (uint32_t i = begins[b]; i < begins[b + 1]; i++)
			load += wm_wgmma_length(&plan, tiles[i]) + 1;
		all += load;
		most = load > most ? load : most;
	}
	assert_true((double)most * plan.blocks < 1.01 * (double)all);
	free(tiles);
}

/* Under the mask a tile goes up to the last key that its last query sees. */
static void tiles_end_where_their_keys_end(void **state) {
	struct wm_wgmma_plan plan = wgmma_plan("attention:heads=1,sq=300,sk=1300,d=128,causal=yes,dtype=bf16");
	(void)state;
	assert_int_equal(plan.rows, 128);
	assert_int_equal(plan.keys, 128);
	assert_int_equal(wm_wgmma_length(&plan, (struct wm_wgmma_tile){0, 0}), 9);    /* keys 0 to 1127 */
	assert_int_equal(wm_wgmma_length(&plan, (struct wm_wgmma_tile){0, 128}), 10); /* to 1255 */
	assert_int_equal(wm_wgmma_length(&plan, (struct wm_wgmma_tile){0, 256}), 11); /* to 1299 */
	plan = wgmma_plan("attention:heads=1,sq=300,sk=1300,d=128,dtype=bf16");
	assert_int_equal(plan.keys, 176);
	assert_int_equal(wm_wgmma_length(&plan, (struct wm_wgmma_tile){0, 0}), 8);
}

/* Registers of the block and shared memory are those of one multiprocessor. */
static void wgmma_fits_a_multiprocessor(void **state) {
	static const char *const problems[] = {"d=64", "d=128", "d=128,causal=yes", "d=256", "d=256,causal=yes", NULL};
	(void)state;
	for (const char *const *p = problems; *p; p++) {
		char text[WM_PROBLEM_CHARS];
		snprintf(text, sizeof(text), "attention:%s,dtype=bf16", *p);
		struct wm_wgmma_plan plan = wgmma_plan(text);
		uint32_t groups = plan.rows / 64, registers = groups == 2 ? 24 + 2 * 240 : 32 + 3 * 160;
		assert_int_equal(plan.threads, (groups + 1) * 128);
		assert_true(registers * 128 <= 65536);
		assert_true(plan.shared_bytes <= H100_SHARED);
	}
}

static void refuse_wgmma(const char *text, const char *reason) {
	struct wm_problem p = parsed(text);
	struct wm_wgmma_plan plan;
	assert_int_equal(wm_wgmma_plan(&p, H100_UNITS, 50 << 20, &plan), WM_UNSUPPORTED);
	assert_string_equal(wm_why(), reason);
}

static void what_wgmma_lacks_is_named(void **state) {
	(void)state;
	refuse_wgmma("attention:d=96,dtype=bf16", "d=96: 64, 128 or 256 here");
	refuse_wgmma("attention:d=128,dtype=f32", "dtype=f32: bf16 or f16 here, which matrix units take");
	refuse_wgmma("attention:sq=16,sk=64,dtype=bf16", "sq=16: a tile is 128 queries or more here, decode is for few");
	wgmma_plan("attention:sq=17,sk=64,dtype=bf16");
	refuse_wgmma("attention:batch=524289,heads=8,kvheads=1,sq=128,sk=128,dtype=bf16",
	             "4194312 tiles of 128 queries: at most 4194304 here");
	wgmma_plan("attention:batch=524288,heads=8,kvheads=1,sq=128,sk=128,dtype=bf16");
}

/* ---- decode ------------------------------------------------------------------------------------- */

/* As many shares as the device runs blocks at a time, and no more than there are units for. */
static void shares_fill_the_device(void **state) {
	static const char large[] = "attention:batch=16,heads=32,kvheads=8,sq=1,sk=4096,d=128,dtype=bf16";
	(void)state;
	assert_int_equal(decode_plan(large, 90, H100_UNITS).sizes.shares, 264);
	assert_int_equal(decode_plan(large, 80, 108).sizes.shares, 108);
	assert_int_equal(
		decode_plan("attention:batch=16,heads=32,kvheads=8,sq=1,sk=4096,d=256,dtype=bf16", 90, H100_UNITS).sizes.shares,
		132);
	/* two blocks of rows go through the same keys at a time */
	struct wm_decode_plan two = decode_plan("attention:heads=32,kvheads=1,sq=1,sk=100000,dtype=bf16", 90, H100_UNITS);
	assert_int_equal(two.sizes.row_blocks, 2);
	assert_int_equal(two.sizes.shares, 132);
	struct wm_decode_plan few = decode_plan("attention:heads=1,sq=1,sk=320,dtype=bf16", 90, H100_UNITS);
	assert_int_equal(few.sizes.units, 5);
	assert_int_equal(few.sizes.shares, 3);
	assert_int_equal(decode_plan("attention:heads=1,sq=1,sk=1,dtype=bf16", 90, H100_UNITS).sizes.shares, 1);
}

/* Two parts of every share and a count for every (key head, block of rows) have room, on any device. */
static void the_workspace_is_the_problems(void **state) {
	static const char problem[] = "attention:batch=2,heads=24,kvheads=1,sq=3,sk=70000,d=128,causal=yes,dtype=f16";
	struct wm_decode_plan h100 = decode_plan(problem, 90, H100_UNITS), huge = decode_plan(problem, 100, 4000);
	(void)state;
	assert_int_equal(h100.parts_bytes, huge.parts_bytes);
	assert_int_equal(h100.done_bytes, huge.done_bytes);
	assert_true(huge.sizes.shares > h100.sizes.shares);
	assert_int_equal(huge.sizes.row_blocks, 5);
	assert_true(huge.parts_bytes >= 2ULL * huge.sizes.shares * 5 * 16 * (128 + 2) * 4);
	assert_true(huge.done_bytes >= 2ULL * 5 * 4);
	assert_int_equal(huge.parts_bytes % 4096, 0);
	assert_int_equal(huge.done_bytes % 4096, 0);
}

static void refuse_decode(const char *text, int capability, const char *reason) {
	struct wm_problem p = parsed(text);
	struct wm_decode_plan plan;
	assert_int_equal(wm_decode_plan(&p, capability, H100_UNITS, &plan), WM_UNSUPPORTED);
	assert_string_equal(wm_why(), reason);
}

static void what_decode_lacks_is_named(void **state) {
	(void)state;
	refuse_decode("attention:sq=1,d=96,dtype=bf16", 90, "d=96: 64, 128 or 256 here");
	refuse_decode("attention:sq=1,dtype=f32", 90, "dtype=f32: bf16 or f16 here, which matrix units take");
	refuse_decode("attention:sq=17,dtype=f16", 90, "sq=17: at most 16 queries here, which is for steps of decoding");
	decode_plan("attention:sq=16,dtype=f16", 90, H100_UNITS);
	refuse_decode("attention:heads=129,kvheads=1,sq=1,dtype=f16", 90,
	              "sq x heads / kvheads = 129 rows share keys: at most 128 here");
	decode_plan("attention:heads=128,kvheads=1,sq=1,dtype=f16", 90, H100_UNITS);
	refuse_decode("attention:sq=1,dtype=bf16", 75,
	              "sm_75: needs sm_80 or later, which copies to shared memory by the side");
	refuse_decode("attention:sq=1,d=256,dtype=bf16", 89,
	              "d=256 needs 148496 bytes of shared memory a block, sm_89 has 101376");
	decode_plan("attention:sq=1,d=128,dtype=bf16", 89, 128);
}

/* Each problem with 16-bit numbers belongs to one of the two. */
static void one_of_the_two_takes_it(void **state) {
	static const char *const problems[] = {
		"sq=1,sk=4096",
		"sq=16,sk=4096",
		"sq=17,sk=4096",
		"heads=32,kvheads=1,sq=4,sk=64",
		"heads=32,kvheads=1,sq=5",
		"sq=4096",
		NULL,
	};
	(void)state;
	for (const char *const *p = problems; *p; p++) {
		char text[WM_PROBLEM_CHARS];
		struct wm_wgmma_plan wgmma;
		struct wm_decode_plan decode;
		snprintf(text, sizeof(text), "attention:%s,dtype=bf16", *p);
		struct wm_problem problem = parsed(text);
		assert_true(!wm_wgmma_plan(&problem, H100_UNITS, 0, &wgmma) !=
		            !wm_decode_plan(&problem, 90, H100_UNITS, &decode));
	}
}

/* ---- the device --------------------------------------------------------------------------------- */

static enum wm_status answer(const char *name, const char *arch, const char *problem) {
	struct wm_problem p = parsed(problem);
	struct wm_device dev = {.id = "cuda:0", .backend = "cuda", .units = H100_UNITS};
	struct wm_run run = {.problem = &p, .dev = &dev, .sets = 1};
	snprintf(dev.arch, sizeof(dev.arch), "%s", arch);
	return wm_impl_find("attention", name)->can_run(&run);
}

static void other_devices_are_refused(void **state) {
	(void)state;
	assert_int_equal(answer("wgmma", "sm_90", "attention:dtype=bf16"), WM_OK);
	assert_int_equal(answer("wgmma", "sm_100", "attention:dtype=bf16"), WM_UNSUPPORTED);
	assert_string_equal(wm_why(), "wgmma is an instruction of sm_90 alone, cuda:0 is sm_100");
	assert_int_equal(answer("decode", "sm_100", "attention:sq=1,dtype=bf16"), WM_OK);
	assert_int_equal(answer("decode", "sm_75", "attention:sq=1,dtype=bf16"), WM_UNSUPPORTED);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_tile_is_dealt_once),       cmocka_unit_test(long_causal_rows_are_spread),
		cmocka_unit_test(tiles_end_where_their_keys_end), cmocka_unit_test(wgmma_fits_a_multiprocessor),
		cmocka_unit_test(what_wgmma_lacks_is_named),      cmocka_unit_test(shares_fill_the_device),
		cmocka_unit_test(the_workspace_is_the_problems),  cmocka_unit_test(what_decode_lacks_is_named),
		cmocka_unit_test(one_of_the_two_takes_it),        cmocka_unit_test(other_devices_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
