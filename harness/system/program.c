/* SPDX-License-Identifier: Apache-2.0 */
/* program.c - posix_spawn of another program, its input and output in memory. */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* Its three standard streams: files in memory, so that no pipe can fill up while nobody reads. */
enum { STREAMS = 3 };

static enum wm_status open_streams(int fd[STREAMS]) {
	static const char *const names[STREAMS] = {"input", "output", "complaints"};

	for (int i = 0; i < STREAMS; i++) {
		int raw = memfd_create(names[i], MFD_CLOEXEC);

		/* above the numbers that the child's own streams get */
		fd[i] = raw < 0 ? -1 : fcntl(raw, F_DUPFD_CLOEXEC, STREAMS);
		if (fd[i] < 0)
			wm_fail(WM_FAILED, "cannot make the %s of a program: %s", names[i], strerror(errno));
		if (raw >= 0)
			close(raw);
		if (fd[i] < 0)
			return WM_FAILED;
	}
	return WM_OK;
}

static void close_streams(const int fd[STREAMS]) {
	for (int i = 0; i < STREAMS; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

static enum wm_status write_all(int fd, const char *text) {
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wm_fail(WM_FAILED, "cannot keep the input of a program: %s", strerror(errno));
		text += n;
		left -= (size_t)n;
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? wm_fail(WM_FAILED, "lseek: %s", strerror(errno)) : WM_OK;
}

/* The whole of a stream and a 0 byte; freed by the caller. */
static char *read_all(int fd, size_t *bytes_p) {
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = wm_zalloc((size_t)(size > 0 ? size : 0) + 1);
	size_t used = 0;
	ssize_t n;

	while (used < (size_t)(size > 0 ? size : 0) && (n = pread(fd, text + used, (size_t)size - used, (off_t)used)) > 0)
		used += (size_t)n;
	*bytes_p = used;
	return text;
}

static enum wm_status start(const char *const *argv, const int fd[STREAMS], pid_t *pid_p) {
	char *const *args = (char *const *)(uintptr_t)argv;
	posix_spawn_file_actions_t actions;
	int error;

	posix_spawn_file_actions_init(&actions);
	for (int i = 0; i < STREAMS; i++)
		posix_spawn_file_actions_adddup2(&actions, fd[i], i);
	error = posix_spawnp(pid_p, argv[0], &actions, NULL, args, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error == ENOENT)
		return wm_fail(WM_SKIP, "the program %s is not installed: no such file on PATH", argv[0]);
	return error ? wm_fail(WM_FAILED, "cannot start %s: %s", argv[0], strerror(error)) : WM_OK;
}

/* Waits for the end, and brings it about when the time is over. */
static enum wm_status await(const char *name, pid_t pid, double limit_s, int *wstatus_p) {
	struct timespec nap = {.tv_nsec = 2000000};
	double until = wm_now() + limit_s;
	pid_t ended;

	while ((ended = waitpid(pid, wstatus_p, WNOHANG)) == 0 && wm_now() < until)
		nanosleep(&nap, NULL);
	if (ended == pid)
		return WM_OK;
	if (ended < 0)
		return wm_fail(WM_FAILED, "cannot wait for %s: %s", name, strerror(errno));
	kill(pid, SIGKILL);
	while (waitpid(pid, wstatus_p, 0) < 0 && errno == EINTR)
		;
	return wm_fail(WM_FAILED, "%s took over %g s and was killed", name, limit_s);
}

static enum wm_status judge(const char *name, int wstatus, int complaints) {
	char *text;
	size_t bytes;

	if (WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == 0)
		return WM_OK;
	if (WIFSIGNALED(wstatus))
		return wm_fail(WM_FAILED, "%s was killed by signal %d (%s)", name, WTERMSIG(wstatus),
		               strsignal(WTERMSIG(wstatus)));
	text = read_all(complaints, &bytes);
	text[strcspn(text, "\n")] = '\0';
	wm_fail(WM_FAILED, "%s ended with status %d: %s", name, WEXITSTATUS(wstatus), *text ? text : "it said nothing");
	free(text);
	return WM_FAILED;
}

enum wm_status wm_program_run(const char *const *argv, const char *input, double limit_s, char **output_p,
                              size_t *bytes_p) {
	int fd[STREAMS] = {-1, -1, -1}, wstatus = 0;
	enum wm_status st = open_streams(fd);
	pid_t pid;

	if (st == WM_OK)
		st = write_all(fd[0], input ? input : "");
	if (st == WM_OK)
		st = start(argv, fd, &pid);
	if (st == WM_OK)
		st = await(argv[0], pid, limit_s, &wstatus);
	if (st == WM_OK)
		st = judge(argv[0], wstatus, fd[2]);
	if (st == WM_OK)
		*output_p = read_all(fd[1], bytes_p);
	close_streams(fd);
	return st;
}
