/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_explain.c - what a name means, or all names there are. */
#include "commands.h"

#include "core/registry.h"
#include "topics.h"
#include "wrap.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_COLUMN = 2, TEXT_COLUMN = 4 };

/* ---- one name ----------------------------------------------------------------------------------------------- */

/* "unknown name 'x'; did you mean 'y'?" - y is a whole name or the end of one behind its last dot. */
static enum wm_status fail_unknown_name(const struct wm_topics *topics, const char *name) {
	const char **names = wm_zalloc(2 * topics->n * sizeof(*names)), *nearest;
	int n = 0;

	for (size_t i = 0; i < topics->n; i++) {
		const char *dot = strrchr(topics->v[i].name, '.');

		names[n++] = topics->v[i].name;
		if (dot)
			names[n++] = dot + 1;
	}
	nearest = wm_nearest(name, names, n);
	if (nearest)
		wm_fail(WM_INPUT, "unknown name '%s'; did you mean '%s'?", name, nearest);
	else
		wm_fail(WM_INPUT, "unknown name '%s'; wattmark explain lists all that are known", name);
	free(names);
	return WM_INPUT;
}

/* Every meaning of the name. */
static enum wm_status explain(const struct wm_topics *topics, const char *name) {
	bool found = false;

	for (size_t i = 0; i < topics->n; i++) {
		const struct wm_topic *t = &topics->v[i];

		if (!wm_topic_is(t, name))
			continue;
		found = true;
		printf("%s: %s\n", t->name, wm_topic_one(t->kind));
		wm_wrap(stdout, 0, TEXT_COLUMN, t->text);
	}
	return found ? WM_OK : fail_unknown_name(topics, name);
}

/* ---- all names ---------------------------------------------------------------------------------------------- */

static bool is_repeated(const struct wm_topics *topics, size_t i) {
	for (size_t k = 0; k < i; k++)
		if (topics->v[k].kind == topics->v[i].kind && strcmp(topics->v[k].name, topics->v[i].name) == 0)
			return true;
	return false;
}

/* The names of one kind, each once; those that hold a blank in quotes, as they must be typed. */
static void list_kind(const struct wm_topics *topics, enum wm_topic_kind kind) {
	size_t room = 1, used = 0;
	char *line;

	for (size_t i = 0; i < topics->n; i++)
		room += strlen(topics->v[i].name) + 4;
	line = wm_zalloc(room);
	for (size_t i = 0; i < topics->n; i++) {
		const char *name = topics->v[i].name, *quote = strchr(name, ' ') ? "'" : "";

		if (topics->v[i].kind == kind && !is_repeated(topics, i))
			used += (size_t)snprintf(line + used, room - used, "%s%s%s%s", used ? " " : "", quote, name, quote);
	}
	printf("%s\n", wm_topic_many(kind));
	wm_wrap(stdout, 0, LIST_COLUMN, line);
	free(line);
}

int wm_cmd_explain(const struct wm_option_values *options) {
	struct wm_topics topics;
	enum wm_status st = wm_topics_make(&topics);

	if (st != WM_OK)
		return wm_complain(st);
	if (options->n)
		st = explain(&topics, options->operands[0]);
	for (int kind = 0; kind < WM_TOPIC_KINDS && !options->n; kind++)
		list_kind(&topics, (enum wm_topic_kind)kind);
	wm_topics_free(&topics);
	return st == WM_OK ? WM_EXIT_OK : wm_complain(st);
}
