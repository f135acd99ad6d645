/* SPDX-License-Identifier: Apache-2.0 */
/*
 * files.h - what meters that are files of the kernel share: finding them, numbers that stay open because they are read
 * hundreds of times a second, and which package a CPU is of. Private to harness/meters. root is "" for the real
 * machine, else a folder that stands for /; paths are those below it.
 */
#ifndef WM_METER_FILES_H
#define WM_METER_FILES_H

#include "core/wm.h"

/* A file whose first line is a number. All 0: not open. */
struct wm_number {
	bool is_open;
	int fd;
	char path[160];
	/* for wm_number_count alone */
	double range;    /* the counter begins again at 0 there; NAN: unknown */
	double last;     /* value at the last look */
	double total;    /* counted since the first look */
	double looked_s; /* time of the last look, monotonic clock */
};

/* WM_FAILED + "PATH: cause", or "permission: PATH is for root only". */
enum wm_status wm_number_open(const char *root, const char *path, struct wm_number *number_p);
/* The number as it stands in the file now. WM_FAILED as above, or "PATH: 'text' is no number"; the next look may be
 * good. */
enum wm_status wm_number_read(const struct wm_number *number, double *value_p);
/*
 * What was counted since the first look, its wrap undone. WM_FAILED also + "PATH: went back ..": it decreased, and not
 * by a wrap. After a pause between two looks it goes on from the total before, for nobody knows how often it wrapped.
 */
enum wm_status wm_number_count(struct wm_number *number, double *value_p);
void wm_number_close(struct wm_number *number);

/* Opens, reads, closes. */
enum wm_status wm_number_look(const char *root, const char *path, double *value_p);

/* Is there such a file or folder? */
bool wm_files_has(const char *root, const char *path);
/* Calls take with every path of a pattern (glob(7)), in the order of names; how many there were. */
int wm_files_each(const char *root, const char *pattern, void (*take)(void *arg, const char *path), void *arg);
/* The last part of a path. */
const char *wm_files_name(const char *path);

/* May it stand in a name from which an id is made? ASCII letters, digits, '.', '_', '-'. */
bool wm_files_in_id(char letter);
/* A name with '_' for every letter that may not stand in an id. */
void wm_files_id_name(const char *name, char *out, size_t room);

/* Adds words to a list, with between before all but the first. False: there is no room, and nothing was added. */
bool wm_files_add(char *list, size_t room, const char *between, const char *words);
/* Takes the next word of a list of words with blanks between them; false: there is none. */
bool wm_files_next(const char **list, char *word, size_t room);

/* A source of which nothing is known yet: NAN, "", no package; a counter has no lag. */
struct wm_source wm_source_of(const char *meter, enum wm_scope scope, enum wm_source_kind kind);
/* Looks at a file of a source once. If that fails, off says why; with the remedy where permission is what lacks. */
void wm_source_try(struct wm_source *source, const char *root, const char *path, const char *remedy);

/* Numbers that the system gives to its packages, ascending; how many. */
enum { WM_MOST_PACKAGES = 64 };
int wm_files_packages(const char *root, int packages[WM_MOST_PACKAGES]);
/* The package of a CPU; -1: not known, and wm_why says why. */
int wm_files_package_of_cpu(const char *root, int cpu);

#endif
