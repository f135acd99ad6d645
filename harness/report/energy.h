/* SPDX-License-Identifier: Apache-2.0 */
/* energy.h - what records say of joules, class by class, and the case as one (method 4). Private to the reports. */
#ifndef WM_ENERGY_H
#define WM_ENERGY_H

#include "intern.h"
#include "rows.h"

#include <jansson.h>

/* Sets weighed, nweighed and not_weighed of a record; run is the run.json that has its idle power. weighed is the
 * caller's to free. */
void wm_energy_read(struct wm_intern *texts, const json_t *run, const json_t *json, struct wm_record *record);
/* Sets energy, nenergy and not_weighed of a row whose records are in order; work: what one operation does, in the unit
 * of the row's metric; NAN where work per joule has no meaning. energy is the caller's to free. */
void wm_energy_sum(struct wm_intern *texts, double work, struct wm_row *row);

#endif
