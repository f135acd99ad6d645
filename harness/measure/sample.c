/* SPDX-License-Identifier: Apache-2.0 */
/* sample.c - batches of operations between two marks of the device's clock. */
#include "sample.h"

#include "core/meeting.h"
#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LEVEL 0.95          /* of the median's interval */
#define AGREE 0.005         /* throughput of two blocks that counts as steady */
#define LAG1_LIMIT 0.2      /* beyond it the interval is taken over block medians */
#define GAP 0.01            /* share of the time that the host may cost before work counts as bound by launches */
#define RESOLUTIONS 1000    /* a batch lasts at least that many resolutions of the clock */
#define BATCH_HOST_S 1e-3   /* shortest batch where an operation ends when enqueue returns .. */
#define BATCH_ASYNC_S 10e-3 /* .. and where every batch ends with a wait for the device */
#define BURST_S 20e-3       /* longest batch of a burst */
#define BURST_REST_S 0.5
#define BURST_ROUSE_S 5e-3
enum { BURSTS = 30, FIRST_LOOK = 10, FEWEST = 5, EMPTY_PAIRS = 32, BATCH_LIMIT = 1 << 24 };

enum wm_status wm_sampler_enqueue(struct wm_sampler *s, long batch) {
	const struct wm_impl *impl = s->job->impl;

	for (long done; batch > 0; batch -= done) {
		enum wm_status st = wm_graphs_play(s, batch, &done);

		if (st == WM_OK && done == 0) {
			st = impl->enqueue(s->run, s->next_set);
			wm_graphs_step(&s->graphs);
			done = 1;
		}
		if (st != WM_OK)
			return st;
		if (s->job->meeting)
			wm_meeting_step(s->job->meeting);
		s->next_set = (int)((s->next_set + done) % s->span);
	}
	return WM_OK;
}

/* Time of a batch whose ranks keep their own. */
static enum wm_status time_ranks(struct wm_sampler *s, long batch, double *ranks_p, double *host_p) {
	struct wm_rank_times times = {0};
	double from = wm_now();
	enum wm_status st = s->job->impl->batch(s->run, s->next_set, s->span, batch, &times);

	*host_p = wm_now() - from;
	if (st != WM_OK)
		return st;
	s->next_set = (int)((s->next_set + batch) % s->span);
	s->skew_s = times.skew_s;
	*ranks_p = times.seconds;
	return WM_OK;
}

/* Time of a batch by the device's clock and by the host's around it. */
static enum wm_status time_marks(struct wm_sampler *s, long batch, double *device_p, double *host_p) {
	const struct wm_backend *b = s->job->backend;
	struct wm_device *dev = s->job->dev;
	double device, enqueued_s, from = wm_now();
	enum wm_status st = b->mark(dev, 0);

	if (st == WM_OK)
		st = wm_sampler_enqueue(s, batch);
	if (st == WM_OK)
		st = b->mark(dev, 1);
	enqueued_s = wm_now();
	if (st == WM_OK)
		st = b->sync(dev);
	s->ended_s = wm_now();
	s->wait_s = s->ended_s - enqueued_s;
	*host_p = s->ended_s - from;
	if (st == WM_OK)
		st = b->between(dev, 0, 1, &device);
	if (st == WM_OK)
		*device_p = device;
	return st;
}

/* What each rank tells the others of what it has just timed. */
struct told {
	double device_s, host_s, ended_s;
};

/* The same on all ranks, begun by a barrier; the slowest rank's times, and how far the ends lie apart. */
static enum wm_status time_once(struct wm_sampler *s, long batch, struct told *slowest_p, double *skew_p) {
	struct told mine = {0}, all[WM_MAX_RANKS], slowest;
	double first_end;
	enum wm_status st = wm_meet(s->job->meeting, WM_OK, NULL, 0, NULL);

	if (st != WM_OK)
		return st;
	st = time_marks(s, batch, &mine.device_s, &mine.host_s);
	mine.ended_s = s->ended_s;
	st = wm_meet(s->job->meeting, st, &mine, sizeof(mine), all);
	if (st != WM_OK)
		return st;
	slowest = all[0];
	first_end = all[0].ended_s;
	for (int r = 1; r < s->job->problem->ranks; r++) {
		slowest.device_s = fmax(slowest.device_s, all[r].device_s);
		slowest.host_s = fmax(slowest.host_s, all[r].host_s);
		slowest.ended_s = fmax(slowest.ended_s, all[r].ended_s);
		first_end = fmin(first_end, all[r].ended_s);
	}
	*slowest_p = slowest;
	*skew_p = slowest.ended_s - first_end;
	return WM_OK;
}

