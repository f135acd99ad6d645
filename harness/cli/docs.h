/* SPDX-License-Identifier: Apache-2.0 */
/* docs.h - the documents that are made from the tables. Private to the commands. */
#ifndef WM_DOCS_H
#define WM_DOCS_H

#include "core/wm.h"

/* A man page of section 1 in the macros of man(7). WM_FAILED as wm_topics_make. */
enum wm_status wm_docs_man(FILE *out);
/* A completion for bash: defines _wattmark and binds it. WM_FAILED as wm_topics_make. */
enum wm_status wm_docs_completion(FILE *out);

/* Lines of the man page that a user can type, with what each does; end with {0}. */
struct wm_example {
	const char *line, *about;
};
extern const struct wm_example wm_examples[];

/* A file of meters, as the man page shows it. */
extern const char wm_meters_example[];

#endif
