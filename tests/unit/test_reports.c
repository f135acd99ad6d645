/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_reports.c - what a report makes of records. The texts for tests/reports/bundle and tests/reports/energy stand
 * beside them; after a change that is meant, each is made anew as harness/report/README.md says, and read.
 */
#include "report/carbon.h"
#include "report/rows.h"
#include "report/units.h"
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

extern const struct wm_report wm_report_table, wm_report_md, wm_report_csv, wm_report_json;

static char root[] = "/tmp/wattmark-reports-XXXXXX";

enum { COLUMNS = 37 + 7 * 9 }; /* of csv: the first ones, then those of each class of energy */

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

static char *report(const struct wm_report *format, const char *path, enum wm_status expected) {
	char *paths[] = {(char *)path}, *text = NULL;
	size_t bytes;
	struct wm_rows rows;
	assert_int_equal(wm_rows_read(paths, 1, &rows), expected);
	FILE *out = open_memstream(&text, &bytes);
	assert_int_equal(format->write(out, &rows), WM_OK);
	fclose(out);
	wm_rows_free(&rows);
	return text;
}

/* ---- the example -------------------------------------------------------------------------------------------- */

static void assert_equal_to_file(const char *text, const char *path) {
	FILE *in = fopen(path, "r");
	assert_non_null(in);
	char *expected = calloc(1, 1 << 17);
	size_t bytes = fread(expected, 1, (1 << 17) - 1, in);
	fclose(in);
	assert_true(bytes > 0);
	assert_string_equal(text, expected);
	free(expected);
}

static void assert_as_stored(const struct wm_report *format, const char *bundle, const char *stem) {
	char path[64];
	snprintf(path, sizeof path, "tests/reports/%s.%s", stem, format->name);
	char *text = report(format, bundle, WM_OK);
	assert_equal_to_file(text, path);
	free(text);
}

static void the_example_reads_as_stored(void **state) {
	(void)state;
	assert_as_stored(&wm_report_table, "tests/reports/bundle", "example");
	assert_as_stored(&wm_report_md, "tests/reports/bundle", "example");
	assert_as_stored(&wm_report_csv, "tests/reports/bundle", "example");
	assert_as_stored(&wm_report_json, "tests/reports/bundle", "example");
}

static void the_example_with_joules_reads_as_stored(void **state) {
	(void)state;
	assert_as_stored(&wm_report_table, "tests/reports/energy", "energy");
	assert_as_stored(&wm_report_md, "tests/reports/energy", "energy");
	assert_as_stored(&wm_report_csv, "tests/reports/energy", "energy");
}

/* With --country FRA --pue 1.2 --prices tests/reports/prices.ini. */
static void the_example_with_carbon_and_money_reads_as_stored(void **state) {
	(void)state;
	static const struct wm_report *const formats[] = {&wm_report_table, &wm_report_md, &wm_report_csv};
	struct wm_carbon_ask ask = {"FRA", "tests/reports/prices.ini", NAN, 1.2};
	char *paths[] = {(char *)"tests/reports/energy"};
	struct wm_carbon carbon;
	struct wm_rows rows;
	assert_int_equal(wm_carbon_read(&ask, &carbon), WM_OK);
	assert_int_equal(wm_rows_read(paths, 1, &rows), WM_OK);
	wm_carbon_set(&carbon, &rows);
	for (int i = 0; i < 3; i++) {
		char path[64], *text = NULL;
		size_t bytes;
		FILE *out = open_memstream(&text, &bytes);
		assert_int_equal(formats[i]->write(out, &rows), WM_OK);
		fclose(out);
		snprintf(path, sizeof path, "tests/reports/energy-carbon.%s", formats[i]->name);
		assert_equal_to_file(text, path);
		free(text);
	}
	wm_rows_free(&rows);
	wm_carbon_free(&carbon);
}

/* ---- units -------------------------------------------------------------------------------------------------- */

static void assert_rate(double value, const char *metric, const char *expected) {
	char text[WM_UNIT_CHARS];
	wm_units_rate(value, metric, text);
	assert_string_equal(text, expected);
}

