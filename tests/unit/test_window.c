/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_window.c - windows cut from simulated meters and loads, of which the true joules per operation are known: what
 * each misbehaviour and each limit of method 4 gives, and that a number is within 1% of the truth.
 */
#include "measure/window.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define CLOSE 0.01 /* to the truth */
#define BEGAN_S 1000.0
#define REST_W 70.0
#define LOAD_W 350.0
#define PI 3.14159265358979323846
enum { MOST_CHANGES = 8, MOST_WINDOWS = 8, MOST_BATCHES = 40000, MOST_LOOKS = WM_WINDOW_LOOKS * MOST_WINDOWS };

static uint64_t seed, drawn;

/* Uniform in [0, 1), the same in every run. */
static double draw(void) {
	uint32_t word;

	wm_random(seed, 1, drawn++, 1, &word);
	return word * 0x1p-32;
}

static double draw_from(double lo, double hi) {
	return lo + (hi - lo) * draw();
}

/* ---- the truth: power over time, in closed form ----------------------------------------------------------------- */

struct truth {
	struct {
		double at_s, watts, slope; /* from then on that much more, and more by slope every second */
	} change[MOST_CHANGES];
	int n;
	double ripple_w, ripple_s; /* amplitude and period of a sine on top */
};

static void add_change(struct truth *p, double at_s, double watts, double slope) {
	p->change[p->n].at_s = at_s;
	p->change[p->n].watts = watts;
	p->change[p->n++].slope = slope;
}

static double true_watts(const struct truth *p, double at_s) {
	double watts = p->ripple_w ? p->ripple_w * sin(2 * PI * at_s / p->ripple_s) : 0;

	for (int i = 0; i < p->n; i++)
		if (at_s > p->change[i].at_s)
			watts += p->change[i].watts + p->change[i].slope * (at_s - p->change[i].at_s);
	return watts;
}

static double true_joules(const struct truth *p, double at_s) {
	double turns = p->ripple_w ? 2 * PI / p->ripple_s : 1, joules = p->ripple_w / turns * (1 - cos(turns * at_s));

	for (int i = 0; i < p->n; i++) {
		double since = fmax(0, at_s - p->change[i].at_s);

		joules += since * (p->change[i].watts + p->change[i].slope * since / 2);
	}
	return joules;
}

/* ---- a meter ---------------------------------------------------------------------------------------------------- */

/* From one time to another; {0}: never. */
struct stretch {
	double from_s, to_s;
};

static bool within(struct stretch s, double at_s) {
	return at_s > s.from_s && at_s < s.to_s;
}

struct meter {
	struct wm_source source;  /* what the meter says of itself */
	double period_s, phase_s; /* it publishes at phase + i * period */
	double lag_s;             /* a counter shows what was true that long ago, a power the mean of that time */
	double start_j, wrap_j;   /* a counter begins there, and again at 0 at wrap */
	double noise;             /* of a power, relative */
	struct stretch stuck, error, nothing; /* publishes nothing; gives errors; N/A */
	double jump_s, jump_j;                /* from then on that many joules more */
	double cap_w, cap_s, other_cap_w;     /* power limit, and the other one from then on */
	struct stretch thermal, brake;        /* throttled */
	double beside, beside_lag_s;          /* shows that times the true power beside joules; 0: none */
	bool own;                             /* has a clock of its own, */
	double own_rate, own_delay_s;         /* and shows each value up to that late */
};

/* When the value that was published at the i-th time is to be seen. */
static double seen_s(const struct meter *m, double i) {
	uint32_t late;

	wm_random(seed, 2, (uint64_t)i, 1, &late);
	return m->phase_s + i * m->period_s + m->own_delay_s * late * 0x1p-32;
}

/* When what it shows at that time was published. */
static double published(const struct meter *m, double at_s) {
	double i = floor((at_s - m->phase_s) / m->period_s);

	while (m->own && seen_s(m, i) > at_s)
		i--;
	while (within(m->stuck, m->phase_s + i * m->period_s))
		i--;
	return m->phase_s + i * m->period_s;
}

static double shown_joules(const struct meter *m, const struct truth *p, double news_s) {
	double joules = m->start_j + true_joules(p, news_s - m->lag_s) - true_joules(p, BEGAN_S);

	if (news_s > m->jump_s)
		joules += m->jump_j;
	joules = floor(joules / m->source.quantum) * m->source.quantum;
	return isinf(m->wrap_j) ? joules : joules - floor(joules / m->wrap_j) * m->wrap_j;
}

static double shown_watts(const struct truth *p, double news_s, double lag_s) {
	return lag_s > 0 ? (true_joules(p, news_s) - true_joules(p, news_s - lag_s)) / lag_s : true_watts(p, news_s);
}

static double noise_of(const struct meter *m, double news_s) {
	uint32_t word;

	wm_random(seed, 3, (uint64_t)llround(news_s / m->period_s), 1, &word);
	return 1 + m->noise * (word * 0x1p-31 - 1);
}

static double throttled(struct stretch s, double at_s) {
	return fmax(0, fmin(at_s, s.to_s) - s.from_s);
}

static struct wm_reading read_meter(const struct meter *m, const struct truth *p, double at_s) {
	struct wm_reading r = wm_no_reading();
	double news_s = published(m, at_s);

	r.cap_w = at_s < m->cap_s ? m->cap_w : m->other_cap_w;
	r.thermal_s = throttled(m->thermal, at_s);
	r.brake_s = throttled(m->brake, at_s);
	if (within(m->nothing, at_s))
		return r;
	if (m->source.kind == WM_POWER) {
		double step = m->source.quantum, watts = shown_watts(p, news_s, m->lag_s) * noise_of(m, news_s);

		r.watts = step > 0 ? round(watts / step) * step : watts;
		return r;
	}
	r.joules = shown_joules(m, p, news_s);
	if (m->own)
		r.own_s = (news_s - BEGAN_S) * m->own_rate + 77;
	if (m->beside)
		r.watts = m->beside * shown_watts(p, news_s, m->beside_lag_s);
	return r;
}

