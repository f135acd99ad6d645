/* SPDX-License-Identifier: Apache-2.0 */
/*
 * script.h - what a fake driver plays: a text file, read again at every call, so that whoever rewrites it moves the
 * machine on. Its values are functions of the script's clock.
 *
 *     start 1234.5                     ; the monotonic clock at the script's 0; left out: the process's first call
 *     now 7                            ; instead: the clock stands
 *     step 0.1                         ; before the first device: for all of them, and for the library itself
 *     device 0000:41:00.0 GPU-11111111-2222-3333-4444-555555555555
 *     power 300                        ; watts
 *     power 700 from 2 to 5            ; the last line that holds at a time counts; no "to": for ever
 *     device ..
 *
 * Of all drivers: power, base (joules at 0), step (seconds between two values of the counter), wrap (joules), stuck 1,
 * jump (joules, once, at its "from"), lag (seconds over which power is a mean), error (status of energy and power
 * calls), na 1 (they say that there is none), cap and most (watts), clock (hertz), temperature, init (status of the
 * first call); seconds held back per second: thermal, brake, capped. Each fake says what else it knows.
 */
#ifndef WM_FAKE_SCRIPT_H
#define WM_FAKE_SCRIPT_H

#include <stdbool.h>

enum { WM_SCRIPT_LINES = 128, WM_SCRIPT_DEVICES = 16, WM_SCRIPT_ALL = -1 };

struct wm_script {
	struct wm_script_line {
		int device; /* WM_SCRIPT_ALL: above the first one */
		char key[24];
		double value, from, to;
	} lines[WM_SCRIPT_LINES];
	int nlines;
	struct wm_script_device {
		char pci[24], uuid[64];
	} devices[WM_SCRIPT_DEVICES];
	int ndevices;
	double t; /* the script's clock */
};

/* Reads the file that the environment variable names. A line that cannot be read ends the process with a message. */
struct wm_script wm_script_read(const char *variable);
/* The value of that key at the script's time t. */
double wm_script_at(const struct wm_script *s, int device, const char *key, double t, double otherwise);
/* The same now. */
double wm_script_value(const struct wm_script *s, int device, const char *key, double otherwise);
/* Sum over time of a key, from 0 until now: what has been held back so far. */
double wm_script_sum(const struct wm_script *s, int device, const char *key);
/* The energy counter; *at_p is the time of its last step. */
double wm_script_joules(const struct wm_script *s, int device, double *at_p);
/* The power, mean of the last lag seconds. */
double wm_script_watts(const struct wm_script *s, int device, double lag);

#endif
