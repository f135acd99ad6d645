/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_meters_named.c - the file of meters and what it names: a program's lines, a logger's file, a BMC by ipmitool and
 * by Redfish. What they read is in tests/meters.
 */
#include "meters/setup.h"
#include "system/program.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct wm_meter wm_meter_command, wm_meter_csv, wm_meter_dcmi, wm_meter_redfish;

#define SAY "tests/meters/say"
#define SECRET "se:cret"

static char scratch[] = "/tmp/wattmark-named-XXXXXX";

static const char *in_scratch(const char *name) {
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	return path;
}

static void put(const char *name, const char *text) {
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s", in_scratch(name));
	for (char *s = path + strlen(scratch) + 1; (s = strchr(s, '/')); *s++ = '/') {
		*s = '\0';
		mkdir(path, 0700);
	}
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		fail_msg("%s: %s", path, strerror(errno));
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw) {
	(void)info, (void)type, (void)ftw;
	return remove(path);
}

static void nap(void) {
	nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

/* ---- the file of meters ---- */

static struct wm_meter_entry *entries;
static struct wm_meter_setup setup;

/* Reads the text as the file of meters; entries are those of the last that was read. */
static enum wm_status read_entries(const char *text) {
	enum wm_status st;
	int n = 0;

	put("meters.ini", text);
	free(entries);
	entries = NULL;
	st = wm_meter_entries(in_scratch("meters.ini"), &entries, &n);
	setup = (struct wm_meter_setup){.root = "", .entries = entries, .n = n};
	return st;
}

__attribute__((format(printf, 1, 2))) static void need_entries(const char *fmt, ...) {
	char text[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (read_entries(text) != WM_OK)
		fail_msg("%s", wm_why());
}

static void meaning(void **state) {
	(void)state;
	need_entries(
		"[rack-pdu]\nmeter = command\nscope = wall\nrun = pdu --outlet 7\nrefresh = 1\nlag = 0.5\ngain = 0.01\n"
		"kind = counter\nquantum = 3600\nrange = 1e9\nlimit = 3000\n"
		"[bmc]\nmeter = dcmi\n"
		"[log]\nmeter = csv\nscope = cpu\npackage = 1\nfile = /tmp/x.csv\nrefresh = 0.1\n"
		"[oam]\nurl = https://[fe80::1]/redfish/v1/Chassis/1\nmeter = redfish\nscope = accelerator\n"
		"pci = 0000:41:00.0\nrefresh = 600\nverify = no\ncredentials = secrets\nca = cert.pem\n");
	assert_int_equal(setup.n, 4);
	assert_string_equal(entries[0].name, "rack-pdu");
	assert_string_equal(entries[0].meter, "command");
	assert_string_equal(entries[0].run, "pdu --outlet 7");
	assert_int_equal(entries[0].scope, WM_SCOPE_WALL);
	assert_int_equal(entries[0].kind, WM_COUNTER);
	assert_true(entries[0].refresh_s == 1 && entries[0].lag_s == 0.5 && entries[0].gain_rel == 0.01);
	assert_true(entries[0].quantum == 3600 && entries[0].range_j == 1e9 && entries[0].limit_w == 3000);
	assert_int_equal(entries[0].package, -1);
	assert_int_equal(entries[1].scope, WM_SCOPES);
	assert_int_equal(entries[1].line, 12);
	assert_true(isnan(entries[1].refresh_s) && isnan(entries[1].lag_s) && isnan(entries[1].gain_rel));
	assert_true(isnan(entries[1].quantum) && isnan(entries[1].range_j) && isnan(entries[1].limit_w));
	assert_int_equal(entries[2].package, 1);
	assert_int_equal(entries[2].kind, WM_POWER);
	assert_string_equal(entries[2].file, "/tmp/x.csv");
	assert_string_equal(entries[3].pci, "0000:41:00.0");
	assert_string_equal(entries[3].credentials, "secrets");
	assert_string_equal(entries[3].ca, "cert.pem");
	assert_true(entries[3].unverified);
	assert_false(entries[2].unverified);
}

static void no_file(void **state) {
	struct wm_meter_entry *none = NULL;
	char why[300];
	int n = 7;

	(void)state;
	assert_int_equal(wm_meter_entries("", &none, &n), WM_OK);
	assert_int_equal(n, 0);
	free(none);
	assert_int_equal(wm_meter_entries(in_scratch("nowhere.ini"), &none, &n), WM_INPUT);
	snprintf(why, sizeof(why), "%s: No such file or directory", in_scratch("nowhere.ini"));
	assert_string_equal(wm_why(), why);
}

#define COMMAND "[a]\nmeter = command\nscope = wall\nrun = x\nrefresh = 1\n"
#define REDFISH "[a]\nmeter = redfish\nscope = node\nrefresh = 1\n"

static void refusals(void **state) {
	static const struct {
		const char *text, *why; /* what stands behind the file's name */
	} table[] = {
		{"; nothing\n", ": no section, so no meter"},
		{"[a]\nscope = wall\n", ":1: section [a] has no meter = ..: one of command csv redfish dcmi"},
		{"[a]\nmeter = comand\n", ":2: unknown meter 'comand'; did you mean 'command'?"},
		{"[a]\nmeter = powercap\n", ":2: unknown meter 'powercap'; known: command csv redfish dcmi"},
		{"[a]\nmeter = command\nrun = x\nrefresh = 1\n", ":1: section [a]: meter command needs scope = .."},
		{"[a]\nmeter = command\nscope = wall\nrefresh = 1\n", ":1: section [a]: meter command needs run = .."},
		{"[a]\nmeter = command\nscope = wall\nrun = x\n", ":1: section [a]: meter command needs refresh = .."},
		{"[a]\nmeter = csv\nscope = wall\nrefresh = 1\n", ":1: section [a]: meter csv needs file = .."},
		{REDFISH, ":1: section [a]: meter redfish needs url = .."},
		{COMMAND "refersh = 1\n", ":6: unknown key 'refersh'; did you mean 'refresh'?"},
		{"[a]\nmeter = dcmi\nxyzzy = 1\n", ":3: unknown key 'xyzzy'; known: meter scope refresh lag limit gain"},
		{COMMAND "file = y\n", ":6: file is a key of csv, not of meter command"},
		{"[a]\nmeter = csv\nkind = power\n", ":3: kind is a key of command redfish, not of meter csv"},
		{COMMAND "kind = joules\n", ":6: kind: 'joules' is not one of: counter power"},
		{"[a]\nmeter = command\nscope = wal\n", ":3: unknown scope 'wal'; did you mean 'wall'?"},
		{"[a]\nmeter = command\nrun =\n", ":3: run: nothing stands behind the '='"},
		{COMMAND "lag = fast\n", ":6: lag: 'fast' is not a number"},
		{COMMAND "lag = nan\n", ":6: lag: 'nan' is not a number"},
		{COMMAND "lag = 1e999\n", ":6: lag: '1e999' is not a number"},
		{COMMAND "lag = 1 s\n", ":6: lag: '1 s' is not a number"},
		{COMMAND "lag = -0.1\n", ":6: lag: -0.1 is outside 0 to 600"},
		{COMMAND "gain = 1.5\n", ":6: gain: 1.5 is outside 1e-06 to 1"},
		{COMMAND "refresh = 2\n", ":6: refresh is given twice in [a], first in line 5"},
		{"[a]\nmeter = csv\nrefresh = 601\n", ":3: refresh: 601 is outside 0.001 to 600"},
		{COMMAND "[a]\nmeter = dcmi\n", ":6: section [a] is there twice, first in line 1"},
		{"[a]\nmeter = dcmi\n[b]\nmeter = dcmi\n",
	     ":3: section [b]: this machine has one dcmi, and [a] in line 1 is it"},
		{"[a,b]\nmeter = dcmi\n", ":1: section [a,b]: a name has letters (a-z, A-Z), digits, '.', '_' and '-' alone"},
		{"[a b]\nmeter = dcmi\n", ":1: section [a b]: a name has letters (a-z, A-Z), digits, '.', '_' and '-' alone"},
		{"[a\"]\nmeter = dcmi\n", ":1: section [a\"]: a name has letters (a-z, A-Z), digits, '.', '_' and '-' alone"},
		{"[\xC3\xA4]\nmeter = dcmi\n",
	     ":1: section [\xC3\xA4]: a name has letters (a-z, A-Z), digits, '.', '_' and '-' alone"},
		{"[a:b]\nmeter = dcmi\n", ":1: section [a:b]: a name has letters (a-z, A-Z), digits, '.', '_' and '-' alone"},
		{"[a]\nmeter = dcmi\nrefresh = 0.5\n", ":3: refresh: 0.5 is outside 1 to 600 for dcmi"},
		{"[a]\nmeter = dcmi\nscope = wall\n", ":3: scope: dcmi reads a whole server: 'node' or 'host (GPUs excluded)'"},
		{"[a]\nmeter = csv\nfile = x\nrefresh = 1\nscope = accelerator\n",
	     ":1: section [a]: scope accelerator needs pci = ADDRESS"},
		{"[a]\nmeter = csv\nfile = x\nrefresh = 1\nscope = cpu+dram\n",
	     ":1: section [a]: scope cpu+dram needs package = N"},
		{COMMAND "pci = 0000:41:00.0\n", ":6: pci says nothing of scope wall"},
		{COMMAND "package = 0\n", ":6: package says nothing of scope wall"},
		{COMMAND "pci = 41:00.0\n", ":6: pci: '41:00.0' is not an address like 0000:41:00.0"},
		{COMMAND "pci = 0000:41:00.00\n", ":6: pci: '0000:41:00.00' is not an address like 0000:41:00.0"},
		{COMMAND "package = -1\n", ":6: package: '-1' is not a number from 0 to 9999"},
		{REDFISH "url = http://bmc\n", ":5: url: not https://HOST or https://HOST/PATH"},
		{REDFISH "url = https://\n", ":5: url: not https://HOST or https://HOST/PATH"},
		{REDFISH "url = https://admin:" SECRET "@bmc\n",
	     ":5: url: a user or a password does not belong here: credentials = FILE, or the environment"},
		{REDFISH "verify = never\n", ":5: verify: 'never' is not one of: yes no"},
	};
	char path[256];

	(void)state;
	snprintf(path, sizeof(path), "%s", in_scratch("meters.ini"));
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (read_entries(table[i].text) != WM_INPUT)
			fail_msg("taken: %s", table[i].text);
		assert_memory_equal(wm_why(), path, strlen(path));
		assert_string_equal(wm_why() + strlen(path), table[i].why);
	}
}

/* Just inside the limits of the table above. */
static void neighbours(void **state) {
	(void)state;
	need_entries(COMMAND "lag = 0\ngain = 1\n");
	need_entries("[a]\nmeter = csv\nscope = wall\nfile = x\nrefresh = 600\n");
	need_entries(
		"[a]\nmeter = dcmi\nrefresh = 1\nscope = host (GPUs excluded)\n[b]\nmeter = csv\nscope = part\nfile = x\n"
		"refresh = 0.001\npackage = 9999\npci = 0000:41:00.0\n");
	need_entries("[azAZ09._-]\nmeter = dcmi\n");
	assert_string_equal(entries[0].name, "azAZ09._-");
	need_entries(REDFISH "url = https://bmc\nverify = yes\n");
	assert_false(entries[0].unverified);
}

static void many_sections(void **state) {
	char text[8192] = "";
	size_t used = 0;

	(void)state;
	for (int i = 0; i < WM_MAX_METER_ENTRIES; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		                         "[s%d]\nmeter = csv\nscope = wall\nfile = x\nrefresh = 1\n", i);
	assert_int_equal(read_entries(text), WM_OK);
	assert_int_equal(setup.n, WM_MAX_METER_ENTRIES);
	snprintf(text + used, sizeof(text) - used, "[more]\nmeter = dcmi\n");
	assert_int_equal(read_entries(text), WM_INPUT);
	assert_non_null(strstr(wm_why(), ":321: section [more] is one more than 64"));
}

static void numbers(void **state) {
	static const char *const bad[] = {"", " ", "x", "1x", "0x10", "nan", "inf", "1e999", "1 2", "--1", "e", "1,5"};
	double v = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (wm_meter_number(bad[i], &v))
			fail_msg("'%s' is a number", bad[i]);
	assert_true(v == 7);
	assert_true(wm_meter_number(" -1.5e2\r\n", &v) && v == -150);
	assert_true(wm_meter_number("0", &v) && v == 0);
}

/* ---- meters in general ---- */

static void none_named(void **state) {
	const struct wm_meter *const meters[] = {&wm_meter_command, &wm_meter_csv, &wm_meter_redfish};
	struct wm_source sources[2];
	int n = 7;

	(void)state;
	need_entries("[a]\nmeter = dcmi\n");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(meters[i]->find(&setup, sources, 2, &n), WM_SKIP);
		assert_string_equal(wm_why(), "none named (--meters FILE)");
	}
	assert_int_equal(n, 7);
}

