/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.c - a program of the user's that prints a number a line: watts, or joules if kind = counter. It is started
 * once, when its source is opened. A thread takes its lines as they come, so that it never waits for a reader; the
 * latest line is the reading, and the time of its arrival the meter's own clock.
 */
#include "setup.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define METER "command"
#define FIRST_LINE_S 5.0 /* and two refreshes, until open gives up */
#define END_S 1.0        /* that a program has for its end when it is asked to */
enum { MAX_ARGS = 64, MAX_LINE = 160 };

extern char **environ;

/* Lines of one pipe, as they come. */
struct stream {
	int fd; /* -1: closed */
	char line[MAX_LINE];
	size_t used; /* over MAX_LINE: a line that is too long */
};

struct gauge {
	char name[64]; /* of the program, for messages */
	pid_t pid;
	pthread_t thread;
	bool started;           /* the thread */
	struct stream out, err; /* the thread's */
	int stop;               /* eventfd: ends the thread */

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	int lines;           /* so far */
	bool good;           /* the latest is a number */
	double value, at_s;  /* of the latest that is, and when it came */
	char bad[MAX_LINE];  /* the latest, where it is none */
	char said[MAX_LINE]; /* the latest complaint on its standard error */
	bool ended;
	int wstatus; /* then */
};

/* ---- arguments ---------------------------------------------------------------------------------------------- */

/* The words of a command line, in place. */
static int split(char *text, char *argv[MAX_ARGS + 1]) {
	char *rest = NULL;
	int n = 0;

	for (char *w = strtok_r(text, " \t", &rest); w && n < MAX_ARGS; w = strtok_r(NULL, " \t", &rest))
		argv[n++] = w;
	argv[n] = NULL;
	return n;
}

static void name_of(const char *run, char *out, size_t room) {
	const char *end = run + strcspn(run, " \t"), *name = end;

	while (name > run && name[-1] != '/')
		name--;
	snprintf(out, room, "%.*s", (int)(end - name), name);
}

/* ---- the thread --------------------------------------------------------------------------------------------- */

static void take_number(struct gauge *g, const char *line) {
	double value;

	pthread_mutex_lock(&g->lock);
	g->good = wm_meter_number(line, &value);
	if (g->good) {
		g->value = value;
		g->at_s = wm_now();
	} else
		snprintf(g->bad, sizeof(g->bad), "%s", line);
	g->lines++;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

static void take_complaint(struct gauge *g, const char *line) {
	pthread_mutex_lock(&g->lock);
	if (*line)
		snprintf(g->said, sizeof(g->said), "%s", line);
	pthread_mutex_unlock(&g->lock);
}

/* What a pipe has now; false at its end. A line that is too long is cut, which makes it no number. */
static bool take(struct gauge *g, struct stream *s, void (*take_line)(struct gauge *g, const char *line)) {
	char bytes[4096];
	ssize_t n = read(s->fd, bytes, sizeof(bytes));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] != '\n') {
			if (s->used < MAX_LINE - 1)
				s->line[s->used] = bytes[i];
			s->used++;
			continue;
		}
		s->line[s->used < MAX_LINE - 1 ? s->used : MAX_LINE - 1] = '\0';
		if (s->used >= MAX_LINE)
			s->line[0] = '?';
		take_line(g, s->line);
		s->used = 0;
	}
	return n > 0;
}

