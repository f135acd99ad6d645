/* SPDX-License-Identifier: Apache-2.0 */
#include "cells.h"

#include "units.h"

#include <errno.h>
#include <math.h>
#include <string.h>

const char *const wm_cell_titles[WM_CELLS] = {
	[WM_CELL_PROBLEM] = "problem",
	[WM_CELL_DEVICE] = "device",
	[WM_CELL_IMPL] = "implementation",
	[WM_CELL_STATUS] = "status",
	[WM_CELL_RANKS] = "ranks",
	[WM_CELL_VALUE] = "value",
	[WM_CELL_TIME] = "time",
	[WM_CELL_SKEW] = "skew",
	[WM_CELL_INTERVAL] = "interval",
	[WM_CELL_CEILING] = "of ceiling",
	[WM_CELL_BOUND] = "bound by",
	[WM_CELL_PEAK] = "of peak",
	[WM_CELL_WORK_PER_J] = "work/J",
	[WM_CELL_NET] = "net work/J",
	[WM_CELL_ACCURACY] = "accuracy",
	[WM_CELL_WATTS] = "watts",
	[WM_CELL_KWH] = "kWh",
	[WM_CELL_GRAMS] = "gCO2e",
	[WM_CELL_EMBODIED] = "embodied",
	[WM_CELL_HOUR_GRAMS] = "gCO2e/h",
	[WM_CELL_COST] = "cost",
	[WM_CELL_HOUR_COST] = "cost/h",
	[WM_CELL_RENT] = "rent",
	[WM_CELL_INPUTS] = "inputs",
	[WM_CELL_RENT_INPUTS] = "rent_inputs",
	[WM_CELL_NOTE] = "why",
};

/* Numbers stand to the right. */
static bool is_right(int cell) {
	return cell != WM_CELL_INTERVAL && cell != WM_CELL_BOUND && cell != WM_CELL_NOTE && cell >= WM_CELL_RANKS;
}

struct wm_cell_column wm_cell_plain(int cell) {
	struct wm_cell_column column = {.cell = cell, .scope = "", .scale = 1, .right = is_right(cell)};
	snprintf(column.title, sizeof column.title, "%s", wm_cell_titles[cell]);
	return column;
}

/* ---- tables ------------------------------------------------------------------------------------------------- */

const struct wm_row *wm_cells_next(const struct wm_cells *cells, size_t *at_p) {
	while (*at_p < cells->to) {
		const struct wm_row *row = &cells->rows->v[(*at_p)++];
		if (row->bundle == cells->bundle)
			return row;
	}
	return NULL;
}

static bool equal_axis(const struct wm_axis_text *a, const struct wm_axis_text *b) {
	return a->value_bytes == b->value_bytes && !memcmp(a->value, b->value, a->value_bytes);
}

/* Starts with the axes of the first row and strikes those that another row has otherwise, or has not. */
static void find_shared(struct wm_cells *cells) {
	size_t at = cells->from;
	const struct wm_row *row = wm_cells_next(cells, &at);
	const char *text = row->problem;
	struct wm_axis_text axis;
	while (cells->nshared < WM_SHARED_AXES && wm_axes_next(&text, &axis))
		if (axis.key_bytes)
			cells->shared[cells->nshared++] = axis;
	while (cells->nshared && (row = wm_cells_next(cells, &at))) {
		int kept = 0;
		for (int i = 0; i < cells->nshared; i++) {
			const struct wm_axis_text *shared = &cells->shared[i];
			if (wm_axes_find(row->problem, shared->key, shared->key_bytes, &axis) && equal_axis(shared, &axis))
				cells->shared[kept++] = *shared;
		}
		cells->nshared = kept;
	}
}

static bool is_in_every_table(int column) {
	return column <= WM_CELL_STATUS || column == WM_CELL_VALUE || column == WM_CELL_TIME ||
	       column == WM_CELL_INTERVAL || column == WM_CELL_NOTE;
}

static bool has_text(const struct wm_cells *cells, const struct wm_cell_column *column) {
	char text[WM_CELL_CHARS];
	const struct wm_row *row;
	for (size_t at = cells->from; (row = wm_cells_next(cells, &at));) {
		wm_cells_text(cells, row, column, text);
		if (strcmp(text, "-") != 0)
			return true;
	}
	return false;
}

/* A column that is not in every table is in those where a row has it. Work per joule stands beside work per second. */
static void find_columns(struct wm_cells *cells) {
	for (int c = 0; c < WM_CELLS; c++) {
		struct wm_cell_column column = wm_cell_plain(c);
		if (c == WM_CELL_TIME)
			wm_cells_energy_columns(cells);
		if (c == WM_CELL_NOTE)
			wm_cells_carbon_columns(cells);
		if (c >= WM_CELL_WORK_PER_J && c <= WM_CELL_RENT_INPUTS)
			continue;
		if (is_in_every_table(c) || has_text(cells, &column))
			cells->columns[cells->ncolumns++] = column;
	}
}

