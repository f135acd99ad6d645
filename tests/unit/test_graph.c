/* SPDX-License-Identifier: Apache-2.0 */
/* test_graph.c - short operations are recorded and played: the same operations on the same sets in the same order. The
 * backend is the host's with a recorder. */
#include "measure/measure.h"

#include "core/problem.h"
#include "core/registry.h"
#include "system/topology.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LENGTH = 64, K = 8, SET_BYTES = (2 * K + 1) * 8 };

/* What was enqueued, by set. */
struct recording {
	int sets[LENGTH + 1];
	int n;
};

static struct wm_device host;
static struct wm_backend backend;
static struct recording *open_recording;
static struct wm_run *run_now;
static int recorded, forgotten, played, wrong_turns;
static int last_set;    /* of the operation before */
static bool refuses;    /* recordings fail at their end */
static bool plays_void; /* playing does nothing */
static double op_s;     /* operations take that long at least */

/* A product of one row with one column. */
static void multiply_once(struct wm_run *run, int set) {
	const struct wm_buf *b = &run->buf[set * run->tensors];
	const double *x = b[0].ptr, *y = b[1].ptr;
	double sum = 0;

	for (double until = wm_now() + op_s; op_s > 0 && wm_now() < until;)
		;
	for (int i = 0; i < K; i++)
		sum += x[i] * y[i];
	*(double *)b[2].ptr = sum;
	wrong_turns += set != last_set + 1 && set != 0;
	last_set = set;
}

static enum wm_status multiply(struct wm_run *run, int set) {
	run_now = run;
	if (!open_recording)
		multiply_once(run, set);
	else if (open_recording->n <= LENGTH)
		open_recording->sets[open_recording->n++] = set;
	return WM_OK;
}

static enum wm_status record_begin(struct wm_device *dev) {
	(void)dev;
	assert_null(open_recording);
	open_recording = wm_zalloc(sizeof(*open_recording));
	return WM_OK;
}

static enum wm_status record_end(struct wm_device *dev, void **recording_p) {
	struct recording *r = open_recording;

	(void)dev;
	open_recording = NULL;
	assert_true(r->n > 0 && r->n <= LENGTH);
	if (refuses) {
		free(r);
		return wm_fail(WM_FAILED, "no recording today");
	}
	recorded++;
	*recording_p = r;
	return WM_OK;
}

static enum wm_status play(struct wm_device *dev, void *recording) {
	const struct recording *r = recording;

	(void)dev;
	assert_null(open_recording);
	played++;
	for (int i = 0; i < r->n && !plays_void; i++)
		multiply_once(run_now, r->sets[i]);
	return WM_OK;
}

static void forget(struct wm_device *dev, void *recording) {
	(void)dev;
	forgotten++;
	free(recording);
}

static enum wm_status yes(const struct wm_run *run) {
	(void)run;
	return WM_OK;
}

static int start(void **state) {
	struct wm_topology *topo;

	(void)state;
	assert_int_equal(wm_topology_open(NULL, &topo), WM_OK);
	assert_int_equal(wm_topology_host(topo, "host", &host), WM_OK);
	wm_topology_close(topo);
	backend = *wm_backend_find("host");
	backend.asynchronous = true;
	backend.record_begin = record_begin;
	backend.record_end = record_end;
	backend.play = play;
	backend.forget = forget;
	return backend.open(&host) == WM_OK ? 0 : -1;
}

static int stop(void **state) {
	(void)state;
	backend.close(&host);
	return 0;
}

/* Products in that many sets. */
static enum wm_status measure(int sets, bool recordable, struct wm_measurement *m) {
	static const struct wm_profile brief = {.name = "brief",
	                                        .replicates = 1,
	                                        .block_s = 0.005,
	                                        .warm_cap_s = 0.02,
	                                        .sample_min_s = 0.01,
	                                        .sample_cap_s = 0.05,
	                                        .target = 0.5};
	struct wm_impl impl = {.name = "test",
	                       .bench = "gemm",
	                       .backends = "host",
	                       .about = "a test",
	                       .recordable = recordable,
	                       .can_run = yes,
	                       .enqueue = multiply};
	struct wm_problem problem;
	struct wm_measure_job job = {
		.problem = &problem, .impl = &impl, .backend = &backend, .dev = &host, .profile = &brief, .seed = 1};
	uint64_t caches = host.cache_bytes;
	enum wm_status st;

	assert_int_equal(wm_problem_parse("gemm:m=1,n=1,k=8,dtype=f64", &problem), WM_OK);
	host.cache_bytes = (uint64_t)sets * SET_BYTES / 2;
	recorded = forgotten = played = wrong_turns = 0;
	last_set = -1;
	memset(m, 0, sizeof(*m));
	st = wm_measure(&job, m);
	host.cache_bytes = caches;
	if (st == WM_OK)
		assert_int_equal(m->sets, sets);
	assert_null(open_recording);
	assert_int_equal(recorded, forgotten);
	return st;
}

static void measured(int sets, bool recordable, const char *launch) {
	struct wm_measurement m;

	if (measure(sets, recordable, &m) != WM_OK)
		fail_msg("%s", wm_why());
	assert_true(m.verified);
	assert_string_equal(m.launch, launch);
	/* the last batch leaves one set out, and finds it untouched */
	assert_int_equal(m.sets_checked, sets - 1);
	assert_int_equal(wrong_turns, 0);
	wm_measurement_free(&m);
}

/* Sets that a recording goes round many times, just once, and that take several recordings, the last one shorter. */
static void short_operations_are_played(void **state) {
	(void)state;
	for (int i = 0; i < 4; i++) {
		measured((const int[]){2, 64, 65, 300}[i], true, "graph");
		assert_true(recorded > 0 && played > 10);
	}
}

static void nothing_is_recorded_unasked(void **state) {
	(void)state;
	measured(3, false, "queue");
	assert_int_equal(recorded + played, 0);
}

/* A launch is nothing beside them. */
static void long_operations_are_not_recorded(void **state) {
	(void)state;
	op_s = 200e-6;
	measured(3, true, "queue");
	op_s = 0;
	assert_int_equal(recorded + played, 0);
}

static void what_cannot_be_recorded_runs_as_before(void **state) {
	(void)state;
	refuses = true;
	measured(3, true, "queue");
	refuses = false;
	assert_int_equal(recorded + played, 0);
}

/* What is played is what is checked. */
static void a_recording_that_does_nothing_is_found(void **state) {
	struct wm_measurement m;

	(void)state;
	plays_void = true;
	assert_int_equal(measure(100, true, &m), WM_WRONG);
	plays_void = false;
	wm_measurement_free(&m);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_operations_are_played),
		cmocka_unit_test(nothing_is_recorded_unasked),
		cmocka_unit_test(long_operations_are_not_recorded),
		cmocka_unit_test(what_cannot_be_recorded_runs_as_before),
		cmocka_unit_test(a_recording_that_does_nothing_is_found),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
