/* SPDX-License-Identifier: Apache-2.0 */
/* sysfile.h - small text files of /proc and /sys, under a root that tests can move. Private to harness/system. */
#ifndef WM_SYSFILE_H
#define WM_SYSFILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * root is "" for the real machine, else a folder that stands for /. out always ends in a 0 byte, is cut to room, and
 * has no blanks at its ends. On false it holds why there is no value, e.g. "/proc/x: No such file or directory".
 */

/* The first line of a file. */
bool wm_sysfile_line(const char *root, const char *path, char *out, size_t room);
/* The value of the first line "KEY: value", "KEY = value", "KEY value" or "KEY="value""; false if the file has no
 * such line. */
bool wm_sysfile_field(const char *root, const char *path, const char *key, char *out, size_t room);
/* The same (key NULL: the first line) as a decimal number; a unit after it ("12 kB") is left to the caller. */
bool wm_sysfile_number(const char *root, const char *path, const char *key, unsigned long long *value_p);
/* The word in brackets of a first line like "always [madvise] never"; the whole line where no word is. */
bool wm_sysfile_choice(const char *root, const char *path, char *out, size_t room);

/*
 * Of many files, one a CPU or a node: pattern is a path as glob(7) has it. They give how many files could be read, and
 * set their results only when that is not 0.
 */

/* Calls take with the first line of each. */
int wm_sysfile_each(const char *root, const char *pattern, void (*take)(void *arg, const char *line), void *arg);
/* The first lines, each once, in the order of first sight: "performance powersave". For lines of one word. */
int wm_sysfile_distinct(const char *root, const char *pattern, char *out, size_t room);
/* Least and greatest of decimal numbers. */
struct wm_sysfile_range {
	unsigned long long min, max;
};
int wm_sysfile_numbers(const char *root, const char *pattern, struct wm_sysfile_range *range_p);
/* How many files there are, and how many of them this process may read. */
int wm_sysfile_count(const char *root, const char *pattern, int *readable_p);

#endif
