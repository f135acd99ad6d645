/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plot_draw.c - a plot as a text for gnuplot: settings and columns of numbers before scripts/gnuplot/plot.gp. Names
 * come from records and are not in it.
 */
#include "plot.h"
#include "system/program.h"
#include "units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_S 20.0

enum { TICKS = 7, WIDE_TICKS = 4 }; /* on one axis, and of those that say KiB */

struct extent {
	double least, most, highest; /* of x; of y */
};

static struct extent extent_of(const struct wm_plot *plot) {
	struct extent e = {INFINITY, -INFINITY, 0};
	for (size_t i = 0; i < plot->n; i++)
		for (size_t k = 0; k < plot->series[i]->n; k++) {
			const struct wm_plot_point *p = &plot->series[i]->v[k];
			e.least = fmin(e.least, p->x);
			e.most = fmax(e.most, p->x);
			e.highest = fmax(e.highest, fmax(p->y, p->hi));
		}
	return e;
}

/* ---- scales ------------------------------------------------------------------------------------------------- */

static void put_tick(FILE *out, double x, bool bytes, const char *before) {
	static const char *const prefixes[] = {"", "Ki", "Mi", "Gi", "Ti"};
	int i = 0;
	double scaled = x;
	for (; bytes && i < 4 && scaled >= 1024 && fmod(scaled, 1024) == 0; i++)
		scaled /= 1024;
	if (bytes)
		fprintf(out, "%s\"%.10g %sB\" %.17g", before, scaled, prefixes[i], x);
	else
		fprintf(out, "%s\"%.10g\" %.17g", before, x, x);
}

