/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faulty.c - copies that are right until they are not. Each has one fault, which the harness must turn into one row
 * with its reason. Only wattmark-faulty has them.
 */
#include "core/wm.h"

#include "spin.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SOURCE, TARGET };

/* How often enqueue was called; the memory is the run's. */
static long *calls_of(struct wm_run *run) {
	return run->priv;
}

static enum wm_status can_run(const struct wm_run *run) {
	(void)run;
	return WM_OK;
}

static enum wm_status prepare(struct wm_run *run) {
	run->priv = wm_zalloc(sizeof(long));
	return WM_OK;
}

static void finish(struct wm_run *run) {
	free(run->priv);
}

/* The right operation; every fault is added to it. */
static unsigned char *copy(struct wm_run *run, int set) {
	const struct wm_buf *from = &run->buf[set * run->tensors + SOURCE], *to = &run->buf[set * run->tensors + TARGET];

	memcpy(to->ptr, from->ptr, to->bytes);
	++*calls_of(run);
	return to->ptr;
}

static size_t bytes_of(const struct wm_run *run) {
	return run->buf[TARGET].bytes;
}

static enum wm_status hang(struct wm_run *run, int set) {
	copy(run, set);
	while (*calls_of(run) > 60)
		pause();
	return WM_OK;
}

static enum wm_status crash(struct wm_run *run, int set) {
	copy(run, set);
	if (*calls_of(run) > 60)
		raise(SIGSEGV);
	return WM_OK;
}

static enum wm_status wrong(struct wm_run *run, int set) {
	unsigned char *out = copy(run, set);

	out[bytes_of(run) / 2] ^= 1;
	return WM_OK;
}

/* The first byte that is not its own. */
static enum wm_status outside(struct wm_run *run, int set) {
	unsigned char *out = copy(run, set);

	out[bytes_of(run)] = 0;
	return WM_OK;
}

static enum wm_status stops(struct wm_run *run, int set) {
	if (*calls_of(run) < 40)
		copy(run, set);
	return WM_OK;
}

static enum wm_status nomem(struct wm_run *run) {
	struct wm_buf huge;

	return run->backend->alloc(run->dev, (size_t)1 << 60, &huge);
}

/* Right, and slow enough for a test to find its worker. */
static enum wm_status slow(struct wm_run *run, int set) {
	struct timespec nap = {.tv_nsec = 20000000};

	copy(run, set);
	nanosleep(&nap, NULL);
	return WM_OK;
}

/* Right, and of a length that a bare loop can repeat: what bench-harness times. */
static enum wm_status spin(struct wm_run *run, int set) {
	copy(run, set);
	wm_spin();
	return WM_OK;
}

#define FAULTY(id, what, prepare_fn, enqueue_fn, finish_fn)           \
	const struct wm_impl wm_impl_copy_##id = {.name = #id,            \
	                                          .bench = "copy",        \
	                                          .backends = "host",     \
	                                          .about = what,          \
	                                          .origin = WM_REFERENCE, \
	                                          .asked_only = true,     \
	                                          .can_run = can_run,     \
	                                          .prepare = prepare_fn,  \
	                                          .enqueue = enqueue_fn,  \
	                                          .finish = finish_fn}

FAULTY(hang, "never returns from its 61st call", prepare, hang, finish);
FAULTY(crash, "dies in its 61st call", prepare, crash, finish);
FAULTY(wrong, "one bit of its output is wrong", prepare, wrong, finish);
FAULTY(outside, "writes one byte behind its output", prepare, outside, finish);
FAULTY(stops, "does nothing after 40 calls", prepare, stops, finish);
FAULTY(nomem, "asks for more memory than there is", nomem, wrong, NULL);
FAULTY(slow, "sleeps 20 ms in every call", prepare, slow, finish);
FAULTY(spin, "works for about 10 us in every call", prepare, spin, finish);
