/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ceiling.c - what a row could reach at most, as the same run measured it on the same device (method 1): the roofline
 * of S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance model", CACM 52(4), 2009.
 * flop/s rows stand under the best fma row of their dtype and, when they start with cold caches, under the best cold
 * read row times the flop that the problem does for a byte; B/s rows under the best read row of their cache axis.
 */
#include "ceiling.h"

#include "axes.h"
#include "core/problem.h"
#include "units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The two sides of the roofline: which benchmark measures each, and which axis tells its ceilings apart. */
enum { ARITHMETIC, MEMORY, SIDES };
static const struct side {
	const char *name, *bench, *axis, *metric;
	const char *only; /* why the other side is not told, when a flop/s row has this one only */
} sides[SIDES] = {
	{"arithmetic", "fma", "dtype", "flop/s", "arithmetic only: read not measured in this run"},
	{"memory", "read", "cache", "B/s", "memory only: fma of this type not measured in this run"},
};

struct ceiling {
	int side, bundle;
	const char *device, *at; /* at: the axis' value; interned, so that addresses can be compared */
	double value;
	const struct wm_row *above; /* the best verified row above it: then it is the ceiling that is suspect */
	const char *suspect;        /* text for that, made once */
};

struct ceilings {
	struct ceiling *v;
	size_t n, room;
	struct wm_intern *texts;
};

static bool has_metric(const struct wm_row *row, const char *metric) {
	return !strcmp(row->metric, metric);
}

static const char *axis_value(const struct ceilings *all, const struct wm_row *row, const char *key) {
	struct wm_axis_text axis;
	if (!wm_axes_find(row->problem, key, strlen(key), &axis))
		return "";
	return wm_intern_at(all->texts, axis.value, axis.value_bytes)->text;
}

/* A suspect time may be too short: it is no ceiling, and does not cast doubt on one. */
static bool counts(const struct wm_row *row) {
	return row->verified && row->status == WM_OK && row->value > 0;
}

/* The side that the row measures, or SIDES. */
static int measured_side(const struct wm_row *row) {
	int side = 0;
	while (side < SIDES && (strcmp(row->bench, sides[side].bench) != 0 || !has_metric(row, sides[side].metric)))
		side++;
	return side;
}

static struct ceiling *find(const struct ceilings *all, const struct wm_row *row, int side) {
	const char *at = axis_value(all, row, sides[side].axis);
	for (size_t i = 0; i < all->n; i++) {
		struct ceiling *c = &all->v[i];
		if (c->at == at && c->device == row->device && c->bundle == row->bundle && c->side == side)
			return c;
	}
	return NULL;
}

/* What stands over one row. */
struct over {
	struct ceiling *c[SIDES]; /* NULL: not measured, or not over it */
	bool both;                /* both sides could bound it */
};

/* With hot caches the memory does not bound arithmetic. */
static struct over over(const struct ceilings *all, const struct wm_row *row) {
	if (has_metric(row, "B/s"))
		return (struct over){.c = {[MEMORY] = find(all, row, MEMORY)}};
	if (!has_metric(row, "flop/s"))
		return (struct over){0};
	bool cold = !strcmp(axis_value(all, row, "cache"), "cold");
	return (struct over){{find(all, row, ARITHMETIC), cold ? find(all, row, MEMORY) : NULL}, cold};
}

/* The row in the side's unit: flop/s, or the bytes/s that the problem's own bytes come to. */
static double rate(const struct wm_row *row, int side) {
	return side == ARITHMETIC ? row->value : row->work_bytes / row->median_s;
}

/* ---- all ceilings, and which of them to doubt --------------------------------------------------------------- */

