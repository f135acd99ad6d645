/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_carbon.c - carbon and money as a reader relies on them: right by hand, only from what was stated, and refused in
 * one exact line where that is half of something.
 */
#include "core/inifile.h"
#include "report/carbon.h"
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

extern const struct wm_report wm_report_table, wm_report_csv;

static char root[] = "/tmp/wattmark-carbon-XXXXXX";

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

static void must(enum wm_status st) {
	if (st)
		fail_msg("%s: %s", wm_status_word(st), wm_why());
}

/* ---- bundles and files by hand ------------------------------------------------------------------------------ */

static void put_record(struct wm_bundle *bundle, int id, const char *problem, const char *device, const char *name,
                       const char *scope) {
	char text[17];
	bool flop = !strncmp(problem, "gemm", 4);
	snprintf(text, sizeof text, "%016x", (unsigned)id);
	/* 1e12 of work in 2 s of the windows at 500 W, 1 s in the timed samples */
	json_t *record =
		json_pack("{s:i, s:s, s:s, s:i, s:s#, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:{s:f, s:f}, s:{s:f}}", "schema",
	              1, "method", "1.0", "case", text, "replicate", 0, "bench", problem, (int)strcspn(problem, ":"),
	              "problem", problem, "impl", "x", "backend", "cuda", "device", device, "device_name", name, "status",
	              "ok", "metric", flop ? "flop/s" : "B/s", "verified", 1, "work", "flop", flop ? 1e12 : 0.0, "bytes",
	              1e12, "time", "median_s", 1.0);
	assert_non_null(record);
	if (scope)
		json_object_set_new(record, "energy",
		                    json_pack("{s:f, s:[{s:s, s:[s], s:f, s:f, s:f, s:s}]}", "length_s", 5.0, "classes",
		                              "scope", scope, "sources", "m:0", "joules_per_op", 1000.0, "seconds_per_op", 2.0,
		                              "watts", 500.0, "why", ""));
	else
		json_object_set_new(record, "not_weighed", json_string("not asked"));
	must(wm_bundle_record(bundle, record, NULL, 0));
	json_decref(record);
}

#define H100 "NVIDIA H100 80GB HBM3"
#define H200 "NVIDIA H200"

static struct wm_bundle *begin(const char *name, char path[128]) {
	struct wm_bundle *bundle;
	snprintf(path, 128, "%s/%s", root, name);
	must(wm_bundle_create(path, "test", &bundle));
	json_t *run = json_pack("{s:i, s:s, s:[{s:s, s:s, s:i}, {s:s, s:s, s:i}]}", "schema", 1, "run", name, "devices",
	                        "id", "cuda:0", "name", H100, "units", 132, "id", "cuda:1", "name", H200, "units", 132);
	must(wm_bundle_put_json(bundle, "run.json", run));
	json_decref(run);
	return bundle;
}

static const char *prices(const char *text) {
	static char path[128];
	static int n;
	snprintf(path, sizeof path, "%s/prices-%d.ini", root, n++);
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	return path;
}

static struct wm_carbon read_carbon(const char *country, double g_per_kwh, double pue, const char *file) {
	struct wm_carbon carbon;
	must(wm_carbon_read(&(struct wm_carbon_ask){country, file, g_per_kwh, pue}, &carbon));
	return carbon;
}

static void read_rows(char *path, struct wm_carbon *carbon, struct wm_rows *rows) {
	must(wm_rows_read(&path, 1, rows));
	wm_carbon_set(carbon, rows);
}

static char *write_as(const struct wm_report *format, const struct wm_rows *rows) {
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	must(format->write(out, rows));
	fclose(out);
	return text;
}

static void assert_has(const char *text, const char *what) {
	if (!strstr(text, what))
		fail_msg("no \"%s\" in\n%s", what, text);
}

static bool near(double a, double b) {
	return fabs(a / b - 1) < 1e-9;
}

static const char whole[] = "[" H100
							"]\npurchase = 35064\ncurrency = EUR\nlifetime_years = 4\nutilisation = 0.5\n"
							"energy_price = 0.25\n";

