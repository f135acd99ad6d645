/* SPDX-License-Identifier: Apache-2.0 */
/* sysfile.c - one line or one field of a small text file. */
#include "sysfile.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
