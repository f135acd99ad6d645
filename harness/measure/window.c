/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.c - from ticks and a load to joules and operations between two edges.
 *
 * First the ticks of a source become a series of edges: times at which its energy so far is known. Of a counter these
 * are its changes, of a power all readings, added up by trapezoids. What is wrong between two edges (an error, a gap, a
 * jump ..) becomes a flaw, with the time that it spoils. Then each window takes two edges, and is a number when no flaw
 * touches it and the limits hold.
 */
#include "window.h"

#include "core/problem.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_LEAD_S 1.0
#define LEAD_REFRESHES 10
#define LEAD_LAGS 3
#define SPARE_OF_LEAD 0.3     /* behind a window: three refreshes or more, as the lead is at least ten */
#define UNKNOWN_REFRESH_S 0.1 /* of a power: slower ones show as stuck or as drift */
#define LEAST_LOOK_S 0.010    /* the sampler's shortest interval but near edges */
#define GAP_REFRESHES 3       /* without news */
#define COVERED_REFRESHES 2   /* apart at most that edges cover the time between them */
#define LEAST_GAP_S 0.1       /* shorter ones are what any scheduler does to a sampler of a fast meter */
#define LEAST_COVERAGE 0.98
#define LEAST_BUSY 0.99
#define MOST_BOUND 0.005
#define MOST_DRIFT 0.01        /* of the mean power between first and last third */
#define MOST_DISAGREEMENT 0.05 /* of counter and integral */
#define MOST_OVER_CAP 1.2      /* also of a counter whose limit nobody states, over its highest power: what is a wrap */
#define MOST_OVER_MEAN 3.0     /* of the window: what is a jump where nobody states a limit */
#define SURE 0.002         /* of the window's length: a tick known that well is taken for an edge before a vaguer one */
#define EDGE_REFRESHES 2   /* behind its plan, in which a window looks for such a tick to begin at */
#define FINE_QUANTUM 0.001 /* of its power: below it a meter that repeats itself is stuck .. */
#define STUCK_REFRESHES 10 /* .. when it does so for longer than that */

/* ---- lists ------------------------------------------------------------------------------------------------------ */

void wm_load_add(struct wm_load *load, double at_s, double operations, double busy_s) {
	load->v = wm_grow(load->v, load->n, &load->room, sizeof(*load->v));
	load->v[load->n++] = (struct wm_batch_done){at_s, operations, busy_s};
}

void wm_load_free(struct wm_load *load) {
	free(load->v);
	memset(load, 0, sizeof(*load));
}

/* ---- the plan --------------------------------------------------------------------------------------------------- */

double wm_window_refresh(const struct wm_source *source) {
	if (isnan(source->refresh_s) && source->kind == WM_POWER)
		return UNKNOWN_REFRESH_S;
	return fmax(source->refresh_s, LEAST_LOOK_S);
}

double wm_window_lead(const struct wm_source *source) {
	double lag = isnan(source->lag_s) ? 0 : source->lag_s;

	return fmax(LEAST_LEAD_S, fmax(LEAD_REFRESHES * wm_window_refresh(source), LEAD_LAGS * lag));
}

double wm_window_pitch(const struct wm_window_plan *plan) {
	return plan->length_s + SPARE_OF_LEAD * plan->lead_s;
}

/* Where window i is planned to begin. */
static double planned(const struct wm_window_plan *plan, double began_s, int i) {
	return began_s + plan->lead_s + i * wm_window_pitch(plan);
}

void wm_window_looks(const struct wm_window_plan *plan, double began_s, double *at_s) {
	for (int i = 0; i < plan->windows; i++)
		for (int k = 0; k < WM_WINDOW_LOOKS; k++)
			*at_s++ = planned(plan, began_s, i) + k * plan->length_s / (WM_WINDOW_LOOKS - 1);
}

/* ---- edges and flaws -------------------------------------------------------------------------------------------- */

/* Time at which the energy so far is known. */
struct edge {
	double at_s;
	double unsure_s; /* it was between at_s - unsure_s / 2 and at_s + unsure_s / 2 */
	double joules;   /* since the first value of all */
	size_t tick;
};

