/* SPDX-License-Identifier: Apache-2.0 */
/* gemm_ref.c - C = A B as the definition says, one dot product after the other. */
#include "core/wm.h"

#include <stdlib.h>

static const double most_operations = 1e9;

static enum wm_status can_run(const struct wm_run *run) {
	const struct wm_problem *p = run->problem;
	double operations = 2.0 * (double)wm_get(p, "m") * (double)wm_get(p, "n") * (double)wm_get(p, "k");

	if (operations > most_operations)
		return wm_fail(WM_UNSUPPORTED, "%.3g operations are more than %.0e, the most that ref does", operations,
		               most_operations);
	return WM_OK;
}

/* One row of A and one column of B: element k lies at first + k * step. */
struct vector {
	enum wm_dtype type;
	const void *data;
	size_t first, step;
};

static double element(const struct vector *x, size_t k) {
	return wm_load_element(x->type, x->data, x->first + k * x->step);
}

static double dot_f64(const struct vector *a, const struct vector *b, size_t depth) {
	double sum = 0;

	for (size_t k = 0; k < depth; k++)
		sum += element(a, k) * element(b, k);
	return sum;
}

/* For all other floats: accumulates in f32. */
static double dot_f32(const struct vector *a, const struct vector *b, size_t depth) {
	float sum = 0;

	for (size_t k = 0; k < depth; k++)
		sum += (float)element(a, k) * (float)element(b, k);
	return (double)sum;
}

static double dot_i32(const struct vector *a, const struct vector *b, size_t depth) {
	int32_t sum = 0;

	for (size_t k = 0; k < depth; k++)
		sum += (int32_t)element(a, k) * (int32_t)element(b, k);
	return sum;
}

static double dot(const struct vector *a, const struct vector *b, size_t depth) {
	if (a->type == WM_F64)
		return dot_f64(a, b, depth);
	if (a->type == WM_I8)
		return dot_i32(a, b, depth);
	return dot_f32(a, b, depth);
}

/* Both operands with their lines along k: line i of A is a row, line j of B a column. */
struct plan {
	size_t m, n, depth;
	enum wm_dtype in, out;
	size_t a_line, a_step, b_line, b_step;
};

static enum wm_status prepare(struct wm_run *run) {
	const struct wm_problem *p = run->problem;
	struct plan *plan = wm_zalloc(sizeof(*plan));
	struct wm_tensor t[WM_MAX_TENSORS];
	bool a_along_k = wm_get_word(p, "trans")[0] == 't', b_along_k = wm_get_word(p, "trans")[1] == 'n';
	int tensors;

	run->priv = plan;
	plan->m = (size_t)wm_get(p, "m");
	plan->n = (size_t)wm_get(p, "n");
	plan->depth = (size_t)wm_get(p, "k");
	plan->a_line = a_along_k ? plan->depth : 1;
	plan->a_step = a_along_k ? 1 : plan->m;
	plan->b_line = b_along_k ? plan->depth : 1;
	plan->b_step = b_along_k ? 1 : plan->n;
	enum wm_status st = p->bench->tensors(p, t, &tensors);
	if (st != WM_OK)
		return st;
	plan->in = t[0].dtype;
	plan->out = t[2].dtype;
	return WM_OK;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	const struct plan *plan = run->priv;
	const struct wm_buf *buf = run->buf + set * run->tensors;

	for (size_t j = 0; j < plan->n; j++)
		for (size_t i = 0; i < plan->m; i++) {
			struct vector a = {plan->in, buf[0].ptr, i * plan->a_line, plan->a_step};
			struct vector b = {plan->in, buf[1].ptr, j * plan->b_line, plan->b_step};

			wm_store_element(plan->out, buf[2].ptr, i + j * plan->m, dot(&a, &b, plan->depth));
		}
	return WM_OK;
}

static void finish(struct wm_run *run) {
	free(run->priv);
	run->priv = NULL;
}

const struct wm_impl wm_impl_gemm_ref = {
	.name = "ref",
	.bench = "gemm",
	.backends = "host",
	.about = "plain C, one thread, the definition",
	.origin = WM_REFERENCE,
	.asked_only = true,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
