/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ceiling.c - what a row could reach at most, as the same run measured it (method 1): flop/s rows against the best
 * fma row of their dtype, B/s rows against the best read row of their cache axis; per run and device.
 */
#include "ceiling.h"

#include "axes.h"
#include "core/problem.h"
#include "units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Which benchmark is the ceiling of a metric, and which axis of the problem must be equal. */
static const struct kind {
	const char *metric, *bench, *axis;
} kinds[] = {{"flop/s", "fma", "dtype"}, {"B/s", "read", "cache"}};

struct ceiling {
	const struct kind *kind;
	int bundle;
	const char *device, *at; /* at: the axis' value; interned, so that addresses can be compared */
	double value;
	const struct wm_row *above; /* the best verified row above it: then it is the ceiling that is suspect */
	const char *suspect;        /* text for that, made once */
};

struct ceilings {
	struct ceiling *v;
	size_t n, room;
};

static const struct kind *kind_of(const struct wm_row *row) {
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(row->metric, kinds[i].metric))
			return &kinds[i];
	return NULL;
}

static const char *axis_value(const struct wm_row *row, const struct kind *kind, struct wm_intern *texts) {
	struct wm_axis_text axis;
	if (!wm_axes_find(row->problem, kind->axis, strlen(kind->axis), &axis))
		return "";
	return wm_intern_at(texts, axis.value, axis.value_bytes)->text;
}

static struct ceiling *find(const struct ceilings *all, const struct wm_row *row, const struct kind *kind,
                            const char *at) {
	for (size_t i = 0; i < all->n; i++) {
		struct ceiling *c = &all->v[i];
		if (c->at == at && c->device == row->device && c->bundle == row->bundle && c->kind == kind)
			return c;
	}
	return NULL;
}

/* A suspect time may be too short: it is no ceiling, and does not cast doubt on one. */
static bool counts(const struct wm_row *row) {
	return row->verified && row->status == WM_OK && row->value > 0;
}

static bool is_ceiling(const struct wm_row *row, const struct kind *kind) {
	return kind && !strcmp(row->bench, kind->bench);
}

static void collect(struct ceilings *all, const struct wm_rows *rows, struct wm_intern *texts) {
	for (size_t i = 0; i < rows->n; i++) {
		const struct wm_row *row = &rows->v[i];
		const struct kind *kind = kind_of(row);
		if (!is_ceiling(row, kind) || !counts(row))
			continue;
		const char *at = axis_value(row, kind, texts);
		struct ceiling *c = find(all, row, kind, at);
		if (!c) {
			all->v = wm_grow(all->v, all->n, &all->room, sizeof *all->v);
			c = &all->v[all->n++];
			*c = (struct ceiling){.kind = kind, .bundle = row->bundle, .device = row->device, .at = at};
		}
		c->value = fmax(c->value, row->value);
	}
}

static void doubt(struct ceilings *all, const struct wm_rows *rows, struct wm_intern *texts) {
	for (size_t i = 0; i < rows->n; i++) {
		const struct wm_row *row = &rows->v[i];
		const struct kind *kind = kind_of(row);
		if (!kind || is_ceiling(row, kind) || !counts(row))
			continue;
		struct ceiling *c = find(all, row, kind, axis_value(row, kind, texts));
		if (c && row->value > c->value && (!c->above || row->value > c->above->value))
			c->above = row;
	}
}

static void explain(struct ceiling *c, struct wm_intern *texts) {
	char ceiling[WM_UNIT_CHARS], above[WM_UNIT_CHARS], text[512];
	if (!c->above)
		return;
	wm_units_rate(c->value, c->kind->metric, ceiling);
	wm_units_rate(c->above->value, c->kind->metric, above);
	snprintf(text, sizeof text, "ceiling suspect: %s reached %s on %s, below the verified %s of %s by %s",
	         c->kind->bench, ceiling, c->device, above, c->above->problem, c->above->impl);
	c->suspect = wm_intern_text(texts, text);
}

void wm_ceilings_set(struct wm_rows *rows, struct wm_intern *texts) {
	struct ceilings all = {0};
	collect(&all, rows, texts);
	doubt(&all, rows, texts);
	for (size_t i = 0; i < all.n; i++)
		explain(&all.v[i], texts);
	for (size_t i = 0; i < rows->n; i++) {
		struct wm_row *row = &rows->v[i];
		const struct kind *kind = kind_of(row);
		const struct ceiling *c = kind ? find(&all, row, kind, axis_value(row, kind, texts)) : NULL;
		row->ceiling = NAN;
		row->ceiling_bound = "";
		if (is_ceiling(row, kind)) {
			row->ceiling_why = c && c->suspect ? c->suspect : "a ceiling itself";
		} else {
			row->ceiling = c ? c->value : NAN;
			row->ceiling_why = !kind ? "collectives have no ceiling" : !c ? "ceiling not measured in this run" : c->suspect ? c->suspect : "";
		}
	}
	free(all.v);
}
