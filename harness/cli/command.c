/* SPDX-License-Identifier: Apache-2.0 */
/* command.c - posix_spawn, signals passed on, standard output copied. */
#include "command.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { BY_SIGNAL = 128, LINE_CHARS = 65536, READ_BYTES = 65536 };

/* ---- signals ------------------------------------------------------------------------------------------------ */

/* What is blocked but while we wait, so that none slips in between a look and a wait. */
static const int passed_on[] = {SIGTERM, SIGHUP};
enum { PASSED_ON = sizeof(passed_on) / sizeof(passed_on[0]) };
/* A terminal sends these to the command as well. */
static const int left_alone[] = {SIGINT, SIGQUIT};
enum { LEFT_ALONE = sizeof(left_alone) / sizeof(left_alone[0]) };

static volatile sig_atomic_t came[PASSED_ON];
static bool pipes_were_ignored;

static void on_signal(int signal_number) {
	for (int i = 0; i < PASSED_ON; i++)
		if (passed_on[i] == signal_number)
			came[i] = 1;
}

struct signals {
	struct sigaction child, passed[PASSED_ON], alone[LEFT_ALONE];
	sigset_t before; /* of the mask */
	sigset_t reset;  /* what the command has at its default: all but what we were told to ignore */
};

void wm_command_begin(void) {
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;

	sigaction(SIGPIPE, &ignore, &before);
	pipes_were_ignored = before.sa_handler == SIG_IGN;
}

/* What was ignored before stays ignored, here and in the command: nohup means it. */
static void replace(int number, void (*handler)(int), struct sigaction *before_p, sigset_t *reset) {
	struct sigaction action = {.sa_handler = handler};

	sigemptyset(&action.sa_mask);
	sigaction(number, NULL, before_p);
	if (before_p->sa_handler == SIG_IGN)
		return;
	sigaction(number, &action, NULL);
	sigaddset(reset, number);
}

static void catch_signals(struct signals *s) {
	struct sigaction child = {.sa_handler = on_signal};
	sigset_t blocked;

	sigemptyset(&blocked);
	sigemptyset(&s->reset);
	sigemptyset(&child.sa_mask);
	sigaddset(&blocked, SIGCHLD);
	for (int i = 0; i < PASSED_ON; i++) {
		came[i] = 0;
		sigaddset(&blocked, passed_on[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, &s->before);
	/* that of a child that has ended must end a wait, even where it was ignored */
	sigaction(SIGCHLD, &child, &s->child);
	for (int i = 0; i < PASSED_ON; i++)
		replace(passed_on[i], on_signal, &s->passed[i], &s->reset);
	for (int i = 0; i < LEFT_ALONE; i++)
		replace(left_alone[i], SIG_IGN, &s->alone[i], &s->reset);
	if (!pipes_were_ignored)
		sigaddset(&s->reset, SIGPIPE);
}

static void restore_signals(const struct signals *s) {
	sigaction(SIGCHLD, &s->child, NULL);
	for (int i = 0; i < PASSED_ON; i++)
		sigaction(passed_on[i], &s->passed[i], NULL);
	for (int i = 0; i < LEFT_ALONE; i++)
		sigaction(left_alone[i], &s->alone[i], NULL);
	sigprocmask(SIG_SETMASK, &s->before, NULL);
}

static void pass_on(pid_t pid) {
	for (int i = 0; i < PASSED_ON; i++) {
		if (came[i])
			kill(pid, passed_on[i]);
		came[i] = 0;
	}
}

/* ---- the number --------------------------------------------------------------------------------------------- */

bool wm_command_amount(const char *line, const char *text, double *amount_p) {
	const char *at = strstr(line, text);
	char digits[64];
	size_t n;
	char *end;

	if (!at)
		return false;
	*amount_p = NAN;
	at += strlen(text);
	at += strspn(at, " \t:=");
	/* strtod would take hexadecimal, "inf" and "nan" too */
	n = strspn(at, "0123456789.eE+-");
	if (n == 0 || n >= sizeof(digits))
		return true;
	memcpy(digits, at, n);
	digits[n] = 0;
	/* 1,234 is a thousand and some: nobody's one */
	if (at[n] == ',' && isdigit((unsigned char)at[n + 1]))
		return true;
	*amount_p = strtod(digits, &end);
	if (end == digits || !(*amount_p > 0) || !isfinite(*amount_p))
		*amount_p = NAN;
	return true;
}

/* ---- standard output, read on the way ----------------------------------------------------------------------- */

struct reader {
	const char *text;
	int fd; /* -1: nothing is read */
	char line[LINE_CHARS];
	size_t n; /* of the line; letters behind its end are passed over */
	struct wm_command_end *end;
	bool found;
};

static void take_line(struct reader *r) {
	double amount;

	r->line[r->n] = 0;
	r->n = 0;
	if (!wm_command_amount(r->line, r->text, &amount))
		return;
	r->found = true;
	r->end->amount = amount;
}

static void take_bytes(struct reader *r, const char *bytes, size_t n) {
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n')
			take_line(r);
		else if (r->n + 1 < sizeof(r->line))
			r->line[r->n++] = bytes[i] ? bytes[i] : ' ';
	}
}

static bool write_all(const char *bytes, size_t n) {
	while (n > 0) {
		struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};
		ssize_t put = write(STDOUT_FILENO, bytes, n);

		if (put < 0 && errno == EAGAIN)
			poll(&fd, 1, -1);
		if (put < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (put < 0)
			return false;
		bytes += put;
		n -= (size_t)put;
	}
	return true;
}

/* Copies what is there. At its end, and when nobody takes what we write, the pipe is closed: then the command learns of
 * a broken pipe as it would without us. */
static void copy(struct reader *r) {
	static char bytes[READ_BYTES];
	ssize_t got = read(r->fd, bytes, sizeof(bytes));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got > 0)
		take_bytes(r, bytes, (size_t)got);
	if (got > 0 && write_all(bytes, (size_t)got))
		return;
	if (got > 0 && errno != EPIPE)
		fprintf(stderr, "wattmark: standard output cannot be written: %s\n", strerror(errno));
	close(r->fd);
	r->fd = -1;
}

