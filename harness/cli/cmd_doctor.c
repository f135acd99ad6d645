/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_doctor.c - what of this machine, or of a recorded one, spoils measurements. */
#include "commands.h"

#include "run/probe.h"
#include "system/doctor.h"
#include "system/environment.h"

#include <stdlib.h>
#include <string.h>

static const char *why_no_opencl(const struct wm_machine *machine) {
	for (int i = 0; i < machine->nmissing; i++)
		if (strcmp(machine->missing[i].backend, "opencl") == 0)
			return machine->missing[i].why;
	return "";
}

/* What of this machine is more than files: its topology, and what the probes find. */
static enum wm_status meet(struct wm_patient *patient, struct wm_topology **topo_p, struct wm_machine *machine) {
	enum wm_status st = wm_topology_open(NULL, topo_p);

	if (st == WM_OK)
		st = wm_probe_machine(*topo_p, machine);
	if (st != WM_OK)
		return st;
	patient->topo = *topo_p;
	patient->devs = machine->devs;
	patient->n = machine->n;
	patient->no_opencl = why_no_opencl(machine);
	return WM_OK;
}

static void print(const struct wm_patient *patient, const struct wm_finding *findings, bool as_json) {
	json_t *json;

	if (!as_json) {
		wm_doctor_text(stdout, findings);
		return;
	}
	json = wm_doctor_json(patient, findings);
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
}

int wm_cmd_doctor(const struct wm_option_values *options) {
	static struct wm_machine machine;
	const char *root = options->v[WM_OPT_ROOT];
	struct wm_patient patient = {.root = root ? root : "", .no_opencl = ""};
	struct wm_finding *findings = wm_zalloc((size_t)wm_doctor_count * sizeof(*findings));
	struct wm_topology *topo = NULL;
	json_t *env = NULL;
	enum wm_status st = root ? wm_check_root(root) : meet(&patient, &topo, &machine);
	int code = WM_EXIT_OK;

	if (st == WM_OK) {
		patient.env = env = wm_environment(patient.root);
		wm_doctor_look(&patient, findings);
		print(&patient, findings, options->given[WM_OPT_JSON]);
		if (wm_doctor_verdicts(findings, WM_VERDICT_WARN) + wm_doctor_verdicts(findings, WM_VERDICT_BAD) > 0)
			code = WM_EXIT_BAD_ROW;
	} else {
		code = wm_complain(st);
	}
	json_decref(env);
	wm_topology_close(topo);
	free(findings);
	return code;
}
