/* SPDX-License-Identifier: Apache-2.0 */
/* read_ref.c - the sum of each block of x, one element after the other. */
#include "core/wm.h"

#include <stdlib.h>

static const double most_operations = 1e9;

static size_t count(const struct wm_problem *p) {
	return (size_t)wm_get(p, "bytes") / wm_dtype_bytes(wm_get_dtype(p));
}

static enum wm_status can_run(const struct wm_run *run) {
	if ((double)count(run->problem) > most_operations)
		return wm_fail(WM_UNSUPPORTED, "%zu additions are more than %.0e, the most that ref does", count(run->problem),
		               most_operations);
	return WM_OK;
}

struct plan {
	enum wm_dtype type;
	size_t n, blocks;
};

static enum wm_status prepare(struct wm_run *run) {
	struct plan *plan = wm_zalloc(sizeof(*plan));

	plan->type = wm_get_dtype(run->problem);
	plan->n = count(run->problem);
	plan->blocks = plan->n < 1024 ? plan->n : 1024;
	run->priv = plan;
	return WM_OK;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	const struct wm_buf *buf = run->buf + set * run->tensors;
	const struct plan *plan = run->priv;
	size_t n = plan->n, blocks = plan->blocks;

	for (size_t b = 0; b < blocks; b++) {
		double sum = 0;

		for (size_t i = b * n / blocks; i < (b + 1) * n / blocks; i++)
			sum += wm_load_element(plan->type, buf[0].ptr, i);
		wm_store_element(WM_F64, buf[1].ptr, b, sum);
	}
	return WM_OK;
}

static void finish(struct wm_run *run) {
	free(run->priv);
	run->priv = NULL;
}

const struct wm_impl wm_impl_read_ref = {
	.name = "ref",
	.bench = "read",
	.backends = "host",
	.about = "plain C, one thread, the definition",
	.origin = WM_REFERENCE,
	.asked_only = true,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
