/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.c - writes a bundle, line by line; see bundle.h. A kill at any moment leaves at most one torn line at the
 * end of records.jsonl, because every line goes out in one write(2) in append mode. The lock is a flock on
 * records.jsonl itself: it ends with the process, however that ends.
 */
#include "bundle.h"
#include "lines.h"
#include "pairs.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

struct wm_bundle {
	char *path;
	char *run_id;              /* last part of the path */
	int dir, records, samples; /* descriptors */
	uint64_t sample_count;     /* doubles in samples.f64 */
	struct wm_pairs pairs;
};

/* ---- names and folders -------------------------------------------------------------------------------------- */

/* Letters, digits and '_' of text; anything else becomes '-'. Stops at room - 1 letters or at the letter `end`. */
static void plain_word(const char *text, char end, char *out, size_t room) {
	size_t n = 0;
	for (; text[n] && text[n] != end && n + 1 < room; n++) {
		bool plain = (text[n] >= '0' && text[n] <= '9') || (text[n] >= 'a' && text[n] <= 'z') ||
		             (text[n] >= 'A' && text[n] <= 'Z') || text[n] == '_';
		out[n] = (char)(plain ? text[n] : '-');
	}
	out[n] = 0;
}

/* results/runs/UTC-HOST-SUITE-xxxx: readable, sorted by time, and unique enough to be made without asking. */
static void default_path(const char *suite, char out[PATH_MAX]) {
	char when[32], host[33], word[33];
	struct utsname uts;
	struct tm tm;
	time_t now = time(NULL);
	unsigned short tail = 0;
	if (getrandom(&tail, sizeof tail, 0) != sizeof tail)
		tail = (unsigned short)getpid();
	strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	plain_word(uname(&uts) ? "unknown" : uts.nodename, '.', host, sizeof host);
	plain_word(suite, 0, word, sizeof word);
	snprintf(out, PATH_MAX, "results/runs/%s-%s-%s-%04x", when, host, word, tail);
}

/* mkdir -p. An existing folder is good. */
static enum wm_status make_folders(const char *path) {
	char *part = strdup(path);
	enum wm_status st = WM_OK;
	for (char *slash = part + 1; !st && slash[-1]; slash++) {
		if (*slash && *slash != '/')
			continue;
		char was = *slash;
		*slash = 0;
		if (mkdir(part, 0777) && errno != EEXIST)
			st = wm_fail(WM_INPUT, "cannot make folder %s: %s", part, strerror(errno));
		*slash = was;
		if (!was)
			break;
	}
	free(part);
	return st;
}

/* Whether the folder holds nothing. */
static bool is_empty(int dir) {
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	if (!list) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	int entries = 0;
	for (struct dirent *entry; (entry = readdir(list));)
		entries += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(list);
	return !entries;
}

/* ---- opening and closing ------------------------------------------------------------------------------------ */

static struct wm_bundle *new_bundle(const char *path) {
	struct wm_bundle *bundle = wm_zalloc(sizeof *bundle);
	bundle->path = strdup(path);
	for (size_t n = strlen(bundle->path); n > 1 && bundle->path[n - 1] == '/'; n--)
		bundle->path[n - 1] = 0;
	bundle->dir = bundle->records = bundle->samples = -1;
	return bundle;
}

static void close_fd(int fd) {
	if (fd >= 0)
		close(fd);
}

void wm_bundle_close(struct wm_bundle *bundle) {
	if (!bundle)
		return;
	close_fd(bundle->records);
	close_fd(bundle->samples);
	close_fd(bundle->dir);
	wm_pairs_free(&bundle->pairs);
	free(bundle->path);
	free(bundle->run_id);
	free(bundle);
}

const char *wm_bundle_path(const struct wm_bundle *bundle) {
	return bundle->path;
}

const char *wm_bundle_run_id(const struct wm_bundle *bundle) {
	return bundle->run_id;
}

static enum wm_status cannot(const struct wm_bundle *bundle, const char *verb, const char *name) {
	return wm_fail(WM_INPUT, "cannot %s %s/%s: %s", verb, bundle->path, name, strerror(errno));
}

