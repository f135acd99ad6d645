/* SPDX-License-Identifier: Apache-2.0 */
/* test_together.c - time on ranks that are processes: the slowest rank's counts, all ranks see the same, and all decide
 * alike. Threads play the ranks; each has a sampler of its own. */
#include "core/meeting.h"
#include "core/problem.h"
#include "measure/sample.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { RANKS = 3, SLOW = 1, BATCH = 4 };
#define OPERATION_S 2e-3 /* of the slow rank */

/* A device that is this thread's clock. */
static enum wm_status mark(struct wm_device *dev, int slot) {
	((double *)dev->priv)[slot] = wm_now();
	return WM_OK;
}

static enum wm_status sync_device(struct wm_device *dev) {
	(void)dev;
	return WM_OK;
}

static enum wm_status between(struct wm_device *dev, int from, int to, double *seconds_p) {
	const double *marks = dev->priv;

	*seconds_p = marks[to] - marks[from];
	return WM_OK;
}

static const struct wm_backend backend = {.name = "clock", .mark = mark, .sync = sync_device, .between = between};

static enum wm_status work(struct wm_run *run, int set) {
	struct timespec nap = {.tv_nsec = (long)(1e9 * OPERATION_S)};

	(void)set;
	if (run->problem->rank == SLOW)
		nanosleep(&nap, NULL);
	return WM_OK;
}

static enum wm_status fail_once(struct wm_run *run, int set) {
	(void)set;
	return run->problem->rank == SLOW ? wm_fail(WM_FAILED, "broken") : WM_OK;
}

static const struct wm_profile brief = {
	.block_s = 0.01, .warm_cap_s = 0.05, .sample_min_s = 0.01, .sample_cap_s = 0.05, .target = 0.05};

/* One rank: what it is to do, and what it saw. */
struct rank {
	int fd, number;
	const char *problem;
	enum wm_status (*enqueue)(struct wm_run *run, int set);
	enum wm_status status;
	char why[512];
	double device_s, host_s;
	struct wm_sampler s;
	struct wm_measurement m;
};

static void *run_rank(void *arg) {
	struct rank *r = arg;
	double marks[WM_MAX_MARKS];
	struct wm_device dev = {.priv = marks};
	struct wm_impl impl = {.name = "work", .enqueue = r->enqueue};
	struct wm_problem p;
	struct wm_run run = {.problem = &p, .backend = &backend, .dev = &dev, .sets = 1};
	struct wm_measure_job job = {.problem = &p, .impl = &impl, .backend = &backend, .dev = &dev, .profile = &brief};

	r->status = wm_problem_parse(r->problem, &p);
	p.rank = r->number;
	p.ranks = RANKS;
	if (r->status == WM_OK)
		r->status = wm_meeting_join(r->fd, r->number, "clock:0", &job.meeting);
	if (r->status != WM_OK)
		return NULL;
	r->s = (struct wm_sampler){.job = &job, .run = &run, .m = &r->m, .span = 1};
	r->status = wm_sampler_time(&r->s, BATCH, &r->device_s, &r->host_s);
	if (r->status == WM_OK)
		r->status = wm_sampler_batch(&r->s);
	if (r->status == WM_OK)
		r->status = wm_sampler_warm(&r->s);
	if (r->status == WM_OK)
		r->status = wm_sampler_run(&r->s);
	snprintf(r->why, sizeof(r->why), "%s", wm_why());
	wm_meeting_leave(job.meeting);
	return NULL;
}

static void run_all(struct rank ranks[RANKS], const char *problem, enum wm_status (*enqueue)(struct wm_run *, int)) {
	pthread_t thread[RANKS];
	int fd = -1;

	assert_int_equal(wm_meeting_make(RANKS, &fd), WM_OK);
	for (int i = 0; i < RANKS; i++) {
		ranks[i] = (struct rank){.fd = fd, .number = i, .problem = problem, .enqueue = enqueue};
		assert_int_equal(pthread_create(&thread[i], NULL, run_rank, &ranks[i]), 0);
	}
	for (int i = 0; i < RANKS; i++)
		pthread_join(thread[i], NULL);
	close(fd);
}

static void drop(struct rank ranks[RANKS]) {
	for (int i = 0; i < RANKS; i++)
		wm_measurement_free(&ranks[i].m);
}

/* The same numbers on all ranks, from the first to the last sample: they have gone through all decisions alike. */
static void alike(const struct rank ranks[RANKS]) {
	for (int i = 0; i < RANKS; i++) {
		const struct wm_measurement *m = &ranks[i].m, *first = &ranks[0].m;

		assert_int_equal(ranks[i].status, WM_OK);
		assert_true(ranks[i].device_s == ranks[0].device_s);
		assert_true(m->by_ranks);
		assert_int_equal(m->batch, first->batch);
		assert_int_equal(m->n, first->n);
		assert_memory_equal(m->samples, first->samples, m->n * sizeof(*m->samples));
		assert_memory_equal(m->skews, first->skews, m->n * sizeof(*m->skews));
		assert_string_equal(m->steady_by, first->steady_by);
	}
}

static void back_to_back(void **state) {
	static struct rank ranks[RANKS];

	(void)state;
	run_all(ranks, "allreduce:bytes=12", work);
	alike(ranks);
	/* the slow rank's whole batch; the others are done at once, so the ends lie as far apart */
	assert_true(ranks[0].device_s >= BATCH * OPERATION_S);
	assert_true(ranks[0].m.samples[0] >= OPERATION_S);
	assert_true(ranks[0].m.skews[0] > 0);
	assert_true(ranks[0].host_s >= ranks[0].device_s);
	drop(ranks);
}

static void one_by_one(void **state) {
	static struct rank ranks[RANKS];

	(void)state;
	run_all(ranks, "allreduce:bytes=12,timing=latency", work);
	alike(ranks);
	assert_true(ranks[0].device_s >= BATCH * OPERATION_S);
	/* of one operation, not of the batch */
	assert_true(ranks[0].m.skews[0] > 0 && ranks[0].m.samples[0] >= OPERATION_S);
	drop(ranks);
}

static void one_fails(void **state) {
	static struct rank ranks[RANKS];

	(void)state;
	run_all(ranks, "allreduce:bytes=12", fail_once);
	for (int i = 0; i < RANKS; i++) {
		assert_int_equal(ranks[i].status, WM_FAILED);
		assert_string_equal(ranks[i].why, "rank 1 (clock:0): broken");
	}
	drop(ranks);
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(back_to_back), cmocka_unit_test(one_by_one),
	                                   cmocka_unit_test(one_fails)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