/* A stretch of time that no window may touch. */
struct flaw {
	double from_s, to_s;
	char why[160];
};

struct series {
	struct edge *edges;
	struct flaw *flaws;
	size_t nedges, edge_room, nflaws, flaw_room;
};

static void drop(struct series *s) {
	free(s->edges);
	free(s->flaws);
}

static void add_edge(struct series *s, struct edge edge) {
	s->edges = wm_grow(s->edges, s->nedges, &s->edge_room, sizeof(*s->edges));
	s->edges[s->nedges++] = edge;
}

static void __attribute__((format(printf, 4, 5)))
add_flaw(struct series *s, double from_s, double to_s, const char *fmt, ...) {
	va_list args;

	s->flaws = wm_grow(s->flaws, s->nflaws, &s->flaw_room, sizeof(*s->flaws));
	s->flaws[s->nflaws].from_s = from_s;
	s->flaws[s->nflaws].to_s = to_s;
	va_start(args, fmt);
	vsnprintf(s->flaws[s->nflaws].why, sizeof(s->flaws[0].why), fmt, args);
	va_end(args);
	s->nflaws++;
}

/* Time without news that is too long. */
static double gap_of(const struct wm_source *source) {
	return fmax(GAP_REFRESHES * wm_window_refresh(source), LEAST_GAP_S);
}

static void note_silence(struct series *s, const struct wm_source *source, double from_s, double to_s,
                         const char *what) {
	if (to_s - from_s > gap_of(source))
		add_flaw(s, from_s, to_s, "%s for %.3g s", what, to_s - from_s);
}

/* More than the source can draw; NAN: nobody knows. */
static double most_watts(const struct wm_source *source, const struct wm_reading *r) {
	return MOST_OVER_CAP * (isnan(r->cap_w) ? source->limit_w : r->cap_w);
}

/* A tick without the value that counts is a flaw. */
static bool has_value(struct series *s, const struct wm_source *source, const struct wm_tick *t) {
	if (t->failed)
		add_flaw(s, t->before_s, t->after_s, "the meter gave an error");
	else if (isnan(wm_tick_value(source, t)))
		add_flaw(s, t->before_s, t->after_s, "the meter had no value (N/A)");
	return !isnan(wm_tick_value(source, t));
}

/* ---- counters --------------------------------------------------------------------------------------------------- */

/* A counter as far as it has been looked at. */
struct counter {
	const struct wm_source *source;
	const struct wm_tick *last;    /* the last good look */
	const struct wm_tick *changed; /* the first look that showed its value */
	double since_s;                /* the earliest that it may have had that value */
	double joules;
	double highest_w;               /* of all its steps but those back */
	double clock_s, clock_unsure_s; /* our clock less the meter's own */
};

/*
 * How far the meter's own clock is from ours: the least delay seen between the two. Both halves of the ticks should see
 * the same; by what they differ, twice for the whole time, the two clocks do not keep step.
 */
static void compare_clocks(struct counter *c, const struct wm_ticks *ticks) {
	double least[2] = {INFINITY, INFINITY};

	for (size_t i = 0; i < ticks->n; i++)
		if (!ticks->v[i].failed && !isnan(ticks->v[i].r.own_s))
			least[i >= ticks->n / 2] =
				fmin(least[i >= ticks->n / 2], wm_tick_middle(&ticks->v[i]) - ticks->v[i].r.own_s);
	c->clock_s = fmin(least[0], least[1]);
	c->clock_unsure_s = 2 * fabs(least[0] - least[1]);
}

/*
 * How long before the end of look t, the first that showed it, the counter may have come to its value: since the look
 * before, which did not show it. When that one showed a change as well, the counter is faster than the looks, and what
 * it shows is no older than a refresh.
 */
static double longest_ago(const struct counter *c, const struct wm_tick *t) {
	double ago = t->after_s - c->last->before_s;

	return c->last == c->changed ? fmin(ago, c->source->refresh_s + t->after_s - t->before_s) : ago;
}

