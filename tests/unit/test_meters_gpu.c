/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_meters_gpu.c - the meters of accelerators: NVML, AMD SMI and ROCm SMI on fake libraries that play a script
 * (tests/fakes), the amdgpu driver's table on files of a folder that stands for /.
 */
#include "core/registry.h"
#include "measure/window.h"
#include "meters/amd_socket.h"

#include <dlfcn.h>
#include <ftw.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define GPU_A "GPU-11111111-2222-3333-4444-555555555555"
#define GPU_B "GPU-66666666-7777-8888-9999-aaaaaaaaaaaa"
#define TWO_GPUS(of_a, of_b) \
	"device 0000:41:00.0 " GPU_A "\npower 300\n" of_a "\ndevice 0001:c1:00.0 " GPU_B "\npower 400\n" of_b "\n"

extern char **environ;

enum { MAX = 16 };

static char scratch[] = "/tmp/test_meters_gpu.XXXXXX";
static struct wm_source sources[MAX];
static int nsources;

/* ---- files ---- */

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw) {
	(void)info, (void)type, (void)ftw;
	return remove(path);
}

static FILE *create(const char *path) {
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", scratch, path);
	for (char *s = full + strlen(scratch) + 1; (s = strchr(s, '/')); *s++ = '/') {
		*s = '\0';
		mkdir(full, 0700);
	}
	f = fopen(full, "w");
	if (!f)
		fail_msg("%s", full);
	return f;
}

/* The script of all fakes: "now", then the text. */
static void play_at(double now, const char *text) {
	FILE *f = create("script");

	fprintf(f, "now %.9g\n%s", now, text);
	fclose(f);
}

static void play(const char *text) {
	play_at(10, text);
}

static bool load_fake(const char *folder, const char *name) {
	char path[512];
	const char *b = getenv("B");

	snprintf(path, sizeof(path), "%s/tests/fakes/%s%s", b ? b : "build", folder, name);
	if (dlopen(path, RTLD_LOCAL | RTLD_NOW))
		return true;
	fprintf(stderr, "%s (make tests builds it)\n", dlerror());
	return false;
}

static void make_scratch(void) {
	char script[512];

	if (!mkdtemp(scratch))
		abort();
	snprintf(script, sizeof(script), "%s/script", scratch);
	setenv("WM_FAKE_NVML", script, 1);
	setenv("WM_FAKE_AMDSMI", script, 1);
	setenv("WM_FAKE_ROCMSMI", script, 1);
}

static void remove_scratch(void) {
	nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Once loaded under its name, a library of that name is not looked for elsewhere. */
static int start(void **state) {
	(void)state;
	make_scratch();
	return load_fake("", "libnvidia-ml.so.1") && load_fake("", "libamd_smi.so") && load_fake("", "librocm_smi64.so")
	           ? 0
	           : -1;
}

static int end(void **state) {
	(void)state;
	remove_scratch();
	return 0;
}

static int empty_root(void **state) {
	char root[512];

	(void)state;
	snprintf(root, sizeof(root), "%s/root", scratch);
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}

/* ---- meters ---- */

static struct wm_meter_setup setup(void) {
	static char root[512];

	snprintf(root, sizeof(root), "%s/root", scratch);
	return (struct wm_meter_setup){.root = root};
}

static enum wm_status find(const char *meter) {
	struct wm_meter_setup s = setup();

	memset(sources, 0xaa, sizeof(sources));
	nsources = 0;
	return wm_meter_find(meter)->find(&s, sources, MAX, &nsources);
}

static void must_find(const char *meter, int n) {
	if (find(meter) != WM_OK)
		fail_msg("%s", wm_why());
	assert_int_equal(nsources, n);
}

static void open_source(struct wm_source *source) {
	struct wm_meter_setup s = setup();

	if (wm_meter_find(source->meter)->open(&s, source) != WM_OK)
		fail_msg("%s", wm_why());
}

static void close_source(struct wm_source *source) {
	wm_meter_find(source->meter)->close(source);
	assert_null(source->priv);
}

static struct wm_reading look(struct wm_source *source) {
	struct wm_reading r;

	if (wm_meter_find(source->meter)->read(source, &r) != WM_OK)
		fail_msg("%s", wm_why());
	return r;
}

/* One look at a source that is opened for it. */
static struct wm_reading look_once(int i) {
	struct wm_reading r;

	open_source(&sources[i]);
	r = look(&sources[i]);
	close_source(&sources[i]);
	return r;
}

static void assert_near(double value, double expected, double tolerance) {
	if (!(fabs(value - expected) <= tolerance))
		fail_msg("%.12g is not %.12g", value, expected);
}

static void assert_has(const char *text, const char *part) {
	if (!strstr(text, part))
		fail_msg("'%s' does not say '%s'", text, part);
}

static void assert_off(int i, const char *part) {
	assert_has(sources[i].off, part);
}

static void assert_on(int i, enum wm_source_kind kind) {
	assert_string_equal(sources[i].off, "");
	assert_int_equal(sources[i].kind, kind);
}

/* A look that gives an error which says that; the next one may give a value. */
static void assert_fails(struct wm_source *source, const char *part) {
	struct wm_reading r;

	assert_int_equal(wm_meter_find(source->meter)->read(source, &r), WM_FAILED);
	assert_has(wm_why(), part);
}

/* ---- NVML ---- */

static void nvml_tells_gpus_by_uuid_and_address(void **state) {
	(void)state;
	play(TWO_GPUS("most 700", ""));
	must_find("nvml", 2);
	assert_string_equal(sources[0].id, "nvml:" GPU_A);
	assert_string_equal(sources[0].meter, "nvml");
	assert_string_equal(sources[0].pci, "0000:41:00.0");
	assert_string_equal(sources[1].pci, "0001:c1:00.0");
	assert_string_equal(sources[0].uuid, &GPU_A[4]);
	assert_string_equal(sources[1].uuid, &GPU_B[4]);
	assert_int_equal(sources[0].package, -1);
	assert_int_equal(sources[0].scope, WM_SCOPE_ACCELERATOR);
	assert_on(0, WM_COUNTER);
	assert_near(sources[0].limit_w, 700, 1e-9);
	assert_true(isnan(sources[1].limit_w));
	assert_near(sources[0].refresh_s, 0.1, 0);
	assert_near(sources[0].gain_rel, 0.05, 0);
	assert_near(sources[0].lag_s, 0, 0);
	assert_true(isinf(sources[0].range_j));
	assert_near(look_once(0).joules, 1000 + 3000, 1e-3);
	assert_near(look_once(1).joules, 1000 + 4000, 1e-3);
	assert_true(isnan(look_once(1).own_s));
}

static void nvml_finds_a_gpu_again_when_the_order_changes(void **state) {
	(void)state;
	play(TWO_GPUS("", ""));
	must_find("nvml", 2);
	play("device 0001:c1:00.0 " GPU_B "\npower 400\ndevice 0000:41:00.0 " GPU_A "\npower 300\n");
	assert_near(look_once(0).joules, 1000 + 3000, 1e-3);
	play("device 0001:c1:00.0 " GPU_B "\npower 400\n");
	struct wm_meter_setup s = setup();
	assert_int_equal(wm_meter_find("nvml")->open(&s, &sources[0]), WM_FAILED);
	assert_has(wm_why(), "nvmlDeviceGetHandleByUUID");
}

static void nvml_reads_the_counter_in_its_steps(void **state) {
	(void)state;
	const char *text = "step 0.1\n" TWO_GPUS("", "");
	play_at(10.05, text);
	must_find("nvml", 2);
	open_source(&sources[0]);
	assert_near(look(&sources[0]).joules, 4000, 1e-3);
	play_at(10.09, text);
	assert_near(look(&sources[0]).joules, 4000, 1e-3);
	play_at(10.11, text);
	assert_near(look(&sources[0]).joules, 4030, 1e-3);
	close_source(&sources[0]);
}

/* What a driver without a counter says, and what is then read. */
static const struct {
	const char *says;
	double lag_s, watts;
	enum wm_scope scope;
	const char *word;
} powers[] = {
	{"nocounter 1", 0, 500, WM_SCOPE_ACCELERATOR, "POWER_INSTANT of the GPU"},
	{"nocounter 1\nnoinstant 1", 1, 400, WM_SCOPE_ACCELERATOR, "POWER_AVERAGE of the GPU"},
	{"nocounter 1\nnofields 1", 1, 400, WM_SCOPE_ACCELERATOR, "power usage"},
	{"nocounter 1\nmodule 1", 0, 500, WM_SCOPE_SUPERCHIP, "POWER_INSTANT of the module"},
	{"nocounter 1\nmodule 1\nnoinstant 1", 1, 400, WM_SCOPE_SUPERCHIP, "POWER_AVERAGE of the module"},
	/* the counter of a superchip is not the GPU's alone */
	{"module 1", 0, 500, WM_SCOPE_SUPERCHIP, "POWER_INSTANT of the module"},
	{"superchip 1", 0, 500, WM_SCOPE_ACCELERATOR, "POWER_INSTANT of the GPU"},
};

static void nvml_reads_power_where_there_is_no_counter(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof(powers) / sizeof(powers[0]); i++) {
		char text[256];
		/* 300 W until half a second ago, then 500 W */
		snprintf(text, sizeof(text), "device 0000:41:00.0 " GPU_A "\npower 300\npower 500 from 9.5\n%s\n",
		         powers[i].says);
		play(text);
		must_find("nvml", 1);
		assert_on(0, WM_POWER);
		assert_int_equal(sources[0].scope, powers[i].scope);
		assert_string_equal(sources[0].word, powers[i].word);
		assert_near(sources[0].lag_s, powers[i].lag_s, 0);
		struct wm_reading r = look_once(0);
		assert_near(r.watts, powers[i].watts, 1e-3);
		assert_true(isnan(r.joules));
	}
}

