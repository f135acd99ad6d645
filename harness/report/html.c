/* SPDX-License-Identifier: Apache-2.0 */
/*
 * html.c - one page that needs nothing but itself: no network, no script, no other file. A content security policy in
 * its head forbids what the escapes should have kept out.
 */
#include "html.h"

#include <stdlib.h>
#include <string.h>

/* ---- for all parts ------------------------------------------------------------------------------------------ */

void wm_page_link(struct wm_page *page, const struct wm_row *row) {
	size_t i = (size_t)(row - page->rows->v);
	page->shown[i] |= WM_HTML_SHOWN;
	fprintf(page->out, "<a href=\"#r%zu\">#%zu</a>", i + 1, i + 1);
}

void wm_page_cell(struct wm_page *page, const char *text) {
	size_t n = strlen(text);
	if (n > 3 && !strcmp(text + n - 3, " us")) {
		wm_html_textf(page->out, "%.*s", (int)n - 2, text);
		fputs("\u00b5s", page->out);
	} else {
		wm_html_text(page->out, text);
	}
}

void wm_page_scroll(struct wm_page *page, const char *label, bool is_long) {
	fprintf(page->out, "<div class=\"scroll%s\" role=\"group\" tabindex=\"0\" aria-label=\"", is_long ? " long" : "");
	wm_html_text(page->out, label);
	fputs("\"><table>\n", page->out);
}

void wm_page_scroll_end(struct wm_page *page) {
	fputs("</table></div>\n", page->out);
}

enum wm_status wm_page_figure(struct wm_page *page, const char *svg, struct wm_svg_frame *frame, const char *caption) {
	char *drawing = NULL, prefix[16];
	size_t bytes = 0;
	FILE *out = open_memstream(&drawing, &bytes);
	snprintf(prefix, sizeof prefix, "d%d", ++page->drawings);
	frame->prefix = prefix;
	enum wm_status st = out ? wm_svg_write(out, svg, frame) : wm_fail(WM_FAILED, "no memory for a drawing");
	if (out)
		fclose(out);
	if (!st) {
		fputs("<figure>", page->out);
		if (!frame->scales)
			fprintf(page->out, "<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"Drawing %d\">",
			        page->drawings);
		fwrite(drawing, 1, bytes, page->out);
		fputs(frame->scales ? "<figcaption>" : "</div><figcaption>", page->out);
		wm_html_text(page->out, caption);
		fputs("</figcaption></figure>\n", page->out);
	}
	free(drawing);
	return st;
}

/* ---- the page ----------------------------------------------------------------------------------------------- */

static void put_title(FILE *out, const struct wm_rows *rows) {
	const struct wm_rows_run *run = &rows->runs[0];
	wm_html_textf(out, "wattmark: %s", run->host);
	if (rows->nruns > 1)
		fprintf(out, " and %d more %s", rows->nruns - 1, rows->nruns == 2 ? "run" : "runs");
	else
		wm_html_textf(out, ", %.10s", run->started);
}

static void put_head(struct wm_page *page) {
	FILE *out = page->out;
	fputs(
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline';"
		" img-src data:; base-uri 'none'; form-action 'none'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta name=\"generator\" content=\"wattmark " WM_VERSION
		"\">\n"
		"<link rel=\"icon\" href=\"data:,\">\n<title>",
		out);
	put_title(out, page->rows);
	fputs("</title>\n<style>\n", out);
	fputs(wm_embedded("harness/report/page.css"), out);
	fputs("</style>\n</head>\n<body>\n<header>\n<h1>", out);
	put_title(out, page->rows);
	fputs(
		"</h1>\n<nav aria-label=\"Sections\"><ul>"
		"<li><a href=\"#summary\">Summary</a></li><li><a href=\"#machine\">Machine</a></li>"
		"<li><a href=\"#results\">Results</a></li><li><a href=\"#reasons\">Failed and skipped</a></li>"
		"<li><a href=\"#records\">Method and records</a></li></ul></nav>\n</header>\n<main>\n",
		out);
}

static enum wm_status write_html(FILE *out, const struct wm_rows *rows) {
	struct wm_page page = {.out = out, .rows = rows, .shown = wm_zalloc(rows->n + 1)};
	put_head(&page);
	wm_page_summary(&page);
	wm_page_machines(&page);
	wm_page_results(&page);
	wm_page_reasons(&page);
	wm_page_records(&page);
	fputs("</main>\n<footer><p>Made by wattmark " WM_VERSION
	      " from stored records alone.</p></footer>\n</body>\n</html>\n",
	      out);
	free(page.shown);
	return wm_report_end(out);
}

const struct wm_report wm_report_html = {
	.name = "html",
	.about = "one page with drawings, tables and reasons; needs no network",
	.write = write_html,
};
