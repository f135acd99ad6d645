/* SPDX-License-Identifier: Apache-2.0 */
/* test_host.c - the host backend: its memory, its threads, and the split that both share. */
#include "core/registry.h"
#include "system/topology.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { PAGE = 4096, MAX_THREADS = 1024 };

static const struct wm_backend *host;
static struct wm_device dev;
static cpu_set_t home; /* where this process may run, before any test */

static int start(void **state) {
	struct wm_topology *topo;

	(void)state;
	sched_getaffinity(0, sizeof(home), &home);
	host = wm_backend_find("host");
	if (wm_topology_open(NULL, &topo) != WM_OK || wm_topology_host(topo, "host", &dev) != WM_OK) {
		fprintf(stderr, "%s\n", wm_why());
		return -1;
	}
	wm_topology_close(topo);
	return host->open(&dev) == WM_OK ? 0 : -1;
}

static int stop(void **state) {
	(void)state;
	host->close(&dev);
	return 0;
}

static void test_find(void **state) {
	struct wm_device devs[2];
	int n = -1;

	(void)state;
	assert_int_equal(host->find(devs, 2, &n), WM_OK);
	assert_int_equal(n, 1);
	assert_string_equal(devs[0].id, "host");
	assert_string_equal(devs[0].backend, "host");
	assert_string_equal(devs[0].off, "");
	assert_true(devs[0].on_host);
}

static void test_open_without_cores(void **state) {
	struct wm_device none = {.id = "host"};

	(void)state;
	assert_int_equal(host->open(&none), WM_FAILED);
	assert_null(none.priv);
}

/* ---- the split ---- */

/* Parts follow each other without gap or overlap, begin at whole units and differ by one unit at most. */
static void check_split(size_t count, size_t grain, int n) {
	size_t next = 0, from, to, least = SIZE_MAX, most = 0;

	for (int t = 0; t < n; t++) {
		size_t units;

		wm_part(count, grain, t, n, &from, &to);
		assert_int_equal(from, next);
		assert_true(to >= from && to <= count);
		assert_true(from % grain == 0 || from == count);
		units = (to - from + grain - 1) / grain;
		least = units < least ? units : least;
		most = units > most ? units : most;
		next = to;
	}
	assert_int_equal(next, count);
	assert_true(most - least <= 1);
}

static void test_part(void **state) {
	static const size_t edges[] = {0, 1, 2, 4095, 4096, 4097, 65536, 1000003, SIZE_MAX - 1, SIZE_MAX};
	uint32_t r[3];

	(void)state;
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
		for (int n = 1; n <= 200; n += 7) {
			check_split(edges[i], 1, n);
			check_split(edges[i], PAGE, n);
			check_split(edges[i], 3, n);
		}
	for (uint64_t i = 0; i < 20000; i++) {
		wm_random(1, 0, 3 * i, 3, r);
		check_split(r[0] >> (r[1] & 31), 1 + r[1] % 5000, 1 + (int)(r[2] % 257));
	}
}

/* ---- memory ---- */

static void test_memory(void **state) {
	static const size_t sizes[] = {PAGE, 3 * PAGE, 1 << 20, (5 << 20) + PAGE};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t bytes = sizes[i];
		char *in = malloc(bytes), *out = calloc(1, bytes);
		struct wm_buf buf;

		assert_int_equal(host->alloc(&dev, bytes, &buf), WM_OK);
		assert_int_equal((uintptr_t)buf.ptr % PAGE, 0);
		assert_int_equal(buf.bytes, bytes);
		for (size_t k = 0; k < bytes; k++) {
			assert_int_equal(((char *)buf.ptr)[k], 0);
			in[k] = (char)(k * 31 + k / 251);
		}
		assert_int_equal(host->put(&dev, &buf, 0, in, bytes), WM_OK);
		assert_int_equal(host->get(&dev, out, &buf, 0, bytes), WM_OK);
		assert_memory_equal(in, out, bytes);
		assert_int_equal(host->put(&dev, &buf, 1, "x", 1), WM_OK);
		assert_int_equal(host->get(&dev, out, &buf, 1, 3), WM_OK);
		assert_int_equal(out[0], 'x');
		assert_int_equal(out[1], in[2]);
		assert_int_equal(host->put(&dev, &buf, 1, in, bytes), WM_FAILED);
		assert_int_equal(host->get(&dev, out, &buf, bytes + 1, 0), WM_FAILED);
		host->free(&dev, &buf);
		assert_null(buf.ptr);
		free(in);
		free(out);
	}
}

