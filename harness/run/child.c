/* SPDX-License-Identifier: Apache-2.0 */
/* child.c - posix_spawn with fixed descriptors. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { FIRST_FREE = 10 }; /* our descriptors stay above those that a child has */
#define KILL_WAIT_S 10.0

/* A pipe whose two ends are close-on-exec and out of the way of 0..4. */
static enum wm_status high_pipe(int ends[2]) {
	int raw[2];

	if (pipe2(raw, O_CLOEXEC) < 0)
		return wm_fail(WM_FAILED, "pipe: %s", strerror(errno));
	for (int i = 0; i < 2; i++) {
		ends[i] = fcntl(raw[i], F_DUPFD_CLOEXEC, FIRST_FREE);
		close(raw[i]);
	}
	if (ends[0] >= 0 && ends[1] >= 0)
		return WM_OK;
	return wm_fail(WM_FAILED, "pipe: %s", strerror(errno));
}

/* What the child changes before exec: its descriptors, group and signals. */
static int spawn(const char *const *argv, int in, int out, int log_fd, int shared_fd, pid_t *pid_p) {
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, ours;
	char *const *args = (char *const *)(uintptr_t)argv;
	int error;

	sigemptyset(&none);
	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, log_fd, 1);
	posix_spawn_file_actions_adddup2(&actions, log_fd, 2);
	posix_spawn_file_actions_adddup2(&actions, in, WM_CHILD_IN);
	posix_spawn_file_actions_adddup2(&actions, out, WM_CHILD_OUT);
	if (shared_fd >= 0)
		posix_spawn_file_actions_adddup2(&actions, shared_fd, WM_CHILD_SHARED);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &ours);
	error = posix_spawn(pid_p, "/proc/self/exe", &actions, &attr, args, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

enum wm_status wm_child_start(const char *const *argv, int log_fd, struct wm_child *child_p) {
	return wm_child_start_sharing(argv, log_fd, -1, child_p);
}

enum wm_status wm_child_start_sharing(const char *const *argv, int log_fd, int shared_fd, struct wm_child *child_p) {
	int in[2], out[2], error;
	pid_t pid;
	enum wm_status st = high_pipe(in);

	if (st != WM_OK)
		return st;
	st = high_pipe(out);
	if (st != WM_OK)
		goto close_in;
	error = spawn(argv, in[0], out[1], log_fd, shared_fd, &pid);
	if (error) {
		st = wm_fail(WM_FAILED, "cannot start %s: %s", argv[0], strerror(error));
		goto close_out;
	}
	close(in[0]);
	close(out[1]);
	*child_p = (struct wm_child){.pid = pid, .to = in[1], .from = out[0]};
	return WM_OK;

close_out:
	close(out[0]);
	close(out[1]);
close_in:
	close(in[0]);
	close(in[1]);
	return st;
}

/* True when it has ended within the time, or before a signal. It stays a zombie, so that its process group cannot
 * become another's. */
static bool has_ended(pid_t pid, double wait_s, const sigset_t *while_waiting) {
	double until = wm_now() + wait_s;
	struct timespec nap = {.tv_nsec = 1000000};

	for (;;) {
		siginfo_t info = {0};

		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ? errno != EINTR : info.si_pid == pid)
			return true;
		if (wm_now() >= until || ppoll(NULL, 0, &nap, while_waiting) < 0)
			return false;
	}
}

bool wm_child_end(struct wm_child *child, double wait_s, const sigset_t *while_waiting, int *wstatus_p) {
	bool ended;

	*wstatus_p = 0;
	if (child->to >= 0)
		close(child->to);
	ended = has_ended(child->pid, wait_s, while_waiting);
	kill(-child->pid, SIGKILL); /* also what the child left behind in its group */
	ended = ended || has_ended(child->pid, KILL_WAIT_S, while_waiting);
	if (ended)
		waitpid(child->pid, wstatus_p, 0);
	if (child->from >= 0)
		close(child->from);
	*child = (struct wm_child){.to = -1, .from = -1};
	return ended;
}

void wm_child_begin(void) {
	struct rlimit no_core = {0, 0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &no_core);
	fcntl(WM_CHILD_IN, F_SETFD, FD_CLOEXEC);
	fcntl(WM_CHILD_OUT, F_SETFD, FD_CLOEXEC);
	fcntl(WM_CHILD_SHARED, F_SETFD, FD_CLOEXEC); /* no error where there is none counts */
}
