/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_collective_threads.c - threads as ranks: right outputs of every size, type and number of ranks, also with many
 * more ranks than cores, operation after operation on sets of different data.
 */
#include "../../kernels/cpu/merge.h"
#include "../inject/sets.h"

#include "core/problem.h"
#include "core/registry.h"
#include "system/topology.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_RANKS = 9, SETS = 3, SEED = 40 };

static const char *const benches[] = {"allreduce", "reducescatter", "allgather", "broadcast", "alltoall", "sendrecv"};
static const char *const types[] = {"f32", "bf16", "i8"};
enum { BENCHES = 6, TYPES = 3 };

/* ---- a backend whose threads are bound to nothing ---- */

struct call {
	void (*fn)(void *arg, int thread, int threads);
	void *arg;
	int thread, threads;
};

static void *call_one(void *arg) {
	const struct call *c = arg;

	c->fn(c->arg, c->thread, c->threads);
	return NULL;
}

/* The last thread starts first. */
static enum wm_status any_threads(struct wm_device *dev, void (*fn)(void *arg, int thread, int threads), void *arg) {
	pthread_t thread[MOST_RANKS];
	struct call call[MOST_RANKS];

	for (int t = dev->threads - 1; t >= 0; t--) {
		call[t] = (struct call){fn, arg, t, dev->threads};
		assert_int_equal(pthread_create(&thread[t], NULL, call_one, &call[t]), 0);
	}
	for (int t = 0; t < dev->threads; t++)
		pthread_join(thread[t], NULL);
	return WM_OK;
}

static const struct wm_backend loose = {.name = "host", .parallel = any_threads};

/* ---- a run of several sets, each with data of its own ---- */

struct bundle {
	struct wm_set set[SETS];
	struct wm_buf buf[SETS * 2];
	struct wm_device dev;
	struct wm_run run;
	const struct wm_impl *impl;
};

static void begin_on(struct bundle *b, const char *problem, const struct wm_backend *backend,
                     const struct wm_device *dev) {
	memset(b, 0, sizeof(*b));
	b->dev = *dev;
	for (int s = 0; s < SETS; s++) {
		wm_set_open_ranks(&b->set[s], problem, WM_ALL_RANKS, dev->threads);
		wm_set_fill(&b->set[s], WM_EXACT, SEED + (uint64_t)s);
		for (int i = 0; i < 2; i++)
			b->buf[2 * s + i] = (struct wm_buf){.ptr = b->set[s].host[i], .bytes = b->set[s].bytes[i]};
	}
	b->run = (struct wm_run){
		.problem = &b->set[0].p, .backend = backend, .dev = &b->dev, .tensors = 2, .sets = SETS, .buf = b->buf};
	b->impl = wm_impl_find(b->set[0].p.bench->name, "threads");
	assert_non_null(b->impl->batch);
	assert_int_equal(b->impl->can_run(&b->run), WM_OK);
	assert_int_equal(b->impl->prepare(&b->run), WM_OK);
	assert_int_equal(b->run.threads, dev->threads);
}

static void begin(struct bundle *b, const char *problem, int ranks, uint64_t cache_bytes) {
	const struct wm_device dev = {.id = "host", .backend = "host", .threads = ranks, .cache_bytes = cache_bytes};

	begin_on(b, problem, &loose, &dev);
}

static void end(struct bundle *b) {
	b->impl->finish(&b->run);
	for (int s = 0; s < SETS; s++)
		wm_set_close(&b->set[s]);
}

/* Set s is right, and nothing beyond it was written. */
static void right(struct bundle *b, int s, const char *problem, const char *when) {
	struct wm_check check;

	if (wm_set_verify(&b->set[s], WM_EXACT, SEED + (uint64_t)s, &check) != WM_OK)
		fail_msg("%s of %d ranks, %s, %s: %s", problem, b->dev.threads, b->run.library, when, wm_why());
	assert_true(wm_set_slack_whole(&b->set[s]));
}

/* No operation was given set s. */
static void untouched(struct bundle *b, int s, const char *problem) {
	const unsigned char *byte = b->set[s].host[1];

	for (size_t i = 0; i < b->set[s].bytes[1]; i++)
		if (byte[i] != 0xff)
			fail_msg("%s of %d ranks: wrote set %d, which no operation was given", problem, b->dev.threads, s);
}

static void wipe(struct bundle *b) {
	for (int s = 0; s < SETS; s++)
		memset(b->set[s].host[1], 0xff, b->set[s].bytes[1]);
}

static void plausible(const struct wm_rank_times *times) {
	assert_true(times->seconds > 0 && times->skew_s >= 0);
}

