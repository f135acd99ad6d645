/* SPDX-License-Identifier: Apache-2.0 */
/* problem.c - patterns to problems, problems to canonical strings. The grammar stands in README.md. */
#include "problem.h"

#include "registry.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_CHARS = 32 }; /* of one value in a problem string, with its 0 byte */

const struct wm_axis wm_core_axes[] = {
	{.key = "cache", .def = "cold", .words = "cold hot", .help = "rotate buffers past all caches, or stay in one set"},
	{.key = "data", .def = "uniform", .words = "uniform normal zeros", .help = "values of the timed inputs"},
	{.key = "regime",
     .def = "sustained",
     .words = "sustained burst fixed",
     .help = "steady load, short batches after rest, or a clock that somebody fixed"},
	{.key = "load", .def = "alone", .words = "alone node", .help = "one device at a time, or all of its kind at once"},
	{0}};

/* ---- axes and values ---------------------------------------------------------------------------------------- */

/* The ith axis: the benchmark's, then the core's; NULL past the last. */
static const struct wm_axis *axis_at(const struct wm_bench *bench, int i) {
	int own = 0;

	while (own < i && bench->axes[own].key)
		own++;
	if (bench->axes[own].key)
		return &bench->axes[own];
	return wm_core_axes[i - own].key ? &wm_core_axes[i - own] : NULL;
}

const struct wm_axis *wm_axis_find(const struct wm_bench *bench, const char *key, int *index_p) {
	const struct wm_axis *axis;

	for (int i = 0; (axis = axis_at(bench, i)); i++)
		if (strcmp(axis->key, key) == 0) {
			*index_p = i;
			return axis;
		}
	return NULL;
}

static const struct wm_axis *find_or_die(const struct wm_problem *p, const char *key, int *index_p) {
	const struct wm_axis *axis = wm_axis_find(p->bench, key, index_p);

	if (!axis) {
		fprintf(stderr, "wattmark: benchmark %s has no axis '%s'\n", p->bench->name, key);
		abort();
	}
	return axis;
}

long wm_get(const struct wm_problem *p, const char *key) {
	int i = 0;

	find_or_die(p, key, &i);
	return p->v[i];
}

/* Copies the nth of space-separated words. */
static void copy_word(const char *words, long nth, char *out, size_t room) {
	for (; nth > 0; nth--) {
		words += strcspn(words, " ");
		words += strspn(words, " ");
	}
	snprintf(out, room, "%.*s", (int)strcspn(words, " "), words);
}

/* The words of an axis stand in one string; those that are asked for are kept apart, each once, for ever. */
const char *wm_get_word(const struct wm_problem *p, const char *key) {
	static struct kept {
		struct kept *next;
		char word[WORD_CHARS];
	} * all;
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct kept *found;
	char word[WORD_CHARS];
	int i = 0;
	const struct wm_axis *axis = find_or_die(p, key, &i);

	copy_word(axis->words, p->v[i], word, sizeof(word));
	pthread_mutex_lock(&lock);
	for (found = all; found && strcmp(found->word, word) != 0; found = found->next)
		;
	if (!found) {
		found = wm_zalloc(sizeof(*found));
		memcpy(found->word, word, sizeof(word));
		found->next = all;
		all = found;
	}
	pthread_mutex_unlock(&lock);
	return found->word;
}

enum wm_dtype wm_get_dtype(const struct wm_problem *p) {
	return wm_dtype_parse(wm_get_word(p, "dtype"));
}

/* Prints the value of axis i as a pattern has it. */
static void print_value(const struct wm_problem *p, const struct wm_axis *axis, int i, char *out, size_t room) {
	if (axis->words)
		copy_word(axis->words, p->v[i], out, room);
	else
		snprintf(out, room, "%ld", p->v[i]);
}

const char *wm_axis_default(const struct wm_bench *bench, const struct wm_axis *axis) {
	return bench->hot && axis == &wm_core_axes[0] ? "hot" : axis->def;
}

/* What the axis would have here if nobody had set it; the tables are checked at start, so nothing can fail. */
static long default_value(const struct wm_problem *p, const struct wm_axis *axis) {
	long value = 0;
	int tied = 0;

	const char *def = wm_axis_default(p->bench, axis);

	if (def[0] == '@' && wm_axis_find(p->bench, def + 1, &tied))
		return p->v[tied];
	if (axis->words)
		return wm_word_index(axis->words, def);
	wm_parse_count(def, &value);
	return value;
}

/* bench:key=value,.. in the order of the axes. Left out where equal to the default: late axes always, the core's if
 * brief. */