/* What find said is what is read: no other way to a power is of the same scope and lag. */
static void nvml_keeps_the_way_that_it_found(void **state) {
	(void)state;
	struct wm_meter_setup s = setup();
	const char *text = "device 0000:41:00.0 " GPU_A "\npower 300\nnocounter 1\n";
	char less[256], module[256];
	snprintf(less, sizeof(less), "%snoinstant 1\n", text);
	snprintf(module, sizeof(module), "%smodule 1\n", text);
	play(text);
	must_find("nvml", 1);
	assert_string_equal(sources[0].word, "POWER_INSTANT of the GPU");
	play(less);
	assert_int_equal(wm_meter_find("nvml")->open(&s, &sources[0]), WM_FAILED);
	assert_string_equal(wm_why(), "NVML has no 'POWER_INSTANT of the GPU' any more");
	play(module);
	assert_int_equal(wm_meter_find("nvml")->open(&s, &sources[0]), WM_FAILED);
	assert_null(sources[0].priv);
	play(text);
	assert_near(look_once(0).watts, 300, 1e-3);
	/* and not a better one either */
	play(less);
	must_find("nvml", 1);
	play("device 0000:41:00.0 " GPU_A "\npower 300\npower 500 from 9.5\nnocounter 1\n");
	assert_near(look_once(0).watts, 400, 1e-3);
	/* beside a GPU's counter stands no power of its module */
	play("device 0000:41:00.0 " GPU_A "\npower 300\n");
	must_find("nvml", 1);
	assert_on(0, WM_COUNTER);
	play("device 0000:41:00.0 " GPU_A "\npower 300\npower 500 from 9.5\nmodule 1\n");
	assert_near(look_once(0).watts, 400, 1e-3); /* power usage; POWER_INSTANT of the module is 500 W */
}

static void nvml_says_why_a_gpu_cannot_be_weighed(void **state) {
	(void)state;
	play(TWO_GPUS("mig 1", "mig 0"));
	must_find("nvml", 2);
	assert_off(0, "MIG mode is on");
	assert_on(1, WM_COUNTER);
	play(TWO_GPUS("nocounter 1\nnopower 1", "nocounter 1"));
	must_find("nvml", 2);
	assert_off(0, "neither energy nor power");
	assert_on(1, WM_POWER);
	play(TWO_GPUS("lost 15", "nopower 1"));
	must_find("nvml", 2);
	assert_off(0, "GPU is lost (15)");
	assert_on(1, WM_COUNTER);
	play("init 9\n" TWO_GPUS("", ""));
	assert_int_equal(find("nvml"), WM_SKIP);
	assert_string_equal(wm_why(), "nvmlInit_v2: Driver Not Loaded (9)");
	play("");
	assert_int_equal(find("nvml"), WM_SKIP);
	assert_string_equal(wm_why(), "NVML finds 0 GPUs");
}