/* The only source of the meter. */
static struct wm_source find_one(const struct wm_meter *meter) {
	struct wm_source sources[4];
	int n = 0;

	if (meter->find(&setup, sources, 4, &n) != WM_OK)
		fail_msg("%s", wm_why());
	assert_int_equal(n, 1);
	assert_string_equal(sources[0].meter, meter->name);
	assert_null(sources[0].priv);
	return sources[0];
}

/* What the user names goes before what was found. */
static void named(void **state) {
	(void)state;
	assert_true(wm_meter_command.named && wm_meter_csv.named && wm_meter_redfish.named);
	assert_false(wm_meter_dcmi.named); /* is found, and the file only says more of it */
}

static struct wm_source need_open(const struct wm_meter *meter) {
	struct wm_source s = find_one(meter);

	if (s.off[0])
		fail_msg("%s", s.off);
	if (meter->open(&setup, &s) != WM_OK)
		fail_msg("%s", wm_why());
	return s;
}

/* A reading that holds nothing but what is named may be compared with this. */
static void assert_rest_unknown(const struct wm_reading *r) {
	assert_true(isnan(r->clock_hz) && isnan(r->temperature_c) && isnan(r->thermal_s) && isnan(r->brake_s) &&
	            isnan(r->capped_s));
}

/* ---- command ---- */

