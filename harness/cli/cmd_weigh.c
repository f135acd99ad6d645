/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_weigh.c - any command, weighed from its start to its end. Its standard files are its own, so what is said of it
 * goes to standard error, behind all that it says there.
 */
#include "commands.h"

#include "command.h"
#include "measure/span.h"
#include "run/fields.h"
#include "run/sampler.h"
#include "weighable.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is weighed, by what, and what came of it. */
struct weighing {
	const struct wm_option_values *options;
	struct wm_meters meters;
	struct wm_weighable classes[WM_SCOPES];
	int nclasses;
	int index[WM_MAX_SOURCES]; /* into meters.sources, of those that are sampled */
	int n;
	struct wm_sampling *sampling;
	struct wm_command_end end;
	struct wm_span spans[WM_MAX_SOURCES]; /* of index[i] */
	double work;                          /* NAN: not known */
	const char *work_why;
	char why[512]; /* why nothing is weighed; "" = something is */
};

/* ---- sources ------------------------------------------------------------------------------------------------ */

static void give_up(struct weighing *w) {
	snprintf(w->why, sizeof(w->why), "%s", wm_why());
}

/* WM_INPUT alone ends the command: without meters what was asked for is run all the same. */
static enum wm_status find(struct weighing *w) {
	const char *root = w->options->v[WM_OPT_ROOT], *file = w->options->v[WM_OPT_METERS];
	const char *devices = w->options->v[WM_OPT_DEVICE];
	enum wm_status st = root ? wm_check_root(root) : WM_OK;

	if (st == WM_OK)
		st = wm_meters_find(root ? root : "", file ? file : "", &w->meters);
	if (st == WM_OK && devices)
		st = wm_weighable_devices(&w->meters, devices, w->classes, &w->nclasses);
	else if (st == WM_OK)
		w->nclasses = wm_weighable_all(&w->meters, w->classes);
	if (st == WM_OK)
		wm_weighable_nothing(&w->meters, w->classes, w->nclasses, w->why);
	else
		give_up(w);
	return st == WM_INPUT ? st : WM_OK;
}

static void collect(struct weighing *w) {
	for (int i = 0; i < w->nclasses; i++)
		for (int k = 0; k < w->classes[i].n; k++)
			w->index[w->n++] = w->classes[i].index[k];
}

static void start(struct weighing *w) {
	double now = wm_now();
	int log_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	enum wm_status st = log_fd < 0 ? wm_fail(WM_FAILED, "cannot open /dev/null")
	                               : wm_sampling_open(&w->meters, w->index, w->n, log_fd, NULL, &w->sampling);

	if (log_fd >= 0)
		close(log_fd);
	if (st == WM_OK)
		st = wm_sampling_start(w->sampling, "");
	if (st == WM_OK)
		st = wm_sampling_edges(w->sampling, &now, 1);
	if (st != WM_OK)
		give_up(w);
}

static void stop(struct weighing *w) {
	struct wm_ticks *ticks = wm_zalloc((size_t)(w->n + 1) * sizeof(*ticks));

	if (wm_sampling_stop(w->sampling, ticks) != WM_OK)
		give_up(w);
	for (int i = 0; i < w->n; i++) {
		const struct wm_source *source = wm_sampling_source(w->sampling, i);

		wm_weigh_span(source, &ticks[i], w->end.from_s, w->end.to_s, &w->spans[i]);
		if (source->off[0])
			snprintf(w->spans[i].why, sizeof(w->spans[i].why), "%.159s", source->off);
		wm_ticks_free(&ticks[i]);
	}
	free(ticks);
}

/* ---- one class ---------------------------------------------------------------------------------------------- */

/* The sources of a class, added up. */
struct sum {
	double joules, watts, covered_s, uncovered, gain_rel;
	double work_per_j;
	bool throttled, would_say;
	char why[256];
};

static const struct wm_span *span_of(const struct weighing *w, int index) {
	for (int i = 0; i < w->n; i++)
		if (w->index[i] == index)
			return &w->spans[i];
	return NULL;
}

/* Nobody knows whether meters of one kind err to the same side, so their errors are added up. The ends of the run that
 * no tick covers are taken at the mean power where the work of the whole run is held against joules. */
