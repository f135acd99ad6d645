/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cells_energy.c - columns of energy, carbon and money. Every class of energy has columns of its own, whose heads name
 * unit and class; a class that no row of the table has a number in has none, and a table without any says why below.
 */
#include "carbon.h"
#include "cells.h"
#include "units.h"

#include <math.h>
#include <string.h>

enum { REASONS = 4, SAID = 16 };

static const int energy_cells[] = {WM_CELL_WORK_PER_J, WM_CELL_NET, WM_CELL_ACCURACY, WM_CELL_WATTS};
static const int carbon_cells[] = {WM_CELL_KWH,        WM_CELL_GRAMS, WM_CELL_EMBODIED,
                                   WM_CELL_HOUR_GRAMS, WM_CELL_COST,  WM_CELL_HOUR_COST};
enum {
	ENERGY_CELLS = sizeof energy_cells / sizeof *energy_cells,
	CARBON_CELLS = sizeof carbon_cells / sizeof *carbon_cells
};

static bool has_number(const struct wm_energy *energy) {
	return energy && !*energy->why;
}

/* ---- columns ------------------------------------------------------------------------------------------------ */

/* The classes that a row of the table has a number in, in the order of WM_SCOPE_MAP; *most_p: the most work per joule
 * in each. */
static int find_classes(const struct wm_cells *cells, const char *scopes[WM_SCOPES], double most[WM_SCOPES]) {
	const struct wm_row *row;
	int n = 0;
	for (size_t at = cells->from; (row = wm_cells_next(cells, &at));)
		for (int i = 0; i < row->nenergy; i++) {
			const struct wm_energy *energy = &row->energy[i];
			int k = 0;
			if (!has_number(energy))
				continue;
			while (k < n && strcmp(scopes[k], energy->scope) != 0)
				k++;
			if (k == WM_SCOPES)
				continue;
			if (k == n) {
				for (; k && wm_scope_parse(scopes[k - 1]) > wm_scope_parse(energy->scope); k--) {
					scopes[k] = scopes[k - 1];
					most[k] = most[k - 1];
				}
				scopes[k] = energy->scope;
				most[k] = 0;
				n++;
			}
			most[k] = fmax(most[k], energy->work_per_j);
		}
	return n;
}

static void title_of(struct wm_cell_column *column, const char *metric, const char *prefix,
                     const struct wm_carbon *carbon) {
	const char *unit, *work = wm_units_work(metric), *bus = strcmp(metric, "B/s bus") ? "" : " bus";
	const char *currency = carbon ? carbon->prices.currency : "";
	char head[WM_CELL_TITLE / 2];
	wm_carbon_unit(metric, &unit);
	switch (column->cell) {
	case WM_CELL_WORK_PER_J: snprintf(head, sizeof head, "%s%s/J%s", prefix, work, bus); break;
	case WM_CELL_NET: snprintf(head, sizeof head, "net %s%s/J%s", prefix, work, bus); break;
	case WM_CELL_KWH: snprintf(head, sizeof head, "kWh/%s", unit); break;
	case WM_CELL_GRAMS: snprintf(head, sizeof head, "gCO2e/%s", unit); break;
	case WM_CELL_EMBODIED: snprintf(head, sizeof head, "embodied gCO2e/%s", unit); break;
	case WM_CELL_COST: snprintf(head, sizeof head, "%s/%s", currency, unit); break;
	case WM_CELL_HOUR_COST: snprintf(head, sizeof head, "%s/h", currency); break;
	default: snprintf(head, sizeof head, "%s", wm_cell_titles[column->cell]);
	}
	snprintf(column->title, sizeof column->title, "%s [%.40s]", head, column->scope);
}

/* Whether a row of the table has a figure in that column of carbon or money. */
static bool is_known(const struct wm_cells *cells, int cell, const char *scope) {
	const struct wm_row *row;
	for (size_t at = cells->from; (row = wm_cells_next(cells, &at));) {
		const struct wm_energy *e = wm_row_energy(row, scope);
		if (!has_number(e))
			continue;
		double x = cell == WM_CELL_KWH          ? e->unit_kwh
		           : cell == WM_CELL_GRAMS      ? e->unit_g
		           : cell == WM_CELL_EMBODIED   ? e->unit_embodied_g
		           : cell == WM_CELL_HOUR_GRAMS ? e->hour_g
		           : cell == WM_CELL_COST       ? e->unit_cost
		                                        : e->hour_cost;
		if (!isnan(x))
			return true;
	}
	return false;
}

