/* SPDX-License-Identifier: Apache-2.0 */
/* columns.h - what the columns of reports mean, for `wattmark explain`. */
#ifndef WM_COLUMNS_H
#define WM_COLUMNS_H

struct wm_column {
	const char *name;    /* as the report writes it */
	const char *meaning; /* one sentence, with the unit */
};
/* End with {0}. */
extern const struct wm_column wm_csv_columns[];
extern const struct wm_column wm_table_columns[]; /* of table and md */

#endif
