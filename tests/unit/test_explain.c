/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_explain.c - every name that a user can meet is explained. The names are gathered here from where users meet
 * them: the schema, the machine's picture, the plug-ins, the profiles, the reports as they are written.
 */
#include "cli/exits.h"
#include "cli/topics.h"
#include "core/job.h"
#include "core/registry.h"
#include "measure/profile.h"
#include "report/cells.h"
#include "report/rows.h"
#include "system/doctor.h"
#include "system/environment.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct wm_topics topics;

static int make_topics(void **state) {
	(void)state;
	return wm_topics_make(&topics) == WM_OK ? 0 : -1;
}

static int free_topics(void **state) {
	(void)state;
	wm_topics_free(&topics);
	return 0;
}

/* The text of the topic of that kind and whole name; a failed test when there is none. */
static const char *text_of(enum wm_topic_kind kind, const char *name) {
	for (size_t i = 0; i < topics.n; i++)
		if (topics.v[i].kind == kind && strcmp(topics.v[i].name, name) == 0)
			return topics.v[i].text;
	fail_msg("no explanation of the %s '%s'", wm_topic_one(kind), name);
	return "";
}

static void assert_explained(enum wm_topic_kind kind, const char *name) {
	if (strlen(text_of(kind, name)) < 4)
		fail_msg("the %s '%s' has no text", wm_topic_one(kind), name);
}

/* ---- the schema --------------------------------------------------------------------------------------------- */

static json_t *read_schema(void) {
	json_t *schema = json_load_file("results/schema.json", 0, NULL);

	assert_non_null(schema);
	return schema;
}

static json_t *resolve(json_t *schema, json_t *node) {
	const char *ref = json_string_value(json_object_get(node, "$ref"));

	return ref ? json_object_get(json_object_get(schema, "$defs"), strrchr(ref, '/') + 1) : node;
}

/* A name that ends in a unit has it in its text. */
static void assert_unit(const char *name, const char *text) {
	static const char *const units[][2] = {{"per_s", "/s"}, {"_s", "seconds"}, {"bytes", "bytes"}, {"flop", "flop"}};
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		size_t end = strlen(units[i][0]);

		if (n < end || strcmp(name + n - end, units[i][0]) != 0)
			continue;
		if (!strstr(text, units[i][1]))
			fail_msg("%s: '%s' says nothing of %s", name, text, units[i][1]);
		return;
	}
}

/* Every property of the definition, at any depth, has a description, which is its explanation. */
static void walk(json_t *schema, enum wm_topic_kind kind, const char *prefix, json_t *node, int *n_p) {
	json_t *property;
	const char *key;

	json_object_foreach(json_object_get(node, "properties"), key, property) {
		const char *description = json_string_value(json_object_get(property, "description"));
		json_t *target = resolve(schema, property), *items = json_object_get(target, "items");
		char name[128];

		snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "", key);
		if (!description || strlen(description) < 4)
			fail_msg("results/schema.json: %s has no description", name);
		assert_unit(name, description);
		assert_explained(kind, name);
		++*n_p;
		walk(schema, kind, name, items ? resolve(schema, items) : target, n_p);
	}
}

static void test_every_property(void **state) {
	static const struct {
		enum wm_topic_kind kind;
		const char *def;
		int least; /* properties: a walk that finds fewer has lost its way */
	} defs[] = {
		{WM_TOPIC_FIELD, "record", 70}, {WM_TOPIC_RUN, "run", 60},         {WM_TOPIC_CASE, "case", 9},
		{WM_TOPIC_MARK, "begin", 2},    {WM_TOPIC_MARK, "interrupted", 2}, {WM_TOPIC_MARK, "resume", 2},
		{WM_TOPIC_FILE, "bundle", 7},
	};
	json_t *schema = read_schema();

	(void)state;
	for (size_t i = 0; i < sizeof(defs) / sizeof(*defs); i++) {
		json_t *def = json_object_get(json_object_get(schema, "$defs"), defs[i].def);
		int n = 0;

		assert_non_null(def);
		walk(schema, defs[i].kind, "", def, &n);
		if (n < defs[i].least)
			fail_msg("%s: only %d properties", defs[i].def, n);
	}
	json_decref(schema);
}

/* What the picture of the machine really holds, one level deep and below. */
static void walk_picture(const char *prefix, json_t *node) {
	json_t *value;
	const char *key;

	json_object_foreach(node, key, value) {
		char name[128];

		snprintf(name, sizeof(name), "%s.%s", prefix, key);
		if (strcmp(key, "unknown") == 0)
			continue;
		assert_explained(WM_TOPIC_RUN, name);
		walk_picture(name, value);
	}
}

