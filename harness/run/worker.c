/* SPDX-License-Identifier: Apache-2.0 */
/* worker.c - takes one order, binds itself, opens the device, measures, answers. */
#include "worker.h"

#include "child.h"
#include "core/problem.h"
#include "core/registry.h"
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
};

static enum wm_status receive(struct order *order_p) {
	struct wm_wire wire = {.fd = WM_CHILD_IN};
	struct order o = {0};
	json_t *message = NULL;
	const char *problem, *impl, *profile;
	enum wm_status st = WM_OK;

	while (st == WM_OK && !message && !wire.closed) {
		st = wm_wire_fill(&wire);
		if (st == WM_OK)
			st = wm_wire_next(&wire, &message);
	}
	wm_wire_free(&wire);
	if (st != WM_OK || !message)
		return st != WM_OK ? st : wm_fail(WM_FAILED, "no order came");
	problem = json_string_value(json_object_get(message, "problem"));
	impl = json_string_value(json_object_get(message, "impl"));
	profile = json_string_value(json_object_get(message, "profile"));
	wm_device_from_json(json_object_get(message, "device"), &o.dev);
	o.seed = (uint64_t)json_integer_value(json_object_get(message, "seed"));
	st = wm_problem_parse(problem ? problem : "", &o.problem);
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

static json_t *number(double x) {
	return isfinite(x) ? json_real(x) : json_null();
}

/* A checksum; "" for 0, which is what one that was not made is. */
static json_t *hex(uint64_t x) {
	char text[17] = "";

	if (x)
		snprintf(text, sizeof(text), "%016llx", (unsigned long long)x);
	return json_string(text);
}

static json_t *check_json(bool has, const struct wm_check *c) {
	if (!has)
		return json_null();
	return json_pack("{s:o, s:I, s:s}", "worst", number(c->worst), "compared", (json_int_t)c->compared, "method", c->method);
}

static json_t *time_json(const struct wm_measurement *m) {
	if (m->n == 0)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:I, s:o, s:o, s:s, s:o, s:b, s:o}", //
	                 "median_s", number(m->median_s), "lo_s", number(m->lo_s), "hi_s", number(m->hi_s), "level",
	                 number(m->level), "interval", "within run", "min_s", number(m->min_s), "p95_s", number(m->p95_s),
	                 "max_s", number(m->max_s), "samples", (json_int_t)m->n, "batch", (json_int_t)m->batch, "block",
	                 (json_int_t)m->block, "lag1", number(m->lag1), "outliers", (json_int_t)m->outliers, "total_s",
	                 number(m->total_s), "checked_s",
	                 m->checked_s > 0 ? number(m->checked_s) : json_null(), "clock", "device", "host_ratio", number(m->host_ratio), "launch_bound",
	                 m->launch_bound, "resolution_s", number(m->resolution_s));
}

static json_t *rate(double work, double seconds) {
	return work > 0 && seconds > 0 ? number(work / seconds) : json_null();
}

static json_t *steady_json(const struct wm_measurement *m) {
	if (!m->steady_by)
		return json_null();
	return json_pack("{s:s, s:o, s:i}", "by", m->steady_by, "warm_s", number(m->warm_s), "blocks", m->warm_blocks);
}

/* A number that is 0 as long as its phase has not come. */
static json_t *reached(uint64_t x) {
	return x ? json_integer((json_int_t)x) : json_null();
}

static json_t *checks_json(const struct wm_measurement *m) {
	if (!m->has_exact)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o}", "exact", check_json(true, &m->exact), "timed",
	                 check_json(m->has_timed, &m->timed), "output_checksum", hex(m->output_checksum), "sets_checked",
	                 reached((uint64_t)m->sets_checked));
}

/* The members of a record that only the worker knows. */
static json_t *measured_json(const struct wm_measurement *m, const struct wm_device *dev) {
	return json_pack("{s:o, s:{s:o, s:o}, s:o, s:o, s:o, s:o, s:I, s:i, s:o, s:o, s:o}", //
	                 "time", time_json(m),                                                                  //
	                 "values", "flop_per_s", rate(m->work.flop, m->median_s), "bytes_per_s", rate(m->work.bytes, m->median_s),
	                 "steady", steady_json(m), //
	                 "check", checks_json(m), //
	                 "sets", reached((uint64_t)m->sets), "rotation_bytes", reached(m->rotation_bytes), "cache_bytes",
	                 (json_int_t)dev->cache_bytes, "threads", m->threads ? m->threads : dev->threads, "library",
	                 wm_json_text(m->library), "fingerprint", hex(m->fingerprint), "driver", wm_json_text(dev->driver));
}

static json_t *samples_json(const struct wm_measurement *m) {
	json_t *list = json_array();

	for (size_t i = 0; i < m->n; i++)
		json_array_append_new(list, json_real(m->samples[i]));
	return list;
}

static enum wm_status answer(enum wm_status status, const struct wm_measurement *m, const struct wm_device *dev) {
	return wm_wire_send(WM_CHILD_OUT,
	                    json_pack("{s:s, s:o, s:b, s:o, s:o}", "status", wm_status_word(status), "why",
	                              wm_json_text(status == WM_OK ? "" : wm_why()), "verified", m->verified, "measured",
	                              measured_json(m, dev), "samples", samples_json(m)));
}

static void tell_phase(void *unused, const char *phase, double expect_s, bool tight) {
	(void)unused;
	/* a supervisor that is gone is noticed by watch() */
	wm_wire_send(WM_CHILD_OUT, json_pack("{s:s, s:f, s:b}", "phase", phase, "expect_s", expect_s, "tight", tight));
}

static enum wm_status measure(struct order *o, struct wm_measurement *m) {
	struct wm_measure_job job = {.problem = &o->problem, .impl = o->impl, .backend = o->backend, .dev = &o->dev,
	                             .profile = o->profile, .seed = o->seed, .enter = tell_phase};
	enum wm_status st = settle(o);

	if (st == WM_OK)
		st = o->backend->open(&o->dev);
	if (st != WM_OK)
		return st;
	st = wm_measure(&job, m);
	return st;
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
