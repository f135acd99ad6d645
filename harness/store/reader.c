/* SPDX-License-Identifier: Apache-2.0 */
/* reader.c - reads a bundle that may have been killed at any moment; see bundle.h. */
#include "bundle.h"
#include "lines.h"
#include "ordered.h"
#include "pairs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct wm_reader {
	char *path;
	json_t *run;
	struct wm_lines lines;
	long line; /* of the record that is being given */
};

/* Maps records.jsonl of the folder; a run killed before its first record may have none. */
static enum wm_status map_records(int dir, const char *path, struct wm_lines *lines_p) {
	int fd = openat(dir, "records.jsonl", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? WM_OK : wm_fail(WM_INPUT, "cannot read %s/records.jsonl: %s", path, strerror(errno));
	enum wm_status st = wm_lines_map(fd, path, lines_p);
	close(fd);
	return st;
}

enum wm_status wm_reader_open(const char *path, struct wm_reader **reader_p) {
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return wm_fail(WM_INPUT, "cannot read bundle %s: %s", path, strerror(errno));
	struct wm_reader *reader = wm_zalloc(sizeof *reader);
	reader->path = strdup(path);
	enum wm_status st = wm_run_load(dir, path, &reader->run);
	if (!st)
		st = map_records(dir, path, &reader->lines);
	close(dir);
	if (st) {
		wm_reader_close(reader);
		return st;
	}
	*reader_p = reader;
	return WM_OK;
}

void wm_reader_close(struct wm_reader *reader) {
	if (!reader)
		return;
	wm_lines_close(&reader->lines);
	json_decref(reader->run);
	free(reader->path);
	free(reader);
}

const json_t *wm_reader_run(const struct wm_reader *reader) {
	return reader->run;
}

long wm_reader_line(const struct wm_reader *reader) {
	return reader->line;
}

enum { NAMED = 20 }; /* unusable lines that a message names; of more it gives the number */

/* Lines that cannot be used: the first with its reason, all by number. */
struct complaints {
	long count, lines[NAMED];
	char why[160];
	/* Broken lines that stand directly before the present one: a resume mark may yet say that they are torn. */
	long torn, torn_first;
	char torn_why[160];
};

/* That many lines from that one on. */
static void complain(struct complaints *c, long count, long line, const char *why) {
	if (!c->count)
		snprintf(c->why, sizeof c->why, "%s", why);
	for (long i = 0; i < count; i++, c->count++)
		if (c->count < NAMED)
			c->lines[c->count] = line + i;
}

/* PATH/records.jsonl:2: why; also unusable: lines 3, 5 and 7 more */
static enum wm_status fail_lines(const char *path, const struct complaints *c) {
	char also[NAMED * 22 + 64] = "";
	size_t used = 0;
	for (long i = 1; i < c->count && i < NAMED; i++)
		used += (size_t)snprintf(also + used, sizeof also - used, "%s%ld",
		                         i > 1          ? ", "
		                         : c->count > 2 ? "; also unusable: lines "
		                                        : "; also unusable: line ",
		                         c->lines[i]);
	if (c->count > NAMED)
		snprintf(also + used, sizeof also - used, " and %ld more", c->count - NAMED);
	return wm_fail(WM_INPUT, "%s/records.jsonl:%ld: %s%s", path, c->lines[0], c->why, also);
}

/* The broken lines just before line n are settled: known from a resume mark, which names the first, or damage. */
static void settle_torn(struct complaints *c, const struct wm_line *line) {
	if (!c->torn)
		return;
	if (!line || line->kind != WM_LINE_RESUME || line->torn_line != c->torn_first)
		complain(c, c->torn, c->torn_first, c->torn_why);
	c->torn = 0;
}

static void note_torn(struct complaints *c, const struct wm_line *line) {
	if (!c->torn++) {
		c->torn_first = line->number;
		snprintf(c->torn_why, sizeof c->torn_why, "%s", line->why);
	}
}

/* The one final record of its pair, or a complaint about the second one. */
static bool is_first_final(struct wm_pairs *pairs, const struct wm_line *line, struct complaints *c) {
	struct wm_pair *pair = wm_pairs_at(pairs, line->case_id, line->replicate);
	if (pair->final_line) {
		char why[160];
		snprintf(why, sizeof why, "a second final record of case %016llx, replicate %d; the first is on line %ld",
		         (unsigned long long)line->case_id, line->replicate, pair->final_line);
		complain(c, 1, line->number, why);
		return false;
	}
	pair->final_line = line->number;
	return true;
}

struct walk {
	struct wm_reader *reader;
	enum wm_status (*fn)(void *arg, const json_t *record, const char *line, size_t bytes);
	void *arg;
	struct wm_pairs pairs;
	struct complaints complaints;
};

static enum wm_status take_line(void *arg, const struct wm_line *line) {
	struct walk *walk = arg;
	struct complaints *c = &walk->complaints;
	if (line->kind == WM_LINE_BROKEN) {
		note_torn(c, line);
		return WM_OK;
	}
	settle_torn(c, line);
	walk->reader->line = line->number;
	if (line->kind == WM_LINE_FOREIGN)
		complain(c, 1, line->number, line->why);
	else if (line->kind == WM_LINE_FINAL && is_first_final(&walk->pairs, line, c))
		return walk->fn(walk->arg, line->json, line->text, line->bytes);
	return WM_OK;
}

enum wm_status wm_reader_each(struct wm_reader *reader,
                              enum wm_status (*fn)(void *arg, const json_t *record, const char *line, size_t bytes),
                              void *arg) {
	struct walk walk = {.reader = reader, .fn = fn, .arg = arg};
	enum wm_status st = wm_lines_each(&reader->lines, take_line, &walk);
	settle_torn(&walk.complaints, NULL);
	wm_pairs_free(&walk.pairs);
	return st || !walk.complaints.count ? st : fail_lines(reader->path, &walk.complaints);
}
