/* SPDX-License-Identifier: Apache-2.0 */
/* fma_ref.c - y = x, then iters times y = y + a b, one element after the other. Exact, so double serves any
 * type. */
#include "core/wm.h"

#include <stdlib.h>

static const double most_operations = 1e9;

static enum wm_status can_run(const struct wm_run *run) {
	double operations = 2.0 * (double)wm_get(run->problem, "n") * (double)wm_get(run->problem, "iters");

	if (operations > most_operations)
		return wm_fail(WM_UNSUPPORTED, "%.3g operations are more than %.0e, the most that ref does", operations,
		               most_operations);
	return WM_OK;
}

struct plan {
	enum wm_dtype in, type; /* of a and b, of the elements */
	size_t n;
	long iters;
};

static enum wm_status prepare(struct wm_run *run) {
	struct plan *plan = wm_zalloc(sizeof(*plan));
	struct wm_tensor t[WM_MAX_TENSORS];
	int n;
	enum wm_status st = run->problem->bench->tensors(run->problem, t, &n);

	run->priv = plan;
	if (st != WM_OK)
		return st;
	plan->in = t[1].dtype;
	plan->type = t[0].dtype;
	plan->n = t[0].count;
	plan->iters = wm_get(run->problem, "iters");
	return WM_OK;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	const struct wm_buf *buf = run->buf + set * run->tensors;
	const struct plan *plan = run->priv;
	enum wm_dtype type = plan->type;
	double a = wm_load_element(plan->in, buf[1].ptr, 0), b = wm_load_element(plan->in, buf[1].ptr, 1);

	for (size_t i = 0; i < plan->n; i++) {
		double y = wm_load_element(type, buf[0].ptr, i);

		for (long t = 0; t < plan->iters; t++)
			y += a * b;
		wm_store_element(type, buf[2].ptr, i, y);
	}
	return WM_OK;
}

static void finish(struct wm_run *run) {
	free(run->priv);
	run->priv = NULL;
}

const struct wm_impl wm_impl_fma_ref = {
	.name = "ref",
	.bench = "fma",
	.backends = "host",
	.about = "plain C, one thread, the definition",
	.origin = WM_REFERENCE,
	.asked_only = true,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
