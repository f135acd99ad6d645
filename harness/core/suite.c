/* SPDX-License-Identifier: Apache-2.0 */
/* suite.c - job files, embedded or on disk, and patterns of the command line, to a list of jobs. */
#include "embedded.h"
#include "inifile.h"
#include "installed.h"
#include "job.h"
#include "options.h"
#include "registry.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct parser {
	struct wm_suite *suite;
	const char *file; /* as messages call it */
	int first_job;    /* of this file, in suite->jobs */
	int part_job;     /* first one behind the last [global]: from there on names are unique */
	const struct wm_ini_section *own, *global;
};

/* ---- the meaning of one entry ------------------------------------------------------------------------------- */

/* The benchmarks that an entry may be meant for. */
struct benches {
	const struct wm_bench *v[32];
	int n;
};

static void add_bench(struct benches *b, const struct wm_bench *bench) {
	for (int i = 0; i < b->n; i++)
		if (b->v[i] == bench)
			return;
	if (b->n < 32)
		b->v[b->n++] = bench;
}

static bool names_problems(const struct wm_ini_entry *e) {
	return strcmp(e->key, "bench") == 0 || strcmp(e->key, "problem") == 0;
}

/* The job key of the option table with that name, or NULL. */
static const struct wm_option *job_option(const char *key) {
	for (int i = 0; i < WM_OPTIONS; i++)
		if (wm_options[i].job_key && strcmp(wm_options[i].key, key) == 0)
			return &wm_options[i];
	return NULL;
}

/* wm_split's argument to check a list of implementations. */
static enum wm_status check_impl(void *arg, const char *word) {
	const struct benches *b = arg;
	const char *names[128];
	int n = 0;

	for (int i = 0; i < b->n; i++)
		for (int k = 0; n < 128 && wm_impls[k]; k++)
			if (strcmp(wm_impls[k]->bench, b->v[i]->name) == 0)
				names[n++] = wm_impls[k]->name;
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], word) == 0)
			return WM_OK;
	return wm_fail_unknown("implementation", word, names, n);
}

/* A key of the option table. Implementations are known without any device, so their names are checked here, where
 * the line is known; devices are not. */
static enum wm_status check_option(const struct parser *p, const struct wm_ini_entry *e, const struct wm_option *row,
                                   struct benches *b) {
	if (wm_option_check(row, e->value) != WM_OK)
		return wm_ini_fail(p->file, e->line, "%s: %s", e->key, wm_why());
	if (row->id == WM_OPT_IMPL && wm_split(e->value, '/', check_impl, b) != WM_OK)
		return wm_ini_fail(p->file, e->line, "%s", wm_why());
	return WM_OK;
}

/* Names the nearest of all keys that can stand beside these benchmarks. */
static enum wm_status fail_unknown_key(const struct parser *p, const struct wm_ini_entry *e, const struct benches *b) {
	const char *keys[128] = {"bench", "problem", "weigh"};
	int n = 3;

	for (int i = 0; i < WM_OPTIONS; i++)
		if (wm_options[i].job_key)
			keys[n++] = wm_options[i].key;
	for (int i = 0; i < b->n; i++)
		for (const struct wm_axis *axis = b->v[i]->axes; axis->key && n < 100; axis++)
			keys[n++] = axis->key;
	for (const struct wm_axis *axis = wm_core_axes; axis->key; axis++)
		keys[n++] = axis->key;
	wm_fail_unknown("key", e->key, keys, n);
	return wm_ini_fail(p->file, e->line, "%s", wm_why());
}

/* Checks the list of an axis with every benchmark that has it; says how many have. */
static enum wm_status check_axis(const struct parser *p, const struct wm_ini_entry *e, const struct benches *b,
                                 bool list, int *have_p) {
	int have = 0, index = 0;

	for (int i = 0; i < b->n; i++) {
		if (!wm_axis_find(b->v[i], e->key, &index))
			continue;
		have++;
		if (list && wm_axis_check(b->v[i], e->key, e->value) != WM_OK)
			return wm_ini_fail(p->file, e->line, "%s", wm_why());
	}
	*have_p = have;
	return WM_OK;
}

static enum wm_status check_entry(const struct parser *p, const struct wm_ini_entry *e, struct benches *b, bool list) {
	const struct wm_option *row = job_option(e->key);
	enum wm_status st;
	int have = 0;

