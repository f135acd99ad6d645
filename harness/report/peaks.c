/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peaks.c - rows against the datasheet of their device (method 7). Only what is certain is matched: a device by its
 * whole name or its PCI id, and with the units of the SKU, so that a slice of a device is not held against all of it.
 */
#include "peaks.h"

#include "axes.h"
#include "core/problem.h"
#include "system/accelerators.h"
#include "units.h"

#include <ini.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PEAKS "results/reference/peaks.ini"

enum { MAX_FIGURES = 16 };

/* One line of a SKU: its peak for a data type, for its memory or for its links. */
struct figure {
	char key[16]; /* "f16", "memory", "links" */
	double value; /* flop/s or bytes/s */
	double per_clock, hz;
	char by[64];
};

struct sku {
	char section[64];
	char names[192], pci[32]; /* as in the file */
	double units, most_hz;
	bool parts;
	struct figure figures[MAX_FIGURES];
	int nfigures;
	char source[160], links_source[160], date[16];
};

struct skus {
	struct sku *v;
	size_t n, room;
};

/* ---- the file ------------------------------------------------------------------------------------------------ */

/* The next part of a text of parts between |, without blanks around it; false when there is none. */
static bool next_part(const char **at_p, const char **part_p, size_t *bytes_p) {
	const char *part = *at_p + strspn(*at_p, " ");
	size_t bytes = strcspn(part, "|");
	if (!*part)
		return false;
	*at_p = part + bytes + (part[bytes] == '|');
	while (bytes && part[bytes - 1] == ' ')
		bytes--;
	*part_p = part;
	*bytes_p = bytes;
	return true;
}

static double number(const char *text) {
	char *end;
	double x = strtod(text, &end);
	return end > text && x > 0 ? x : NAN;
}

static void take_figure(struct sku *sku, const char *key, const char *value) {
	const char *part[4] = {"", "", "", ""};
	size_t bytes = 0;
	if (sku->nfigures == MAX_FIGURES)
		return;
	for (int i = 0; i < 4 && next_part(&value, &part[i], &bytes);)
		i++;
	struct figure *figure = &sku->figures[sku->nfigures++];
	*figure = (struct figure){.value = number(part[0]), .per_clock = number(part[1]), .hz = number(part[2])};
	snprintf(figure->key, sizeof figure->key, "%s", key);
	snprintf(figure->by, sizeof figure->by, "%.*s", (int)bytes, part[3]);
}

static int take_line(void *arg, const char *section, const char *key, const char *value) {
	struct skus *skus = arg;
	if (!skus->n || strcmp(skus->v[skus->n - 1].section, section) != 0) {
		skus->v = wm_grow(skus->v, skus->n, &skus->room, sizeof *skus->v);
		skus->v[skus->n] = (struct sku){.units = NAN, .most_hz = NAN};
		snprintf(skus->v[skus->n].section, sizeof skus->v->section, "%s", section);
		skus->n++;
	}
	struct sku *sku = &skus->v[skus->n - 1];
	const struct {
		const char *key;
		char *text;
		size_t room;
	} texts[] = {
		{"name", sku->names, sizeof sku->names},     {"pci", sku->pci, sizeof sku->pci},
		{"source", sku->source, sizeof sku->source}, {"links_source", sku->links_source, sizeof sku->links_source},
		{"date", sku->date, sizeof sku->date},
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!strcmp(key, texts[i].key)) {
			snprintf(texts[i].text, texts[i].room, "%s", value);
			return 1;
		}
	if (!strcmp(key, "units"))
		sku->units = number(value);
	else if (!strcmp(key, "most_hz"))
		sku->most_hz = number(value);
	else if (!strcmp(key, "parts"))
		sku->parts = !strcmp(value, "yes");
	else if (strchr(value, '|'))
		take_figure(sku, key, value);
	return 1;
}

/* The file is embedded, and a test reads all of it: nothing can be wrong with it here. */
static struct skus read_skus(void) {
	struct skus skus = {0};
	const char *text = wm_embedded(PEAKS);
	if (text)
		ini_parse_string(text, take_line, &skus);
	return skus;
}

static bool is_listed(const char *list, const char *text) {
	const char *part;
	size_t bytes;
	while (next_part(&list, &part, &bytes))
		if (strlen(text) == bytes && !memcmp(part, text, bytes))
			return true;
	return false;
}

static const struct figure *figure_of(const struct sku *sku, const char *key, size_t bytes) {
	for (int i = 0; i < sku->nfigures; i++)
		if (strlen(sku->figures[i].key) == bytes && !memcmp(sku->figures[i].key, key, bytes))
			return &sku->figures[i];
	return NULL;
}

/* ---- devices ------------------------------------------------------------------------------------------------- */

