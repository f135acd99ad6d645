/* SPDX-License-Identifier: Apache-2.0 */
/* sysfile.c - one line or one field of a small text file. */
#include "sysfile.h"

#include "core/registry.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *open_under(const char *root, const char *path, char *why, size_t room) {
	char full[PATH_MAX];
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	f = fopen(full, "re");
	if (!f)
		snprintf(why, room, "%s: %s", path, strerror(errno));
	return f;
}

/* Copies text without blanks at its ends, and without one pair of double quotes around it. */
static void put_trimmed(const char *text, char *out, size_t room) {
	size_t n;

	while (isspace((unsigned char)*text))
		text++;
	n = strlen(text);
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	if (n >= 2 && text[0] == '"' && text[n - 1] == '"') {
		text++;
		n -= 2;
	}
	snprintf(out, room, "%.*s", (int)n, text);
}

bool wm_sysfile_line(const char *root, const char *path, char *out, size_t room) {
	char *line = NULL;
	size_t size = 0;
	FILE *f = open_under(root, path, out, room);
	bool found;

	if (!f)
		return false;
	errno = 0;
	found = getline(&line, &size, f) >= 0;
	if (found)
		put_trimmed(line, out, room);
	else
		snprintf(out, room, "%s: %s", path, errno ? strerror(errno) : "empty");
	free(line);
	fclose(f);
	return found;
}

/* What follows "KEY", blanks and at most one ':' or '='; NULL when the line has another key. */
static const char *value_of(const char *line, const char *key) {
	size_t n = strlen(key);
	const char *s = line + n;

	if (strncmp(line, key, n) != 0 || (!isspace((unsigned char)*s) && *s != ':' && *s != '='))
		return NULL;
	while (isspace((unsigned char)*s))
		s++;
	return *s == ':' || *s == '=' ? s + 1 : s;
}

bool wm_sysfile_field(const char *root, const char *path, const char *key, char *out, size_t room) {
	const char *value = NULL;
	char *line = NULL;
	size_t size = 0;
	FILE *f = open_under(root, path, out, room);

	if (!f)
		return false;
	while (!value && getline(&line, &size, f) >= 0)
		value = value_of(line, key);
	if (value)
		put_trimmed(value, out, room);
	else
		snprintf(out, room, "%s: no line '%s'", path, key);
	free(line);
	fclose(f);
	return value != NULL;
}

bool wm_sysfile_number(const char *root, const char *path, const char *key, unsigned long long *value_p) {
	char text[64], *end;
	unsigned long long value;

	if (!(key ? wm_sysfile_field(root, path, key, text, sizeof(text))
	          : wm_sysfile_line(root, path, text, sizeof(text))))
		return false;
	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || (*end && !isspace((unsigned char)*end)))
		return false;
	*value_p = value;
	return true;
}

bool wm_sysfile_choice(const char *root, const char *path, char *out, size_t room) {
	char line[256], *from, *to;

	if (!wm_sysfile_line(root, path, line, sizeof(line))) {
		snprintf(out, room, "%s", line);
		return false;
	}
	from = strchr(line, '[');
	to = from ? strchr(from, ']') : NULL;
	if (to)
		snprintf(out, room, "%.*s", (int)(to - from - 1), from + 1);
	else
		snprintf(out, room, "%s", line);
	return true;
}

/* ---- many files --------------------------------------------------------------------------------------------- */

/* The files of a pattern; what glob would read as a wildcard in the root stands for itself. Ended by globfree. */
static bool find(const char *root, const char *pattern, glob_t *found_p) {
	char full[2 * PATH_MAX];
	size_t used = 0;

	for (; *root && used < PATH_MAX; root++) {
		if (strchr("*?[\\", *root))
			full[used++] = '\\';
		full[used++] = *root;
	}
	snprintf(full + used, sizeof(full) - used, "%s", pattern);
	return glob(full, 0, NULL, found_p) == 0;
}

int wm_sysfile_each(const char *root, const char *pattern, void (*take)(void *arg, const char *line), void *arg) {
	char line[512];
	glob_t found;
	int n = 0;

	if (!find(root, pattern, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (wm_sysfile_line("", found.gl_pathv[i], line, sizeof(line))) {
			take(arg, line);
			n++;
		}
	globfree(&found);
	return n;
}

struct words {
	char *out;
	size_t room, used;
};

static void take_word(void *arg, const char *line) {
	struct words *w = arg;

	if (wm_word_index(w->out, line) < 0 && w->used + strlen(line) + 1 < w->room)
		w->used += (size_t)snprintf(w->out + w->used, w->room - w->used, "%s%s", w->used ? " " : "", line);
}

int wm_sysfile_distinct(const char *root, const char *pattern, char *out, size_t room) {
	struct words words = {out, room, 0};

	out[0] = '\0';
	return wm_sysfile_each(root, pattern, take_word, &words);
}

struct numbers {
	struct wm_sysfile_range range;
	int n;
};

static void take_number(void *arg, const char *line) {
	struct numbers *numbers = arg;
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)*line))
		return;
	value = strtoull(line, &end, 10);
	if (*end)
		return;
	if (numbers->n++ == 0)
		numbers->range.min = numbers->range.max = value;
	if (value < numbers->range.min)
		numbers->range.min = value;
	if (value > numbers->range.max)
		numbers->range.max = value;
}

int wm_sysfile_numbers(const char *root, const char *pattern, struct wm_sysfile_range *range_p) {
	struct numbers numbers = {.n = 0};

	wm_sysfile_each(root, pattern, take_number, &numbers);
	if (numbers.n)
		*range_p = numbers.range;
	return numbers.n;
}

int wm_sysfile_count(const char *root, const char *pattern, int *readable_p) {
	int n = 0, readable = 0;
	glob_t found;

	if (!find(root, pattern, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++, n++)
		readable += access(found.gl_pathv[i], R_OK) == 0;
	globfree(&found);
	*readable_p = readable;
	return n;
}