/* Highest power of a step upwards, each over the longest time that it may have taken. */
static double highest_watts(const struct wm_source *source, const struct wm_ticks *ticks) {
	const struct wm_tick *changed = NULL, *last = NULL;
	double highest = 0;

	for (size_t i = 0; i < ticks->n; i++) {
		const struct wm_tick *t = &ticks->v[i];

		if (isnan(wm_tick_value(source, t)))
			continue;
		if (changed && t->r.joules > last->r.joules)
			highest = fmax(highest, (t->r.joules - last->r.joules) / (wm_tick_middle(t) - changed->before_s));
		if (!last || t->r.joules != last->r.joules)
			changed = t;
		last = t;
	}
	return highest;
}

/* The longest time that the counter may have taken from its last value to that of t. */
static double longest_step(const struct counter *c, const struct wm_tick *t) {
	double own_s = t->r.own_s - c->changed->r.own_s;

	return isnan(own_s) ? t->after_s - c->since_s : own_s + t->after_s - t->before_s;
}

/* Joules from the last value to that of t, or a flaw and 0. */
static double step(struct series *s, const struct counter *c, const struct wm_tick *t) {
	double joules = t->r.joules - c->last->r.joules, wrapped = joules + c->source->range_j;
	double watts = most_watts(c->source, &t->r), longest_s = longest_step(c, t);
	double highest = isnan(watts) ? MOST_OVER_CAP * c->highest_w : watts;

	if (joules < 0 && wrapped >= 0 && wrapped <= highest * longest_s)
		return wrapped;
	if (joules < 0)
		add_flaw(s, c->last->before_s, t->after_s, "the counter went back by %.4g J%s", -joules,
		         isnan(c->source->range_j) ? ", and where it wraps is unknown" : ", which is no wrap");
	else if (joules > watts * longest_s)
		add_flaw(s, c->last->before_s, t->after_s, "the counter jumped by %.4g J in %.3g s, more than %.4g W", joules,
		         longest_s, watts);
	else
		return joules;
	return 0;
}

/* Whether a time by the meter's own clock can be: behind the one before it, and not long before the look. */
static bool in_step(const struct series *s, const struct counter *c, const struct wm_tick *t, double at_s) {
	return t->after_s - at_s <= gap_of(c->source) && (s->nedges == 0 || at_s > s->edges[s->nedges - 1].at_s);
}

static void take_change(struct series *s, struct counter *c, const struct wm_tick *t, size_t tick) {
	double ago = longest_ago(c, t);
	struct edge edge = {.at_s = t->after_s - ago / 2, .unsure_s = ago, .tick = tick};

	note_silence(s, c->source, c->changed->after_s, c->last->before_s, "the counter stood still");
	if (!isnan(t->r.own_s)) {
		edge.at_s = t->r.own_s + c->clock_s;
		edge.unsure_s = t->after_s - t->before_s + c->clock_unsure_s;
	}
	if (isnan(t->r.own_s) || in_step(s, c, t, edge.at_s)) {
		c->joules += step(s, c, t);
		edge.joules = c->joules;
		add_edge(s, edge);
	} else
		add_flaw(s, c->last->before_s, t->after_s, "the meter's own clock does not keep step with this machine's");
	c->changed = t;
	c->since_s = t->after_s - ago;
}

static void scan_counter(struct series *s, const struct wm_source *source, const struct wm_ticks *ticks) {
	struct counter c = {.source = source, .highest_w = highest_watts(source, ticks)};

	compare_clocks(&c, ticks);
	for (size_t i = 0; i < ticks->n; i++) {
		const struct wm_tick *t = &ticks->v[i];

		if (!has_value(s, source, t))
			continue;
		if (!c.last) {
			/* the first value of all may be of any age up to a refresh: it is no edge */
			c.changed = t;
			c.since_s = t->before_s - wm_window_refresh(source);
		} else {
			note_silence(s, source, c.last->after_s, t->before_s, "no look at the meter");
			if (t->r.joules != c.last->r.joules)
				take_change(s, &c, t, i);
		}
		c.last = t;
	}
	if (c.last)
		note_silence(s, source, c.changed->after_s, c.last->before_s, "the counter stood still");
}

