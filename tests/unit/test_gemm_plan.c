/* SPDX-License-Identifier: Apache-2.0 */
/* test_gemm_plan.c - what gemm / wgmma does with a problem: its tile, its grid, its share of a multiprocessor, and what
 * it refuses, each refusal with a neighbour that is let pass. */
#include "core/problem.h"
#include "core/registry.h"

#include "../../kernels/cuda/gemm_wgmma.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum {
	SHARED_MOST = 227 * 1024, /* of one block on sm_90: CUDA C++ Programming Guide, compute capabilities */
	UNITS = 132               /* H100 SXM */
};

static struct wm_problem parsed(const char *text) {
	struct wm_problem p;
	if (wm_problem_parse(text, &p))
		fail_msg("%s: %s", text, wm_why());
	return p;
}

static struct wm_gemm_plan planned(const char *text, int units) {
	struct wm_problem p = parsed(text);
	struct wm_gemm_plan plan;
	if (wm_gemm_wgmma_plan(&p, units, &plan))
		fail_msg("%s: %s", text, wm_why());
	return plan;
}

static void the_model_takes_tiles_that_fill_the_gpu(void **state) {
	struct wm_gemm_plan plan;
	(void)state;
	plan = planned("gemm:m=8192,dtype=bf16", UNITS);
	assert_string_equal(plan.entry, "gemm_bf16_tn_large");
	assert_int_equal(plan.work.splits, 1);
	assert_int_equal(plan.planes_bytes, 0);
	/* 32 x 32 tiles of 256 x 256 in 16 rounds: two of 66 clusters would only wait */
	assert_int_equal(plan.work.row_tiles * plan.work.col_tiles, 1024);
	assert_int_equal(plan.work.clusters, 64);
	assert_int_equal(plan.work.band, 8);
	plan = planned("gemm:m=1024,dtype=bf16,trans=nt", UNITS);
	assert_string_equal(plan.entry, "gemm_bf16_nt_medium");
	plan = planned("gemm:m=4096,n=16,k=4096,dtype=f16,out=f32", UNITS);
	assert_string_equal(plan.entry, "gemm_f16_tn_small");
	assert_true(plan.work.splits > 1);
	plan = planned("gemm:m=8192,dtype=e4m3", UNITS);
	assert_string_equal(plan.entry, "gemm_e4m3_tn_large");
	assert_int_equal(plan.tile->cols, 192);
}

static void a_block_fits_a_multiprocessor(void **state) {
	static const char *const dtypes[] = {"bf16", "f16", "tf32", "e4m3", "e5m2", "i8"}, *const tiles[] = {
																						   "large", "medium", "small"};
	(void)state;
	for (size_t d = 0; d < sizeof(dtypes) / sizeof(dtypes[0]); d++)
		for (size_t i = 0; i < sizeof(tiles) / sizeof(tiles[0]); i++) {
			char text[64];
			struct wm_gemm_plan plan;
			snprintf(text, sizeof(text), "gemm:m=1024,dtype=%s", dtypes[d]);
			struct wm_problem p = parsed(text);
			assert_int_equal(wm_gemm_wgmma_plan_with(&p, UNITS, tiles[i], 1, &plan), WM_OK);
			assert_true(plan.shared_bytes <= SHARED_MOST);
			assert_true(plan.tile->stages >= 4);
			assert_true(plan.threads == 384 || plan.threads == 256);
		}
}

/* Parts of k: none is empty, together they are all of k; the grid is no larger than the GPU. */
static void k_is_dealt_out_whole(void **state) {
	(void)state;
	for (int k = 8; k < 3000; k += 88)
		for (unsigned splits = 1; splits <= 16; splits++) {
			char text[64];
			struct wm_gemm_plan plan;
			snprintf(text, sizeof(text), "gemm:m=512,n=200,k=%d,dtype=bf16", k);
			struct wm_problem p = parsed(text);
			assert_int_equal(wm_gemm_wgmma_plan_with(&p, 10, "medium", splits, &plan), WM_OK);
			const struct wm_gemm_work *w = &plan.work;
			assert_int_equal(w->steps, (k + 63) / 64);
			assert_true(w->splits >= 1 && w->splits <= splits);
			assert_true((w->splits - 1) * w->split_steps < w->steps && w->splits * w->split_steps >= w->steps);
			assert_true(w->clusters >= 1 && w->clusters * plan.tile->blocks <= 10);
			assert_int_equal(w->out_32, w->splits > 1);
			assert_int_equal(plan.planes_bytes, w->splits > 1 ? 512 * 200 * 4 * w->splits : 0);
		}
}

