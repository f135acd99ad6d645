/* SPDX-License-Identifier: Apache-2.0 */
/*
 * meeting.c - ranks meet in shared memory.
 *
 * It is memory and not the supervisor's pipes because a meeting stands before every timed batch: its ranks must leave
 * it within the time of a few cache misses of each other, while a pipe costs each of them a wake-up after the other.
 */
#include "meeting.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ALONE_S 2.0   /* how long a rank that fared badly waits for the others */
#define AWAKE_S 2e-3  /* how long a rank looks before it sleeps */
#define ASLEEP_S 0.05 /* longest sleep, for the one whose wake-up was lost with its sender */
enum { LINE = 64, LOOKS = 64, WHY = 480, NAME = 96 };

/* What a rank lays down for one meeting. */
struct word {
	int status;
	char why[WHY];
	unsigned char bytes[WM_MEET_BYTES];
};

/* What one rank writes. Two words take turns: who lays down the next one has left the meeting of the one before it, so
 * that everybody has read what stood there two meetings ago. */
struct place {
	_Alignas(LINE) _Atomic uint64_t steps;
	char name[NAME];
	struct word word[2];
};

struct table {
	int ranks;
	_Alignas(LINE) _Atomic uint32_t here; /* ranks at the meeting */
	_Alignas(LINE) _Atomic uint32_t held; /* meetings so far */
	_Alignas(LINE) _Atomic uint32_t asleep;
	struct place place[];
};

struct wm_meeting {
	struct table *table;
	size_t bytes;
	int rank;
	unsigned turn; /* meetings that this rank was at */
	bool alone;    /* it waited for the others in vain: there are no meetings any more */
};

static size_t table_bytes(int ranks) {
	return sizeof(struct table) + (size_t)ranks * sizeof(struct place);
}

/* ---- making and joining ----------------------------------------------------------------------------------------- */

enum wm_status wm_meeting_make(int ranks, int *fd_p) {
	int fd = memfd_create("wattmark-meeting", MFD_CLOEXEC);

	if (fd < 0)
		return wm_fail(WM_FAILED, "no shared memory for %d ranks: %s", ranks, strerror(errno));
	if (ftruncate(fd, (off_t)table_bytes(ranks)) < 0 || pwrite(fd, &ranks, sizeof(ranks), 0) != sizeof(ranks)) {
		enum wm_status st = wm_fail(WM_FAILED, "no shared memory for %d ranks: %s", ranks, strerror(errno));

		close(fd);
		return st;
	}
	*fd_p = fd;
	return WM_OK;
}

enum wm_status wm_meeting_join(int fd, int rank, const char *name, struct wm_meeting **meeting_p) {
	struct wm_meeting *m;
	struct stat stat;
	struct table *table;