bool wm_cells_table(const struct wm_rows *rows, int bundle, size_t from, struct wm_cells *cells_p) {
	struct wm_cells cells = {.rows = rows, .bundle = bundle, .from = from, .to = rows->n};
	const struct wm_row *row = wm_cells_next(&cells, &cells.from);
	if (!row)
		return false;
	cells.from--;
	for (cells.to = cells.from + 1; cells.to < rows->n && rows->v[cells.to].bench == row->bench;)
		cells.to++;
	find_shared(&cells);
	find_columns(&cells);
	*cells_p = cells;
	return true;
}

/* ---- cells -------------------------------------------------------------------------------------------------- */

static bool is_shared(const struct wm_cells *cells, const struct wm_axis_text *axis) {
	for (int i = 0; i < cells->nshared; i++) {
		const struct wm_axis_text *shared = &cells->shared[i];
		if (axis->key_bytes == shared->key_bytes && !memcmp(axis->key, shared->key, shared->key_bytes))
			return true;
	}
	return false;
}

/* Appends one axis as key=value. */
static void add_axis(const struct wm_axis_text *axis, char *out) {
	size_t n = strlen(out);
	snprintf(out + n, WM_CELL_CHARS - n, "%s%.*s%s%.*s", n ? "," : "", (int)axis->key_bytes, axis->key,
	         axis->key_bytes ? "=" : "", (int)axis->value_bytes, axis->value);
}

static void problem_cell(const struct wm_cells *cells, const struct wm_row *row, char *out) {
	const char *text = row->problem;
	struct wm_axis_text axis;
	out[0] = 0;
	while (wm_axes_next(&text, &axis))
		if (!axis.key_bytes || !is_shared(cells, &axis))
			add_axis(&axis, out);
	if (!out[0])
		snprintf(out, WM_CELL_CHARS, "as above");
}

static void impl_cell(const struct wm_row *row, char *out) {
	snprintf(out, WM_CELL_CHARS, *row->origin ? "%s (%s)" : "%s", row->impl, row->origin);
}

/* Fewer than three replicates say nothing about another run. */
static void interval_cell(const struct wm_row *row, char *out) {
	char half[WM_UNIT_CHARS];
	const char *only = strcmp(row->interval, "within run") ? "" : " only";
	wm_units_half((row->hi_s - row->lo_s) / 2 / row->median_s, half);
	if (*half != '-')
		snprintf(out, WM_CELL_CHARS, "%s %s%s", half, row->interval, only);
	else
		snprintf(out, WM_CELL_CHARS, "-");
}

static bool is_suspect(const struct wm_row *row) {
	return !strncmp(row->ceiling_why, "ceiling suspect", 15);
}

static bool is_unmeasured(const struct wm_row *row) {
	return row->value > 0 && !strncmp(row->ceiling_why, "ceiling not", 11);
}

/* One side of the roofline only. */
static bool is_half(const struct wm_row *row) {
	return row->value > 0 && row->ceiling > 0 && *row->ceiling_why && !is_suspect(row);
}

static void ceiling_cell(const struct wm_row *row, char *out) {
	char percent[WM_UNIT_CHARS];
	wm_units_percent(row->value / row->ceiling, percent);
	if (isnan(row->value) || !strcmp(row->metric, "B/s bus"))
		snprintf(out, WM_CELL_CHARS, "-");
	else if (row->ceiling > 0)
		snprintf(out, WM_CELL_CHARS, "%s%s", percent, is_suspect(row) ? " (suspect)" : "");
	else if (is_suspect(row))
		snprintf(out, WM_CELL_CHARS, "suspect ceiling");
	else
		snprintf(out, WM_CELL_CHARS, "%s", is_unmeasured(row) ? "not measured" : row->ceiling_why);
}

/* Only flop/s rows have two sides. */
static void bound_cell(const struct wm_row *row, char *out) {
	if (isnan(row->value) || !*row->ceiling_bound || strcmp(row->metric, "flop/s") != 0)
		snprintf(out, WM_CELL_CHARS, "-");
	else
		snprintf(out, WM_CELL_CHARS, "%s%s", row->ceiling_bound, is_half(row) ? " (only)" : "");
}

static void ranks_cell(const struct wm_row *row, char *out) {
	if (row->ranks > 0)
		snprintf(out, WM_CELL_CHARS, "%d", row->ranks);
	else
		snprintf(out, WM_CELL_CHARS, "-");
}

static void add_note(const char *text, char *out) {
	size_t n = strlen(out);
	snprintf(out + n, WM_CELL_CHARS - n, "%s%s", n ? "; " : "", text);
}

