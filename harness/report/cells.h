/* SPDX-License-Identifier: Apache-2.0 */
/* cells.h - what table and md have in common: a head for each bundle, one table for each benchmark, totals. They
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
	WM_CELL_NOTE,
	WM_CELLS
};
enum { WM_CELL_CHARS = 1024, WM_SHARED_AXES = 32 };

extern const char *const wm_cell_titles[WM_CELLS];
extern const bool wm_cell_right[WM_CELLS]; /* numbers stand to the right */

/* A run of rows that make one table: the same benchmark, read from one bundle. Rows of other bundles may stand in
 * between; wm_cells_next passes over them. */
struct wm_cells {
	const struct wm_rows *rows;
	int bundle;
	size_t from, to;
	struct wm_axis_text shared[WM_SHARED_AXES]; /* axes with one value in the whole table */
	int nshared;
	bool shown[WM_CELLS]; /* columns that a row has something in; others would only make the table wide */
};

/* The table of the bundle's rows that follow row `from`; false when there is none left. */
bool wm_cells_table(const struct wm_rows *rows, int bundle, size_t from, struct wm_cells *cells_p);
/* The next row of the table at or after index *at_p, which moves behind it; NULL at the end. Start at cells->from. */
const struct wm_row *wm_cells_next(const struct wm_cells *cells, size_t *at_p);
/* Text of one cell, unescaped; never empty but for the note of a good row. */
void wm_cells_text(const struct wm_cells *cells, const struct wm_row *row, int column, char out[WM_CELL_CHARS]);
/* "gemm: dtype=f32,trans=tn in every row", unescaped. */
void wm_cells_caption(const struct wm_cells *cells, char out[WM_CELL_CHARS]);
/* Calls put for every remark below a table, unescaped: suspect ceilings and libraries, each once, at most 16. */
void wm_cells_remarks(const struct wm_cells *cells, void (*put)(FILE *out, const char *text), FILE *out);

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
