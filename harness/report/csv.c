/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv.c - one line a case, SI values, for spreadsheets and scripts (RFC 4180: CRLF, quotes doubled). The header is
 * part of the interface: columns may be added at the end, never renamed or moved. A number that does not exist is
 * NA; status, why and ceiling_why say why.
 */
#include "cells.h"
#include "text.h"

#include <math.h>
#include <string.h>

static const char header[] =
	"run,case,bench,problem,impl,origin,library,backend,device,device_name,status,why,verified,replicates,"
	"replicates_timed,median_s,median_lo_s,median_hi_s,interval,flop_per_s,bytes_per_s,ceiling_flop_per_s,"
	"ceiling_bytes_per_s,ceiling_why,steady_by,launch_bound,metric,ranks,bus_bytes_per_s,skew_s,ceiling_bound,"
	"peak,of_peak,peak_why,peak_source,peak_note\r\n";

/* Text of a record: no control characters, nothing that a spreadsheet takes for a formula, quoted when needed; and what
 * ends the field. */
static void put_field(FILE *out, const char *text, const char *end) {
	char clean[4 * WM_CELL_CHARS];
	wm_text_clean(text, clean, sizeof clean);
	const char *guard = *clean && strchr("=+-@", *clean) ? "'" : "";
	if (!strpbrk(clean, ",\"")) {
		fprintf(out, "%s%s%s", guard, clean, end);
		return;
	}
	fprintf(out, "\"%s", guard);
	for (const char *part = clean; *part;) {
		size_t plain = strcspn(part, "\"");
		fwrite(part, 1, plain, out);
		part += plain;
		if (*part == '"') {
			fputs("\"\"", out);
			part++;
		}
	}
	fprintf(out, "\"%s", end);
}

static void put_text(FILE *out, const char *text) {
	put_field(out, text, ",");
}

static void put_last(FILE *out, const char *text) {
	put_field(out, text, "\r\n");
}

static void put_number(FILE *out, double x) {
	if (isfinite(x))
		fprintf(out, "%.9g,", x);
	else
		fputs("NA,", out);
}

/* How the replicates became steady; one that did not says it for the case. */
static const char *steady_by(const struct wm_row *row) {
	const char *by = "";
	for (int i = 0; i < row->n; i++)
		if (!*by || !strcmp(row->records[i].steady_by, "unsettled"))
			by = row->records[i].steady_by;
	return *by ? by : "NA";
}

static int count_timed(const struct wm_row *row) {
	int n = 0;
	for (int i = 0; i < row->n; i++)
		n += row->records[i].median_s > 0;
	return n;
}

static bool is_launch_bound(const struct wm_row *row) {
	bool any = false;
	for (int i = 0; i < row->n; i++)
		any |= row->records[i].launch_bound;
	return any;
}

/* A text that is not there is NA too. */
static void put_known(FILE *out, const char *text) {
	put_text(out, *text ? text : "NA");
}

/* The columns of the first version of the header. */
static void put_case(FILE *out, const struct wm_row *row) {
	const char *texts[] = {row->run,
	                       row->case_id,
	                       row->bench,
	                       row->problem,
	                       row->impl,
	                       row->origin,
	                       row->library,
	                       row->backend,
	                       row->device,
	                       row->device_name,
	                       wm_status_word(row->status),
	                       row->why};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		put_text(out, texts[i]);
	bool flop = !strcmp(row->metric, "flop/s");
	fprintf(out, "%s,%d,%d,", row->verified ? "true" : "false", row->n, count_timed(row));
	put_number(out, row->median_s);
	put_number(out, row->lo_s);
	put_number(out, row->hi_s);
	put_known(out, row->interval);
	put_number(out, row->work_flop / row->median_s);
	put_number(out, row->latency ? NAN : row->work_bytes / row->median_s);
	put_number(out, flop ? row->ceiling : NAN);
	put_number(out, flop ? NAN : row->ceiling);
	put_text(out, row->ceiling_why);
	put_text(out, steady_by(row));
	fprintf(out, "%s,", is_launch_bound(row) ? "true" : "false");
}

static void put_row(FILE *out, const struct wm_row *row) {
	put_case(out, row);
	put_text(out, row->metric);
	put_number(out, row->ranks > 0 ? row->ranks : NAN);
	put_number(out, row->latency ? NAN : row->work_wire / row->median_s);
	put_number(out, row->skew_s);
	put_known(out, row->ceiling_bound);
	put_number(out, row->peak);
	put_number(out, row->value / row->peak);
	put_text(out, row->peak_why);
	put_known(out, row->peak_source);
	put_last(out, row->peak_note);
}

static enum wm_status write_csv(FILE *out, const struct wm_rows *rows) {
	fputs(header, out);
	for (size_t i = 0; i < rows->n; i++)
		put_row(out, &rows->v[i]);
	return wm_report_end(out);
}

const struct wm_report wm_report_csv = {
	.name = "csv",
	.about = "one line a case, SI values, RFC 4180",
	.write = write_csv,
};
