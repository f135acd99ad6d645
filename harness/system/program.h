/* SPDX-License-Identifier: Apache-2.0 */
/* program.h - programs of others that are called: lstopo, gnuplot. Text in, text out, never a shell. */
#ifndef WM_PROGRAM_H
#define WM_PROGRAM_H

#include "core/wm.h"

/*
 * Runs argv[0], looked for on PATH, with these arguments (NULL-terminated). input (NULL: none) is its standard input;
 * what it writes to its standard output becomes *output_p: *bytes_p bytes and a 0 byte behind them, freed by the
 * caller. WM_SKIP + reason when there is no such program; WM_FAILED + its first line of complaint when it ends badly,
 * or takes more than limit_s seconds and is killed.
 */
enum wm_status wm_program_run(const char *const *argv, const char *input, double limit_s, char **output_p,
                              size_t *bytes_p);

#endif
