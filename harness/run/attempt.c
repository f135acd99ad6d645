/* SPDX-License-Identifier: Apache-2.0 */
/* attempt.c - a set of workers as one attempt: phases with deadlines, the first that fails, the end of all. */
#include "attempt.h"

#include "child.h"
#include "core/meeting.h"
#include "wire.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A phase that builds, fills or verifies may take this many deadlines longer than it said; a timed one only one. */
#define GENEROUS 12
#define EXIT_WAIT_S 10.0
#define OTHERS_S 1.0 /* for the others' answers after one that was bad */

struct worker {
	struct wm_child child;
	struct wm_wire wire;
	char name[96];
	char phase[16];
	int phases;     /* entered so far */
	double until;   /* deadline of the phase */
	json_t *answer; /* NULL until it came */
};

struct wm_attempt {
	struct wm_attempt_setup setup;
	struct wm_meeting *meeting; /* looked on; NULL: there is one worker */
	struct worker *workers;
	int n;
	json_t *bad;      /* borrowed from a worker */
	double bad_until; /* then the others have had their moment */
};

/* ---- starting ------------------------------------------------------------------------------------------------ */

static enum wm_status start_all(struct wm_attempt *a, int shared_fd) {
	const char *argv[] = {"wattmark", "--as-worker", NULL};

	for (int i = 0; i < a->n; i++) {
		struct worker *w = &a->workers[i];
		enum wm_status st = wm_child_start_sharing(argv, a->setup.log_fd, shared_fd, &w->child);

		if (st != WM_OK)
			return st;
		w->wire.fd = w->child.from;
	}
	return WM_OK;
}

/* A worker that dies at once breaks its pipe: how it ended says more than that. */
static void send_orders(struct wm_attempt *a, json_t **orders) {
	for (int i = 0; i < a->n; i++)
		wm_wire_send(a->workers[i].child.to, orders[i]);
}

enum wm_status wm_attempt_start(const struct wm_attempt_setup *setup, char (*names)[96], json_t **orders, int n,
                                struct wm_attempt **attempt_p) {
	struct wm_attempt *a = wm_zalloc(sizeof(*a));
	enum wm_status st = WM_OK;
	int fd = -1;

	a->setup = *setup;
	a->workers = wm_zalloc((size_t)n * sizeof(*a->workers));
	a->n = n;
	for (int i = 0; i < n; i++) {
		a->workers[i].child = (struct wm_child){.to = -1, .from = -1};
		snprintf(a->workers[i].name, sizeof(a->workers[i].name), "%s", names[i]);
		snprintf(a->workers[i].phase, sizeof(a->workers[i].phase), "open");
		a->workers[i].until = wm_now() + GENEROUS * setup->deadline_s;
	}
	if (n > 1)
		st = wm_meeting_make(n, &fd);
	if (st == WM_OK && n > 1)
		st = wm_meeting_join(fd, -1, "", &a->meeting);
	if (st == WM_OK)
		st = start_all(a, fd);
	if (fd >= 0)
		close(fd);
	if (st == WM_OK) {
		send_orders(a, orders);
		*attempt_p = a;
		return WM_OK;
	}
	for (int i = 0; i < n; i++)
		json_decref(orders[i]);
	wm_attempt_free(a);
	return st;
}

/* ---- listening ----------------------------------------------------------------------------------------------- */

static bool is_good(const json_t *answer) {
	const char *word = json_string_value(json_object_get(answer, "status"));

	return wm_status_parse(word ? word : "") == WM_OK;
}

static void take_message(struct wm_attempt *a, struct worker *w, json_t *message) {
	const char *phase = json_string_value(json_object_get(message, "phase"));
	const json_t *loading = json_object_get(message, "loading");
	double expect_s = json_number_value(json_object_get(message, "expect_s")), spare = a->setup.deadline_s;
	bool first = w == a->workers;

	if (json_object_get(message, "status")) {
		w->answer = message;
		if (!a->bad && !is_good(message)) {
			a->bad = message;
			a->bad_until = wm_now() + OTHERS_S;
		}
		return;
	}
	if (loading && first)
		a->setup.loading(a->setup.arg, json_number_value(json_object_get(loading, "began_s")),
		                 json_number_value(json_object_get(loading, "length_s")));
	if (phase) {
		snprintf(w->phase, sizeof(w->phase), "%s", phase);
		w->phases++;
		w->until = wm_now() + (json_is_true(json_object_get(message, "tight")) ? 2 * expect_s + spare
		                                                                       : expect_s + GENEROUS * spare);
		if (first)
			a->setup.entered(a->setup.arg, w->phase);
	}
	json_decref(message);
}

static enum wm_status hear(struct wm_attempt *a, struct worker *w) {
	enum wm_status st = wm_wire_fill(&w->wire);
	json_t *message;

	while (st == WM_OK && !w->answer) {
		st = wm_wire_next(&w->wire, &message);
		if (st != WM_OK || !message)
			break;
		take_message(a, w, message);
	}
	return st;
}

/* Is there still something to hear from it? */
static bool is_awaited(const struct worker *w) {
	return !w->answer && !w->wire.closed;
}

static bool goes_on(const struct wm_attempt *a) {
	bool awaited = false;

	for (int i = 0; i < a->n; i++) {
		if (a->workers[i].wire.closed && !a->workers[i].answer)
			return false;
		awaited |= is_awaited(&a->workers[i]);
	}
	return awaited && !*a->setup.interrupts;
}

static double next_deadline(const struct wm_attempt *a) {
	double until = a->bad ? a->bad_until : INFINITY;

	for (int i = 0; i < a->n; i++)
		if (is_awaited(&a->workers[i]))
			until = fmin(until, a->workers[i].until);
	return until;
}