static void need_command(const char *words, const char *more) {
	need_entries("[a]\nmeter = command\nscope = wall\nrun = " SAY " %s\n%s", words, more);
}

/* Looks until the latest line is there; programs take their time. */
static void await_watts(struct wm_source *s, double watts) {
	struct wm_reading r = wm_no_reading();

	for (double until = wm_now() + 60; r.watts != watts && wm_now() < until; nap())
		if (wm_meter_command.read(s, &r) != WM_OK)
			fail_msg("%s", wm_why());
	assert_true(r.watts == watts);
}

/* Looks until a look fails, for that reason. */
static void await_failure(struct wm_source *s, const char *why) {
	struct wm_reading r;

	for (double until = wm_now() + 60; wm_now() < until; nap())
		if (wm_meter_command.read(s, &r) == WM_FAILED && strstr(wm_why(), why))
			return;
	fail_msg("'%s' does not say '%s'", wm_why(), why);
}

static void command_reads(void **state) {
	struct wm_source s;
	struct wm_reading r;
	double before = wm_now();

	(void)state;
	need_command("100 101.5 wait", "refresh = 60\nlag = 2\nlimit = 500\n");
	s = need_open(&wm_meter_command);
	assert_string_equal(s.id, "command:a");
	assert_string_equal(s.word, "watts");
	assert_string_equal(s.where, "say"); /* not its arguments */
	assert_int_equal(s.kind, WM_POWER);
	assert_int_equal(s.scope, WM_SCOPE_WALL);
	assert_true(s.refresh_s == 60 && s.lag_s == 2 && s.limit_w == 500 && isnan(s.gain_rel) && isnan(s.quantum));
	await_watts(&s, 101.5);
	assert_int_equal(wm_meter_command.read(&s, &r), WM_OK);
	assert_true(isnan(r.joules) && isnan(r.cap_w));
	assert_true(r.own_s >= before && r.own_s <= wm_now());
	assert_rest_unknown(&r);
	wm_meter_command.close(&s);
	assert_null(s.priv);
}

static void command_counts(void **state) {
	struct wm_source s;
	struct wm_reading r;

	(void)state;
	need_command("5e6 wait", "refresh = 60\nkind = counter\nrange = 1e7\n");
	s = need_open(&wm_meter_command);
	assert_int_equal(s.kind, WM_COUNTER);
	assert_true(s.range_j == 1e7);
	assert_int_equal(wm_meter_command.read(&s, &r), WM_OK);
	assert_true(r.joules == 5e6 && isnan(r.watts));
	wm_meter_command.close(&s);
}

/* More than a pipe holds is taken, though nobody looks. */
static void command_floods(void **state) {
	struct wm_source s;

	(void)state;
	need_command("flood wait", "refresh = 60\n");
	s = need_open(&wm_meter_command);
	await_watts(&s, 7);
	wm_meter_command.close(&s);
}

static void command_ends(void **state) {
	static const struct {
		const char *words, *why;
	} table[] = {
		{"1 exit=3", "say ended with status 3: it said nothing"},
		{"1 complain=no-such-outlet exit=4", "say ended with status 4: no-such-outlet"},
		{"1", "say ended with status 0: it said nothing"},
		{"1 hush nap complain=afterwards exit=6", "say ended with status 6: afterwards"},
		{"1 die", "say was killed by signal 9 (Killed)"},
	};
	struct wm_source s;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		need_command(table[i].words, "refresh = 60\n");
		s = need_open(&wm_meter_command);
		await_failure(&s, table[i].why);
		wm_meter_command.close(&s);
	}
	/* before it printed anything */
	need_command("complain=help exit=5", "refresh = 1\n");
	s = find_one(&wm_meter_command);
	assert_int_equal(wm_meter_command.open(&setup, &s), WM_FAILED);
	assert_string_equal(wm_why(), "say ended with status 5: help");
	assert_null(s.priv);
}

static void command_silent(void **state) {
	struct wm_source s;

	(void)state;
	need_command("wait", "refresh = 0.001\n");
	s = find_one(&wm_meter_command);
	assert_int_equal(wm_meter_command.open(&setup, &s), WM_FAILED);
	assert_non_null(strstr(wm_why(), "say printed no line in 5"));
	assert_null(s.priv);
}

static void command_no_numbers(void **state) {
	struct wm_source s;

	(void)state;
	need_command("12 12W wait", "refresh = 60\n");
	s = need_open(&wm_meter_command);
	await_failure(&s, "say printed '12W', which is no number");
	wm_meter_command.close(&s);
	/* a line of words before the numbers is passed over */
	need_command("watts: 13 wait", "refresh = 60\n");
	s = need_open(&wm_meter_command);
	for (struct wm_reading r; wm_meter_command.read(&s, &r) != WM_OK;)
		nap();
	await_watts(&s, 13);
	wm_meter_command.close(&s);
}

/* Three refreshes without a line, and the value is no reading any more; the same program with a longer refresh is one.
 */
static void command_stale(void **state) {
	struct wm_source s;

	(void)state;
	need_command("12 wait", "refresh = 0.001\n");
	s = need_open(&wm_meter_command);
	await_failure(&s, "the last line of say is ");
	assert_true(wm_meter_stale_s(&s) == 0.1);
	wm_meter_command.close(&s);
	need_command("12 wait", "refresh = 20\nlag = 1\n");
	s = need_open(&wm_meter_command);
	assert_true(wm_meter_stale_s(&s) == 61);
	await_watts(&s, 12);
	wm_meter_command.close(&s);
}