/* ---- a sampler: as harness/run/sampler.h says, with a clock that comes late ------------------------------------- */

struct sampler {
	double cost_s, jitter_s;          /* of a look; between two, at most */
	double hiccup_s, hiccups_every_s; /* not running for that long, now and then */
	struct stretch away;              /* does not look */
	double stops_s;
};

static double next_look(const struct wm_source *source, const double *near_s, int n, double at_s) {
	double interval = fmax(source->refresh_s / 5, 0.010), near = fmax(2 * wm_window_refresh(source), 0.1);
	double next = at_s + interval;

	for (int i = 0; i < n; i++) {
		if (fabs(at_s - near_s[i]) <= near)
			return at_s + fmax(interval / 10, 0.001);
		if (near_s[i] - near > at_s)
			next = fmin(next, near_s[i] - near);
	}
	return next;
}

static struct wm_tick look(const struct meter *m, const struct truth *p, const struct sampler *s, double at_s) {
	struct wm_tick t = {.before_s = at_s, .after_s = at_s + s->cost_s * draw_from(0.5, 1)};
	double read_s = draw_from(t.before_s, t.after_s);

	t.failed = within(m->error, read_s);
	t.r = t.failed ? wm_no_reading() : read_meter(m, p, read_s);
	return t;
}

/* ---- a load ----------------------------------------------------------------------------------------------------- */

struct work {
	double op_s;
	double noted_s;               /* a completion is seen up to that late */
	double late_s, late_by_s;     /* those after late_s are seen late_by_s after it at the earliest */
	double idle;                  /* part of the time that the device waits for the host */
	double changes_s, other_op_s; /* from then on an operation takes as long as that */
	double stops_s;
};

/* What the device really did. */
static struct { double from_s, to_s, operations; /* before it */ } done[MOST_BATCHES + 1];
static int ndone;

static void run_load(const struct work *w, double until_s, struct wm_load *load) {
	double at_s = BEGAN_S, operations = 0, busy_s = 0, seen_s = BEGAN_S;

	*load = (struct wm_load){.began_s = BEGAN_S};
	for (ndone = 0; at_s < fmin(until_s, w->stops_s) && ndone < MOST_BATCHES; ndone++) {
		double n = fmax(1, floor(16e-3 * draw_from(0.8, 1.2) / w->op_s));
		double takes_s = n * (at_s < w->changes_s ? w->op_s : w->other_op_s);

		done[ndone].from_s = at_s;
		done[ndone].to_s = at_s + takes_s;
		done[ndone].operations = operations;
		operations += n;
		busy_s += takes_s;
		seen_s = fmax(seen_s, done[ndone].to_s + w->noted_s * draw());
		if (done[ndone].to_s > w->late_s)
			seen_s = fmax(seen_s, w->late_s + w->late_by_s);
		wm_load_add(load, seen_s, operations, busy_s);
		at_s = done[ndone].to_s + takes_s * w->idle / (1 - w->idle);
	}
	done[ndone].from_s = INFINITY;
	done[ndone].operations = operations;
	load->ended_s = seen_s;
}

static double true_operations(double at_s) {
	int lo = 0, hi = ndone;

	while (lo < hi) {
		int mid = (lo + hi) / 2;

		if (done[mid].to_s < at_s)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == ndone || at_s <= done[lo].from_s)
		return done[lo].operations;
	return done[lo].operations + (at_s - done[lo].from_s) / (done[lo].to_s - done[lo].from_s) *
	                                 (done[lo + 1].operations - done[lo].operations);
}

/* ---- a scene: all of these, and what comes of it ---------------------------------------------------------------- */

struct scene {
	struct truth truth;
	struct meter meter;
	struct sampler sampler;
	struct work work;
	struct wm_window_plan plan;
	double load_s; /* 0: as long as the plan needs */
	uint64_t seed; /* of everything that comes by chance */
	/* played */
	struct wm_ticks ticks;
	struct wm_load load;
	struct wm_window w[MOST_WINDOWS];
};

/* A counter in steps of 100 ms on an accelerator that draws 350 W, weighed for 5 s. */
static struct scene usual(void) {
	struct scene s = {
		.meter = {.source = {.kind = WM_COUNTER,
	                         .refresh_s = 0.1,
	                         .lag_s = 0,
	                         .quantum = 1e-3,
	                         .range_j = INFINITY,
	                         .limit_w = 700,
	                         .package = -1},
	              .period_s = 0.1,
	              .phase_s = 0.0371,
	              .wrap_j = INFINITY,
	              .start_j = 123456.7,
	              .noise = 0.002,
	              .jump_s = INFINITY,
	              .cap_w = 400,
	              .cap_s = INFINITY,
	              .own_rate = 1},
		.sampler = {.cost_s = 100e-6, .jitter_s = 200e-6, .stops_s = INFINITY},
		.work = {.op_s = 0.5e-3, .noted_s = 100e-6, .late_s = INFINITY, .changes_s = INFINITY, .stops_s = INFINITY},
		.plan = {.windows = 1, .length_s = 5, .refreshes = 50},
		.seed = 11,
	};

	add_change(&s.truth, BEGAN_S - 100, REST_W, 0);
	add_change(&s.truth, BEGAN_S, LOAD_W - REST_W, 0);
	return s;
}

/* A meter of power alone: what it shows is the mean of lag_s. */
static struct scene usual_power(double refresh_s, double lag_s) {
	struct scene s = usual();

	s.meter.source.kind = WM_POWER;
	s.meter.source.refresh_s = s.meter.period_s = refresh_s;
	s.meter.source.lag_s = s.meter.lag_s = lag_s;
	return s;
}