static void close_stream(struct stream *s) {
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* Waits for its end, and brings it about when it does not come: first SIGTERM if asked to, then SIGKILL. */
static int end_program(pid_t pid, bool ask) {
	struct timespec nap = {.tv_nsec = 5000000};
	double until = wm_now() + END_S;
	int wstatus = 0;
	pid_t ended;

	if (ask)
		kill(pid, SIGTERM);
	while ((ended = waitpid(pid, &wstatus, WNOHANG)) == 0 && wm_now() < until)
		nanosleep(&nap, NULL);
	if (ended == 0) {
		kill(pid, SIGKILL);
		while (waitpid(pid, &wstatus, 0) < 0 && errno == EINTR)
			;
	}
	return wstatus;
}

/* Its output is closed: what it still has to say, and how it ended. */
static void note_end(struct gauge *g) {
	int wstatus = end_program(g->pid, false);

	while (g->err.fd >= 0 && take(g, &g->err, take_complaint))
		if (poll(&(struct pollfd){.fd = g->err.fd, .events = POLLIN}, 1, 0) <= 0)
			break;
	pthread_mutex_lock(&g->lock);
	g->ended = true;
	g->wstatus = wstatus;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

static void *run_gauge(void *arg) {
	struct gauge *g = arg;

	for (;;) {
		struct pollfd fds[] = {{.fd = g->stop, .events = POLLIN},
		                       {.fd = g->out.fd, .events = POLLIN},
		                       {.fd = g->err.fd, .events = POLLIN}};

		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			break;
		if (fds[0].revents)
			break;
		if (fds[2].revents && !take(g, &g->err, take_complaint))
			close_stream(&g->err);
		if (fds[1].revents && !take(g, &g->out, take_number)) {
			note_end(g);
			break;
		}
	}
	return NULL;
}

/* ---- the program -------------------------------------------------------------------------------------------- */

/* It stays in this process's group, so that whoever kills that takes it along. A write to a pipe that nobody reads any
 * more ends it. */
static enum wm_status spawn(char *const *argv, int out, int err, pid_t *pid_p) {
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, pipe_signal;
	int error;

	sigemptyset(&none);
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_adddup2(&actions, err, 2);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &pipe_signal);
	error = posix_spawnp(pid_p, argv[0], &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return error ? wm_fail(WM_FAILED, "cannot start %s: %s", argv[0], strerror(error)) : WM_OK;
}

static enum wm_status start(const char *run, struct gauge *g) {
	char text[sizeof(((struct wm_meter_entry *)0)->run)], *argv[MAX_ARGS + 1];
	int out[2] = {-1, -1}, err[2] = {-1, -1};
	enum wm_status st = WM_OK;

	snprintf(text, sizeof(text), "%s", run);
	if (split(text, argv) == 0)
		return wm_fail(WM_FAILED, "run names no program");
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		st = wm_fail(WM_FAILED, "pipe: %s", strerror(errno));
	if (st == WM_OK)
		st = spawn(argv, out[1], err[1], &g->pid);
	if (out[1] >= 0)
		close(out[1]);
	if (err[1] >= 0)
		close(err[1]);
	g->out.fd = out[0];
	g->err.fd = err[0];
	if (err[0] >= 0)
		fcntl(err[0], F_SETFL, O_NONBLOCK);
	return st;
}

/* Why there is no reading, as far as the program goes; g->lock is held. */
static enum wm_status fail_ended(const struct gauge *g) {
	const char *said = g->said[0] ? g->said : "it said nothing";

	if (WIFSIGNALED(g->wstatus))
		return wm_fail(WM_FAILED, "%s was killed by signal %d (%s)", g->name, WTERMSIG(g->wstatus),
		               strsignal(WTERMSIG(g->wstatus)));
	return wm_fail(WM_FAILED, "%s ended with status %d: %s", g->name, WEXITSTATUS(g->wstatus), said);
}

static enum wm_status await_line(struct gauge *g, const struct wm_source *source) {
	double limit = FIRST_LINE_S + 2 * source->refresh_s, until = wm_now() + limit;
	struct timespec at = {.tv_sec = (time_t)until, .tv_nsec = (long)(1e9 * (until - floor(until)))};
	enum wm_status st = WM_OK;

	pthread_mutex_lock(&g->lock);
	while (!g->lines && !g->ended && st == WM_OK)
		if (pthread_cond_timedwait(&g->changed, &g->lock, &at) == ETIMEDOUT)
			st = wm_fail(WM_FAILED, "%s printed no line in %.3g s", g->name, limit);
	if (st == WM_OK && !g->lines)
		st = fail_ended(g);
	pthread_mutex_unlock(&g->lock);
	return st;
}

/* ---- the meter ---------------------------------------------------------------------------------------------- */

/* Can it be started? It is not: a program that prints for ever is nothing for a look around. */
static enum wm_status look(const struct wm_meter_entry *entry, struct wm_source *source) {
	char text[sizeof(entry->run)], *argv[MAX_ARGS + 1], folder[512], path[800];
	const char *folders = getenv("PATH");

	snprintf(source->word, sizeof(source->word), "%s", entry->kind == WM_COUNTER ? "joules" : "watts");
	/* the program alone: this goes into records, and an argument may be a password */
	name_of(entry->run, source->where, sizeof(source->where));
	snprintf(text, sizeof(text), "%s", entry->run);
	if (split(text, argv) == 0)
		return wm_fail(WM_SKIP, "run names no program");
	if (strchr(argv[0], '/'))
		return access(argv[0], X_OK) == 0 ? WM_OK : wm_fail(WM_SKIP, "%s: %s", argv[0], strerror(errno));
	for (; folders && *folders; folders += strspn(folders, ":")) {
		size_t n = strcspn(folders, ":");

		snprintf(folder, sizeof(folder), "%.*s", (int)n, folders);
		snprintf(path, sizeof(path), "%s/%s", folder, argv[0]);
		if (access(path, X_OK) == 0)
			return WM_OK;
		folders += n;
	}
	return wm_fail(WM_SKIP, "the program %s is not installed: no such file on PATH", argv[0]);
}

static enum wm_status find(const struct wm_meter_setup *setup, struct wm_source *sources, int max, int *n_p) {
	return wm_meter_find_named(setup, METER, look, sources, max, n_p);
}

static void close_gauge(struct wm_source *source) {
	struct gauge *g = source->priv;
	uint64_t one = 1;

	if (!g)
		return;
	if (g->started) {
		while (write(g->stop, &one, sizeof(one)) < 0 && errno == EINTR)
			;
		pthread_join(g->thread, NULL);
	}
	close_stream(&g->out);
	close_stream(&g->err);
	if (g->pid > 0 && !g->ended)
		end_program(g->pid, true);
	if (g->stop >= 0)
		close(g->stop);
	pthread_cond_destroy(&g->changed);
	pthread_mutex_destroy(&g->lock);
	free(g);
	source->priv = NULL;
}

static struct gauge *make_gauge(const char *run) {
	struct gauge *g = wm_zalloc(sizeof(*g));
	pthread_condattr_t monotonic;

	name_of(run, g->name, sizeof(g->name));
	g->out.fd = g->err.fd = -1;
	g->stop = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&g->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&g->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return g;
}

static enum wm_status open_gauge(const struct wm_meter_setup *setup, struct wm_source *source) {
	const struct wm_meter_entry *entry = wm_meter_entry_of(setup, source);
	enum wm_status st = WM_OK;
	struct gauge *g;

	if (!entry)
		return wm_fail(WM_FAILED, "%s is not in the file of meters any more", source->id);
	source->priv = g = make_gauge(entry->run);
	if (g->stop < 0)
		st = wm_fail(WM_FAILED, "eventfd: %s", strerror(errno));
	if (st == WM_OK)
		st = start(entry->run, g);
	if (st == WM_OK) {
		g->started = pthread_create(&g->thread, NULL, run_gauge, g) == 0;
		st = g->started ? WM_OK : wm_fail(WM_FAILED, "cannot start a thread");
	}
	if (st == WM_OK)
		st = await_line(g, source);
	if (st != WM_OK)
		close_gauge(source); /* leaves the reason alone */
	return st;
}

static enum wm_status read_gauge(struct wm_source *source, struct wm_reading *reading_p) {
	struct gauge *g = source->priv;
	struct wm_reading r = wm_no_reading();
	enum wm_status st = WM_OK;
	double age;

	pthread_mutex_lock(&g->lock);
	age = wm_now() - g->at_s;
	if (g->ended)
		st = fail_ended(g);
	else if (!g->good)
		st = wm_fail(WM_FAILED, "%s printed '%s', which is no number", g->name, g->bad);
	else if (age > wm_meter_stale_s(source))
		st = wm_fail(WM_FAILED, "the last line of %s is %.3g s old", g->name, age);
	*(source->kind == WM_COUNTER ? &r.joules : &r.watts) = g->value;
	r.own_s = g->at_s;
	pthread_mutex_unlock(&g->lock);
	if (st == WM_OK)
		*reading_p = r;
	return st;
}

const struct wm_meter wm_meter_command = {
	.name = METER,
	.about = "a program that prints watts or joules, named in the file of meters",
	.named = true,
	.find = find,
	.open = open_gauge,
	.read = read_gauge,
	.close = close_gauge,
};
