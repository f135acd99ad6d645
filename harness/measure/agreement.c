/* SPDX-License-Identifier: Apache-2.0 */
/* agreement.c - from looks at rest and under load to how good a source is. */
#include "agreement.h"

#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LEAST_STEP 0.05 /* of the power at rest: less may be anything */
#define LEAST_STEP_QUANTA 3
#define LEAST_SETTLE_S 1.0
#define SETTLE_LAGS 3
#define MOST_SETTLE 0.5 /* of the load */
#define NEWS_EACH_LOOK 0.9
#define LEAST_NODE_STEP 0.9 /* of the accelerators' */
#define MOST_NODE_STEP 1.4
enum { LEAST_DISTANCES = 2, CONFIRMED = 2 };

static double median(double *x, size_t n) {
	wm_sort(x, n);
	return wm_quantile(x, n, 0.5);
}

/* ---- steps ---- */

/* Has the counter begun again, and not gone back? Past half of its range nothing else is near. */
static bool is_wrap(const struct wm_source *source, double change) {
	return isfinite(source->range_j) && change < -source->range_j / 2;
}

static void note_change(const struct wm_source *source, double change, struct wm_watched *w) {
	w->changes++;
	if (source->kind == WM_COUNTER && change < 0) {
		if (!is_wrap(source, change))
			w->back++;
		return;
	}
	w->quantum = fmin(w->quantum, fabs(change)); /* fmin passes over NAN */
}

static void count_steps(const struct wm_source *source, const struct wm_ticks *ticks, struct wm_watched *w) {
	double *looks = wm_zalloc((ticks->n + 1) * sizeof(*looks)), *changes = wm_zalloc((ticks->n + 1) * sizeof(*changes));
	double last = NAN, looked_s = NAN, changed_s = NAN;
	size_t nlooks = 0, nchanges = 0;

	for (size_t i = 0; i < ticks->n; i++) {
		double value = wm_tick_value(source, &ticks->v[i]), at_s = wm_tick_middle(&ticks->v[i]);

		w->looks++;
		if (!isnan(looked_s))
			looks[nlooks++] = at_s - looked_s;
		looked_s = at_s;
		if (isnan(value)) {
			w->failed++;
			continue;
		}
		if (!isnan(last) && value != last) {
			note_change(source, value - last, w);
			if (!isnan(changed_s))
				changes[nchanges++] = at_s - changed_s;
			changed_s = at_s;
		}
		last = value;
	}
	if (nlooks > 0)
		w->look_s = median(looks, nlooks);
	if (nchanges >= LEAST_DISTANCES)
		w->period_s = median(changes, nchanges);
	free(looks);
	free(changes);
}

bool wm_watch_is_blurred(const struct wm_watched *w) {
	return (double)w->changes > NEWS_EACH_LOOK * (double)(w->looks - w->failed);
}

/* ---- power at rest and under load ---- */

static void weigh_phase(const struct wm_source *source, const struct wm_ticks *ticks, double from_s, double to_s,
                        double *watts_p, char why[160]) {
	struct wm_ticks part = wm_ticks_between(ticks, from_s, to_s);
	double seconds;

	if (wm_mean_power(source, &part, true, watts_p, &seconds) != WM_OK)
		snprintf(why, 160, "%.159s", wm_why());
}

/* What must have passed of the load before the source shows it alone. */
static double settled_s(const struct wm_source *source, const struct wm_phases *phases) {
	double lag = isnan(source->lag_s) ? 0 : source->lag_s;

	return phases->load_s +
	       fmin(fmax(LEAST_SETTLE_S, SETTLE_LAGS * lag), MOST_SETTLE * (phases->end_s - phases->load_s));
}

static bool is_step(double rest_w, double load_w, double quantum_w) {
	double step = fabs(load_w - rest_w);

	return step > LEAST_STEP * rest_w && !(step <= LEAST_STEP_QUANTA * quantum_w);
}

/* Power between the last two changes of a counter up to a look, or what the look shows; NAN: nothing new. */
struct power_follower {
	double joules, at_s;
};

static double follow(const struct wm_source *source, const struct wm_tick *t, struct power_follower *f) {
	double value = wm_tick_value(source, t), watts = NAN;

	if (source->kind == WM_POWER || isnan(value))
		return value;
	if (!isnan(f->joules) && value == f->joules)
		return NAN;
	if (!isnan(f->joules) && value > f->joules)
		watts = (value - f->joules) / (wm_tick_middle(t) - f->at_s);
	f->joules = value;
	f->at_s = wm_tick_middle(t);
	return watts;
}

