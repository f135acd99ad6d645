/* SPDX-License-Identifier: Apache-2.0 */
/* test_choose.c - the fastest of several ways, on a device whose clock moves only when an operation says so. */
#include "../../kernels/libs/choose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SETS = 3, MOST_OPERATIONS = 1 << 20 };

static double now, mark_at[2];
static double seconds[WM_CHOOSE_MOST], drift; /* of an operation; what each adds to the time of all that follow */
static long operations, of_way[WM_CHOOSE_MOST], of_set[SETS], fail_sync_at;
static uint64_t refused;     /* bit i: way i */
static int spiked, last_set; /* a way whose every third operation takes ten times as long; -1: none */
static bool out_of_turn;

static enum wm_status enqueue(struct wm_run *run, int i, int set) {
	(void)run;
	if (refused >> i & 1)
		return wm_fail(WM_FAILED, "way %d is refused", i);
	out_of_turn |= operations > 0 && set != (last_set + 1) % SETS && !refused;
	last_set = set;
	operations++;
	of_set[set]++;
	of_way[i]++;
	now += seconds[i] * (1 + drift * (double)operations) * (i == spiked && of_way[i] % 3 == 0 ? 10 : 1);
	return WM_OK;
}

static enum wm_status mark(struct wm_device *dev, int slot) {
	(void)dev;
	mark_at[slot] = now;
	return WM_OK;
}

static enum wm_status sync(struct wm_device *dev) {
	(void)dev;
	return fail_sync_at && operations >= fail_sync_at ? wm_fail(WM_FAILED, "the device fell over") : WM_OK;
}

static enum wm_status between(struct wm_device *dev, int from, int to, double *seconds_p) {
	(void)dev;
	*seconds_p = mark_at[to] - mark_at[from];
	return WM_OK;
}

static enum wm_status choose(int n, double budget_s, struct wm_choice *choice_p) {
	static const struct wm_backend backend = {.mark = mark, .sync = sync, .between = between};
	struct wm_run run = {.backend = &backend, .sets = SETS};

	return wm_choose(&run, n, enqueue, budget_s, choice_p);
}

static int each(void **state) {
	(void)state;
	now = drift = 0;
	operations = fail_sync_at = 0;
	refused = 0;
	spiked = -1;
	out_of_turn = false;
	memset(of_way, 0, sizeof(of_way));
	memset(of_set, 0, sizeof(of_set));
	for (int i = 0; i < WM_CHOOSE_MOST; i++)
		seconds[i] = 1e-3;
	return 0;
}

static void the_fastest_is_chosen(void **state) {
	struct wm_choice choice;

	(void)state;
	seconds[40] = 0.9e-3;
	assert_int_equal(choose(WM_CHOOSE_MOST, 1e9, &choice), WM_OK);
	assert_int_equal(choice.best, 40);
	assert_int_equal(choice.tried, WM_CHOOSE_MOST);
	assert_int_equal(choice.failed, 0);
}

static void of_equals_it_is_the_first(void **state) {
	struct wm_choice choice;

	(void)state;
	assert_int_equal(choose(5, 1e9, &choice), WM_OK);
	assert_int_equal(choice.best, 0);
}

/* One operation lasts longer than a batch should, so a spike is a whole sample. */
static void spikes_do_not_decide(void **state) {
	struct wm_choice choice;

	(void)state;
	seconds[0] = 11e-3;
	seconds[1] = 10e-3;
	spiked = 1;
	assert_int_equal(choose(2, 1e9, &choice), WM_OK);
	assert_int_equal(choice.best, 1);
}

/* All get slower, by more in one visit than the ways differ. */
static void a_clock_that_sinks_does_not_decide(void **state) {
	struct wm_choice choice;

	(void)state;
	drift = 1e-3;
	for (int i = 0; i < 8; i++)
		seconds[i] = 5.1e-3;
	seconds[6] = 5.08e-3;
	assert_int_equal(choose(8, 1e9, &choice), WM_OK);
	assert_int_equal(choice.best, 6);
}

static void what_is_hopeless_is_left_alone(void **state) {
	struct wm_choice choice;

	(void)state;
	seconds[0] = 6e-3;
	seconds[1] = 5.5e-3;
	seconds[2] = 5.5e-3 * 1.3;
	assert_int_equal(choose(3, 1e9, &choice), WM_OK);
	assert_true(of_way[0] == of_way[1]);
	assert_true(of_way[2] < of_way[1] / 2);
}

static void sets_take_turns(void **state) {
	struct wm_choice choice;

	(void)state;
	assert_int_equal(choose(4, 1e9, &choice), WM_OK);
	assert_false(out_of_turn);
	assert_true(of_set[0] - of_set[SETS - 1] <= 1);
}

static void what_is_refused_is_passed_over(void **state) {
	struct wm_choice choice;

	(void)state;
	seconds[0] = 0.5e-3;
	refused = 1u << 0 | 1u << 2;
	assert_int_equal(choose(4, 1e9, &choice), WM_OK);
	assert_int_equal(choice.best, 1);
	assert_int_equal(choice.tried, 2);
	assert_int_equal(choice.failed, 2);
}

static void all_refused_is_an_answer(void **state) {
	struct wm_choice choice;

	(void)state;
	refused = 1u << 0 | 1u << 1;
	assert_int_equal(choose(2, 1e9, &choice), WM_FAILED);
	assert_string_equal(wm_why(), "way 1 is refused");
}

static void the_device_s_failure_ends_it(void **state) {
	struct wm_choice choice;

	(void)state;
	fail_sync_at = 50;
	assert_int_equal(choose(4, 1e9, &choice), WM_FAILED);
	assert_string_equal(wm_why(), "the device fell over");
}

/* The budget is of the host's clock: none at all is the one that needs no waiting. */
static void without_a_budget_the_first_is_tried(void **state) {
	struct wm_choice choice;

	(void)state;
	seconds[1] = 0.5e-3;
	assert_int_equal(choose(2, 0, &choice), WM_OK);
	assert_int_equal(choice.best, 0);
	assert_int_equal(choice.tried, 1);
}

/* A device whose clock stands still between two marks. */
static void operations_of_no_length_end(void **state) {
	struct wm_choice choice;

	(void)state;
	seconds[0] = seconds[1] = 0;
	assert_int_equal(choose(2, 1e9, &choice), WM_OK);
	assert_int_equal(choice.best, 0);
	assert_true(operations < MOST_OPERATIONS);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_fastest_is_chosen, each),
		cmocka_unit_test_setup(of_equals_it_is_the_first, each),
		cmocka_unit_test_setup(spikes_do_not_decide, each),
		cmocka_unit_test_setup(a_clock_that_sinks_does_not_decide, each),
		cmocka_unit_test_setup(what_is_hopeless_is_left_alone, each),
		cmocka_unit_test_setup(sets_take_turns, each),
		cmocka_unit_test_setup(what_is_refused_is_passed_over, each),
		cmocka_unit_test_setup(all_refused_is_an_answer, each),
		cmocka_unit_test_setup(the_device_s_failure_ends_it, each),
		cmocka_unit_test_setup(without_a_budget_the_first_is_tried, each),
		cmocka_unit_test_setup(operations_of_no_length_end, each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
