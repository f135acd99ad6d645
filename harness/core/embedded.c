/* SPDX-License-Identifier: Apache-2.0 */
/* embedded.c - suites, kernel texts and reference tables, found in the binary by their path in the tree. */
#include "embedded.h"

#include "wm.h"

#include <string.h>

/* The table that the Makefile writes (build/gen/embedded.S): a row per file, then one of NULLs. */
struct embedded_file {
	const char *name, *text;
};
extern const struct embedded_file wm_embedded_table[];

const char *wm_embedded(const char *path) {
	for (const struct embedded_file *f = wm_embedded_table; f->name; f++)
		if (strcmp(f->name, path) == 0)
			return f->text;
	return NULL;
}

const char *wm_embedded_name(int i) {
	for (int k = 0; k <= i; k++)
		if (!wm_embedded_table[k].name)
			return NULL;
	return i < 0 ? NULL : wm_embedded_table[i].name;
}
