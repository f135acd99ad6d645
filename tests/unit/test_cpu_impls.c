/* SPDX-License-Identifier: Apache-2.0 */
/* test_cpu_impls.c - every host implementation gives right results for odd sizes and writes nothing else. */
#include "../../kernels/cpu/loops.h"
#include "../inject/sets.h"

#include "core/problem.h"
#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 21 };

/* Both parts, with several numbers of threads. False when the implementation's library is not installed. */
static bool holds(const char *problem, const char *impl) {
	const int threads[] = {1, 3, 7};

	for (int t = 0; t < 3; t++)
		for (int part = WM_EXACT; part <= WM_TIMED; part++) {
			struct wm_set set;
			struct wm_check check;

			wm_set_open(&set, problem);
			wm_set_fill(&set, (enum wm_data_part)part, SEED);
			enum wm_status st = wm_set_run(&set, wm_impl_find(set.p.bench->name, impl), threads[t]);
			if (st == WM_SKIP) {
				wm_set_close(&set);
				return false;
			}
			if (st == WM_OK)
				st = wm_set_verify(&set, (enum wm_data_part)part, SEED, &check);
			if (st != WM_OK)
				fail_msg("%s by %s with %d threads: %s", problem, impl, threads[t], wm_why());
			if (!wm_set_slack_whole(&set))
				fail_msg("%s by %s with %d threads wrote behind a tensor", problem, impl, threads[t]);
			wm_set_close(&set);
		}
	return true;
}

static void memory_and_fma(void **state) {
	static const char *const problems[] = {
		"read:bytes=8,dtype=%s",         "read:bytes=4000,dtype=%s",      "read:bytes=8192,dtype=%s",
		"read:bytes=1000008,dtype=%s",   "copy:bytes=8,dtype=%s",         "copy:bytes=1000008,dtype=%s",
		"copy:bytes=16384,dtype=%s",     "triad:bytes=8,dtype=%s",        "triad:bytes=1000008,dtype=%s",
		"triad:bytes=4104,dtype=%s",     "fma:n=1,iters=1,dtype=%s",      "fma:n=1000,iters=3,dtype=%s",
		"fma:n=4096,iters=100,dtype=%s", "fma:n=777,iters=1000,dtype=%s",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(problems) / sizeof(*problems); i++)
		for (int wide = 0; wide < 2; wide++) {
			char problem[128];

			snprintf(problem, sizeof(problem), problems[i], wide ? "f64" : "f32");
			assert_true(holds(problem, "simd"));
			assert_true(holds(problem, "ref"));
		}
}

static void cblas(void **state) {
	const char *const trans[] = {"nn", "nt", "tn", "tt"};
	const char *const shapes[] = {"m=1", "m=7,n=13,k=129", "m=64", "m=129,n=3,k=70", "m=100,n=90,k=1"};

	(void)state;
	for (int t = 0; t < 4; t++)
		for (int s = 0; s < 5; s++)
			for (int wide = 0; wide < 2; wide++) {
				char problem[128];

				snprintf(problem, sizeof(problem), "gemm:%s,trans=%s,dtype=%s", shapes[s], trans[t],
				         wide ? "f64" : "f32");
				if (!holds(problem, "cblas"))
					skip();
			}
}

/* ---- what is timed ------------------------------------------------------------------------------- */

static enum wm_status one_after_another(struct wm_device *dev, void (*fn)(void *arg, int thread, int threads),
                                        void *arg) {
	for (int t = 0; t < dev->threads; t++)
		fn(arg, t, dev->threads);
	return WM_OK;
}

static const struct wm_backend serial = {.name = "host", .parallel = one_after_another};

/* Right results without a problem to look at: prepare has settled everything. */
static void nothing_is_looked_up(const char *problem, const char *impl_name) {
	struct wm_set set;
	struct wm_check check;
	struct wm_device dev = {.id = "host", .threads = 3};
	struct wm_buf buf[WM_MAX_TENSORS];

	wm_set_open(&set, problem);
	wm_set_fill(&set, WM_EXACT, SEED);
	for (int i = 0; i < set.n; i++)
		buf[i] = (struct wm_buf){.ptr = set.host[i], .bytes = set.bytes[i]};
	const struct wm_impl *impl = wm_impl_find(set.p.bench->name, impl_name);
	struct wm_run run = {.problem = &set.p, .backend = &serial, .dev = &dev, .tensors = set.n, .sets = 1, .buf = buf};
	enum wm_status st = impl->prepare(&run);
	if (st == WM_OK) {
		run.problem = NULL;
		assert_int_equal(impl->enqueue(&run, 0), WM_OK);
		assert_int_equal(wm_set_verify(&set, WM_EXACT, SEED, &check), WM_OK);
	} else {
		assert_int_equal(st, WM_SKIP);
	}
	impl->finish(&run);
	assert_null(run.priv);
	wm_set_close(&set);
}

static void timed_part(void **state) {
	static const char *const problems[] = {"read:bytes=20000", "copy:bytes=20000", "triad:bytes=20000",
	                                       "fma:n=777,iters=3"};

	(void)state;
	for (int i = 0; i < 4; i++) {
		nothing_is_looked_up(problems[i], "simd");
		nothing_is_looked_up(problems[i], "ref");
	}
	nothing_is_looked_up("gemm:m=9,n=8,k=7,trans=nt", "ref");
	nothing_is_looked_up("gemm:m=9,n=8,k=7,trans=nt", "cblas");
}

