/* SPDX-License-Identifier: Apache-2.0 */
/* toy_meter.c - the smallest meter there is: 7 W, always. What tests/plugin/run.sh adds to a tree. */
#include "core/wm.h"

#include <math.h>
#include <string.h>

static enum wm_status find(const struct wm_meter_setup *setup, struct wm_source *sources, int max, int *n_p) {
	(void)setup;
	if (max < 1)
		return wm_fail(WM_FAILED, "no room");
	sources[0] = (struct wm_source){.id = "toy:0",
	                                .meter = "toy",
	                                .word = "seven watts",
	                                .scope = WM_SCOPE_WALL,
	                                .kind = WM_POWER,
	                                .package = -1,
	                                .refresh_s = 0.1,
	                                .lag_s = 0,
	                                .quantum = 1,
	                                .range_j = NAN,
	                                .limit_w = NAN,
	                                .gain_rel = NAN};
	*n_p = 1;
	return WM_OK;
}

static enum wm_status open_toy(const struct wm_meter_setup *setup, struct wm_source *source) {
	(void)setup;
	(void)source;
	return WM_OK;
}

static enum wm_status read_toy(struct wm_source *source, struct wm_reading *reading_p) {
	struct wm_reading reading = wm_no_reading();

	(void)source;
	reading.watts = 7;
	*reading_p = reading;
	return WM_OK;
}

static void close_toy(struct wm_source *source) {
	(void)source;
}

const struct wm_meter wm_meter_toy = {
	.name = "toy",
	.about = "seven watts",
	.find = find,
	.open = open_toy,
	.read = read_toy,
	.close = close_toy,
};
