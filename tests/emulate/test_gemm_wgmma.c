/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_gemm_wgmma.c - gemm / wgmma run lane by lane, held against the benchmark's own verification: every variant of
 * the text, each edge of a tile, rings that go round, several tiles a block, clusters whose lower half has nothing to
 * do, k in parts. With arguments (problem, tile, parts): that alone.
 */
#include "backend.h"

#include "../../kernels/cuda/gemm_wgmma.h"

#include "core/problem.h"
#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct wm_trial_place place;
static struct wm_impl given; /* wgmma with the tile and the parts that are asked for here, not by the cost model */
static const char *tile;
static unsigned parts;

static enum wm_status can_run_given(const struct wm_run *run) {
	struct wm_gemm_plan plan;
	return wm_gemm_wgmma_plan_with(run->problem, run->dev->units, tile, parts, &plan);
}

static enum wm_status prepare_given(struct wm_run *run) {
	struct wm_gemm_plan plan;
	enum wm_status st = wm_gemm_wgmma_plan_with(run->problem, run->dev->units, tile, parts, &plan);
	return st ? st : wm_gemm_wgmma_prepare(run, &plan);
}

static int start(void **state) {
	(void)state;
	wm_emulated_open(&place, "sm_90");
	given = *wm_impl_find("gemm", "wgmma");
	given.can_run = can_run_given;
	given.prepare = prepare_given;
	return 0;
}

/* On a device of that many multiprocessors. */
static void try_on(int units, const char *problem, const char *with_tile, unsigned in_parts) {
	place.dev.units = units;
	tile = with_tile;
	parts = in_parts;
	wm_trial(&place, &given, problem);
}

static void try_tiles(const char *problem) {
	try_on(2, problem, "large", 1);
	try_on(2, problem, "medium", 1);
	try_on(2, problem, "small", 1);
}

/* Every variant: less than a tile along n, more than one along m or k. */
static void bf16_is_right_in_all_layouts(void **state) {
	(void)state;
	try_tiles("gemm:m=136,n=72,k=72,dtype=bf16,trans=tn");
	try_tiles("gemm:m=136,n=72,k=72,dtype=bf16,trans=nn");
	try_tiles("gemm:m=136,n=72,k=72,dtype=bf16,trans=nt");
	try_tiles("gemm:m=136,n=72,k=72,dtype=bf16,trans=tt");
}
static void f16_is_right_in_all_layouts(void **state) {
	(void)state;
	try_tiles("gemm:m=136,n=72,k=72,dtype=f16,trans=tn");
	try_tiles("gemm:m=136,n=72,k=72,dtype=f16,trans=nn");
	try_tiles("gemm:m=136,n=72,k=72,dtype=f16,trans=nt");
	try_tiles("gemm:m=136,n=72,k=72,dtype=f16,trans=tt");
}
static void tf32_is_right(void **state) {
	(void)state;
	try_tiles("gemm:m=132,n=70,k=36,dtype=tf32");
}
static void short_floats_are_right(void **state) {
	(void)state;
	try_tiles("gemm:m=136,n=70,k=144,dtype=e4m3");
	try_tiles("gemm:m=136,n=70,k=144,dtype=e5m2");
}
static void integers_are_right(void **state) {
	(void)state;
	try_tiles("gemm:m=132,n=70,k=144,dtype=i8");
}
static void sums_in_f32_are_kept(void **state) {
	(void)state;
	try_tiles("gemm:m=132,n=70,k=72,dtype=bf16,trans=tn,out=f32");
	try_on(2, "gemm:m=136,n=72,k=72,dtype=f16,trans=nt,out=f32", "small", 1);
}

/* The ring goes round several times, within tiles and between them; tiles end inside of the matrix and outside. */
static void the_ring_goes_round(void **state) {
	(void)state;
	try_on(2, "gemm:m=264,n=264,k=328,dtype=bf16", "large", 1);
	try_on(4, "gemm:m=264,n=264,k=328,dtype=bf16,trans=nt", "medium", 1);
	try_on(3, "gemm:m=264,n=136,k=456,dtype=bf16,trans=tt", "small", 1);
	try_on(2, "gemm:m=208,n=136,k=656,dtype=e4m3", "large", 1);
}