/* The workspace is a matter of the problem, whatever the device. */
static void the_workspace_is_the_same_on_every_device(void **state) {
	static const char text[] = "gemm:m=4096,n=16,k=4096,dtype=bf16";
	const struct wm_device dev = {.units = 114};
	struct wm_problem p = parsed(text);
	uint64_t bytes = planned(text, UNITS).planes_bytes;
	(void)state;
	assert_true(bytes > 0);
	assert_int_equal(planned(text, 114).planes_bytes, bytes);
	assert_int_equal(planned(text, 0).planes_bytes, bytes);
	assert_int_equal(wm_impl_find("gemm", "wgmma")->workspace(&p, &dev), (bytes + 4095) / 4096 * 4096);
	assert_int_equal(planned(text, 114).work.splits, planned(text, UNITS).work.splits);
}

static void refuse(const char *text, const char *reason, const char *neighbour) {
	struct wm_problem p = parsed(text), q = parsed(neighbour);
	struct wm_device dev = {.id = "cuda:0", .arch = "sm_90", .units = UNITS};
	struct wm_run run = {.problem = &p, .dev = &dev, .sets = 1};
	const struct wm_impl *wgmma = wm_impl_find("gemm", "wgmma");
	assert_int_equal(wgmma->can_run(&run), WM_UNSUPPORTED);
	assert_string_equal(wm_why(), reason);
	run.problem = &q;
	assert_int_equal(wgmma->can_run(&run), WM_OK);
}

static void what_it_cannot_is_told(void **state) {
	(void)state;
	refuse("gemm:m=64,dtype=f64", "no wgmma kernel for f64: bf16, f16, tf32, e4m3, e5m2 and i8 have one",
	       "gemm:m=64,dtype=bf16");
	refuse("gemm:m=64,dtype=tf32,trans=nn", "wgmma reads tf32 along k only, that is trans=tn",
	       "gemm:m=64,dtype=f16,trans=nn");
	refuse("gemm:m=64,n=64,k=1020,dtype=bf16",
	       "b: lines are 2040 bytes apart, the TMA takes multiples of 16 bytes below 2^40",
	       "gemm:m=64,n=64,k=1024,dtype=bf16");
	refuse("gemm:m=1020,n=64,k=64,dtype=bf16",
	       "c: lines are 2040 bytes apart, the TMA takes multiples of 16 bytes below 2^40",
	       "gemm:m=1020,n=64,k=64,dtype=bf16,out=f32");
	refuse("gemm:m=1020,n=64,k=64,dtype=bf16,trans=nn,out=f32",
	       "a: lines are 2040 bytes apart, the TMA takes multiples of 16 bytes below 2^40",
	       "gemm:m=1024,n=64,k=64,dtype=bf16,trans=nn,out=f32");
}

static void other_architectures_are_told(void **state) {
	static const char *const others[] = {"sm_80", "sm_100", "sm_120"};
	struct wm_problem p = parsed("gemm:m=64,dtype=bf16");
	struct wm_device dev = {.id = "cuda:0", .units = UNITS};
	struct wm_run run = {.problem = &p, .dev = &dev, .sets = 1};
	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char reason[96];
		snprintf(dev.arch, sizeof(dev.arch), "%s", others[i]);
		snprintf(reason, sizeof(reason), "wgmma is an instruction of sm_90 alone, cuda:0 is %s", others[i]);
		assert_int_equal(wm_impl_find("gemm", "wgmma")->can_run(&run), WM_UNSUPPORTED);
		assert_string_equal(wm_why(), reason);
	}
}

static void a_tile_that_is_not_there_is_told(void **state) {
	struct wm_problem p = parsed("gemm:m=64,dtype=bf16");
	struct wm_gemm_plan plan;
	(void)state;
	assert_int_equal(wm_gemm_wgmma_plan_with(&p, UNITS, "huge", 1, &plan), WM_INPUT);
	assert_string_equal(wm_why(), "no tile is called \"huge\"");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_model_takes_tiles_that_fill_the_gpu),
		cmocka_unit_test(a_block_fits_a_multiprocessor),
		cmocka_unit_test(k_is_dealt_out_whole),
		cmocka_unit_test(the_workspace_is_the_same_on_every_device),
		cmocka_unit_test(what_it_cannot_is_told),
		cmocka_unit_test(other_architectures_are_told),
		cmocka_unit_test(a_tile_that_is_not_there_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
