/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attention_simd.c - attention on the CPU's vectors, all threads: no matrix of scores in memory, the sums of a block
 * of queries grow from one tile of keys to the next (online softmax).
 *
 * The queries of all heads that share a kv head are cut into blocks, and where these are too few for the threads, as
 * in decoding, the keys of each into parts; the last thread to finish a part of a block joins all of them. Threads
 * take the next part when they are free: with a causal mask they are not of one length.
 *
 * Where a kv head has few queries, reading keys and values is all of the time. In memory the heads of a key lie side by
 * side, so a block then takes several of them, tile by tile in turn, and asks for the next tile in the order of memory.
 */
#include "attention_tiles.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	BLOCKS_A_THREAD = 4, /* so many parts for each thread even out */
	LEAST_KEYS = 256,    /* of a part */
	KVHEADS = 16         /* at most so many in a block of few queries */
};

/* Which of the tables this CPU runs first. */
static const struct wm_attend *attend_here(void) {
	const struct wm_attend *tables[] = {wm_attend_avx512(), wm_attend_avx2(), wm_attend_neon(), wm_attend_c()};
	int i = 0;

	while (!tables[i])
		i++;
	return tables[i];
}

/* Queries [from, to) of some heads of one sequence: of heads that share a kv head, or of all that share one of a few
 * kv heads. */
struct block {
	size_t batch, kvhead, kvheads;
	size_t head, heads, from, to; /* heads of each kv head; the first of the first */
	size_t keys;                  /* that any of the queries sees */
	size_t first, parts;          /* numbers of its parts */
	atomic_size_t done;           /* parts that are done */
};

/* Keys [from, to) of a block. */
struct part {
	size_t block, from, to;
};

struct plan {
	const struct wm_attend *attend;
	const struct wm_buf *buf; /* the tensors of the set in work */
	enum wm_dtype type;
	size_t batch, heads, kvheads, group, sq, sk, d; /* group: query heads that share a kv head */
	bool causal;
	struct block *blocks;
	struct part *parts;
	size_t nblocks, nparts;
	bool split;                   /* some block has several parts */
	size_t queries, kvheads_most; /* the most of a block: for each of its kv heads, and kv heads */
	struct wm_attend_part *state; /* of each part and kv head; where none is split of each thread and kv head */
	float *sums, *scratch;        /* of all states, of all threads */
	size_t scratch_floats;        /* of one thread */
	atomic_size_t next;           /* the part to be taken */
};

static enum wm_status can_run(const struct wm_run *run) {
	if (!run->backend->parallel)
		return wm_fail(WM_UNSUPPORTED, "backend %s has no threads", run->backend->name);
	return WM_OK;
}

static size_t least(size_t a, size_t b) {
	return a < b ? a : b;
}

static size_t ceil_div(size_t x, size_t by) {
	return (x + by - 1) / by;
}

/* Query i sees the keys [0, that). */
static size_t keys_of(const struct plan *plan, size_t i) {
	return plan->causal ? i + 1 + plan->sk - plan->sq : plan->sk;
}

/* ---- plan --------------------------------------------------------------------------------------- */

/* How many kv heads a block of few queries takes: fewer where the parts of their keys would not do for all threads. */
static size_t kvheads_of(const struct plan *plan, size_t threads) {
	size_t n = least(plan->kvheads, KVHEADS), parts = plan->batch * ceil_div(plan->sk, LEAST_KEYS);

	while (n > 1 && parts * ceil_div(plan->kvheads, n) < threads)
		n = (n + 1) / 2;
	return n;
}

/* One kv head's queries are few: blocks of all queries of several kv heads. */
static void make_few(struct plan *plan, size_t threads) {
	size_t most = kvheads_of(plan, threads), a_sequence = ceil_div(plan->kvheads, most);

	plan->queries = plan->group * plan->sq;
	plan->kvheads_most = most;
	plan->nblocks = plan->batch * a_sequence;
	plan->blocks = wm_zalloc(plan->nblocks * sizeof(*plan->blocks));
	for (size_t n = 0; n < plan->nblocks; n++) {
		struct block *block = &plan->blocks[n];

		block->batch = n / a_sequence;
		block->kvhead = n % a_sequence * most;
		block->kvheads = least(most, plan->kvheads - block->kvhead);
		block->head = block->kvhead * plan->group;
		block->heads = plan->group;
		block->to = plan->sq;
		block->keys = plan->sk;
	}
}

/* Blocks of the queries of one kv head: short sequences of several heads share one. The longest come first in a kv
 * head, so that what is left at the end is short. */
