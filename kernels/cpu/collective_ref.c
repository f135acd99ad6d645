/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collective_ref.c - the six collectives by their definition: one thread has the buffers of all ranks and makes what
 * each receives, one element after the other.
 */
#include "core/wm.h"

#include <string.h>

static const double most_operations = 1e9;

/* What one operation works on; counts are elements. */
struct collective {
	enum wm_dtype type;
	size_t total, part; /* of S, of one rank's part of it */
	int ranks;
	const void *send; /* all ranks' */
	void *recv;
};

static struct collective collective_of(const struct wm_run *run, int set) {
	const struct wm_problem *p = run->problem;
	struct collective c = {.type = wm_get_dtype(p), .ranks = p->ranks};

	c.total = (size_t)wm_get(p, "bytes") / wm_dtype_bytes(c.type);
	c.part = c.total / (size_t)c.ranks;
	c.send = run->buf[set * run->tensors].ptr;
	c.recv = run->buf[set * run->tensors + 1].ptr;
	return c;
}

static enum wm_status can_run(const struct wm_run *run) {
	const struct wm_problem *p = run->problem;
	double operations =
		(double)wm_get(p, "bytes") / (double)wm_dtype_bytes(wm_get_dtype(p)) * (double)p->ranks * (double)p->ranks;

	if (p->rank != WM_ALL_RANKS)
		return wm_fail(WM_UNSUPPORTED, "ref makes what all %d ranks receive in one process", p->ranks);
	if (operations > most_operations)
		return wm_fail(WM_UNSUPPORTED, "%.3g steps are more than %.0e, the most that ref does", operations,
		               most_operations);
	return WM_OK;
}

/* recv[to + i] = send[from + i] */
static void copy(const struct collective *c, size_t to, size_t from, size_t n) {
	size_t element = wm_dtype_bytes(c->type);

	memcpy((char *)c->recv + to * element, (const char *)c->send + from * element, n * element);
}

/* recv[to + i] = the sum over the ranks of element first + i of their send, rounded once; each rank sends `total`. */
static void sum(const struct collective *c, size_t to, size_t first, size_t n) {
	for (size_t i = 0; i < n; i++) {
		double x = 0;

		for (size_t r = 0; r < (size_t)c->ranks; r++)
			x += wm_load_element(c->type, c->send, r * c->total + first + i);
		wm_store_element(c->type, c->recv, to + i, x);
	}
}

static enum wm_status allreduce(struct wm_run *run, int set) {
	struct collective c = collective_of(run, set);

	for (size_t r = 0; r < (size_t)c.ranks; r++)
		sum(&c, r * c.total, 0, c.total);
	return WM_OK;
}

static enum wm_status reducescatter(struct wm_run *run, int set) {
	struct collective c = collective_of(run, set);

	for (size_t r = 0; r < (size_t)c.ranks; r++)
		sum(&c, r * c.part, r * c.part, c.part);
	return WM_OK;
}

static enum wm_status allgather(struct wm_run *run, int set) {
	struct collective c = collective_of(run, set);

	for (size_t r = 0; r < (size_t)c.ranks; r++)
		for (size_t from = 0; from < (size_t)c.ranks; from++)
			copy(&c, r * c.total + from * c.part, from * c.part, c.part);
	return WM_OK;
}

static enum wm_status broadcast(struct wm_run *run, int set) {
	struct collective c = collective_of(run, set);

	for (size_t r = 0; r < (size_t)c.ranks; r++)
		copy(&c, r * c.total, 0, c.total);
	return WM_OK;
}

static enum wm_status alltoall(struct wm_run *run, int set) {
	struct collective c = collective_of(run, set);

	for (size_t r = 0; r < (size_t)c.ranks; r++)
		for (size_t from = 0; from < (size_t)c.ranks; from++)
			copy(&c, r * c.total + from * c.part, from * c.total + r * c.part, c.part);
	return WM_OK;
}

static enum wm_status sendrecv(struct wm_run *run, int set) {
	struct collective c = collective_of(run, set);

	for (size_t r = 0; r < (size_t)c.ranks; r++)
		copy(&c, (r + 1) % (size_t)c.ranks * c.total, r * c.total, c.total);
	return WM_OK;
}

/* They differ in their name and in the function of that name. */
#define REF(collective)                                 \
	const struct wm_impl wm_impl_##collective##_ref = { \
		.name = "ref",                                  \
		.bench = #collective,                           \
		.backends = "host",                             \
		.about = "plain C, one thread, the definition", \
		.origin = WM_REFERENCE,                         \
		.asked_only = true,                             \
		.can_run = can_run,                             \
		.enqueue = collective,                          \
	}

REF(allreduce);
REF(reducescatter);
REF(allgather);
REF(broadcast);
REF(alltoall);
REF(sendrecv);
