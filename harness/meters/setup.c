/* SPDX-License-Identifier: Apache-2.0 */
/* setup.c - the user's file of meters: a table of keys, and what must hold between them. */
#include "setup.h"

#include "files.h"

#include "core/inifile.h"
#include "core/registry.h"

#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define NAMED "command csv redfish"
#define ALL NAMED " dcmi"

/* What BMCs answer through DCMI is an average or a sample of a second or more; asking more often costs and tells
 * nothing. */
#define LEAST_DCMI_REFRESH_S 1.0
#define STALE_REFRESHES 3
#define LEAST_STALE_S 0.1

/* One entry of the file, and where its section goes. */
struct reading {
	const char *file;
	const struct wm_ini_entry *e;
	struct wm_meter_entry *entry;
};

struct key {
	const char *name;
	const char *meters; /* that know it */
	const char *needed; /* by these */
	enum wm_status (*take)(const struct reading *r, const struct key *key);
	size_t at, room; /* of its member */
	double min, max; /* numbers */
};

static enum wm_status fail(const struct reading *r, const char *what) {
	return wm_ini_fail(r->file, r->e->line, "%s: %s", r->e->key, what);
}

/* ---- values ------------------------------------------------------------------------------------------------- */

bool wm_meter_number(const char *text, double *value_p) {
	char *end;
	double value;

	/* strtod alone would take "nan", "inf" and hexadecimal numbers as well */
	text += strspn(text, " \t");
	if (!*text || strspn(text, "+-.0123456789eE") != strcspn(text, " \t\r\n"))
		return false;
	value = strtod(text, &end);
	if (end == text || end[strspn(end, " \t\r\n")] || !isfinite(value))
		return false;
	*value_p = value;
	return true;
}

static enum wm_status take_text(const struct reading *r, const struct key *key) {
	char *member = (char *)r->entry + key->at;

	if (!*r->e->value)
		return fail(r, "nothing stands behind the '='");
	if ((size_t)snprintf(member, key->room, "%s", r->e->value) >= key->room)
		return wm_ini_fail(r->file, r->e->line, "%s: over %zu letters", r->e->key, key->room - 1);
	return WM_OK;
}

static enum wm_status take_number(const struct reading *r, const struct key *key) {
	double value;

	if (!wm_meter_number(r->e->value, &value))
		return wm_ini_fail(r->file, r->e->line, "%s: '%s' is not a number", r->e->key, r->e->value);
	if (value < key->min || value > key->max)
		return wm_ini_fail(r->file, r->e->line, "%s: %s is outside %g to %g", r->e->key, r->e->value, key->min,
		                   key->max);
	memcpy((char *)r->entry + key->at, &value, sizeof(value));
	return WM_OK;
}

static enum wm_status take_scope(const struct reading *r, const struct key *key) {
	const char *words[WM_SCOPES];

	(void)key;
	for (int i = 0; i < WM_SCOPES; i++)
		words[i] = wm_scope_word((enum wm_scope)i);
	r->entry->scope = wm_scope_parse(r->e->value);
	if (r->entry->scope != WM_SCOPES)
		return WM_OK;
	wm_fail_unknown("scope", r->e->value, words, WM_SCOPES);
	return wm_ini_fail(r->file, r->e->line, "%s", wm_why());
}

/* One of two words. */
static enum wm_status take_choice(const struct reading *r, const char *words, int *index_p) {
	*index_p = wm_word_index(words, r->e->value);
	if (*index_p >= 0)
		return WM_OK;
	return wm_ini_fail(r->file, r->e->line, "%s: '%s' is not one of: %s", r->e->key, r->e->value, words);
}

static enum wm_status take_kind(const struct reading *r, const struct key *key) {
	int index;
	enum wm_status st = take_choice(r, "counter power", &index);

	(void)key;
	if (st == WM_OK)
		r->entry->kind = index == 0 ? WM_COUNTER : WM_POWER;
	return st;
}

static enum wm_status take_verify(const struct reading *r, const struct key *key) {
	int index;
	enum wm_status st = take_choice(r, "yes no", &index);

	(void)key;
	if (st == WM_OK)
		r->entry->unverified = index == 1;
	return st;
}

/* Some write the password into the URL, where it would go into every record: the message must not show it either. */
static enum wm_status take_url(const struct reading *r, const struct key *key) {
	const char *host = r->e->value + strlen("https://");

	/* an IPv6 address stands in brackets */
	if (strncmp(r->e->value, "https://", strlen("https://")) != 0 || (!isalnum((unsigned char)*host) && *host != '['))
		return fail(r, "not https://HOST or https://HOST/PATH");
	if (strchr(r->e->value, '@'))
		return fail(r, "a user or a password does not belong here: credentials = FILE, or the environment");
	return take_text(r, key);
}