/* Every operation by itself: the medians over the operations. */
static enum wm_status time_apart(struct wm_sampler *s, long batch, struct told *slowest_p, double *skew_p) {
	double *device = wm_zalloc((size_t)batch * sizeof(*device)), *skew = wm_zalloc((size_t)batch * sizeof(*skew));
	struct told one, all = {0};
	enum wm_status st = WM_OK;

	for (long i = 0; i < batch && st == WM_OK; i++) {
		st = time_once(s, 1, &one, &skew[i]);
		device[i] = one.device_s;
		all.host_s += one.host_s;
	}
	if (st == WM_OK) {
		wm_sort(device, (size_t)batch);
		wm_sort(skew, (size_t)batch);
		all.device_s = (double)batch * wm_quantile(device, (size_t)batch, 0.5);
		*slowest_p = all;
		*skew_p = wm_quantile(skew, (size_t)batch, 0.5);
	}
	free(skew);
	free(device);
	return st;
}

/* Time of a batch on ranks that are processes. */
static enum wm_status time_together(struct wm_sampler *s, long batch, double *ranks_p, double *host_p) {
	const struct wm_problem *p = s->job->problem;
	bool apart = p->bench->apart && p->bench->apart(p);
	struct told slowest;
	enum wm_status st = apart ? time_apart(s, batch, &slowest, &s->skew_s) : time_once(s, batch, &slowest, &s->skew_s);

	if (st != WM_OK)
		return st;
	*ranks_p = slowest.device_s;
	*host_p = slowest.host_s;
	return WM_OK;
}

enum wm_status wm_sampler_time(struct wm_sampler *s, long batch, double *device_p, double *host_p) {
	if (batch && s->job->meeting)
		return time_together(s, batch, device_p, host_p);
	if (batch && s->job->impl->batch)
		return time_ranks(s, batch, device_p, host_p);
	return time_marks(s, batch, device_p, host_p);
}

/* The largest that a rank has; what this one has where there are no others. */
static enum wm_status agree_on(const struct wm_sampler *s, double mine, double *most_p) {
	double all[WM_MAX_RANKS], most = mine;

	if (s->job->meeting) {
		enum wm_status st = wm_meet(s->job->meeting, WM_OK, &mine, sizeof(mine), all);

		if (st != WM_OK)
			return st;
		for (int r = 0; r < s->job->problem->ranks; r++)
			most = fmax(most, all[r]);
	}
	*most_p = most;
	return WM_OK;
}

enum wm_status wm_sampler_now(const struct wm_sampler *s, double *now_p) {
	return agree_on(s, wm_now(), now_p);
}

/* The least time that means something: the larger of the smallest step seen and the cost of an empty pair of marks. */
static enum wm_status clock_resolution(struct wm_sampler *s, double *resolution_p) {
	double pair[EMPTY_PAIRS], host, step = INFINITY;

	for (int i = 0; i < EMPTY_PAIRS; i++) {
		enum wm_status st = wm_sampler_time(s, 0, &pair[i], &host);

		if (st != WM_OK)
			return st;
		if (pair[i] > 0 && pair[i] < step)
			step = pair[i];
	}
	wm_sort(pair, EMPTY_PAIRS);
	return agree_on(s, fmax(isinf(step) ? 0 : step, wm_quantile(pair, EMPTY_PAIRS, 0.5)), resolution_p);
}

/* Finds the batch that takes that long, *device_p: one of its times. */
static enum wm_status grow_batch(struct wm_sampler *s, double want, double *device_p) {
	double device, host;
	long batch = 1;

	for (;;) {
		enum wm_status st = wm_sampler_time(s, batch, &device, &host);
		/* a first time may be long because everything was cold: only the second one counts as long enough */
		if (st == WM_OK && device >= want)
			st = wm_sampler_time(s, batch, &device, &host);
		if (st != WM_OK)
			return st;
		if (device >= want || batch >= BATCH_LIMIT)
			break;
		/* at most eightfold at a time: the first times are the coldest */
		batch = device > want / 8 ? (long)ceil((double)batch * want / device * 1.05) : batch * 8;
	}
	s->m->batch = batch;
	*device_p = device;
	return WM_OK;
}

