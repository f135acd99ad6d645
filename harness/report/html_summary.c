/* SPDX-License-Identifier: Apache-2.0 */
/* html_summary.c - what a reader must know before any table: what ran, how it ended, the best figures, the warnings. */
#include "html.h"
#include "units.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { BESTS = 96, CEILINGS = 5 };

/* ---- outcome ------------------------------------------------------------------------------------------------ */

static void put_outcome(struct wm_page *page) {
	size_t counts[WM_STATUSES] = {0};
	static const char *const classes[] = {[WM_ROW_GOOD] = "good", [WM_ROW_SKIPPED] = "skipped", [WM_ROW_BAD] = "bad"};
	for (size_t i = 0; i < page->rows->n; i++)
		counts[page->rows->v[i].status]++;
	fputs("<ul class=\"outcome\" aria-label=\"Outcome of the cases\">", page->out);
	fprintf(page->out, "<li><b>%zu</b> %s</li>", page->rows->n, page->rows->n == 1 ? "case" : "cases");
	for (int st = 0; st < WM_STATUSES; st++)
		if (counts[st])
			fprintf(page->out, "<li class=\"%s\"><b>%zu</b> %s</li>", classes[wm_status_class((enum wm_status)st)],
			        counts[st], wm_status_word((enum wm_status)st));
	fputs("</ul>\n", page->out);
}

static void put_fact(FILE *out, const char *key, const char *text) {
	fprintf(out, "<div><dt>%s</dt><dd>", key);
	wm_html_text(out, text);
	fputs("</dd></div>\n", out);
}

static void put_run(struct wm_page *page, int i) {
	const struct wm_rows_run *run = &page->rows->runs[i];
	const char *ended = json_string_value(json_object_get(run->json, "ended"));
	char text[1024];
	fputs("<dl class=\"facts\">\n", page->out);
	put_fact(page->out, "run", run->id);
	put_fact(page->out, "host", run->host);
	snprintf(text, sizeof text, "%s to %s", run->started, ended ? ended : "(did not end)");
	put_fact(page->out, "time", text);
	put_fact(page->out, "profile", run->profile);
	put_fact(page->out, "method", run->method);
	fputs("<div class=\"wide\"><dt>command</dt><dd><code>", page->out);
	wm_html_text(page->out, run->command);
	fputs("</code></dd></div>\n</dl>\n", page->out);
}

/* ---- warnings ----------------------------------------------------------------------------------------------- */

/* What the rows of a run say against it. */
struct doubts {
	size_t timed, bad, suspect, unsettled, launch_bound, unverified, within, publishable;
	const char *ceilings[CEILINGS]; /* suspect ones, each once */
	const char *peaks[CEILINGS];    /* notes on datasheet peaks */
	int nceilings, npeaks;
};

static bool is_unsettled(const struct wm_row *row) {
	for (int i = 0; i < row->n; i++)
		if (!strcmp(row->records[i].steady_by, "unsettled"))
			return true;
	return false;
}

static bool is_launch_bound(const struct wm_row *row) {
	for (int i = 0; i < row->n; i++)
		if (row->records[i].launch_bound)
			return true;
	return false;
}

static void note(const char **seen, int *n, const char *text) {
	for (int i = 0; i < *n; i++)
		if (seen[i] == text)
			return;
	if (*n < CEILINGS)
		seen[(*n)++] = text;
}

/* results/README.md, "What may be published": ok, verified, steady, with an interval between replicates. */
static bool is_publishable(const struct wm_row *row) {
	return row->status == WM_OK && row->verified && !is_unsettled(row) && !strcmp(row->interval, "between replicates");
}

static struct doubts doubts_of(const struct wm_rows *rows) {
	struct doubts d = {0};
	for (size_t i = 0; i < rows->n; i++) {
		const struct wm_row *row = &rows->v[i];
		d.bad += wm_status_class(row->status) == WM_ROW_BAD;
		d.suspect += row->status == WM_SUSPECT;
		if (!(row->median_s > 0))
			continue;
		d.timed++;
		d.unsettled += is_unsettled(row);
		d.launch_bound += is_launch_bound(row);
		d.unverified += !row->verified;
		d.within += strcmp(row->interval, "between replicates") != 0;
		d.publishable += is_publishable(row);
		if (!strncmp(row->ceiling_why, "ceiling suspect", 15))
			note(d.ceilings, &d.nceilings, row->ceiling_why);
		if (*row->peak_note)
			note(d.peaks, &d.npeaks, row->peak_note);
	}
	return d;
}

