/* SPDX-License-Identifier: Apache-2.0 */
/* loops.h - the inner loops of the CPU ceilings, one table per instruction set. Private to kernels/cpu. */
#ifndef WM_LOOPS_H
#define WM_LOOPS_H

#include "core/wm.h"

/*
 * What one thread does. Arrays do not overlap. Any n, and any alignment that the element type allows, is
 * right; what is written begins at a multiple of 64 bytes where speed matters. Stores are non-temporal where
 * `stores` says so, and done when the function returns.
 */
struct wm_loops {
	const char *name;   /* "avx512" */
	const char *stores; /* "non-temporal stores": how copy and triad write */
	/* Sum of n elements, accumulated in double. */
	double (*sum_f32)(const float *x, size_t n);
	double (*sum_f64)(const double *x, size_t n);
	/* c = a */
	void (*copy_f32)(float *c, const float *a, size_t n);
	void (*copy_f64)(double *c, const double *a, size_t n);
	/* a = b + s c */
	void (*triad_f32)(float *a, const float *b, const float *c, float s, size_t n);
	void (*triad_f64)(double *a, const double *b, const double *c, double s, size_t n);
	/* y = x, then iters times y = y + ab[0] ab[1]; in registers. At full rate for whole blocks of elements. */
	void (*fma_f32)(float *y, const float *x, const float *ab, size_t n, long iters);
	void (*fma_f64)(double *y, const double *x, const double *ab, size_t n, long iters);
	size_t fma_block_f32, fma_block_f64;
};

/* Each is NULL where this CPU, or the one that this was compiled for, cannot run it. */
const struct wm_loops *wm_loops_avx512(void);
const struct wm_loops *wm_loops_avx2(void);
const struct wm_loops *wm_loops_neon(void);
const struct wm_loops *wm_loops_c(void); /* plain C: never NULL */

/* The first of these that runs here. */
const struct wm_loops *wm_loops(void);

/*
 * One operation as its threads see it. Everything is settled in prepare, so that an operation costs one call of
 * parallel: where caches are small a look at the problem would be a part of the time.
 */
struct wm_plan {
	void (*part)(void *plan, int thread, int threads);
	const struct wm_loops *loops;
	const struct wm_buf *buf; /* the tensors of the set in work */
	bool wide;                /* f64, else f32 */
	size_t n;                 /* elements of the input */
	size_t blocks;            /* read: parts of the input with a sum each */
	long iters;               /* fma: multiply-adds an element */
	struct wm_span {
		size_t from, to;
	} * span; /* the elements, or blocks, of each thread */
};

/* can_run, enqueue and finish of the implementations that use the loops: any dtype of theirs, one thread per
 * core. */
enum wm_status wm_loops_can_run(const struct wm_run *run);
enum wm_status wm_loops_enqueue(struct wm_run *run, int set);
void wm_loops_finish(struct wm_run *run);
/* Begins their prepare: run->priv is the plan, with the loops of this CPU, which are named in run->library. */
struct wm_plan *wm_loops_plan(struct wm_run *run, void (*part)(void *plan, int thread, int threads));
/* The same for arrays of "bytes" that are written: whole pages to each thread, as first touch has dealt them out; the
 * record says which stores they are. */
enum wm_status wm_loops_plan_arrays(struct wm_run *run, void (*part)(void *plan, int thread, int threads));
/* Deals count things to the threads, in whole units of grain (wm_part). */
void wm_loops_deal(struct wm_run *run, size_t count, size_t grain);

#endif
