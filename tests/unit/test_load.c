/* SPDX-License-Identifier: Apache-2.0 */
/* test_load.c - the load that windows are cut from, on a device that only keeps time: batches, their log, errors. */
#include "measure/load.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define OP_S 1e-3
#define LOAD_S 0.4
enum { SPAN = 3 };

/* ---- a device that works by the clock --------------------------------------------------------------------------- */

static struct {
	double free_s;              /* when all that was enqueued is done */
	double at_s[WM_MAX_MARKS];  /* when each mark is reached */
	bool pending[WM_MAX_MARKS]; /* marked, and nobody has waited for it yet */
	long enqueued, syncs, waits, ran_dry;
	int next_set;
	long fails_at; /* the operation that fails; -1: none */
	bool wait_fails;
	double host_s; /* that the host takes to enqueue an operation */
} device;

static void sleep_until(double at_s) {
	struct timespec rest = {.tv_sec = 0, .tv_nsec = (long)(1e9 * fmin(0.9, at_s - wm_now()))};

	if (rest.tv_nsec > 0)
		nanosleep(&rest, NULL);
}

static enum wm_status mark(struct wm_device *dev, int slot) {
	(void)dev;
	if (device.pending[slot])
		fail_msg("mark %d is set again before anybody has waited for it", slot);
	device.pending[slot] = true;
	device.at_s[slot] = fmax(device.free_s, wm_now());
	return WM_OK;
}

static enum wm_status sync(struct wm_device *dev) {
	(void)dev;
	sleep_until(device.free_s);
	memset(device.pending, 0, sizeof(device.pending));
	device.syncs++;
	return WM_OK;
}

/* The oldest of those in flight is waited for, while others are behind it. */
static enum wm_status wait(struct wm_device *dev, int slot) {
	int behind = 0;

	(void)dev;
	assert_true(device.pending[slot] && slot % 2 == 1);
	for (int i = 1; i < WM_MAX_MARKS; i += 2) {
		assert_true(!device.pending[i] || device.at_s[i] >= device.at_s[slot]);
		behind += i != slot && device.pending[i];
	}
	device.ran_dry += behind == 0;
	if (device.wait_fails)
		return wm_fail(WM_FAILED, "the device fell off the bus");
	sleep_until(device.at_s[slot]);
	device.pending[slot] = device.pending[slot - 1] = false;
	device.waits++;
	return WM_OK;
}

static enum wm_status between(struct wm_device *dev, int from, int to, double *seconds_p) {
	(void)dev;
	*seconds_p = device.at_s[to] - device.at_s[from];
	return WM_OK;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	(void)run;
	assert_int_equal(set, device.next_set);
	device.next_set = (set + 1) % SPAN;
	if (device.enqueued == device.fails_at)
		return wm_fail(WM_FAILED, "operation %ld failed", device.enqueued);
	device.enqueued++;
	sleep_until(wm_now() + device.host_s);
	device.free_s = fmax(device.free_s, wm_now()) + OP_S;
	return WM_OK;
}

static enum wm_status ranks(struct wm_run *run, int first, int span, long n, struct wm_rank_times *times_p) {
	(void)run, (void)span;
	assert_int_equal(first, device.next_set);
	device.next_set = (int)((first + n) % SPAN);
	device.enqueued += n;
	device.free_s = wm_now() + (double)n * OP_S;
	sleep_until(device.free_s);
	*times_p = (struct wm_rank_times){.seconds = (double)n * OP_S};
	return WM_OK;
}

/* ---- a load on it ----------------------------------------------------------------------------------------------- */

enum kind { IN_FLIGHT, ONE_BY_ONE, BY_RANKS };

static enum wm_status run(enum kind kind, double op_s, struct wm_load *load) {
	struct wm_backend backend = {
		.mark = mark, .sync = sync, .between = between, .wait = kind == ONE_BY_ONE ? NULL : wait};
	struct wm_impl impl = {.enqueue = enqueue, .batch = kind == BY_RANKS ? ranks : NULL};
	struct wm_device dev = {.id = "clock"};
	struct wm_measure_job job = {.impl = &impl, .backend = &backend, .dev = &dev, .seed = 7};
	struct wm_measurement m = {.median_s = op_s};
	struct wm_run on = {.sets = SPAN};
	struct wm_sampler s = {.job = &job, .run = &on, .m = &m, .span = SPAN};

	*load = (struct wm_load){0};
	return wm_load_device(&s, LOAD_S, load);
}

static int make_device(void **state) {
	(void)state;
	memset(&device, 0, sizeof(device));
	device.fails_at = -1;
	return 0;
}

static double batch_of(const struct wm_load *load, size_t i) {
	return load->v[i].operations - (i ? load->v[i - 1].operations : 0);
}

/* The log tells of every operation, in order, and goes on for as long as was asked. */
static void check_log(const struct wm_load *load) {
	double least = INFINITY, most = 0;

	assert_true(load->n > 4);
	for (size_t i = 0; i < load->n; i++) {
		least = fmin(least, batch_of(load, i));
		most = fmax(most, batch_of(load, i));
		assert_true(load->v[i].at_s >= (i ? load->v[i - 1].at_s : load->began_s));
		assert_true(load->v[i].busy_s <= load->v[i].at_s - load->began_s + 1e-9);
	}
	/* 16 ms and 20% more or less, never above 20 ms, not always the same */
	assert_true(least >= 12 && most <= 20 && most > least);
	assert_true(load->v[load->n - 1].operations == (double)device.enqueued);
	assert_true(load->ended_s == load->v[load->n - 1].at_s);
	assert_true(load->ended_s - load->began_s >= LOAD_S);
}

