/* SPDX-License-Identifier: Apache-2.0 */
/* html_machine.c - the machine of each run, as its run.json and its topology.xml describe it. */
#include "html.h"
#include "system/draw.h"
#include "system/picture.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE = 1024, DEVICES = 64, WIDE = 40 };

/* ---- values ------------------------------------------------------------------------------------------------- */

static void put_bytes(double bytes, char out[VALUE]) {
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	int i = 0;
	for (; i < 4 && bytes >= 1024; i++)
		bytes /= 1024;
	snprintf(out, VALUE, bytes < 100 ? "%.3g %s" : "%.0f %s", bytes, units[i]);
}

static bool ends_with(const char *text, const char *end) {
	size_t n = strlen(text), m = strlen(end);
	return n >= m && !strcmp(text + n - m, end);
}

/* A value of run.json in words; objects have been taken apart before. */
static void value_text(const char *key, const json_t *value, char out[VALUE]) {
	const char *why = json_string_value(json_object_get(value, "unknown"));
	size_t n = 0;
	if (why) {
		snprintf(out, VALUE, "unknown: %s", why);
	} else if (json_is_string(value)) {
		snprintf(out, VALUE, "%s", *json_string_value(value) ? json_string_value(value) : "unknown");
	} else if (json_is_number(value) && ends_with(key, "_bytes")) {
		put_bytes(json_number_value(value), out);
	} else if (json_is_number(value)) {
		snprintf(out, VALUE, "%.6g", json_number_value(value));
	} else if (json_is_array(value)) {
		out[0] = 0;
		for (size_t i = 0; i < json_array_size(value) && n < VALUE - 1; i++) {
			char item[VALUE];
			value_text("", json_array_get(value, i), item);
			n += (size_t)snprintf(out + n, VALUE - n, "%s%s", i ? ", " : "", item);
		}
	} else {
		snprintf(out, VALUE, json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "unknown");
	}
}

/* The words of a key: "huge_pages" as "huge pages", without the unit that its value shows. */
static void key_text(const char *before, const char *key, char out[VALUE]) {
	snprintf(out, VALUE, "%s%s%s", before, *before ? ", " : "", key);
	if (ends_with(out, "_bytes"))
		out[strlen(out) - 6] = 0;
	for (char *c = out; *c; c++)
		if (*c == '_')
			*c = ' ';
}

/* Writes the fact when it is as wide as asked for: those of a line stand together, before those that need one alone. */
static void put_fact(FILE *out, const char *before, const char *key, const json_t *value, bool wide) {
	char name[VALUE], text[VALUE];
	key_text(before, key, name);
	value_text(key, value, text);
	if ((strlen(text) > WIDE) != wide)
		return;
	fprintf(out, "<div%s><dt>", wide ? " class=\"wide\"" : "");
	wm_html_text(out, name);
	fputs("</dt><dd>", out);
	wm_html_text(out, text);
	fputs("</dd></div>\n", out);
}

/* ---- facts -------------------------------------------------------------------------------------------------- */

static void put_facts(FILE *out, json_t *environment, const json_t *other, bool wide) {
	const char *key, *inner;
	json_t *value, *part;
	json_object_foreach(environment, key, value) {
		if (other && json_equal(value, json_object_get(other, key)))
			continue;
		if (json_is_object(value) && !json_object_get(value, "unknown")) {
			json_object_foreach(value, inner, part) {
				put_fact(out, key, inner, part, wide);
			}
		} else {
			put_fact(out, "", key, value, wide);
		}
	}
}

/* Every key of an environment, objects within it taken apart; with `other`, only what is not equal there. */
static void put_environment(FILE *out, const json_t *environment, const json_t *other) {
	json_t *copy = json_copy((json_t *)(uintptr_t)environment); /* iteration wants one that may change */
	fputs("<dl class=\"facts\">\n", out);
	put_facts(out, copy, other, false);
	put_facts(out, copy, other, true);
	fputs("</dl>\n", out);
	json_decref(copy);
}

static void put_segments(FILE *out, const json_t *segments) {
	const json_t *first = json_object_get(json_array_get(segments, 0), "environment");
	put_environment(out, first, NULL);
	for (size_t i = 1; i < json_array_size(segments); i++) {
		const json_t *segment = json_array_get(segments, i);
		const char *started = json_string_value(json_object_get(segment, "started"));
		fprintf(out, "<p class=\"about\">Segment %zu, from ", i);
		wm_html_text(out, started ? started : "unknown");
		fputs(", differs in:</p>\n", out);
		put_environment(out, json_object_get(segment, "environment"), first);
	}
}

static const char *text_of(const json_t *object, const char *key) {
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

static void put_device(FILE *out, const json_t *device) {
	static const char *const columns[] = {"name", "driver", "arch"};
	char text[VALUE];
	fputs("<tr><th scope=\"row\">", out);
	wm_html_text(out, text_of(device, "id"));
	fputs("</th>", out);
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
		fputs("<td class=\"wide\">", out);
		wm_html_text(out, *text_of(device, columns[i]) ? text_of(device, columns[i]) : "unknown");
		fputs("</td>", out);
	}
	for (int i = 0; i < 2; i++) {
		double bytes = json_number_value(json_object_get(device, i ? "cache_bytes" : "mem_bytes"));
		put_bytes(bytes, text);
		fprintf(out, "<td class=\"num\">%s</td>", bytes > 0 ? text : "unknown");
	}
	double threads = json_number_value(json_object_get(device, "threads"));
	double units = json_number_value(json_object_get(device, "units"));
	if (threads > 0)
		fprintf(out, "<td class=\"num\">%.0f threads</td>", threads);
	else if (units > 0)
		fprintf(out, "<td class=\"num\">%.0f units</td>", units);
	else
		fputs("<td class=\"num\">unknown</td>", out);
	fputs("<td>", out);
	wm_html_text(out, *text_of(device, "pci") ? text_of(device, "pci") : "-");
	fputs("</td><td class=\"wide\">", out);
	wm_html_text(out, *text_of(device, "off") ? text_of(device, "off") : "usable");
	fputs("</td></tr>\n", out);
}