/* One device of one bundle, and what it is. */
struct known {
	int bundle;
	const char *id;        /* interned, so that addresses can be compared */
	const struct sku *sku; /* NULL: unknown */
	double share;          /* of the SKU's figures; more than 1 for several packages */
	const char *why;       /* why nothing can be held against it; "" else */
};

struct lookup {
	const struct wm_rows *rows;
	struct wm_intern *texts;
	struct skus skus;
	struct known *v; /* found so far */
	size_t n, room;
};

static const json_t *device_of(const struct wm_rows_run *run, const char *id) {
	size_t i;
	const json_t *device;
	json_array_foreach(json_object_get(run->json, "devices"), i, device) {
		const char *other = json_string_value(json_object_get(device, "id"));
		if (other && !strcmp(other, id))
			return device;
	}
	return NULL;
}

static const char *text_of(const json_t *device, const char *key) {
	const char *text = json_string_value(json_object_get(device, key));
	return text ? text : "";
}

static const struct sku *sku_by_pci(const struct lookup *lookup, const struct wm_rows_run *run, const char *address) {
	char path[4096], ids[WM_PCI_IDS_CHARS];
	snprintf(path, sizeof path, "%s/topology.xml", run->path);
	if (!*address || !wm_accelerator_ids(path, address, ids))
		return NULL;
	for (size_t i = 0; i < lookup->skus.n; i++)
		if (is_listed(lookup->skus.v[i].pci, ids))
			return &lookup->skus.v[i];
	return NULL;
}

/* Of what computes on the host's silicon not more than the host has: OpenCL counts two for a core with two threads. */
static double units_of(const struct wm_rows_run *run, const json_t *device) {
	const json_t *host = json_is_true(json_object_get(device, "on_host")) ? device_of(run, "host") : NULL;
	double units = json_number_value(json_object_get(device, "units"));
	double most = json_number_value(json_object_get(host, "units"));
	return most > 0 ? fmin(units, most) : units;
}

/* What computes on the host's silicon is named by the host: its own driver decorates the name. */
static const struct sku *sku_of(const struct lookup *lookup, const struct wm_rows_run *run, const json_t *device) {
	const json_t *host = json_is_true(json_object_get(device, "on_host")) ? device_of(run, "host") : NULL;
	const char *name = text_of(host ? host : device, "name");
	for (size_t i = 0; i < lookup->skus.n; i++)
		if (is_listed(lookup->skus.v[i].names, name))
			return &lookup->skus.v[i];
	/* The PCI id of a slice is that of the whole: only the number of units tells them apart. */
	const struct sku *sku = sku_by_pci(lookup, run, text_of(device, "pci"));
	return sku && units_of(run, device) == sku->units ? sku : NULL;
}

static struct known identify(const struct lookup *lookup, const struct wm_row *row) {
	const struct wm_rows_run *run = &lookup->rows->runs[row->bundle];
	const json_t *device = device_of(run, row->device);
	struct known known = {.bundle = row->bundle, .id = row->device, .share = 1, .why = ""};
	double units = units_of(run, device);
	known.sku = sku_of(lookup, run, device);
	if (!known.sku) {
		known.why = "datasheet peak unknown for this device";
	} else if (known.sku->parts && units > 0) {
		known.share = units / known.sku->units;
	} else if (units > 0 && !isnan(known.sku->units) && units != known.sku->units) {
		char why[160];
		snprintf(why, sizeof why, "datasheet peak is of all %.0f units of %s, this device has %.0f", known.sku->units,
		         known.sku->section, units);
		known.why = wm_intern_text(lookup->texts, why);
	}
	return known;
}

static const struct known *known_of(struct lookup *lookup, const struct wm_row *row) {
	for (size_t i = 0; i < lookup->n; i++)
		if (lookup->v[i].id == row->device && lookup->v[i].bundle == row->bundle)
			return &lookup->v[i];
	lookup->v = wm_grow(lookup->v, lookup->n, &lookup->room, sizeof *lookup->v);
	lookup->v[lookup->n] = identify(lookup, row);
	return &lookup->v[lookup->n++];
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

/* How a row of a metric is held against which figure, and what is said of one above it. */
static const struct kind {
	const char *metric, *figure, *above;
} kinds[] = {
	{"flop/s", NULL, "above datasheet clock"},
	{"B/s", "memory", "above datasheet bandwidth"},
	{"B/s bus", "links", "above the bandwidth of the links"},
};

static const struct kind *kind_of(const struct wm_row *row) {
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(row->metric, kinds[i].metric))
			return &kinds[i];
	return NULL;
}

static bool is_hot(const struct wm_row *row) {
	struct wm_axis_text axis;
	return wm_axes_find(row->problem, "cache", 5, &axis) && axis.value_bytes == 3 && !memcmp(axis.value, "hot", 3);
}

