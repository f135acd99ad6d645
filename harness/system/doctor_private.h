/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_private.h - what the files of checks share. */
#ifndef WM_DOCTOR_PRIVATE_H
#define WM_DOCTOR_PRIVATE_H

#include "doctor.h"

#define WM_CHECK(name, about, why, fix) \
	void wm_look_##name(const struct wm_patient *patient, struct wm_finding *finding);
#include "doctor.def"
#undef WM_CHECK

/* Fills in a finding. */
void wm_find(struct wm_finding *finding, enum wm_verdict v, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The text of a key of the patient's environment; false: the finding is "unknown", with the reason that stands there.
 */
bool wm_find_text(const struct wm_patient *patient, const char *key, struct wm_finding *finding, const char **text_p);
/* False where this is a recorded machine, of which nothing can be tried out: the finding says so. */
bool wm_find_live(const struct wm_patient *patient, struct wm_finding *finding);
/* How many CPUs this process may use, of those that are online; 0 = not known. */
int wm_usable_cpus(const struct wm_patient *patient);

#endif
