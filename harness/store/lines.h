/* SPDX-License-Identifier: Apache-2.0 */
/* lines.h - records.jsonl line by line: the one place that says what a line is. Private to the store. */
#ifndef WM_LINES_H
#define WM_LINES_H

#include "core/wm.h"

#include <jansson.h>

/* A records.jsonl in memory, read only; released by wm_lines_close. */
struct wm_lines {
	char *text; /* mapped; NULL for an empty file */
	size_t bytes;
	size_t next; /* where the next line starts */
	long number; /* of the line given last, from 1 */
};

enum wm_line_kind {
	WM_LINE_FINAL, /* the final record of a (case, replicate) */
	WM_LINE_BEGIN,
	WM_LINE_INTERRUPTED,
	WM_LINE_RESUME,
	WM_LINE_BROKEN, /* no JSON object: torn by a kill, or damaged */
	WM_LINE_FOREIGN /* JSON, but no line that this program writes or can read */
};

struct wm_line {
	enum wm_line_kind kind;
	const char *text; /* into the mapping, without the newline */
	size_t bytes;
	long number;      /* from 1 */
	bool whole;       /* it ends in a newline */
	json_t *json;     /* parsed; NULL when broken. Owned by the line */
	uint64_t case_id; /* final, begin, interrupted */
	int replicate;
	long torn_line; /* resume: first of the broken lines just before it; 0 = none */
	char why[160];  /* broken, foreign: what is wrong */
};

/* Maps what fd, open for reading, holds now. path is for the message. WM_FAILED + cause. */
enum wm_status wm_lines_map(int fd, const char *path, struct wm_lines *lines_p);
void wm_lines_close(struct wm_lines *lines);
/* The next line; false at the end. Releases what *line held: start from {0} and end with wm_line_release. */
bool wm_lines_next(struct wm_lines *lines, struct wm_line *line);
void wm_line_release(struct wm_line *line);

/* run.json of the bundle in folder dir_fd, checked for its schema. New reference. WM_INPUT + what is wrong. */
enum wm_status wm_run_load(int dir_fd, const char *path, json_t **run_p);

/* What the folder dir_fd holds of a run. */
enum wm_trace {
	WM_TRACE_NONE,      /* no records.jsonl */
	WM_TRACE_LIVE,      /* another process is writing it */
	WM_TRACE_STILLBORN, /* it died before it wrote run.json: nothing ran, nothing can go on */
	WM_TRACE_RUN
};
enum wm_trace wm_run_trace(int dir_fd);

#endif
