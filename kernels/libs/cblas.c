/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cblas.c - gemm by the CBLAS library that is installed: OpenBLAS, else BLIS, else whatever libblas.so.3 is.
 *
 * Several of them export the same names, so a worker opens one only. m, n and k are int there, as is the
 * range of the benchmark's axes.
 */
#include "core/wm.h"

#include <stdlib.h>

/* Values of the CBLAS interface. */
enum { COLUMN_MAJOR = 102, NO_TRANS = 111, TRANS = 112 };

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

enum symbol {
	SGEMM,
	DGEMM,
	OPENBLAS_CONFIG,
	OPENBLAS_CORE,
	OPENBLAS_THREADS,
	BLIS_VERSION,
	BLIS_ARCH,
	BLIS_ARCH_NAME,
	BLIS_THREADS,
	SYMBOLS
};
static const char *const names[SYMBOLS] = {
	[SGEMM] = "cblas_sgemm",
	[DGEMM] = "cblas_dgemm",
	[OPENBLAS_CONFIG] = "?openblas_get_config",
	[OPENBLAS_CORE] = "?openblas_get_corename",
	[OPENBLAS_THREADS] = "?openblas_get_num_threads",
	[BLIS_VERSION] = "?bli_info_get_version_str",
	[BLIS_ARCH] = "?bli_arch_query_id",
	[BLIS_ARCH_NAME] = "?bli_arch_string",
	[BLIS_THREADS] = "?bli_thread_get_num_threads",
};

typedef void sgemm_fn(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a, int lda,
                      const float *b, int ldb, float beta, float *c, int ldc);
typedef void dgemm_fn(int order, int trans_a, int trans_b, int m, int n, int k, double alpha, const double *a, int lda,
                      const double *b, int ldb, double beta, double *c, int ldc);

/* A symbol as the function that it is. */
union function {
	void (*any)(void);
	sgemm_fn *sgemm;
	dgemm_fn *dgemm;
	char *(*text)(void);
	const char *(*text_of)(int);
	int (*number)(void);
	long (*number_long)(void); /* BLIS's dim_t: as wide as a pointer in every build that is packaged */
};

/* What one product needs, ready to be passed. */
struct plan {
	union function fn[SYMBOLS];
	bool wide; /* f64 */
	int trans_a, trans_b, m, n, k, lda, ldb;
};

static enum wm_status can_run(const struct wm_run *run) {
	enum wm_dtype t = wm_get_dtype(run->problem);

	if (t != WM_F64 && t != WM_F32)
		return wm_fail(WM_UNSUPPORTED, "cblas has no %s", wm_dtype_word(t));
	return WM_OK;
}

/* "OpenBLAS 0.3.21 .. , core Cooperlake": what the library says of itself. */
static void describe(const struct plan *plan, const char *lib, struct wm_run *run) {
	const union function *fn = plan->fn;
	size_t room = sizeof(run->library);

	if (fn[OPENBLAS_CONFIG].any && fn[OPENBLAS_CORE].any)
		snprintf(run->library, room, "%s, core %s", fn[OPENBLAS_CONFIG].text(), fn[OPENBLAS_CORE].text());
	else if (fn[BLIS_VERSION].any && fn[BLIS_ARCH].any && fn[BLIS_ARCH_NAME].any)
		snprintf(run->library, room, "BLIS %s, core %s", fn[BLIS_VERSION].text(),
		         fn[BLIS_ARCH_NAME].text_of(fn[BLIS_ARCH].number()));
	else
		snprintf(run->library, room, "%s, which does not say its version", lib);
	if (fn[OPENBLAS_THREADS].any)
		run->threads = fn[OPENBLAS_THREADS].number();
	else if (fn[BLIS_THREADS].any)
		run->threads = (int)fn[BLIS_THREADS].number_long();
}

static enum wm_status prepare(struct wm_run *run) {
	const struct wm_problem *p = run->problem;
	const char *trans = wm_get_word(p, "trans"), *lib;
	struct plan *plan = wm_zalloc(sizeof(*plan));
	void (*fn[SYMBOLS])(void);
	enum wm_status st;

	run->priv = plan;
	st = wm_load_library(libraries, names, SYMBOLS, fn, &lib);
	if (st != WM_OK)
		return st;
	for (int i = 0; i < SYMBOLS; i++)
		plan->fn[i].any = fn[i];
	plan->wide = wm_get_dtype(p) == WM_F64;
	plan->m = (int)wm_get(p, "m");
	plan->n = (int)wm_get(p, "n");
	plan->k = (int)wm_get(p, "k");
	plan->trans_a = trans[0] == 't' ? TRANS : NO_TRANS;
	plan->trans_b = trans[1] == 't' ? TRANS : NO_TRANS;
	plan->lda = trans[0] == 't' ? plan->k : plan->m;
	plan->ldb = trans[1] == 't' ? plan->n : plan->k;
	describe(plan, lib, run);
	return WM_OK;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	const struct plan *x = run->priv;
	const struct wm_buf *buf = run->buf + set * run->tensors;

	if (x->wide)
		x->fn[DGEMM].dgemm(COLUMN_MAJOR, x->trans_a, x->trans_b, x->m, x->n, x->k, 1, buf[0].ptr, x->lda, buf[1].ptr,
		                   x->ldb, 0, buf[2].ptr, x->m);
	else
		x->fn[SGEMM].sgemm(COLUMN_MAJOR, x->trans_a, x->trans_b, x->m, x->n, x->k, 1, buf[0].ptr, x->lda, buf[1].ptr,
		                   x->ldb, 0, buf[2].ptr, x->m);
	return WM_OK;
}

static void finish(struct wm_run *run) {
	free(run->priv);
	run->priv = NULL;
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
	.enqueue = enqueue,
	.finish = finish,
};