static void print_problem(const struct wm_problem *p, bool brief, char *out, size_t room) {
	size_t used = (size_t)snprintf(out, room, "%s", p->bench->name);
	const struct wm_axis *axis;
	bool core = false;
	char sep = ':';

	for (int i = 0; (axis = axis_at(p->bench, i)) && used < room; i++) {
		char value[WORD_CHARS];

		core |= axis == wm_core_axes;
		if ((axis->late || (brief && core)) && p->v[i] == default_value(p, axis))
			continue;
		print_value(p, axis, i, value, sizeof(value));
		used += (size_t)snprintf(out + used, room - used, "%c%s=%s", sep, axis->key, value);
		sep = ',';
	}
}

void wm_problem_brief(const struct wm_problem *p, char *out, size_t room) {
	print_problem(p, true, out, room);
}

enum wm_status wm_problem_bytes(const struct wm_problem *p, uint64_t *set_bytes_p) {
	struct wm_tensor t[WM_MAX_TENSORS] = {0};
	uint64_t total = 0;
	int n = 0;
	enum wm_status st = p->bench->tensors(p, t, &n);

	if (st != WM_OK)
		return st;
	for (int i = 0; i < n; i++) {
		uint64_t each = wm_dtype_bytes(t[i].dtype);

		/* Half of the address space, so that offsets stay signed numbers too. */
		if (t[i].count > INT64_MAX / each || t[i].count * each > INT64_MAX - total)
			return wm_fail(WM_INPUT, "the size of its buffers overflows");
		total += t[i].count * each;
	}
	*set_bytes_p = total;
	return WM_OK;
}

/* ---- small services and parsers ----------------------------------------------------------------------------- */

void *wm_grow(void *v, size_t n, size_t *room_p, size_t each) {
	void *more;

	if (n < *room_p)
		return v;
	*room_p = 2 * n + 1;
	more = wm_zalloc(*room_p * each);
	if (n)
		memcpy(more, v, n * each);
	free(v);
	return more;
}

enum wm_status wm_split(const char *list, char sep, enum wm_status (*fn)(void *arg, const char *part), void *arg) {
	size_t n = strlen(list);
	char *copy = wm_zalloc(n + 1), *part = copy, *end;
	enum wm_status st;

	memcpy(copy, list, n);
	do {
		end = strchr(part, sep);
		if (end)
			*end = 0;
		st = fn(arg, part);
		part = end ? end + 1 : part;
	} while (end && st == WM_OK);
	free(copy);
	return st;
}

enum wm_status wm_parse_count(const char *text, long *value_p) {
	static const char units[] = "KMG";
	const char *unit;
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (text[0] < '0' || text[0] > '9')
		return wm_fail(WM_INPUT, "'%s' is not a whole number (digits, then nothing, K, M or G)", text);
	if (errno == ERANGE)
		return wm_fail(WM_INPUT, "'%s' is too large a number", text);
	unit = *end ? strchr(units, *end) : NULL;
	if (*end && (!unit || end[1]))
		return wm_fail(WM_INPUT, "'%s' is not a whole number (digits, then nothing, K, M or G)", text);
	for (; unit && unit >= units; unit--) {
		if (value > LONG_MAX / 1024)
			return wm_fail(WM_INPUT, "'%s' is too large a number", text);
		value *= 1024;
	}
	*value_p = value;
	return WM_OK;
}

/* ---- lists -------------------------------------------------------------------------------------------------- */

/* One entry of an axis' list: a value, or the index of the axis that it is tied to. */
struct choice {
	long value;
	int tie; /* -1: none */
};

struct choices {
	const struct wm_bench *bench;
	const struct wm_axis *axis;
	struct choice *v;
	size_t n, room;
};

static enum wm_status fail_axis(const struct choices *c, const char *reason) {
	return wm_fail(WM_INPUT, "%s axis %s: %s", c->bench->name, c->axis->key, reason);
}

static enum wm_status check_range(const struct wm_bench *bench, const struct wm_axis *axis, long value) {
	if (value < axis->min || value > axis->max)
		return wm_fail(WM_INPUT, "%s axis %s: %ld is outside %ld to %ld", bench->name, axis->key, value, axis->min,
		               axis->max);
	return WM_OK;
}

static enum wm_status add_choice(struct choices *c, long value, int tie) {
	if (c->n == WM_MAX_POINTS)
		return wm_fail(WM_INPUT, "%s axis %s: more than %d values", c->bench->name, c->axis->key, WM_MAX_POINTS);
	c->v = wm_grow(c->v, c->n, &c->room, sizeof(*c->v));
	c->v[c->n++] = (struct choice){value, tie};
	return WM_OK;
}