static const char *put_why(const struct lookup *lookup, const char *fmt, const char *what, const char *device) {
	char why[192];
	snprintf(why, sizeof why, fmt, what, device);
	return wm_intern_text(lookup->texts, why);
}

/* The figure that the row is held against; NULL with a reason. */
static const struct figure *choose(const struct lookup *lookup, const struct known *known, const struct kind *kind,
                                   const struct wm_row *row, const char **why_p) {
	struct wm_axis_text axis = {.key = NULL};
	if (*known->why) {
		*why_p = known->why;
		return NULL;
	}
	bool is_memory = kind->figure && !strcmp(kind->figure, "memory");
	if (is_memory && is_hot(row)) {
		*why_p = "datasheets give no bandwidth of caches";
		return NULL;
	}
	if (is_memory && known->share != floor(known->share)) {
		*why_p = "datasheet bandwidth is of whole packages";
		return NULL;
	}
	if (!kind->figure && !wm_axes_find(row->problem, "dtype", 5, &axis)) {
		*why_p = "no data type to look up";
		return NULL;
	}
	const char *key = kind->figure ? kind->figure : axis.value;
	size_t bytes = kind->figure ? strlen(kind->figure) : axis.value_bytes;
	const struct figure *figure = figure_of(known->sku, key, bytes);
	if (!figure) {
		char what[32];
		snprintf(what, sizeof what, "%.*s", (int)bytes, key);
		*why_p = put_why(lookup, "no datasheet peak of %s for %s", what, known->sku->section);
	}
	return figure;
}

/* At the highest clock of the units, or of the memory's transfers. */
static double most_of(const struct known *known, const struct figure *figure) {
	const struct sku *sku = known->sku;
	bool is_memory = !strcmp(figure->key, "memory");
	return known->share * figure->per_clock * (is_memory ? figure->hz : sku->units * sku->most_hz);
}

/* "H100 SXM5 80GB: f16 by tensor cores, dense, at 1.83 GHz; SOURCE, read DATE" */
static const char *source_of(const struct lookup *lookup, const struct known *known, const struct figure *figure) {
	const struct sku *sku = known->sku;
	char text[512], clock[48] = "", part[48] = "";
	bool is_links = !strcmp(figure->key, "links");
	bool is_bytes = is_links || !strcmp(figure->key, "memory");
	if (!isnan(figure->hz) && !is_bytes)
		snprintf(clock, sizeof clock, ", dense, at %.4g GHz", figure->hz / 1e9);
	if (known->share != 1)
		snprintf(part, sizeof part, known->share < 1 ? ", %.0f of %.0f cores" : ", %.0f cores, %.0f a package",
		         known->share * sku->units, sku->units);
	snprintf(text, sizeof text, "%s%s: %s, %s%s%s; %s, read %s", sku->section, part, figure->key, figure->by, clock,
	         is_links ? ", one direction" : "", is_links && *sku->links_source ? sku->links_source : sku->source,
	         sku->date);
	return wm_intern_text(lookup->texts, text);
}

static void judge(const struct lookup *lookup, const struct known *known, const struct kind *kind, struct wm_row *row) {
	char value[WM_UNIT_CHARS], most[WM_UNIT_CHARS], text[256];
	if (!(row->value > row->peak))
		return;
	row->peak_note = kind->above;
	if (!(row->value > row->peak_most))
		return;
	wm_units_rate(row->value, row->metric, value);
	wm_units_rate(row->peak_most, row->metric, most);
	snprintf(text, sizeof text, "impossible: %s is above %s, all that %s can do at its highest clock", value, most,
	         known->sku->section);
	row->peak_note = wm_intern_text(lookup->texts, text);
	if (row->status == WM_OK) {
		row->status = WM_SUSPECT;
		row->why = row->peak_note;
	}
}

static void set_peak(struct lookup *lookup, struct wm_row *row) {
	const struct kind *kind = kind_of(row);
	const struct known *known = known_of(lookup, row);
	if (known->sku && !*known->why && known->share == 1)
		row->sku = wm_intern_text(lookup->texts, known->sku->section);
	if (!kind || row->latency) {
		row->peak_why = kind ? "latency has no peak" : "no datasheet peak of this metric";
		return;
	}
	const struct figure *figure = choose(lookup, known, kind, row, &row->peak_why);
	if (!figure || !known->sku)
		return;
	row->peak = known->share * figure->value;
	row->peak_most = most_of(known, figure);
	row->peak_source = source_of(lookup, known, figure);
	row->peak_why = "";
	judge(lookup, known, kind, row);
}

void wm_peaks_set(struct wm_rows *rows, struct wm_intern *texts) {
	struct lookup lookup = {.rows = rows, .texts = texts, .skus = read_skus()};
	for (size_t i = 0; i < rows->n; i++)
		set_peak(&lookup, &rows->v[i]);
	free(lookup.v);
	free(lookup.skus.v);
}
