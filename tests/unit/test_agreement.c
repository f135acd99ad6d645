/* SPDX-License-Identifier: Apache-2.0 */
/* test_agreement.c - what a probe says of sources whose steps, lag and quantum are known. */
#include "measure/agreement.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define LOOK_S 0.01
#define LOAD_S 5.0
#define END_S 10.0

/* A source to try out: 50 W until LOAD_S, load_w from then on, shown lag_s later. */
struct made {
	struct wm_source source;
	double load_w, lag_s, refresh_s, quantum;
	double back_at_s;  /* the counter goes back by 100 J there; NAN: never */
	double spike_at_s; /* a power shows the load's for 0.3 s there; NAN: never */
	double fail_at_s;
	double beside; /* power beside a counter, of the true one */
};

/* Fails for NAN, which assert_float_equal takes for anything. */
static void assert_near(double x, double wanted, double by) {
	if (!(fabs(x - wanted) <= by))
		fail_msg("%.9g instead of %.9g +- %g", x, wanted, by);
}

static struct made make(enum wm_source_kind kind) {
	return (struct made){
		.source = {.id = "made",
	               .scope = WM_SCOPE_CPU,
	               .kind = kind,
	               .package = 0,
	               .refresh_s = 0.1,
	               .lag_s = NAN,
	               .quantum = NAN,
	               .range_j = INFINITY,
	               .limit_w = 1000,
	               .gain_rel = NAN},
		.load_w = 150,
		.refresh_s = 0.1,
		.quantum = 0.5,
		.back_at_s = NAN,
		.spike_at_s = NAN,
		.fail_at_s = NAN,
		.beside = NAN,
	};
}

static double round_to(double x, double quantum) {
	return quantum * floor(x / quantum + 1e-9);
}

static struct wm_tick look(const struct made *m, double t) {
	double changed_s = m->refresh_s * floor(t / m->refresh_s + 1e-9), shown_s = changed_s - m->lag_s;
	struct wm_tick tick = {.before_s = t, .after_s = t + 1e-4, .r = wm_no_reading()};

	if (m->source.kind == WM_COUNTER) {
		double joules = 1000 + 50 * shown_s + (m->load_w - 50) * fmax(0, shown_s - LOAD_S);

		joules -= t >= m->back_at_s ? 100 : 0;
		if (isfinite(m->source.range_j))
			joules = fmod(joules, m->source.range_j);
		tick.r.joules = round_to(joules, m->quantum);
		tick.r.watts = m->beside * (t < LOAD_S ? 50 : m->load_w);
	} else {
		tick.r.watts = shown_s < LOAD_S && !(t >= m->spike_at_s && t < m->spike_at_s + 0.3) ? 50 : m->load_w;
		tick.r.watts += fmod(round(changed_s / m->refresh_s), 2) * m->quantum;
	}
	tick.failed = fabs(t - m->fail_at_s) < LOOK_S / 2;
	return tick;
}

static struct wm_watched watch(const struct made *m, double load_s) {
	struct wm_phases phases = {.rest_s = 0, .load_s = load_s, .end_s = END_S};
	struct wm_ticks ticks = {0};
	struct wm_watched w;

	for (int i = -50; i < (END_S + 1) / LOOK_S; i++) {
		struct wm_tick tick = look(m, i * LOOK_S + 0.003);

		wm_ticks_add(&ticks, &tick);
	}
	wm_watch(&m->source, &ticks, &phases, &w);
	wm_ticks_free(&ticks);
	return w;
}

static void test_a_counter(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_watched w = watch(&m, LOAD_S);

	(void)state;
	assert_near(w.look_s, LOOK_S, 1e-6);
	assert_near(w.period_s, 0.1, 1e-3);
	assert_near(w.quantum, 5, 1e-9); /* 0.1 s of 50 W */
	assert_near(w.rest_w, 50, 1);
	assert_near(w.load_w, 150, 2);
	assert_true(w.lag_s > 0 && w.lag_s < 0.21);
	assert_int_equal(w.back, 0);
	assert_int_equal(w.failed, 0);
	assert_in_range(w.looks, 999, 1001);
	assert_in_range(w.changes, 98, 101);
	assert_false(wm_watch_is_blurred(&w));
	assert_true(isnan(w.integral));
	assert_string_equal(w.rest_why, "");
	assert_string_equal(w.load_why, "");
	assert_string_equal(w.lag_why, "");
}

