/* SPDX-License-Identifier: Apache-2.0 */
/*
 * toys.c - four devices that are memory of the process that opens them, and an allreduce of the ranks on them that is
 * right until one rank is not: what groups of devices are tested with where there is none. Only wattmark-faulty has
 * them.
 */
#include "core/wm.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { TOYS = 4, PAGE = 4096, FAULTY_RANK = 2, RIGHT_CALLS = 60 };

/* ---- the devices --------------------------------------------------------------------------------------------- */

struct toy {
	double mark[WM_MAX_MARKS];
};

static enum wm_status find(struct wm_device *devs, int max, int *n_p) {
	for (int i = 0; i < TOYS && i < max; i++) {
		struct wm_device *dev = &devs[i];

		*dev = (struct wm_device){.backend = "toy", .name = "Toy", .ordinal = i, .mem_bytes = 1 << 30};
		dev->free_bytes = dev->mem_bytes;
		snprintf(dev->id, sizeof(dev->id), "toy:%d", i);
		snprintf(dev->uuid, sizeof(dev->uuid), "toy-uuid-%d", i);
		*n_p = i + 1;
	}
	return WM_OK;
}

static enum wm_status open_toy(struct wm_device *dev) {
	dev->priv = wm_zalloc(sizeof(struct toy));
	return WM_OK;
}

static void close_toy(struct wm_device *dev) {
	free(dev->priv);
}

static enum wm_status alloc(struct wm_device *dev, size_t bytes, struct wm_buf *buf_p) {
	void *ptr = aligned_alloc(PAGE, bytes);

	(void)dev;
	if (!ptr)
		return wm_fail(WM_NOMEM, "no memory for %zu bytes", bytes);
	*buf_p = (struct wm_buf){.ptr = ptr, .bytes = bytes};
	return WM_OK;
}

static enum wm_status view(struct wm_device *dev, const struct wm_buf *whole, size_t offset, size_t bytes,
                           struct wm_buf *view_p) {
	(void)dev;
	*view_p = (struct wm_buf){.ptr = (char *)whole->ptr + offset, .bytes = bytes, .is_view = true};
	return WM_OK;
}

static void release(struct wm_device *dev, struct wm_buf *buf) {
	(void)dev;
	if (!buf->is_view)
		free(buf->ptr);
}

static enum wm_status put(struct wm_device *dev, const struct wm_buf *dst, size_t offset, const void *src,
                          size_t bytes) {
	(void)dev;
	memcpy((char *)dst->ptr + offset, src, bytes);
	return WM_OK;
}

static enum wm_status get(struct wm_device *dev, void *dst, const struct wm_buf *src, size_t offset, size_t bytes) {
	(void)dev;
	memcpy(dst, (const char *)src->ptr + offset, bytes);
	return WM_OK;
}

static enum wm_status sync_toy(struct wm_device *dev) {
	(void)dev;
	return WM_OK;
}

static enum wm_status mark(struct wm_device *dev, int slot) {
	((struct toy *)dev->priv)->mark[slot] = wm_now();
	return WM_OK;
}

static enum wm_status between(struct wm_device *dev, int from, int to, double *seconds_p) {
	const struct toy *toy = dev->priv;

	*seconds_p = toy->mark[to] - toy->mark[from];
	return WM_OK;
}

static enum wm_status rouse(struct wm_device *dev, double seconds) {
	double until = wm_now() + seconds;

	(void)dev;
	while (wm_now() < until)
		;
	return WM_OK;
}

const struct wm_backend wm_backend_toy = {.name = "toy",
                                          .about = "memory that plays four devices",
                                          .find = find,
                                          .open = open_toy,
                                          .close = close_toy,
                                          .alloc = alloc,
                                          .view = view,
                                          .free = release,
                                          .put = put,
                                          .get = get,
                                          .sync = sync_toy,
                                          .mark = mark,
                                          .between = between,
                                          .rouse = rouse};

/* ---- allreduce over memory that all ranks see ----------------------------------------------------------------- */

/* What a rank shows the others. */
struct window {
	_Atomic uint64_t step; /* odd: its send is there; even: it has read the others' */
	_Alignas(64) float send[];
};

/* Where it lies, as the others open it. */
struct address {
	char path[64];
};

struct ranks {
	struct window *of[TOYS];
	size_t bytes;
	uint64_t step;
	long calls;
};

static enum wm_status can_run(const struct wm_run *run) {
	if (strcmp(wm_get_word(run->problem, "dtype"), "f32") != 0)
		return wm_fail(WM_UNSUPPORTED, "toys know f32 alone");
	return WM_OK;
}

static enum wm_status look_at(const char *path, size_t bytes, struct window **window_p) {
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *memory = fd < 0 ? MAP_FAILED : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	if (memory == MAP_FAILED)
		return wm_fail(WM_FAILED, "cannot see another rank's memory");
	*window_p = memory;
	return WM_OK;
}

static enum wm_status prepare(struct wm_run *run) {
	struct ranks *all = wm_zalloc(sizeof(*all));
	struct address mine, theirs[TOYS];
	int fd = memfd_create("toy", MFD_CLOEXEC);
	enum wm_status st = WM_OK;

