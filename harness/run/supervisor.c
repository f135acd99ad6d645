/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor.c - one case at a time: orders to its workers, answers, record. Loads no vendor library. */
#include "supervisor.h"

#include "attempt.h"
#include "fields.h"
#include "groups.h"
#include "progress.h"
#include "weigh.h"
#include "wire.h"

#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_DEATHS = 3, MAX_IMPLS = 128 };

struct supervisor {
	const struct wm_run_plan *plan;
	struct wm_run_outcome *outcome;
	struct wm_progress *progress;
	struct wm_weigher *weigher;
	int log_fd;
	int deaths_in_a_row[MAX_IMPLS]; /* by place in wm_impls */
	bool lost[WM_MAX_DEVICES];      /* a worker on it outlived SIGKILL */
	double *ready;                  /* by case: when its next replicate may start, on the monotonic clock */
	double started;
	sigset_t while_waiting; /* the signal mask of all waits: ours are let in */
};

/* ---- signals ---- */

static volatile sig_atomic_t interrupts;

static void on_interrupt(int signal_number) {
	(void)signal_number;
	interrupts++;
}

/*
 * Blocked but while ppoll waits, so that no signal slips in between a look and a wait. A signal only ends the wait in
 * which it comes: the first one that for a worker's answer, another one that for the end of a killed worker that is
 * stuck. What is left then is to write the marks, so nothing has to end this process from inside a handler.
 */