static void assert_time(double seconds, const char *expected) {
	char text[WM_UNIT_CHARS];
	wm_units_time(seconds, text);
	assert_string_equal(text, expected);
}

static void numbers_have_four_digits_and_a_prefix(void **state) {
	(void)state;
	assert_rate(201.44e9, "flop/s", "201.4 GFLOP/s");
	assert_rate(989.4e12, "flop/s", "989.4 TFLOP/s");
	assert_rate(23.5e9, "B/s", "23.50 GB/s");
	assert_rate(999.96e9, "B/s", "1.000 TB/s");
	assert_rate(999.94e9, "B/s", "999.9 GB/s");
	assert_rate(1, "B/s", "1.000 B/s");
	assert_rate(0.25, "B/s", "0.25 B/s");
	assert_rate(NAN, "B/s", "-");
	assert_rate(INFINITY, "flop/s", "-");
	assert_time(1.25, "1.250 s");
	assert_time(12.34e-6, "12.34 us");
	assert_time(0.9999999, "1.000 s");
	assert_time(99.996e-6, "100.0 us");
	assert_time(3600, "3600 s");
	assert_time(2.5e-9, "2.500 ns");
	char percent[WM_UNIT_CHARS];
	wm_units_percent(0.871, percent);
	assert_string_equal(percent, "87.1%");
	wm_units_percent(0.0123, percent);
	assert_string_equal(percent, "1.23%");
	wm_units_half(0.0123, percent);
	assert_string_equal(percent, "±1.2%");
	wm_units_half(0.123, percent);
	assert_string_equal(percent, "±12%");
	wm_units_half(NAN, percent);
	assert_string_equal(percent, "-");
	wm_units_power(1250, percent);
	assert_string_equal(percent, "1.250 kW");
	wm_units_number(0.0123456, percent);
	assert_string_equal(percent, "0.01235");
	const char *prefix;
	assert_true(wm_units_prefix(999.94, &prefix) == 1 && !strcmp(prefix, ""));
	assert_true(wm_units_prefix(999.96, &prefix) == 1e3 && !strcmp(prefix, "k"));
}

/* ---- columns that only some tables have --------------------------------------------------------------------- */

/* One record of a run on an H100; every operation takes 2 ms. */
static void write_record(struct wm_bundle *bundle, int id, const char *problem, const char *metric, bool collective) {
	char text[17], bench[16];
	snprintf(text, sizeof text, "%016x", (unsigned)id);
	snprintf(bench, sizeof bench, "%.*s", (int)strcspn(problem, ":"), problem);
	json_t *record = json_pack(
		"{s:i, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:{s:f, s:f, s:f}, s:{s:f, s:f, s:f}}", "schema",
		1, "method", "1.0", "case", text, "replicate", 0, "bench", bench, "problem", problem, "impl", "x", "backend",
		"cuda", "device", "cuda:0", "status", "ok", "metric", metric, "verified", true, "work", "flop", 1e12, "bytes",
		1e9, "wire_bytes", 1.5e9, "time", "median_s", 2e-3, "lo_s", 1.9e-3, "hi_s", 2.1e-3);
	if (collective) {
		json_object_set_new(record, "ranks", json_integer(4));
		json_object_set_new(json_object_get(record, "time"), "skew_s", json_real(3e-6));
	}
	assert_int_equal(wm_bundle_record(bundle, record, NULL, 0), WM_OK);
	json_decref(record);
}

static void write_h100(const char *path) {
	struct wm_bundle *bundle;
	assert_int_equal(wm_bundle_create(path, "test", &bundle), WM_OK);
	json_t *run = json_pack("{s:i, s:s, s:s, s:[{s:s, s:s, s:i}]}", "schema", 1, "method", "1.0", "run", "h100",
	                        "devices", "id", "cuda:0", "name", "NVIDIA H100 80GB HBM3", "units", 132);
	assert_int_equal(wm_bundle_put_json(bundle, "run.json", run), WM_OK);
	json_decref(run);
	write_record(bundle, 1, "gemm:m=8,dtype=bf16,cache=cold", "flop/s", false);
	write_record(bundle, 2, "allreduce:bytes=8,timing=bandwidth,cache=hot", "B/s bus", true);
	write_record(bundle, 3, "allreduce:bytes=8,timing=latency,cache=hot", "B/s bus", true);
	wm_bundle_close(bundle);
}