/* Of every meter with a library: an error is an error, "there is none" no value, and after both the counter goes on. */
static void a_gap_has_no_value_and_ends(void **state) {
	(void)state;
	static const char *const meters[] = {"nvml", "amdsmi", "rocmsmi"};
	static const char *const says[] = {"nvmlDeviceGetTotalEnergyConsumption: GPU is lost (15)",
	                                   "amdsmi_get_energy_count: AMDSMI_STATUS_DRM_ERROR (15)",
	                                   "rsmi_dev_energy_count_get: an error (15)"};
	const char *text = TWO_GPUS("error 15 from 11 to 12\nna 1 from 12 to 13", "");
	for (int i = 0; i < 3; i++) {
		play_at(10.5, text);
		must_find(meters[i], 2);
		open_source(&sources[0]);
		assert_near(look(&sources[0]).joules, 1000 + 10.5 * 300, 2e-3);
		play_at(11.5, text);
		assert_fails(&sources[0], says[i]);
		play_at(12.5, text);
		assert_true(isnan(look(&sources[0]).joules));
		play_at(13.5, text);
		assert_near(look(&sources[0]).joules, 1000 + 13.5 * 300, 2e-3);
		close_source(&sources[0]);
	}
}

static void a_gap_in_power_has_no_value_and_ends(void **state) {
	(void)state;
	static const char *const meters[] = {"nvml", "amdsmi", "rocmsmi"};
	const char *text = TWO_GPUS("nocounter 1\nerror 15 from 11 to 12\nna 1 from 12 to 13", "");
	for (int i = 0; i < 3; i++) {
		play_at(10.5, text);
		must_find(meters[i], 2);
		assert_on(0, WM_POWER);
		open_source(&sources[0]);
		assert_near(look(&sources[0]).watts, 300, 1e-3);
		play_at(11.5, text);
		assert_fails(&sources[0], "(15)");
		play_at(12.5, text);
		assert_true(isnan(look(&sources[0]).watts));
		play_at(13.5, text);
		assert_near(look(&sources[0]).watts, 300, 1e-3);
		close_source(&sources[0]);
	}
}

static void nvml_reads_limit_clock_heat_and_time_held_back(void **state) {
	(void)state;
	play(
		TWO_GPUS("cap 650\nclock 1755e6\ntemperature 61\nthermal 0.5 from 2 to 4\nbrake 0.25 from 4 to 6\n"
	             "capped 1 from 9",
	             "thermal 0.5 from 2 to 4"));
	must_find("nvml", 2);
	struct wm_reading r = look_once(0);
	assert_near(r.watts, 300, 1e-3);
	assert_near(r.cap_w, 650, 1e-9);
	assert_near(r.clock_hz, 1755e6, 1);
	assert_near(r.temperature_c, 61, 0);
	assert_near(r.thermal_s, 1, 1e-6);
	assert_near(r.brake_s, 0.5, 1e-6);
	assert_near(r.capped_s, 1, 1e-6);
	r = look_once(1);
	assert_near(r.thermal_s, 1, 1e-6);
	assert_near(r.brake_s, 0, 0);
	assert_true(isnan(r.cap_w));
	assert_true(isnan(r.clock_hz));
	assert_true(isnan(r.temperature_c));
}

/* The fields of heat and brake were renumbered from one driver to the next: each must be asked by its own numbers. */
static const struct {
	const char *driver, *reasons;
	bool known;
} drivers[] = {{"580.95", "269", true},  {"590.44", "269", true},  {"575.51", "251", true},  {"580.65", "251", true},
               {"570.86", "999", false}, {"580.82", "269", false}, {"580.82", "251", false}, {"575.50", "251", false},
               {"580.66", "251", false}, {"580.94", "269", false}};

static void nvml_asks_each_driver_by_its_own_numbers(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		char text[512];
		snprintf(text, sizeof(text),
		         "driver %s\nreasons %s\n" TWO_GPUS("thermal 0.5 from 2 to 4\nbrake 0.25 from 4 to 6", "noheat 1"),
		         drivers[i].driver, drivers[i].reasons);
		play(text);
		must_find("nvml", 2);
		struct wm_reading r = look_once(0);
		assert_near(r.thermal_s, 1, 1e-6);
		assert_near(r.brake_s, drivers[i].known ? 0.5 : 0, 1e-6);
		assert_true(isnan(look_once(1).thermal_s) == !drivers[i].known);
	}
	/* a driver whose fields lie elsewhere than its version says: power smoothing is not taken for heat */
	play("driver 580.95\nreasons 251\n" TWO_GPUS("thermal 0.5 from 2 to 4", ""));
	must_find("nvml", 2);
	assert_near(look_once(0).thermal_s, 1, 1e-6);
}

static void a_brake_without_a_count_is_seen(void **state) {
	(void)state;
	const char *text = "driver 570.86\nreasons 999\n" TWO_GPUS("braking 1", "");
	play(text);
	must_find("nvml", 2);
	for (int i = 0; i < 2; i++) {
		open_source(&sources[i]);
		assert_near(look(&sources[i]).brake_s, 0, 0);
		usleep(250000);
		assert_true((look(&sources[i]).brake_s > 0) == (i == 0));
		close_source(&sources[i]);
	}
}

static void what_stands_beside_the_counter_follows(void **state) {
	(void)state;
	const char *text = TWO_GPUS("cap 700\ncap 500 from 11\nthermal 1 from 11", "");
	play_at(10.5, text);
	must_find("nvml", 2);
	open_source(&sources[0]);
	assert_near(look(&sources[0]).cap_w, 700, 0);
	assert_near(look(&sources[0]).thermal_s, 0, 0);
	play_at(11.5, text);
	usleep(250000); /* it is looked at ten times a second, or five while the counter changes in every look */
	assert_near(look(&sources[0]).cap_w, 500, 0);
	assert_near(look(&sources[0]).thermal_s, 0.5, 1e-6);
	close_source(&sources[0]);
}

