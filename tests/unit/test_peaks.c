/* SPDX-License-Identifier: Apache-2.0 */
/* test_peaks.c - rows against the datasheet of their device, and the reference data itself. */
#include "report/rows.h"
#include "store/bundle.h"

#include <ftw.h>
#include <ini.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/wattmark-peaks-XXXXXX";

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

/* ---- one row of one device ---------------------------------------------------------------------------------- */

/* A run on one device with one record, and its row. */
struct sketch {
	const char *name; /* of the device */
	int units;
	const char *problem, *metric;
	double value;          /* in the metric's unit */
	const char *pci, *xml; /* address, and the topology that has it */
	const char *host;      /* name of a host device; the device is then on its silicon */
};

static void must(enum wm_status st) {
	if (st)
		fail_msg("%s: %s", wm_status_word(st), wm_why());
}

static json_t *device(const char *id, const char *name, const char *pci, int units, bool on_host) {
	return json_pack("{s:s, s:s, s:s, s:i, s:b}", "id", id, "name", name, "pci", pci, "units", units, "on_host",
	                 on_host);
}

static void read_row(const struct sketch *s, struct wm_rows *rows) {
	static int n;
	char path[64], bench[16];
	struct wm_bundle *bundle;
	snprintf(path, sizeof path, "%s/%d", root, n++);
	snprintf(bench, sizeof bench, "%.*s", (int)strcspn(s->problem, ":"), s->problem);
	must(wm_bundle_create(path, "test", &bundle));
	json_t *run = json_pack("{s:i, s:s, s:s, s:[o]}", "schema", 1, "method", "1.0", "run", "r", "devices",
	                        device("dev:0", s->name, s->pci ? s->pci : "", s->units, s->host != NULL));
	if (s->host)
		json_array_append_new(json_object_get(run, "devices"), device("host", s->host, "", 96, true));
	must(wm_bundle_put_json(bundle, "run.json", run));
	json_decref(run);
	if (s->xml)
		must(wm_bundle_put_text(bundle, "topology.xml", s->xml));
	json_t *record =
		json_pack("{s:i, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:{s:f, s:f, s:f}, s:{s:f}}", "schema",
	              1, "method", "1.0", "case", "00000000000000a1", "replicate", 0, "bench", bench, "problem", s->problem,
	              "impl", "x", "backend", "dev", "device", "dev:0", "status", "ok", "metric", s->metric, "verified",
	              true, "work", "flop", s->value, "bytes", s->value, "wire_bytes", s->value, "time", "median_s", 1.0);
	must(wm_bundle_record(bundle, record, NULL, 0));
	json_decref(record);
	wm_bundle_close(bundle);
	must(wm_rows_read((char *[]){path}, 1, rows));
	assert_int_equal(rows->n, 1);
}

static void assert_peak(const struct sketch *sketch, double peak, const char *why) {
	struct wm_rows rows;
	read_row(sketch, &rows);
	const struct wm_row *row = &rows.v[0];
	assert_string_equal(row->peak_why, why);
	if (peak > 0)
		assert_true(fabs(row->peak / peak - 1) < 1e-12);
	else
		assert_true(isnan(row->peak));
	assert_int_equal(*row->peak_source != 0, peak > 0);
	assert_int_equal(row->status, WM_OK);
	wm_rows_free(&rows);
}

#define GEMM(type) .problem = "gemm:m=1,dtype=" type ",cache=cold", .metric = "flop/s", .value = 1e9
#define ROW(p, m, v) .problem = p, .metric = m, .value = v

static void a_device_is_known_by_its_whole_name(void **state) {
	(void)state;
	static const char unknown[] = "datasheet peak unknown for this device";
	assert_peak(&(struct sketch){.name = "NVIDIA H100 80GB HBM3", .units = 132, GEMM("bf16")}, 989.4e12, "");
	assert_peak(&(struct sketch){.name = "NVIDIA H100 PCIe", .units = 114, GEMM("bf16")}, 756e12, "");
	assert_peak(&(struct sketch){.name = "NVIDIA H100 NVL", .units = 132, GEMM("bf16")}, 0, unknown);
	assert_peak(&(struct sketch){.name = "NVIDIA H100 80GB HBM3 MIG 1g.10gb", .units = 16, GEMM("bf16")}, 0, unknown);
	assert_peak(&(struct sketch){.name = "NVIDIA H200", .units = 132, GEMM("bf16")}, 989.4e12, "");
	assert_peak(&(struct sketch){.name = "AMD Instinct MI300X", .units = 304, GEMM("bf16")}, 1307.4e12, "");
	assert_peak(&(struct sketch){.name = "AMD EPYC", .units = 4, GEMM("f32")}, 0, unknown);
	assert_peak(&(struct sketch){.name = "", .units = 0, GEMM("f32")}, 0, unknown);
}