static enum wm_status add_number(struct choices *c, long value) {
	enum wm_status st = check_range(c->bench, c->axis, value);

	return st == WM_OK ? add_choice(c, value, -1) : st;
}

static enum wm_status parse_number(const struct choices *c, const char *text, long *value_p) {
	enum wm_status st = wm_parse_count(text, value_p);

	return st == WM_OK ? WM_OK : fail_axis(c, wm_why());
}

/* lo:hi:xF multiplies, lo:hi:+S adds; the text is cut up. */
static enum wm_status parse_range(struct choices *c, char *text) {
	char *hi_text = strchr(text, ':'), *step_text = hi_text ? strchr(hi_text + 1, ':') : NULL;
	long lo = 0, hi = 0, step = 0;
	enum wm_status st;
	bool times;

	if (!step_text || strchr(step_text + 1, ':') || (step_text[1] != 'x' && step_text[1] != '+'))
		return wm_fail(WM_INPUT, "%s axis %s: '%s' is not a range lo:hi:xF or lo:hi:+S", c->bench->name, c->axis->key,
		               text);
	*hi_text++ = 0;
	*step_text++ = 0;
	times = *step_text++ == 'x';
	st = parse_number(c, text, &lo);
	if (st == WM_OK)
		st = parse_number(c, hi_text, &hi);
	if (st == WM_OK)
		st = parse_number(c, step_text, &step);
	if (st != WM_OK)
		return st;
	if (lo > hi)
		return wm_fail(WM_INPUT, "%s axis %s: the range %ld:%ld is empty", c->bench->name, c->axis->key, lo, hi);
	if (step < (times ? 2 : 1))
		return fail_axis(c, times ? "the factor of a range is at least 2" : "the step of a range is at least 1");
	if (times && lo == 0)
		return fail_axis(c, "a range with a factor cannot begin at 0");
	for (long v = lo; st == WM_OK; v = times ? v * step : v + step) {
		st = add_number(c, v);
		if (times ? v > hi / step : v > hi - step)
			break;
	}
	return st;
}

static enum wm_status fail_unknown_axis(const struct wm_bench *bench, const char *key) {
	const char *keys[WM_MAX_AXES];
	const struct wm_axis *axis;
	char kind[64];
	int n = 0;

	for (; n < WM_MAX_AXES && (axis = axis_at(bench, n)); n++)
		keys[n] = axis->key;
	snprintf(kind, sizeof(kind), "%s axis", bench->name);
	return wm_fail_unknown(kind, key, keys, n);
}

/* A tie needs an axis of the same kind: both numbers, or the same words. */
static enum wm_status parse_tie(struct choices *c, const char *key) {
	int tied = 0;
	const struct wm_axis *other = wm_axis_find(c->bench, key, &tied);

	if (!other)
		return fail_unknown_axis(c->bench, key);
	if (!other->words != !c->axis->words || (other->words && strcmp(other->words, c->axis->words) != 0))
		return wm_fail(WM_INPUT, "%s axis %s: it cannot be tied to %s, which has other values", c->bench->name,
		               c->axis->key, other->key);
	return add_choice(c, 0, tied);
}

static enum wm_status parse_word(struct choices *c, const char *word) {
	int i = wm_word_index(c->axis->words, word);
	char kind[64];

	if (i >= 0)
		return add_choice(c, i, -1);
	snprintf(kind, sizeof(kind), "%s %s", c->bench->name, c->axis->key);
	return wm_fail_unknown_of(kind, word, c->axis->words);
}

/* One part of a list, between two '/'. */
static enum wm_status parse_part(void *arg, const char *part) {
	struct choices *c = arg;
	char copy[128];
	long value = 0;
	enum wm_status st;

	if (!*part)
		return fail_axis(c, "an empty value in its list");
	if (part[0] == '@')
		return parse_tie(c, part + 1);
	if (c->axis->words)
		return parse_word(c, part);
	if (strchr(part, ':')) {
		if ((size_t)snprintf(copy, sizeof(copy), "%s", part) >= sizeof(copy))
			return fail_axis(c, "a range that long cannot be");
		return parse_range(c, copy);
	}
	st = parse_number(c, part, &value);
	return st == WM_OK ? add_number(c, value) : st;
}

enum wm_status wm_axis_check(const struct wm_bench *bench, const char *key, const char *list) {
	int i = 0;
	struct choices c = {.bench = bench, .axis = wm_axis_find(bench, key, &i)};
	enum wm_status st;

	if (!c.axis)
		return fail_unknown_axis(bench, key);
	st = wm_split(list, '/', parse_part, &c);
	free(c.v);
	return st;
}