static void test_every_part_of_the_environment(void **state) {
	static const char *const roots[] = {"", "tests/roots/bare", "tests/roots/limited", "tests/roots/limited-v1"};

	(void)state;
	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++) {
		json_t *env = wm_environment(roots[i]);

		walk_picture("segments.environment", env);
		json_decref(env);
	}
}

/* ---- words -------------------------------------------------------------------------------------------------- */

static void test_every_status(void **state) {
	(void)state;
	for (int st = 0; st < WM_STATUSES; st++) {
		const char *text = text_of(WM_TOPIC_STATUS, wm_status_word((enum wm_status)st));

		assert_non_null(strstr(text, wm_status_meaning((enum wm_status)st)));
		assert_int_equal(strstr(text, "bad row") != NULL, wm_status_class((enum wm_status)st) == WM_ROW_BAD);
	}
}

/* The words that the example records have in fields of few words. */
static void test_words_of_records(void **state) {
	FILE *file = fopen("tests/reports/bundle/records.jsonl", "r");
	char line[16384];
	int n = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		const char *phase = "", *origin = NULL, *metric = NULL;
		json_t *record = json_loads(line, 0, NULL);

		if (json_unpack(record, "{s:s,s:s,s:s}", "phase", &phase, "origin", &origin, "metric", &metric) == 0) {
			assert_explained(WM_TOPIC_METRIC, metric);
			assert_explained(WM_TOPIC_WORD, origin);
			if (*phase)
				assert_explained(WM_TOPIC_WORD, phase);
			n++;
		}
		json_decref(record);
	}
	fclose(file);
	assert_true(n > 5);
}

static void test_exit_statuses(void **state) {
	static const int numbers[] = {WM_EXIT_OK,         WM_EXIT_BAD_ROW,   WM_EXIT_USAGE,
	                              WM_EXIT_CANNOT_RUN, WM_EXIT_NOT_FOUND, WM_EXIT_INTERRUPTED};
	char name[16];

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		snprintf(name, sizeof(name), "%d", numbers[i]);
		assert_explained(WM_TOPIC_EXIT, name);
	}
}

/* ---- plug-ins ----------------------------------------------------------------------------------------------- */

static void assert_words(const char *words) {
	char copy[256], *rest = NULL;

	snprintf(copy, sizeof(copy), "%s", words ? words : "");
	for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		assert_explained(wm_dtype_parse(w) == WM_DTYPES ? WM_TOPIC_WORD : WM_TOPIC_DTYPE, w);
}

static void test_every_benchmark_and_axis(void **state) {
	char name[128];

	(void)state;
	for (int i = 0; wm_benches[i]; i++) {
		assert_explained(WM_TOPIC_BENCH, wm_benches[i]->name);
		assert_explained(WM_TOPIC_METRIC, wm_benches[i]->metric);
		for (const struct wm_axis *a = wm_benches[i]->axes; a->key; a++) {
			snprintf(name, sizeof(name), "%s.%s", wm_benches[i]->name, a->key);
			assert_non_null(strstr(text_of(WM_TOPIC_AXIS, name), a->help));
			assert_words(a->words);
		}
	}
	for (const struct wm_axis *a = wm_core_axes; a->key; a++) {
		assert_non_null(strstr(text_of(WM_TOPIC_AXIS, a->key), a->help));
		assert_words(a->words);
	}
}

static void test_every_plug_in(void **state) {
	char name[128];

	(void)state;
	for (int i = 0; wm_impls[i]; i++) {
		snprintf(name, sizeof(name), "%s.%s", wm_impls[i]->bench, wm_impls[i]->name);
		assert_non_null(strstr(text_of(WM_TOPIC_IMPL, name), wm_impls[i]->about));
	}
	for (int i = 0; wm_backends[i]; i++)
		assert_explained(WM_TOPIC_BACKEND, wm_backends[i]->name);
	for (int i = 0; wm_reports[i]; i++)
		assert_explained(WM_TOPIC_REPORT, wm_reports[i]->name);
	for (const struct wm_profile *p = wm_profiles; p->name; p++)
		assert_explained(WM_TOPIC_PROFILE, p->name);
}

static void test_every_check_of_doctor(void **state) {
	(void)state;
	for (const struct wm_doctor_check *c = wm_doctor_checks; c->name; c++) {
		assert_non_null(strstr(text_of(WM_TOPIC_CHECK, c->name), c->about));
		assert_non_null(strstr(text_of(WM_TOPIC_CHECK, c->name), c->fix));
	}
	for (int v = 0; v < WM_VERDICTS; v++)
		assert_explained(WM_TOPIC_VERDICT, wm_verdict_word((enum wm_verdict)v));
}

