/* SPDX-License-Identifier: Apache-2.0 */
/* plot.c - sorts rows into drawings: what is x, which rows share a line, which lines share a drawing. */
#include "plot.h"

#include "axes.h"
#include "core/problem.h"
#include "units.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { FACETS = 64 }; /* drawings that are told apart before the best of them are kept */

/* ---- axes --------------------------------------------------------------------------------------------------- */

static double axis_number(const struct wm_row *row, const char *key) {
	struct wm_axis_text axis;
	char *end;
	if (!wm_axes_find(row->problem, key, strlen(key), &axis))
		return NAN;
	double x = strtod(axis.value, &end);
	return end == axis.value + axis.value_bytes && isfinite(x) ? x : NAN;
}

static bool is_axis(const struct wm_axis_text *axis, const char *key) {
	return axis->key_bytes == strlen(key) && !memcmp(axis->key, key, axis->key_bytes);
}

static bool same_bytes(const char *a, size_t na, const char *b, size_t nb) {
	return na == nb && !memcmp(a, b, na);
}

/* Appends to a text of WM_PLOT_NAME bytes; what finds no room is cut. */
static void add(char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(char *text, const char *fmt, ...) {
	size_t n = strlen(text);
	va_list args;
	va_start(args, fmt);
	vsnprintf(text + n, WM_PLOT_NAME - n, fmt, args);
	va_end(args);
}

/* ---- points into series, series into drawings --------------------------------------------------------------- */

struct wm_plot *wm_plot_panel(struct wm_plot_set *set, const char *key) {
	key = wm_intern_text(&set->texts, key);
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i].key == key)
			return &set->v[i];
	if (set->n == FACETS)
		return NULL;
	set->v = wm_grow(set->v, set->n, &set->room, sizeof *set->v);
	set->v[set->n] = (struct wm_plot){.key = key};
	return &set->v[set->n++];
}

/* The place of a name among those of its mark, from 1; 0 when there are no more styles. */
static int style_of(struct wm_plot_set *set, enum wm_plot_mark mark, const char *name) {
	int *n = &set->nnames[mark];
	for (int i = 0; i < *n; i++)
		if (set->names[mark][i] == name)
			return i + 1;
	if (*n == WM_PLOT_STYLES)
		return 0;
	set->names[mark][(*n)++] = name;
	return *n;
}

struct wm_plot_series *wm_plot_line(struct wm_plot_set *set, struct wm_plot *plot, enum wm_plot_mark mark,
                                    const char *name) {
	name = wm_intern_text(&set->texts, name);
	for (size_t i = 0; i < plot->n; i++)
		if (plot->series[i]->name == name && plot->series[i]->mark == mark)
			return plot->series[i];
	int style = style_of(set, mark, name);
	if (!style)
		return NULL;
	plot->series = wm_grow(plot->series, plot->n, &plot->room, sizeof(struct wm_plot_series *));
	struct wm_plot_series *s = wm_zalloc(sizeof *s);
	*s = (struct wm_plot_series){.mark = mark, .style = style, .name = name, .stride = 1};
	return plot->series[plot->n++] = s;
}

/* When it is full every second point goes, from then on also of those that come. */
void wm_plot_add(struct wm_plot_series *s, double x, double y, double lo, double hi) {
	if (s->seen++ % s->stride)
		return;
	if (s->n == WM_PLOT_POINTS) {
		for (size_t i = 0; 2 * i < s->n; i++)
			s->v[i] = s->v[2 * i];
		s->n = (s->n + 1) / 2;
		s->stride *= 2;
	}
	s->v[s->n++] = (struct wm_plot_point){x, y, lo > 0 ? lo : y, hi > 0 ? hi : y};
}

static int compare_points(const void *left, const void *right) {
	const struct wm_plot_point *a = left, *b = right;
	return (a->x > b->x) - (a->x < b->x);
}

/* How many points stand on lines that have more than one, or in clouds: what a drawing is worth. */
static size_t worth(const struct wm_plot *plot) {
	size_t n = 0;
	for (size_t i = 0; i < plot->n; i++)
		if (plot->series[i]->mark == WM_PLOT_DOTS || (plot->series[i]->mark == WM_PLOT_LINE && plot->series[i]->n > 1))
			n += plot->series[i]->n;
	return n;
}