	if (fstat(fd, &stat) < 0)
		return wm_fail(WM_FAILED, "cannot meet the other ranks: %s", strerror(errno));
	table = mmap(NULL, (size_t)stat.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (table == MAP_FAILED)
		return wm_fail(WM_FAILED, "cannot meet the other ranks: %s", strerror(errno));
	m = wm_zalloc(sizeof(*m));
	*m = (struct wm_meeting){.table = table, .bytes = (size_t)stat.st_size, .rank = rank};
	if (rank >= 0)
		snprintf(table->place[rank].name, NAME, "%s", name);
	*meeting_p = m;
	return WM_OK;
}

void wm_meeting_leave(struct wm_meeting *m) {
	if (!m)
		return;
	munmap(m->table, m->bytes);
	free(m);
}

int wm_meeting_rank(const struct wm_meeting *m) {
	return m->rank;
}

int wm_meeting_ranks(const struct wm_meeting *m) {
	return m->table->ranks;
}

void wm_meeting_step(struct wm_meeting *m) {
	atomic_fetch_add_explicit(&m->table->place[m->rank].steps, 1, memory_order_relaxed);
}

int wm_meeting_behind(const struct wm_meeting *m) {
	uint64_t least = UINT64_MAX;
	int behind = -1;

	for (int r = 0; r < m->table->ranks; r++) {
		uint64_t steps = atomic_load_explicit(&m->table->place[r].steps, memory_order_relaxed);

		if (steps <= least)
			behind = steps < least ? r : -1;
		if (steps < least)
			least = steps;
	}
	return behind;
}

/* ---- waiting ---------------------------------------------------------------------------------------------------- */

static void sleep_before(struct table *table, uint32_t before) {
	const struct timespec longest = {.tv_nsec = (long)(1e9 * ASLEEP_S)};

	atomic_fetch_add(&table->asleep, 1);
	syscall(SYS_futex, &table->held, FUTEX_WAIT, before, &longest, NULL, 0);
	atomic_fetch_sub(&table->asleep, 1);
}

/* The last to come calls the kernel only for those that sleep, so that it is not late itself. */
static void hold(struct table *table, uint32_t before) {
	atomic_store(&table->here, 0);
	atomic_store(&table->held, before + 1);
	if (atomic_load(&table->asleep) > 0)
		syscall(SYS_futex, &table->held, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Until the meeting after so many is held. False: not by then. The first looks cost the others nothing; a rank that
 * waits for longer lets others have its core, then sleeps. */
static bool wait_held(struct table *table, uint32_t before, double until) {
	double from = wm_now();

	for (long looks = 1; atomic_load_explicit(&table->held, memory_order_acquire) == before; looks++) {
		double now;

		if (looks % LOOKS != 0)
			continue;
		now = wm_now();
		if (now >= until)
			return false;
		if (now - from < AWAKE_S)
			sched_yield();
		else
			sleep_before(table, before);
	}
	return true;
}

/* False: not all have come by then. */
static bool come_together(struct wm_meeting *m, double until) {
	struct table *table = m->table;
	uint32_t before = atomic_load_explicit(&table->held, memory_order_acquire);

	wm_meeting_step(m);
	if (atomic_fetch_add_explicit(&table->here, 1, memory_order_acq_rel) + 1 < (uint32_t)table->ranks)
		return wait_held(table, before, until);
	hold(table, before);
	return true;
}

/* ---- what was brought ------------------------------------------------------------------------------------------- */

static void lay_down(struct word *word, enum wm_status own, const void *mine, size_t bytes) {
	word->status = (int)own;
	if (own != WM_OK)
		snprintf(word->why, WHY, "%s", wm_why());
	if (bytes > 0)
		memcpy(word->bytes, mine, bytes);
}

/* The worst that a rank came with, of several the lowest rank's; all in the same words speak for all. */
static enum wm_status join(const struct table *table, unsigned turn) {
	const struct word *worst = &table->place[0].word[turn % 2];
	bool same = true;
	int rank = 0;

	for (int r = 1; r < table->ranks; r++) {
		const struct word *word = &table->place[r].word[turn % 2];

		same &= word->status == worst->status && (word->status == WM_OK || strcmp(word->why, worst->why) == 0);
		if (word->status > worst->status) {
			worst = word;
			rank = r;
		}
	}
	if (worst->status == WM_OK)
		return WM_OK;
	if (same)
		return wm_fail((enum wm_status)worst->status, "%s", worst->why);
	return wm_fail((enum wm_status)worst->status, "rank %d (%s): %s", rank, table->place[rank].name, worst->why);
}

enum wm_status wm_meet(struct wm_meeting *m, enum wm_status own, const void *mine, size_t bytes, void *all) {
	struct table *table = m->table;
	unsigned turn = m->turn++;
	char why[WHY];

	if (m->alone)
		return own != WM_OK ? own : wm_fail(WM_FAILED, "the other ranks are gone");
	lay_down(&table->place[m->rank].word[turn % 2], own, mine, bytes);
	snprintf(why, sizeof(why), "%s", wm_why());
	m->alone = !come_together(m, own == WM_OK ? INFINITY : wm_now() + ALONE_S);
	if (m->alone)
		return wm_fail(own, "rank %d (%s): %s", m->rank, table->place[m->rank].name, why);
	own = join(table, turn);
	for (int r = 0; own == WM_OK && bytes > 0 && r < table->ranks; r++)
		memcpy((char *)all + (size_t)r * bytes, table->place[r].word[turn % 2].bytes, bytes);
	return own;
}