/* Half of the step counts once it is there twice in a row: one reading alone may be a spike. */
static void find_lag(const struct wm_source *source, const struct wm_ticks *ticks, const struct wm_phases *phases,
                     struct wm_watched *w) {
	struct power_follower f = {NAN, NAN};
	double half_w = (w->rest_w + w->load_w) / 2, sign = w->load_w > w->rest_w ? 1 : -1, first_s = NAN;
	int in_a_row = 0;

	for (size_t i = 0; i < ticks->n; i++) {
		double watts = follow(source, &ticks->v[i], &f);

		if (isnan(watts) || wm_tick_middle(&ticks->v[i]) < phases->load_s)
			continue;
		in_a_row = sign * (watts - half_w) >= 0 ? in_a_row + 1 : 0;
		if (in_a_row == 1)
			first_s = wm_tick_middle(&ticks->v[i]);
		if (in_a_row == CONFIRMED) {
			w->lag_s = first_s - phases->load_s;
			return;
		}
	}
	snprintf(w->lag_why, sizeof(w->lag_why), "half of its step was never shown twice in a row");
}

static void weigh_load(const struct wm_source *source, const struct wm_ticks *ticks, const struct wm_phases *phases,
                       struct wm_watched *w) {
	double quantum_w = source->kind == WM_POWER ? w->quantum : NAN;

	if (isnan(phases->load_s)) {
		snprintf(w->load_why, sizeof(w->load_why), "no load was run");
		snprintf(w->lag_why, sizeof(w->lag_why), "no load was run");
		return;
	}
	weigh_phase(source, ticks, settled_s(source, phases), phases->end_s, &w->load_w, w->load_why);
	if (isnan(w->rest_w) || isnan(w->load_w))
		snprintf(w->lag_why, sizeof(w->lag_why), "its power is not known both at rest and under load");
	else if (!is_step(w->rest_w, w->load_w, quantum_w))
		snprintf(w->lag_why, sizeof(w->lag_why), "the load made no step: %.4g W at rest, %.4g W under load", w->rest_w,
		         w->load_w);
	else
		find_lag(source, ticks, phases, w);
}

/* ---- counter against the power beside it ---- */

static void hold_integral(const struct wm_source *source, const struct wm_ticks *ticks, struct wm_watched *w) {
	double watts, counted_s;

	if (source->kind == WM_COUNTER && wm_mean_power(source, ticks, true, &watts, &counted_s) == WM_OK && watts > 0)
		w->integral = wm_ticks_beside(source, ticks) / watts;
}

void wm_watch(const struct wm_source *source, const struct wm_ticks *ticks, const struct wm_phases *phases,
              struct wm_watched *watched_p) {
	struct wm_watched w = {
		.look_s = NAN, .period_s = NAN, .quantum = NAN, .rest_w = NAN, .load_w = NAN, .lag_s = NAN, .integral = NAN};
	struct wm_ticks all = wm_ticks_between(ticks, phases->rest_s, phases->end_s);

	count_steps(source, &all, &w);
	weigh_phase(source, &all, phases->rest_s, isnan(phases->load_s) ? phases->end_s : phases->load_s, &w.rest_w,
	            w.rest_why);
	weigh_load(source, &all, phases, &w);
	hold_integral(source, &all, &w);
	*watched_p = w;
}

/* ---- several sources ---- */

bool wm_sources_same(const struct wm_source *a, const struct wm_source *b) {
	if (a->scope != b->scope || a->scope == WM_SCOPE_PART)
		return false;
	switch (a->scope) {
	case WM_SCOPE_SERVER:
	case WM_SCOPE_NODE:
	case WM_SCOPE_WALL: return true;
	default:
		return (a->package >= 0 && a->package == b->package) || (a->pci[0] && strcasecmp(a->pci, b->pci) == 0) ||
		       (a->uuid[0] && strcasecmp(a->uuid, b->uuid) == 0);
	}
}

enum wm_node_finding wm_node_step(const struct wm_watched *node, double rest_w, double load_w, double *ratio_p) {
	double ratio = (node->load_w - node->rest_w) / (load_w - rest_w);

	*ratio_p = NAN;
	if (isnan(ratio) || !is_step(rest_w, load_w, NAN))
		return WM_NODE_UNLOADED;
	*ratio_p = ratio;
	return ratio >= LEAST_NODE_STEP && ratio <= MOST_NODE_STEP ? WM_NODE_IN : WM_NODE_OUT;
}

void wm_cost_ratio(const double *with, const double *without, size_t n, double *ratio_p, double *lo_p, double *hi_p) {
	double *ratio = wm_zalloc(n * sizeof(*ratio));
	size_t lo, hi;

	for (size_t i = 0; i < n; i++)
		ratio[i] = with[i] / without[i];
	*ratio_p = median(ratio, n);
	wm_median_interval(n, 0.95, &lo, &hi);
	*lo_p = ratio[lo];
	*hi_p = ratio[hi];
	free(ratio);
}
