/* SPDX-License-Identifier: Apache-2.0 */
/* meters_probe.c - rest, load, and what the sampler costs; as it is seen, in words and as JSON. */
#include "meters_probe.h"

#include "busy.h"
#include "run/fields.h"
#include "run/sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define REST_S 5.0
#define LOAD_S 5.0
#define TIMED_S 0.15       /* of one computation */
#define FIRST_LOOKS_S 0.05 /* until the sampler's threads are at work */
enum { PAIRS = 10 };

static void sleep_for(double seconds) {
	struct timespec t = {.tv_sec = (time_t)seconds, .tv_nsec = (long)(1e9 * (seconds - floor(seconds)))};

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

/* ---- rest and load ------------------------------------------------------------------------------------------ */

/* The sampler looks all the while, closely around the start of the load. */
static enum wm_status watch(struct wm_sampling *sampling, bool loaded, struct wm_phases *phases_p,
                            struct wm_ticks *ticks) {
	struct wm_phases phases = {.rest_s = wm_now(), .load_s = NAN};
	double expect_s = phases.rest_s + REST_S;
	struct wm_busy *busy;
	enum wm_status st = wm_sampling_start(sampling, "");

	if (st == WM_OK && loaded)
		st = wm_sampling_edges(sampling, &expect_s, 1);
	if (st != WM_OK)
		return st;
	sleep_for(REST_S);
	if (loaded) {
		phases.load_s = wm_now();
		st = wm_busy_start(&busy);
		if (st != WM_OK)
			return st;
		sleep_for(LOAD_S);
	}
	phases.end_s = wm_now();
	if (loaded)
		wm_busy_stop(busy);
	*phases_p = phases;
	return wm_sampling_stop(sampling, ticks);
}

static enum wm_status watch_all(struct wm_sampling *sampling, struct wm_meters_probe *p) {
	struct wm_ticks *ticks = wm_zalloc((size_t)p->n * sizeof(*ticks));
	struct wm_phases phases;
	enum wm_status st = watch(sampling, p->loaded, &phases, ticks);

	for (int i = 0; i < p->n; i++) {
		const struct wm_source *source = wm_sampling_source(sampling, i);

		snprintf(p->sources[i].off, sizeof(p->sources[i].off), "%s", source->off);
		if (st == WM_OK)
			wm_watch(source, &ticks[i], &phases, &p->sources[i].watched);
		wm_ticks_free(&ticks[i]);
	}
	free(ticks);
	return st;
}

/* ---- the sampler's own cost --------------------------------------------------------------------------------- */

static enum wm_status time_with(struct wm_sampling *sampling, int n, long rounds, double *seconds_p) {
	struct wm_ticks *ticks = wm_zalloc((size_t)n * sizeof(*ticks));
	enum wm_status st = wm_sampling_start(sampling, ""), stopped;

	if (st == WM_OK) {
		sleep_for(FIRST_LOOKS_S);
		st = wm_busy_time(rounds, seconds_p);
		stopped = wm_sampling_stop(sampling, ticks);
		st = st == WM_OK ? stopped : st;
	}
	for (int i = 0; i < n; i++)
		wm_ticks_free(&ticks[i]);
	free(ticks);
	return st;
}

/* The same rest before it as before the other. */
static enum wm_status time_without(long rounds, double *seconds_p) {
	sleep_for(FIRST_LOOKS_S);
	return wm_busy_time(rounds, seconds_p);
}

/* A B B A ..: what drifts goes into both alike. */
static enum wm_status measure_cost(struct wm_sampling *sampling, struct wm_meters_probe *p) {
	double with[PAIRS], without[PAIRS];
	long rounds;
	enum wm_status st = wm_busy_rounds(TIMED_S, &rounds);

	for (int i = 0; i < PAIRS && st == WM_OK; i++) {
		if (i % 2 == 0)
			st = time_with(sampling, p->n, rounds, &with[i]);
		if (st == WM_OK)
			st = time_without(rounds, &without[i]);
		if (i % 2 == 1 && st == WM_OK)
			st = time_with(sampling, p->n, rounds, &with[i]);
	}
	if (st != WM_OK)
		return st;
	p->pairs = PAIRS;
	wm_cost_ratio(with, without, PAIRS, &p->cost, &p->cost_lo, &p->cost_hi);
	return WM_OK;
}

/* ---- the probe ---------------------------------------------------------------------------------------------- */

static enum wm_status open_sampling(const struct wm_meters *meters, const struct wm_meters_probe *p,
                                    struct wm_sampling **sampling_p) {
	int *index = wm_zalloc((size_t)p->n * sizeof(*index));
	int log_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	enum wm_status st;

	for (int i = 0; i < p->n; i++)
		index[i] = p->sources[i].index;
	st = log_fd < 0 ? wm_fail(WM_FAILED, "cannot open /dev/null")
	                : wm_sampling_open(meters, index, p->n, log_fd, NULL, sampling_p);
	if (log_fd >= 0)
		close(log_fd);
	free(index);
	return st;
}

void wm_meters_probe(const struct wm_meters *meters, struct wm_meters_probe *probe_p) {
	struct wm_meters_probe p = {.loaded = !meters->root[0], .cost = NAN, .cost_lo = NAN, .cost_hi = NAN};
	struct wm_sampling *sampling = NULL;
	enum wm_status st;

	p.threads = wm_busy_threads();
	p.sources = wm_zalloc((size_t)(meters->n + 1) * sizeof(*p.sources));
	for (int i = 0; i < meters->n; i++)
		if (!meters->sources[i].off[0])
			p.sources[p.n++].index = i;
	if (p.n == 0)
		snprintf(p.why, sizeof(p.why), "no source can be read");
	st = p.n ? open_sampling(meters, &p, &sampling) : WM_SKIP;
	if (st == WM_OK)
		st = watch_all(sampling, &p);
	if (st != WM_OK && !p.why[0])
		snprintf(p.why, sizeof(p.why), "%.255s", wm_why());
	if (st != WM_OK)
		snprintf(p.cost_why, sizeof(p.cost_why), "%s", p.why);
	else if (measure_cost(sampling, &p) != WM_OK)
		snprintf(p.cost_why, sizeof(p.cost_why), "%.255s", wm_why());
	wm_sampling_close(sampling);
	*probe_p = p;
}

void wm_meters_probe_free(struct wm_meters_probe *probe) {
	free(probe->sources);
	memset(probe, 0, sizeof(*probe));
}

/* ---- one source in words ------------------------------------------------------------------------------------ */

static const char *unit_of(const struct wm_source *source) {
	return source->kind == WM_COUNTER ? "J" : "W";
}

static void print_steps(FILE *out, const struct wm_source *source, const struct wm_watched *w) {
	fprintf(out, "    looks    %zu", w->looks);
	if (!isnan(w->look_s))
		fprintf(out, ", one in %.3g s", w->look_s);
	if (w->failed)
		fprintf(out, "; %zu gave no value", w->failed);
	fputs("\n    step     ", out);
	if (isnan(w->period_s))
		fprintf(out, "unknown: the value changed %zu time%s\n", w->changes, w->changes == 1 ? "" : "s");
	else if (wm_watch_is_blurred(w))
		fprintf(out, "every %.3g s or more often: each look showed another value; smallest change %.3g %s\n",
		        w->period_s, w->quantum, unit_of(source));
	else
		fprintf(out, "every %.3g s; smallest change %.3g %s\n", w->period_s, w->quantum, unit_of(source));
	if (source->kind == WM_COUNTER)
		fprintf(out, "    order    %s\n", w->back ? "it went back" : "it never went back");
}

static void print_watts(FILE *out, const char *head, double watts, const char *why) {
	if (isnan(watts))
		fprintf(out, "    %-8s unknown: %s\n", head, why);
	else
		fprintf(out, "    %-8s %.4g W\n", head, watts);
}

static void print_source(FILE *out, const struct wm_source *source, const struct wm_probed *probed) {
	const struct wm_watched *w = &probed->watched;

	fprintf(out, "  %s\n", source->id);
	if (probed->off[0]) {
		fprintf(out, "    not watched: %s\n", probed->off);
		return;
	}
	print_steps(out, source, w);
	print_watts(out, "at rest", w->rest_w, w->rest_why);
	print_watts(out, "loaded", w->load_w, w->load_why);
	if (isnan(w->lag_s))
		fprintf(out, "    lag      unknown: %s\n", w->lag_why);
	else
		fprintf(out, "    lag      %.3g s until half of the step was shown\n", w->lag_s);
	if (!isnan(w->integral))
		fprintf(out, "    integral the power beside the counter is %.4f of it\n", w->integral);
}

/* ---- several sources ---------------------------------------------------------------------------------------- */

static double best_watts(const struct wm_watched *w) {
	return isnan(w->load_w) ? w->rest_w : w->load_w;
}

/* Calls fn for each pair of sources that weigh the same; b over a is how they agree. */
static void each_pair(const struct wm_meters *m, const struct wm_meters_probe *p,
                      void (*fn)(void *arg, const struct wm_source *a, const struct wm_source *b, double ratio),
                      void *arg) {
	for (int i = 0; i < p->n; i++)
		for (int k = i + 1; k < p->n; k++) {
			const struct wm_source *a = &m->sources[p->sources[i].index], *b = &m->sources[p->sources[k].index];

			if (wm_sources_same(a, b))
				fn(arg, a, b, best_watts(&p->sources[k].watched) / best_watts(&p->sources[i].watched));
		}
}

static void print_pair(void *arg, const struct wm_source *a, const struct wm_source *b, double ratio) {
	FILE *out = arg;

	if (isnan(ratio))
		fprintf(out, "  %s and %s weigh the same; whether they agree is unknown: one showed no power\n", a->id, b->id);
	else
		fprintf(out, "  %s and %s weigh the same; the second shows %.4f of the first\n", a->id, b->id, ratio);
}

static void add_pair(void *arg, const struct wm_source *a, const struct wm_source *b, double ratio) {
	json_t *o = json_object();

	wm_set_text(o, "a", a->id);
	wm_set_text(o, "b", b->id);
	wm_set_number(o, "ratio", ratio);
	json_array_append_new(arg, o);
}

/* Rest and load of all accelerators' meters together; of several that weigh the same the first. */
static int sum_accelerators(const struct wm_meters *m, const struct wm_meters_probe *p, double *rest_p,
                            double *load_p) {
	int n = 0;

	*rest_p = *load_p = 0;
	for (int i = 0; i < p->n; i++) {
		const struct wm_source *s = &m->sources[p->sources[i].index];
		bool repeated = false;

		if (s->scope != WM_SCOPE_ACCELERATOR)
			continue;
		for (int k = 0; k < i && !repeated; k++)
			repeated = wm_sources_same(s, &m->sources[p->sources[k].index]);
		if (repeated)
			continue;
		*rest_p += p->sources[i].watched.rest_w;
		*load_p += p->sources[i].watched.load_w;
		n++;
	}
	return n;
}

/* What was seen of one meter of the server beside the accelerators' meters, in words. */
static enum wm_node_finding judge_node(const struct wm_meters *m, const struct wm_meters_probe *p,
                                       const struct wm_watched *node, double *ratio_p, char words[256]) {
	double rest, load;
	int n = sum_accelerators(m, p, &rest, &load);
	enum wm_node_finding finding = wm_node_step(node, rest, load, ratio_p);

	if (n == 0)
		snprintf(words, 256, "no accelerator's meter is here to hold its step against");
	else if (finding == WM_NODE_UNLOADED)
		snprintf(words, 256,
		         "the accelerators made no step (the probe loads the host only), so nothing shows whether "
		         "they are in it: it stays %s",
		         wm_scope_word(WM_SCOPE_SERVER));
	else
		snprintf(words, 256, "its step of %.4g W is %.2f of the accelerators' %.4g W, %s 0.9 .. 1.4: it %s",
		         node->load_w - node->rest_w, *ratio_p, load - rest, finding == WM_NODE_IN ? "within" : "outside",
		         finding == WM_NODE_IN ? "may be called node" : "is not to be called node");
	return finding;
}

static bool is_of_server(const struct wm_source *s) {
	return s->scope == WM_SCOPE_SERVER || s->scope == WM_SCOPE_NODE;
}

static void print_nodes(FILE *out, const struct wm_meters *m, const struct wm_meters_probe *p) {
	for (int i = 0; i < p->n; i++) {
		const struct wm_source *s = &m->sources[p->sources[i].index];
		char words[256];
		double ratio;

		if (!is_of_server(s) || p->sources[i].off[0])
			continue;
		judge_node(m, p, &p->sources[i].watched, &ratio, words);
		fprintf(out, "  %s: %s\n", s->id, words);
	}
}

static json_t *nodes_json(const struct wm_meters *m, const struct wm_meters_probe *p) {
	static const char *const findings[] = {
		[WM_NODE_UNLOADED] = "not shown", [WM_NODE_IN] = "node", [WM_NODE_OUT] = "not node"};
	json_t *list = json_array();

	for (int i = 0; i < p->n; i++) {
		const struct wm_source *s = &m->sources[p->sources[i].index];
		const struct wm_watched *w = &p->sources[i].watched;
		json_t *o;
		char words[256];
		double ratio;

		if (!is_of_server(s) || p->sources[i].off[0])
			continue;
		o = json_object();
		wm_set_text(o, "id", s->id);
		wm_set_text(o, "finding", findings[judge_node(m, p, w, &ratio, words)]);
		wm_set_number(o, "step_w", w->load_w - w->rest_w);
		wm_set_number(o, "ratio", ratio);
		wm_set_text(o, "seen", words);
		json_array_append_new(list, o);
	}
	return list;
}

/* ---- all of it ---------------------------------------------------------------------------------------------- */

void wm_meters_probe_text(FILE *out, const struct wm_meters *meters, const struct wm_meters_probe *p) {
	if (p->why[0]) {
		fprintf(out, "not probed: %s\n", p->why);
		return;
	}
	if (p->loaded)
		fprintf(out, "probed for %.0f s at rest and %.0f s under load; load: host only, %d threads\n", REST_S, LOAD_S,
		        p->threads);
	else
		fprintf(out, "watched for %.0f s; load cannot change a recording, so none was run\n", REST_S);
	for (int i = 0; i < p->n; i++)
		print_source(out, &meters->sources[p->sources[i].index], &p->sources[i]);
	each_pair(meters, p, print_pair, out);
	print_nodes(out, meters, p);
	if (p->cost_why[0])
		fprintf(out, "  cost of the sampler: unknown: %s\n", p->cost_why);
	else
		fprintf(
			out,
			"  cost of the sampler: a computation on all %d threads took %.4f times as long beside it, %.4f .. %.4f "
			"(%d pairs, 95%%)%s\n",
			p->threads, p->cost, p->cost_lo, p->cost_hi, p->pairs,
			p->loaded ? "" : "; it read the files of a recording, which may cost something else than the meter");
}

static json_t *source_json(const struct wm_source *source, const struct wm_probed *probed) {
	const struct wm_watched *w = &probed->watched;
	json_t *o = json_object();

	wm_set_text(o, "id", source->id);
	wm_set_text(o, "off", probed->off);
	if (probed->off[0])
		return o;
	wm_set_count(o, "looks", w->looks);
	wm_set_count(o, "failed", w->failed);
	wm_set_count(o, "changes", w->changes);
	wm_set_number(o, "look_s", w->look_s);
	wm_set_number(o, "period_s", w->period_s);
	wm_set_bool(o, "period_blurred", wm_watch_is_blurred(w));
	wm_set_number(o, "quantum", w->quantum);
	wm_set(o, "back", source->kind == WM_COUNTER ? json_integer((json_int_t)w->back) : NULL);
	wm_set_number(o, "rest_w", w->rest_w);
	wm_set_text(o, "rest_why", w->rest_why);
	wm_set_number(o, "load_w", w->load_w);
	wm_set_text(o, "load_why", w->load_why);
	wm_set_number(o, "lag_s", w->lag_s);
	wm_set_text(o, "lag_why", w->lag_why);
	wm_set_number(o, "integral", w->integral);
	return o;
}

json_t *wm_meters_probe_json(const struct wm_meters *meters, const struct wm_meters_probe *p) {
	json_t *o = json_object(), *sources = json_array(), *pairs = json_array(), *cost = json_object();

	for (int i = 0; i < p->n && !p->why[0]; i++)
		json_array_append_new(sources, source_json(&meters->sources[p->sources[i].index], &p->sources[i]));
	if (!p->why[0])
		each_pair(meters, p, add_pair, pairs);
	wm_set_count(cost, "pairs", (uint64_t)p->pairs);
	wm_set_number(cost, "ratio", p->cost);
	wm_set_number(cost, "lo", p->cost_lo);
	wm_set_number(cost, "hi", p->cost_hi);
	wm_set_text(cost, "why", p->cost_why);
	wm_set_text(o, "why", p->why);
	wm_set_text(o, "load", p->loaded ? "host only" : "none: load cannot change a recording");
	wm_set_reached(o, "threads", (uint64_t)p->threads);
	wm_set(o, "sources", sources);
	wm_set(o, "agreement", pairs);
	wm_set(o, "nodes", p->why[0] ? json_array() : nodes_json(meters, p));
	wm_set(o, "sampler", cost);
	return o;
}
