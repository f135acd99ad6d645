/* SPDX-License-Identifier: Apache-2.0 */
/* test_meeting.c - ranks meet: all get what all brought, the worst status is everybody's, and nobody leaves too early.
 * Threads play the ranks; each maps the memory by itself, as a process would. */
#include "core/meeting.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { RANKS = 4, MEETINGS = 500 };

/* What one rank of a test does, and what it saw. */
struct rank {
	int fd, number;
	void (*work)(struct rank *r, struct wm_meeting *m);
	enum wm_status status;
	char why[512];
	bool good;
};

static _Atomic int inside;

static void *run_rank(void *arg) {
	struct rank *r = arg;
	struct wm_meeting *m;
	char name[16];

	snprintf(name, sizeof(name), "toy:%d", r->number);
	r->good = wm_meeting_join(r->fd, r->number, name, &m) == WM_OK;
	if (!r->good)
		return NULL;
	r->work(r, m);
	wm_meeting_leave(m);
	return NULL;
}

/* Runs that on n of four ranks; the descriptor of the meeting stays open for who looks on. */
static int run_all(struct rank ranks[RANKS], int n, void (*work)(struct rank *, struct wm_meeting *)) {
	pthread_t thread[RANKS];
	int fd = -1;

	assert_int_equal(wm_meeting_make(RANKS, &fd), WM_OK);
	for (int i = 0; i < n; i++) {
		ranks[i] = (struct rank){.fd = fd, .number = i, .work = work};
		assert_int_equal(pthread_create(&thread[i], NULL, run_rank, &ranks[i]), 0);
	}
	for (int i = 0; i < n; i++) {
		pthread_join(thread[i], NULL);
		assert_true(ranks[i].good);
	}
	return fd;
}

/* Each meeting hands round what each rank brought to it, and no rank is still at one while another has left the next.
 */
static void exchange_often(struct rank *r, struct wm_meeting *m) {
	for (int i = 0; i < MEETINGS && r->good; i++) {
		const int mine[2] = {r->number, i};
		int all[RANKS][2];

		atomic_fetch_add(&inside, 1);
		r->status = wm_meet(m, WM_OK, mine, sizeof(mine), all);
		r->good = r->status == WM_OK && atomic_load(&inside) >= RANKS * (i + 1);
		for (int k = 0; k < RANKS; k++)
			r->good &= all[k][0] == k && all[k][1] == i;
	}
}

static void exchange(void **state) {
	struct rank ranks[RANKS];

	(void)state;
	atomic_store(&inside, 0);
	close(run_all(ranks, RANKS, exchange_often));
}

/* Rank 1 is suspect, ranks 2 and 3 fail: the worst counts, and of two that are as bad the lower rank. */
static void fare_badly(struct rank *r, struct wm_meeting *m) {
	static const enum wm_status fared[RANKS] = {WM_OK, WM_SUSPECT, WM_FAILED, WM_FAILED};
	enum wm_status own = fared[r->number];

	if (own != WM_OK)
		wm_fail(own, "cause %d", r->number);
	r->status = wm_meet(m, own, NULL, 0, NULL);
	snprintf(r->why, sizeof(r->why), "%s", wm_why());
	/* the meeting goes on: what was bad is told, not kept */
	r->good = wm_meet(m, WM_OK, NULL, 0, NULL) == WM_OK;
}

static void one_cause(void **state) {
	struct rank ranks[RANKS];

	(void)state;
	close(run_all(ranks, RANKS, fare_badly));
	for (int i = 0; i < RANKS; i++) {
		assert_int_equal(ranks[i].status, WM_FAILED);
		assert_string_equal(ranks[i].why, "rank 2 (toy:2): cause 2");
	}
}

/* What all say in the same words is nobody's own. */
static void all_say(struct rank *r, struct wm_meeting *m) {
	r->status = wm_meet(m, wm_fail(WM_UNSUPPORTED, "not here"), NULL, 0, NULL);
	snprintf(r->why, sizeof(r->why), "%s", wm_why());
}

static void common_cause(void **state) {
	struct rank ranks[RANKS];

	(void)state;
	close(run_all(ranks, RANKS, all_say));
	assert_int_equal(ranks[3].status, WM_UNSUPPORTED);
	assert_string_equal(ranks[3].why, "not here");
}

/* The others never come: whoever fared badly says so by itself, and does not wait twice. */
static void come_alone(struct rank *r, struct wm_meeting *m) {
	double from = wm_now();

	r->status = wm_meet(m, wm_fail(WM_NOMEM, "no room"), NULL, 0, NULL);
	snprintf(r->why, sizeof(r->why), "%s", wm_why());
	r->good = wm_now() - from >= 1 && wm_meet(m, r->status, NULL, 0, NULL) == WM_NOMEM &&
	          wm_meet(m, WM_OK, NULL, 0, NULL) == WM_FAILED;
}

static void alone(void **state) {
	struct rank ranks[RANKS];

	(void)state;
	close(run_all(ranks, 1, come_alone));
	assert_int_equal(ranks[0].status, WM_NOMEM);
	assert_string_equal(ranks[0].why, "rank 0 (toy:0): no room");
}

static void step_unless_second(struct rank *r, struct wm_meeting *m) {
	wm_meet(m, WM_OK, NULL, 0, NULL);
	if (r->number != 1)
		wm_meeting_step(m);
}

static void who_is_behind(void **state) {
	struct rank ranks[RANKS];
	struct wm_meeting *m;
	int fd = run_all(ranks, RANKS, step_unless_second);

	(void)state;
	assert_int_equal(wm_meeting_join(fd, -1, "", &m), WM_OK);
	assert_int_equal(wm_meeting_behind(m), 1);
	wm_meeting_leave(m);
	close(fd);
	fd = run_all(ranks, RANKS, all_say);
	assert_int_equal(wm_meeting_join(fd, -1, "", &m), WM_OK);
	assert_int_equal(wm_meeting_behind(m), -1); /* all came equally far */
	wm_meeting_leave(m);
	close(fd);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exchange), cmocka_unit_test(one_cause),     cmocka_unit_test(common_cause),
		cmocka_unit_test(alone),    cmocka_unit_test(who_is_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
