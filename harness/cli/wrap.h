/* SPDX-License-Identifier: Apache-2.0 */
/* wrap.h - text in a column, for help and explanations. Private to the commands. */
#ifndef WM_WRAP_H
#define WM_WRAP_H

#include <stdio.h>

/* Prints text from the column on, broken at blanks before letter 80, with a newline at its end; at is where the line
 * stands now: beyond the column, the text begins on the next line. */
void wm_wrap(FILE *out, int at, int column, const char *text);

#endif