/* After close the program is gone. */
static void command_closes(void **state) {
	struct wm_source s;
	struct wm_reading r;

	(void)state;
	need_command("pid wait", "refresh = 60\n");
	s = need_open(&wm_meter_command);
	assert_int_equal(wm_meter_command.read(&s, &r), WM_OK);
	assert_int_equal(kill((pid_t)r.watts, 0), 0);
	wm_meter_command.close(&s);
	assert_int_equal(kill((pid_t)r.watts, 0), -1);
	assert_int_equal(errno, ESRCH);
	/* it is asked to end before it is made to */
	need_entries("[a]\nmeter = command\nscope = wall\nrefresh = 60\nrun = " SAY " 1 polite=%s\n", in_scratch("asked"));
	s = need_open(&wm_meter_command);
	await_watts(&s, 2);
	wm_meter_command.close(&s);
	assert_int_equal(access(in_scratch("asked"), F_OK), 0);
}

static void command_absent(void **state) {
	struct wm_source s;

	(void)state;
	need_entries("[a]\nmeter = command\nscope = wall\nrefresh = 1\nrun = no-such-program-here 7\n");
	s = find_one(&wm_meter_command);
	assert_string_equal(s.off, "the program no-such-program-here is not installed: no such file on PATH");
	need_entries("[a]\nmeter = command\nscope = wall\nrefresh = 1\nrun = ./no-such-program\n");
	assert_string_equal(find_one(&wm_meter_command).off, "./no-such-program: No such file or directory");
	need_entries("[a]\nmeter = command\nscope = wall\nrefresh = 1\nrun = sh -c x\n");
	assert_string_equal(find_one(&wm_meter_command).off, "");
}

/* ---- csv ---- */

static double unix_now(void) {
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void need_csv(const char *more) {
	need_entries("[log]\nmeter = csv\nscope = node\nfile = %s/log.csv\n%s", scratch, more);
}

/* The file with that header and one line: a time so many seconds from now, and the rest. */
static void put_csv(const char *header, double from_now_s, const char *rest) {
	char text[512];

	snprintf(text, sizeof(text), "%s\n%.6f%s\n", header, unix_now() + from_now_s, rest);
	put("log.csv", text);
}

static void csv_reads(void **state) {
	struct wm_source s;
	struct wm_reading r;
	double stamp, now;
	char text[256];

	(void)state;
	need_csv("refresh = 10\n");
	stamp = unix_now() - 2;
	now = wm_now();
	snprintf(text, sizeof(text), "time,watts\n%.6f,1\n%.6f, 431.5\r\n%.6f,77", stamp - 1, stamp, stamp + 1);
	put("log.csv", text);
	s = need_open(&wm_meter_csv);
	assert_string_equal(s.id, "csv:log");
	assert_string_equal(s.word, "column watts");
	assert_string_equal(s.where, in_scratch("log.csv"));
	assert_int_equal(s.kind, WM_POWER);
	assert_int_equal(wm_meter_csv.read(&s, &r), WM_OK);
	assert_true(r.watts == 431.5 && isnan(r.joules)); /* the line without an end is not whole yet */
	assert_true(fabs(r.own_s - (now - 2)) < 0.5);
	assert_rest_unknown(&r);
	/* it grows */
	snprintf(text + strlen(text), sizeof(text) - strlen(text), ".25\n\n");
	put("log.csv", text);
	assert_int_equal(wm_meter_csv.read(&s, &r), WM_OK);
	assert_true(r.watts == 77.25);
	assert_true(fabs(r.own_s - (now - 1)) < 0.5);
	/* it is written anew: empty for a moment, then with other columns */
	put("log.csv", "");
	assert_int_equal(wm_meter_csv.read(&s, &r), WM_OK);
	assert_true(r.watts == 77.25);
	put_csv("watts,TIME", 0, "");
	assert_int_equal(wm_meter_csv.read(&s, &r), WM_FAILED);
	assert_non_null(strstr(wm_why(), "its newest line has 1 field, its first line 2"));
	snprintf(text, sizeof(text), "\"Watts\" , name ,\"TIME\"\n80,\"x,y\",%.3f\n", stamp);
	put("log.csv", text);
	assert_int_equal(wm_meter_csv.read(&s, &r), WM_OK);
	assert_true(r.watts == 80);
	/* and it goes */
	unlink(in_scratch("log.csv"));
	assert_int_equal(wm_meter_csv.read(&s, &r), WM_FAILED);
	assert_non_null(strstr(wm_why(), "log.csv: No such file or directory"));
	wm_meter_csv.close(&s);
}

static void csv_counts(void **state) {
	struct wm_source s;
	struct wm_reading r;

	(void)state;
	need_csv("refresh = 10\n");
	put_csv("time,joules,watts", 0, ",123456.5,99");
	s = need_open(&wm_meter_csv);
	assert_int_equal(s.kind, WM_COUNTER);
	assert_string_equal(s.word, "column joules");
	assert_int_equal(wm_meter_csv.read(&s, &r), WM_OK);
	assert_true(r.joules == 123456.5 && r.watts == 99);
	wm_meter_csv.close(&s);
}

static void csv_iso_times(void **state) {
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S.000Z", "%Y-%m-%dT%H:%M:%S+00:00"};
	struct wm_source s;
	struct wm_reading r;
	char form[128], text[256];

	(void)state;
	need_csv("refresh = 10\n");
	for (int i = 0; i < 3; i++) {
		time_t then = (time_t)unix_now() - 3;
		double offset = unix_now() - wm_now();
		struct tm utc;

		gmtime_r(&then, &utc);
		snprintf(form, sizeof(form), "time,watts\n%s,5\n", forms[i]);
		assert_true(strftime(text, sizeof(text), form, &utc) > 0);
		put("log.csv", text);
		s = need_open(&wm_meter_csv);
		assert_int_equal(wm_meter_csv.read(&s, &r), WM_OK);
		assert_true(fabs(r.own_s - ((double)then - offset)) < 0.5);
		wm_meter_csv.close(&s);
	}
}

static void csv_refusals(void **state) {
	static const struct {
		const char *text, *why;
	} table[] = {
		{"", "it has no whole first line yet"},
		{"time,watts", "it has no whole first line yet"},
		{"time,watts\n", "it holds no line of numbers yet"},
		{"time,watts\n1764000000,5", "it holds no line of numbers yet"},
		{"t,watts\n1764000000,5\n", "its first line names no column time"},
		{"time,amperes\n1764000000,5\n", "its first line names no column watts or joules"},
		{"time,watts\n1764000000\n", "its newest line has 1 field, its first line 2"},
		{"time,watts\n1764000000,431,5\n", "its newest line has 3 fields, its first line 2"}, /* a decimal comma */
		{"time,watts,x\n1764000000,431\n", "its newest line has 2 fields, its first line 3"},
		{"time,watts\n1764000000,\"431,5\"\n", "its newest watts '431,5' is no number"},
		{"time,watts\n1764000000,\"431\n", "its newest line has a quote without its other one"},
		{"time,watts,x\n1764000000,431,5\"\n", "its newest line has a quote without its other one"},
		{"time,\"watts\n1764000000,5\n", "its first line has a quote without its other one"},
		{"time,watts,Watts\n1764000000,5,6\n", "its first line names the column watts twice"},
		{"time,watts,time\n1764000000,5,6\n", "its first line names the column time twice"},
		{"time,joules,\"joules\"\n1764000000,5,6\n", "its first line names the column joules twice"},
		{"time,watts\n1764000000,N/A\n", "its newest watts 'N/A' is no number"},
		{"time,watts\n1764000000,\n", "its newest watts '' is no number"},
		{"time,watts\n2026-03-01T12:00:00,5\n", "its newest time '2026-03-01T12:00:00' is neither UNIX seconds nor"},
		{"time,watts\n2026-03-01T12:00:00+01:00,5\n", "is neither UNIX seconds nor"},
		{"time,watts\n2026-13-01T12:00:00Z,5\n", "is neither UNIX seconds nor"},
		{"time,watts\n2026-03-01T24:00:00Z,5\n", "is neither UNIX seconds nor"},
		{"time,watts\n1764000000000,5\n", "is neither UNIX seconds nor"}, /* milliseconds */
		{"time,watts\n12,5\n", "is neither UNIX seconds nor"},            /* since some start */
		{"time,watts\n1764000000,5\n", " s old"},
		{"time,watts\n2025-11-24T16:00:00Z,5\n", " s old"},
		{"time,watts\n99764000000,5\n", " s ahead of this machine's clock"},
	};

	(void)state;
	need_csv("refresh = 1\n");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct wm_source s;

		put("log.csv", table[i].text);
		assert_non_null(strstr(find_one(&wm_meter_csv).note, "scope node is stated by the user; "));
		s = find_one(&wm_meter_csv);
		if (!strstr(s.off, table[i].why))
			fail_msg("%s: '%s' does not say '%s'", table[i].text, s.off, table[i].why);
		assert_int_equal(wm_meter_csv.open(&setup, &s), WM_FAILED);
		assert_null(s.priv);
	}
}