/* ---- several sources at once ---- */

static void *read_often(void *arg) {
	struct wm_source *source = arg;
	const struct wm_meter *meter = wm_meter_find(source->meter);
	struct wm_reading r;
	intptr_t good = 0;

	for (int i = 0; i < 100; i++)
		good += meter->read(source, &r) == WM_OK && r.joules > 0;
	return (void *)good;
}

static void each_source_is_read_by_a_thread_of_its_own(void **state) {
	(void)state;
	static const char *const meters[] = {"nvml", "amdsmi", "rocmsmi"};
	play(TWO_GPUS("", ""));
	for (int i = 0; i < 3; i++) {
		pthread_t threads[2];
		must_find(meters[i], 2);
		for (int k = 0; k < 2; k++)
			open_source(&sources[k]);
		for (int k = 0; k < 2; k++)
			assert_int_equal(pthread_create(&threads[k], NULL, read_often, &sources[k]), 0);
		for (int k = 0; k < 2; k++) {
			void *good;
			assert_int_equal(pthread_join(threads[k], &good), 0);
			assert_int_equal((intptr_t)good, 100);
			close_source(&sources[k]);
		}
	}
}

/* ---- from a fake board to a window ---- */

/* Looks at the first GPU of that script every 10 ms for 12 s of the script's time, under a load of 1000 operations a
 * second, and cuts one window of 5 s. */
static struct wm_window weigh(const char *of_gpu) {
	char text[512];
	struct wm_ticks ticks = {.n = 0};
	struct wm_load load = {.began_s = 0, .ended_s = 12};
	struct wm_window_plan plan = {.windows = 1, .length_s = 5, .refreshes = 50};
	struct wm_window w;

	snprintf(text, sizeof(text), "step 0.1\ndevice 0000:41:00.0 " GPU_A "\npower 300\nmost 700\n%s\n", of_gpu);
	play_at(0, text);
	must_find("nvml", 1);
	open_source(&sources[0]);
	for (int i = 0; i <= 1200; i++) {
		struct wm_tick tick = {.before_s = 0.01 * i, .after_s = 0.01 * i + 0.001};
		play_at(tick.before_s + 0.0005, text);
		tick.failed = wm_meter_find("nvml")->read(&sources[0], &tick.r) != WM_OK;
		wm_ticks_add(&ticks, &tick);
	}
	close_source(&sources[0]);
	for (int i = 1; i <= 12000; i++)
		wm_load_add(&load, 0.001 * i, i, 0.001 * i);
	plan.lead_s = wm_window_lead(&sources[0]);
	wm_cut_windows(&sources[0], &ticks, &load, &plan, &w);
	wm_ticks_free(&ticks);
	wm_load_free(&load);
	return w;
}

static void a_board_becomes_a_window(void **state) {
	(void)state;
	struct wm_window w = weigh("");
	assert_string_equal(w.why, "");
	assert_near(w.joules / w.operations, 0.3, 0.003);
	assert_has(weigh("wrap 2000").why, "went back");
	assert_has(weigh("stuck 1 from 3 to 4").why, "stood still");
	assert_has(weigh("jump 5000 from 4").why, "jumped");
	assert_has(weigh("jump -500 from 4").why, "went back");
	assert_has(weigh("error 15 from 3 to 4").why, "error");
	assert_has(weigh("na 1 from 3 to 3.1").why, "N/A");
}

/* ---- AMD SMI ---- */

static void amdsmi_counts_in_steps_of_its_hardware(void **state) {
	(void)state;
	play(TWO_GPUS("resolution 15.259", "resolution 1000"));
	must_find("amdsmi", 2);
	assert_on(0, WM_COUNTER);
	assert_string_equal(sources[0].id, "amdsmi:0000:41:00.0");
	assert_string_equal(sources[0].pci, "0000:41:00.0");
	assert_string_equal(sources[1].pci, "0001:c1:00.0");
	assert_int_equal(sources[0].scope, WM_SCOPE_ACCELERATOR);
	assert_true(isinf(sources[0].range_j));
	assert_true(isnan(sources[0].gain_rel));
	struct wm_reading r = look_once(0);
	assert_near(r.joules, 4000, 1e-3);
	assert_near(r.own_s, 1010, 1e-6);
	assert_near(r.watts, 300, 0);
	/* a resolution that is another one is taken as it is */
	assert_near(look_once(1).joules, 5000 * 65536 * 1e-3, 1e-3 * 5000 * 65536 * 1e-3);
	/* what the library rounds to 15.3 uJ is 2^-16 J all the same */
	play(TWO_GPUS("resolution 15.3", ""));
	must_find("amdsmi", 2);
	assert_near(look_once(0).joules, 4000, 1e-3);
}

/* Version of the library, where it keeps the power, and whether we know. */
static const struct {
	int year, major, minor, offset;
	bool known;
} versions[] = {
	{24, 6, 2, 0, true},  {24, 7, 0, 0, true},  {25, 3, 0, 8, true},  {25, 25, 3, 8, true}, {25, 25, 5, 8, true},
	{26, 0, 0, 8, true},  {26, 1, 0, 8, true},  {24, 5, 0, 0, false}, {24, 8, 0, 8, false}, {25, 25, 2, 8, false},
	{25, 2, 0, 8, false}, {27, 0, 0, 8, false}, {23, 4, 0, 0, false},
};

static void amdsmi_reads_power_of_releases_that_are_known(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		char text[512];
		snprintf(text, sizeof(text),
		         "year %d\nmajor %d\nminor %d\noffset %d\n" TWO_GPUS("nocounter 1", "nocounter 1\nmean 1"),
		         versions[i].year, versions[i].major, versions[i].minor, versions[i].offset);
		play(text);
		must_find("amdsmi", 2);
		for (int k = 0; k < 2; k++) {
			if (versions[i].known) {
				assert_on(k, WM_POWER);
				assert_near(look_once(k).watts, k == 0 ? 300 : 400, 0);
			} else {
				assert_off(k, "where its power lies is not known");
			}
		}
		/* the counter needs none of that */
		snprintf(text, sizeof(text), "year %d\nmajor %d\nminor %d\noffset %d\n" TWO_GPUS("", ""), versions[i].year,
		         versions[i].major, versions[i].minor, versions[i].offset);
		play(text);
		must_find("amdsmi", 2);
		assert_on(0, WM_COUNTER);
		assert_true(isnan(look_once(0).watts) == !versions[i].known);
		assert_true((strstr(sources[0].note, "no power") != NULL) == !versions[i].known);
	}
}