static void collect(struct ceilings *all, const struct wm_rows *rows) {
	for (size_t i = 0; i < rows->n; i++) {
		const struct wm_row *row = &rows->v[i];
		int side = measured_side(row);
		if (side == SIDES || !counts(row))
			continue;
		struct ceiling *c = find(all, row, side);
		if (!c) {
			all->v = wm_grow(all->v, all->n, &all->room, sizeof *all->v);
			c = &all->v[all->n++];
			*c = (struct ceiling){.side = side,
			                      .bundle = row->bundle,
			                      .device = row->device,
			                      .at = axis_value(all, row, sides[side].axis)};
		}
		c->value = fmax(c->value, row->value);
	}
}

static void doubt(const struct wm_row *row, const struct over *over) {
	if (measured_side(row) < SIDES || !counts(row))
		return;
	for (int side = 0; side < SIDES; side++) {
		struct ceiling *c = over->c[side];
		if (c && rate(row, side) > (c->above ? rate(c->above, side) : c->value))
			c->above = row;
	}
}

static void explain(struct ceiling *c, struct wm_intern *texts) {
	const struct side *side = &sides[c->side];
	char ceiling[WM_UNIT_CHARS], above[WM_UNIT_CHARS], text[512];
	if (!c->above)
		return;
	wm_units_rate(c->value, side->metric, ceiling);
	wm_units_rate(rate(c->above, c->side), side->metric, above);
	snprintf(text, sizeof text, "ceiling suspect: %s reached %s on %s, below the verified %s of %s by %s", side->bench,
	         ceiling, c->device, above, c->above->problem, c->above->impl);
	c->suspect = wm_intern_text(texts, text);
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

/* What the side allows the row, in the row's metric; NAN where it is not over the row. */
static double allowed(const struct wm_row *row, int side, const struct ceiling *c) {
	if (!c)
		return NAN;
	return side == MEMORY && has_metric(row, "flop/s") ? c->value * (row->work_flop / row->work_bytes) : c->value;
}

/* The lower of the two sides, or the one that there is; and what to know of it. */
static void put_under(const struct over *over, struct wm_row *row) {
	double most[SIDES] = {allowed(row, ARITHMETIC, over->c[ARITHMETIC]), allowed(row, MEMORY, over->c[MEMORY])};
	int low = isnan(most[ARITHMETIC]) || most[MEMORY] < most[ARITHMETIC] ? MEMORY : ARITHMETIC;
	bool is_half = over->both && isnan(most[!low]);
	/* memory alone, and that in doubt, says nothing of arithmetic */
	if (!over->c[low] || isnan(most[low]) || (is_half && low == MEMORY && over->c[low]->suspect)) {
		row->ceiling_why = "ceiling not measured in this run";
		return;
	}
	row->ceiling = most[low];
	row->ceiling_bound = sides[low].name;
	row->ceiling_why = over->c[low]->suspect ? over->c[low]->suspect : is_half ? sides[low].only : "";
}

static void set_ceiling(const struct over *over, struct wm_row *row) {
	int own = measured_side(row);
	row->ceiling = NAN;
	row->ceiling_bound = "";
	if (own < SIDES)
		row->ceiling_why = over->c[own] && over->c[own]->suspect ? over->c[own]->suspect : "a ceiling itself";
	else if (has_metric(row, "B/s bus"))
		row->ceiling_why = "collectives have no ceiling";
	else if (isnan(row->value))
		row->ceiling_why = "no value to hold against a ceiling";
	else
		put_under(over, row);
}

void wm_ceilings_set(struct wm_rows *rows, struct wm_intern *texts) {
	struct ceilings all = {.texts = texts};
	struct over *overs = wm_zalloc((rows->n + 1) * sizeof *overs);
	collect(&all, rows);
	for (size_t i = 0; i < rows->n; i++) {
		overs[i] = over(&all, &rows->v[i]);
		doubt(&rows->v[i], &overs[i]);
	}
	for (size_t i = 0; i < all.n; i++)
		explain(&all.v[i], texts);
	for (size_t i = 0; i < rows->n; i++)
		set_ceiling(&overs[i], &rows->v[i]);
	free(overs);
	free(all.v);
}
