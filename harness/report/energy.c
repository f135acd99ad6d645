/* SPDX-License-Identifier: Apache-2.0 */
/*
 * energy.c - joules of records, class by class, summed up over the replicates of a case (method 4). A class is never
 * added to another one, and what rest draws is taken off beside the gross figure, never in its place.
 */
#include "energy.h"

#include "core/problem.h"
#include "measure/stats.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What may be compared has at least this (method 4, profiles and limits); less is shown as smoke. */
#define LEAST_LENGTH_S 5.0
#define LEAST_REFRESHES 50

enum { TEXT = 640, CLASSES = WM_SCOPES };

static const char *text_of(const json_t *object, const char *key) {
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

static double number(const json_t *object, const char *key) {
	const json_t *value = json_object_get(object, key);
	return json_is_number(value) && isfinite(json_number_value(value)) ? json_number_value(value) : NAN;
}

/* A number above 0, or NAN. */
static double positive(const json_t *object, const char *key) {
	double x = number(object, key);
	return x > 0 ? x : NAN;
}

/* Appends to a text of TEXT bytes; what finds no room is cut. */
static void add(char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(char *text, const char *fmt, ...) {
	size_t n = strlen(text);
	va_list args;
	va_start(args, fmt);
	vsnprintf(text + n, TEXT - n, fmt, args);
	va_end(args);
}

/* ---- windows ------------------------------------------------------------------------------------------------ */

static bool is_of(const json_t *entry, const char *source) {
	return !strcmp(text_of(entry, "source"), source);
}

/* Windows of one source: how many there are and are numbers, and what is to be known of them. */
static void look_at_windows(const json_t *windows, const char *source, struct wm_weighed *out, const char **why_p) {
	int n = 0, good = 0;
	size_t i;
	const json_t *window;
	json_array_foreach(windows, i, window) {
		if (!is_of(window, source))
			continue;
		n++;
		if (*text_of(window, "why")) {
			*why_p = **why_p ? *why_p : text_of(window, "why");
			continue;
		}
		good++;
		out->operations += fmax(0, number(window, "operations"));
		out->smoke |= json_integer_value(json_object_get(window, "refreshes")) < LEAST_REFRESHES;
	}
	if (!out->windows || good < out->good_windows) {
		out->windows = n;
		out->good_windows = good;
	}
}

/* ---- at rest ------------------------------------------------------------------------------------------------ */

/* Watts of a source at one end of its segment; NAN with a reason. */
static double idle_at(const json_t *idle, const char *source, const char *at, const char **why_p) {
	double watts = NAN;
	size_t i;
	const json_t *entry;
	/* a run that was resumed has more than one: the last that is a number */
	json_array_foreach(idle, i, entry) {
		if (!is_of(entry, source) || strcmp(text_of(entry, "at"), at) != 0)
			continue;
		if (!isnan(number(entry, "watts")))
			watts = number(entry, "watts");
		else if (*text_of(entry, "why"))
			*why_p = text_of(entry, "why");
	}
	return watts;
}

/* Adds what one source draws at rest: the mean of both ends, or the end that is known. */
static void add_idle(struct wm_intern *texts, const json_t *idle, const char *source, struct wm_weighed *out) {
	const char *why = "not measured";
	double begin = idle_at(idle, source, "begin", &why), end = idle_at(idle, source, "end", &why);
	double mean = isnan(begin) ? end : isnan(end) ? begin : (begin + end) / 2;
	out->idle_begin += begin;
	out->idle_end += end;
	out->idle_watts += mean;
	if (isnan(mean) && !*out->idle_why) {
		char text[TEXT] = "";
		add(text, "no idle power of %.80s: %.256s", source, why);
		out->idle_why = wm_intern_text(texts, text);
	}
}

/* ---- one record --------------------------------------------------------------------------------------------- */

static void read_class(struct wm_intern *texts, const json_t *energy, const json_t *idle, const json_t *json,
                       struct wm_weighed *out) {
	const json_t *sources = json_object_get(json, "sources"), *windows = json_object_get(json, "windows");
	const char *window_why = "", *why = text_of(json, "why");
	char names[TEXT] = "";
	double length_s = number(energy, "length_s");
	const json_t *throttled = json_object_get(json, "throttled");
	*out = (struct wm_weighed){
		.scope = wm_intern_text(texts, text_of(json, "scope")),
		.joules_per_op = positive(json, "joules_per_op"),
		.seconds_per_op = positive(json, "seconds_per_op"),
		.watts = positive(json, "watts"),
		.gain_rel = number(json, "gain_rel"),
		.throttled = json_is_true(throttled),
		.throttle_unknown = !json_is_boolean(throttled),
		.smoke = length_s < LEAST_LENGTH_S,
		.idle_why = "",
	};
	for (size_t i = 0; i < json_array_size(sources); i++) {
		const char *source = json_string_value(json_array_get(sources, i));
		source = source ? source : "";
		add(names, "%s%.80s", i ? " + " : "", source);
		look_at_windows(windows, source, out, &window_why);
		add_idle(texts, idle, source, out);
	}
	if (json_array_size(sources)) {
		out->operations /= (double)json_array_size(sources);
	} else {
		out->idle_watts = out->idle_begin = out->idle_end = NAN;
		out->idle_why = "the record names no source";
	}
	if (isnan(out->joules_per_op) && !*why)
		why = "the record gives neither joules nor a reason";
	out->why = wm_intern_text(texts, why);
	out->sources = wm_intern_text(texts, names);
	out->window_why = wm_intern_text(texts, window_why);
}

void wm_energy_read(struct wm_intern *texts, const json_t *run, const json_t *json, struct wm_record *record) {
	const json_t *energy = json_object_get(json, "energy"), *classes = json_object_get(energy, "classes");
	size_t segment = (size_t)json_integer_value(json_object_get(json, "segment"));
	const json_t *idle = json_object_get(json_array_get(json_object_get(run, "segments"), segment), "idle");
	size_t n = json_array_size(classes);
	record->not_weighed = wm_intern_text(texts, text_of(json, "not_weighed"));
	record->nweighed = n < CLASSES ? (int)n : CLASSES;
	record->weighed = n ? wm_zalloc((size_t)record->nweighed * sizeof *record->weighed) : NULL;
	for (int i = 0; i < record->nweighed; i++)
		read_class(texts, energy, idle, json_array_get(classes, (size_t)i), &record->weighed[i]);
}

/* ---- a case as one ------------------------------------------------------------------------------------------ */

static const struct wm_weighed *weighed_as(const struct wm_record *record, const char *scope) {
	for (int i = 0; i < record->nweighed; i++)
		if (record->weighed[i].scope == scope)
			return &record->weighed[i];
	return NULL;
}

static bool is_number(const struct wm_record *record, const struct wm_weighed *weighed) {
	return weighed && !*weighed->why && wm_status_class(record->status) == WM_ROW_GOOD;
}

/* Sums over the replicates that gave a number, weighted by the operations that were weighed: sum over sum. */
struct sums {
	double weight, joules, seconds, watts, idle, idle_begin, idle_end;
	int n;
};

static void add_replicate(struct sums *s, struct wm_energy *energy, const struct wm_weighed *w) {
	double weight = w->operations > 0 ? w->operations : 1;
	double seconds = isnan(w->seconds_per_op) ? w->joules_per_op / w->watts : w->seconds_per_op;
	s->n++;
	s->weight += weight;
	s->joules += weight * w->joules_per_op;
	s->seconds += weight * seconds;
	s->watts += weight * w->watts;
	s->idle += weight * w->idle_watts;
	s->idle_begin += weight * w->idle_begin;
	s->idle_end += weight * w->idle_end;
	if (s->n == 1 || isnan(w->gain_rel))
		energy->gain_rel = w->gain_rel;
	else if (w->gain_rel > energy->gain_rel)
		energy->gain_rel = w->gain_rel; /* one that is unknown stays so */
	if (*w->idle_why && !*energy->net_why)
		energy->net_why = w->idle_why;
	energy->smoke |= w->smoke;
	energy->throttled |= w->throttled;
	energy->throttle_unknown |= w->throttle_unknown;
	energy->sources = w->sources;
}

static double ratio(double a, double b) {
	double x = a / b;
	return isfinite(x) ? x : NAN;
}

static void set_net(struct wm_energy *energy, double work) {
	energy->net_joules_per_op = energy->joules_per_op - energy->idle_watts * energy->seconds_per_op;
	if (isnan(energy->net_joules_per_op)) {
		energy->net_why = *energy->net_why ? energy->net_why : "no time from the windows";
	} else if (energy->net_joules_per_op <= 0) {
		energy->net_joules_per_op = NAN;
		energy->net_why = "rest draws as much as the load";
	}
	energy->net_work_per_j = ratio(work, energy->net_joules_per_op);
}

static void set_values(struct wm_energy *energy, const struct sums *s, const double *joules, double work) {
	energy->joules_per_op = s->joules / s->weight;
	energy->seconds_per_op = ratio(s->seconds, s->weight);
	energy->watts =
		isnan(energy->seconds_per_op) ? s->watts / s->weight : energy->joules_per_op / energy->seconds_per_op;
	energy->idle_watts = s->idle / s->weight;
	energy->idle_begin = s->idle_begin / s->weight;
	energy->idle_end = s->idle_end / s->weight;
	if (s->n >= 3) {
		double middle;
		wm_log_interval(joules, (size_t)s->n, 0.95, &middle, &energy->lo_j, &energy->hi_j);
		energy->interval = "between replicates";
	}
	energy->work_per_j = ratio(work, energy->joules_per_op);
	energy->work_per_j_lo = ratio(work, energy->hi_j);
	energy->work_per_j_hi = ratio(work, energy->lo_j);
	set_net(energy, work);
}

/* Windows and replicates that gave no number, with the first reason of each kind. */
static void tell_losses(struct wm_intern *texts, const struct wm_row *row, struct wm_energy *energy, int numbers) {
	int windows = 0, good = 0;
	const char *window_why = "", *why = "";
	char lost[TEXT] = "", note[TEXT] = "";
	for (int i = 0; i < row->n; i++) {
		const struct wm_record *record = &row->records[i];
		const struct wm_weighed *w = weighed_as(record, energy->scope);
		if (is_number(record, w)) {
			windows += w->windows;
			good += w->good_windows;
			window_why = *window_why ? window_why : w->window_why;
		} else if (!*why) {
			why = w && *w->why ? w->why : *record->not_weighed ? record->not_weighed : wm_status_word(record->status);
		}
	}
	if (good < windows)
		add(lost, "%d of %d windows gave no number: %.160s", windows - good, windows, window_why);
	if (numbers < row->n)
		add(lost, "%sweighed in %d of %d replicates: %.256s", *lost ? "; " : "", numbers, row->n, why);
	const char *throttled = energy->throttled ? "throttled" : energy->throttle_unknown ? WM_THROTTLE_UNKNOWN : "";
	add(note, "%s%s%s", energy->smoke ? "smoke" : "", energy->smoke && *throttled ? "; " : "", throttled);
	add(note, "%s%s", *note && *lost ? "; " : "", lost);
	energy->lost = wm_intern_text(texts, lost);
	energy->note = wm_intern_text(texts, note);
}

/* Why the class has no number: the row's end, or the first replicate's reason. */
static const char *why_none(struct wm_intern *texts, const struct wm_row *row, const char *scope) {
	char text[TEXT] = "";
	for (int i = 0; i < row->n && wm_status_class(row->status) != WM_ROW_BAD; i++) {
		const struct wm_weighed *w = weighed_as(&row->records[i], scope);
		if (w && *w->why)
			return w->why;
	}
	add(text, "the row is %s", wm_status_word(row->status));
	return wm_intern_text(texts, text);
}

static void sum_class(struct wm_intern *texts, const struct wm_row *row, double work, struct wm_energy *energy) {
	double *joules = wm_zalloc((size_t)row->n * sizeof *joules);
	struct sums sums = {.n = 0};
	for (int i = 0; i < row->n && wm_status_class(row->status) != WM_ROW_BAD; i++) {
		const struct wm_weighed *w = weighed_as(&row->records[i], energy->scope);
		if (!is_number(&row->records[i], w))
			continue;
		joules[sums.n] = w->joules_per_op;
		add_replicate(&sums, energy, w);
	}
	if (sums.n) {
		energy->throttle_unknown &= !energy->throttled;
		set_values(energy, &sums, joules, work);
		tell_losses(texts, row, energy, sums.n);
	} else {
		energy->why = why_none(texts, row, energy->scope);
	}
	free(joules);
}

static struct wm_energy nothing(const char *scope) {
	return (struct wm_energy){
		.scope = scope,
		.sources = "",
		.why = "",
		.joules_per_op = NAN,
		.lo_j = NAN,
		.hi_j = NAN,
		.seconds_per_op = NAN,
		.watts = NAN,
		.interval = "",
		.work_per_j = NAN,
		.work_per_j_lo = NAN,
		.work_per_j_hi = NAN,
		.gain_rel = NAN,
		.idle_watts = NAN,
		.idle_begin = NAN,
		.idle_end = NAN,
		.net_joules_per_op = NAN,
		.net_work_per_j = NAN,
		.net_why = "",
		.note = "",
		.lost = "",
		.unit_kwh = NAN,
		.unit_g = NAN,
		.unit_embodied_g = NAN,
		.hour_g = NAN,
		.unit_cost = NAN,
		.hour_cost = NAN,
		.carbon_why = "",
		.cost_why = "",
		.inputs = "",
	};
}

/* In the order of WM_SCOPE_MAP; words that this program does not know come last. */
static int compare_classes(const void *left, const void *right) {
	const struct wm_energy *a = left, *b = right;
	int order = (int)wm_scope_parse(a->scope) - (int)wm_scope_parse(b->scope);
	return order ? order : strcmp(a->scope, b->scope);
}

/* Each class that a replicate names, once. */
static void collect_classes(struct wm_row *row) {
	size_t room = 0;
	for (int i = 0; i < row->n; i++)
		for (int k = 0; k < row->records[i].nweighed; k++) {
			const char *scope = row->records[i].weighed[k].scope;
			if (wm_row_energy(row, scope) || row->nenergy == CLASSES)
				continue;
			row->energy = wm_grow(row->energy, (size_t)row->nenergy, &room, sizeof *row->energy);
			row->energy[row->nenergy++] = nothing(scope);
		}
	if (row->nenergy)
		qsort(row->energy, (size_t)row->nenergy, sizeof *row->energy, compare_classes);
}

static const char *why_not_weighed(struct wm_intern *texts, const struct wm_row *row) {
	char text[TEXT] = "";
	for (int i = 0; i < row->n; i++)
		if (*row->records[i].not_weighed)
			return row->records[i].not_weighed;
	if (row->nenergy)
		return row->energy[0].why;
	if (wm_status_class(row->status) == WM_ROW_GOOD)
		return "the records do not say why";
	add(text, "the row is %s", wm_status_word(row->status));
	return wm_intern_text(texts, text);
}

void wm_energy_sum(struct wm_intern *texts, double work, struct wm_row *row) {
	bool any = false;
	collect_classes(row);
	for (int i = 0; i < row->nenergy; i++) {
		sum_class(texts, row, work, &row->energy[i]);
		any |= !*row->energy[i].why;
	}
	row->not_weighed = any ? "" : why_not_weighed(texts, row);
}