static void amdsmi_says_why_a_gpu_cannot_be_weighed(void **state) {
	(void)state;
	play(TWO_GPUS("nocounter 1\nnopower 1", "nocounter 1"));
	must_find("amdsmi", 2);
	assert_off(0, "not supported on virtual machine guests");
	assert_on(1, WM_POWER);
	/* the second die of an MI250 */
	play("device 0000:41:00.0 " GPU_A "\nbase 0\npower 0\ndevice 0000:44:00.0 " GPU_B "\npower 300\n");
	must_find("amdsmi", 2);
	assert_off(0, "energy and power are 0");
	assert_on(1, WM_COUNTER);
	play(TWO_GPUS("error 6", ""));
	must_find("amdsmi", 2);
	assert_off(0, "amdsmi_get_energy_count: AMDSMI_STATUS_DRM_ERROR (6)");
	play("init 34\n" TWO_GPUS("", ""));
	assert_int_equal(find("amdsmi"), WM_SKIP);
	assert_has(wm_why(), "amdsmi_init");
	play("");
	assert_int_equal(find("amdsmi"), WM_SKIP);
	assert_has(wm_why(), "0 GPUs");
}

/* No GPU that answers draws 0 W: beside a counter, and as the value of a power. */
static void zero_watts_is_no_value(void **state) {
	(void)state;
	static const char *const meters[] = {"amdsmi", "rocmsmi"};
	const char *text = TWO_GPUS("power 0 from 20", "nocounter 1\npower 0 from 20");
	for (int i = 0; i < 2; i++) {
		play(text);
		must_find(meters[i], 2);
		assert_on(0, WM_COUNTER);
		assert_on(1, WM_POWER);
		play_at(25, text);
		struct wm_reading r = look_once(0);
		assert_near(r.joules, 1000 + 20 * 300, 2e-3);
		assert_true(isnan(r.watts));
		assert_true(isnan(look_once(1).watts));
		play(text);
		assert_near(look_once(0).watts, 300, 0);
		assert_near(look_once(1).watts, 400, 0);
	}
}

static void partitions_are_not_weighed_by_themselves(void **state) {
	(void)state;
	/* two of one socket with their own functions, then two that share an address */
	play(
		"socketof 2\ndevice 0000:41:00.0 a\npower 300\ndevice 0000:41:00.1 b\npower 300\n"
		"device 0000:51:00.0 c\npower 300\npartition 0\ndevice 0000:51:00.0 d\npower 300\npartition 1\n");
	must_find("amdsmi", 4);
	assert_on(0, WM_COUNTER);
	assert_off(1, "a further partition");
	assert_on(2, WM_COUNTER);
	assert_off(3, "a further partition");
	assert_string_not_equal(sources[2].id, sources[3].id);
	must_find("rocmsmi", 4);
	assert_on(0, WM_COUNTER);
	assert_off(1, "a further partition");
	assert_on(2, WM_COUNTER);
	assert_off(3, "a further partition");
	assert_string_not_equal(sources[2].id, sources[3].id);
	assert_near(look_once(2).joules, 4000, 1e-3);
	play("socketof 3\ndevice 0000:51:00.0 c\npower 300\ndevice 0000:51:00.0 d\ndevice 0000:51:00.0 e\n");
	must_find("amdsmi", 3);
	assert_string_equal(sources[0].id, "amdsmi:0000:51:00.0");
	assert_string_equal(sources[1].id, "amdsmi:0000:51:00.0/1");
	assert_string_equal(sources[2].id, "amdsmi:0000:51:00.0/2");
}

/* ---- ROCm SMI ---- */

static void rocmsmi_reads_counter_and_power(void **state) {
	(void)state;
	play(TWO_GPUS("", "nocounter 1\nmean 1"));
	must_find("rocmsmi", 2);
	assert_string_equal(sources[0].id, "rocmsmi:0000:41:00.0");
	assert_string_equal(sources[1].pci, "0001:c1:00.0");
	assert_on(0, WM_COUNTER);
	assert_on(1, WM_POWER);
	struct wm_reading r = look_once(0);
	assert_near(r.joules, 4000, 1e-3);
	assert_near(r.own_s, 1010, 1e-6);
	assert_near(r.watts, 300, 0);
	assert_near(look_once(1).watts, 400, 0);
	play(TWO_GPUS("nocounter 1\nnopower 1", "error 3"));
	must_find("rocmsmi", 2);
	assert_off(0, "neither energy nor power");
	assert_off(1, "rsmi_dev_energy_count_get: an error (3)");
	play("init 8\n" TWO_GPUS("", ""));
	assert_int_equal(find("rocmsmi"), WM_SKIP);
	assert_has(wm_why(), "rsmi_init");
	play("");
	assert_int_equal(find("rocmsmi"), WM_SKIP);
	assert_has(wm_why(), "0 GPUs");
}

/* ---- the driver's table ---- */

static unsigned char table[4096];

static void put(unsigned at, unsigned bytes, uint64_t value) {
	uint16_t u16 = (uint16_t)value;
	uint32_t u32 = (uint32_t)value;

	memcpy(table + at, bytes == 2 ? (void *)&u16 : bytes == 4 ? (void *)&u32 : (void *)&value, bytes);
}

/* A table of which nothing is known but its version and size. */
static void blank(unsigned format, unsigned content, unsigned bytes) {
	memset(table, 0xff, sizeof(table));
	put(0, 2, bytes);
	table[2] = (unsigned char)format;
	table[3] = (unsigned char)content;
}

/* Offsets as kgd_pp_interface.h gives them; cycles 0: none. */
static const struct {
	unsigned content, bytes, watts, joules, taken, temperature, clocks, dies, cycles;
} tables[] = {
	{3, 120, 22, 24, 32, 6, 54, 1, 0},    {4, 288, 10, 24, 32, 4, 240, 8, 0},   {5, 360, 10, 88, 96, 4, 312, 8, 0},
	{6, 1664, 10, 16, 24, 4, 264, 8, 32}, {7, 2208, 10, 24, 32, 4, 296, 8, 40}, {8, 3872, 10, 24, 32, 4, 296, 8, 40},
	{6, 384, 10, 88, 96, 4, 336, 8, 104},
};
enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

