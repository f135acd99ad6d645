/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_attention_decode.c - attention_decode.k, emulated, held against the benchmark's own verification: keys that end
 * anywhere in a tile, a unit and a turn of the ring, shares that cut heads anywhere, rows that share keys. Devices have
 * few multiprocessors, so that a share has parts of several heads.
 */
#include "backend.h"

#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void try_problem(const char *arch, int multiprocessors, const char *problem) {
	struct wm_trial_place place;
	wm_emulated_open(&place, arch);
	place.dev.units = multiprocessors;
	wm_trial(&place, wm_impl_find("attention", "decode"), problem);
}

static void one_key_is_enough(void **state) {
	(void)state;
	try_problem("sm_80", 4, "attention:heads=1,sq=1,sk=1,d=64,dtype=bf16");
}

/* Tiles of 16 keys, units of 64; the ring of d = 128 has 5 slots, two a unit. */
static void keys_end_anywhere(void **state) {
	(void)state;
	try_problem("sm_80", 1, "attention:heads=1,sq=1,sk=15,d=128,dtype=bf16");
	try_problem("sm_80", 1, "attention:heads=2,sq=1,sk=65,d=128,dtype=bf16");
	try_problem("sm_80", 1, "attention:heads=2,sq=2,sk=449,d=64,dtype=f16,causal=yes");
	try_problem("sm_90", 1, "attention:heads=1,sq=1,sk=257,d=256,dtype=bf16");
}

/* Shares that end in a head, between heads, and that have several heads; heads that several shares have parts of. */
static void shares_cut_anywhere(void **state) {
	(void)state;
	for (int multiprocessors = 1; multiprocessors <= 7; multiprocessors += 2)
		try_problem("sm_80", multiprocessors, "attention:batch=3,heads=2,sq=1,sk=300,d=64,dtype=bf16");
	try_problem("sm_90", 3, "attention:batch=2,heads=1,sq=1,sk=700,d=128,dtype=f16");
	try_problem("sm_90", 40, "attention:batch=1,heads=1,sq=1,sk=1500,d=64,dtype=bf16");
}

/* Rows of several heads and queries in one block of rows, and in several. */
static void heads_share_keys(void **state) {
	(void)state;
	try_problem("sm_90", 2, "attention:batch=2,heads=8,kvheads=2,sq=1,sk=200,d=128,dtype=bf16,causal=yes");
	try_problem("sm_90", 2, "attention:heads=6,kvheads=2,sq=5,sk=150,d=64,dtype=bf16,causal=yes");
	try_problem("sm_90", 2, "attention:heads=7,kvheads=1,sq=16,sk=130,d=64,dtype=f16,causal=yes");
	try_problem("sm_90", 2, "attention:heads=20,kvheads=1,sq=1,sk=130,d=256,dtype=f16");
}

/* What is said beforehand is what prepare takes. */
static void the_workspace_is_what_was_said(void **state) {
	struct wm_trial_place place;
	(void)state;
	wm_emulated_open(&place, "sm_90");
	wm_trial_workspace(&place, wm_impl_find("attention", "decode"),
	                   "attention:heads=40,kvheads=2,sq=1,sk=500,dtype=bf16");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_key_is_enough),
		cmocka_unit_test(keys_end_anywhere),
		cmocka_unit_test(shares_cut_anywhere),
		cmocka_unit_test(heads_share_keys),
		cmocka_unit_test(the_workspace_is_what_was_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
