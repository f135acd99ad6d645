/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onednn_gemm.c - gemm by oneDNN's matmul on the CPU, operands in plain layouts as the problem gives them.
 *
 * Its matrices are row major, so it is given the transposed product: rows of C^T = B^T A^T are columns of C.
 */
#include "dnnl.h"

#include <stdlib.h>

/* Operands in the order of the benchmark's tensors, and what they are in the transposed product. */
enum { A, B, C, OPERANDS };
static const int arguments[OPERANDS] = {[A] = WM_DNNL_ARG_WEIGHTS, [B] = WM_DNNL_ARG_SRC, [C] = WM_DNNL_ARG_DST};

struct plan {
	struct wm_dnnl lib;
	void *primitive;
	struct wm_dnnl_arg (*args)[OPERANDS]; /* of each buffer set */
	int sets;
};

static const char *const thread_variables[] = {"OMP_NUM_THREADS", NULL};

/* Threads that wait between two products keep their core awake, and each has its own. */
static const char *const environment[] = {"OMP_WAIT_POLICY", "active", "OMP_PROC_BIND", "close", NULL};

static enum wm_status can_run(const struct wm_run *run) {
	enum wm_dtype t = wm_get_dtype(run->problem);

	if (!wm_dnnl_has(t))
		return wm_fail(WM_UNSUPPORTED, "onednn has no %s", wm_dtype_word(t));
	return WM_OK;
}

static void lay_out(const struct wm_problem *p, struct wm_dnnl_layout layout[OPERANDS]) {
	int64_t m = wm_get(p, "m"), n = wm_get(p, "n"), k = wm_get(p, "k");
	const char *trans = wm_get_word(p, "trans");

	layout[A] =
		(struct wm_dnnl_layout){.n = 2, .dims = {k, m}, .strides = {trans[0] == 'n' ? m : 1, trans[0] == 'n' ? 1 : k}};
	layout[B] =
		(struct wm_dnnl_layout){.n = 2, .dims = {n, k}, .strides = {trans[1] == 'n' ? k : 1, trans[1] == 'n' ? 1 : n}};
	layout[C] = (struct wm_dnnl_layout){.n = 2, .dims = {n, m}, .strides = {m, 1}};
}

static enum wm_status bind_sets(struct wm_run *run, const struct wm_dnnl_layout *layout) {
	struct plan *plan = run->priv;
	enum wm_status st = WM_OK;

	plan->args = wm_zalloc((size_t)run->sets * sizeof(*plan->args));
	plan->sets = run->sets;
	for (int set = 0; set < run->sets; set++)
		for (int i = 0; i < OPERANDS && st == WM_OK; i++) {
			plan->args[set][i].arg = arguments[i];
			st = wm_dnnl_memory(&plan->lib, &layout[i], run->buf[set * run->tensors + i].ptr,
			                    &plan->args[set][i].memory);
		}
	return st;
}

static enum wm_status prepare(struct wm_run *run) {
	struct wm_dnnl_layout layout[OPERANDS];
	struct wm_tensor t[WM_MAX_TENSORS];
	struct plan *plan = wm_zalloc(sizeof(*plan));
	enum wm_status st;
	int n;

	run->priv = plan;
	st = run->problem->bench->tensors(run->problem, t, &n);
	if (st == WM_OK)
		st = wm_dnnl_open(&plan->lib, run);
	if (st != WM_OK)
		return st;
	lay_out(run->problem, layout);
	for (int i = 0; i < OPERANDS; i++)
		layout[i].type = t[i].dtype;
	st = wm_dnnl_matmul(&plan->lib, &layout[B], &layout[A], &layout[C], NULL, 0, run, &plan->primitive);
	return st == WM_OK ? bind_sets(run, layout) : st;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	struct plan *plan = run->priv;

	return wm_dnnl_execute(&plan->lib, plan->primitive, plan->args[set], OPERANDS);
}

static void finish(struct wm_run *run) {
	struct plan *plan = run->priv;

	for (int i = 0; i < plan->sets * OPERANDS; i++)
		if (plan->args[i / OPERANDS][i % OPERANDS].memory)
			plan->lib.call.memory_destroy(plan->args[i / OPERANDS][i % OPERANDS].memory);
	free(plan->args);
	if (plan->primitive)
		plan->lib.call.primitive_destroy(plan->primitive);
	wm_dnnl_close(&plan->lib);
	free(plan);
	run->priv = NULL;
}

const struct wm_impl wm_impl_gemm_onednn = {
	.name = "onednn",
	.bench = "gemm",
	.backends = "host",
	.about = "oneDNN's matmul, plain layouts",
	.origin = WM_LIBRARY,
	.asked_only = true,
	.thread_env = thread_variables,
	.env = environment,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
