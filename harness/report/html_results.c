/* SPDX-License-Identifier: Apache-2.0 */
/* html_results.c - per benchmark its drawings and its tables. */
#include "html.h"

#include <stdlib.h>
#include <string.h>

enum { AXES = 12 };

/* What one table shows. */
struct table {
	const struct wm_cells *cells;
	const struct wm_row *rows[WM_HTML_ROWS];
	size_t n, all;                  /* shown; all that belong here */
	struct wm_axis_text axes[AXES]; /* that have a column: keys with more than one value */
	int naxes;
	bool hidden[WM_MAX_COLUMNS]; /* columns that say nothing in any row */
	bool verified;               /* all of the rows */
};

bool wm_page_tabled(const struct wm_row *row) {
	return row->median_s > 0 || wm_status_class(row->status) == WM_ROW_BAD;
}

/* ---- columns ------------------------------------------------------------------------------------------------ */

static bool same_key(const struct wm_axis_text *a, const struct wm_axis_text *b) {
	return a->key_bytes == b->key_bytes && !memcmp(a->key, b->key, a->key_bytes);
}

static void add_axes(struct table *t, const struct wm_row *row) {
	const char *text = row->problem;
	struct wm_axis_text axis;
	while (wm_axes_next(&text, &axis)) {
		bool known = t->naxes == AXES || !axis.key_bytes;
		for (int i = 0; i < t->naxes; i++)
			known |= same_key(&t->axes[i], &axis);
		for (int i = 0; i < t->cells->nshared; i++)
			known |= same_key(&t->cells->shared[i], &axis);
		if (!known)
			t->axes[t->naxes++] = axis;
	}
}

static bool says_nothing(const char *text, int column) {
	return !*text || !strcmp(text, "-") || (column == WM_CELL_STATUS && !strcmp(text, wm_status_word(WM_OK)));
}

static void choose_columns(struct table *t) {
	char text[WM_CELL_CHARS];
	for (size_t i = 0; i < t->n; i++)
		add_axes(t, t->rows[i]);
	for (int c = 0; c < t->cells->ncolumns; c++) {
		const struct wm_cell_column *column = &t->cells->columns[c];
		t->hidden[c] = true;
		if (column->cell == WM_CELL_PROBLEM) /* its axes are columns */
			continue;
		for (size_t i = 0; i < t->n && t->hidden[c]; i++) {
			wm_cells_text(t->cells, t->rows[i], column, text);
			t->hidden[c] = says_nothing(text, column->cell);
		}
	}
}

static bool is_hidden(const struct table *t, int cell) {
	for (int c = 0; c < t->cells->ncolumns; c++)
		if (t->cells->columns[c].cell == cell && !t->hidden[c])
			return false;
	return true;
}

static void collect(struct wm_page *page, struct table *t) {
	const struct wm_row *row;
	t->verified = true;
	for (size_t at = t->cells->from; (row = wm_cells_next(t->cells, &at));) {
		if (!wm_page_tabled(row))
			continue;
		if (t->n < WM_HTML_ROWS && page->tabled + t->n < WM_HTML_ALL_ROWS) {
			t->rows[t->n++] = row;
			t->verified &= row->verified;
		}
		t->all++;
	}
	page->tabled += t->n;
}

/* ---- cells -------------------------------------------------------------------------------------------------- */

static void put_axis(struct wm_page *page, const struct wm_row *row, const struct wm_axis_text *key) {
	struct wm_axis_text axis;
	char text[WM_CELL_CHARS] = "default";
	if (wm_axes_find(row->problem, key->key, key->key_bytes, &axis))
		snprintf(text, sizeof text, "%.*s", (int)axis.value_bytes, axis.value);
	fprintf(page->out, "<td%s>", *text >= '0' && *text <= '9' ? " class=\"num\"" : "");
	wm_html_text(page->out, text);
	fputs("</td>", page->out);
}

/* Where a reason stands for a number, it may be long. */
static const char *class_of(const struct wm_cell_column *column, const char *text) {
	bool is_reason = column->cell == WM_CELL_NOTE || (column->cell == WM_CELL_WORK_PER_J && strlen(text) > 40);
	return is_reason ? " class=\"wide\"" : column->right ? " class=\"num\"" : "";
}

static void put_row(struct wm_page *page, const struct table *t, const struct wm_row *row) {
	size_t number = (size_t)(row - page->rows->v) + 1;
	char text[WM_CELL_CHARS];
	fprintf(page->out, "<tr%s><th scope=\"row\" id=\"t%zu\">",
	        wm_status_class(row->status) == WM_ROW_BAD ? " class=\"bad\"" : "", number);
	page->shown[number - 1] |= WM_HTML_TABLED;
	wm_page_link(page, row);
	fputs("</th>", page->out);
	for (int i = 0; i < t->naxes; i++)
		put_axis(page, row, &t->axes[i]);
	for (int c = 0; c < t->cells->ncolumns; c++) {
		const struct wm_cell_column *column = &t->cells->columns[c];
		if (t->hidden[c])
			continue;
		wm_cells_text(t->cells, row, column, text);
		fprintf(page->out, "<td%s>", class_of(column, text));
		wm_page_cell(page, text);
		fputs("</td>", page->out);
	}
	fputs("</tr>\n", page->out);
}

