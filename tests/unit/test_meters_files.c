/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_meters_files.c - meters that are files of the kernel, on folders that stand for machines: what is found, what it
 * may weigh, what a look at it gives, and why there is no number where there is none.
 */
#include "meters/files.h"

#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define POWERCAP "sys/class/powercap/"
#define HWMON "sys/class/hwmon/"
#define PMU "sys/bus/event_source/devices/power/"
#define FIXTURES "tests/roots/meters-"

enum { MOST = 64 };

extern const struct wm_meter wm_meter_powercap, wm_meter_perf, wm_meter_hwmon, wm_meter_scmi;

/* ---- folders that stand for a machine ---- */

static char scratch[] = "/tmp/test_meters_files.XXXXXX";
static const char *copied; /* the folder that copy_one copies */

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw) {
	(void)info, (void)type, (void)ftw;
	return remove(path);
}

static int make_scratch(void **state) {
	(void)state;
	umask(022); /* test_unreadable looks as another user */
	return mkdtemp(scratch) && chmod(scratch, 0755) == 0 ? 0 : -1;
}

static int remove_scratch(void **state) {
	(void)state;
	return nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void empty_scratch(void) {
	nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	assert_int_equal(mkdir(scratch, 0755), 0);
}

static void in_scratch(const char *path, char full[512]) {
	snprintf(full, 512, "%s/%s", scratch, path);
}

static void put(const char *path, const char *text) {
	char full[512];
	FILE *f;

	in_scratch(path, full);
	for (char *s = full + strlen(scratch) + 1; (s = strchr(s, '/')); *s++ = '/') {
		*s = '\0';
		mkdir(full, 0755);
	}
	f = fopen(full, "w");
	if (!f)
		fail_msg("%s", full);
	fprintf(f, "%s\n", text);
	fclose(f);
}

static void drop(const char *path) {
	char full[512];

	in_scratch(path, full);
	assert_int_equal(remove(full), 0);
}

static int copy_one(const char *path, const struct stat *info, int type, struct FTW *ftw) {
	const char *rest = path + strlen(copied) + 1;
	char text[256] = "", full[512];
	ssize_t n;
	FILE *f;

	(void)info, (void)ftw;
	if (type == FTW_SL) {
		in_scratch(rest, full);
		n = readlink(path, text, sizeof(text) - 1);
		return n > 0 && symlink(text, full) == 0 ? 0 : -1;
	}
	if (type != FTW_F)
		return 0;
	f = fopen(path, "r");
	if (!f || !fgets(text, sizeof(text), f))
		return -1;
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	put(rest, text);
	return 0;
}

/* A machine that a test may change. */
static void copy(const char *root) {
	empty_scratch();
	copied = root;
	assert_int_equal(nftw(root, copy_one, 16, FTW_PHYS), 0);
}

/* ---- looking ---- */

struct found {
	struct wm_meter_setup setup;
	const struct wm_meter *meter;
	struct wm_source sources[MOST];
	int n;
};

static struct found found;

static void find_all(const struct wm_meter *meter, const char *root) {
	found.setup = (struct wm_meter_setup){.root = root};
	found.meter = meter;
	if (meter->find(&found.setup, found.sources, MOST, &found.n))
		fail_msg("%s in %s: %s", meter->name, root, wm_why());
}

static struct wm_source *find_id(const char *id) {
	for (int i = 0; i < found.n; i++)
		if (strcmp(found.sources[i].id, id) == 0)
			return &found.sources[i];
	fail_msg("no source '%s'", id);
	abort(); /* not reached */
}

/* The words "id, id, .." of all sources of a scope. */
static void assert_scope(enum wm_scope scope, const char *want) {
	char ids[1024] = "";

	for (int i = 0; i < found.n; i++)
		if (found.sources[i].scope == scope)
			wm_files_add(ids, sizeof(ids), ", ", found.sources[i].id);
	assert_string_equal(ids, want);
}

static void assert_skips(const struct wm_meter *meter, const char *root, const char *words) {
	struct wm_meter_setup setup = {.root = root};
	int n = -1;

	assert_int_equal(meter->find(&setup, found.sources, MOST, &n), WM_SKIP);
	assert_int_equal(n, -1);
	if (!strstr(wm_why(), words))
		fail_msg("'%s' does not say '%s'", wm_why(), words);
}

static bool near(double a, double b) {
	return fabs(a - b) <= 1e-9 * fmax(1, fabs(b));
}

static struct wm_reading read_now(struct wm_source *source) {
	struct wm_reading reading;

	if (found.meter->read(source, &reading))
		fail_msg("%s: %s", source->id, wm_why());
	return reading;
}

static void open_now(struct wm_source *source) {
	if (found.meter->open(&found.setup, source))
		fail_msg("%s: %s", source->id, wm_why());
}

static void close_now(struct wm_source *source) {
	found.meter->close(source);
	assert_null(source->priv);
}

/* The next look fails, and says these words. */
static void assert_read_fails(struct wm_source *source, const char *words) {
	struct wm_reading reading;

	assert_int_equal(found.meter->read(source, &reading), WM_FAILED);
	if (!strstr(wm_why(), words))
		fail_msg("'%s' does not say '%s'", wm_why(), words);
}

static double watts_of(const char *id) {
	struct wm_source *source = find_id(id);
	double watts;

	open_now(source);
	watts = read_now(source).watts;
	close_now(source);
	return watts;
}

/* ---- what every source keeps ---- */

static void check_source(const struct wm_source *source, const char *root) {
	bool part = source->scope == WM_SCOPE_PART;

	assert_string_equal(source->meter, found.meter->name);
	assert_true(strncmp(source->id, source->meter, strlen(source->meter)) == 0 && !strpbrk(source->id, " ,\"\n"));
	assert_true(source->word[0] && source->where[0] && source->note[0]);
	assert_true(source->scope < WM_SCOPES && !source->priv);
	/* nothing that a case could be weighed by is of nobody */
	if (!part && source->scope != WM_SCOPE_SERVER && source->package < 0 && !source->pci[0])
		fail_msg("%s in %s belongs to no package and no device", source->id, root);
	/* no figure of accuracy is published for any of them, and nothing unknown is 0 */
	assert_true(isnan(source->gain_rel) && isnan(source->limit_w));
	assert_true(isnan(source->refresh_s) || source->refresh_s > 0);
	assert_true(source->kind == WM_COUNTER ? source->lag_s == 0 : isnan(source->lag_s) || source->lag_s > 0);
	assert_true(isnan(source->quantum) || source->quantum > 0);
	assert_true(isnan(source->range_j) || source->range_j > 0);
}

static void test_contract(void **state) {
	static const char *const roots[] = {"intel", "amd",    "altra", "altra-cores", "grace",
	                                    "acpi",  "amdgpu", "scmi",  "others"};
	const struct wm_meter *meters[] = {&wm_meter_powercap, &wm_meter_perf, &wm_meter_hwmon, &wm_meter_scmi};
	int sources = 0;
	char root[128];

	(void)state;
	for (size_t r = 0; r < sizeof(roots) / sizeof(roots[0]); r++)
		for (size_t m = 0; m < 4; m++) {
			snprintf(root, sizeof(root), FIXTURES "%s", roots[r]);
			found.setup = (struct wm_meter_setup){.root = root};
			found.meter = meters[m];
			if (found.meter->find(&found.setup, found.sources, MOST, &found.n))
				continue;
			for (int i = 0; i < found.n; i++) {
				struct wm_source *source = &found.sources[i];

				check_source(source, root);
				for (int k = 0; k < i; k++)
					assert_string_not_equal(source->id, found.sources[k].id);
				sources++;
				if (source->off[0] || found.meter == &wm_meter_perf)
					continue;
				open_now(source);
				if (source->kind == WM_COUNTER)
					assert_true(read_now(source).joules >= 0 && isnan(read_now(source).watts));
				else
					assert_true(read_now(source).watts > 0 && isnan(read_now(source).joules));
				close_now(source);
			}
		}
	/* intel: 9 of powercap, 8 of perf; amd: 2 and 1; then one meter each */
	assert_int_equal(sources, 9 + 8 + 2 + 1 + 2 + 2 + 4 + 1 + 3 + 2 + 5);
}

/* No more than there is room for, and whole packages first. */
static void test_room(void **state) {
	struct wm_meter_setup intel = {.root = FIXTURES "intel"}, others = {.root = FIXTURES "others"};
	struct wm_source sources[6];
	int n = 0;

	(void)state;
	memset(sources, 0x5a, sizeof(sources));
	assert_int_equal(wm_meter_powercap.find(&intel, sources, 3, &n), WM_OK);
	assert_int_equal(n, 3);
	assert_int_equal(sources[3].id[0], 0x5a);
	assert_int_equal(wm_meter_perf.find(&intel, sources, 3, &n), WM_OK);
	assert_int_equal(wm_meter_hwmon.find(&others, sources, 3, &n), WM_OK);
	assert_int_equal(n, 3);
	assert_int_equal(sources[3].id[0], 0x5a);
	assert_int_equal(wm_meter_powercap.find(&intel, sources, 5, &n), WM_OK);
	assert_int_equal(n, 5);
	assert_int_equal(sources[3].scope, WM_SCOPE_CPU_DRAM);
	assert_int_equal(sources[5].id[0], 0x5a);
}

static void test_nothing(void **state) {
	(void)state;
	empty_scratch();
	assert_skips(&wm_meter_powercap, scratch, "no /sys/class/powercap: No such file");
	assert_skips(&wm_meter_scmi, scratch, "no /sys/class/powercap: No such file");
	assert_skips(&wm_meter_hwmon, scratch, "no /sys/class/hwmon: No such file");
	assert_skips(&wm_meter_perf, scratch, "no /sys/bus/event_source/devices/power: No such file");
	assert_skips(&wm_meter_powercap, FIXTURES "scmi", "no zone intel-rapl:N");
	assert_skips(&wm_meter_scmi, FIXTURES "intel", "no zone arm-scmi:N");
	put(HWMON "hwmon0/name", "nvme");
	put(HWMON "hwmon0/temp1_input", "41850");
	assert_skips(&wm_meter_hwmon, scratch, "among the 1 chips");
}

/* ---- powercap ---- */

static void test_intel(void **state) {
	struct wm_source *source;
	struct wm_reading reading;

	(void)state;
	find_all(&wm_meter_powercap, FIXTURES "intel");
	assert_scope(WM_SCOPE_CPU, "powercap:package-1, powercap:package-0");
	assert_scope(WM_SCOPE_CPU_DRAM, "powercap:package-1+dram, powercap:package-0+dram");
	assert_scope(WM_SCOPE_PART,
	             "powercap:package-1-core, powercap:package-1-dram, powercap:package-0-dram, "
	             "powercap:package-0-core, powercap:psys");
	assert_non_null(strstr(find_id("powercap:psys")->note, "nobody states"));
	assert_int_equal(find_id("powercap:psys")->package, -1);
	assert_int_equal(find_id("powercap:package-0-core")->package, 0);

	source = find_id("powercap:package-0");
	assert_int_equal(source->package, 0);
	assert_string_equal(source->word, "package-0");
	assert_true(near(source->range_j, 262143.328850) && near(source->quantum, 262143.328850 / 4294967295.0));
	assert_true(source->refresh_s == 0.001);
	open_now(source);
	reading = read_now(source);
	assert_true(near(reading.joules, 262143.0) && near(reading.cap_w, 246));
	close_now(source);
	assert_string_equal(find_id("powercap:package-1+dram")->word, "package-1 + dram");
}

static void test_amd(void **state) {
	struct wm_source *source;

	(void)state;
	find_all(&wm_meter_powercap, FIXTURES "amd");
	assert_scope(WM_SCOPE_CPU, "powercap:package-0");
	assert_scope(WM_SCOPE_CPU_DRAM, "");
	assert_scope(WM_SCOPE_PART, "powercap:package-0-core");
	source = find_id("powercap:package-0");
	open_now(source);
	assert_true(near(read_now(source).joules, 65000) && isnan(read_now(source).cap_w));
	close_now(source);
}

/* The wrap of one file is left to who knows the times; of two, each has its own. */
static void test_wraps(void **state) {
	struct wm_source *single, *pair;
	double before;

	(void)state;
	copy(FIXTURES "intel");
	find_all(&wm_meter_powercap, scratch);
	single = find_id("powercap:package-0");
	pair = find_id("powercap:package-0+dram");
	assert_true(isinf(pair->range_j));
	open_now(single);
	open_now(pair);
	before = read_now(pair).joules;
	put(POWERCAP "intel-rapl:1:0/energy_uj", "500000"); /* DRAM: 999613 uJ to the end, and 500000 */
	assert_true(near(read_now(pair).joules - before, 1.499613));
	put(POWERCAP "intel-rapl:1/energy_uj", "1000000"); /* package: 328850 to the end, and 1000000 */
	assert_true(near(read_now(pair).joules - before, 1.499613 + 1.328850));
	assert_true(near(read_now(single).joules, 1));
	put(POWERCAP "intel-rapl:1/energy_uj", "3000000");
	assert_true(near(read_now(pair).joules - before, 1.499613 + 1.328850 + 2));
	close_now(single);
	close_now(pair);
}

/* A counter that is smaller than before has wrapped when that is a step of at most a quarter of its range. */
static void test_went_back(void **state) {
	struct wm_source *pair;
	double before;

	(void)state;
	copy(FIXTURES "intel");
	find_all(&wm_meter_powercap, scratch);
	pair = find_id("powercap:package-1+dram");
	open_now(pair);
	put(POWERCAP "intel-rapl:0/energy_uj", "200000000000");
	before = read_now(pair).joules;
	/* 62143.328850 J to the end: with 3392 J it is the last below a quarter, 65535.832 J */
	put(POWERCAP "intel-rapl:0/energy_uj", "3392000000");
	assert_true(near(read_now(pair).joules - before, 62143.328850 + 3392));
	put(POWERCAP "intel-rapl:0/energy_uj", "200000000000");
	before = read_now(pair).joules;
	put(POWERCAP "intel-rapl:0/energy_uj", "3393000000");
	assert_read_fails(pair, "intel-rapl:0/energy_uj: went back from 200000000000 to 3393000000");
	/* it goes on from where it is */
	put(POWERCAP "intel-rapl:0/energy_uj", "3394000000");
	assert_true(near(read_now(pair).joules - before, 1));
	close_now(pair);
}

/* After a pause nobody knows how often a counter wrapped: that is no error, and no energy. */
static void test_pause(void **state) {
	struct wm_number number;
	double value;

	(void)state;
	empty_scratch();
	put("counter", "1000");
	assert_int_equal(wm_number_open(scratch, "/counter", &number), WM_OK);
	number.range = 2000;
	assert_int_equal(wm_number_count(&number, &value), WM_OK);
	put("counter", "1100");
	assert_int_equal(wm_number_count(&number, &value), WM_OK);
	assert_true(value == 100);
	number.looked_s -= 60;
	put("counter", "1");
	assert_int_equal(wm_number_count(&number, &value), WM_OK);
	assert_true(value == 100);
	put("counter", "0");
	assert_int_equal(wm_number_count(&number, &value), WM_FAILED);
	number.range = NAN;
	put("counter", "-1");
	assert_int_equal(wm_number_count(&number, &value), WM_FAILED);
	wm_number_close(&number);
}

/* A package of two counters is one source. With DRAM only if every one has it. */
static void test_dies(void **state) {
	(void)state;
	empty_scratch();
	put(POWERCAP "intel-rapl:0/name", "package-0-die-0");
	put(POWERCAP "intel-rapl:0/energy_uj", "1000000");
	put(POWERCAP "intel-rapl:0:0/name", "dram");
	put(POWERCAP "intel-rapl:0:0/energy_uj", "7000000");
	put(POWERCAP "intel-rapl:1/name", "package-0-die-1");
	put(POWERCAP "intel-rapl:1/energy_uj", "2000000");
	find_all(&wm_meter_powercap, scratch);
	assert_scope(WM_SCOPE_CPU, "powercap:package-0");
	assert_scope(WM_SCOPE_CPU_DRAM, "");
	assert_scope(WM_SCOPE_PART, "powercap:package-0-die-0-dram");
	assert_string_equal(find_id("powercap:package-0")->where, "intel-rapl:0 intel-rapl:1");
	/* a limit of one of them is not that of the package */
	put(POWERCAP "intel-rapl:1/enabled", "1");
	put(POWERCAP "intel-rapl:1/constraint_0_name", "long_term");
	put(POWERCAP "intel-rapl:1/constraint_0_power_limit_uw", "100000000");
	open_now(find_id("powercap:package-0"));
	assert_true(isnan(read_now(find_id("powercap:package-0")).cap_w));
	put(POWERCAP "intel-rapl:0/energy_uj", "1500000");
	put(POWERCAP "intel-rapl:1/energy_uj", "4000000");
	assert_true(near(read_now(find_id("powercap:package-0")).joules, 2.5));
	close_now(find_id("powercap:package-0"));

	put(POWERCAP "intel-rapl:1:0/name", "dram");
	put(POWERCAP "intel-rapl:1:0/energy_uj", "8000000");
	find_all(&wm_meter_powercap, scratch);
	assert_scope(WM_SCOPE_CPU_DRAM, "powercap:package-0+dram");
	assert_scope(WM_SCOPE_PART, "powercap:package-0-die-0-dram, powercap:package-0-die-1-dram");
}

static double cap_of(const char *id) {
	struct wm_source *source = find_id(id);
	double cap_w;

	open_now(source);
	cap_w = read_now(source).cap_w;
	close_now(source);
	return cap_w;
}

static void test_cap(void **state) {
	(void)state;
	copy(FIXTURES "intel");
	find_all(&wm_meter_powercap, scratch);
	assert_true(near(cap_of("powercap:package-0"), 246));
	assert_true(isnan(cap_of("powercap:package-0+dram")));
	put(POWERCAP "intel-rapl:1/constraint_1_name", "peak_power");
	assert_true(near(cap_of("powercap:package-0"), 205));
	put(POWERCAP "intel-rapl:1/constraint_0_power_limit_uw", "0");
	assert_true(isnan(cap_of("powercap:package-0")));
	put(POWERCAP "intel-rapl:0/enabled", "0");
	assert_true(isnan(cap_of("powercap:package-1")));
}

/* Only root may read: the source is there, and says what to do. */
static void test_unreadable(void **state) {
	char full[512];
	uid_t me = geteuid();

	(void)state;
	copy(FIXTURES "intel");
	in_scratch(POWERCAP "intel-rapl:1/energy_uj", full);
	assert_int_equal(chmod(full, 0), 0);
	if (me == 0 && seteuid(65534))
		skip();
	find_all(&wm_meter_powercap, scratch);
	assert_string_equal(find_id("powercap:package-0")->off,
	                    "permission: /sys/class/powercap/intel-rapl:1/energy_uj is for root only; as root: chmod a+r "
	                    "/sys/class/powercap/*/energy_uj");
	assert_string_equal(find_id("powercap:package-0+dram")->off, find_id("powercap:package-0")->off);
	assert_string_equal(find_id("powercap:package-0-dram")->off, "");
	assert_string_equal(find_id("powercap:package-1")->off, "");
	assert_int_equal(found.meter->open(&found.setup, find_id("powercap:package-0")), WM_FAILED);
	assert_non_null(strstr(wm_why(), "permission: "));
	assert_null(find_id("powercap:package-0")->priv);
	assert_int_equal(found.meter->open(&found.setup, find_id("powercap:package-0+dram")), WM_FAILED);
	assert_null(find_id("powercap:package-0+dram")->priv);
	if (me == 0)
		assert_int_equal(seteuid(0), 0);
}

/* One look that fails says why, and the next may be good. */
static void test_failing_looks(void **state) {
	struct wm_source *source;
	char full[512];

	(void)state;
	copy(FIXTURES "intel");
	find_all(&wm_meter_powercap, scratch);
	source = find_id("powercap:package-0");
	open_now(source);
	put(POWERCAP "intel-rapl:1/energy_uj", "no data");
	assert_read_fails(source, "/sys/class/powercap/intel-rapl:1/energy_uj: 'no data' is no number");
	put(POWERCAP "intel-rapl:1/energy_uj", "12 000");
	assert_true(near(read_now(source).joules, 12e-6));
	put(POWERCAP "intel-rapl:1/energy_uj", "12x");
	assert_read_fails(source, "'12x' is no number");
	put(POWERCAP "intel-rapl:1/energy_uj", "99999999999999999999");
	assert_read_fails(source, "is no number");
	put(POWERCAP "intel-rapl:1/energy_uj", "");
	assert_read_fails(source, "'' is no number");
	put(POWERCAP "intel-rapl:1/energy_uj", "12");
	assert_true(near(read_now(source).joules, 12e-6));
	close_now(source);

	/* what the system says, with the path */
	drop(POWERCAP "intel-rapl:1/energy_uj");
	in_scratch(POWERCAP "intel-rapl:1/energy_uj", full);
	assert_int_equal(mkdir(full, 0755), 0);
	open_now(source);
	assert_read_fails(source, "/sys/class/powercap/intel-rapl:1/energy_uj: Is a directory");
	close_now(source);
	find_all(&wm_meter_powercap, scratch);
	assert_string_equal(find_id("powercap:package-0")->off,
	                    "/sys/class/powercap/intel-rapl:1/energy_uj: Is a directory");
	drop(POWERCAP "intel-rapl:1/energy_uj");
	assert_int_equal(found.meter->open(&found.setup, find_id("powercap:package-0")), WM_FAILED);
	assert_non_null(strstr(wm_why(), "intel-rapl:1/energy_uj: No such file"));
}

/* ---- hwmon ---- */

static void test_altra(void **state) {
	struct wm_source *source;

	(void)state;
	find_all(&wm_meter_hwmon, FIXTURES "altra");
	assert_scope(WM_SCOPE_CPU, "hwmon:package-7260, hwmon:package-36");
	source = find_id("hwmon:package-36");
	assert_int_equal(source->package, 36);
	assert_string_equal(source->word, "CPU power + IO power");
	assert_non_null(strstr(source->note, "DIMMs not in it"));
	assert_true(source->quantum == 0.001 && isnan(source->refresh_s) && isnan(source->lag_s));
	assert_true(near(watts_of("hwmon:package-36"), 14.76 + 31.07));
	assert_true(near(watts_of("hwmon:package-7260"), 28.08 + 31.10));

	/* of two packages the only monitor without a name may be either's */
	copy(FIXTURES "altra");
	drop(HWMON "hwmon1/device/firmware_node/uid");
	find_all(&wm_meter_hwmon, scratch);
	assert_scope(WM_SCOPE_CPU, "hwmon:package-36");
	assert_scope(WM_SCOPE_PART, "hwmon:apm_xgene:hwmon1");
	assert_non_null(strstr(find_id("hwmon:apm_xgene:hwmon1")->note, "which of 2 packages"));
	/* a socket that the machine does not have */
	put(HWMON "hwmon1/device/firmware_node/uid", "HWM2");
	find_all(&wm_meter_hwmon, scratch);
	assert_scope(WM_SCOPE_PART, "hwmon:apm_xgene:hwmon1");
	/* one rail alone is not the socket */
	put(HWMON "hwmon4/power1_label", "VRD power");
	find_all(&wm_meter_hwmon, scratch);
	assert_scope(WM_SCOPE_CPU, "");
}

static void test_altra_cores(void **state) {
	struct wm_source *cores;

	(void)state;
	copy(FIXTURES "altra-cores");
	find_all(&wm_meter_hwmon, scratch);
	assert_scope(WM_SCOPE_CPU, "hwmon:package-0");
	assert_true(near(watts_of("hwmon:package-0"), 14.76 + 31.07));
	cores = find_id("hwmon:altra_hwmon:hwmon1");
	assert_int_equal(cores->scope, WM_SCOPE_PART);
	assert_string_equal(cores->word, "Core Energy, sum of 3");
	open_now(cores);
	assert_true(near(read_now(cores).joules, 0));
	put(HWMON "hwmon1/energy1_input", "405000000");
	put(HWMON "hwmon1/energy3_input", "426000000");
	put(HWMON "hwmon1/energy4_input", "90000000"); /* not a core's */
	assert_true(near(read_now(cores).joules, 5 + 6));
	put(HWMON "hwmon1/energy2_input", "1");
	assert_read_fails(cores, "energy2_input: went back");
	close_now(cores);
}

static void test_grace(void **state) {
	struct wm_source *module;

	(void)state;
	find_all(&wm_meter_hwmon, FIXTURES "grace");
	assert_scope(WM_SCOPE_SUPERCHIP, "hwmon:Module-0");
	assert_scope(WM_SCOPE_CPU, "hwmon:Grace-0");
	assert_scope(WM_SCOPE_PART, "hwmon:CPU-0, hwmon:SysIO-0");
	assert_scope(WM_SCOPE_SERVER, "");
	module = find_id("hwmon:Module-0");
	assert_string_equal(module->pci, "0009:01:00.0");
	assert_string_equal(module->word, "Module Power Socket 0");
	assert_true(module->package == 0 && near(module->refresh_s, 0.05) && near(module->lag_s, 0.05));
	assert_true(near(watts_of("hwmon:Module-0"), 412.5) && near(watts_of("hwmon:Grace-0"), 118.2));

	/* a GPU of another node or maker is not on the module */
	copy(FIXTURES "grace");
	put("sys/bus/pci/devices/0009:01:00.0/numa_node", "1");
	find_all(&wm_meter_hwmon, scratch);
	assert_scope(WM_SCOPE_SUPERCHIP, "");
	assert_non_null(strstr(find_id("hwmon:Module-0")->note, "not known"));
	put("sys/bus/pci/devices/0009:01:00.0/numa_node", "0");
	put("sys/bus/pci/devices/0009:01:00.0/vendor", "0x1002");
	find_all(&wm_meter_hwmon, scratch);
	assert_scope(WM_SCOPE_SUPERCHIP, "");
	/* two of them: both are in it, and it is no single one's */
	put("sys/bus/pci/devices/0009:01:00.0/vendor", "0x10de");
	put("sys/bus/pci/devices/0019:01:00.0/vendor", "0x10de");
	put("sys/bus/pci/devices/0019:01:00.0/class", "0x030200");
	put("sys/bus/pci/devices/0019:01:00.0/numa_node", "0");
	find_all(&wm_meter_hwmon, scratch);
	assert_scope(WM_SCOPE_SUPERCHIP, "hwmon:Module-0");
	assert_string_equal(find_id("hwmon:Module-0")->pci, "");
	/* a socket that the machine does not show */
	put(HWMON "hwmon2/device/power1_oem_info", "Grace Power Socket 1");
	find_all(&wm_meter_hwmon, scratch);
	assert_scope(WM_SCOPE_CPU, "");
	assert_non_null(strstr(find_id("hwmon:Grace-1")->note, "no package for socket 1"));
}

/* The firmware's mark of no reading, and the greatest power beside it. */
static void test_no_reading(void **state) {
	struct wm_source *source;

	(void)state;
	copy(FIXTURES "acpi");
	find_all(&wm_meter_hwmon, scratch);
	source = find_id("hwmon:power_meter:hwmon0");
	open_now(source);
	put(HWMON "hwmon0/power1_average", "4294967294000");
	assert_true(near(read_now(source).watts, 4294967.294));
	put(HWMON "hwmon0/power1_average", "4294967295000");
	assert_read_fails(source, "power1_average: the firmware has no reading");
	put(HWMON "hwmon0/power1_average", "287000000");
	put(HWMON "hwmon0/power1_cap", "4294967295000");
	assert_true(near(read_now(source).watts, 287) && isnan(read_now(source).cap_w));
	close_now(source);
}

static void test_acpi(void **state) {
	struct wm_source *source;

	(void)state;
	copy(FIXTURES "acpi");
	find_all(&wm_meter_hwmon, scratch);
	assert_scope(WM_SCOPE_SERVER, "hwmon:power_meter:hwmon0");
	source = find_id("hwmon:power_meter:hwmon0");
	assert_non_null(strstr(source->note, "95.0%"));
	assert_true(isnan(source->gain_rel) && near(source->refresh_s, 1) && near(source->lag_s, 1));
	assert_true(near(watts_of("hwmon:power_meter:hwmon0"), 287) && near(cap_of("hwmon:power_meter:hwmon0"), 500));

	/* which names itself as what it measures says nothing */
	drop(HWMON "hwmon0/device/measures/LNXSYBUS:00/hid");
	drop(HWMON "hwmon0/device/measures/LNXSYBUS:00");
	put(HWMON "hwmon0/device/measures/ACPI000D:00/hid", "ACPI000D");
	find_all(&wm_meter_hwmon, scratch);
	assert_scope(WM_SCOPE_SERVER, "");
	assert_scope(WM_SCOPE_PART, "hwmon:power_meter:hwmon0");
	source = find_id("hwmon:power_meter:hwmon0");
	assert_non_null(strstr(source->note, "nobody states what it measures; if you know: name it in the file of meters"));
	assert_true(strlen(source->note) < sizeof(source->note) - 1 && strstr(source->note, "its watts"));
	put(HWMON "hwmon0/device/measures/LNXSYSTM:00/hid", "LNXSYSTM");
	find_all(&wm_meter_hwmon, scratch);
	assert_scope(WM_SCOPE_SERVER, "hwmon:power_meter:hwmon0");
	drop(HWMON "hwmon0/device/power1_accuracy");
	find_all(&wm_meter_hwmon, scratch);
	assert_string_equal(find_id("hwmon:power_meter:hwmon0")->note, "its firmware says that it measures the system");

	/* one of which nobody says anything takes nothing from it */
	put(HWMON "hwmon1/name", "power_meter");
	put(HWMON "hwmon1/power1_average", "100000000");
	find_all(&wm_meter_hwmon, scratch);
	assert_scope(WM_SCOPE_SERVER, "hwmon:power_meter:hwmon0");
	/* a second one of the system: neither is shown to be all of it */
	put(HWMON "hwmon1/device/measures/LNXSYBUS:00/hid", "LNXSYBUS");
	find_all(&wm_meter_hwmon, scratch);
	assert_scope(WM_SCOPE_SERVER, "");
	assert_scope(WM_SCOPE_PART, "hwmon:power_meter:hwmon0, hwmon:power_meter:hwmon1");
	assert_non_null(strstr(find_id("hwmon:power_meter:hwmon0")->note, "one of 2"));
	/* which is said to be a part, or a battery */
	drop(HWMON "hwmon1/device/measures/LNXSYBUS:00/hid");
	drop(HWMON "hwmon1/device/measures/LNXSYBUS:00");
	put(HWMON "hwmon1/device/measures/LNXCPU:00/hid", "LNXCPU");
	find_all(&wm_meter_hwmon, scratch);
	assert_scope(WM_SCOPE_SERVER, "hwmon:power_meter:hwmon0");
	assert_string_equal(find_id("hwmon:power_meter:hwmon1")->note, "measures LNXCPU:00");
	put(HWMON "hwmon0/device/power1_is_battery", "1");
	find_all(&wm_meter_hwmon, scratch);
	assert_scope(WM_SCOPE_SERVER, "");
}

static void test_amdgpu(void **state) {
	struct wm_source *source;

	(void)state;
	copy(FIXTURES "amdgpu");
	find_all(&wm_meter_hwmon, scratch);
	assert_scope(WM_SCOPE_ACCELERATOR, "hwmon:amdgpu:0000:0a:00.0, hwmon:amdgpu:0000:0d:00.0");
	assert_scope(WM_SCOPE_PART, "hwmon:amdgpu:0000:c5:00.0");
	source = find_id("hwmon:amdgpu:0000:0a:00.0");
	assert_string_equal(source->pci, "0000:0a:00.0");
	assert_string_equal(source->word, "PPT");
	assert_true(near(watts_of(source->id), 187) && near(cap_of(source->id), 225));
	assert_non_null(strstr(find_id("hwmon:amdgpu:0000:c5:00.0")->note, "CPU is in it"));
	/* 0 W is no power of a GPU */
	assert_non_null(strstr(find_id("hwmon:amdgpu:0000:0d:00.0")->off, "power1_average: 0 W"));
	open_now(source);
	put(HWMON "hwmon1/power1_average", "0");
	assert_read_fails(source, "power1_average: 0 W");
	put(HWMON "hwmon1/power1_average", "1");
	assert_true(near(read_now(source).watts, 1e-6));
	close_now(source);
}

static void test_others(void **state) {
	(void)state;
	find_all(&wm_meter_hwmon, FIXTURES "others");
	assert_scope(WM_SCOPE_PART,
	             "hwmon:smpro_hwmon:hwmon0:power1, hwmon:smpro_hwmon:hwmon0:power3, "
	             "hwmon:ina226:hwmon1:power1, hwmon:ina226:hwmon1:power2, hwmon:ina226:hwmon1:energy1");
	assert_int_equal(found.n, 5);
	assert_string_equal(find_id("hwmon:smpro_hwmon:hwmon0:power3")->word, "power3 DIMM VRD1");
	assert_non_null(strstr(find_id("hwmon:smpro_hwmon:hwmon0:power1")->note, "management controller"));
	assert_true(near(watts_of("hwmon:ina226:hwmon1:power1"), 5.25));
	assert_true(near(watts_of("hwmon:ina226:hwmon1:power2"), 3));
	assert_int_equal(find_id("hwmon:ina226:hwmon1:energy1")->kind, WM_COUNTER);
	assert_true(isnan(find_id("hwmon:ina226:hwmon1:energy1")->range_j));
	open_now(find_id("hwmon:ina226:hwmon1:energy1"));
	assert_true(near(read_now(find_id("hwmon:ina226:hwmon1:energy1")).joules, 77));
	close_now(find_id("hwmon:ina226:hwmon1:energy1"));
}

/* Names of chips, zones, domains and of what firmware calls its meters have letters that ids have not. */
static void test_names_in_ids(void **state) {
	(void)state;
	empty_scratch();
	put(HWMON "hwmon0/name", "ina,226 \"x\"");
	put(HWMON "hwmon0/power1_input", "1000000");
	put(HWMON "hwmon1/name", "power_meter");
	put(HWMON "hwmon1/power1_oem_info", "CPU,\"a\" Power Socket 3");
	put(HWMON "hwmon1/power1_average", "1000000");
	find_all(&wm_meter_hwmon, scratch);
	assert_scope(WM_SCOPE_PART, "hwmon:ina_226__x_:hwmon0:power1, hwmon:CPU__a_-3");
	assert_string_equal(find_id("hwmon:CPU__a_-3")->word, "CPU,\"a\" Power Socket 3");
	put(POWERCAP "arm-scmi:0/name", "SOC,\xC3\xA4.b_c-1");
	put(POWERCAP "arm-scmi:0/power_uw", "1");
	find_all(&wm_meter_scmi, scratch);
	assert_scope(WM_SCOPE_PART, "scmi:SOC___.b_c-1@0");
	put(POWERCAP "intel-rapl:0/name", "psys, a");
	put(POWERCAP "intel-rapl:0/energy_uj", "1");
	find_all(&wm_meter_powercap, scratch);
	assert_scope(WM_SCOPE_PART, "powercap:psys__a");
}

/* ---- scmi ---- */

static void test_scmi(void **state) {
	struct wm_source *soc;

	(void)state;
	find_all(&wm_meter_scmi, FIXTURES "scmi");
	assert_scope(WM_SCOPE_PART, "scmi:SOC@0, scmi:BIG_CLUSTER@0:1");
	soc = find_id("scmi:SOC@0");
	assert_true(soc->kind == WM_POWER && near(soc->refresh_s, 0.1) && near(soc->lag_s, 0.1));
	assert_true(near(watts_of("scmi:SOC@0"), 36.5) && near(cap_of("scmi:SOC@0"), 90));
	assert_string_equal(find_id("scmi:BIG_CLUSTER@0:1")->word, "BIG CLUSTER");
	assert_true(isnan(find_id("scmi:BIG_CLUSTER@0:1")->refresh_s));
	assert_true(isnan(cap_of("scmi:BIG_CLUSTER@0:1")));

	copy(FIXTURES "scmi");
	drop(POWERCAP "arm-scmi:0:1/power_uw");
	find_all(&wm_meter_scmi, scratch);
	assert_non_null(strstr(find_id("scmi:BIG_CLUSTER@0:1")->off, "arm-scmi:0:1/power_uw: No such file"));
	assert_int_equal(found.meter->open(&found.setup, find_id("scmi:BIG_CLUSTER@0:1")), WM_FAILED);
	assert_string_equal(find_id("scmi:SOC@0")->off, "");
}

/* ---- perf ---- */

static void test_perf(void **state) {
	struct wm_source *source;

	(void)state;
	find_all(&wm_meter_perf, FIXTURES "intel");
	assert_scope(WM_SCOPE_CPU, "perf:package-0, perf:package-1");
	assert_scope(WM_SCOPE_CPU_DRAM, "perf:package-0+dram, perf:package-1+dram");
	assert_scope(WM_SCOPE_PART, "perf:package-0-ram, perf:package-0-psys, perf:package-1-ram, perf:package-1-psys");
	source = find_id("perf:package-1+dram");
	assert_int_equal(source->package, 1);
	assert_string_equal(source->where, "22 2 2*2.3283064365386963e-10 3*2.3283064365386963e-10");
	assert_string_equal(source->word, "energy-pkg + energy-ram");
	assert_true(isinf(source->range_j) && source->kind == WM_COUNTER);
	/* another machine's files say nothing of the counters here */
	assert_int_equal(found.meter->open(&found.setup, source), WM_FAILED);
	assert_non_null(strstr(wm_why(), "are not those of " FIXTURES "intel"));

	find_all(&wm_meter_perf, FIXTURES "amd");
	assert_scope(WM_SCOPE_CPU, "perf:package-0");
	assert_int_equal(found.n, 1);
}

static void test_perf_refusals(void **state) {
	(void)state;
	copy(FIXTURES "intel");
	put(PMU "events/energy-ram.unit", "Watts");
	find_all(&wm_meter_perf, scratch);
	assert_scope(WM_SCOPE_CPU_DRAM, "");
	put(PMU "cpumask", "0-3");
	find_all(&wm_meter_perf, scratch);
	assert_string_equal(find_id("perf:package-1")->where, "22 2,3 2*2.3283064365386963e-10");
	put(PMU "cpumask", "0,9");
	assert_skips(&wm_meter_perf, scratch, "cpu9/topology/physical_package_id: No such file");
	put(PMU "cpumask", "x");
	assert_skips(&wm_meter_perf, scratch, "cpumask: 'x' is no list");
	put(PMU "cpumask", "0");
	put(PMU "format/event", "config:0-15");
	assert_skips(&wm_meter_perf, scratch, "format/event is not config:0-7 but config:0-15");
	put(PMU "format/event", "config:0-7");
	drop(PMU "events/energy-pkg");
	drop(PMU "events/energy-psys");
	assert_skips(&wm_meter_perf, scratch, "no event energy-..");
	drop(PMU "type");
	assert_skips(&wm_meter_perf, scratch, "power/type: No such file");
}

/*
 * Opening and reading on this machine's kernel, with a counter that every kernel has instead of the processor's: the
 * time of CPU 0 in ns (PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK), of which 1e-9 J stand for one.
 */
static void test_perf_here(void **state) {
	struct wm_source *source;
	double before, began_s;

	(void)state;
	copy(FIXTURES "amd");
	put(PMU "type", "1");
	put(PMU "events/energy-pkg", "event=0x00");
	put(PMU "events/energy-pkg.scale", "1e-9");
	find_all(&wm_meter_perf, scratch);
	source = find_id("perf:package-0");
	found.setup.root = "";
	began_s = wm_now();
	if (found.meter->open(&found.setup, source)) {
		assert_null(source->priv);
		assert_true(strstr(wm_why(), "perf_event_paranoid is") || strstr(wm_why(), "perf_event_open"));
		skip();
	}
	before = read_now(source).joules;
	assert_true(before >= 0 && read_now(source).joules > before);
	/* less than a second a second: the scale is in it */
	before = read_now(source).joules;
	assert_true(before <= wm_now() - began_s);
	close_now(source);
	/* an event that there is not, and a CPU that there is not */
	snprintf(source->where, sizeof(source->where), "1 0 255*1");
	assert_int_equal(found.meter->open(&found.setup, source), WM_FAILED);
	assert_non_null(strstr(wm_why(), "perf_event_open of event 255"));
	snprintf(source->where, sizeof(source->where), "1 0,65535 0*1");
	assert_int_equal(found.meter->open(&found.setup, source), WM_FAILED);
	assert_null(source->priv);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contract),      cmocka_unit_test(test_room),        cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_intel),         cmocka_unit_test(test_amd),         cmocka_unit_test(test_wraps),
		cmocka_unit_test(test_went_back),     cmocka_unit_test(test_pause),       cmocka_unit_test(test_dies),
		cmocka_unit_test(test_cap),           cmocka_unit_test(test_unreadable),  cmocka_unit_test(test_failing_looks),
		cmocka_unit_test(test_altra),         cmocka_unit_test(test_altra_cores), cmocka_unit_test(test_grace),
		cmocka_unit_test(test_no_reading),    cmocka_unit_test(test_acpi),        cmocka_unit_test(test_amdgpu),
		cmocka_unit_test(test_others),        cmocka_unit_test(test_scmi),        cmocka_unit_test(test_perf),
		cmocka_unit_test(test_perf_refusals), cmocka_unit_test(test_perf_here),   cmocka_unit_test(test_names_in_ids),
	};

	return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
