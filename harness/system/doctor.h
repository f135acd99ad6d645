/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.h - what of a machine spoils measurements. */
#ifndef WM_DOCTOR_H
#define WM_DOCTOR_H

#include "topology.h"

#include <jansson.h>

/* X(enum suffix, word, meaning) */
#define WM_VERDICT_MAP(X)                                                          \
	X(OK, "ok", "as measurements want it")                                         \
	X(INFO, "info", "a fact to know when results are read; nothing is judged")     \
	X(UNKNOWN, "unknown", "could not be found out, for the reason given as value") \
	X(WARN, "warn", "makes results worse or less steady than the machine can be")  \
	X(BAD, "bad", "makes results mean something else than they say")

enum wm_verdict {
#define X(id, word, meaning) WM_VERDICT_##id,
	WM_VERDICT_MAP(X)
#undef X
		WM_VERDICTS
};
const char *wm_verdict_word(enum wm_verdict v); /* "ok", "info", ..; static */

/* The machine that is looked at: this one, or one whose /proc, /sys and /etc were recorded. */
struct wm_patient {
	const char *root;               /* "": this machine; else the folder that stands for / */
	const struct wm_topology *topo; /* NULL: not known, as of a recorded machine */
	const struct wm_device *devs;   /* what the probes found */
	int n;
	const char *no_opencl; /* why the probes found no OpenCL device; "" = not looked, or there is one */
	const json_t *env;     /* wm_environment(root) */
};

struct wm_finding {
	enum wm_verdict verdict;
	char value[256]; /* one line: what was found, or why nothing was */
};

/* One check. The texts are static, each one line. */
struct wm_doctor_check {
	const char *name;  /* "governor" */
	const char *about; /* what is looked at, and when it is not ok */
	const char *why;   /* why it matters to a measurement */
	const char *fix;   /* a command or a setting */
	/* Fills in the whole finding; reads only what the patient has. */
	void (*look)(const struct wm_patient *patient, struct wm_finding *finding);
};
extern const struct wm_doctor_check wm_doctor_checks[]; /* in the order of reports; ends with {0} */
extern const int wm_doctor_count;                       /* without that end */

/* Looks at everything: findings_p[i] is of wm_doctor_checks[i], wm_doctor_count in all. Takes about a second on this
 * machine, since other load is watched for a while. */
void wm_doctor_look(const struct wm_patient *patient, struct wm_finding *findings_p);
/* How many findings have that verdict. */
int wm_doctor_verdicts(const struct wm_finding *findings, enum wm_verdict v);

/* The table: check, verdict and value; below what is warn or bad why it matters and what to do; a last line counts. */
void wm_doctor_text(FILE *out, const struct wm_finding *findings);
/* {"schema": 1, "host": .., "root": .., "counts": {verdict: number}, "checks": [{name, value, verdict, about, why,
 * fix}]}; new reference. root is null of this machine. */
json_t *wm_doctor_json(const struct wm_patient *patient, const struct wm_finding *findings);

#endif
