/* SPDX-License-Identifier: Apache-2.0 */
/* test_sample.c - the rules of sampling on series that are known: when to stop, what the interval is taken over. */
#include "measure/sample.h"
#include "measure/stats.h"

#include "core/problem.h"
#include "core/registry.h"
#include "system/topology.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 5120 };
static double series[MOST];

/* n samples around 1 s, each the mean of a common part of `same` neighbours in a row and of its own noise. */
static struct wm_measurement noisy(size_t n, size_t same, double spread) {
	static uint32_t own[MOST], shared[MOST];

	wm_random(3, 1, 0, n, own);
	wm_random(3, 2, 0, n, shared);
	for (size_t i = n; i-- > 0;)
		shared[i] = shared[i - i % same];
	for (size_t i = 0; i < n; i++)
		series[i] = 1 + spread * (((double)own[i] + 9.0 * (double)shared[i]) * 0x1p-32 / 10 - 0.5);
	return (struct wm_measurement){.samples = series, .n = n};
}

static void independent_samples_stop_when_narrow(void **state) {
	struct wm_measurement m = noisy(320, 1, 0.01);

	(void)state;
	assert_true(wm_sampler_done(&m, 0.005));
	assert_int_equal(m.block, 1);
	assert_true(m.lo_s <= m.median_s && m.median_s <= m.hi_s && m.level >= 0.95);
	assert_false(wm_sampler_done(&m, 0.0001));
}

/* Five samples cannot give 95%, however close they are. */
static void too_few_never_stop(void **state) {
	struct wm_measurement m = noisy(5, 1, 1e-9);

	(void)state;
	assert_false(wm_sampler_done(&m, 0.5));
	assert_true(m.level < 0.95);
}

/* Neighbours that share most of their noise carry less than their number says: blocks as long as the likeness. */
static void like_neighbours_are_taken_in_blocks(void **state) {
	struct wm_measurement m = noisy(5120, 16, 0.01);
	double naive, wide;

	(void)state;
	assert_true(wm_sampler_done(&m, 0.05));
	assert_true(m.lag1 > 0.5);
	assert_true(m.block >= 16 && m.block_lag1 <= 0.2);
	wide = m.hi_s - m.lo_s;
	m = noisy(5120, 1, 0.01);
	wm_sampler_done(&m, 0.05);
	naive = m.hi_s - m.lo_s;
	assert_true(wide > 2 * naive);
}

/* A drift that ten blocks do not break: no stop, although the spread is far below the target. */
static void a_drift_never_stops(void **state) {
	struct wm_measurement m = {.samples = series, .n = 80};

	(void)state;
	for (size_t i = 0; i < m.n; i++)
		series[i] = 1 + 1e-6 * (double)i;
	assert_false(wm_sampler_done(&m, 0.5));
	assert_true(m.block_lag1 > 0.2);
}

/* Neighbours that differ more than chance would have it make nothing too narrow. */
static void a_zigzag_needs_no_blocks(void **state) {
	struct wm_measurement m = {.samples = series, .n = 80};

	(void)state;
	for (size_t i = 0; i < m.n; i++)
		series[i] = i % 2 ? 1.001 : 1;
	assert_true(wm_sampler_done(&m, 0.05));
	assert_int_equal(m.block, 1);
}

static void outliers_are_counted_and_kept(void **state) {
	struct wm_measurement m = noisy(100, 1, 0.01);

	(void)state;
	series[50] = 7;
	wm_sampler_summarise(&m);
	assert_int_equal(m.outliers, 1);
	assert_float_equal(m.max_s, 7, 0);
	assert_int_equal(m.n, 100);
}

/* ---- on the host ---- */

static struct wm_device host;

static int open_host(void **state) {
	struct wm_topology *topo;

	(void)state;
	assert_int_equal(wm_topology_open(NULL, &topo), WM_OK);
	assert_int_equal(wm_topology_host(topo, "host", &host), WM_OK);
	wm_topology_close(topo);
	return wm_backend_find("host")->open(&host) == WM_OK ? 0 : -1;
}

static int close_host(void **state) {
	(void)state;
	wm_backend_find("host")->close(&host);
	return 0;
}

static enum wm_status yes(const struct wm_run *run) {
	(void)run;
	return WM_OK;
}