static void look_on(struct scene *s, const struct truth *p, double until_s) {
	double near_s[MOST_LOOKS], at_s = BEGAN_S - 0.5, hiccup_s = at_s + s->sampler.hiccups_every_s * draw();

	wm_window_looks(&s->plan, s->load.began_s, near_s);
	while (at_s < fmin(until_s, s->sampler.stops_s)) {
		struct wm_tick t = look(&s->meter, p, &s->sampler, at_s);

		if (s->sampler.hiccup_s > 0 && at_s > hiccup_s) {
			/* it loses the processor before it reads, or while it does */
			if (draw() < 0.5)
				t = look(&s->meter, p, &s->sampler, at_s + s->sampler.hiccup_s);
			else
				t.after_s += s->sampler.hiccup_s;
			hiccup_s += s->sampler.hiccups_every_s * draw_from(0.5, 1.5);
		}
		wm_ticks_add(&s->ticks, &t);
		at_s = fmax(t.after_s, next_look(&s->meter.source, near_s, WM_WINDOW_LOOKS * s->plan.windows, t.before_s));
		at_s += s->sampler.jitter_s * draw();
		if (within(s->sampler.away, at_s))
			at_s = s->sampler.away.to_s;
	}
}

static void forget(struct scene *s) {
	wm_ticks_free(&s->ticks);
	wm_load_free(&s->load);
}

/* The same scene gives the same again. */
static void play(struct scene *s) {
	struct truth whole = s->truth;
	double seconds;

	seed = s->seed;
	drawn = 0;
	if (s->plan.lead_s == 0)
		s->plan.lead_s = wm_window_lead(&s->meter.source);
	seconds = s->load_s > 0 ? s->load_s : 2 * s->plan.lead_s + s->plan.windows * wm_window_pitch(&s->plan);
	forget(s);
	run_load(&s->work, BEGAN_S + seconds, &s->load);
	add_change(&whole, s->load.ended_s, REST_W - LOAD_W, 0);
	look_on(s, &whole, s->load.ended_s + 0.5);
	wm_cut_windows(&s->meter.source, &s->ticks, &s->load, &s->plan, s->w);
	if (s->load.n == MOST_BATCHES)
		fail_msg("the scene is too long");
}

/* How far window i is from the truth, relative. */
static double error_of(const struct scene *s, int i) {
	const struct wm_window *w = &s->w[i];
	double operations = true_operations(w->to_s) - true_operations(w->from_s);
	double joules = true_joules(&s->truth, w->to_s) - true_joules(&s->truth, w->from_s);

	return w->joules / w->operations / (joules / operations) - 1;
}

static void check_number(const struct scene *s, int i) {
	const struct wm_window *w = &s->w[i];

	if (w->why[0])
		fail_msg("window %d: %s", i, w->why);
	if (!(fabs(error_of(s, i)) <= CLOSE))
		fail_msg("window %d is %.3g%% off", i, 100 * error_of(s, i));
	assert_true(w->from_s >= s->load.began_s + s->plan.lead_s && w->to_s <= s->load.ended_s - s->plan.lead_s);
	assert_true(w->to_s - w->from_s >= s->plan.length_s - 1e-9 && w->refreshes >= s->plan.refreshes);
	assert_true(w->busy >= 0.99 && w->busy < 1.01 && w->bound > 0 && w->bound <= 0.005);
}

/*
 * A counter is off by no more than its window says that it may be because of where the edges lie. That takes power at
 * an edge for the mean, and nobody can see that all completions around an edge are late by the same time.
 */
static void check_bound(const struct scene *s, int i) {
	const struct wm_window *w = &s->w[i];
	double most = w->bound * (1 + s->truth.ripple_w / LOAD_W) + s->work.noted_s / (w->to_s - w->from_s);

	if (!(fabs(error_of(s, i)) <= most))
		fail_msg("window %d is %.3g%% off, and may be %.3g%%", i, 100 * error_of(s, i), 100 * most);
}

static void check_refused(const struct scene *s, int i, const char *why) {
	if (!strstr(s->w[i].why, why))
		fail_msg("window %d says '%s' where '%s' is true", i, s->w[i].why, why);
	assert_true(isnan(s->w[i].joules));
}

/* Plays; a number, or with a reason none; then forgets. */
static void expect(struct scene *s, const char *why) {
	play(s);
	if (why)
		check_refused(s, 0, why);
	else
		check_number(s, 0);
	forget(s);
}
static void expect_number(struct scene *s) {
	expect(s, NULL);
}

/* The stretch of the window that a scene gives when nothing goes wrong, to put something into it or just outside. */
static struct stretch window_of(const struct scene *s) {
	struct scene well = *s;
	struct stretch at;

	play(&well);
	check_number(&well, 0);
	at = (struct stretch){well.w[0].from_s, well.w[0].to_s};
	forget(&well);
	return at;
}

static double middle_of(struct stretch s) {
	return (s.from_s + s.to_s) / 2;
}

/* ---- the plan --------------------------------------------------------------------------------------------------- */

static void the_lead_is_the_longest_of_three(void **state) {
	struct wm_source fast = {.refresh_s = 1e-3, .lag_s = 0}, slow = {.refresh_s = 1, .lag_s = 0};
	struct wm_source lagging = {.refresh_s = 0.1, .lag_s = 1}, unknown = {.refresh_s = 0.1, .lag_s = NAN};

	(void)state;
	assert_float_equal(wm_window_lead(&fast), 1, 0);
	assert_float_equal(wm_window_lead(&slow), 10, 0);
	assert_float_equal(wm_window_lead(&lagging), 3, 0);
	assert_float_equal(wm_window_lead(&unknown), 1, 0);
	assert_float_equal(wm_window_refresh(&fast), 0.010, 0);
	assert_float_equal(wm_window_refresh(&slow), 1, 0);
}

