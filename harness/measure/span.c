/* SPDX-License-Identifier: Apache-2.0 */
/* span.c - a whole run, weighed from the first tick in it to the last. */
#include "span.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

/* The limits of a window (method 4) that hold for anything. */
#define LEAST_REFRESHES 50
#define LEAST_NODE_S 60.0
#define MOST_UNCOVERED 0.02

static void __attribute__((format(printf, 2, 3))) refuse(struct wm_span *span, const char *fmt, ...) {
	va_list args;

	if (span->why[0])
		return;
	va_start(args, fmt);
	vsnprintf(span->why, sizeof(span->why), fmt, args);
	va_end(args);
}

/* How often the source told something new. */
static size_t count_news(const struct wm_source *source, const struct wm_ticks *looks) {
	double last = NAN;
	size_t news = 0;

	for (size_t i = 0; i < looks->n; i++) {
		double joules = looks->v[i].r.joules;

		if (looks->v[i].failed)
			continue;
		news += source->kind == WM_POWER || (!isnan(last) && joules != last);
		last = joules;
	}
	return news;
}

/* Power limit and throttling over the run; the mean of the power beside a counter. */
static void follow_state(const struct wm_source *source, const struct wm_ticks *looks, struct wm_span *span) {
	struct wm_ticks_state state = wm_ticks_state(looks);

	if (!isnan(state.other_cap_w))
		refuse(span, "the power limit changed in the run, from %.4g W to %.4g W", state.cap_w, state.other_cap_w);
	span->throttled = state.throttled;
	span->would_say = state.would_say;
	span->shown_w = wm_ticks_beside(source, looks);
}

static void check_length(const struct wm_source *source, struct wm_span *span) {
	bool node = wm_scope_is_server(source->scope);

	if (node && span->length_s < LEAST_NODE_S)
		refuse(span, "a meter of the whole server needs a run of %.0f s, and this one took %.3g s", LEAST_NODE_S,
		       span->length_s);
	if (span->refreshes < LEAST_REFRESHES)
		refuse(span, "the run holds %d refreshes of the meter only, of %d", span->refreshes, LEAST_REFRESHES);
}

static void check_ends(const struct wm_source *source, struct wm_span *span) {
	double lag = source->kind == WM_POWER && source->lag_s > 0 ? source->lag_s : 0;
	double ends = fmax(0, span->length_s - span->covered_s);

	span->uncovered = fmin(1, (ends + lag) / span->length_s);
	if (span->uncovered <= MOST_UNCOVERED)
		return;
	if (lag > 0)
		refuse(span, "%.3g s at the ends of the run and a lag of %.3g s are %.1f%% of it, more than %.0f%%", ends, lag,
		       100 * span->uncovered, 100 * MOST_UNCOVERED);
	refuse(span, "no tick covers %.3g s at the ends of the run: %.1f%% of it, more than %.0f%%", ends,
	       100 * span->uncovered, 100 * MOST_UNCOVERED);
}

void wm_weigh_span(const struct wm_source *source, const struct wm_ticks *ticks, double from_s, double to_s,
                   struct wm_span *span_p) {
	struct wm_ticks looks = wm_ticks_between(ticks, from_s, to_s);
	struct wm_span span = {.length_s = to_s - from_s, .joules = NAN, .watts = NAN, .shown_w = NAN};
	double watts = NAN;
	size_t news = count_news(source, &looks);

	if (wm_mean_power(source, &looks, false, &watts, &span.covered_s) != WM_OK)
		refuse(&span, "%.159s", wm_why());
	span.refreshes = (int)fmin((double)news, round(span.covered_s / wm_window_refresh(source)));
	follow_state(source, &looks, &span);
	check_length(source, &span);
	check_ends(source, &span);
	if (!span.why[0]) {
		span.watts = watts;
		span.joules = watts * span.covered_s;
	}
	*span_p = span;
}