	if (names_problems(e))
		return WM_OK;
	if (row)
		return check_option(p, e, row, b);
	if (strcmp(e->key, "weigh") == 0) {
		if (wm_word_index("yes no", e->value) < 0)
			return wm_ini_fail(p->file, e->line, "weigh: '%s' is not yes or no", e->value);
		return WM_OK;
	}
	st = check_axis(p, e, b, list, &have);
	return st == WM_OK && have == 0 ? fail_unknown_key(p, e, b) : st;
}

/* ---- the meaning of a section ------------------------------------------------------------------------------- */

/* What the section says, else what [global] said before it. */
static const struct wm_ini_entry *find_default(const struct parser *p, const char *key) {
	const struct wm_ini_entry *e = wm_ini_find(p->own, key);

	return e ? e : wm_ini_find(p->global, key);
}

/* The entries take the place of those of a [global] before; its axes must mean something to some benchmark, their
 * lists are checked with the benchmarks that come to use them. */
static enum wm_status take_global(struct parser *p) {
	struct wm_suite *suite = p->suite;
	const struct wm_ini_entry *profile = wm_ini_find(p->own, "profile");
	struct benches all = {0};

	for (int i = 0; wm_benches[i]; i++)
		add_bench(&all, wm_benches[i]);
	for (size_t i = 0; i < p->own->n; i++) {
		const struct wm_ini_entry *e = &p->own->v[i];
		enum wm_status st = check_entry(p, e, &all, false);

		if (st != WM_OK)
			return st;
		if (names_problems(e))
			return wm_ini_fail(p->file, e->line, "%s belongs in a section of its own, not in [global]", e->key);
	}
	if (profile && suite->profile[0] && strcmp(profile->value, suite->profile) != 0)
		return wm_ini_fail(p->file, profile->line,
		                   "profile %s, but a suite before it asks for %s: run them one after the other",
		                   profile->value, suite->profile);
	if (profile)
		snprintf(suite->profile, sizeof(suite->profile), "%.15s", profile->value);
	p->global = p->own;
	p->part_job = suite->n;
	return WM_OK;
}

static enum wm_status find_benches(const struct parser *p, struct benches *b) {
	for (size_t i = 0; i < p->own->n; i++) {
		const struct wm_ini_entry *e = &p->own->v[i];
		const struct wm_bench *bench = NULL;

		if (!names_problems(e))
			continue;
		if (strcmp(e->key, "bench") == 0 && strchr(e->value, ':'))
			return wm_ini_fail(p->file, e->line, "bench: '%s' is more than a name; patterns stand in problem lines",
			                   e->value);
		if (wm_pattern_bench(e->value, &bench) != WM_OK)
			return wm_ini_fail(p->file, e->line, "%s", wm_why());
		add_bench(b, bench);
	}
	if (b->n == 0)
		return wm_ini_fail(p->file, p->own->line, "section [%s] has neither bench nor problem", p->own->name);
	return WM_OK;
}

static enum wm_status check_section(const struct parser *p, struct benches *b) {
	const struct wm_ini_entry *profile = wm_ini_find(p->own, "profile");
	enum wm_status st = find_benches(p, b);
	int have = 0;

	for (size_t i = 0; i < p->own->n && st == WM_OK; i++)
		st = check_entry(p, &p->own->v[i], b, true);
	for (size_t i = 0; i < p->global->n && st == WM_OK; i++)
		st = check_axis(p, &p->global->v[i], b, true, &have);
	if (st == WM_OK && profile)
		st = wm_ini_fail(p->file, profile->line, "profile belongs in [global]: it holds for the whole run");
	return st;
}

/* Expands bench = NAME and every problem = PATTERN over the axes of the section, then of [global]. */
static enum wm_status expand_section(const struct parser *p, struct wm_problems *list) {
	size_t n = p->own->n + p->global->n;
	const char **pairs = wm_zalloc(2 * n * sizeof(*pairs));
	enum wm_status st = WM_OK;

	for (size_t i = 0; i < n; i++) {
		const struct wm_ini_entry *e = i < p->own->n ? &p->own->v[i] : &p->global->v[i - p->own->n];

		pairs[2 * i] = e->key;
		pairs[2 * i + 1] = e->value;
	}
	for (size_t i = 0; i < p->own->n && st == WM_OK; i++) {
		const struct wm_ini_entry *e = &p->own->v[i];

		if (names_problems(e) && wm_pattern_expand_over(e->value, pairs, (int)n, list) != WM_OK)
			st = wm_ini_fail(p->file, e->line, "%s", wm_why());
	}
	free(pairs);
	return st;
}