static void free_plot(struct wm_plot *plot) {
	for (size_t i = 0; i < plot->n; i++)
		free(plot->series[i]);
	free(plot->series);
}

/* Drawings without a line go; of the others the WM_PLOT_PANELS with most points stay, in their order. */
static void keep_best(struct wm_plot_set *set) {
	size_t kept = 0;
	for (size_t i = 0; i < set->n; i++) {
		size_t better = 0, own = worth(&set->v[i]);
		for (size_t k = 0; k < set->n; k++)
			better += worth(&set->v[k]) > own || (k < i && worth(&set->v[k]) == own);
		set->panels_left_out += own && better >= WM_PLOT_PANELS;
		for (size_t k = 0; k < set->v[i].n && !own; k++)
			set->rows_alone += set->v[i].series[k]->mark == WM_PLOT_LINE;
		set->v[i].kept = own && better < WM_PLOT_PANELS;
	}
	for (size_t i = 0; i < set->n; i++) {
		if (set->v[i].kept)
			set->v[kept++] = set->v[i];
		else
			free_plot(&set->v[i]);
	}
	set->n = kept;
}

/* Axes with one value in all drawings are said once, the others in the title of each. */
static void make_titles(struct wm_plot_set *set) {
	for (size_t i = 0; i < set->n; i++) {
		const char *text = set->v[i].key;
		struct wm_axis_text axis, other;
		set->v[i].title[0] = 0;
		while (wm_axes_next(&text, &axis)) {
			bool shared = true;
			for (size_t k = 0; k < set->n; k++)
				shared &= wm_axes_find(set->v[k].key, axis.key, axis.key_bytes, &other) &&
				          same_bytes(axis.value, axis.value_bytes, other.value, other.value_bytes);
			if (shared && i)
				continue;
			char *to = shared ? set->shared : set->v[i].title;
			add(to, "%s%.*s=%.*s", *to ? ", " : "", (int)axis.key_bytes, axis.key, (int)axis.value_bytes, axis.value);
		}
	}
}

static void finish(struct wm_plot_set *set) {
	keep_best(set);
	for (size_t i = 0; i < set->n; i++)
		for (size_t k = 0; k < set->v[i].n; k++)
			qsort(set->v[i].series[k]->v, set->v[i].series[k]->n, sizeof(struct wm_plot_point), compare_points);
}

void wm_plot_free(struct wm_plot_set *set) {
	for (size_t i = 0; i < set->n; i++)
		free_plot(&set->v[i]);
	free(set->v);
	wm_intern_free(&set->texts);
	*set = (struct wm_plot_set){0};
}

/* ---- what can be drawn -------------------------------------------------------------------------------------- */

static bool is_drawn(const struct wm_row *row) {
	return row->verified && wm_status_class(row->status) == WM_ROW_GOOD && row->median_s > 0;
}

/* The problem without the axes that are x and without `timing`, after an axis of the plot's own: what kind of shape it
 * is, or on which device. */
static void facet_of(const struct wm_row *row, const char *const *x_axes, const char *own, const char *value,
                     char key[WM_PLOT_NAME]) {
	const char *text = row->problem;
	struct wm_axis_text axis;
	key[0] = 0;
	if (*value)
		add(key, ":%s=%s", own, value);
	for (char *comma; (comma = strchr(key, ','));)
		*comma = ';'; /* "host:cpus=0,2": a comma would begin the next axis */
	while (wm_axes_next(&text, &axis)) {
		bool is_x = is_axis(&axis, "timing");
		for (int i = 0; x_axes[i]; i++)
			is_x |= is_axis(&axis, x_axes[i]);
		if (!is_x)
			add(key, "%s%.*s=%.*s", *key ? "," : ":", (int)axis.key_bytes, axis.key, (int)axis.value_bytes, axis.value);
	}
}

/* "cblas on host"; of collectives, which have a drawing for each device, "allreduce, threads, 8 ranks". */
static void name_of(const struct wm_rows *rows, const struct wm_row *row, bool collective, char name[WM_PLOT_NAME]) {
	name[0] = 0;
	if (collective)
		add(name, "%s, %s, %d ranks", row->bench, row->impl, row->ranks);
	else
		add(name, "%s on %s", row->impl, row->device);
	if (rows->nruns > 1)
		add(name, " (%s)", row->run);
}