/* ---- carbon ------------------------------------------------------------------------------------------------- */

/* 1000 J for 1e12 flop: R = 1 PFLOP takes 1e6 J = 0.27778 kWh and 2000 s. */
static void operational_carbon_is_energy_times_intensity(void **state) {
	(void)state;
	char path[128];
	struct wm_rows rows;
	struct wm_bundle *bundle = begin("operational", path);
	put_record(bundle, 1, "gemm:m=1", "cuda:0", H100, "accelerator");
	put_record(bundle, 2, "read:bytes=8", "cuda:0", H100, "accelerator");
	wm_bundle_close(bundle);
	struct wm_carbon carbon = read_carbon(NULL, 360, 1.5, NULL);
	read_rows(path, &carbon, &rows);
	for (size_t i = 0; i < 2; i++) {
		/* a TB is 1e12 bytes, a PFLOP 1e15 */
		double scale = i ? 1e-3 : 1;
		const struct wm_energy *e = &rows.v[i].energy[0];
		assert_true(near(e->unit_kwh, scale * 1e6 / 3.6e6 * 1.5));
		assert_true(near(e->unit_g, scale * 150));
		assert_true(near(e->hour_g, 0.5 * 1.5 * 360));
		assert_true(isnan(e->unit_embodied_g) && isnan(e->unit_cost) && isnan(rows.v[i].unit_rent));
		assert_has(e->inputs, "SCI = (E x I + M) per R");
	}
	char *table = write_as(&wm_report_table, &rows);
	assert_has(table, "kWh/PFLOP [accelerator]");
	assert_has(table, "gCO2e/PFLOP [accelerator]");
	assert_has(table, "gCO2e/TB [accelerator]");
	assert_has(table,
	           "SCI = (E x I + M) per R, E = measured energy x PUE 1.5, I = 360 gCO2e/kWh, as stated by "
	           "--grid-intensity, M left out, operational only: no lifetime_years is stated, R = 1 PFLOP");
	assert_null(strstr(table, "embodied gCO2e"));
	assert_null(strstr(table, "EUR"));
	free(table);
	wm_rows_free(&rows);
	wm_carbon_free(&carbon);
}

static void the_country_gives_the_intensity_and_its_year(void **state) {
	(void)state;
	struct wm_carbon carbon = read_carbon("fra", NAN, NAN, NULL);
	assert_true(carbon.g_per_kwh == 56);
	assert_string_equal(carbon.pue_text, "1 (IT only)");
	assert_has(carbon.intensity,
	           "56.0 gCO2e/kWh, France (FRA), mean of 2023, lifecycle: Ember through Our World in "
	           "Data (CC BY 4.0)");
	/* a stated one goes before it */
	struct wm_carbon stated = read_carbon("FRA", 12, 1.2, NULL);
	assert_true(stated.g_per_kwh == 12);
	assert_string_equal(stated.pue_text, "1.2");
	wm_carbon_free(&carbon);
	wm_carbon_free(&stated);
}

/* 164 kg over 4 years: 2000 s of a PFLOP are 164000 x 2000 / 126230400 g. */
static void embodied_carbon_needs_figure_and_lifetime(void **state) {
	(void)state;
	char path[128];
	struct wm_rows rows;
	struct wm_bundle *bundle = begin("embodied", path);
	put_record(bundle, 1, "gemm:m=1", "cuda:0", H100, "accelerator");
	put_record(bundle, 2, "gemm:m=2", "cuda:0", H100, "node");
	wm_bundle_close(bundle);
	struct wm_carbon carbon = read_carbon(NULL, 360, NAN, prices("[" H100 "]\nlifetime_years = 4\n"));
	read_rows(path, &carbon, &rows);
	const struct wm_energy *own = &rows.v[0].energy[0], *node = &rows.v[1].energy[0];
	double m = 164000 * 2000 / (4 * 31557600.0);
	assert_true(near(own->unit_embodied_g, m));
	assert_true(near(own->unit_g, 100 + m));
	assert_true(near(own->hour_g, 0.5 * 360 + 164000 * 3600 / (4 * 31557600.0)));
	assert_has(own->inputs, "M = TE x TS x RS, TE = 164 kgCO2e (an eighth of the HGX H100 baseboard's 1312 kg");
	assert_has(own->inputs, "TS = time over 4 years (");
	/* the server around it is another thing */
	assert_true(isnan(node->unit_embodied_g) && near(node->unit_g, 100));
	assert_has(node->inputs, "M left out, operational only: no vendor's figure is of this class");
	wm_rows_free(&rows);
	wm_carbon_free(&carbon);
}

