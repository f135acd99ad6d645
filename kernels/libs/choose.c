/* SPDX-License-Identifier: Apache-2.0 */
/*
 * choose.c - tries ways to do an operation, a few milliseconds each, round after round: a clock that rises or sinks
 * meanwhile meets all of them. Every other round goes backwards, so that none always follows the same one.
 */
#include "choose.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 8, LONGEST_BATCH = 1000 };
#define BATCH_S 5e-3
#define HOPELESS 1.2 /* times the best: not tried any further */

struct way {
	bool out;    /* refused or hopeless */
	long batch;  /* operations that are timed together */
	double once; /* seconds of the one operation of round 0; NAN: not tried */
	double time[ROUNDS];
	int times;
};

struct chooser {
	struct wm_run *run;
	wm_choose_enqueue *enqueue;
	struct way way[WM_CHOOSE_MOST];
	int n, set;
	struct wm_choice choice;
	enum wm_status refusal;
	double until_s;
};

static enum wm_status operation(struct chooser *c, int i) {
	int set = c->set;

	c->set = set + 1 < c->run->sets ? set + 1 : 0;
	return c->enqueue(c->run, i, set);
}

/* Seconds of one operation, or the way is out. The first one is not timed: it pays for what ran before it and for what
 * is loaded late. */
static enum wm_status time_batch(struct chooser *c, int i, double *seconds_p) {
	const struct wm_backend *b = c->run->backend;
	struct wm_device *dev = c->run->dev;
	struct way *way = &c->way[i];
	double seconds;
	enum wm_status st = operation(c, i);

	if (st != WM_OK) {
		*way = (struct way){.out = true, .once = NAN};
		c->choice.failed++;
		c->refusal = st;
		return WM_OK;
	}
	st = b->mark(dev, 0);
	for (long k = 0; k < way->batch && st == WM_OK; k++)
		st = operation(c, i);
	if (st == WM_OK)
		st = b->mark(dev, 1);
	if (st == WM_OK)
		st = b->sync(dev);
	if (st == WM_OK)
		st = b->between(dev, 0, 1, &seconds);
	if (st == WM_OK)
		*seconds_p = seconds / (double)way->batch;
	return st;
}

/* Round 0: one operation each, which tells how many make a batch. */
static enum wm_status try_once(struct chooser *c) {
	for (int i = 0; i < c->n && (i == 0 || wm_now() < c->until_s); i++) {
		struct way *way = &c->way[i];
		enum wm_status st = time_batch(c, i, &way->once);

		if (st != WM_OK)
			return st;
		if (way->out)
			continue;
		c->choice.tried++;
		way->batch = way->once * LONGEST_BATCH > BATCH_S ? (long)ceil(BATCH_S / way->once) : LONGEST_BATCH;
	}
	return WM_OK;
}

/* The rounds' times in ascending order, that of round 0 where there are no others: how many; 0: never tried. */
static int sort_times(const struct way *way, double sorted[ROUNDS]) {
	sorted[0] = way->once;
	for (int k = 0; k < way->times; k++) {
		int at = k;

		for (; at > 0 && sorted[at - 1] > way->time[k]; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = way->time[k];
	}
	return way->times ? way->times : !isnan(way->once);
}

/* Infinite where it was never tried. */
static double least_of(const struct way *way) {
	double sorted[ROUNDS];

	return sort_times(way, sorted) ? sorted[0] : INFINITY;
}

/* The same. Of an even number it is the mean of the middle two: one of a forward and one of a backward round where the
 * clock rises or sinks all the time. */
static double median_of(const struct way *way) {
	double sorted[ROUNDS];
	int n = sort_times(way, sorted);

	return n ? (sorted[(n - 1) / 2] + sorted[n / 2]) / 2 : INFINITY;
}

/* The first of equals; -1: none was tried. */
static int fastest(const struct chooser *c) {
	int best = -1;
	double least = INFINITY;

	for (int i = 0; i < c->n; i++)
		if (median_of(&c->way[i]) < least) {
			best = i;
			least = median_of(&c->way[i]);
		}
	return best;
}

static enum wm_status play_round(struct chooser *c, int round) {
	int best;

	for (int k = 0; k < c->n && wm_now() < c->until_s; k++) {
		int i = round % 2 ? c->n - 1 - k : k;
		struct way *way = &c->way[i];
		double seconds;
		enum wm_status st;

		if (way->out || isnan(way->once))
			continue;
		st = time_batch(c, i, &seconds);
		if (st != WM_OK)
			return st;
		if (!way->out)
			way->time[way->times++] = seconds;
	}
	best = fastest(c);
	if (best < 0)
		return c->refusal;
	/* by the least time of each: one that was disturbed may still be the best */
	for (int i = 0; i < c->n; i++)
		c->way[i].out |= least_of(&c->way[i]) > HOPELESS * least_of(&c->way[best]);
	return WM_OK;
}

enum wm_status wm_choose(struct wm_run *run, int n, wm_choose_enqueue *enqueue, double budget_s,
                         struct wm_choice *choice_p) {
	double from = wm_now();
	struct chooser c = {.run = run, .enqueue = enqueue, .n = n, .until_s = from + budget_s};
	enum wm_status st;

	for (int i = 0; i < n; i++)
		c.way[i] = (struct way){.batch = 1, .once = NAN};
	st = try_once(&c);
	for (int round = 0; round < ROUNDS && st == WM_OK; round++)
		st = play_round(&c, round);
	if (st != WM_OK)
		return st;
	c.choice.best = fastest(&c);
	c.choice.spent_s = wm_now() - from;
	*choice_p = c.choice;
	return WM_OK;
}
