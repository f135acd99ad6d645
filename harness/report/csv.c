/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv.c - one line a case, SI values, for spreadsheets and scripts (RFC 4180: CRLF, quotes doubled). The header is
 * part of the interface: columns may be added at the end, never renamed or moved. A number that does not exist is
 * NA; status, why, ceiling_why and the notes of energy say why. Each class of energy has columns of its own. Those of
 * carbon and money come last, named as in tables, and only when their inputs were stated.
 */
#include "carbon.h"
#include "cells.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The columns of one class of energy, and the classes, as columns.c explains them. */
#define ENERGY(name)                                                                                   \
	"," name "_joules_per_op," name "_joules_per_op_lo," name "_joules_per_op_hi," name "_watts," name \
	"_work_per_j," name "_gain_rel," name "_idle_watts," name "_net_work_per_j," name "_energy_note"

static const enum wm_scope classes[] = {WM_SCOPE_ACCELERATOR, WM_SCOPE_SUPERCHIP, WM_SCOPE_CPU, WM_SCOPE_CPU_DRAM,
                                        WM_SCOPE_SERVER,      WM_SCOPE_NODE,      WM_SCOPE_WALL};
enum { CLASSES = sizeof classes / sizeof *classes };

static const char header[] =
	"run,case,bench,problem,impl,origin,library,backend,device,device_name,status,why,verified,replicates,"
	"replicates_timed,median_s,median_lo_s,median_hi_s,interval,flop_per_s,bytes_per_s,ceiling_flop_per_s,"
	"ceiling_bytes_per_s,ceiling_why,steady_by,launch_bound,metric,ranks,bus_bytes_per_s,skew_s,ceiling_bound,"
	"peak,of_peak,peak_why,peak_source,peak_note,not_weighed" ENERGY("accelerator") ENERGY("superchip") ENERGY("cpu")
		ENERGY("cpu_dram") ENERGY("server") ENERGY("node") ENERGY("wall");

/* Text of a record: no control characters, nothing that a spreadsheet takes for a formula, quoted when needed; and what
 * begins and ends the field. */
static void put_field(FILE *out, const char *before, const char *text, const char *end) {
	char clean[4 * WM_CELL_CHARS];
	wm_text_clean(text, clean, sizeof clean);
	const char *guard = *clean && strchr("=+-@", *clean) ? "'" : "";
	fputs(before, out);
	if (!strpbrk(clean, ",\"")) {
		fprintf(out, "%s%s%s", guard, clean, end);
		return;
	}
	fprintf(out, "\"%s", guard);
	for (const char *part = clean; *part;) {
		size_t plain = strcspn(part, "\"");
		fwrite(part, 1, plain, out);
		part += plain;
		if (*part == '"') {
			fputs("\"\"", out);
			part++;
		}
	}
	fprintf(out, "\"%s", end);
}

static void put_text(FILE *out, const char *text) {
	put_field(out, "", text, ",");
}

static void put_number(FILE *out, double x) {
	if (isfinite(x))
		fprintf(out, "%.9g,", x);
	else
		fputs("NA,", out);
}

/* How the replicates became steady; one that did not says it for the case. */
static const char *steady_by(const struct wm_row *row) {
	const char *by = "";
	for (int i = 0; i < row->n; i++)
		if (!*by || !strcmp(row->records[i].steady_by, "unsettled"))
			by = row->records[i].steady_by;
	return *by ? by : "NA";
}

static int count_timed(const struct wm_row *row) {
	int n = 0;
	for (int i = 0; i < row->n; i++)
		n += row->records[i].median_s > 0;
	return n;
}

static bool is_launch_bound(const struct wm_row *row) {
	bool any = false;
	for (int i = 0; i < row->n; i++)
		any |= row->records[i].launch_bound;
	return any;
}

/* A text that is not there is NA too. */
static void put_known(FILE *out, const char *text) {
	put_text(out, *text ? text : "NA");
}

/* The columns of the first version of the header. */
static void put_case(FILE *out, const struct wm_row *row) {
	const char *texts[] = {row->run,
	                       row->case_id,
	                       row->bench,
	                       row->problem,
	                       row->impl,
	                       row->origin,
	                       row->library,
	                       row->backend,
	                       row->device,
	                       row->device_name,
	                       wm_status_word(row->status),
	                       row->why};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		put_text(out, texts[i]);
	bool flop = !strcmp(row->metric, "flop/s");
	fprintf(out, "%s,%d,%d,", row->verified ? "true" : "false", row->n, count_timed(row));
	put_number(out, row->median_s);
	put_number(out, row->lo_s);
	put_number(out, row->hi_s);
	put_known(out, row->interval);
	put_number(out, row->work_flop / row->median_s);
	put_number(out, row->latency ? NAN : row->work_bytes / row->median_s);
	put_number(out, flop ? row->ceiling : NAN);
	put_number(out, flop ? NAN : row->ceiling);
	put_text(out, row->ceiling_why);
	put_text(out, steady_by(row));
	fprintf(out, "%s,", is_launch_bound(row) ? "true" : "false");
}

/* ---- energy -------------------------------------------------------------------------------------------------- */

static void put_more(FILE *out, double x) {
	if (isfinite(x))
		fprintf(out, ",%.9g", x);
	else
		fputs(",NA", out);
}

