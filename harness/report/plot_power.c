/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plot_power.c - power over time of weighed cases: what a bundle's power.csv has of their sources around their windows.
 * A counter's power is what it gained between two changes; both are made coarse enough to be read as a line.
 */
#include "plot.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 1024, FIELDS = 5, SOURCES = 16, POINTS = 64 };
#define LEAST_STEP_S 0.1 /* power.csv is thinned to ten lines a second */

/* One source of a case, and what of its trace has not become a point yet. */
struct trace {
	const char *source;
	bool counter;            /* of joules: watts beside them are the meter's own mean of some time, and are not drawn */
	char name[WM_PLOT_NAME]; /* "powercap:package-0 [cpu]" */
	struct wm_plot_series *line;
	double began_s, joules; /* of the counter's last change that was used; NAN: none yet */
	double first_s, last_s, watts;
	int readings; /* of power since first_s */
};

struct view {
	struct trace v[SOURCES];
	int n;
	long segment; /* times of another one are of another boot's clock */
	double zero_s, from_s, to_s, step_s;
};

static const char *text_of(const json_t *object, const char *key) {
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

static double number(const json_t *object, const char *key) {
	const json_t *value = json_object_get(object, key);
	return json_is_number(value) ? json_number_value(value) : NAN;
}

/* ---- what to look at ----------------------------------------------------------------------------------------- */

/* The first replicate in which a class has a number; NULL: none. */
static const struct wm_record *record_of(const struct wm_row *row) {
	for (int i = 0; i < row->n; i++)
		for (int k = 0; k < row->records[i].nweighed; k++)
			if (!*row->records[i].weighed[k].why)
				return &row->records[i];
	return NULL;
}

static bool is_counter(const json_t *meters, const char *source) {
	size_t i;
	const json_t *meter;
	json_array_foreach(meters, i, meter) {
		if (!strcmp(text_of(meter, "id"), source))
			return !strcmp(text_of(meter, "kind"), "counter");
	}
	return false;
}

static void add_sources(const json_t *class, const json_t *meters, struct view *view) {
	size_t i;
	const json_t *source;
	json_array_foreach(json_object_get(class, "sources"), i, source) {
		const char *name = json_string_value(source);
		if (!name || view->n == SOURCES)
			continue;
		struct trace *trace = &view->v[view->n++];
		*trace = (struct trace){.source = name, .counter = is_counter(meters, name), .began_s = NAN};
		snprintf(trace->name, sizeof trace->name, "%.200s [%.80s]", name, text_of(class, "scope"));
	}
}

/* The windows of the first source of a class: shaded where they are numbers. */
static void add_windows(const json_t *class, struct view *view, struct wm_plot *plot) {
	const char *source = json_string_value(json_array_get(json_object_get(class, "sources"), 0));
	size_t i;
	const json_t *window;
	json_array_foreach(json_object_get(class, "windows"), i, window) {
		double from = number(window, "from_s"), to = number(window, "to_s");
		if (!source || strcmp(text_of(window, "source"), source) != 0 || !(from < to))
			continue;
		if (isnan(view->zero_s))
			view->zero_s = view->from_s = from;
		view->from_s = fmin(view->from_s, from);
		view->to_s = fmax(view->to_s, to);
		if (*text_of(window, "why") || plot->nspans == WM_PLOT_SPANS)
			continue;
		plot->spans[plot->nspans].from = from - view->zero_s;
		plot->spans[plot->nspans++].to = to - view->zero_s;
	}
}

/* The sources of all classes, the windows of the first that has a number. False: there is nothing to look at. */
static bool find_view(const json_t *run, const json_t *record, struct view *view, struct wm_plot *plot) {
	size_t i;
	const json_t *class, *energy = json_object_get(record, "energy");
	long segment = (long)json_integer_value(json_object_get(record, "segment"));
	const json_t *meters = json_object_get(json_array_get(json_object_get(run, "segments"), (size_t)segment), "meters");
	*view = (struct view){.segment = segment, .zero_s = NAN, .to_s = -INFINITY};
	json_array_foreach(json_object_get(energy, "classes"), i, class) {
		add_sources(class, meters, view);
		if (isnan(view->zero_s) && !*text_of(class, "why"))
			add_windows(class, view, plot);
	}
	double lead = fmax(0, number(energy, "lead_s"));
	view->from_s -= lead;
	view->to_s += lead;
	view->step_s = fmax(LEAST_STEP_S, (view->to_s - view->from_s) / POINTS);
	return view->n && !isnan(view->zero_s);
}

/* ---- power.csv ----------------------------------------------------------------------------------------------- */

/* A counter: once it has gained long enough, the mean power since then. A step back begins anew. */
static void take_joules(struct trace *t, const struct view *view, double at_s, double joules) {
	if (isnan(t->began_s) || joules < t->joules) {
		t->began_s = at_s;
		t->joules = joules;
		return;
	}
	if (joules == t->joules || at_s - t->began_s < view->step_s)
		return;
	double watts = (joules - t->joules) / (at_s - t->began_s);
	wm_plot_add(t->line, (t->began_s + at_s) / 2 - view->zero_s, watts, NAN, NAN);
	t->began_s = at_s;
	t->joules = joules;
}

/* Readings of power: their mean over a step. */
static void take_watts(struct trace *t, const struct view *view, double at_s, double watts) {
	if (!t->readings)
		t->first_s = at_s;
	t->last_s = at_s;
	t->watts += watts;
	t->readings++;
	if (at_s - t->first_s < view->step_s && t->readings < 1000)
		return;
	wm_plot_add(t->line, (t->first_s + t->last_s) / 2 - view->zero_s, t->watts / t->readings, NAN, NAN);
	t->watts = 0;
	t->readings = 0;
}

static double field(const char *text) {
	char *end;
	double x = strtod(text, &end);
	return end > text && isfinite(x) ? x : NAN;
}

/* segment,time_s,source,joules,watts,.. */
static void take_line(char *line, struct view *view) {
	char *fields[FIELDS] = {NULL}, *rest = line;
	for (int i = 0; i < FIELDS; i++)
		fields[i] = strsep(&rest, ",\r\n");
	if (!fields[FIELDS - 1])
		return;
	double at_s = field(fields[1]), joules = field(fields[3]), watts = field(fields[4]);
	if (field(fields[0]) != (double)view->segment || !(at_s >= view->from_s && at_s <= view->to_s))
		return;
	for (int i = 0; i < view->n; i++) {
		struct trace *t = &view->v[i];
		if (!t->line || strcmp(t->source, fields[2]) != 0)
			continue;
		if (!isnan(watts) && !t->counter)
			take_watts(t, view, at_s, watts);
		else if (!isnan(joules))
			take_joules(t, view, at_s, joules);
	}
}

static void read_power(const char *bundle, struct view *view) {
	char path[4096], line[LINE];
	snprintf(path, sizeof path, "%s/power.csv", bundle);
	FILE *file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof line, file))
		take_line(line, view);
	fclose(file);
}