/* Windows and replicates that gave no joules, though others did. */
static void add_losses(const struct wm_row *row, char *out) {
	for (int i = 0; i < row->nenergy; i++) {
		char text[WM_CELL_CHARS];
		snprintf(text, sizeof text, "[%.64s] %.900s", row->energy[i].scope, row->energy[i].lost);
		if (*row->energy[i].lost)
			add_note(text, out);
	}
}

/* Why the row is not ok, or what a good row must be read with (method 3). */
static void note_cell(const struct wm_row *row, char *out) {
	bool launch_bound = false, unsettled = false;
	out[0] = 0;
	if (row->status != WM_OK)
		add_note(*row->why ? row->why : wm_status_meaning(row->status), out);
	for (int i = 0; i < row->n; i++) {
		launch_bound |= row->records[i].launch_bound;
		unsettled |= !strcmp(row->records[i].steady_by, "unsettled");
	}
	add_losses(row, out);
	if (isnan(row->value))
		return;
	if (!row->verified)
		add_note("not verified", out);
	if (launch_bound)
		add_note("launch-bound", out);
	if (unsettled)
		add_note("unsettled", out);
	if (*row->peak_note && row->peak_note != row->why)
		add_note(row->peak_note, out);
}

void wm_cells_text(const struct wm_cells *cells, const struct wm_row *row, const struct wm_cell_column *column,
                   char out[WM_CELL_CHARS]) {
	switch (column->cell) {
	case WM_CELL_PROBLEM: problem_cell(cells, row, out); return;
	case WM_CELL_DEVICE: snprintf(out, WM_CELL_CHARS, "%s", row->device); return;
	case WM_CELL_IMPL: impl_cell(row, out); return;
	case WM_CELL_STATUS: snprintf(out, WM_CELL_CHARS, "%s", wm_status_word(row->status)); return;
	case WM_CELL_RANKS: ranks_cell(row, out); return;
	case WM_CELL_VALUE: wm_units_rate(row->value, row->metric, out); return;
	case WM_CELL_TIME: wm_units_time(row->median_s, out); return;
	case WM_CELL_SKEW: wm_units_time(row->skew_s, out); return;
	case WM_CELL_INTERVAL: interval_cell(row, out); return;
	case WM_CELL_CEILING: ceiling_cell(row, out); return;
	case WM_CELL_BOUND: bound_cell(row, out); return;
	case WM_CELL_PEAK: wm_units_percent(row->value / row->peak, out); return;
	case WM_CELL_NOTE: note_cell(row, out); return;
	default: wm_cells_energy_text(row, column, out); return;
	}
}

/* ---- around a table ----------------------------------------------------------------------------------------- */

void wm_cells_caption(const struct wm_cells *cells, char out[WM_CELL_CHARS]) {
	char axes[WM_CELL_CHARS] = "";
	const struct wm_row *row = &cells->rows->v[cells->from];
	for (int i = 0; i < cells->nshared; i++)
		add_axis(&cells->shared[i], axes);
	snprintf(out, WM_CELL_CHARS, "%.64s%s%.900s%s", row->bench, *axes ? ": " : "", axes, *axes ? " in every row" : "");
}

enum { MAX_REMARKS = 16 };

/* Puts a remark unless it was put before; remarks are interned texts, so addresses tell. */
static bool is_new(const char **seen, int *n, const char *text) {
	for (int i = 0; i < *n; i++)
		if (seen[i] == text)
			return false;
	if (*n == MAX_REMARKS)
		return false;
	seen[(*n)++] = text;
	return true;
}

/* Remarks of one kind: what was put already. */
struct said {
	const char *texts[MAX_REMARKS];
	int n;
};

void wm_cells_remarks(const struct wm_cells *cells, void (*put)(FILE *out, const char *text), FILE *out) {
	struct said ceilings = {.n = 0}, halves = {.n = 0}, peaks = {.n = 0}, libraries = {.n = 0};
	bool unmeasured = false;
	char text[WM_CELL_CHARS];
	const struct wm_row *row;
	for (size_t at = cells->from; (row = wm_cells_next(cells, &at));) {
		unmeasured |= is_unmeasured(row);
		if (is_suspect(row) && is_new(ceilings.texts, &ceilings.n, row->ceiling_why))
			put(out, row->ceiling_why);
		if (is_half(row) && is_new(halves.texts, &halves.n, row->ceiling_why))
			put(out, row->ceiling_why);
		if (row->value > 0 && *row->peak_source && is_new(peaks.texts, &peaks.n, row->peak_source)) {
			char peak[WM_UNIT_CHARS];
			wm_units_rate(row->peak, row->metric, peak);
			snprintf(text, sizeof text, "peak on %.128s: %s, %.512s", row->device, peak, row->peak_source);
			put(out, text);
		}
		if (*row->library && is_new(libraries.texts, &libraries.n, row->library)) {
			snprintf(text, sizeof text, "%.64s on %.128s: %.512s", row->impl, row->device, row->library);
			put(out, text);
		}
	}
	if (unmeasured)
		put(out, "not measured: ceiling not measured in this run");
	wm_cells_energy_remarks(cells, put, out);
}

