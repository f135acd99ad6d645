/* SPDX-License-Identifier: Apache-2.0 */
/* attention_tiles.h - attention of a few queries, one table per instruction set. Private to kernels/cpu. */
#ifndef WM_ATTENTION_TILES_H
#define WM_ATTENTION_TILES_H

#include "core/wm.h"

enum {
	WM_ATTEND_QUERIES = 64, /* at most so many in a block */
	WM_ATTEND_KEYS = 96,    /* of a tile: parts of other sizes end in a smaller one */
	WM_ATTEND_FEW = 8,      /* up to so many queries are few */
	WM_ATTEND_FEW_KEYS = 16 /* of a tile of few queries */
};

/*
 * Queries before they are divided by the sum of their weights, over some of the keys. With x = score log2(e):
 * most = max x, total = sum of 2^(x - most), sums = sum of 2^(x - most) v, d for each query. A query that has seen
 * none of its keys has WM_ATTEND_LOWEST, which is below any x, and zeros.
 */
struct wm_attend_part {
	float most[WM_ATTEND_QUERIES], total[WM_ATTEND_QUERIES];
	float *sums;
};
#define WM_ATTEND_LOWEST (-1e30F)

/* Queries of one kv head, and keys. Elements have the type `type`; arrays begin at any multiple of its size. */
struct wm_attend_block {
	enum wm_dtype type;
	size_t d;
	size_t n;                         /* queries: 1 to WM_ATTEND_QUERIES */
	const void *q[WM_ATTEND_QUERIES]; /* the elements of each */
	void *o[WM_ATTEND_QUERIES];       /* and of its output */
	size_t limit[WM_ATTEND_QUERIES];  /* it sees the keys [0, that) */
	const void *k, *v;                /* key 0, value 0 */
	size_t step;                      /* elements from one key to the next */
	size_t from, to;                  /* the keys to attend to; to <= the largest limit */
	float *scratch;                   /* as many floats as wm_attend.scratch says, at a multiple of 64 bytes */
	/* Few queries: rows of memory, step elements apart, to ask for meanwhile, of keys and of values. */
	const char *next_k, *next_v;
	size_t next_rows, next_bytes;
};

struct wm_attend {
	const char *name; /* "avx512" */
	/* Floats of scratch for heads of d elements. */
	size_t (*scratch)(size_t d);
	/* Attends to the keys [from, to); part is overwritten. */
	void (*many)(const struct wm_attend_block *w, struct wm_attend_part *part);
	/* The same for at most WM_ATTEND_FEW queries and WM_ATTEND_FEW_KEYS keys, which are added to the part. */
	void (*few)(const struct wm_attend_block *w, struct wm_attend_part *part);
	/* Joins n parts of the same queries, divides and stores the outputs. Overwrites the first part. */
	void (*join)(const struct wm_attend_block *w, struct wm_attend_part *parts, size_t n);
};

/* Each is NULL where this CPU, or the one that this was compiled for, cannot run it. */
const struct wm_attend *wm_attend_avx512(void);
const struct wm_attend *wm_attend_avx2(void);
const struct wm_attend *wm_attend_neon(void);
const struct wm_attend *wm_attend_c(void); /* plain C: never NULL */

#endif
