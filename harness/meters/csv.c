/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv.c - a file that a logger writes, with a time stamp a line: the newest whole line is the reading. Each look reads
 * the first line (names of columns: time, and watts or joules or both) and the end of the file anew, so that it may
 * grow, be written anew, or be replaced.
 */
#include "setup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define METER "csv"
/* UNIX seconds lie in 2001 to 5138; milliseconds do not. */
#define LEAST_UNIX_S 1e9
#define MOST_UNIX_S 1e11
#define MOST_AHEAD_S 1.0 /* and a refresh, of this machine's clock */
enum { CHUNK = 4096, FIELD = 64 };

/* Which field of a line is what (-1: there is none), and how many fields a line has. */
struct columns {
	int time, watts, joules, n;
};

/* An open file of a logger. */
struct logger {
	char path[sizeof(((struct wm_source *)0)->where)];
	bool any;     /* something was read */
	double stamp; /* of the last line that was read */
	struct wm_reading last;
};

/* ---- text --------------------------------------------------------------------------------------------------- */

/* The comma or the 0 byte behind the field that begins there; NULL: a quote lacks its other one. A comma between quotes
 * is text (RFC 4180). */
static const char *end_of_field(const char *at) {
	bool quoted = false;

	for (; *at && (quoted || *at != ','); at++)
		if (*at == '"')
			quoted = !quoted;
	return quoted ? NULL : at;
}

/* 0: a quote lacks its other one. */
static int count_fields(const char *line) {
	for (int n = 1;; n++) {
		const char *end = end_of_field(line);

		if (!end || !*end)
			return end ? n : 0;
		line = end + 1;
	}
}

/* Field i of a line that has it, without blanks and quotes around it; false: it is too long. */
static bool field(const char *line, int i, char out[FIELD]) {
	const char *end;

	for (; i > 0; i--)
		line = end_of_field(line) + 1;
	end = end_of_field(line);
	while (line < end && strchr(" \t\"", *line))
		line++;
	while (end > line && strchr(" \t\r\"", end[-1]))
		end--;
	return (size_t)snprintf(out, FIELD, "%.*s", (int)(end - line), line) < FIELD;
}

/* Is it the column of that name? */
static enum wm_status take_column(const char *path, const char *text, int i, const char *name, int *column) {
	char here[FIELD];

	if (!field(text, i, here) || strcasecmp(here, name) != 0)
		return WM_OK;
	if (*column >= 0)
		return wm_fail(WM_FAILED, "%s: its first line names the column %s twice", path, name);
	*column = i;
	return WM_OK;
}

static enum wm_status read_header(const char *path, char *text, struct columns *columns_p) {
	struct columns c = {-1, -1, -1, 0};
	char *end = strchr(text, '\n');
	enum wm_status st = WM_OK;

	if (!end)
		return wm_fail(WM_SKIP, "%s: it has no whole first line yet", path);
	*end = '\0';
	c.n = count_fields(text);
	for (int i = 0; i < c.n && st == WM_OK; i++) {
		st = take_column(path, text, i, "time", &c.time);
		if (st == WM_OK)
			st = take_column(path, text, i, "watts", &c.watts);
		if (st == WM_OK)
			st = take_column(path, text, i, "joules", &c.joules);
	}
	*end = '\n';
	if (st != WM_OK)
		return st;
	if (c.n == 0)
		return wm_fail(WM_FAILED, "%s: its first line has a quote without its other one", path);
	if (c.time < 0)
		return wm_fail(WM_FAILED, "%s: its first line names no column time", path);
	if (c.watts < 0 && c.joules < 0)
		return wm_fail(WM_FAILED, "%s: its first line names no column watts or joules", path);
	*columns_p = c;
	return WM_OK;
}

/* "2026-03-01T12:00:00.5Z" as UNIX seconds; ' ' may stand for T and +00:00 for Z. Another zone, or none, is refused. */
static bool parse_iso(const char *text, double *unix_p) {
	struct tm t = {.tm_isdst = 0};
	char between;
	double seconds;
	int used = 0;

	if (sscanf(text, "%4d-%2d-%2d%c%2d:%2d:%lf%n", &t.tm_year, &t.tm_mon, &t.tm_mday, &between, &t.tm_hour, &t.tm_min,
	           &seconds, &used) != 7)
		return false;
	if (between != 'T' && between != ' ')
		return false;
	if (t.tm_mon < 1 || t.tm_mon > 12 || t.tm_mday < 1 || t.tm_mday > 31 || t.tm_hour < 0 || t.tm_hour > 23 ||
	    t.tm_min < 0 || t.tm_min > 59 || !(seconds >= 0 && seconds < 61))
		return false;
	if (strcmp(text + used, "Z") != 0 && strcmp(text + used, "+00:00") != 0)
		return false;
	t.tm_year -= 1900;
	t.tm_mon--;
	*unix_p = (double)timegm(&t) + seconds;
	return true;
}

