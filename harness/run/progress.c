/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c - "[ 3/42] problem  device implementation  status  value  time left", on stderr. */
#include "progress.h"

#include "core/problem.h"
#include "report/units.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct wm_progress {
	const struct wm_run_plan *plan;
	bool quiet, terminal;
	size_t total, done;
	double from, expected, spent; /* start; estimates, without gaps, of what this process is to do and has done */
	char head[400];               /* of the case in flight */
};

struct wm_progress *wm_progress_open(const struct wm_run_plan *plan) {
	struct wm_progress *p = wm_zalloc(sizeof(*p));

	p->plan = plan;
	p->quiet = plan->quiet;
	p->terminal = isatty(STDERR_FILENO) == 1;
	p->total = plan->cases->n * (size_t)plan->replicates;
	p->from = wm_now();
	for (int r = 0; r < plan->replicates; r++)
		for (size_t i = 0; i < plan->cases->n; i++) {
			bool is_final = wm_bundle_is_final(plan->bundle, plan->cases->v[i].id, r);

			p->done += is_final;
			p->expected += is_final ? 0 : plan->cases->v[i].expect_s;
		}
	return p;
}

void wm_progress_close(struct wm_progress *p) {
	if (!p->quiet && p->terminal)
		fputs("\r\033[K", stderr);
	free(p);
}

void wm_progress_begin(struct wm_progress *p, const struct wm_case *c, const struct wm_device *dev) {
	char brief[WM_PROBLEM_CHARS];

	wm_problem_brief(&c->problem, brief, sizeof(brief));
	snprintf(p->head, sizeof(p->head), "[%*zu/%zu] %s  %s %s", p->total > 99 ? 3 : 2, p->done + 1, p->total, brief,
	         dev->id, c->impl->name);
	wm_progress_phase(p, "start");
}

void wm_progress_phase(struct wm_progress *p, const char *phase) {
	if (p->quiet || !p->terminal)
		return;
	fprintf(stderr, "\r\033[K%s  %s ..", p->head, phase);
	fflush(stderr);
}

/* The estimates of what is left, stretched by how the estimates of what is done turned out. */
static double seconds_left(const struct wm_progress *p) {
	double stretch = p->spent > 0 ? (wm_now() - p->from) / p->spent : 1;

	return (p->expected - p->spent) * stretch;
}

/* What a row is read by, as in reports: the rate of its metric, or the time where latency is timed. "": none. */
static void say_value(const struct wm_problem *p, const json_t *record, char out[WM_UNIT_CHARS]) {
	static const struct {
		const char *metric, *key;
	} keys[] = {{"flop/s", "flop_per_s"}, {"B/s", "bytes_per_s"}, {"B/s bus", "bus_bytes_per_s"}};
	const json_t *values = json_object_get(record, "values");
	double seconds = json_number_value(json_object_get(json_object_get(record, "time"), "median_s"));

	out[0] = 0;
	if (p->bench->collective && strcmp(wm_get_word(p, "timing"), "latency") == 0 && seconds > 0) {
		wm_units_time(seconds, out);
		return;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		double value = json_number_value(json_object_get(values, keys[i].key));

		if (strcmp(p->bench->metric, keys[i].metric) == 0 && value > 0)
			wm_units_rate(value, keys[i].metric, out);
	}
}

void wm_progress_row(struct wm_progress *p, const struct wm_case *c, const struct wm_device *dev,
                     const json_t *record) {
	const char *status = json_string_value(json_object_get(record, "status"));
	const char *why = json_string_value(json_object_get(record, "why"));
	char value[WM_UNIT_CHARS];
	long left;

	(void)dev;
	p->done++;
	p->spent += c->expect_s;
	if (p->quiet)
		return;
	say_value(&c->problem, record, value);
	left = (long)seconds_left(p);
	fprintf(stderr, "%s%s  %s%s%s%s%s  %ld:%02ld left\n", p->terminal ? "\r\033[K" : "", p->head, status,
	        value[0] ? "  " : "", value, why[0] ? ": " : "", why, left / 60, left % 60);
}