/* ---- points ------------------------------------------------------------------------------------------------- */

void wm_problems_free(struct wm_problems *list) {
	free(list->v);
	*list = (struct wm_problems){0};
}

static bool holds(const struct wm_problems *list, const struct wm_problem *p) {
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].bench == p->bench && memcmp(list->v[i].v, p->v, sizeof(p->v)) == 0)
			return true;
	return false;
}

static enum wm_status add_problem(struct wm_problems *list, const struct wm_problem *p) {
	if (holds(list, p))
		return WM_OK;
	if (list->n == WM_MAX_POINTS)
		return wm_fail(WM_INPUT, "%s: more than %d problems", p->bench->name, WM_MAX_POINTS);
	list->v = wm_grow(list->v, list->n, &list->room, sizeof(*list->v));
	list->v[list->n++] = *p;
	return WM_OK;
}

/* Names the way of the ties: "m -> n -> m". */
static enum wm_status fail_circle(const struct wm_bench *bench, const struct choice *point, int i) {
	bool seen[WM_MAX_AXES] = {false};
	char way[128] = "";
	size_t used = 0;

	for (bool again = false; !again && used < sizeof(way); i = point[i].tie) {
		again = seen[i];
		seen[i] = true;
		used += (size_t)snprintf(way + used, sizeof(way) - used, "%s%s", used ? " -> " : "", axis_at(bench, i)->key);
	}
	return wm_fail(WM_INPUT, "%s: a circle of ties: %s", bench->name, way);
}

/* Follows the ties of one point (a choice per axis) and fills the values. */
static enum wm_status resolve_ties(struct wm_problem *p, const struct choice *point, int naxes) {
	enum wm_status st = WM_OK;

	for (int i = 0; i < naxes && st == WM_OK; i++) {
		const struct wm_axis *axis = axis_at(p->bench, i);
		int at = i;

		for (int steps = 0; point[at].tie >= 0; steps++) {
			if (steps == naxes)
				return fail_circle(p->bench, point, i);
			at = point[at].tie;
		}
		p->v[i] = point[at].value;
		if (!axis->words)
			st = check_range(p->bench, axis, p->v[i]);
	}
	return st;
}

static enum wm_status add_point(const struct wm_bench *bench, const struct choice *point, int naxes,
                                struct wm_problems *list) {
	struct wm_problem p = {.bench = bench, .ranks = 1};
	char brief[WM_PROBLEM_CHARS];
	uint64_t bytes = 0;
	enum wm_status st = resolve_ties(&p, point, naxes);

	if (st != WM_OK)
		return st;
	print_problem(&p, false, p.str, sizeof(p.str));
	st = bench->accept ? bench->accept(&p) : WM_OK;
	if (st != WM_INPUT) /* a point that is not supported stays: its row says why */
		st = wm_problem_bytes(&p, &bytes);
	if (st != WM_OK) {
		wm_problem_brief(&p, brief, sizeof(brief));
		return wm_fail(st, "%s: %s", brief, wm_why());
	}
	return add_problem(list, &p);
}

/* All points of a grid, the first axis slowest, like the digits of a counter. */
static enum wm_status add_grid(const struct wm_bench *bench, const struct choices *lists, int naxes,
                               struct wm_problems *list) {
	struct choice point[WM_MAX_AXES] = {{0}};
	size_t total = 1;
	enum wm_status st = WM_OK;

	for (int i = 0; i < naxes; i++) {
		total *= lists[i].n;
		if (total > WM_MAX_POINTS)
			return wm_fail(WM_INPUT, "%s: more than %d problems", bench->name, WM_MAX_POINTS);
	}
	for (size_t k = 0; k < total && st == WM_OK; k++) {
		size_t rest = k;

		for (int i = naxes - 1; i >= 0; i--) {
			point[i] = lists[i].v[rest % lists[i].n];
			rest /= lists[i].n;
		}
		st = add_point(bench, point, naxes, list);
	}
	return st;
}

void wm_problem_place(struct wm_problem *p, const struct wm_device *dev) {
	if (!p->bench->collective)
		return;
	p->ranks = dev->ranks > 1 ? dev->ranks : dev->threads > 1 ? dev->threads : 1;
	p->rank = dev->ranks <= 1 && p->ranks > 1 ? WM_ALL_RANKS : 0;
}

/* ---- patterns ----------------------------------------------------------------------------------------------- */

/* Where the list of an axis comes from: the pattern itself, then pairs that may be meant for others. */
struct sources {
	const struct wm_bench *bench;
	const char *own[2 * WM_MAX_AXES]; /* key, list, .. */
	int nown;                         /* pairs */
	const char *const *others;
	int nothers;
};

