/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c - the table of checks, made from doctor.def, and what it finds as text and as JSON. */
#include "doctor_private.h"

#include "sysfile.h"
#include "topology_private.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

enum { SCHEMA = 1 };

#define WM_CHECK(name, about, why, fix) {#name, about, why, fix, wm_look_##name},
const struct wm_doctor_check wm_doctor_checks[] = {
#include "doctor.def"
	{0}};
#undef WM_CHECK

const int wm_doctor_count = sizeof(wm_doctor_checks) / sizeof(wm_doctor_checks[0]) - 1;

const char *wm_verdict_word(enum wm_verdict v) {
	static const char *const words[WM_VERDICTS] = {
#define X(id, word, meaning) word,
		WM_VERDICT_MAP(X)
#undef X
	};

	return words[v];
}

/* ---- what checks share -------------------------------------------------------------------------------------- */

void wm_find(struct wm_finding *finding, enum wm_verdict v, const char *fmt, ...) {
	va_list args;

	finding->verdict = v;
	va_start(args, fmt);
	vsnprintf(finding->value, sizeof(finding->value), fmt, args);
	va_end(args);
	/* names of processes and drivers may hold anything, also what a terminal obeys */
	for (char *s = finding->value; *s; s++)
		if (iscntrl((unsigned char)*s))
			*s = '?';
}

bool wm_find_text(const struct wm_patient *patient, const char *key, struct wm_finding *finding, const char **text_p) {
	const json_t *value = json_object_get(patient->env, key);
	const char *why = json_string_value(json_object_get(value, "unknown"));

	if (!json_is_string(value)) {
		wm_find(finding, WM_VERDICT_UNKNOWN, "%s", why ? why : "not read");
		return false;
	}
	*text_p = json_string_value(value);
	return true;
}

bool wm_find_live(const struct wm_patient *patient, struct wm_finding *finding) {
	if (!*patient->root)
		return true;
	wm_find(finding, WM_VERDICT_UNKNOWN, "not read: recorded machine");
	return false;
}

/* How many CPUs both lists name; 0 when one is no list. */
static int count_common(const char *a, const char *b) {
	hwloc_bitmap_t one = hwloc_bitmap_alloc(), other = hwloc_bitmap_alloc();
	int n = 0;

	if (wm_list_parse(a, one) && wm_list_parse(b, other)) {
		hwloc_bitmap_and(one, one, other);
		n = hwloc_bitmap_weight(one);
	}
	hwloc_bitmap_free(one);
	hwloc_bitmap_free(other);
	return n;
}

/* A process that nobody has bound is allowed every number that a CPU could get, "0-127" where 16 are online. */
int wm_usable_cpus(const struct wm_patient *patient) {
	char allowed[8192], online[8192];
	bool bound = wm_sysfile_field(patient->root, "/proc/self/status", "Cpus_allowed_list", allowed, sizeof(allowed));

	if (!wm_sysfile_line(patient->root, "/sys/devices/system/cpu/online", online, sizeof(online)))
		return bound ? wm_cpuset_count(allowed) : 0;
	return bound ? count_common(allowed, online) : wm_cpuset_count(online);
}

/* ---- the whole ---------------------------------------------------------------------------------------------- */

void wm_doctor_look(const struct wm_patient *patient, struct wm_finding *findings_p) {
	for (int i = 0; i < wm_doctor_count; i++)
		wm_doctor_checks[i].look(patient, &findings_p[i]);
}

int wm_doctor_verdicts(const struct wm_finding *findings, enum wm_verdict v) {
	int n = 0;

	for (int i = 0; i < wm_doctor_count; i++)
		n += findings[i].verdict == v;
	return n;
}

void wm_doctor_text(FILE *out, const struct wm_finding *findings) {
	for (int i = 0; i < wm_doctor_count; i++) {
		const struct wm_doctor_check *check = &wm_doctor_checks[i];
		enum wm_verdict v = findings[i].verdict;

		fprintf(out, "%-16s %-8s %s\n", check->name, wm_verdict_word(v), findings[i].value);
		if (v == WM_VERDICT_WARN || v == WM_VERDICT_BAD)
			fprintf(out, "%-16s %-8s %s\n%-16s %-8s %s\n", "", "  why", check->why, "", "  fix", check->fix);
	}
	for (int v = 0; v < WM_VERDICTS; v++)
		fprintf(out, "%s%d %s", v ? ", " : "", wm_doctor_verdicts(findings, v), wm_verdict_word(v));
	fprintf(out, "\n");
}

static json_t *counts(const struct wm_finding *findings) {
	json_t *object = json_object();

	for (int v = 0; v < WM_VERDICTS; v++)
		json_object_set_new(object, wm_verdict_word(v), json_integer(wm_doctor_verdicts(findings, v)));
	return object;
}

/* What a file of the machine holds may not be UTF-8, which JSON must be. */
static json_t *text_or_null(const char *text) {
	json_t *value = json_string(text);

	return value ? value : json_null();
}

json_t *wm_doctor_json(const struct wm_patient *patient, const struct wm_finding *findings) {
	json_t *checks = json_array();

	for (int i = 0; i < wm_doctor_count; i++) {
		const struct wm_doctor_check *check = &wm_doctor_checks[i];

		json_array_append_new(checks, json_pack("{s:s,s:o,s:s,s:s,s:s,s:s}", "name", check->name, "value",
		                                        text_or_null(findings[i].value), "verdict",
		                                        wm_verdict_word(findings[i].verdict), "about", check->about, "why",
		                                        check->why, "fix", check->fix));
	}
	return json_pack("{s:i,s:O?,s:o,s:o,s:o}", "schema", SCHEMA, "host", json_object_get(patient->env, "host"), "root",
	                 *patient->root ? text_or_null(patient->root) : json_null(), "counts", counts(findings), "checks",
	                 checks);
}