static struct wm_job *add_job(struct wm_suite *suite, const char *name) {
	size_t n = (size_t)suite->n;
	struct wm_job *jobs = wm_zalloc((n + 1) * sizeof(*jobs));

	if (n)
		memcpy(jobs, suite->jobs, n * sizeof(*jobs));
	free(suite->jobs);
	suite->jobs = jobs;
	suite->n++;
	snprintf(jobs[n].name, sizeof(jobs[n].name), "%s", name);
	return &jobs[n];
}

static enum wm_status take_section(struct parser *p) {
	const struct wm_ini_entry *device = find_default(p, "device"), *impl = find_default(p, "impl"),
							  *weigh = find_default(p, "weigh");
	struct benches benches = {0};
	struct wm_job *job;
	enum wm_status st;

	if (strcmp(p->own->name, "global") == 0)
		return take_global(p);
	st = check_section(p, &benches);
	if (st != WM_OK)
		return st;
	job = add_job(p->suite, p->own->name);
	if (impl)
		snprintf(job->impl, sizeof(job->impl), "%s", impl->value);
	if (device) {
		snprintf(job->device, sizeof(job->device), "%s", device->value);
		snprintf(job->device_at, sizeof(job->device_at), "%.150s:%d", p->file, device->line);
	}
	job->weigh = weigh && strcmp(weigh->value, "yes") == 0;
	return expand_section(p, &job->problems);
}

static enum wm_status check_name(const struct parser *p) {
	for (int i = p->part_job; i < p->suite->n; i++)
		if (strcmp(p->suite->jobs[i].name, p->own->name) == 0)
			return wm_ini_fail(p->file, p->own->line, "section [%s] is there twice", p->own->name);
	return WM_OK;
}

static enum wm_status parse_text(struct wm_suite *suite, const char *file, const char *text) {
	static const struct wm_ini_section nothing = {.line = 0};
	struct parser p = {.suite = suite, .file = file, .first_job = suite->n, .part_job = suite->n, .global = &nothing};
	struct wm_ini ini;
	enum wm_status st = wm_ini_parse(file, text, "problem", &ini);

	if (st != WM_OK)
		return st;
	for (size_t i = 0; i < ini.n && st == WM_OK; i++) {
		p.own = &ini.sections[i];
		st = check_name(&p);
		if (st == WM_OK)
			st = take_section(&p);
	}
	wm_ini_free(&ini);
	if (st == WM_OK && suite->n == p.first_job)
		st = wm_fail(WM_INPUT, "%s: no section with problems", file);
	return st;
}

/* ---- suites, files, patterns -------------------------------------------------------------------------------- */

/* Puts the text of one more job file behind what the suite keeps. The [global] between them ends the defaults of the
 * one before, and lets a section have a name that is there already. */
static void keep_text(struct wm_suite *suite, const char *text) {
	const char *before = suite->text ? suite->text : "", *between = suite->text ? "\n[global]\n" : "";
	size_t room = strlen(before) + strlen(between) + strlen(text) + 1;
	char *all = wm_zalloc(room);

	snprintf(all, room, "%s%s%s", before, between, text);
	free(suite->text);
	suite->text = all;
}

/* Keeps a pattern as a job file; one that is too long for a line as the problems that it gives. */
static void keep_pattern(struct wm_suite *suite, const char *pattern, const struct wm_problems *list) {
	static const char head[] = "[pattern]\n", line[] = "problem = ";
	bool fits = strlen(line) + strlen(pattern) <= WM_INI_LINE;
	size_t n = fits ? 1 : list->n, each = strlen(line) + (fits ? strlen(pattern) : WM_PROBLEM_CHARS) + 2;
	size_t used = strlen(head);
	char *text = wm_zalloc(used + n * each);

	memcpy(text, head, used);
	for (size_t i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, each, "%s%s\n", line, fits ? pattern : list->v[i].str);
	keep_text(suite, text);
	free(text);
}

static void keep_name(struct wm_suite *suite, const char *name, size_t n) {
	if (!suite->name[0])
		snprintf(suite->name, sizeof(suite->name), "%.*s", (int)n, name);
}

