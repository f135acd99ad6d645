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
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