/* A sum with M never stands beside one without. */
static void embodied_carbon_is_of_all_rows_of_a_class_or_of_none(void **state) {
	(void)state;
	char path[128], text[512];
	struct wm_rows rows;
	struct wm_bundle *bundle = begin("terms", path);
	put_record(bundle, 1, "gemm:m=1", "cuda:0", H100, "accelerator");
	put_record(bundle, 2, "gemm:m=1", "cuda:1", H200, "accelerator");
	wm_bundle_close(bundle);
	snprintf(text, sizeof text, "[accelerator]\nlifetime_years = 4\n");
	struct wm_carbon carbon = read_carbon(NULL, 360, NAN, prices(text));
	read_rows(path, &carbon, &rows);
	for (int i = 0; i < 2; i++) {
		assert_true(near(rows.v[i].energy[0].unit_g, 100));
		assert_true(near(rows.v[i].energy[0].hour_g, 180));
		assert_true(isnan(rows.v[i].energy[0].unit_embodied_g));
	}
	assert_has(rows.v[0].energy[0].inputs, "M left out, operational only: other rows of this class have none");
	assert_has(rows.v[1].energy[0].inputs, "M left out, operational only: no vendor's figure for this device");
	wm_rows_free(&rows);
	wm_carbon_free(&carbon);
}

/* ---- money -------------------------------------------------------------------------------------------------- */

/* 35064 EUR over 4 years at half use are 2 EUR an hour; 500 W at PUE 1.2 and 0.25 EUR are 0.15 EUR an hour. */
static void cost_is_purchase_over_use_and_energy(void **state) {
	(void)state;
	char path[128];
	struct wm_rows rows;
	struct wm_bundle *bundle = begin("cost", path);
	put_record(bundle, 1, "gemm:m=1", "cuda:0", H100, "accelerator");
	put_record(bundle, 2, "gemm:m=2", "cuda:0", H100, "node");
	wm_bundle_close(bundle);
	struct wm_carbon carbon = read_carbon(NULL, NAN, 1.2, prices(whole));
	read_rows(path, &carbon, &rows);
	const struct wm_energy *e = &rows.v[0].energy[0];
	assert_true(near(e->hour_cost, 2.15));
	assert_true(near(e->unit_cost, 2.15 * 2000 / 3600));
	assert_true(isnan(e->unit_g) && isnan(e->hour_g));
	/* a GPU's price is not its server's */
	assert_true(isnan(rows.v[1].energy[0].unit_cost));
	assert_has(rows.v[1].energy[0].inputs, "no cost: no price is stated");
	char *table = write_as(&wm_report_table, &rows), *csv = write_as(&wm_report_csv, &rows);
	assert_has(table, "EUR/PFLOP [accelerator]");
	assert_has(table, "EUR/h [accelerator]");
	assert_null(strstr(table, "EUR/h [node]"));
	assert_null(strstr(table, "gCO2e"));
	assert_has(table,
	           "cost = 35064 EUR over 4 years at utilisation 0.5, and measured energy x PUE 1.2 at 0.25 EUR/kWh");
	assert_has(csv,
	           "wall_energy_note,cost [accelerator],cost/h [accelerator],inputs [accelerator],cost [node],cost/h "
	           "[node],inputs [node],rent,rent_inputs\r\n");
	free(table);
	free(csv);
	wm_rows_free(&rows);
	wm_carbon_free(&carbon);
}