static void a_slice_is_not_held_against_the_whole(void **state) {
	(void)state;
	assert_peak(&(struct sketch){.name = "AMD Instinct MI300X", .units = 38, GEMM("bf16")}, 0,
	            "datasheet peak is of all 304 units of MI300X, this device has 38");
	assert_peak(&(struct sketch){.name = "AMD Instinct MI300X", .units = 0, GEMM("bf16")}, 1307.4e12, "");
}

static void a_cpu_has_its_share_of_the_cores(void **state) {
	(void)state;
	static const char epyc[] = "AMD EPYC 9654 96-Core Processor";
	assert_peak(&(struct sketch){.name = epyc, .units = 96, GEMM("f64")}, 3686.4e9, "");
	assert_peak(&(struct sketch){.name = epyc, .units = 192, GEMM("f64")}, 2 * 3686.4e9, "");
	assert_peak(&(struct sketch){.name = epyc, .units = 24, GEMM("f64")}, 3686.4e9 / 4, "");
	assert_peak(&(struct sketch){.name = epyc, .units = 192, ROW("read:bytes=8,cache=cold", "B/s", 1)}, 2 * 460.8e9,
	            "");
	assert_peak(&(struct sketch){.name = epyc, .units = 24, ROW("read:bytes=8,cache=cold", "B/s", 1)}, 0,
	            "datasheet bandwidth is of whole packages");
	assert_peak(
		&(struct sketch){.name = "cpu-znver4-AMD EPYC 9654 96-Core Processor", .units = 96, GEMM("f64"), .host = epyc},
		3686.4e9, "");
	/* with two threads a core, OpenCL counts 192 units of one package */
	assert_peak(
		&(struct sketch){.name = "cpu-znver4-AMD EPYC 9654 96-Core Processor", .units = 192, GEMM("f64"), .host = epyc},
		3686.4e9, "");
}

static void every_metric_has_its_own_figure(void **state) {
	(void)state;
	static const char h100[] = "NVIDIA H100 80GB HBM3";
	assert_peak(&(struct sketch){.name = h100, .units = 132, GEMM("f64")}, 66.9e12, "");
	assert_peak(&(struct sketch){.name = h100, .units = 132, GEMM("tf32")}, 494.7e12, "");
	assert_peak(&(struct sketch){.name = h100, .units = 132, GEMM("i8")}, 1978.9e12, "");
	assert_peak(&(struct sketch){.name = h100, .units = 132, GEMM("i4")}, 0,
	            "no datasheet peak of i4 for H100 SXM5 80GB");
	assert_peak(&(struct sketch){.name = h100, .units = 132, ROW("read:bytes=8,cache=cold", "B/s", 1)}, 3350e9, "");
	assert_peak(&(struct sketch){.name = h100, .units = 132, ROW("read:bytes=8,cache=hot", "B/s", 1)}, 0,
	            "datasheets give no bandwidth of caches");
	assert_peak(&(struct sketch){.name = h100, .units = 132, ROW("allreduce:bytes=8", "B/s bus", 1)}, 450e9, "");
	assert_peak(&(struct sketch){.name = h100, .units = 132, ROW("allreduce:bytes=8,timing=latency", "B/s bus", 1)}, 0,
	            "latency has no peak");
	assert_peak(&(struct sketch){.name = h100, .units = 132, ROW("x:y=1", "apples/s", 1)}, 0,
	            "no datasheet peak of this metric");
}

static void the_source_says_what_figure_it_is(void **state) {
	(void)state;
	struct wm_rows rows;
	read_row(&(struct sketch){.name = "NVIDIA H100 80GB HBM3", .units = 132, GEMM("bf16")}, &rows);
	assert_non_null(strstr(rows.v[0].peak_source, "H100 SXM5 80GB: bf16, tensor cores, dense, at 1.83 GHz; "));
	assert_non_null(strstr(rows.v[0].peak_source, "glennklockwood.com"));
	assert_non_null(strstr(rows.v[0].peak_source, "read 2026-11-23"));
	wm_rows_free(&rows);
	read_row(&(struct sketch){.name = "AMD EPYC 9654 96-Core Processor", .units = 192, GEMM("f64")}, &rows);
	assert_non_null(strstr(rows.v[0].peak_source, "AMD EPYC 9654, 192 cores, 96 a package: f64, "));
	wm_rows_free(&rows);
	read_row(&(struct sketch){.name = "AMD EPYC 9654 96-Core Processor", .units = 24, GEMM("f64")}, &rows);
	assert_non_null(strstr(rows.v[0].peak_source, "AMD EPYC 9654, 24 of 96 cores: f64, "));
	wm_rows_free(&rows);
}