static enum wm_status copy(struct wm_run *run, int set) {
	const struct wm_buf *b = &run->buf[set * run->tensors];

	memcpy(b[1].ptr, b[0].ptr, b[1].bytes);
	return WM_OK;
}

/* Every call takes 20 us longer than the one before. */
static enum wm_status slower_and_slower(struct wm_run *run, int set) {
	static double wait_s = 100e-6;
	double until = wm_now() + wait_s;

	while (wm_now() < until)
		;
	wait_s += 20e-6;
	return copy(run, set);
}

typedef enum wm_status batch_fn(struct wm_run *run, int first, int span, long n, struct wm_rank_times *times_p);

static enum wm_status measure_batches(const char *text, enum wm_status (*enqueue)(struct wm_run *, int),
                                      batch_fn *batch, const struct wm_profile *profile, struct wm_measurement *m) {
	struct wm_impl impl = {.name = "test",
	                       .bench = "copy",
	                       .backends = "host",
	                       .about = "a test",
	                       .can_run = yes,
	                       .enqueue = enqueue,
	                       .batch = batch};
	struct wm_problem problem;
	struct wm_measure_job job = {.problem = &problem,
	                             .impl = &impl,
	                             .backend = wm_backend_find("host"),
	                             .dev = &host,
	                             .profile = profile,
	                             .seed = 1};

	assert_int_equal(wm_problem_parse(text, &problem), WM_OK);
	memset(m, 0, sizeof(*m));
	return wm_measure(&job, m);
}

static enum wm_status measure(const char *text, enum wm_status (*enqueue)(struct wm_run *, int),
                              const struct wm_profile *profile, struct wm_measurement *m) {
	return measure_batches(text, enqueue, NULL, profile, m);
}

static void a_load_that_keeps_changing_is_unsettled(void **state) {
	static const struct wm_profile brief = {.name = "brief",
	                                        .replicates = 1,
	                                        .block_s = 0.001,
	                                        .warm_cap_s = 0.2,
	                                        .sample_min_s = 0.001,
	                                        .sample_cap_s = 0.002,
	                                        .target = 0.5};
	struct wm_measurement m;

	(void)state;
	assert_int_equal(measure("copy:bytes=4K,cache=hot", slower_and_slower, &brief, &m), WM_OK);
	assert_string_equal(m.steady_by, "unsettled");
	assert_true(m.warm_blocks >= 2);
	wm_measurement_free(&m);
}

/* Method 3: 30 batches of at most 20 ms (or one operation), each after rest: takes about 16 s. */
static void a_burst_is_thirty_short_batches(void **state) {
	struct wm_measurement m;
	double from = wm_now();

	(void)state;
	assert_int_equal(measure("copy:bytes=64K,cache=hot,regime=burst", copy, wm_profile_find("smoke"), &m), WM_OK);
	assert_int_equal(m.n, 30);
	assert_string_equal(m.steady_by, "burst");
	assert_true(wm_now() - from >= 30 * 0.5);
	assert_true(m.verified && m.checked_s > 0);
	wm_measurement_free(&m);
}

/* ---- ranks that keep their own time ---- */

enum { MOST_CALLS = 20000 };
static struct {
	int first, span;
	long n;
	struct wm_rank_times times;
} call[MOST_CALLS];
static int calls;
static double told; /* how much of the time around a batch its ranks tell of */

static enum wm_status ranks(struct wm_run *run, int first, int span, long n, struct wm_rank_times *times_p) {
	double from = wm_now();

	for (long i = 0; i < n; i++)
		copy(run, (int)((first + i) % span));
	*times_p = (struct wm_rank_times){.seconds = told * (wm_now() - from), .skew_s = 1e-6 * (calls % 7)};
	if (calls < MOST_CALLS) {
		call[calls].first = first;
		call[calls].span = span;
		call[calls].n = n;
		call[calls].times = *times_p;
	}
	calls++;
	return WM_OK;
}

/* For loads whose times are made up. */
static const struct wm_profile made_up = {.name = "brief",
                                          .replicates = 1,
                                          .block_s = 0.001,
                                          .warm_cap_s = 0.005,
                                          .sample_min_s = 0.001,
                                          .sample_cap_s = 0.02,
                                          .target = 0.5};

static enum wm_status measure_ranks(double share, struct wm_measurement *m) {
	uint64_t caches = host.cache_bytes;
	enum wm_status st;

