/* SPDX-License-Identifier: Apache-2.0 */
/*
 * installed.h - what an installation has beside the program: PREFIX/bin/wattmark looks into PREFIX/share/wattmark,
 * wherever PREFIX was moved to since. The program needs nothing of it; a site adds suites there. Private to the
 * harness.
 */
#ifndef WM_INSTALLED_H
#define WM_INSTALLED_H

#include <stdbool.h>
#include <stddef.h>

/* Path of suites/NAME.ini of the installation; false when there is no such file. */
bool wm_installed_suite(const char *name, char *path_p, size_t room);
/* Calls fn for the name of each suite of the installation, sorted. */
void wm_installed_suites(void (*fn)(void *arg, const char *name), void *arg);

#endif
