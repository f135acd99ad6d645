/* SPDX-License-Identifier: Apache-2.0 */
/* test_collective.c - the benchmarks of collectives: what is counted, what is refused, what passes and what does not.
 */
#include "../inject/inject.h"
#include "../inject/sets.h"

#include "core/problem.h"
#include "core/registry.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 5, TRIES = 25 };

static const char *const benches[] = {"allreduce", "reducescatter", "allgather", "broadcast", "alltoall", "sendrecv"};
static const char *const types[] = {"f32", "bf16", "i8"};
enum { BENCHES = 6, TYPES = 3 };

static bool sums(const char *bench) {
	return strstr(bench, "reduce") != NULL;
}

/* S is what bandwidths are counted by; the factors of the bus, for 4 ranks. */
static void work_by_hand(void **state) {
	static const struct {
		const char *problem;
		double bus;
	} rows[] = {{"allreduce:bytes=1000", 1500}, {"reducescatter:bytes=1000,dtype=bf16", 750},
	            {"allgather:bytes=1000", 750},  {"broadcast:bytes=1000", 1000},
	            {"alltoall:bytes=1000", 750},   {"sendrecv:bytes=1000,dtype=i8", 1000}};

	(void)state;
	for (int i = 0; i < BENCHES; i++) {
		struct wm_problem p;
		struct wm_work work;

		assert_int_equal(wm_problem_parse(rows[i].problem, &p), WM_OK);
		assert_string_equal(p.bench->metric, "B/s bus");
		assert_true(p.bench->hot && p.bench->collective);
		p.ranks = 4;
		p.rank = WM_ALL_RANKS;
		p.bench->work(&p, &work);
		assert_true(work.bytes == 1000 && work.wire_bytes == rows[i].bus && work.flop == 0);
	}
}

/* Elements of send and recv for S = 1200 bytes of f32: one rank of 3, and all. */
static void sizes(void **state) {
	static const size_t send[] = {300, 300, 100, 300, 300, 300}, recv[] = {300, 100, 300, 300, 300, 300};

	(void)state;
	for (int b = 0; b < BENCHES; b++) {
		struct wm_set set;
		char problem[64];

		snprintf(problem, sizeof(problem), "%s:bytes=1200", benches[b]);
		wm_set_open_ranks(&set, problem, 2, 3);
		assert_int_equal(set.n, 2);
		assert_int_equal(set.t[0].count, send[b]);
		assert_int_equal(set.t[1].count, recv[b]);
		assert_true(!set.t[0].output && set.t[1].output);
		wm_set_close(&set);
		wm_set_open_ranks(&set, problem, WM_ALL_RANKS, 3);
		assert_int_equal(set.t[0].count, 3 * send[b]);
		assert_int_equal(set.t[1].count, 3 * recv[b]);
		wm_set_close(&set);
		/* a problem that was placed on nothing yet */
		wm_set_open_ranks(&set, problem, 0, 1);
		assert_int_equal(set.t[0].count, 300);
		assert_int_equal(set.t[1].count, 300);
		wm_set_close(&set);
	}
}

static enum wm_status accepted(const char *problem, int ranks) {
	struct wm_problem p;

	assert_int_equal(wm_problem_parse(problem, &p), WM_OK);
	p.rank = WM_ALL_RANKS;
	p.ranks = ranks;
	return p.bench->accept(&p);
}

static void refuses(const char *problem, int ranks, const char *why) {
	assert_int_equal(accepted(problem, ranks), WM_UNSUPPORTED);
	assert_string_equal(wm_why(), why);
}