/* One operation; batches that take two of the three sets in turn, from the second one on. */
static void attempt(const char *problem, int ranks, uint64_t cache_bytes) {
	struct wm_rank_times times;
	struct bundle b;

	begin(&b, problem, ranks, cache_bytes);
	assert_int_equal(b.impl->enqueue(&b.run, 1), WM_OK);
	right(&b, 1, problem, "one operation");
	untouched(&b, 0, problem);
	untouched(&b, 2, problem);
	wipe(&b);
	assert_int_equal(b.impl->batch(&b.run, 1, 2, 1, &times), WM_OK);
	plausible(&times);
	right(&b, 1, problem, "a batch of one");
	untouched(&b, 0, problem);
	wipe(&b);
	assert_int_equal(b.impl->batch(&b.run, 1, 2, 7, &times), WM_OK);
	plausible(&times);
	right(&b, 0, problem, "a batch of seven");
	right(&b, 1, problem, "a batch of seven");
	untouched(&b, 2, problem);
	end(&b);
}

/* Sizes around lines and around what goes through slots: of 2 ranks and of more than there are cores. */
static void every_size_and_type(void **state) {
	static const int ranks[] = {2, 3, 4, MOST_RANKS};
	static const long units[] = {1, 2, 5, 16, 56, 57, 128, 200, 1000};
	char problem[128];

	(void)state;
	for (int b = 0; b < BENCHES; b++)
		for (int t = 0; t < TYPES; t++)
			for (int r = 0; r < 4; r++)
				for (size_t u = (size_t)(b + t + r) % 2; u < sizeof(units) / sizeof(units[0]); u += 2) {
					snprintf(problem, sizeof(problem), "%s:bytes=%ld,dtype=%s,timing=%s", benches[b],
					         8 * ranks[r] * units[u], types[t], (b + r) % 2 ? "latency" : "bandwidth");
					attempt(problem, ranks[r], 0);
				}
}

/* Sizes that no part divides where nothing is dealt out; buffers beyond the caches. */
static void odd_sizes_and_stores(void **state) {
	(void)state;
	attempt("allreduce:bytes=9,dtype=i8", 4, 0);
	attempt("allreduce:bytes=10001,dtype=i8", 4, 0);
	attempt("broadcast:bytes=10001,dtype=i8", 3, 0);
	attempt("sendrecv:bytes=10001,dtype=i8", 3, 0);
	for (int b = 0; b < BENCHES; b++) {
		char problem[64];

		snprintf(problem, sizeof(problem), "%s:bytes=48K", benches[b]);
		attempt(problem, 3, 1);
		attempt(problem, 2, 1);
	}
	attempt("allreduce:bytes=10001,dtype=i8", 3, 1);
	attempt("broadcast:bytes=10006,dtype=bf16", 3, 1);
}

/* Non-temporal stores are claimed where there are some, and where buffers are larger than the caches. */
static void says_how_it_stores(void **state) {
	struct bundle b;

	(void)state;
	begin(&b, "allreduce:bytes=48K", 2, 1);
	assert_true((strstr(b.run.library, "non-temporal") != NULL) == wm_merge()->streams);
	end(&b);
	begin(&b, "allreduce:bytes=48K", 2, 1 << 20);
	assert_null(strstr(b.run.library, "non-temporal"));
	end(&b);
}

/* The ring of slots goes round many times, and a rank that gives slots never gets ahead of those that read them. */
static void long_batches(void **state) {
	char problem[64];

	(void)state;
	for (int b = 0; b < BENCHES; b++)
		for (int way = 0; way < 4; way++) {
			struct wm_rank_times times;
			struct bundle run;

			snprintf(problem, sizeof(problem), "%s:bytes=%d,timing=%s", benches[b], way & 1 ? 7680 : 24,
			         way & 2 ? "latency" : "bandwidth");
			begin(&run, problem, 3, 0);
			assert_int_equal(run.impl->batch(&run.run, 2, 3, 700, &times), WM_OK);
			plausible(&times);
			for (int s = 0; s < SETS; s++)
				right(&run, s, problem, "a batch of 700");
			end(&run);
		}
}

/* ---- what a rank may rely on when it returns ---- */

/* Each thread runs an operation as often as there are rounds, without waiting for the others in between: it writes new
 * values into its send as soon as it is back, and what it has received must be all there. */
enum { ROUNDS = 40 };
static struct {
	struct bundle *b;
	void (*fn)(void *arg, int thread, int threads);
	void *arg;
	char why[MOST_RANKS][256]; /* the first error of each rank */
} eager;