/* ---- heads and totals --------------------------------------------------------------------------------------- */

/* "12 ok, 1 wrong, 2 skip" of one bundle, or of all with bundle = -1. */
static void totals(const struct wm_rows *rows, int bundle, char out[WM_CELL_CHARS]) {
	size_t counts[WM_STATUSES] = {0};
	for (size_t i = 0; i < rows->n; i++)
		if (bundle < 0 || rows->v[i].bundle == bundle)
			counts[rows->v[i].status]++;
	out[0] = 0;
	for (int st = 0; st < WM_STATUSES; st++) {
		size_t n = strlen(out);
		if (counts[st])
			snprintf(out + n, WM_CELL_CHARS - n, "%s%zu %s", n ? ", " : "", counts[st],
			         wm_status_word((enum wm_status)st));
	}
	if (!out[0])
		snprintf(out, WM_CELL_CHARS, "no records");
}

static bool is_peak_unknown(const struct wm_row *row) {
	return !strcmp(row->peak_why, "datasheet peak unknown for this device");
}

/* Each device of the bundle once, with its name. */
static void put_devices(FILE *out, const struct wm_rows *rows, int bundle, const struct wm_cells_form *form) {
	const char *seen[MAX_REMARKS];
	int nseen = 0;
	for (size_t i = 0; i < rows->n; i++) {
		const struct wm_row *row = &rows->v[i];
		char text[WM_CELL_CHARS];
		if (row->bundle != bundle || !is_new(seen, &nseen, row->device))
			continue;
		snprintf(text, sizeof text, "%.128s%s%.512s%s%s", row->device, *row->device_name ? ": " : "", row->device_name,
		         is_peak_unknown(row) ? "; " : "", is_peak_unknown(row) ? row->peak_why : "");
		form->head(out, "device", text);
		if (*wm_rows_unlike(&rows->runs[bundle], row->device)) {
			snprintf(text, sizeof text, "%.128s was not as it comes: %.320s", row->device,
			         wm_rows_unlike(&rows->runs[bundle], row->device));
			form->head(out, "doubt", text);
		}
	}
}

static int most_replicates(const struct wm_rows *rows, int bundle) {
	int most = 0;
	for (size_t i = 0; i < rows->n; i++)
		if (rows->v[i].bundle == bundle && rows->v[i].n > most)
			most = rows->v[i].n;
	return most;
}

static void put_head(FILE *out, const struct wm_rows *rows, int bundle, const struct wm_cells_form *form) {
	const struct wm_rows_run *run = &rows->runs[bundle];
	int replicates = most_replicates(rows, bundle);
	char text[WM_CELL_CHARS];
	form->head(out, "run", run->id);
	snprintf(text, sizeof text, "%.64s on %.256s", run->started, run->host);
	form->head(out, "started", text);
	if (*run->command)
		form->head(out, "command", run->command);
	snprintf(text, sizeof text, "%.32s, method %.16s, %d replicate%s a case%s", run->profile, run->method, replicates,
	         replicates == 1 ? "" : "s", replicates < 3 ? ": no interval between runs" : "");
	form->head(out, "profile", text);
	put_devices(out, rows, bundle, form);
	if (run->cases > run->finals) {
		snprintf(text, sizeof text, "%d of %d planned records; the others were not run, --resume runs them",
		         run->finals, run->cases);
		form->head(out, "records", text);
	}
	totals(rows, bundle, text);
	form->head(out, "cases", text);
}

enum wm_status wm_cells_write(FILE *out, const struct wm_rows *rows, const struct wm_cells_form *form) {
	char text[WM_CELL_CHARS];
	for (int bundle = 0; bundle < rows->nruns; bundle++) {
		struct wm_cells cells;
		put_head(out, rows, bundle, form);
		for (size_t from = 0; wm_cells_table(rows, bundle, from, &cells); from = cells.to)
			form->table(out, &cells);
		fputc('\n', out);
	}
	totals(rows, -1, text);
	form->totals(out, text);
	return wm_report_end(out);
}

enum wm_status wm_report_end(FILE *out) {
	errno = 0;
	if (fflush(out) || ferror(out))
		return wm_fail(WM_FAILED, "cannot write the report: %s", errno ? strerror(errno) : "an earlier write failed");
	return WM_OK;
}