static void looks_are_told_where_windows_are_cut(void **state) {
	struct scene s = usual();
	double at_s[MOST_LOOKS];

	(void)state;
	s.plan.windows = 5;
	play(&s);
	wm_window_looks(&s.plan, s.load.began_s, at_s);
	for (int i = 0; i < 5; i++) {
		check_number(&s, i);
		/* from_s is the middle of where the tick may have been */
		assert_true(s.w[i].from_s - at_s[4 * i] >= 0 && s.w[i].from_s - at_s[4 * i] < 0.105);
		assert_true(s.w[i].to_s - at_s[4 * i + 3] >= 0 && s.w[i].to_s - at_s[4 * i + 3] < 0.21);
		assert_true(fabs(at_s[4 * i + 1] - at_s[4 * i] - 5.0 / 3) < 1e-9);
		assert_true(fabs(at_s[4 * i + 2] - at_s[4 * i] - 10.0 / 3) < 1e-9);
	}
	forget(&s);
}

/* Each window is a whole number of refreshes, begins behind the one before, and the load is long enough for all. */
static void windows_follow_each_other(void **state) {
	struct scene s = usual();

	(void)state;
	s.plan.windows = 3;
	play(&s);
	for (int i = 0; i < 3; i++) {
		double refreshes = (s.w[i].to_s - s.w[i].from_s) / 0.1;

		check_number(&s, i);
		assert_true(i == 0 || s.w[i].from_s >= s.w[i - 1].to_s);
		assert_true(fabs(refreshes - round(refreshes)) < 0.05 && refreshes < 51.5);
		assert_int_equal(s.w[i].refreshes, (int)round(refreshes));
	}
	/* one more does not fit: it says so, the others stay */
	s.load_s = s.load.ended_s - s.load.began_s;
	s.plan.windows = 4;
	play(&s);
	check_number(&s, 2);
	check_refused(&s, 3, "load");
	forget(&s);
}

/* ---- what the meter does: a number ------------------------------------------------------------------------------ */

static void steps_of_100_ms(void **state) {
	(void)state;
	for (int i = 0; i < 10; i++) {
		struct scene s = usual();

		s.meter.phase_s = 0.01 * i;
		play(&s);
		check_number(&s, 0);
		check_bound(&s, 0);
		/* looks are 2 ms and a jitter apart, and edges lie in the middle between two */
		assert_true(fabs(remainder(s.w[0].from_s - s.meter.phase_s, s.meter.period_s)) < 1.3e-3);
		assert_true(fabs(remainder(s.w[0].to_s - s.meter.phase_s, s.meter.period_s)) < 1.3e-3);
		forget(&s);
	}
}

static void a_wrap_of_known_range(void **state) {
	struct scene s = usual();
	struct stretch at = window_of(&s);
	double wraps_j;

	(void)state;
	/* it wraps in the middle of the window */
	wraps_j = s.meter.start_j + LOAD_W * (middle_of(at) - BEGAN_S);
	s.meter.wrap_j = s.meter.source.range_j = wraps_j;
	expect_number(&s);
	/* also where nobody states what the source can draw */
	s.meter.source.limit_w = s.meter.cap_w = NAN;
	expect_number(&s);
	/* several times in one window */
	s.meter.wrap_j = s.meter.source.range_j = 500;
	expect_number(&s);
}

static void a_wrap_of_unknown_range(void **state) {
	struct scene s = usual();
	struct stretch at = window_of(&s);

	(void)state;
	s.meter.source.range_j = NAN;
	s.meter.wrap_j = s.meter.start_j + LOAD_W * (middle_of(at) - BEGAN_S);
	expect(&s, "where it wraps is unknown");
	s.meter.wrap_j = s.meter.start_j + LOAD_W * (at.from_s - 0.25 - BEGAN_S);
	expect_number(&s);
	s.meter.wrap_j = s.meter.start_j + LOAD_W * (at.to_s + 0.25 - BEGAN_S);
	expect_number(&s);
	/* where it says that it never wraps, it went back */
	s.meter.source.range_j = INFINITY;
	s.meter.wrap_j = s.meter.start_j + LOAD_W * (middle_of(at) - BEGAN_S);
	expect(&s, "no wrap");
}

/* What NVML shows beside its counter is the mean of a second. */
static void a_lag_of_1_s_beside_a_counter(void **state) {
	struct scene s = usual();

	(void)state;
	s.meter.beside = 1;
	s.meter.beside_lag_s = 1;
	expect_number(&s);
	/* and a counter that is itself late */
	s.meter.source.lag_s = s.meter.lag_s = 1;
	s.plan.lead_s = 0;
	expect_number(&s);
}

static void a_power_alone_needs_three_lags_of_load(void **state) {
	struct scene s = usual_power(0.1, 1);

	(void)state;
	expect_number(&s);
	assert_float_equal(s.plan.lead_s, 3, 0);
	s.plan.lead_s = 2.9;
	expect(&s, "the meter needs 3 s");
	/* enough before, and not enough behind */
	s = usual_power(0.1, 1);
	s.load_s = 3 + 5 + 0.1 + 2.7;
	expect(&s, "the meter needs 3 s");
	s.load_s = 3 + 5 + 0.1 + 3.1;
	expect_number(&s);
	/* without a lag the same load is enough */
	s = usual_power(0.1, 0);
	s.plan.lead_s = 2.9;
	expect_number(&s);
}