static void several_batches_are_in_flight(void **state) {
	struct wm_load load;

	(void)state;
	assert_int_equal(run(IN_FLIGHT, OP_S, &load), WM_OK);
	check_log(&load);
	assert_int_equal(device.waits, load.n);
	/* nothing was behind the last one only: whatever the scheduler does, the next ones are put before a wait */
	assert_int_equal(device.ran_dry, 1);
	assert_int_equal(device.syncs, 1);
	wm_load_free(&load);
	assert_true(load.n == 0 && !load.v);
}

/* Its marks span the host's time: that the device idles between them shows in nobody having to wait for it. */
static void a_device_that_waits_for_the_host_is_not_busy(void **state) {
	struct wm_load load;

	(void)state;
	device.host_s = 3 * OP_S;
	assert_int_equal(run(IN_FLIGHT, OP_S, &load), WM_OK);
	assert_true(load.v[load.n - 1].busy_s < 0.5 * (load.ended_s - load.began_s));
	wm_load_free(&load);
	make_device(NULL);
	assert_int_equal(run(IN_FLIGHT, OP_S, &load), WM_OK);
	assert_true(load.v[load.n - 1].busy_s > 0.5 * (load.ended_s - load.began_s));
	wm_load_free(&load);
}

static void without_a_way_to_wait_they_follow_each_other(void **state) {
	struct wm_load load;

	(void)state;
	assert_int_equal(run(ONE_BY_ONE, OP_S, &load), WM_OK);
	check_log(&load);
	assert_int_equal(device.waits, 0);
	assert_int_equal(device.syncs, load.n);
	wm_load_free(&load);
}

static void ranks_tell_their_own_time(void **state) {
	struct wm_load load;

	(void)state;
	assert_int_equal(run(BY_RANKS, OP_S, &load), WM_OK);
	check_log(&load);
	assert_int_equal(device.waits + device.syncs, 0);
	wm_load_free(&load);
}

/* An operation of 50 ms is a batch, and one of 13 ms as well. */
static void long_operations_are_batches(void **state) {
	static const double op_s[] = {0.050, 0.013};

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct wm_load load;

		make_device(NULL);
		assert_int_equal(run(IN_FLIGHT, op_s[k], &load), WM_OK);
		for (size_t i = 0; i < load.n; i++)
			assert_true(batch_of(&load, i) == 1);
		wm_load_free(&load);
	}
}

static void an_error_ends_it(void **state) {
	struct wm_load load;

	(void)state;
	for (enum kind kind = IN_FLIGHT; kind <= ONE_BY_ONE; kind++) {
		make_device(NULL);
		device.fails_at = 100;
		assert_int_equal(run(kind, OP_S, &load), WM_FAILED);
		assert_string_equal(wm_why(), "operation 100 failed");
		/* what was complete before it is in the log */
		assert_true(load.n > 0 && load.v[load.n - 1].operations <= 100);
		assert_true(load.ended_s == load.v[load.n - 1].at_s);
		wm_load_free(&load);
	}
	make_device(NULL);
	device.wait_fails = true;
	assert_int_equal(run(IN_FLIGHT, OP_S, &load), WM_FAILED);
	assert_string_equal(wm_why(), "the device fell off the bus");
	assert_true(load.n == 0 && load.ended_s == load.began_s);
	wm_load_free(&load);
}

/* ---- how long --------------------------------------------------------------------------------------------------- */

static void long_operations_need_long_windows(void **state) {
	struct wm_window_plan plan = {.windows = 3, .length_s = 5, .lead_s = 1}, node = {.windows = 1, .length_s = 90};

	(void)state;
	assert_float_equal(wm_load_window(&plan, 1e-3), 5, 1e-6);
	assert_float_equal(wm_load_window(&plan, 0.0125), 5, 1e-6);
	assert_float_equal(wm_load_window(&plan, 0.025), 10, 1e-6); /* one operation is a quarter of a percent */
	assert_float_equal(wm_load_window(&plan, 10), 60, 1e-6);
	assert_float_equal(wm_load_window(&node, 10), 90, 1e-6);
}

/* Leads, windows, and behind each window what its edges may be late by: three refreshes of the slowest meter. */
static void the_load_is_long_enough(void **state) {
	struct wm_source meter = {.refresh_s = 1, .lag_s = 2};
	struct wm_window_plan plan = {.windows = 3, .length_s = 5, .lead_s = wm_window_lead(&meter)};

	(void)state;
	assert_float_equal(wm_load_seconds(&plan, 5), 2 * 10 + 3 * (5 + 3), 1e-5);
	assert_float_equal(wm_load_seconds(&plan, 8), 2 * 10 + 3 * (8 + 3), 1e-5);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(several_batches_are_in_flight, make_device),
		cmocka_unit_test_setup(a_device_that_waits_for_the_host_is_not_busy, make_device),
		cmocka_unit_test_setup(without_a_way_to_wait_they_follow_each_other, make_device),
		cmocka_unit_test_setup(ranks_tell_their_own_time, make_device),
		cmocka_unit_test(long_operations_are_batches),
		cmocka_unit_test(an_error_ends_it),
		cmocka_unit_test(long_operations_need_long_windows),
		cmocka_unit_test(the_load_is_long_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
