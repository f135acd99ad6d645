/* SPDX-License-Identifier: Apache-2.0 */
/* html_summary.c - what a reader must know before any table: what ran, how it ended, the best figures, the warnings. */
#include "html.h"
#include "units.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { BESTS = 96, CEILINGS = 5, DEVICES = 32 };

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

/* "host: AMD EPYC; cuda:0: ..", each device once. */
static void put_devices(FILE *out, const json_t *devices) {
	for (size_t i = 0; i < json_array_size(devices) && i < DEVICES; i++) {
		const json_t *device = json_array_get(devices, i);
		const char *id = json_string_value(json_object_get(device, "id"));
		const char *name = json_string_value(json_object_get(device, "name"));
		wm_html_textf(out, "%s%s: %s", i ? "; " : "", id ? id : "?", name && *name ? name : "unknown");
	}
	if (json_array_size(devices) > DEVICES)
		fprintf(out, "; and %zu more", json_array_size(devices) - DEVICES);
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
	long long replicates = json_integer_value(json_object_get(run->json, "replicates"));
	snprintf(text, sizeof text, "%s, method %s, %lld %s", run->profile, run->method, replicates,
	         replicates == 1 ? "replicate" : "replicates");
	put_fact(page->out, "profile", text);
	fputs("<div class=\"wide\"><dt>devices</dt><dd>", page->out);
	put_devices(page->out, json_object_get(run->json, "devices"));
	fputs("</dd></div>\n<div class=\"wide\"><dt>command</dt><dd><code>", page->out);
	wm_html_text(page->out, run->command);
	fputs("</code></dd></div>\n</dl>\n", page->out);
}

/* ---- warnings ----------------------------------------------------------------------------------------------- */

