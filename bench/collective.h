/* SPDX-License-Identifier: Apache-2.0 */
/* collective.h - what the benchmarks of collectives share: axes, buffers, inputs and the check of every element. */
#ifndef WM_COLLECTIVE_H
#define WM_COLLECTIVE_H

#include "core/wm.h"

/* Where a block of what a rank receives comes from. */
struct wm_block {
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
	int bus;                   /* the busbw factor is bus (n - 1) / n; 0: it is 1 */
	/* The source of a block of recv of that rank; part is the elements of one part. */
	struct wm_block (*source)(int rank, int ranks, int block, size_t part);
};

/* The benchmark of a collective: all have the members below, which find the collective at bench->own. */
#define WM_COLLECTIVE(word, sentence, collective_p)                                                     \
	{                                                                                                   \
		.name = (word), .about = (sentence), .metric = "B/s bus", .axes = wm_collective_axes,           \
		.accept = wm_collective_accept, .tensors = wm_collective_tensors, .work = wm_collective_work,   \
		.fill = wm_collective_fill, .verify = wm_collective_verify, .own = (collective_p), .hot = true, \
		.collective = true, .apart = wm_collective_apart                                                \
	}

/* Axes bytes (S), dtype and timing. */
extern const struct wm_axis wm_collective_axes[];

/* WM_INPUT: bytes is no multiple of the element size. WM_UNSUPPORTED: of parts for every rank, with the size that would
 * do; or more ranks than the type has exact sums for. */
enum wm_status wm_collective_accept(const struct wm_problem *p);
/* send, then recv: of one rank, or of all ranks one after the other. */
enum wm_status wm_collective_tensors(const struct wm_problem *p, struct wm_tensor *t, int *n_p);
/* bytes is S, wire_bytes S times the busbw factor. */
void wm_collective_work(const struct wm_problem *p, struct wm_work *work_p);
/* timing=latency */
bool wm_collective_apart(const struct wm_problem *p);
/* send of one rank or of all, in either part. */
void wm_collective_fill(const struct wm_problem *p, int i, enum wm_data_part part, uint64_t seed, void *host);
enum wm_status wm_collective_verify(const struct wm_problem *p, enum wm_data_part part, uint64_t seed,
                                    void *const *host, struct wm_check *check_p);

#endif