static void refusals(void **state) {
	struct wm_problem p;

	(void)state;
	assert_int_equal(wm_problem_parse("allreduce:bytes=10", &p), WM_INPUT);
	assert_non_null(strstr(wm_why(), "bytes=10 is no multiple of 4, the size of an element of f32"));
	assert_int_equal(wm_problem_parse("allreduce:bytes=10,dtype=bf16", &p), WM_OK);
	assert_int_equal(wm_problem_parse("allreduce:bytes=4", &p), WM_INPUT);
	assert_int_equal(wm_problem_parse("allreduce:bytes=16G", &p), WM_OK);
	assert_int_equal(wm_problem_parse("allreduce:bytes=17G", &p), WM_INPUT);

	/* only what is dealt out in parts must divide */
	refuses("allgather:bytes=1M", 80,
	        "bytes=1048576 is no multiple of 320, an element of f32 for each of 80 ranks: 1048320 would do");
	assert_int_equal(accepted("allgather:bytes=1048320", 80), WM_OK);
	refuses("reducescatter:bytes=8,dtype=bf16", 5,
	        "bytes=8 is no multiple of 10, an element of bf16 for each of 5 ranks: 10 would do");
	refuses("alltoall:bytes=8,dtype=i8", 3,
	        "bytes=8 is no multiple of 3, an element of i8 for each of 3 ranks: 9 would do");
	assert_int_equal(accepted("alltoall:bytes=9,dtype=i8", 3), WM_OK);
	assert_int_equal(accepted("allreduce:bytes=8", 80), WM_OK);
	assert_int_equal(accepted("broadcast:bytes=8", 80), WM_OK);
	assert_int_equal(accepted("sendrecv:bytes=8", 80), WM_OK);

	refuses("allreduce:bytes=1K,dtype=i8", 128, "i8 has no exact sums over 128 ranks, at most over 127");
	assert_int_equal(accepted("allreduce:bytes=1K,dtype=i8", 127), WM_OK);
	refuses("reducescatter:bytes=257K,dtype=bf16", 257, "bf16 has no exact sums over 257 ranks, at most over 256");
	assert_int_equal(accepted("reducescatter:bytes=256K,dtype=bf16", 256), WM_OK);
	assert_int_equal(accepted("allgather:bytes=1K,dtype=i8", 128), WM_OK);
}

/* Opens, fills and runs ref. */
static void make_right(struct wm_set *set, const char *problem, int ranks, enum wm_data_part part) {
	wm_set_open_ranks(set, problem, WM_ALL_RANKS, ranks);
	wm_set_fill(set, part, SEED);
	assert_int_equal(wm_set_run(set, wm_impl_find(set->p.bench->name, "ref"), 1), WM_OK);
}

static void passes(struct wm_set *set, enum wm_data_part part, const char *problem) {
	struct wm_check check;

	if (wm_set_verify(set, part, SEED, &check) != WM_OK)
		fail_msg("%s of %d ranks: %s", problem, set->p.ranks, wm_why());
	assert_true(check.worst <= 1);
	assert_int_equal(check.compared, set->t[1].count);
}

/* Below and above the length after which the values repeat, few ranks and as many as a type allows. */
static void reference_passes(void **state) {
	static const int ranks[] = {2, 3, 7, 127}, elements[] = {1, 50, 3000};
	static const char *const data[] = {"uniform", "normal", "zeros"};
	char problem[128];

	(void)state;
	for (int b = 0; b < BENCHES; b++)
		for (int t = 0; t < TYPES; t++)
			for (int r = 0; r < 4; r++)
				for (int e = 0; e < (r < 3 ? 3 : 1); e++)
					for (int part = WM_EXACT; part <= WM_TIMED; part++) {
						struct wm_set set;

						snprintf(problem, sizeof(problem), "%s:bytes=%d,dtype=%s,data=%s", benches[b],
						         8 * ranks[r] * elements[e], types[t], data[(b + t + r + e) % 3]);
						make_right(&set, problem, ranks[r], (enum wm_data_part)part);
						passes(&set, (enum wm_data_part)part, problem);
						wm_set_close(&set);
					}
}

/* What a process that has one rank sees is that rank's part of what a process with all of them sees. */
static void one_rank_sees_its_part(void **state) {
	enum { RANKS = 3 };
	char problem[64];

	(void)state;
	for (int b = 0; b < BENCHES; b++)
		for (int t = 0; t < TYPES; t++)
			for (int part = WM_EXACT; part <= WM_TIMED; part++)
				for (int r = 0; r < RANKS; r++) {
					struct wm_set all, one;
					struct wm_check check;

					snprintf(problem, sizeof(problem), "%s:bytes=60000,dtype=%s", benches[b], types[t]);
					make_right(&all, problem, RANKS, (enum wm_data_part)part);
					wm_set_open_ranks(&one, problem, r, RANKS);
					wm_set_fill(&one, (enum wm_data_part)part, SEED);
					assert_int_equal(one.bytes[0] * RANKS, all.bytes[0]);
					assert_memory_equal(one.host[0], (char *)all.host[0] + (size_t)r * one.bytes[0], one.bytes[0]);
					memcpy(one.host[1], (char *)all.host[1] + (size_t)r * one.bytes[1], one.bytes[1]);
					passes(&one, (enum wm_data_part)part, problem);
					/* of another rank: wrong, where they differ */
					memcpy(one.host[1], (char *)all.host[1] + (size_t)((r + 1) % RANKS) * one.bytes[1], one.bytes[1]);
					assert_int_equal(wm_set_verify(&one, (enum wm_data_part)part, SEED, &check),
					                 b == 0 || b == 2 || b == 3 ? WM_OK : WM_WRONG);
					wm_set_close(&one);
					wm_set_close(&all);
				}
}

