/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inifile.h - the one reader of INI files that users write: sections of key = value, and the line of each, so that
 * whoever gives them a meaning can name the place of an error. Private to the harness.
 */
#ifndef WM_INIFILE_H
#define WM_INIFILE_H

#include "wm.h"

enum { WM_INI_LINE = 198 }; /* bytes that a line may have: inih keeps 200, with the newline and the 0 byte */

struct wm_ini_entry {
	const char *key, *value;
	int line;
};

struct wm_ini_section {
	char name[64];
	int line;
	const struct wm_ini_entry *v; /* in the order of the file; may be none */
	size_t n;
};

/* A file taken apart. Names may come twice: what that means is the reader's. Released by wm_ini_free. */
struct wm_ini {
	struct wm_ini_section *sections;
	size_t n;
	char *words;                  /* private: all keys and values */
	struct wm_ini_entry *entries; /* private: those of all sections */
};

/* The whole file as text, without the byte order mark of some editors; freed by the caller. what: the word for such a
 * file, "job file". WM_INPUT + "PATH: .." when it cannot be read, is over 1 MiB or holds a 0 byte. */
enum wm_status wm_ini_text(const char *path, const char *what, char **text_p);

/*
 * Takes a text apart. file: as messages call it. A key stands once in a section, but for the one named by repeats
 * ("": none). WM_INPUT + "FILE:LINE: .." for a line over WM_INI_LINE bytes, a line that is neither [section] nor
 * key = value nor a comment, a key before the first section, a key twice, a section's name of 0 or over 63 letters,
 * text behind a section's ']' that is no comment.
 */
enum wm_status wm_ini_parse(const char *file, const char *text, const char *repeats, struct wm_ini *ini_p);
void wm_ini_free(struct wm_ini *ini);

/* The first entry of that key, or NULL. */
const struct wm_ini_entry *wm_ini_find(const struct wm_ini_section *section, const char *key);

/* FILE:LINE: .., always WM_INPUT. */
enum wm_status wm_ini_fail(const char *file, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
