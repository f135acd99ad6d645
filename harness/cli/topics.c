/* SPDX-License-Identifier: Apache-2.0 */
/* topics.c - names and meanings from every table of the program. */
#include "topics.h"

#include "core/job.h"
#include "core/registry.h"
#include "exits.h"
#include "measure/profile.h"
#include "report/columns.h"
#include "system/doctor.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_CHARS = 1024 };

/* ---- the list ----------------------------------------------------------------------------------------------- */

const char *wm_topic_one(enum wm_topic_kind kind) {
	static const char *const ones[] = {
#define X(id, one, many) one,
		WM_TOPIC_MAP(X)
#undef X
	};

	return ones[kind];
}

const char *wm_topic_many(enum wm_topic_kind kind) {
	static const char *const many_[] = {
#define X(id, one, many) many,
		WM_TOPIC_MAP(X)
#undef X
	};

	return many_[kind];
}

bool wm_topic_is(const struct wm_topic *topic, const char *name) {
	size_t all = strlen(topic->name), n = strlen(name);

	if (n == 0 || n > all || strcmp(topic->name + all - n, name) != 0)
		return false;
	return n == all || topic->name[all - n - 1] == '.';
}

static char *copy_of(const char *text) {
	size_t n = strlen(text) + 1;

	return memcpy(wm_zalloc(n), text, n);
}

void wm_topics_add(struct wm_topics *topics, enum wm_topic_kind kind, const char *name, const char *fmt, ...) {
	char text[TEXT_CHARS];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	topics->v = wm_grow(topics->v, topics->n, &topics->room, sizeof(*topics->v));
	topics->v[topics->n++] = (struct wm_topic){kind, copy_of(name), copy_of(text)};
}

void wm_topics_free(struct wm_topics *topics) {
	for (size_t i = 0; i < topics->n; i++) {
		free(topics->v[i].name);
		free(topics->v[i].text);
	}
	free(topics->v);
	*topics = (struct wm_topics){0};
}

/* ---- words of records --------------------------------------------------------------------------------------- */

static void add_statuses(struct wm_topics *topics) {
	static const char *const classes[] = {
		[WM_ROW_GOOD] = "a good row",
		[WM_ROW_SKIPPED] = "a row that was skipped; the exit status of run stays 0",
		[WM_ROW_BAD] = "a bad row: the exit status of run is 1",
	};

	for (int i = 0; i < WM_STATUSES; i++) {
		enum wm_status st = (enum wm_status)i;

		wm_topics_add(topics, WM_TOPIC_STATUS, wm_status_word(st), "%s: %s", wm_status_meaning(st),
		              classes[wm_status_class(st)]);
	}
}

static void add_dtypes(struct wm_topics *topics) {
#define X(id, word, bytes, bits, meaning) \
	wm_topics_add(topics, WM_TOPIC_DTYPE, word, "%s, %d byte%s", meaning, bytes, (bytes) == 1 ? "" : "s");
	WM_DTYPE_MAP(X)
#undef X
}

/* ---- benchmarks and how they are run ------------------------------------------------------------------------ */

/* "m n k": the keys of the axes. */
static void put_keys(const struct wm_axis *axes, char *out, size_t room) {
	size_t used = 0;

	out[0] = 0;
	for (const struct wm_axis *a = axes; a->key && used < room; a++)
		used += (size_t)snprintf(out + used, room - used, "%s%s", used ? " " : "", a->key);
}

static void add_benches(struct wm_topics *topics) {
	for (int i = 0; wm_benches[i]; i++) {
		const struct wm_bench *b = wm_benches[i];
		char own[256], core[256];

		put_keys(b->axes, own, sizeof(own));
		put_keys(wm_core_axes, core, sizeof(core));
		wm_topics_add(topics, WM_TOPIC_BENCH, b->name, "%s; read by %s; axes: %s, and those of every benchmark: %s",
		              b->about, b->metric, own, core);
	}
}