/* A point of the row on its line, and on the bound of that value where it has one. */
static void add_value(struct wm_plot_set *set, const struct wm_rows *rows, const struct wm_row *row, const char *key,
                      const char *line, const struct wm_plot_point *point, double bound) {
	char name[WM_PLOT_NAME] = "";
	struct wm_plot *plot = wm_plot_panel(set, key);
	struct wm_plot_series *s = plot ? wm_plot_line(set, plot, WM_PLOT_LINE, line) : NULL;
	if (!s) {
		set->rows_left_out++;
		return;
	}
	wm_plot_add(s, point->x, point->y, point->lo, point->hi);
	if (!(bound > 0))
		return;
	add(name, "measured ceiling of %s", row->device);
	if (rows->nruns > 1)
		add(name, " (%s)", row->run);
	s = wm_plot_line(set, plot, WM_PLOT_BOUND, name);
	if (s)
		wm_plot_add(s, point->x, bound, NAN, NAN);
}

static void add_row(struct wm_plot_set *set, const struct wm_rows *rows, const struct wm_row *row, double x,
                    const char *key, bool collective) {
	char name[WM_PLOT_NAME];
	struct wm_plot_point point = {x, row->value, row->value_lo, row->value_hi};
	if (row->latency)
		point = (struct wm_plot_point){x, row->median_s, row->lo_s, row->hi_s};
	name_of(rows, row, collective, name);
	add_value(set, rows, row, key, name, &point, row->latency ? NAN : row->ceiling);
}

/* What the row does for a joule, class by class; smoke has lines of its own, because it is compared with nothing. */
static void add_efficiency(struct wm_plot_set *set, const struct wm_rows *rows, const struct wm_row *row, double x,
                           const char *facet) {
	for (int i = 0; i < row->nenergy; i++) {
		const struct wm_energy *e = &row->energy[i];
		struct wm_plot_point point = {x, e->work_per_j, e->work_per_j_lo, e->work_per_j_hi};
		char name[WM_PLOT_NAME], key[WM_PLOT_NAME] = "";
		if (*e->why || !(e->work_per_j > 0) || wm_scope_parse(e->scope) == WM_SCOPES)
			continue;
		add(key, "%s%sclass=%s", facet, *facet ? "," : ":", e->scope);
		name_of(rows, row, false, name);
		add(name, "%s%s", e->smoke ? ", smoke" : "", e->throttled ? ", throttled" : "");
		add_value(set, rows, row, key, name, &point, NAN);
	}
}

/* ---- sweeps ------------------------------------------------------------------------------------------------- */

/* What a benchmark is swept over. */
struct sweep {
	const char *bench, *about, *x_label;
	const char *x_axes[4];
	/* x of a row, NAN where it is no point of the sweep; *shape_p tells kinds of shape apart. */
	double (*x)(const struct wm_row *row, const char **shape_p);
};

static double square_size(const struct wm_row *row, const char **shape_p) {
	double m = axis_number(row, "m");
	*shape_p = "";
	return m == axis_number(row, "n") && m == axis_number(row, "k") ? m : NAN;
}

static double sequence_length(const struct wm_row *row, const char **shape_p) {
	double queries = axis_number(row, "sq"), keys = axis_number(row, "sk");
	*shape_p = queries == 1 ? "decode" : "prefill";
	return queries == 1 || queries == keys ? keys : NAN;
}

static const struct sweep sweeps[] = {
	{"gemm", "Throughput over size, m = n = k", "size m = n = k", {"m", "n", "k"}, square_size},
	{"attention", "Throughput over sequence length", "keys (prefill: and queries)", {"sq", "sk"}, sequence_length},
};

static const struct sweep *sweep_of(const char *bench) {
	for (size_t i = 0; i < sizeof sweeps / sizeof *sweeps; i++)
		if (!strcmp(sweeps[i].bench, bench))
			return &sweeps[i];
	return NULL;
}

