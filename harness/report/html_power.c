/* SPDX-License-Identifier: Apache-2.0 */
/* html_power.c - what the machine of a run can weigh: its sources of energy, why others are off, and what rest draws.
 */
#include "html.h"
#include "units.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

enum { METERS = 64, LABEL = 1024 };

static const char *text_of(const json_t *object, const char *key) {
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

static double number(const json_t *object, const char *key) {
	const json_t *value = json_object_get(object, key);
	return json_is_number(value) ? json_number_value(value) : NAN;
}

static void put_cell(struct wm_page *page, const char *cls, const char *text) {
	fprintf(page->out, "<td class=\"%s\">", cls);
	wm_page_cell(page, text);
	fputs("</td>", page->out);
}

static void put_seconds(struct wm_page *page, double seconds) {
	char text[WM_UNIT_CHARS] = "unknown";
	if (!isnan(seconds))
		wm_units_time(seconds, text);
	put_cell(page, "num", text);
}

static void put_gain(struct wm_page *page, double gain) {
	char text[WM_UNIT_CHARS] = "unknown";
	if (!isnan(gain))
		wm_units_half(gain, text);
	put_cell(page, "num", text);
}

/* ---- meters ------------------------------------------------------------------------------------------------- */

static void put_meter(struct wm_page *page, const json_t *source) {
	bool off = *text_of(source, "off");
	fputs("<tr><th scope=\"row\">", page->out);
	wm_html_text(page->out, text_of(source, "id"));
	fputs("</th>", page->out);
	put_cell(page, "wide", text_of(source, "scope"));
	put_cell(page, "wide", *text_of(source, "word") ? text_of(source, "word") : "unknown");
	put_cell(page, "wide", text_of(source, "kind"));
	put_seconds(page, number(source, "refresh_s"));
	put_seconds(page, number(source, "lag_s"));
	put_gain(page, number(source, "gain_rel"));
	put_cell(page, "wide", off ? text_of(source, "off") : "usable");
	put_cell(page, "wide", *text_of(source, "note") ? text_of(source, "note") : "-");
	fputs("</tr>\n", page->out);
}

static void put_meters(struct wm_page *page, const json_t *meters, const char *label) {
	size_t n = json_array_size(meters), shown = n < METERS ? n : METERS;
	if (!n)
		return;
	wm_page_scroll(page, label, n > 30);
	fputs(
		"<thead><tr><th scope=\"col\">source of energy</th><th scope=\"col\">scope class</th>"
		"<th scope=\"col\">the vendor's word</th><th scope=\"col\">kind</th><th scope=\"col\" "
		"class=\"num\">refresh</th>"
		"<th scope=\"col\" class=\"num\">lag</th><th scope=\"col\" class=\"num\">accuracy</th>"
		"<th scope=\"col\">state</th><th scope=\"col\">note</th></tr></thead>\n<tbody>\n",
		page->out);
	for (size_t i = 0; i < shown; i++)
		put_meter(page, json_array_get(meters, i));
	fputs("</tbody>\n", page->out);
	wm_page_scroll_end(page);
	if (n > shown)
		fprintf(page->out, "<p class=\"remark\">%zu more sources: see run.json.</p>\n", n - shown);
}

static void put_missing(struct wm_page *page, const json_t *missing) {
	for (size_t i = 0; i < json_array_size(missing) && i < METERS; i++) {
		const json_t *meter = json_array_get(missing, i);
		fputs("<p class=\"remark\">", page->out);
		wm_html_textf(page->out, "No source of the meter %s: %s", text_of(meter, "meter"), text_of(meter, "why"));
		fputs("</p>\n", page->out);
	}
}

/* ---- at rest ------------------------------------------------------------------------------------------------ */

static void put_idle(struct wm_page *page, const json_t *idle, const char *label) {
	size_t n = json_array_size(idle), shown = n < METERS ? n : METERS;
	if (!n)
		return;
	wm_page_scroll(page, label, n > 30);
	fputs(
		"<thead><tr><th scope=\"col\">at rest</th><th scope=\"col\">scope class</th><th scope=\"col\">of the run</th>"
		"<th scope=\"col\" class=\"num\">power</th><th scope=\"col\" class=\"num\">over</th></tr></thead>\n<tbody>\n",
		page->out);
	for (size_t i = 0; i < shown; i++) {
		const json_t *entry = json_array_get(idle, i);
		char watts[WM_UNIT_CHARS];
		double power = number(entry, "watts");
		wm_units_power(power, watts);
		fputs("<tr><th scope=\"row\">", page->out);
		wm_html_text(page->out, text_of(entry, "source"));
		fputs("</th>", page->out);
		put_cell(page, "wide", text_of(entry, "scope"));
		put_cell(page, "wide", text_of(entry, "at"));
		if (isnan(power))
			put_cell(page, "wide", *text_of(entry, "why") ? text_of(entry, "why") : "unknown");
		else
			put_cell(page, "num", watts);
		put_seconds(page, number(entry, "seconds"));
		fputs("</tr>\n", page->out);
	}
	fputs("</tbody>\n", page->out);
	wm_page_scroll_end(page);
	if (n > shown)
		fprintf(page->out, "<p class=\"remark\">%zu more: see run.json.</p>\n", n - shown);
}

void wm_page_meters(struct wm_page *page, const struct wm_rows_run *run) {
	const json_t *segments = json_object_get(run->json, "segments");
	for (size_t i = 0; i < json_array_size(segments); i++) {
		const json_t *segment = json_array_get(segments, i), *meters = json_object_get(segment, "meters");
		char label[LABEL];
		/* a resume that finds the same meters shows them once */
		if (!i || !json_equal(meters, json_object_get(json_array_get(segments, i - 1), "meters"))) {
			snprintf(label, sizeof label, "Sources of energy of run %.512s, segment %zu", run->id, i);
			put_meters(page, meters, label);
			put_missing(page, json_object_get(segment, "meters_missing"));
		}
		snprintf(label, sizeof label, "Power at rest in run %.512s, segment %zu", run->id, i);
		put_idle(page, json_object_get(segment, "idle"), label);
	}
}