static void warn(FILE *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void warn(FILE *out, const char *fmt, ...) {
	char *text;
	va_list args;
	va_start(args, fmt);
	int n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	fputs("<li>", out);
	wm_html_text(out, text);
	fputs("</li>\n", out);
	free(text);
}

static void warn_of_runs(FILE *out, const struct wm_rows *rows) {
	for (int i = 0; i < rows->nruns; i++) {
		const struct wm_rows_run *run = &rows->runs[i];
		const json_t *environment =
			json_object_get(json_array_get(json_object_get(run->json, "segments"), 0), "environment");
		const char *git = json_string_value(json_object_get(environment, "git"));
		const char *emulated = json_string_value(json_object_get(environment, "emulated"));
		if (run->finals < run->cases)
			warn(out, "%s has %d of %d planned records; wattmark run --resume runs the others.", run->id, run->finals,
			     run->cases);
		if (git && strstr(git, "dirty"))
			warn(out, "%s was run by a wattmark built from changed sources (%s).", run->id, git);
		if (emulated)
			warn(out, "%s was emulated (%s): its figures stand beside no measured ones.", run->id, emulated);
		if (json_array_size(json_object_get(run->json, "segments")) > 1)
			warn(out, "%s went on after a change of boot or driver: %zu segments.", run->id,
			     json_array_size(json_object_get(run->json, "segments")));
	}
}

static void warn_of_rows(FILE *out, const struct doubts *d) {
	if (d->bad)
		warn(out, "%zu failed or wrong: the reasons stand below.", d->bad);
	if (d->suspect)
		warn(out, "%zu suspect: verified and timed, but a check of the time failed.", d->suspect);
	if (d->unverified)
		warn(out, "%zu timed but not verified.", d->unverified);
	if (d->unsettled)
		warn(out, "%zu of %zu figures are unsettled: the load had not become steady before the cap.", d->unsettled,
		     d->timed);
	if (d->launch_bound)
		warn(out, "%zu of %zu figures are launch-bound: they measure the host's calls as much as the device.",
		     d->launch_bound, d->timed);
	if (d->within)
		warn(out,
		     "%zu of %zu figures have no interval between runs (fewer than three replicates): theirs, within run, says"
		     " nothing about another run.",
		     d->within, d->timed);
	for (int i = 0; i < d->nceilings; i++)
		warn(out, "%s", d->ceilings[i]);
	for (int i = 0; i < d->npeaks; i++)
		warn(out, "Datasheet peak: %s.", d->peaks[i]);
	if (d->timed)
		warn(out,
		     "%zu of %zu figures may be published by the rules of the project: ok, verified, steady, with an interval"
		     " between replicates.",
		     d->publishable, d->timed);
}

static void put_warnings(struct wm_page *page) {
	struct doubts d = doubts_of(page->rows);
	fputs("<h3 id=\"notes\">Read this first</h3>\n<ul class=\"notes\">\n", page->out);
	warn_of_runs(page->out, page->rows);
	warn_of_rows(page->out, &d);
	if (!page->rows->n)
		warn(page->out, "There are no records.");
	fputs("</ul>\n", page->out);
}

/* ---- the best figures --------------------------------------------------------------------------------------- */

/* The best row of each benchmark, device, data type and run; latencies apart from rates. */
struct bests {
	const struct wm_row *v[BESTS];
	size_t n, left_out;
};

static bool same_dtype(const struct wm_row *a, const struct wm_row *b) {
	struct wm_axis_text x, y;
	bool has_x = wm_axes_find(a->problem, "dtype", 5, &x), has_y = wm_axes_find(b->problem, "dtype", 5, &y);
	return has_x == has_y && (!has_x || (x.value_bytes == y.value_bytes && !memcmp(x.value, y.value, x.value_bytes)));
}

static bool is_better(const struct wm_row *a, const struct wm_row *b) {
	return a->latency ? a->median_s < b->median_s : a->value > b->value;
}

static void collect_bests(const struct wm_rows *rows, struct bests *bests) {
	size_t bench_from = 0;
	for (size_t i = 0; i < rows->n; i++) {
		const struct wm_row *row = &rows->v[i];
		if (row->status != WM_OK || !row->verified || !(row->latency ? row->median_s > 0 : row->value > 0))
			continue;
		if (bests->n && bests->v[bests->n - 1]->bench != row->bench)
			bench_from = bests->n;
		size_t k = bench_from;
		while (k < bests->n && (bests->v[k]->device != row->device || bests->v[k]->bundle != row->bundle ||
		                        bests->v[k]->latency != row->latency || !same_dtype(bests->v[k], row)))
			k++;
		if (k == BESTS)
			bests->left_out++;
		else if (k == bests->n)
			bests->v[bests->n++] = row;
		else if (is_better(row, bests->v[k]))
			bests->v[k] = row;
	}
}

/* The axes of a problem that are not the core's: what makes the best one best. */
static void put_shape(FILE *out, const struct wm_row *row) {
	static const char *const others[] = {"dtype", "data", "regime", "load", NULL};
	const char *text = row->problem, *before = "";
	struct wm_axis_text axis;
	while (wm_axes_next(&text, &axis)) {
		bool skip = false;
		for (int i = 0; others[i]; i++)
			skip |= axis.key_bytes == strlen(others[i]) && !memcmp(axis.key, others[i], axis.key_bytes);
		if (skip)
			continue;
		wm_html_textf(out, "%s%.*s=%.*s", before, (int)axis.key_bytes, axis.key, (int)axis.value_bytes, axis.value);
		before = ", ";
	}
}

static void put_best(struct wm_page *page, const struct wm_row *row) {
	static const int columns[] = {WM_CELL_INTERVAL, WM_CELL_CEILING};
	struct wm_cells cells = {.rows = page->rows, .bundle = row->bundle};
	struct wm_axis_text dtype = {.value = "-", .value_bytes = 1};
	char text[WM_CELL_CHARS];
	FILE *out = page->out;
	wm_axes_find(row->problem, "dtype", 5, &dtype);
	fputs("<tr><th scope=\"row\">", out);
	wm_html_text(out, row->bench);
	fputs("</th><td>", out);
	wm_html_textf(out, "%.*s", (int)dtype.value_bytes, dtype.value);
	fputs("</td><td>", out);
	wm_html_text(out, row->device);
	if (page->rows->nruns > 1)
		wm_html_textf(out, ", run %s", row->run);
	fputs("</td><td>", out);
	wm_html_textf(out, *row->origin ? "%s (%s)" : "%s", row->impl, row->origin);
	fputs("</td><td class=\"num strong\">", out);
	if (row->latency)
		wm_units_time(row->median_s, text);
	else
		wm_units_rate(row->value, row->metric, text);
	wm_page_cell(page, text);
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
		wm_cells_text(&cells, row, columns[i], text);
		fprintf(out, "</td><td%s>", wm_cell_right[columns[i]] ? " class=\"num\"" : "");
		wm_page_cell(page, text);
	}
	fputs("</td><td>", out);
	wm_page_link(page, row);
	fputs("</td><td class=\"wide\">", out);
	put_shape(out, row);
	fputs("</td></tr>\n", out);
}

