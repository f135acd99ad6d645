/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cblas.c - gemm by the CBLAS library that is installed: OpenBLAS, else BLIS, else whatever libblas.so.3 is.
 *
 * Several of them export the same names, so a worker opens one only.
 */
#include "cblas_gemm.h"

/* Debian keeps BLIS's builds in folders of their own, out of the loader's path. */
static const char *const libraries[] = {
	"libopenblas.so.0",
	"libblis.so.4",
	"/usr/lib/x86_64-linux-gnu/blis-pthread/libblis.so.4",
	"/usr/lib/x86_64-linux-gnu/blis-openmp/libblis.so.4",
	"/usr/lib/aarch64-linux-gnu/blis-pthread/libblis.so.4",
	"/usr/lib/aarch64-linux-gnu/blis-openmp/libblis.so.4",
	"libcblas.so.3",
	"libblas.so.3",
	NULL,
};

static const char *const thread_variables[] = {"OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "OMP_NUM_THREADS", NULL};

/* For the builds on OpenMP: threads that wait between two products keep their core awake, and each has its own. Those
 * on pthreads do both by themselves. */
static const char *const environment[] = {"OMP_WAIT_POLICY", "active", "OMP_PROC_BIND", "close", NULL};

static enum wm_status can_run(const struct wm_run *run) {
	return wm_cblas_can_run(run, "cblas");
}

static enum wm_status prepare(struct wm_run *run) {
	return wm_cblas_prepare(run, libraries);
}

const struct wm_impl wm_impl_gemm_cblas = {
	.name = "cblas",
	.bench = "gemm",
	.backends = "host",
	.about = "the installed CBLAS: OpenBLAS, else BLIS, else libblas.so.3",
	.origin = WM_LIBRARY,
	.thread_env = thread_variables,
	.env = environment,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = wm_cblas_enqueue,
	.finish = wm_cblas_finish,
};
