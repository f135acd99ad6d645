/* SPDX-License-Identifier: Apache-2.0 */
/* trace.c - ticks as lines of power.csv. */
#include "trace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRACE_S 0.1 /* between two lines of one source */

static void put_number(FILE *f, double x, const char *form) {
	if (isfinite(x))
		fprintf(f, form, x);
}

static void put_line(FILE *f, int segment, const char *id, const struct wm_tick *t) {
	const double rest[] = {t->r.watts,     t->r.cap_w,   t->r.clock_hz, t->r.temperature_c,
	                       t->r.thermal_s, t->r.brake_s, t->r.capped_s};

	fprintf(f, "%d,%.6f,%s,", segment, (t->before_s + t->after_s) / 2, id);
	put_number(f, t->r.joules, "%.6f");
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
		fputc(',', f);
		put_number(f, rest[i], "%.7g");
	}
	fputc('\n', f);
}

/* Is this the tick of a window's edge? */
static bool is_edge(const json_t *windows, const char *id, const struct wm_tick *last, const struct wm_tick *t) {
	const json_t *x;
	size_t i;

	json_array_foreach(windows, i, x) {
		const char *source = json_string_value(json_object_get(x, "source"));
		const char *const keys[] = {"from_s", "to_s"};

		for (int k = 0; k < 2 && source && strcmp(source, id) == 0; k++) {
			double at_s = json_number_value(json_object_get(x, keys[k]));

			if (at_s <= t->after_s && (!last || at_s > last->after_s))
				return true;
		}
	}
	return false;
}

static void put_ticks(FILE *f, int segment, const char *id, const struct wm_ticks *ticks, const json_t *windows) {
	double put_s = -INFINITY;

	for (size_t i = 0; i < ticks->n; i++) {
		const struct wm_tick *t = &ticks->v[i];

		if (t->before_s - put_s < TRACE_S && !is_edge(windows, id, i ? t - 1 : NULL, t))
			continue;
		put_line(f, segment, id, t);
		put_s = t->before_s;
	}
}

/* The windows of all classes in one list. */
static json_t *all_windows(const json_t *list) {
	json_t *all = json_array();
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one) {
		json_array_extend(all, json_object_get(one, "windows"));
	}
	return all;
}

enum wm_status wm_trace_write(struct wm_bundle *bundle, int segment, const struct wm_sampling *sampling,
                              const struct wm_ticks *ticks, const json_t *classes) {
	static const char header[] =
		"segment,time_s,source,joules,watts,cap_w,clock_hz,temperature_c,thermal_s,brake_s,capped_s\n";
	json_t *windows = all_windows(classes);
	char *text = NULL;
	size_t bytes = 0;
	int fd = -1;
	FILE *f = open_memstream(&text, &bytes);
	enum wm_status st = wm_bundle_append_fd(bundle, "power.csv", &fd);

	if (f && st == WM_OK && lseek(fd, 0, SEEK_END) == 0)
		fputs(header, f);
	for (int i = 0; f && i < wm_sampling_count(sampling); i++)
		put_ticks(f, segment, wm_sampling_source(sampling, i)->id, &ticks[i], windows);
	if (f)
		fclose(f);
	if (st == WM_OK && (!f || write(fd, text, bytes) != (ssize_t)bytes))
		st = wm_fail(WM_FAILED, "power.csv cannot be written");
	if (fd >= 0)
		close(fd);
	free(text);
	json_decref(windows);
	return st;
}
