/* SPDX-License-Identifier: Apache-2.0 */
/* html_reasons.c - what has no figure, and why: a line for each reason, however many rows have it. */
#include "html.h"

#include <stdlib.h>
#include <string.h>

enum { GROUPS = 100, PROBLEMS = 20, PLACES = 6 };

/* Rows with the same status and reason: v[from .. from + n) of the sorted rows. */
struct group {
	size_t from, n;
};

static bool has_reason(const struct wm_row *row) {
	return wm_status_class(row->status) != WM_ROW_GOOD;
}

/* Bad ones first; equal texts have one address. */
static int compare_reasons(const void *left, const void *right) {
	const struct wm_row *a = *(const struct wm_row *const *)left, *b = *(const struct wm_row *const *)right;
	int order = (int)wm_status_class(b->status) - (int)wm_status_class(a->status);
	if (!order)
		order = (int)a->status - (int)b->status;
	if (!order && a->why != b->why)
		order = strcmp(a->why, b->why);
	return order ? order : (a > b) - (a < b);
}

static bool same_reason(const struct wm_row *a, const struct wm_row *b) {
	return a->status == b->status && a->why == b->why;
}

static size_t make_groups(const struct wm_row **v, size_t n, struct group *groups, size_t *rest_p) {
	size_t ngroups = 0;
	*rest_p = 0;
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && same_reason(v[from], v[to]);)
			to++;
		if (ngroups == GROUPS)
			*rest_p += to - from;
		else
			groups[ngroups++] = (struct group){from, to - from};
	}
	return ngroups;
}

/* "gemm: cblas on host", each once. */
static void put_places(FILE *out, const struct wm_row **v, size_t n) {
	const struct wm_row *seen[PLACES];
	size_t nseen = 0;
	bool more = false;
	for (size_t i = 0; i < n && !more; i++) {
		size_t k = 0;
		while (k < nseen &&
		       (seen[k]->bench != v[i]->bench || seen[k]->impl != v[i]->impl || seen[k]->device != v[i]->device))
			k++;
		if (k < nseen)
			continue;
		if (nseen == PLACES) {
			more = true;
			continue;
		}
		wm_html_textf(out, "%s%s: %s on %s", nseen ? "; " : "", v[i]->bench, v[i]->impl, v[i]->device);
		seen[nseen++] = v[i];
	}
	if (more)
		fputs("; and others", out);
}

/* Lines of records.jsonl, and of which run where there are several. */
static void put_lines(const struct wm_page *page, const struct wm_row *row) {
	FILE *out = page->out;
	if (page->rows->nruns > 1)
		wm_html_textf(out, ", run %s", row->run);
	fprintf(out, ", line %ld", row->records[0].line_number);
	for (int r = 1; r < row->n && r < 5; r++)
		fprintf(out, ", %ld", row->records[r].line_number);
	fputs(row->n > 5 ? ", .." : "", out);
}

static void put_problems(const struct wm_page *page, const struct wm_row **v, size_t n) {
	FILE *out = page->out;
	fprintf(out, "<details><summary>%zu %s</summary><ul>\n", n, n == 1 ? "row" : "rows");
	for (size_t i = 0; i < n && i < PROBLEMS; i++) {
		fputs("<li><code>", out);
		wm_html_text(out, v[i]->problem);
		wm_html_textf(out, " --device %s --impl %s", v[i]->device, v[i]->impl);
		fputs("</code>", out);
		put_lines(page, v[i]);
		fputs("</li>\n", out);
	}
	if (n > PROBLEMS)
		fprintf(out, "<li>and %zu more: <code>wattmark report --format csv</code></li>\n", n - PROBLEMS);
	fputs("</ul></details>", out);
}

static void put_group(const struct wm_page *page, const struct wm_row **v, size_t n) {
	FILE *out = page->out;
	fprintf(out, "<tr%s><th scope=\"row\">%s</th><td class=\"wide\">",
	        wm_status_class(v[0]->status) == WM_ROW_BAD ? " class=\"bad\"" : "", wm_status_word(v[0]->status));
	wm_html_text(out, *v[0]->why ? v[0]->why : wm_status_meaning(v[0]->status));
	fputs("</td><td class=\"wide\">", out);
	put_places(out, v, n);
	fputs("</td><td class=\"wide\">", out);
	put_problems(page, v, n);
	fputs("</td></tr>\n", out);
}

/* Whether all that was planned has a record. */
static bool is_whole(const struct wm_rows *rows) {
	for (int i = 0; i < rows->nruns; i++)
		if (rows->runs[i].finals < rows->runs[i].cases)
			return false;
	return true;
}

void wm_page_reasons(struct wm_page *page) {
	const struct wm_rows *rows = page->rows;
	const struct wm_row **v = wm_zalloc((rows->n + 1) * sizeof(struct wm_row *));
	struct group groups[GROUPS];
	size_t n = 0, rest;
	for (size_t i = 0; i < rows->n; i++)
		if (has_reason(&rows->v[i]))
			v[n++] = &rows->v[i];
	qsort(v, n, sizeof(struct wm_row *), compare_reasons);
	size_t ngroups = make_groups(v, n, groups, &rest);
	fputs("<section aria-labelledby=\"reasons\">\n<h2 id=\"reasons\">Failed and skipped</h2>\n", page->out);
	if (n) {
		fputs(
			"<p class=\"about\">One line for each reason. A case whose replicates ended differently counts by the "
			"worst."
			" Numbers of lines are those of records.jsonl.</p>\n",
			page->out);
		wm_page_scroll(page, "Reasons of failed and skipped rows", false);
		fputs(
			"<thead><tr><th scope=\"col\">outcome</th><th scope=\"col\">reason</th><th scope=\"col\">where</th>"
			"<th scope=\"col\">rows</th></tr></thead>\n<tbody>\n",
			page->out);
		for (size_t i = 0; i < ngroups; i++)
			put_group(page, v + groups[i].from, groups[i].n);
		fputs("</tbody>\n", page->out);
		wm_page_scroll_end(page);
	} else {
		fputs(is_whole(rows)
		          ? "<p>Every row that was planned has a figure.</p>\n"
		          : "<p>No record says that a row failed or was skipped; some that were planned have none.</p>\n",
		      page->out);
	}
	if (rest)
		fprintf(page->out,
		        "<p class=\"remark\">%zu more rows have other reasons: <code>wattmark report --format csv</code>"
		        " has all.</p>\n",
		        rest);
	fputs("</section>\n", page->out);
	free(v);
}
