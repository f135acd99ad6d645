/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_run.c - from what a user asked for to a bundle, or to the plan of a dry run. */
#include "commands.h"

#include "core/cases.h"
#include "core/registry.h"
#include "report/rows.h"
#include "run/groups.h"
#include "run/manifest.h"
#include "run/plan_print.h"
#include "run/supervisor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PARTS = 64 };

/* What a run is made from; released by drop. */
struct request {
	const struct wm_option_values *options;
	struct wm_suite suite;
	struct wm_topology *topo;
	struct wm_cases cases;
	struct wm_meters meters;
	struct wm_run_plan plan;
};

static struct wm_machine machine; /* too large for a stack */

static void drop(struct request *q) {
	if (q->plan.bundle)
		wm_bundle_close(q->plan.bundle);
	wm_cases_free(&q->cases);
	wm_meters_free(&q->meters);
	wm_suite_free(&q->suite);
	if (q->topo)
		wm_topology_close(q->topo);
}

static enum wm_status read_suites(struct request *q) {
	for (int i = 0; i < q->options->n; i++) {
		enum wm_status st = wm_suite_add(q->options->operands[i], &q->suite);

		if (st != WM_OK)
			return st;
	}
	return WM_OK;
}

/* The machine of a file has what hwloc's XML shows; the real one what the probes find. */
static enum wm_status find_devices(struct request *q) {
	const char *file = q->options->v[WM_OPT_TOPOLOGY];
	enum wm_status st = wm_topology_open(file, &q->topo);

	if (st != WM_OK || !file)
		return st == WM_OK ? wm_probe_machine(q->topo, &machine) : st;
	memset(&machine, 0, sizeof(machine));
	st = wm_topology_host(q->topo, "host", &machine.devs[0]);
	if (st != WM_OK)
		return st;
	st = wm_topology_accelerators(q->topo, machine.devs + 1, WM_MAX_DEVICES - 1, &machine.n);
	machine.n++;
	return st;
}

/* Parts of the host and groups exist when somebody asks for them. */
static enum wm_status add_asked_devices(struct request *q, const char *devices) {
	static char ids[MAX_PARTS][96];
	int n = wm_device_requests(&q->suite, machine.devs, machine.n, devices, ids, MAX_PARTS);

	for (int i = 0; i < n && machine.n < WM_MAX_DEVICES; i++) {
		bool part = strncmp(ids[i], "host:", 5) == 0;
		enum wm_status st =
			part ? wm_topology_host(q->topo, ids[i], &machine.devs[machine.n]) : wm_groups_add(&machine, ids[i]);

		if (st != WM_OK)
			return st;
		machine.n += part;
	}
	return WM_OK;
}

static void choose_profile(struct request *q) {
	const char *name = q->options->v[WM_OPT_PROFILE];
	double replicates = wm_option_number(q->options, WM_OPT_REPLICATES);

	if (!q->options->given[WM_OPT_PROFILE] && q->suite.profile[0])
		name = q->suite.profile;
	q->plan.profile = wm_profile_find(name ? name : "quick");
	q->plan.replicates = isnan(replicates) ? q->plan.profile->replicates : (int)replicates;
}

static void weigh_all(struct wm_cases *cases) {
	for (size_t i = 0; i < cases->n; i++)
		cases->v[i].weigh = true;
}

/* Nobody looks for meters where nothing is to be weighed, or in the plan of another machine. */
static enum wm_status find_meters(struct request *q, const char *root, const char *file) {
	bool any = false;

	for (size_t i = 0; i < q->cases.n; i++)
		any |= q->cases.v[i].weigh;
	if (!any || q->options->v[WM_OPT_TOPOLOGY])
		return WM_OK;
	return wm_meters_find(root ? root : "", file ? file : "", &q->meters);
}

static enum wm_status plan_new(struct request *q) {
	const char *devices = q->options->v[WM_OPT_DEVICE], *impls = q->options->v[WM_OPT_IMPL];
	enum wm_status st = read_suites(q);

	if (st == WM_OK)
		st = find_devices(q);
	if (st == WM_OK)
		st = add_asked_devices(q, devices ? devices : "");
	if (st == WM_OK)
		st = wm_cases_expand(&q->suite, machine.devs, machine.n, devices ? devices : "", impls ? impls : "", &q->cases);
	if (st != WM_OK)
		return st;
	choose_profile(q);
	if (q->options->given[WM_OPT_WEIGH])
		weigh_all(&q->cases);
	st = find_meters(q, q->options->v[WM_OPT_ROOT], q->options->v[WM_OPT_METERS]);
	if (st != WM_OK)
		return st;
	wm_plan_estimate(&q->cases, q->plan.profile, q->meters.n > 0);
	q->plan.seed = wm_option_count(q->options, WM_OPT_SEED);
	return WM_OK;
}

static enum wm_status start_bundle(struct request *q) {
	enum wm_status st;

	q->plan.topo = q->topo;
	wm_cases_shuffle(&q->cases, q->plan.seed);
	st = wm_bundle_create(q->options->v[WM_OPT_OUT], q->suite.name, &q->plan.bundle);
	if (st != WM_OK)
		return st;
	return wm_manifest_write(&q->plan, &q->suite, q->topo);
}

static enum wm_status plan_resumed(struct request *q) {
	enum wm_status st = wm_topology_open(NULL, &q->topo);

