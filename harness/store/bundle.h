/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.h - the folder that one run leaves behind: written once, line by line, and readable after any kill.
 * Files and fields: results/README.md. Private to the harness.
 */
#ifndef WM_BUNDLE_H
#define WM_BUNDLE_H

#include "core/wm.h"

#include <jansson.h>

/* ---- writing ---- */

struct wm_bundle; /* an open bundle; one writer at a time (a flock on records.jsonl) */

/* Makes the folder (path, or results/runs/UTC-HOST-SUITE-xxxx when NULL). WM_INPUT: it exists and is not empty, or
 * cannot be written (names path and cause, and what would help with the run that it holds). */
enum wm_status wm_bundle_create(const char *path, const char *suite, struct wm_bundle **bundle_p);
void wm_bundle_close(struct wm_bundle *bundle);
const char *wm_bundle_path(const struct wm_bundle *bundle);
const char *wm_bundle_run_id(const struct wm_bundle *bundle); /* the folder's name */
/* A whole file, through a temporary one and rename. */
enum wm_status wm_bundle_put_text(struct wm_bundle *bundle, const char *name, const char *text);
enum wm_status wm_bundle_put_json(struct wm_bundle *bundle, const char *name, const json_t *value);
/* Opens the file NAME for appending (worker.log) and returns the descriptor, close-on-exec. */
enum wm_status wm_bundle_append_fd(struct wm_bundle *bundle, const char *name, int *fd_p);

/* Marks of records.jsonl; each is one line, written with one write. */
enum wm_status wm_bundle_begin(struct wm_bundle *bundle, const char *case_id, int replicate);
enum wm_status wm_bundle_interrupted(struct wm_bundle *bundle, const char *case_id, int replicate);
/* The final record of a (case, replicate): appends n samples (seconds per operation) to samples.f64 first, then
 * the record with "samples": {"offset": doubles, "count": n} added. Borrows record. */
enum wm_status wm_bundle_record(struct wm_bundle *bundle, json_t *record, const double *samples, size_t n);

/* Opens an existing bundle to go on: mends a last line without newline by ending it, pads samples.f64 to whole
 * doubles, adds a {"resume": segment} mark that names the first of the torn lines at the end, if there are any.
 * *run_p is run.json (new reference). */
enum wm_status wm_bundle_resume(const char *path, int segment, struct wm_bundle **bundle_p, json_t **run_p);
/* Of a resumed bundle, what is known of (case, replicate): has it a final record; how many begins without an end
 * (deaths; interruptions do not count). */
bool wm_bundle_is_final(const struct wm_bundle *bundle, const char *case_id, int replicate);
int wm_bundle_deaths(const struct wm_bundle *bundle, const char *case_id, int replicate);

/* ---- reading ---- */

/*
 * Calls fn for every final record of records.jsonl, in file order and one at a time, but not always from the same
 * thread, with its line (text, length; valid during the reader's life) and its parsed form (borrowed). Lines that are
 * no record are passed over, and reported at the end: WM_INPUT with "FILE:LINE: what is wrong" for the first and the
 * line numbers of the rest (at most 20, then how many more), after all that can be read was read. Torn lines that a
 * resume mark names are expected and not reported. A newer schema or another method major is named as foreign.
 */
struct wm_reader;
enum wm_status wm_reader_open(const char *path, struct wm_reader **reader_p);
void wm_reader_close(struct wm_reader *reader);
const json_t *wm_reader_run(const struct wm_reader *reader); /* run.json */
long wm_reader_line(const struct wm_reader *reader);         /* within fn: number of its line, from 1 */
enum wm_status wm_reader_each(struct wm_reader *reader,
                              enum wm_status (*fn)(void *arg, const json_t *record, const char *line, size_t bytes),
                              void *arg);

#endif