static void throttling_is_marked(void **state) {
	struct scene s = usual();
	struct stretch at = window_of(&s);
	struct stretch in = {middle_of(at), middle_of(at) + 0.2}, out = {at.from_s - 0.6, at.from_s - 0.1};

	(void)state;
	for (int brake = 0; brake < 2; brake++) {
		struct stretch *what = brake ? &s.meter.brake : &s.meter.thermal;

		*what = in;
		play(&s);
		check_number(&s, 0);
		assert_true(s.w[0].throttled);
		*what = out;
		play(&s);
		check_number(&s, 0);
		assert_false(s.w[0].throttled);
		*what = (struct stretch){0, 0};
	}
	forget(&s);
}

/* Its own clock says when a value was true, however late it is shown. */
static void a_meter_with_its_own_clock(void **state) {
	struct scene s = usual();

	(void)state;
	s.meter.own = true;
	s.meter.own_delay_s = 0.08;
	expect_number(&s);
	s.meter.own_rate = 1 + 50e-6;
	expect_number(&s);
	s.meter.own_rate = 1.01;
	expect(&s, "sure to");
	s.meter.own_rate = 0.99;
	expect(&s, "sure to");
	s.meter.own_rate = 0;
	expect(&s, "own clock");
	s.meter.own_rate = -1;
	expect(&s, "own clock");
}

/* RAPL's counter changes every millisecond; on a machine without a spare core the sampler often comes late. */
static void a_fast_counter_and_a_late_sampler(void **state) {
	struct scene s = usual();

	(void)state;
	s.meter.source.refresh_s = s.meter.period_s = 1e-3;
	s.meter.source.quantum = 61e-6;
	s.meter.source.range_j = s.meter.wrap_j = 65712.999613;
	s.meter.start_j = 65000;
	s.sampler.hiccup_s = 0.050;
	s.sampler.hiccups_every_s = 0.3;
	expect_number(&s);
	s.plan.length_s = 2;
	s.plan.refreshes = 15;
	expect_number(&s);
	/* what it shows is never older than a millisecond, however rarely anybody looks */
	s.sampler.hiccup_s = 0;
	s.sampler.jitter_s = 0.060;
	play(&s);
	check_number(&s, 0);
	assert_true(s.w[0].bound < 0.0025);
	/* 0.2 s are a gap */
	s.sampler.jitter_s = 0;
	s.sampler.hiccup_s = 0.200;
	expect(&s, "no look at the meter");
}

/* What a power did while nobody looked is not known, other than with a counter. */
static void a_fast_power_and_a_late_sampler(void **state) {
	struct scene s = usual_power(0.010, 0);

	(void)state;
	s.sampler.hiccup_s = 0.050;
	s.sampler.hiccups_every_s = 0.4;
	expect(&s, "cover");
	s.sampler.hiccups_every_s = 8;
	expect_number(&s);
}

/* ---- what the meter does: no watts ------------------------------------------------------------------------------ */

static void a_stuck_counter(void **state) {
	struct scene s = usual();
	struct stretch at = window_of(&s);

	(void)state;
	s.meter.stuck = (struct stretch){BEGAN_S - 10, BEGAN_S + 100};
	expect(&s, "stood still");
	s.meter.stuck = (struct stretch){at.from_s + 1, at.to_s - 1};
	expect(&s, "stood still");
	/* where the window should begin, and where it should end */
	s.meter.stuck = (struct stretch){at.from_s - 0.5, at.from_s + 0.5};
	expect(&s, "stood still");
	s.meter.stuck = (struct stretch){at.to_s - 0.5, at.to_s + 0.5};
	expect(&s, "stood still");
	s.meter.stuck = (struct stretch){at.from_s - 0.75, at.from_s - 0.25};
	expect_number(&s);
	s.meter.stuck = (struct stretch){at.to_s + 0.15, at.to_s + 0.65};
	expect_number(&s);
}

/* A meter that could show the smallest change, and shows none for more than ten refreshes. */
static void a_stuck_power(void **state) {
	struct scene s = usual_power(0.1, 0);
	double half_s = middle_of(window_of(&s));

	(void)state;
	s.meter.stuck = (struct stretch){half_s, half_s + 1.25};
	expect(&s, "without a change");
	s.meter.stuck = (struct stretch){half_s, half_s + 0.75};
	expect_number(&s);
	/* in steps of 10 W it may well stand still all the time */
	s.meter.source.quantum = 10;
	s.meter.stuck = (struct stretch){BEGAN_S + 0.5, BEGAN_S + 100};
	expect_number(&s);
	/* steps that nobody states are those that were seen */
	s.meter.source.quantum = NAN;
	expect(&s, "without a change");
	s.meter.stuck = (struct stretch){0, 0};
	expect_number(&s);
	s.meter.noise = 0;
	s.truth.n = 1;
	s.truth.change[0].watts = LOAD_W;
	s.meter.stuck = (struct stretch){BEGAN_S - 10, BEGAN_S + 100};
	expect(&s, "without a change");
}

static void a_jump_back(void **state) {
	struct scene s = usual();
	struct stretch at = window_of(&s);

	(void)state;
	s.meter.jump_j = -50;
	s.meter.jump_s = middle_of(at);
	expect(&s, "went back by");
	s.meter.jump_s = at.from_s - 0.25;
	expect_number(&s);
	s.meter.jump_s = at.to_s + 0.15;
	expect_number(&s);
	/* begun again at 0 far from the end of its range: no wrap, whether or not its limit is known */
	s.meter.jump_s = middle_of(at);
	s.meter.source.range_j = 262143;
	s.meter.jump_j = -s.meter.start_j;
	expect(&s, "no wrap");
	s.meter.source.limit_w = s.meter.cap_w = NAN;
	expect(&s, "no wrap");
}

