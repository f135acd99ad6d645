/* SPDX-License-Identifier: Apache-2.0 */
/* test_span.c - a whole run weighed from its first tick to its last: the number, and each reason why it is none. */
#include "measure/span.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { RUN_S = 20 };
#define LOOK_S 0.01

/* A meter to try out, and what goes on behind it. */
struct made {
	struct wm_source source;
	double watts;                      /* of the run from 0 to RUN_S */
	double rest_w;                     /* before and behind it */
	double refresh_s;                  /* a change each */
	double fail_at_s;                  /* one look fails there; NAN: none */
	double cap_at_s;                   /* the power limit is another one from there on */
	double silent_from_s, silent_to_s; /* no look between them */
	double beside;                     /* power beside a counter, of the true one; NAN: none */
	double brake_at_s;
	int thinned; /* how often its looks were thinned */
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
	               .limit_w = 500,
	               .gain_rel = NAN},
		.watts = 200,
		.rest_w = 50,
		.refresh_s = 0.1,
		.fail_at_s = NAN,
		.cap_at_s = NAN,
		.silent_from_s = NAN,
		.silent_to_s = NAN,
		.beside = NAN,
		.brake_at_s = NAN,
	};
}

static double joules_at(const struct made *m, double t) {
	double in_run = fmin(fmax(t, 0), RUN_S);

	return 1000 + m->rest_w * (t - in_run) + m->watts * in_run;
}

static double watts_at(const struct made *m, double t) {
	return t >= 0 && t < RUN_S ? m->watts : m->rest_w;
}

static struct wm_tick look(const struct made *m, double t) {
	/* the last change; a power's readings move a little, as real ones do */
	double changed_s = floor(t / m->refresh_s) * m->refresh_s, wobble = fmod(floor(t / m->refresh_s), 2) ? 0.01 : -0.01;
	struct wm_tick tick = {.before_s = t, .after_s = t + 1e-4, .r = wm_no_reading()};

	if (m->source.kind == WM_COUNTER) {
		tick.r.joules = joules_at(m, changed_s);
		tick.r.watts = m->beside * watts_at(m, t);
	} else {
		tick.r.watts = watts_at(m, changed_s) + wobble;
	}
	tick.r.cap_w = t >= m->cap_at_s ? 300 : 400;
	tick.r.brake_s = t >= m->brake_at_s ? 1 : 0;
	tick.failed = fabs(t - m->fail_at_s) < LOOK_S / 2;
	return tick;
}

static struct wm_span weigh_run(const struct made *m, double from_s, double to_s) {
	struct wm_ticks ticks = {0};
	struct wm_span span;

	for (int i = -200; i < (RUN_S + 2) * 100; i++) {
		double t = i * LOOK_S + 0.003;
		struct wm_tick tick = look(m, t);

		if (!(t > m->silent_from_s && t < m->silent_to_s))
			wm_ticks_add(&ticks, &tick);
	}
	for (int i = 0; i < m->thinned; i++)
		wm_ticks_thin(&ticks);
	wm_weigh_span(&m->source, &ticks, from_s, to_s, &span);
	wm_ticks_free(&ticks);
	return span;
}

static void assert_why(const struct wm_span *span, const char *words) {
	if (!strstr(span->why, words))
		fail_msg("'%s' is not in '%s'", words, span->why);
	assert_true(isnan(span->joules) && isnan(span->watts));
}

static void test_a_counter(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_span span = weigh_run(&m, 0, RUN_S);

	(void)state;
	assert_string_equal(span.why, "");
	assert_near(span.watts, 200, 1);
	assert_near(span.length_s, RUN_S, 0);
	assert_true(span.covered_s < RUN_S && span.covered_s > RUN_S - 0.25);
	assert_near(span.uncovered, (RUN_S - span.covered_s) / RUN_S, 1e-12);
	assert_near(span.joules, span.watts * span.covered_s, 1e-9);
	assert_in_range(span.refreshes, 195, 200);
	assert_false(span.throttled);
	assert_true(isnan(span.shown_w));
}

/* What a store that was full keeps weighs the same, and its ends are where they were. */
static void test_thinned_looks(void **state) {
	static const enum wm_source_kind kinds[] = {WM_COUNTER, WM_POWER};
	struct wm_tick tick = {.before_s = 0};
	struct wm_ticks ticks = {0};

	(void)state;
	for (int k = 0; k < 2; k++)
		for (int thinned = 1; thinned <= 3; thinned++) {
			struct made m = make(kinds[k]);
			struct wm_span span;

			m.thinned = thinned;
			span = weigh_run(&m, 0, RUN_S);
			assert_string_equal(span.why, "");
			assert_near(span.watts, 200, 2);
			assert_true(span.covered_s > RUN_S - 0.5);
		}
	for (int n = 0; n <= 5; n++) {
		for (int i = 0; i < n; i++) {
			tick.before_s = i;
			wm_ticks_add(&ticks, &tick);
		}
		wm_ticks_thin(&ticks);
		assert_int_equal(ticks.n, n / 2 + (n > 0));
		assert_true(n == 0 || (ticks.v[0].before_s == 0 && ticks.v[ticks.n - 1].before_s == n - 1));
		wm_ticks_free(&ticks);
	}
}

static void test_a_power(void **state) {
	struct made m = make(WM_POWER);
	struct wm_span span = weigh_run(&m, 0, RUN_S);

	(void)state;
	assert_string_equal(span.why, "");
	assert_near(span.watts, 200, 1);
	assert_true(span.covered_s > RUN_S - 0.05);
}

