/* SPDX-License-Identifier: Apache-2.0 */
#include "cells.h"

#include "units.h"

#include <errno.h>
#include <math.h>
#include <string.h>

const char *const wm_cell_titles[WM_CELLS] = {"problem", "device",   "implementation", "status", "value",
                                              "time",    "interval", "of ceiling",     "why"};
const bool wm_cell_right[WM_CELLS] = {[WM_CELL_VALUE] = true, [WM_CELL_TIME] = true, [WM_CELL_CEILING] = true};

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

bool wm_cells_table(const struct wm_rows *rows, int bundle, size_t from, struct wm_cells *cells_p) {
	struct wm_cells cells = {.rows = rows, .bundle = bundle, .from = from, .to = rows->n};
	const struct wm_row *row = wm_cells_next(&cells, &cells.from);
	if (!row)
		return false;
	cells.from--;
	for (cells.to = cells.from + 1; cells.to < rows->n && rows->v[cells.to].bench == row->bench;)
		cells.to++;
	find_shared(&cells);
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

static void interval_cell(const struct wm_row *row, char *out) {
	double half = (row->hi_s - row->lo_s) / 2 / row->median_s;
	if (isfinite(half))
		snprintf(out, WM_CELL_CHARS, half < 0.1 ? "\u00b1%.2g%% %s" : "\u00b1%.0f%% %s", 100 * half, row->interval);
	else
		snprintf(out, WM_CELL_CHARS, "-");
}

static bool is_suspect(const struct wm_row *row) {
	return !strncmp(row->ceiling_why, "ceiling suspect", 15);
}

static const char *no_ceiling(const struct wm_row *row) {
	if (is_suspect(row))
		return "suspect ceiling";
	return strcmp(row->ceiling_why, "a ceiling itself") ? "not measured" : row->ceiling_why;
}

static void ceiling_cell(const struct wm_row *row, char *out) {
	char percent[WM_UNIT_CHARS];
	wm_units_percent(row->value / row->ceiling, percent);
	if (isnan(row->value))
		snprintf(out, WM_CELL_CHARS, "-");
	else if (isnan(row->ceiling))
		snprintf(out, WM_CELL_CHARS, "%s", no_ceiling(row));
	else
		snprintf(out, WM_CELL_CHARS, "%s%s", percent, is_suspect(row) ? " (suspect)" : "");
}

static void add_note(const char *text, char *out) {
	size_t n = strlen(out);
	snprintf(out + n, WM_CELL_CHARS - n, "%s%s", n ? "; " : "", text);
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
	if (isnan(row->value))
		return;
	if (!row->verified)
		add_note("not verified", out);
	if (launch_bound)
		add_note("launch-bound", out);
	if (unsettled)
		add_note("unsettled", out);
}

void wm_cells_text(const struct wm_cells *cells, const struct wm_row *row, int column, char out[WM_CELL_CHARS]) {
	switch (column) {
	case WM_CELL_PROBLEM: problem_cell(cells, row, out); return;
	case WM_CELL_DEVICE: snprintf(out, WM_CELL_CHARS, "%s", row->device); return;
	case WM_CELL_IMPL: impl_cell(row, out); return;
	case WM_CELL_STATUS: snprintf(out, WM_CELL_CHARS, "%s", wm_status_word(row->status)); return;
	case WM_CELL_VALUE: wm_units_rate(row->value, row->metric, out); return;
	case WM_CELL_TIME: wm_units_time(row->median_s, out); return;
	case WM_CELL_INTERVAL: interval_cell(row, out); return;
	case WM_CELL_CEILING: ceiling_cell(row, out); return;
	default: note_cell(row, out); return;
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

void wm_cells_remarks(const struct wm_cells *cells, void (*put)(FILE *out, const char *text), FILE *out) {
	const char *ceilings[MAX_REMARKS], *libraries[MAX_REMARKS];
	int nceilings = 0, nlibraries = 0;
	bool unmeasured = false;
	char text[WM_CELL_CHARS];
	const struct wm_row *row;
	for (size_t at = cells->from; (row = wm_cells_next(cells, &at));) {
		unmeasured |= row->value > 0 && isnan(row->ceiling) && !strncmp(row->ceiling_why, "ceiling not", 11);
		if (is_suspect(row) && is_new(ceilings, &nceilings, row->ceiling_why))
			put(out, row->ceiling_why);
		if (*row->library && is_new(libraries, &nlibraries, row->library)) {
			snprintf(text, sizeof text, "%.64s on %.128s: %.512s", row->impl, row->device, row->library);
			put(out, text);
		}
	}
	if (unmeasured)
		put(out, "not measured: ceiling not measured in this run");
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

/* Each device of the bundle once, with its name. */
static void put_devices(FILE *out, const struct wm_rows *rows, int bundle, const struct wm_cells_form *form) {
	const char *seen[MAX_REMARKS];
	int nseen = 0;
	for (size_t i = 0; i < rows->n; i++) {
		const struct wm_row *row = &rows->v[i];
		char text[WM_CELL_CHARS];
		if (row->bundle != bundle || !is_new(seen, &nseen, row->device))
			continue;
		snprintf(text, sizeof text, *row->device_name ? "%s: %s" : "%s", row->device, row->device_name);
		form->head(out, "device", text);
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
	         replicates == 1 ? "" : "s", replicates == 1 ? ": no interval between runs" : "");
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
