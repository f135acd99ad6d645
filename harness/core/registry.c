/* SPDX-License-Identifier: Apache-2.0 */
/* registry.c - the tables of plug-ins, made from registry.def, and the check that each keeps its contract. */
#include "registry.h"

#include "problem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The fault tests build this file again over their own list. */
#ifndef WM_REGISTRY
#define WM_REGISTRY "registry.def"
#endif

#define WM_BACKEND(id) extern const struct wm_backend wm_backend_##id;
#define WM_BENCH(id) extern const struct wm_bench wm_bench_##id;
#define WM_IMPL(id) extern const struct wm_impl wm_impl_##id;
#define WM_METER(id) extern const struct wm_meter wm_meter_##id;
#define WM_REPORT(id) extern const struct wm_report wm_report_##id;
#include WM_REGISTRY
#undef WM_BACKEND
#undef WM_BENCH
#undef WM_IMPL
#undef WM_METER
#undef WM_REPORT

/* Each table keeps one kind of line and passes over the others. */
#define WM_BACKEND(id) &wm_backend_##id,
#define WM_BENCH(id)
#define WM_IMPL(id)
#define WM_METER(id)
#define WM_REPORT(id)
const struct wm_backend *const wm_backends[] = {
#include WM_REGISTRY
	NULL};
#undef WM_BACKEND
#undef WM_BENCH
#define WM_BACKEND(id)
#define WM_BENCH(id) &wm_bench_##id,
const struct wm_bench *const wm_benches[] = {
#include WM_REGISTRY
	NULL};
#undef WM_BENCH
#undef WM_IMPL
#define WM_BENCH(id)
#define WM_IMPL(id) &wm_impl_##id,
const struct wm_impl *const wm_impls[] = {
#include WM_REGISTRY
	NULL};
#undef WM_IMPL
#undef WM_METER
#define WM_IMPL(id)
#define WM_METER(id) &wm_meter_##id,
const struct wm_meter *const wm_meters[] = {
#include WM_REGISTRY
	NULL};
#undef WM_METER
#undef WM_REPORT
#define WM_METER(id)
#define WM_REPORT(id) &wm_report_##id,
const struct wm_report *const wm_reports[] = {
#include WM_REGISTRY
	NULL};

/* ---- finding ------------------------------------------------------------------------------------------------ */

const struct wm_backend *wm_backend_find(const char *name) {
	for (int i = 0; wm_backends[i]; i++)
		if (strcmp(wm_backends[i]->name, name) == 0)
			return wm_backends[i];
	return NULL;
}

const struct wm_bench *wm_bench_find(const char *name) {
	for (int i = 0; wm_benches[i]; i++)
		if (strcmp(wm_benches[i]->name, name) == 0)
			return wm_benches[i];
	return NULL;
}

const struct wm_impl *wm_impl_find(const char *bench, const char *name) {
	for (int i = 0; wm_impls[i]; i++)
		if (strcmp(wm_impls[i]->bench, bench) == 0 && strcmp(wm_impls[i]->name, name) == 0)
			return wm_impls[i];
	return NULL;
}

const struct wm_meter *wm_meter_find(const char *name) {
	for (int i = 0; wm_meters[i]; i++)
		if (strcmp(wm_meters[i]->name, name) == 0)
			return wm_meters[i];
	return NULL;
}

const struct wm_report *wm_report_find(const char *name) {
	for (int i = 0; wm_reports[i]; i++)
		if (strcmp(wm_reports[i]->name, name) == 0)
			return wm_reports[i];
	return NULL;
}

bool wm_impl_runs_on(const struct wm_impl *impl, const char *backend) {
	return wm_word_index(impl->backends, backend) >= 0;
}

/* ---- words -------------------------------------------------------------------------------------------------- */

enum { NEAREST_CHARS = 64 };

int wm_word_index(const char *words, const char *word) {
	size_t n = strlen(word);

	for (int i = 0; *words; i++) {
		size_t k = strcspn(words, " ");

		if (k == n && memcmp(words, word, n) == 0 && n > 0)
			return i;
		words += k;
		words += strspn(words, " ");
	}
	return -1;
}

static int least(int a, int b, int c) {
	int m = a < b ? a : b;

	return m < c ? m : c;
}