/* 3.6 EUR an hour; a PFLOP at 1e12 flop/s takes 1000 s. It needs no meter, and energy is not added again. */
static void rent_goes_by_time_alone(void **state) {
	(void)state;
	char path[128];
	struct wm_rows rows;
	struct wm_bundle *bundle = begin("rent", path);
	put_record(bundle, 1, "gemm:m=1", "cuda:0", H100, NULL);
	put_record(bundle, 2, "gemm:m=2", "cuda:0", H100, "accelerator");
	put_record(bundle, 3, "gemm:m=3", "cuda:1", H200, NULL);
	wm_bundle_close(bundle);
	struct wm_carbon carbon = read_carbon(NULL, NAN, NAN, prices("[" H100 "]\nrent = 3.6\ncurrency = USD\n"));
	read_rows(path, &carbon, &rows);
	for (int i = 0; i < 2; i++)
		assert_true(near(rows.v[i].unit_rent, 1));
	assert_true(isnan(rows.v[2].unit_rent));
	/* a class is that of the device, also in rows that were not weighed */
	struct wm_carbon by_class = read_carbon(NULL, NAN, NAN, prices("[accelerator]\nrent = 7.2\ncurrency = USD\n"));
	wm_carbon_set(&by_class, &rows);
	for (int i = 0; i < 2; i++)
		assert_true(near(rows.v[i].unit_rent, 2));
	wm_carbon_free(&by_class);
	struct wm_carbon by_node = read_carbon(NULL, NAN, NAN, prices("[node]\nrent = 7.2\ncurrency = USD\n"));
	wm_carbon_set(&by_node, &rows);
	assert_true(isnan(rows.v[1].unit_rent));
	wm_carbon_free(&by_node);
	wm_carbon_set(&carbon, &rows);
	assert_true(isnan(rows.v[1].energy[0].unit_cost));
	char *table = write_as(&wm_report_table, &rows);
	assert_has(table, "USD/PFLOP, rent");
	assert_has(table, "rent of cuda:0: 3.6 USD/h, energy in it (");
	assert_null(strstr(table, "USD/h ["));
	free(table);
	wm_rows_free(&rows);
	wm_carbon_free(&carbon);
}

/* The device is rented, not the server that alone has a meter; what is stated of the server goes after it. */
static void rent_of_a_device_holds_where_only_its_server_is_weighed(void **state) {
	(void)state;
	static const char *const around[] = {"node", "server", "wall"};
	for (int i = 0; i < 3; i++) {
		char path[128], text[256];
		struct wm_rows rows;
		struct wm_bundle *bundle = begin(around[i], path);
		put_record(bundle, 1, "gemm:m=1", "cuda:0", H100, around[i]);
		put_record(bundle, 2, "gemm:m=2", "cuda:1", H200, around[i]);
		wm_bundle_close(bundle);
		snprintf(text, sizeof text, "[%s]\nrent = 7.2\ncurrency = USD\n[" H100 "]\nrent = 3.6\ncurrency = USD\n",
		         around[i]);
		struct wm_carbon carbon = read_carbon(NULL, NAN, NAN, prices(text));
		read_rows(path, &carbon, &rows);
		assert_true(near(rows.v[0].unit_rent, 1));
		assert_true(near(rows.v[1].unit_rent, 2));
		wm_rows_free(&rows);
		wm_carbon_free(&carbon);
	}
}