	told = share;
	calls = 0;
	host.cache_bytes = 1024; /* three sets of 4 KiB are cold */
	st = measure_batches("copy:bytes=4K", copy, ranks, &made_up, m);
	host.cache_bytes = caches;
	return st;
}

static void ranks_keep_their_own_time(void **state) {
	struct wm_measurement m;
	double total = 0, skews[MOST];
	int sampled;

	(void)state;
	assert_int_equal(measure_ranks(0.25, &m), WM_OK);
	assert_true(m.by_ranks && m.verified && !m.launch_bound);
	assert_true(m.host_ratio > 3 && calls > (int)m.n && calls <= MOST_CALLS && m.n <= MOST);
	/* the samples are the last calls but for the one that is checked */
	sampled = calls - 1 - (int)m.n;
	for (size_t i = 0; i < m.n; i++) {
		assert_int_equal(call[sampled + (int)i].n, m.batch);
		assert_float_equal(m.samples[i], call[sampled + (int)i].times.seconds / (double)m.batch, 0);
		assert_float_equal(m.skews[i], call[sampled + (int)i].times.skew_s, 0);
		total += call[sampled + (int)i].times.seconds;
		skews[i] = m.skews[i];
	}
	assert_float_equal(m.total_s, total, 1e-12 * total);
	wm_sort(skews, m.n);
	assert_float_equal(m.skew_s, wm_quantile(skews, m.n, 0.5), 0);
	assert_float_equal(m.checked_s, call[calls - 1].times.seconds / (double)m.batch, 0);
	wm_measurement_free(&m);
}

/* Each batch goes on with the set behind the last one; the checked one leaves a set out. */
static void batches_of_ranks_go_round_the_sets(void **state) {
	struct wm_measurement m;

	(void)state;
	assert_int_equal(measure_ranks(0.25, &m), WM_OK);
	assert_true(m.sets >= 2 && m.batch >= m.sets && calls <= MOST_CALLS);
	for (int i = 1; i < calls - 1; i++) {
		assert_int_equal(call[i].span, m.sets);
		assert_int_equal(call[i].first, (call[i - 1].first + call[i - 1].n) % m.sets);
	}
	assert_int_equal(call[calls - 1].first, 0);
	assert_int_equal(call[calls - 1].span, m.sets - 1);
	assert_int_equal(m.sets_checked, m.sets - 1);
	wm_measurement_free(&m);
}

/* Ranks that tell of more time than has passed are not believed. */
static void ranks_cannot_take_longer_than_it_took(void **state) {
	struct wm_measurement m;

	(void)state;
	assert_int_equal(measure_ranks(1.5, &m), WM_SUSPECT);
	assert_non_null(strstr(wm_why(), "clock counts"));
	wm_measurement_free(&m);
}

static enum wm_status broken(struct wm_run *run, int first, int span, long n, struct wm_rank_times *times_p) {
	(void)run, (void)first, (void)span, (void)n, (void)times_p;
	return wm_fail(WM_FAILED, "a rank was lost");
}

static void a_batch_that_fails_says_why(void **state) {
	struct wm_measurement m;

	(void)state;
	assert_int_equal(measure_batches("copy:bytes=4K,cache=hot", copy, broken, &made_up, &m), WM_FAILED);
	assert_string_equal(wm_why(), "a rank was lost");
	wm_measurement_free(&m);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(independent_samples_stop_when_narrow),
		cmocka_unit_test(too_few_never_stop),
		cmocka_unit_test(like_neighbours_are_taken_in_blocks),
		cmocka_unit_test(a_drift_never_stops),
		cmocka_unit_test(a_zigzag_needs_no_blocks),
		cmocka_unit_test(outliers_are_counted_and_kept),
		cmocka_unit_test(a_load_that_keeps_changing_is_unsettled),
		cmocka_unit_test(a_burst_is_thirty_short_batches),
		cmocka_unit_test(ranks_keep_their_own_time),
		cmocka_unit_test(batches_of_ranks_go_round_the_sets),
		cmocka_unit_test(ranks_cannot_take_longer_than_it_took),
		cmocka_unit_test(a_batch_that_fails_says_why),
	};

	return cmocka_run_group_tests(tests, open_host, close_host);
}
