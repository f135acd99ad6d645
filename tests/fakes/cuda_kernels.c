/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cuda_kernels.c - the kernels that the fake libcuda.so.1 can launch, by the names of their entries. To add one: a
 * function that does in C what the grid does, and a line in the table with the bytes of each argument.
 */
#include "libcuda.h"

/* An argument as a value of that type. */
#define ARG(type, i) (*(type *)args[i])

/* twice(float *x, unsigned n): of test_gpu.c. One item an element, so that a grid that is too small shows. */
static void twice(const struct wm_fake_grid *grid, void **args) {
	float *x = ARG(float *, 0);
	unsigned n = ARG(unsigned, 1);

	for (unsigned i = 0; i < n && i < grid->groups[0] * grid->items[0]; i++)
		x[i] *= 2;
}

const struct wm_fake_kernel wm_fake_kernels[] = {
	{"twice", {sizeof(float *), sizeof(unsigned)}, twice},
	{0},
};
