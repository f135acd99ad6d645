/* SPDX-License-Identifier: Apache-2.0 */
/* html_records.c - where every figure of the page comes from, and the command that repeats it. */
#include "html.h"
#include "text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { REPLICATES = 10 }; /* that a row names */

static void put_word(FILE *out, const char *word) {
	char *text = NULL;
	size_t bytes = 0;
	FILE *shell = open_memstream(&text, &bytes);
	wm_text_word(shell, word);
	fclose(shell);
	wm_html_text(out, text);
	free(text);
}

static void put_command(FILE *out, const struct wm_row *row) {
	fputs("<code>wattmark run ", out);
	put_word(out, row->problem);
	fputs(" --device ", out);
	put_word(out, row->device);
	fputs(" --impl ", out);
	put_word(out, row->impl);
	fputs("</code>", out);
}

static void put_lines(FILE *out, const struct wm_row *row) {
	for (int i = 0; i < row->n && i < REPLICATES; i++)
		fprintf(out, "%s%d:&#160;%ld", i ? ", " : "", row->records[i].replicate, row->records[i].line_number);
	if (row->n > REPLICATES)
		fprintf(out, " and %d more", row->n - REPLICATES);
}

static void put_record(struct wm_page *page, size_t i) {
	const struct wm_row *row = &page->rows->v[i];
	FILE *out = page->out;
	fprintf(out, "<tr><th scope=\"row\" id=\"r%zu\">", i + 1);
	if (page->shown[i] & WM_HTML_TABLED)
		fprintf(out, "<a href=\"#t%zu\">#%zu</a>", i + 1, i + 1);
	else
		fprintf(out, "#%zu", i + 1);
	fputs("</th><td class=\"wide\">", out);
	put_command(out, row);
	fputs("</td><td><code>", out);
	wm_html_text(out, row->case_id);
	fputs("</code></td><td>", out);
	put_lines(out, row);
	if (page->rows->nruns > 1) {
		fputs("</td><td>", out);
		wm_html_text(out, row->run);
	}
	fputs("</td></tr>\n", out);
}

static const char *text_of(const json_t *object, const char *key) {
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "unknown";
}

/* What holds for every figure of a run. */
static void put_method(FILE *out, const struct wm_rows_run *run) {
	const json_t *environment =
		json_object_get(json_array_get(json_object_get(run->json, "segments"), 0), "environment");
	long long replicates = json_integer_value(json_object_get(run->json, "replicates"));
	long long seed = json_integer_value(json_object_get(run->json, "seed"));
	fputs("<li>", out);
	wm_html_textf(out, "Run %s: method %s, profile %s", run->id, run->method, run->profile);
	fprintf(out, ", %lld %s a case, seed %lld; ", replicates, replicates == 1 ? "replicate" : "replicates", seed);
	wm_html_textf(out, "wattmark from git %s, built by %s, checksum of the binary %s", text_of(environment, "git"),
	              text_of(environment, "compiler"), text_of(run->json, "binary"));
	fprintf(out, ". To repeat a row as it was, add <code>--replicates %lld --seed %lld --profile ", replicates, seed);
	put_word(out, run->profile);
	fputs("</code>.</li>\n", out);
}

static void put_words(struct wm_page *page) {
	fputs("<ul>\n", page->out);
	for (int i = 0; i < page->rows->nruns; i++)
		put_method(page->out, &page->rows->runs[i]);
	fputs(
		"<li>A value is the work of one operation (a model, not a measurement) over the median time of one operation, "
		"the"
		" median of the medians of the replicates.</li>\n"
		"<li>An interval <em>between replicates</em> is a 95% t interval on the logarithms of the medians of three or "
		"more"
		" fresh processes. One <em>within run</em> is the order-statistic interval of the samples of one process: it "
		"says"
		" when that process stopped, and nothing about another run.</li>\n"
		"<li>A share of the ceiling refers to what the same run measured on the same device: fma of the same data "
		"type, and"
		" read where the problem is cold and memory bounds it.</li>\n"
		"<li>A row is verified before it is timed, and the outputs of the last timed batch are checked.</li>\n</ul>\n",
		page->out);
}

void wm_page_records(struct wm_page *page) {
	fputs("<section aria-labelledby=\"records\">\n<h2 id=\"records\">Method and records</h2>\n", page->out);
	put_words(page);
	fputs(
		"<p class=\"about\">Where the figures of this page come from: the command that repeats each, its case, and for "
		"each"
		" replicate the line of records.jsonl.</p>\n",
		page->out);
	wm_page_scroll(page, "Records of the figures", true);
	fputs(
		"<thead><tr><th scope=\"col\">row</th><th scope=\"col\">command</th><th scope=\"col\">case</th>"
		"<th scope=\"col\">replicate: line</th>",
		page->out);
	fputs(page->rows->nruns > 1 ? "<th scope=\"col\">run</th>" : "", page->out);
	fputs("</tr></thead>\n<tbody>\n", page->out);
	for (size_t i = 0; i < page->rows->n; i++)
		if (page->shown[i])
			put_record(page, i);
	fputs("</tbody>\n", page->out);
	wm_page_scroll_end(page);
	fputs("</section>\n", page->out);
}
