/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onednn_attention.c - attention as it is put together from oneDNN's operations where there is no fused one: scores
 * by a product, scaled and masked in the same pass, their softmax, and a second product. The whole score matrix is in
 * memory, in f32; of causal problems its masked half too is computed.
 *
 * Query heads that share a kv head are the rows of one product when there is one query (a decode step); else each
 * has a product of its own. Its strided layouts are the problem's: nothing is copied.
 */
#include "dnnl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { Q, K, V, O, OPERANDS };        /* the benchmark's tensors */
enum { SCORES, SCALE, MASK, EXTRAS }; /* weights take the place of scores */
enum { ALIGN = 4096 };

/* The problem as the operations see it: rows of queries against keys, for each kv head, so many times. */
struct shape {
	int64_t batch, heads, kvheads, sq, sk, d;
	int64_t rows, row_step; /* of one product, and elements from one to the next */
	int64_t times, step;    /* products, and elements of q and o from one to the next */
	bool masked;
};

struct plan {
	struct wm_dnnl lib;
	struct shape shape;
	struct wm_dnnl_layout layout[OPERANDS], extra_layout[EXTRAS];
	void *primitive[3]; /* scores, softmax, output */
	void *memory;       /* of the extras */
	void *extra[EXTRAS];
	void *(*operand)[OPERANDS]; /* [set * times + i] */
	size_t n;                   /* of operand */
};

static const char *const thread_variables[] = {"OMP_NUM_THREADS", NULL};

/* Threads that wait between two operations keep their core awake, and each has its own. */
static const char *const environment[] = {"OMP_WAIT_POLICY", "active", "OMP_PROC_BIND", "close", NULL};

static struct shape shape_of(const struct wm_problem *p) {
	struct shape s = {
		.batch = wm_get(p, "batch"),
		.heads = wm_get(p, "heads"),
		.kvheads = wm_get(p, "kvheads"),
		.sq = wm_get(p, "sq"),
		.sk = wm_get(p, "sk"),
		.d = wm_get(p, "d"),
		.masked = wm_get(p, "causal") != 0 && wm_get(p, "sq") > 1, /* a single query sees all keys */
	};
	int64_t group = s.heads / s.kvheads;
	bool decode = s.sq == 1;

	s.rows = decode ? group : s.sq;
	s.row_step = decode ? s.d : s.heads * s.d;
	s.times = decode ? 1 : group;
	s.step = s.d;
	return s;
}

/* Its weights are normalised before they would be rounded to the shorter type of the second product: up to 2^-9 of the
 * output in bf16, all in one direction where weights are equal. The bound of the check has room for rounding
 * before the division only. */
static enum wm_status can_run(const struct wm_run *run) {
	enum wm_dtype t = wm_get_dtype(run->problem);

	if (t != WM_F32)
		return wm_fail(WM_UNSUPPORTED,
		               "weights rounded to %s after their division are less exact than the problem allows",
		               wm_dtype_word(t));
	return WM_OK;
}

/* ---- memory of the scores ----------------------------------------------------------------------- */

/* Bytes of an extra, in whole pages; 2^60 stands for anything above. */
static uint64_t extra_bytes(const struct shape *s, int which) {
	double elements = which == SCORES  ? (double)s->batch * (double)s->kvheads * (double)s->rows * (double)s->sk
	                  : which == SCALE ? 1
	                  : s->masked      ? (double)s->sq * (double)s->sk
	                                   : 0;

	if (elements > 0x1p58)
		return UINT64_C(1) << 60;
	return ((uint64_t)elements * sizeof(float) + ALIGN - 1) / ALIGN * ALIGN;
}

static uint64_t workspace(const struct wm_problem *p, const struct wm_device *dev) {
	(void)dev;
	struct shape s = shape_of(p);
	uint64_t sum = 0;

	for (int i = 0; i < EXTRAS; i++)
		sum += extra_bytes(&s, i);
	return sum;
}