/* Opens the folder and names the run after it, also where the path says "." or ends in "..". */
static enum wm_status open_folder(struct wm_bundle *bundle) {
	bundle->dir = open(bundle->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *real = bundle->dir < 0 ? NULL : realpath(bundle->path, NULL);
	if (!real)
		return wm_fail(WM_INPUT, "cannot open folder %s: %s", bundle->path, strerror(errno));
	bundle->run_id = strdup(strrchr(real, '/') + 1);
	free(real);
	return WM_OK;
}

/* Opens records.jsonl, takes the lock that goes with it, then opens samples.f64. */
static enum wm_status open_files(struct wm_bundle *bundle, int records_flags) {
	bundle->records = openat(bundle->dir, "records.jsonl", O_RDWR | O_APPEND | O_CLOEXEC | records_flags, 0666);
	if (bundle->records < 0)
		return cannot(bundle, "write", "records.jsonl");
	if (flock(bundle->records, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? wm_fail(WM_INPUT, "%s is being written by another run", bundle->path)
		                            : cannot(bundle, "lock", "records.jsonl");
	bundle->samples = openat(bundle->dir, "samples.f64", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	return bundle->samples < 0 ? cannot(bundle, "write", "samples.f64") : WM_OK;
}

/* Why a folder that holds something cannot become a new bundle: another run may be at it right now. */
static enum wm_status refuse_full(struct wm_bundle *bundle) {
	const char *path = bundle->path;
	switch (wm_run_trace(bundle->dir)) {
	case WM_TRACE_LIVE: return wm_fail(WM_INPUT, "%s is being written by another run", path);
	case WM_TRACE_STILLBORN:
		return wm_fail(WM_INPUT, "%s holds a run that died before it began: remove that folder, or name a new one",
		               path);
	case WM_TRACE_RUN:
		return wm_fail(WM_INPUT, "%s holds a run already: name a new folder, or go on with --resume %s", path, path);
	default: return wm_fail(WM_INPUT, "%s exists and is not empty: name a new folder", path);
	}
}

enum wm_status wm_bundle_create(const char *path, const char *suite, struct wm_bundle **bundle_p) {
	char made[PATH_MAX];
	if (!path)
		default_path(suite, made);
	struct wm_bundle *bundle = new_bundle(path ? path : made);
	enum wm_status st = make_folders(bundle->path);
	if (!st)
		st = open_folder(bundle);
	if (!st && !is_empty(bundle->dir))
		st = refuse_full(bundle);
	else if (!st)
		st = open_files(bundle, O_CREAT | O_EXCL);
	if (st) {
		wm_bundle_close(bundle);
		return st;
	}
	*bundle_p = bundle;
	return WM_OK;
}

/* ---- writing ------------------------------------------------------------------------------------------------ */

/* Appends all bytes, normally in one write(2). What a failure left is cut off again, so that no torn line stays. */
static enum wm_status append(const struct wm_bundle *bundle, int fd, const char *name, const void *data, size_t bytes) {
	struct stat before;
	if (fstat(fd, &before))
		return wm_fail(WM_FAILED, "cannot write %s/%s: %s", bundle->path, name, strerror(errno));
	for (size_t done = 0; done < bytes;) {
		ssize_t n = write(fd, (const char *)data + done, bytes - done);
		if (n > 0) {
			done += (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			enum wm_status st = wm_fail(WM_FAILED, "cannot write %s/%s: %s", bundle->path, name, strerror(errno));
			if (done && ftruncate(fd, before.st_size))
				return wm_fail(WM_FAILED, "cannot write %s/%s, nor cut off the part line: %s", bundle->path, name,
				               strerror(errno));
			return st;
		}
	}
	return WM_OK;
}

static enum wm_status append_line(const struct wm_bundle *bundle, const char *line) {
	return append(bundle, bundle->records, "records.jsonl", line, strlen(line));
}

enum wm_status wm_bundle_put_text(struct wm_bundle *bundle, const char *name, const char *text) {
	char temporary[NAME_MAX + 8];
	snprintf(temporary, sizeof temporary, "%s.tmp", name);
	int fd = openat(bundle->dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return cannot(bundle, "write", temporary);
	enum wm_status st = append(bundle, fd, temporary, text, strlen(text));
	/* Without it a power cut after the rename can leave an empty file under the final name. */
	if (!st && fsync(fd))
		st = cannot(bundle, "write", temporary);
	close(fd);
	if (!st && renameat(bundle->dir, temporary, bundle->dir, name))
		st = cannot(bundle, "write", name);
	if (st)
		unlinkat(bundle->dir, temporary, 0);
	return st;
}

enum wm_status wm_bundle_put_json(struct wm_bundle *bundle, const char *name, const json_t *value) {
	char *text = json_dumps(value, JSON_INDENT(1));
	if (!text)
		return wm_fail(WM_FAILED, "%s/%s: not a JSON object or array", bundle->path, name);
	enum wm_status st = wm_bundle_put_text(bundle, name, text);
	free(text);
	return st;
}

enum wm_status wm_bundle_append_fd(struct wm_bundle *bundle, const char *name, int *fd_p) {
	int fd = openat(bundle->dir, name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return cannot(bundle, "write", name);
	*fd_p = fd;
	return WM_OK;
}

/* The entry of a pair that may still be written, or NULL with the cause kept, which is a programming error. */
static struct wm_pair *open_pair(struct wm_bundle *bundle, const char *case_id, int replicate) {
	uint64_t id;
	if (!case_id || !wm_case_id_parse(case_id, &id) || replicate < 0) {
		wm_fail(WM_FAILED, "case \"%s\", replicate %d: not 16 hex digits and a number from 0", case_id ? case_id : "",
		        replicate);
		return NULL;
	}
	struct wm_pair *pair = wm_pairs_at(&bundle->pairs, id, replicate);
	if (!pair->final_line)
		return pair;
	wm_fail(WM_FAILED, "case %s, replicate %d has its final record already", case_id, replicate);
	return NULL;
}

static enum wm_status put_mark(struct wm_bundle *bundle, const char *mark, const char *case_id, int replicate) {
	if (!open_pair(bundle, case_id, replicate))
		return WM_FAILED;
	char line[96];
	snprintf(line, sizeof line, "{\"%s\":\"%s\",\"replicate\":%d}\n", mark, case_id, replicate);
	return append_line(bundle, line);
}

enum wm_status wm_bundle_begin(struct wm_bundle *bundle, const char *case_id, int replicate) {
	return put_mark(bundle, "begin", case_id, replicate);
}

enum wm_status wm_bundle_interrupted(struct wm_bundle *bundle, const char *case_id, int replicate) {
	return put_mark(bundle, "interrupted", case_id, replicate);
}

/* Appends n doubles, little endian on every machine, and says where they start. */
static enum wm_status append_samples(struct wm_bundle *bundle, const double *samples, size_t n, uint64_t *offset_p) {
	uint64_t *bits = wm_zalloc(n * sizeof *bits + 1);
	memcpy(bits, samples ? (const void *)samples : (const void *)bits, n * sizeof *bits);
	for (size_t i = 0; i < n; i++)
		bits[i] = htole64(bits[i]);
	enum wm_status st = append(bundle, bundle->samples, "samples.f64", bits, n * sizeof *bits);
	free(bits);
	if (st)
		return st;
	*offset_p = bundle->sample_count;
	bundle->sample_count += n;
	return WM_OK;
}

/* One line of text with its newline, so that it can go out in one write. */
static char *dump_line(const json_t *record) {
	size_t bytes = json_dumpb(record, NULL, 0, JSON_COMPACT);
	char *line = wm_zalloc(bytes + 2);
	json_dumpb(record, line, bytes, JSON_COMPACT);
	line[bytes] = '\n';
	return line;
}

enum wm_status wm_bundle_record(struct wm_bundle *bundle, json_t *record, const double *samples, size_t n) {
	const char *case_id = json_string_value(json_object_get(record, "case"));
	const json_t *replicate = json_object_get(record, "replicate");
	uint64_t offset = 0;
	struct wm_pair *pair =
		open_pair(bundle, case_id, json_is_integer(replicate) ? (int)json_integer_value(replicate) : -1);
	if (!pair)
		return WM_FAILED;
	enum wm_status st = append_samples(bundle, samples, n, &offset);
	if (st)
		return st;
	json_object_set_new(record, "samples",
	                    json_pack("{s:I, s:I}", "offset", (json_int_t)offset, "count", (json_int_t)n));
	char *line = dump_line(record);
	st = append_line(bundle, line);
	free(line);
	if (!st)
		pair->final_line = LONG_MAX;
	return st;
}

/* ---- going on ----------------------------------------------------------------------------------------------- */

/* What a resume learns from the lines that are there. */
struct past {
	long torn_line; /* first of the broken lines at the very end, 0 = none */
	bool ends_open; /* the last line has no newline */
};

static void learn_line(struct wm_pairs *pairs, const struct wm_line *line, struct past *past) {
	past->ends_open = !line->whole;
	if (line->kind == WM_LINE_BROKEN) {
		if (!past->torn_line)
			past->torn_line = line->number;
		return;
	}
	past->torn_line = 0;
	if (line->kind != WM_LINE_FINAL && line->kind != WM_LINE_BEGIN && line->kind != WM_LINE_INTERRUPTED)
		return;
	struct wm_pair *pair = wm_pairs_at(pairs, line->case_id, line->replicate);
	pair->begins += line->kind == WM_LINE_BEGIN;
	pair->interruptions += line->kind == WM_LINE_INTERRUPTED;
	if (line->kind == WM_LINE_FINAL)
		pair->final_line = line->number;
}

static enum wm_status learn_past(struct wm_bundle *bundle, struct past *past) {
	struct wm_lines lines;
	struct wm_line line = {0};
	enum wm_status st = wm_lines_map(bundle->records, bundle->path, &lines);
	if (st)
		return st;
	while (wm_lines_next(&lines, &line))
		learn_line(&bundle->pairs, &line, past);
	wm_line_release(&line);
	wm_lines_close(&lines);
	return WM_OK;
}

/* A kill within a write of samples leaves part of a double: no record refers to it, and the next must not start in
 * the middle of one. */
static enum wm_status pad_samples(struct wm_bundle *bundle) {
	static const char zeros[8];
	struct stat st;
	if (fstat(bundle->samples, &st))
		return cannot(bundle, "read", "samples.f64");
	size_t over = (size_t)st.st_size % 8;
	bundle->sample_count = ((uint64_t)st.st_size + 7) / 8;
	return over ? append(bundle, bundle->samples, "samples.f64", zeros, 8 - over) : WM_OK;
}

/* Ends an open last line and adds the resume mark, in one write: a kill in between is mended by the next resume. */
static enum wm_status mend(struct wm_bundle *bundle, int segment, const struct past *past) {
	char line[96], torn[24] = "null";
	if (past->torn_line)
		snprintf(torn, sizeof torn, "%ld", past->torn_line);
	snprintf(line, sizeof line, "%s{\"resume\":%d,\"torn_line\":%s}\n", past->ends_open ? "\n" : "", segment, torn);
	return append_line(bundle, line);
}

enum wm_status wm_bundle_resume(const char *path, int segment, struct wm_bundle **bundle_p, json_t **run_p) {
	struct wm_bundle *bundle = new_bundle(path);
	struct past past = {0};
	json_t *run = NULL;
	enum wm_status st = open_folder(bundle);
	if (!st)
		st = wm_run_load(bundle->dir, bundle->path, &run);
	if (!st)
		st = open_files(bundle, O_CREAT);
	if (!st)
		st = learn_past(bundle, &past);
	if (!st)
		st = pad_samples(bundle);
	if (!st)
		st = mend(bundle, segment, &past);
	if (st) {
		json_decref(run);
		wm_bundle_close(bundle);
		return st;
	}
	*bundle_p = bundle;
	*run_p = run;
	return WM_OK;
}

static const struct wm_pair *known(const struct wm_bundle *bundle, const char *case_id, int replicate) {
	uint64_t id;
	return wm_case_id_parse(case_id, &id) ? wm_pairs_find(&bundle->pairs, id, replicate) : NULL;
}

bool wm_bundle_is_final(const struct wm_bundle *bundle, const char *case_id, int replicate) {
	const struct wm_pair *pair = known(bundle, case_id, replicate);
	return pair && pair->final_line;
}

int wm_bundle_deaths(const struct wm_bundle *bundle, const char *case_id, int replicate) {
	const struct wm_pair *pair = known(bundle, case_id, replicate);
	return pair && !pair->final_line && pair->begins > pair->interruptions ? pair->begins - pair->interruptions : 0;
}
