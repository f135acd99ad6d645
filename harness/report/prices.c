/* SPDX-License-Identifier: Apache-2.0 */
/* prices.c - the file of prices: read, and refused where it says half of something. */
#include "prices.h"

#include "core/inifile.h"
#include "core/registry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The keys that are numbers, and what each may be. */
enum { PURCHASE, LIFETIME, UTILISATION, ENERGY, RENT, KEYS };
static const struct key {
	const char *name;
	double most; /* more is a slip of the unit */
	bool zero;   /* 0 is a price */
} keys[KEYS] = {
	[PURCHASE] = {"purchase", 1e12, true},
	[LIFETIME] = {"lifetime_years", 100, false},
	[UTILISATION] = {"utilisation", 1, false},
	[ENERGY] = {"energy_price", 1e9, true},
	[RENT] = {"rent", 1e9, true},
};

static double *value_of(struct wm_price *price, int key) {
	double *const values[KEYS] = {&price->purchase, &price->lifetime_years, &price->utilisation, &price->energy_price,
	                              &price->rent};
	return values[key];
}

/* ---- entries ------------------------------------------------------------------------------------------------- */

static enum wm_status take_currency(const char *file, const struct wm_ini_entry *entry, struct wm_prices *prices) {
	const char *word = entry->value;
	if (strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3 || word[3])
		return wm_ini_fail(file, entry->line, "currency = %.40s: give three capital letters, such as EUR (ISO 4217)",
		                   word);
	if (*prices->currency && strcmp(prices->currency, word) != 0)
		return wm_ini_fail(file, entry->line, "currency = %s: the file began with %s, and one column has one currency",
		                   word, prices->currency);
	snprintf(prices->currency, sizeof prices->currency, "%s", word);
	return WM_OK;
}

static enum wm_status take_number(const char *file, const struct wm_ini_entry *entry, int which,
                                  struct wm_price *price) {
	const struct key *key = &keys[which];
	char *end;
	double x = strtod(entry->value, &end);
	/* strtod would take "inf", "nan" and hexadecimal too */
	if (end == entry->value || *end || entry->value[strspn(entry->value, "0123456789.eE+-")] || !isfinite(x) || x < 0 ||
	    (x == 0 && !key->zero) || x > key->most)
		return wm_ini_fail(file, entry->line, "%s = %.40s: give a number %s 0, at most %g", key->name, entry->value,
		                   key->zero ? "from" : "above", key->most);
	*value_of(price, which) = x;
	return WM_OK;
}

static enum wm_status take_entry(const char *file, const struct wm_ini_entry *entry, struct wm_price *price,
                                 struct wm_prices *prices) {
	const char *names[KEYS + 1];
	for (int i = 0; i < KEYS; i++) {
		names[i] = keys[i].name;
		if (!strcmp(entry->key, keys[i].name))
			return take_number(file, entry, i, price);
	}
	if (!strcmp(entry->key, "currency"))
		return take_currency(file, entry, prices);
	names[KEYS] = "currency";
	const char *nearest = wm_nearest(entry->key, names, KEYS + 1);
	if (nearest)
		return wm_ini_fail(file, entry->line, "unknown key '%.60s'; did you mean '%s'?", entry->key, nearest);
	return wm_ini_fail(file, entry->line,
	                   "unknown key '%.60s'; known: purchase lifetime_years utilisation energy_price rent currency",
	                   entry->key);
}

/* ---- sections ------------------------------------------------------------------------------------------------ */

/* A sum that lacks a part would pass for all of it. */
static enum wm_status check_whole(const char *file, const struct wm_ini_section *section,
                                  const struct wm_price *price) {
	const char *missing = isnan(price->lifetime_years) ? "lifetime_years"
	                      : isnan(price->utilisation)  ? "utilisation"
	                      : isnan(price->energy_price) ? "energy_price"
	                                                   : NULL;
	bool buys = !isnan(price->purchase), rents = !isnan(price->rent);
	if (rents && (buys || !isnan(price->energy_price) || !isnan(price->utilisation)))
		return wm_ini_fail(
			file, section->line,
			"[%s] has rent, which holds energy and use already: no purchase, energy_price or utilisation",
			section->name);
	if (buys && missing)
		return wm_ini_fail(file, section->line, "[%s] has purchase, which needs %s", section->name, missing);
	if (!buys && !rents && (!isnan(price->energy_price) || !isnan(price->utilisation)))
		return wm_ini_fail(file, section->line, "[%s] has %s, which needs purchase", section->name,
		                   isnan(price->energy_price) ? "utilisation" : "energy_price");
	if ((buys || rents) && !wm_ini_find(section, "currency"))
		return wm_ini_fail(file, section->line, "[%s] has %s, which needs currency", section->name,
		                   buys ? "purchase" : "rent");
	if (!buys && !rents && isnan(price->lifetime_years))
		return wm_ini_fail(file, section->line, "[%s] says nothing: give purchase, rent or lifetime_years",
		                   section->name);
	return WM_OK;
}

static enum wm_status take_section(const char *file, const struct wm_ini_section *section, struct wm_prices *prices) {
	struct wm_price price = {"", NAN, NAN, NAN, NAN, NAN, section->line};
	snprintf(price.name, sizeof price.name, "%s", section->name);
	for (size_t i = 0; i < prices->n; i++)
		if (!strcmp(prices->v[i].name, section->name))
			return wm_ini_fail(file, section->line, "[%s] is there twice, first in line %d", section->name,
			                   prices->v[i].line);
	for (size_t i = 0; i < section->n; i++) {
		enum wm_status st = take_entry(file, &section->v[i], &price, prices);
		if (st)
			return st;
	}
	prices->v[prices->n++] = price;
	return check_whole(file, section, &price);
}

enum wm_status wm_prices_read(const char *file, struct wm_prices *prices_p) {
	char *text;
	struct wm_ini ini;
	struct wm_prices prices = {.n = 0};
	enum wm_status st = wm_ini_text(file, "file of prices", &text);
	if (st)
		return st;
	st = wm_ini_parse(file, text, "", &ini);
	free(text);
	if (st)
		return st;
	prices.v = wm_zalloc((ini.n + 1) * sizeof *prices.v);
	snprintf(prices.file, sizeof prices.file, "%s", file);
	if (!ini.n)
		st = wm_fail(WM_INPUT, "%s: no section with a price", file);
	for (size_t i = 0; i < ini.n && !st; i++)
		st = take_section(file, &ini.sections[i], &prices);
	wm_ini_free(&ini);
	if (st)
		wm_prices_free(&prices);
	else
		*prices_p = prices;
	return st;
}

void wm_prices_free(struct wm_prices *prices) {
	free(prices->v);
	*prices = (struct wm_prices){.n = 0};
}

/* ---- looking up ---------------------------------------------------------------------------------------------- */

static const struct wm_price *find(const struct wm_prices *prices, const char *name) {
	for (size_t i = 0; i < prices->n; i++)
		if (*name && !strcmp(prices->v[i].name, name))
			return &prices->v[i];
	return NULL;
}

const struct wm_price *wm_prices_of(const struct wm_prices *prices, const char *device_name, const char *scope) {
	enum wm_scope kind = wm_scope_parse(scope);
	bool is_around = kind == WM_SCOPE_SERVER || kind == WM_SCOPE_NODE || kind == WM_SCOPE_WALL;
	const struct wm_price *own = is_around ? NULL : find(prices, device_name);
	return own ? own : find(prices, scope);
}
