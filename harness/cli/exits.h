/* SPDX-License-Identifier: Apache-2.0 */
/* exits.h - the exit statuses of the program, and what they say. */
#ifndef WM_EXITS_H
#define WM_EXITS_H

/* X(enum suffix, number, meaning) */
#define WM_EXIT_MAP(X)                                                                                                 \
	X(OK, 0,                                                                                                           \
	  "all was done; run: no row is bad, each is good or skipped with its reason; weigh: the command ended with it, "  \
	  "as with any other number, and 128 + N when signal N ended it")                                                  \
	X(BAD_ROW, 1,                                                                                                      \
	  "run: a row is bad; doctor: something spoils measurements; any command: the machine, a library or the disk did " \
	  "not do what was asked")                                                                                         \
	X(USAGE, 2,                                                                                                        \
	  "what was given cannot be used: an option, a job file, or a line of a bundle, of which all that can "            \
	  "be read is reported")                                                                                           \
	X(CANNOT_RUN, 126, "weigh: the command is there and cannot be run")                                                \
	X(NOT_FOUND, 127, "weigh: there is no such command")                                                               \
	X(INTERRUPTED, 130, "run: ended by Ctrl-C or SIGTERM; the records are kept, and run --resume goes on")

enum wm_exit {
#define X(id, number, meaning) WM_EXIT_##id = (number),
	WM_EXIT_MAP(X)
#undef X
};

#endif