static const char *find_list(const char *const *pairs, int n, const char *key) {
	for (int i = 0; i < n; i++)
		if (strcmp(pairs[2 * i], key) == 0)
			return pairs[2 * i + 1];
	return NULL;
}

static enum wm_status add_own(struct sources *s, const char *key, const char *list) {
	int i = 0;

	if (!wm_axis_find(s->bench, key, &i))
		return fail_unknown_axis(s->bench, key);
	if (find_list(s->own, s->nown, key))
		return wm_fail(WM_INPUT, "%s: axis %s is given twice", s->bench->name, key);
	s->own[2 * s->nown] = key;
	s->own[2 * s->nown + 1] = list;
	s->nown++;
	return WM_OK;
}

static enum wm_status expand(const struct sources *s, struct wm_problems *list) {
	struct choices lists[WM_MAX_AXES] = {{0}};
	size_t before = list->n;
	enum wm_status st = WM_OK;
	const struct wm_axis *axis;
	int n = 0;

	for (; st == WM_OK && n < WM_MAX_AXES && (axis = axis_at(s->bench, n)); n++) {
		const char *text = find_list(s->own, s->nown, axis->key);

		if (!text)
			text = find_list(s->others, s->nothers, axis->key);
		lists[n].bench = s->bench;
		lists[n].axis = axis;
		st = wm_split(text ? text : wm_axis_default(s->bench, axis), '/', parse_part, &lists[n]);
	}
	if (st == WM_OK)
		st = add_grid(s->bench, lists, n, list);
	if (st != WM_OK)
		list->n = before;
	for (int i = 0; i < n; i++)
		free(lists[i].v);
	return st;
}

enum wm_status wm_pattern_expand_pairs(const struct wm_bench *bench, const char *const *pairs, int npairs,
                                       struct wm_problems *list) {
	struct sources s = {.bench = bench};
	enum wm_status st = WM_OK;

	for (int i = 0; i < npairs && st == WM_OK; i++)
		st = add_own(&s, pairs[2 * i], pairs[2 * i + 1]);
	return st == WM_OK ? expand(&s, list) : st;
}

enum wm_status wm_pattern_bench(const char *pattern, const struct wm_bench **bench_p) {
	const struct wm_bench *bench;
	const char *names[64];
	char name[64];
	int n = 0;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(pattern, ":"), pattern);
	bench = wm_bench_find(name);
	if (bench) {
		*bench_p = bench;
		return WM_OK;
	}
	for (; n < 64 && wm_benches[n]; n++)
		names[n] = wm_benches[n]->name;
	wm_fail_unknown("benchmark", name, names, n);
	return WM_INPUT;
}

/* Cuts bench:key=list,key=list in place; the sources point into it. */
static enum wm_status cut_pattern(char *pattern, struct sources *s) {
	char *pair = strchr(pattern, ':'), *next;
	enum wm_status st = WM_OK;

	for (pair = pair ? pair + 1 : NULL; pair && st == WM_OK; pair = next) {
		char *equals = strchr(pair, '=');

		next = strchr(pair, ',');
		if (next)
			*next++ = 0;
		if (!equals || (next && equals > next))
			return wm_fail(WM_INPUT, "%s: '%s' is not key=list", s->bench->name, pair);
		*equals = 0;
		st = add_own(s, pair, equals + 1);
	}
	return st;
}

enum wm_status wm_pattern_expand_over(const char *pattern, const char *const *pairs, int npairs,
                                      struct wm_problems *list) {
	struct sources s = {.others = pairs, .nothers = npairs};
	size_t n = strlen(pattern);
	char *copy;
	enum wm_status st = wm_pattern_bench(pattern, &s.bench);

	if (st != WM_OK)
		return st;
	copy = wm_zalloc(n + 1);
	memcpy(copy, pattern, n);
	st = cut_pattern(copy, &s);
	if (st == WM_OK)
		st = expand(&s, list);
	free(copy);
	return st;
}

enum wm_status wm_pattern_expand(const char *pattern, struct wm_problems *list) {
	return wm_pattern_expand_over(pattern, NULL, 0, list);
}

enum wm_status wm_problem_parse(const char *text, struct wm_problem *problem_p) {
	struct wm_problems list = {0};
	enum wm_status st = wm_pattern_expand(text, &list);

	if (st == WM_OK && list.n != 1)
		st = wm_fail(WM_INPUT, "'%s' is %zu problems where one is wanted", text, list.n);
	if (st == WM_OK)
		*problem_p = list.v[0];
	wm_problems_free(&list);
	return st;
}