/* 1.2 times the cap of 400 W, over the time from one change to the next. */
static void a_jump_above_the_cap(void **state) {
	struct scene s = usual();
	struct stretch at = window_of(&s);

	(void)state;
	s.meter.jump_s = middle_of(at);
	s.meter.jump_j = 12; /* 47 J in 0.1 s: 470 W */
	expect_number(&s);
	s.meter.jump_j = 26; /* 61 J in 0.1 s and the 22 ms that two looks leave open: more than 480 W */
	expect(&s, "jumped by");
	s.meter.jump_s = at.from_s - 0.25;
	expect_number(&s);
	/* the limit in force goes before what the source could draw; without it the latter counts */
	s.meter.jump_s = middle_of(at);
	s.meter.cap_w = NAN;
	s.meter.source.limit_w = 400;
	expect(&s, "jumped by");
	/* nobody states a limit: three times the window's mean */
	s.meter.source.limit_w = NAN;
	s.meter.jump_j = 200;
	expect(&s, "jumped by");
	s.meter.jump_j = 12;
	expect_number(&s);
}

static void a_power_that_cannot_be(void **state) {
	struct scene s = usual_power(0.1, 0);
	double half_s = middle_of(window_of(&s));

	(void)state;
	/* a spike of 135 W more is above 1.2 times the cap of 400 W, one of 100 W is not */
	add_change(&s.truth, half_s, 135, 0);
	add_change(&s.truth, half_s + 0.1, -135, 0);
	expect(&s, "cannot be");
	s.truth.change[2].watts = 100;
	s.truth.change[3].watts = -100;
	expect_number(&s);
}

/* Less than three refreshes of 0.1 s without a look are coverage enough in half a minute, more are a gap. */
static void a_gap(void **state) {
	struct scene s = usual();
	double half_s;

	(void)state;
	s.plan.length_s = 30;
	half_s = middle_of(window_of(&s));
	s.sampler.away = (struct stretch){half_s, half_s + 0.26};
	expect_number(&s);
	s.sampler.away = (struct stretch){half_s, half_s + 0.35};
	expect(&s, "no look at the meter");
	/* the counter leaves out two refreshes, then three */
	s.sampler.away = (struct stretch){0, 0};
	s.meter.stuck = (struct stretch){half_s, half_s + 0.2};
	expect_number(&s);
	s.meter.stuck = (struct stretch){half_s, half_s + 0.3};
	expect(&s, "stood still");
	s = usual_power(0.1, 0);
	s.plan.length_s = 30;
	s.sampler.away = (struct stretch){half_s, half_s + 0.26};
	expect_number(&s);
	s.sampler.away = (struct stretch){half_s, half_s + 0.35};
	expect(&s, "no look at the meter");
}

static void errors_and_nothing(void **state) {
	struct scene s = usual();
	struct stretch at = window_of(&s);
	const struct stretch in = {middle_of(at), middle_of(at) + 0.045},
						 out[] = {{at.from_s - 0.2, at.from_s - 0.15}, {at.to_s + 0.05, at.to_s + 0.1}};

	(void)state;
	s.meter.error = in;
	expect(&s, "gave an error");
	for (int i = 0; i < 2; i++) {
		s.meter.error = out[i];
		expect_number(&s);
	}
	s.meter.error = (struct stretch){0, 0};
	s.meter.nothing = in;
	expect(&s, "N/A");
	for (int i = 0; i < 2; i++) {
		s.meter.nothing = out[i];
		expect_number(&s);
	}
	s = usual_power(0.1, 0);
	s.meter.nothing = in;
	expect(&s, "N/A");
	s.meter.nothing = out[0];
	expect_number(&s);
}

static void a_changed_cap(void **state) {
	struct scene s = usual();
	struct stretch at = window_of(&s);

	(void)state;
	s.meter.other_cap_w = 380;
	s.meter.cap_s = middle_of(at);
	expect(&s, "power limit changed in the window, from 400 W to 380 W");
	s.meter.cap_s = at.from_s - 0.05;
	expect_number(&s);
	s.meter.cap_s = at.to_s + 0.05;
	expect_number(&s);
	/* the same but for rounding */
	s.meter.cap_s = middle_of(at);
	s.meter.other_cap_w = 400.2;
	expect_number(&s);
	/* where not every look shows it */
	s.meter.other_cap_w = 380;
	play(&s);
	for (size_t i = 0; i < s.ticks.n; i++)
		if (i % 7)
			s.ticks.v[i].r.cap_w = NAN;
	wm_cut_windows(&s.meter.source, &s.ticks, &s.load, &s.plan, s.w);
	check_refused(&s, 0, "power limit changed");
	/* unknown at first */
	s.meter.other_cap_w = 400;
	s.meter.cap_s = at.from_s + 1;
	s.meter.cap_w = NAN;
	s.meter.other_cap_w = 400;
	expect_number(&s);
}

/* ---- limits of a window ----------------------------------------------------------------------------------------- */

/* The window may last until 5.05 s behind its plan: 50 refreshes fit when it begins at once, 49 when it begins late. */
static void enough_refreshes(void **state) {
	struct scene s = usual();

	(void)state;
	s.plan.length_s = 4.75;
	s.meter.phase_s = 0.03;
	play(&s);
	check_number(&s, 0);
	assert_int_equal(s.w[0].refreshes, 50);
	s.meter.phase_s = 0.07;
	expect(&s, "49 refreshes of the meter only, of 50");
	s.plan.refreshes = 49;
	expect_number(&s);
	/* a meter that is a little slower than it says */
	s = usual();
	s.meter.period_s = 0.1015;
	expect_number(&s);
	/* and much slower, though never so slow that there is a gap */
	s.meter.period_s = 0.13;
	expect(&s, "refreshes of the meter only, of 50");
	/* looks more often than the meter has news do not count */
	s = usual_power(0.25, 0);
	expect(&s, "refreshes of the meter only, of 50");
	s.plan.length_s = 12.5;
	expect_number(&s);
	/* a power of unknown refresh is looked at as one of 0.1 s; a counter of unknown refresh is none */
	s.meter.source.refresh_s = NAN;
	expect_number(&s);
	s = usual();
	s.meter.source.refresh_s = NAN;
	expect(&s, "how often the counter refreshes is unknown");
}

