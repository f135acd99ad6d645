/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_injections.c - the self-test of verification (method 2): seven errors, each many times, behind every
 * implementation that runs here. Every try must end as wrong: half of them err from the first call on, half only while
 * being timed.
 */
#include "measure/measure.h"

#include "../inject/inject.h"
#include "core/cases.h"
#include "core/problem.h"
#include "core/registry.h"
#include "system/topology.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STALE = WM_INJECTIONS, WRONG_SET, ERRORS };
enum { SEED = 11 };

/* 12, or what WM_TEST_TRIES says: make check-injections takes 100, slow builds (sanitizers) take 2, one from the first
 * call on and one while being timed. */
static int tries_wanted(void) {
	const char *text = getenv("WM_TEST_TRIES");

	return text ? atoi(text) : 6;
}

static const struct wm_profile brief = {.name = "brief", .replicates = 1, .target = 1};

/* One problem a benchmark: a few sets in rotation with the caches below, odd where oddness can matter. */
static const char *const problems[] = {"gemm:m=37,n=29,k=53",
                                       "attention:sq=13,sk=23,heads=4,kvheads=2,d=16,causal=yes",
                                       "read:bytes=32K",
                                       "copy:bytes=32K",
                                       "triad:bytes=32K",
                                       "fma:n=777,iters=33",
                                       "allreduce:bytes=2K,cache=cold",
                                       "reducescatter:bytes=2K,dtype=bf16,cache=cold",
                                       "allgather:bytes=2K,cache=cold",
                                       "broadcast:bytes=5004,cache=cold",
                                       "alltoall:bytes=2K,dtype=i8,cache=cold",
                                       "sendrecv:bytes=6K,cache=cold"};
enum { CACHE_BYTES = 1 << 13 };

/* The error that the implementation below is given. */
static struct {
	const struct wm_impl *real;
	int error;
	uint64_t try_;
	long calls, from;
	bool done; /* it did change something */
	void *host[WM_MAX_TENSORS];
	struct wm_tensor tensors[WM_MAX_TENSORS];
} inject;

static const char *error_word(int error) {
	return error == STALE       ? "stale output"
	       : error == WRONG_SET ? "wrong set"
	                            : wm_injection_word((enum wm_injection)error);
}

/* Reads the set, damages the outputs, writes them back. */
static enum wm_status damage(struct wm_run *run, int set) {
	const struct wm_buf *buf = &run->buf[set * run->tensors];
	enum wm_data_part part = inject.calls == 1 ? WM_EXACT : WM_TIMED;
	enum wm_status st = run->backend->sync(run->dev);

	for (int i = 0; i < run->tensors && st == WM_OK; i++)
		st = run->backend->get(run->dev, inject.host[i], &buf[i], 0, buf[i].bytes);
	if (st != WM_OK)
		return st;
	inject.done |= wm_damage((enum wm_injection)inject.error, run->problem, part, SEED, inject.host, inject.try_);
	for (int i = 0; i < run->tensors && st == WM_OK; i++)
		if (inject.tensors[i].output)
			st = run->backend->put(run->dev, &buf[i], 0, inject.host[i], buf[i].bytes);
	return st;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	bool active = ++inject.calls > inject.from;
	enum wm_status st;

	if (active && inject.error == STALE) {
		inject.done = true;
		return WM_OK;
	}
	if (active && inject.error == WRONG_SET && run->sets > 1) {
		inject.done = true;
		return inject.real->enqueue(run, (set + 1) % run->sets);
	}
	st = inject.real->enqueue(run, set);
	return st == WM_OK && active && inject.error < WM_INJECTIONS ? damage(run, set) : st;
}

/* The same for implementations whose ranks keep their own time: the harness calls this where it times. */
static enum wm_status batch(struct wm_run *run, int first, int span, long n, struct wm_rank_times *times_p) {
	double from = wm_now();
	enum wm_status st = WM_OK;

	for (long i = 0; i < n && st == WM_OK; i++)
		st = enqueue(run, (int)((first + i) % span));
	*times_p = (struct wm_rank_times){.seconds = wm_now() - from};
	return st;
}

