/* SPDX-License-Identifier: Apache-2.0 */
/* complain.c - what went wrong, in one line, and the exit status that it deserves. */
#include "commands.h"

int wm_complain(enum wm_status st) {
	fprintf(stderr, "wattmark: %s\n", wm_why());
	return st == WM_INPUT ? WM_EXIT_USAGE : WM_EXIT_BAD_ROW;
}
