/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.c - run.json, cases.jsonl, suite.ini and topology.xml, written and read back. */
#include "manifest.h"

#include "system/environment.h"
#include "fields.h"
#include "groups.h"
#include "wire.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATH_ROOM = 4096 };

static json_t *now_iso(void) {
	char text[32];
	time_t t = time(NULL);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

/* This process's command line, word by word. */
static json_t *command_line(void) {
	json_t *words = json_array();
	FILE *f = fopen("/proc/self/cmdline", "r");
	char *word = NULL;
	size_t room = 0;

	while (f && getdelim(&word, &room, 0, f) > 0)
		json_array_append_new(words, wm_json_text(word));
	free(word);
	if (f)
		fclose(f);
	return words;
}

/* A segment is a part of the run within one boot and with the same drivers and meters. */
static json_t *new_segment(const struct wm_machine *machine, const struct wm_meters *meters) {
	json_t *drivers = json_object(), *sources = json_array(), *missing = json_array();

	for (int i = 0; i < machine->n; i++)
		json_object_set_new(drivers, machine->devs[i].id, wm_json_text(machine->devs[i].driver));
	for (int i = 0; i < meters->n; i++)
		json_array_append_new(sources, wm_source_to_json(&meters->sources[i]));
	for (int i = 0; i < meters->nmissing; i++)
		json_array_append_new(missing, json_pack("{s:s, s:o}", "meter", meters->missing[i].meter, "why",
		                                         wm_json_text(meters->missing[i].why)));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:[]}", "started", now_iso(), "drivers", drivers, "environment",
	                 wm_environment(""), "meters_from",
	                 json_pack("{s:o, s:o}", "root", wm_json_text(meters->root), "file", wm_json_text(meters->file)),
	                 "meters", sources, "meters_missing", missing, "idle");
}

static json_t *run_json(const struct wm_run_plan *plan, const struct wm_suite *suite) {
	json_t *devices = json_array(), *missing = json_array();
	char binary[17];

	wm_binary_id(binary);
	for (int i = 0; i < plan->machine->n; i++)
		json_array_append_new(devices, wm_device_to_json(&plan->machine->devs[i]));
	for (int i = 0; i < plan->machine->nmissing; i++)
		json_array_append_new(missing, json_pack("{s:s, s:o}", "backend", plan->machine->missing[i].backend, "why",
		                                         wm_json_text(plan->machine->missing[i].why)));
	return json_pack("{s:i, s:s, s:o, s:o, s:s, s:i, s:I, s:o, s:o, s:n, s:s, s:I, s:s, s:[o], s:o, s:o}", //
	                 "schema", WM_SCHEMA, "method", WM_METHOD, "run", wm_json_text(wm_bundle_run_id(plan->bundle)),
	                 "suite", wm_json_text(suite->name), "profile", plan->profile->name, "replicates", plan->replicates,
	                 "seed", (json_int_t)plan->seed, "command", command_line(), "started", now_iso(), "ended",
	                 "outcome", "running", "planned", (json_int_t)plan->cases->n * plan->replicates, "binary", binary,
	                 "segments", new_segment(plan->machine, plan->meters), "devices", devices, "missing", missing);
}

/* cases.jsonl, one line a case in the order of the run. NULL only when memory is out. */
static char *cases_text(const struct wm_run_plan *plan) {
	char *text = NULL;
	size_t bytes;
	FILE *f = open_memstream(&text, &bytes);

	for (size_t i = 0; f && i < plan->cases->n; i++) {
		const struct wm_case *c = &plan->cases->v[i];
		const struct wm_device *dev = &plan->machine->devs[c->device];
		char key[256];
		json_t *line;

		wm_device_key(dev, key, sizeof(key));
		line = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:f}", "index", (json_int_t)i, "case", c->id,
		                 "problem", c->problem.str, "bench", c->problem.bench->name, "impl", c->impl->name, "device",
		                 dev->id, "device_key", key, "weigh", c->weigh, "expect_s", c->expect_s);
		json_dumpf(line, f, JSON_COMPACT);
		fputc('\n', f);
		json_decref(line);
	}
	if (f)
		fclose(f);
	return text;
}

