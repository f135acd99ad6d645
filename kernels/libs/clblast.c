/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clblast.c - gemm by CLBlast, into the queue of an OpenCL device. Its first product of a kind compiles for seconds:
 * prepare makes one.
 */
#include "clblast_api.h"

#include "core/wm.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

enum symbol { SGEMM, DGEMM, SYMBOLS };
static const char *const names[SYMBOLS] = {[SGEMM] = "CLBlastSgemm", [DGEMM] = "CLBlastDgemm"};

/* A symbol as the function that it is. */
union function {
	void (*any)(void);
	wm_clblast_sgemm_fn *sgemm;
	wm_clblast_dgemm_fn *dgemm;
};

/* What one product needs, ready to be passed. */
struct plan {
	union function fn[SYMBOLS];
	void *queue; /* the device's own */
	bool wide;   /* f64 */
	int trans_a, trans_b;
	size_t m, n, k, lda, ldb;
};

/* Its half precision sums in f16 too (PRECISION 16 of its kernels has one type for everything), which is another
 * problem than ours. */
static enum wm_status can_run(const struct wm_run *run) {
	enum wm_dtype t = wm_get_dtype(run->problem);

	if (t == WM_F16)
		return wm_fail(WM_UNSUPPORTED, "clblast sums f16 in f16, the problem in f32");
	if (t != WM_F64 && t != WM_F32)
		return wm_fail(WM_UNSUPPORTED, "clblast has no %s", wm_dtype_word(t));
	if (t == WM_F64 && !(run->dev->features & WM_HAS_F64))
		return wm_fail(WM_UNSUPPORTED, "no cl_khr_fp64");
	return WM_OK;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	struct plan *x = run->priv;
	const struct wm_buf *buf = run->buf + set * run->tensors;
	int err;

	if (x->wide)
		err = x->fn[DGEMM].dgemm(WM_CLBLAST_COLUMN_MAJOR, x->trans_a, x->trans_b, x->m, x->n, x->k, 1, buf[0].ptr, 0,
		                         x->lda, buf[1].ptr, 0, x->ldb, 0, buf[2].ptr, 0, x->m, &x->queue, NULL);
	else
		err = x->fn[SGEMM].sgemm(WM_CLBLAST_COLUMN_MAJOR, x->trans_a, x->trans_b, x->m, x->n, x->k, 1, buf[0].ptr, 0,
		                         x->lda, buf[1].ptr, 0, x->ldb, 0, buf[2].ptr, 0, x->m, &x->queue, NULL);
	if (err == WM_CLBLAST_SUCCESS)
		return WM_OK;
	return wm_fail(err <= WM_CLBLAST_NO_MEMORY && err >= WM_CLBLAST_OUT_OF_HOST_MEMORY ? WM_NOMEM : WM_FAILED,
	               "%s: status %d of clblast_c.h", names[x->wide ? DGEMM : SGEMM], err);
}

/* It does not say its version, but the file does that its soname leads to: "CLBlast, libclblast.so.1.5.3". */
static void describe(const struct plan *plan, const char *lib, struct wm_run *run) {
	void *symbol;
	Dl_info info;
	char *file = NULL;

	memcpy(&symbol, &plan->fn[SGEMM], sizeof(symbol));
	if (dladdr(symbol, &info))
		file = realpath(info.dli_fname, NULL);
	snprintf(run->library, sizeof(run->library), "CLBlast, %s", file ? strrchr(file, '/') + 1 : lib);
	free(file);
}

static enum wm_status prepare(struct wm_run *run) {
	static const char *const libraries[] = {"libclblast.so.1", NULL};
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
	plan->queue = run->backend->native(run->dev, "queue");
	plan->wide = wm_get_dtype(p) == WM_F64;
	plan->m = (size_t)wm_get(p, "m");
	plan->n = (size_t)wm_get(p, "n");
	plan->k = (size_t)wm_get(p, "k");
	plan->trans_a = trans[0] == 't' ? WM_CLBLAST_TRANS : WM_CLBLAST_NO_TRANS;
	plan->trans_b = trans[1] == 't' ? WM_CLBLAST_TRANS : WM_CLBLAST_NO_TRANS;
	plan->lda = trans[0] == 't' ? plan->k : plan->m;
	plan->ldb = trans[1] == 't' ? plan->n : plan->k;
	describe(plan, lib, run);
	st = enqueue(run, 0);
	return st == WM_OK ? run->backend->sync(run->dev) : st;
}

static void finish(struct wm_run *run) {
	free(run->priv);
	run->priv = NULL;
}

const struct wm_impl wm_impl_gemm_clblast = {
	.name = "clblast",
	.bench = "gemm",
	.backends = "opencl",
	.about = "CLBlast, with the parameters that it was built with for the device",
	.origin = WM_LIBRARY,
	.asked_only = true,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