/* Quotes around a field, a comma between them, and columns of others, however often and however long. */
static void csv_fields(void **state) {
	char header[256];

	(void)state;
	need_csv("refresh = 10\n");
	snprintf(header, sizeof(header), "time,%0100d,x,\"x, y\",x,watts,", 7);
	put_csv(header, 0, ",,\"a \"\"b\"\", c\",,,\" 5.5 \",");
	assert_string_equal(find_one(&wm_meter_csv).off, "");
	put_csv(header, 0, ",,\"a \"\"b\"\", c\",,,\" 5.5 \"");
	assert_non_null(strstr(find_one(&wm_meter_csv).off, "its newest line has 6 fields, its first line 7"));
	put_csv("time,watts", 0, ",\"\"");
	assert_non_null(strstr(find_one(&wm_meter_csv).off, "its newest watts '' is no number"));
}

/* Three refreshes and the lag; ahead at most a second and a refresh. */
static void csv_ages(void **state) {
	(void)state;
	need_csv("refresh = 10\nlag = 5\n");
	put_csv("time,watts", -32, ",5");
	assert_string_equal(find_one(&wm_meter_csv).off, "");
	put_csv("time,watts", -36, ",5");
	assert_non_null(strstr(find_one(&wm_meter_csv).off, " s old"));
	put_csv("time,watts", 10.5, ",5");
	assert_string_equal(find_one(&wm_meter_csv).off, "");
	put_csv("time,watts", 14, ",5");
	assert_non_null(strstr(find_one(&wm_meter_csv).off, " s ahead of this machine's clock"));
}

/* A file longer than what is read of it; and a line that is. */
static void csv_long(void **state) {
	char text[32768] = "time,watts\n";
	size_t used = strlen(text);
	struct wm_source s;
	struct wm_reading r;

	(void)state;
	need_csv("refresh = 10\n");
	for (int i = 1000; i >= 0; i--)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%.2f,%d\n", unix_now() - i, 1000 - i);
	put("log.csv", text);
	s = need_open(&wm_meter_csv);
	assert_int_equal(wm_meter_csv.read(&s, &r), WM_OK);
	assert_true(r.watts == 1000);
	wm_meter_csv.close(&s);
	snprintf(text + used, sizeof(text) - used, "%.2f,%0*d\n", unix_now(), 5000, 7);
	put("log.csv", text);
	assert_non_null(strstr(find_one(&wm_meter_csv).off, "its last line is over 4094 bytes"));
}

/* ---- dcmi ---- */

/* A machine in scratch/root with a BMC, and what the fake ipmitool answers. */
static void need_bmc(const char *text, const char *answer) {
	static char root[256];
	char path[256];

	put("root/dev/ipmi0", "");
	if (*text)
		need_entries("%s", text);
	else
		setup = (struct wm_meter_setup){.entries = NULL};
	snprintf(root, sizeof(root), "%s", in_scratch("root"));
	setup.root = root;
	snprintf(path, sizeof(path), "tests/meters/dcmi/%s", answer);
	setenv("WM_TEST_IPMI", path, 1);
}

/* Puts the fake ipmitool first on PATH; what was there before is freed by the caller. */
static char *fake_ipmitool(void) {
	const char *before = getenv("PATH");
	char path[4096], *copy = strdup(before ? before : "/usr/bin:/bin");

	assert_non_null(copy);
	snprintf(path, sizeof(path), "tests/meters/bin:%s", copy);
	setenv("PATH", path, 1);
	return copy;
}

static int begin_dcmi(void **state) {
	*state = fake_ipmitool();
	setenv("WM_TEST_IPMI_LOG", in_scratch("calls"), 1);
	return 0;
}

static int end_dcmi(void **state) {
	setenv("PATH", *state, 1);
	free(*state);
	unsetenv("WM_TEST_IPMI");
	unsetenv("WM_TEST_IPMI_LOG");
	return 0;
}

static void dcmi_reads(void **state) {
	struct wm_source s;
	struct wm_reading r;

	(void)state;
	need_bmc("", "published.txt");
	s = need_open(&wm_meter_dcmi);
	assert_string_equal(s.id, "dcmi:bmc");
	assert_string_equal(s.where, "/dev/ipmi0");
	assert_int_equal(s.kind, WM_POWER);
	assert_true(s.refresh_s == 1 && s.quantum == 1 && isnan(s.lag_s) && isnan(s.gain_rel));
	assert_string_equal(s.note, "DCMI states neither accuracy nor lag; refresh of 1 s is taken for granted");
	assert_int_equal(wm_meter_dcmi.read(&s, &r), WM_OK);
	assert_true(r.watts == 214 && isnan(r.joules) && isnan(r.own_s) && isnan(r.cap_w));
	assert_rest_unknown(&r);
	wm_meter_dcmi.close(&s);
	assert_null(s.priv);
	need_bmc("", "most.txt");
	s = need_open(&wm_meter_dcmi);
	assert_int_equal(wm_meter_dcmi.read(&s, &r), WM_OK);
	assert_true(r.watts == 65535);
	wm_meter_dcmi.close(&s);
}

