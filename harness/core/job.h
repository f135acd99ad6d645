/* SPDX-License-Identifier: Apache-2.0 */
/* job.h - suites and job files: INI text to a list of jobs. Private to the harness. */
#ifndef WM_JOB_H
#define WM_JOB_H

#include "problem.h"

/* One [section]: some problems, where and how to run them. "" = not said, the run's own option or default holds. */
struct wm_job {
	char name[64];
	struct wm_problems problems;
	char device[200];    /* list joined by '/': device ids, backend names, or "all" */
	char device_at[192]; /* "FILE:LINE" that said device; "" = none did */
	char impl[200];      /* list joined by '/': implementation names, all registered for its benchmarks */
	bool weigh;          /* asks for energy (method 4) */
};

/* A whole job file. Owned by the caller, released by wm_suite_free. */
struct wm_suite {
	char name[64];    /* file name without folder and .ini, or "patterns" */
	char *text;       /* a job file that says the same as all that was named: the bundle's suite.ini */
	char profile[16]; /* "" = not said */
	struct wm_job *jobs;
	int n;
};

/*
 * Reads what a user named and appends it to suite; several may be given. A suite built in (bench/suites/NAME.ini
 * embedded); else a pattern, if it has a ':' with no '/' before it or is a benchmark's name, and does not end in
 * .ini; else a file, if the word has a '/' or ends in .ini; else a suite that the installation adds. WM_INPUT for any
 * other word, with the nearest known.
 *
 * [global] holds defaults of the sections behind it, up to the next [global], which has none of its own from the one
 * before: axes, device, impl, weigh, and profile, which only it can hold and which is the whole run's.
 * Every other section is a job with bench = NAME and a key per axis, or problem = PATTERN lines (may repeat), or
 * both. An axis that a problem line leaves out is taken from its section, then from [global]. Keys besides bench,
 * problem, weigh = yes|no and axes: those of the option table that are marked as job keys. WM_INPUT with
 * "FILE:LINE: .." on any error: unknown key (nearest named), a line over 198 bytes, a key twice, a section without
 * problems, two of one name with no [global] in between; and when two files ask for different profiles.
 */
enum wm_status wm_suite_add(const char *word, struct wm_suite *suite);
void wm_suite_free(struct wm_suite *suite);
/* Names of the suites, NULL-terminated: those built in, then those that the installation adds. Static. */
const char *const *wm_suite_names(void);
/* The file of a suite that the installation adds, share/wattmark/suites/NAME.ini; NULL for a suite that is built in (a
 * file of its name there is a copy to read, and never run) and for no suite. Valid until the next call. */
const char *wm_suite_file(const char *name);

#endif