/* How many of the tries did change something; every one of them must have been found. */
static int tries(const struct wm_impl *real, const struct wm_backend *backend, struct wm_device *dev, const char *text,
                 int error) {
	struct wm_impl impl = *real;
	struct wm_problem problem;
	struct wm_measure_job job = {
		.problem = &problem, .impl = &impl, .backend = backend, .dev = dev, .profile = &brief, .seed = SEED};
	int ntensors, sets = 0, done = 0;

	impl.enqueue = enqueue;
	if (impl.batch)
		impl.batch = batch;
	inject.real = real;
	inject.error = error;
	assert_int_equal(wm_problem_parse(text, &problem), WM_OK);
	wm_problem_place(&problem, dev);
	assert_int_equal(problem.bench->tensors(&problem, inject.tensors, &ntensors), WM_OK);
	assert_int_equal(wm_rotation_sets(&problem, dev->cache_bytes, &sets), WM_OK);
	for (int i = 0; i < ntensors; i++)
		inject.host[i] = malloc(inject.tensors[i].count * wm_dtype_bytes(inject.tensors[i].dtype));
	for (int t = 0; t < tries_wanted(); t++) {
		struct wm_measurement m = {0};
		enum wm_status st;

		inject.try_ = (uint64_t)t;
		inject.calls = 0;
		inject.done = false;
		/* verification makes one call on exact data and one for every set */
		inject.from = t % 2 ? 1 + sets + t % 3 : 0;
		st = wm_measure(&job, &m);
		if (inject.done && st != WM_WRONG)
			fail_msg("%s %s on %s: %s, try %d: %s (%s)", text, real->name, dev->id, error_word(error), t,
			         wm_status_word(st), wm_why());
		assert_true(st == WM_WRONG || st == WM_OK || st == WM_SUSPECT);
		done += inject.done;
		wm_measurement_free(&m);
	}
	for (int i = 0; i < ntensors; i++)
		free(inject.host[i]);
	return done;
}

static void all_errors(const struct wm_impl *impl, const struct wm_backend *backend, struct wm_device *dev) {
	for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++) {
		if (strncmp(problems[i], impl->bench, strlen(impl->bench)) != 0)
			continue;
		/* one check serves six collectives: their references would add nothing but time */
		if (wm_bench_find(impl->bench)->collective && impl->origin == WM_REFERENCE)
			continue;
		if (wm_bench_find(impl->bench)->collective && dev->threads < 2) {
			print_message("%s %s on %s: one core has no ranks\n", impl->bench, impl->name, dev->id);
			continue;
		}
		for (int error = 0; error < ERRORS; error++) {
			int done = tries(impl, backend, dev, problems[i], error);

			print_message("%s %s on %s: %s found %d times of %d\n", impl->bench, impl->name, dev->id, error_word(error),
			              done, tries_wanted());
			assert_int_equal(done, tries_wanted());
		}
	}
}

/* Every implementation on one device of a backend. */
static void on(const char *name) {
	const struct wm_backend *backend = wm_backend_find(name);
	struct wm_device devs[8], *dev = &devs[0];
	struct wm_topology *topo;
	int n = 0;

	if (backend->find(devs, 8, &n) != WM_OK || n == 0)
		skip();
	assert_int_equal(wm_topology_open(NULL, &topo), WM_OK);
	if (!dev->cpuset[0])
		assert_int_equal(wm_topology_near(topo, dev), WM_OK);
	wm_topology_close(topo);
	dev->cache_bytes = CACHE_BYTES;
	assert_int_equal(backend->open(dev), WM_OK);
	for (int i = 0; wm_impls[i]; i++)
		if (wm_impl_runs_on(wm_impls[i], name))
			all_errors(wm_impls[i], backend, dev);
	backend->close(dev);
}

static void on_host(void **state) {
	(void)state;
	on("host");
}

static void on_opencl(void **state) {
	(void)state;
	on("opencl");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_host),
		cmocka_unit_test(on_opencl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