/* ---- errors ------------------------------------------------------------------------------------------------- */

static void is_wrong(struct wm_set *set, enum wm_data_part part, const char *problem, const char *what) {
	struct wm_check check;

	if (wm_set_verify(set, part, SEED, &check) != WM_WRONG)
		fail_msg("%s of %d ranks: %s is not seen", problem, set->p.ranks, what);
}

/* Every error of tests/inject; in the timed part of sums, a term may be less than what rounding is allowed. */
static void injected(const char *problem, int ranks, enum wm_data_part part) {
	struct wm_set set;
	void *right;

	make_right(&set, problem, ranks, part);
	right = wm_zalloc(set.bytes[1]);
	memcpy(right, set.host[1], set.bytes[1]);
	for (int what = 0; what < WM_INJECTIONS; what++)
		for (uint64_t try_ = 0; try_ < TRIES; try_++) {
			if (part == WM_TIMED && sums(problem) && what != WM_INJECT_ZERO && what != WM_INJECT_ELEMENT)
				continue;
			if (!wm_damage((enum wm_injection)what, &set.p, part, SEED, set.host, try_)) {
				/* among 255 timed integers one is the zero that was to be written */
				if (part == WM_TIMED && set.t[1].dtype == WM_I8)
					continue;
				fail_msg("%s: %s, try %d: nothing changed", problem, wm_injection_word((enum wm_injection)what),
				         (int)try_);
			}
			is_wrong(&set, part, problem, wm_injection_word((enum wm_injection)what));
			memcpy(set.host[1], right, set.bytes[1]);
		}
	free(right);
	wm_set_close(&set);
}

static void injections(void **state) {
	char problem[64];

	(void)state;
	for (int b = 0; b < BENCHES; b++)
		for (int t = 0; t < TYPES; t++)
			for (int part = WM_EXACT; part <= WM_TIMED; part++) {
				snprintf(problem, sizeof(problem), "%s:bytes=24000,dtype=%s", benches[b], types[t]);
				injected(problem, 2, (enum wm_data_part)part);
				injected(problem, 5, (enum wm_data_part)part);
			}
}

/* One rank's whole send is counted twice, or left out, in sums of every type and up to the largest groups. */
static void rank_counts_once(void **state) {
	static const int ranks[] = {2, 5, 64, 127};
	char problem[64];

	(void)state;
	for (int b = 0; b < 2; b++)
		for (int t = 0; t < TYPES; t++)
			for (int r = 0; r < 4; r++)
				for (int times = -1; times <= 1; times += 2) {
					struct wm_set set;
					size_t part;

					snprintf(problem, sizeof(problem), "%s:bytes=%d,dtype=%s", benches[b], 8 * ranks[r], types[t]);
					make_right(&set, problem, ranks[r], WM_EXACT);
					part = set.t[0].count / (size_t)ranks[r];
					for (size_t i = 0; i < set.t[1].count; i++) {
						double x = wm_load_element(set.t[0].dtype, set.host[0], part + i % part);
						double sum = wm_load_element(set.t[1].dtype, set.host[1], i) + times * x;

						assert_true(x != 0);
						if (set.t[1].dtype == WM_I8)
							sum = (double)(int8_t)(uint8_t)(int)sum;
						wm_store_element(set.t[1].dtype, set.host[1], i, sum);
					}
					is_wrong(&set, WM_EXACT, problem, times < 0 ? "a rank left out" : "a rank twice");
					wm_set_close(&set);
				}
}