/* The i-th table: 4000 J, 300 W, 5 s, 55 C, half of the dies at 2.1 GHz and one at 1.9. */
static void fill(int i) {
	blank(1, tables[i].content, tables[i].bytes);
	put(tables[i].watts, 2, 300);
	put(tables[i].joules, 8, 4000 * 65536ull + 1);
	put(tables[i].taken, 8, 5000000000ull);
	put(tables[i].temperature, 2, 55);
	for (unsigned k = 0; k < (tables[i].dies + 1) / 2; k++)
		put(tables[i].clocks + 2 * k, 2, 2000);
	for (unsigned k = 0; tables[i].cycles && k < 6; k++)
		put(tables[i].cycles + 4 * k, 4, 100 + k);
}

static void every_version_of_the_table_is_read(void **state) {
	(void)state;
	for (int i = 0; i < TABLES; i++) {
		struct wm_gpu_metrics m;
		fill(i);
		assert_int_equal(wm_gpu_metrics_decode(table, tables[i].bytes, &m), WM_OK);
		assert_near(m.joules, 4000 + 1.0 / 65536, 0);
		assert_near(m.watts, 300, 0);
		assert_near(m.taken_s, 5, 1e-9);
		assert_near(m.temperature_c, 55, 0);
		assert_near(m.clock_hz, 2e9, 1);
		assert_true(m.averaged == (tables[i].content == 3));
		if (tables[i].cycles) {
			assert_near(m.cycles, 100, 0);
			assert_near(m.prochot_cycles, 101, 0);
			assert_near(m.power_cycles, 102, 0);
			assert_near(m.socket_heat_cycles, 103, 0);
			assert_near(m.regulator_heat_cycles, 104, 0);
			assert_near(m.memory_heat_cycles, 105, 0);
		} else {
			assert_true(isnan(m.cycles) && isnan(m.power_cycles));
		}
		/* what the driver does not know has all bits set */
		blank(1, tables[i].content, tables[i].bytes);
		assert_int_equal(wm_gpu_metrics_decode(table, tables[i].bytes, &m), WM_OK);
		assert_true(isnan(m.joules) && isnan(m.watts) && isnan(m.taken_s) && isnan(m.temperature_c) &&
		            isnan(m.clock_hz) && isnan(m.cycles));
	}
}

/* Appends an attribute of version 1.9 and returns where the next one goes. */
static unsigned attribute(unsigned at, unsigned type, unsigned name, unsigned n, uint64_t value) {
	unsigned bytes = 1u << type / 2;

	put(at, 8, (uint64_t)type << 20 | name << 10 | n);
	for (unsigned i = 0; i < n; i++)
		put(at + 8 + i * bytes, bytes, value);
	return at + 8 + n * bytes;
}

static void the_list_of_version_9_is_read(void **state) {
	(void)state;
	struct wm_gpu_metrics m;
	unsigned bytes = 8;
	blank(1, 9, 0);
	bytes = attribute(bytes, 2, 0, 1, 55);
	bytes = attribute(bytes, 2, 3, 1, 300);
	bytes = attribute(bytes, 4, 500, 3, 7); /* one that nobody knows */
	bytes = attribute(bytes, 6, 7, 1, 4000 * 65536ull);
	bytes = attribute(bytes, 6, 8, 1, 5000000000ull);
	bytes = attribute(bytes, 6, 9, 1, 100);
	bytes = attribute(bytes, 4, 11, 1, 102);
	bytes = attribute(bytes, 2, 33, 8, 2000);
	put(4, 4, 8);
	put(0, 2, bytes);
	assert_int_equal(wm_gpu_metrics_decode(table, bytes, &m), WM_OK);
	assert_near(m.joules, 4000, 0);
	assert_near(m.watts, 300, 0);
	assert_near(m.taken_s, 5, 1e-9);
	assert_near(m.temperature_c, 55, 0);
	assert_near(m.clock_hz, 2e9, 1);
	assert_near(m.cycles, 100, 0);
	assert_near(m.power_cycles, 102, 0);
	assert_true(isnan(m.socket_heat_cycles));
	/* one attribute more than there are */
	put(4, 4, 9);
	assert_int_equal(wm_gpu_metrics_decode(table, bytes, &m), WM_FAILED);
	assert_has(wm_why(), "ends 1 attributes early");
	/* the last value cut */
	put(4, 4, 8);
	put(0, 2, bytes - 1);
	assert_int_equal(wm_gpu_metrics_decode(table, bytes, &m), WM_FAILED);
}

static void other_tables_are_refused(void **state) {
	(void)state;
	static const unsigned char others[][2] = {{1, 2}, {1, 10}, {2, 3}, {3, 0}, {0, 3}};
	struct wm_gpu_metrics m;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		blank(others[i][0], others[i][1], 3360);
		assert_int_equal(wm_gpu_metrics_decode(table, sizeof(table), &m), WM_UNSUPPORTED);
		assert_has(wm_why(), "is not known");
	}
	/* shorter than it says */
	fill(0);
	assert_int_equal(wm_gpu_metrics_decode(table, 119, &m), WM_FAILED);
	assert_int_equal(wm_gpu_metrics_decode(table, 120, &m), WM_OK);
	/* of another size than its version: 1.6 has been two tables, there may be more */
	static const struct {
		int table;
		unsigned bytes;
		enum wm_status status;
	} sizes[] = {{0, 119, WM_UNSUPPORTED},  {0, 121, WM_UNSUPPORTED}, {3, 1663, WM_UNSUPPORTED},
	             {3, 1664, WM_OK},          {6, 383, WM_UNSUPPORTED}, {6, 384, WM_OK},
	             {5, 3871, WM_UNSUPPORTED}, {5, 3872, WM_OK},         {5, 3873, WM_UNSUPPORTED},
	             {4, 2209, WM_UNSUPPORTED}, {1, 287, WM_UNSUPPORTED}, {2, 328, WM_UNSUPPORTED}};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fill(sizes[i].table);
		put(0, 2, sizes[i].bytes);
		assert_int_equal(wm_gpu_metrics_decode(table, sizeof(table), &m), sizes[i].status);
	}
	assert_int_equal(wm_gpu_metrics_decode(table, 3, &m), WM_FAILED);
	assert_int_equal(wm_gpu_metrics_decode(table, 0, &m), WM_FAILED);
	blank(1, 9, 4);
	assert_int_equal(wm_gpu_metrics_decode(table, 4, &m), WM_FAILED);
}