static void a_single_element_is_right(void **state) {
	(void)state;
	try_tiles("gemm:m=8,n=1,k=8,dtype=bf16");
	try_on(2, "gemm:m=8,n=1,k=16,dtype=e5m2", "large", 1);
}

/* Parts of k that are added up behind, also where the last one is shorter. */
static void parts_of_k_are_added(void **state) {
	(void)state;
	try_on(4, "gemm:m=136,n=40,k=328,dtype=bf16", "small", 4);
	try_on(4, "gemm:m=132,n=40,k=328,dtype=f16,out=f32", "small", 2);
	try_on(4, "gemm:m=136,n=40,k=200,dtype=f16,trans=nt", "medium", 3);
	try_on(4, "gemm:m=136,n=40,k=400,dtype=e5m2", "small", 2);
	try_on(4, "gemm:m=132,n=40,k=400,dtype=i8", "small", 2);
}

/* Buffers of the exact size, whose ends the address sanitizer watches. */
static void nothing_beyond_the_planes_is_read(void **state) {
	(void)state;
	place.guard = 0;
	try_on(4, "gemm:m=72,n=5,k=136,dtype=bf16", "small", 2);
	place.guard = WM_TRIAL_GUARD;
}

/* The implementation as it is: its plan, more multiprocessors than tiles, and two buffer sets are its own matter. */
static void the_cost_model_s_choice_is_right(void **state) {
	(void)state;
	place.dev.units = 132;
	wm_trial(&place, wm_impl_find("gemm", "wgmma"), "gemm:m=264,n=72,k=136,dtype=bf16");
}

/* ---- the order of tiles --------------------------------------------------------------------------------------- */

void wm_emulated_gemm_tile(const void *work, unsigned w, unsigned *tile_p);

static void every_tile_comes_once(void **state) {
	(void)state;
	for (uint32_t rows = 1; rows < 12; rows++)
		for (uint32_t cols = 1; cols < 12; cols++)
			for (uint32_t band = 1; band <= rows; band++) {
				struct wm_gemm_work work = {.row_tiles = rows, .col_tiles = cols, .splits = 2, .band = band};
				char seen[2][12][12] = {{{0}}};
				for (uint32_t w = 0; w < rows * cols * 2; w++) {
					unsigned at[3];
					wm_emulated_gemm_tile(&work, w, at);
					assert_true(at[0] < rows && at[1] < cols && at[2] < 2);
					assert_false(seen[at[2]][at[0]][at[1]]);
					seen[at[2]][at[0]][at[1]] = 1;
				}
			}
}

static const char *const *asked;

static void what_was_asked(void **state) {
	(void)state;
	try_on(4, asked[0], asked[1], (unsigned)atoi(asked[2]));
}

int main(int argc, char **argv) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bf16_is_right_in_all_layouts),
		cmocka_unit_test(f16_is_right_in_all_layouts),
		cmocka_unit_test(tf32_is_right),
		cmocka_unit_test(short_floats_are_right),
		cmocka_unit_test(integers_are_right),
		cmocka_unit_test(sums_in_f32_are_kept),
		cmocka_unit_test(the_ring_goes_round),
		cmocka_unit_test(a_single_element_is_right),
		cmocka_unit_test(parts_of_k_are_added),
		cmocka_unit_test(nothing_beyond_the_planes_is_read),
		cmocka_unit_test(the_cost_model_s_choice_is_right),
		cmocka_unit_test(every_tile_comes_once),
	};
	const struct CMUnitTest one[] = {cmocka_unit_test(what_was_asked)};
	if (argc == 4) {
		asked = (const char *const *)argv + 1;
		return cmocka_run_group_tests(one, start, NULL);
	}
	return cmocka_run_group_tests(tests, start, NULL);
}
