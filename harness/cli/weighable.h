/* SPDX-License-Identifier: Apache-2.0 */
/* weighable.h - which sources together weigh something, class by class. Private to the commands. */
#ifndef WM_WEIGHABLE_H
#define WM_WEIGHABLE_H

#include "run/meters.h"

#include <jansson.h>

struct wm_weighable {
	enum wm_scope scope;
	int index[WM_MAX_SOURCES]; /* of different things; their joules may be added up */
	int n;                     /* 0: why */
	char why[256];
};

/*
 * Of all that was found: for each class, one source of each thing (package, accelerator, server). A class of which one
 * thing has none that can be read has no sum, and says so. Classes without any source, and parts, are left out. Returns
 * how many classes were written, in the order of WM_SCOPE_MAP.
 */
int wm_weighable_all(const struct wm_meters *meters, struct wm_weighable classes[WM_SCOPES]);

/*
 * Of devices, a list as --device takes it. Devices of other backends than the host are looked for by probes. Classes
 * that weigh none of them are left out. WM_INPUT: a device that does not exist.
 */
enum wm_status wm_weighable_devices(const struct wm_meters *meters, const char *list,
                                    struct wm_weighable classes[WM_SCOPES], int *n_p);

/* Why nothing can be weighed, in words; "" when one of the classes has a source. */
void wm_weighable_nothing(const struct wm_meters *meters, const struct wm_weighable *classes, int n, char why[512]);

/* [{scope, sources: [id ..], why}], a new reference. */
json_t *wm_weighable_json(const struct wm_meters *meters, const struct wm_weighable *classes, int n);

#endif
