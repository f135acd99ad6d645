/* SPDX-License-Identifier: Apache-2.0 */
/* embedded.c - suites, kernel texts and reference tables, found in the binary by their path in the tree. */
#include "embedded.h"

#include "wm.h"

#include <string.h>

/* The table that the Makefile writes (build/gen/embedded.S): a row per file, then one of NULLs. */
struct embedded_file {
	const char *name, *text;
	uint64_t bytes;
};
extern const struct embedded_file wm_embedded_table[];

static const struct embedded_file *find(const char *path) {
	const struct embedded_file *f = wm_embedded_table;

	while (f->name && strcmp(f->name, path) != 0)
		f++;
	return f;
}

const char *wm_embedded(const char *path) {
	return find(path)->text;
}

const void *wm_embedded_data(const char *path, size_t *bytes_p) {
	*bytes_p = (size_t)find(path)->bytes;
	return find(path)->text;
}

const char *wm_embedded_name(int i) {
	for (int k = 0; k <= i; k++)
		if (!wm_embedded_table[k].name)
			return NULL;
	return i < 0 ? NULL : wm_embedded_table[i].name;
}