/* ---- drawings ------------------------------------------------------------------------------------------------ */

static void name_plot(const struct wm_rows *rows, const struct wm_row *row, const struct wm_record *record,
                      struct wm_plot *plot) {
	snprintf(plot->title, sizeof plot->title, "#%zu, %.256s, %.64s on %.64s, replicate %d", (size_t)(row - rows->v) + 1,
	         row->problem, row->impl, row->device, record->replicate);
	plot->one = row;
}

static bool has_line(const struct wm_plot *plot) {
	for (size_t i = 0; i < plot->n; i++)
		if (plot->series[i]->n > 1)
			return true;
	return false;
}

/* A drawing without a line, because power.csv lacks the case, is left out. */
static void add_case(const struct wm_rows *rows, const struct wm_row *row, const struct wm_record *record,
                     struct wm_plot_set *set) {
	char key[64];
	struct view view;
	snprintf(key, sizeof key, "%zu", (size_t)(row - rows->v));
	struct wm_plot *plot = wm_plot_panel(set, key);
	json_t *json = json_loadb(record->line, record->line_bytes, 0, NULL);
	if (plot && find_view(rows->runs[row->bundle].json, json, &view, plot)) {
		name_plot(rows, row, record, plot);
		for (int i = 0; i < view.n; i++)
			view.v[i].line = wm_plot_line(set, plot, WM_PLOT_LINE, view.v[i].name);
		read_power(rows->runs[row->bundle].path, &view);
	}
	json_decref(json);
}

static void drop_empty(struct wm_plot_set *set) {
	size_t kept = 0;
	for (size_t i = 0; i < set->n; i++) {
		struct wm_plot *plot = &set->v[i];
		if (has_line(plot)) {
			set->v[kept++] = *plot;
			continue;
		}
		for (size_t k = 0; k < plot->n; k++)
			free(plot->series[k]);
		free(plot->series);
		set->rows_alone++;
	}
	set->n = kept;
}

void wm_plot_power(const struct wm_rows *rows, struct wm_plot_set *set_p) {
	*set_p = (struct wm_plot_set){
		.about = "Power over time",
		.x_label = "seconds from the start of the first window",
		.y_unit = "W",
	};
	for (size_t i = 0; i < rows->n; i++) {
		const struct wm_record *record = record_of(&rows->v[i]);
		if (record && set_p->n == WM_PLOT_TRACES)
			set_p->panels_left_out++;
		else if (record)
			add_case(rows, &rows->v[i], record, set_p);
	}
	drop_empty(set_p);
}