/* "0000:41:00.0", as wm_device has it. */
static enum wm_status take_pci(const struct reading *r, const struct key *key) {
	static const char form[] = "xxxx:xx:xx.x";
	const char *s = r->e->value;

	for (size_t i = 0; i < sizeof(form); i++)
		if (form[i] == 'x' ? !isxdigit((unsigned char)s[i]) : s[i] != form[i])
			return wm_ini_fail(r->file, r->e->line, "pci: '%s' is not an address like 0000:41:00.0", s);
	return take_text(r, key);
}

static enum wm_status take_package(const struct reading *r, const struct key *key) {
	const char *s = r->e->value;

	(void)key;
	if (!*s || strlen(s) > 4 || strspn(s, "0123456789") != strlen(s))
		return wm_ini_fail(r->file, r->e->line, "package: '%s' is not a number from 0 to 9999", s);
	r->entry->package = atoi(s);
	return WM_OK;
}

/* ---- keys --------------------------------------------------------------------------------------------------- */

#define TEXT(member) offsetof(struct wm_meter_entry, member), sizeof(((struct wm_meter_entry *)0)->member), 0, 0
#define NUMBER(member, min, max) offsetof(struct wm_meter_entry, member), sizeof(double), min, max
#define OTHER 0, 0, 0, 0

/* meter comes first: what the others mean depends on it. */
static const struct key keys[] = {
	{"meter", ALL, ALL, take_text, TEXT(meter)},
	{"scope", ALL, NAMED, take_scope, OTHER},
	{"kind", "command redfish", "", take_kind, OTHER},
	{"run", "command", "command", take_text, TEXT(run)},
	{"file", "csv", "csv", take_text, TEXT(file)},
	{"url", "redfish", "redfish", take_url, TEXT(url)},
	{"credentials", "redfish", "", take_text, TEXT(credentials)},
	{"ca", "redfish", "", take_text, TEXT(ca)},
	{"verify", "redfish", "", take_verify, OTHER},
	{"pci", NAMED, "", take_pci, TEXT(pci)},
	{"package", NAMED, "", take_package, OTHER},
	{"refresh", ALL, NAMED, take_number, NUMBER(refresh_s, 0.001, 600)},
	{"lag", ALL, "", take_number, NUMBER(lag_s, 0, 600)},
	{"quantum", NAMED, "", take_number, NUMBER(quantum, 1e-9, 1e6)},
	{"range", NAMED, "", take_number, NUMBER(range_j, 1, 1e18)},
	{"limit", ALL, "", take_number, NUMBER(limit_w, 0.001, 1e7)},
	{"gain", ALL, "", take_number, NUMBER(gain_rel, 1e-6, 1)},
};
enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