static void add_column(struct wm_cells *cells, int cell, const char *scope, double most) {
	const char *metric = cells->rows->v[cells->from].metric, *prefix = "";
	struct wm_cell_column *column = &cells->columns[cells->ncolumns++];
	*column = (struct wm_cell_column){.cell = cell, .scope = scope, .right = true};
	column->scale = wm_units_prefix(most, &prefix);
	title_of(column, metric, prefix, cells->rows->carbon);
}

static void add_rent(struct wm_cells *cells) {
	const char *unit, *metric = cells->rows->v[cells->from].metric;
	const struct wm_row *row;
	bool any = false;
	for (size_t at = cells->from; (row = wm_cells_next(cells, &at));)
		any |= !isnan(row->unit_rent);
	if (!any)
		return;
	struct wm_cell_column *column = &cells->columns[cells->ncolumns++];
	*column = wm_cell_plain(WM_CELL_RENT);
	wm_carbon_unit(metric, &unit);
	snprintf(column->title, sizeof column->title, "%s/%s, rent", cells->rows->carbon->prices.currency, unit);
}

void wm_cells_energy_columns(struct wm_cells *cells) {
	const char *scopes[WM_SCOPES];
	double most[WM_SCOPES];
	int n = find_classes(cells, scopes, most);
	for (int i = 0; i < n; i++)
		for (int c = 0; c < ENERGY_CELLS; c++)
			add_column(cells, energy_cells[c], scopes[i], most[i]);
}

void wm_cells_carbon_columns(struct wm_cells *cells) {
	const char *scopes[WM_SCOPES];
	double most[WM_SCOPES];
	int n = cells->rows->carbon ? find_classes(cells, scopes, most) : 0;
	for (int i = 0; i < n; i++)
		for (int c = 0; c < CARBON_CELLS; c++)
			if (is_known(cells, carbon_cells[c], scopes[i]))
				add_column(cells, carbon_cells[c], scopes[i], 1);
	add_rent(cells);
}

/* ---- cells -------------------------------------------------------------------------------------------------- */

static void put_number(double x, double scale, char out[WM_CELL_CHARS]) {
	wm_units_number(x / scale, out);
}

/* "12.34 +-0.5%, smoke"; the reason where there is none. */
static void work_cell(const struct wm_row *row, const struct wm_energy *e, double scale, char out[WM_CELL_CHARS]) {
	char value[WM_UNIT_CHARS], half[WM_UNIT_CHARS];
	wm_units_number(e->work_per_j / scale, value);
	wm_units_half((e->hi_j - e->lo_j) / 2 / e->joules_per_op, half);
	if (row->latency)
		snprintf(value, sizeof value, "latency: none");
	snprintf(out, WM_CELL_CHARS, "%s%s%s%s%s", value, row->latency || !*e->interval ? "" : " ",
	         row->latency || !*e->interval ? "" : half, e->smoke ? ", smoke" : "", e->throttled ? ", throttled" : "");
}

/* Why the row has no number in that class. */
static const char *why_none(const struct wm_row *row, const struct wm_energy *energy) {
	return energy ? energy->why : *row->not_weighed ? row->not_weighed : "not weighed in this class";
}

void wm_cells_energy_text(const struct wm_row *row, const struct wm_cell_column *column, char out[WM_CELL_CHARS]) {
	const struct wm_energy *e = wm_row_energy(row, column->scope);
	if (column->cell == WM_CELL_RENT) {
		put_number(row->unit_rent, 1, out);
		return;
	}
	if (!has_number(e)) {
		snprintf(out, WM_CELL_CHARS, "%s", column->cell == WM_CELL_WORK_PER_J ? why_none(row, e) : "-");
		return;
	}
	switch (column->cell) {
	case WM_CELL_WORK_PER_J: work_cell(row, e, column->scale, out); return;
	case WM_CELL_NET:
		if (row->latency || !isnan(e->net_work_per_j))
			put_number(e->net_work_per_j, column->scale, out);
		else
			snprintf(out, WM_CELL_CHARS, "%s", e->net_why);
		return;
	case WM_CELL_ACCURACY:
		if (isnan(e->gain_rel))
			snprintf(out, WM_CELL_CHARS, "unknown");
		else
			wm_units_half(e->gain_rel, out);
		return;
	case WM_CELL_WATTS: wm_units_power(e->watts, out); return;
	case WM_CELL_KWH: put_number(e->unit_kwh, 1, out); return;
	case WM_CELL_GRAMS: put_number(e->unit_g, 1, out); return;
	case WM_CELL_EMBODIED: put_number(e->unit_embodied_g, 1, out); return;
	case WM_CELL_HOUR_GRAMS: put_number(e->hour_g, 1, out); return;
	case WM_CELL_COST: put_number(e->unit_cost, 1, out); return;
	default: put_number(e->hour_cost, 1, out); return;
	}
}

