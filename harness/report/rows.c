/* SPDX-License-Identifier: Apache-2.0 */
/* rows.c - the records of some bundles, grouped by case, summed up and put in order; see rows.h. */
#include "rows.h"

#include "axes.h"
#include "ceiling.h"
#include "core/problem.h"
#include "core/registry.h"
#include "energy.h"
#include "intern.h"
#include "measure/stats.h"
#include "peaks.h"
#include "store/bundle.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What rows stand on: the mapped files and every text. */
struct keep {
	struct wm_intern texts;
	struct wm_reader **readers;
	size_t n, room;
};

/* ---- one record --------------------------------------------------------------------------------------------- */

static const char *text_of(struct keep *keep, const json_t *object, const char *key) {
	return wm_intern_text(&keep->texts, json_string_value(json_object_get(object, key)));
}

/* A number above 0, or NAN: no time, rate or count of work that says less can be meant. */
static double positive(const json_t *object, const char *key) {
	double x = json_number_value(json_object_get(object, key));
	return x > 0 && isfinite(x) ? x : NAN;
}

static void fill_record(struct keep *keep, const json_t *json, const char *line, size_t bytes, struct wm_record *out) {
	const json_t *time = json_object_get(json, "time");
	const json_t *values = json_object_get(json, "values");
	const json_t *skew = json_object_get(time, "skew_s");
	*out = (struct wm_record){
		.replicate = (int)json_integer_value(json_object_get(json, "replicate")),
		.status = wm_status_parse(json_string_value(json_object_get(json, "status"))),
		.verified = json_is_true(json_object_get(json, "verified")),
		.why = text_of(keep, json, "why"),
		.median_s = positive(time, "median_s"),
		.lo_s = positive(time, "lo_s"),
		.hi_s = positive(time, "hi_s"),
		.flop_per_s = positive(values, "flop_per_s"),
		.bytes_per_s = positive(values, "bytes_per_s"),
		.bus_bytes_per_s = positive(values, "bus_bytes_per_s"),
		.skew_s = json_is_number(skew) ? json_number_value(skew) : NAN,
		.samples = (long)json_integer_value(json_object_get(time, "samples")),
		.launch_bound = json_is_true(json_object_get(time, "launch_bound")),
		.steady_by = text_of(keep, json_object_get(json, "steady"), "by"),
		.line = line,
		.line_bytes = bytes,
	};
}

/* What all records of a case share. */
static void fill_row(struct keep *keep, const json_t *json, struct wm_row *out) {
	*out = (struct wm_row){
		.case_id = text_of(keep, json, "case"),
		.bench = text_of(keep, json, "bench"),
		.problem = text_of(keep, json, "problem"),
		.impl = text_of(keep, json, "impl"),
		.origin = text_of(keep, json, "origin"),
		.library = "",
		.backend = text_of(keep, json, "backend"),
		.device = text_of(keep, json, "device"),
		.device_name = text_of(keep, json, "device_name"),
		.metric = text_of(keep, json, "metric"),
		.ranks = (int)json_integer_value(json_object_get(json, "ranks")),
		.work_flop = NAN,
		.work_bytes = NAN,
		.work_wire = NAN,
		.skew_s = NAN,
		.peak = NAN,
		.peak_most = NAN,
		.peak_source = "",
		.peak_why = "",
		.peak_note = "",
		.sku = "",
		.not_weighed = "",
		.unit_rent = NAN,
		.rent_inputs = "",
	};
}

/* What a replicate that ran knows, and one that was refused or died early may not. */
static void learn_row(struct keep *keep, const json_t *json, struct wm_row *row) {
	const json_t *work = json_object_get(json, "work");
	if (isnan(row->work_flop))
		row->work_flop = positive(work, "flop");
	if (isnan(row->work_bytes))
		row->work_bytes = positive(work, "bytes");
	if (isnan(row->work_wire))
		row->work_wire = positive(work, "wire_bytes");
	if (!*row->library)
		row->library = text_of(keep, json, "library");
}

/* ---- grouping ----------------------------------------------------------------------------------------------- */

struct grouping {
	struct wm_rows *rows;
	struct keep *keep;
	const struct wm_reader *reader;
	int run;
};