/* A part goes by the name of the whole host, but has not all of its price. */
static void the_price_of_the_host_is_not_that_of_its_parts(void **state) {
	(void)state;
	char path[128];
	struct wm_rows rows;
	struct wm_bundle *bundle = begin("parts", path);
	put_record(bundle, 1, "gemm:m=1", "host", "A CPU", "cpu");
	put_record(bundle, 2, "gemm:m=2", "host:cores=4", "A CPU", "cpu");
	put_record(bundle, 3, "gemm:m=3", "host:package=0", "A CPU", "cpu");
	wm_bundle_close(bundle);
	struct wm_carbon carbon =
		read_carbon(NULL, 360, NAN,
	                prices("[A CPU]\npurchase = 35064\ncurrency = EUR\nlifetime_years = 4\nutilisation = 0.5\n"
	                       "energy_price = 0.25\n"));
	read_rows(path, &carbon, &rows);
	assert_false(isnan(rows.v[0].energy[0].unit_cost));
	assert_has(rows.v[0].energy[0].inputs, "M left out, operational only: no vendor's figure is of this class");
	for (int i = 1; i < 3; i++) {
		const struct wm_energy *e = &rows.v[i].energy[0];
		assert_true(isnan(e->unit_cost) && isnan(e->hour_cost) && isnan(e->unit_embodied_g));
		assert_true(near(e->unit_g, 100));
		assert_has(e->inputs, "no cost: the price is of the whole machine");
		assert_has(e->inputs, "M left out, operational only: the price is of the whole machine");
	}
	struct wm_carbon rent = read_carbon(NULL, NAN, NAN, prices("[A CPU]\nrent = 3.6\ncurrency = USD\n"));
	wm_carbon_set(&rent, &rows);
	assert_true(near(rows.v[0].unit_rent, 1));
	assert_true(isnan(rows.v[1].unit_rent) && isnan(rows.v[2].unit_rent));
	char *table = write_as(&wm_report_table, &rows);
	assert_has(table, "no rent of host:cores=4: the price is of the whole machine");
	assert_has(table, "no rent of host:package=0: the price is of the whole machine");
	assert_null(strstr(table, "no rent of host: "));
	free(table);
	wm_rows_free(&rows);
	wm_carbon_free(&rent);
	wm_carbon_free(&carbon);
}

static void csv_tells_what_rent_is_made_of(void **state) {
	(void)state;
	char path[128];
	struct wm_rows rows;
	struct wm_bundle *bundle = begin("inputs", path);
	put_record(bundle, 1, "gemm:m=1", "cuda:0", H100, NULL);
	put_record(bundle, 2, "gemm:m=2", "cuda:1", H200, NULL);
	wm_bundle_close(bundle);
	struct wm_carbon carbon = read_carbon(NULL, NAN, NAN, prices("[" H100 "]\nrent = 3.6\ncurrency = USD\n"));
	read_rows(path, &carbon, &rows);
	char *csv = write_as(&wm_report_csv, &rows);
	assert_has(csv, ",rent,rent_inputs\r\n");
	assert_has(csv, ",1,\"rent of cuda:0: 3.6 USD/h, energy in it (");
	assert_has(csv, ",NA,no rent is stated\r\n");
	free(csv);
	wm_rows_free(&rows);
	wm_carbon_free(&carbon);
}

/* ---- below a table ------------------------------------------------------------------------------------------ */