static void assert_line(const char *text, const char *line) {
	if (!strstr(text, line))
		fail_msg("no \"%s\" in\n%s", line, text);
}

static void a_table_has_the_columns_that_its_rows_need(void **state) {
	(void)state;
	char path[64];
	snprintf(path, sizeof path, "%s/h100", root);
	write_h100(path);
	char *md = report(&wm_report_md, path, WM_OK);
	assert_line(
		md, "| problem | device | implementation | status | value | time | interval | of ceiling | of peak | why |\n");
	assert_line(
		md,
		"| as above | cuda:0 | x | ok | 500.0 TFLOP/s | 2.000 ms | ±5% within run only | not measured | 50.5% | |\n");
	assert_line(md, "- peak on cuda:0: 989.4 TFLOP/s, H100 SXM5 80GB: bf16, tensor cores, dense, at 1.83 GHz; ");
	assert_line(
		md,
		"| problem | device | implementation | status | ranks | value | time | skew | interval | of peak | why |\n");
	assert_line(
		md,
		"| timing=bandwidth | cuda:0 | x | ok | 4 | 750.0 GB/s bus | 2.000 ms | 3.000 us | ±5% within run only | "
		"166.7% | above the bandwidth of the links |\n");
	assert_line(md, "| timing=latency | cuda:0 | x | ok | 4 | - | 2.000 ms | 3.000 us | ±5% within run only | - | |\n");
	assert_line(md, "1 replicate a case: no interval between runs\n");
	free(md);
}

static void csv_has_them_at_the_end(void **state) {
	(void)state;
	char path[64];
	snprintf(path, sizeof path, "%s/h100-csv", root);
	write_h100(path);
	char *csv = report(&wm_report_csv, path, WM_OK);
	assert_line(csv,
	            "launch_bound,metric,ranks,bus_bytes_per_s,skew_s,ceiling_bound,peak,of_peak,peak_why,peak_source,"
	            "peak_note,not_weighed,accelerator_joules_per_op,");
	assert_line(csv, "false,flop/s,NA,7.5e+11,NA,NA,9.894e+14,0.505356782,,\"H100 SXM5 80GB: bf16, ");
	assert_line(csv, "false,B/s bus,4,7.5e+11,3e-06,NA,4.5e+11,1.66666667,,\"H100 SXM5 80GB: links, ");
	assert_line(csv, "read 2026-11-23\",above the bandwidth of the links,the records do not say why,NA,");
	assert_line(csv, "false,B/s bus,4,NA,3e-06,NA,NA,NA,latency has no peak,NA,,the records do not say why,NA,");
	assert_line(csv, ",wall_net_work_per_j,wall_energy_note\r\n");
	free(csv);
}

/* ---- energy ------------------------------------------------------------------------------------------------- */

static void a_table_without_joules_says_it_in_one_line(void **state) {
	(void)state;
	char path[64];
	snprintf(path, sizeof path, "%s/unweighed", root);
	write_h100(path);
	char *md = report(&wm_report_md, path, WM_OK), *at = strstr(md, "- not weighed: the records do not say why\n");
	assert_non_null(at);
	/* one for gemm, one for allreduce */
	at = strstr(at + 1, "- not weighed: ");
	assert_non_null(at);
	assert_null(strstr(at + 1, "- not weighed: "));
	assert_null(strstr(md, "/J"));
	free(md);
}

/* ---- hostile text ------------------------------------------------------------------------------------------- */

/* One of each: terminal escapes, a line break, quotes, cell borders, HTML, C1 and direction controls, a formula. */
static const char hostile[] = "=1+1\x1b[31m\r\n\"a\",'b'|c\\|<b>[x](y)_i_ $m$\x7f \xc2\x9b \xe2\x80\xae \xc3\xa9";

