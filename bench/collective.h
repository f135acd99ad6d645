/* SPDX-License-Identifier: Apache-2.0 */
/* collective.h - what the benchmarks of collectives share: axes, buffers, inputs and the check of every element. */
#ifndef WM_COLLECTIVE_H
#define WM_COLLECTIVE_H

#include "core/wm.h"

/* Where a block of what a rank receives comes from. */
struct wm_source {
	int from;     /* the rank whose send it is copied from, or WM_ALL_RANKS: the sum over all ranks */
	size_t first; /* element of send that the block begins with */
};

/*
 * One collective of n ranks on S bytes. A rank has a buffer `send` and a buffer `recv`; each holds S, or one of n equal
 * parts of S.
 */
struct wm_collective {
	bool send_part, recv_part; /* that buffer holds one part */
	bool gathers;              /* recv is n blocks of one part; else one block */
	bool sums;                 /* recv is sums; else copies */
	/* The source of a block of recv of that rank; part is the elements of one part. */
	struct wm_source (*source)(int rank, int ranks, int block, size_t part);
};

/* Axes bytes (S), dtype and timing. */
extern const struct wm_axis wm_collective_axes[];

/* bytes as a number, and ranks: what the work of a collective is counted from. */
double wm_collective_bytes(const struct wm_problem *p);

/* The members of the benchmarks; c is the collective. */

/* WM_INPUT: bytes is no multiple of the element size. WM_UNSUPPORTED: of parts for every rank, with the size that would
 * do; or more ranks than the type has exact sums for. */
enum wm_status wm_collective_accept(const struct wm_problem *p, const struct wm_collective *c);
/* send, then recv: of one rank, or of all ranks one after the other. */
enum wm_status wm_collective_tensors(const struct wm_problem *p, const struct wm_collective *c, struct wm_tensor *t,
                                     int *n_p);
void wm_collective_fill(const struct wm_problem *p, const struct wm_collective *c, enum wm_data_part part,
                        uint64_t seed, void *host);
enum wm_status wm_collective_verify(const struct wm_problem *p, const struct wm_collective *c, enum wm_data_part part,
                                    uint64_t seed, void *const *host, struct wm_check *check_p);

#endif
