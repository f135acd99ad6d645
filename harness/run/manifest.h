/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.h - what a bundle says of its run besides the records: run.json, cases.jsonl, suite.ini, topology.xml. */
#ifndef WM_MANIFEST_H
#define WM_MANIFEST_H

#include "supervisor.h"
#include "system/topology.h"

/* Adds what sources drew at rest to the segment of this part of the run; takes rows over. */
enum wm_status wm_manifest_idle(const struct wm_run_plan *plan, json_t *rows);

/* Writes all four files of a new bundle, before the first case runs; run.json last, so that a folder without it holds
 * no run that could go on. */
enum wm_status wm_manifest_write(const struct wm_run_plan *plan, const struct wm_suite *suite,
                                 const struct wm_topology *topo);
/* Rewrites run.json with the outcome "complete" or "interrupted" and the time. */
enum wm_status wm_manifest_end(struct wm_bundle *bundle, bool interrupted);

/*
 * Goes on with a bundle: opens it, reads its cases, and matches its devices with what is here now. Fills the plan's
 * bundle, profile, replicates, seed and segment, and cases (the caller frees them). machine already holds what the
 * probes found; host:.. devices of the bundle are added to it. Where cases are to be weighed, meters is filled with
 * what is found now where it was looked for then (the caller frees it). WM_INPUT, naming the field, when binary, method
 * or a device differ from then; another boot or driver than in the last segment begins a new one.
 */
enum wm_status wm_manifest_resume(const char *path, const struct wm_topology *topo, struct wm_machine *machine,
                                  struct wm_meters *meters, struct wm_cases *cases, struct wm_run_plan *plan);

#endif