/* 0 where query i sees key j, minus infinity where it does not. */
static void fill_mask(const struct shape *s, float *mask) {
	for (int64_t i = 0; i < s->sq; i++)
		for (int64_t j = 0; j < s->sk; j++)
			mask[i * s->sk + j] = j <= i + s->sk - s->sq ? 0 : -INFINITY;
}

static enum wm_status make_extras(struct plan *plan) {
	const struct shape *s = &plan->shape;
	char *at[EXTRAS];
	uint64_t sum = 0;
	enum wm_status st = WM_OK;

	for (int i = 0; i < EXTRAS; i++)
		sum += extra_bytes(s, i);
	plan->memory = aligned_alloc(ALIGN, sum);
	if (!plan->memory)
		return wm_fail(WM_NOMEM, "no memory for %llu bytes of scores", (unsigned long long)sum);
	at[0] = plan->memory;
	for (int i = 1; i < EXTRAS; i++)
		at[i] = at[i - 1] + extra_bytes(s, i - 1);
	*(float *)(void *)at[SCALE] = 1 / sqrtf((float)s->d);
	if (s->masked)
		fill_mask(s, (float *)(void *)at[MASK]);
	for (int i = 0; i < EXTRAS && st == WM_OK; i++)
		if (i != MASK || s->masked)
			st = wm_dnnl_memory(&plan->lib, &plan->extra_layout[i], at[i], &plan->extra[i]);
	return st;
}

/* ---- operations --------------------------------------------------------------------------------- */

static void lay_out(struct plan *plan) {
	const struct shape *s = &plan->shape;
	int64_t query_row = s->heads * s->d, key_row = s->kvheads * s->d, group = s->heads / s->kvheads;
	struct wm_dnnl_layout query = {
		WM_F32, 4, {s->batch, s->kvheads, s->rows, s->d}, {s->sq * query_row, group * s->d, s->row_step, 1}};
	struct wm_dnnl_layout scores = {
		WM_F32, 4, {s->batch, s->kvheads, s->rows, s->sk}, {s->kvheads * s->rows * s->sk, s->rows * s->sk, s->sk, 1}};

	plan->layout[Q] = plan->layout[O] = query;
	/* k is taken transposed */
	plan->layout[K] =
		(struct wm_dnnl_layout){WM_F32, 4, {s->batch, s->kvheads, s->d, s->sk}, {s->sk * key_row, s->d, 1, key_row}};
	plan->layout[V] =
		(struct wm_dnnl_layout){WM_F32, 4, {s->batch, s->kvheads, s->sk, s->d}, {s->sk * key_row, s->d, key_row, 1}};
	plan->extra_layout[SCORES] = scores;
	plan->extra_layout[SCALE] = (struct wm_dnnl_layout){WM_F32, 4, {1, 1, 1, 1}, {1, 1, 1, 1}};
	plan->extra_layout[MASK] =
		(struct wm_dnnl_layout){WM_F32, 4, {1, 1, s->sq, s->sk}, {s->sq * s->sk, s->sq * s->sk, s->sk, 1}};
}

static enum wm_status make_operations(struct plan *plan, struct wm_run *run) {
	const struct wm_dnnl_layout *l = plan->layout, *x = plan->extra_layout;
	const struct wm_dnnl_after after[] = {{WM_DNNL_BINARY_MUL, &x[SCALE]}, {WM_DNNL_BINARY_ADD, &x[MASK]}};
	enum wm_status st = wm_dnnl_matmul(&plan->lib, &l[Q], &l[K], &x[SCORES], after, plan->shape.masked ? 2 : 1, run,
	                                   &plan->primitive[0]);

	if (st == WM_OK)
		st = wm_dnnl_softmax(&plan->lib, &x[SCORES], &x[SCORES], run, &plan->primitive[1]);
	if (st == WM_OK)
		st = wm_dnnl_matmul(&plan->lib, &x[SCORES], &l[V], &l[O], NULL, 0, run, &plan->primitive[2]);
	return st;
}

/* Operands of every product on every set. */
static enum wm_status bind_sets(struct plan *plan, const struct wm_run *run) {
	size_t times = (size_t)plan->shape.times, element = sizeof(float);
	enum wm_status st = WM_OK;

