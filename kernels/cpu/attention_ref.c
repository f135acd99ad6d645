/* SPDX-License-Identifier: Apache-2.0 */
/* attention_ref.c - attention as the definition says: one query after the other, in double, rounded once. */
#include "core/wm.h"

#include <math.h>
#include <stdlib.h>

static const double most_operations = 1e9;

static enum wm_status can_run(const struct wm_run *run) {
	struct wm_work work;

	run->problem->bench->work(run->problem, &work);
	if (work.flop > most_operations)
		return wm_fail(WM_UNSUPPORTED, "%.3g operations are more than %.0e, the most that ref does", work.flop,
		               most_operations);
	return WM_OK;
}

struct plan {
	enum wm_dtype type;
	size_t batch, heads, group, sq, sk, d; /* group: query heads that share a kv head */
	bool causal;
	double *weight; /* sk */
};

static enum wm_status prepare(struct wm_run *run) {
	const struct wm_problem *p = run->problem;
	struct plan *plan = wm_zalloc(sizeof(*plan));

	run->priv = plan;
	plan->type = wm_get_dtype(p);
	plan->batch = (size_t)wm_get(p, "batch");
	plan->heads = (size_t)wm_get(p, "heads");
	plan->group = plan->heads / (size_t)wm_get(p, "kvheads");
	plan->sq = (size_t)wm_get(p, "sq");
	plan->sk = (size_t)wm_get(p, "sk");
	plan->d = (size_t)wm_get(p, "d");
	plan->causal = wm_get(p, "causal") != 0;
	plan->weight = wm_zalloc(plan->sk * sizeof(*plan->weight));
	return WM_OK;
}

/* The scores of the keys that a query sees; returns how many these are. q and k: where the query and key 0 begin. */
static size_t scores(const struct plan *plan, const struct wm_buf *buf, size_t i, size_t q, size_t k) {
	size_t keys = plan->causal ? i + 1 + plan->sk - plan->sq : plan->sk;
	size_t step = plan->heads / plan->group * plan->d;

	for (size_t j = 0; j < keys; j++) {
		double sum = 0;

		for (size_t c = 0; c < plan->d; c++)
			sum += wm_load_element(plan->type, buf[0].ptr, q + c) *
			       wm_load_element(plan->type, buf[1].ptr, k + j * step + c);
		plan->weight[j] = sum / sqrt((double)plan->d);
	}
	return keys;
}

/* Softmax in two passes: the maximum, then exponentials and their sum. */
static void softmax(double *x, size_t n) {
	double most = x[0], sum = 0;

	for (size_t j = 1; j < n; j++)
		most = fmax(most, x[j]);
	for (size_t j = 0; j < n; j++) {
		x[j] = exp(x[j] - most);
		sum += x[j];
	}
	for (size_t j = 0; j < n; j++)
		x[j] /= sum;
}

static void attend(const struct plan *plan, const struct wm_buf *buf, size_t b, size_t i, size_t h) {
	size_t kvheads = plan->heads / plan->group, step = kvheads * plan->d;
	size_t q = ((b * plan->sq + i) * plan->heads + h) * plan->d;
	size_t k = (b * plan->sk * kvheads + h / plan->group) * plan->d;
	size_t keys = scores(plan, buf, i, q, k);

	softmax(plan->weight, keys);
	for (size_t c = 0; c < plan->d; c++) {
		double sum = 0;

		for (size_t j = 0; j < keys; j++)
			sum += plan->weight[j] * wm_load_element(plan->type, buf[2].ptr, k + j * step + c);
		wm_store_element(plan->type, buf[3].ptr, q + c, sum);
	}
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	const struct plan *plan = run->priv;

	for (size_t b = 0; b < plan->batch; b++)
		for (size_t i = 0; i < plan->sq; i++)
			for (size_t h = 0; h < plan->heads; h++)
				attend(plan, run->buf + set * run->tensors, b, i, h);
	return WM_OK;
}

static void finish(struct wm_run *run) {
	struct plan *plan = run->priv;

	if (plan)
		free(plan->weight);
	free(plan);
	run->priv = NULL;
}

const struct wm_impl wm_impl_attention_ref = {
	.name = "ref",
	.bench = "attention",
	.backends = "host",
	.about = "plain C, one thread, the definition",
	.origin = WM_REFERENCE,
	.asked_only = true,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