/* What the rows of a run say against it. */
struct doubts {
	size_t timed, bad, suspect, unsettled, launch_bound, unverified, within, publishable;
	size_t weighed, smoke, throttled;
	const char *ceilings[CEILINGS];         /* suspect ones, each once */
	const char *peaks[CEILINGS];            /* notes on datasheet peaks */
	const struct wm_row *unknown[CEILINGS]; /* devices without one, by one of their rows */
	int nceilings, npeaks, nunknown;
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

/* A row of a device whose datasheet is not known, or is not its own, for each once. */
static void note_unknown(struct doubts *d, const struct wm_row *row) {
	if (strncmp(row->peak_why, "datasheet peak", 14) != 0)
		return;
	for (int i = 0; i < d->nunknown; i++)
		if (d->unknown[i]->device == row->device && d->unknown[i]->bundle == row->bundle)
			return;
	if (d->nunknown < CEILINGS)
		d->unknown[d->nunknown++] = row;
}

/* results/README.md, "What may be published": ok, verified, steady, with an interval between replicates. */
static bool is_publishable(const struct wm_row *row) {
	return row->status == WM_OK && row->verified && !is_unsettled(row) && !strcmp(row->interval, "between replicates");
}

static void count_weighed(struct doubts *d, const struct wm_row *row) {
	bool weighed = false, smoke = false, throttled = false;
	for (int i = 0; i < row->nenergy; i++) {
		weighed |= !*row->energy[i].why;
		smoke |= row->energy[i].smoke;
		throttled |= row->energy[i].throttled;
	}
	d->weighed += weighed;
	d->smoke += smoke;
	d->throttled += throttled;
}

static struct doubts doubts_of(const struct wm_rows *rows) {
	struct doubts d = {0};
	for (size_t i = 0; i < rows->n; i++) {
		const struct wm_row *row = &rows->v[i];
		d.bad += wm_status_class(row->status) == WM_ROW_BAD;
		d.suspect += row->status == WM_SUSPECT;
		count_weighed(&d, row);
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
		note_unknown(&d, row);
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

/* Did the row run on that device, or on a group of devices of its backend? */
static bool is_of(const struct wm_row *row, const char *id) {
	return !strcmp(row->device, id) || (row->ranks > 1 && !strncmp(row->device, id, strcspn(id, ":")));
}

/* Devices that were not as they come, of those that have a row. */
static void warn_of_devices(FILE *out, const struct wm_rows *rows, int bundle) {
	const struct wm_rows_run *run = &rows->runs[bundle];
	const json_t *device;
	size_t i;

	json_array_foreach(json_object_get(run->json, "devices"), i, device) {
		const char *id = json_string_value(json_object_get(device, "id"));
		bool used = false;

		for (size_t r = 0; id && r < rows->n && !used; r++)
			used = rows->v[r].bundle == bundle && is_of(&rows->v[r], id);
		if (used && *wm_rows_unlike(run, id))
			warn(out, "%s of %s was not as it comes: %s.", id, run->id, wm_rows_unlike(run, id));
	}
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
		warn_of_devices(out, rows, i);
	}
}

static void warn_of_rows(FILE *out, const struct doubts *d, int nruns) {
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
	if (d->throttled)
		warn(out, "%zu of %zu weighed rows were throttled by heat or the power brake: not publishable.", d->throttled,
		     d->weighed);
	if (d->smoke)
		warn(out,
		     "%zu of %zu weighed rows have smoke windows, too short to be compared: they show that weighing works.",
		     d->smoke, d->weighed);
	for (int i = 0; i < d->nceilings; i++)
		warn(out, "%s", d->ceilings[i]);
	for (int i = 0; i < d->npeaks; i++)
		warn(out, "Datasheet peak: %s.", d->peaks[i]);
	for (int i = 0; i < d->nunknown; i++)
		warn(out, "No percentage of peak on %s%s%s: %s.", d->unknown[i]->device, nruns > 1 ? " of run " : "",
		     nruns > 1 ? d->unknown[i]->run : "", d->unknown[i]->peak_why);
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
	warn_of_rows(page->out, &d, page->rows->nruns);
	if (!page->rows->n)
		warn(page->out, "There are no records.");
	fputs("</ul>\n", page->out);
}

/* ---- the best figures --------------------------------------------------------------------------------------- */

/* The best row of each benchmark, device, data type and run; latencies apart from rates, and no row beside one that
 * started with other caches, on other data, or in another regime, load or number of ranks. */
struct bests {
	const struct wm_row *v[BESTS];
	size_t n, left_out;
};

static bool same_axis(const struct wm_row *a, const struct wm_row *b, const char *key) {
	struct wm_axis_text x, y;
	bool has_x = wm_axes_find(a->problem, key, strlen(key), &x), has_y = wm_axes_find(b->problem, key, strlen(key), &y);
	return has_x == has_y && (!has_x || (x.value_bytes == y.value_bytes && !memcmp(x.value, y.value, x.value_bytes)));
}

static bool same_kind(const struct wm_row *a, const struct wm_row *b) {
	static const char *const axes[] = {"dtype", "out", "cache", "data", "regime", "load"};
	if (a->device != b->device || a->bundle != b->bundle || a->latency != b->latency || a->ranks != b->ranks)
		return false;
	for (size_t i = 0; i < sizeof axes / sizeof *axes; i++)
		if (!same_axis(a, b, axes[i]))
			return false;
	return true;
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
		while (k < bests->n && !same_kind(bests->v[k], row))
			k++;
		if (k == BESTS)
			bests->left_out++;
		else if (k == bests->n)
			bests->v[bests->n++] = row;
		else if (is_better(row, bests->v[k]))
			bests->v[k] = row;
	}
}

static bool is_axis(const struct wm_axis_text *axis, const char *key, const char *value) {
	return axis->key_bytes == strlen(key) && !memcmp(axis->key, key, axis->key_bytes) &&
	       (!value || (axis->value_bytes == strlen(value) && !memcmp(axis->value, value, axis->value_bytes)));
}

/* The axes that make the best one best: not the type, which has a column, and none of the core's at its default. */
static void put_shape(FILE *out, const struct wm_row *row) {
	const char *cache = strcmp(row->metric, "B/s bus") ? "cold" : "hot";
	const char *text = row->problem, *before = "";
	struct wm_axis_text axis;
	while (wm_axes_next(&text, &axis)) {
		if (is_axis(&axis, "dtype", NULL) || is_axis(&axis, "timing", NULL) || is_axis(&axis, "cache", cache) ||
		    is_axis(&axis, "data", "uniform") || is_axis(&axis, "regime", "sustained") ||
		    is_axis(&axis, "load", "alone"))
			continue;
		wm_html_textf(out, "%s%.*s=%.*s", before, (int)axis.key_bytes, axis.key, (int)axis.value_bytes, axis.value);
		before = ", ";
	}
}

/* The columns between the type and the row's number; a latency stands for the value. */
static const int columns[] = {WM_CELL_DEVICE,   WM_CELL_IMPL,    WM_CELL_RANKS, WM_CELL_VALUE,
                              WM_CELL_INTERVAL, WM_CELL_CEILING, WM_CELL_PEAK};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void best_text(struct wm_page *page, const struct wm_row *row, int column, char text[WM_CELL_CHARS]) {
	struct wm_cells cells = {.rows = page->rows, .bundle = row->bundle};
	struct wm_cell_column plain = wm_cell_plain(column);
	if (column == WM_CELL_VALUE && row->latency)
		wm_units_time(row->median_s, text);
	else
		wm_cells_text(&cells, row, &plain, text);
}

/* What the figure must be read with, below its interval. */
static void put_best_note(struct wm_page *page, const struct wm_row *row) {
	char text[WM_CELL_CHARS];
	best_text(page, row, WM_CELL_NOTE, text);
	if (!*text)
		return;
	fputs("<br>", page->out);
	wm_html_text(page->out, text);
}

static void put_best(struct wm_page *page, const struct wm_row *row, bool is_first, const bool *hidden) {
	struct wm_axis_text dtype = {.value = "-", .value_bytes = 1};
	char text[WM_CELL_CHARS];
	FILE *out = page->out;
	wm_axes_find(row->problem, "dtype", 5, &dtype);
	fprintf(out, "<tr%s><th scope=\"row\">", is_first ? " class=\"first\"" : "");
	wm_html_text(out, row->bench);
	fputs(row->latency ? ", latency" : "", out);
	fputs("</th><td>", out);
	wm_html_textf(out, "%.*s", (int)dtype.value_bytes, dtype.value);
	for (int i = 0; i < COLUMNS; i++) {
		if (hidden[i])
			continue;
		best_text(page, row, columns[i], text);
		fprintf(out, "</td><td%s>",
		        columns[i] == WM_CELL_VALUE       ? " class=\"num strong\""
		        : wm_cell_plain(columns[i]).right ? " class=\"num\""
		                                          : "");
		wm_page_cell(page, text);
		if (columns[i] == WM_CELL_DEVICE && page->rows->nruns > 1)
			wm_html_textf(out, ", run %s", row->run);
		if (columns[i] == WM_CELL_INTERVAL)
			put_best_note(page, row);
	}
	fputs("</td><td>", out);
	wm_page_link(page, row);
	fputs("</td><td class=\"problem\">", out);
	put_shape(out, row);
	fputs("</td></tr>\n", out);
}

static void put_best_heads(struct wm_page *page, const bool *hidden) {
	fputs("<thead><tr><th scope=\"col\">benchmark</th><th scope=\"col\">type</th>", page->out);
	for (int i = 0; i < COLUMNS; i++)
		if (!hidden[i])
			fprintf(page->out, "<th scope=\"col\"%s>%s</th>", wm_cell_plain(columns[i]).right ? " class=\"num\"" : "",
			        wm_cell_titles[columns[i]]);
	fputs("<th scope=\"col\">row</th><th scope=\"col\">problem</th></tr></thead>\n", page->out);
}

static void put_bests(struct wm_page *page) {
	struct bests bests = {.n = 0};
	bool hidden[COLUMNS];
	char text[WM_CELL_CHARS];
	collect_bests(page->rows, &bests);
	if (!bests.n)
		return;
	for (int c = 0; c < COLUMNS; c++) {
		hidden[c] = true;
		for (size_t i = 0; i < bests.n && hidden[c]; i++) {
			best_text(page, bests.v[i], columns[c], text);
			hidden[c] = !strcmp(text, "-");
		}
	}
	fputs(
		"<h3 id=\"best\">Best figures</h3>\n<p class=\"about\">The best verified row of each benchmark, data type and"
		" device, apart for each kind of cache, data, regime and load; for collectives also the least latency."
		" All others stand under <a href=\"#results\">Results</a>.</p>\n",
		page->out);
	wm_page_scroll(page, "Best figures", false);
	put_best_heads(page, hidden);
	fputs("<tbody>\n", page->out);
	for (size_t i = 0; i < bests.n; i++)
		put_best(page, bests.v[i], i && bests.v[i]->bench != bests.v[i - 1]->bench, hidden);
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
