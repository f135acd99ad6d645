/* SPDX-License-Identifier: Apache-2.0 */
/* test_sample.c - the rules of sampling on series that are known: when to stop, what the interval is taken over. */
#include "measure/sample.h"

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

static enum wm_status measure(const char *text, enum wm_status (*enqueue)(struct wm_run *, int),
                              const struct wm_profile *profile, struct wm_measurement *m) {
	struct wm_impl impl = {
		.name = "test", .bench = "copy", .backends = "host", .about = "a test", .can_run = yes, .enqueue = enqueue};
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

static void a_load_that_keeps_changing_is_unsettled(void **state) {
	static const struct wm_profile brief = {"brief", 1, 0, 0.001, 0.02, 0.001, 0.002, 0.5};
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
	};

	return cmocka_run_group_tests(tests, open_host, close_host);
}