	if (st == WM_OK)
		st = wm_probe_machine(q->topo, &machine);
	q->plan.topo = q->topo;
	if (st == WM_OK)
		st = wm_manifest_resume(q->options->v[WM_OPT_RESUME], q->topo, &machine, &q->meters, &q->cases, &q->plan);
	return st;
}

/* ---- the end ---- */

static enum wm_status count_row(void *arg, const json_t *record, const char *line, size_t bytes) {
	int *rows = arg;
	enum wm_status st = wm_status_parse(json_string_value(json_object_get(record, "status")));

	(void)line;
	(void)bytes;
	if (st < WM_STATUSES)
		rows[st]++;
	return WM_OK;
}

/* The whole bundle decides the exit status, with the rows of earlier segments. */
static enum wm_status count_rows(const char *path, int rows[WM_STATUSES]) {
	struct wm_reader *reader;
	enum wm_status st = wm_reader_open(path, &reader);

	if (st != WM_OK)
		return st;
	st = wm_reader_each(reader, count_row, rows);
	wm_reader_close(reader);
	return st;
}

static int conclude(struct request *q, const struct wm_run_outcome *outcome) {
	int rows[WM_STATUSES] = {0}, bad = 0;
	enum wm_status st = count_rows(wm_bundle_path(q->plan.bundle), rows);

	if (st != WM_OK)
		return wm_complain(st);
	if (!q->plan.quiet)
		fprintf(stderr, "wattmark:");
	for (int i = 0; i < WM_STATUSES; i++) {
		if (rows[i] && !q->plan.quiet)
			fprintf(stderr, " %d %s", rows[i], wm_status_word((enum wm_status)i));
		if (wm_status_class((enum wm_status)i) == WM_ROW_BAD)
			bad += rows[i];
	}
	if (!q->plan.quiet)
		fprintf(stderr, "%s; bundle:\n", outcome->interrupted ? " (interrupted; --resume goes on)" : "");
	printf("%s\n", wm_bundle_path(q->plan.bundle));
	if (outcome->interrupted)
		return WM_EXIT_INTERRUPTED;
	return bad ? WM_EXIT_BAD_ROW : WM_EXIT_OK;
}

/* report.html from the records, as `wattmark report` makes it. It says nothing that they do not, so a run whose page
 * cannot be written is complained about and is whole all the same. */
static void write_page(struct wm_bundle *bundle) {
	char *paths[] = {(char *)(uintptr_t)wm_bundle_path(bundle)}, *text = NULL;
	size_t bytes = 0;
	struct wm_rows rows = {0};
	enum wm_status st = wm_rows_read(paths, 1, &rows);
	FILE *page = rows.nruns ? open_memstream(&text, &bytes) : NULL;

	if (rows.nruns && !page)
		st = wm_fail(WM_FAILED, "no memory for report.html");
	if (page) {
		enum wm_status wrote = wm_report_find("html")->write(page, &rows);

		if (fclose(page) != 0 && wrote == WM_OK)
			wrote = wm_fail(WM_FAILED, "no memory for report.html");
		if (wrote == WM_OK)
			wrote = wm_bundle_put_text(bundle, "report.html", text);
		st = st == WM_OK ? wrote : st;
	}
	free(text);
	wm_rows_free(&rows);
	if (st != WM_OK)
		wm_complain(st);
}

static int execute(struct request *q) {
	struct wm_run_outcome outcome;
	double seconds = wm_plan_seconds(&q->plan);
	enum wm_status st;

	if (!q->plan.quiet)
		fprintf(stderr, "wattmark: %zu case%s, %d replicate%s each, about %.0f min %02.0f s\n", q->cases.n,
		        q->cases.n == 1 ? "" : "s", q->plan.replicates, q->plan.replicates > 1 ? "s" : "", floor(seconds / 60),
		        fmod(seconds, 60));
	st = wm_supervise(&q->plan, &outcome);
	if (st == WM_OK)
		st = wm_manifest_end(q->plan.bundle, outcome.interrupted);
	if (st == WM_OK)
		write_page(q->plan.bundle);
	return st == WM_OK ? conclude(q, &outcome) : wm_complain(st);
}

int wm_cmd_run(const struct wm_option_values *options) {
	struct request q = {.options = options, .plan = {.cases = &q.cases, .machine = &machine, .meters = &q.meters}};
	double budget = wm_option_number(options, WM_OPT_TIME_BUDGET);
	enum wm_status st;
	int code;

	q.plan.time_budget_s = isnan(budget) ? INFINITY : budget;
	q.plan.deadline_s = wm_option_number(options, WM_OPT_DEADLINE);
	q.plan.quiet = options->given[WM_OPT_QUIET];
	st = options->given[WM_OPT_RESUME] ? plan_resumed(&q) : plan_new(&q);
	if (st != WM_OK)
		code = wm_complain(st);
	else if (options->given[WM_OPT_DRY_RUN])
		code = (st = wm_print_plan(stdout, &q.cases, machine.devs, machine.n)) == WM_OK ? WM_EXIT_OK : wm_complain(st);
	else if (!options->given[WM_OPT_RESUME] && (st = start_bundle(&q)) != WM_OK)
		code = wm_complain(st);
	else
		code = execute(&q);
	drop(&q);
	return code;
}