static bool parse_time(const char *text, double *unix_p) {
	double value;

	if (!wm_meter_number(text, &value))
		return parse_iso(text, unix_p);
	if (value < LEAST_UNIX_S || value > MOST_UNIX_S)
		return false;
	*unix_p = value;
	return true;
}

/* A column's number; NAN where the file has no such column. */
static enum wm_status number(const char *path, const char *line, int column, const char *name, double *value_p) {
	char text[FIELD];

	*value_p = NAN;
	if (column < 0)
		return WM_OK;
	if (!field(line, column, text))
		return wm_fail(WM_FAILED, "%s: its newest %s is over %d letters", path, name, FIELD - 1);
	return wm_meter_number(text, value_p) ? WM_OK
	                                      : wm_fail(WM_FAILED, "%s: its newest %s '%s' is no number", path, name, text);
}

static enum wm_status read_line(const char *path, const char *line, const struct columns *c, double *stamp_p,
                                struct wm_reading *reading_p) {
	struct wm_reading r = wm_no_reading();
	char text[FIELD];
	int n = count_fields(line);
	enum wm_status st;

	if (n == 0)
		return wm_fail(WM_FAILED, "%s: its newest line has a quote without its other one", path);
	/* most often the comma of a decimal fraction: what stands before it is no value */
	if (n != c->n)
		return wm_fail(WM_FAILED, "%s: its newest line has %d field%s, its first line %d", path, n, n == 1 ? "" : "s",
		               c->n);
	if (!field(line, c->time, text))
		return wm_fail(WM_FAILED, "%s: its newest time is over %d letters", path, FIELD - 1);
	if (!parse_time(text, stamp_p))
		return wm_fail(WM_FAILED, "%s: its newest time '%s' is neither UNIX seconds nor like 2026-03-01T12:00:00Z",
		               path, text);
	st = number(path, line, c->watts, "watts", &r.watts);
	if (st == WM_OK)
		st = number(path, line, c->joules, "joules", &r.joules);
	if (st == WM_OK)
		*reading_p = r;
	return st;
}

/* ---- the file ----------------------------------------------------------------------------------------------- */

/* Reads at most CHUNK - 1 bytes from there; text ends in a 0 byte. */
static enum wm_status read_at(const char *path, int fd, off_t at, char text[CHUNK]) {
	size_t used = 0;
	ssize_t n = 0;

	while (used < CHUNK - 1 && (n = pread(fd, text + used, CHUNK - 1 - used, at + (off_t)used)) > 0)
		used += (size_t)n;
	text[used] = '\0';
	if (n < 0)
		return wm_fail(WM_FAILED, "%s: %s", path, strerror(errno));
	return strlen(text) == used ? WM_OK : wm_fail(WM_FAILED, "%s: it holds a 0 byte", path);
}

/* The last line that is whole and not empty, in place; at: where text begins in the file. WM_SKIP: only the header is
 * there, or not even that. */
static enum wm_status last_line(const char *path, char *text, off_t at, char **line_p) {
	char *end = strrchr(text, '\n'), *line;

	while (end && end > text && isspace((unsigned char)end[-1]))
		end--;
	if (end)
		*end = '\0';
	line = end ? strrchr(text, '\n') : NULL;
	if (line) {
		*line_p = line + 1;
		return WM_OK;
	}
	return at > 0 ? wm_fail(WM_FAILED, "%s: its last line is over %d bytes", path, CHUNK - 2)
	              : wm_fail(WM_SKIP, "%s: it holds no line of numbers yet", path);
}

