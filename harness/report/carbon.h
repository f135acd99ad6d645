/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carbon.h - gCO2e and money of what was weighed, in the form of the Software Carbon Intensity, ISO/IEC 21031:2024:
 * SCI = (E x I + M) per R, M = TE x TS x RS. Only from what the user states: without an input there is no column, and
 * with it every input is told. R is 1 PFLOP for flop/s, 1 TB for B/s and B/s bus.
 */
#ifndef WM_CARBON_H
#define WM_CARBON_H

#include "prices.h"
#include "rows.h"

/* What was stated. */
struct wm_carbon {
	double g_per_kwh;    /* I; NAN: not stated */
	char intensity[320]; /* I in words, and who says so */
	double pue;
	char pue_text[32]; /* "1 (IT only)" */
	struct wm_prices prices;
	bool embodied[WM_SCOPES]; /* M is in the figures of this class: every row of it that has a number has M */
};

/* The options as they were given: NULL and NAN are those that were not. */
struct wm_carbon_ask {
	const char *country, *prices;
	double g_per_kwh, pue;
};

/* Looks up the country, reads the file of prices. WM_INPUT: no such country (nearest named), a bad file (its line), a
 * PUE that nothing asks for. Released by wm_carbon_free. */
enum wm_status wm_carbon_read(const struct wm_carbon_ask *ask, struct wm_carbon *carbon_p);
void wm_carbon_free(struct wm_carbon *carbon);
/* Whether anything was stated that columns come from. */
bool wm_carbon_asked(const struct wm_carbon *carbon);

/* Sets the figures of carbon and money of every row; carbon must live as long as the rows. */
void wm_carbon_set(struct wm_carbon *carbon, struct wm_rows *rows);

/* One line for each section of prices that names no device and no class of the rows: a slip would pass in silence. */
void wm_carbon_unused(const struct wm_carbon *carbon, const struct wm_rows *rows, FILE *out);

/* R of a metric: how much work it is; *name_p: "PFLOP", "TB". */
double wm_carbon_unit(const char *metric, const char **name_p);

#endif