/* Two refreshes left out are 0.3 s without a change: 3% of 10 s, 1% of 30 s. */
static void enough_coverage(void **state) {
	struct scene s = usual();

	(void)state;
	s.plan.length_s = 10;
	s.meter.stuck = (struct stretch){BEGAN_S + 6, BEGAN_S + 6.2};
	expect(&s, "cover 97.");
	s.plan.length_s = 30;
	expect_number(&s);
}

static void counter_against_integral(void **state) {
	struct scene s = usual();

	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		s.meter.beside = 1 + 0.04 * sign;
		expect_number(&s);
		s.meter.beside = 1 + 0.06 * sign;
		expect(&s, "the power reading beside it");
	}
}

/* Power that grows evenly so that the last third is that much above the first. */
static void drift_by(struct scene *s, double share) {
	s->truth.change[1].slope = LOAD_W * share / (s->plan.length_s * (2.0 / 3 - share / 6));
}

static void steady_power(void **state) {
	struct scene s = usual();

	(void)state;
	s.plan.length_s = 20;
	for (int sign = -1; sign <= 1; sign += 2) {
		drift_by(&s, 0.009 * sign);
		expect_number(&s);
		drift_by(&s, 0.011 * sign);
		expect(&s, "power drifted");
	}
}

static void a_busy_device(void **state) {
	struct scene s = usual();

	(void)state;
	s.work.idle = 0.005;
	expect_number(&s);
	s.work.idle = 0.02;
	expect(&s, "host-bound: the device worked 98.");
}

/* One operation against the window: 18 ms are 0.36% of 5 s, 30 ms are 0.6%. */
static void edges_that_are_known(void **state) {
	struct scene s = usual();
	struct stretch at = window_of(&s);

	(void)state;
	s.work.op_s = 0.018;
	expect_number(&s);
	s.work.op_s = 0.030;
	expect(&s, "sure to");
	s.plan.length_s = 10;
	expect_number(&s);
	/* completions seen 50 ms late spoil the window when they are those at its edge */
	s = usual();
	s.work.late_by_s = 0.050;
	s.work.late_s = at.from_s - 0.025;
	expect(&s, "late");
	s.work.late_s = at.to_s - 0.025;
	expect(&s, "late");
	s.work.late_s = middle_of(at);
	expect_number(&s);
	/* a meter whose ticks are not looked for closely: up to 0.9 s at each edge of 50 s */
	s = usual();
	s.meter.source.refresh_s = s.meter.period_s = 1;
	s.plan.length_s = 50;
	s.sampler.jitter_s = 0.05;
	expect_number(&s);
	s.sampler.jitter_s = 0.9;
	expect(&s, "sure to");
}

static void a_load_that_changes_near_the_edge(void **state) {
	struct scene s = usual();
	struct stretch at = window_of(&s);
	double change_s[] = {at.from_s + 0.3, at.to_s - 0.3};

	(void)state;
	for (int i = 0; i < 2; i++) {
		/* the device gets faster by a fifth and draws more, within the first or last third */
		s = usual();
		add_change(&s.truth, change_s[i], 60, 0);
		s.work.changes_s = change_s[i];
		s.work.other_op_s = s.work.op_s * 0.8;
		expect(&s, "power drifted");
		/* by a hundredth, and 2.4 W */
		s.truth.change[2].watts = 2.4;
		s.work.other_op_s = s.work.op_s * 0.99;
		expect_number(&s);
	}
	/* before the window it does not matter to a counter */
	s = usual();
	add_change(&s.truth, at.from_s - 0.2, 60, 0);
	s.work.changes_s = at.from_s - 0.2;
	s.work.other_op_s = s.work.op_s * 0.8;
	expect_number(&s);
}

static void a_load_that_ends_early(void **state) {
	struct scene s = usual();
	struct stretch at = window_of(&s);

	(void)state;
	s.work.stops_s = middle_of(at);
	expect(&s, "the load ended before the window did");
	s.work.stops_s = at.to_s - 0.2; /* the meter went on */
	expect(&s, "the load ended before the window did");
	s.work.stops_s = at.to_s + 0.8;
	expect(&s, "the meter needs 1 s");
	s.work.stops_s = at.to_s + 1.05;
	expect_number(&s);
	s.work.stops_s = BEGAN_S;
	expect(&s, "the load ended before the window did");
}

static void a_sampler_that_stops(void **state) {
	struct scene s = usual();
	struct stretch at = window_of(&s);

	(void)state;
	s.sampler.stops_s = middle_of(at);
	expect(&s, "no tick of the meter");
	s.sampler.stops_s = BEGAN_S - 10;
	expect(&s, "no tick of the meter");
	s.sampler.stops_s = at.to_s + 0.05;
	expect_number(&s);
}

/* ---- at rest ---------------------------------------------------------------------------------------------------- */

static enum wm_status idle_of(struct scene *s, double *watts_p, double *seconds_p) {
	enum wm_status st;

	seed = 5;
	drawn = 0;
	forget(s);
	s->truth.n = 1; /* no load */
	s->plan.windows = 0;
	look_on(s, &s->truth, BEGAN_S + 2.5);
	st = wm_mean_power(&s->meter.source, &s->ticks, true, watts_p, seconds_p);
	forget(s);
	return st;
}