/* Drivers that decorate the name (OpenCL of AMD: "gfx942:sramecc+:xnack-"). */
static void a_pci_id_names_a_device_too(void **state) {
	(void)state;
	static const char xml[] =
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n<topology "
		"version=\"2.0\">"
		"<object type=\"Machine\" os_index=\"0\" cpuset=\"0x1\" complete_cpuset=\"0x1\" allowed_cpuset=\"0x1\" "
		"nodeset=\"0x1\" complete_nodeset=\"0x1\" allowed_nodeset=\"0x1\" gp_index=\"1\">"
		"<object type=\"NUMANode\" os_index=\"0\" cpuset=\"0x1\" complete_cpuset=\"0x1\" nodeset=\"0x1\" "
		"complete_nodeset=\"0x1\" gp_index=\"2\" local_memory=\"1000\"/>"
		"<object type=\"PU\" os_index=\"0\" cpuset=\"0x1\" complete_cpuset=\"0x1\" nodeset=\"0x1\" "
		"complete_nodeset=\"0x1\" "
		"gp_index=\"3\"/>"
		"<object type=\"Bridge\" gp_index=\"4\" bridge_type=\"0-1\" depth=\"0\" bridge_pci=\"0000:[00-ff]\">"
		"<object type=\"PCIDev\" gp_index=\"5\" pci_busid=\"0000:41:00.0\" pci_type=\"1200 [1002:74a1] [1002:74a1] "
		"00\" "
		"pci_link_speed=\"0.0\"/></object></object></topology>";
	assert_peak(
		&(struct sketch){
			.name = "gfx942:sramecc+:xnack-", .units = 304, GEMM("bf16"), .pci = "0000:41:00.0", .xml = xml},
		1307.4e12, "");
	static const char unknown[] = "datasheet peak unknown for this device";
	/* a partition of it that does not tell its units, or fewer */
	for (int units = 0; units <= 38; units += 38)
		assert_peak(
			&(struct sketch){
				.name = "gfx942:sramecc+:xnack-", .units = units, GEMM("bf16"), .pci = "0000:41:00.0", .xml = xml},
			0, unknown);
	assert_peak(
		&(struct sketch){
			.name = "gfx942:sramecc+:xnack-", .units = 304, GEMM("bf16"), .pci = "0000:42:00.0", .xml = xml},
		0, unknown);
	assert_peak(
		&(struct sketch){
			.name = "gfx942:sramecc+:xnack-", .units = 304, GEMM("bf16"), .pci = "0000:41:00.0", .xml = "<broken"},
		0, unknown);
	assert_peak(&(struct sketch){.name = "gfx942:sramecc+:xnack-", .units = 304, GEMM("bf16"), .pci = "0000:41:00.0"},
	            0, unknown);
}

/* ---- plausibility ------------------------------------------------------------------------------------------- */

static void assert_judged(const struct sketch *sketch, enum wm_status status, const char *note) {
	struct wm_rows rows;
	read_row(sketch, &rows);
	assert_int_equal(rows.v[0].status, status);
	assert_string_equal(rows.v[0].peak_note, note);
	assert_string_equal(rows.v[0].why, status == WM_OK ? "" : note);
	wm_rows_free(&rows);
}

/* 132 SMs, 4096 flop a clock: 989.4 TFLOP/s at 1.83 GHz, 1070.5 at 1.98 GHz, which can be set. */
static void what_no_clock_allows_is_suspect(void **state) {
	(void)state;
#define H100(v) {.name = "NVIDIA H100 80GB HBM3", .units = 132, ROW("gemm:m=1,dtype=bf16,cache=cold", "flop/s", v)}
	assert_judged(&(struct sketch)H100(989e12), WM_OK, "");
	assert_judged(&(struct sketch)H100(990e12), WM_OK, "above datasheet clock");
	assert_judged(&(struct sketch)H100(1070e12), WM_OK, "above datasheet clock");
	assert_judged(
		&(struct sketch)H100(1200e12), WM_SUSPECT,
		"impossible: 1.200 PFLOP/s is above 1.071 PFLOP/s, all that H100 SXM5 80GB can do at its highest clock");
#undef H100
}