static struct sum add_up(const struct weighing *w, const struct wm_weighable *c) {
	struct sum sum = {.covered_s = w->end.to_s - w->end.from_s};
	double wrong_w = 0;

	snprintf(sum.why, sizeof(sum.why), "%s", c->why);
	for (int i = 0; i < c->n; i++) {
		const struct wm_source *source = &w->meters.sources[c->index[i]];
		const struct wm_span *span = span_of(w, c->index[i]);

		if (span->why[0] && !sum.why[0])
			snprintf(sum.why, sizeof(sum.why), "%s: %s", source->id, span->why);
		sum.joules += span->joules;
		sum.watts += span->watts;
		sum.covered_s = fmin(sum.covered_s, span->covered_s);
		sum.uncovered = fmax(sum.uncovered, span->uncovered);
		sum.throttled |= span->throttled;
		sum.would_say |= span->would_say;
		wrong_w += source->gain_rel * span->watts;
	}
	if (sum.why[0])
		sum.joules = sum.watts = NAN;
	sum.gain_rel = wrong_w / sum.watts;
	sum.work_per_j = w->work / (sum.watts * (w->end.to_s - w->end.from_s));
	return sum;
}

static void print_sources(FILE *out, const struct weighing *w, const struct wm_weighable *c) {
	for (int i = 0; i < c->n; i++)
		fprintf(out, "%s%s", i ? " + " : "", w->meters.sources[c->index[i]].id);
}

/* Powers beside counters that say something else. */
static void print_disagreement(FILE *out, const struct weighing *w, const struct wm_weighable *c) {
	for (int i = 0; i < c->n; i++) {
		const struct wm_span *span = span_of(w, c->index[i]);

		if (fabs(span->shown_w / span->watts - 1) > 0.05)
			fprintf(out, "    %s: the power beside its counter says %.4g W, the counter %.4g W\n",
			        w->meters.sources[c->index[i]].id, span->shown_w, span->watts);
	}
}

static void print_class(FILE *out, const struct weighing *w, const struct wm_weighable *c) {
	struct sum sum = add_up(w, c);

	fprintf(out, "  %s: ", wm_scope_word(c->scope));
	if (sum.why[0]) {
		fprintf(out, "not weighed: %s\n", sum.why);
		return;
	}
	fprintf(out, "%.5g J in %.4g s, %.4g W", sum.joules, sum.covered_s, sum.watts);
	if (!isnan(sum.work_per_j))
		fprintf(out, ", %.4g of work per J", sum.work_per_j);
	fputs(" (", out);
	print_sources(out, w, c);
	fprintf(out, ")\n    at its ends %.3g s (%.2f%%) of the run are not in these joules",
	        sum.uncovered * (w->end.to_s - w->end.from_s), 100 * sum.uncovered);
	if (!isnan(sum.work_per_j))
		fputs(", and taken at the mean power for the work", out);
	if (isnan(sum.gain_rel))
		fputs("; accuracy of the meter: unknown\n", out);
	else
		fprintf(out, "; accuracy of the meter: %.2g%%\n", 100 * sum.gain_rel);
	if (sum.throttled)
		fputs("    throttled by heat or the power brake: not for publication\n", out);
	print_disagreement(out, w, c);
}

/* ---- the report --------------------------------------------------------------------------------------------- */

static void print_text(FILE *out, const struct weighing *w) {
	fprintf(out, "wattmark: %s ran for %.4g s and ended with status %d\n", w->options->operands[0],
	        w->end.to_s - w->end.from_s, w->end.status);
	if (w->why[0])
		fprintf(out, "wattmark: not weighed: %s; wattmark meters says more\n", w->why);
	else
		for (int i = 0; i < w->nclasses; i++)
			print_class(out, w, &w->classes[i]);
	if (w->work_why[0])
		fprintf(out, "wattmark: no work per joule: %s\n", w->work_why);
}