static void put_energy(FILE *out, const struct wm_energy *e) {
	if (!e || *e->why) {
		fputs(",NA,NA,NA,NA,NA,NA,NA,NA", out);
		put_field(out, ",", e ? e->why : "NA", "");
		return;
	}
	put_more(out, e->joules_per_op);
	put_more(out, e->lo_j);
	put_more(out, e->hi_j);
	put_more(out, e->watts);
	put_more(out, e->work_per_j);
	put_more(out, e->gain_rel);
	put_more(out, e->idle_watts);
	put_more(out, e->net_work_per_j);
	put_field(out, ",", e->note, "");
}

/* ---- carbon and money ---------------------------------------------------------------------------------------- */

/* The columns of what was stated, for the classes that a row of the report has a number in. */
struct columns {
	struct wm_cell_column v[WM_MAX_COLUMNS];
	int n;
};

static void add_column(struct columns *columns, int cell, enum wm_scope scope) {
	struct wm_cell_column *column = &columns->v[columns->n++];
	*column = wm_cell_plain(cell);
	column->scope = scope < WM_SCOPES ? wm_scope_word(scope) : "";
	if (*column->scope)
		snprintf(column->title, sizeof column->title, "%s [%s]", wm_cell_titles[cell], column->scope);
}

static bool has_class(const struct wm_rows *rows, enum wm_scope scope) {
	for (size_t i = 0; i < rows->n; i++) {
		const struct wm_energy *e = wm_row_energy(&rows->v[i], wm_scope_word(scope));
		if (e && !*e->why)
			return true;
	}
	return false;
}

static void find_columns(const struct wm_rows *rows, struct columns *columns) {
	const struct wm_carbon *carbon = rows->carbon;
	if (!carbon || !wm_carbon_asked(carbon))
		return;
	for (int c = 0; c < CLASSES; c++) {
		if (!has_class(rows, classes[c]))
			continue;
		if (!isnan(carbon->g_per_kwh))
			for (int cell = WM_CELL_KWH; cell <= WM_CELL_HOUR_GRAMS; cell++)
				add_column(columns, cell, classes[c]);
		for (int cell = WM_CELL_COST; cell <= WM_CELL_HOUR_COST && *carbon->prices.currency; cell++)
			add_column(columns, cell, classes[c]);
		add_column(columns, WM_CELL_INPUTS, classes[c]);
	}
	if (*carbon->prices.currency) {
		add_column(columns, WM_CELL_RENT, WM_SCOPES);
		add_column(columns, WM_CELL_RENT_INPUTS, WM_SCOPES);
	}
}

static void put_carbon(FILE *out, const struct wm_row *row, const struct wm_cell_column *column) {
	const struct wm_energy *e = wm_row_energy(row, column->scope);
	if (column->cell == WM_CELL_RENT) {
		put_more(out, row->unit_rent);
		return;
	}
	if (column->cell == WM_CELL_RENT_INPUTS) {
		put_field(out, ",", *row->rent_inputs ? row->rent_inputs : "no rent is stated", "");
		return;
	}
	if (!e || *e->why) {
		fputs(",NA", out);
		return;
	}
	switch (column->cell) {
	case WM_CELL_KWH: put_more(out, e->unit_kwh); return;
	case WM_CELL_GRAMS: put_more(out, e->unit_g); return;
	case WM_CELL_EMBODIED: put_more(out, e->unit_embodied_g); return;
	case WM_CELL_HOUR_GRAMS: put_more(out, e->hour_g); return;
	case WM_CELL_COST: put_more(out, e->unit_cost); return;
	case WM_CELL_HOUR_COST: put_more(out, e->hour_cost); return;
	default: put_field(out, ",", e->inputs, ""); return;
	}
}

static void put_row(FILE *out, const struct wm_row *row, const struct columns *columns) {
	put_case(out, row);
	put_text(out, row->metric);
	put_number(out, row->ranks > 0 ? row->ranks : NAN);
	put_number(out, row->latency ? NAN : row->work_wire / row->median_s);
	put_number(out, row->skew_s);
	put_known(out, row->ceiling_bound);
	put_number(out, row->peak);
	put_number(out, row->value / row->peak);
	put_text(out, row->peak_why);
	put_known(out, row->peak_source);
	put_text(out, row->peak_note);
	put_field(out, "", row->not_weighed, "");
	for (int c = 0; c < CLASSES; c++)
		put_energy(out, wm_row_energy(row, wm_scope_word(classes[c])));
	for (int i = 0; i < columns->n; i++)
		put_carbon(out, row, &columns->v[i]);
	fputs("\r\n", out);
}

static enum wm_status write_csv(FILE *out, const struct wm_rows *rows) {
	struct columns *columns = wm_zalloc(sizeof *columns);
	find_columns(rows, columns);
	fputs(header, out);
	for (int i = 0; i < columns->n; i++)
		put_field(out, ",", columns->v[i].title, "");
	fputs("\r\n", out);
	for (size_t i = 0; i < rows->n; i++)
		put_row(out, &rows->v[i], columns);
	free(columns);
	return wm_report_end(out);
}

const struct wm_report wm_report_csv = {
	.name = "csv",
	.about = "one line a case, SI values, RFC 4180",
	.write = write_csv,
};