/* What the command has left in the pipe; programs that it has left behind may hold it open and are not waited for. */
static void finish_reading(struct reader *r) {
	struct pollfd fd = {.fd = r->fd, .events = POLLIN};

	if (!r->text)
		return;
	while (r->fd >= 0 && poll(&fd, 1, 0) > 0)
		copy(r);
	if (r->fd >= 0)
		close(r->fd);
	take_line(r);
	if (!r->found)
		snprintf(r->end->amount_why, sizeof(r->end->amount_why), "the command printed no line with '%.100s'", r->text);
	else if (isnan(r->end->amount))
		snprintf(r->end->amount_why, sizeof(r->end->amount_why),
		         "the last line with '%.80s' has no decimal number above 0 behind it", r->text);
}

/* ---- the command -------------------------------------------------------------------------------------------- */

/* out: its standard output, -1: ours. */
static enum wm_status spawn(char *const *argv, int out, const struct signals *s, pid_t *pid_p, enum wm_exit *cannot_p) {
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int error;

	posix_spawn_file_actions_init(&actions);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &s->before);
	posix_spawnattr_setsigdefault(&attr, &s->reset);
	error = posix_spawnp(pid_p, argv[0], &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	if (error == 0)
		return WM_OK;
	*cannot_p = error == ENOENT ? WM_EXIT_NOT_FOUND : WM_EXIT_CANNOT_RUN;
	return wm_fail(WM_INPUT, "%s: %s", argv[0], strerror(error));
}

/* Until it has ended; its status as waitpid gives it. */
static int wait_for(pid_t pid, const struct signals *s, struct reader *r) {
	int wstatus = 0;

	while (waitpid(pid, &wstatus, WNOHANG) != pid) {
		struct pollfd fd = {.fd = r->fd, .events = POLLIN};

		if (ppoll(&fd, r->fd >= 0, NULL, &s->before) > 0)
			copy(r);
		pass_on(pid);
	}
	return wstatus;
}

enum wm_status wm_command_run(char *const *argv, const char *text, struct wm_command_end *end_p,
                              enum wm_exit *cannot_p) {
	struct wm_command_end end = {.amount = NAN};
	struct reader *r = wm_zalloc(sizeof(*r));
	struct signals signals;
	int ends[2] = {-1, -1}, wstatus;
	pid_t pid;
	enum wm_status st = WM_OK;

	r->text = text;
	r->fd = -1;
	r->end = &end;
	*cannot_p = WM_EXIT_CANNOT_RUN;
	if (text && pipe2(ends, O_CLOEXEC) < 0) {
		free(r);
		return wm_fail(WM_INPUT, "%s: pipe: %s", argv[0], strerror(errno));
	}
	catch_signals(&signals);
	end.from_s = wm_now();
	st = spawn(argv, ends[1], &signals, &pid, cannot_p);
	if (ends[1] >= 0)
		close(ends[1]);
	r->fd = ends[0];
	if (st == WM_OK) {
		wstatus = wait_for(pid, &signals, r);
		end.to_s = wm_now();
		end.status = WIFSIGNALED(wstatus) ? BY_SIGNAL + WTERMSIG(wstatus) : WEXITSTATUS(wstatus);
		finish_reading(r);
		*end_p = end;
	} else if (r->fd >= 0) {
		close(r->fd);
	}
	restore_signals(&signals);
	free(r);
	return st;
}
