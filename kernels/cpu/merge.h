/* SPDX-License-Identifier: Apache-2.0 */
/* merge.h - sums and copies of the collectives, one table per instruction set. Private to kernels/cpu. */
#ifndef WM_MERGE_H
#define WM_MERGE_H

#include "core/wm.h"

/*
 * Each of ndst destinations gets src[0] + src[1] + .., n elements, added in that order; sums of bf16 are kept in f32
 * and rounded once, those of i8 wrap. With one source it is a copy. Sources and destinations do not overlap, any
 * alignment is right. With stream, destinations at multiples of 64 bytes are written past the caches; that is done when
 * the function returns. Not worth asking for where the table does not stream: its stores are plain then.
 */
typedef void wm_merge_fn(void *const *dst, int ndst, const void *const *src, int nsrc, size_t n, bool stream);

struct wm_merge {
	const char *name; /* "avx512" */
	bool streams;     /* it has stores past the caches */
	wm_merge_fn *f32, *bf16, *i8;
};

/* Each is NULL where this CPU, or the one that this was compiled for, cannot run it. */
const struct wm_merge *wm_merge_avx512(void);
const struct wm_merge *wm_merge_avx2(void);
const struct wm_merge *wm_merge_base(void); /* the compiler's own instruction set: never NULL */

/* The first of these that runs here. */
const struct wm_merge *wm_merge(void);

#endif
