/* SPDX-License-Identifier: Apache-2.0 */
/*
 * team.c - threads that run one function together, each on a core of its own.
 *
 * A round is one number that goes up: who sees it change runs the function of that round and then writes the number
 * into its own cache line, where thread 0 looks for it. A thread that has seen no new round for SPIN_S sleeps on a
 * condition variable, so that a team nobody calls takes no core from a library's own threads.
 */
#include "team.h"

#include <hwloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Longer than what lies between the calls of a batch, shorter than any library's operation worth timing. */
#define SPIN_S 150e-6

enum {
	LINE = 128,                     /* two lines of 64 bytes: many CPUs fetch neighbours in pairs */
	CPU_SETS = 65536 / CPU_SETSIZE, /* glibc's type holds 1024 PUs, an array of them what a list can name */
};

struct member {
	_Alignas(LINE) atomic_uint done; /* the last round it has finished */
	struct wm_team *team;
	pthread_t thread;
	int index;
	int pu;
};

struct wm_team {
	/* Written by thread 0 before the round goes up, read by all after they see it up. */
	_Alignas(LINE) atomic_uint round;
	void (*fn)(void *arg, int thread, int threads); /* NULL: end */
	void *arg;
	_Alignas(LINE) atomic_int sleepers;
	pthread_mutex_t lock;
	pthread_cond_t woken;
	int n;
	int started;              /* members 1 .. started-1 have a thread; 0 = none yet */
	bool bound;               /* the caller is on its own core */
	cpu_set_t home[CPU_SETS]; /* where the caller may run when it is not */
	struct member *members;
};

/* ---- binding ------------------------------------------------------------------------------------------------ */

/* Binds a thread to one PU. Returns an errno value. */
static int bind_to(pthread_t thread, int pu) {
	cpu_set_t set[CPU_SETS];

	CPU_ZERO_S(sizeof(set), set);
	CPU_SET_S((size_t)pu, sizeof(set), set);
	return pthread_setaffinity_np(thread, sizeof(set), set);
}

static enum wm_status bind_caller(struct wm_team *team) {
	int error;

	if (team->bound)
		return WM_OK;
	error = pthread_getaffinity_np(pthread_self(), sizeof(team->home), team->home);
	if (!error)
		error = bind_to(pthread_self(), team->members[0].pu);
	if (error)
		return wm_fail(WM_FAILED, "cannot bind thread 0 of %d to CPU %d: %s", team->n, team->members[0].pu,
		               strerror(error));
	team->bound = true;
	return WM_OK;
}

/* ---- the other threads -------------------------------------------------------------------------------------- */

static void sleep_until_other(struct wm_team *team, unsigned round) {
	pthread_mutex_lock(&team->lock);
	/* Sequentially consistent, as are the two accesses in start_round: either we see the new round here, or thread
	 * 0 sees a sleeper there and takes the lock to wake it. */
	atomic_fetch_add(&team->sleepers, 1);
	while (atomic_load(&team->round) == round)
		pthread_cond_wait(&team->woken, &team->lock);
	atomic_fetch_sub(&team->sleepers, 1);
	pthread_mutex_unlock(&team->lock);
}

/* Reading the clock between two looks also keeps this loop from hammering the line that thread 0 is to write. */
static void wait_until_other(struct wm_team *team, unsigned round) {
	double end = wm_now() + SPIN_S;

	while (wm_now() < end)
		if (atomic_load_explicit(&team->round, memory_order_acquire) != round)
			return;
	sleep_until_other(team, round);
}

static void *member_main(void *arg) {
	struct member *self = arg;
	struct wm_team *team = self->team;

	for (unsigned round = 0;; atomic_store_explicit(&self->done, round, memory_order_release)) {
		wait_until_other(team, round);
		round++;
		if (!team->fn)
			return NULL;
		team->fn(team->arg, self->index, team->n);
	}
}

static enum wm_status start_member(struct wm_team *team, int index) {
	struct member *self = &team->members[index];
	int error = pthread_create(&self->thread, NULL, member_main, self);

	if (error)
		return wm_fail(WM_FAILED, "cannot start thread %d of %d: %s", index, team->n, strerror(error));
	team->started = index + 1;
	error = bind_to(self->thread, self->pu);
	if (error)
		return wm_fail(WM_FAILED, "cannot bind thread %d of %d to CPU %d: %s", index, team->n, self->pu,
		               strerror(error));
	return WM_OK;
}