/* Of several, the one that all others wait for is the one that hangs, whoever's deadline came first. */
static enum wm_status fail_hang(const struct wm_attempt *a) {
	int behind = a->meeting ? wm_meeting_behind(a->meeting) : 0;
	const struct worker *w = &a->workers[behind > 0 ? behind : 0];

	if (a->n == 1)
		return wm_fail(WM_HANG, "no end of phase %s by its deadline", w->phase);
	if (behind < 0)
		return wm_fail(WM_HANG, "no end of phase %s by its deadline; all %d ranks had come equally far", w->phase,
		               a->n);
	return wm_fail(WM_HANG, "rank %d (%s): no end of phase %s by its deadline, and the others wait for it", behind,
	               w->name, w->phase);
}

/* WM_HANG: a deadline. */
static enum wm_status listen_to_all(struct wm_attempt *a) {
	struct pollfd fds[WM_MAX_RANKS];

	while (goes_on(a)) {
		double left_s = fmax(next_deadline(a) - wm_now(), 0);
		struct timespec left = {.tv_sec = (time_t)left_s, .tv_nsec = (long)(1e9 * (left_s - floor(left_s)))};
		int ready;

		for (int i = 0; i < a->n; i++)
			fds[i] = (struct pollfd){.fd = is_awaited(&a->workers[i]) ? a->workers[i].wire.fd : -1, .events = POLLIN};
		ready = ppoll(fds, (nfds_t)a->n, &left, a->setup.while_waiting);
		if (ready < 0 && errno != EINTR)
			return wm_fail(WM_FAILED, "ppoll: %s", strerror(errno));
		if (ready <= 0 && wm_now() >= next_deadline(a))
			return a->bad ? WM_OK : fail_hang(a);
		for (int i = 0; i < a->n && ready > 0; i++) {
			enum wm_status st = fds[i].revents ? hear(a, &a->workers[i]) : WM_OK;

			if (st != WM_OK)
				return st;
		}
	}
	return WM_OK;
}

/* ---- the end ------------------------------------------------------------------------------------------------- */

/* How a worker that gave no answer came to its end. */
static enum wm_status fail_crash(const struct wm_attempt *a, const struct worker *w, int wstatus) {
	char who[128] = "";

	if (a->n > 1)
		snprintf(who, sizeof(who), "rank %d (%s): ", (int)(w - a->workers), w->name);
	if (WIFSIGNALED(wstatus))
		return wm_fail(WM_CRASH, "%skilled by signal %d (%s) in phase %s", who, WTERMSIG(wstatus),
		               strsignal(WTERMSIG(wstatus)), w->phase);
	return wm_fail(WM_CRASH, "%sended with status %d in phase %s, without an answer", who, WEXITSTATUS(wstatus),
	               w->phase);
}

/* Whoever has answered or died ends by itself in a moment; the others, whom nobody waits for any more, are killed, and
 * first, so that they do not see the others go. */
static void end_all(struct wm_attempt *a, int wstatus[WM_MAX_RANKS], int *stuck_p) {
	*stuck_p = -1;
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < a->n; i++) {
			struct worker *w = &a->workers[i];
			double wait_s = w->answer ? EXIT_WAIT_S : w->wire.closed ? 1 : 0;

			if ((pass == 0) != is_awaited(w) || w->child.pid == 0)
				continue;
			if (!wm_child_end(&w->child, wait_s, a->setup.while_waiting, &wstatus[i]) && !*a->setup.interrupts)
				*stuck_p = i;
		}
}

static const struct worker *slowest(const struct wm_attempt *a) {
	const struct worker *w = a->workers;

	for (int i = 1; i < a->n; i++)
		if (a->workers[i].phases < w->phases)
			w = &a->workers[i];
	return w;
}

static bool all_answered(const struct wm_attempt *a) {
	for (int i = 0; i < a->n; i++)
		if (!a->workers[i].answer)
			return false;
	return true;
}

void wm_attempt_wait(struct wm_attempt *a, struct wm_attempt_end *end_p) {
	struct wm_attempt_end end = {.heard = listen_to_all(a)};
	int wstatus[WM_MAX_RANKS] = {0};

	if (end.heard != WM_OK)
		snprintf(end.why, sizeof(end.why), "%s", wm_why());
	snprintf(end.phase, sizeof(end.phase), "%s", slowest(a)->phase);
	end_all(a, wstatus, &end.stuck);
	for (int i = 0; i < a->n && end.heard == WM_OK && !a->bad; i++)
		if (!a->workers[i].answer && a->workers[i].wire.closed)
			end.heard = fail_crash(a, &a->workers[i], wstatus[i]);
	if (end.stuck >= 0)
		end.heard = wm_fail(WM_HANG, "its worker outlived SIGKILL by 10 s in phase %s: the device counts as lost",
		                    a->workers[end.stuck].phase);
	if (end.heard != WM_OK)
		snprintf(end.why, sizeof(end.why), "%s", wm_why());
	end.whole = a->bad || all_answered(a);
	end.answer = a->workers[0].answer;
	end.bad = a->bad;
	*end_p = end;
}

void wm_attempt_free(struct wm_attempt *a) {
	int unused[WM_MAX_RANKS], stuck;

	if (!a)
		return;
	end_all(a, unused, &stuck);
	for (int i = 0; i < a->n; i++) {
		wm_wire_free(&a->workers[i].wire);
		json_decref(a->workers[i].answer);
	}
	wm_meeting_leave(a->meeting);
	free(a->workers);
	free(a);
}