/* Two neighbouring stretches of recv change places: ranks, blocks of a rank, or lines. */
static void swapped(const char *problem, int ranks, enum wm_data_part part, size_t bytes, const char *what) {
	struct wm_set set;
	char *kept = wm_zalloc(bytes);

	make_right(&set, problem, ranks, part);
	if (memcmp(set.host[1], (char *)set.host[1] + bytes, bytes) != 0) {
		memcpy(kept, set.host[1], bytes);
		memcpy(set.host[1], (char *)set.host[1] + bytes, bytes);
		memcpy((char *)set.host[1] + bytes, kept, bytes);
		is_wrong(&set, part, problem, what);
	} else if (!strstr(problem, "allreduce") && !strstr(problem, "allgather") && !strstr(problem, "broadcast"))
		fail_msg("%s: %s have the same values", problem, what);
	free(kept);
	wm_set_close(&set);
}

static void stretches_stay_in_place(void **state) {
	enum { S = 49152 };
	char problem[64];

	(void)state;
	for (int b = 0; b < BENCHES; b++)
		for (int t = 0; t < TYPES; t++)
			for (int part = WM_EXACT; part <= WM_TIMED; part++) {
				snprintf(problem, sizeof(problem), "%s:bytes=%d,dtype=%s", benches[b], S, types[t]);
				swapped(problem, 3, (enum wm_data_part)part, b == 1 ? S / 3 : S, "the outputs of two ranks");
				if (b != 1) {
					swapped(problem, 3, (enum wm_data_part)part, S / 3, "two parts");
					swapped(problem, 3, (enum wm_data_part)part, 64, "two lines");
				}
				swapped(problem, 3, (enum wm_data_part)part, 4096, "two pages");
			}
}

/* An output of another seed is stale; an output of NaN was never written. */
static void stale_and_empty(void **state) {
	char problem[64];

	(void)state;
	for (int b = 0; b < BENCHES; b++)
		for (int t = 0; t < TYPES; t++)
			for (int part = WM_EXACT; part <= WM_TIMED; part++) {
				struct wm_set set;

				snprintf(problem, sizeof(problem), "%s:bytes=240,dtype=%s", benches[b], types[t]);
				wm_set_open_ranks(&set, problem, WM_ALL_RANKS, 3);
				wm_set_fill(&set, (enum wm_data_part)part, SEED + 1);
				assert_int_equal(wm_set_run(&set, wm_impl_find(benches[b], "ref"), 1), WM_OK);
				set.p.bench->fill(&set.p, 0, (enum wm_data_part)part, SEED, set.host[0]);
				is_wrong(&set, (enum wm_data_part)part, problem, "an older output");
				memset(set.host[1], types[t][0] == 'i' ? 0x80 : 0xff, set.bytes[1]);
				is_wrong(&set, (enum wm_data_part)part, problem, "poison");
				wm_set_close(&set);
			}
}

/* The message says which rank, which element, what was expected and from whom. */
static void says_where(void **state) {
	struct wm_set set;
	struct wm_check check;

	(void)state;
	make_right(&set, "alltoall:bytes=48", 3, WM_EXACT);
	((float *)set.host[1])[12 + 5] = 0;
	assert_int_equal(wm_set_verify(&set, WM_EXACT, SEED, &check), WM_WRONG);
	assert_non_null(strstr(wm_why(), "recv of rank 1[5] is 0, expected "));
	assert_non_null(strstr(wm_why(), " from rank 1"));
	wm_set_close(&set);
	make_right(&set, "reducescatter:bytes=48", 3, WM_EXACT);
	((float *)set.host[1])[2 * 4 + 3] += 1;
	assert_int_equal(wm_set_verify(&set, WM_EXACT, SEED, &check), WM_WRONG);
	assert_non_null(strstr(wm_why(), "recv of rank 2[3] is "));
	wm_set_close(&set);
}

/* ---- rounding ----------------------------------------------------------------------------------------------- */

