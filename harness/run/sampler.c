/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sampler.c - the sampler's process: a thread a source, that looks, sleeps, and keeps what it saw.
 *
 * Orders, one JSON line each: {root, file, sources: [..]} once, answered by {ready: [{id, off} ..]}; {start: cpus};
 * {edges: [s ..]}; {stop: true}, answered by {source: i, ticks: [[..] ..]} as often as it takes and {given: true}.
 */
#include "sampler.h"

#include "child.h"
#include "fields.h"
#include "meters/setup.h"
#include "wire.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOKS_A_REFRESH 5
#define LEAST_LOOK_S 0.010
#define CLOSER 10 /* times, near an edge */
#define LEAST_CLOSE_LOOK_S 0.001
#define NEAR_REFRESHES 2 /* of an edge */
#define NEAR_S 0.1       /* at least that near, for fast meters */
enum { MAX_EDGES = 256, TICKS_A_LINE = 200, MOST_TICKS = 2000000, TICK_NUMBERS = 11 };
/* A store that is full is thinned and looked into half as often. 8 times still lie well below what a window takes for a
 * gap, of fast meters and slow ones, and make 44 hours of the 5.5 that the shortest interval fills. */
enum { MOST_THINNING = 8 };

/* What all threads share, and the order of now. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool looking;
	int turn; /* of start and stop: a look that began in another one counts for nothing */
	double edges[MAX_EDGES];
	int nedges;
} now = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct looker {
	const struct wm_meter *meter;
	struct wm_source source;
	pthread_t thread;
	/* guarded by now.lock */
	struct wm_ticks ticks; /* since the start */
	int thinned;           /* how many times as long the interval is since the store was full */
};
static struct looker lookers[WM_MAX_SOURCES];
static int nlookers;

/* ---- looking ---- */

/* When to look next after a look at that time; now.lock is held. Only a counter's changes have to be caught. */
static double next_look(const struct looker *l, double last_s) {
	const struct wm_source *s = &l->source;
	double refresh = wm_window_refresh(s), interval = l->thinned * fmax(refresh / LOOKS_A_REFRESH, LEAST_LOOK_S);
	double close = fmax(interval / l->thinned / CLOSER, LEAST_CLOSE_LOOK_S),
		   near = fmax(NEAR_REFRESHES * refresh, NEAR_S);
	double next = last_s + interval;

	for (int i = 0; i < now.nedges && s->kind == WM_COUNTER; i++) {
		if (fabs(last_s - now.edges[i]) <= near)
			return last_s + close;
		if (now.edges[i] - near > last_s)
			next = fmin(next, now.edges[i] - near);
	}
	return fmax(next, last_s + close);
}

static struct timespec timespec_of(double s) {
	return (struct timespec){.tv_sec = (time_t)s, .tv_nsec = (long)(1e9 * (s - floor(s)))};
}

static struct wm_tick look(struct looker *l) {
	struct wm_tick t = {.before_s = wm_now(), .r = wm_no_reading()};

	t.failed = l->meter->read(&l->source, &t.r) != WM_OK;
	t.after_s = wm_now();
	if (t.failed)
		t.r = wm_no_reading();
	return t;
}

/* now.lock is held. */
static void keep(struct looker *l, const struct wm_tick *tick) {
	if (l->ticks.n == MOST_TICKS && l->thinned < MOST_THINNING) {
		wm_ticks_thin(&l->ticks);
		l->thinned *= 2;
	}
	if (l->ticks.n < MOST_TICKS)
		wm_ticks_add(&l->ticks, tick);
}

static void *run_looker(void *arg) {
	struct looker *l = arg;

	pthread_mutex_lock(&now.lock);
	for (;;) {
		struct timespec until;
		struct wm_tick tick;
		int turn = now.turn;

		if (!now.looking) {
			pthread_cond_wait(&now.changed, &now.lock);
			continue;
		}
		pthread_mutex_unlock(&now.lock);
		tick = look(l);
		pthread_mutex_lock(&now.lock);
		if (now.turn != turn)
			continue;
		keep(l, &tick);
		until = timespec_of(next_look(l, tick.before_s));
		while (now.turn == turn && pthread_cond_timedwait(&now.changed, &now.lock, &until) == 0)
			until = timespec_of(next_look(l, tick.before_s)); /* told of edges meanwhile */
	}
	return NULL;
}

/* ---- orders ---- */

static enum wm_status open_source(const struct wm_meter_setup *setup, const json_t *from, struct looker *l) {
	enum wm_status st;

	wm_source_from_json(from, &l->source);
	l->meter = wm_meter_find(l->source.meter);
	st = l->meter ? l->meter->open(setup, &l->source) : wm_fail(WM_FAILED, "a meter that this binary does not know");
	if (st != WM_OK)
		snprintf(l->source.off, sizeof(l->source.off), "%.255s", wm_why());
	return st;
}

static enum wm_status open_all(const json_t *order) {
	static char root[512];
	const char *text = json_string_value(json_object_get(order, "root"));
	const char *file = json_string_value(json_object_get(order, "file"));
	json_t *ready = json_array();
	struct wm_meter_entry *entries = NULL;
	struct wm_meter_setup setup = {.root = root};
	const json_t *source;
	size_t i;
	enum wm_status st = wm_meter_entries(file ? file : "", &entries, &setup.n);