/* The text of a suite that is built in, or NULL. */
static const char *embedded_suite(const char *name) {
	char path[128];

	snprintf(path, sizeof(path), "bench/suites/%.100s.ini", name);
	return wm_embedded(path);
}

static enum wm_status add_embedded(const char *name, const char *text, struct wm_suite *suite) {
	char file[128];
	enum wm_status st;

	snprintf(file, sizeof(file), "bench/suites/%s.ini", name);
	st = parse_text(suite, file, text);
	if (st != WM_OK)
		return st;
	keep_text(suite, text);
	keep_name(suite, name, strlen(name));
	return WM_OK;
}

static bool ends_in_ini(const char *word) {
	size_t n = strlen(word);

	return n >= 4 && strcmp(word + n - 4, ".ini") == 0;
}

static enum wm_status add_file(const char *path, struct wm_suite *suite) {
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *text = NULL;
	enum wm_status st = wm_ini_text(path, "job file", &text);

	if (st != WM_OK)
		return st;
	st = parse_text(suite, path, text);
	if (st == WM_OK) {
		keep_text(suite, text);
		keep_name(suite, name, strlen(name) - (ends_in_ini(name) ? 4 : 0));
	}
	free(text);
	return st;
}

static enum wm_status add_pattern(const char *pattern, struct wm_suite *suite) {
	struct wm_problems list = {0};
	enum wm_status st = wm_pattern_expand(pattern, &list);

	if (st != WM_OK)
		return st;
	keep_pattern(suite, pattern, &list);
	add_job(suite, "pattern")->problems = list;
	keep_name(suite, "patterns", 8);
	return WM_OK;
}

static enum wm_status fail_unknown_suite(const char *word) {
	const char *const *suites = wm_suite_names();
	const char *known[128];
	int n = 0;

	for (; n < 64 && suites[n]; n++)
		known[n] = suites[n];
	for (int i = 0; n < 128 && wm_benches[i]; i++)
		known[n++] = wm_benches[i]->name;
	return wm_fail_unknown("suite or benchmark", word, known, n);
}

enum wm_status wm_suite_add(const char *word, struct wm_suite *suite) {
	size_t stem = strcspn(word, ":/");
	const char *text = embedded_suite(word), *file;

	if (text)
		return add_embedded(word, text, suite);
	if (ends_in_ini(word))
		return add_file(word, suite);
	if (word[stem] == ':' || wm_bench_find(word))
		return add_pattern(word, suite);
	if (word[stem] == '/')
		return add_file(word, suite);
	file = wm_suite_file(word);
	return file ? add_file(file, suite) : fail_unknown_suite(word);
}

void wm_suite_free(struct wm_suite *suite) {
	for (int i = 0; i < suite->n; i++)
		wm_problems_free(&suite->jobs[i].problems);
	free(suite->jobs);
	free(suite->text);
	*suite = (struct wm_suite){0};
}

const char *wm_suite_file(const char *name) {
	static char path[PATH_MAX];

	return !embedded_suite(name) && wm_installed_suite(name, path, sizeof(path)) ? path : NULL;
}

enum { MAX_SUITES = 127 };
static char suite_names[MAX_SUITES][64];
static const char *suite_list[MAX_SUITES + 1];

/* Puts a name behind the *n_p that are there, unless it is one of them. */
static void list_suite(void *n_p, const char *name) {
	int *n = n_p;

	for (int i = 0; i < *n; i++)
		if (strcmp(suite_names[i], name) == 0)
			return;
	if (*n == MAX_SUITES || strlen(name) >= sizeof(suite_names[0]))
		return;
	snprintf(suite_names[*n], sizeof(suite_names[0]), "%s", name);
	suite_list[*n] = suite_names[*n];
	++*n;
}

const char *const *wm_suite_names(void) {
	static const char folder[] = "bench/suites/";
	const char *path;
	char name[64];
	int n = 0;

	for (int i = 0; (path = wm_embedded_name(i)); i++) {
		if (strncmp(path, folder, strlen(folder)) != 0 || !ends_in_ini(path))
			continue;
		path += strlen(folder);
		snprintf(name, sizeof(name), "%.*s", (int)(strlen(path) - 4), path);
		list_suite(&n, name);
	}
	wm_installed_suites(list_suite, &n);
	suite_list[n] = NULL;
	return suite_list;
}
