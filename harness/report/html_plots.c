/* SPDX-License-Identifier: Apache-2.0 */
/* html_plots.c - drawings with their legend, their words and what was left out of them. */
#include "html.h"
#include "plot.h"

#include <stdlib.h>

/* ---- legend ------------------------------------------------------------------------------------------------- */

/* The shapes of scripts/gnuplot/plot.gp, in its order: circle, square, triangle, diamond, triangle down, pentagon. */
static const char *const shapes[] = {"M10.5 6a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z",
                                     "M11 3h6v6h-6z",
                                     "M14 2l4 7h-8z",
                                     "M14 2l4 4l-4 4l-4 -4z",
                                     "M14 10l4 -7h-8z",
                                     "M14 2l4 3l-1.5 5h-5l-1.5 -5z"};
/* Its types of dashes, 2 to 5. */
static const char *const dashes[] = {"4 3", "1 3", "7 3 1 3", "7 3 1 3 1 3"};

static void put_swatch(FILE *out, enum wm_plot_mark mark, int style) {
	int i = style - 1;
	fputs("<svg class=\"swatch\" viewBox=\"0 0 28 12\" width=\"28\" height=\"12\" aria-hidden=\"true\">", out);
	if (mark == WM_PLOT_BOUND) {
		fprintf(out, "<path class=\"b%d\" d=\"M1 6h26\" stroke=\"currentColor\" stroke-dasharray=\"%s\"/>", style,
		        dashes[i % 4]);
	} else {
		fprintf(out, "<g class=\"s%d\">", i % 6 + 1);
		if (mark == WM_PLOT_LINE)
			fprintf(out, "<path d=\"M1 6h26\" stroke=\"currentColor\" stroke-width=\"1.6\"/>");
		fprintf(out, "<path d=\"%s\" fill=\"currentColor\"/></g>", shapes[(i + i / 6) % 6]);
	}
	fputs("</svg>", out);
}

/* Whether a drawing has it: one that was left out may have had it alone. */
static bool is_shown(const struct wm_plot_set *set, int mark, int style) {
	for (size_t i = 0; i < set->n; i++)
		for (size_t k = 0; k < set->v[i].n; k++)
			if ((int)set->v[i].series[k]->mark == mark && set->v[i].series[k]->style == style)
				return true;
	return false;
}

static void put_legend(FILE *out, const struct wm_plot_set *set) {
	fputs("<ul class=\"legend\">", out);
	for (int mark = 0; mark < WM_PLOT_MARKS; mark++)
		for (int i = 0; i < set->nnames[mark]; i++) {
			if (!is_shown(set, mark, i + 1))
				continue;
			fputs("<li>", out);
			put_swatch(out, (enum wm_plot_mark)mark, i + 1);
			wm_html_text(out, set->names[mark][i]);
			fputs("</li>\n", out);
		}
	fputs("</ul>\n", out);
}

/* ---- drawings ----------------------------------------------------------------------------------------------- */

static enum wm_status put_drawing(struct wm_page *page, const struct wm_plot_set *set, const struct wm_plot *plot) {
	char *svg, *about = NULL, title[2 * WM_PLOT_NAME];
	size_t bytes;
	enum wm_status st = wm_plot_draw(set, plot, &svg);
	if (st)
		return st;
	FILE *words = open_memstream(&about, &bytes);
	wm_plot_describe(words, set, plot);
	fclose(words);
	snprintf(title, sizeof title, "%s%s%s", set->about, *plot->title ? ": " : "", plot->title);
	struct wm_svg_frame frame = {.cls = "drawing", .title = title, .about = about, .scales = true};
	st = wm_page_figure(page, svg, &frame, *plot->title ? plot->title : set->about);
	free(about);
	free(svg);
	return st;
}

static void put_left_out(FILE *out, const struct wm_plot_set *set) {
	size_t thinned = 0;
	for (size_t i = 0; i < set->n; i++)
		for (size_t k = 0; k < set->v[i].n; k++)
			thinned += set->v[i].series[k]->stride > 1 && set->v[i].series[k]->mark != WM_PLOT_BOUND;
	if (set->panels_left_out)
		fprintf(out,
		        "<p class=\"remark\">Not drawn: %zu more settings of the other axes; drawn are the %d with most "
		        "points.</p>\n",
		        set->panels_left_out, WM_PLOT_PANELS);
	if (set->rows_left_out)
		fprintf(out, "<p class=\"remark\">Not drawn: %zu rows beyond %d lines or 64 settings.</p>\n",
		        set->rows_left_out, WM_PLOT_STYLES);
	if (set->rows_alone)
		fprintf(out, "<p class=\"remark\">Not drawn: %zu rows that are alone in their setting.</p>\n", set->rows_alone);
	if (thinned)
		fprintf(
			out,
			"<p class=\"remark\">Of %zu series with more than %d points only every second, fourth .. is drawn.</p>\n",
			thinned, WM_PLOT_POINTS);
}