static void power_at_rest(void **state) {
	struct scene s = usual();
	double watts = -1, seconds = -1;

	(void)state;
	assert_int_equal(idle_of(&s, &watts, &seconds), WM_OK);
	assert_float_equal(watts, REST_W, 0.01 * REST_W);
	assert_true(seconds > 2.7 && seconds < 3);
	s = usual_power(0.1, 0);
	assert_int_equal(idle_of(&s, &watts, &seconds), WM_OK);
	assert_float_equal(watts, REST_W, 0.01 * REST_W);
	/* a flaw anywhere, and the outputs are left alone */
	watts = -1;
	s.meter.error = (struct stretch){BEGAN_S + 1, BEGAN_S + 1.1};
	assert_int_equal(idle_of(&s, &watts, &seconds), WM_SKIP);
	assert_non_null(strstr(wm_why(), "error"));
	assert_float_equal(watts, -1, 0);
	s = usual();
	s.meter.stuck = (struct stretch){BEGAN_S - 10, BEGAN_S + 10};
	assert_int_equal(idle_of(&s, &watts, &seconds), WM_SKIP);
	assert_non_null(strstr(wm_why(), "stood still"));
	s = usual();
	s.sampler.stops_s = BEGAN_S - 0.42;
	assert_int_equal(idle_of(&s, &watts, &seconds), WM_SKIP);
	assert_non_null(strstr(wm_why(), "fewer than twice"));
}

/* ---- whatever comes --------------------------------------------------------------------------------------------- */

/* Meter, load, power and windows by chance, none of them broken. */
static struct scene by_chance(void) {
	static const double periods[] = {1e-3, 0.01, 0.02, 0.1, 0.1, 0.25, 1};
	struct scene s = usual();
	bool smoke = draw() < 0.3;

	s.meter.period_s = periods[(int)(7 * draw())] * draw_from(0.99, 1.01);
	s.meter.source.refresh_s = s.meter.period_s * draw_from(0.99, 1.01);
	s.meter.phase_s = draw();
	s.meter.start_j = draw_from(0, 1e5);
	s.meter.source.quantum = pow(10, draw_from(-6, -3));
	if (draw() < 0.3) {
		s.meter.source.kind = WM_POWER;
		s.meter.source.lag_s = s.meter.lag_s = s.meter.period_s * draw_from(1, 4);
	} else if (draw() < 0.3) {
		s.meter.own = true;
		s.meter.own_delay_s = s.meter.period_s * draw();
	} else if (draw() < 0.5)
		s.meter.wrap_j = s.meter.source.range_j = draw_from(5000, 1e5);
	s.sampler.cost_s = pow(10, draw_from(-5, -3));
	if (draw() < 0.5) {
		s.sampler.hiccup_s = draw_from(0, 0.05);
		s.sampler.hiccups_every_s = draw_from(0.2, 5);
	}
	s.work.op_s = pow(10, draw_from(-6, -1.3));
	s.work.noted_s = pow(10, draw_from(-5, -3));
	s.work.idle = draw_from(0, 0.011);
	s.plan.windows = 1 + (int)(3 * draw());
	s.plan.refreshes = smoke ? 15 : 50;
	s.plan.length_s = fmax(smoke ? 2 : draw_from(2, 10), s.plan.refreshes * s.meter.source.refresh_s);
	/* a power that is looked at now and then knows nothing of what is faster */
	s.truth.ripple_w = draw_from(0, s.meter.source.kind == WM_POWER ? 3.5 : 35);
	s.truth.ripple_s = pow(10, draw_from(-3, -1.5));
	drift_by(&s, draw_from(-0.012, 0.012) / s.plan.windows);
	return s;
}

static void two_hundred_scenes_by_chance(void **state) {
	int numbers = 0, windows = 0;
	double worst = 0;

	(void)state;
	for (uint64_t i = 0; i < 200; i++) {
		struct scene s;

		seed = 1000 + i;
		drawn = 0;
		s = by_chance();
		s.seed = seed;
		play(&s);
		for (int k = 0; k < s.plan.windows; k++) {
			windows++;
			if (s.w[k].why[0])
				continue;
			numbers++;
			check_number(&s, k);
			if (s.meter.source.kind == WM_COUNTER)
				check_bound(&s, k);
			worst = fmax(worst, fabs(error_of(&s, k)));
		}
		forget(&s);
	}
	/* most are, and none is further off than that */
	assert_true(numbers > windows / 2);
	assert_true(worst > 0 && worst < 0.003);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lead_is_the_longest_of_three),
		cmocka_unit_test(looks_are_told_where_windows_are_cut),
		cmocka_unit_test(windows_follow_each_other),
		cmocka_unit_test(steps_of_100_ms),
		cmocka_unit_test(a_wrap_of_known_range),
		cmocka_unit_test(a_wrap_of_unknown_range),
		cmocka_unit_test(a_lag_of_1_s_beside_a_counter),
		cmocka_unit_test(a_power_alone_needs_three_lags_of_load),
		cmocka_unit_test(throttling_is_marked),
		cmocka_unit_test(a_meter_with_its_own_clock),
		cmocka_unit_test(a_fast_counter_and_a_late_sampler),
		cmocka_unit_test(a_fast_power_and_a_late_sampler),
		cmocka_unit_test(a_stuck_counter),
		cmocka_unit_test(a_stuck_power),
		cmocka_unit_test(a_jump_back),
		cmocka_unit_test(a_jump_above_the_cap),
		cmocka_unit_test(a_power_that_cannot_be),
		cmocka_unit_test(a_gap),
		cmocka_unit_test(errors_and_nothing),
		cmocka_unit_test(a_changed_cap),
		cmocka_unit_test(enough_refreshes),
		cmocka_unit_test(enough_coverage),
		cmocka_unit_test(counter_against_integral),
		cmocka_unit_test(steady_power),
		cmocka_unit_test(a_busy_device),
		cmocka_unit_test(edges_that_are_known),
		cmocka_unit_test(a_load_that_changes_near_the_edge),
		cmocka_unit_test(a_load_that_ends_early),
		cmocka_unit_test(a_sampler_that_stops),
		cmocka_unit_test(power_at_rest),
		cmocka_unit_test(two_hundred_scenes_by_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