static int count(const char *text, const char *what) {
	int n = 0;
	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* The same inputs of two classes and of two devices are four lines; beyond 16 it is said that there are more. */
static void inputs_are_told_for_each_device_and_class(void **state) {
	(void)state;
	static const int devices[] = {2, 16, 17};
	for (int i = 0; i < 3; i++) {
		char path[128], name[32];
		struct wm_rows rows;
		snprintf(name, sizeof name, "told-%d", i);
		struct wm_bundle *bundle = begin(name, path);
		for (int d = 0; d < devices[i]; d++) {
			char device[32];
			snprintf(device, sizeof device, "cuda:%d", d);
			put_record(bundle, 2 * d + 1, "gemm:m=1", device, H100, "node");
			if (!i)
				put_record(bundle, 2 * d + 2, "gemm:m=2", device, H100, "wall");
		}
		wm_bundle_close(bundle);
		struct wm_carbon carbon = read_carbon(NULL, 360, NAN, NULL);
		read_rows(path, &carbon, &rows);
		char *table = write_as(&wm_report_table, &rows);
		assert_int_equal(count(table, ": SCI = "), i ? 16 : 4);
		assert_int_equal(count(table, "; by m:0; "), i ? 16 : 4);
		assert_int_equal(count(table, "  inputs: more, not shown\n"), devices[i] > 16);
		assert_int_equal(count(table, "  [node]: more, not shown\n"), devices[i] > 16);
		free(table);
		wm_rows_free(&rows);
		wm_carbon_free(&carbon);
	}
}

static void nothing_stated_nothing_shown(void **state) {
	(void)state;
	char path[128];
	struct wm_rows rows;
	struct wm_bundle *bundle = begin("nothing", path);
	put_record(bundle, 1, "gemm:m=1", "cuda:0", H100, "accelerator");
	wm_bundle_close(bundle);
	struct wm_carbon carbon = read_carbon(NULL, NAN, NAN, NULL);
	assert_false(wm_carbon_asked(&carbon));
	read_rows(path, &carbon, &rows);
	char *table = write_as(&wm_report_table, &rows), *csv = write_as(&wm_report_csv, &rows);
	assert_null(strstr(table, "CO2"));
	assert_null(strstr(table, "SCI"));
	assert_has(csv, "wall_energy_note\r\n");
	free(table);
	free(csv);
	wm_rows_free(&rows);
	wm_carbon_free(&carbon);
}

/* ---- what is refused ---------------------------------------------------------------------------------------- */

static void assert_refused(const struct wm_carbon_ask *ask, const char *why) {
	struct wm_carbon carbon;
	assert_int_equal(wm_carbon_read(ask, &carbon), WM_INPUT);
	assert_has(wm_why(), why);
	assert_null(strchr(wm_why(), '\n'));
}

static void what_is_not_there_is_named(void **state) {
	(void)state;
	assert_refused(&(struct wm_carbon_ask){"FRX", NULL, NAN, NAN}, "unknown country 'FRX'; did you mean 'FRA'?");
	assert_refused(&(struct wm_carbon_ask){"Frankreich", NULL, NAN, NAN},
	               "unknown country 'Frankreich': give one of the codes of results/reference/grid.ini (ISO 3166-1 "
	               "alpha-3, such as FRA), or --grid-intensity");
	assert_refused(&(struct wm_carbon_ask){NULL, NULL, NAN, 1.2},
	               "--pue changes nothing without --country, --grid-intensity or --prices");
	assert_refused(&(struct wm_carbon_ask){NULL, "/nonexistent/prices", NAN, NAN},
	               "/nonexistent/prices: No such file or directory");
	/* the neighbours of each */
	struct wm_carbon carbon = read_carbon("FRA", NAN, 1.2, NULL);
	wm_carbon_free(&carbon);
}

/* Each with what is right beside it, so that no rule refuses everything. */
static void a_file_of_prices_is_whole_or_refused(void **state) {
	(void)state;
	static const struct {
		const char *text, *why; /* why "": it is right */
	} files[] = {
		{whole, ""},
		{"[x]\nrent = 1\ncurrency = EUR\n", ""},
		{"[x]\nlifetime_years = 5\n", ""},
		{"[x]\nrent = 1\ncurrency = EUR\nlifetime_years = 5\n", ""},
		{"[x]\npurchase = 0\ncurrency = EUR\nlifetime_years = 100\nutilisation = 1\nenergy_price = 0\n", ""},
		{"", ": no section with a price"},
		{"[x]\n", ":1: [x] says nothing: give purchase, rent or lifetime_years"},
		{"[x]\npurchase = 1\ncurrency = EUR\nutilisation = 1\nenergy_price = 0\n",
	     ":1: [x] has purchase, which needs lifetime_years"},
		{"[x]\npurchase = 1\ncurrency = EUR\nlifetime_years = 1\nenergy_price = 0\n",
	     ":1: [x] has purchase, which needs utilisation"},
		{"[x]\npurchase = 1\ncurrency = EUR\nlifetime_years = 1\nutilisation = 1\n",
	     ":1: [x] has purchase, which needs energy_price"},
		{"[x]\npurchase = 1\nlifetime_years = 1\nutilisation = 1\nenergy_price = 0\n",
	     ":1: [x] has purchase, which needs currency"},
		{"[x]\nrent = 1\n", ":1: [x] has rent, which needs currency"},
		{"[x]\nenergy_price = 1\ncurrency = EUR\n", ":1: [x] has energy_price, which needs purchase"},
		{"[x]\nutilisation = 1\ncurrency = EUR\n", ":1: [x] has utilisation, which needs purchase"},
		{"[x]\nrent = 1\ncurrency = EUR\nenergy_price = 1\n", ":1: [x] has rent, which holds energy and use already"},
		{"[x]\nlifetime_years = 0\n", ":2: lifetime_years = 0: give a number above 0, at most 100"},
		{"[x]\nlifetime_years = 101\n", ":2: lifetime_years = 101: give a number above 0, at most 100"},
		{"[x]\nutilisation = 70\n", ":2: utilisation = 70: give a number above 0, at most 1"},
		{"[x]\nrent = -1\n", ":2: rent = -1: give a number from 0, at most 1e+09"},
		{"[x]\nrent = 1,5\n", ":2: rent = 1,5: give a number"},
		{"[x]\nrent = nan\n", ":2: rent = nan: give a number"},
		{"[x]\nrent = 0x7530\ncurrency = EUR\n", ":2: rent = 0x7530: give a number from 0, at most 1e+09"},
		{"[x]\nrent = 3e4\ncurrency = EUR\n", ""},
		{"[x]\nrnet = 1\n", ":2: unknown key 'rnet'; did you mean 'rent'?"},
		{"[x]\ncolour = 1\n", ":2: unknown key 'colour'"},
		{"[x]\nrent = 1\nrent = 2\n", ":3: rent is given twice in [x], first in line 2"},
		{"[x]\nlifetime_years = 1\n[x]\nlifetime_years = 2\n", ":3: [x] is there twice, first in line 1"},
		{"[x]\ncurrency = Euro\n", ":2: currency = Euro: give three capital letters, such as EUR (ISO 4217)"},
		{"[x]\nrent = 1\ncurrency = EUR\n[y]\nrent = 1\ncurrency = USD\n",
	     ":6: currency = USD: the file began with EUR, and one column has one currency"},
		{"rent = 1\n", ":1: rent stands before the first [section]"},
	};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		const char *path = prices(files[i].text);
		if (*files[i].why) {
			char why[256];
			snprintf(why, sizeof why, "%s%s", path, files[i].why);
			assert_refused(&(struct wm_carbon_ask){NULL, path, NAN, NAN}, why);
		} else {
			struct wm_carbon carbon = read_carbon(NULL, NAN, NAN, path);
			wm_carbon_free(&carbon);
		}
	}
}