static void put_devices(struct wm_page *page, const struct wm_rows_run *run) {
	const json_t *devices = json_object_get(run->json, "devices"), *missing = json_object_get(run->json, "missing");
	size_t n = json_array_size(devices), shown = n < DEVICES ? n : DEVICES;
	char label[VALUE];
	if (n) {
		snprintf(label, sizeof label, "Devices of run %.512s", run->id);
		wm_page_scroll(page, label, false);
		fputs(
			"<thead><tr><th scope=\"col\">device</th><th scope=\"col\">name</th><th scope=\"col\">driver</th>"
			"<th scope=\"col\">architecture</th><th scope=\"col\" class=\"num\">memory</th>"
			"<th scope=\"col\" class=\"num\">caches from L2</th><th scope=\"col\" class=\"num\">width</th>"
			"<th scope=\"col\">PCI</th><th scope=\"col\">state</th></tr></thead>\n<tbody>\n",
			page->out);
		for (size_t i = 0; i < shown; i++)
			put_device(page->out, json_array_get(devices, i));
		fputs("</tbody>\n", page->out);
		wm_page_scroll_end(page);
	}
	if (n > shown)
		fprintf(page->out, "<p class=\"remark\">%zu more devices: see run.json.</p>\n", n - shown);
	for (size_t i = 0; i < json_array_size(missing) && i < DEVICES; i++) {
		const json_t *backend = json_array_get(missing, i);
		fputs("<p class=\"remark\">", page->out);
		wm_html_textf(page->out, "No %s device: %s", text_of(backend, "backend"), text_of(backend, "why"));
		fputs("</p>\n", page->out);
	}
}

/* ---- topology ----------------------------------------------------------------------------------------------- */

static void put_picture(FILE *out, const struct wm_topology *topo) {
	char *text = NULL;
	size_t bytes = 0;
	FILE *words = open_memstream(&text, &bytes);
	wm_picture_machine(words, topo);
	fclose(words);
	fputs("<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"Topology as text\"><pre>", out);
	for (char *line = text, *end; *line; line = end + (*end == '\n')) {
		end = line + strcspn(line, "\n");
		wm_html_textf(out, "%.*s", (int)(end - line), line);
		fputc('\n', out);
	}
	fputs("</pre></div>\n", out);
	free(text);
}

static enum wm_status put_drawing(struct wm_page *page, const struct wm_topology *topo, const char *host) {
	char *svg, title[VALUE];
	enum wm_status st = wm_topology_svg(topo, &svg);
	if (st)
		return st;
	snprintf(title, sizeof title, "Topology of %.512s", host);
	struct wm_svg_frame frame = {
		.cls = "topology",
		.title = title,
		.about = "Packages, caches, cores, memory and devices as nested boxes; the text below has the same.",
	};
	st = wm_page_figure(page, svg, &frame, "Drawn by lstopo from the bundle's topology.xml.");
	free(svg);
	return st;
}

/* A bundle without the file, as one whose run died early, says so. */
static void put_topology(struct wm_page *page, const struct wm_rows_run *run) {
	char path[4096];
	struct wm_topology *topo;
	snprintf(path, sizeof path, "%s/topology.xml", run->path);
	FILE *file = fopen(path, "re");
	if (!file) {
		fputs("<p class=\"remark\">No topology: the bundle has no topology.xml.</p>\n", page->out);
		return;
	}
	fclose(file);
	if (wm_topology_open(path, &topo)) {
		fputs("<p class=\"remark\">No topology: topology.xml cannot be read by hwloc.</p>\n", page->out);
		return;
	}
	if (put_drawing(page, topo, run->host)) {
		fputs("<p class=\"remark\">No drawing: ", page->out);
		wm_html_text(page->out, wm_why());
		fputs(".</p>\n", page->out);
	}
	put_picture(page->out, topo);
	wm_topology_close(topo);
}

void wm_page_machines(struct wm_page *page) {
	fputs("<section aria-labelledby=\"machine\">\n<h2 id=\"machine\">Machine</h2>\n", page->out);
	for (int i = 0; i < page->rows->nruns; i++) {
		const struct wm_rows_run *run = &page->rows->runs[i];
		fprintf(page->out, "<h3 id=\"m%d\">", i + 1);
		wm_html_text(page->out, run->host);
		if (page->rows->nruns > 1)
			wm_html_textf(page->out, ", run %s", run->id);
		fputs("</h3>\n", page->out);
		put_segments(page->out, json_object_get(run->json, "segments"));
		put_devices(page, run);
		wm_page_meters(page, run);
		put_topology(page, run);
	}
	fputs("</section>\n", page->out);
}