static void test_every_meter_and_class(void **state) {
	(void)state;
	for (int i = 0; wm_meters[i]; i++)
		assert_non_null(strstr(text_of(WM_TOPIC_METER, wm_meters[i]->name), wm_meters[i]->about));
	for (int scope = 0; scope < WM_SCOPES; scope++)
		assert_explained(WM_TOPIC_SCOPE, wm_scope_word((enum wm_scope)scope));
}

static void test_every_suite(void **state) {
	(void)state;
	for (const char *const *suite = wm_suite_names(); *suite; suite++) {
		const char *text = text_of(WM_TOPIC_SUITE, *suite);

		if (strstr(text, "SPDX") || strlen(text) < 20)
			fail_msg("suite %s: its file begins with no comment that says what it is for: '%s'", *suite, text);
	}
}

/* ---- columns of reports ------------------------------------------------------------------------------------- */

/* The header of the csv that is really written, each column in its place. */
static void test_every_column_of_csv(void **state) {
	char *folders[] = {"tests/reports/bundle"}, *text = NULL, *rest = NULL;
	struct wm_rows rows = {0};
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	int columns = 0, explained = 0;

	(void)state;
	wm_rows_read(folders, 1, &rows); /* some lines of the example are broken on purpose */
	assert_int_equal(wm_report_find("csv")->write(out, &rows), WM_OK);
	fclose(out);
	text[strcspn(text, "\r\n")] = 0;
	for (char *name = strtok_r(text, ",", &rest); name; name = strtok_r(NULL, ",", &rest), columns++) {
		assert_explained(WM_TOPIC_COLUMN, name);
		assert_unit(name, text_of(WM_TOPIC_COLUMN, name));
	}
	for (size_t i = 0; i < topics.n; i++)
		explained += topics.v[i].kind == WM_TOPIC_COLUMN;
	assert_int_equal(columns, explained);
	wm_rows_free(&rows);
	free(text);
}

static void test_every_head_of_tables(void **state) {
	int explained = 0;

	(void)state;
	for (int i = 0; i < WM_CELLS; i++)
		assert_explained(WM_TOPIC_HEAD, wm_cell_titles[i]);
	for (size_t i = 0; i < topics.n; i++)
		explained += topics.v[i].kind == WM_TOPIC_HEAD;
	assert_int_equal(explained, WM_CELLS);
}

/* ---- names -------------------------------------------------------------------------------------------------- */

static void test_names_are_found_by_their_ends(void **state) {
	struct wm_topic topic = {WM_TOPIC_FIELD, (char[]){"check.exact.worst"}, (char[]){"x"}};

	(void)state;
	assert_true(wm_topic_is(&topic, "check.exact.worst"));
	assert_true(wm_topic_is(&topic, "exact.worst"));
	assert_true(wm_topic_is(&topic, "worst"));
	assert_false(wm_topic_is(&topic, "orst"));
	assert_false(wm_topic_is(&topic, ".worst"));
	assert_false(wm_topic_is(&topic, ""));
	assert_false(wm_topic_is(&topic, "a.check.exact.worst"));
}

/* No topic is empty, and none is there twice with the same text. */
static void test_no_topic_is_empty_or_twice(void **state) {
	(void)state;
	for (size_t i = 0; i < topics.n; i++) {
		const struct wm_topic *t = &topics.v[i];

		assert_true(t->name[0] && t->text[0]);
		assert_true(strlen(t->text) < 1000); /* far from where it would be cut */
		for (size_t k = 0; k < i; k++)
			if (topics.v[k].kind == t->kind && strcmp(topics.v[k].name, t->name) == 0 &&
			    strcmp(topics.v[k].text, t->text) == 0 && strcmp(t->name, "replicate") != 0)
				fail_msg("%s is there twice", t->name);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_property),
		cmocka_unit_test(test_every_part_of_the_environment),
		cmocka_unit_test(test_every_status),
		cmocka_unit_test(test_words_of_records),
		cmocka_unit_test(test_exit_statuses),
		cmocka_unit_test(test_every_benchmark_and_axis),
		cmocka_unit_test(test_every_plug_in),
		cmocka_unit_test(test_every_check_of_doctor),
		cmocka_unit_test(test_every_meter_and_class),
		cmocka_unit_test(test_every_suite),
		cmocka_unit_test(test_every_column_of_csv),
		cmocka_unit_test(test_every_head_of_tables),
		cmocka_unit_test(test_names_are_found_by_their_ends),
		cmocka_unit_test(test_no_topic_is_empty_or_twice),
	};

	return cmocka_run_group_tests(tests, make_topics, free_topics);
}