/* ---- amdgpu ---- */

static void put_table(const char *pci, unsigned bytes) {
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "root/sys/bus/pci/devices/%s/gpu_metrics", pci);
	f = create(path);
	assert_int_equal(fwrite(table, 1, bytes, f), bytes);
	fclose(f);
}

static void put_text(const char *path, const char *text) {
	FILE *f = create(path);

	fprintf(f, "%s\n", text);
	fclose(f);
}

#define HWMON "root/sys/bus/pci/devices/0000:41:00.0/hwmon/hwmon7/"

static void amdgpu_reads_sockets(void **state) {
	(void)state;
	fill(3);
	put_table("0000:41:00.0", tables[3].bytes);
	put_table("0000:51:00.1", tables[3].bytes);
	put_text(HWMON "power1_cap", "750000000");
	put_text(HWMON "power1_cap_max", "800000000");
	put_text("root/sys/bus/pci/devices/0000:00:1f.0/class", "0x060100");
	put_text("root/sys/bus/pci/devices/0000:41:00.0/device", "0x74a1");
	put_text("root/sys/bus/pci/devices/0000:61:00.0/device", "0x74a0");
	fill(0);
	put(tables[0].joules, 8, UINT64_MAX);
	put_table("0000:61:00.0", tables[0].bytes);
	put(tables[0].joules, 8, 0);
	put(tables[0].watts, 2, 0);
	put_table("0000:64:00.0", tables[0].bytes);
	put(tables[0].joules, 8, UINT64_MAX);
	put(tables[0].watts, 2, UINT16_MAX);
	put_table("0000:71:00.0", tables[0].bytes);
	blank(2, 3, 152);
	put_table("0000:e6:00.0", 152);
	must_find("amdgpu", 6);
	assert_string_equal(sources[0].id, "amdgpu:0000:41:00.0");
	assert_string_equal(sources[0].pci, "0000:41:00.0");
	assert_string_equal(sources[0].word, "energy_accumulator");
	assert_on(0, WM_COUNTER);
	assert_near(sources[0].limit_w, 800, 1e-9);
	assert_int_equal(sources[0].scope, WM_SCOPE_ACCELERATOR);
	assert_int_equal(sources[2].scope, WM_SCOPE_SUPERCHIP);
	assert_off(1, "a further partition");
	assert_on(2, WM_POWER);
	assert_string_equal(sources[2].word, "average_socket_power");
	assert_off(3, "energy and power are 0");
	assert_off(4, "neither energy nor power");
	assert_off(5, "gpu_metrics 2.3 of 152 bytes is not known");
	struct wm_reading r = look_once(0);
	assert_near(r.joules, 4000, 1e-4);
	assert_near(r.own_s, 5, 1e-9);
	assert_near(r.watts, 300, 0);
	assert_near(r.cap_w, 750, 1e-9);
	assert_near(r.clock_hz, 2e9, 1);
	assert_near(r.temperature_c, 55, 0);
	assert_near(r.thermal_s, 0, 0);
	assert_near(r.capped_s, 0, 0);
	/* 0 W is no power of a GPU */
	fill(3);
	put(tables[3].watts, 2, 0);
	put_table("0000:41:00.0", tables[3].bytes);
	r = look_once(0);
	assert_near(r.joules, 4000, 1e-4);
	assert_true(isnan(r.watts));
	r = look_once(2);
	assert_near(r.watts, 300, 0);
	assert_true(isnan(r.joules) && isnan(r.thermal_s) && isnan(r.capped_s) && isnan(r.cap_w));
}

static void amdgpu_adds_up_the_time_held_back(void **state) {
	(void)state;
	fill(4);
	unsigned c = tables[4].cycles;
	put(c, 4, UINT32_MAX - 500u); /* the count of cycles runs over */
	put_table("0000:41:00.0", tables[4].bytes);
	must_find("amdgpu", 1);
	open_source(&sources[0]);
	assert_near(look(&sources[0]).thermal_s, 0, 0);
	/* 1000 cycles in 2 s, 100 of them too hot: 50 the socket, 30 its memory, 20 PROCHOT; 500 at the power limit */
	put(tables[4].taken, 8, 7000000000ull);
	put(c, 4, 499);
	put(c + 4, 4, 101 + 20);
	put(c + 8, 4, 102 + 500);
	put(c + 12, 4, 103 + 50);
	put(c + 20, 4, 105 + 30);
	put_table("0000:41:00.0", tables[4].bytes);
	struct wm_reading r = look(&sources[0]);
	assert_near(r.thermal_s, 0.2, 1e-9);
	assert_near(r.capped_s, 1, 1e-9);
	/* the same table once more adds nothing, and a broken one is no value */
	assert_near(look(&sources[0]).thermal_s, 0.2, 1e-9);
	put_table("0000:41:00.0", 100);
	assert_fails(&sources[0], "100 bytes of 2208");
	close_source(&sources[0]);
}

static void amdgpu_says_when_there_is_none(void **state) {
	(void)state;
	assert_int_equal(find("amdgpu"), WM_SKIP);
	assert_has(wm_why(), "no AMD GPU");
	put_text("root/sys/bus/pci/devices/0000:00:1f.0/class", "0x060100");
	assert_int_equal(find("amdgpu"), WM_SKIP);
	fill(0);
	put_table("0000:41:00.0", tables[0].bytes);
	must_find("amdgpu", 1);
}

