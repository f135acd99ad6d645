/* SPDX-License-Identifier: Apache-2.0 */
/* busy.c - plain threads, left to the scheduler: where it puts them is where it puts anybody's. */
#include "busy.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROUNDS 1000
#define LEAST_TIMED_S 0.02
enum {
	LANES = 16,                     /* independent chains, enough to fill a vector unit */
	STEPS = 256,                    /* of each in a round */
	CPU_SETS = 65536 / CPU_SETSIZE, /* glibc's type holds 1024 PUs */
};

struct wm_busy {
	atomic_bool stopped;
	long rounds; /* of each thread */
	pthread_t *threads;
	int n; /* started */
};

int wm_busy_threads(void) {
	static cpu_set_t set[CPU_SETS];

	memset(set, 0, sizeof(set));
	if (sched_getaffinity(0, sizeof(set), set) != 0)
		return 1;
	return CPU_COUNT_S(sizeof(set), set);
}

/* The numbers stay near 1; the volatile result is what keeps the compiler from leaving the work out. */
static void work(float *lane) {
	for (int step = 0; step < STEPS; step++)
		for (int i = 0; i < LANES; i++)
			lane[i] = lane[i] * 0.999f + 0.001f;
}

static void *run_thread(void *arg) {
	struct wm_busy *busy = arg;
	float lane[LANES] = {1};
	volatile float result;

	for (long i = 0; i < busy->rounds && !atomic_load_explicit(&busy->stopped, memory_order_relaxed); i++)
		work(lane);
	result = lane[0];
	(void)result;
	return NULL;
}

static void join(struct wm_busy *busy) {
	for (int i = 0; i < busy->n; i++)
		pthread_join(busy->threads[i], NULL);
	free(busy->threads);
	free(busy);
}

static enum wm_status start(long rounds, struct wm_busy **busy_p) {
	struct wm_busy *busy = wm_zalloc(sizeof(*busy));
	int n = wm_busy_threads(), error = 0;

	busy->rounds = rounds;
	busy->threads = wm_zalloc((size_t)n * sizeof(*busy->threads));
	while (busy->n < n && error == 0) {
		error = pthread_create(&busy->threads[busy->n], NULL, run_thread, busy);
		busy->n += error == 0;
	}
	if (error == 0) {
		*busy_p = busy;
		return WM_OK;
	}
	wm_fail(WM_FAILED, "cannot start thread %d of %d: %s", busy->n, n, strerror(error));
	wm_busy_stop(busy);
	return WM_FAILED;
}

enum wm_status wm_busy_start(struct wm_busy **busy_p) {
	return start(LONG_MAX, busy_p);
}

void wm_busy_stop(struct wm_busy *busy) {
	atomic_store(&busy->stopped, true);
	join(busy);
}

enum wm_status wm_busy_time(long rounds, double *seconds_p) {
	struct wm_busy *busy;
	double from_s = wm_now();
	enum wm_status st = start(rounds, &busy);

	if (st != WM_OK)
		return st;
	join(busy);
	*seconds_p = wm_now() - from_s;
	return WM_OK;
}

enum wm_status wm_busy_rounds(double seconds, long *rounds_p) {
	long rounds = FIRST_ROUNDS;
	double took = 0;

	for (;; rounds *= 2) {
		enum wm_status st = wm_busy_time(rounds, &took);

		if (st != WM_OK)
			return st;
		if (took >= LEAST_TIMED_S)
			break;
	}
	*rounds_p = (long)((double)rounds * (seconds / took)) + 1;
	return WM_OK;
}
