/* SPDX-License-Identifier: Apache-2.0 */
/* team.h - threads that run one function together, each on a core of its own. Private to harness/backends. */
#ifndef WM_TEAM_H
#define WM_TEAM_H

#include "core/wm.h"

struct wm_team;

/*
 * A team of one thread per PU of a list like "0-3,8"; thread t belongs on the t-th PU of it. No thread is started
 * yet. WM_FAILED when the list is empty or malformed. Owned by the caller, released by wm_team_close.
 */
enum wm_status wm_team_open(const char *cpuset, struct wm_team **team_p);
/* Ends the threads. The caller is left where it is bound. NULL is allowed. */
void wm_team_close(struct wm_team *team);
int wm_team_threads(const struct wm_team *team);

/*
 * fn(arg, t, threads) once on every thread t, at the same time; returns when all have returned, and what they wrote
 * is visible then. Thread 0 is the caller, who must always be the same thread and must not be inside fn. The first
 * call starts the others. The caller stays bound to its core afterwards, which spares two system calls a round;
 * wm_team_run_free lets it go again, so that threads which a library starts later are not all born on that core.
 * WM_FAILED + the thread and the system's reason when one cannot be bound or started; fn has not run then.
 */
enum wm_status wm_team_run(struct wm_team *team, void (*fn)(void *arg, int thread, int threads), void *arg);
enum wm_status wm_team_run_free(struct wm_team *team, void (*fn)(void *arg, int thread, int threads), void *arg);

#endif
