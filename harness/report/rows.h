/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h - what reports read: the records of some bundles, grouped by case. */
#ifndef WM_ROWS_H
#define WM_ROWS_H

#include "core/wm.h"

/* One final record: one (case, replicate). Strings live as long as the rows. Numbers are NAN when absent. */
struct wm_record {
	int replicate;
	enum wm_status status;
	bool verified;
	const char *why;
	double median_s, lo_s, hi_s; /* per operation, within run */
	double flop_per_s, bytes_per_s, bus_bytes_per_s;
	double skew_s; /* collectives: between the first and the last rank to be done */
	long samples;
	bool launch_bound;
	const char *steady_by; /* "throughput", "unsettled", .. */
	const char *line;      /* the record as stored, for json */
	size_t line_bytes;
	long line_number; /* in records.jsonl, from 1 */
};

/* All records of one case of one bundle. */
struct wm_row {
	const char *run, *case_id, *bench, *problem, *impl, *origin, *library, *backend, *device, *device_name, *metric;
	int bundle;                /* index of its run in wm_rows.runs */
	int ranks;                 /* of a collective; 0 else */
	struct wm_record *records; /* n of them, sorted by replicate; room for more */
	int n;
	size_t room;
	/* The case as one: worst status (the first replicate that has it gives why), verified if all are, the median
	 * of the replicate medians, and an interval: between replicates (t on logs, n >= 3 ok), or within the run. */
	enum wm_status status;
	bool verified;
	const char *why;
	double median_s, lo_s, hi_s;
	const char *interval; /* "between replicates", "within run" (then there is none between runs), "" = none */
	double skew_s;        /* collectives: median over the replicates that were timed; NAN else */
	double work_flop, work_bytes, work_wire; /* of one operation */
	bool latency; /* axis timing=latency: read by median_s; value is NAN, because it would be no bandwidth */
	double value; /* of metric, from median_s */
	double value_lo, value_hi;
	/* The measured ceiling of the same run and device, NAN = none. flop/s: the lower of the fma row of the dtype and,
	 * where cache=cold, the read row times the flop a byte of the problem. */
	double ceiling;
	const char *ceiling_bound; /* which of the two it is: "arithmetic", "memory"; "" = no ceiling */
	/* "", "ceiling not measured in this run", "arithmetic only: read not measured in this run", "ceiling suspect: ..",
	 * "a ceiling itself" (fma and read rows), "collectives have no ceiling" */
	const char *ceiling_why;
	/* The datasheet figure of the device for the metric and dtype, dense, whole device; NAN = none, for peak_why. */
	double peak;
	double peak_most;        /* what no row can be above: at the highest clock that can be set; NAN = unknown */
	const char *peak_source; /* what figure it is, at which clock, who says so, when it was read; "" = no peak */
	const char *peak_why;    /* "", "datasheet peak unknown for this device", .. */
	const char *peak_note;   /* "", "above datasheet clock", "impossible: .." (an ok row is then suspect) */
};

struct wm_rows {
	struct wm_row *v;
	size_t n, room;
	struct wm_rows_run { /* one per bundle */
		const char *path, *id, *started, *host, *command, *method, *profile;
		int cases, finals;         /* planned (case, replicate) pairs and final records */
		const struct json_t *json; /* run.json, a json_t of Jansson's; lives as long as the rows */
	} * runs;
	int nruns;
	size_t runs_room;
	void *keep; /* owns strings and mapped files */
};

/*
 * Reads bundles. Rows stand in the order bench, problem, device, implementation, bundle. WM_INPUT names the first
 * path that is no bundle, or the first line that is no record; what could be read is in *rows_p all the same, and is
 * released by wm_rows_free. With nruns == 0 there is nothing to release.
 */
enum wm_status wm_rows_read(char *const *paths, int n, struct wm_rows *rows_p);
void wm_rows_free(struct wm_rows *rows);

#endif