/* A view is the same memory; its end leaves the whole in place, wherever it began. */
static void test_views(void **state) {
	struct wm_buf whole, first, second, bad = {0};

	(void)state;
	assert_int_equal(host->alloc(&dev, 4 * PAGE, &whole), WM_OK);
	assert_int_equal(host->view(&dev, &whole, 0, 4 * PAGE, &first), WM_OK);
	assert_int_equal(host->view(&dev, &whole, PAGE, 2 * PAGE, &second), WM_OK);
	assert_ptr_equal((char *)second.ptr, (char *)whole.ptr + PAGE);
	assert_int_equal(second.bytes, 2 * PAGE);
	assert_int_equal(host->put(&dev, &second, 5, "y", 1), WM_OK);
	assert_int_equal(((char *)whole.ptr)[PAGE + 5], 'y');
	assert_int_equal(host->view(&dev, &whole, 3 * PAGE, 2 * PAGE, &bad), WM_FAILED);
	assert_int_equal(host->view(&dev, &whole, 4 * PAGE, 0, &bad), WM_FAILED);
	assert_null(bad.ptr);
	host->free(&dev, &first);
	host->free(&dev, &second);
	assert_int_equal(((char *)whole.ptr)[PAGE + 5], 'y');
	host->free(&dev, &whole);
}

static void test_many_buffers(void **state) {
	enum { BUFFERS = 2000 };
	struct wm_buf *buf = calloc(BUFFERS, sizeof(*buf));

	(void)state;
	for (int i = 0; i < BUFFERS; i++) {
		assert_int_equal(host->alloc(&dev, PAGE, &buf[i]), WM_OK);
		*(int *)buf[i].ptr = i;
	}
	for (int i = 0; i < BUFFERS; i++) {
		int k = (int)((unsigned)i * 7919u % BUFFERS);

		assert_int_equal(*(int *)buf[k].ptr, k);
		host->free(&dev, &buf[k]);
	}
	free(buf);
}

static void test_too_much_memory(void **state) {
	struct wm_buf buf = {0};

	(void)state;
	assert_int_equal(host->alloc(&dev, (size_t)1 << 60, &buf), WM_NOMEM);
	assert_null(buf.ptr);
	assert_non_null(strstr(wm_why(), "1152921504606846976 bytes"));
}

/* ---- threads ---- */

static atomic_int calls[MAX_THREADS];
static int where[MAX_THREADS], bound[MAX_THREADS];

static void count_call(void *arg, int thread, int threads) {
	(void)arg;
	if (threads == dev.threads)
		atomic_fetch_add(&calls[thread], 1);
}

static void test_once_each(void **state) {
	enum { ROUNDS = 5000 };
	struct timespec nap = {.tv_nsec = 3000000};

	(void)state;
	for (int r = 0; r < ROUNDS; r++) {
		/* Long enough for every thread to fall asleep. */
		if (r % 500 == 499)
			nanosleep(&nap, NULL);
		assert_int_equal(host->parallel(&dev, count_call, NULL), WM_OK);
		for (int t = 0; t < dev.threads; t++)
			assert_int_equal(atomic_load(&calls[t]), r + 1);
	}
}

/* Plain memory: what a thread writes is there when the call returns, and what the caller wrote before it begins. */
static void add_one(void *arg, int thread, int threads) {
	long *sums = arg;

	(void)threads;
	sums[thread] += sums[MAX_THREADS];
}

static void test_results_are_visible(void **state) {
	static long sums[MAX_THREADS + 1];

	(void)state;
	for (long r = 1; r <= 1000; r++) {
		sums[MAX_THREADS] = r;
		assert_int_equal(host->parallel(&dev, add_one, sums), WM_OK);
	}
	for (int t = 0; t < dev.threads; t++)
		assert_int_equal(sums[t], 1000 * 1001 / 2);
}

static void see_place(void *arg, int thread, int threads) {
	cpu_set_t set;

	(void)arg;
	(void)threads;
	where[thread] = sched_getcpu();
	sched_getaffinity(0, sizeof(set), &set);
	bound[thread] = CPU_COUNT(&set) == 1 && CPU_ISSET(where[thread], &set);
}

static void test_places(void **state) {
	(void)state;
	assert_int_equal(host->parallel(&dev, see_place, NULL), WM_OK);
	for (int t = 0; t < dev.threads; t++) {
		assert_true(bound[t]);
		for (int s = 0; s < t; s++)
			assert_int_not_equal(where[s], where[t]);
	}
}

/* Memory and rouse call the team too, but a library's threads that start after them must not be stuck on one core. */
static void test_caller_goes_free(void **state) {
	struct wm_buf buf;
	cpu_set_t now;

	(void)state;
	assert_int_equal(host->alloc(&dev, 4 << 20, &buf), WM_OK);
	assert_int_equal(host->rouse(&dev, 0.001), WM_OK);
	host->free(&dev, &buf);
	assert_int_equal(sched_getaffinity(0, sizeof(now), &now), 0);
	assert_true(CPU_EQUAL(&home, &now));
}

static void test_time(void **state) {
	double seconds = -1;

	(void)state;
	assert_int_equal(host->mark(&dev, 0), WM_OK);
	assert_int_equal(host->rouse(&dev, 0.02), WM_OK);
	assert_int_equal(host->mark(&dev, 1), WM_OK);
	assert_int_equal(host->sync(&dev), WM_OK);
	assert_int_equal(host->between(&dev, 0, 1, &seconds), WM_OK);
	assert_true(seconds >= 0.02);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_open_without_cores),
		cmocka_unit_test(test_part),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_many_buffers),
		cmocka_unit_test(test_too_much_memory),
		cmocka_unit_test(test_caller_goes_free),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_once_each),
		cmocka_unit_test(test_results_are_visible),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