static void *operate_eagerly(void *arg) {
	int rank = *(int *)arg;
	struct wm_set *set = &eager.b->set[0];
	struct wm_problem own = set->p;
	size_t send = set->bytes[0] / (size_t)own.ranks, recv = set->bytes[1] / (size_t)own.ranks;
	void *host[] = {(char *)set->host[0] + (size_t)rank * send, (char *)set->host[1] + (size_t)rank * recv};

	own.rank = rank;
	for (uint64_t round = 0; round < ROUNDS; round++) {
		struct wm_check check;

		own.bench->fill(&own, 0, WM_EXACT, round, host[0]);
		eager.fn(eager.arg, rank, own.ranks);
		if (own.bench->verify(&own, WM_EXACT, round, host, &check) != WM_OK && !eager.why[rank][0])
			snprintf(eager.why[rank], sizeof(eager.why[rank]), "round %d: %.200s", (int)round, wm_why());
	}
	return NULL;
}

static enum wm_status eager_threads(struct wm_device *dev, void (*fn)(void *arg, int thread, int threads), void *arg) {
	pthread_t thread[MOST_RANKS];
	int rank[MOST_RANKS];

	eager.fn = fn;
	eager.arg = arg;
	for (int t = 0; t < dev->threads; t++) {
		rank[t] = t;
		assert_int_equal(pthread_create(&thread[t], NULL, operate_eagerly, &rank[t]), 0);
	}
	for (int t = 0; t < dev->threads; t++)
		pthread_join(thread[t], NULL);
	return WM_OK;
}

static void on_return_all_is_done(void **state) {
	const struct wm_backend backend = {.name = "host", .parallel = eager_threads};
	char problem[64];

	(void)state;
	for (int b = 0; b < BENCHES; b++)
		for (int ranks = 2; ranks <= 5; ranks += 3)
			for (int bytes = 120; bytes <= 120000; bytes *= 1000) {
				struct bundle run;

				snprintf(problem, sizeof(problem), "%s:bytes=%d", benches[b], bytes);
				begin(&run, problem, ranks, 0);
				memset(&eager, 0, sizeof(eager));
				eager.b = &run;
				run.run.backend = &backend;
				assert_int_equal(run.impl->enqueue(&run.run, 0), WM_OK);
				for (int r = 0; r < ranks; r++)
					if (eager.why[r][0])
						fail_msg("%s of %d ranks, %s, %s", problem, ranks, run.run.library, eager.why[r]);
				end(&run);
			}
}

static void refusals(void **state) {
	const struct wm_backend alone = {.name = "host"};
	struct wm_device dev = {.id = "host", .backend = "host", .threads = 2};
	const struct wm_impl *impl = wm_impl_find("allreduce", "threads");
	struct wm_problem p;
	struct wm_run run = {.problem = &p, .backend = &alone, .dev = &dev};

	(void)state;
	assert_int_equal(wm_problem_parse("allreduce:bytes=8", &p), WM_OK);
	p.rank = WM_ALL_RANKS;
	p.ranks = 2;
	assert_int_equal(impl->can_run(&run), WM_UNSUPPORTED);
	assert_string_equal(wm_why(), "backend host has no threads");
	run.backend = &loose;
	assert_int_equal(impl->can_run(&run), WM_OK);
	p.rank = 1;
	assert_int_equal(impl->can_run(&run), WM_UNSUPPORTED);
	assert_string_equal(wm_why(), "all 2 ranks are to be threads of one process");
}

/* ---- on the host's own threads ---- */

static void on_pinned_threads(void **state) {
	const struct wm_backend *host = wm_backend_find("host");
	struct wm_topology *topo;
	struct wm_device dev;

	(void)state;
	assert_int_equal(wm_topology_open(NULL, &topo), WM_OK);
	assert_int_equal(wm_topology_host(topo, "host", &dev), WM_OK);
	wm_topology_close(topo);
	assert_int_equal(host->open(&dev), WM_OK);
	if (dev.threads < 2 || dev.threads > 64) {
		host->close(&dev);
		skip();
	}
	for (int b = 0; b < BENCHES; b++)
		for (int bytes = 960; bytes <= 960 * 64; bytes *= 64) {
			struct wm_rank_times times;
			struct bundle run;
			char problem[64];

			snprintf(problem, sizeof(problem), "%s:bytes=%d", benches[b], bytes * dev.threads);
			begin_on(&run, problem, host, &dev);
			assert_int_equal(run.impl->batch(&run.run, 0, SETS, 300, &times), WM_OK);
			plausible(&times);
			for (int s = 0; s < SETS; s++)
				right(&run, s, problem, "pinned");
			end(&run);
		}
	host->close(&dev);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_and_type),   cmocka_unit_test(odd_sizes_and_stores),
		cmocka_unit_test(says_how_it_stores),    cmocka_unit_test(long_batches),
		cmocka_unit_test(on_return_all_is_done), cmocka_unit_test(refusals),
		cmocka_unit_test(on_pinned_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