static struct wm_row *row_of(struct grouping *g, const json_t *json) {
	const char *id = json_string_value(json_object_get(json, "case"));
	struct wm_rows *rows = g->rows;
	struct wm_interned *known = wm_intern_at(&g->keep->texts, id, strlen(id));
	if (known->run == g->run)
		return &rows->v[known->row];
	known->run = g->run;
	known->row = rows->n;
	rows->v = wm_grow(rows->v, rows->n, &rows->room, sizeof *rows->v);
	struct wm_row *row = &rows->v[rows->n++];
	fill_row(g->keep, json, row);
	row->bundle = g->run;
	row->run = rows->runs[g->run].id;
	return row;
}

/* Puts a record behind the others of its row. */
static enum wm_status take_record(void *arg, const json_t *json, const char *line, size_t bytes) {
	struct grouping *g = arg;
	struct wm_record record;
	fill_record(g->keep, json, line, bytes, &record);
	record.line_number = wm_reader_line(g->reader);
	wm_energy_read(&g->keep->texts, g->rows->runs[g->run].json, json, &record);
	struct wm_row *row = row_of(g, json);
	row->records = wm_grow(row->records, (size_t)row->n, &row->room, sizeof *row->records);
	row->records[row->n++] = record;
	learn_row(g->keep, json, row);
	g->rows->runs[g->run].finals++;
	return WM_OK;
}

/* ---- a case as one ------------------------------------------------------------------------------------------ */

/* The reader gives each pair of case and replicate once: none is equal. */
static int compare_replicates(const void *left, const void *right) {
	const struct wm_record *a = left, *b = right;
	return (a->replicate > b->replicate) - (a->replicate < b->replicate);
}

/* Later words of the status map are worse, but nothing is worse than a wrong result. */
static int badness(enum wm_status st) {
	return st == WM_WRONG ? WM_STATUSES : (int)st;
}

static void sum_up_status(struct wm_row *row) {
	const struct wm_record *worst = &row->records[0];
	row->verified = true;
	for (int i = 0; i < row->n; i++) {
		if (badness(row->records[i].status) > badness(worst->status))
			worst = &row->records[i];
		row->verified &= row->records[i].verified;
	}
	row->status = worst->status;
	row->why = worst->why;
}

static bool is_timed(const struct wm_record *record) {
	return wm_status_class(record->status) == WM_ROW_GOOD && record->median_s > 0;
}

/* The middle one of what the timed replicates have; NAN where none has it. */
static double median_skew(const struct wm_row *row) {
	double *skews = wm_zalloc((size_t)row->n * sizeof *skews), median = NAN;
	size_t n = 0;
	for (int i = 0; i < row->n; i++)
		if (is_timed(&row->records[i]) && !isnan(row->records[i].skew_s))
			skews[n++] = row->records[i].skew_s;
	if (n) {
		wm_sort(skews, n);
		median = wm_quantile(skews, n, 0.5);
	}
	free(skews);
	return median;
}

/* Median and interval over the replicates that were timed; a case with a bad replicate has no value. The median of two
 * lies between them: what they say of themselves is told from the lowest end to the highest. */
static void sum_up_time(struct wm_row *row) {
	row->median_s = row->lo_s = row->hi_s = NAN;
	row->interval = "";
	if (wm_status_class(row->status) == WM_ROW_BAD)
		return;
	double *medians = wm_zalloc((size_t)row->n * sizeof *medians);
	double lo = INFINITY, hi = 0;
	bool has_ends = true;
	size_t n = 0;
	for (int i = 0; i < row->n; i++) {
		const struct wm_record *record = &row->records[i];
		if (!is_timed(record))
			continue;
		medians[n++] = record->median_s;
		lo = fmin(lo, record->lo_s);
		hi = fmax(hi, record->hi_s);
		has_ends &= record->lo_s > 0 && record->hi_s > 0;
	}
	if (n) {
		wm_sort(medians, n);
		row->median_s = wm_quantile(medians, n, 0.5);
	}
	if (n >= 3) {
		double middle;
		wm_log_interval(medians, n, 0.95, &middle, &row->lo_s, &row->hi_s);
		row->interval = "between replicates";
	} else if (n && has_ends) {
		row->lo_s = lo;
		row->hi_s = hi;
		row->interval = "within run";
	}
	free(medians);
}

