/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scmi.c - power of the domains that the firmware of an Arm machine measures (SCMI power capping protocol), as
 * drivers/powercap/arm_scmi_powercap.c of Linux shows it: /sys/class/powercap/arm-scmi:N, with subdomains :N:M. A value
 * is a mean over the power averaging interval. What a domain holds only its name says, so all are parts.
 */
#include "files.h"

#include "system/sysfile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "/sys/class/powercap"

struct search {
	const char *root;
	struct wm_source *sources;
	int max, n;
};

static void take_zone(void *arg, const char *path) {
	struct search *search = arg;
	struct wm_source source = wm_source_of("scmi", WM_SCOPE_PART, WM_POWER);
	char file[160], name[41];
	double interval_us;

	if (search->n == search->max || !wm_sysfile_line(search->root, path, source.word, sizeof(source.word)))
		return;
	snprintf(source.where, sizeof(source.where), "%.*s", (int)(wm_files_name(path) - 1 - path), path);
	wm_files_id_name(source.word, name, sizeof(name));
	snprintf(source.id, sizeof(source.id), "scmi:%s@%.16s", name, strchr(source.where, ':') + 1);
	snprintf(source.note, sizeof(source.note), "the firmware does not say what the domain holds");
	snprintf(file, sizeof(file), "%.120s/constraint_0_time_window_us", source.where);
	if (wm_number_look(search->root, file, &interval_us) == WM_OK && interval_us > 0)
		source.refresh_s = source.lag_s = 1e-6 * interval_us;
	snprintf(file, sizeof(file), "%.120s/power_uw", source.where);
	wm_source_try(&source, search->root, file, "");
	search->sources[search->n++] = source;
}

static enum wm_status find(const struct wm_meter_setup *setup, struct wm_source *sources, int max, int *n_p) {
	struct search search = {setup->root, sources, max, 0};

	if (!wm_files_has(setup->root, FOLDER))
		return wm_fail(WM_SKIP, "no %s: %s", FOLDER, strerror(errno));
	wm_files_each(setup->root, FOLDER "/arm-scmi:*/name", take_zone, &search);
	if (search.n == 0)
		return wm_fail(WM_SKIP,
		               "no zone arm-scmi:N in %s: the firmware offers no SCMI power capping, or the module "
		               "arm_scmi_powercap is not loaded",
		               FOLDER);
	*n_p = search.n;
	return WM_OK;
}

struct open_zone {
	struct wm_number power, cap;
};

static void close_source(struct wm_source *source) {
	struct open_zone *open = source->priv;

	if (open) {
		wm_number_close(&open->power);
		wm_number_close(&open->cap);
	}
	free(open);
	source->priv = NULL;
}

static enum wm_status open_source(const struct wm_meter_setup *setup, struct wm_source *source) {
	struct open_zone *open = wm_zalloc(sizeof(*open));
	char file[160];
	enum wm_status st;

	source->priv = open;
	snprintf(file, sizeof(file), "%.120s/power_uw", source->where);
	st = wm_number_open(setup->root, file, &open->power);
	if (st) {
		close_source(source);
		return st;
	}
	snprintf(file, sizeof(file), "%.120s/constraint_0_power_limit_uw", source->where);
	wm_number_open(setup->root, file, &open->cap); /* some domains have none */
	return WM_OK;
}

static enum wm_status read_source(struct wm_source *source, struct wm_reading *reading_p) {
	struct open_zone *open = source->priv;
	struct wm_reading reading = wm_no_reading();
	enum wm_status st;
	double value;

	st = wm_number_read(&open->power, &value);
	if (st)
		return st;
	reading.watts = 1e-6 * value;
	/* 0: not set */
	if (open->cap.is_open && wm_number_read(&open->cap, &value) == WM_OK && value > 0)
		reading.cap_w = 1e-6 * value;
	*reading_p = reading;
	return WM_OK;
}

const struct wm_meter wm_meter_scmi = {
	.name = "scmi",
	.about = "power of the domains that an Arm machine's firmware measures, from /sys/class/powercap",
	.find = find,
	.open = open_source,
	.read = read_source,
	.close = close_source,
};
