/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h - what reports read: the records of some bundles, grouped by case. */
#ifndef WM_ROWS_H
#define WM_ROWS_H

#include "core/wm.h"

/* What one record says of the energy of one scope class. */
struct wm_weighed {
	const char *scope;   /* the class, a word of WM_SCOPE_MAP; equal words have one address */
	const char *sources; /* "powercap:package-0 + powercap:package-1" */
	const char *why;     /* why it has no number; "" = it has one */
	double joules_per_op, seconds_per_op, watts;
	double operations; /* in the windows that are numbers */
	double gain_rel;   /* accuracy of the meters, 95%, relative; NAN = unknown */
	double idle_watts; /* of the same sources at rest: mean of begin and end of the segment, sources added up */
	double idle_begin, idle_end;
	const char *idle_why;      /* why there is none */
	int windows, good_windows; /* of the source that has fewest good ones */
	const char *window_why;    /* of the first that is no number */
	bool smoke;                /* windows shorter, or with fewer refreshes, than what may be compared */
	bool throttled;            /* by heat or the power brake */
	bool throttle_unknown;     /* no meter of the class counts that */
};

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
	long line_number;           /* in records.jsonl, from 1 */
	struct wm_weighed *weighed; /* nweighed of them, one a class */
	int nweighed;
	const char *not_weighed; /* "" when a class has a number */
};

#define WM_THROTTLE_UNKNOWN "whether it was throttled is unknown: no meter of the class counts that"

/* The energy of a case in one scope class; classes never stand in one column. */
struct wm_energy {
	const char *scope, *sources;
	const char *why; /* why there is no number; "" = there is one */
	/* Of one operation, over all windows of all replicates that are numbers (sum over sum). lo and hi: t interval
	 * between replicates (three or more); NAN, and interval "", with fewer. */
	double joules_per_op, lo_j, hi_j, seconds_per_op, watts;
	const char *interval;
	double work_per_j, work_per_j_lo, work_per_j_hi; /* of the row's metric, gross; NAN for latency */
	double gain_rel; /* accuracy of the meter, 95%, relative: no part of the interval; NAN = unknown */
	double idle_watts, idle_begin, idle_end;
	double net_joules_per_op, net_work_per_j; /* less what is drawn at rest; shown, never ranked */
	const char *net_why;
	bool smoke;            /* never compared */
	bool throttled;        /* not publishable */
	bool throttle_unknown; /* no replicate was throttled, and of one it is not known */
	/* "smoke", "throttled", WM_THROTTLE_UNKNOWN, windows and replicates that gave no number; "" = nothing to say */
	const char *note;
	const char *lost; /* the part of note that tells of those windows and replicates */
	/* Of R = 1 PFLOP or 1 TB (carbon.h), only with inputs that the user stated; NAN else. */
	double unit_kwh, unit_g, unit_embodied_g, hour_g, unit_cost, hour_cost;
	const char *carbon_why, *cost_why;
	const char *inputs; /* what they are made of */
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
	double peak_most;         /* what no row can be above: at the highest clock that can be set; NAN = unknown */
	const char *peak_source;  /* what figure it is, at which clock, who says so, when it was read; "" = no peak */
	const char *peak_why;     /* "", "datasheet peak unknown for this device", .. */
	const char *peak_note;    /* "", "above datasheet clock", "impossible: .." (an ok row is then suspect) */
	const char *sku;          /* section of peaks.ini that the whole device is; "" = unknown, or a part of one */
	struct wm_energy *energy; /* nenergy of them, in the order of WM_SCOPE_MAP */
	int nenergy;
	const char *not_weighed; /* why no class has a number; "" when one has */
	double unit_rent;        /* rent of R = 1 PFLOP or 1 TB by the median time; NAN: no rent is stated */
	const char *rent_inputs; /* what it is made of, or why a stated rent is not the row's; "" = no rent is stated */
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
	const struct wm_carbon *carbon; /* what was stated of carbon and money (carbon.h); NULL: nothing */
	void *keep;                     /* owns strings and mapped files */
};

/*
 * Reads bundles. Rows stand in the order bench, problem, device, implementation, bundle. WM_INPUT names the first
 * path that is no bundle, or the first line that is no record; what could be read is in *rows_p all the same, and is
 * released by wm_rows_free. With nruns == 0 there is nothing to release.
 */
enum wm_status wm_rows_read(char *const *paths, int n, struct wm_rows *rows_p);
void wm_rows_free(struct wm_rows *rows);
/* The energy of the row in that class; NULL when no replicate names the class. */
const struct wm_energy *wm_row_energy(const struct wm_row *row, const char *scope);
/* What of that device was not as it comes when the run looked for devices; "" where nothing was, or nobody told. */
const char *wm_rows_unlike(const struct wm_rows_run *run, const char *device);
/* A text that lives as long as the rows. */
const char *wm_rows_text(const struct wm_rows *rows, const char *text);

#endif
