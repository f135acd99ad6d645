/* SPDX-License-Identifier: Apache-2.0 */
/* ticks.c - lists of looks, and what a stretch of them tells. */
#include "ticks.h"

#include "core/problem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SAME_CAP 0.001

void wm_ticks_add(struct wm_ticks *ticks, const struct wm_tick *tick) {
	ticks->v = wm_grow(ticks->v, ticks->n, &ticks->room, sizeof(*ticks->v));
	ticks->v[ticks->n++] = *tick;
}

void wm_ticks_thin(struct wm_ticks *ticks) {
	size_t n = (ticks->n + 1) / 2;

	for (size_t i = 0; i < n; i++)
		ticks->v[i] = ticks->v[2 * i];
	if (ticks->n > 0 && ticks->n % 2 == 0)
		ticks->v[n++] = ticks->v[ticks->n - 1];
	ticks->n = n;
}

void wm_ticks_free(struct wm_ticks *ticks) {
	free(ticks->v);
	memset(ticks, 0, sizeof(*ticks));
}

double wm_tick_middle(const struct wm_tick *tick) {
	return (tick->before_s + tick->after_s) / 2;
}

double wm_tick_value(const struct wm_source *source, const struct wm_tick *tick) {
	if (tick->failed)
		return NAN;
	return source->kind == WM_COUNTER ? tick->r.joules : tick->r.watts;
}

struct wm_ticks wm_ticks_between(const struct wm_ticks *ticks, double from_s, double to_s) {
	size_t first = 0, end = ticks->n;

	while (first < ticks->n && ticks->v[first].before_s < from_s)
		first++;
	while (end > first && ticks->v[end - 1].after_s > to_s)
		end--;
	return (struct wm_ticks){.v = ticks->v + first, .n = end - first};
}

double wm_ticks_beside(const struct wm_source *source, const struct wm_ticks *ticks) {
	double joules = 0, seconds = 0;
	const struct wm_tick *last = NULL;

	if (source->kind != WM_COUNTER)
		return NAN;
	for (size_t i = 0; i < ticks->n; i++) {
		const struct wm_tick *t = &ticks->v[i];

		if (t->failed || isnan(t->r.watts))
			continue;
		if (last) {
			joules += (last->r.watts + t->r.watts) / 2 * (wm_tick_middle(t) - wm_tick_middle(last));
			seconds += wm_tick_middle(t) - wm_tick_middle(last);
		}
		last = t;
	}
	return seconds > 0 ? joules / seconds : NAN;
}

struct wm_ticks_state wm_ticks_state(const struct wm_ticks *ticks) {
	struct wm_ticks_state s = {.cap_w = NAN, .other_cap_w = NAN};
	double thermal_s = NAN, brake_s = NAN;

	for (size_t i = 0; i < ticks->n; i++) {
		const struct wm_reading *r = &ticks->v[i].r;

		if (ticks->v[i].failed)
			continue;
		if (isnan(s.other_cap_w) && fabs(r->cap_w - s.cap_w) > SAME_CAP * s.cap_w)
			s.other_cap_w = r->cap_w;
		s.throttled |= r->thermal_s > thermal_s || r->brake_s > brake_s;
		/* fmin passes over NAN: the first that is known */
		s.cap_w = isnan(s.cap_w) ? r->cap_w : s.cap_w;
		thermal_s = fmin(thermal_s, r->thermal_s);
		brake_s = fmin(brake_s, r->brake_s);
	}
	s.would_say = !isnan(thermal_s) || !isnan(brake_s);
	return s;
}