/* The work that the row is read by. */
static double work_of(const struct wm_row *row) {
	if (!strcmp(row->metric, "flop/s"))
		return row->work_flop;
	return strcmp(row->metric, "B/s bus") ? row->work_bytes : row->work_wire;
}

/* Latency is one operation after a barrier: bytes over that time would be no bandwidth. */
static bool is_latency(const struct wm_row *row) {
	struct wm_axis_text axis;
	return wm_axes_find(row->problem, "timing", 6, &axis) && axis.value_bytes == 7 && !memcmp(axis.value, "latency", 7);
}

/* Work over time; NAN where that is no number that a double can hold. */
static double rate(double work, double seconds) {
	double x = work / seconds;
	return isfinite(x) ? x : NAN;
}

static void sum_up(struct wm_intern *texts, struct wm_row *row) {
	qsort(row->records, (size_t)row->n, sizeof *row->records, compare_replicates);
	sum_up_status(row);
	sum_up_time(row);
	row->skew_s = median_skew(row);
	row->latency = is_latency(row);
	double work = row->latency ? NAN : work_of(row);
	row->value = rate(work, row->median_s);
	row->value_lo = rate(work, row->hi_s);
	row->value_hi = rate(work, row->lo_s);
	wm_energy_sum(texts, work, row);
}

/* ---- order -------------------------------------------------------------------------------------------------- */

/* Places in registry.def; plug-ins that this program does not know stand behind, by name. */
static int bench_place(const char *name) {
	int i = 0;
	while (wm_benches[i] && strcmp(wm_benches[i]->name, name) != 0)
		i++;
	return i;
}

static int impl_place(const struct wm_row *row) {
	int i = 0;
	while (wm_impls[i] && (strcmp(wm_impls[i]->bench, row->bench) != 0 || strcmp(wm_impls[i]->name, row->impl) != 0))
		i++;
	return i;
}

