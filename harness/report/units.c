/* SPDX-License-Identifier: Apache-2.0 */
#include "units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Four significant digits. The limits are those where rounding adds a digit before the point. */
static void four_digits(double x, char *out, size_t room) {
	int before = x >= 999.95 ? 4 : x >= 99.995 ? 3 : x >= 9.9995 ? 2 : x >= 0.99995 ? 1 : 0;
	if (before)
		snprintf(out, room, "%.*f", 4 - before, x);
	else
		snprintf(out, room, "%.4g", x);
}

/* Value with the prefix that leaves one to three digits before the point; prefixes of 10^(3 (i - base)). */
static void with_prefix(double value, const char *const *prefixes, int n, int base, const char *unit, char *out) {
	if (!isfinite(value)) {
		snprintf(out, WM_UNIT_CHARS, "-");
		return;
	}
	int i = 0;
	double scaled = value * pow(1000, base);
	/* 999.95 would print as 1000.0: it belongs to the next prefix. */
	while (i + 1 < n && fabs(scaled) >= 999.95) {
		scaled /= 1000;
		i++;
	}
	char digits[32];
	four_digits(scaled, digits, sizeof digits);
	snprintf(out, WM_UNIT_CHARS, "%s %s%.12s", digits, prefixes[i], unit);
}

static const char *const large[] = {"", "k", "M", "G", "T", "P", "E"};

void wm_units_rate(double value, const char *metric, char out[WM_UNIT_CHARS]) {
	with_prefix(value, large, 7, 0, strcmp(metric, "flop/s") ? metric : "FLOP/s", out);
}

void wm_units_time(double seconds, char out[WM_UNIT_CHARS]) {
	static const char *const prefixes[] = {"n", "u", "m", ""};
	with_prefix(seconds, prefixes, 4, 3, "s", out);
}

void wm_units_percent(double share, char out[WM_UNIT_CHARS]) {
	if (!isfinite(share))
		snprintf(out, WM_UNIT_CHARS, "-");
	else
		snprintf(out, WM_UNIT_CHARS, share < 0.1 ? "%.2f%%" : "%.1f%%", 100 * share);
}

void wm_units_half(double share, char out[WM_UNIT_CHARS]) {
	if (!isfinite(share))
		snprintf(out, WM_UNIT_CHARS, "-");
	else
		snprintf(out, WM_UNIT_CHARS, share < 0.1 ? "\u00b1%.2g%%" : "\u00b1%.0f%%", 100 * share);
}

void wm_units_power(double watts, char out[WM_UNIT_CHARS]) {
	with_prefix(watts, large, 7, 0, "W", out);
}

void wm_units_number(double value, char out[WM_UNIT_CHARS]) {
	if (!isfinite(value))
		snprintf(out, WM_UNIT_CHARS, "-");
	else
		four_digits(value, out, WM_UNIT_CHARS);
}

double wm_units_prefix(double value, const char **prefix_p) {
	double factor = 1;
	int i = 0;
	for (; i < 6 && value / factor >= 999.95; i++)
		factor *= 1000;
	*prefix_p = large[i];
	return factor;
}

const char *wm_units_work(const char *metric) {
	return !strcmp(metric, "flop/s") ? "FLOP" : !strncmp(metric, "B/s", 3) ? "B" : "work";
}
