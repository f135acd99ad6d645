/* SPDX-License-Identifier: Apache-2.0 */
/* child.h - child processes: started from our own binary, spoken to by pipes, ended for certain. */
#ifndef WM_CHILD_H
#define WM_CHILD_H

#include "core/wm.h"

#include <signal.h>
#include <sys/types.h>

/* The child's ends of the pipes, and what it shares with others of its kind; its 1 and 2 are the log. */
enum { WM_CHILD_IN = 3, WM_CHILD_OUT = 4, WM_CHILD_SHARED = 5 };

struct wm_child {
	pid_t pid;    /* also its process group; 0 = none */
	int to, from; /* our ends: write commands, read messages; -1 = closed */
};

/* Starts /proc/self/exe with these arguments (NULL-terminated, argv[0] included) in a process group of its own; its
 * stdout and stderr go to log_fd, its stdin is /dev/null. Fork without exec is never used: the vendors' libraries,
 * OpenMP and threads do not survive it. */
enum wm_status wm_child_start(const char *const *argv, int log_fd, struct wm_child *child_p);
/* The same, and shared_fd is its WM_CHILD_SHARED; -1: it has none. */
enum wm_status wm_child_start_sharing(const char *const *argv, int log_fd, int shared_fd, struct wm_child *child_p);
/*
 * Waits up to wait_s for the end, then kills the whole group and waits up to 10 s more. Closes the pipes. Each of the
 * two waits lets in the signals that are not in while_waiting (NULL: those that are let in anyway) and is over when
 * one is handled. False: it has not ended (stuck in the kernel, or the wait was cut short) and is left behind.
 * *wstatus_p as waitpid gives it.
 */
bool wm_child_end(struct wm_child *child, double wait_s, const sigset_t *while_waiting, int *wstatus_p);

/* What a child does first: it dies with its parent, leaves no core file, and hands its ends of the pipes to nothing
 * that a library may start. */
void wm_child_begin(void);

#endif