/* The rows of a sweep, by time or by energy. */
static void fill_sweep(const struct wm_rows *rows, const struct sweep *sweep, bool energy, struct wm_plot_set *set) {
	set->x_label = sweep->x_label;
	for (size_t i = 0; i < rows->n; i++) {
		const struct wm_row *row = &rows->v[i];
		const char *shape = "";
		char key[WM_PLOT_NAME];
		if (strcmp(row->bench, sweep->bench) != 0 || !is_drawn(row) || !(row->value > 0))
			continue;
		double x = sweep->x(row, &shape);
		if (!(x > 0))
			continue;
		facet_of(row, sweep->x_axes, "shape", shape, key);
		if (energy)
			add_efficiency(set, rows, row, x, key);
		else
			add_row(set, rows, row, x, key, false);
	}
	finish(set);
	make_titles(set);
}

void wm_plot_sweep(const struct wm_rows *rows, const char *bench, struct wm_plot_set *set_p) {
	const struct sweep *sweep = sweep_of(bench);
	*set_p = (struct wm_plot_set){.y_unit = "FLOP/s", .log_x = true, .sizes = true};
	if (!sweep)
		return;
	set_p->about = sweep->about;
	fill_sweep(rows, sweep, false, set_p);
}

void wm_plot_efficiency(const struct wm_rows *rows, const char *bench, struct wm_plot_set *set_p) {
	const struct sweep *sweep = sweep_of(bench);
	*set_p = (struct wm_plot_set){.y_unit = "FLOP/J", .log_x = true, .sizes = true};
	if (!sweep)
		return;
	set_p->about = "Work per joule over size, gross";
	fill_sweep(rows, sweep, true, set_p);
}

void wm_plot_collectives(const struct wm_rows *rows, bool latency, struct wm_plot_set *set_p) {
	static const char *const x_axes[] = {"bytes", NULL};
	*set_p = (struct wm_plot_set){.about = latency ? "Latency over bytes" : "Bus bandwidth over bytes",
	                              .x_label = "bytes",
	                              .y_unit = latency ? "s" : "B/s",
	                              .log_x = true,
	                              .log_y = true,
	                              .bytes = true,
	                              .sizes = true};
	for (size_t i = 0; i < rows->n; i++) {
		const struct wm_row *row = &rows->v[i];
		char key[WM_PLOT_NAME];
		double x = axis_number(row, "bytes");
		if (strcmp(row->metric, "B/s bus") != 0 || !is_drawn(row) || row->latency != latency || !(x > 0) ||
		    !(latency || row->value > 0))
			continue;
		facet_of(row, x_axes, "device", row->device, key);
		add_row(set_p, rows, row, x, key, true);
	}
	finish(set_p);
	make_titles(set_p);
}

/* ---- rooflines ---------------------------------------------------------------------------------------------- */

static bool is_flop_row(const struct wm_row *row) {
	return is_drawn(row) && !strcmp(row->metric, "flop/s") && row->value > 0;
}

/* The best verified value of a benchmark per value of an axis, on one device of one run: roofs. A suspect time makes
 * none, as in ceiling.c. */
struct roof {
	struct wm_axis_text at;
	double value;
};
enum { ROOFS = 8 };

static int collect_roofs(const struct wm_rows *rows, const struct wm_row *where, const char *bench, const char *axis,
                         struct roof roofs[ROOFS]) {
	int n = 0;
	for (size_t i = 0; i < rows->n; i++) {
		const struct wm_row *row = &rows->v[i];
		struct wm_axis_text at;
		if (row->bundle != where->bundle || row->device != where->device || strcmp(row->bench, bench) != 0 ||
		    !is_drawn(row) || row->status != WM_OK || !(row->value > 0) ||
		    !wm_axes_find(row->problem, axis, strlen(axis), &at))
			continue;
		int k = 0;
		while (k < n && !same_bytes(roofs[k].at.value, roofs[k].at.value_bytes, at.value, at.value_bytes))
			k++;
		if (k == ROOFS)
			continue;
		if (k == n)
			roofs[n++] = (struct roof){at, row->value};
		roofs[k].value = fmax(roofs[k].value, row->value);
	}
	return n;
}

static void add_bound(struct wm_plot_set *set, struct wm_plot *plot, const char *name, const double xy[4]) {
	struct wm_plot_series *s = wm_plot_line(set, plot, WM_PLOT_BOUND, name);
	for (int i = 0; s && i < 4; i += 2)
		wm_plot_add(s, xy[i], xy[i + 1], NAN, NAN);
}