/* The same of drawings of power, which are of a row each. */
static void put_traces_left_out(FILE *out, const struct wm_plot_set *set) {
	if (set->panels_left_out)
		fprintf(out, "<p class=\"remark\">Not drawn: %zu more weighed rows; drawn are the first %d.</p>\n",
		        set->panels_left_out, WM_PLOT_TRACES);
	if (set->rows_alone)
		fprintf(out, "<p class=\"remark\">Not drawn: %zu weighed %s of which the bundle's power.csv has nothing.</p>\n",
		        set->rows_alone, set->rows_alone == 1 ? "row" : "rows");
}

/* The legend is of use only beside a drawing; without one there is the reason. */
static void put_set(struct wm_page *page, struct wm_plot_set *set, const char *remark,
                    void (*left_out)(FILE *out, const struct wm_plot_set *set)) {
	FILE *out = page->out;
	enum wm_status st = WM_OK;
	if (set->n) {
		fputs("<p class=\"about\">", out);
		wm_html_text(out, set->about);
		if (*set->shared)
			wm_html_textf(out, "; everywhere %s", set->shared);
		fprintf(out, ".%s</p>\n<div class=\"drawings\">\n", remark);
		for (size_t i = 0; i < set->n && !st; i++)
			st = put_drawing(page, set, &set->v[i]);
		fputs("</div>\n", out);
		if (st) {
			fputs("<p class=\"remark\">Not drawn: ", out);
			wm_html_text(out, wm_why());
			fputs(". The tables have all figures.</p>\n", out);
		} else {
			put_legend(out, set);
			left_out(out, set);
		}
	}
	wm_plot_free(set);
}

void wm_page_rooflines(struct wm_page *page) {
	struct wm_plot_set set;
	wm_plot_rooflines(page->rows, &set);
	if (set.n)
		fputs("<h3 id=\"rooflines\">Rooflines</h3>\n", page->out);
	put_set(page, &set,
	        " Bounds are measured: the best verified rows of read (slopes) and fma (flat) on that device in that run. "
	        "Work is"
	        " counted by the model of the benchmark: bytes are those that must be moved once.",
	        put_left_out);
}

void wm_page_sweep(struct wm_page *page, const char *bench) {
	struct wm_plot_set set;
	wm_plot_sweep(page->rows, bench, &set);
	put_set(page, &set, " Bars are the intervals of the table.", put_left_out);
}

void wm_page_efficiency(struct wm_page *page, const char *bench) {
	struct wm_plot_set set;
	wm_plot_efficiency(page->rows, bench, &set);
	put_set(page, &set,
	        " Each scope class of energy has drawings of its own; bars are the intervals between replicates, and leave "
	        "out the accuracy of the meters.",
	        put_left_out);
}

void wm_page_power(struct wm_page *page) {
	struct wm_plot_set set;
	wm_plot_power(page->rows, &set);
	if (set.n || set.rows_alone)
		fputs("<h3 id=\"power\">Power</h3>\n", page->out);
	if (!set.n)
		put_traces_left_out(page->out, &set);
	for (size_t i = 0; i < set.n; i++)
		page->shown[set.v[i].one - page->rows->v] |= WM_HTML_SHOWN;
	put_set(page, &set,
	        " One drawing for each weighed row, of its first replicate with a number. Shaded are the windows that are "
	        "numbers; the load runs before, between and behind them.",
	        put_traces_left_out);
}

void wm_page_collectives(struct wm_page *page) {
	struct wm_plot_set bandwidth, latency;
	wm_plot_collectives(page->rows, false, &bandwidth);
	wm_plot_collectives(page->rows, true, &latency);
	if (bandwidth.n || latency.n)
		fputs("<h3 id=\"collectives\">Collectives</h3>\n", page->out);
	put_set(page, &bandwidth, " Bars are the intervals of the tables.", put_left_out);
	put_set(page, &latency,
	        " Median over the operations of the slowest rank's time; bars are the intervals of the tables.",
	        put_left_out);
}