static json_t *source_json(const struct weighing *w, int index) {
	const struct wm_source *source = &w->meters.sources[index];
	const struct wm_span *span = span_of(w, index);
	json_t *o = json_object();

	wm_set_text(o, "id", source->id);
	wm_set_text(o, "kind", source->kind == WM_COUNTER ? "counter" : "power");
	wm_set_number(o, "joules", span->joules);
	wm_set_number(o, "watts", span->watts);
	wm_set_number(o, "shown_w", span->shown_w);
	wm_set_number(o, "covered_s", span->covered_s);
	wm_set_number(o, "uncovered", span->uncovered);
	wm_set_count(o, "refreshes", (uint64_t)span->refreshes);
	wm_set_number(o, "gain_rel", source->gain_rel);
	wm_set(o, "throttled", span->would_say ? json_boolean(span->throttled) : NULL);
	wm_set_text(o, "why", span->why);
	return o;
}

static json_t *class_json(const struct weighing *w, const struct wm_weighable *c) {
	struct sum sum = add_up(w, c);
	json_t *o = json_object(), *sources = json_array();
	bool weighed = !sum.why[0];

	for (int i = 0; i < c->n; i++)
		json_array_append_new(sources, source_json(w, c->index[i]));
	wm_set_text(o, "scope", wm_scope_word(c->scope));
	wm_set(o, "sources", sources);
	wm_set_number(o, "joules", sum.joules);
	wm_set_number(o, "watts", sum.watts);
	wm_set_number(o, "covered_s", weighed ? sum.covered_s : NAN);
	wm_set_number(o, "uncovered", weighed ? sum.uncovered : NAN);
	wm_set_number(o, "work_per_j", sum.work_per_j);
	wm_set_number(o, "gain_rel", sum.gain_rel);
	wm_set(o, "throttled", sum.would_say ? json_boolean(sum.throttled) : NULL);
	wm_set_text(o, "why", sum.why);
	return o;
}

/* One line, so that it is the last one of standard error. */
static void print_json(FILE *out, const struct weighing *w) {
	json_t *o = json_object(), *command = json_array(), *classes = json_array();

	for (int i = 0; i < w->options->n; i++)
		json_array_append_new(command, wm_json_text(w->options->operands[i]));
	for (int i = 0; i < w->nclasses && !w->why[0]; i++)
		json_array_append_new(classes, class_json(w, &w->classes[i]));
	wm_set(o, "command", command);
	wm_set_count(o, "status", (uint64_t)w->end.status);
	wm_set_number(o, "seconds", w->end.to_s - w->end.from_s);
	wm_set_number(o, "work", w->work);
	wm_set_text(o, "work_why", w->work_why);
	wm_set_text(o, "not_weighed", w->why);
	wm_set(o, "classes", classes);
	json_dumpf(o, out, JSON_COMPACT);
	fputc('\n', out);
	json_decref(o);
}

/* ---- the command -------------------------------------------------------------------------------------------- */

static void know_work(struct weighing *w) {
	w->work = wm_option_number(w->options, WM_OPT_WORK);
	w->work_why = "";
	if (!w->options->given[WM_OPT_WORK_LINE])
		return;
	w->work = w->end.amount;
	w->work_why = w->end.amount_why;
}

/* The operands are the end of main's argv, so a NULL is behind them. */
static int weigh(struct weighing *w) {
	enum wm_exit cannot;

	wm_command_begin();
	collect(w);
	if (!w->why[0])
		start(w);
	if (wm_command_run(w->options->operands, w->options->v[WM_OPT_WORK_LINE], &w->end, &cannot) != WM_OK) {
		wm_complain(WM_INPUT);
		return cannot;
	}
	know_work(w);
	if (!w->why[0])
		stop(w);
	if (w->options->given[WM_OPT_JSON])
		print_json(stderr, w);
	else
		print_text(stderr, w);
	return w->end.status;
}

int wm_cmd_weigh(const struct wm_option_values *options) {
	struct weighing *w = wm_zalloc(sizeof(*w));
	enum wm_status st;
	int code;

	w->options = options;
	st = find(w);
	code = st == WM_OK ? weigh(w) : wm_complain(st);
	wm_sampling_close(w->sampling);
	wm_meters_free(&w->meters);
	free(w);
	return code;
}