static void test_a_power_that_lags(void **state) {
	struct made m = make(WM_POWER);
	struct wm_watched w;

	(void)state;
	m.lag_s = 0.7;
	w = watch(&m, LOAD_S);
	assert_near(w.lag_s, 0.7, 0.11);
	assert_near(w.quantum, 0.5, 1e-9);
	assert_near(w.period_s, 0.1, 1e-3);
	assert_near(w.rest_w, 50.25, 0.2);
	assert_near(w.load_w, 150.25, 1);
}

/* What the source shows before the load began is no answer to it. */
static void test_a_spike_at_rest(void **state) {
	struct made m = make(WM_POWER);
	struct wm_watched w;

	(void)state;
	m.lag_s = 0.7;
	m.spike_at_s = 3;
	w = watch(&m, LOAD_S);
	assert_near(w.lag_s, 0.7, 0.11);
}

/* Each look news: the period may be anything below the distance of looks, and that is said. */
static void test_faster_than_the_looks(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_watched w;

	(void)state;
	m.source.refresh_s = m.refresh_s = 0.001;
	m.quantum = 0.001;
	w = watch(&m, LOAD_S);
	assert_true(wm_watch_is_blurred(&w));
	assert_near(w.period_s, LOOK_S, 1e-4);
	m.source.refresh_s = m.refresh_s = 0.02; /* every other look */
	w = watch(&m, LOAD_S);
	assert_false(wm_watch_is_blurred(&w));
	assert_near(w.period_s, 0.02, 1e-3);
}

static void test_a_counter_that_goes_back(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_watched w;

	(void)state;
	m.back_at_s = 2;
	w = watch(&m, LOAD_S);
	assert_int_equal(w.back, 1);
	assert_true(isnan(w.rest_w));
	assert_non_null(strstr(w.rest_why, "back"));
	assert_non_null(strstr(w.lag_why, "not known both"));
}

/* A drop far from where the counter begins again is no wrap either. */
static void test_a_counter_that_goes_back_in_its_range(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_watched w;

	(void)state;
	m.back_at_s = 2;
	m.source.range_j = 1e6;
	w = watch(&m, LOAD_S);
	assert_int_equal(w.back, 1);
}

/* The same drop, where the counter is known to begin again there, is none. */
static void test_a_wrap_is_not_back(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_watched w;

	(void)state;
	m.source.range_j = 1100;
	w = watch(&m, LOAD_S);
	assert_int_equal(w.back, 0);
	assert_near(w.rest_w, 50, 1);
}

/* A step below 5% of the rest may be anything: no lag is made of it. */
static void test_no_step(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_watched w;

	(void)state;
	m.quantum = 0.001;
	m.load_w = 51.5;
	w = watch(&m, LOAD_S);
	assert_true(isnan(w.lag_s));
	assert_non_null(strstr(w.lag_why, "no step"));
	assert_near(w.load_w, 51.5, 0.2);
	m.load_w = 54;
	w = watch(&m, LOAD_S);
	assert_false(isnan(w.lag_s));
}

/* A meter of whole watts must show more than three of them. */
static void test_steps_of_a_coarse_power(void **state) {
	struct made m = make(WM_POWER);
	struct wm_watched w;

	(void)state;
	m.quantum = 5;
	m.load_w = 64;
	w = watch(&m, LOAD_S);
	assert_true(isnan(w.lag_s));
	m.load_w = 67;
	w = watch(&m, LOAD_S);
	assert_false(isnan(w.lag_s));
}

static void test_without_load(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_watched w;

	(void)state;
	m.load_w = 50;
	w = watch(&m, NAN);
	assert_near(w.rest_w, 50, 0.6);
	assert_true(isnan(w.load_w) && isnan(w.lag_s));
	assert_string_equal(w.load_why, "no load was run");
}

static void test_a_value_that_never_changes(void **state) {
	struct made m = make(WM_POWER);
	struct wm_watched w;

	(void)state;
	m.quantum = 0;
	m.load_w = 50;
	w = watch(&m, LOAD_S);
	assert_int_equal(w.changes, 0);
	assert_true(isnan(w.period_s) && isnan(w.quantum) && isnan(w.lag_s));
}

static void test_failed_looks(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_watched w;

	(void)state;
	m.fail_at_s = 8.003;
	w = watch(&m, LOAD_S);
	assert_int_equal(w.failed, 1);
	assert_near(w.rest_w, 50, 1); /* the rest is whole */
	assert_true(isnan(w.load_w));
	assert_non_null(strstr(w.load_why, "error"));
}