/* ---- powers ----------------------------------------------------------------------------------------------------- */

/* The smallest change that was seen; 0: none. */
static double smallest_change(const struct wm_source *source, const struct wm_ticks *ticks) {
	double last = NAN, least = INFINITY;

	for (size_t i = 0; i < ticks->n; i++) {
		double value = wm_tick_value(source, &ticks->v[i]);

		if (!isnan(value) && !isnan(last) && value != last)
			least = fmin(least, fabs(value - last));
		last = isnan(value) ? last : value;
	}
	return isinf(least) ? 0 : least;
}

/* Looks in a row that showed one value, of a meter that would show a change of quantum. */
static void note_same(struct series *s, const struct wm_source *source, const struct wm_tick *first,
                      const struct wm_tick *last, double quantum) {
	double seconds = last->before_s - first->after_s;

	if (seconds > STUCK_REFRESHES * wm_window_refresh(source) && quantum <= FINE_QUANTUM * first->r.watts)
		add_flaw(s, first->before_s, last->after_s, "the meter showed %.6g W for %.3g s without a change",
		         first->r.watts, seconds);
}

static void note_stuck(struct series *s, const struct wm_source *source, const struct wm_ticks *ticks, double quantum) {
	const struct wm_tick *first = NULL, *last = NULL;

	for (size_t i = 0; i < ticks->n; i++) {
		const struct wm_tick *t = &ticks->v[i];

		if (isnan(wm_tick_value(source, t)))
			continue;
		if (first && t->r.watts != first->r.watts)
			note_same(s, source, first, last, quantum);
		if (!first || t->r.watts != first->r.watts)
			first = t;
		last = t;
	}
	if (first)
		note_same(s, source, first, last, quantum);
}

static void scan_power(struct series *s, const struct wm_source *source, const struct wm_ticks *ticks) {
	const struct wm_tick *last = NULL;
	double joules = 0;

	for (size_t i = 0; i < ticks->n; i++) {
		const struct wm_tick *t = &ticks->v[i];

		if (!has_value(s, source, t))
			continue;
		if (t->r.watts > most_watts(source, &t->r) || t->r.watts < 0) {
			add_flaw(s, t->before_s, t->after_s, "the meter showed %.4g W, which cannot be", t->r.watts);
			continue;
		}
		if (last) {
			note_silence(s, source, last->after_s, t->before_s, "no look at the meter");
			joules += (last->r.watts + t->r.watts) / 2 * (wm_tick_middle(t) - wm_tick_middle(last));
		}
		/* how long the look took does not matter: work is counted up to the same time as energy */
		add_edge(s, (struct edge){.at_s = wm_tick_middle(t), .joules = joules, .tick = i});
		last = t;
	}
	note_stuck(s, source, ticks, source->quantum);
}

/* ---- series ----------------------------------------------------------------------------------------------------- */

static struct series scan(const struct wm_source *source, const struct wm_ticks *ticks) {
	struct series s = {0};

	if (source->kind == WM_COUNTER)
		scan_counter(&s, source, ticks);
	else
		scan_power(&s, source, ticks);
	return s;
}

/* The first edge at or behind that time; nedges: none. */
static size_t edge_from(const struct series *s, double at_s) {
	size_t lo = 0, hi = s->nedges;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->edges[mid].at_s < at_s)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The first edge between two times that is known well enough; where none is, the first one behind from_s; nedges: none.
 */
static size_t sure_edge(const struct series *s, double from_s, double until_s, double length_s) {
	size_t first = edge_from(s, from_s);

	for (size_t i = first; i < s->nedges && s->edges[i].at_s <= until_s; i++)
		if (s->edges[i].unsure_s <= SURE * length_s)
			return i;
	return first;
}

static double mean_watts(const struct edge *from, const struct edge *to) {
	return (to->joules - from->joules) / (to->at_s - from->at_s);
}

/* ---- the load --------------------------------------------------------------------------------------------------- */