static bool same_letter(char a, char b) {
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/*
 * Edit distance with swaps of neighbours (Damerau; the restricted form, where no part is edited twice), row by row:
 * d[i][j] is the distance of the first i letters of a from the first j letters of b. Case costs nothing.
 */
static int edit_distance(const char *a, const char *b) {
	int rows[3][NEAREST_CHARS + 1];
	int *before = rows[0], *last = rows[1], *now = rows[2];
	int na = (int)strlen(a), nb = (int)strlen(b);

	for (int j = 0; j <= nb; j++)
		last[j] = j;
	for (int i = 1; i <= na; i++) {
		int *spare = before;

		now[0] = i;
		for (int j = 1; j <= nb; j++) {
			now[j] = least(last[j] + 1, now[j - 1] + 1, last[j - 1] + !same_letter(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]))
				now[j] = least(now[j], now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[nb];
}

/* A word of which no letter is kept is no neighbour: d < letters. */
const char *wm_nearest(const char *word, const char *const *words, int n) {
	int letters = (int)strlen(word), best = letters / 3 > 1 ? letters / 3 : 1;
	const char *nearest = NULL;

	if (letters > NEAREST_CHARS)
		return NULL;
	for (int i = 0; i < n; i++) {
		int d;

		if (strlen(words[i]) > NEAREST_CHARS)
			continue;
		d = edit_distance(word, words[i]);
		if (d < letters && (d < best || (d == best && !nearest))) {
			best = d;
			nearest = words[i];
		}
	}
	return nearest;
}

enum wm_status wm_fail_unknown(const char *kind, const char *word, const char *const *words, int n) {
	const char *nearest = wm_nearest(word, words, n);
	char known[256] = "";
	size_t used = 0;

	if (nearest)
		return wm_fail(WM_INPUT, "unknown %s '%s'; did you mean '%s'?", kind, word, nearest);
	for (int i = 0; i < n && used < sizeof(known); i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, " %s", words[i]);
	return wm_fail(WM_INPUT, "unknown %s '%.80s'; known:%s", kind, word, n ? known : " none");
}

enum wm_status wm_fail_unknown_of(const char *kind, const char *word, const char *words) {
	char *copy = wm_zalloc(strlen(words) + 1), *rest = NULL;
	const char *list[64];
	enum wm_status st;
	int n = 0;

	memcpy(copy, words, strlen(words));
	for (char *w = strtok_r(copy, " ", &rest); w && n < 64; w = strtok_r(NULL, " ", &rest))
		list[n++] = w;
	st = wm_fail_unknown(kind, word, list, n);
	free(copy);
	return st;
}

/* ---- contracts ---------------------------------------------------------------------------------------------- */

/* A name is typed by users and stands in problem strings and records: small letters, digits and '_', as
 * results/schema.json has it. */
static bool is_name(const char *name) {
	return name && name[0] && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

/* A required member of a contract, and whether it is set. */
struct member {
	const char *name;
	bool set;
};

static enum wm_status check_members(const char *kind, const char *name, const struct member *members) {
	for (; members->name; members++)
		if (!members->set)
			return wm_fail(WM_FAILED, "%s %s: member %s is missing", kind, name, members->name);
	return WM_OK;
}

static enum wm_status check_name(const char *kind, const char *name) {
	if (!name)
		return wm_fail(WM_FAILED, "a %s has no name", kind);
	if (!is_name(name))
		return wm_fail(WM_FAILED, "%s '%s': a name holds small letters, digits and '_' only", kind, name);
	return WM_OK;
}

static enum wm_status check_backend(const struct wm_backend *b) {
	const struct member members[] = {{"about", b->about}, {"find", b->find},
	                                 {"open", b->open},   {"close", b->close},
	                                 {"alloc", b->alloc}, {"view", b->view},
	                                 {"free", b->free},   {"put", b->put},
	                                 {"get", b->get},     {"sync", b->sync},
	                                 {"mark", b->mark},   {"between", b->between},
	                                 {"rouse", b->rouse}, {0}};
	enum wm_status st = check_name("backend", b->name);

	if (st == WM_OK)
		st = check_members("backend", b->name, members);
	if (st == WM_OK && strlen(b->name) >= sizeof(((struct wm_device *)0)->backend))
		st = wm_fail(WM_FAILED, "backend %s: its name is too long for wm_device", b->name);
	if (st == WM_OK && (!b->build != !b->launch || !b->build != !b->unbuild))
		st = wm_fail(WM_FAILED, "backend %s: build, launch and unbuild come all or none", b->name);
	if (st == WM_OK &&
	    (!b->record_begin != !b->record_end || !b->record_begin != !b->play || !b->record_begin != !b->forget))
		st = wm_fail(WM_FAILED, "backend %s: record_begin, record_end, play and forget come all or none", b->name);
	return st;
}

/* Letters that the longest value of an axis takes in a problem string. */
static size_t longest_value(const struct wm_axis *axis) {
	size_t longest = 0;

	if (!axis->words)
		return (size_t)snprintf(NULL, 0, "%ld", axis->max);
	for (const char *w = axis->words; *w; w += strspn(w, " ")) {
		size_t k = strcspn(w, " ");

		longest = k > longest ? k : longest;
		w += k;
	}
	return longest;
}

static enum wm_status check_axis(const struct wm_bench *bench, int i) {
	const struct wm_axis *axis = &bench->axes[i];
	int first = 0;

	if (!is_name(axis->key))
		return wm_fail(WM_FAILED, "benchmark %s: axis '%s' has no proper name", bench->name, axis->key);
	if (wm_axis_find(bench, axis->key, &first) && first != i)
		return wm_fail(WM_FAILED, "benchmark %s: axis '%s' is there twice", bench->name, axis->key);
	for (const struct wm_axis *core = wm_core_axes; core->key; core++)
		if (strcmp(core->key, axis->key) == 0)
			return wm_fail(WM_FAILED, "benchmark %s: axis '%s' is the core's", bench->name, axis->key);
	if (!axis->def || !axis->help)
		return wm_fail(WM_FAILED, "benchmark %s: axis '%s' has no %s", bench->name, axis->key,
		               axis->def ? "help" : "default");
	if (longest_value(axis) >= 32)
		return wm_fail(WM_FAILED, "benchmark %s: axis '%s' has a word of 32 letters or more", bench->name, axis->key);
	if (!axis->words && (axis->min < 0 || axis->min > axis->max))
		return wm_fail(WM_FAILED, "benchmark %s: axis '%s' has the range %ld to %ld", bench->name, axis->key, axis->min,
		               axis->max);
	return WM_OK;
}

/* Axes fit into a problem, its longest string too, and the defaults make one problem. */
static enum wm_status check_axes(const struct wm_bench *bench) {
	struct wm_problems list = {0};
	size_t chars = strlen(bench->name) + 1;
	int n = 0, core = 0;
	enum wm_status st;

	for (; wm_core_axes[core].key; core++)
		chars += strlen(wm_core_axes[core].key) + longest_value(&wm_core_axes[core]) + 2;
	for (; bench->axes[n].key; n++) {
		if (n + core >= WM_MAX_AXES)
			return wm_fail(WM_FAILED, "benchmark %s: more than %d axes", bench->name, WM_MAX_AXES - core);
		st = check_axis(bench, n);
		if (st != WM_OK)
			return st;
		chars += strlen(bench->axes[n].key) + longest_value(&bench->axes[n]) + 2;
	}
	if (chars > WM_PROBLEM_CHARS)
		return wm_fail(WM_FAILED, "benchmark %s: a problem string may take %zu characters, of %d", bench->name, chars,
		               WM_PROBLEM_CHARS);
	st = wm_pattern_expand_pairs(bench, NULL, 0, &list);
	if (st != WM_OK)
		st = wm_fail(WM_FAILED, "defaults of a benchmark: %s", wm_why());
	else if (list.n != 1)
		st = wm_fail(WM_FAILED, "benchmark %s: its defaults make %zu problems", bench->name, list.n);
	wm_problems_free(&list);
	return st;
}

static enum wm_status check_bench(const struct wm_bench *b) {
	const struct member members[] = {
		{"about", b->about}, {"metric", b->metric}, {"axes", b->axes},     {"tensors", b->tensors},
		{"work", b->work},   {"fill", b->fill},     {"verify", b->verify}, {0}};
	enum wm_status st = check_name("benchmark", b->name);

	if (st == WM_OK)
		st = check_members("benchmark", b->name, members);
	return st == WM_OK ? check_axes(b) : st;
}

static enum wm_status check_impl(const struct wm_registry *r, const struct wm_impl *m) {
	const struct member members[] = {{"bench", m->bench},     {"backends", m->backends}, {"about", m->about},
	                                 {"can_run", m->can_run}, {"enqueue", m->enqueue},   {0}};
	enum wm_status st = check_name("implementation", m->name);
	bool bench = false, backend = false;

	if (st == WM_OK)
		st = check_members("implementation", m->name, members);
	if (st != WM_OK)
		return st;
	for (int i = 0; r->benches[i]; i++)
		bench |= strcmp(r->benches[i]->name, m->bench) == 0;
	for (int i = 0; r->backends[i]; i++)
		backend |= wm_impl_runs_on(m, r->backends[i]->name);
	if (!bench)
		return wm_fail(WM_FAILED, "implementation %s: benchmark '%s' is not registered", m->name, m->bench);
	if (!backend)
		return wm_fail(WM_FAILED, "implementation %s of %s: none of its backends '%s' is registered", m->name, m->bench,
		               m->backends);
	return WM_OK;
}

static enum wm_status check_report(const struct wm_report *p) {
	const struct member members[] = {{"about", p->about}, {"write", p->write}, {0}};
	enum wm_status st = check_name("report", p->name);

	return st == WM_OK ? check_members("report", p->name, members) : st;
}

static enum wm_status check_meter(const struct wm_meter *m) {
	const struct member members[] = {{"about", m->about}, {"find", m->find},   {"open", m->open},
	                                 {"read", m->read},   {"close", m->close}, {0}};
	enum wm_status st = check_name("meter", m->name);

	if (st == WM_OK && strlen(m->name) >= sizeof(((struct wm_source *)0)->meter))
		st = wm_fail(WM_FAILED, "meter %s: its name is too long for wm_source", m->name);
	return st == WM_OK ? check_members("meter", m->name, members) : st;
}

static enum wm_status twice(const char *kind, const char *name) {
	return wm_fail(WM_FAILED, "%s %s is registered twice", kind, name);
}

/* All members are there; now no name may stand for two things. */
static enum wm_status check_unique(const struct wm_registry *r) {
	for (int i = 0; r->backends[i]; i++)
		for (int k = 0; k < i; k++)
			if (strcmp(r->backends[i]->name, r->backends[k]->name) == 0)
				return twice("backend", r->backends[i]->name);
	for (int i = 0; r->benches[i]; i++)
		for (int k = 0; k < i; k++)
			if (strcmp(r->benches[i]->name, r->benches[k]->name) == 0)
				return twice("benchmark", r->benches[i]->name);
	for (int i = 0; r->impls[i]; i++)
		for (int k = 0; k < i; k++)
			if (strcmp(r->impls[i]->name, r->impls[k]->name) == 0 &&
			    strcmp(r->impls[i]->bench, r->impls[k]->bench) == 0)
				return twice("implementation", r->impls[i]->name);
	for (int i = 0; r->meters[i]; i++)
		for (int k = 0; k < i; k++)
			if (strcmp(r->meters[i]->name, r->meters[k]->name) == 0)
				return twice("meter", r->meters[i]->name);
	for (int i = 0; r->reports[i]; i++)
		for (int k = 0; k < i; k++)
			if (strcmp(r->reports[i]->name, r->reports[k]->name) == 0)
				return twice("report", r->reports[i]->name);
	return WM_OK;
}

enum wm_status wm_registry_check_tables(const struct wm_registry *r) {
	enum wm_status st = WM_OK;

	for (int i = 0; st == WM_OK && r->backends[i]; i++)
		st = check_backend(r->backends[i]);
	for (int i = 0; st == WM_OK && r->benches[i]; i++)
		st = check_bench(r->benches[i]);
	for (int i = 0; st == WM_OK && r->impls[i]; i++)
		st = check_impl(r, r->impls[i]);
	for (int i = 0; st == WM_OK && r->meters[i]; i++)
		st = check_meter(r->meters[i]);
	for (int i = 0; st == WM_OK && r->reports[i]; i++)
		st = check_report(r->reports[i]);
	return st == WM_OK ? check_unique(r) : st;
}

enum wm_status wm_registry_check(void) {
	const struct wm_registry all = {wm_backends, wm_benches, wm_impls, wm_meters, wm_reports};

	return wm_registry_check_tables(&all);
}