static const struct key *find_key(const char *name) {
	for (int i = 0; i < KEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

/* Names the nearest of the keys that this meter knows. */
static enum wm_status fail_unknown_key(const struct reading *r) {
	const char *names[KEYS];
	int n = 0;

	for (int i = 0; i < KEYS; i++)
		if (wm_word_index(keys[i].meters, r->entry->meter) >= 0)
			names[n++] = keys[i].name;
	wm_fail_unknown("key", r->e->key, names, n);
	return wm_ini_fail(r->file, r->e->line, "%s", wm_why());
}

static enum wm_status take_entry(const struct reading *r) {
	const struct key *key = find_key(r->e->key);

	if (!key)
		return fail_unknown_key(r);
	if (wm_word_index(key->meters, r->entry->meter) < 0)
		return wm_ini_fail(r->file, r->e->line, "%s is a key of %s, not of meter %s", key->name, key->meters,
		                   r->entry->meter);
	return key->take(r, key);
}

/* ---- sections ----------------------------------------------------------------------------------------------- */

static enum wm_status take_meter(const char *file, const struct wm_ini_section *s, struct wm_meter_entry *entry) {
	const struct wm_ini_entry *e = wm_ini_find(s, "meter");

	if (!e)
		return wm_ini_fail(file, s->line, "section [%s] has no meter = ..: one of %s", s->name, ALL);
	if (wm_word_index(ALL, e->value) >= 0) {
		snprintf(entry->meter, sizeof(entry->meter), "%s", e->value);
		return WM_OK;
	}
	wm_fail_unknown_of("meter", e->value, ALL);
	return wm_ini_fail(file, e->line, "%s", wm_why());
}

static bool is_of_accelerator(enum wm_scope scope) {
	return scope == WM_SCOPE_ACCELERATOR || scope == WM_SCOPE_SUPERCHIP;
}

static bool is_of_package(enum wm_scope scope) {
	return scope == WM_SCOPE_CPU || scope == WM_SCOPE_CPU_DRAM;
}

/* A source is joined to what it weighs by an address, so a class of one thing needs one and a class of the whole
 * machine has none. */
static enum wm_status check_target(const char *file, const struct wm_ini_section *s,
                                   const struct wm_meter_entry *entry) {
	const char *scope = entry->scope == WM_SCOPES ? "" : wm_scope_word(entry->scope);
	const struct wm_ini_entry *pci = wm_ini_find(s, "pci"), *package = wm_ini_find(s, "package");
	bool part = entry->scope == WM_SCOPE_PART;

	if (is_of_accelerator(entry->scope) && !pci)
		return wm_ini_fail(file, s->line, "section [%s]: scope %s needs pci = ADDRESS", s->name, scope);
	if (is_of_package(entry->scope) && !package)
		return wm_ini_fail(file, s->line, "section [%s]: scope %s needs package = N", s->name, scope);
	if (pci && !part && !is_of_accelerator(entry->scope))
		return wm_ini_fail(file, pci->line, "pci says nothing of scope %s", scope);
	if (package && !part && !is_of_package(entry->scope))
		return wm_ini_fail(file, package->line, "package says nothing of scope %s", scope);
	return WM_OK;
}

/* What holds for dcmi alone: it reads the one BMC of this machine. */
static enum wm_status check_dcmi(const char *file, const struct wm_ini_section *s, const struct wm_meter_entry *entry) {
	const struct wm_ini_entry *scope = wm_ini_find(s, "scope"), *refresh = wm_ini_find(s, "refresh");

	if (strcmp(entry->meter, "dcmi") != 0)
		return WM_OK;
	if (scope && entry->scope != WM_SCOPE_NODE && entry->scope != WM_SCOPE_SERVER)
		return wm_ini_fail(file, scope->line, "scope: dcmi reads a whole server: '%s' or '%s'",
		                   wm_scope_word(WM_SCOPE_NODE), wm_scope_word(WM_SCOPE_SERVER));
	if (refresh && entry->refresh_s < LEAST_DCMI_REFRESH_S)
		return wm_ini_fail(file, refresh->line, "refresh: %s is outside %g to %g for dcmi", refresh->value,
		                   LEAST_DCMI_REFRESH_S, find_key("refresh")->max);
	return WM_OK;
}

static enum wm_status check_needs(const char *file, const struct wm_ini_section *s,
                                  const struct wm_meter_entry *entry) {
	for (int i = 0; i < KEYS; i++)
		if (wm_word_index(keys[i].needed, entry->meter) >= 0 && !wm_ini_find(s, keys[i].name))
			return wm_ini_fail(file, s->line, "section [%s]: meter %s needs %s = ..", s->name, entry->meter,
			                   keys[i].name);
	return WM_OK;
}

/* It becomes a column's name and a part of ids. */
static enum wm_status check_name(const char *file, const struct wm_ini_section *s) {
	for (const char *c = s->name; *c; c++)
		if (!wm_files_in_id(*c))
			return wm_ini_fail(file, s->line,
			                   "section [%s]: a name has letters (a-z, A-Z), digits, '.', '_' and '-' alone", s->name);
	return WM_OK;
}

static enum wm_status take_section(const char *file, const struct wm_ini_section *s, struct wm_meter_entry *entry) {
	enum wm_status st;

	*entry = (struct wm_meter_entry){.scope = WM_SCOPES,
	                                 .kind = WM_POWER,
	                                 .package = -1,
	                                 .refresh_s = NAN,
	                                 .lag_s = NAN,
	                                 .quantum = NAN,
	                                 .range_j = NAN,
	                                 .limit_w = NAN,
	                                 .gain_rel = NAN,
	                                 .line = s->line};
	snprintf(entry->name, sizeof(entry->name), "%s", s->name);
	st = check_name(file, s);
	if (st == WM_OK)
		st = take_meter(file, s, entry);
	for (size_t i = 0; i < s->n && st == WM_OK; i++) {
		struct reading r = {file, &s->v[i], entry};

		st = take_entry(&r);
	}
	if (st == WM_OK)
		st = check_needs(file, s, entry);
	if (st == WM_OK)
		st = check_target(file, s, entry);
	return st == WM_OK ? check_dcmi(file, s, entry) : st;
}

/* Of all sections before the last. */
static enum wm_status check_unique(const char *file, const struct wm_meter_entry *entries, int last) {
	const struct wm_meter_entry *entry = &entries[last];

	for (int i = 0; i < last; i++) {
		if (strcmp(entries[i].name, entry->name) == 0)
			return wm_ini_fail(file, entry->line, "section [%s] is there twice, first in line %d", entry->name,
			                   entries[i].line);
		if (strcmp(entry->meter, "dcmi") == 0 && strcmp(entries[i].meter, "dcmi") == 0)
			return wm_ini_fail(file, entry->line, "section [%s]: this machine has one dcmi, and [%s] in line %d is it",
			                   entry->name, entries[i].name, entries[i].line);
	}
	return WM_OK;
}

static enum wm_status take_all(const char *file, const struct wm_ini *ini, struct wm_meter_entry *entries) {
	enum wm_status st = WM_OK;

	if (ini->n == 0)
		return wm_fail(WM_INPUT, "%s: no section, so no meter", file);
	if (ini->n > WM_MAX_METER_ENTRIES)
		return wm_ini_fail(file, ini->sections[WM_MAX_METER_ENTRIES].line, "section [%s] is one more than %d",
		                   ini->sections[WM_MAX_METER_ENTRIES].name, WM_MAX_METER_ENTRIES);
	for (int i = 0; i < (int)ini->n && st == WM_OK; i++) {
		st = take_section(file, &ini->sections[i], &entries[i]);
		if (st == WM_OK)
			st = check_unique(file, entries, i);
	}
	return st;
}

enum wm_status wm_meter_entries(const char *file, struct wm_meter_entry **entries_p, int *n_p) {
	struct wm_meter_entry *entries;
	struct wm_ini ini = {0};
	char *text = NULL;
	enum wm_status st = *file ? wm_ini_text(file, "file of meters", &text) : WM_OK;

	if (st == WM_OK && text)
		st = wm_ini_parse(file, text, "", &ini);
	free(text);
	if (st != WM_OK)
		return st;
	entries = wm_zalloc((ini.n + 1) * sizeof(*entries));
	if (*file)
		st = take_all(file, &ini, entries);
	if (st == WM_OK) {
		*entries_p = entries;
		*n_p = (int)ini.n;
	} else
		free(entries);
	wm_ini_free(&ini);
	return st;
}

/* ---- sources of entries ------------------------------------------------------------------------------------- */

void wm_meter_entry_source(const struct wm_meter_entry *entry, struct wm_source *source_p) {
	struct wm_source s = {.scope = entry->scope,
	                      .kind = entry->kind,
	                      .package = entry->package,
	                      .refresh_s = entry->refresh_s,
	                      .lag_s = entry->lag_s,
	                      .quantum = entry->quantum,
	                      .range_j = entry->range_j,
	                      .limit_w = entry->limit_w,
	                      .gain_rel = entry->gain_rel};

	snprintf(s.id, sizeof(s.id), "%s:%s", entry->meter, entry->name);
	snprintf(s.meter, sizeof(s.meter), "%s", entry->meter);
	snprintf(s.pci, sizeof(s.pci), "%s", entry->pci);
	snprintf(s.note, sizeof(s.note), "%s%s", entry->scope == WM_SCOPE_NODE ? "scope node is stated by the user; " : "",
	         isnan(entry->gain_rel) ? "the file of meters states no accuracy"
	                                : "accuracy as the file of meters states it");
	*source_p = s;
}

const struct wm_meter_entry *wm_meter_entry_of(const struct wm_meter_setup *setup, const struct wm_source *source) {
	size_t prefix = strlen(source->meter) + 1;

	if (strlen(source->id) < prefix)
		return NULL;
	for (int i = 0; i < setup->n; i++)
		if (strcmp(setup->entries[i].meter, source->meter) == 0 &&
		    strcmp(setup->entries[i].name, source->id + prefix) == 0)
			return &setup->entries[i];
	return NULL;
}

enum wm_status wm_meter_find_named(const struct wm_meter_setup *setup, const char *meter,
                                   enum wm_status (*look)(const struct wm_meter_entry *entry, struct wm_source *source),
                                   struct wm_source *sources, int max, int *n_p) {
	int n = 0;

	for (int i = 0; i < setup->n && n < max; i++) {
		if (strcmp(setup->entries[i].meter, meter) != 0)
			continue;
		wm_meter_entry_source(&setup->entries[i], &sources[n]);
		if (look(&setup->entries[i], &sources[n]) != WM_OK)
			snprintf(sources[n].off, sizeof(sources[n].off), "%.255s", wm_why());
		n++;
	}
	if (n == 0)
		return wm_fail(WM_SKIP, "none named (--meters FILE)");
	*n_p = n;
	return WM_OK;
}

double wm_meter_stale_s(const struct wm_source *source) {
	double lag = isnan(source->lag_s) ? 0 : source->lag_s;

	return fmax(STALE_REFRESHES * source->refresh_s, LEAST_STALE_S) + lag;
}