static enum wm_status read_newest(const char *path, int fd, struct columns *columns_p, double *stamp_p,
                                  struct wm_reading *reading_p) {
	char text[CHUNK], *line = NULL;
	struct stat info;
	off_t at;
	enum wm_status st = read_at(path, fd, 0, text);

	if (st == WM_OK)
		st = read_header(path, text, columns_p);
	if (st == WM_OK && fstat(fd, &info) < 0)
		st = wm_fail(WM_FAILED, "%s: %s", path, strerror(errno));
	if (st != WM_OK)
		return st;
	at = info.st_size > CHUNK - 1 ? info.st_size - (CHUNK - 1) : 0;
	st = read_at(path, fd, at, text);
	if (st == WM_OK)
		st = last_line(path, text, at, &line);
	return st == WM_OK ? read_line(path, line, columns_p, stamp_p, reading_p) : st;
}

/* ---- clocks ------------------------------------------------------------------------------------------------- */

/* UNIX seconds as seconds of the monotonic clock, by the distance of the two clocks now. */
static double monotonic_of(double unix_s) {
	struct timespec t;
	double before = wm_now(), now;

	clock_gettime(CLOCK_REALTIME, &t);
	now = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
	return (before + wm_now()) / 2 - (now - unix_s);
}

/* A line that is old, or not yet true, tells nothing of now. */
static enum wm_status check_age(const struct wm_source *source, const char *path, const struct wm_reading *r) {
	double age = wm_now() - r->own_s;

	if (age > wm_meter_stale_s(source))
		return wm_fail(WM_FAILED, "%s: its newest line is %.3g s old", path, age);
	if (-age > MOST_AHEAD_S + source->refresh_s)
		return wm_fail(WM_FAILED, "%s: its newest line is %.3g s ahead of this machine's clock", path, -age);
	return WM_OK;
}

/* ---- the meter ---------------------------------------------------------------------------------------------- */

/* A file that is being written anew may be empty for a moment: the line before it holds until it is too old. */
static enum wm_status read_logger(const struct wm_source *source, struct logger *log, struct columns *columns_p,
                                  struct wm_reading *reading_p) {
	struct wm_reading r;
	double stamp = NAN;
	int fd = open(log->path, O_RDONLY | O_CLOEXEC);
	enum wm_status st;

	if (fd < 0)
		return wm_fail(WM_FAILED, "%s: %s", log->path, strerror(errno));
	st = read_newest(log->path, fd, columns_p, &stamp, &r);
	close(fd);
	if (st == WM_SKIP && log->any)
		st = WM_OK;
	else if (st == WM_OK) {
		r.own_s = log->any && stamp == log->stamp ? log->last.own_s : monotonic_of(stamp);
		log->last = r;
		log->stamp = stamp;
		log->any = true;
	}
	if (st == WM_OK)
		st = check_age(source, log->path, &log->last);
	if (st == WM_OK)
		*reading_p = log->last;
	return st == WM_SKIP ? WM_FAILED : st;
}

static enum wm_status look(const struct wm_meter_entry *entry, struct wm_source *source) {
	struct columns columns = {-1, -1, -1, 0};
	struct logger log = {.any = false};
	struct wm_reading unused;
	enum wm_status st;

	snprintf(log.path, sizeof(log.path), "%s", entry->file);
	snprintf(source->where, sizeof(source->where), "%s", entry->file);
	st = read_logger(source, &log, &columns, &unused);
	source->kind = columns.joules >= 0 ? WM_COUNTER : WM_POWER;
	snprintf(source->word, sizeof(source->word), "column %s", columns.joules >= 0 ? "joules" : "watts");
	return st;
}

static enum wm_status find(const struct wm_meter_setup *setup, struct wm_source *sources, int max, int *n_p) {
	return wm_meter_find_named(setup, METER, look, sources, max, n_p);
}

static enum wm_status open_logger(const struct wm_meter_setup *setup, struct wm_source *source) {
	struct logger *log = wm_zalloc(sizeof(*log));
	struct columns columns;
	struct wm_reading unused;
	enum wm_status st;

	(void)setup;
	memcpy(log->path, source->where, sizeof(log->path));
	st = read_logger(source, log, &columns, &unused);
	if (st == WM_OK)
		source->priv = log;
	else
		free(log);
	return st;
}

static enum wm_status read_source(struct wm_source *source, struct wm_reading *reading_p) {
	struct columns columns;

	return read_logger(source, source->priv, &columns, reading_p);
}

static void close_logger(struct wm_source *source) {
	free(source->priv);
	source->priv = NULL;
}

const struct wm_meter wm_meter_csv = {
	.name = METER,
	.about = "a logger's file with times and watts or joules, named in the file of meters",
	.named = true,
	.find = find,
	.open = open_logger,
	.read = read_source,
	.close = close_logger,
};