static void put_heads(struct wm_page *page, const struct table *t) {
	fputs("<thead><tr><th scope=\"col\">row</th>", page->out);
	for (int i = 0; i < t->naxes; i++) {
		char key[WM_CELL_CHARS], value = *t->axes[i].value;
		snprintf(key, sizeof key, "%.*s", (int)t->axes[i].key_bytes, t->axes[i].key);
		fprintf(page->out, "<th scope=\"col\"%s>", value >= '0' && value <= '9' ? " class=\"num\"" : "");
		wm_html_text(page->out, key);
		fputs("</th>", page->out);
	}
	for (int c = 0; c < t->cells->ncolumns; c++) {
		if (t->hidden[c])
			continue;
		fprintf(page->out, "<th scope=\"col\"%s>", t->cells->columns[c].right ? " class=\"num\"" : "");
		wm_html_text(page->out, t->cells->columns[c].title);
		fputs("</th>", page->out);
	}
	fputs("</tr></thead>\n", page->out);
}

/* ---- tables ------------------------------------------------------------------------------------------------- */

/* What is above a table: what its rows share, how many there are, which are elsewhere. */
static void put_about(struct wm_page *page, const struct table *t, size_t others) {
	FILE *out = page->out;
	fputs("<p class=\"about\">", out);
	if (page->rows->nruns > 1)
		wm_html_textf(out, "Run %s. ", page->rows->runs[t->cells->bundle].id);
	for (int i = 0; i < t->cells->nshared; i++) {
		const struct wm_axis_text *axis = &t->cells->shared[i];
		wm_html_textf(out, "%s%.*s=%.*s", i ? ", " : "In every row ", (int)axis->key_bytes, axis->key,
		              (int)axis->value_bytes, axis->value);
	}
	fputs(t->cells->nshared ? ". " : "", out);
	if (is_hidden(t, WM_CELL_STATUS) && t->n && t->verified)
		fputs("All rows below are ok: ran, verified, timed. ", out);
	if (t->all > t->n)
		fprintf(out, "Shown are the first %zu of %zu rows: <code>wattmark report --format csv</code> has all. ", t->n,
		        t->all);
	if (others)
		fprintf(out, "%zu %s: see <a href=\"#reasons\">the reasons</a>.", others,
		        others == 1 ? "row was not run" : "rows were not run");
	fputs("</p>\n", out);
}

static void put_remark(FILE *out, const char *text) {
	fputs("<p class=\"remark\">", out);
	wm_html_text(out, text);
	fputs("</p>\n", out);
}

static size_t count(const struct wm_cells *cells) {
	size_t n = 0;
	for (size_t at = cells->from; wm_cells_next(cells, &at);)
		n++;
	return n;
}

static void put_table(struct wm_page *page, const struct wm_cells *cells) {
	struct table *t = wm_zalloc(sizeof *t);
	char label[WM_CELL_CHARS];
	t->cells = cells;
	collect(page, t);
	choose_columns(t);
	put_about(page, t, count(cells) - t->all);
	if (t->n) {
		snprintf(label, sizeof label, "Results of %.64s in run %.256s", page->rows->v[cells->from].bench,
		         page->rows->runs[cells->bundle].id);
		wm_page_scroll(page, label, t->n > 30);
		put_heads(page, t);
		fputs("<tbody>\n", page->out);
		for (size_t i = 0; i < t->n; i++)
			put_row(page, t, t->rows[i]);
		fputs("</tbody>\n", page->out);
		wm_page_scroll_end(page);
		wm_cells_remarks(cells, put_remark, page->out);
	}
	free(t);
}

/* The rows from..to of one benchmark, in a table for each run. */
static void put_bench(struct wm_page *page, size_t section, size_t from, size_t to) {
	const char *bench = page->rows->v[from].bench;
	fprintf(page->out, "<h3 id=\"b%zu\">", section);
	wm_html_text(page->out, bench);
	fputs("</h3>\n", page->out);
	wm_page_sweep(page, bench);
	wm_page_efficiency(page, bench);
	for (int bundle = 0; bundle < page->rows->nruns; bundle++) {
		struct wm_cells cells;
		if (wm_cells_table(page->rows, bundle, from, &cells) && cells.from < to)
			put_table(page, &cells);
	}
}

void wm_page_results(struct wm_page *page) {
	const struct wm_rows *rows = page->rows;
	bool collectives = false;
	size_t section = 0, left_out = 0;
	fputs("<section aria-labelledby=\"results\">\n<h2 id=\"results\">Results</h2>\n", page->out);
	wm_page_rooflines(page);
	for (size_t from = 0, to; from < rows->n; from = to) {
		const struct wm_row *first = &rows->v[from];
		for (to = from + 1; to < rows->n && rows->v[to].bench == first->bench;)
			to++;
		if (section == WM_HTML_SECTIONS) {
			left_out += to - from;
			continue;
		}
		if (!strcmp(first->metric, "B/s bus") && !collectives) {
			collectives = true;
			wm_page_collectives(page);
		}
		put_bench(page, ++section, from, to);
	}
	if (left_out)
		fprintf(page->out,
		        "<p class=\"remark\">%zu rows of benchmarks beyond %d have no table here: "
		        "<code>wattmark report --format csv</code> has all.</p>\n",
		        left_out, WM_HTML_SECTIONS);
	wm_page_power(page);
	if (!rows->n)
		fputs("<p>There are no records.</p>\n", page->out);
	fputs("</section>\n", page->out);
}