/* Where a time lies in the load: how far, and in which batch. */
struct moment {
	double operations, busy_s;               /* by then; NAN: the load was over */
	double batch_operations, batch_length_s; /* of the batch, from the completion before it to its own */
};

static struct moment moment_of(const struct wm_load *load, double at_s) {
	struct wm_batch_done last = {load->began_s, 0, 0}, next;
	size_t lo = 0, hi = load->n;
	double part;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (load->v[mid].at_s < at_s)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == load->n)
		return (struct moment){NAN, NAN, NAN, NAN};
	if (lo > 0)
		last = load->v[lo - 1];
	next = load->v[lo];
	part = (at_s - last.at_s) / (next.at_s - last.at_s);
	return (struct moment){last.operations + part * (next.operations - last.operations),
	                       last.busy_s + part * (next.busy_s - last.busy_s), next.operations - last.operations,
	                       next.at_s - last.at_s};
}

/* ---- one window ------------------------------------------------------------------------------------------------- */

/* A window that is being judged. */
struct cut {
	const struct wm_source *source;
	const struct wm_ticks *ticks;
	const struct wm_load *load;
	const struct wm_window_plan *plan;
	const struct series *series;
	const struct edge *first, *last; /* its edges */
	struct wm_window *w;
};

static void __attribute__((format(printf, 2, 3))) refuse(struct wm_window *w, const char *fmt, ...) {
	va_list args;

	if (w->why[0])
		return;
	va_start(args, fmt);
	vsnprintf(w->why, sizeof(w->why), fmt, args);
	va_end(args);
}

static void check_flaws(const struct cut *c) {
	for (size_t i = 0; i < c->series->nflaws && !c->w->why[0]; i++)
		if (c->series->flaws[i].to_s > c->w->from_s && c->series->flaws[i].from_s < c->w->to_s)
			refuse(c->w, "%s", c->series->flaws[i].why);
}

/* The looks from the tick of one edge of the window to that of the other. */
static struct wm_ticks looks_of(const struct cut *c) {
	return (struct wm_ticks){.v = c->ticks->v + c->first->tick, .n = c->last->tick - c->first->tick + 1};
}

static void check_state(const struct cut *c) {
	struct wm_ticks looks = looks_of(c);
	struct wm_ticks_state state = wm_ticks_state(&looks);

	if (!isnan(state.other_cap_w))
		refuse(c->w, "the power limit changed in the window, from %.4g W to %.4g W", state.cap_w, state.other_cap_w);
	c->w->throttled = state.throttled;
	c->w->would_say = state.would_say;
}

/* A lagging source still shows what was before the load, and a window near its end what came behind it. */
static void check_lead(const struct cut *c) {
	double lead = wm_window_lead(c->source);
	double before = c->w->from_s - c->load->began_s, behind = c->load->ended_s - c->w->to_s;

	if (behind < 0)
		refuse(c->w, "the load ended before the window did");
	if (fmin(before, behind) < lead)
		refuse(c->w, "%.3g s of load before the window and %.3g s behind it, and the meter needs %.3g s", before,
		       behind, lead);
}

static void check_work(const struct cut *c) {
	struct moment a = moment_of(c->load, c->first->at_s), b = moment_of(c->load, c->last->at_s);
	double length = c->w->to_s - c->w->from_s, op_s, late_s;

	c->w->operations = b.operations - a.operations;
	c->w->busy = (b.busy_s - a.busy_s) / length;
	/* a batch that was seen late, or the one before it: the line between the two goes wrong by that time */
	op_s = length / c->w->operations;
	late_s = fabs(a.batch_length_s - a.batch_operations * op_s) + fabs(b.batch_length_s - b.batch_operations * op_s);
	c->w->bound = ((c->first->unsure_s + c->last->unsure_s) / 2 + op_s + late_s) / length;
	if (!(c->w->busy >= LEAST_BUSY))
		refuse(c->w, "host-bound: the device worked %.1f%% of the window", 100 * c->w->busy);
	if (!(c->w->bound <= MOST_BOUND))
		refuse(c->w,
		       "joules per operation are sure to %.2g%% only: ticks to %.2g s, one operation takes %.2g s, batches "
		       "came up to %.2g s late",
		       100 * c->w->bound, (c->first->unsure_s + c->last->unsure_s) / 2, op_s, late_s);
}

