/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cuda_kernels.c - the kernels that the fake libcuda.so.1 can launch, by the names of their entries. To add one: a
 * function that does in C what the grid does, and a line in the table with the bytes of each argument.
 */
#include "libcuda.h"

#include <math.h>
#include <string.h>

/* An argument as a value of that type. */
#define ARG(type, i) (*(type *)args[i])

/* twice(float *x, unsigned n): of test_gpu.c. One item an element, so that a grid that is too small shows. */
static void twice(const struct wm_fake_grid *grid, void **args) {
	float *x = ARG(float *, 0);
	unsigned n = ARG(unsigned, 1);

	for (unsigned i = 0; i < n && i < grid->groups[0] * grid->items[0]; i++)
		x[i] *= 2;
}

/* ---- memory.k and fma.k in the shape for GPUs, of f32: flags do not reach this far ----------------------------- */

enum { LANES = 4 }; /* of a vector of 16 bytes */

/* Elements that the groups of copy and triad reach: so many vectors each, and what is behind the last whole one. */
static size_t reached(const struct wm_fake_grid *grid, size_t n, size_t run) {
	size_t all = n / LANES, vectors = run * grid->groups[0];

	return vectors < all ? vectors * LANES : n;
}

/* copy(const float *a, float *c, size_t n, size_t run) */
static void copy(const struct wm_fake_grid *grid, void **args) {
	memcpy(ARG(float *, 1), ARG(float *, 0), reached(grid, ARG(size_t, 2), ARG(size_t, 3)) * sizeof(float));
}

/* triad(const float *b, const float *c, float *a, size_t n, size_t run) */
static void triad(const struct wm_fake_grid *grid, void **args) {
	const float *b = ARG(float *, 0), *c = ARG(float *, 1);
	float *a = ARG(float *, 2);
	size_t n = reached(grid, ARG(size_t, 3), ARG(size_t, 4));

	for (size_t i = 0; i < n; i++)
		a[i] = fmaf(c[i], 3, b[i]);
}

/* sum(const float *x, double *s, size_t n, size_t groups) */
static void sum(const struct wm_fake_grid *grid, void **args) {
	const float *x = ARG(float *, 0);
	double *s = ARG(double *, 1);
	size_t n = ARG(size_t, 2), groups = ARG(size_t, 3);

	for (size_t g = 0; g < grid->groups[0]; g++) {
		s[g] = 0;
		for (size_t i = g * n / groups; i < (g + 1) * n / groups; i++)
			s[g] += (double)x[i];
	}
}

/* multiply_add(const float *x, const float *ab, float *y, size_t n, unsigned iters): 16 elements an item */
static void multiply_add(const struct wm_fake_grid *grid, void **args) {
	const float *x = ARG(float *, 0), *ab = ARG(float *, 1);
	float *y = ARG(float *, 2);
	size_t n = ARG(size_t, 3), most = (size_t)grid->groups[0] * grid->items[0] * 16;

	for (size_t i = 0; i < n && i < most; i++) {
		y[i] = x[i];
		for (unsigned t = 0; t < ARG(unsigned, 4); t++)
			y[i] = fmaf(ab[0], ab[1], y[i]);
	}
}

const struct wm_fake_kernel wm_fake_kernels[] = {
	{"twice", {sizeof(float *), sizeof(unsigned)}, twice},
	{"copy", {sizeof(float *), sizeof(float *), sizeof(size_t), sizeof(size_t)}, copy},
	{"triad", {sizeof(float *), sizeof(float *), sizeof(float *), sizeof(size_t), sizeof(size_t)}, triad},
	{"sum", {sizeof(float *), sizeof(double *), sizeof(size_t), sizeof(size_t)}, sum},
	{"multiply_add",
     {sizeof(float *), sizeof(float *), sizeof(float *), sizeof(size_t), sizeof(unsigned)},
     multiply_add},
	{0},
};