static void catch_signals(sigset_t *while_waiting_p) {
	const int caught[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on_interrupt};
	sigset_t set;

	sigemptyset(&action.sa_mask);
	sigemptyset(&set);
	interrupts = 0;
	for (int i = 0; i < 3; i++) {
		sigaction(caught[i], &action, NULL);
		sigaddset(&set, caught[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, while_waiting_p);
	for (int i = 0; i < 3; i++)
		sigdelset(while_waiting_p, caught[i]);
}

static struct timespec seconds(double s) {
	double whole = floor(fmax(s, 0));

	return (struct timespec){.tv_sec = (time_t)whole, .tv_nsec = (long)(1e9 * fmax(s - whole, 0))};
}

/* Waits until then; a time that has passed lets in the signals that came while nobody waited. True: interrupted. */
static bool wait_until(const struct supervisor *s, double then) {
	do {
		struct timespec left = seconds(then - wm_now());

		ppoll(NULL, 0, &left, &s->while_waiting);
	} while (!interrupts && wm_now() < then);
	return interrupts > 0;
}

/* ---- records ---- */

static json_t *work_json(const struct wm_problem *p) {
	json_t *o = json_object();
	struct wm_work w;

	p->bench->work(p, &w);
	wm_set_number(o, "flop", w.flop);
	wm_set_number(o, "bytes", w.bytes);
	wm_set_number(o, "wire_bytes", w.wire_bytes);
	return o;
}

/* The devices of a group, by rank. */
static json_t *members_json(const struct wm_machine *machine, const struct wm_device *group) {
	int index[WM_MAX_RANKS], n = wm_group_members(machine->devs, machine->n, group, index);
	json_t *list = json_array();

	for (int r = 0; r < n; r++) {
		const struct wm_device *dev = &machine->devs[index[r]];
		json_t *o = json_object();

		wm_set_text(o, "device", dev->id);
		wm_set_text(o, "name", dev->name);
		wm_set_text(o, "uuid", dev->uuid);
		wm_set_text(o, "pci", dev->pci);
		json_array_append_new(list, o);
	}
	return list;
}

static void set_identity(json_t *r, const struct supervisor *s, size_t index, int replicate) {
	const struct wm_run_plan *plan = s->plan;
	const struct wm_case *c = &plan->cases->v[index];
	const struct wm_device *dev = &plan->machine->devs[c->device];
	char key[256];

	wm_device_key(dev, key, sizeof(key));
	wm_set_count(r, "schema", WM_SCHEMA);
	wm_set_text(r, "method", WM_METHOD);
	wm_set_text(r, "run", wm_bundle_run_id(plan->bundle));
	wm_set_count(r, "segment", (uint64_t)plan->segment);
	wm_set_count(r, "index", index);
	wm_set_text(r, "case", c->id);
	wm_set_count(r, "replicate", (uint64_t)replicate);
	wm_set_text(r, "bench", c->problem.bench->name);
	wm_set_text(r, "problem", c->problem.str);
	wm_set_text(r, "impl", c->impl->name);
	wm_set_text(r, "origin", wm_origin_word(c->impl->origin));
	wm_set_text(r, "library", "");
	wm_set_text(r, "impl_detail", "");
	wm_set_text(r, "backend", dev->backend);
	wm_set_text(r, "device", dev->id);
	wm_set_text(r, "device_key", key);
	wm_set_text(r, "device_name", dev->name);
	wm_set_text(r, "driver", dev->driver);
	wm_set(r, "members", dev->ranks > 0 ? members_json(plan->machine, dev) : NULL);
}

/* A record with everything that is known before a worker has said anything: identity, and null for the rest. */
static json_t *new_record(const struct supervisor *s, size_t index, int replicate) {
	static const char *const unknown[] = {"time", "steady", "check", "sets", "rotation_bytes", "energy"};
	const struct wm_case *c = &s->plan->cases->v[index];
	const struct wm_device *dev = &s->plan->machine->devs[c->device];
	json_t *r = json_object();

	set_identity(r, s, index, replicate);
	wm_set_text(r, "status", wm_status_word(WM_FAILED));
	wm_set_text(r, "why", "");
	wm_set_text(r, "phase", "");
	wm_set_bool(r, "verified", false);
	wm_set_text(r, "metric", c->problem.bench->metric);
	wm_set(r, "work", work_json(&c->problem));
	wm_set(r, "ranks", c->problem.bench->collective ? json_integer(c->problem.ranks) : NULL);
	wm_set(r, "values", json_pack("{s:n, s:n}", "flop_per_s", "bytes_per_s"));
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		wm_set(r, unknown[i], NULL);
	wm_set_count(r, "cache_bytes", dev->cache_bytes);
	wm_set_count(r, "threads", (uint64_t)dev->threads);
	wm_set_text(r, "cpuset", dev->cpuset);
	wm_set_text(r, "nodeset", dev->nodeset);
	wm_set_count(r, "seed", s->plan->seed);
	wm_set_text(r, "fingerprint", "");
	wm_set_text(r, "not_weighed", c->weigh ? "the case did not come as far as its load" : "not asked");
	return r;
}

static void set_status(json_t *record, enum wm_status status, const char *why) {
	wm_set_text(record, "status", wm_status_word(status));
	wm_set_text(record, "why", why);
}

static double unix_now(void) {
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Writes the final record (borrowed) and tells the user. */
static enum wm_status settle(struct supervisor *s, size_t index, json_t *record, const json_t *samples) {
	size_t n = json_array_size(samples);
	double *x = wm_zalloc((n + 1) * sizeof(*x));
	enum wm_status st;

	for (size_t i = 0; i < n; i++)
		x[i] = json_number_value(json_array_get(samples, i));
	st = wm_bundle_record(s->plan->bundle, record, x, n);
	free(x);
	if (st != WM_OK)
		return st;
	wm_progress_row(s->progress, &s->plan->cases->v[index], &s->plan->machine->devs[s->plan->cases->v[index].device],
	                record);
	return WM_OK;
}

static enum wm_status settle_unrun(struct supervisor *s, size_t index, int replicate, enum wm_status status,
                                   const char *why) {
	json_t *record = new_record(s, index, replicate);
	enum wm_status st;

	set_status(record, status, why);
	json_object_update_new(record, json_pack("{s:f, s:f}", "began", unix_now(), "wall_s", 0.0));
	st = settle(s, index, record, NULL);
	json_decref(record);
	return st;
}

/* ---- one attempt ---- */

/* The order of one worker. windows: NULL, or those that the load must be long enough for. */
static json_t *make_order(const struct supervisor *s, const struct wm_case *c, const struct wm_device *dev, int rank,
                          const struct wm_window_plan *windows) {
	json_t *order =
		json_pack("{s:s, s:s, s:o, s:s, s:I, s:i, s:i}", "problem", c->problem.str, "impl", c->impl->name, "device",
	              wm_device_to_json(dev), "profile", s->plan->profile->name, "seed", (json_int_t)s->plan->seed, "rank",
	              rank, "ranks", s->plan->machine->devs[c->device].ranks);

	if (windows)
		wm_set(order, "windows",
		       json_pack("{s:i, s:f, s:f}", "windows", windows->windows, "length_s", windows->length_s, "lead_s",
		                 windows->lead_s));
	return order;
}

static void tell_phase(void *arg, const char *phase) {
	wm_progress_phase(((struct supervisor *)arg)->progress, phase);
}

static void tell_loading(void *arg, double began_s, double length_s) {
	wm_weigher_loading(((struct supervisor *)arg)->weigher, began_s, length_s);
}

/* One worker, or of a group one a rank. */
static enum wm_status start(struct supervisor *s, const struct wm_case *c, const struct wm_window_plan *windows,
                            struct wm_attempt **attempt_p) {
	const struct wm_machine *machine = s->plan->machine;
	const struct wm_device *dev = &machine->devs[c->device];
	const struct wm_attempt_setup setup = {.log_fd = s->log_fd,
	                                       .while_waiting = &s->while_waiting,
	                                       .interrupts = &interrupts,
	                                       .deadline_s = s->plan->deadline_s,
	                                       .entered = tell_phase,
	                                       .loading = tell_loading,
	                                       .arg = s};
	int n = dev->ranks > 0 ? dev->ranks : 1;
	char names[WM_MAX_RANKS][96];
	json_t *orders[WM_MAX_RANKS];

	for (int r = 0; r < n; r++) {
		struct wm_device member = *dev;

		if (dev->ranks > 0)
			wm_groups_member(machine, dev, r, &member);
		snprintf(names[r], sizeof(names[r]), "%s", member.id);
		orders[r] = make_order(s, c, &member, r, windows);
	}
	return wm_attempt_start(&setup, names, orders, n, attempt_p);
}

static bool counts_as_death(enum wm_status st) {
	return st == WM_CRASH || st == WM_HANG;
}

/* What the first rank measured, and how the worst of all fared. */
static void merge_answers(json_t *record, const struct wm_attempt_end *end) {
	const json_t *answer = end->bad ? end->bad : end->answer;

	json_object_set(record, "status", json_object_get(answer, "status"));
	json_object_set(record, "why", json_object_get(answer, "why"));
	json_object_set(record, "verified", json_object_get(answer, "verified"));
	json_object_update(record, json_object_get(end->answer ? end->answer : answer, "measured"));
}

/* A worker that outlived SIGKILL costs its device, of a group that of its rank. */
static void lose_device(struct supervisor *s, int device, int rank) {
	const struct wm_machine *machine = s->plan->machine;
	int index[WM_MAX_RANKS], n = wm_group_members(machine->devs, machine->n, &machine->devs[device], index);

	if (rank >= 0 && rank < n)
		s->lost[index[rank]] = true;
}

/* The record could not be written and the run gives up; without this mark two full disks would count as two deaths of
 * the case. The mark is shorter than the record and may find room. The first cause stands. */
static enum wm_status give_up(struct supervisor *s, const struct wm_case *c, int replicate, enum wm_status st) {
	char why[512];

	snprintf(why, sizeof(why), "%s", wm_why());
	wm_bundle_interrupted(s->plan->bundle, c->id, replicate);
	return wm_fail(st, "%s", why);
}

static void count_death(struct supervisor *s, const struct wm_case *c, bool died) {
	for (int i = 0; wm_impls[i] && i < MAX_IMPLS; i++)
		if (wm_impls[i] == c->impl)
			s->deaths_in_a_row[i] = died ? s->deaths_in_a_row[i] + 1 : 0;
}

/* What came of the attempt goes into the record; samples_p is borrowed. */
static void take_end(struct supervisor *s, size_t index, const struct wm_attempt_end *end, json_t *record,
                     const json_t **samples_p) {
	const struct wm_case *c = &s->plan->cases->v[index];

	if (end->whole)
		merge_answers(record, end);
	else
		set_status(record, end->heard, end->why);
	wm_set_text(record, "phase", end->phase);
	count_death(s, c, !end->whole && counts_as_death(end->heard));
	*samples_p = end->whole ? json_object_get(end->answer, "samples") : NULL;
	if (json_array_size(*samples_p) > 0)
		s->ready[index] = wm_now() + s->plan->profile->gap_s;
}

/* Runs one (case, replicate) in fresh workers; an interrupted one gets its mark and no record. */
static enum wm_status attempt_case(struct supervisor *s, size_t index, int replicate) {
	const struct wm_case *c = &s->plan->cases->v[index];
	struct wm_attempt *attempt = NULL;
	struct wm_attempt_end end = {.phase = "open", .stuck = -1};
	json_t *record = new_record(s, index, replicate);
	const json_t *samples = NULL;
	double began = unix_now(), from = wm_now();
	struct wm_window_plan windows;
	char why_not[256];
	bool weighs = wm_weigher_begin(s->weigher, index, &windows, why_not);
	enum wm_status st;

	if (!weighs)
		wm_set_text(record, "not_weighed", why_not);
	end.heard = start(s, c, weighs ? &windows : NULL, &attempt);
	if (end.heard == WM_OK)
		wm_attempt_wait(attempt, &end);
	else
		snprintf(end.why, sizeof(end.why), "%s", wm_why());
	lose_device(s, c->device, end.stuck);
	if (weighs)
		wm_weigher_end(s->weigher, index, json_object_get(end.answer, "load"), record);
	if (interrupts && !end.whole) {
		s->outcome->interrupted = true;
		st = wm_bundle_interrupted(s->plan->bundle, c->id, replicate);
		goto out;
	}
	take_end(s, index, &end, record, &samples);
	json_object_update_new(record, json_pack("{s:f, s:f}", "began", began, "wall_s", wm_now() - from));
	st = settle(s, index, record, samples);
	if (st != WM_OK)
		st = give_up(s, c, replicate, st);
out:
	wm_attempt_free(attempt);
	json_decref(record);
	return st;
}

/* ---- the whole run ---- */

static int deaths_of(const struct supervisor *s, const struct wm_impl *impl) {
	for (int i = 0; wm_impls[i] && i < MAX_IMPLS; i++)
		if (wm_impls[i] == impl)
			return s->deaths_in_a_row[i];
	return 0;
}

/* The device itself, or one of a group, that a worker is stuck on; NULL: none. */
static const struct wm_device *lost_of(const struct supervisor *s, const struct wm_device *dev) {
	const struct wm_machine *machine = s->plan->machine;
	int index[WM_MAX_RANKS], n = wm_group_members(machine->devs, machine->n, dev, index);

	for (int r = 0; r < n; r++)
		if (s->lost[index[r]])
			return &machine->devs[index[r]];
	return NULL;
}

/* Why a case that would begin then gets its record without a worker; "" = it runs. */
static void reason_not_to_run(const struct supervisor *s, const struct wm_case *c, double begins, char why[256]) {
	const struct wm_device *dev = &s->plan->machine->devs[c->device], *lost = lost_of(s, dev);

	why[0] = 0;
	if (dev->off[0])
		snprintf(why, 256, "%s: %.200s", dev->id, dev->off);
	else if (lost)
		snprintf(why, 256, "%s is lost: a worker on it outlived SIGKILL", lost->id);
	else if (deaths_of(s, c->impl) >= MAX_DEATHS)
		snprintf(why, 256, "crashed %d times", MAX_DEATHS);
	else if (begins - s->started > s->plan->time_budget_s)
		snprintf(why, 256, "time budget of %g s is spent", s->plan->time_budget_s);
}

static enum wm_status one(struct supervisor *s, size_t index, int replicate) {
	const struct wm_case *c = &s->plan->cases->v[index];
	double begins = fmax(wm_now(), s->ready[index]);
	char why[256];
	enum wm_status st;

	wm_progress_begin(s->progress, c, &s->plan->machine->devs[c->device]);
	if (wm_bundle_deaths(s->plan->bundle, c->id, replicate) >= 2)
		return settle_unrun(s, index, replicate, WM_CRASH, "the whole run died twice while this case was in flight");
	reason_not_to_run(s, c, begins, why);
	if (why[0])
		return settle_unrun(s, index, replicate, WM_SKIP, why);
	if (begins > wm_now())
		wm_progress_phase(s->progress, "waits");
	if (wait_until(s, begins)) {
		s->outcome->interrupted = true;
		return WM_OK;
	}
	st = wm_bundle_begin(s->plan->bundle, c->id, replicate);
	return st == WM_OK ? attempt_case(s, index, replicate) : st;
}

/* The replicates of a case lie gap_s apart. When those of an earlier process ended is not known: they count as ended
 * now. */
static double *first_ready(const struct wm_run_plan *plan) {
	double *ready = wm_zalloc(plan->cases->n * sizeof(*ready));

	for (size_t i = 0; i < plan->cases->n; i++)
		for (int r = 0; r < plan->replicates; r++)
			if (wm_bundle_is_final(plan->bundle, plan->cases->v[i].id, r))
				ready[i] = wm_now() + plan->profile->gap_s;
	return ready;
}

/* What the machine draws at rest, at one end of the run. */
static enum wm_status idle(struct supervisor *s, const char *at) {
	if (s->outcome->interrupted || !wm_weigher_idle_begin(s->weigher))
		return WM_OK;
	s->outcome->interrupted = wait_until(s, wm_now() + s->plan->profile->idle_s);
	return wm_weigher_idle_end(s->weigher, s->outcome->interrupted ? NULL : at);
}

static bool anything_left(const struct wm_run_plan *plan) {
	for (int r = 0; r < plan->replicates; r++)
		for (size_t i = 0; i < plan->cases->n; i++)
			if (!wm_bundle_is_final(plan->bundle, plan->cases->v[i].id, r))
				return true;
	return false;
}

enum wm_status wm_supervise(const struct wm_run_plan *plan, struct wm_run_outcome *outcome_p) {
	struct wm_run_outcome outcome = {0};
	struct supervisor s = {.plan = plan, .outcome = &outcome, .started = wm_now()};
	bool work = anything_left(plan);
	enum wm_status st = wm_bundle_append_fd(plan->bundle, "worker.log", &s.log_fd);

	if (st != WM_OK)
		return st;
	s.progress = wm_progress_open(plan);
	s.ready = first_ready(plan);
	catch_signals(&s.while_waiting);
	s.weigher = wm_weigher_open(plan, s.log_fd, &s.while_waiting);
	if (work)
		st = idle(&s, "begin");
	for (int r = 0; r < plan->replicates; r++)
		for (size_t i = 0; i < plan->cases->n && st == WM_OK && !outcome.interrupted; i++) {
			if (wm_bundle_is_final(plan->bundle, plan->cases->v[i].id, r))
				continue;
			outcome.interrupted = wait_until(&s, 0);
			if (!outcome.interrupted)
				st = one(&s, i, r);
		}
	if (work && st == WM_OK)
		st = idle(&s, "end");
	wm_weigher_close(s.weigher);
	wm_progress_close(s.progress);
	free(s.ready);
	close(s.log_fd);
	if (st == WM_OK)
		*outcome_p = outcome;
	return st;
}