	run->priv = all;
	all->bytes = sizeof(struct window) + (size_t)wm_get(run->problem, "bytes");
	if (fd < 0 || ftruncate(fd, (off_t)all->bytes) < 0)
		st = wm_fail(WM_FAILED, "no memory to share");
	memset(&mine, 0, sizeof(mine));
	snprintf(mine.path, sizeof(mine.path), "/proc/%d/fd/%d", (int)getpid(), fd);
	st = wm_meet(run->meeting, st, &mine, sizeof(mine), theirs);
	for (int r = 0; r < run->problem->ranks && st == WM_OK; r++)
		st = look_at(theirs[r].path, all->bytes, &all->of[r]);
	snprintf(run->library, sizeof(run->library), "toys");
	st = wm_meet(run->meeting, st, NULL, 0, NULL); /* all have looked: the descriptor may go */
	if (fd >= 0)
		close(fd);
	return st;
}

static void finish(struct wm_run *run) {
	struct ranks *all = run->priv;

	for (int r = 0; r < TOYS; r++)
		if (all->of[r])
			munmap(all->of[r], all->bytes);
	free(all);
}

/* As a library would: whoever waits here for a rank that is gone waits for ever. */
static void wait_for_all(const struct wm_run *run, const struct ranks *all) {
	for (int r = 0; r < run->problem->ranks; r++)
		while (atomic_load(&all->of[r]->step) < all->step)
			sched_yield();
}

static void take_step(const struct wm_run *run, struct ranks *all) {
	atomic_store(&all->of[run->problem->rank]->step, ++all->step);
	wait_for_all(run, all);
}

static enum wm_status reduce(struct wm_run *run, int set) {
	struct ranks *all = run->priv;
	const struct wm_buf *send = &run->buf[set * run->tensors], *recv = send + 1;
	float *out = recv->ptr;
	size_t n = (size_t)wm_get(run->problem, "bytes") / sizeof(float);

	all->calls++;
	memcpy(all->of[run->problem->rank]->send, send->ptr, n * sizeof(float));
	take_step(run, all);
	for (size_t i = 0; i < n; i++) {
		out[i] = 0;
		for (int r = 0; r < run->problem->ranks; r++)
			out[i] += all->of[r]->send[i];
	}
	take_step(run, all);
	return WM_OK;
}

static bool is_its_turn(const struct wm_run *run) {
	return run->problem->rank == FAULTY_RANK && ((const struct ranks *)run->priv)->calls > RIGHT_CALLS;
}

static enum wm_status crash(struct wm_run *run, int set) {
	if (is_its_turn(run))
		raise(SIGSEGV);
	return reduce(run, set);
}

static enum wm_status hang(struct wm_run *run, int set) {
	while (is_its_turn(run))
		pause();
	return reduce(run, set);
}

static enum wm_status fail(struct wm_run *run, int set) {
	return is_its_turn(run) ? wm_fail(WM_FAILED, "the toy is broken") : reduce(run, set);
}

static enum wm_status wrong(struct wm_run *run, int set) {
	enum wm_status st = reduce(run, set);

	if (run->problem->rank == FAULTY_RANK)
		((float *)run->buf[set * run->tensors + 1].ptr)[1] += 1;
	return st;
}

static enum wm_status stop(struct wm_run *run, int set) {
	const struct wm_buf *recv = &run->buf[set * run->tensors + 1];
	void *before = malloc(recv->bytes);
	enum wm_status st;

	memcpy(before, recv->ptr, recv->bytes);
	st = reduce(run, set);
	if (is_its_turn(run))
		memcpy(recv->ptr, before, recv->bytes);
	free(before);
	return st;
}

static enum wm_status broken_prepare(struct wm_run *run) {
	return run->problem->rank == FAULTY_RANK ? wm_fail(WM_FAILED, "the toy does not start") : prepare(run);
}

static enum wm_status late_prepare(struct wm_run *run) {
	while (run->problem->rank == FAULTY_RANK)
		pause();
	return prepare(run);
}

static void broken_finish(struct wm_run *run) {
	if (run->priv)
		finish(run);
}

#define TOY(id, what, prepare_fn, enqueue_fn, finish_fn)                   \
	const struct wm_impl wm_impl_allreduce_##id = {.name = #id,            \
	                                               .bench = "allreduce",   \
	                                               .backends = "toy",      \
	                                               .about = what,          \
	                                               .origin = WM_REFERENCE, \
	                                               .can_run = can_run,     \
	                                               .prepare = prepare_fn,  \
	                                               .enqueue = enqueue_fn,  \
	                                               .finish = finish_fn}

TOY(toys, "adds what all ranks show", prepare, reduce, finish);
TOY(rank_crash, "rank 2 dies in its 62nd call", prepare, crash, finish);
TOY(rank_hang, "rank 2 never returns from its 62nd call", prepare, hang, finish);
TOY(rank_fail, "rank 2 reports an error in its 62nd call", prepare, fail, finish);
TOY(rank_wrong, "one element of rank 2 is wrong", prepare, wrong, finish);
TOY(rank_stop, "rank 2 writes nothing after 60 calls", prepare, stop, finish);
TOY(rank_late, "rank 2 does not come out of its start", late_prepare, reduce, finish);
TOY(rank_start, "rank 2 does not start", broken_prepare, reduce, broken_finish);
