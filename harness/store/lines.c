/* SPDX-License-Identifier: Apache-2.0 */
#include "lines.h"

#include "core/cases.h"
#include "pairs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum wm_status wm_lines_map(int fd, const char *path, struct wm_lines *lines_p) {
	struct stat st;
	if (fstat(fd, &st))
		return wm_fail(WM_FAILED, "cannot read %s: %s", path, strerror(errno));
	struct wm_lines lines = {.bytes = (size_t)st.st_size};
	if (lines.bytes) {
		lines.text = mmap(NULL, lines.bytes, PROT_READ, MAP_SHARED, fd, 0);
		if (lines.text == MAP_FAILED)
			return wm_fail(WM_FAILED, "cannot map %s: %s", path, strerror(errno));
	}
	*lines_p = lines;
	return WM_OK;
}

void wm_lines_close(struct wm_lines *lines) {
	if (lines->text)
		munmap(lines->text, lines->bytes);
	*lines = (struct wm_lines){0};
}

/* Foreign, for that reason. */
static void refuse(struct wm_line *line, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void refuse(struct wm_line *line, const char *fmt, ...) {
	va_list args;
	va_start(args, fmt);
	vsnprintf(line->why, sizeof line->why, fmt, args);
	va_end(args);
	line->kind = WM_LINE_FOREIGN;
}

/* Reads the case id under key and the replicate. */
static bool take_pair(struct wm_line *line, const char *key) {
	const char *id = json_string_value(json_object_get(line->json, key));
	if (!id || !wm_case_id_parse(id, &line->case_id)) {
		refuse(line, "\"%s\" is not a case id of 16 hex digits", key);
		return false;
	}
	const json_t *replicate = json_object_get(line->json, "replicate");
	json_int_t n = json_integer_value(replicate);
	if (!json_is_integer(replicate) || n < 0 || n >= INT_MAX) {
		refuse(line, "\"replicate\" is not a number from 0");
		return false;
	}
	line->replicate = (int)n;
	return true;
}

static void take_mark(struct wm_line *line, enum wm_line_kind kind, const char *key) {
	if (take_pair(line, key))
		line->kind = kind;
}

static void take_resume(struct wm_line *line) {
	const json_t *torn = json_object_get(line->json, "torn_line");
	line->torn_line = (long)json_integer_value(torn);
	line->kind = WM_LINE_RESUME;
	if (torn && !json_is_null(torn) && line->torn_line < 1)
		refuse(line, "\"torn_line\" is neither a line number nor null");
}

/* The fields that make a line a record: without them it can neither be joined nor shown. */
static void take_final(struct wm_line *line) {
	static const char *const texts[] = {"bench", "problem", "impl", "backend", "device", "status"};
	const json_t *schema = json_object_get(line->json, "schema");
	if (!json_is_integer(schema)) {
		refuse(line, "neither a record (no \"schema\") nor a mark");
		return;
	}
	if (json_integer_value(schema) > WM_SCHEMA) {
		refuse(line, "schema %lld is newer than %d, the newest that this program reads",
		       (long long)json_integer_value(schema), WM_SCHEMA);
		return;
	}
	const char *method = json_string_value(json_object_get(line->json, "method"));
	if (!method || strtol(method, NULL, 10) != WM_METHOD_MAJOR) {
		refuse(line, "method \"%.20s\" is not comparable with this program's, %s", method ? method : "", WM_METHOD);
		return;
	}
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!json_is_string(json_object_get(line->json, texts[i]))) {
			refuse(line, "a record without \"%s\"", texts[i]);
			return;
		}
	const char *status = json_string_value(json_object_get(line->json, "status"));
	if (wm_status_parse(status) == WM_STATUSES) {
		refuse(line, "unknown status \"%.40s\"", status);
		return;
	}
	if (take_pair(line, "case"))
		line->kind = WM_LINE_FINAL;
}

static void classify(struct wm_line *line) {
	json_error_t error;
	line->json = json_loadb(line->text, line->bytes, 0, &error);
	if (!json_is_object(line->json)) {
		line->kind = WM_LINE_BROKEN;
		if (!line->bytes)
			snprintf(line->why, sizeof line->why, "an empty line");
		else if (!line->whole)
			snprintf(line->why, sizeof line->why, "torn: the run died while it wrote this line");
		else if (line->json)
			snprintf(line->why, sizeof line->why, "not a JSON object");
		else
			snprintf(line->why, sizeof line->why, "not JSON at byte %d of the line: %.80s", error.position, error.text);
	} else if (json_object_get(line->json, "begin")) {
		take_mark(line, WM_LINE_BEGIN, "begin");
	} else if (json_object_get(line->json, "interrupted")) {
		take_mark(line, WM_LINE_INTERRUPTED, "interrupted");
	} else if (json_object_get(line->json, "resume")) {
		take_resume(line);
	} else {
		take_final(line);
	}
}

bool wm_lines_next(struct wm_lines *lines, struct wm_line *line) {
	wm_line_release(line);
	if (lines->next >= lines->bytes)
		return false;
	const char *text = lines->text + lines->next;
	size_t left = lines->bytes - lines->next;
	const char *end = memchr(text, '\n', left);
	*line = (struct wm_line){
		.text = text, .bytes = end ? (size_t)(end - text) : left, .whole = end != NULL, .number = ++lines->number};
	lines->next += line->bytes + 1;
	classify(line);
	return true;
}

void wm_line_release(struct wm_line *line) {
	json_decref(line->json);
	line->json = NULL;
}

enum wm_trace wm_run_trace(int dir_fd) {
	int fd = openat(dir_fd, "records.jsonl", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return WM_TRACE_NONE;
	bool is_live = flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
	close(fd);
	if (is_live)
		return WM_TRACE_LIVE;
	return faccessat(dir_fd, "run.json", F_OK, 0) ? WM_TRACE_STILLBORN : WM_TRACE_RUN;
}

/* Why there is no run.json. */
static enum wm_status fail_without_run(int dir_fd, const char *path) {
	switch (wm_run_trace(dir_fd)) {
	case WM_TRACE_LIVE: return wm_fail(WM_INPUT, "the run of %s is only beginning", path);
	case WM_TRACE_STILLBORN: return wm_fail(WM_INPUT, "the run of %s died before it began: remove that folder", path);
	default: return wm_fail(WM_INPUT, "%s is not a bundle: it has no run.json", path);
	}
}

enum wm_status wm_run_load(int dir_fd, const char *path, json_t **run_p) {
	int fd = openat(dir_fd, "run.json", O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return fail_without_run(dir_fd, path);
	if (fd < 0)
		return wm_fail(WM_INPUT, "cannot read %s/run.json: %s", path, strerror(errno));
	json_error_t error;
	json_t *run = json_loadfd(fd, 0, &error);
	close(fd);
	if (!json_is_object(run)) {
		json_decref(run);
		return wm_fail(WM_INPUT, "%s/run.json:%d: %s", path, run ? 1 : error.line, run ? "not an object" : error.text);
	}
	const json_t *schema = json_object_get(run, "schema");
	if (!json_is_integer(schema) || json_integer_value(schema) > WM_SCHEMA) {
		enum wm_status st =
			json_is_integer(schema)
				? wm_fail(WM_INPUT, "%s/run.json: schema %lld is newer than %d, the newest that this program reads",
		                  path, (long long)json_integer_value(schema), WM_SCHEMA)
				: wm_fail(WM_INPUT, "%s/run.json has no \"schema\": not a bundle of wattmark", path);
		json_decref(run);
		return st;
	}
	*run_p = run;
	return WM_OK;
}
