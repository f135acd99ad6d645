/* SPDX-License-Identifier: Apache-2.0 */
/* inquiry.c - children in parallel, one deadline, and what each had said by then. */
#include "inquiry.h"

#include "fields.h"

#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void take_messages(struct wm_inquiry *q) {
	json_t *message;

	while (wm_wire_next(&q->wire, &message) == WM_OK && message) {
		const char *why = json_string_value(json_object_get(message, "why"));

		if (why)
			snprintf(q->why, sizeof(q->why), "%s", why);
		if (why || json_object_get(message, "end"))
			q->done = true;
		else if (json_array_size(q->answers) < WM_MOST_ANSWERS)
			json_array_append(q->answers, message);
		json_decref(message);
	}
}

/* Reads from all until each is done, gone, or late. */
static void listen(struct wm_inquiry *q, int n, double from) {
	for (;;) {
		struct pollfd fds[WM_MAX_INQUIRIES];
		double now = wm_now(), until = now;

		for (int i = 0; i < n; i++) {
			bool open = q[i].child.pid && !q[i].done && !q[i].wire.closed && now < from + q[i].deadline_s;

			fds[i] = (struct pollfd){.fd = open ? q[i].wire.fd : -1, .events = POLLIN};
			until = open ? fmax(until, from + q[i].deadline_s) : until;
		}
		if (until <= now)
			return;
		poll(fds, (nfds_t)n, (int)(1e3 * (until - wm_now())) + 1);
		for (int i = 0; i < n; i++) {
			if (fds[i].fd < 0 || !fds[i].revents)
				continue;
			wm_wire_fill(&q[i].wire);
			take_messages(&q[i]);
		}
	}
}

/* Ends the child and, unless it said all it has, says how it ended. */
static void finish(struct wm_inquiry *q) {
	bool late = q->child.pid && !q->done && !q->wire.closed;
	int wstatus = 0;

	if (q->child.pid)
		wm_child_end(&q->child, late ? 0 : 1, NULL, &wstatus);
	wm_wire_free(&q->wire);
	if (q->done || q->why[0])
		return;
	if (late)
		snprintf(q->why, sizeof(q->why), "its probe took over %.0f s and was ended", q->deadline_s);
	else if (WIFSIGNALED(wstatus))
		snprintf(q->why, sizeof(q->why), "its probe was killed by signal %d (%s)", WTERMSIG(wstatus),
		         strsignal(WTERMSIG(wstatus)));
	else
		snprintf(q->why, sizeof(q->why), "its probe ended with status %d before it was done", WEXITSTATUS(wstatus));
}

enum wm_status wm_inquire(struct wm_inquiry *q, int n, double deadline_s) {
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	int log_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (log_fd < 0)
		return wm_fail(WM_FAILED, "cannot open /dev/null");
	sigaction(SIGPIPE, &ignore, &before); /* a child that dies at once breaks the pipe that its order goes through */
	for (int i = 0; i < n; i++) {
		q[i].deadline_s = q[i].deadline_s > 0 ? q[i].deadline_s : deadline_s;
		q[i].answers = json_array();
		if (wm_child_start(q[i].argv, log_fd, &q[i].child) != WM_OK)
			snprintf(q[i].why, sizeof(q[i].why), "%s", wm_why());
		else if (q[i].order)
			wm_wire_send(q[i].child.to, json_incref(q[i].order));
		json_decref(q[i].order);
		q[i].wire.fd = q[i].child.from;
	}
	sigaction(SIGPIPE, &before, NULL);
	listen(q, n, wm_now());
	for (int i = 0; i < n; i++)
		finish(&q[i]);
	close(log_fd);
	return WM_OK;
}

void wm_inquiry_free(struct wm_inquiry *q) {
	json_decref(q->answers);
	q->answers = NULL;
}

void wm_inquiry_end(const char *why) {
	json_t *last = why ? json_pack("{s:o}", "why", wm_json_text(why)) : json_pack("{s:b}", "end", 1);

	_exit(wm_wire_send(WM_CHILD_OUT, last) == WM_OK ? 0 : 1);
}
