/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dcmi.c - the power of the whole server as its BMC tells it: the command "Get Power Reading" of DCMI 1.5 (6.6.1), sent
 * by ipmitool. Its raw form is used, since the text of the other one differs from version to version.
 */
#include "setup.h"

#include "system/program.h"
#include "system/sysfile.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define METER "dcmi"
#define LIMIT_S 4.0        /* a BMC answers within a second, or is stuck */
#define REFRESH_S 1.0      /* DCMI states none; a BMC is seldom faster */
#define LOOKS_A_REFRESH 10 /* ipmitool is not started more often */
#define QUANTUM_W 1.0

/* The answer behind the completion code, which ipmitool takes away: DCMI 1.5, table 6-16. Numbers have their low byte
 * first; least, greatest and mean power are of another span of time and not looked at. */
enum {
	GROUP = 0xdc,
	AT_GROUP = 0,
	AT_WATTS = 1, /* 2 bytes */
	AT_STATE = 17,
	ACTIVE = 1 << 6, /* of the state: power is being measured */
	ANSWER = 18
};

/* The devices that ipmitool tries (its src/plugins/open/open.c, commit 0ffe39d). */
static const char *const devices[] = {"/dev/ipmi0", "/dev/ipmi/0", "/dev/ipmidev/0"};
enum { DEVICES = sizeof(devices) / sizeof(devices[0]) };

/* An open BMC. */
struct bmc {
	double asked_s; /* NAN: not yet */
	struct wm_reading last;
};

/* ---- one question ------------------------------------------------------------------------------------------- */

/* Bytes in hexadecimal, sixteen a line. */
static enum wm_status parse_bytes(const char *text, unsigned char answer[ANSWER]) {
	int n = 0;

	for (const char *s = text + strspn(text, " \n"); *s; s += strspn(s, " \n"), n++) {
		char *end;
		long byte = strtol(s, &end, 16);

		if (end == s || end - s > 2 || byte < 0 || (*end && !strchr(" \n", *end)))
			return wm_fail(WM_FAILED, "ipmitool printed '%.60s', not bytes in hexadecimal", text);
		if (n < ANSWER)
			answer[n] = (unsigned char)byte;
		s = end;
	}
	return n >= ANSWER ? WM_OK : wm_fail(WM_FAILED, "the BMC answered with %d bytes, of %d", n, ANSWER);
}

static enum wm_status parse_watts(const char *text, double *watts_p) {
	unsigned char a[ANSWER];
	enum wm_status st = parse_bytes(text, a);
	int watts;

	if (st != WM_OK)
		return st;
	watts = a[AT_WATTS] | a[AT_WATTS + 1] << 8;
	if (a[AT_GROUP] != GROUP)
		return wm_fail(WM_FAILED, "the BMC answered for group 0x%02x, not 0x%02x", a[AT_GROUP], GROUP);
	if (!(a[AT_STATE] & ACTIVE))
		return wm_fail(WM_FAILED, "the BMC does not measure power now (state 0x%02x)", a[AT_STATE]);
	if (watts == 0)
		return wm_fail(WM_FAILED, "the BMC says 0 W of a server that runs: it has no reading");
	*watts_p = watts;
	return WM_OK;
}

static enum wm_status ask(double *watts_p) {
	static const char *const argv[] = {"ipmitool", "raw", "0x2c", "0x02", "0xdc", "0x01", "0x00", "0x00", NULL};
	char *output = NULL;
	size_t bytes;
	enum wm_status st = wm_program_run(argv, NULL, LIMIT_S, &output, &bytes);

	if (st != WM_OK)
		return st;
	st = parse_watts(output, watts_p);
	free(output);
	return st;
}

/* ---- the machine -------------------------------------------------------------------------------------------- */

static enum wm_status find_device(const char *root, const char **device_p) {
	char path[PATH_MAX];

	for (int i = 0; i < DEVICES; i++) {
		snprintf(path, sizeof(path), "%s%s", root, devices[i]);
		if (access(path, F_OK) != 0)
			continue;
		*device_p = devices[i];
		return access(path, R_OK | W_OK) == 0 ? WM_OK : wm_fail(WM_FAILED, "%s: %s", devices[i], strerror(errno));
	}
	return wm_fail(WM_SKIP, "no %s: no BMC, or the module ipmi_devintf is not loaded", devices[0]);
}

/* PCI base class 12 is a processing accelerator, 03 a display, as accelerators of NVIDIA, AMD and Intel are too; but
 * for those of ASPEED (1a03) and Matrox (102b), which are the BMC's own. */
