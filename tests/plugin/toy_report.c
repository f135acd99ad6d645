/* SPDX-License-Identifier: Apache-2.0 */
/* toy.c - the smallest report there is: a line a case. What tests/plugin/run.sh adds to a tree. */
#include "report/rows.h"

static enum wm_status write_toy(FILE *out, const struct wm_rows *rows) {
	for (size_t i = 0; i < rows->n; i++)
		fprintf(out, "%s by %s: %s\n", rows->v[i].bench, rows->v[i].impl, wm_status_word(rows->v[i].status));
	return WM_OK;
}

const struct wm_report wm_report_toy = {
	.name = "toy",
	.about = "a line a case",
	.write = write_toy,
};
