/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_report.c - records in, a report out on stdout. */
#include "commands.h"

#include "core/registry.h"
#include "report/rows.h"

#include <errno.h>
#include <string.h>

int wm_cmd_report(const struct wm_option_values *options) {
	const struct wm_report *report = wm_report_find(options->v[WM_OPT_FORMAT]);
	struct wm_rows rows = {0};
	enum wm_status read, wrote;
	int code = WM_EXIT_OK;

	/* broken lines do not keep the rest from being reported: the report first, the complaint after it */
	read = wm_rows_read(options->operands, options->n, &rows);
	if (read != WM_OK)
		code = wm_complain(read);
	if (rows.nruns == 0)
		return code;
	wrote = report->write(stdout, &rows);
	if (wrote == WM_OK && fflush(stdout) != 0)
		wrote = wm_fail(WM_FAILED, "cannot write the report: %s", strerror(errno));
	if (wrote != WM_OK)
		code = wm_complain(wrote);
	wm_rows_free(&rows);
	return code;
}
