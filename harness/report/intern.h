/* SPDX-License-Identifier: Apache-2.0 */
/* intern.h - each text once: records repeat theirs a hundred thousand times. Private to the reports. */
#ifndef WM_INTERN_H
#define WM_INTERN_H

#include <stddef.h>

struct wm_interned {
	const char *text; /* NULL: the place is free */
	size_t bytes;
	size_t row; /* of the caller: the row of this case id .. */
	int run;    /* .. in this run; -1 at first */
};

struct wm_intern {
	struct wm_interned *v;
	size_t n, room;
	struct wm_intern_block *blocks; /* the bytes of the texts */
};

/* The entry of that text, added if there is none. The entry is valid until the next call, its text until
 * wm_intern_free; equal texts have one address. */
struct wm_interned *wm_intern_at(struct wm_intern *intern, const char *text, size_t bytes);
/* The one copy of a text; NULL counts as "". */
const char *wm_intern_text(struct wm_intern *intern, const char *text);
void wm_intern_free(struct wm_intern *intern);

#endif
