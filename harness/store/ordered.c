/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ordered.c - every thread does the same: it claims the next stretch of the file, parses it, waits for its turn, gives
 * its lines to the caller, and claims again. Nearly all of the time is Jansson's, and that is spent side by side; see
 * ordered.h.
 */
#include "ordered.h"

#include "core/problem.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Bytes of a stretch: a few lines, so that what Jansson makes of them stays in the core's caches until it is released
 * (64 KiB took a fifth more CPU time). More threads than that would wait for their turns: the part in order is about a
 * fifth. */
enum { STRETCH = 4096, MAX_THREADS = 8 };

struct reading {
	const struct wm_lines *lines;
	enum wm_status (*fn)(void *arg, const struct wm_line *line);
	void *arg;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t next_turn;
	size_t next;        /* where the next stretch starts */
	long claimed, turn; /* stretches claimed so far; whose turn it is, from 0 */
	/* Only touched by the thread whose turn it is. */
	long line_number;
	enum wm_status status;
	char why[512];
};

struct stretch {
	long turn;
	size_t from, to;
	struct wm_line *v; /* its lines; their numbers count from its beginning */
	size_t n, room;
};

/* The end of the first line that ends at or behind from + STRETCH, or the end of the file. */
static size_t stretch_end(const struct wm_lines *lines, size_t from) {
	if (lines->bytes - from <= STRETCH)
		return lines->bytes;
	const char *at = lines->text + from + STRETCH;
	const char *end = memchr(at, '\n', lines->bytes - from - STRETCH);
	return end ? (size_t)(end - lines->text) + 1 : lines->bytes;
}

static bool claim(struct reading *r, struct stretch *stretch) {
	pthread_mutex_lock(&r->lock);
	bool is_left = r->next < r->lines->bytes;
	if (is_left) {
		stretch->turn = r->claimed++;
		stretch->from = r->next;
		stretch->to = r->next = stretch_end(r->lines, r->next);
	}
	pthread_mutex_unlock(&r->lock);
	return is_left;
}

static void parse(const struct reading *r, struct stretch *stretch) {
	struct wm_lines lines = {.text = r->lines->text, .bytes = stretch->to, .next = stretch->from};
	for (stretch->n = 0;; stretch->n++) {
		stretch->v = wm_grow(stretch->v, stretch->n, &stretch->room, sizeof *stretch->v);
		stretch->v[stretch->n] = (struct wm_line){0};
		if (!wm_lines_next(&lines, &stretch->v[stretch->n]))
			return;
	}
}

static void give(struct reading *r, struct stretch *stretch) {
	for (size_t i = 0; i < stretch->n && !r->status; i++) {
		stretch->v[i].number += r->line_number;
		r->status = r->fn(r->arg, &stretch->v[i]);
		if (r->status)
			snprintf(r->why, sizeof r->why, "%s", wm_why());
	}
	r->line_number += (long)stretch->n;
}

static void give_in_turn(struct reading *r, struct stretch *stretch) {
	pthread_mutex_lock(&r->lock);
	while (r->turn != stretch->turn)
		pthread_cond_wait(&r->next_turn, &r->lock);
	pthread_mutex_unlock(&r->lock);
	give(r, stretch);
	pthread_mutex_lock(&r->lock);
	r->turn++;
	if (r->status)
		r->next = r->lines->bytes;
	pthread_cond_broadcast(&r->next_turn);
	pthread_mutex_unlock(&r->lock);
}

/* The page on which the next stretch begins is left to it. */
static void forget(const struct reading *r, const struct stretch *stretch) {
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t from = stretch->from / page * page, to = stretch->to / page * page;
	if (to > from)
		madvise(r->lines->text + from, to - from, MADV_DONTNEED);
	for (size_t i = 0; i < stretch->n; i++)
		wm_line_release(&stretch->v[i]);
}

static void *work(void *arg) {
	struct reading *r = arg;
	struct stretch stretch = {0};
	while (claim(r, &stretch)) {
		parse(r, &stretch);
		give_in_turn(r, &stretch);
		forget(r, &stretch);
	}
	free(stretch.v);
	return NULL;
}

/* One thread for each allowed CPU, but none that would find nothing to do. */
static int thread_count(size_t bytes) {
	cpu_set_t allowed;
	size_t stretches = bytes / STRETCH + 1;
	size_t cpus = sched_getaffinity(0, sizeof allowed, &allowed) ? 1 : (size_t)CPU_COUNT(&allowed);
	size_t n = cpus < stretches ? cpus : stretches;
	return n < MAX_THREADS ? (int)n : MAX_THREADS;
}

enum wm_status wm_lines_each(const struct wm_lines *lines, enum wm_status (*fn)(void *arg, const struct wm_line *line),
                             void *arg) {
	struct reading r = {
		.lines = lines, .fn = fn, .arg = arg, .lock = PTHREAD_MUTEX_INITIALIZER, .next_turn = PTHREAD_COND_INITIALIZER};
	pthread_t threads[MAX_THREADS];
	int helpers = 0, wanted = thread_count(lines->bytes) - 1;
	json_object_seed(0); /* Jansson asks for it before there are threads */
	while (helpers < wanted && !pthread_create(&threads[helpers], NULL, work, &r))
		helpers++;
	work(&r); /* where no thread can be had, this one does it alone */
	for (int i = 0; i < helpers; i++)
		pthread_join(threads[i], NULL);
	return r.status ? wm_fail(r.status, "%s", r.why) : WM_OK;
}