/* ---- below a table ------------------------------------------------------------------------------------------ */

/* The lines of one kind that were put already. */
struct said {
	char lines[SAID][WM_CELL_CHARS];
	int n;
	bool more;
};

/* Puts a line that was not put yet. What makes two lines differ, class and device, stands at their begin: a long one
 * that is cut is still told apart. */
static void say(struct said *said, const char *line, void (*put)(FILE *out, const char *text), FILE *out) {
	for (int i = 0; i < said->n; i++)
		if (!strcmp(said->lines[i], line))
			return;
	if (said->n == SAID) {
		said->more = true;
		return;
	}
	snprintf(said->lines[said->n++], WM_CELL_CHARS, "%s", line);
	put(out, line);
}

/* What found no room is not left out in silence; begin: how the lines begin. */
static void say_more(const struct said *said, const char *begin, void (*put)(FILE *out, const char *text), FILE *out) {
	char text[WM_CELL_CHARS];
	if (!said->more)
		return;
	snprintf(text, sizeof text, "%s: more, not shown", begin);
	put(out, text);
}

/* Appends to a text of WM_CELL_CHARS bytes; what finds no room is cut. */
#define ADD(out, ...) snprintf((out) + strlen(out), WM_CELL_CHARS - strlen(out), __VA_ARGS__)

/* One line for a table in which nothing was weighed: the reasons of the rows that ran, each once. */
static void put_none(const struct wm_cells *cells, void (*put)(FILE *out, const char *text), FILE *out) {
	const char *reasons[REASONS];
	size_t counts[REASONS] = {0}, others = 0;
	int n = 0;
	const struct wm_row *row;
	char text[WM_CELL_CHARS] = "not weighed: ";
	for (size_t at = cells->from; (row = wm_cells_next(cells, &at));) {
		int k = 0;
		if (!(row->median_s > 0))
			continue;
		while (k < n && strcmp(reasons[k], row->not_weighed) != 0)
			k++;
		if (k == REASONS) {
			others++;
			continue;
		}
		if (k == n)
			reasons[n++] = row->not_weighed;
		counts[k]++;
	}
	for (int k = 0; k < n; k++) {
		ADD(text, "%s%.200s", k ? "; " : "", reasons[k]);
		if (n > 1)
			ADD(text, " (%zu %s)", counts[k], counts[k] == 1 ? "row" : "rows");
	}
	if (others)
		ADD(text, "; other reasons (%zu rows)", others);
	put(out, n ? text : "not weighed: no row ran");
}

/* Power at rest at one end of the run. */
static void add_end(const char *end, double watts, char text[WM_CELL_CHARS]) {
	char power[WM_UNIT_CHARS];
	wm_units_power(watts, power);
	ADD(text, ", %s %s", end, isnan(watts) ? "unknown" : power);
}

static bool has_word(const char *const *words, int n, const char *word) {
	for (int i = 0; i < n; i++)
		if (!strcmp(words[i], word))
			return true;
	return false;
}

/* Classes that meters are there for, but none of which gave a number in this table: the first reason of each. */
static void put_empty(const struct wm_cells *cells, const char *const *scopes, int n,
                      void (*put)(FILE *out, const char *text), FILE *out) {
	const char *told[SAID];
	int ntold = 0;
	const struct wm_row *row;
	for (size_t at = cells->from; (row = wm_cells_next(cells, &at));)
		for (int i = 0; i < row->nenergy; i++) {
			const struct wm_energy *e = &row->energy[i];
			char text[WM_CELL_CHARS] = "";
			if (ntold == SAID || has_word(scopes, n, e->scope) || has_word(told, ntold, e->scope))
				continue;
			told[ntold++] = e->scope;
			ADD(text, "[%.40s] not weighed: %.400s", e->scope, e->why);
			put(out, text);
		}
}

