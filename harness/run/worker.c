/* SPDX-License-Identifier: Apache-2.0 */
/* worker.c - takes one order, binds itself, opens the device, measures, answers. */
#include "worker.h"

#include "child.h"
#include "core/meeting.h"
#include "core/problem.h"
#include "core/registry.h"
#include "fields.h"
#include "measure/measure.h"
#include "system/topology.h"
#include "wire.h"

#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An order, understood. */
struct order {
	struct wm_problem problem;
	const struct wm_impl *impl;
	const struct wm_backend *backend;
	const struct wm_profile *profile;
	struct wm_device dev;
	uint64_t seed;
	int rank, ranks;            /* ranks 0: not one of a group */
	struct wm_meeting *meeting; /* NULL then */
	bool weighs;
	struct wm_window_plan windows;
};

static enum wm_status receive(struct order *order_p) {
	struct wm_wire wire = {.fd = WM_CHILD_IN};
	struct order o = {0};
	json_t *message = NULL;
	const json_t *windows;
	const char *problem, *impl, *profile;
	enum wm_status st = wm_wire_wait(&wire, &message);

	wm_wire_free(&wire);
	if (st != WM_OK)
		return st;
	problem = json_string_value(json_object_get(message, "problem"));
	impl = json_string_value(json_object_get(message, "impl"));
	profile = json_string_value(json_object_get(message, "profile"));
	wm_device_from_json(json_object_get(message, "device"), &o.dev);
	o.seed = (uint64_t)json_integer_value(json_object_get(message, "seed"));
	o.rank = (int)json_integer_value(json_object_get(message, "rank"));
	o.ranks = (int)json_integer_value(json_object_get(message, "ranks"));
	windows = json_object_get(message, "windows");
	o.weighs = windows != NULL;
	o.windows.windows = (int)json_integer_value(json_object_get(windows, "windows"));
	o.windows.length_s = json_number_value(json_object_get(windows, "length_s"));
	o.windows.lead_s = json_number_value(json_object_get(windows, "lead_s"));
	st = wm_problem_parse(problem ? problem : "", &o.problem);
	o.problem.rank = o.ranks > 0 ? o.rank : 0;
	o.problem.ranks = o.ranks > 0 ? o.ranks : 1;
	if (st == WM_OK) {
		o.impl = wm_impl_find(o.problem.bench->name, impl ? impl : "");
		o.backend = wm_backend_find(o.dev.backend);
		o.profile = wm_profile_find(profile ? profile : "");
		if (!o.impl || !o.backend || !o.profile)
			st = wm_fail(WM_FAILED, "an order that this binary does not know");
	}
	json_decref(message);
	if (st == WM_OK)
		*order_p = o;
	return st;
}

/* Ends the process when the supervisor is gone, whatever the rest of it does. */
static void *watch(void *unused) {
	struct pollfd fd = {.fd = WM_CHILD_IN, .events = POLLIN};

	(void)unused;
	while (poll(&fd, 1, -1) < 0 || !(fd.revents & (POLLHUP | POLLERR | POLLNVAL)))
		;
	_exit(1);
}

static enum wm_status start_watch(void) {
	pthread_t thread;

	if (pthread_create(&thread, NULL, watch, NULL) != 0)
		return wm_fail(WM_FAILED, "cannot start a thread");
	pthread_detach(thread);
	return WM_OK;
}

static void set_threads(const char *const *names, int threads) {
	char text[16];

	snprintf(text, sizeof(text), "%d", threads);
	for (; names && *names; names++)
		setenv(*names, text, 1);
}

static void set_unless_user_did(const char *const *pairs) {
	for (; pairs && *pairs; pairs += 2)
		setenv(pairs[0], pairs[1], 0);
}

/* The cores, the memory's node, thread count and wait policy are settled before any library is opened. */
static enum wm_status settle(const struct order *o) {
	struct wm_topology *topo;
	enum wm_status st;

	if (o->dev.threads > 0) {
		set_threads(o->backend->thread_env, o->dev.threads);
		set_threads(o->impl->thread_env, o->dev.threads);
	}
	set_unless_user_did(o->backend->env);
	set_unless_user_did(o->impl->env);
	if (o->dev.cpuset[0] == 0)
		return WM_OK;
	st = wm_topology_open(NULL, &topo);
	if (st != WM_OK)
		return st;
	st = wm_bind_process(topo, o->dev.cpuset, o->dev.nodeset);
	wm_topology_close(topo);
	return st;
}

/* ---- the answer ---- */

static json_t *check_json(bool has, const struct wm_check *c) {
	json_t *o = has ? json_object() : NULL;

	if (has) {
		wm_set_number(o, "worst", c->worst);
		wm_set_count(o, "compared", c->compared);
		wm_set_text(o, "method", c->method);
	}
	return o;
}

static json_t *checks_json(const struct wm_measurement *m) {
	json_t *o = m->has_exact ? json_object() : NULL;

	if (o) {
		wm_set(o, "exact", check_json(true, &m->exact));
		wm_set(o, "timed", check_json(m->has_timed, &m->timed));
		wm_set_hex(o, "output_checksum", m->output_checksum);
		wm_set_reached(o, "sets_checked", (uint64_t)m->sets_checked);
	}
	return o;
}

