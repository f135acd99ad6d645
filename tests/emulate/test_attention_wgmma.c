/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_attention_wgmma.c - attention_wgmma.k, emulated, held against the benchmark's own verification: sizes on and
 * beside the edges of its tiles, one block of keys and many, masks, shared keys. Devices have few multiprocessors, so
 * that a block has several tiles.
 */
#include "backend.h"

#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void try_problem(int multiprocessors, const char *problem) {
	struct wm_trial_place place;
	wm_emulated_open(&place, "sm_90");
	place.dev.units = multiprocessors;
	wm_trial(&place, wm_impl_find("attention", "wgmma"), problem);
}

static void tiles_end_anywhere(void **state) {
	(void)state;
	try_problem(2, "attention:heads=1,sq=17,sk=1,d=128,dtype=bf16");
	try_problem(2, "attention:heads=1,sq=129,sk=177,d=128,dtype=bf16");
	try_problem(2, "attention:heads=2,sq=193,sk=127,d=64,dtype=bf16");
	try_problem(2, "attention:heads=1,sq=130,sk=81,d=256,dtype=f16");
}

/* More key blocks than stages, more tiles than blocks. */
static void stages_are_used_again(void **state) {
	(void)state;
	try_problem(1, "attention:heads=1,sq=200,sk=900,d=128,dtype=f16");
	try_problem(2, "attention:batch=2,heads=2,sq=20,sk=300,d=64,dtype=f16");
	try_problem(1, "attention:heads=1,sq=20,sk=400,d=256,dtype=bf16");
}

static void masks_are_right(void **state) {
	(void)state;
	try_problem(1, "attention:heads=1,sq=260,d=128,dtype=bf16,causal=yes");
	try_problem(2, "attention:heads=1,sq=150,sk=276,d=128,dtype=f16,causal=yes");
	try_problem(2, "attention:heads=1,sq=200,sk=333,d=64,dtype=bf16,causal=yes");
	try_problem(2, "attention:heads=1,sq=140,sk=141,d=256,dtype=bf16,causal=yes");
}

static void query_heads_find_their_keys(void **state) {
	(void)state;
	try_problem(3, "attention:batch=2,heads=6,kvheads=2,sq=33,sk=70,d=64,dtype=bf16,causal=yes");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tiles_end_anywhere),
		cmocka_unit_test(stages_are_used_again),
		cmocka_unit_test(masks_are_right),
		cmocka_unit_test(query_heads_find_their_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