	setup.entries = entries;
	snprintf(root, sizeof(root), "%s", text ? text : "");
	json_array_foreach(json_object_get(order, "sources"), i, source) {
		struct looker *l = &lookers[nlookers];

		if (st != WM_OK || nlookers == WM_MAX_SOURCES)
			break;
		nlookers++;
		if (open_source(&setup, source, l) == WM_OK && pthread_create(&l->thread, NULL, run_looker, l) != 0)
			st = wm_fail(WM_FAILED, "cannot start a thread");
		json_array_append_new(ready, json_pack("{s:s, s:o}", "id", l->source.id, "off", wm_json_text(l->source.off)));
	}
	if (st == WM_OK)
		return wm_wire_send(WM_CHILD_OUT, json_pack("{s:o}", "ready", ready));
	json_decref(ready);
	return st;
}

static json_t *number(double x) {
	return isfinite(x) ? json_real(x) : json_null();
}

static json_t *tick_json(const struct wm_tick *t) {
	const double v[TICK_NUMBERS] = {t->before_s,    t->after_s,   t->r.joules,   t->r.watts,
	                                t->r.own_s,     t->r.cap_w,   t->r.clock_hz, t->r.temperature_c,
	                                t->r.thermal_s, t->r.brake_s, t->r.capped_s};
	json_t *list = json_array();

	for (int i = 0; i < TICK_NUMBERS; i++)
		json_array_append_new(list, number(v[i]));
	json_array_append_new(list, json_boolean(t->failed));
	return list;
}

static enum wm_status give(int source, const struct wm_ticks *ticks) {
	enum wm_status st = WM_OK;

	for (size_t i = 0; i < ticks->n && st == WM_OK; i += TICKS_A_LINE) {
		json_t *list = json_array();

		for (size_t k = i; k < ticks->n && k < i + TICKS_A_LINE; k++)
			json_array_append_new(list, tick_json(&ticks->v[k]));
		st = wm_wire_send(WM_CHILD_OUT, json_pack("{s:i, s:o}", "source", source, "ticks", list));
	}
	return st;
}

/* The lock is not held while things are sent: a look that takes long, or a pipe that is full, holds up nobody. */
static enum wm_status stop(void) {
	enum wm_status st = WM_OK;

	pthread_mutex_lock(&now.lock);
	now.looking = false;
	now.turn++;
	pthread_cond_broadcast(&now.changed);
	pthread_mutex_unlock(&now.lock);
	for (int i = 0; i < nlookers && st == WM_OK; i++)
		st = give(i, &lookers[i].ticks);
	return st == WM_OK ? wm_wire_send(WM_CHILD_OUT, json_pack("{s:b}", "given", 1)) : st;
}

/* "": wherever this process might run when it began. */
static enum wm_status bind_to(const char *cpus) {
	static struct wm_topology *topo; /* of the first time: what is usable is read off the binding */
	static char all[8192];
	enum wm_status st = WM_OK;

	if (!topo) {
		st = wm_topology_open(NULL, &topo);
		if (st == WM_OK)
			wm_topology_spare(topo, "", all, sizeof(all));
	}
	return st == WM_OK ? wm_bind_process(topo, *cpus ? cpus : all, "") : st;
}

static enum wm_status start(const char *cpus) {
	enum wm_status st = bind_to(cpus);

	pthread_mutex_lock(&now.lock);
	for (int i = 0; i < nlookers; i++) {
		wm_ticks_free(&lookers[i].ticks);
		lookers[i].thinned = 1;
	}
	now.nedges = 0;
	now.looking = true;
	now.turn++;
	pthread_cond_broadcast(&now.changed);
	pthread_mutex_unlock(&now.lock);
	return st;
}

static void take_edges(const json_t *list) {
	const json_t *at;
	size_t i;

	pthread_mutex_lock(&now.lock);
	json_array_foreach(list, i, at) {
		if (now.nedges < MAX_EDGES)
			now.edges[now.nedges++] = json_number_value(at);
	}
	pthread_cond_broadcast(&now.changed);
	pthread_mutex_unlock(&now.lock);
}

static enum wm_status obey(const json_t *order) {
	const char *cpus = json_string_value(json_object_get(order, "start"));

	if (json_object_get(order, "sources"))
		return open_all(order);
	if (cpus)
		return start(cpus);
	if (json_object_get(order, "edges"))
		take_edges(json_object_get(order, "edges"));
	return json_object_get(order, "stop") ? stop() : WM_OK;
}

int wm_sampler_main(void) {
	struct wm_wire wire = {.fd = WM_CHILD_IN};
	pthread_condattr_t monotonic;
	json_t *order;
	enum wm_status st = WM_OK;

	wm_child_begin();
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&now.changed, &monotonic);
	while (st == WM_OK && wm_wire_wait(&wire, &order) == WM_OK) {
		st = obey(order);
		json_decref(order);
	}
	if (st != WM_OK)
		fprintf(stderr, "sampler: %s\n", wm_why());
	/* not exit(): libraries' own clean-up may crash or hang */
	_exit(st == WM_OK ? 0 : 1);
}
