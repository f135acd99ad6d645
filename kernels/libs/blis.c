/* SPDX-License-Identifier: Apache-2.0 */
/* blis.c - gemm by BLIS, through its CBLAS interface; for those who want it beside the CBLAS that is found first. */
#include "cblas_gemm.h"

/* Debian keeps its builds in folders of their own, the loader's path has at most a link to one. That on OpenMP comes
 * first: it keeps its threads from one product to the next, that on pthreads makes them anew. */
static const char *const libraries[] = {
	"/usr/lib/x86_64-linux-gnu/blis-openmp/libblis.so.4",
	"/usr/lib/aarch64-linux-gnu/blis-openmp/libblis.so.4",
	"libblis.so.4",
	"/usr/lib/x86_64-linux-gnu/blis-pthread/libblis.so.4",
	"/usr/lib/aarch64-linux-gnu/blis-pthread/libblis.so.4",
	NULL,
};

static const char *const thread_variables[] = {"BLIS_NUM_THREADS", "OMP_NUM_THREADS", NULL};

/* Threads that wait between two products keep their core awake, and each has its own. */
static const char *const environment[] = {"OMP_WAIT_POLICY", "active", "OMP_PROC_BIND", "close", NULL};

static enum wm_status can_run(const struct wm_run *run) {
	return wm_cblas_can_run(run, "blis");
}

static enum wm_status prepare(struct wm_run *run) {
	return wm_cblas_prepare(run, libraries);
}

const struct wm_impl wm_impl_gemm_blis = {
	.name = "blis",
	.bench = "gemm",
	.backends = "host",
	.about = "BLIS, the build on OpenMP before others",
	.origin = WM_LIBRARY,
	.asked_only = true,
	.thread_env = thread_variables,
	.env = environment,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = wm_cblas_enqueue,
	.finish = wm_cblas_finish,
};