static void test_integral(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_watched w;

	(void)state;
	m.beside = 1.1;
	w = watch(&m, LOAD_S);
	assert_near(w.integral, 1.1, 0.02);
}

/* ---- several sources ---- */

static void test_what_weighs_the_same(void **state) {
	struct wm_source a = {.scope = WM_SCOPE_CPU, .package = 1}, b = a;

	(void)state;
	assert_true(wm_sources_same(&a, &b));
	b.package = 0;
	assert_false(wm_sources_same(&a, &b));
	b.package = 1;
	b.scope = WM_SCOPE_CPU_DRAM;
	assert_false(wm_sources_same(&a, &b));
	a = b = (struct wm_source){.scope = WM_SCOPE_CPU, .package = -1};
	assert_false(wm_sources_same(&a, &b)); /* of which package nobody knows */
	a = b = (struct wm_source){.scope = WM_SCOPE_ACCELERATOR, .package = -1};
	assert_false(wm_sources_same(&a, &b));
	strcpy(a.pci, "0000:41:00.0");
	strcpy(b.pci, "0000:42:00.0");
	assert_false(wm_sources_same(&a, &b));
	strcpy(a.uuid, "GPU-1");
	strcpy(b.uuid, "gpu-1");
	assert_true(wm_sources_same(&a, &b));
	a = b = (struct wm_source){.scope = WM_SCOPE_NODE, .package = -1};
	assert_true(wm_sources_same(&a, &b));
	a.scope = b.scope = WM_SCOPE_PART;
	a.package = b.package = 0;
	assert_false(wm_sources_same(&a, &b));
}

/* 0.9 and 1.4 of the accelerators' step pass, what lies beyond does not. */
static void test_the_step_of_a_node(void **state) {
	static const struct {
		double step_w;
		enum wm_node_finding finding;
	} table[] = {{449, WM_NODE_OUT}, {451, WM_NODE_IN}, {699, WM_NODE_IN}, {701, WM_NODE_OUT}, {-500, WM_NODE_OUT}};
	struct wm_watched node = {.rest_w = 1000};
	double ratio;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		node.load_w = node.rest_w + table[i].step_w;
		assert_int_equal(wm_node_step(&node, 600, 1100, &ratio), table[i].finding);
		assert_near(ratio, table[i].step_w / 500, 1e-12);
	}
	node.load_w = 1500;
	/* accelerators that nothing loaded show nothing, and neither does a node that has no power */
	assert_int_equal(wm_node_step(&node, 600, 625, &ratio), WM_NODE_UNLOADED);
	assert_true(isnan(ratio));
	node.load_w = NAN;
	assert_int_equal(wm_node_step(&node, 600, 1100, &ratio), WM_NODE_UNLOADED);
	node.load_w = 1500;
	assert_int_equal(wm_node_step(&node, 0, 0, &ratio), WM_NODE_UNLOADED);
}

static void test_cost(void **state) {
	const double without[10] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2};
	const double by[10] = {1.010, 1.001, 1.005, 1.002, 1.020, 1.003, 1.004, 0.990, 1.006, 1.000};
	double with[10], ratio, lo, hi;

	(void)state;
	for (int i = 0; i < 10; i++)
		with[i] = without[i] * by[i];
	wm_cost_ratio(with, without, 10, &ratio, &lo, &hi);
	assert_near(ratio, 1.0035, 1e-12);
	/* of ten the second and the ninth */
	assert_near(lo, 1.000, 1e-12);
	assert_near(hi, 1.010, 1e-12);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_counter),
		cmocka_unit_test(test_a_power_that_lags),
		cmocka_unit_test(test_a_spike_at_rest),
		cmocka_unit_test(test_faster_than_the_looks),
		cmocka_unit_test(test_a_counter_that_goes_back),
		cmocka_unit_test(test_a_counter_that_goes_back_in_its_range),
		cmocka_unit_test(test_a_wrap_is_not_back),
		cmocka_unit_test(test_no_step),
		cmocka_unit_test(test_steps_of_a_coarse_power),
		cmocka_unit_test(test_without_load),
		cmocka_unit_test(test_a_value_that_never_changes),
		cmocka_unit_test(test_failed_looks),
		cmocka_unit_test(test_integral),
		cmocka_unit_test(test_what_weighs_the_same),
		cmocka_unit_test(test_the_step_of_a_node),
		cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
