/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_report.c - records in, a report out on stdout. */
#include "commands.h"

#include "core/registry.h"
#include "report/carbon.h"
#include "report/rows.h"

#include <errno.h>
#include <string.h>

/* What the options state of carbon and money. json is the records as they are, and has no place for it. */
static enum wm_status read_carbon(const struct wm_option_values *options, struct wm_carbon *carbon_p) {
	struct wm_carbon_ask ask = {
		.country = options->v[WM_OPT_COUNTRY],
		.prices = options->v[WM_OPT_PRICES],
		.g_per_kwh = wm_option_number(options, WM_OPT_INTENSITY),
		.pue = wm_option_number(options, WM_OPT_PUE),
	};
	enum wm_status st = wm_carbon_read(&ask, carbon_p);

	if (st == WM_OK && wm_carbon_asked(carbon_p) && strcmp(options->v[WM_OPT_FORMAT], "json") == 0) {
		wm_carbon_free(carbon_p);
		return wm_fail(WM_INPUT,
		               "--format json prints the records as they are stored, without carbon and cost: "
		               "take another format");
	}
	return st;
}

int wm_cmd_report(const struct wm_option_values *options) {
	const struct wm_report *report = wm_report_find(options->v[WM_OPT_FORMAT]);
	struct wm_rows rows = {0};
	struct wm_carbon carbon;
	enum wm_status read = read_carbon(options, &carbon), wrote;
	int code = WM_EXIT_OK;

	if (read != WM_OK)
		return wm_complain(read);
	/* broken lines do not keep the rest from being reported: the report first, the complaint after it */
	read = wm_rows_read(options->operands, options->n, &rows);
	if (read != WM_OK)
		code = wm_complain(read);
	if (rows.nruns > 0) {
		wm_carbon_set(&carbon, &rows);
		wm_carbon_unused(&carbon, &rows, stderr);
		wrote = report->write(stdout, &rows);
		if (wrote == WM_OK && fflush(stdout) != 0)
			wrote = wm_fail(WM_FAILED, "cannot write the report: %s", strerror(errno));
		if (wrote != WM_OK)
			code = wm_complain(wrote);
		wm_rows_free(&rows);
	}
	wm_carbon_free(&carbon);
	return code;
}