static void put_bests(struct wm_page *page) {
	struct bests bests = {.n = 0};
	collect_bests(page->rows, &bests);
	if (!bests.n)
		return;
	fputs(
		"<h3 id=\"best\">Best figures</h3>\n<p class=\"about\">The best verified row of each benchmark, data type and"
		" device; for collectives also the least latency. All others stand under <a "
	    "href=\"#results\">Results</a>.</p>\n",
		page->out);
	wm_page_scroll(page, "Best figures", false);
	fprintf(
		page->out,
		"<thead><tr><th scope=\"col\">benchmark</th><th scope=\"col\">type</th><th scope=\"col\">device</th>"
		"<th scope=\"col\">implementation</th><th scope=\"col\" class=\"num\">value</th><th scope=\"col\">interval</th>"
		"<th scope=\"col\" class=\"num\">%s</th><th scope=\"col\">row</th><th scope=\"col\">problem</th></tr></thead>\n"
		"<tbody>\n",
		wm_cell_titles[WM_CELL_CEILING]);
	for (size_t i = 0; i < bests.n; i++)
		put_best(page, bests.v[i]);
	fputs("</tbody>\n", page->out);
	wm_page_scroll_end(page);
	if (bests.left_out)
		fprintf(page->out, "<p class=\"remark\">%zu rows of further devices or types are not looked at here.</p>\n",
		        bests.left_out);
}

void wm_page_summary(struct wm_page *page) {
	fputs("<section aria-labelledby=\"summary\">\n<h2 id=\"summary\">Summary</h2>\n", page->out);
	put_outcome(page);
	for (int i = 0; i < page->rows->nruns; i++)
		put_run(page, i);
	put_warnings(page);
	put_bests(page);
	fputs("</section>\n", page->out);
}