/* A broken block runs in a slower loop: one thread at most has one. */
static void fma_deals_whole_blocks(void **state) {
	(void)state;
	for (int wide = 0; wide < 2; wide++)
		for (int threads = 1; threads < 9; threads++) {
			struct wm_problem p;
			struct wm_device dev = {.id = "host", .threads = threads};
			struct wm_run run = {.problem = &p, .backend = &serial, .dev = &dev};
			size_t block = wide ? wm_loops()->fma_block_f64 : wm_loops()->fma_block_f32, next = 0;
			int broken = 0;

			assert_int_equal(wm_problem_parse(wide ? "fma:n=100003,dtype=f64" : "fma:n=100003", &p), WM_OK);
			assert_int_equal(wm_impl_find("fma", "simd")->prepare(&run), WM_OK);
			const struct wm_plan *plan = run.priv;
			for (int t = 0; t < threads; t++) {
				assert_int_equal(plan->span[t].from, next);
				next = plan->span[t].to;
				broken += (next - plan->span[t].from) % block != 0;
			}
			assert_int_equal(next, 100003);
			assert_true(broken <= 1);
			wm_impl_find("fma", "simd")->finish(&run);
		}
}

static void refused(const char *problem, const char *impl, const char *why) {
	struct wm_set set = {0};
	struct wm_run run = {.problem = &set.p};

	wm_set_open(&set, problem);
	assert_int_equal(wm_impl_find(set.p.bench->name, impl)->can_run(&run), WM_UNSUPPORTED);
	assert_string_equal(wm_why(), why);
	wm_set_close(&set);
}

static void refusals(void **state) {
	(void)state;
	refused("gemm:m=8,dtype=f16", "cblas", "cblas has no f16");
	refused("gemm:m=8,dtype=bf16", "cblas", "cblas has no bf16");
	refused("gemm:m=8,dtype=i8", "cblas", "cblas has no i8");
	refused("gemm:m=1024", "ref", "2.15e+09 operations are more than 1e+09, the most that ref does");
	refused("fma:n=65536,iters=10000", "ref", "1.31e+09 operations are more than 1e+09, the most that ref does");
	refused("fma:n=64,dtype=bf16", "simd", "simd has no bf16");
}

/* ---- the loops of every instruction set that this CPU has ---------------------------------------- */

enum { MOST = 600, OFFSETS = 5, SLACK = 64 };

/* Integers small enough for exact sums in f32. */
static float *numbers(int first) {
	float *x = wm_zalloc((MOST + OFFSETS + SLACK) * sizeof(*x));

	for (int i = 0; i < MOST + OFFSETS + SLACK; i++)
		x[i] = (float)((first + i * 7) % 101 - 50);
	return x;
}

static double *widened(const float *x) {
	double *wide = wm_zalloc((MOST + OFFSETS + SLACK) * sizeof(*wide));

	for (int i = 0; i < MOST + OFFSETS + SLACK; i++)
		wide[i] = (double)x[i];
	return wide;
}

/* What the loops make of two elements: copy, triad with s = 3, five multiply-adds of 2 and 3. */
static float result(int what, float x, float y) {
	const float results[] = {x, x + 3 * y, x + 5 * 2 * 3};

	return results[what];
}

static void loops_for(const struct wm_loops *loops, size_t n, size_t offset) {
	float *x = numbers(3), *y = numbers(40), *out = numbers(0);
	double *wide_x = widened(x), *wide_y = widened(y), *wide_out = widened(out), sum = 0;
	const float ab[2] = {2, 3};
	const double wide_ab[2] = {2, 3};

	for (size_t i = 0; i < n; i++)
		sum += (double)x[offset + i];
	assert_true(loops->sum_f32(x + offset, n) == sum);
	assert_true(loops->sum_f64(wide_x + offset, n) == sum);

	for (int what = 0; what < 3; what++) {
		memset(out, 0, (MOST + OFFSETS + SLACK) * sizeof(*out));
		memset(wide_out, 0, (MOST + OFFSETS + SLACK) * sizeof(*wide_out));
		if (what == 0) {
			loops->copy_f32(out + offset, x, n);
			loops->copy_f64(wide_out + offset, wide_x, n);
		} else if (what == 1) {
			loops->triad_f32(out + offset, x, y, 3, n);
			loops->triad_f64(wide_out + offset, wide_x, wide_y, 3, n);
		} else {
			loops->fma_f32(out + offset, x, ab, n, 5);
			loops->fma_f64(wide_out + offset, wide_x, wide_ab, n, 5);
		}
		for (size_t i = 0; i < MOST + OFFSETS + SLACK; i++) {
			float want = i >= offset && i < offset + n ? result(what, x[i - offset], y[i - offset]) : 0;

			if (out[i] != want || wide_out[i] != (double)want)
				fail_msg("%s: what %d, n %zu, offset %zu, element %zu", loops->name, what, n, offset, i);
		}
	}
	free(x);
	free(y);
	free(out);
	free(wide_x);
	free(wide_y);
	free(wide_out);
}

static void every_table(void **state) {
	const struct wm_loops *tables[] = {wm_loops_avx512(), wm_loops_avx2(), wm_loops_neon(), wm_loops_c()};

	(void)state;
	assert_non_null(wm_loops_c());
	for (int t = 0; t < 4; t++)
		assert_true(!tables[t] || (tables[t]->fma_block_f32 > 0 && tables[t]->fma_block_f64 > 0));
	for (int t = 0; t < 4; t++)
		for (size_t n = 0; tables[t] && n < MOST; n += n < 70 ? 1 : 37)
			for (size_t offset = 0; offset < OFFSETS; offset++)
				loops_for(tables[t], n, offset);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_table), cmocka_unit_test(memory_and_fma),         cmocka_unit_test(cblas),
		cmocka_unit_test(timed_part),  cmocka_unit_test(fma_deals_whole_blocks), cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