/* Of a power of which nobody knows how often it refreshes, only what is seen counts. */
static int changes_between(const struct cut *c) {
	int changes = 0;

	for (const struct edge *e = c->first; e < c->last; e++)
		changes += c->ticks->v[e[1].tick].r.watts != c->ticks->v[e[0].tick].r.watts;
	return changes;
}

static void check_coverage(const struct cut *c) {
	double refresh = wm_window_refresh(c->source), length = c->w->to_s - c->w->from_s, covered = 0;
	/* a counter goes on counting while a scheduler keeps its sampler waiting */
	double apart = fmax(COVERED_REFRESHES * refresh, c->source->kind == WM_COUNTER ? LEAST_GAP_S : 0);

	for (const struct edge *e = c->first; e < c->last; e++)
		if (e[1].at_s - e[0].at_s <= apart + (e[0].unsure_s + e[1].unsure_s) / 2)
			covered += e[1].at_s - e[0].at_s;
	c->w->refreshes = (int)fmin((double)(c->last - c->first), round(length / refresh));
	if (isnan(c->source->refresh_s))
		c->w->refreshes = changes_between(c);
	if (covered < LEAST_COVERAGE * length)
		refuse(c->w, "the meter's changes cover %.1f%% of the window only", 100 * covered / length);
	if (c->w->refreshes < c->plan->refreshes)
		refuse(c->w, "the window holds %d refreshes of the meter only, of %d", c->w->refreshes, c->plan->refreshes);
}

/* An edge around that time inside the window: where it lies does not matter, but how well it is known. */
static const struct edge *edge_around(const struct cut *c, double at_s) {
	double near_s = fmax(EDGE_REFRESHES * wm_window_refresh(c->source), LEAST_GAP_S);

	return &c->series->edges[sure_edge(c->series, at_s - near_s, at_s + near_s, c->plan->length_s)];
}

static void check_drift(const struct cut *c) {
	double third = (c->w->to_s - c->w->from_s) / 3;
	double first = mean_watts(c->first, edge_around(c, c->w->from_s + third));
	double last = mean_watts(edge_around(c, c->w->to_s - third), c->last);

	if (!(fabs(last / first - 1) <= MOST_DRIFT))
		refuse(c->w, "power drifted: %.4g W in the first third of the window, %.4g W in the last", first, last);
}

/* Where nobody states what the source can draw: the edge before a step far above the mean; NULL: there is none. */
static const struct edge *jump_between(const struct wm_source *source, const struct wm_ticks *ticks,
                                       const struct edge *first, const struct edge *last) {
	double watts = mean_watts(first, last);

	if (!isnan(most_watts(source, &ticks->v[first->tick].r)))
		return NULL;
	for (const struct edge *e = first; e < last; e++)
		if (e[1].joules - e[0].joules >
		    MOST_OVER_MEAN * watts * (e[1].at_s - e[0].at_s + (e[0].unsure_s + e[1].unsure_s) / 2))
			return e;
	return NULL;
}

static void check_steps(const struct cut *c) {
	const struct edge *e = jump_between(c->source, c->ticks, c->first, c->last);

	if (e)
		refuse(c->w, "the meter jumped by %.4g J in %.3g s, in a window of %.4g W", e[1].joules - e[0].joules,
		       e[1].at_s - e[0].at_s, mean_watts(c->first, c->last));
}

/* Of a counter that shows power too. */
static void check_integral(const struct cut *c) {
	struct wm_ticks looks = looks_of(c);
	double counted = mean_watts(c->first, c->last), shown = wm_ticks_beside(c->source, &looks);

	if (fabs(shown / counted - 1) > MOST_DISAGREEMENT)
		refuse(c->w, "the counter says %.4g W, the power reading beside it %.4g W", counted, shown);
}