/* Sums that are rounded to bits significand bits after every term, ranks taken backwards. */
static void sum_rounded(struct wm_set *set, enum wm_dtype round_to) {
	size_t n = set->t[1].count / (size_t)set->p.ranks;

	for (size_t i = 0; i < set->t[1].count; i++) {
		char slot[8];
		double sum = 0;

		for (int r = set->p.ranks - 1; r >= 0; r--) {
			wm_store_element(round_to, slot, 0,
			                 sum + wm_load_element(set->t[0].dtype, set->host[0], (size_t)r * n + i % n));
			sum = wm_load_element(round_to, slot, 0);
		}
		wm_store_element(set->t[1].dtype, set->host[1], i, sum);
	}
}

/* Any order and a rounding after every addition is right; sums in a shorter type are not, and the exact part sees it.
 */
static void roundings(void **state) {
	static const int ranks[] = {2, 3, 8, 64, 200};
	struct wm_set set;
	char problem[64];

	(void)state;
	for (int t = 0; t < 2; t++)
		for (int r = 0; r < 5; r++) {
			snprintf(problem, sizeof(problem), "allreduce:bytes=1K,dtype=%s", types[t]);
			for (int part = WM_EXACT; part <= WM_TIMED; part++) {
				make_right(&set, problem, ranks[r], (enum wm_data_part)part);
				sum_rounded(&set, set.t[0].dtype);
				passes(&set, (enum wm_data_part)part, problem);
				wm_set_close(&set);
			}
		}
	for (int r = 0; r < 5; r++) {
		make_right(&set, "allreduce:bytes=1K,dtype=f32", ranks[r], WM_EXACT);
		sum_rounded(&set, WM_BF16);
		is_wrong(&set, WM_EXACT, "allreduce in f32", "a sum in bf16");
		sum_rounded(&set, WM_F16);
		is_wrong(&set, WM_EXACT, "allreduce in f32", "a sum in f16");
		wm_set_close(&set);
	}
	make_right(&set, "allreduce:bytes=1K,dtype=f32", 4, WM_TIMED);
	sum_rounded(&set, WM_BF16);
	is_wrong(&set, WM_TIMED, "allreduce in f32", "a sum in bf16");
	wm_set_close(&set);
}

/* What rounding is allowed stays below the sums themselves: zeros are wrong in groups of any size. */
static void zeros_are_wrong(void **state) {
	static const int ranks[] = {2, 17, 18, 80, 128, 192, 256};
	char problem[64];

	(void)state;
	for (int b = 0; b < 2; b++)
		for (int r = 0; r < 7; r++) {
			struct wm_set set;

			snprintf(problem, sizeof(problem), "%s:bytes=%d,dtype=bf16", benches[b], 32 * ranks[r]);
			make_right(&set, problem, ranks[r], WM_TIMED);
			passes(&set, WM_TIMED, problem);
			memset(set.host[1], 0, set.bytes[1]);
			is_wrong(&set, WM_TIMED, problem, "a zero output");
			wm_set_close(&set);
		}
}

/* No sum of i8 leaves the range, however the timed values fall. */
static void i8_stays_in_range(void **state) {
	static const int ranks[] = {2, 3, 64, 127};

	(void)state;
	for (int r = 0; r < 4; r++)
		for (int part = WM_EXACT; part <= WM_TIMED; part++) {
			struct wm_set set;
			size_t n;
			bool some = false;

			wm_set_open_ranks(&set, "allreduce:bytes=5000,dtype=i8", WM_ALL_RANKS, ranks[r]);
			wm_set_fill(&set, (enum wm_data_part)part, SEED);
			n = set.t[0].count / (size_t)ranks[r];
			for (size_t i = 0; i < n; i++) {
				int size = 0;

				for (size_t k = 0; k < (size_t)ranks[r]; k++)
					size += abs(((const int8_t *)set.host[0])[k * n + i]);
				assert_true(size <= 127);
				some |= size > 0;
			}
			assert_true(some);
			wm_set_close(&set);
		}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_by_hand),
		cmocka_unit_test(sizes),
		cmocka_unit_test(refusals),
		cmocka_unit_test(reference_passes),
		cmocka_unit_test(one_rank_sees_its_part),
		cmocka_unit_test(injections),
		cmocka_unit_test(rank_counts_once),
		cmocka_unit_test(stretches_stay_in_place),
		cmocka_unit_test(stale_and_empty),
		cmocka_unit_test(says_where),
		cmocka_unit_test(roundings),
		cmocka_unit_test(zeros_are_wrong),
		cmocka_unit_test(i8_stays_in_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
