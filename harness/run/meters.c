/* SPDX-License-Identifier: Apache-2.0 */
/* meters.c - one child per kind of meter tells what it finds; and which sources weigh which device. */
#include "meters.h"

#include "core/cases.h"
#include "fields.h"
#include "inquiry.h"
#include "meters/setup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIND_DEADLINE_S 10.0

/* ---- sources between processes ---- */

#define TEXT(member) \
	{ #member, offsetof(struct wm_source, member), sizeof(((struct wm_source *)0)->member) }
static const struct {
	const char *key;
	size_t at, room;
} texts[] = {TEXT(id), TEXT(meter), TEXT(word), TEXT(where), TEXT(pci), TEXT(uuid), TEXT(note), TEXT(off)};

#define NUMBER(member) \
	{ #member, offsetof(struct wm_source, member) }
static const struct {
	const char *key;
	size_t at;
} numbers[] = {NUMBER(refresh_s), NUMBER(lag_s), NUMBER(quantum), NUMBER(range_j), NUMBER(limit_w), NUMBER(gain_rel)};
enum { TEXTS = sizeof(texts) / sizeof(texts[0]), NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

/* A range without end is the word "never": JSON has no infinity. */
json_t *wm_source_to_json(const struct wm_source *source) {
	const char *base = (const char *)source;
	json_t *o = json_object();

	for (int i = 0; i < TEXTS; i++)
		wm_set_text(o, texts[i].key, base + texts[i].at);
	for (int i = 0; i < NUMBERS; i++)
		wm_set_number(o, numbers[i].key, *(const double *)(const void *)(base + numbers[i].at));
	if (isinf(source->range_j))
		wm_set_text(o, "range_j", "never");
	wm_set_text(o, "scope", wm_scope_word(source->scope));
	wm_set_text(o, "kind", source->kind == WM_COUNTER ? "counter" : "power");
	wm_set(o, "package", source->package >= 0 ? json_integer(source->package) : NULL);
	return o;
}

static const char *text_of(const json_t *object, const char *key) {
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

void wm_source_from_json(const json_t *object, struct wm_source *source_p) {
	struct wm_source s = {.package = -1};
	char *base = (char *)&s;
	const json_t *package = json_object_get(object, "package");

	for (int i = 0; i < TEXTS; i++)
		snprintf(base + texts[i].at, texts[i].room, "%s", text_of(object, texts[i].key));
	for (int i = 0; i < NUMBERS; i++) {
		const json_t *v = json_object_get(object, numbers[i].key);

		*(double *)(void *)(base + numbers[i].at) = json_is_number(v) ? json_number_value(v) : NAN;
	}
	if (strcmp(text_of(object, "range_j"), "never") == 0)
		s.range_j = INFINITY;
	s.scope = wm_scope_parse(text_of(object, "scope"));
	s.kind = strcmp(text_of(object, "kind"), "counter") == 0 ? WM_COUNTER : WM_POWER;
	if (json_is_integer(package))
		s.package = (int)json_integer_value(package);
	*source_p = s;
}

/* ---- the child ---- */

/* {root, file} from fd 3, as a setup. */
static enum wm_status receive_setup(char root[512], struct wm_meter_setup *setup_p) {
	struct wm_wire wire = {.fd = WM_CHILD_IN};
	struct wm_meter_entry *entries = NULL;
	json_t *order = NULL;
	int n = 0;
	enum wm_status st = wm_wire_wait(&wire, &order);

	if (st == WM_OK) {
		snprintf(root, 512, "%s", text_of(order, "root"));
		st = wm_meter_entries(text_of(order, "file"), &entries, &n);
	}
	json_decref(order);
	wm_wire_free(&wire);
	if (st == WM_OK)
		*setup_p = (struct wm_meter_setup){root, entries, n};
	return st;
}

int wm_meter_probe_main(const char *name) {
	static struct wm_source sources[WM_MAX_SOURCES];
	const struct wm_meter *meter = wm_meter_find(name);
	struct wm_meter_setup setup;
	char root[512];
	int n = 0;
	enum wm_status st;

	wm_child_begin();
	if (!meter)
		return 2;
	st = receive_setup(root, &setup);
	if (st == WM_OK)
		st = meter->find(&setup, sources, WM_MAX_SOURCES, &n);
	if (st != WM_OK)
		wm_inquiry_end(wm_why());
	for (int i = 0; i < n; i++)
		if (wm_wire_send(WM_CHILD_OUT, json_pack("{s:o}", "source", wm_source_to_json(&sources[i]))) != WM_OK)
			return 1;
	wm_inquiry_end(NULL);
}

/* ---- the parent ---- */

static void add_sources(const struct wm_inquiry *q, struct wm_meters *m) {
	const json_t *answer;
	size_t i;

	json_array_foreach(q->answers, i, answer) {
		if (m->n < WM_MAX_SOURCES)
			wm_source_from_json(json_object_get(answer, "source"), &m->sources[m->n++]);
	}
}

static void add_missing(const char *meter, const char *why, struct wm_meters *m) {
	snprintf(m->missing[m->nmissing].meter, sizeof(m->missing[0].meter), "%s", meter);
	snprintf(m->missing[m->nmissing].why, sizeof(m->missing[0].why), "%s", why);
	m->nmissing++;
}

static void add_answer(const char *meter, const struct wm_inquiry *q, struct wm_meters *m) {
	if (q->why[0] || json_array_size(q->answers) == 0)
		add_missing(meter, q->why[0] ? q->why : "no source", m);
	add_sources(q, m);
}

/* Whole, so that it is found from another folder too, when the run is resumed. */
static void keep_path(const char *path, char *out, size_t room) {
	char *whole = *path ? realpath(path, NULL) : NULL;

	snprintf(out, room, "%s", whole ? whole : path);
	free(whole);
}

/* The question to a meter. */
static struct wm_inquiry inquiry(const struct wm_meter *meter, const char *root, const char *file) {
	return (struct wm_inquiry){.argv = {"wattmark", "--as-meter-probe", meter->name},
	                           .order =
	                               json_pack("{s:o, s:o}", "root", wm_json_text(root), "file", wm_json_text(file))};
}

enum wm_status wm_meters_find(const char *root, const char *file, struct wm_meters *meters_p) {
	struct wm_inquiry inquiries[WM_MAX_INQUIRIES] = {0};
	const struct wm_meter *asked[WM_MAX_INQUIRIES];
	struct wm_meter_entry *entries = NULL;
	struct wm_meters m = {.n = 0};
	int n = 0, unused;
	enum wm_status st = wm_meter_entries(file, &entries, &unused);

	free(entries);
	if (st != WM_OK)
		return st;
	keep_path(root, m.root, sizeof(m.root));
	keep_path(file, m.file, sizeof(m.file));
	m.sources = wm_zalloc(WM_MAX_SOURCES * sizeof(*m.sources));
	for (int i = 0; wm_meters[i] && n < WM_MAX_INQUIRIES; i++)
		if (*root && wm_meters[i]->library)
			add_missing(wm_meters[i]->name, "asks a library of this machine, and --root is another one", &m);
		else {
			asked[n] = wm_meters[i];
			inquiries[n++] = inquiry(wm_meters[i], m.root, m.file);
		}
	st = wm_inquire(inquiries, n, FIND_DEADLINE_S);
	for (int i = 0; i < n; i++) {
		add_answer(asked[i]->name, &inquiries[i], &m);
		wm_inquiry_free(&inquiries[i]);
	}
	if (st == WM_OK)
		*meters_p = m;
	else
		wm_meters_free(&m);
	return st;
}

void wm_meters_free(struct wm_meters *meters) {
	free(meters->sources);
	memset(meters, 0, sizeof(*meters));
}

/* ---- which source weighs what ---- */

static bool is_named(const struct wm_source *s) {
	const struct wm_meter *meter = wm_meter_find(s->meter);

	return meter && meter->named;
}

bool wm_source_better(const struct wm_source *a, const struct wm_source *b) {
	bool a_dcmi = strcmp(a->meter, "dcmi") == 0, b_dcmi = strcmp(b->meter, "dcmi") == 0;

	if (!a->off[0] != !b->off[0])
		return !a->off[0];
	if (is_named(a) != is_named(b))
		return is_named(a);
	if (a_dcmi != b_dcmi)
		return b_dcmi;
	if (a->kind != b->kind)
		return a->kind == WM_COUNTER;
	return isnan(b->refresh_s) ? !isnan(a->refresh_s) : a->refresh_s < b->refresh_s;
}

/* The package, the accelerator, or the whole machine that a source must be of. */
struct target {
	int package;     /* -1: not a package */
	const char *pci; /* "": not an accelerator */
	const char *uuid;
};

static bool is_of(const struct wm_source *s, const struct target *t) {
	if (t->package >= 0)
		return s->package == t->package;
	if (!t->pci[0] && !t->uuid[0])
		return true;
	return (t->uuid[0] && strcasecmp(s->uuid, t->uuid) == 0) || (t->pci[0] && strcasecmp(s->pci, t->pci) == 0);
}

/* Index of the best readable source of that class for the target, or -1; *off_p is one that cannot be read. */
static int best_of(const struct wm_meters *m, enum wm_scope scope, const struct target *target, int *off_p) {
	int best = -1;

	for (int i = 0; i < m->n; i++) {
		const struct wm_source *s = &m->sources[i];

		if (s->scope != scope || !is_of(s, target))
			continue;
		if (s->off[0])
			*off_p = i;
		else if (best < 0 || wm_source_better(s, &m->sources[best]))
			best = i;
	}
	return best;
}

static bool takes_packages(enum wm_scope scope) {
	return scope == WM_SCOPE_CPU || scope == WM_SCOPE_CPU_DRAM;
}

static bool takes_accelerator(enum wm_scope scope) {
	return scope == WM_SCOPE_ACCELERATOR || scope == WM_SCOPE_SUPERCHIP;
}

bool wm_meters_apply(const struct wm_device *dev, enum wm_scope scope) {
	bool on_host = dev->on_host || dev->threads > 0;

	if (takes_packages(scope))
		return on_host;
	return scope != WM_SCOPE_PART && !(takes_accelerator(scope) && on_host);
}

int wm_meters_of(const struct wm_meters *m, const struct wm_topology *topo, const struct wm_device *dev,
                 enum wm_scope scope, int index[WM_MAX_PARTS], char why[256]) {
	int packages[WM_MAX_PARTS], n = 1;
	struct target target = {.package = -1, .pci = dev->pci, .uuid = dev->uuid};

	why[0] = 0;
	if (!wm_meters_apply(dev, scope) || (takes_accelerator(scope) && !dev->pci[0] && !dev->uuid[0])) {
		snprintf(why, 256, "%s is not weighed as %s", dev->id, wm_scope_word(scope));
		return 0;
	}
	if (takes_packages(scope))
		n = wm_topology_packages(topo, dev->cpuset, packages, WM_MAX_PARTS);
	if (!takes_packages(scope) && !takes_accelerator(scope))
		target.pci = target.uuid = "";
	for (int i = 0; i < n; i++) {
		int off = -1;

		if (takes_packages(scope))
			target.package = packages[i];
		index[i] = best_of(m, scope, &target, &off);
		if (index[i] >= 0)
			continue;
		if (off >= 0)
			snprintf(why, 256, "%s: %.160s", m->sources[off].id, m->sources[off].off);
		else
			snprintf(why, 256, "no meter of class %s", wm_scope_word(scope));
		return 0;
	}
	if (n == 0)
		snprintf(why, 256, "the package of %s is unknown", dev->id);
	return n;
}