static void start_round(struct wm_team *team, void (*fn)(void *arg, int thread, int threads), void *arg) {
	team->fn = fn;
	team->arg = arg;
	atomic_fetch_add(&team->round, 1);
	if (atomic_load(&team->sleepers) > 0) {
		pthread_mutex_lock(&team->lock);
		pthread_cond_broadcast(&team->woken);
		pthread_mutex_unlock(&team->lock);
	}
}

static void stop_members(struct wm_team *team) {
	if (team->started == 0)
		return;
	start_round(team, NULL, NULL);
	for (int i = 1; i < team->started; i++)
		pthread_join(team->members[i].thread, NULL);
	team->started = 0;
	atomic_store(&team->round, 0); /* where new members begin to count */
}

static enum wm_status start_members(struct wm_team *team) {
	enum wm_status st = WM_OK;

	if (team->started == team->n)
		return WM_OK;
	team->started = 1;
	for (int i = 1; i < team->n && st == WM_OK; i++)
		st = start_member(team, i);
	if (st != WM_OK)
		stop_members(team);
	return st;
}

/* ---- the team ----------------------------------------------------------------------------------------------- */

static void *zeroed_lines(size_t bytes) {
	void *p = aligned_alloc(LINE, bytes);

	return p ? memset(p, 0, bytes) : NULL;
}

/* A team of n members on the first n PUs of the set; NULL when memory ran out. */
static struct wm_team *make_team(hwloc_const_bitmap_t pus, int n) {
	struct wm_team *team = zeroed_lines(sizeof(*team));
	int pu = -1;

	if (!team)
		return NULL;
	team->members = zeroed_lines((size_t)n * sizeof(struct member));
	if (!team->members) {
		free(team);
		return NULL;
	}
	team->n = n;
	pthread_mutex_init(&team->lock, NULL);
	pthread_cond_init(&team->woken, NULL);
	for (int i = 0; i < n; i++) {
		pu = hwloc_bitmap_next(pus, pu);
		team->members[i].team = team;
		team->members[i].index = i;
		team->members[i].pu = pu;
	}
	return team;
}

enum wm_status wm_team_open(const char *cpuset, struct wm_team **team_p) {
	hwloc_bitmap_t pus = hwloc_bitmap_alloc();
	bool list = *cpuset && hwloc_bitmap_list_sscanf(pus, cpuset) == 0;
	int n = list ? hwloc_bitmap_weight(pus) : 0;
	struct wm_team *team = n > 0 ? make_team(pus, n) : NULL;

	hwloc_bitmap_free(pus);
	if (n <= 0)
		return wm_fail(WM_FAILED, "cannot run threads on CPUs '%.200s': not a list like 0-3,8", cpuset);
	if (!team)
		return wm_fail(WM_NOMEM, "no memory for a team of %d threads", n);
	*team_p = team;
	return WM_OK;
}

void wm_team_close(struct wm_team *team) {
	if (!team)
		return;
	stop_members(team);
	pthread_cond_destroy(&team->woken);
	pthread_mutex_destroy(&team->lock);
	free(team->members);
	free(team);
}

int wm_team_threads(const struct wm_team *team) {
	return team->n;
}

enum wm_status wm_team_run(struct wm_team *team, void (*fn)(void *arg, int thread, int threads), void *arg) {
	enum wm_status st = bind_caller(team);
	unsigned round;

	if (st == WM_OK)
		st = start_members(team);
	if (st != WM_OK)
		return st;
	start_round(team, fn, arg);
	round = atomic_load_explicit(&team->round, memory_order_relaxed);
	fn(arg, 0, team->n);
	for (int i = 1; i < team->n; i++)
		while (atomic_load_explicit(&team->members[i].done, memory_order_acquire) != round)
			;
	return WM_OK;
}

enum wm_status wm_team_run_free(struct wm_team *team, void (*fn)(void *arg, int thread, int threads), void *arg) {
	bool was_bound = team->bound;
	enum wm_status st = wm_team_run(team, fn, arg);

	if (!was_bound && team->bound) {
		pthread_setaffinity_np(pthread_self(), sizeof(team->home), team->home);
		team->bound = false;
	}
	return st;
}