static void dcmi_refusals(void **state) {
	static const struct {
		const char *answer, *why;
	} table[] = {
		{"inactive.txt", "the BMC does not measure power now (state 0x00)"},
		{"all-but-active.txt", "the BMC does not measure power now (state 0xbf)"},
		{"zero.txt", "the BMC says 0 W of a server that runs: it has no reading"},
		{"other-group.txt", "the BMC answered for group 0xdd, not 0xdc"},
		{"short.txt", "the BMC answered with 17 bytes, of 18"},
		{"garbage.txt", "ipmitool printed 'Close Session command failed ', not bytes in hexadecimal"},
		{"refused.fail",
	     "ipmitool ended with status 1: Unable to send RAW command (channel=0x0 netfn=0x2c lun=0x0 cmd=0x2 rsp=0xc1): "
	     "Invalid command"},
	};
	struct wm_source s;
	struct wm_reading r;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		need_bmc("", table[i].answer);
		assert_string_equal(find_one(&wm_meter_dcmi).off, table[i].why);
	}
	/* the same of a look, and the next one may succeed */
	need_bmc("", "published.txt");
	s = need_open(&wm_meter_dcmi);
	need_bmc("", "zero.txt");
	assert_int_equal(wm_meter_dcmi.read(&s, &r), WM_FAILED);
	need_bmc("", "published.txt");
	assert_int_equal(wm_meter_dcmi.read(&s, &r), WM_OK);
	wm_meter_dcmi.close(&s);
}

static void put_pci(const char *address, const char *class, const char *vendor) {
	char name[128];

	snprintf(name, sizeof(name), "root/sys/bus/pci/devices/%s/class", address);
	put(name, class);
	snprintf(name, sizeof(name), "root/sys/bus/pci/devices/%s/vendor", address);
	put(name, vendor);
}