/* Nothing of what was before or behind the run gets into it. */
static void test_rest_is_not_in_it(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_span span;

	(void)state;
	m.rest_w = 400;
	span = weigh_run(&m, 0, RUN_S);
	assert_near(span.watts, 200, 1);
}

/* Ends of 2% are let pass, longer ones are not: a refresh of 0.1 s costs up to 0.2 s, of 10 s and of 20 s. */
static void test_ends(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_span span = weigh_run(&m, 0, 10.4);

	(void)state;
	assert_string_equal(span.why, "");
	assert_true(span.uncovered <= 0.02);
	/* an early end of the looks */
	m.silent_from_s = RUN_S - 0.15;
	m.silent_to_s = RUN_S + 5;
	span = weigh_run(&m, 0, RUN_S);
	assert_string_equal(span.why, "");
	m.silent_from_s = RUN_S - 0.6;
	span = weigh_run(&m, 0, RUN_S);
	assert_why(&span, "at the ends of the run");
	assert_true(span.uncovered > 0.02);
}

/* A power that lags shows the start of the run late; a counter's joules do not lag with the power beside it. */
static void test_lag(void **state) {
	struct made m = make(WM_POWER);
	struct wm_span span;

	(void)state;
	m.source.lag_s = 0.3;
	span = weigh_run(&m, 0, RUN_S);
	assert_string_equal(span.why, "");
	assert_true(span.uncovered > 0.015);
	m.source.lag_s = 0.4;
	span = weigh_run(&m, 0, RUN_S);
	assert_why(&span, "a lag of 0.4 s");
	m.source.kind = WM_COUNTER;
	span = weigh_run(&m, 0, RUN_S);
	assert_string_equal(span.why, "");
}

static void test_refreshes(void **state) {
	struct made m = make(WM_POWER);
	struct wm_span span = weigh_run(&m, 0, 5.1);

	(void)state;
	assert_string_equal(span.why, "");
	span = weigh_run(&m, 0, 4.8);
	assert_why(&span, "refreshes of the meter only, of 50");
}

static void test_a_server_needs_a_minute(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_span span;

	(void)state;
	m.source.scope = WM_SCOPE_NODE;
	span = weigh_run(&m, 0, RUN_S);
	assert_why(&span, "needs a run of 60 s");
	m.source.scope = WM_SCOPE_SERVER;
	span = weigh_run(&m, 0, RUN_S);
	assert_why(&span, "needs a run of 60 s");
	m.source.scope = WM_SCOPE_WALL;
	span = weigh_run(&m, 0, RUN_S);
	assert_string_equal(span.why, "");
}

static void test_flaws(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_span span;

	(void)state;
	m.fail_at_s = 10.003;
	span = weigh_run(&m, 0, RUN_S);
	assert_why(&span, "error");
	m.fail_at_s = RUN_S + 1.003; /* behind the run it spoils nothing */
	span = weigh_run(&m, 0, RUN_S);
	assert_string_equal(span.why, "");
	m.silent_from_s = 10;
	m.silent_to_s = 10.5;
	span = weigh_run(&m, 0, RUN_S);
	assert_why(&span, "no look at the meter");
	m.silent_to_s = 10.15;
	span = weigh_run(&m, 0, RUN_S);
	assert_string_equal(span.why, "");
}

static void test_the_power_limit(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_span span;

	(void)state;
	m.cap_at_s = 12;
	span = weigh_run(&m, 0, RUN_S);
	assert_why(&span, "power limit changed in the run, from 400 W to 300 W");
	m.cap_at_s = RUN_S + 1;
	span = weigh_run(&m, 0, RUN_S);
	assert_string_equal(span.why, "");
}

static void test_throttling_is_a_mark(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_span span;

	(void)state;
	m.brake_at_s = 12;
	span = weigh_run(&m, 0, RUN_S);
	assert_string_equal(span.why, "");
	assert_true(span.throttled && span.would_say);
	m.brake_at_s = -1; /* before the run */
	span = weigh_run(&m, 0, RUN_S);
	assert_false(span.throttled);
}

/* What a counter shows beside its joules is told, and refuses nothing: it may lag behind a load that is not steady. */
static void test_power_beside_a_counter(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_span span;

	(void)state;
	m.beside = 0.5;
	span = weigh_run(&m, 0, RUN_S);
	assert_string_equal(span.why, "");
	assert_near(span.shown_w, 100, 1);
}

static void test_no_looks_at_all(void **state) {
	struct made m = make(WM_COUNTER);
	struct wm_ticks none = {0};
	struct wm_span span;

	(void)state;
	wm_weigh_span(&m.source, &none, 0, 1, &span);
	assert_true(span.why[0] && isnan(span.joules) && span.refreshes == 0);
	assert_near(span.uncovered, 1, 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_counter),
		cmocka_unit_test(test_thinned_looks),
		cmocka_unit_test(test_a_power),
		cmocka_unit_test(test_rest_is_not_in_it),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_lag),
		cmocka_unit_test(test_refreshes),
		cmocka_unit_test(test_a_server_needs_a_minute),
		cmocka_unit_test(test_flaws),
		cmocka_unit_test(test_the_power_limit),
		cmocka_unit_test(test_throttling_is_a_mark),
		cmocka_unit_test(test_power_beside_a_counter),
		cmocka_unit_test(test_no_looks_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
