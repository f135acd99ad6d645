/* SPDX-License-Identifier: Apache-2.0 */
/* plot.h - what of the rows can be drawn, and how it is drawn. Private to the reports. */
#ifndef WM_PLOT_H
#define WM_PLOT_H

#include "intern.h"
#include "rows.h"

enum { WM_PLOT_STYLES = 12, WM_PLOT_PANELS = 6, WM_PLOT_POINTS = 256, WM_PLOT_NAME = 512, WM_PLOT_SPANS = 16 };
enum { WM_PLOT_TRACES = 24 }; /* drawings of power: more cases than any profile weighs */

struct wm_plot_point {
	double x, y, lo, hi; /* lo and hi equal y where there is no interval */
};

enum wm_plot_mark { WM_PLOT_LINE, WM_PLOT_DOTS, WM_PLOT_BOUND, WM_PLOT_MARKS };

/* One line, one cloud of points or one bound. */
struct wm_plot_series {
	enum wm_plot_mark mark;
	int style;        /* from 1: place of its name among those of its mark, in the whole set */
	const char *name; /* unescaped; never reaches gnuplot */
	struct wm_plot_point v[WM_PLOT_POINTS];
	size_t n;
	size_t seen, stride; /* of so many points every stride-th is kept */
};

/* One drawing. Labels and units are this program's own words. */
struct wm_plot {
	const char *key;          /* the axes that its rows have in common */
	char title[WM_PLOT_NAME]; /* unescaped; never reaches gnuplot */
	const struct wm_row *one; /* of its rows, in rooflines */
	struct wm_plot_series **series;
	size_t n, room;
	struct {
		double from, to;
	} spans[WM_PLOT_SPANS]; /* of x, shaded: energy windows */
	int nspans;
	bool kept; /* among the WM_PLOT_PANELS that are worth most */
};

/* The drawings of one kind of rows; the same name has the same style in all of them. */
struct wm_plot_set {
	const char *about; /* "throughput over size" */
	const char *x_label, *y_unit;
	bool log_x, log_y, bytes, sizes; /* bytes: x counts bytes; sizes: x has ticks at what was measured */
	char shared[WM_PLOT_NAME];       /* axes with one value in all drawings, unescaped; "" = none */
	struct wm_plot *v;               /* n of them, those with most points first */
	size_t n, room;
	/* drawings beyond WM_PLOT_PANELS; rows beyond the styles; rows that are alone in their setting */
	size_t panels_left_out, rows_left_out, rows_alone;
	const char *names[WM_PLOT_MARKS][WM_PLOT_STYLES];
	int nnames[WM_PLOT_MARKS];
	struct wm_intern texts;
};

/* Throughput over size, of the rows of a benchmark that has one; else an empty set. */
void wm_plot_sweep(const struct wm_rows *rows, const char *bench, struct wm_plot_set *set_p);
/* Work per joule over size, each scope class in drawings of its own. */
void wm_plot_efficiency(const struct wm_rows *rows, const char *bench, struct wm_plot_set *set_p);
/* Power over time, one drawing for each weighed case, of its first replicate that gave a number; from power.csv. */
void wm_plot_power(const struct wm_rows *rows, struct wm_plot_set *set_p);
/* All collectives over bytes: bus bandwidth, or latency. */
void wm_plot_collectives(const struct wm_rows *rows, bool latency, struct wm_plot_set *set_p);
/* A roofline for each device of each run that has rows of flop/s and a ceiling. */
void wm_plot_rooflines(const struct wm_rows *rows, struct wm_plot_set *set_p);
void wm_plot_free(struct wm_plot_set *set);

/* For those who fill a set: the drawing of that key, NULL when there are too many; its line of that name, NULL when
 * there are no more styles; a point on it, where lo and hi may be NAN. */
struct wm_plot *wm_plot_panel(struct wm_plot_set *set, const char *key);
struct wm_plot_series *wm_plot_line(struct wm_plot_set *set, struct wm_plot *plot, enum wm_plot_mark mark,
                                    const char *name);
void wm_plot_add(struct wm_plot_series *series, double x, double y, double lo, double hi);

/* A drawing as gnuplot makes it, for svg.h; freed by the caller. WM_SKIP + reason without gnuplot. */
enum wm_status wm_plot_draw(const struct wm_plot_set *set, const struct wm_plot *plot, char **svg_p);
/* What can be seen: each series from its first to its last point, in words, unescaped. */
void wm_plot_describe(FILE *out, const struct wm_plot_set *set, const struct wm_plot *plot);

#endif