/* A section that is of nothing in the report has one line; one that is, of a device or of a class, has none. */
static void a_section_without_a_device_is_named(void **state) {
	(void)state;
	char path[128], expected[1024], *said = NULL;
	size_t bytes;
	struct wm_rows rows;
	struct wm_bundle *bundle = begin("unused", path);
	put_record(bundle, 1, "gemm:m=1", "cuda:0", H100, "node");
	wm_bundle_close(bundle);
	const char *file = prices("[" H100
	                          "]\nlifetime_years = 4\n[node]\nlifetime_years = 4\n"
	                          "[NVIDIA H100 80GB HBM2]\nlifetime_years = 4\n[noed]\nlifetime_years = 4\n"
	                          "[accelerator]\nlifetime_years = 4\n[\x1b[31m]\nlifetime_years = 4\n");
	struct wm_carbon carbon = read_carbon(NULL, 360, NAN, file);
	read_rows(path, &carbon, &rows);
	FILE *out = open_memstream(&said, &bytes);
	wm_carbon_unused(&carbon, &rows, out);
	fclose(out);
	snprintf(expected, sizeof expected,
	         "wattmark: %s:5: [NVIDIA H100 80GB HBM2] is no device or class of this report; did you mean '" H100
	         "'?\n"
	         "wattmark: %s:7: [noed] is no device or class of this report; did you mean 'node'?\n"
	         "wattmark: %s:9: [accelerator] is no device or class of this report\n"
	         "wattmark: %s:11: [\\x1b[31m] is no device or class of this report\n",
	         file, file, file, file);
	assert_string_equal(said, expected);
	free(said);
	wm_rows_free(&rows);
	wm_carbon_free(&carbon);
}