/* strverscmp compares digits as numbers: m=256 stands before m=1024, cuda:3 before cuda:10. */
static int compare_rows(const void *left, const void *right) {
	const struct wm_row *a = left, *b = right;
	int order = 0;
	if (a->bench != b->bench)
		order = bench_place(a->bench) - bench_place(b->bench);
	if (!order && a->bench != b->bench)
		order = strcmp(a->bench, b->bench);
	if (!order && a->problem != b->problem)
		order = strverscmp(a->problem, b->problem);
	if (!order && a->device != b->device)
		order = strverscmp(a->device, b->device);
	if (!order && a->impl != b->impl)
		order = impl_place(a) - impl_place(b);
	if (!order && a->impl != b->impl)
		order = strcmp(a->impl, b->impl);
	if (!order)
		order = a->bundle - b->bundle;
	return order ? order : strcmp(a->case_id, b->case_id);
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

static const char *copy_of(struct keep *keep, const json_t *value, const char *otherwise) {
	const char *text = json_string_value(value);
	return wm_intern_text(&keep->texts, text ? text : otherwise);
}

/* The words of the command line as a shell takes them. */
static const char *command_of(struct keep *keep, const json_t *run) {
	const json_t *words = json_object_get(run, "command");
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	for (size_t i = 0; i < json_array_size(words); i++) {
		const char *word = json_string_value(json_array_get(words, i));
		fputs(i ? " " : "", out);
		wm_text_word(out, word ? word : "?");
	}
	fclose(out);
	const char *command = wm_intern_text(&keep->texts, text);
	free(text);
	return command;
}

/* That of the run's beginning. */
static const json_t *environment_of(const json_t *run) {
	return json_object_get(json_array_get(json_object_get(run, "segments"), 0), "environment");
}

static void add_run(struct wm_rows *rows, struct keep *keep, const char *path, const json_t *run) {
	rows->runs = wm_grow(rows->runs, (size_t)rows->nruns, &rows->runs_room, sizeof *rows->runs);
	rows->runs[rows->nruns++] = (struct wm_rows_run){
		.path = wm_intern_text(&keep->texts, path),
		.id = copy_of(keep, json_object_get(run, "run"), path),
		.started = copy_of(keep, json_object_get(run, "started"), "unknown"),
		.host = copy_of(keep, json_object_get(environment_of(run), "host"), "unknown"),
		.command = command_of(keep, run),
		.method = copy_of(keep, json_object_get(run, "method"), "unknown"),
		.profile = copy_of(keep, json_object_get(run, "profile"), "unknown"),
		.cases = (int)json_integer_value(json_object_get(run, "planned")),
		.json = run,
	};
}

static enum wm_status read_bundle(const char *path, struct wm_rows *rows, struct keep *keep) {
	struct wm_reader *reader;
	enum wm_status st = wm_reader_open(path, &reader);
	if (st)
		return st;
	keep->readers = wm_grow(keep->readers, keep->n, &keep->room, sizeof(struct wm_reader *));
	keep->readers[keep->n++] = reader;
	add_run(rows, keep, path, wm_reader_run(reader));
	struct grouping g = {.rows = rows, .keep = keep, .reader = reader, .run = rows->nruns - 1};
	return wm_reader_each(reader, take_record, &g);
}

/* The first complaint stands; of the others there is the number of bundles. */
static enum wm_status read_all(char *const *paths, int n, struct wm_rows *rows, struct keep *keep, char why[512]) {
	enum wm_status worst = WM_OK;
	int others = 0;
	for (int i = 0; i < n; i++) {
		enum wm_status st = read_bundle(paths[i], rows, keep);
		if (st && worst)
			others++;
		if (st && !worst) {
			worst = st;
			snprintf(why, 440, "%s", wm_why());
		}
	}
	if (others)
		snprintf(why + strlen(why), 64, "; unusable lines or files in %d more bundles", others);
	return worst;
}

enum wm_status wm_rows_read(char *const *paths, int n, struct wm_rows *rows_p) {
	struct keep *keep = wm_zalloc(sizeof *keep);
	*rows_p = (struct wm_rows){.keep = keep};
	char why[512] = "";
	enum wm_status st = read_all(paths, n, rows_p, keep, why);
	for (size_t i = 0; i < rows_p->n; i++)
		sum_up(&keep->texts, &rows_p->v[i]);
	if (rows_p->n)
		qsort(rows_p->v, rows_p->n, sizeof *rows_p->v, compare_rows);
	/* A row above its peak is suspect, and then no ceiling. */
	wm_peaks_set(rows_p, &keep->texts);
	wm_ceilings_set(rows_p, &keep->texts);
	if (!rows_p->nruns)
		wm_rows_free(rows_p);
	/* Said last: what was asked of other files meanwhile may have left its own reason. */
	return st ? wm_fail(st, "%s", why) : WM_OK;
}

void wm_rows_free(struct wm_rows *rows) {
	struct keep *keep = rows->keep;
	for (size_t i = 0; i < rows->n; i++) {
		for (int k = 0; k < rows->v[i].n; k++)
			free(rows->v[i].records[k].weighed);
		free(rows->v[i].records);
		free(rows->v[i].energy);
	}
	free(rows->v);
	free(rows->runs);
	if (keep) {
		for (size_t i = 0; i < keep->n; i++)
			wm_reader_close(keep->readers[i]);
		free(keep->readers);
		wm_intern_free(&keep->texts);
		free(keep);
	}
	*rows = (struct wm_rows){0};
}

const struct wm_energy *wm_row_energy(const struct wm_row *row, const char *scope) {
	for (int i = 0; i < row->nenergy; i++)
		if (!strcmp(row->energy[i].scope, scope))
			return &row->energy[i];
	return NULL;
}

const char *wm_rows_unlike(const struct wm_rows_run *run, const char *device) {
	const json_t *devices = json_object_get(run->json, "devices"), *found;
	size_t i;

	json_array_foreach(devices, i, found) {
		const char *id = json_string_value(json_object_get(found, "id"));
		const char *text = json_string_value(json_object_get(found, "unlike"));

		if (id && text && !strcmp(id, device))
			return text;
	}
	return "";
}

const char *wm_rows_text(const struct wm_rows *rows, const char *text) {
	struct keep *keep = rows->keep;
	return wm_intern_text(&keep->texts, text);
}