/* What a class is, and on each device by which sources and with what at rest. */
static void put_class(const struct wm_cells *cells, const char *scope, void (*put)(FILE *out, const char *text),
                      FILE *out) {
	enum wm_scope known = wm_scope_parse(scope);
	struct said said = {.n = 0};
	char begin[64];
	const struct wm_row *row;
	for (size_t at = cells->from; (row = wm_cells_next(cells, &at));) {
		const struct wm_energy *e = wm_row_energy(row, scope);
		char text[WM_CELL_CHARS] = "", watts[WM_UNIT_CHARS];
		if (!has_number(e))
			continue;
		ADD(text, "[%.40s] on %.96s: %s; by %.400s; ", scope, row->device,
		    known < WM_SCOPES ? wm_scope_meaning(known) : "a class that this version does not know", e->sources);
		wm_units_power(e->idle_watts, watts);
		if (isnan(e->idle_watts)) {
			ADD(text, "%s", e->net_why);
		} else {
			ADD(text, "at rest %s", watts);
			add_end("begin", e->idle_begin, text);
			add_end("end", e->idle_end, text);
		}
		say(&said, text, put, out);
	}
	snprintf(begin, sizeof begin, "[%.40s]", scope);
	say_more(&said, begin, put, out);
}

static void put_marks(const struct wm_cells *cells, void (*put)(FILE *out, const char *text), FILE *out) {
	const struct wm_row *row;
	struct said said = {.n = 0};
	bool smoke = false, throttled = false;
	for (size_t at = cells->from; (row = wm_cells_next(cells, &at));)
		for (int i = 0; i < row->nenergy; i++) {
			smoke |= has_number(&row->energy[i]) && row->energy[i].smoke;
			throttled |= has_number(&row->energy[i]) && row->energy[i].throttled;
		}
	put(out,
	    "work per joule is gross; \u00b1: half the interval between replicates of joules per operation (none with "
	    "fewer than three); accuracy: of the meter, 95%, not in \u00b1; net: less what is drawn at rest, never "
	    "ranked");
	if (smoke)
		put(out, "smoke: windows under 5 s or 50 refreshes show that weighing works, and are never compared");
	if (throttled)
		put(out, "throttled: by heat or the power brake; not publishable");
	for (size_t at = cells->from; (row = wm_cells_next(cells, &at));)
		for (int i = 0; i < row->nenergy; i++) {
			char text[WM_CELL_CHARS] = "";
			if (!has_number(&row->energy[i]) || !row->energy[i].throttle_unknown)
				continue;
			ADD(text, "[%.40s] " WM_THROTTLE_UNKNOWN, row->energy[i].scope);
			say(&said, text, put, out);
		}
}

/* Each set of inputs once, with the device and class that it is of. */
static void put_inputs(const struct wm_cells *cells, void (*put)(FILE *out, const char *text), FILE *out) {
	struct said said = {.n = 0}, rents = {.n = 0};
	const struct wm_row *row;
	for (size_t at = cells->from; (row = wm_cells_next(cells, &at));) {
		for (int i = 0; i < row->nenergy; i++) {
			const struct wm_energy *e = &row->energy[i];
			char text[WM_CELL_CHARS] = "";
			if (!has_number(e) || !*e->inputs)
				continue;
			ADD(text, "[%.40s] on %.96s: %s", e->scope, row->device, e->inputs);
			say(&said, text, put, out);
		}
		if (*row->rent_inputs)
			say(&rents, row->rent_inputs, put, out);
	}
	say_more(&said, "inputs", put, out);
	say_more(&rents, "rent", put, out);
}

void wm_cells_energy_remarks(const struct wm_cells *cells, void (*put)(FILE *out, const char *text), FILE *out) {
	const char *scopes[WM_SCOPES];
	double most[WM_SCOPES];
	int n = find_classes(cells, scopes, most);
	for (int i = 0; i < n; i++)
		put_class(cells, scopes[i], put, out);
	if (n) {
		put_empty(cells, scopes, n, put, out);
		put_marks(cells, put, out);
	} else {
		put_none(cells, put, out);
	}
	put_inputs(cells, put, out);
}
