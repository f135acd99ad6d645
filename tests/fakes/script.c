/* SPDX-License-Identifier: Apache-2.0 */
/* script.c - reads a fake driver's script and evaluates it. It keeps nothing but the time of the first call. */
#include "script.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double monotonic(void) {
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double first_call(void) {
	static _Atomic double first;
	double none = 0, now = monotonic();

	return atomic_compare_exchange_strong(&first, &none, now) ? now : none;
}

static void stop(const char *file, int line, const char *what) {
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

/* "KEY VALUE [from T] [to T]"; false: it is no such line. */
static bool read_line(const char *text, struct wm_script *s) {
	struct wm_script_line *l = &s->lines[s->nlines];
	char word[8];
	double time;
	int used;

	*l = (struct wm_script_line){.device = s->ndevices - 1, .from = -INFINITY, .to = INFINITY};
	if (sscanf(text, "%23s %lf%n", l->key, &l->value, &used) != 2)
		return false;
	for (text += used; sscanf(text, " %7s %lf%n", word, &time, &used) == 2; text += used) {
		if (strcmp(word, "from") == 0)
			l->from = time;
		else if (strcmp(word, "to") == 0)
			l->to = time;
		else
			return false;
	}
	s->nlines++;
	return text[strspn(text, " \t\n")] == '\0';
}

static bool read_device(const char *text, struct wm_script *s) {
	struct wm_script_device *d = &s->devices[s->ndevices];

	if (s->ndevices == WM_SCRIPT_DEVICES || sscanf(text, " device %23s %63s", d->pci, d->uuid) != 2)
		return false;
	s->ndevices++;
	return true;
}

struct wm_script wm_script_read(const char *variable) {
	const char *file = getenv(variable);
	struct wm_script s = {.nlines = 0};
	char text[256], word[8];
	FILE *f = file ? fopen(file, "re") : NULL;
	int number = 0;

	if (!f)
		stop(file ? file : variable, 0, "the fake driver has no script");
	while (fgets(text, sizeof(text), f)) {
		number++;
		text[strcspn(text, ";#")] = '\0';
		if (sscanf(text, " %7s", word) != 1)
			continue;
		if (s.nlines == WM_SCRIPT_LINES || !(strcmp(word, "device") == 0 ? read_device(text, &s) : read_line(text, &s)))
			stop(file, number, "not a line of a script");
	}
	fclose(f);
	s.t = wm_script_at(&s, WM_SCRIPT_ALL, "now", 0, NAN);
	if (isnan(s.t))
		s.t = monotonic() - wm_script_at(&s, WM_SCRIPT_ALL, "start", 0, first_call());
	return s;
}

static bool is_of(const struct wm_script_line *l, int device, const char *key) {
	return (l->device == device || l->device == WM_SCRIPT_ALL) && strcmp(l->key, key) == 0;
}

/* The last line of that key that holds at a time; NULL: none. */
static const struct wm_script_line *line_at(const struct wm_script *s, int device, const char *key, double t) {
	for (int i = s->nlines - 1; i >= 0; i--)
		if (is_of(&s->lines[i], device, key) && t >= s->lines[i].from && t < s->lines[i].to)
			return &s->lines[i];
	return NULL;
}

double wm_script_at(const struct wm_script *s, int device, const char *key, double t, double otherwise) {
	const struct wm_script_line *l = line_at(s, device, key, t);

	return l ? l->value : otherwise;
}

double wm_script_value(const struct wm_script *s, int device, const char *key, double otherwise) {
	return wm_script_at(s, device, key, s->t, otherwise);
}

/* The first time after from at which the key may change, at most to. */
static double next_change(const struct wm_script *s, int device, const char *key, double from, double to) {
	for (int i = 0; i < s->nlines; i++) {
		if (!is_of(&s->lines[i], device, key))
			continue;
		if (s->lines[i].from > from && s->lines[i].from < to)
			to = s->lines[i].from;
		if (s->lines[i].to > from && s->lines[i].to < to)
			to = s->lines[i].to;
	}
	return to;
}

static double sum(const struct wm_script *s, int device, const char *key, double from, double to) {
	double all = 0;

	while (from < to) {
		double next = next_change(s, device, key, from, to);

		all += (next - from) * wm_script_at(s, device, key, from, 0);
		from = next;
	}
	return all;
}

double wm_script_sum(const struct wm_script *s, int device, const char *key) {
	return sum(s, device, key, 0, s->t);
}

double wm_script_joules(const struct wm_script *s, int device, double *at_p) {
	const struct wm_script_line *stuck = line_at(s, device, "stuck", s->t);
	double step = wm_script_value(s, device, "step", 0), wrap = wm_script_value(s, device, "wrap", INFINITY);
	double t = stuck ? stuck->from : s->t, joules;

	if (step > 0)
		t = step * floor(t / step);
	joules = wm_script_value(s, device, "base", 1000) + sum(s, device, "power", 0, t);
	for (int i = 0; i < s->nlines; i++)
		if (is_of(&s->lines[i], device, "jump") && s->lines[i].from <= t)
			joules += s->lines[i].value;
	*at_p = t;
	return isinf(wrap) ? joules : fmod(joules, wrap);
}

double wm_script_watts(const struct wm_script *s, int device, double lag) {
	if (!(lag > 0))
		return wm_script_value(s, device, "power", 0);
	return sum(s, device, "power", s->t - lag, s->t) / lag;
}