/* All that can be wrong, the cause before what follows from it: the first one is kept. */
static void judge(const struct cut *c) {
	c->w->from_s = c->first->at_s;
	c->w->to_s = c->last->at_s;
	check_flaws(c);
	check_state(c);
	check_lead(c);
	check_work(c);
	check_coverage(c);
	check_steps(c);
	check_drift(c);
	check_integral(c);
	if (!c->w->why[0])
		c->w->joules = c->last->joules - c->first->joules;
}

/* Why there are not even two edges. */
static void refuse_edges(const struct cut *c, double from_s) {
	c->w->from_s = from_s;
	c->w->to_s = from_s + c->plan->length_s;
	check_flaws(c);
	if (c->w->to_s > c->load->ended_s)
		refuse(c->w, "the load ended before the window did");
	refuse(c->w, "no tick of the meter where the window begins or ends");
}

/* The last edge of a window that begins at the first one, and has to be over before the next; nedges: none. */
static size_t last_edge(const struct series *s, size_t first, const struct wm_window_plan *plan, double end_s) {
	size_t last = sure_edge(s, s->edges[first].at_s + plan->length_s, end_s, plan->length_s);

	while (last - first < (size_t)plan->refreshes && last + 1 < s->nedges && s->edges[last + 1].at_s <= end_s)
		last++;
	return last;
}

/* The window that is planned to begin then. */
static void cut_one(struct cut *c, double from_s) {
	const struct series *s = c->series;
	double until_s = from_s + fmax(EDGE_REFRESHES * wm_window_refresh(c->source), LEAST_GAP_S);
	size_t first = sure_edge(s, from_s, until_s, c->plan->length_s), last = s->nedges;

	if (isnan(c->source->refresh_s) && c->source->kind == WM_COUNTER)
		refuse(c->w, "how often the counter refreshes is unknown");
	if (first < s->nedges && s->edges[first].at_s <= from_s + gap_of(c->source))
		last = last_edge(s, first, c->plan, from_s + wm_window_pitch(c->plan));
	if (last == s->nedges) {
		refuse_edges(c, from_s);
		return;
	}
	c->first = &s->edges[first];
	c->last = &s->edges[last];
	judge(c);
}

void wm_cut_windows(const struct wm_source *source, const struct wm_ticks *ticks, const struct wm_load *load,
                    const struct wm_window_plan *plan, struct wm_window *out) {
	struct series series = scan(source, ticks);

	if (source->kind == WM_POWER && isnan(source->quantum))
		note_stuck(&series, source, ticks, smallest_change(source, ticks));
	for (int i = 0; i < plan->windows; i++) {
		struct cut c = {.source = source, .ticks = ticks, .load = load, .plan = plan, .series = &series, .w = &out[i]};

		out[i] = (struct wm_window){.joules = NAN, .operations = NAN, .bound = NAN, .busy = NAN};
		cut_one(&c, planned(plan, load->began_s, i));
	}
	drop(&series);
}

enum wm_status wm_mean_power(const struct wm_source *source, const struct wm_ticks *ticks, bool at_rest,
                             double *watts_p, double *seconds_p) {
	struct series s = scan(source, ticks);
	const struct edge *jump = s.nedges > 1 ? jump_between(source, ticks, &s.edges[0], &s.edges[s.nedges - 1]) : NULL;
	enum wm_status st = WM_OK;

	/* at rest a coarse power may well stay the same */
	if (!at_rest && source->kind == WM_POWER && isnan(source->quantum))
		note_stuck(&s, source, ticks, smallest_change(source, ticks));
	if (s.nflaws)
		st = wm_fail(WM_SKIP, "%s", s.flaws[0].why);
	else if (s.nedges < 2)
		st = wm_fail(WM_SKIP, "the meter changed fewer than twice");
	else if (jump)
		st = wm_fail(WM_SKIP, "the meter jumped by %.4g J in %.3g s", jump[1].joules - jump[0].joules,
		             jump[1].at_s - jump[0].at_s);
	else {
		*watts_p = mean_watts(&s.edges[0], &s.edges[s.nedges - 1]);
		*seconds_p = s.edges[s.nedges - 1].at_s - s.edges[0].at_s;
	}
	drop(&s);
	return st;
}
