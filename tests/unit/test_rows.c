/* SPDX-License-Identifier: Apache-2.0 */
/* test_rows.c - records become rows: grouped by case, in the order of reports, with intervals and ceilings. */
#include "report/rows.h"
#include "store/bundle.h"

#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/wattmark-rows-XXXXXX";

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw) {
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

static int make_root(void **state) {
	(void)state;
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state) {
	(void)state;
	return nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- bundles by hand ---------------------------------------------------------------------------------------- */

/* One record; what it leaves out is as a good record has it. */
struct sketch {
	int id, replicate;
	const char *problem, *impl, *device, *status;
	double median_s; /* 0: no time */
	bool unverified;
	double skew_s; /* 0: none */
};

static const char *metric_of(const char *problem) {
	if (!strncmp(problem, "allreduce", 9))
		return "B/s bus";
	return !strncmp(problem, "gemm", 4) || !strncmp(problem, "fma", 3) ? "flop/s" : "B/s";
}

/* Every operation has 100 flop, 10 bytes and 15 on the wire, so that values can be read off the time. */
static json_t *record_of(const struct sketch *s) {
	char id[17], bench[16];
	snprintf(id, sizeof id, "%016x", (unsigned)s->id);
	snprintf(bench, sizeof bench, "%.*s", (int)strcspn(s->problem, ":"), s->problem);
	const char *status = s->status ? s->status : "ok";
	json_t *record =
		json_pack("{s:i, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:i, s:{s:f, s:f, s:f}}", "schema",
	              1, "method", "1.0", "case", id, "replicate", s->replicate, "bench", bench, "problem", s->problem,
	              "impl", s->impl ? s->impl : "ref", "backend", "host", "device", s->device ? s->device : "host",
	              "status", status, "why", strcmp(status, "ok") ? status : "", "metric", metric_of(s->problem),
	              "verified", !s->unverified, "ranks", 4, "work", "flop", 100.0, "bytes", 10.0, "wire_bytes", 15.0);
	if (s->median_s > 0)
		json_object_set_new(record, "time",
		                    json_pack("{s:f, s:f, s:f}", "median_s", s->median_s, "lo_s", s->median_s * 0.9, "hi_s",
		                              s->median_s * 1.2));
	if (s->skew_s > 0)
		json_object_set_new(json_object_get(record, "time"), "skew_s", json_real(s->skew_s));
	return record;
}

static void must(enum wm_status st) {
	if (st)
		fail_msg("%s: %s", wm_status_word(st), wm_why());
}

static char *write_bundle(const char *name, const struct sketch *sketches) {
	static char paths[2][256];
	static int turn;
	char *path = paths[turn++ % 2];
	struct wm_bundle *bundle;
	snprintf(path, sizeof paths[0], "%s/%s", root, name);
	must(wm_bundle_create(path, "test", &bundle));
	json_t *run = json_pack("{s:i, s:s, s:s, s:s, s:i, s:[s, s], s:[{s:{s:s}}]}", "schema", 1, "method", "1.0", "run",
	                        name, "profile", "quick", "planned", 99, "command", "wattmark", "run", "segments",
	                        "environment", "host", "box");
	must(wm_bundle_put_json(bundle, "run.json", run));
	json_decref(run);
	for (const struct sketch *s = sketches; s->problem; s++) {
		json_t *record = record_of(s);
		must(wm_bundle_record(bundle, record, NULL, 0));
		json_decref(record);
	}
	wm_bundle_close(bundle);
	return path;
}

static void read_one(const char *name, const struct sketch *sketches, struct wm_rows *rows) {
	char *path = write_bundle(name, sketches);
	must(wm_rows_read(&path, 1, rows));
}

static const struct wm_row *row_of(const struct wm_rows *rows, int id) {
	char text[17];
	snprintf(text, sizeof text, "%016x", (unsigned)id);
	for (size_t i = 0; i < rows->n; i++)
		if (!strcmp(rows->v[i].case_id, text))
			return &rows->v[i];
	fail_msg("no row of case %s", text);
	return NULL;
}

/* ---- grouping and order ------------------------------------------------------------------------------------- */

static void replicates_of_a_case_are_one_row(void **state) {
	(void)state;
	struct wm_rows rows;
	read_one("group",
	         (struct sketch[]){{1, 2, "gemm:m=1", .median_s = 3},
	                           {2, 0, "gemm:m=2", .median_s = 1},
	                           {1, 0, "gemm:m=1", .median_s = 1},
	                           {1, 1, "gemm:m=1", .median_s = 2},
	                           {0}},
	         &rows);
	assert_int_equal(rows.n, 2);
	const struct wm_row *row = row_of(&rows, 1);
	assert_int_equal(row->n, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(row->records[i].replicate, i);
	assert_true(row->median_s == 2);
	assert_true(row->value == 50);
	assert_int_equal(rows.runs[0].finals, 4);
	assert_int_equal(rows.runs[0].cases, 99);
	assert_string_equal(rows.runs[0].command, "wattmark run");
	assert_string_equal(rows.runs[0].host, "box");
	wm_rows_free(&rows);
}

static void rows_stand_in_the_order_of_reports(void **state) {
	(void)state;
	static const int order[] = {6, 5, 4, 3, 2, 1, 8, 7};
	struct wm_rows rows;
	read_one("order",
	         (struct sketch[]){{7, 0, "zeta:m=1", .status = "skip"},
	                           {8, 0, "fma:dtype=f32", .status = "skip"},
	                           {1, 0, "copy:bytes=8", .status = "skip"},
	                           {2, 0, "gemm:m=1024", "ref", "opencl:10", .status = "skip"},
	                           {3, 0, "gemm:m=1024", "ref", "opencl:9", .status = "skip"},
	                           {4, 0, "gemm:m=1024", "ref", "host", .status = "skip"},
	                           {5, 0, "gemm:m=1024", "cblas", "host", .status = "skip"},
	                           {6, 0, "gemm:m=256", .status = "skip"},
	                           {0}},
	         &rows);
	for (int i = 0; i < 8; i++)
		assert_ptr_equal(&rows.v[i], row_of(&rows, order[i]));
	wm_rows_free(&rows);
}

static void bundles_do_not_mix(void **state) {
	(void)state;
	static const struct sketch sketches[] = {{1, 0, "gemm:m=1", .median_s = 1}, {0}};
	char *paths[] = {write_bundle("left", sketches), write_bundle("right", sketches)};
	struct wm_rows rows;
	must(wm_rows_read(paths, 2, &rows));
	assert_int_equal(rows.n, 2);
	assert_string_equal(rows.v[0].run, "left");
	assert_string_equal(rows.v[1].run, "right");
	wm_rows_free(&rows);
}

static void what_can_be_read_is_there_when_a_path_is_wrong(void **state) {
	(void)state;
	static const struct sketch sketches[] = {{1, 0, "gemm:m=1", .median_s = 1}, {0}};
	char *paths[] = {"/nonexistent", write_bundle("good", sketches), "/also/nonexistent"};
	struct wm_rows rows;
	assert_int_equal(wm_rows_read(paths, 3, &rows), WM_INPUT);
	assert_non_null(strstr(wm_why(), "/nonexistent"));
	assert_non_null(strstr(wm_why(), "in 1 more bundle"));
	assert_int_equal(rows.n, 1);
	wm_rows_free(&rows);
}

/* ---- a case as one ------------------------------------------------------------------------------------------ */

static void the_worst_replicate_gives_the_status(void **state) {
	(void)state;
	struct wm_rows rows;
	read_one("worst",
	         (struct sketch[]){{1, 0, "gemm:m=1", .median_s = 1},
	                           {1, 1, "gemm:m=1", .status = "wrong", .unverified = true},
	                           {1, 2, "gemm:m=1", .status = "hang", .unverified = true},
	                           {2, 0, "gemm:m=2", .median_s = 1},
	                           {2, 1, "gemm:m=2", .status = "skip", .unverified = true},
	                           {0}},
	         &rows);
	const struct wm_row *wrong = row_of(&rows, 1), *skipped = row_of(&rows, 2);
	assert_int_equal(wrong->status, WM_WRONG);
	assert_string_equal(wrong->why, "wrong");
	assert_false(wrong->verified);
	assert_true(isnan(wrong->value));
	assert_int_equal(skipped->status, WM_SKIP);
	assert_true(skipped->value == 100);
	wm_rows_free(&rows);
}

static void three_replicates_give_an_interval_between_them(void **state) {
	(void)state;
	struct wm_rows rows;
	read_one("interval",
	         (struct sketch[]){{1, 0, "gemm:m=1", .median_s = 1},
	                           {1, 1, "gemm:m=1", .median_s = 2},
	                           {1, 2, "gemm:m=1", .median_s = 4},
	                           {2, 0, "gemm:m=2", .median_s = 1},
	                           {2, 1, "gemm:m=2", .median_s = 3},
	                           {3, 0, "gemm:m=3", .status = "skip"},
	                           {0}},
	         &rows);
	const struct wm_row *three = row_of(&rows, 1), *two = row_of(&rows, 2), *none = row_of(&rows, 3);
	assert_string_equal(three->interval, "between replicates");
	/* t(0.95, 2 df) = 4.30265; the logs 0, ln 2, 2 ln 2 have mean ln 2 and s = ln 2. */
	double half = 4.30265 * log(2) / sqrt(3);
	assert_true(fabs(three->lo_s / (2 * exp(-half)) - 1) < 1e-4);
	assert_true(fabs(three->hi_s / (2 * exp(half)) - 1) < 1e-4);
	assert_true(three->value_lo < three->value && three->value < three->value_hi);
	assert_string_equal(two->interval, "within run");
	assert_true(two->median_s == 2 && two->lo_s == 0.9 && fabs(two->hi_s - 3.6) < 1e-12);
	assert_string_equal(none->interval, "");
	assert_true(isnan(none->median_s) && isnan(none->lo_s) && isnan(none->value_hi));
	wm_rows_free(&rows);
}

/* A bundle from elsewhere can say anything: a rate that no double holds is none, and replicates may stand in any order.
 */
static void what_no_machine_does_is_survived(void **state) {
	(void)state;
	enum { MANY = 500 };
	struct wm_rows rows;
	struct sketch *sketches = calloc(MANY + 2, sizeof *sketches);
	for (int i = 0; i < MANY; i++)
		sketches[i] = (struct sketch){1, MANY - i, "gemm:m=1", .status = "skip"};
	sketches[MANY] = (struct sketch){2, 0, "gemm:m=2", .median_s = 1e-308};
	read_one("absurd", sketches, &rows);
	const struct wm_row *many = row_of(&rows, 1);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(many->records[i].replicate, i + 1);
	assert_true(isnan(row_of(&rows, 2)->value));
	wm_rows_free(&rows);
	free(sketches);
}

/* ---- ceilings ----------------------------------------------------------------------------------------------- */

static void ceilings_are_of_the_same_device_and_type(void **state) {
	(void)state;
	struct wm_rows rows;
	read_one("ceiling",
	         (struct sketch[]){{1, 0, "fma:dtype=f32", "ref", "host", .median_s = 2},
	                           {2, 0, "fma:dtype=f32", "simd", "host", .median_s = 1},
	                           {3, 0, "gemm:m=1,dtype=f32", "ref", "host", .median_s = 4},
	                           {4, 0, "gemm:m=1,dtype=f64", "ref", "host", .median_s = 4},
	                           {5, 0, "gemm:m=1,dtype=f32", "ref", "opencl:0", .median_s = 4},
	                           {6, 0, "read:bytes=8,cache=cold", "simd", "host", .median_s = 0.5},
	                           {7, 0, "read:bytes=16,cache=cold", "simd", "host", .median_s = 0.25},
	                           {8, 0, "copy:bytes=8,cache=cold", "simd", "host", .median_s = 1},
	                           {9, 0, "copy:bytes=8,cache=hot", "simd", "host", .median_s = 1},
	                           {10, 0, "fma:dtype=f64", "simd", "host", .median_s = 1, .unverified = true},
	                           {0}},
	         &rows);
	assert_true(row_of(&rows, 3)->ceiling == 100);
	assert_string_equal(row_of(&rows, 3)->ceiling_why, "");
	assert_true(row_of(&rows, 8)->ceiling == 40);
	static const int without[] = {4, 5, 9};
	for (int i = 0; i < 3; i++) {
		assert_true(isnan(row_of(&rows, without[i])->ceiling));
		assert_string_equal(row_of(&rows, without[i])->ceiling_why, "ceiling not measured in this run");
	}
	assert_string_equal(row_of(&rows, 2)->ceiling_why, "a ceiling itself");
	assert_string_equal(row_of(&rows, 6)->ceiling_why, "a ceiling itself");
	assert_true(isnan(row_of(&rows, 2)->ceiling));
	wm_rows_free(&rows);
}

static void a_ceiling_below_a_verified_row_is_suspect(void **state) {
	(void)state;
	struct wm_rows rows;
	read_one("suspect",
	         (struct sketch[]){{1, 0, "fma:dtype=f32", .median_s = 2},
	                           {2, 0, "gemm:m=1,dtype=f32", "cblas", .median_s = 1},
	                           {3, 0, "gemm:m=2,dtype=f32", "ref", .median_s = 4},
	                           {4, 0, "fma:dtype=f64", .median_s = 2},
	                           {5, 0, "gemm:m=1,dtype=f64", .median_s = 1, .unverified = true},
	                           {6, 0, "gemm:m=2,dtype=f64", .median_s = 2},
	                           {0}},
	         &rows);
	for (int id = 1; id <= 3; id++) {
		const char *why = row_of(&rows, id)->ceiling_why;
		assert_int_equal(strncmp(why, "ceiling suspect: fma reached 50.00 FLOP/s on host", 49), 0);
		assert_non_null(strstr(why, "100.0 FLOP/s of gemm:m=1,dtype=f32 by cblas"));
	}
	assert_true(row_of(&rows, 3)->ceiling == 50);
	assert_string_equal(row_of(&rows, 6)->ceiling_why, "");
	wm_rows_free(&rows);
}

static void assert_ceiling(const struct wm_rows *rows, int id, double ceiling, const char *bound, const char *why) {
	const struct wm_row *row = row_of(rows, id);
	assert_true(ceiling > 0 ? row->ceiling == ceiling : isnan(row->ceiling));
	assert_string_equal(row->ceiling_bound, bound);
	assert_string_equal(row->ceiling_why, why);
}

/* Every problem here does 10 flop for a byte: 5 B/s of reading allow 50 flop/s. */
static void the_lower_side_of_the_roofline_counts(void **state) {
	(void)state;
	struct wm_rows rows;
	read_one("roofline",
	         (struct sketch[]){{1, 0, "fma:dtype=f32", .median_s = 1},
	                           {2, 0, "fma:dtype=f64", .median_s = 4},
	                           {3, 0, "read:bytes=8,cache=cold", .median_s = 2},
	                           {4, 0, "gemm:m=1,dtype=f32,cache=cold", .median_s = 10},
	                           {5, 0, "gemm:m=1,dtype=f64,cache=cold", .median_s = 10},
	                           {6, 0, "gemm:m=1,dtype=f32,cache=hot", .median_s = 10},
	                           {7, 0, "gemm:m=1,dtype=bf16,cache=cold", .median_s = 10},
	                           {8, 0, "gemm:m=1,dtype=bf16,cache=hot", .median_s = 10},
	                           {9, 0, "fma:dtype=f32", "ref", "opencl:0", .median_s = 2},
	                           {10, 0, "gemm:m=1,dtype=f32,cache=cold", "ref", "opencl:0", .median_s = 10},
	                           {11, 0, "gemm:m=2,dtype=f32,cache=cold", .status = "skip"},
	                           {12, 0, "copy:bytes=8,cache=cold", .median_s = 10},
	                           {0}},
	         &rows);
	assert_ceiling(&rows, 4, 50, "memory", "");
	assert_ceiling(&rows, 5, 25, "arithmetic", "");
	assert_ceiling(&rows, 6, 100, "arithmetic", "");
	assert_ceiling(&rows, 7, 50, "memory", "memory only: fma of this type not measured in this run");
	assert_ceiling(&rows, 8, 0, "", "ceiling not measured in this run");
	assert_ceiling(&rows, 10, 50, "arithmetic", "arithmetic only: read not measured in this run");
	assert_ceiling(&rows, 11, 0, "", "no value to hold against a ceiling");
	assert_ceiling(&rows, 12, 5, "memory", "");
	wm_rows_free(&rows);
}

/* A row that moves its bytes faster than the best read shows that reading was not measured at its best. */
static void each_side_is_doubted_for_itself(void **state) {
	(void)state;
	struct wm_rows rows;
	read_one("doubt",
	         (struct sketch[]){{1, 0, "fma:dtype=f32", .median_s = 0.5},
	                           {2, 0, "read:bytes=8,cache=cold", .median_s = 2},
	                           {3, 0, "gemm:m=1,dtype=f32,cache=cold", "cblas", .median_s = 1},
	                           {4, 0, "copy:bytes=8,cache=cold", .median_s = 4},
	                           {5, 0, "gemm:m=1,dtype=bf16,cache=cold", .median_s = 4},
	                           {0}},
	         &rows);
	static const int under_read[] = {2, 3, 4};
	for (int i = 0; i < 3; i++)
		assert_string_equal(row_of(&rows, under_read[i])->ceiling_why,
		                    "ceiling suspect: read reached 5.000 B/s on host, below the verified 10.00 B/s of "
		                    "gemm:m=1,dtype=f32,cache=cold by cblas");
	assert_string_equal(row_of(&rows, 1)->ceiling_why, "a ceiling itself");
	/* a row that has this side only has none */
	assert_ceiling(&rows, 5, 0, "", "ceiling not measured in this run");
	wm_rows_free(&rows);
}

/* ---- collectives -------------------------------------------------------------------------------------------- */

static void collectives_are_read_by_bus_bandwidth_or_time(void **state) {
	(void)state;
	struct wm_rows rows;
	read_one("collectives",
	         (struct sketch[]){{1, 0, "allreduce:bytes=8,timing=bandwidth", .median_s = 2, .skew_s = 0.5},
	                           {1, 1, "allreduce:bytes=8,timing=bandwidth", .median_s = 2, .skew_s = 0.25},
	                           {1, 2, "allreduce:bytes=8,timing=bandwidth", .median_s = 2, .skew_s = 1},
	                           {2, 0, "allreduce:bytes=8,timing=latency", .median_s = 2, .skew_s = 0.5},
	                           {3, 0, "gemm:m=1", .median_s = 2},
	                           {0}},
	         &rows);
	const struct wm_row *bandwidth = row_of(&rows, 1), *latency = row_of(&rows, 2), *gemm = row_of(&rows, 3);
	assert_false(bandwidth->latency);
	assert_true(bandwidth->value == 15 / 2.0);
	assert_true(bandwidth->skew_s == 0.5);
	assert_int_equal(bandwidth->ranks, 4);
	assert_true(latency->latency);
	assert_true(isnan(latency->value));
	assert_true(latency->median_s == 2);
	assert_true(isnan(gemm->skew_s));
	assert_ceiling(&rows, 1, 0, "", "collectives have no ceiling");
	assert_ceiling(&rows, 2, 0, "", "collectives have no ceiling");
	wm_rows_free(&rows);
}

/* ---- suspect times ------------------------------------------------------------------------------------------ */

/* Its time may be too short: it raises no ceiling and casts no doubt on one, but is read against it. */
static void a_row_of_suspect_time_counts_for_no_ceiling(void **state) {
	(void)state;
	struct wm_rows rows;
	read_one("suspects",
	         (struct sketch[]){{1, 0, "fma:dtype=f32", "simd", .median_s = 2},
	                           {2, 0, "fma:dtype=f32", "ref", .status = "suspect", .median_s = 1},
	                           {3, 0, "gemm:m=1,dtype=f32", "cblas", .status = "suspect", .median_s = 0.5},
	                           {4, 0, "gemm:m=1,dtype=f32", "ref", .median_s = 4},
	                           {0}},
	         &rows);
	for (int id = 3; id <= 4; id++) {
		assert_true(row_of(&rows, id)->ceiling == 50);
		assert_string_equal(row_of(&rows, id)->ceiling_why, "");
	}
	assert_true(row_of(&rows, 3)->value == 200);
	assert_string_equal(row_of(&rows, 1)->ceiling_why, "a ceiling itself");
	wm_rows_free(&rows);
}

/* ---- energy ------------------------------------------------------------------------------------------------- */

/* One class of a record: windows of one source, all alike but for those without a number. */
struct weight {
	const char *scope, *why;
	double joules_per_op, operations; /* of one window */
	double gain_rel;                  /* 0: unknown */
	double length_s;                  /* 0: 5 s */
	int refreshes;                    /* 0: 50 */
	int windows, bad_windows;         /* 0: one, none */
	bool throttled, throttle_unknown;
};

static json_t *class_of(const struct weight *w) {
	json_t *windows = json_array();
	int n = w->windows ? w->windows : 1;
	char source[64];
	snprintf(source, sizeof source, "meter:%s", w->scope);
	for (int i = 0; i < n; i++)
		json_array_append_new(windows, json_pack("{s:s, s:f, s:i, s:s}", "source", source, "operations", w->operations,
		                                         "refreshes", w->refreshes ? w->refreshes : 50, "why",
		                                         i < w->bad_windows ? "the cap changed in it" : ""));
	json_t *json = json_pack("{s:s, s:[s], s:o, s:b, s:s}", "scope", w->scope, "sources", source, "windows", windows,
	                         "throttled", w->throttled, "why", w->why ? w->why : "");
	if (!w->why) {
		json_object_set_new(json, "joules_per_op", json_real(w->joules_per_op));
		json_object_set_new(json, "seconds_per_op", json_real(2));
		json_object_set_new(json, "watts", json_real(w->joules_per_op / 2));
	}
	if (w->throttle_unknown)
		json_object_set_new(json, "throttled", json_null());
	if (w->gain_rel > 0)
		json_object_set_new(json, "gain_rel", json_real(w->gain_rel));
	return json;
}

/* A record of gemm:m=ID with these classes; none: not weighed for that reason. */
static json_t *weighed_record(int id, int replicate, const struct weight *weights, int n, const char *why) {
	char problem[32];
	snprintf(problem, sizeof problem, "gemm:m=%d", id);
	json_t *record = record_of(&(struct sketch){id, replicate, problem, .median_s = 1});
	json_t *classes = json_array();
	for (int i = 0; i < n; i++)
		json_array_append_new(classes, class_of(&weights[i]));
	json_object_set_new(record, "not_weighed", json_string(why));
	json_object_set_new(
		record, "energy",
		n ? json_pack("{s:f, s:o}", "length_s", weights[0].length_s > 0 ? weights[0].length_s : 5.0, "classes", classes)
		  : json_null());
	if (!n)
		json_decref(classes);
	return record;
}

struct entry {
	const char *source, *at;
	double watts; /* 0: none */
};

static json_t *idle_of(const struct entry *entries) {
	json_t *idle = json_array();
	for (; entries->source; entries++) {
		json_t *entry = json_pack("{s:s, s:s, s:s}", "source", entries->source, "at", entries->at, "why",
		                          entries->watts > 0 ? "" : "too few readings");
		json_object_set_new(entry, "watts", entries->watts > 0 ? json_real(entries->watts) : json_null());
		json_array_append_new(idle, entry);
	}
	return idle;
}

/* Writes the records, which it takes, and reads them again. */
static void read_weighed(const char *name, const struct entry *idle, json_t **records, int n, struct wm_rows *rows) {
	static const struct entry none[] = {{0}};
	char path[256], *paths[] = {path};
	struct wm_bundle *bundle;
	snprintf(path, sizeof path, "%s/%s", root, name);
	must(wm_bundle_create(path, "test", &bundle));
	json_t *run = json_pack("{s:i, s:s, s:[{s:o}, {s:o}]}", "schema", 1, "run", name, "segments", "idle",
	                        idle_of(idle ? idle : none), "idle", json_array());
	must(wm_bundle_put_json(bundle, "run.json", run));
	json_decref(run);
	for (int i = 0; i < n; i++) {
		must(wm_bundle_record(bundle, records[i], NULL, 0));
		json_decref(records[i]);
	}
	wm_bundle_close(bundle);
	must(wm_rows_read(paths, 1, rows));
}

static const struct wm_energy *energy_of(const struct wm_rows *rows, int id, const char *scope) {
	const struct wm_energy *energy = wm_row_energy(row_of(rows, id), scope);
	assert_non_null(energy);
	return energy;
}

static bool near(double a, double b) {
	return fabs(a / b - 1) < 1e-9;
}

/* Sum over sum, so that a replicate counts by what it did; the interval is that of times. */
static void joules_of_replicates_are_added(void **state) {
	(void)state;
	struct wm_rows rows;
	json_t *records[] = {
		weighed_record(1, 0, &(struct weight){.scope = "cpu", .joules_per_op = 1, .operations = 10}, 1, ""),
		weighed_record(1, 1, &(struct weight){.scope = "cpu", .joules_per_op = 2, .operations = 10}, 1, ""),
		weighed_record(1, 2, &(struct weight){.scope = "cpu", .joules_per_op = 4, .operations = 20}, 1, ""),
		weighed_record(2, 0, &(struct weight){.scope = "cpu", .joules_per_op = 1, .operations = 10}, 1, ""),
		weighed_record(2, 1, &(struct weight){.scope = "cpu", .joules_per_op = 3, .operations = 10}, 1, ""),
	};
	read_weighed("joules", NULL, records, 5, &rows);
	const struct wm_energy *three = energy_of(&rows, 1, "cpu"), *two = energy_of(&rows, 2, "cpu");
	assert_true(near(three->joules_per_op, (10 + 20 + 80) / 40.0));
	assert_true(near(three->work_per_j, 100 * 40 / 110.0));
	assert_true(near(three->watts, 110 / 40.0 / 2));
	/* as for times of 1, 2 and 4 */
	double half = 4.30265 * log(2) / sqrt(3);
	assert_true(fabs(three->lo_j / (2 * exp(-half)) - 1) < 1e-4 && fabs(three->hi_j / (2 * exp(half)) - 1) < 1e-4);
	assert_string_equal(three->interval, "between replicates");
	assert_true(three->work_per_j_lo < three->work_per_j && three->work_per_j < three->work_per_j_hi);
	assert_true(two->joules_per_op == 2);
	assert_string_equal(two->interval, "");
	assert_true(isnan(two->lo_j) && isnan(two->work_per_j_hi));
	assert_string_equal(row_of(&rows, 1)->not_weighed, "");
	wm_rows_free(&rows);
}

static void classes_stay_apart(void **state) {
	(void)state;
	struct wm_rows rows;
	struct weight both[] = {{.scope = "node", .joules_per_op = 30, .operations = 10},
	                        {.scope = "accelerator", .joules_per_op = 20, .operations = 10},
	                        {.scope = "a new class", .joules_per_op = 9, .operations = 10}};
	json_t *records[] = {
		weighed_record(1, 0, both, 3, ""),
		weighed_record(1, 1, &(struct weight){.scope = "cpu", .why = "no reading", .operations = 10}, 1, ""),
	};
	read_weighed("classes", NULL, records, 2, &rows);
	static const char *const order[] = {"accelerator", "cpu", "node", "a new class"};
	const struct wm_row *row = row_of(&rows, 1);
	assert_int_equal(row->nenergy, 4);
	for (int i = 0; i < 4; i++)
		assert_string_equal(row->energy[i].scope, order[i]);
	assert_true(energy_of(&rows, 1, "node")->joules_per_op == 30);
	assert_true(energy_of(&rows, 1, "accelerator")->joules_per_op == 20);
	assert_true(isnan(energy_of(&rows, 1, "cpu")->joules_per_op));
	assert_string_equal(energy_of(&rows, 1, "cpu")->why, "no reading");
	assert_null(wm_row_energy(row, "wall"));
	wm_rows_free(&rows);
}

static void what_gave_no_joules_is_told(void **state) {
	(void)state;
	struct wm_rows rows;
	json_t *records[] = {
		weighed_record(
			1, 0,
			&(struct weight){.scope = "cpu", .joules_per_op = 2, .operations = 10, .windows = 3, .bad_windows = 1}, 1,
			""),
		weighed_record(1, 1, NULL, 0, "sampler died"),
		weighed_record(2, 0, NULL, 0, "not asked"),
		weighed_record(3, 0, &(struct weight){.scope = "cpu", .why = "host-bound", .operations = 10}, 1, "host-bound"),
		weighed_record(4, 0, &(struct weight){.scope = "cpu", .joules_per_op = 2, .operations = 10}, 1, ""),
		weighed_record(4, 1, &(struct weight){.scope = "cpu", .joules_per_op = 2, .operations = 10}, 1, ""),
	};
	json_object_set_new(records[5], "status", json_string("wrong"));
	read_weighed("lost", NULL, records, 6, &rows);
	const char *lost =
		"1 of 3 windows gave no number: the cap changed in it; weighed in 1 of 2 replicates: sampler died";
	assert_true(energy_of(&rows, 1, "cpu")->joules_per_op == 2);
	assert_string_equal(energy_of(&rows, 1, "cpu")->lost, lost);
	assert_string_equal(energy_of(&rows, 1, "cpu")->note, lost);
	assert_int_equal(row_of(&rows, 2)->nenergy, 0);
	assert_string_equal(row_of(&rows, 2)->not_weighed, "not asked");
	assert_string_equal(row_of(&rows, 3)->not_weighed, "host-bound");
	/* a case with a bad replicate has no value of any kind */
	assert_true(isnan(energy_of(&rows, 4, "cpu")->joules_per_op));
	assert_string_equal(energy_of(&rows, 4, "cpu")->why, "the row is wrong");
	assert_string_equal(row_of(&rows, 4)->not_weighed, "the row is wrong");
	wm_rows_free(&rows);
}

/* Each mark with its neighbour just inside the limit. */
/* null in a record is not false: a replicate of which it is unknown makes all so, one that was throttled goes first. */
static void what_no_meter_counts_is_unknown(void **state) {
	(void)state;
	struct wm_rows rows;
	struct weight no = {.scope = "cpu", .joules_per_op = 2, .operations = 10}, yes = no, unknown = no, smoke;
	yes.throttled = true;
	unknown.throttle_unknown = true;
	smoke = unknown;
	smoke.refreshes = 49;
	json_t *records[] = {
		weighed_record(1, 0, &no, 1, ""),      weighed_record(1, 1, &unknown, 1, ""), weighed_record(2, 0, &yes, 1, ""),
		weighed_record(2, 1, &unknown, 1, ""), weighed_record(3, 0, &smoke, 1, ""),   weighed_record(4, 0, &no, 1, ""),
	};
	static const char *const notes[] = {WM_THROTTLE_UNKNOWN, "throttled", ("smoke; " WM_THROTTLE_UNKNOWN), ""};
	read_weighed("throttle", NULL, records, 6, &rows);
	for (int id = 1; id <= 4; id++) {
		const struct wm_energy *e = energy_of(&rows, id, "cpu");
		assert_string_equal(e->note, notes[id - 1]);
		assert_int_equal(e->throttled, id == 2);
		assert_int_equal(e->throttle_unknown, id == 1 || id == 3);
	}
	wm_rows_free(&rows);
}

static void marks_are_set_at_their_limits(void **state) {
	(void)state;
	struct wm_rows rows;
	json_t *records[] = {
		weighed_record(
			1, 0,
			&(struct weight){.scope = "cpu", .joules_per_op = 2, .operations = 10, .length_s = 5, .refreshes = 50}, 1,
			""),
		weighed_record(
			2, 0,
			&(struct weight){.scope = "cpu", .joules_per_op = 2, .operations = 10, .length_s = 4.9, .refreshes = 50}, 1,
			""),
		weighed_record(
			3, 0,
			&(struct weight){.scope = "cpu", .joules_per_op = 2, .operations = 10, .length_s = 5, .refreshes = 49}, 1,
			""),
		weighed_record(4, 0, &(struct weight){.scope = "cpu", .joules_per_op = 2, .operations = 10, .throttled = true},
	                   1, ""),
		weighed_record(5, 0, &(struct weight){.scope = "cpu", .joules_per_op = 2, .operations = 10, .gain_rel = 0.02},
	                   1, ""),
		weighed_record(5, 1, &(struct weight){.scope = "cpu", .joules_per_op = 2, .operations = 10, .gain_rel = 0.05},
	                   1, ""),
		weighed_record(6, 0, &(struct weight){.scope = "cpu", .joules_per_op = 2, .operations = 10}, 1, ""),
		weighed_record(6, 1, &(struct weight){.scope = "cpu", .joules_per_op = 2, .operations = 10, .gain_rel = 0.05},
	                   1, ""),
		weighed_record(7, 0, &(struct weight){.scope = "cpu", .joules_per_op = 2, .operations = 10, .gain_rel = 0.05},
	                   1, ""),
		weighed_record(7, 1, &(struct weight){.scope = "cpu", .joules_per_op = 2, .operations = 10}, 1, ""),
	};
	static const char *const notes[] = {"", "smoke", "smoke", "throttled", "", ""};
	read_weighed("marks", NULL, records, 10, &rows);
	for (int id = 1; id <= 6; id++) {
		assert_string_equal(energy_of(&rows, id, "cpu")->note, notes[id - 1]);
		assert_int_equal(energy_of(&rows, id, "cpu")->smoke, !strcmp(notes[id - 1], "smoke"));
		assert_int_equal(energy_of(&rows, id, "cpu")->throttled, !strcmp(notes[id - 1], "throttled"));
	}
	assert_true(energy_of(&rows, 5, "cpu")->gain_rel == 0.05);
	/* one that is unknown, the first or the last, makes all unknown */
	assert_true(isnan(energy_of(&rows, 6, "cpu")->gain_rel));
	assert_true(isnan(energy_of(&rows, 7, "cpu")->gain_rel));
	wm_rows_free(&rows);
}

/* An operation takes 2 s. */
static void rest_is_taken_off_beside_gross(void **state) {
	(void)state;
	struct wm_rows rows;
	static const struct entry idle[] = {{"meter:cpu", "begin", 2},         {"meter:cpu", "end", 4},
	                                    {"meter:node", "begin", 6},        {"meter:node", "end", 0},
	                                    {"meter:wall", "begin", 0},        {"meter:wall", "end", 0},
	                                    {"meter:accelerator", "begin", 5}, {0}};
	struct weight all[] = {{.scope = "accelerator", .joules_per_op = 10, .operations = 10},
	                       {.scope = "cpu", .joules_per_op = 10, .operations = 10},
	                       {.scope = "node", .joules_per_op = 20, .operations = 10},
	                       {.scope = "wall", .joules_per_op = 30, .operations = 10},
	                       {.scope = "superchip", .joules_per_op = 30, .operations = 10}};
	json_t *records[] = {weighed_record(1, 0, all, 5, ""), weighed_record(2, 0, all, 5, "")};
	json_object_set_new(records[1], "segment", json_integer(1));
	read_weighed("idle", idle, records, 2, &rows);
	const struct wm_energy *cpu = energy_of(&rows, 1, "cpu"), *node = energy_of(&rows, 1, "node");
	assert_true(cpu->idle_watts == 3 && cpu->idle_begin == 2 && cpu->idle_end == 4);
	assert_true(cpu->joules_per_op == 10 && cpu->net_joules_per_op == 4 && cpu->net_work_per_j == 25);
	assert_true(node->idle_watts == 6 && isnan(node->idle_end) && node->net_joules_per_op == 8);
	/* what has no figure at rest has no net, and says why */
	assert_true(isnan(energy_of(&rows, 1, "wall")->net_work_per_j));
	assert_string_equal(energy_of(&rows, 1, "wall")->net_why, "no idle power of meter:wall: too few readings");
	assert_string_equal(energy_of(&rows, 1, "superchip")->net_why, "no idle power of meter:superchip: not measured");
	assert_true(isnan(energy_of(&rows, 1, "accelerator")->net_work_per_j));
	assert_string_equal(energy_of(&rows, 1, "accelerator")->net_why, "rest draws as much as the load");
	/* rest of another segment is another machine's, as far as anybody knows */
	assert_true(isnan(energy_of(&rows, 2, "cpu")->net_work_per_j));
	wm_rows_free(&rows);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replicates_of_a_case_are_one_row),
		cmocka_unit_test(rows_stand_in_the_order_of_reports),
		cmocka_unit_test(bundles_do_not_mix),
		cmocka_unit_test(what_can_be_read_is_there_when_a_path_is_wrong),
		cmocka_unit_test(the_worst_replicate_gives_the_status),
		cmocka_unit_test(three_replicates_give_an_interval_between_them),
		cmocka_unit_test(what_no_machine_does_is_survived),
		cmocka_unit_test(ceilings_are_of_the_same_device_and_type),
		cmocka_unit_test(a_ceiling_below_a_verified_row_is_suspect),
		cmocka_unit_test(the_lower_side_of_the_roofline_counts),
		cmocka_unit_test(each_side_is_doubted_for_itself),
		cmocka_unit_test(collectives_are_read_by_bus_bandwidth_or_time),
		cmocka_unit_test(a_row_of_suspect_time_counts_for_no_ceiling),
		cmocka_unit_test(joules_of_replicates_are_added),
		cmocka_unit_test(classes_stay_apart),
		cmocka_unit_test(what_gave_no_joules_is_told),
		cmocka_unit_test(what_no_meter_counts_is_unknown),
		cmocka_unit_test(marks_are_set_at_their_limits),
		cmocka_unit_test(rest_is_taken_off_beside_gross),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