/* 2619 MHz, 5120 bits, two transfers a clock: 3352 GB/s. */
static void no_memory_is_faster_than_its_wires(void **state) {
	(void)state;
#define READ(n, u, v) {.name = n, .units = u, ROW("read:bytes=8,cache=cold", "B/s", v)}
	assert_judged(&(struct sketch)READ("NVIDIA H100 80GB HBM3", 132, 3351e9), WM_OK, "above datasheet bandwidth");
	assert_judged(&(struct sketch)READ("NVIDIA H100 80GB HBM3", 132, 4e12), WM_SUSPECT,
	              "impossible: 4.000 TB/s is above 3.352 TB/s, all that H100 SXM5 80GB can do at its highest clock");
	/* where the transfer rate is not known, nothing is called impossible */
	assert_judged(&(struct sketch)READ("NVIDIA H200", 132, 9e12), WM_OK, "above datasheet bandwidth");
#undef READ
	assert_judged(
		&(struct sketch){.name = "NVIDIA H100 80GB HBM3", .units = 132, ROW("allreduce:bytes=8", "B/s bus", 480e9)},
		WM_OK, "above the bandwidth of the links");
}

/* ---- the reference data ------------------------------------------------------------------------------------- */

/* A section of an INI file as it is read. */
struct section {
	char name[64], keys[512];
	double units, most_hz;
	int sections;
};

static void end_section(const struct section *s, const char *const *required) {
	if (!*s->name)
		return;
	for (; *required; required++)
		if (!strstr(s->keys, *required))
			fail_msg("[%s] has no%s=", s->name, *required);
}

/* Notes the key as " key"; sections must not come twice. */
static void note_key(struct section *s, const char *section, const char *key, const char *const *required) {
	if (strcmp(s->name, section) != 0) {
		end_section(s, required);
		*s = (struct section){.units = 1, .sections = s->sections + 1};
		snprintf(s->name, sizeof s->name, "%s", section);
	}
	size_t n = strlen(s->keys);
	snprintf(s->keys + n, sizeof s->keys - n, " %s ", key);
}

static const char *const peak_keys[] = {" name ", " units ", " most_hz ", " memory ", " source ", " date ", NULL};
static const char *const published_keys[] = {" what ",       " device ", " value ", " unit ",
                                             " conditions ", " source ", " date ",  NULL};

/* Units x operations x clock is the figure, within what datasheets round. */
static int check_peak(void *arg, const char *section, const char *key, const char *value) {
	struct section *s = arg;
	double figure, per_clock, hz;
	note_key(s, section, key, peak_keys);
	if (!strcmp(key, "units"))
		s->units = strtod(value, NULL);
	if (!strcmp(key, "most_hz"))
		s->most_hz = strtod(value, NULL);
	if (!strchr(value, '|') || !strcmp(key, "name"))
		return 1;
	assert_int_equal(sscanf(value, "%lf", &figure), 1);
	if (sscanf(value, "%*f | %lf | %lf |", &per_clock, &hz) == 2) {
		double made = per_clock * hz * (strcmp(key, "memory") != 0 ? s->units : 1);
		if (fabs(made / figure - 1) > 0.025)
			fail_msg("[%s] %s: %g, but units x operations x clock is %g", section, key, figure, made);
		if (strcmp(key, "memory") != 0 && s->most_hz > 0 && hz > s->most_hz)
			fail_msg("[%s] %s holds at a clock above the highest", section, key);
	}
	return 1;
}

static int check_published(void *arg, const char *section, const char *key, const char *value) {
	note_key(arg, section, key, published_keys);
	if (!strcmp(key, "value"))
		assert_true(strtod(value, NULL) > 0);
	return *value != 0;
}

static void every_reference_figure_has_its_source(void **state) {
	(void)state;
	struct section peak = {.sections = 0}, published = {.sections = 0};
	assert_int_equal(ini_parse("results/reference/peaks.ini", check_peak, &peak), 0);
	end_section(&peak, peak_keys);
	assert_true(peak.sections >= 11);
	assert_int_equal(ini_parse("results/reference/published.ini", check_published, &published), 0);
	end_section(&published, published_keys);
	assert_true(published.sections >= 90);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_is_known_by_its_whole_name),
		cmocka_unit_test(a_slice_is_not_held_against_the_whole),
		cmocka_unit_test(a_cpu_has_its_share_of_the_cores),
		cmocka_unit_test(every_metric_has_its_own_figure),
		cmocka_unit_test(the_source_says_what_figure_it_is),
		cmocka_unit_test(a_pci_id_names_a_device_too),
		cmocka_unit_test(what_no_clock_allows_is_suspect),
		cmocka_unit_test(no_memory_is_faster_than_its_wires),
		cmocka_unit_test(every_reference_figure_has_its_source),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