static enum wm_status put_topology(struct wm_bundle *bundle, const struct wm_topology *topo) {
	char path[PATH_ROOM];

	snprintf(path, sizeof(path), "%s/topology.xml", wm_bundle_path(bundle));
	return wm_topology_write(topo, path);
}

enum wm_status wm_manifest_write(const struct wm_run_plan *plan, const struct wm_suite *suite,
                                 const struct wm_topology *topo) {
	json_t *run = run_json(plan, suite);
	char *cases = cases_text(plan);
	enum wm_status st = run && cases ? WM_OK : wm_fail(WM_NOMEM, "no memory for the bundle's first files");

	if (st == WM_OK)
		st = wm_bundle_put_text(plan->bundle, "suite.ini", suite->text);
	if (st == WM_OK)
		st = put_topology(plan->bundle, topo);
	if (st == WM_OK)
		st = wm_bundle_put_text(plan->bundle, "cases.jsonl", cases);
	if (st == WM_OK)
		st = wm_bundle_put_json(plan->bundle, "run.json", run);
	json_decref(run);
	free(cases);
	return st;
}

/* run.json as it is, to be changed and put back; new reference. */
static enum wm_status load_run(struct wm_bundle *bundle, json_t **run_p) {
	char path[PATH_ROOM];
	json_error_t error;

	snprintf(path, sizeof(path), "%s/run.json", wm_bundle_path(bundle));
	*run_p = json_load_file(path, 0, &error);
	return *run_p ? WM_OK : wm_fail(WM_FAILED, "%s: %s", path, error.text);
}

enum wm_status wm_manifest_idle(const struct wm_run_plan *plan, json_t *rows) {
	json_t *run = NULL;
	enum wm_status st = load_run(plan->bundle, &run);

	if (st == WM_OK) {
		json_t *segment = json_array_get(json_object_get(run, "segments"), (size_t)plan->segment);

		json_array_extend(json_object_get(segment, "idle"), rows);
		st = wm_bundle_put_json(plan->bundle, "run.json", run);
	}
	json_decref(run);
	json_decref(rows);
	return st;
}

enum wm_status wm_manifest_end(struct wm_bundle *bundle, bool interrupted) {
	json_t *run = NULL;
	enum wm_status st = load_run(bundle, &run);

	if (st != WM_OK)
		return st;
	json_object_set_new(run, "ended", now_iso());
	json_object_set_new(run, "outcome", json_string(interrupted ? "interrupted" : "complete"));
	st = wm_bundle_put_json(bundle, "run.json", run);
	json_decref(run);
	return st;
}

/* ---- resume ---- */