static int compare_doubles(const void *left, const void *right) {
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

/* The sizes that were measured, where they are few; else powers of two among them. */
static void put_size_ticks(FILE *out, const struct wm_plot_set *set, const struct wm_plot *plot,
                           const struct extent *e) {
	double sizes[TICKS + 1];
	size_t n = 0;
	for (size_t i = 0; i < plot->n; i++)
		for (size_t k = 0; k < plot->series[i]->n && n <= TICKS; k++) {
			size_t at = 0;
			while (at < n && sizes[at] != plot->series[i]->v[k].x)
				at++;
			if (at == n && plot->series[i]->mark != WM_PLOT_BOUND)
				sizes[n++] = plot->series[i]->v[k].x;
		}
	fputs("set xtics (", out);
	if (n <= (set->bytes ? WIDE_TICKS : TICKS)) {
		qsort(sizes, n, sizeof *sizes, compare_doubles);
		for (size_t i = 0, kept = 0; i < n; i++)
			if (!i || sizes[i] > sizes[kept] * pow(e->most / e->least, 1.0 / (TICKS + 1)))
				put_tick(out, sizes[kept = i], set->bytes, i ? ", " : "");
	} else {
		int first = (int)ceil(log2(e->least)), last = (int)floor(log2(e->most));
		int ticks = set->bytes ? WIDE_TICKS : TICKS, step = (last - first + ticks - 1) / ticks;
		for (int power = first; power <= last; power += step ? step : 1)
			put_tick(out, exp2(power), set->bytes, power > first ? ", " : "");
	}
	fputs(")\n", out);
}

/* Lines that are further apart than this cannot be read on one linear axis. */
#define FAR 30.0

static bool needs_log(const struct wm_plot_set *set, const struct wm_plot *plot) {
	double least = INFINITY, most = 0;
	for (size_t i = 0; i < plot->n && !set->log_y; i++) {
		double highest = 0;
		for (size_t k = 0; k < plot->series[i]->n; k++)
			highest = fmax(highest, plot->series[i]->v[k].y);
		least = fmin(least, highest);
		most = fmax(most, highest);
	}
	return set->log_y || most > FAR * least;
}

static void put_range(FILE *out, const struct wm_plot_set *set, const struct extent *e) {
	double margin = set->log_x ? pow(e->most / e->least, 0.04) : 1;
	if (margin < 1.02)
		margin = 1.3;
	if (set->log_x)
		fprintf(out, "set xrange [%.17g:%.17g]\n", e->least / margin, e->most * margin);
	else
		fprintf(out, "set xrange [%.17g:%.17g]\n", e->least, e->most);
}

/* Spans are shaded behind the lines; their colour is a mark of the page, as plot.gp has it for the grid. */
static void put_spans(FILE *out, const struct wm_plot *plot) {
	for (int i = 0; i < plot->nspans; i++)
		fprintf(out,
		        "set object %d rectangle from %.17g, graph 0 to %.17g, graph 1 behind fillstyle solid noborder fc rgb "
		        "196609\n",
		        i + 1, plot->spans[i].from, plot->spans[i].to);
}

static void put_scales(FILE *out, const struct wm_plot_set *set, const struct wm_plot *plot, double *scale_p) {
	struct extent e = extent_of(plot);
	const char *prefix = "";
	if (!set->sizes && set->log_x) { /* gnuplot names powers of ten only: there must be two of them */
		e.least = pow(10, floor(log10(e.least)));
		e.most = pow(10, ceil(log10(e.most)));
	}
	bool log_y = needs_log(set, plot);
	*scale_p = log_y ? 1 : wm_units_prefix(e.highest, &prefix);
	fprintf(out, "log_x = %d\nlog_y = %d\nx_label = \"%s\"\n", set->log_x, log_y, set->x_label);
	if (log_y)
		fprintf(out, "y_label = \"\"\ny_format = \"%%.0s %%c%s\"\nset yrange [*:*]\n", set->y_unit);
	else
		fprintf(out, "y_label = \"%s%s\"\ny_format = \"\"\nset yrange [0:*]\n", prefix, set->y_unit);
	put_range(out, set, &e);
	if (set->sizes)
		put_size_ticks(out, set, plot, &e);
}

/* ---- data --------------------------------------------------------------------------------------------------- */

static size_t put_points(FILE *out, const struct wm_plot *plot, enum wm_plot_mark mark, const char *name,
                         double scale) {
	size_t n = 0;
	fprintf(out, "$%s << END\n", name);
	for (size_t i = 0; i < plot->n; i++) {
		const struct wm_plot_series *s = plot->series[i];
		if (s->mark != mark)
			continue;
		fputs(n++ ? "\n\n" : "", out);
		for (size_t k = 0; k < s->n; k++)
			fprintf(out, "%.17g %.17g %.17g %.17g\n", s->v[k].x, s->v[k].y / scale, s->v[k].lo / scale,
			        s->v[k].hi / scale);
	}
	fprintf(out, "END\n%s = %zu\n", name, n);
	return n;
}

static void put_styles(FILE *out, const struct wm_plot *plot, enum wm_plot_mark mark, const char *name) {
	fprintf(out, "%s = \"", name);
	for (size_t i = 0; i < plot->n; i++)
		if (plot->series[i]->mark == mark)
			fprintf(out, "%d ", plot->series[i]->style);
	fputs("\"\n", out);
}

enum wm_status wm_plot_draw(const struct wm_plot_set *set, const struct wm_plot *plot, char **svg_p) {
	static const char *const argv[] = {"gnuplot", "-d", NULL};
	char *text = NULL;
	size_t bytes = 0;
	double scale;
	FILE *out = open_memstream(&text, &bytes);
	if (!out)
		return wm_fail(WM_FAILED, "no memory for a plot");
	put_scales(out, set, plot, &scale);
	put_spans(out, plot);
	put_points(out, plot, WM_PLOT_LINE, "lines", scale);
	put_points(out, plot, WM_PLOT_DOTS, "points", scale);
	put_points(out, plot, WM_PLOT_BOUND, "bounds", scale);
	put_styles(out, plot, WM_PLOT_LINE, "line_styles");
	put_styles(out, plot, WM_PLOT_DOTS, "point_styles");
	put_styles(out, plot, WM_PLOT_BOUND, "bound_styles");
	fputs(wm_embedded("scripts/gnuplot/plot.gp"), out);
	fclose(out);
	enum wm_status st = wm_program_run(argv, text, LIMIT_S, svg_p, &bytes);
	free(text);
	return st;
}

/* ---- in words ----------------------------------------------------------------------------------------------- */

static void put_value(FILE *out, const struct wm_plot_set *set, double value) {
	char text[WM_UNIT_CHARS];
	if (!strcmp(set->y_unit, "s"))
		wm_units_time(value, text);
	else
		wm_units_rate(value, set->y_unit, text);
	fputs(text, out);
}

static void describe_series(FILE *out, const struct wm_plot_set *set, const struct wm_plot_series *s) {
	double lowest = INFINITY, highest = 0;
	for (size_t i = 0; i < s->n; i++) {
		lowest = fmin(lowest, s->v[i].y);
		highest = fmax(highest, s->v[i].y);
	}
	fprintf(out, "%s: ", s->name);
	if (s->mark == WM_PLOT_BOUND) {
		fputs("a bound, at most ", out);
		put_value(out, set, highest);
	} else if (s->mark == WM_PLOT_DOTS) {
		fprintf(out, "%zu points from ", s->n);
		put_value(out, set, lowest);
		fputs(" to ", out);
		put_value(out, set, highest);
	} else {
		put_value(out, set, s->v[0].y);
		fprintf(out, set->log_x ? " at %.10g, " : " at %.1f, ", s->v[0].x);
		put_value(out, set, s->v[s->n - 1].y);
		fprintf(out, set->log_x ? " at %.10g" : " at %.1f", s->v[s->n - 1].x);
	}
	fputs(". ", out);
}

void wm_plot_describe(FILE *out, const struct wm_plot_set *set, const struct wm_plot *plot) {
	fprintf(out, "Over %s. ", set->x_label);
	for (size_t i = 0; i < plot->n; i++)
		describe_series(out, set, plot->series[i]);
	for (int i = 0; i < plot->nspans; i++)
		fprintf(out, "%s %.1f to %.1f%s", i ? "," : "Shaded:", plot->spans[i].from, plot->spans[i].to,
		        i + 1 == plot->nspans ? "." : "");
}
