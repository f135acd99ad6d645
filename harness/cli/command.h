/* SPDX-License-Identifier: Apache-2.0 */
/* command.h - another program, run as a shell would run it, with what it prints read on the way. Private to the
 * commands. */
#ifndef WM_COMMAND_H
#define WM_COMMAND_H

#include "core/wm.h"
#include "exits.h"

/* How it ended. */
struct wm_command_end {
	double from_s, to_s; /* on the monotonic clock, just before its start and just after its end */
	int status;          /* its own; 128 + N when signal N ended it */
	double amount;       /* the number behind the text that was looked for; NAN: none */
	char amount_why[160];
};

/* What is written to a program that has ended is an error from now on, and no longer the end of this one. What
 * wm_command_run starts has the signal as it was before. */
void wm_command_begin(void);

/*
 * Runs argv (NULL-terminated, found by PATH) with this process's own standard files, and waits for its end. Meanwhile
 * Ctrl-C is the command's alone, and SIGTERM and SIGHUP are passed on to it.
 *
 * With text, its standard output goes through this process: each line that has the text is searched for a decimal
 * number behind it (blanks, ':' and '=' may lie between), and the last one counts.
 *
 * WM_INPUT + why when it could not be started; *cannot_p is then WM_EXIT_NOT_FOUND or WM_EXIT_CANNOT_RUN, as
 * shells have it.
 */
enum wm_status wm_command_run(char *const *argv, const char *text, struct wm_command_end *end_p,
                              enum wm_exit *cannot_p);

/* The amount of one line, NAN: no number behind the text; false: the line does not have the text. */
bool wm_command_amount(const char *line, const char *text, double *amount_p);

#endif