static void make_many(struct plan *plan) {
	size_t heads = plan->sq < WM_ATTEND_QUERIES ? least(plan->group, WM_ATTEND_QUERIES / plan->sq) : 1;
	size_t a_head = ceil_div(plan->sq, WM_ATTEND_QUERIES), a_group = ceil_div(plan->group, heads) * a_head;

	plan->queries = least(heads * plan->sq, WM_ATTEND_QUERIES);
	plan->kvheads_most = 1;
	plan->nblocks = plan->batch * plan->kvheads * a_group;
	plan->blocks = wm_zalloc(plan->nblocks * sizeof(*plan->blocks));
	for (size_t n = 0; n < plan->nblocks; n++) {
		struct block *block = &plan->blocks[n];
		size_t kv = n / a_group, head = n % a_group / a_head * heads, turn = a_head - 1 - n % a_head;

		block->batch = kv / plan->kvheads;
		block->kvhead = kv % plan->kvheads;
		block->kvheads = 1;
		block->head = block->kvhead * plan->group + head;
		block->heads = least(heads, plan->group - head);
		block->from = turn * WM_ATTEND_QUERIES;
		block->to = least(block->from + WM_ATTEND_QUERIES, plan->sq);
		block->keys = keys_of(plan, block->to - 1);
	}
}

/* How many parts the keys of a block are cut into, so that all threads have work. */
static size_t parts_of(const struct plan *plan, const struct block *block, size_t threads) {
	size_t wanted = ceil_div(threads * BLOCKS_A_THREAD, plan->nblocks);

	return least(wanted, ceil_div(block->keys, LEAST_KEYS));
}

static void make_parts(struct plan *plan, size_t threads) {
	size_t n = 0;

	for (size_t b = 0; b < plan->nblocks; b++) {
		struct block *block = &plan->blocks[b];

		block->first = plan->nparts;
		block->parts = parts_of(plan, block, threads);
		plan->nparts += block->parts;
		plan->split |= block->parts > 1;
	}
	plan->parts = wm_zalloc(plan->nparts * sizeof(*plan->parts));
	for (size_t b = 0; b < plan->nblocks; b++) {
		const struct block *block = &plan->blocks[b];

		for (size_t i = 0; i < block->parts; i++, n++) {
			plan->parts[n].block = b;
			wm_part(block->keys, WM_ATTEND_KEYS, (int)i, (int)block->parts, &plan->parts[n].from, &plan->parts[n].to);
		}
	}
}

static enum wm_status make_states(struct plan *plan, size_t threads) {
	size_t states = (plan->split ? plan->nparts : threads) * plan->kvheads_most, floats = plan->queries * plan->d;

	/* whole lines of cache */
	plan->scratch_floats = ceil_div(plan->attend->scratch(plan->d), 16) * 16;
	plan->state = wm_zalloc(states * sizeof(*plan->state));
	plan->sums = aligned_alloc(64, ceil_div(states * floats, 16) * 64);
	plan->scratch = aligned_alloc(64, threads * plan->scratch_floats * sizeof(float));
	if (!plan->sums || !plan->scratch)
		return wm_fail(WM_NOMEM, "no memory for the sums of %zu parts", states);
	for (size_t i = 0; i < states; i++)
		plan->state[i].sums = plan->sums + i * floats;
	return WM_OK;
}

static enum wm_status prepare(struct wm_run *run) {
	const struct wm_problem *p = run->problem;
	struct plan *plan = wm_zalloc(sizeof(*plan));
	size_t threads = (size_t)run->dev->threads;

	run->priv = plan;
	run->threads = run->dev->threads;
	plan->attend = attend_here();
	plan->type = wm_get_dtype(p);
	plan->batch = (size_t)wm_get(p, "batch");
	plan->heads = (size_t)wm_get(p, "heads");
	plan->kvheads = (size_t)wm_get(p, "kvheads");
	plan->group = plan->heads / plan->kvheads;
	plan->sq = (size_t)wm_get(p, "sq");
	plan->sk = (size_t)wm_get(p, "sk");
	plan->d = (size_t)wm_get(p, "d");
	plan->causal = wm_get(p, "causal") != 0;
	if (plan->group * plan->sq <= WM_ATTEND_FEW)
		make_few(plan, threads);
	else
		make_many(plan);
	make_parts(plan, threads);
	snprintf(run->library, sizeof(run->library), "%s", plan->attend->name);
	return make_states(plan, threads);
}

static void finish(struct wm_run *run) {
	struct plan *plan = run->priv;

	if (plan) {
		free(plan->blocks);
		free(plan->parts);
		free(plan->state);
		free(plan->sums);
		free(plan->scratch);
	}
	free(plan);
	run->priv = NULL;
}

/* ---- one operation ------------------------------------------------------------------------------ */

/* Element at of tensor number i. */
static char *element(const struct plan *plan, int i, size_t at) {
	return (char *)plan->buf[i].ptr + at * wm_dtype_bytes(plan->type);
}

