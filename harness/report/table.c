/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - the report for a terminal: aligned columns, one table a benchmark. */
#include "cells.h"
#include "text.h"

#include <string.h>

static void put_head(FILE *out, const char *key, const char *text) {
	char clean[WM_CELL_CHARS];
	fprintf(out, "%-9s %s\n", key, wm_text_clean(text, clean, sizeof clean));
}

static void put_remark(FILE *out, const char *text) {
	char clean[WM_CELL_CHARS];
	fprintf(out, "  %s\n", wm_text_clean(text, clean, sizeof clean));
}

static void clean_cell(const struct wm_cells *cells, const struct wm_row *row, int column, char *clean) {
	char raw[WM_CELL_CHARS];
	wm_cells_text(cells, row, &cells->columns[column], raw);
	wm_text_clean(raw, clean, WM_CELL_CHARS);
}

static const char *clean_title(const struct wm_cells *cells, int column, char *clean) {
	return wm_text_clean(cells->columns[column].title, clean, WM_CELL_CHARS);
}

static void measure(const struct wm_cells *cells, size_t widths[WM_MAX_COLUMNS]) {
	char text[WM_CELL_CHARS];
	const struct wm_row *row;
	for (int c = 0; c < cells->ncolumns; c++)
		widths[c] = wm_text_width(clean_title(cells, c, text));
	for (size_t at = cells->from; (row = wm_cells_next(cells, &at));)
		for (int c = 0; c < cells->ncolumns; c++) {
			clean_cell(cells, row, c, text);
			if (wm_text_width(text) > widths[c])
				widths[c] = wm_text_width(text);
		}
}

/* The last column is not padded, and a line that ends early has no blanks at its end. */
static void put_cell(FILE *out, const char *text, bool right, size_t width, size_t *owed) {
	size_t pad = width - wm_text_width(text);
	size_t before = right ? pad : 0;
	if (*text) {
		fprintf(out, "%*s%s", (int)(*owed + before), "", text);
		*owed = 2 + pad - before;
	} else {
		*owed += 2 + width;
	}
}

static void put_table(FILE *out, const struct wm_cells *cells) {
	size_t widths[WM_MAX_COLUMNS], owed = 0;
	char text[WM_CELL_CHARS], clean[WM_CELL_CHARS];
	wm_cells_caption(cells, text);
	fprintf(out, "\n%s\n", wm_text_clean(text, clean, sizeof clean));
	measure(cells, widths);
	for (int c = 0; c < cells->ncolumns; c++)
		put_cell(out, clean_title(cells, c, text), cells->columns[c].right, widths[c], &owed);
	fputc('\n', out);
	const struct wm_row *row;
	for (size_t at = cells->from; (row = wm_cells_next(cells, &at));) {
		owed = 0;
		for (int c = 0; c < cells->ncolumns; c++) {
			clean_cell(cells, row, c, text);
			put_cell(out, text, cells->columns[c].right, widths[c], &owed);
		}
		fputc('\n', out);
	}
	wm_cells_remarks(cells, put_remark, out);
}

static void put_totals(FILE *out, const char *text) {
	fprintf(out, "total: %s\n", text);
}

static enum wm_status write_table(FILE *out, const struct wm_rows *rows) {
	static const struct wm_cells_form form = {put_head, put_table, put_totals};
	return wm_cells_write(out, rows, &form);
}

const struct wm_report wm_report_table = {
	.name = "table",
	.about = "aligned columns for a terminal",
	.write = write_table,
};
