/* SPDX-License-Identifier: Apache-2.0 */
/* tap.h - lines of the Test Anything Protocol. */
#ifndef WM_EMULATE_TAP_H
#define WM_EMULATE_TAP_H

#include <cstdio>
#include <cstdlib>

static int tap_count, tap_failed;

/* One result; why is told where it failed. */
static inline void tap(bool ok, const char *name, const char *why) {
	printf("%sok %d - %s\n", ok ? "" : "not ", ++tap_count, name);
	if (!ok) {
		tap_failed = 1;
		printf("# %s\n", why ? why : "");
	}
}

/* The plan, and the program's exit status. */
static inline int tap_end() {
	printf("1..%d\n", tap_count);
	return tap_failed;
}

#endif
