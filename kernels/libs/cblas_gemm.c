/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cblas_gemm.c - gemm by a library with the CBLAS interface. m, n and k are int there, as is the range of the
 * benchmark's axes.
 */
#include "cblas_gemm.h"

#include "cblas_api.h"

#include <stdlib.h>

enum symbol {
	SGEMM,
	DGEMM,
	OPENBLAS_CONFIG,
	OPENBLAS_CORE,
	OPENBLAS_THREADS,
	BLIS_VERSION,
	BLIS_ARCH,
	BLIS_ARCH_NAME,
	BLIS_OPENMP,
	BLIS_PTHREADS,
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
	[BLIS_OPENMP] = "?bli_info_get_enable_openmp",
	[BLIS_PTHREADS] = "?bli_info_get_enable_pthreads",
	[BLIS_THREADS] = "?bli_thread_get_num_threads",
};

/* A symbol as the function that it is. */
union function {
	void (*any)(void);
	wm_cblas_sgemm_fn *sgemm;
	wm_cblas_dgemm_fn *dgemm;
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

enum wm_status wm_cblas_can_run(const struct wm_run *run, const char *name) {
	enum wm_dtype t = wm_get_dtype(run->problem);

	if (t != WM_F64 && t != WM_F32)
		return wm_fail(WM_UNSUPPORTED, "%s has no %s", name, wm_dtype_word(t));
	return WM_OK;
}

static bool says_yes(union function fn) {
	return fn.any && fn.number_long() != 0;
}

/* "BLIS 0.9.0, core zen3, OpenMP": version, the configuration that it chose for this CPU, whose threads. */
static void describe_blis(const union function *fn, struct wm_run *run) {
	snprintf(run->library, sizeof(run->library), "BLIS %s, core %s, %s", fn[BLIS_VERSION].text(),
	         fn[BLIS_ARCH_NAME].text_of(fn[BLIS_ARCH].number()),
	         says_yes(fn[BLIS_OPENMP])     ? "OpenMP"
	         : says_yes(fn[BLIS_PTHREADS]) ? "pthreads"
	                                       : "no threads");
}

/* "OpenBLAS 0.3.21 .. , core Cooperlake": what the library says of itself. */
static void describe(const struct plan *plan, const char *lib, struct wm_run *run) {
	const union function *fn = plan->fn;

	if (fn[OPENBLAS_CONFIG].any && fn[OPENBLAS_CORE].any)
		snprintf(run->library, sizeof(run->library), "%s, core %s", fn[OPENBLAS_CONFIG].text(),
		         fn[OPENBLAS_CORE].text());
	else if (fn[BLIS_VERSION].any && fn[BLIS_ARCH].any && fn[BLIS_ARCH_NAME].any)
		describe_blis(fn, run);
	else
		snprintf(run->library, sizeof(run->library), "%s, which does not say its version", lib);
	if (fn[OPENBLAS_THREADS].any)
		run->threads = fn[OPENBLAS_THREADS].number();
	else if (fn[BLIS_THREADS].any)
		run->threads = (int)fn[BLIS_THREADS].number_long();
}

enum wm_status wm_cblas_prepare(struct wm_run *run, const char *const *libraries) {
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
	plan->trans_a = trans[0] == 't' ? WM_CBLAS_TRANS : WM_CBLAS_NO_TRANS;
	plan->trans_b = trans[1] == 't' ? WM_CBLAS_TRANS : WM_CBLAS_NO_TRANS;
	plan->lda = trans[0] == 't' ? plan->k : plan->m;
	plan->ldb = trans[1] == 't' ? plan->n : plan->k;
	describe(plan, lib, run);
	return WM_OK;
}

enum wm_status wm_cblas_enqueue(struct wm_run *run, int set) {
	const struct plan *x = run->priv;
	const struct wm_buf *buf = run->buf + set * run->tensors;

	if (x->wide)
		x->fn[DGEMM].dgemm(WM_CBLAS_COLUMN_MAJOR, x->trans_a, x->trans_b, x->m, x->n, x->k, 1, buf[0].ptr, x->lda,
		                   buf[1].ptr, x->ldb, 0, buf[2].ptr, x->m);
	else
		x->fn[SGEMM].sgemm(WM_CBLAS_COLUMN_MAJOR, x->trans_a, x->trans_b, x->m, x->n, x->k, 1, buf[0].ptr, x->lda,
		                   buf[1].ptr, x->ldb, 0, buf[2].ptr, x->m);
	return WM_OK;
}

void wm_cblas_finish(struct wm_run *run) {
	free(run->priv);
	run->priv = NULL;
}