static const char *text_of(const json_t *object, const char *key) {
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static enum wm_status same(const char *path, const char *field, const char *then, const char *now) {
	if (strcmp(then, now) == 0)
		return WM_OK;
	return wm_fail(WM_INPUT, "cannot resume %s: %s was '%s', is '%s'", path, field, then, now);
}

/* A device that is there only when asked for, a part of the host or a group; of any other kind none is added. */
static enum wm_status add_asked(const struct wm_topology *topo, const char *id, struct wm_machine *machine) {
	char group[96];

	if (strncmp(id, "host:", 5) == 0 && machine->n < WM_MAX_DEVICES) {
		enum wm_status st = wm_topology_host(topo, id, &machine->devs[machine->n]);

		machine->n += st == WM_OK;
		return st;
	}
	return wm_group_id(id, group) ? wm_groups_add(machine, group) : WM_OK;
}

/* The device of a case as it is now; its key and its cores must be those of then. */
static enum wm_status match_device(const char *path, const json_t *run, const char *id, const struct wm_topology *topo,
                                   struct wm_machine *machine, int *device_p) {
	const json_t *devices = json_object_get(run, "devices");
	char key_then[256], key_now[256];
	struct wm_device then = {0};
	enum wm_status st;
	int at = 0;

	for (size_t i = 0; i < json_array_size(devices); i++)
		if (strcmp(text_of(json_array_get(devices, i), "id"), id) == 0)
			wm_device_from_json(json_array_get(devices, i), &then);
	while (at < machine->n && strcmp(machine->devs[at].id, id) != 0)
		at++;
	st = at == machine->n ? add_asked(topo, id, machine) : WM_OK;
	if (st != WM_OK)
		return st;
	if (at == machine->n)
		return wm_fail(WM_INPUT, "cannot resume %s: device %s is not here now", path, id);
	wm_device_key(&then, key_then, sizeof(key_then));
	wm_device_key(&machine->devs[at], key_now, sizeof(key_now));
	st = same(path, "the device", key_then, key_now);
	if (st == WM_OK)
		st = same(path, "the device's cores", then.cpuset, machine->devs[at].cpuset);
	if (st == WM_OK)
		*device_p = at;
	return st;
}

/* What a line of cases.jsonl says of its case, but for the device. */
static enum wm_status read_case(const json_t *line, struct wm_case *case_p) {
	struct wm_case c = {.weigh = json_is_true(json_object_get(line, "weigh")),
	                    .expect_s = json_number_value(json_object_get(line, "expect_s"))};
	enum wm_status st = wm_problem_parse(text_of(line, "problem"), &c.problem);

	if (st != WM_OK)
		return st;
	snprintf(c.id, sizeof(c.id), "%s", text_of(line, "case"));
	c.impl = wm_impl_find(c.problem.bench->name, text_of(line, "impl"));
	if (!c.impl)
		return wm_fail(WM_INPUT, "unknown implementation '%s' of %s", text_of(line, "impl"), c.problem.bench->name);
	*case_p = c;
	return WM_OK;
}

static enum wm_status read_cases(const char *path, const json_t *run, const struct wm_topology *topo,
                                 struct wm_machine *machine, struct wm_cases *cases) {
	char file[PATH_ROOM];
	char *text = NULL;
	size_t room = 0;
	long number = 0;
	enum wm_status st = WM_OK;
	FILE *f;

	snprintf(file, sizeof(file), "%s/cases.jsonl", path);
	f = fopen(file, "r");
	if (!f)
		return wm_fail(WM_INPUT, "%s: cannot be read: not a bundle that can be resumed", file);
	while (st == WM_OK && getline(&text, &room, f) > 0) {
		json_error_t error;
		json_t *line = json_loads(text, 0, &error);
		struct wm_case c;

		number++;
		st = line ? read_case(line, &c) : wm_fail(WM_INPUT, "%s", error.text);
		if (st != WM_OK)
			st = wm_fail(st, "%s:%ld: %s", file, number, wm_why());
		else
			st = match_device(path, run, text_of(line, "device"), topo, machine, &c.device);
		if (st == WM_OK) {
			wm_problem_place(&c.problem, &machine->devs[c.device]);
			cases->v = wm_grow(cases->v, cases->n, &cases->room, sizeof(*cases->v));
			cases->v[cases->n++] = c;
		}
		json_decref(line);
	}
	free(text);
	fclose(f);
	return st;
}

static const json_t *boot_of(const json_t *segment) {
	return json_object_get(json_object_get(segment, "environment"), "boot_id");
}

/* Was the machine booted anew, or what can be read of meters or the driver of a device that was and is here changed,
 * since the last segment? */
static bool segment_ended(const json_t *run, const json_t *now) {
	const json_t *segments = json_object_get(run, "segments");
	const json_t *last = json_array_get(segments, json_array_size(segments) - 1);
	json_t *drivers_then = json_object_get(last, "drivers"), *driver_then;
	const char *id;

	if (!json_equal(boot_of(last), boot_of(now)) ||
	    !json_equal(json_object_get(last, "meters"), json_object_get(now, "meters")))
		return true;
	json_object_foreach(drivers_then, id, driver_then) {
		const json_t *driver_now = json_object_get(json_object_get(now, "drivers"), id);

		if (driver_now && !json_equal(driver_now, driver_then))
			return true;
	}
	return false;
}

static enum wm_status check_run(const char *path, const json_t *run) {
	char binary[17];
	enum wm_status st;

	wm_binary_id(binary);
	st = same(path, "method", text_of(run, "method"), WM_METHOD);
	return st == WM_OK ? same(path, "binary", text_of(run, "binary"), binary) : st;
}

/* run.json as it is now; new reference. */
static enum wm_status read_run(const char *path, json_t **run_p) {
	struct wm_reader *reader;
	enum wm_status st = wm_reader_open(path, &reader);

	if (st != WM_OK)
		return st;
	*run_p = json_deep_copy(wm_reader_run(reader));
	wm_reader_close(reader);
	return WM_OK;
}

/* What of the plan stands in run.json. */
static enum wm_status read_plan(const char *path, const json_t *run, struct wm_run_plan *plan) {
	plan->profile = wm_profile_find(text_of(run, "profile"));
	plan->replicates = (int)json_integer_value(json_object_get(run, "replicates"));
	plan->seed = (uint64_t)json_integer_value(json_object_get(run, "seed"));
	if (plan->profile && plan->replicates >= 1)
		return WM_OK;
	return wm_fail(WM_INPUT, "%s/run.json: profile or replicates are missing", path);
}

/* Opens the bundle for writing; segment begins a new one when it is not NULL (borrowed). */
static enum wm_status go_on(const char *path, json_t *segment, struct wm_run_plan *plan) {
	struct wm_bundle *bundle;
	json_t *run;
	enum wm_status st = wm_bundle_resume(path, plan->segment, &bundle, &run);

	if (st != WM_OK)
		return st;
	if (segment)
		json_array_append(json_object_get(run, "segments"), segment);
	json_object_set_new(run, "outcome", json_string("running"));
	st = wm_bundle_put_json(bundle, "run.json", run);
	json_decref(run);
	if (st == WM_OK)
		plan->bundle = bundle;
	else
		wm_bundle_close(bundle);
	return st;
}

/* Looks for meters where the last segment did, if anything is to be weighed. */
static enum wm_status find_meters(const json_t *run, const struct wm_cases *cases, struct wm_meters *meters) {
	const json_t *segments = json_object_get(run, "segments");
	const json_t *from = json_object_get(json_array_get(segments, json_array_size(segments) - 1), "meters_from");
	bool any = false;

	for (size_t i = 0; i < cases->n; i++)
		any |= cases->v[i].weigh;
	return any ? wm_meters_find(text_of(from, "root"), text_of(from, "file"), meters) : WM_OK;
}

enum wm_status wm_manifest_resume(const char *path, const struct wm_topology *topo, struct wm_machine *machine,
                                  struct wm_meters *meters, struct wm_cases *cases, struct wm_run_plan *plan) {
	json_t *run = NULL, *now = NULL;
	bool is_new;
	enum wm_status st = read_run(path, &run);

	if (st == WM_OK)
		st = check_run(path, run);
	if (st == WM_OK)
		st = read_plan(path, run, plan);
	if (st == WM_OK)
		st = read_cases(path, run, topo, machine, cases);
	if (st == WM_OK)
		st = find_meters(run, cases, meters);
	if (st == WM_OK) {
		now = new_segment(machine, meters);
		is_new = segment_ended(run, now);
		plan->segment = (int)json_array_size(json_object_get(run, "segments")) - (is_new ? 0 : 1);
		st = go_on(path, is_new ? now : NULL, plan);
	}
	json_decref(now);
	json_decref(run);
	return st;
}
