/* SPDX-License-Identifier: Apache-2.0 */
/* units.h - SI values as people read them. The only place with prefixes; everything else is seconds, bytes, flop. */
#ifndef WM_UNITS_H
#define WM_UNITS_H

#include <stddef.h>

enum { WM_UNIT_CHARS = 48 };

/* A rate of metric ("flop/s", "B/s") with four significant digits: "201.4 GFLOP/s", "23.50 GB/s". "-" for NAN. */
void wm_units_rate(double value, const char *metric, char out[WM_UNIT_CHARS]);
/* A time in seconds: "1.250 s", "12.34 us". "-" for NAN. */
void wm_units_time(double seconds, char out[WM_UNIT_CHARS]);
/* A share of 1 as "87.1%". "-" for NAN. */
void wm_units_percent(double share, char out[WM_UNIT_CHARS]);
/* Half an interval, as a share of its middle: "±0.51%", "±12%". "-" for NAN. */
void wm_units_half(double share, char out[WM_UNIT_CHARS]);
/* "100.0 W", "1.250 kW". "-" for NAN. */
void wm_units_power(double watts, char out[WM_UNIT_CHARS]);
/* A bare number with four significant digits. "-" for NAN. */
void wm_units_number(double value, char out[WM_UNIT_CHARS]);
/* The power of 1000 that leaves one to three digits of the value before the point, and its prefix, "" to "E". */
double wm_units_prefix(double value, const char **prefix_p);
/* What the work of a metric is counted in, without its prefix: "FLOP", "B". */
const char *wm_units_work(const char *metric);

#endif