	plan->n = (size_t)run->sets * times;
	plan->operand = wm_zalloc(plan->n * sizeof(*plan->operand));
	for (size_t i = 0; i < plan->n * OPERANDS && st == WM_OK; i++) {
		int which = (int)(i % OPERANDS), set = (int)(i / OPERANDS / times);
		size_t shift = which == Q || which == O ? i / OPERANDS % times * (size_t)plan->shape.step * element : 0;

		st = wm_dnnl_memory(&plan->lib, &plan->layout[which], (char *)run->buf[set * run->tensors + which].ptr + shift,
		                    &plan->operand[i / OPERANDS][which]);
	}
	return st;
}

static enum wm_status prepare(struct wm_run *run) {
	struct plan *plan = wm_zalloc(sizeof(*plan));
	enum wm_status st;

	run->priv = plan;
	plan->shape = shape_of(run->problem);
	st = wm_dnnl_open(&plan->lib, run);
	if (st != WM_OK)
		return st;
	lay_out(plan);
	st = make_extras(plan);
	if (st == WM_OK)
		st = make_operations(plan, run);
	return st == WM_OK ? bind_sets(plan, run) : st;
}

static enum wm_status attend(struct plan *plan, void *const *operand) {
	const struct wm_dnnl_arg scores[] = {{WM_DNNL_ARG_SRC, operand[Q]},
	                                     {WM_DNNL_ARG_WEIGHTS, operand[K]},
	                                     {WM_DNNL_ARG_DST, plan->extra[SCORES]},
	                                     {wm_dnnl_after_arg(&plan->lib, 0), plan->extra[SCALE]},
	                                     {wm_dnnl_after_arg(&plan->lib, 1), plan->extra[MASK]}};
	const struct wm_dnnl_arg softmax[] = {{WM_DNNL_ARG_SRC, plan->extra[SCORES]},
	                                      {WM_DNNL_ARG_DST, plan->extra[SCORES]}};
	const struct wm_dnnl_arg output[] = {
		{WM_DNNL_ARG_SRC, plan->extra[SCORES]}, {WM_DNNL_ARG_WEIGHTS, operand[V]}, {WM_DNNL_ARG_DST, operand[O]}};
	enum wm_status st = wm_dnnl_execute(&plan->lib, plan->primitive[0], scores, plan->shape.masked ? 5 : 4);

	if (st == WM_OK)
		st = wm_dnnl_execute(&plan->lib, plan->primitive[1], softmax, 2);
	if (st == WM_OK)
		st = wm_dnnl_execute(&plan->lib, plan->primitive[2], output, 3);
	return st;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	struct plan *plan = run->priv;
	size_t times = (size_t)plan->shape.times, from = (size_t)set * times;
	enum wm_status st = WM_OK;

	for (size_t i = from; i < from + times && st == WM_OK; i++)
		st = attend(plan, plan->operand[i]);
	return st;
}

static void finish(struct wm_run *run) {
	struct plan *plan = run->priv;

	for (size_t i = 0; i < plan->n * OPERANDS; i++)
		if (plan->operand[i / OPERANDS][i % OPERANDS])
			plan->lib.call.memory_destroy(plan->operand[i / OPERANDS][i % OPERANDS]);
	free(plan->operand);
	for (int i = 2; i >= 0; i--)
		if (plan->primitive[i])
			plan->lib.call.primitive_destroy(plan->primitive[i]);
	for (int i = 0; i < EXTRAS; i++)
		if (plan->extra[i])
			plan->lib.call.memory_destroy(plan->extra[i]);
	free(plan->memory);
	wm_dnnl_close(&plan->lib);
	free(plan);
	run->priv = NULL;
}

const struct wm_impl wm_impl_attention_onednn = {
	.name = "onednn",
	.bench = "attention",
	.backends = "host",
	.about = "oneDNN's matmul, softmax and matmul one after another, scores in memory",
	.origin = WM_LIBRARY,
	.asked_only = true,
	.thread_env = thread_variables,
	.env = environment,
	.can_run = can_run,
	.workspace = workspace,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
