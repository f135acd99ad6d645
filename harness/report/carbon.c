/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carbon.c - carbon and money of the rows, from stated inputs and two reference files. M counts only the part of a
 * device's life that the work took (TS), with RS 1: a case has its device to itself.
 */
#include "carbon.h"

#include "core/inifile.h"
#include "core/problem.h"
#include "core/registry.h"
#include "text.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define GRID "results/reference/grid.ini"
#define EMBODIED "results/reference/embodied.ini"
#define JOULES_PER_KWH 3.6e6
#define YEAR_S 31557600.0 /* Julian, 365.25 days */
#define HOUR_S 3600.0

enum { TEXT = 1024, COUNTRIES = 512 };

double wm_carbon_unit(const char *metric, const char **name_p) {
	bool flop = !strcmp(metric, "flop/s");
	*name_p = flop ? "PFLOP" : strcmp(metric, "B/s bus") ? "TB" : "TB bus";
	return flop ? 1e15 : 1e12;
}

/* Appends to a text of TEXT bytes; what finds no room is cut. */
static void add(char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(char *text, const char *fmt, ...) {
	size_t n = strlen(text);
	va_list args;
	va_start(args, fmt);
	vsnprintf(text + n, TEXT - n, fmt, args);
	va_end(args);
}

/* ---- what was stated ----------------------------------------------------------------------------------------- */

static const char *value_of(const struct wm_ini_section *section, const char *key) {
	const struct wm_ini_entry *entry = section ? wm_ini_find(section, key) : NULL;
	return entry ? entry->value : "";
}

static const struct wm_ini_section *section_of(const struct wm_ini *ini, const char *name) {
	for (size_t i = 0; i < ini->n; i++)
		if (!strcmp(ini->sections[i].name, name))
			return &ini->sections[i];
	return NULL;
}

/* "56.0 | 2023 | France": the figure, and the rest of it in words. */
static void take_country(const struct wm_ini_entry *entry, const char *source, struct wm_carbon *carbon) {
	char *end;
	carbon->g_per_kwh = strtod(entry->value, &end);
	const char *year = end + strspn(end, " |");
	const char *name = strchr(year, '|');
	snprintf(carbon->intensity, sizeof carbon->intensity,
	         "%.*s gCO2e/kWh, %.64s (%.3s), mean of %.4s, lifecycle: %.160s", (int)(end - entry->value), entry->value,
	         name ? name + 1 + strspn(name + 1, " ") : "", entry->key, year, source);
}

static enum wm_status unknown_country(const char *country, const struct wm_ini_section *countries) {
	const char *codes[COUNTRIES];
	int n = 0;
	for (; n < COUNTRIES && (size_t)n < countries->n; n++)
		codes[n] = countries->v[n].key;
	const char *nearest = wm_nearest(country, codes, n);
	if (nearest)
		return wm_fail(WM_INPUT, "unknown country '%.60s'; did you mean '%s'?", country, nearest);
	return wm_fail(WM_INPUT,
	               "unknown country '%.60s': give one of the codes of %s (ISO 3166-1 alpha-3, such as FRA), or "
	               "--grid-intensity",
	               country, GRID);
}

static enum wm_status look_up(const char *country, struct wm_carbon *carbon) {
	struct wm_ini ini;
	enum wm_status st = wm_ini_parse(GRID, wm_embedded(GRID), "", &ini);
	if (st)
		return st;
	const struct wm_ini_section none = {.n = 0}, *found = section_of(&ini, "countries"),
								*countries = found ? found : &none;
	const char *source = value_of(section_of(&ini, "source"), "source");
	const struct wm_ini_entry *entry = NULL;
	for (size_t i = 0; i < countries->n && !entry; i++)
		if (!strcasecmp(countries->v[i].key, country))
			entry = &countries->v[i];
	if (entry)
		take_country(entry, source, carbon);
	else
		st = unknown_country(country, countries);
	wm_ini_free(&ini);
	return st;
}

enum wm_status wm_carbon_read(const struct wm_carbon_ask *ask, struct wm_carbon *carbon_p) {
	struct wm_carbon carbon = {.g_per_kwh = NAN, .pue = isnan(ask->pue) ? 1 : ask->pue};
	enum wm_status st = WM_OK;
	snprintf(carbon.pue_text, sizeof carbon.pue_text, isnan(ask->pue) ? "%.4g (IT only)" : "%.4g", carbon.pue);
	if (!isnan(ask->pue) && !ask->country && isnan(ask->g_per_kwh) && !ask->prices)
		return wm_fail(WM_INPUT, "--pue changes nothing without --country, --grid-intensity or --prices");
	if (ask->country)
		st = look_up(ask->country, &carbon);
	if (!st && !isnan(ask->g_per_kwh)) {
		carbon.g_per_kwh = ask->g_per_kwh;
		snprintf(carbon.intensity, sizeof carbon.intensity, "%.6g gCO2e/kWh, as stated by --grid-intensity",
		         ask->g_per_kwh);
	}
	if (!st && ask->prices)
		st = wm_prices_read(ask->prices, &carbon.prices);
	if (!st)
		*carbon_p = carbon;
	return st;
}

void wm_carbon_free(struct wm_carbon *carbon) {
	wm_prices_free(&carbon->prices);
}

bool wm_carbon_asked(const struct wm_carbon *carbon) {
	return !isnan(carbon->g_per_kwh) || carbon->prices.n > 0;
}

/* What a price of `host` is not of: host:package=0 goes by the name of the whole host. */
static bool is_part(const struct wm_row *row) {
	return !strncmp(row->device, "host:", 5);
}

#define WHOLE "the price is of the whole machine"

/* ---- embodied ------------------------------------------------------------------------------------------------ */

struct figures {
	const struct wm_carbon *carbon;
	struct wm_ini embodied;
};

/* TE in grams of the row's device; NAN with a reason. Vendors' figures are of accelerator modules. */
static double embodied_g(const struct figures *f, const struct wm_row *row, const struct wm_energy *energy,
                         const struct wm_price *price, const char **why_p) {
	const struct wm_ini_section *section = *row->sku ? section_of(&f->embodied, row->sku) : NULL;
	*why_p = price && is_part(row)                                   ? WHOLE
	         : wm_scope_parse(energy->scope) != WM_SCOPE_ACCELERATOR ? "no vendor's figure is of this class"
	         : !section                                              ? "no vendor's figure for this device"
	         : !price || isnan(price->lifetime_years)                ? "no lifetime_years is stated"
	                                                                 : "";
	return **why_p ? NAN : 1000 * strtod(value_of(section, "kg_co2e"), NULL);
}

/* ---- rows ----------------------------------------------------------------------------------------------------- */

/* Operations in R; NAN where work per operation has no meaning. */
static double operations(const struct wm_row *row, const struct wm_energy *energy) {
	const char *name;
	return wm_carbon_unit(row->metric, &name) / (energy->work_per_j * energy->joules_per_op);
}

static void set_grams(const struct figures *f, const struct wm_row *row, const struct wm_price *price,
                      struct wm_energy *energy) {
	const struct wm_carbon *carbon = f->carbon;
	double te = embodied_g(f, row, energy, price, &energy->carbon_why);
	if (isnan(carbon->g_per_kwh))
		return;
	double life_s = price ? price->lifetime_years * YEAR_S : NAN;
	energy->unit_kwh = energy->joules_per_op * operations(row, energy) / JOULES_PER_KWH * carbon->pue;
	energy->unit_g = energy->unit_kwh * carbon->g_per_kwh;
	energy->unit_embodied_g = te * energy->seconds_per_op * operations(row, energy) / life_s;
	energy->hour_g = energy->watts / 1000 * carbon->pue * carbon->g_per_kwh;
}

static void set_cost(const struct wm_carbon *carbon, const struct wm_row *row, const struct wm_price *price,
                     struct wm_energy *energy) {
	if (!price || isnan(price->purchase)) {
		energy->cost_why = price && !isnan(price->rent) ? "rented: see rent" : "no price is stated";
		return;
	}
	if (is_part(row)) {
		energy->cost_why = WHOLE;
		return;
	}
	double share = price->purchase / (price->lifetime_years * YEAR_S * price->utilisation);
	double kwh_per_s = energy->watts / JOULES_PER_KWH * carbon->pue;
	double per_s = share + kwh_per_s * price->energy_price;
	energy->hour_cost = per_s * HOUR_S;
	energy->unit_cost = per_s * energy->seconds_per_op * operations(row, energy);
}

/* The devices of all runs and their own scope class, "" where no row of one is weighed. */
struct device {
	int bundle;
	const char *id, *scope;
};

struct devices {
	struct device *v;
	size_t n, room;
};

static struct device *device_of(struct devices *devices, const struct wm_row *row) {
	for (size_t i = 0; i < devices->n; i++)
		if (devices->v[i].id == row->device && devices->v[i].bundle == row->bundle)
			return &devices->v[i];
	devices->v = wm_grow(devices->v, devices->n, &devices->room, sizeof *devices->v);
	devices->v[devices->n] = (struct device){row->bundle, row->device, ""};
	return &devices->v[devices->n++];
}

/* By time alone: rent holds the energy, so that no meter is needed. The device's own section goes first whatever its
 * class: its rent is of the device also where only the server around it has a meter. */
static void set_rent(const struct wm_carbon *carbon, const struct wm_rows *rows, const char *scope,
                     struct wm_row *row) {
	const struct wm_prices *prices = &carbon->prices;
	const struct wm_price *own = wm_prices_of(prices, row->device_name, ""),
						  *price = own ? own : wm_prices_of(prices, row->device_name, scope);
	const char *name;
	char text[TEXT] = "";
	row->unit_rent = NAN;
	row->rent_inputs = "";
	if (!price || isnan(price->rent))
		return;
	if (is_part(row)) {
		add(text, "no rent of %.96s: " WHOLE, row->device);
		row->rent_inputs = wm_rows_text(rows, text);
		return;
	}
	row->unit_rent = price->rent / HOUR_S * wm_carbon_unit(row->metric, &name) / row->value;
	add(text, "rent of %.96s: %.10g %s/h, energy in it (%.200s:%d), by the median time", row->device, price->rent,
	    prices->currency, prices->file, price->line);
	row->rent_inputs = wm_rows_text(rows, text);
}

static void set_rents(const struct wm_carbon *carbon, struct wm_rows *rows) {
	struct devices devices = {.n = 0};
	for (size_t i = 0; i < rows->n; i++) {
		struct device *device = device_of(&devices, &rows->v[i]);
		if (!*device->scope && rows->v[i].nenergy)
			device->scope = rows->v[i].energy[0].scope;
	}
	for (size_t i = 0; i < rows->n; i++)
		set_rent(carbon, rows, device_of(&devices, &rows->v[i])->scope, &rows->v[i]);
	free(devices.v);
}

/* M is added where every row of the class has it: else sums with it would stand beside sums without. */
static void find_embodied(struct wm_carbon *carbon, const struct wm_rows *rows) {
	bool all[WM_SCOPES], any[WM_SCOPES] = {false};
	for (int s = 0; s < WM_SCOPES; s++)
		all[s] = true;
	for (size_t i = 0; i < rows->n; i++)
		for (int k = 0; k < rows->v[i].nenergy; k++) {
			const struct wm_energy *energy = &rows->v[i].energy[k];
			enum wm_scope scope = wm_scope_parse(energy->scope);
			if (scope == WM_SCOPES || *energy->why)
				continue;
			any[scope] = true;
			all[scope] &= !*energy->carbon_why;
		}
	for (int s = 0; s < WM_SCOPES; s++)
		carbon->embodied[s] = any[s] && all[s];
}

static void add_embodied(const struct figures *f, const struct wm_row *row, const struct wm_price *price,
                         struct wm_energy *energy) {
	enum wm_scope scope = wm_scope_parse(energy->scope);
	if (scope == WM_SCOPES || !f->carbon->embodied[scope]) {
		energy->unit_embodied_g = NAN;
		energy->carbon_why = *energy->carbon_why ? energy->carbon_why : "other rows of this class have none";
		return;
	}
	const char *why;
	double te = embodied_g(f, row, energy, price, &why);
	energy->unit_g += energy->unit_embodied_g;
	energy->hour_g += te * HOUR_S / (price->lifetime_years * YEAR_S);
}

/* ---- in words ------------------------------------------------------------------------------------------------- */

/* TE x TS x RS in words, or why M is left out. */
static void tell_embodied(const struct figures *f, const struct wm_row *row, const struct wm_price *price,
                          const struct wm_energy *energy, char text[TEXT]) {
	const struct wm_ini_section *section = section_of(&f->embodied, row->sku);
	if (*energy->carbon_why)
		add(text, "M left out, operational only: %s", energy->carbon_why);
	else
		add(text, "M = TE x TS x RS, TE = %s kgCO2e (%.120s; %.120s), TS = time over %.4g years (%.80s:%d), RS = 1",
		    value_of(section, "kg_co2e"), value_of(section, "what"), value_of(section, "source"), price->lifetime_years,
		    f->carbon->prices.file, price->line);
}

static void tell(const struct figures *f, const struct wm_rows *rows, const struct wm_row *row,
                 const struct wm_price *price, struct wm_energy *energy) {
	const struct wm_carbon *carbon = f->carbon;
	const struct wm_prices *prices = &carbon->prices;
	const char *name;
	char text[TEXT] = "";
	wm_carbon_unit(row->metric, &name);
	if (!isnan(carbon->g_per_kwh)) {
		add(text, "SCI = (E x I + M) per R, E = measured energy x PUE %s, I = %s, ", carbon->pue_text,
		    carbon->intensity);
		tell_embodied(f, row, price, energy, text);
		add(text, ", R = 1 %s", name);
	}
	if (!isnan(energy->hour_cost))
		add(text,
		    "%scost = %.10g %s over %.4g years at utilisation %.4g, and measured energy x PUE %s at %.6g %s/kWh "
		    "(%.80s:%d)",
		    *text ? "; " : "", price->purchase, prices->currency, price->lifetime_years, price->utilisation,
		    carbon->pue_text, price->energy_price, prices->currency, prices->file, price->line);
	else if (prices->n && *prices->currency)
		add(text, "%sno cost: %s", *text ? "; " : "", energy->cost_why);
	energy->inputs = wm_rows_text(rows, text);
}

/* First what each figure is by itself .. */
static void set_figures(const struct figures *f, const struct wm_rows *rows, const struct wm_row *row,
                        const struct wm_price *price, struct wm_energy *energy) {
	(void)rows;
	set_grams(f, row, price, energy);
	set_cost(f->carbon, row, price, energy);
}

/* .. then what all of its class allow. */
static void finish(const struct figures *f, const struct wm_rows *rows, const struct wm_row *row,
                   const struct wm_price *price, struct wm_energy *energy) {
	add_embodied(f, row, price, energy);
	tell(f, rows, row, price, energy);
}

static void each(const struct figures *f, const struct wm_rows *rows,
                 void (*fn)(const struct figures *f, const struct wm_rows *rows, const struct wm_row *row,
                            const struct wm_price *price, struct wm_energy *energy)) {
	for (size_t i = 0; i < rows->n; i++) {
		const struct wm_row *row = &rows->v[i];
		for (int k = 0; k < row->nenergy; k++) {
			struct wm_energy *energy = &row->energy[k];
			if (!*energy->why)
				fn(f, rows, row, wm_prices_of(&f->carbon->prices, row->device_name, energy->scope), energy);
		}
	}
}

void wm_carbon_set(struct wm_carbon *carbon, struct wm_rows *rows) {
	struct figures f = {.carbon = carbon};
	rows->carbon = carbon;
	/* the file is embedded, and a test reads all of it */
	if (!wm_carbon_asked(carbon) || wm_ini_parse(EMBODIED, wm_embedded(EMBODIED), "", &f.embodied))
		return;
	set_rents(carbon, rows);
	each(&f, rows, set_figures);
	find_embodied(carbon, rows);
	each(&f, rows, finish);
	wm_ini_free(&f.embodied);
}

/* ---- sections that nothing is of ------------------------------------------------------------------------------ */

/* Names of devices and classes, each once; texts of rows have one address. */
struct names {
	const char **v;
	size_t n, room;
};

static void add_name(struct names *names, const char *name) {
	for (size_t i = 0; i < names->n; i++)
		if (names->v[i] == name)
			return;
	names->v = wm_grow(names->v, names->n, &names->room, sizeof *names->v);
	names->v[names->n++] = name;
}

static struct names names_of(const struct wm_rows *rows) {
	struct names names = {.n = 0};
	for (size_t i = 0; i < rows->n; i++) {
		add_name(&names, rows->v[i].device_name);
		for (int k = 0; k < rows->v[i].nenergy; k++)
			add_name(&names, rows->v[i].energy[k].scope);
	}
	return names;
}

static void tell_unused(const struct wm_prices *prices, const struct wm_price *price, const struct names *names,
                        FILE *out) {
	char name[4 * sizeof price->name], clean[256];
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->v[i], price->name))
			return;
	const char *nearest = wm_nearest(price->name, names->v, (int)names->n);
	fprintf(out, "wattmark: %s:%d: [%s] is no device or class of this report", prices->file, price->line,
	        wm_text_clean(price->name, name, sizeof name));
	if (nearest)
		fprintf(out, "; did you mean '%s'?", wm_text_clean(nearest, clean, sizeof clean));
	fputc('\n', out);
}

void wm_carbon_unused(const struct wm_carbon *carbon, const struct wm_rows *rows, FILE *out) {
	if (!carbon->prices.n)
		return;
	struct names names = names_of(rows);
	for (size_t i = 0; i < carbon->prices.n; i++)
		tell_unused(&carbon->prices, &carbon->prices.v[i], &names, out);
	free(names.v);
}