/* AMD's libraries tell joules; limit, heat and clock come from the driver's files. */
static void files_stand_beside_the_libraries(void **state) {
	(void)state;
	static const char *const meters[] = {"amdsmi", "rocmsmi"};
	play(TWO_GPUS("", ""));
	for (int i = 0; i < 2; i++) {
		fill(3);
		put_table("0000:41:00.0", tables[3].bytes);
		put_text(HWMON "power1_cap", "750000000");
		put_text(HWMON "power1_cap_max", "800000000");
		must_find(meters[i], 2);
		assert_near(sources[0].limit_w, 800, 1e-9);
		struct wm_reading r = look_once(0);
		assert_near(r.joules, 4000, 1e-3);
		assert_near(r.own_s, 1010, 1e-6);
		assert_near(r.watts, 300, 0);
		assert_near(r.cap_w, 750, 1e-9);
		assert_near(r.clock_hz, 2e9, 1);
		assert_near(r.temperature_c, 55, 0);
		assert_near(r.thermal_s, 0, 0);
		r = look_once(1);
		assert_near(r.joules, 5000, 1e-3);
		assert_true(isnan(r.cap_w) && isnan(r.clock_hz) && isnan(r.temperature_c) && isnan(r.thermal_s));
	}
}

/* ---- other libraries, each in a process of its own ---- */

#define MUST(condition)                                                           \
	do {                                                                          \
		if (!(condition)) {                                                       \
			fprintf(stderr, "line %d: %s: %s\n", __LINE__, #condition, wm_why()); \
			return 1;                                                             \
		}                                                                         \
	} while (0)

/* A driver that lacks whatever it may lack. */
static int on_an_old_driver(void) {
	const struct wm_meter *nvml = wm_meter_find("nvml");
	struct wm_meter_setup s = {.root = ""};
	struct wm_reading r;

	MUST(load_fake("old/", "libnvidia-ml.so.1"));
	play(TWO_GPUS("", "nocounter 1"));
	MUST(nvml->find(&s, sources, MAX, &nsources) == WM_OK && nsources == 2);
	MUST(sources[0].kind == WM_COUNTER && !sources[0].off[0]);
	MUST(sources[1].kind == WM_POWER && !sources[1].off[0] && sources[1].lag_s == 1);
	MUST(nvml->open(&s, &sources[0]) == WM_OK);
	MUST(nvml->read(&sources[0], &r) == WM_OK);
	MUST(fabs(r.joules - 4000) < 1e-3 && fabs(r.watts - 300) < 1e-3);
	MUST(isnan(r.cap_w) && isnan(r.clock_hz) && isnan(r.temperature_c) && isnan(r.thermal_s) && isnan(r.capped_s));
	nvml->close(&sources[0]);
	return 0;
}

enum { REAL_LIBRARY = 3 };

static int without_libraries(void) {
	static const char *const meters[] = {"nvml", "amdsmi", "rocmsmi"};
	static const char *const libraries[] = {"libnvidia-ml.so.1", "libamd_smi.so", "librocm_smi64.so"};
	struct wm_meter_setup s = {.root = ""};

	for (int i = 0; i < 3; i++) {
		if (wm_meter_find(meters[i])->find(&s, sources, MAX, &nsources) == WM_OK)
			return REAL_LIBRARY;
		MUST(wm_why()[0]);
		if (!dlopen(libraries[i], RTLD_LAZY | RTLD_LOCAL))
			MUST(strstr(wm_why(), libraries[i]));
	}
	return 0;
}

static int run_self(const char *mode) {
	char *argv[] = {"test_meters_gpu", (char *)mode, NULL};
	pid_t pid;
	int status = 0;

	assert_int_equal(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void an_old_driver_lacks_much_and_is_read(void **state) {
	(void)state;
	assert_int_equal(run_self("old"), 0);
}

static void without_a_library_it_says_so(void **state) {
	(void)state;
	int status = run_self("none");
	if (status == REAL_LIBRARY)
		skip();
	assert_int_equal(status, 0);
}

int main(int argc, char **argv) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nvml_tells_gpus_by_uuid_and_address),
		cmocka_unit_test(nvml_finds_a_gpu_again_when_the_order_changes),
		cmocka_unit_test(nvml_reads_the_counter_in_its_steps),
		cmocka_unit_test(nvml_reads_power_where_there_is_no_counter),
		cmocka_unit_test(nvml_keeps_the_way_that_it_found),
		cmocka_unit_test(nvml_says_why_a_gpu_cannot_be_weighed),
		cmocka_unit_test(a_gap_has_no_value_and_ends),
		cmocka_unit_test(a_gap_in_power_has_no_value_and_ends),
		cmocka_unit_test(nvml_reads_limit_clock_heat_and_time_held_back),
		cmocka_unit_test(nvml_asks_each_driver_by_its_own_numbers),
		cmocka_unit_test(a_brake_without_a_count_is_seen),
		cmocka_unit_test(what_stands_beside_the_counter_follows),
		cmocka_unit_test_setup(each_source_is_read_by_a_thread_of_its_own, empty_root),
		cmocka_unit_test(a_board_becomes_a_window),
		cmocka_unit_test_setup(amdsmi_counts_in_steps_of_its_hardware, empty_root),
		cmocka_unit_test_setup(amdsmi_reads_power_of_releases_that_are_known, empty_root),
		cmocka_unit_test_setup(amdsmi_says_why_a_gpu_cannot_be_weighed, empty_root),
		cmocka_unit_test_setup(zero_watts_is_no_value, empty_root),
		cmocka_unit_test_setup(partitions_are_not_weighed_by_themselves, empty_root),
		cmocka_unit_test_setup(rocmsmi_reads_counter_and_power, empty_root),
		cmocka_unit_test(every_version_of_the_table_is_read),
		cmocka_unit_test(the_list_of_version_9_is_read),
		cmocka_unit_test(other_tables_are_refused),
		cmocka_unit_test_setup(amdgpu_reads_sockets, empty_root),
		cmocka_unit_test_setup(amdgpu_adds_up_the_time_held_back, empty_root),
		cmocka_unit_test_setup(amdgpu_says_when_there_is_none, empty_root),
		cmocka_unit_test_setup(files_stand_beside_the_libraries, empty_root),
		cmocka_unit_test(an_old_driver_lacks_much_and_is_read),
		cmocka_unit_test(without_a_library_it_says_so),
	};

	if (argc > 1) {
		int status;

		make_scratch();
		status = strcmp(argv[1], "old") == 0 ? on_an_old_driver() : without_libraries();
		remove_scratch();
		return status;
	}
	return cmocka_run_group_tests(tests, start, end);
}