/* The whole node only where no accelerator may be left out, or where the user says so. */
static void dcmi_scopes(void **state) {
	(void)state;
	nftw(in_scratch("root"), remove_one, 16, FTW_DEPTH | FTW_PHYS);
	need_bmc("", "published.txt");
	assert_int_equal(find_one(&wm_meter_dcmi).scope, WM_SCOPE_SERVER); /* no list of devices */
	put_pci("0000:00:1f.0", "0x060100\n", "0x8086\n");
	put_pci("0000:03:00.0", "0x030000\n", "0x1a03\n"); /* the BMC's own display */
	assert_int_equal(find_one(&wm_meter_dcmi).scope, WM_SCOPE_NODE);
	put_pci("0000:41:00.0", "0x030200\n", "0x10de\n");
	assert_int_equal(find_one(&wm_meter_dcmi).scope, WM_SCOPE_SERVER);
	put_pci("0000:41:00.0", "0x120000\n", "0x1da3\n");
	assert_int_equal(find_one(&wm_meter_dcmi).scope, WM_SCOPE_SERVER);
	need_bmc("[psu]\nmeter = dcmi\nscope = node\nrefresh = 3\ngain = 0.05\n", "published.txt");
	assert_int_equal(find_one(&wm_meter_dcmi).scope, WM_SCOPE_NODE);
	assert_string_equal(find_one(&wm_meter_dcmi).id, "dcmi:psu");
	assert_true(find_one(&wm_meter_dcmi).refresh_s == 3 && find_one(&wm_meter_dcmi).gain_rel == 0.05);
	assert_string_equal(find_one(&wm_meter_dcmi).note,
	                    "scope node is stated by the user; DCMI states neither accuracy nor lag; accuracy as the file "
	                    "of meters states it");
	need_bmc("[psu]\nmeter = dcmi\n", "published.txt");
	assert_int_equal(find_one(&wm_meter_dcmi).scope, WM_SCOPE_SERVER);
	nftw(in_scratch("root"), remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void dcmi_absent(void **state) {
	struct wm_source s;
	int n = 7;

	(void)state;
	need_bmc("", "published.txt");
	unlink(in_scratch("root/dev/ipmi0"));
	assert_int_equal(wm_meter_dcmi.find(&setup, &s, 1, &n), WM_SKIP);
	assert_string_equal(wm_why(), "no /dev/ipmi0: no BMC, or the module ipmi_devintf is not loaded");
	/* one that was named is a source that cannot be read */
	need_bmc("[a]\nmeter = dcmi\n", "published.txt");
	unlink(in_scratch("root/dev/ipmi0"));
	assert_string_equal(find_one(&wm_meter_dcmi).off,
	                    "no /dev/ipmi0: no BMC, or the module ipmi_devintf is not loaded");
	/* the device is there, the program is not */
	need_bmc("", "published.txt");
	setenv("PATH", "/nowhere", 1);
	assert_string_equal(find_one(&wm_meter_dcmi).off, "the program ipmitool is not installed: no such file on PATH");
	free(fake_ipmitool());
}

/* However often it is looked at, ipmitool is started ten times a refresh at most. */
static void dcmi_paced(void **state) {
	struct wm_source s;
	struct wm_reading r;
	struct stat info;

	(void)state;
	need_bmc("[a]\nmeter = dcmi\nrefresh = 600\n", "published.txt");
	s = need_open(&wm_meter_dcmi);
	unlink(in_scratch("calls"));
	for (int i = 0; i < 20; i++)
		assert_int_equal(wm_meter_dcmi.read(&s, &r), WM_OK);
	wm_meter_dcmi.close(&s);
	assert_int_equal(stat(in_scratch("calls"), &info), 0);
	assert_int_equal(info.st_size, strlen("raw 0x2c 0x02 0xdc 0x01 0x00 0x00\n"));
}

/* ---- redfish ---- */

static pid_t bmc_pid;
static int bmc_input = -1, bmc_port;

static bool has_program(const char *const *argv) {
	char *output = NULL;
	size_t bytes;
	bool has = wm_program_run(argv, NULL, 60, &output, &bytes) == WM_OK;

	free(output);
	return has;
}

/* Starts the server; bmc_port stays 0 where python3, openssl or libcurl is missing, and is below where it does not
 * start. */
static void start_bmc(void) {
	int in[2], out[2];
	char text[64] = "";
	ssize_t used = 0, n;

	if (!has_program((const char *const[]){"python3", "-c", "import ssl", NULL}) ||
	    !has_program((const char *const[]){"openssl", "version", NULL}) ||
	    (!dlopen("libcurl.so.4", RTLD_NOW) && !dlopen("libcurl-gnutls.so.4", RTLD_NOW)))
		return;
	assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
	bmc_pid = fork();
	if (bmc_pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execlp("python3", "python3", "tests/meters/redfish.py", scratch, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	bmc_input = in[1];
	while (used < (ssize_t)sizeof(text) - 1 && !strchr(text, '\n') &&
	       (n = read(out[0], text + used, sizeof(text) - 1 - (size_t)used)) > 0)
		used += n;
	close(out[0]);
	bmc_port = atoi(text) > 0 ? atoi(text) : -1;
}

static void stop_bmc(void) {
	if (bmc_input >= 0)
		close(bmc_input);
	if (bmc_pid > 0)
		waitpid(bmc_pid, NULL, 0);
}

/* A BMC of that kind, named with its own certificate and right credentials; path and more as the user has them. */
static void need_redfish(const char *scenario, const char *path, const char *more) {
	if (bmc_port == 0)
		skip();
	if (bmc_port < 0)
		fail_msg("tests/meters/redfish.py did not start");
	put("scenario", scenario);
	put("credentials", "admin:" SECRET "\n");
	unlink(in_scratch("requests"));
	need_entries("[bmc]\nmeter = redfish\nscope = node\nrefresh = 600\nurl = https://localhost:%d%s\n%s", bmc_port,
	             path, more);
}

static const char *trusted(void) {
	static char text[512];

	snprintf(text, sizeof(text), "ca = %s/cert.pem\ncredentials = %s/credentials\n", scratch, scratch);
	return text;
}

/* Nothing that may reach a message or a record holds the password, in plain or as it goes over the wire. */
static void assert_secret_kept(const struct wm_source *s) {
	const char *const texts[] = {s->id, s->word, s->where, s->note, s->off, wm_why()};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strstr(texts[i], SECRET) || strstr(texts[i], "YWRtaW4"))
			fail_msg("the password is in '%s'", texts[i]);
}

static void assert_reads(const char *scenario, const char *path, const char *where, double watts, double cap) {
	char full[256];
	struct wm_source s;
	struct wm_reading r;

	need_redfish(scenario, path, trusted());
	s = need_open(&wm_meter_redfish);
	snprintf(full, sizeof(full), "https://localhost:%d/redfish/v1/Chassis/1/%s", bmc_port, where);
	assert_string_equal(s.where, full);
	if (wm_meter_redfish.read(&s, &r) != WM_OK)
		fail_msg("%s", wm_why());
	assert_true(r.watts == watts);
	assert_true(isnan(cap) ? isnan(r.cap_w) : r.cap_w == cap);
	assert_true(isnan(r.joules) && isnan(r.own_s));
	assert_rest_unknown(&r);
	assert_secret_kept(&s);
	wm_meter_redfish.close(&s);
	assert_null(s.priv);
}

static void redfish_reads(void **state) {
	(void)state;
	assert_reads("new", "", "EnvironmentMetrics", 344.5, 800);
	assert_reads("new", "/redfish/v1/", "EnvironmentMetrics", 344.5, 800);
	assert_reads("new", "/redfish/v1/Chassis/1", "EnvironmentMetrics", 344.5, 800);
	assert_reads("new", "/redfish/v1/Chassis/1/EnvironmentMetrics", "EnvironmentMetrics", 344.5, 800);
	assert_reads("new", "/redfish/v1/Chassis/1/Power", "Power#/PowerControl/0", 340, NAN);
	assert_reads("old", "", "Power#/PowerControl/0", 590, 1600);
	assert_reads("old", "/redfish/v1/Chassis/1/Power#/PowerControl/0", "Power#/PowerControl/0", 590, 1600);
	assert_reads("half", "/", "Power#/PowerControl/0", 341, NAN);
	assert_reads("empty-second", "", "EnvironmentMetrics", 344.5, 800);
	assert_reads("parts", "/redfish/v1/Chassis/1/Power#/PowerControl/1", "Power#/PowerControl/1", 210, NAN);
	assert_reads("uncapped", "", "EnvironmentMetrics", 300, NAN);
	assert_reads("moved", "", "EnvironmentMetrics", 344.5, 800);
}

static void redfish_counts(void **state) {
	struct wm_source s;
	struct wm_reading r;
	char more[600];

	(void)state;
	snprintf(more, sizeof(more), "%skind = counter\n", trusted());
	need_redfish("new", "", more);
	s = need_open(&wm_meter_redfish);
	assert_int_equal(s.kind, WM_COUNTER);
	assert_string_equal(s.word, "EnergyJoules of EnvironmentMetrics");
	assert_int_equal(wm_meter_redfish.read(&s, &r), WM_OK);
	assert_true(r.joules == 123456789 && r.watts == 344.5);
	wm_meter_redfish.close(&s);
	need_redfish("old", "", more);
	assert_non_null(strstr(find_one(&wm_meter_redfish).off, ": no EnergyJoules there that is a number above 0"));
}

static void assert_off(const char *scenario, const char *path, const char *more, const char *why) {
	struct wm_source s;

	need_redfish(scenario, path, more);
	s = find_one(&wm_meter_redfish);
	if (!strstr(s.off, why))
		fail_msg("%s%s: '%s' does not say '%s'", scenario, path, s.off, why);
	assert_secret_kept(&s);
}

static void redfish_refusals(void **state) {
	(void)state;
	assert_off("many", "", trusted(), "2 readings: name one in url, behind https://localhost:");
	assert_off("many", "", trusted(), ": /redfish/v1/Chassis/1/EnvironmentMetrics /redfish/v1/Chassis/2/Power#/PowerC");
	assert_off("parts", "", trusted(), "3 readings: name one in url");
	assert_off("parts", "/redfish/v1/Chassis/1/Power", trusted(), "3 readings: name one in url");
	assert_off("parts", "/redfish/v1/Chassis/1/Power#/PowerControl/3", trusted(),
	           ": no PowerConsumedWatts above 0 in that element");
	assert_off("parts", "/redfish/v1/Chassis/1/Power#/Voltages/0", trusted(),
	           "behind the '#' of the url stands something else than /PowerControl/NUMBER");
	assert_off("null", "", trusted(), ": no PowerWatts or PowerConsumedWatts there that is a number above 0");
	assert_off("new", "/redfish/v1/Chassis/7", trusted(), "/redfish/v1/Chassis/7: HTTP 404");
	assert_off("broken", "", trusted(), "/redfish/v1/Chassis: HTTP 503");
	assert_off("garbage", "", trusted(), "/redfish/v1/Chassis: the answer is not a JSON object");
	assert_off("list", "", trusted(), "/redfish/v1/Chassis: the answer is not a JSON object");
	assert_off("huge", "", trusted(), "/redfish/v1/Chassis: an answer over 1048576 bytes");
	assert_off("elsewhere", "", trusted(), ": over 32 members, or one without a path");
}

static void redfish_slow(void **state) {
	(void)state;
	assert_off("slow", "", trusted(), "timed out");
}

static void redfish_credentials(void **state) {
	char more[600];

	(void)state;
	snprintf(more, sizeof(more), "ca = %s/cert.pem\n", scratch);
	assert_off("new", "", more, "the BMC wants credentials: a file, or WM_REDFISH_CREDENTIALS (HTTP 401)");
	setenv("WM_REDFISH_CREDENTIALS", "admin:" SECRET "x", 1);
	assert_off("new", "", more, "the BMC refuses these credentials (HTTP 401)");
	setenv("WM_REDFISH_CREDENTIALS", "admin", 1);
	assert_off("new", "", more, "the credentials are not USER:PASSWORD");
	setenv("WM_REDFISH_CREDENTIALS", "admin:" SECRET, 1);
	need_redfish("new", "", more);
	assert_string_equal(find_one(&wm_meter_redfish).off, "");
	/* the file goes before the environment */
	snprintf(more, sizeof(more), "ca = %s/cert.pem\ncredentials = %s/other\n", scratch, scratch);
	put("other", "admin:wrong\n");
	assert_off("new", "", more, "the BMC refuses these credentials (HTTP 401)");
	put("other", "");
	assert_off("new", "", more, "the file of credentials: it is empty");
	unsetenv("WM_REDFISH_CREDENTIALS");
	/* a password where a file's name should be */
	snprintf(more, sizeof(more), "credentials = admin:" SECRET "\n");
	assert_off("new", "", more, "the file of credentials: No such file or directory");
}

/* A certificate that nobody vouches for gets no password, unless the user says so; nor does one of another host. */
static void redfish_certificates(void **state) {
	char more[600];
	struct stat info;

	(void)state;
	snprintf(more, sizeof(more), "credentials = %s/credentials\n", scratch);
	assert_off("new", "", more, "(ca = FILE names a certificate to trust)");
	assert_int_equal(stat(in_scratch("requests"), &info), -1);
	need_entries("[bmc]\nmeter = redfish\nscope = node\nrefresh = 600\nurl = https://127.0.0.1:%d\n%s", bmc_port,
	             trusted());
	assert_non_null(strstr(find_one(&wm_meter_redfish).off, "https://127.0.0.1:"));
	assert_int_equal(stat(in_scratch("requests"), &info), -1);
	snprintf(more, sizeof(more), "verify = no\ncredentials = %s/credentials\n", scratch);
	need_redfish("new", "", more);
	assert_string_equal(find_one(&wm_meter_redfish).off, "");
	assert_int_equal(stat(in_scratch("requests"), &info), 0);
}

/* What goes wrong between two looks is that look's error; and the BMC is asked ten times a refresh at most. */
static void redfish_looks(void **state) {
	struct wm_source s;
	struct wm_reading r;
	struct stat info;

	(void)state;
	need_redfish("new", "", trusted());
	s = need_open(&wm_meter_redfish);
	put("scenario", "broken");
	assert_int_equal(wm_meter_redfish.read(&s, &r), WM_FAILED);
	assert_non_null(strstr(wm_why(), "HTTP 503"));
	put("scenario", "null");
	assert_int_equal(wm_meter_redfish.read(&s, &r), WM_FAILED);
	assert_non_null(strstr(wm_why(), ": no reading above 0 now"));
	put("scenario", "old"); /* the resource is gone */
	assert_int_equal(wm_meter_redfish.read(&s, &r), WM_FAILED);
	assert_non_null(strstr(wm_why(), "HTTP 404"));
	put("scenario", "new");
	unlink(in_scratch("requests"));
	for (int i = 0; i < 20; i++)
		assert_int_equal(wm_meter_redfish.read(&s, &r), WM_OK);
	assert_int_equal(stat(in_scratch("requests"), &info), 0);
	assert_int_equal(info.st_size, strlen("/redfish/v1/Chassis/1/EnvironmentMetrics right\n"));
	wm_meter_redfish.close(&s);
}

static void redfish_nobody(void **state) {
	struct wm_source s;

	(void)state;
	/* the port of a BMC is 443; this one is the discard service's, where nobody listens */
	need_entries("[bmc]\nmeter = redfish\nscope = node\nrefresh = 1\nurl = https://127.0.0.1:9\n");
	s = find_one(&wm_meter_redfish);
	if (!strstr(s.off, "libcurl"))
		assert_non_null(strstr(s.off, "https://127.0.0.1:9/redfish/v1/Chassis: "));
	assert_string_not_equal(s.off, "");
}

/* ---- all ---- */

static int begin(void **state) {
	(void)state;
	unsetenv("WM_REDFISH_CREDENTIALS");
	if (!mkdtemp(scratch))
		return -1;
	start_bmc();
	return 0;
}

static int end(void **state) {
	(void)state;
	stop_bmc();
	free(entries);
	return nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(meaning),
		cmocka_unit_test(no_file),
		cmocka_unit_test(refusals),
		cmocka_unit_test(neighbours),
		cmocka_unit_test(many_sections),
		cmocka_unit_test(numbers),
		cmocka_unit_test(none_named),
		cmocka_unit_test(named),
		cmocka_unit_test(command_reads),
		cmocka_unit_test(command_counts),
		cmocka_unit_test(command_floods),
		cmocka_unit_test(command_ends),
		cmocka_unit_test(command_silent),
		cmocka_unit_test(command_no_numbers),
		cmocka_unit_test(command_stale),
		cmocka_unit_test(command_closes),
		cmocka_unit_test(command_absent),
		cmocka_unit_test(csv_reads),
		cmocka_unit_test(csv_counts),
		cmocka_unit_test(csv_iso_times),
		cmocka_unit_test(csv_refusals),
		cmocka_unit_test(csv_fields),
		cmocka_unit_test(csv_ages),
		cmocka_unit_test(csv_long),
		cmocka_unit_test_setup_teardown(dcmi_reads, begin_dcmi, end_dcmi),
		cmocka_unit_test_setup_teardown(dcmi_refusals, begin_dcmi, end_dcmi),
		cmocka_unit_test_setup_teardown(dcmi_scopes, begin_dcmi, end_dcmi),
		cmocka_unit_test_setup_teardown(dcmi_absent, begin_dcmi, end_dcmi),
		cmocka_unit_test_setup_teardown(dcmi_paced, begin_dcmi, end_dcmi),
		cmocka_unit_test(redfish_reads),
		cmocka_unit_test(redfish_counts),
		cmocka_unit_test(redfish_refusals),
		cmocka_unit_test(redfish_slow),
		cmocka_unit_test(redfish_credentials),
		cmocka_unit_test(redfish_certificates),
		cmocka_unit_test(redfish_looks),
		cmocka_unit_test(redfish_nobody),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
