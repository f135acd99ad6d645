/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempt.h - the workers of one case, from their start to the end of the last: one, or one a rank. They are started
 * together, and what happens to one of them happens to the attempt.
 */
#ifndef WM_ATTEMPT_H
#define WM_ATTEMPT_H

#include "core/wm.h"

#include <jansson.h>
#include <signal.h>

struct wm_attempt;

/* How an attempt goes, as the one who waits for it is told. */
struct wm_attempt_setup {
	int log_fd;
	const sigset_t *while_waiting;                               /* the signal mask of all waits */
	const volatile sig_atomic_t *interrupts;                     /* waits end when it is not 0 */
	double deadline_s;                                           /* that a timed phase may overrun */
	void (*entered)(void *arg, const char *phase);               /* the first worker has */
	void (*loading)(void *arg, double began_s, double length_s); /* the load of the first worker begins */
	void *arg;
};

/* What came of it. The answers are the attempt's; borrowed. */
struct wm_attempt_end {
	bool whole;           /* all have answered, or one badly, and the rest does not matter */
	enum wm_status heard; /* else how it ended (WM_CRASH, WM_HANG, ..), and why; WM_OK: by a signal */
	char why[512];
	char phase[16];       /* that the slowest of them had come to */
	const json_t *answer; /* of the first; NULL: it gave none */
	const json_t *bad;    /* the first one that was not ok, of any of them; NULL: none */
	int stuck;            /* one that outlived SIGKILL; -1: none */
};

/*
 * Starts n workers (1 .. WM_MAX_RANKS); names are what errors call them by, orders their orders (stolen). Several are
 * told of a meeting. WM_FAILED: not all of them could be started; those that were are ended.
 */
enum wm_status wm_attempt_start(const struct wm_attempt_setup *setup, char (*names)[96], json_t **orders, int n,
                                struct wm_attempt **attempt_p);
/* Listens until all have answered, or one was bad and the others had a moment for theirs, or one died or missed a
 * deadline, or a signal came; then ends them all. */
void wm_attempt_wait(struct wm_attempt *attempt, struct wm_attempt_end *end_p);
void wm_attempt_free(struct wm_attempt *attempt);

#endif
