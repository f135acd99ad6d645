/* SPDX-License-Identifier: Apache-2.0 */
/* cells.h - what table, md and html have in common: a head for each bundle, one table for each benchmark, totals. They
 * differ only in how they write it. Private to the reports. */
#ifndef WM_CELLS_H
#define WM_CELLS_H

#include "axes.h"
#include "rows.h"

enum {
	WM_CELL_PROBLEM,
	WM_CELL_DEVICE,
	WM_CELL_IMPL,
	WM_CELL_STATUS,
	WM_CELL_RANKS,
	WM_CELL_VALUE,
	WM_CELL_TIME,
	WM_CELL_SKEW,
	WM_CELL_INTERVAL,
	WM_CELL_CEILING,
	WM_CELL_BOUND,
	WM_CELL_PEAK,
	/* energy: one column for each class that a row of the table has a number in */
	WM_CELL_WORK_PER_J,
	WM_CELL_NET,
	WM_CELL_ACCURACY,
	WM_CELL_WATTS,
	/* carbon and money: only with inputs that the user stated */
	WM_CELL_KWH,
	WM_CELL_GRAMS,
	WM_CELL_EMBODIED,
	WM_CELL_HOUR_GRAMS,
	WM_CELL_COST,
	WM_CELL_HOUR_COST,
	WM_CELL_RENT,
	WM_CELL_INPUTS, /* csv only, and the next: tables say it below */
	WM_CELL_RENT_INPUTS,
	WM_CELL_NOTE,
	WM_CELLS
};
enum { WM_CELL_CHARS = 1024, WM_CELL_TITLE = 96, WM_SHARED_AXES = 32, WM_MAX_COLUMNS = 128 };

extern const char *const wm_cell_titles[WM_CELLS]; /* of energy, carbon and money: without unit and class */

/* One column of one table. */
struct wm_cell_column {
	int cell;
	const char *scope;         /* class of an energy column; "" else */
	double scale;              /* what its values are divided by: the prefix stands in the title */
	bool right;                /* numbers stand to the right */
	char title[WM_CELL_TITLE]; /* "GFLOP/J [cpu]" */
};
/* The column of a cell that is neither of energy nor of carbon or money. */
struct wm_cell_column wm_cell_plain(int cell);

/* A run of rows that make one table: the same benchmark, read from one bundle. Rows of other bundles may stand in
 * between; wm_cells_next passes over them. */
struct wm_cells {
	const struct wm_rows *rows;
	int bundle;
	size_t from, to;
	struct wm_axis_text shared[WM_SHARED_AXES]; /* axes with one value in the whole table */
	int nshared;
	struct wm_cell_column columns[WM_MAX_COLUMNS]; /* that a row has something in; others would only make it wide */
	int ncolumns;
};

/* The table of the bundle's rows that follow row `from`; false when there is none left. */
bool wm_cells_table(const struct wm_rows *rows, int bundle, size_t from, struct wm_cells *cells_p);
/* The next row of the table at or after index *at_p, which moves behind it; NULL at the end. Start at cells->from. */
const struct wm_row *wm_cells_next(const struct wm_cells *cells, size_t *at_p);
/* Text of one cell, unescaped; never empty but for the note of a good row. */
void wm_cells_text(const struct wm_cells *cells, const struct wm_row *row, const struct wm_cell_column *column,
                   char out[WM_CELL_CHARS]);
/* "gemm: dtype=f32,trans=tn in every row", unescaped. */
void wm_cells_caption(const struct wm_cells *cells, char out[WM_CELL_CHARS]);
/* Calls put for every remark below a table, unescaped: suspect ceilings, libraries, what was weighed how or why not,
 * what carbon and money are made of; each once, at most 16 of a kind, and then that there are more. */
void wm_cells_remarks(const struct wm_cells *cells, void (*put)(FILE *out, const char *text), FILE *out);

/* ---- energy, carbon and money (cells_energy.c) ---- */

/* Append the columns of energy, of carbon and money, that the table has. */
void wm_cells_energy_columns(struct wm_cells *cells);
void wm_cells_carbon_columns(struct wm_cells *cells);
void wm_cells_energy_text(const struct wm_row *row, const struct wm_cell_column *column, char out[WM_CELL_CHARS]);
/* The remarks of it: one line when nothing was weighed. */
void wm_cells_energy_remarks(const struct wm_cells *cells, void (*put)(FILE *out, const char *text), FILE *out);

/* How a format writes the parts of a report; what they are given is unescaped. */
struct wm_cells_form {
	void (*head)(FILE *out, const char *key, const char *text); /* one line of what is known of a run */
	void (*table)(FILE *out, const struct wm_cells *cells);
	void (*totals)(FILE *out, const char *text); /* "12 ok, 1 wrong, 2 skip" of all runs */
};
/* The whole report: for each bundle its head and its tables, then the totals. Ends with wm_report_end. */
enum wm_status wm_cells_write(FILE *out, const struct wm_rows *rows, const struct wm_cells_form *form);

/* WM_FAILED when the stream has an error; every report ends with it. */
enum wm_status wm_report_end(FILE *out);

#endif
