/* SPDX-License-Identifier: Apache-2.0 */
/* meters_probe.h - what meters --probe does: watches the sources at rest and under load. Private to the commands. */
#ifndef WM_METERS_PROBE_H
#define WM_METERS_PROBE_H

#include "measure/agreement.h"
#include "run/meters.h"

#include <jansson.h>

struct wm_meters_probe {
	bool loaded; /* the host was loaded; of a recording it never is */
	int threads; /* of that load, and of the computation that the cost is taken from */
	int n;
	struct wm_probed {
		int index; /* of the source */
		struct wm_watched watched;
		char off[256]; /* why it could not be watched; "" = it was */
	} * sources;
	int pairs;                     /* of a computation with and without the sampler */
	double cost, cost_lo, cost_hi; /* median of the ratio of their times, and its 95% interval */
	char cost_why[256];            /* why that is not known */
	char why[256];                 /* why nothing was probed; "" = something was */
};

/* About 15 s; of a recording 5 s, without load. Released by wm_meters_probe_free. */
void wm_meters_probe(const struct wm_meters *meters, struct wm_meters_probe *probe_p);
void wm_meters_probe_free(struct wm_meters_probe *probe);
void wm_meters_probe_text(FILE *out, const struct wm_meters *meters, const struct wm_meters_probe *probe);
json_t *wm_meters_probe_json(const struct wm_meters *meters, const struct wm_meters_probe *probe);

#endif