static json_t *time_json(const struct wm_measurement *m) {
	json_t *o = json_object();

	wm_set_number(o, "median_s", m->median_s);
	wm_set_number(o, "lo_s", m->lo_s);
	wm_set_number(o, "hi_s", m->hi_s);
	wm_set_number(o, "level", m->level);
	wm_set_text(o, "interval", "within run");
	wm_set_number(o, "min_s", m->min_s);
	wm_set_number(o, "p95_s", m->p95_s);
	wm_set_number(o, "max_s", m->max_s);
	wm_set_count(o, "samples", m->n);
	wm_set_count(o, "batch", (uint64_t)m->batch);
	wm_set_count(o, "block", m->block);
	wm_set_number(o, "lag1", m->lag1);
	wm_set_count(o, "outliers", m->outliers);
	wm_set_number(o, "total_s", m->total_s);
	wm_set_number(o, "checked_s", m->checked_s > 0 ? m->checked_s : NAN);
	wm_set_text(o, "clock", m->by_ranks ? "ranks" : "device");
	wm_set_number(o, "host_ratio", m->host_ratio);
	wm_set_bool(o, "launch_bound", m->launch_bound);
	if (m->launch)
		wm_set_text(o, "launch", m->launch);
	wm_set_number(o, "skew_s", m->by_ranks ? m->skew_s : NAN);
	wm_set_number(o, "resolution_s", m->resolution_s);
	return o;
}

static json_t *steady_json(const struct wm_measurement *m) {
	json_t *o = m->steady_by ? json_object() : NULL;

	if (o) {
		wm_set_text(o, "by", m->steady_by);
		wm_set_number(o, "warm_s", m->warm_s);
		wm_set_count(o, "blocks", (uint64_t)m->warm_blocks);
	}
	return o;
}

static double rate(double work, double seconds) {
	return work > 0 && seconds > 0 ? work / seconds : NAN;
}

/* The members of a record that only the worker knows. */
static json_t *measured_json(const struct wm_measurement *m, const struct wm_device *dev) {
	json_t *o = json_object(), *values = json_object();

	wm_set_number(values, "flop_per_s", rate(m->work.flop, m->median_s));
	wm_set_number(values, "bytes_per_s", rate(m->work.bytes, m->median_s));
	wm_set_number(values, "bus_bytes_per_s", rate(m->work.wire_bytes, m->median_s));
	wm_set(o, "values", values);
	wm_set(o, "time", m->n ? time_json(m) : NULL);
	wm_set(o, "steady", steady_json(m));
	wm_set(o, "check", checks_json(m));
	wm_set_reached(o, "sets", (uint64_t)m->sets);
	wm_set_reached(o, "rotation_bytes", m->rotation_bytes);
	wm_set_count(o, "cache_bytes", dev->cache_bytes);
	wm_set_count(o, "threads", (uint64_t)(m->threads ? m->threads : dev->threads));
	wm_set_text(o, "library", m->library);
	wm_set_text(o, "impl_detail", m->detail);
	wm_set_hex(o, "fingerprint", m->fingerprint);
	wm_set_text(o, "driver", dev->driver);
	return o;
}

static json_t *samples_json(const struct wm_measurement *m) {
	json_t *list = json_array();

	for (size_t i = 0; i < m->n; i++)
		json_array_append_new(list, json_real(m->samples[i]));
	return list;
}

static enum wm_status answer(enum wm_status status, const struct wm_measurement *m, const struct wm_device *dev) {
	json_t *o = json_object();

	wm_set_text(o, "status", wm_status_word(status));
	wm_set_text(o, "why", status == WM_OK ? "" : wm_why());
	wm_set_bool(o, "verified", m->verified);
	wm_set(o, "measured", measured_json(m, dev));
	wm_set(o, "samples", samples_json(m));
	if (m->load.n)
		wm_set(o, "load", wm_load_to_json(&m->load));
	return wm_wire_send(WM_CHILD_OUT, o);
}

static void tell_phase(void *unused, const char *phase, double expect_s, bool tight) {
	(void)unused;
	/* a supervisor that is gone is noticed by watch() */
	wm_wire_send(WM_CHILD_OUT, json_pack("{s:s, s:f, s:b}", "phase", phase, "expect_s", expect_s, "tight", tight));
}

static void tell_loading(void *unused, double began_s, double length_s) {
	(void)unused;
	wm_wire_send(WM_CHILD_OUT, json_pack("{s:{s:f, s:f}}", "loading", "began_s", began_s, "length_s", length_s));
}

/* The device is open on every rank, or on none: nobody goes on to where it would wait for one that has no device. */
static enum wm_status open_device(struct order *o) {
	enum wm_status st = o->ranks > 0 ? wm_meeting_join(WM_CHILD_SHARED, o->rank, o->dev.id, &o->meeting) : WM_OK;

	if (st == WM_OK)
		st = settle(o);
	if (st == WM_OK)
		st = o->backend->open(&o->dev);
	if (o->meeting)
		return wm_meet(o->meeting, st, NULL, 0, NULL);
	if (st == WM_OK)
		wm_problem_place(&o->problem, &o->dev);
	return st;
}

static enum wm_status measure(struct order *o, struct wm_measurement *m) {
	enum wm_status st = open_device(o);
	struct wm_measure_job job = {.problem = &o->problem,
	                             .impl = o->impl,
	                             .backend = o->backend,
	                             .dev = &o->dev,
	                             .profile = o->profile,
	                             .seed = o->seed,
	                             .meeting = o->meeting,
	                             .enter = tell_phase,
	                             .windows = o->weighs ? &o->windows : NULL,
	                             .loading = tell_loading};

	return st == WM_OK ? wm_measure(&job, m) : st;
}

int wm_worker_main(void) {
	struct wm_measurement m = {0};
	struct order o;
	enum wm_status st;

	wm_child_begin();
	tell_phase(NULL, "open", 5, false);
	memset(&o, 0, sizeof(o));
	st = receive(&o);
	if (st == WM_OK)
		st = start_watch();
	if (st == WM_OK)
		st = measure(&o, &m);
	st = answer(st, &m, &o.dev);
	fflush(NULL);
	/* not exit(): libraries' own clean-up may crash or hang, and everything is said */
	_exit(st == WM_OK ? 0 : 1);
}
