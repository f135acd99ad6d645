/* SPDX-License-Identifier: Apache-2.0 */
/* sampling.c - this side's end of a sampler: orders out, ticks in. */
#include "sampler.h"

#include "child.h"
#include "fields.h"
#include "wire.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define ANSWER_S 20.0 /* opening and handing over take less */

struct wm_sampling {
	struct wm_child child;
	struct wm_wire wire;
	struct wm_source *sources;
	int n;
	const sigset_t *while_waiting;
};

/* The next answer, or "sampler died". */
static enum wm_status hear(struct wm_sampling *s, json_t **message_p) {
	double until = wm_now() + ANSWER_S;
	json_t *message = NULL;
	enum wm_status st = wm_wire_next(&s->wire, &message);

	while (st == WM_OK && !message && !s->wire.closed) {
		struct pollfd fd = {.fd = s->wire.fd, .events = POLLIN};
		double left = until - wm_now();
		struct timespec limit = {.tv_sec = (time_t)left, .tv_nsec = (long)(1e9 * (left - floor(left)))};
		int ready;

		if (left <= 0)
			return wm_fail(WM_FAILED, "sampler died: no answer for %.0f s", ANSWER_S);
		ready = ppoll(&fd, 1, &limit, s->while_waiting);
		if (ready < 0 && errno == EINTR)
			return wm_fail(WM_FAILED, "sampler not waited for: interrupted");
		if (ready > 0)
			st = wm_wire_fill(&s->wire);
		if (st == WM_OK)
			st = wm_wire_next(&s->wire, &message);
	}
	if (st == WM_OK && message)
		*message_p = message;
	return st == WM_OK && !message ? wm_fail(WM_FAILED, "sampler died") : st;
}

static enum wm_status tell(struct wm_sampling *s, json_t *order) {
	return wm_wire_send(s->child.to, order) == WM_OK ? WM_OK : wm_fail(WM_FAILED, "sampler died");
}

/* Which of its sources it could open. */
static enum wm_status hear_ready(struct wm_sampling *s) {
	json_t *message = NULL;
	enum wm_status st = hear(s, &message);

	for (int i = 0; st == WM_OK && i < s->n; i++) {
		const json_t *row = json_array_get(json_object_get(message, "ready"), (size_t)i);
		const char *off = json_string_value(json_object_get(row, "off"));

		if (!off)
			st = wm_fail(WM_FAILED, "sampler died: it opened no source");
		else
			snprintf(s->sources[i].off, sizeof(s->sources[i].off), "%s", off);
	}
	json_decref(message);
	return st;
}

enum wm_status wm_sampling_open(const struct wm_meters *meters, const int *index, int n, int log_fd,
                                const sigset_t *while_waiting, struct wm_sampling **sampling_p) {
	const char *argv[] = {"wattmark", "--as-sampler", NULL};
	struct wm_sampling *s = wm_zalloc(sizeof(*s));
	json_t *sources = json_array();
	enum wm_status st = wm_child_start(argv, log_fd, &s->child);

	s->wire.fd = s->child.from;
	s->sources = wm_zalloc((size_t)(n + 1) * sizeof(*s->sources));
	s->n = n;
	s->while_waiting = while_waiting;
	for (int i = 0; i < n; i++) {
		s->sources[i] = meters->sources[index[i]];
		json_array_append_new(sources, wm_source_to_json(&s->sources[i]));
	}
	if (st == WM_OK)
		st = tell(s, json_pack("{s:o, s:o, s:O}", "root", wm_json_text(meters->root), "file",
		                       wm_json_text(meters->file), "sources", sources));
	json_decref(sources);
	if (st == WM_OK)
		st = hear_ready(s);
	if (st == WM_OK)
		*sampling_p = s;
	else
		wm_sampling_close(s);
	return st;
}

void wm_sampling_close(struct wm_sampling *s) {
	int wstatus;

	if (!s)
		return;
	if (s->child.pid)
		wm_child_end(&s->child, 1, NULL, &wstatus);
	wm_wire_free(&s->wire);
	free(s->sources);
	free(s);
}

int wm_sampling_count(const struct wm_sampling *s) {
	return s->n;
}

const struct wm_source *wm_sampling_source(const struct wm_sampling *s, int i) {
	return &s->sources[i];
}

enum wm_status wm_sampling_start(struct wm_sampling *s, const char *cpus) {
	return tell(s, json_pack("{s:s}", "start", cpus));
}

enum wm_status wm_sampling_edges(struct wm_sampling *s, const double *at_s, int n) {
	json_t *list = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_real(at_s[i]));
	return tell(s, json_pack("{s:o}", "edges", list));
}

/* ---- ticks ---- */

static double number_of(const json_t *v) {
	return json_is_number(v) ? json_number_value(v) : NAN;
}

static struct wm_tick tick_of(const json_t *v) {
	struct wm_tick t = {0};
	double *const to[] = {&t.before_s,   &t.after_s,         &t.r.joules,    &t.r.watts,   &t.r.own_s,   &t.r.cap_w,
	                      &t.r.clock_hz, &t.r.temperature_c, &t.r.thermal_s, &t.r.brake_s, &t.r.capped_s};
	enum { NUMBERS = sizeof(to) / sizeof(to[0]) };

	for (size_t i = 0; i < NUMBERS; i++)
		*to[i] = number_of(json_array_get(v, i));
	t.failed = json_is_true(json_array_get(v, NUMBERS));
	return t;
}

static void take_ticks(const json_t *message, int n, struct wm_ticks *ticks) {
	json_int_t source = json_integer_value(json_object_get(message, "source"));
	const json_t *v;
	size_t i;

	if (source < 0 || source >= n)
		return;
	json_array_foreach(json_object_get(message, "ticks"), i, v) {
		struct wm_tick t = tick_of(v);

		wm_ticks_add(&ticks[source], &t);
	}
}

enum wm_status wm_sampling_stop(struct wm_sampling *s, struct wm_ticks *ticks) {
	struct wm_ticks *got = wm_zalloc((size_t)(s->n + 1) * sizeof(*got));
	bool given = false;
	enum wm_status st = tell(s, json_pack("{s:b}", "stop", 1));

	while (st == WM_OK && !given) {
		json_t *message = NULL;

		st = hear(s, &message);
		if (st != WM_OK)
			break;
		given = json_object_get(message, "given") != NULL;
		take_ticks(message, s->n, got);
		json_decref(message);
	}
	for (int i = 0; i < s->n; i++)
		if (st == WM_OK)
			ticks[i] = got[i];
		else
			wm_ticks_free(&got[i]);
	free(got);
	return st;
}
