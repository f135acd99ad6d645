/* SPDX-License-Identifier: Apache-2.0 */
/* status.c - words of statuses and origins, the cause of an error, and the two services that every file needs. */
#include "wm.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WHY_CHARS = 512 };

static const struct {
	const char *word;
	enum wm_row_class cls;
	const char *meaning;
} statuses[WM_STATUSES] = {
#define X(id, word, cls, meaning) [WM_##id] = {word, cls, meaning},
	WM_STATUS_MAP(X)
#undef X
};

static _Thread_local char why[WHY_CHARS];

const char *wm_status_word(enum wm_status st) {
	return statuses[st].word;
}

const char *wm_status_meaning(enum wm_status st) {
	return statuses[st].meaning;
}

enum wm_row_class wm_status_class(enum wm_status st) {
	return statuses[st].cls;
}

enum wm_status wm_status_parse(const char *word) {
	for (int i = 0; i < WM_STATUSES; i++)
		if (strcmp(statuses[i].word, word) == 0)
			return (enum wm_status)i;
	return WM_STATUSES;
}

/*
 * The text is made beside the old one, so that a caller may add to the cause: wm_fail(st, "%s:%d: %s", file, line,
 * wm_why()). Control characters, which a library's or a user's text may hold, would break the one line: they
 * become spaces.
 */
enum wm_status wm_fail(enum wm_status st, const char *fmt, ...) {
	char text[WHY_CHARS];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = ' ';
	memcpy(why, text, sizeof(why));
	return st;
}

const char *wm_why(void) {
	return why;
}

const char *wm_origin_word(enum wm_origin o) {
	static const char *const words[] = {"reference", "portable", "tuned", "library"};

	return words[o];
}

double wm_now(void) {
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void *wm_zalloc(size_t bytes) {
	void *p = calloc(1, bytes ? bytes : 1);

	if (!p) {
		fprintf(stderr, "wattmark: out of memory for %zu bytes\n", bytes);
		abort();
	}
	return p;
}
