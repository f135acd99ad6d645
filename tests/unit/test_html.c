/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_html.c - the page as a reader, and a browser, relies on it: whole, safe, and every figure leads to its record.
 * The programs that draw are stand-ins in a folder of the test's own, so that the page is the same on every machine.
 */
#include "report/plot.h"
#include "report/rows.h"
#include "store/bundle.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct wm_report wm_report_html;

static char root[] = "/tmp/wattmark-html-XXXXXX";

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw) {
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

static int make_root(void **state) {
	(void)state;
	return mkdtemp(root) ? setenv("PATH", root, 1) : -1;
}

static int remove_root(void **state) {
	(void)state;
	return nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* A program of that name that runs this text of /bin/sh; NULL: none. */
static void stand_in(const char *name, const char *script) {
	char path[96];
	snprintf(path, sizeof path, "%s/%s", root, name);
	unlink(path);
	if (!script)
		return;
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	fprintf(out, "#!/bin/sh\n%s\n", script);
	fclose(out);
	assert_int_equal(chmod(path, 0755), 0);
}

static char *page_of(char **paths, int n) {
	char *text = NULL;
	size_t bytes;
	struct wm_rows rows;
	assert_int_equal(wm_rows_read(paths, n, &rows), WM_OK);
	FILE *out = open_memstream(&text, &bytes);
	assert_int_equal(wm_report_html.write(out, &rows), WM_OK);
	fclose(out);
	wm_rows_free(&rows);
	return text;
}

static char *page(const char *path) {
	char *paths[] = {(char *)(uintptr_t)path};
	return page_of(paths, 1);
}

static void assert_has(const char *text, const char *what) {
	if (!strstr(text, what))
		fail_msg("the page does not have: %s", what);
}

static int count(const char *text, const char *what) {
	int n = 0;
	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* ---- bundles ------------------------------------------------------------------------------------------------ */

/* One of each: terminal escapes, quotes, HTML, entities, directions, a shell, a formula. */
static const char hostile[] =
	"=1+1\x1b[31m\r\n\"a\",'b'</style></svg><script>alert(1)</script>&lt;<b onload=x>\x7f \xc2\x9b"
	"\xe2\x80\xae $(id) `id` \xc3\xa9";

static struct wm_bundle *begin(const char *name, char path[64], const char *text) {
	struct wm_bundle *bundle;
	snprintf(path, 64, "%s/%s", root, name);
	assert_int_equal(wm_bundle_create(path, "test", &bundle), WM_OK);
	json_t *run = json_pack(
		"{s:i, s:s, s:s, s:s, s:s, s:[s], s:[{s:{s:s, s:s, s:{s:s}, s:{s:i}}}], s:[{s:s, s:s, s:s}],"
		" s:[{s:s, s:s}], s:i}",
		"schema", 1, "method", "1.0", "run", text, "started", text, "profile", text, "command", text, "segments",
		"environment", "host", text, "cpu", text, "governor", "unknown", text, "memory", "total_bytes", 1 << 30,
		"devices", "id", text, "name", text, "driver", text, "missing", "backend", text, "why", text, "replicates", 1);
	assert_int_equal(wm_bundle_put_json(bundle, "run.json", run), WM_OK);
	json_decref(run);
	return bundle;
}

struct sample {
	const char *bench, *problem, *device, *impl, *metric, *status, *why;
	double seconds; /* 0: none */
	int replicates;
};

/* The records of one case, its number being its id. */
static void put(struct wm_bundle *bundle, int number, const struct sample *s) {
	for (int r = 0; r < (s->replicates ? s->replicates : 1); r++) {
		char id[17];
		snprintf(id, sizeof id, "%016x", (unsigned)number);
		json_t *record =
			json_pack("{s:i, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:{s:s}, s:{s:f, s:f, s:f}}",
		              "schema", 1, "method", "1.0", "case", id, "replicate", r, "bench", s->bench, "problem",
		              s->problem, "impl", s->impl, "backend", "host", "device", s->device, "status", s->status, "why",
		              s->why, "metric", s->metric, "verified", !strcmp(s->status, "ok"), "steady", "by", "throughput",
		              "work", "flop", 1e9, "bytes", 1e7, "wire_bytes", 1e6);
		if (s->seconds > 0)
			json_object_set_new(record, "time",
			                    json_pack("{s:f, s:f, s:f}", "median_s", s->seconds * (1 + 0.01 * r), "lo_s",
			                              s->seconds * 0.99, "hi_s", s->seconds * 1.01));
		assert_int_equal(wm_bundle_record(bundle, record, NULL, 0), WM_OK);
		json_decref(record);
	}
}

/* ---- a page that is whole ----------------------------------------------------------------------------------- */

/* Whether each tag closes what was opened last, as those of this page do without exception. */
static void assert_nested(const char *text) {
	static const char *const alone[] = {"meta", "link", "!DOCTYPE", "br"};
	char open[64][32];
	int depth = 0;
	for (const char *at = text; (at = strchr(at, '<')); at++) {
		bool closes = at[1] == '/';
		char name[32];
		size_t n = strcspn(at + 1 + closes, " >/\n");
		snprintf(name, sizeof name, "%.*s", (int)n, at + 1 + closes);
		const char *end = strchr(at, '>');
		assert_non_null(end);
		bool is_alone = end[-1] == '/';
		for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
			is_alone |= !strcmp(name, alone[i]);
		if (is_alone)
			continue;
		if (!closes) {
			assert_in_range(depth, 0, 63);
			snprintf(open[depth++], sizeof *open, "%s", name);
			if (!strcmp(name, "style"))
				at = strstr(at, "</style>") - 1;
		} else if (!depth || strcmp(open[depth - 1], name) != 0) {
			fail_msg("</%s> closes %s: %.100s", name, depth ? open[depth - 1] : "nothing", at);
		} else {
			depth--;
		}
	}
	assert_int_equal(depth, 0);
}

/* No id twice, and every link within the page leads to one. */
static void assert_linked(const char *text) {
	char what[80];
	for (const char *at = text; (at = strstr(at, " id=\"")); at++) {
		snprintf(what, sizeof what, "%.*s\"", (int)strcspn(at + 5, "\"") + 5, at);
		if (count(text, what) != 1)
			fail_msg("%d times%s", count(text, what), what);
	}
	for (const char *at = text; (at = strstr(at, " href=\"#")); at++) {
		snprintf(what, sizeof what, " id=\"%.*s\"", (int)strcspn(at + 8, "\""), at + 8);
		assert_has(text, what);
	}
}

/* Nothing acts, nothing is asked for from elsewhere, and nothing steers a terminal. */
static void assert_harmless(const char *text) {
	static const char *const acting[] = {"<script", "<b ",          "<a href=\"h",   "src=",
	                                     "@import", "javascript:",  "url(",          "\xc2\x9b",
	                                     "\x7f",    "\xe2\x80\xae", "</style></svg>"};
	for (size_t i = 0; i < sizeof acting / sizeof *acting; i++)
		if (strstr(text, acting[i]))
			fail_msg("the page has: %.60s", strstr(text, acting[i]));
	for (const char *c = text; *c; c++)
		assert_true((unsigned char)*c >= 0x20 || *c == '\n' || *c == '\t');
	assert_has(text, "default-src 'none'");
}

static void assert_sound(const char *text) {
	assert_nested(text);
	assert_linked(text);
	assert_harmless(text);
}

static void the_example_makes_a_whole_page(void **state) {
	(void)state;
	stand_in("gnuplot", NULL);
	char *text = page("tests/reports/bundle"), *again = page("tests/reports/bundle");
	assert_sound(text);
	assert_int_equal(strncmp(text, "<!DOCTYPE html>\n<html lang=\"en\">", 32), 0);
	assert_string_equal(text, again);
	static const char *const parts[] = {"<h1>",
	                                    ">Summary</h2>",
	                                    ">Machine</h2>",
	                                    ">Results</h2>",
	                                    ">Failed and skipped</h2>",
	                                    ">Method and records</h2>"};
	const char *at = text;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		at = strstr(at, parts[i]);
		assert_non_null(at);
	}
	free(text);
	free(again);
}

static void hostile_text_stays_text(void **state) {
	(void)state;
	char path[64], other[64];
	char *paths[] = {path, other};
	struct sample bad = {hostile, hostile, hostile, hostile, hostile, "wrong", hostile, 0, 1};
	struct sample good = bad;
	good.status = "ok";
	good.seconds = 1;
	for (int i = 0; i < 2; i++) {
		struct wm_bundle *bundle = begin(i ? "hostile2" : "hostile", paths[i], hostile);
		put(bundle, 1, &bad);
		put(bundle, 2, &good);
		wm_bundle_close(bundle);
	}
	char *text = page_of(paths, 2);
	assert_sound(text);
	assert_has(text, "&lt;script&gt;alert(1)");
	assert_has(text, "\\x1b[31m\\x0d\\x0a&quot;a&quot;");
	assert_has(text, "\xc3\xa9");
	/* a shell that is given the command takes the text as one word */
	assert_has(text, "--device &#39;=1+1\\x1b[31m\\x0d\\x0a&quot;a&quot;,&#39;\\&#39;&#39;b&#39;\\&#39;&#39;&lt;");
	free(text);
}

/* ---- what the reader is told -------------------------------------------------------------------------------- */

static void every_figure_leads_to_its_record(void **state) {
	(void)state;
	char path[64];
	struct wm_bundle *bundle = begin("figures", path, "r");
	struct sample s = {"gemm", "gemm:m=1,n=1,k=1,dtype=f32", "host", "ref", "flop/s", "ok", "", 1e-3, 3};
	put(bundle, 1, &s);
	s.problem = "gemm:m=2,n=2,k=2,dtype=f32";
	s.replicates = 1;
	put(bundle, 2, &s);
	wm_bundle_close(bundle);
	char *text = page(path);
	assert_sound(text);
	assert_has(text, "<th scope=\"row\" id=\"t1\"><a href=\"#r1\">#1</a></th>");
	assert_has(text, "<code>wattmark run gemm:m=1,n=1,k=1,dtype=f32 --device host --impl ref</code>");
	assert_has(text, "0:&#160;1, 1:&#160;2, 2:&#160;3</td>");
	assert_has(text, "0:&#160;4</td>");
	assert_has(text, "between replicates</td>");
	assert_has(text, " within run");
	assert_has(text, "1 of 2 figures have no interval between runs");
	assert_has(text, "1 of 2 figures may be published");
	free(text);
}

static void equal_reasons_are_one_line(void **state) {
	(void)state;
	char path[64];
	struct wm_bundle *bundle = begin("reasons", path, "r");
	struct sample s = {"gemm", "gemm:m=1", "host", "ref", "flop/s", "skip", "the time budget is spent", 0, 1};
	for (int i = 0; i < 100; i++)
		put(bundle, i, &s);
	s.status = "wrong";
	s.why = "element 3 is 1, expected 2";
	put(bundle, 100, &s);
	wm_bundle_close(bundle);
	char *text = page(path);
	assert_sound(text);
	assert_int_equal(count(text, "the time budget is spent"), 1);
	assert_has(text, "<summary>100 rows</summary>");
	assert_has(text, "and 80 more: ");
	const char *reasons = strstr(text, ">Failed and skipped</h2>");
	assert_true(strstr(reasons, "element 3 is 1") < strstr(reasons, "the time budget"));
	free(text);
}

static void large_bundles_make_bounded_pages_that_say_so(void **state) {
	(void)state;
	char path[64], problem[64], why[64];
	struct wm_bundle *bundle = begin("large", path, "r");
	for (int i = 0; i < 1000; i++) {
		struct sample s = {"read", problem, "host", "ref", "B/s", i % 2 ? "ok" : "skip", i % 2 ? "" : why, i % 2, 1};
		snprintf(problem, sizeof problem, "read:bytes=%d,dtype=f64", 8 * (i + 1));
		snprintf(why, sizeof why, "reason %d", i);
		put(bundle, i, &s);
	}
	wm_bundle_close(bundle);
	char *text = page(path);
	assert_sound(text);
	assert_has(text, "Shown are the first 300 of 500 rows");
	assert_has(text, "400 more rows have other reasons");
	assert_has(text, "<b>1000</b> cases");
	assert_true(strlen(text) < 500000);
	free(text);
}

static void a_bundle_without_records_reads_as_such(void **state) {
	(void)state;
	char path[64];
	wm_bundle_close(begin("empty", path, "r"));
	char *text = page(path);
	assert_sound(text);
	assert_has(text, "There are no records.");
	assert_has(text, "the bundle has no topology.xml");
	free(text);
}

/* A hot row is the cache's, not the memory's: the best figures have both, each under its name. */
static void the_best_of_one_kind_hides_no_other(void **state) {
	(void)state;
	char path[64];
	struct wm_bundle *bundle = begin("best", path, "r");
	struct sample s = {"read", "read:bytes=64,dtype=f32,cache=hot", "host", "ref", "B/s", "ok", "", 1e-3, 1};
	put(bundle, 1, &s);
	s.problem = "read:bytes=6400,dtype=f32,cache=cold";
	s.seconds = 1e-2;
	put(bundle, 2, &s);
	s.problem = "read:bytes=640,dtype=f32,cache=cold";
	s.seconds = 2e-2;
	put(bundle, 3, &s);
	wm_bundle_close(bundle);
	char *text = page(path);
	char *best = strstr(text, ">Best figures</h3>"), *end = strstr(best, "</table>");
	assert_sound(text);
	*end = 0;
	assert_has(best, "10.00 GB/s");
	assert_has(best, "cache=hot");
	assert_has(best, "1.000 GB/s");
	assert_null(strstr(best, "500.0 MB/s"));
	free(text);
}

static void what_is_not_known_is_said(void **state) {
	(void)state;
	char path[64], other[64];
	char *paths[] = {path, other};
	struct sample s = {"gemm", "gemm:m=1", "host", "ref", "flop/s", "ok", "", 1e-3, 1};
	struct wm_bundle *bundle = begin("known", path, "r");
	put(bundle, 1, &s);
	json_t *run = json_pack("{s:i, s:s, s:i, s:[s, s, s]}", "schema", 1, "run", "r1", "planned", 2, "command",
	                        "wattmark", "run", "a b's");
	assert_int_equal(wm_bundle_put_json(bundle, "run.json", run), WM_OK);
	json_decref(run);
	wm_bundle_close(bundle);
	char *text = page(path);
	assert_sound(text);
	assert_has(text, "No percentage of peak on host: datasheet peak unknown for this device.");
	assert_has(text, "No record says that a row failed or was skipped; some that were planned have none.");
	assert_has(text, "All rows below are ok: ran, verified, timed.");
	/* the command can be given to a shell */
	assert_has(text, "<code>wattmark run &#39;a b&#39;\\&#39;&#39;s&#39;</code>");
	free(text);
	/* of several runs, which one a line is of */
	bundle = begin("unknown", other, "r2");
	s.status = "skip";
	s.why = "no time";
	s.seconds = 0;
	put(bundle, 1, &s);
	wm_bundle_close(bundle);
	text = page_of(paths, 2);
	assert_sound(text);
	assert_has(text, "--impl ref</code>, run r2, line 1</li>");
	free(text);
}

/* ---- drawings ----------------------------------------------------------------------------------------------- */

static const char *write_sweep(char path[64]) {
	struct wm_bundle *bundle = begin("sweep", path, "r");
	char problem[96];
	for (int i = 0; i < 4; i++) {
		struct sample s = {"gemm", problem, "gpu\"; !touch x", "ref", "flop/s", "ok", "", 1e-3, 1};
		snprintf(problem, sizeof problem, "gemm:m=%d,n=%d,k=%d,dtype=f32", 64 << i, 64 << i, 64 << i);
		put(bundle, i, &s);
	}
	wm_bundle_close(bundle);
	return path;
}

static void without_gnuplot_there_are_tables_and_the_reason(void **state) {
	(void)state;
	char path[64];
	stand_in("gnuplot", NULL);
	char *text = page(write_sweep(path));
	assert_sound(text);
	assert_has(text, "Not drawn: the program gnuplot is not installed");
	assert_has(text, "The tables have all figures.");
	assert_int_equal(count(text, "<figure>"), 0);
	free(text);
}

static void gnuplot_gets_numbers_and_no_names(void **state) {
	(void)state;
	char path[64], script[256], heard[4096] = "";
	snprintf(path, sizeof path, "%s/sweep", root);
	snprintf(script, sizeof script, "exec /bin/cat >>%s/heard", root);
	stand_in("gnuplot", script);
	free(page(path));
	snprintf(script, sizeof script, "%s/heard", root);
	FILE *in = fopen(script, "r");
	assert_non_null(in);
	assert_true(fread(heard, 1, sizeof heard - 1, in) > 0);
	fclose(in);
	assert_has(heard, "\n64 1");
	assert_null(strstr(heard, "gpu"));
	assert_null(strstr(heard, "touch"));
}

static void a_drawing_is_named_and_described(void **state) {
	(void)state;
	char path[64];
	snprintf(path, sizeof path, "%s/sweep", root);
	stand_in("gnuplot", "echo \"<svg viewBox='0 0 440 290'><script>x</script><path id='p' d='M1,1'/></svg>\"");
	char *text = page(path);
	assert_sound(text);
	assert_int_equal(count(text, "<figure>"), 2);
	assert_has(text, "<path id=\"d1-p\" d=\"M1,1\"/>");
	assert_has(text, "ref on gpu&quot;; !touch x: 1.000 TFLOP/s at 64, 1.000 TFLOP/s at 512.");
	free(text);
}

static void a_gnuplot_that_fails_costs_its_drawings_only(void **state) {
	(void)state;
	char path[64];
	snprintf(path, sizeof path, "%s/sweep", root);
	stand_in("gnuplot", "echo 'no terminal <b onload=x>' >&2; exit 3");
	char *text = page(path);
	assert_sound(text);
	assert_has(text, "Not drawn: gnuplot ended with status 3: no terminal &lt;b onload=x&gt;");
	free(text);
	stand_in("gnuplot", "echo nonsense");
	text = page(path);
	assert_sound(text);
	assert_has(text, "Not drawn: there is no drawing");
	assert_int_equal(count(text, "<figure>"), 0);
	free(text);
}

/* ---- energy ------------------------------------------------------------------------------------------------- */

static void the_machine_tells_of_its_meters(void **state) {
	(void)state;
	stand_in("gnuplot", NULL);
	char *text = page("tests/reports/energy");
	assert_sound(text);
	/* scope class, kind, refresh, accuracy; what nobody states; why one is off; what is missing; rest */
	assert_has(text,
	           "<th scope=\"row\">nvml:0</th><td class=\"wide\">accelerator</td><td class=\"wide\">GPU</td><td "
	           "class=\"wide\">counter</td><td class=\"num\">100.0 ms</td><td class=\"num\">100.0 ms</td><td "
	           "class=\"num\">\xc2\xb1"
	           "5%</td><td class=\"wide\">usable</td>");
	assert_has(text, "<td class=\"num\">unknown</td><td class=\"wide\">perf_event_open: Permission denied");
	assert_has(text, "No source of the meter amdsmi: libamd_smi.so");
	assert_has(text, "<td class=\"wide\">begin</td><td class=\"num\">70.00 W</td><td class=\"num\">10.00 s</td>");
	assert_has(text, "<td class=\"wide\">end</td><td class=\"wide\">3 readings: too few</td>");
	free(text);
}

static void work_per_joule_stands_beside_work_per_second(void **state) {
	(void)state;
	stand_in("gnuplot", NULL);
	char *text = page("tests/reports/energy");
	assert_has(text, ">GFLOP/J [cpu]</th>");
	assert_has(text, ">GFLOP/J [accelerator]</th>");
	assert_has(text, "not weighed: not asked</p>");
	assert_has(text, "[node] not weighed: a window of 5 s");
	assert_has(text, "weighed rows were throttled");
	assert_has(text, "weighed rows have smoke windows");
	free(text);
}

static void power_is_drawn_with_its_windows(void **state) {
	(void)state;
	char script[256], heard[65536] = "";
	snprintf(script, sizeof script, "/bin/cat >>%s/power; echo \"<svg viewBox='0 0 440 290'><path d='M1,1'/></svg>\"",
	         root);
	stand_in("gnuplot", script);
	char *text = page("tests/reports/energy");
	assert_sound(text);
	assert_has(text, ">Power</h3>");
	assert_has(text, "Power over time: #");
	assert_has(text, "powercap:package-0 [cpu]: ");
	assert_has(text, "Shaded: 0.0 to 5.0, 5.3 to 10.3, 10.6 to 15.6.");
	/* the window that is no number is not */
	assert_has(text, "Shaded: 0.0 to 5.0, 10.6 to 15.6.");
	assert_has(text, "Work per joule over size, gross");
	free(text);
	snprintf(script, sizeof script, "%s/power", root);
	FILE *in = fopen(script, "r");
	assert_non_null(in);
	assert_true(fread(heard, 1, sizeof heard - 1, in) > 0);
	fclose(in);
	assert_has(heard, "set object 1 rectangle from 0, graph 0 to 5, graph 1 behind");
	assert_has(heard, "y_label = \"W\"");
	assert_null(strstr(heard, "powercap"));
}

/* Two boots read the same clock from its start: a case is drawn from its own. A counter is drawn by its joules, a
 * meter of power by its watts. */
static void power_is_of_the_own_boot_and_of_what_the_source_counts(void **state) {
	(void)state;
	char path[64], file[128];
	struct wm_bundle *bundle;
	struct wm_rows rows;
	struct wm_plot_set set;
	snprintf(path, sizeof path, "%s/boots", root);
	assert_int_equal(wm_bundle_create(path, "test", &bundle), WM_OK);
	json_t *run = json_pack("{s:i, s:s, s:[{s:[]}, {s:[{s:s, s:s}, {s:s, s:s}]}]}", "schema", 1, "run", "boots",
	                        "segments", "meters", "meters", "id", "c", "kind", "counter", "id", "p", "kind", "power");
	assert_non_null(run);
	assert_int_equal(wm_bundle_put_json(bundle, "run.json", run), WM_OK);
	json_decref(run);
	json_t *record = json_pack(
		"{s:i, s:s, s:s, s:i, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:{s:f}, s:{s:f}, s:s, s:{s:f, s:f,"
		" s:[{s:s, s:[s, s], s:f, s:f, s:f, s:s, s:[{s:s, s:f, s:f, s:f, s:i, s:s}]}]}}",
		"schema", 1, "method", "1.0", "case", "00000000000000aa", "replicate", 0, "segment", 1, "bench", "gemm",
		"problem", "gemm:m=1,n=1,k=1,dtype=f32", "impl", "ref", "backend", "host", "device", "host", "status", "ok",
		"metric", "flop/s", "verified", 1, "work", "flop", 1e9, "time", "median_s", 1e-3, "not_weighed", "", "energy",
		"length_s", 5.0, "lead_s", 1.0, "classes", "scope", "cpu", "sources", "c", "p", "joules_per_op", 0.1,
		"seconds_per_op", 1e-3, "watts", 100.0, "why", "", "windows", "source", "c", "from_s", 10.0, "to_s", 15.0,
		"operations", 5e3, "refreshes", 50, "why", "");
	assert_non_null(record);
	assert_int_equal(wm_bundle_record(bundle, record, NULL, 0), WM_OK);
	json_decref(record);
	wm_bundle_close(bundle);
	snprintf(file, sizeof file, "%s/power.csv", path);
	FILE *out = fopen(file, "w");
	assert_non_null(out);
	fputs("segment,time_s,source,joules,watts,cap_w,clock_hz,temperature_c,thermal_s,brake_s,capped_s\n", out);
	for (int segment = 0; segment < 2; segment++)
		for (int i = 0; i < 50; i++) {
			double at_s = 10 + 0.1 * i;
			fprintf(out, "%d,%.6f,c,%.6f,77,,,,,,\n", segment, at_s, (segment ? 100 : 300) * at_s);
			fprintf(out, "%d,%.6f,p,,%d,,,,,,\n", segment, at_s, segment ? 40 : 900);
		}
	fclose(out);
	char *paths[] = {path};
	assert_int_equal(wm_rows_read(paths, 1, &rows), WM_OK);
	wm_plot_power(&rows, &set);
	assert_int_equal(set.n, 1);
	assert_int_equal(set.v[0].n, 2);
	for (int s = 0; s < 2; s++) {
		const struct wm_plot_series *series = set.v[0].series[s];
		assert_true(series->n > 5);
		for (size_t i = 0; i < series->n; i++)
			assert_float_equal(series->v[i].y, s ? 40 : 100, 0.01);
	}
	wm_plot_free(&set);
	wm_rows_free(&rows);
}

/* A weighed case without its trace has its figures, and the page says what it lacks. */
static void a_trace_that_is_missing_is_said(void **state) {
	(void)state;
	char path[64];
	struct wm_bundle *bundle = begin("traceless", path, "r");
	json_t *record = json_pack(
		"{s:i, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:{s:f}, s:{s:f}, s:s, s:{s:f, s:f,"
		" s:[{s:s, s:[s], s:f, s:f, s:f, s:s, s:[{s:s, s:f, s:f, s:f, s:i, s:s}]}]}}",
		"schema", 1, "method", "1.0", "case", "00000000000000aa", "replicate", 0, "bench", "gemm", "problem",
		"gemm:m=1,n=1,k=1,dtype=f32", "impl", "ref", "backend", "host", "device", "host", "status", "ok", "why", "",
		"metric", "flop/s", "verified", 1, "work", "flop", 1e9, "time", "median_s", 1e-3, "not_weighed", "", "energy",
		"length_s", 5.0, "lead_s", 1.0, "classes", "scope", "cpu", "sources", hostile, "joules_per_op", 0.1,
		"seconds_per_op", 1e-3, "watts", 100.0, "why", "", "windows", "source", hostile, "from_s", 10.0, "to_s", 15.0,
		"operations", 5e3, "refreshes", 50, "why", "");
	assert_non_null(record);
	assert_int_equal(wm_bundle_record(bundle, record, NULL, 0), WM_OK);
	json_decref(record);
	wm_bundle_close(bundle);
	char *text = page(path);
	assert_sound(text);
	assert_has(text, "10.00</td>");
	assert_has(text, "Not drawn: 1 weighed row of which the bundle's power.csv has nothing.");
	free(text);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_makes_a_whole_page),
		cmocka_unit_test(hostile_text_stays_text),
		cmocka_unit_test(every_figure_leads_to_its_record),
		cmocka_unit_test(equal_reasons_are_one_line),
		cmocka_unit_test(large_bundles_make_bounded_pages_that_say_so),
		cmocka_unit_test(a_bundle_without_records_reads_as_such),
		cmocka_unit_test(the_best_of_one_kind_hides_no_other),
		cmocka_unit_test(what_is_not_known_is_said),
		cmocka_unit_test(without_gnuplot_there_are_tables_and_the_reason),
		cmocka_unit_test(gnuplot_gets_numbers_and_no_names),
		cmocka_unit_test(a_drawing_is_named_and_described),
		cmocka_unit_test(a_gnuplot_that_fails_costs_its_drawings_only),
		cmocka_unit_test(the_machine_tells_of_its_meters),
		cmocka_unit_test(work_per_joule_stands_beside_work_per_second),
		cmocka_unit_test(power_is_drawn_with_its_windows),
		cmocka_unit_test(power_is_of_the_own_boot_and_of_what_the_source_counts),
		cmocka_unit_test(a_trace_that_is_missing_is_said),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
