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
	/* y = x, then iters times y = y + ab[0] ab[1]; in registers */
	void (*fma_f32)(float *y, const float *x, const float *ab, size_t n, long iters);
	void (*fma_f64)(double *y, const double *x, const double *ab, size_t n, long iters);
};

/* Each is NULL where this CPU, or the one that this was compiled for, cannot run it. */
const struct wm_loops *wm_loops_avx512(void);
const struct wm_loops *wm_loops_avx2(void);
const struct wm_loops *wm_loops_neon(void);
const struct wm_loops *wm_loops_c(void); /* plain C: never NULL */

/* The first of these that runs here. */
const struct wm_loops *wm_loops(void);

/* can_run and prepare of the implementations that use them: any dtype of theirs, one thread per core. */
enum wm_status wm_loops_can_run(const struct wm_run *run);
enum wm_status wm_loops_prepare(struct wm_run *run);
/* The same for those whose stores matter: the record says which they are. */
enum wm_status wm_loops_prepare_stores(struct wm_run *run);
/* Address of a tensor of a buffer set. */
void *wm_loops_tensor(const struct wm_run *run, int set, int tensor);
/* The elements of a thread: whole pages, as first touch has dealt them out. */
void wm_loops_part(size_t count, size_t element_bytes, int thread, int threads, size_t *from_p, size_t *to_p);

#endif
