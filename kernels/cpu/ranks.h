/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ranks.h - threads as the ranks of a collective: how they wait for each other, and how an operation is run, repeated
 * and timed. Private to kernels/cpu; README.md there says why it is so.
 */
#ifndef WM_RANKS_H
#define WM_RANKS_H

#include "merge.h"

/* Whom a rank receives from. */
enum wm_pattern {
	WM_FROM_ALL,
	WM_FROM_FIRST,  /* all from rank 0 */
	WM_FROM_BEFORE, /* each from the rank before it, the first from the last */
};

struct wm_ranks;

/* One rank, as the functions of a collective see it. */
struct wm_rank {
	struct wm_ranks *all;
	int rank, ranks;
	size_t element;      /* bytes of an element */
	size_t send, recv;   /* bytes of one rank's buffers; those of rank r begin at r times that */
	size_t part;         /* bytes of one of as many equal parts of S as there are ranks */
	const void **source; /* room for a pointer of every rank: what wm_rank_merge reads .. */
	void **target;       /* .. and writes */
};

/* What tells the collectives apart. */
struct wm_collective_way {
	enum wm_pattern pattern;
	bool send_part, recv_part; /* that buffer is one part, else all of S */
	bool take_whole;           /* take reads all of every slot, else one part of it */
	/* Directly: what this rank does in the buffers of all, once all have entered. send and recv are those of rank 0. */
	void (*direct)(const struct wm_rank *me, const char *send, char *recv);
	/* Through slots: takes what this rank receives into its own recv. */
	void (*take)(const struct wm_rank *me, char *own_recv);
};

/* What that rank sends in this operation, as it lies in its slot; waits for it. For take. */
const char *wm_rank_slot(const struct wm_rank *me, int from);
/* Each of target[0..ndst) gets the sum of source[0..nsrc), so many bytes, in the problem's type. */
void wm_rank_merge(const struct wm_rank *me, int ndst, int nsrc, size_t bytes);
/* Rank number i if the ranks were counted from the one behind me on, so that not all begin with the same one. */
int wm_rank_behind(const struct wm_rank *me, int i);
/* Bytes [*from_p, *from_p + result) of S that are this rank's when S is dealt out in whole lines. */
size_t wm_rank_share(const struct wm_rank *me, size_t bytes, size_t *from_p);

/* Members of the implementations; prepare is told the collective. */
enum wm_status wm_ranks_can_run(const struct wm_run *run);
enum wm_status wm_ranks_prepare(struct wm_run *run, const struct wm_collective_way *way);
enum wm_status wm_ranks_enqueue(struct wm_run *run, int set);
enum wm_status wm_ranks_batch(struct wm_run *run, int first, int span, long n, struct wm_rank_times *times_p);
void wm_ranks_finish(struct wm_run *run);

#endif