/* Slopes of memory up to the highest roof of arithmetic, and each of these from where the steepest slope meets it. */
static void add_roofs(const struct wm_rows *rows, const struct wm_row *where, struct wm_plot_set *set,
                      struct wm_plot *plot) {
	struct roof flat[ROOFS], slopes[ROOFS];
	int nflat = collect_roofs(rows, where, "fma", "dtype", flat);
	int nslopes = collect_roofs(rows, where, "read", "cache", slopes);
	double least = INFINITY, most = 0, top = 0, steepest = 0;
	char name[WM_PLOT_NAME], value[WM_UNIT_CHARS];
	for (size_t i = 0; i < plot->n; i++)
		for (size_t k = 0; k < plot->series[i]->n; k++) {
			least = fmin(least, plot->series[i]->v[k].x);
			most = fmax(most, plot->series[i]->v[k].x);
			top = fmax(top, plot->series[i]->v[k].y);
		}
	for (int i = 0; i < nflat; i++)
		top = fmax(top, flat[i].value);
	for (int i = 0; i < nslopes; i++) {
		steepest = fmax(steepest, slopes[i].value);
		least = fmin(least, top / slopes[i].value / 8);
	}
	for (int i = 0; i < nslopes; i++) {
		double ridge = top / slopes[i].value, xy[] = {least, least * slopes[i].value, ridge, top};
		snprintf(name, sizeof name, "read, %.*s", (int)slopes[i].at.value_bytes, slopes[i].at.value);
		add_bound(set, plot, name, xy);
		wm_units_rate(slopes[i].value, "B/s", value);
		add(plot->title, "; %.100s %s", name, value);
	}
	for (int i = 0; i < nflat; i++) {
		double ridge = steepest > 0 ? flat[i].value / steepest : least;
		double xy[] = {ridge, flat[i].value, fmax(most, 2 * ridge), flat[i].value};
		snprintf(name, sizeof name, "fma, %.*s", (int)flat[i].at.value_bytes, flat[i].at.value);
		add_bound(set, plot, name, xy);
		wm_units_rate(flat[i].value, "flop/s", value);
		add(plot->title, "; %.100s %s", name, value);
	}
}

/* A point of the device's cloud for its benchmark and data type. */
static void add_cloud_point(struct wm_plot_set *set, struct wm_plot *plot, const struct wm_row *row) {
	struct wm_axis_text dtype;
	char name[WM_PLOT_NAME] = "";
	add(name, "%s", row->bench);
	if (wm_axes_find(row->problem, "dtype", 5, &dtype))
		add(name, ", %.*s", (int)dtype.value_bytes, dtype.value);
	struct wm_plot_series *s = wm_plot_line(set, plot, WM_PLOT_DOTS, name);
	if (s)
		wm_plot_add(s, row->work_flop / row->work_bytes, row->value, row->value_lo, row->value_hi);
	else
		set->rows_left_out++;
}

void wm_plot_rooflines(const struct wm_rows *rows, struct wm_plot_set *set_p) {
	*set_p = (struct wm_plot_set){.about = "Throughput over intensity",
	                              .x_label = "FLOP per byte",
	                              .y_unit = "FLOP/s",
	                              .log_x = true,
	                              .log_y = true};
	for (size_t i = 0; i < rows->n; i++) {
		const struct wm_row *row = &rows->v[i];
		char key[WM_PLOT_NAME] = "";
		if (!is_flop_row(row) || !strcmp(row->bench, "fma") || !(row->work_bytes > 0))
			continue;
		add(key, "%d %s", row->bundle, row->device);
		struct wm_plot *plot = wm_plot_panel(set_p, key);
		if (!plot) {
			set_p->rows_left_out++;
			continue;
		}
		plot->one = row;
		add_cloud_point(set_p, plot, row);
	}
	for (size_t i = 0; i < set_p->n; i++) {
		struct wm_plot *plot = &set_p->v[i];
		add(plot->title, *plot->one->device_name ? "%.64s: %.128s" : "%.64s", plot->one->device,
		    plot->one->device_name);
		if (rows->nruns > 1)
			add(plot->title, " (%.100s)", plot->one->run);
		size_t clouds = plot->n;
		add_roofs(rows, plot->one, set_p, plot);
		if (plot->n == clouds)
			add(plot->title, "; no ceiling was measured");
	}
	finish(set_p);
}
