/* SPDX-License-Identifier: Apache-2.0 */
/* md.c - the same tables in GitHub's Markdown. */
#include "cells.h"
#include "text.h"

#include <string.h>

/* Clean text with a backslash before every character that Markdown or HTML would act on. */
static void put_text(FILE *out, const char *text) {
	char clean[WM_CELL_CHARS];
	wm_text_clean(text, clean, sizeof clean);
	for (const char *c = clean; *c; c++) {
		if (strchr("\\`*_$[]<>|~&", *c))
			fputc('\\', out);
		fputc(*c, out);
	}
}

static void put_head(FILE *out, const char *key, const char *text) {
	if (!strcmp(key, "run")) {
		fputs("## ", out);
		put_text(out, text);
		fputs("\n\n", out);
		return;
	}
	fprintf(out, "- %s: ", key);
	put_text(out, text);
	fputc('\n', out);
}

static void put_remark(FILE *out, const char *text) {
	fputs("\n- ", out);
	put_text(out, text);
	fputc('\n', out);
}

static void put_table(FILE *out, const struct wm_cells *cells) {
	char text[WM_CELL_CHARS];
	const struct wm_row *row;
	wm_cells_caption(cells, text);
	fputs("\n### ", out);
	put_text(out, text);
	fputs("\n\n|", out);
	for (int c = 0; c < cells->ncolumns; c++) {
		fputc(' ', out);
		put_text(out, cells->columns[c].title);
		fputs(" |", out);
	}
	fputs("\n|", out);
	for (int c = 0; c < cells->ncolumns; c++)
		fputs(cells->columns[c].right ? " ---: |" : " --- |", out);
	fputc('\n', out);
	for (size_t at = cells->from; (row = wm_cells_next(cells, &at));) {
		fputc('|', out);
		for (int c = 0; c < cells->ncolumns; c++) {
			wm_cells_text(cells, row, &cells->columns[c], text);
			fputc(' ', out);
			put_text(out, text);
			fputs(*text ? " |" : "|", out);
		}
		fputc('\n', out);
	}
	wm_cells_remarks(cells, put_remark, out);
}

static void put_totals(FILE *out, const char *text) {
	fprintf(out, "Total: %s\n", text);
}

static enum wm_status write_md(FILE *out, const struct wm_rows *rows) {
	static const struct wm_cells_form form = {put_head, put_table, put_totals};
	return wm_cells_write(out, rows, &form);
}

const struct wm_report wm_report_md = {
	.name = "md",
	.about = "the same tables in GitHub's Markdown",
	.write = write_md,
};