/* Work that is bound by its launches is recorded where it can be. What cannot be recorded after all goes on as before,
 * and worker.log says why. */
static bool records(struct wm_sampler *s, double op_s) {
	if (!wm_graphs_apply(s, op_s))
		return false;
	if (wm_graphs_record(s) == WM_OK)
		return true;
	fprintf(stderr, "not recorded: %s\n", wm_why());
	return false;
}

enum wm_status wm_sampler_batch(struct wm_sampler *s) {
	bool burst = wm_get(s->job->problem, "regime") == WM_BURST;
	double device = 0, want;
	enum wm_status st = clock_resolution(s, &s->m->resolution_s);

	s->m->by_ranks = s->job->impl->batch || s->job->meeting;
	s->m->launch = s->job->backend->asynchronous ? "queue" : NULL;
	if (st != WM_OK)
		return st;
	want = fmax(s->job->backend->asynchronous ? BATCH_ASYNC_S : BATCH_HOST_S, RESOLUTIONS * s->m->resolution_s);
	if (burst)
		want = fmin(want, BURST_S / 2);
	st = grow_batch(s, want, &device);
	if (st != WM_OK || !records(s, device / (double)s->m->batch))
		return st;
	s->m->launch = "graph";
	return grow_batch(s, want, &device);
}

/* Load for at least block_s; seconds per operation by the host's clock. */
static enum wm_status run_block(struct wm_sampler *s, double *per_op_p) {
	double from, now, device, host;
	long operations = 0;
	enum wm_status st = wm_sampler_now(s, &from);

	if (st != WM_OK)
		return st;
	do {
		st = wm_sampler_time(s, s->m->batch, &device, &host);
		if (st == WM_OK)
			st = wm_sampler_now(s, &now);
		if (st != WM_OK)
			return st;
		operations += s->m->batch;
	} while (now - from < s->job->profile->block_s);
	*per_op_p = (now - from) / (double)operations;
	return WM_OK;
}

enum wm_status wm_sampler_warm(struct wm_sampler *s) {
	struct wm_measurement *m = s->m;
	double from, now, last = 0, per_op;
	enum wm_status st;

	if (wm_get(s->job->problem, "regime") == WM_BURST) {
		m->steady_by = "burst";
		return WM_OK;
	}
	st = wm_sampler_now(s, &from);
	for (;;) {
		if (st == WM_OK)
			st = run_block(s, &per_op);
		if (st == WM_OK)
			st = wm_sampler_now(s, &now);
		if (st != WM_OK)
			return st;
		m->warm_blocks++;
		m->warm_s = now - from;
		if (last > 0 && fabs(per_op / last - 1) <= AGREE) {
			m->steady_by = "throughput";
			return WM_OK;
		}
		if (m->warm_s >= s->job->profile->warm_cap_s) {
			m->steady_by = "unsettled";
			return WM_OK;
		}
		last = per_op;
	}
}

static enum wm_status more_room(struct wm_measurement *m) {
	size_t room = m->room ? 2 * m->room : 1024;
	double *samples = realloc(m->samples, room * sizeof(*samples)), *skews;

	if (samples)
		m->samples = samples;
	skews = samples ? realloc(m->skews, room * sizeof(*skews)) : NULL;
	if (!skews)
		return wm_fail(WM_NOMEM, "no memory for %zu samples", room);
	m->skews = skews;
	m->room = room;
	return WM_OK;
}

enum wm_status wm_sampler_one(struct wm_sampler *s) {
	struct wm_measurement *m = s->m;
	double device, host;
	bool late;
	enum wm_status st = wm_sampler_time(s, m->batch, &device, &host);