/* "one of a b" or "from 1 to 4", and the default. */
static void put_values(const struct wm_axis *axis, const char *def, char *out, size_t room) {
	if (axis->words)
		snprintf(out, room, "one of %s; default %s", axis->words, def);
	else
		snprintf(out, room, "a number from %ld to %ld; default %s", axis->min, axis->max, def);
}

/* Each word of the axis; number types have an explanation of their own. */
static void add_axis_words(struct wm_topics *topics, const char *name, const struct wm_axis *axis) {
	char *words = copy_of(axis->words ? axis->words : ""), *rest = NULL;

	for (char *w = strtok_r(words, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		if (wm_dtype_parse(w) == WM_DTYPES)
			wm_topics_add(topics, WM_TOPIC_WORD, w, "of the axis %s: %s", name, axis->help);
	free(words);
}

static void add_axes_of(struct wm_topics *topics, const struct wm_bench *bench) {
	for (const struct wm_axis *a = bench->axes; a->key; a++) {
		char name[96], values[256];

		snprintf(name, sizeof(name), "%s.%s", bench->name, a->key);
		put_values(a, a->def, values, sizeof(values));
		wm_topics_add(topics, WM_TOPIC_AXIS, name, "%s; %s", a->help, values);
		add_axis_words(topics, name, a);
	}
}

/* The benchmarks that have another default for that axis than the rest: "; hot for allreduce, broadcast". */
static void put_other_defaults(const struct wm_axis *axis, char *out, size_t room) {
	size_t used = 0;

	out[0] = 0;
	for (int i = 0; wm_benches[i] && used < room; i++) {
		const char *def = wm_axis_default(wm_benches[i], axis);

		if (strcmp(def, axis->def) == 0)
			continue;
		if (used)
			used += (size_t)snprintf(out + used, room - used, ", %s", wm_benches[i]->name);
		else
			used += (size_t)snprintf(out, room, "; %s for %s", def, wm_benches[i]->name);
	}
}

static void add_axes(struct wm_topics *topics) {
	for (int i = 0; wm_benches[i]; i++)
		add_axes_of(topics, wm_benches[i]);
	for (const struct wm_axis *a = wm_core_axes; a->key; a++) {
		char values[256], others[256];

		put_values(a, a->def, values, sizeof(values));
		put_other_defaults(a, others, sizeof(others));
		wm_topics_add(topics, WM_TOPIC_AXIS, a->key, "of every benchmark: %s; %s%s", a->help, values, others);
		add_axis_words(topics, a->key, a);
	}
}

static void add_impls(struct wm_topics *topics) {
	for (int i = 0; wm_impls[i]; i++) {
		const struct wm_impl *m = wm_impls[i];
		char name[96];

		snprintf(name, sizeof(name), "%s.%s", m->bench, m->name);
		wm_topics_add(topics, WM_TOPIC_IMPL, name, "%s; %s, on %s%s", m->about, wm_origin_word(m->origin), m->backends,
		              m->asked_only ? "; runs when asked for by --impl" : "");
	}
}

static void add_backends(struct wm_topics *topics) {
	for (int i = 0; wm_backends[i]; i++)
		wm_topics_add(topics, WM_TOPIC_BACKEND, wm_backends[i]->name, "%s", wm_backends[i]->about);
}

/* ---- runs and reports --------------------------------------------------------------------------------------- */

/* What the first paragraph of the comment at the head of a job file says, without the license and "NAME - ". */
static void put_suite_about(const char *name, const char *text, char *out, size_t room) {
	size_t used = 0;

	out[0] = 0;
	for (; *text == ';'; text += strcspn(text, "\n"), text += *text == '\n') {
		const char *line = text + 1 + strspn(text + 1, " ");
		int n = (int)strcspn(line, "\n");

		if (strncmp(line, "SPDX", 4) == 0)
			continue;
		if (n == 0)
			return;
		if (!used && strncmp(line, name, strlen(name)) == 0 && strncmp(line + strlen(name), " - ", 3) == 0) {
			line += strlen(name) + 3;
			n -= (int)strlen(name) + 3;
		}
		if (used < room)
			used += (size_t)snprintf(out + used, room - used, "%s%.*s", used ? " " : "", n, line);
	}
}

static void add_suites(struct wm_topics *topics) {
	for (const char *const *name = wm_suite_names(); *name; name++) {
		const char *file = wm_suite_file(*name);
		char path[128], about[TEXT_CHARS];

		snprintf(path, sizeof(path), "bench/suites/%.100s.ini", *name);
		if (file)
			snprintf(about, sizeof(about), "added on this machine: %s", file);
		else
			put_suite_about(*name, wm_embedded(path), about, sizeof(about));
		wm_topics_add(topics, WM_TOPIC_SUITE, *name, "%s", about);
	}
}

static void add_profiles(struct wm_topics *topics) {
	for (const struct wm_profile *p = wm_profiles; p->name; p++) {
		char apart[64] = "";

		if (p->gap_s > 0)
			snprintf(apart, sizeof(apart), "; the processes of a case lie %g s apart or more", p->gap_s);
		wm_topics_add(topics, WM_TOPIC_PROFILE, p->name,
		              "%d fresh process%s a case; warms up until two blocks of %g s agree, %g s at most; samples for "
		              "%g s or more, until the median is known to %g%% or %g s are over%s",
		              p->replicates, p->replicates == 1 ? "" : "es", p->block_s, p->warm_cap_s, p->sample_min_s,
		              100 * p->target, p->sample_cap_s, apart);
	}
}

static void add_reports(struct wm_topics *topics) {
	for (int i = 0; wm_reports[i]; i++)
		wm_topics_add(topics, WM_TOPIC_REPORT, wm_reports[i]->name, "%s", wm_reports[i]->about);
}

static void add_columns(struct wm_topics *topics, enum wm_topic_kind kind, const struct wm_column *columns) {
	for (; columns->name; columns++)
		wm_topics_add(topics, kind, columns->name, "%s", columns->meaning);
}

static void add_checks(struct wm_topics *topics) {
	for (const struct wm_doctor_check *c = wm_doctor_checks; c->name; c++)
		wm_topics_add(topics, WM_TOPIC_CHECK, c->name, "%s; why: %s; what to do: %s", c->about, c->why, c->fix);
#define X(id, word, meaning) wm_topics_add(topics, WM_TOPIC_VERDICT, word, "%s", meaning);
	WM_VERDICT_MAP(X)
#undef X
}

static void add_meters(struct wm_topics *topics) {
	for (int i = 0; wm_meters[i]; i++)
		wm_topics_add(topics, WM_TOPIC_METER, wm_meters[i]->name, "%s", wm_meters[i]->about);
#define X(id, word, meaning) wm_topics_add(topics, WM_TOPIC_SCOPE, word, "%s", meaning);
	WM_SCOPE_MAP(X)
#undef X
}

static void add_exits(struct wm_topics *topics) {
#define X(id, number, meaning) wm_topics_add(topics, WM_TOPIC_EXIT, #number, "%s", meaning);
	WM_EXIT_MAP(X)
#undef X
}

/* ---- all of them -------------------------------------------------------------------------------------------- */

enum wm_status wm_topics_make(struct wm_topics *topics_p) {
	struct wm_topics topics = {0};
	enum wm_status st = wm_topics_add_schema(&topics);

	if (st != WM_OK) {
		wm_topics_free(&topics);
		return st;
	}
	add_statuses(&topics);
	add_benches(&topics);
	add_axes(&topics);
	add_dtypes(&topics);
	add_impls(&topics);
	add_backends(&topics);
	add_suites(&topics);
	add_profiles(&topics);
	add_reports(&topics);
	add_columns(&topics, WM_TOPIC_HEAD, wm_table_columns);
	add_columns(&topics, WM_TOPIC_COLUMN, wm_csv_columns);
	add_checks(&topics);
	add_meters(&topics);
	add_exits(&topics);
	*topics_p = topics;
	return WM_OK;
}
