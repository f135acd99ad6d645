/* SPDX-License-Identifier: Apache-2.0 */
/* meters.h - which sources of energy there are, and which of them weigh a device. Found by children. */
#ifndef WM_METERS_H
#define WM_METERS_H

#include "core/registry.h"
#include "system/topology.h"

#include <jansson.h>

enum { WM_MAX_SOURCES = 256, WM_MAX_PARTS = WM_MAX_RANKS };

/* What was found, and where it was looked for. Released by wm_meters_free. */
struct wm_meters {
	char root[512]; /* "" = the real machine */
	char file[512]; /* the user's file of meters; "" = none */
	struct wm_source *sources;
	int n;
	struct {
		char meter[16], why[256];
	} missing[WM_MAX_SOURCES / 8]; /* meters without a source, or whose probe did not live to tell of all */
	int nmissing;
};

/* Asks every registered meter in a child of its own (deadline 10 s). WM_INPUT + "FILE:LINE: .." when the file of meters
 * is not right; a meter that fails is a missing row. */
enum wm_status wm_meters_find(const char *root, const char *file, struct wm_meters *meters_p);
void wm_meters_free(struct wm_meters *meters);

/* Is a the better of two that weigh the same? One that can be read before one that cannot, what the user named before
 * what was found, a counter before a power, then the one that is known to change more often; a BMC by DCMI comes last.
 */
bool wm_source_better(const struct wm_source *a, const struct wm_source *b);

/* Can a device of that kind be weighed in that class at all? */
bool wm_meters_apply(const struct wm_device *dev, enum wm_scope scope);

/*
 * The sources that together weigh a device in one class: of every package that it touches, one; or the node's. Writes
 * their indices and returns how many; 0 + why: there are none, or one of them is missing. Of several for one package
 * the best (wm_source_better).
 */
int wm_meters_of(const struct wm_meters *meters, const struct wm_topology *topo, const struct wm_device *dev,
                 enum wm_scope scope, int index[WM_MAX_PARTS], char why[256]);

/* A source as JSON (new reference) and back. priv does not travel. */
json_t *wm_source_to_json(const struct wm_source *source);
void wm_source_from_json(const json_t *object, struct wm_source *source_p);

/* The command of a probe child: finds the sources of one meter, prints them as JSON lines on fd 4. Its order on fd 3 is
 * {root, file}. */
int wm_meter_probe_main(const char *meter);

#endif
