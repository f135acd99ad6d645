/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bare.c - the bare loops that bench-harness holds the harness against: `bare sgemm N` and `bare spin BYTES`, each
 * for SECONDS after a warm-up of as long. Prints the median and the least seconds per operation. Shares nothing with
 * the harness but the work: OpenBLAS called directly, or the spin of tests/faults behind a memcpy.
 */
#include "../faults/spin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { COL_MAJOR = 102, NO_TRANS = 111, TRANS = 112, MOST = 1 << 20 };
#define BATCH_S 1e-3

typedef void sgemm_fn(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);

static sgemm_fn *sgemm;
static float *a, *b, *c;
static char *from, *to;
static int n;

static double now(void) {
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *memory(size_t bytes) {
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

static void one_sgemm(void) {
	sgemm(COL_MAJOR, TRANS, NO_TRANS, n, n, n, 1, a, n, b, n, 0, c, n);
}

static void one_spin(void) {
	memcpy(to, from, (size_t)n);
	wm_spin();
}

static int compare(const void *x, const void *y) {
	double p = *(const double *)x, q = *(const double *)y;

	return (p > q) - (p < q);
}

static void measure(void (*op)(void), double seconds) {
	static double sample[MOST];
	double start = now();
	long batch = 1;
	int k = 0;

	while (now() - start < seconds) {
		double t = now();

		for (long i = 0; i < batch; i++)
			op();
		if (now() - t < BATCH_S)
			batch *= 2;
	}
	for (start = now(); now() - start < seconds && k < MOST; k++) {
		double t = now();

		for (long i = 0; i < batch; i++)
			op();
		sample[k] = (now() - t) / (double)batch;
	}
	qsort(sample, (size_t)k, sizeof(*sample), compare);
	printf("%.9g %.9g\n", sample[k / 2], sample[0]);
}

static void load_sgemm(void) {
	void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
	void *symbol = library ? dlsym(library, "cblas_sgemm") : NULL;
	size_t count = (size_t)n * (size_t)n;

	if (!symbol) {
		fprintf(stderr, "bare: no libopenblas.so.0 with cblas_sgemm\n");
		exit(1);
	}
	memcpy(&sgemm, &symbol, sizeof(symbol));
	a = memory(4 * count);
	b = memory(4 * count);
	c = memory(4 * count);
	for (size_t i = 0; i < count; i++) {
		a[i] = (float)rand() / (float)RAND_MAX * 2 - 1;
		b[i] = (float)rand() / (float)RAND_MAX * 2 - 1;
	}
}

int main(int argc, char **argv) {
	if (argc != 4) {
		fprintf(stderr, "usage: bare sgemm N SECONDS | bare spin BYTES SECONDS\n");
		return 2;
	}
	n = atoi(argv[2]);
	if (strcmp(argv[1], "sgemm") == 0)
		load_sgemm();
	from = memory((size_t)n);
	to = memory((size_t)n);
	measure(strcmp(argv[1], "sgemm") == 0 ? one_sgemm : one_spin, atof(argv[3]));
	return 0;
}
