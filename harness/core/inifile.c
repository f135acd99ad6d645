/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inifile.c - an INI file to sections and entries. inih takes the lines apart; the lines themselves are counted and cut
 * here, because Debian's inih tells no handler its line, and cuts long lines in silence.
 */
#include "inifile.h"

#include "problem.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE = 1 << 20 };

struct parser {
	const char *file, *repeats;
	const char *next; /* what inih has not read yet */
	int line;         /* of what it read last, from 1 */
	char *words;      /* room for every key and value with its 0 byte: what they take in the text, and one more */
	size_t used;
	struct wm_ini_entry *entries;
	size_t nentries, entry_room;
	struct wm_ini_section *sections;
	size_t nsections, section_room;
	enum wm_status st; /* the first error, which ends the reading */
};

enum wm_status wm_ini_fail(const char *file, int line, const char *fmt, ...) {
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return wm_fail(WM_INPUT, "%s:%d: %s", file, line, text);
}

/* ---- lines -------------------------------------------------------------------------------------------------- */

/* A line "[name]". One that is none, or lacks its ']', is left to inih. */
static enum wm_status begin_section(struct parser *p, const char *line) {
	const char *end = line[0] == '[' ? strchr(line, ']') : NULL;
	size_t n = end ? (size_t)(end - line - 1) : 0;
	struct wm_ini_section *s;

	if (!end)
		return WM_OK;
	if (n == 0 || n >= sizeof(s->name))
		return wm_ini_fail(p->file, p->line, "a section's name has 1 to %zu letters", sizeof(s->name) - 1);
	end += 1 + strspn(end + 1, " \t\r");
	if (*end && *end != ';' && *end != '#')
		return wm_ini_fail(p->file, p->line, "text behind [section]");
	p->sections = wm_grow(p->sections, p->nsections, &p->section_room, sizeof(*p->sections));
	s = &p->sections[p->nsections++];
	*s = (struct wm_ini_section){.line = p->line};
	snprintf(s->name, sizeof(s->name), "%.*s", (int)n, line + 1);
	return WM_OK;
}

/*
 * inih's reader: the next line without the blanks before it (inih would take it for the rest of the line above), or
 * NULL at the end and after an error.
 */
static char *read_line(char *out, int room, void *stream) {
	struct parser *p = stream;
	size_t n = strcspn(p->next, "\n");
	const char *line = p->next + strspn(p->next, " \t");

	if (p->st != WM_OK || !*p->next)
		return NULL;
	p->line++;
	if (n > WM_INI_LINE || n + 2 > (size_t)room) {
		p->st = wm_ini_fail(p->file, p->line, "a line of %zu bytes; at most %d", n, WM_INI_LINE);
		return NULL;
	}
	snprintf(out, (size_t)room, "%.*s", (int)(p->next + n - line), line);
	p->next += n + (p->next[n] == '\n');
	p->st = begin_section(p, out);
	return p->st == WM_OK ? out : NULL;
}

/* ---- entries ------------------------------------------------------------------------------------------------ */

/* The entry of the section that is being read with that key, or NULL. */
static const struct wm_ini_entry *entry_before(const struct parser *p, const char *key) {
	const struct wm_ini_section *s = &p->sections[p->nsections - 1];

	for (size_t i = p->nentries - s->n; i < p->nentries; i++)
		if (strcmp(p->entries[i].key, key) == 0)
			return &p->entries[i];
	return NULL;
}

static const char *keep_word(struct parser *p, const char *word) {
	size_t n = strlen(word) + 1;
	char *kept = memcpy(p->words + p->used, word, n);

	p->used += n;
	return kept;
}

/* inih's handler: keeps key and value; 0 tells inih of an error. */
static int keep_entry(void *user, const char *section, const char *key, const char *value) {
	struct parser *p = user;
	const struct wm_ini_entry *before = p->nsections && strcmp(key, p->repeats) != 0 ? entry_before(p, key) : NULL;
	struct wm_ini_entry *e;

	(void)section; /* cut to 49 letters by inih: begin_section keeps it whole */
	if (p->st != WM_OK)
		return 0;
	if (!p->nsections)
		p->st = wm_ini_fail(p->file, p->line, "%s stands before the first [section]", key);
	else if (before)
		p->st = wm_ini_fail(p->file, p->line, "%s is given twice in [%s], first in line %d", key,
		                    p->sections[p->nsections - 1].name, before->line);
	if (p->st != WM_OK)
		return 0;
	p->entries = wm_grow(p->entries, p->nentries, &p->entry_room, sizeof(*p->entries));
	e = &p->entries[p->nentries++];
	e->key = keep_word(p, key);
	e->value = keep_word(p, value);
	e->line = p->line;
	p->sections[p->nsections - 1].n++;
	return 1;
}

/* Entries lie one section behind the other, and do not move any more. */
static void hand_over(const struct parser *p, struct wm_ini *ini_p) {
	const struct wm_ini_entry *next = p->entries;

	for (size_t i = 0; i < p->nsections; i++) {
		p->sections[i].v = next;
		if (p->sections[i].n) /* else there may be no entry at all, and no place to count from */
			next += p->sections[i].n;
	}
	*ini_p = (struct wm_ini){p->sections, p->nsections, p->words, p->entries};
}

enum wm_status wm_ini_parse(const char *file, const char *text, const char *repeats, struct wm_ini *ini_p) {
	struct parser p = {.file = file, .repeats = repeats, .next = text, .words = wm_zalloc(strlen(text) + 2)};
	int bad = ini_parse_stream(read_line, &p, keep_entry, &p);

	/* inih goes on after a line that it cannot read; the first of its errors may lie before ours. */
	if (bad > 0 && (p.st == WM_OK || bad < p.line))
		p.st = wm_ini_fail(file, bad, "neither [section] nor key = value nor a comment");
	else if (bad < 0)
		p.st = wm_fail(WM_NOMEM, "%s: memory ran out", file);
	if (p.st == WM_OK) {
		hand_over(&p, ini_p);
		return WM_OK;
	}
	free(p.words);
	free(p.entries);
	free(p.sections);
	return p.st;
}

void wm_ini_free(struct wm_ini *ini) {
	free(ini->sections);
	free(ini->words);
	free(ini->entries);
	*ini = (struct wm_ini){0};
}

const struct wm_ini_entry *wm_ini_find(const struct wm_ini_section *section, const char *key) {
	for (size_t i = 0; i < section->n; i++)
		if (strcmp(section->v[i].key, key) == 0)
			return &section->v[i];
	return NULL;
}

/* ---- files -------------------------------------------------------------------------------------------------- */

enum wm_status wm_ini_text(const char *path, const char *what, char **text_p) {
	FILE *file = fopen(path, "re");
	char *text = NULL;
	enum wm_status st = WM_OK;
	size_t n;

	if (!file)
		return wm_fail(WM_INPUT, "%s: %s", path, strerror(errno));
	text = wm_zalloc(MAX_FILE + 1);
	n = fread(text, 1, MAX_FILE, file);
	if (ferror(file))
		st = wm_fail(WM_INPUT, "%s: %s", path, strerror(errno));
	else if (n == MAX_FILE)
		st = wm_fail(WM_INPUT, "%s: not a %s: over %d bytes", path, what, MAX_FILE - 1);
	else if (strlen(text) != n)
		st = wm_fail(WM_INPUT, "%s: not a %s: it holds a 0 byte", path, what);
	fclose(file);
	if (strncmp(text, "\xEF\xBB\xBF", 3) == 0)
		memmove(text, text + 3, n - 2);
	if (st == WM_OK)
		*text_p = text;
	else
		free(text);
	return st;
}