static void write_hostile(const char *path) {
	struct wm_bundle *bundle;
	assert_int_equal(wm_bundle_create(path, "test", &bundle), WM_OK);
	json_t *run = json_pack("{s:i, s:s, s:s, s:s, s:s, s:[s], s:[{s:{s:s}}]}", "schema", 1, "method", hostile, "run",
	                        hostile, "started", hostile, "profile", hostile, "command", hostile, "segments",
	                        "environment", "host", hostile);
	assert_int_equal(wm_bundle_put_json(bundle, "run.json", run), WM_OK);
	json_decref(run);
	for (int i = 0; i < 2; i++) {
		json_t *record = json_pack("{s:i, s:s, s:s, s:i}", "schema", 1, "method", "1.0", "case",
		                           i ? "00000000000000a1" : "00000000000000b2", "replicate", 0);
		static const char *const keys[] = {"bench",   "problem", "impl",        "origin", "library",
		                                   "backend", "device",  "device_name", "why",    "metric"};
		for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
			json_object_set_new(record, keys[k], json_string(hostile));
		json_object_set_new(record, "status", json_string(i ? "ok" : "skip"));
		json_object_set_new(record, "steady", json_pack("{s:s}", "by", hostile));
		json_object_set_new(record, "not_weighed", json_string(i ? "" : hostile));
		if (i)
			json_object_set_new(record, "energy",
			                    json_pack("{s:[{s:s, s:[s], s:f, s:f, s:s}, {s:s, s:[s], s:s}]}", "classes", "scope",
			                              hostile, "sources", hostile, "joules_per_op", 2.0, "watts", 3.0, "why", "",
			                              "scope", "cpu", "sources", hostile, "why", hostile));
		json_object_set_new(record, "time", json_pack("{s:f}", "median_s", 1.0));
		json_object_set_new(record, "work", json_pack("{s:f, s:f}", "flop", 2.0, "bytes", 3.0));
		assert_int_equal(wm_bundle_record(bundle, record, NULL, 0), WM_OK);
		json_decref(record);
	}
	wm_bundle_close(bundle);
}

/* Nothing of the hostile text that steers a terminal is left; newlines are the format's own. */
static void assert_harmless(const char *text, const char *newline) {
	static const char *const steering[] = {"\x7f", "\xc2\x9b", "\xe2\x80\xae"};
	for (size_t i = 0; i < sizeof steering / sizeof *steering; i++)
		assert_null(strstr(text, steering[i]));
	for (const char *c = text; *c; c++) {
		if (!strncmp(c, newline, strlen(newline)))
			c += strlen(newline) - 1;
		else
			assert_true((unsigned char)*c >= 0x20);
	}
}

/* Every row of a Markdown table has the cells of its heading. */
static void assert_cells(const char *text) {
	int heading = 0;
	for (const char *line = text; *line;) {
		size_t bytes = strcspn(line, "\n");
		int borders = 0;
		for (size_t i = 0; i < bytes; i++) {
			if (line[i] == '\\')
				i++;
			else
				borders += line[i] == '|';
		}
		if (line[0] != '|')
			heading = 0;
		else if (!heading)
			heading = borders;
		assert_int_equal(line[0] == '|' ? borders : 0, heading);
		line += bytes + (line[bytes] == '\n');
	}
}

/* Reads one field of RFC 4180; returns what follows its separator. *last_p: the field ended its line. */
static const char *csv_field(const char *at, char *out, bool *last_p) {
	bool quoted = *at == '"';
	at += quoted;
	while (*at && (quoted || (*at != ',' && *at != '\r'))) {
		if (quoted && *at == '"') {
			if (at[1] != '"')
				break;
			at++;
		}
		*out++ = *at++;
	}
	*out = 0;
	at += quoted;
	*last_p = *at == '\r';
	assert_true(*at == ',' || (at[0] == '\r' && at[1] == '\n'));
	return at + (*last_p ? 2 : 1);
}

static int csv_lines(const char *text, int columns) {
	int lines = 0;
	while (*text) {
		char field[8192];
		bool last = false;
		int n = 0;
		for (; !last; n++) {
			text = csv_field(text, field, &last);
			assert_null(strchr("=+-@", field[0] ? field[0] : 'x'));
		}
		assert_int_equal(n, columns);
		lines++;
	}
	return lines;
}