/* ---- the reference files ------------------------------------------------------------------------------------ */

static void parse_reference(const char *path, struct wm_ini *ini) {
	const char *text = wm_embedded(path);
	assert_non_null(text);
	must(wm_ini_parse(path, text, "", ini));
}

static void every_country_has_figure_year_and_name(void **state) {
	(void)state;
	struct wm_ini ini;
	size_t countries = 0;
	parse_reference("results/reference/grid.ini", &ini);
	for (size_t i = 0; i < ini.n; i++) {
		const struct wm_ini_section *section = &ini.sections[i];
		bool is_source = !strcmp(section->name, "source");
		if (is_source)
			assert_true(wm_ini_find(section, "source") && wm_ini_find(section, "license"));
		for (size_t k = 0; !is_source && k < section->n; k++, countries++) {
			double g;
			int year, at = 0;
			const struct wm_ini_entry *e = &section->v[k];
			assert_int_equal(strspn(e->key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 3);
			if (sscanf(e->value, "%lf | %d | %n", &g, &year, &at) != 2 || !e->value[at] || g < 1 || g > 1500 ||
			    year < 2021 || year > 2100)
				fail_msg("grid.ini:%d: %s = %s", e->line, e->key, e->value);
		}
	}
	assert_true(countries > 150);
	wm_ini_free(&ini);
}

/* A figure that no SKU of peaks.ini has would never be found. */
static void every_embodied_figure_is_of_a_known_device(void **state) {
	(void)state;
	struct wm_ini ini, peaks;
	parse_reference("results/reference/embodied.ini", &ini);
	parse_reference("results/reference/peaks.ini", &peaks);
	assert_true(ini.n > 0);
	for (size_t i = 0; i < ini.n; i++) {
		static const char *const keys[] = {"kg_co2e", "what", "source", "date"};
		bool known = false;
		for (size_t k = 0; k < peaks.n; k++)
			known |= !strcmp(peaks.sections[k].name, ini.sections[i].name);
		for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
			if (!wm_ini_find(&ini.sections[i], keys[k]))
				fail_msg("embodied.ini: [%s] has no %s", ini.sections[i].name, keys[k]);
		if (!known || !(strtod(wm_ini_find(&ini.sections[i], "kg_co2e")->value, NULL) > 1))
			fail_msg("embodied.ini: [%s]", ini.sections[i].name);
	}
	wm_ini_free(&ini);
	wm_ini_free(&peaks);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operational_carbon_is_energy_times_intensity),
		cmocka_unit_test(the_country_gives_the_intensity_and_its_year),
		cmocka_unit_test(embodied_carbon_needs_figure_and_lifetime),
		cmocka_unit_test(embodied_carbon_is_of_all_rows_of_a_class_or_of_none),
		cmocka_unit_test(cost_is_purchase_over_use_and_energy),
		cmocka_unit_test(rent_goes_by_time_alone),
		cmocka_unit_test(rent_of_a_device_holds_where_only_its_server_is_weighed),
		cmocka_unit_test(the_price_of_the_host_is_not_that_of_its_parts),
		cmocka_unit_test(csv_tells_what_rent_is_made_of),
		cmocka_unit_test(inputs_are_told_for_each_device_and_class),
		cmocka_unit_test(nothing_stated_nothing_shown),
		cmocka_unit_test(what_is_not_there_is_named),
		cmocka_unit_test(a_file_of_prices_is_whole_or_refused),
		cmocka_unit_test(a_section_without_a_device_is_named),
		cmocka_unit_test(every_country_has_figure_year_and_name),
		cmocka_unit_test(every_embodied_figure_is_of_a_known_device),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
