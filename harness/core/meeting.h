/* SPDX-License-Identifier: Apache-2.0 */
/*
 * meeting.h - the ranks of one collective, each a worker process of its own: memory that the supervisor makes and all
 * ranks share, where they wait for each other and exchange what little they have to. Private to the harness;
 * implementations see wm_meet alone.
 */
#ifndef WM_MEETING_H
#define WM_MEETING_H

#include "wm.h"

/* Makes the memory for that many ranks (2 .. WM_MAX_RANKS). The descriptor is close-on-exec and the caller's. */
enum wm_status wm_meeting_make(int ranks, int *fd_p);
/* Joins as one of the ranks, under a name that errors call it by (its device), or with rank -1 only to look on.
 * Released by wm_meeting_leave; the descriptor may be closed. */
enum wm_status wm_meeting_join(int fd, int rank, const char *name, struct wm_meeting **meeting_p);
void wm_meeting_leave(struct wm_meeting *meeting);
int wm_meeting_rank(const struct wm_meeting *meeting);
int wm_meeting_ranks(const struct wm_meeting *meeting);
/* This rank has come one step further, without waiting for the others: wm_meeting_behind goes by it. */
void wm_meeting_step(struct wm_meeting *meeting);
/* The one rank that all others wait for: it has come less far than each of them. -1: there is not one. */
int wm_meeting_behind(const struct wm_meeting *meeting);

#endif
