/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ranks.c - threads as ranks.
 *
 * Each rank has a place of its own in memory that only it writes: a step that it raises whenever it reaches a point
 * that others wait for, and SLOTS slots. All ranks go through the same points in the same order, so a rank waits until
 * another one's step is as high as its own.
 */
#include "ranks.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINE = 128,              /* two lines of 64 bytes: many CPUs fetch neighbours in pairs */
	PAGE = 4096,             /* what a rank owns begins on a page, for first touch */
	SLOTS = 4,               /* so many operations may a sender be ahead of a receiver */
	SLOT_LIMIT = 512,        /* bytes that a rank takes out of slots: beyond, two waits cost less than a copy more .. */
	SLOT_LIMIT_FIRST = 2048, /* .. unless all comes from rank 0, which then waits for nobody */
	SPINS = 2000,            /* looks before a thread offers its core to others */
	STRETCH = 512,           /* operations of a latency batch between two looks at their times */
};

typedef _Atomic uint64_t counter;

/* What a rank shows the others: step, then the slots behind it. */
struct place {
	_Alignas(LINE) counter step;
};

/* A slot: the number of the operation, then what is sent, so that a few bytes come with it in one line. */
struct slot {
	counter operation;
	char data[];
};

struct member {
	_Alignas(LINE) struct wm_rank me;
	uint64_t step, operation; /* its own count of both */
	double began, ended;      /* of a bandwidth batch */
	double *took, *done;      /* of each of STRETCH operations: its own time, and the end */
};

struct wm_ranks {
	const struct wm_run *run;
	const struct wm_collective_way *way;
	wm_merge_fn *merge;
	bool latency, slots, stream;
	size_t slot_bytes, place_bytes;
	char *places;
	struct member *members;
	int n;
	/* the batch in work */
	int first, span;
	long operations;
};

/* ---- waiting ------------------------------------------------------------------------------------------------ */

