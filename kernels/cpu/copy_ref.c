/* SPDX-License-Identifier: Apache-2.0 */
/* copy_ref.c - c = a, one element after the other. */
#include "core/wm.h"

#include <stdlib.h>

static const double most_operations = 1e9;

static size_t count(const struct wm_problem *p) {
	return (size_t)wm_get(p, "bytes") / wm_dtype_bytes(wm_get_dtype(p));
}

static enum wm_status can_run(const struct wm_run *run) {
	if ((double)count(run->problem) > most_operations)
		return wm_fail(WM_UNSUPPORTED, "%zu copies are more than %.0e, the most that ref does", count(run->problem),
		               most_operations);
	return WM_OK;
}

struct plan {
	enum wm_dtype type;
	size_t n;
};

static enum wm_status prepare(struct wm_run *run) {
	struct plan *plan = wm_zalloc(sizeof(*plan));

	plan->type = wm_get_dtype(run->problem);
	plan->n = count(run->problem);
	run->priv = plan;
	return WM_OK;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	const struct wm_buf *buf = run->buf + set * run->tensors;
	const struct plan *plan = run->priv;

	for (size_t i = 0; i < plan->n; i++)
		wm_store_element(plan->type, buf[1].ptr, i, wm_load_element(plan->type, buf[0].ptr, i));
	return WM_OK;
}

static void finish(struct wm_run *run) {
	free(run->priv);
	run->priv = NULL;
}

const struct wm_impl wm_impl_copy_ref = {
	.name = "ref",
	.bench = "copy",
	.backends = "host",
	.about = "plain C, one thread, the definition",
	.origin = WM_REFERENCE,
	.asked_only = true,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