static bool is_accelerator(const char *root, const char *name) {
	char path[PATH_MAX], class[32], vendor[32];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.64s/class", name);
	if (!wm_sysfile_line(root, path, class, sizeof(class)))
		return false;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.64s/vendor", name);
	if (strncmp(class, "0x12", 4) == 0)
		return true;
	return strncmp(class, "0x03", 4) == 0 && wm_sysfile_line(root, path, vendor, sizeof(vendor)) &&
	       strcmp(vendor, "0x1a03") != 0 && strcmp(vendor, "0x102b") != 0;
}

/* Where it cannot be told there may be one: nobody has shown that its power is in what the BMC says. */
static bool may_have_accelerators(const char *root) {
	char path[PATH_MAX];
	const struct dirent *d;
	bool found = false;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices", root);
	folder = opendir(path);
	if (!folder)
		return true;
	while (!found && (d = readdir(folder)))
		found = d->d_name[0] != '.' && is_accelerator(root, d->d_name);
	closedir(folder);
	return found;
}

/* ---- the meter ---------------------------------------------------------------------------------------------- */

/* The section of the user's file, or NULL. setup.c lets no second one pass. */
static const struct wm_meter_entry *entry_of(const struct wm_meter_setup *setup) {
	for (int i = 0; i < setup->n; i++)
		if (strcmp(setup->entries[i].meter, METER) == 0)
			return &setup->entries[i];
	return NULL;
}

static void describe(const struct wm_meter_setup *setup, struct wm_source *source_p) {
	static const struct wm_meter_entry nothing = {.name = "bmc",
	                                              .meter = METER,
	                                              .scope = WM_SCOPES,
	                                              .kind = WM_POWER,
	                                              .package = -1,
	                                              .refresh_s = NAN,
	                                              .lag_s = NAN,
	                                              .quantum = NAN,
	                                              .range_j = NAN,
	                                              .limit_w = NAN,
	                                              .gain_rel = NAN};
	const struct wm_meter_entry *entry = entry_of(setup);

	wm_meter_entry_source(entry ? entry : &nothing, source_p);
	if (isnan(source_p->refresh_s))
		source_p->refresh_s = REFRESH_S;
	if (source_p->scope == WM_SCOPES)
		source_p->scope = may_have_accelerators(setup->root) ? WM_SCOPE_SERVER : WM_SCOPE_NODE;
	source_p->quantum = QUANTUM_W;
	snprintf(source_p->word, sizeof(source_p->word), "DCMI power reading");
	snprintf(source_p->note, sizeof(source_p->note), "%sDCMI states neither accuracy nor lag%s%s",
	         entry && entry->scope == WM_SCOPE_NODE ? "scope node is stated by the user; " : "",
	         isnan(source_p->gain_rel) ? "" : "; accuracy as the file of meters states it",
	         entry && !isnan(entry->refresh_s) ? "" : "; refresh of 1 s is taken for granted");
}

static enum wm_status find(const struct wm_meter_setup *setup, struct wm_source *sources, int max, int *n_p) {
	const char *device = "";
	enum wm_status st = find_device(setup->root, &device);
	double watts;

	(void)max; /* one BMC */
	if (st == WM_SKIP && !entry_of(setup))
		return st;
	if (st == WM_OK)
		st = ask(&watts);
	describe(setup, &sources[0]);
	snprintf(sources[0].where, sizeof(sources[0].where), "%s", device);
	if (st != WM_OK)
		snprintf(sources[0].off, sizeof(sources[0].off), "%.255s", wm_why());
	*n_p = 1;
	return WM_OK;
}

static enum wm_status open_bmc(const struct wm_meter_setup *setup, struct wm_source *source) {
	struct bmc *bmc = wm_zalloc(sizeof(*bmc));

	(void)setup;
	bmc->asked_s = NAN;
	source->priv = bmc;
	return WM_OK;
}

/* Looks that come sooner see the reading before. */
static enum wm_status read_bmc(struct wm_source *source, struct wm_reading *reading_p) {
	struct bmc *bmc = source->priv;
	double now = wm_now();
	enum wm_status st;

	if (!(now - bmc->asked_s < source->refresh_s / LOOKS_A_REFRESH)) {
		bmc->asked_s = NAN;
		bmc->last = wm_no_reading();
		st = ask(&bmc->last.watts);
		if (st != WM_OK)
			return st;
		bmc->asked_s = now;
	}
	*reading_p = bmc->last;
	return WM_OK;
}

static void close_bmc(struct wm_source *source) {
	free(source->priv);
	source->priv = NULL;
}

const struct wm_meter wm_meter_dcmi = {
	.name = METER,
	.about = "the server's power by its BMC (ipmitool, DCMI)",
	.find = find,
	.open = open_bmc,
	.read = read_bmc,
	.close = close_bmc,
};
