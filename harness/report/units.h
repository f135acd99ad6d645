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

#endif