static void hostile_text_stays_text(void **state) {
	(void)state;
	char path[64];
	snprintf(path, sizeof path, "%s/hostile", root);
	write_hostile(path);
	char *table = report(&wm_report_table, path, WM_OK);
	assert_harmless(table, "\n");
	assert_non_null(strstr(table, "\\x1b[31m\\x0d\\x0a\"a\""));
	assert_non_null(strstr(table, "\xc3\xa9"));
	char *md = report(&wm_report_md, path, WM_OK);
	assert_harmless(md, "\n");
	assert_cells(md);
	assert_null(strstr(md, "<b>"));
	assert_non_null(strstr(md, "\\_i\\_ \\$m\\$"));
	char *csv = report(&wm_report_csv, path, WM_OK);
	assert_harmless(csv, "\r\n");
	assert_int_equal(csv_lines(csv, COLUMNS), 3);
	char *json = report(&wm_report_json, path, WM_OK);
	assert_harmless(json, "\n");
	json_t *array = json_loads(json, 0, NULL);
	assert_int_equal(json_array_size(array), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(array, 0), "why")), hostile);
	json_decref(array);
	free(table);
	free(md);
	free(csv);
	free(json);
}

static void broken_lines_leave_a_whole_report(void **state) {
	(void)state;
	char path[64], file[96];
	snprintf(path, sizeof path, "%s/broken", root);
	write_hostile(path);
	snprintf(file, sizeof file, "%s/records.jsonl", path);
	FILE *out = fopen(file, "a");
	assert_non_null(out);
	fputs("{\"schema\":1,\n[1]\n{\"sche", out);
	fclose(out);
	char *json = report(&wm_report_json, path, WM_INPUT);
	assert_non_null(strstr(wm_why(), "records.jsonl:3: "));
	json_t *array = json_loads(json, 0, NULL);
	assert_int_equal(json_array_size(array), 2);
	json_decref(array);
	free(json);
	char *csv = report(&wm_report_csv, path, WM_INPUT);
	assert_int_equal(csv_lines(csv, COLUMNS), 3);
	free(csv);
}

static void a_bundle_without_records_reads_as_such(void **state) {
	(void)state;
	char path[64];
	struct wm_bundle *bundle;
	snprintf(path, sizeof path, "%s/empty", root);
	assert_int_equal(wm_bundle_create(path, "test", &bundle), WM_OK);
	assert_int_equal(wm_bundle_put_text(bundle, "run.json", "{\"schema\":1,\"run\":\"empty\",\"planned\":2}"), WM_OK);
	wm_bundle_close(bundle);
	char *table = report(&wm_report_table, path, WM_OK);
	assert_non_null(strstr(table, "0 of 2 planned records"));
	assert_non_null(strstr(table, "total: no records\n"));
	char *json = report(&wm_report_json, path, WM_OK);
	assert_string_equal(json, "[\n]\n");
	free(table);
	free(json);
}

static void a_full_disk_is_an_error(void **state) {
	(void)state;
	char *paths[] = {(char *)"tests/reports/bundle"};
	struct wm_rows rows;
	assert_int_equal(wm_rows_read(paths, 1, &rows), WM_OK);
	FILE *full = fopen("/dev/full", "w");
	if (full) {
		assert_int_equal(wm_report_csv.write(full, &rows), WM_FAILED);
		assert_non_null(strstr(wm_why(), "cannot write the report: No space left"));
		fclose(full);
	}
	wm_rows_free(&rows);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_reads_as_stored),
		cmocka_unit_test(the_example_with_joules_reads_as_stored),
		cmocka_unit_test(the_example_with_carbon_and_money_reads_as_stored),
		cmocka_unit_test(numbers_have_four_digits_and_a_prefix),
		cmocka_unit_test(a_table_has_the_columns_that_its_rows_need),
		cmocka_unit_test(csv_has_them_at_the_end),
		cmocka_unit_test(a_table_without_joules_says_it_in_one_line),
		cmocka_unit_test(hostile_text_stays_text),
		cmocka_unit_test(broken_lines_leave_a_whole_report),
		cmocka_unit_test(a_bundle_without_records_reads_as_such),
		cmocka_unit_test(a_full_disk_is_an_error),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