/* What a block's kv head number n computes; keys are still to be said. */
static struct wm_attend_block task_of(const struct plan *plan, const struct block *block, size_t n, size_t thread) {
	size_t key = (block->batch * plan->sk * plan->kvheads + block->kvhead + n) * plan->d;
	size_t head = block->head + n * plan->group;
	struct wm_attend_block w = {
		.type = plan->type,
		.d = plan->d,
		.k = element(plan, 1, key),
		.v = element(plan, 2, key),
		.step = plan->kvheads * plan->d,
		.scratch = plan->scratch + thread * plan->scratch_floats,
	};

	for (size_t h = head; h < head + block->heads; h++)
		for (size_t i = block->from; i < block->to; i++) {
			size_t at = ((block->batch * plan->sq + i) * plan->heads + h) * plan->d;

			w.q[w.n] = element(plan, 0, at);
			w.o[w.n] = element(plan, 3, at);
			w.limit[w.n++] = keys_of(plan, i);
		}
	return w;
}

/* What kv head number n of a block asks for while keys before from are in work: its share of the keys [from, to). */
static void put_next(const struct plan *plan, const struct block *block, size_t n, size_t from, size_t to,
                     struct wm_attend_block *w) {
	size_t first, last, at;

	wm_part(to - from, 1, (int)n, (int)block->kvheads, &first, &last);
	at = ((block->batch * plan->sk + from + first) * plan->kvheads + block->kvhead) * plan->d;
	w->next_k = element(plan, 1, at);
	w->next_v = element(plan, 2, at);
	w->next_rows = last - first;
	w->next_bytes = block->kvheads * plan->d * wm_dtype_bytes(plan->type);
}

/* The first part's sums of kv head n; those of other parts follow. Where no block has several, a thread has its own. */
static struct wm_attend_part *states_of(const struct plan *plan, const struct block *block, size_t n, size_t thread) {
	size_t first = plan->split ? block->first * plan->kvheads_most + n * block->parts : thread * plan->kvheads_most + n;

	return plan->state + first;
}

static void clear(struct wm_attend_part *state, size_t n, size_t d) {
	memset(state->sums, 0, n * d * sizeof(float));
	for (size_t i = 0; i < n; i++) {
		state->most[i] = WM_ATTEND_LOWEST;
		state->total[i] = 0;
	}
}

/* Tiles of keys, one kv head after the other; each asks for its share of the next tile. */
static void do_few(const struct plan *plan, const struct block *block, const struct part *part, size_t turn,
                   size_t thread) {
	struct wm_attend_block w[KVHEADS];
	struct wm_attend_part *state[KVHEADS];

	for (size_t n = 0; n < block->kvheads; n++) {
		w[n] = task_of(plan, block, n, thread);
		state[n] = states_of(plan, block, n, thread) + turn;
		clear(state[n], w[n].n, plan->d);
	}
	for (size_t from = part->from; from < part->to; from += WM_ATTEND_FEW_KEYS) {
		size_t to = least(from + WM_ATTEND_FEW_KEYS, part->to), next = least(to + WM_ATTEND_FEW_KEYS, part->to);

		for (size_t n = 0; n < block->kvheads; n++) {
			put_next(plan, block, n, to, next, &w[n]);
			w[n].from = from;
			w[n].to = to;
			plan->attend->few(&w[n], state[n]);
		}
	}
}

static void do_many(const struct plan *plan, const struct block *block, const struct part *part, size_t turn,
                    size_t thread) {
	struct wm_attend_block w = task_of(plan, block, 0, thread);

	w.from = part->from;
	w.to = part->to;
	plan->attend->many(&w, states_of(plan, block, 0, thread) + turn);
}

static void do_part(const struct plan *plan, size_t number, size_t thread) {
	const struct part *part = &plan->parts[number];
	struct block *block = &plan->blocks[part->block];
	size_t turn = number - block->first;

	if (block->heads * (block->to - block->from) <= WM_ATTEND_FEW)
		do_few(plan, block, part, turn, thread);
	else
		do_many(plan, block, part, turn, thread);
	if (atomic_fetch_add(&block->done, 1) + 1 < block->parts)
		return;
	atomic_store(&block->done, 0);
	for (size_t n = 0; n < block->kvheads; n++) {
		struct wm_attend_block w = task_of(plan, block, n, thread);

		plan->attend->join(&w, states_of(plan, block, n, thread), block->parts);
	}
}

static void work(void *arg, int thread, int threads) {
	struct plan *plan = arg;
	size_t number;

	(void)threads;
	while ((number = atomic_fetch_add(&plan->next, 1)) < plan->nparts)
		do_part(plan, number, (size_t)thread);
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	struct plan *plan = run->priv;

	plan->buf = run->buf + set * run->tensors;
	atomic_store(&plan->next, 0);
	return run->backend->parallel(run->dev, work, plan);
}

const struct wm_impl wm_impl_attention_simd = {
	.name = "simd",
	.bench = "attention",
	.backends = "host",
	.about = "online softmax over tiles in vectors, one thread per core",
	.origin = WM_TUNED,
	.can_run = can_run,
	.prepare = prepare,
	.enqueue = enqueue,
	.finish = finish,
};