	if (st == WM_OK && m->n == m->room)
		st = more_room(m);
	if (st != WM_OK)
		return st;
	m->skews[m->n] = s->skew_s;
	m->samples[m->n++] = device / (double)m->batch;
	s->device_s += device;
	s->host_s += host;
	m->total_s = s->device_s;
	m->host_ratio = s->device_s > 0 ? s->host_s / s->device_s : NAN;
	/* a device that has nothing left to do when the last operation comes was waiting for it, and for those before */
	s->waited_s += s->wait_s;
	late = s->job->backend->asynchronous && s->waited_s < GAP * s->device_s;
	m->launch_bound = !m->by_ranks && (late || m->host_ratio > 1 + GAP);
	return WM_OK;
}

enum wm_status wm_sampler_checked(struct wm_sampler *s) {
	double device, host;
	enum wm_status st = wm_sampler_time(s, s->m->batch, &device, &host);

	if (st == WM_OK)
		s->m->checked_s = device / (double)s->m->batch;
	return st;
}

/* The interval of the median, over block medians as long as neighbours resemble each other and ten are left. */
static void interval(struct wm_measurement *m) {
	double *x = wm_zalloc(m->n * sizeof(*x));
	size_t n = m->n, lo, hi;

	memcpy(x, m->samples, n * sizeof(*x));
	m->block = 1;
	m->block_lag1 = m->lag1 = wm_lag1(x, n);
	while (m->block_lag1 > LAG1_LIMIT && m->n / (2 * m->block) >= FIRST_LOOK) {
		m->block *= 2;
		n = wm_block_medians(m->samples, m->n, m->block, x);
		m->block_lag1 = wm_lag1(x, n);
	}
	wm_sort(x, n);
	m->level = wm_median_interval(n, LEVEL, &lo, &hi);
	m->lo_s = x[lo];
	m->hi_s = x[hi];
	free(x);
}

void wm_sampler_summarise(struct wm_measurement *m) {
	double *x;

	if (m->n == 0)
		return;
	interval(m);
	x = wm_zalloc(m->n * sizeof(*x));
	memcpy(x, m->samples, m->n * sizeof(*x));
	wm_sort(x, m->n);
	m->median_s = wm_quantile(x, m->n, 0.5);
	/* block medians may leave the median of all samples outside: the interval always holds what it is for */
	m->lo_s = fmin(m->lo_s, m->median_s);
	m->hi_s = fmax(m->hi_s, m->median_s);
	m->min_s = x[0];
	m->max_s = x[m->n - 1];
	m->p95_s = wm_quantile(x, m->n, 0.95);
	m->outliers = wm_outliers(x, m->n);
	if (m->by_ranks) {
		memcpy(x, m->skews, m->n * sizeof(*x));
		wm_sort(x, m->n);
		m->skew_s = wm_quantile(x, m->n, 0.5);
	}
	free(x);
}

static enum wm_status run_bursts(struct wm_sampler *s) {
	struct timespec rest = {.tv_sec = 0, .tv_nsec = (long)(BURST_REST_S * 1e9)};

	for (int i = 0; i < BURSTS; i++) {
		enum wm_status st;

		nanosleep(&rest, NULL);
		st = s->job->backend->rouse(s->job->dev, BURST_ROUSE_S);
		if (st == WM_OK)
			st = wm_sampler_one(s);
		if (st != WM_OK)
			return st;
	}
	return WM_OK;
}

bool wm_sampler_done(struct wm_measurement *m, double target) {
	wm_sampler_summarise(m);
	return m->level >= LEVEL && m->block_lag1 <= LAG1_LIMIT && (m->hi_s - m->lo_s) / 2 <= target * m->median_s;
}

enum wm_status wm_sampler_run(struct wm_sampler *s) {
	const struct wm_profile *profile = s->job->profile;
	size_t look = FIRST_LOOK;
	double from, now;
	enum wm_status st;

	if (wm_get(s->job->problem, "regime") == WM_BURST)
		return run_bursts(s);
	st = wm_sampler_now(s, &from);
	for (;;) {
		if (st == WM_OK)
			st = wm_sampler_one(s);
		if (st == WM_OK)
			st = wm_sampler_now(s, &now);
		if (st != WM_OK)
			return st;
		if (s->m->n == look) {
			look *= 2;
			if (s->m->total_s >= profile->sample_min_s && wm_sampler_done(s->m, profile->target))
				return WM_OK;
		}
		/* by the host's clock: a kernel that has stopped working adds nothing to the device's */
		if (now - from >= profile->sample_cap_s && s->m->n >= FEWEST)
			return WM_OK;
	}
}