static void relax(void) {
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Until the counter is at least that high. */
static void wait_for(counter *c, uint64_t value) {
	for (unsigned looks = 1; atomic_load_explicit(c, memory_order_acquire) < value; looks++)
		if (looks % SPINS == 0)
			sched_yield();
		else
			relax();
}

static struct place *place_of(const struct wm_ranks *all, int rank) {
	return (struct place *)(void *)(all->places + (size_t)rank * all->place_bytes);
}

static void reach(struct member *m) {
	atomic_store_explicit(&place_of(m->me.all, m->me.rank)->step, ++m->step, memory_order_release);
}

static void wait_for_rank(const struct member *m, int other) {
	wait_for(&place_of(m->me.all, other)->step, m->step);
}

static void wait_for_all(const struct member *m) {
	for (int i = 0; i < m->me.ranks - 1; i++)
		wait_for_rank(m, wm_rank_behind(&m->me, i));
}

static void barrier(struct member *m) {
	reach(m);
	wait_for_all(m);
}

/* ---- services of the collectives ---------------------------------------------------------------------------- */

int wm_rank_behind(const struct wm_rank *me, int i) {
	int other = me->rank + 1 + i;

	return other < me->ranks ? other : other - me->ranks;
}

size_t wm_rank_share(const struct wm_rank *me, size_t bytes, size_t *from_p) {
	size_t from, to;

	wm_part(bytes, LINE, me->rank, me->ranks, &from, &to);
	*from_p = from;
	return to - from;
}

void wm_rank_merge(const struct wm_rank *me, int ndst, int nsrc, size_t bytes) {
	me->all->merge(me->target, ndst, me->source, nsrc, bytes / me->element, me->all->stream);
}

/* ---- directly ----------------------------------------------------------------------------------------------- */

/* Buffers of others are used after these have entered, and left before these return. */
static void operate_directly(struct member *m, const char *send, char *recv) {
	const struct wm_collective_way *way = m->me.all->way;
	int last = m->me.ranks - 1;

	reach(m);
	if (way->pattern == WM_FROM_BEFORE)
		wait_for_rank(m, wm_rank_behind(&m->me, last - 1));
	else
		wait_for_all(m);
	way->direct(&m->me, send, recv);
	reach(m);
	if (way->pattern == WM_FROM_BEFORE)
		wait_for_rank(m, wm_rank_behind(&m->me, 0));
	else
		wait_for_all(m);
}

/* ---- through slots ------------------------------------------------------------------------------------------ */

static struct slot *slot_of(const struct wm_ranks *all, int rank, uint64_t operation) {
	char *slots = (char *)place_of(all, rank) + LINE;

	return (struct slot *)(void *)(slots + operation % SLOTS * all->slot_bytes);
}

const char *wm_rank_slot(const struct wm_rank *me, int from) {
	uint64_t operation = ((const struct member *)(const void *)me)->operation;
	struct slot *slot = slot_of(me->all, from, operation);

	wait_for(&slot->operation, operation);
	return slot->data;
}

/* The slot that is to be filled was last used SLOTS operations ago; a receiver that has entered a later one has read
 * it. Where all receive from all that is so anyway: nobody leaves an operation before all have entered it. */
static void wait_for_reader(const struct member *m, int reader) {
	uint64_t later = m->operation - SLOTS + 1;

	if (m->operation > SLOTS)
		wait_for(&slot_of(m->me.all, reader, later)->operation, later);
}

static void wait_for_readers(const struct member *m) {
	enum wm_pattern pattern = m->me.all->way->pattern;

	if (pattern == WM_FROM_BEFORE)
		wait_for_reader(m, wm_rank_behind(&m->me, 0));
	else if (pattern == WM_FROM_FIRST && m->me.rank == 0)
		for (int r = 1; r < m->me.ranks; r++)
			wait_for_reader(m, r);
}

static void operate_through_slots(struct member *m, const char *send, char *recv) {
	const struct wm_collective_way *way = m->me.all->way;
	size_t rank = (size_t)m->me.rank;
	struct slot *own = slot_of(m->me.all, m->me.rank, ++m->operation);

	wait_for_readers(m);
	if (way->pattern != WM_FROM_FIRST || rank == 0)
		memcpy(own->data, send + rank * m->me.send, m->me.send);
	atomic_store_explicit(&own->operation, m->operation, memory_order_release);
	way->take(&m->me, recv + rank * m->me.recv);
}

/* ---- regions: what every thread runs ------------------------------------------------------------------------ */

static void operate(struct member *m, long i) {
	const struct wm_ranks *all = m->me.all;
	const struct wm_buf *buf = all->run->buf + (all->first + i) % all->span * all->run->tensors;

	if (all->slots)
		operate_through_slots(m, buf[0].ptr, buf[1].ptr);
	else
		operate_directly(m, buf[0].ptr, buf[1].ptr);
}

static void one(void *arg, int thread, int threads) {
	(void)threads;
	operate(&((struct wm_ranks *)arg)->members[thread], 0);
}

static void back_to_back(void *arg, int thread, int threads) {
	const struct wm_ranks *all = arg;
	struct member *m = &all->members[thread];

	(void)threads;
	barrier(m);
	m->began = wm_now();
	for (long i = 0; i < all->operations; i++)
		operate(m, i);
	m->ended = wm_now();
}

static void one_by_one(void *arg, int thread, int threads) {
	const struct wm_ranks *all = arg;
	struct member *m = &all->members[thread];

	(void)threads;
	for (long i = 0; i < all->operations; i++) {
		double from;

		barrier(m);
		from = wm_now();
		operate(m, i);
		m->done[i] = wm_now();
		m->took[i] = m->done[i] - from;
	}
}

/* Each rank's own memory is written first by its own thread. */
static void touch(void *arg, int thread, int threads) {
	const struct wm_ranks *all = arg;

	(void)threads;
	memset(place_of(all, thread), 0, all->place_bytes);
}

/* ---- preparing ---------------------------------------------------------------------------------------------- */

static void *aligned(size_t alignment, size_t bytes) {
	return aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

static size_t round_up(size_t bytes, size_t unit) {
	return (bytes + unit - 1) / unit * unit;
}

static wm_merge_fn *merge_of(enum wm_dtype type) {
	const struct wm_merge *table = wm_merge();

	return type == WM_F32 ? table->f32 : type == WM_BF16 ? table->bf16 : table->i8;
}

enum wm_status wm_ranks_can_run(const struct wm_run *run) {
	if (!run->backend->parallel)
		return wm_fail(WM_UNSUPPORTED, "backend %s has no threads", run->backend->name);
	if (run->problem->rank != WM_ALL_RANKS)
		return wm_fail(WM_UNSUPPORTED, "all %d ranks are to be threads of one process", run->problem->ranks);
	return WM_OK;
}

/* Sizes of buffers, and by them the way. */
static void settle(struct wm_ranks *all, struct wm_rank *me) {
	const struct wm_problem *p = all->run->problem;
	size_t bytes = (size_t)wm_get(p, "bytes"), taken, all_buffers;

	me->element = wm_dtype_bytes(wm_get_dtype(p));
	me->part = bytes / (size_t)all->n;
	me->send = all->way->send_part ? me->part : bytes;
	me->recv = all->way->recv_part ? me->part : bytes;
	taken = all->way->take_whole ? me->send * (size_t)all->n : me->send;
	all_buffers = (me->send + me->recv) * (size_t)all->n * (size_t)all->run->sets;
	all->slots = taken <= (all->way->pattern == WM_FROM_FIRST ? SLOT_LIMIT_FIRST : SLOT_LIMIT);
	/* three quarters: other data are in the caches too */
	all->stream = wm_merge()->streams && all->run->dev->cache_bytes && all_buffers > all->run->dev->cache_bytes / 4 * 3;
	all->slot_bytes = round_up(sizeof(struct slot) + (all->slots ? me->send : 0), LINE);
	all->place_bytes = round_up(LINE + SLOTS * all->slot_bytes, PAGE);
}

static enum wm_status make_members(struct wm_ranks *all, const struct wm_rank *common) {
	size_t n = (size_t)all->n;

	all->members = aligned(LINE, n * sizeof(*all->members));
	if (!all->members)
		return wm_fail(WM_NOMEM, "no memory for %d ranks", all->n);
	memset(all->members, 0, n * sizeof(*all->members));
	for (int r = 0; r < all->n; r++) {
		struct member *m = &all->members[r];

		m->me = *common;
		m->me.rank = r;
		m->me.source = wm_zalloc(n * sizeof(*m->me.source));
		m->me.target = wm_zalloc(n * sizeof(*m->me.target));
		m->took = wm_zalloc(2 * STRETCH * sizeof(*m->took));
		m->done = m->took + STRETCH;
	}
	return WM_OK;
}

enum wm_status wm_ranks_prepare(struct wm_run *run, const struct wm_collective_way *way) {
	struct wm_ranks *all = wm_zalloc(sizeof(*all));
	struct wm_rank common = {.all = all, .ranks = run->problem->ranks};
	enum wm_status st;

	run->priv = all;
	all->run = run;
	all->way = way;
	all->n = common.ranks;
	all->merge = merge_of(wm_get_dtype(run->problem));
	all->latency = run->problem->bench->apart(run->problem);
	settle(all, &common);
	st = make_members(all, &common);
	if (st != WM_OK)
		return st;
	all->places = aligned(PAGE, (size_t)all->n * all->place_bytes);
	if (!all->places)
		return wm_fail(WM_NOMEM, "no memory for %d places of %zu bytes", all->n, all->place_bytes);
	run->threads = all->n;
	snprintf(run->library, sizeof(run->library), "%s, %s%s", wm_merge()->name, all->slots ? "through slots" : "direct",
	         all->stream && !all->slots ? ", non-temporal stores" : "");
	return run->backend->parallel(run->dev, touch, all);
}

void wm_ranks_finish(struct wm_run *run) {
	struct wm_ranks *all = run->priv;

	for (int r = 0; all->members && r < all->n; r++) {
		free(all->members[r].me.source);
		free(all->members[r].me.target);
		free(all->members[r].took);
	}
	free(all->members);
	free(all->places);
	free(all);
	run->priv = NULL;
}

/* ---- running ------------------------------------------------------------------------------------------------ */

enum wm_status wm_ranks_enqueue(struct wm_run *run, int set) {
	struct wm_ranks *all = run->priv;

	all->first = set;
	all->span = run->sets;
	return run->backend->parallel(run->dev, one, all);
}

/* Bandwidth: the slowest rank's own time over all operations; the ends are seen after the last one only. */
static enum wm_status time_back_to_back(struct wm_run *run, struct wm_ranks *all, long n,
                                        struct wm_rank_times *times_p) {
	double slowest = 0, first_end, last_end;
	enum wm_status st;

	all->operations = n;
	st = run->backend->parallel(run->dev, back_to_back, all);
	if (st != WM_OK)
		return st;
	first_end = last_end = all->members[0].ended;
	for (int r = 0; r < all->n; r++) {
		const struct member *m = &all->members[r];

		slowest = m->ended - m->began > slowest ? m->ended - m->began : slowest;
		first_end = m->ended < first_end ? m->ended : first_end;
		last_end = m->ended > last_end ? m->ended : last_end;
	}
	*times_p = (struct wm_rank_times){.seconds = slowest, .skew_s = last_end - first_end};
	return WM_OK;
}

static int by_size(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *x, size_t n) {
	qsort(x, n, sizeof(*x), by_size);
	return (x[(n - 1) / 2] + x[n / 2]) / 2;
}

/* Of each operation that was just run: the slowest rank's time, and how far the ends lie apart. */
static void look_at_times(const struct wm_ranks *all, double *slowest, double *skew) {
	for (long i = 0; i < all->operations; i++) {
		double took = 0, first_end = all->members[0].done[i], last_end = first_end;

		for (int r = 0; r < all->n; r++) {
			const struct member *m = &all->members[r];

			took = m->took[i] > took ? m->took[i] : took;
			first_end = m->done[i] < first_end ? m->done[i] : first_end;
			last_end = m->done[i] > last_end ? m->done[i] : last_end;
		}
		slowest[i] = took;
		skew[i] = last_end - first_end;
	}
}

/* Latency: the median, over the operations, of the slowest rank's time. */
static enum wm_status time_one_by_one(struct wm_run *run, struct wm_ranks *all, long n, struct wm_rank_times *times_p) {
	int first = all->first;
	double *slowest = malloc(2 * (size_t)n * sizeof(*slowest)), *skew;
	enum wm_status st = WM_OK;

	if (!slowest)
		return wm_fail(WM_NOMEM, "no memory for the times of %ld operations", n);
	skew = slowest + n;
	for (long i = 0; i < n && st == WM_OK; i += STRETCH) {
		all->first = (int)((first + i) % all->span);
		all->operations = n - i < STRETCH ? n - i : STRETCH;
		st = run->backend->parallel(run->dev, one_by_one, all);
		if (st == WM_OK)
			look_at_times(all, slowest + i, skew + i);
	}
	if (st == WM_OK)
		*times_p = (struct wm_rank_times){.seconds = (double)n * median(slowest, (size_t)n),
		                                  .skew_s = median(skew, (size_t)n)};
	free(slowest);
	return st;
}

enum wm_status wm_ranks_batch(struct wm_run *run, int first, int span, long n, struct wm_rank_times *times_p) {
	struct wm_ranks *all = run->priv;

	all->first = first;
	all->span = span;
	return all->latency ? time_one_by_one(run, all, n, times_p) : time_back_to_back(run, all, n, times_p);
}
