/* SPDX-License-Identifier: Apache-2.0 */
/* ccl.c - one rank of a collective by NCCL or RCCL: its communicator, its operations, its errors. */
#include "ccl.h"

#include "ccl_tuning.h"

#include <stdlib.h>
#include <string.h>

extern char **environ;

enum { MAJOR_UNIT = 10000, MINOR_UNIT = 100 }; /* of the version's number from 2.9 on */

struct rank {
	const struct wm_ccl_vendor *vendor;
	wm_ccl_fn *collective;
	struct wm_ccl_operation operation; /* but for its buffers */
	struct wm_ccl_tuning tuning;       /* rank 0's */
	bool broken;                       /* the communicator had an error: others may wait in it for ever */
};

/* ---- errors ------------------------------------------------------------------------------------------------- */

/* What the library says of an error, and of its cause where it can. */
static enum wm_status fail(struct rank *me, const char *what, int error) {
	const struct wm_ccl_api *api = me->vendor->api;
	const char *cause = api->last_error ? api->last_error(me->operation.comm) : NULL;

	me->broken = true;
	return wm_fail(WM_FAILED, "%s: %s: %s (%d)%s%.300s", me->vendor->name, what, api->error_string(error), error,
	               cause && *cause ? ": " : "", cause ? cause : "");
}

/* An error that came after the call which began the work, such as a lost link. */
static enum wm_status check_async(struct rank *me) {
	int error = WM_CCL_SUCCESS, code = me->vendor->api->async_error(me->operation.comm, &error);

	if (code != WM_CCL_SUCCESS)
		return fail(me, "state of the communicator", code);
	if (error != WM_CCL_SUCCESS && error != WM_CCL_IN_PROGRESS)
		return fail(me, "asynchronous error", error);
	return WM_OK;
}

/* ---- opening ------------------------------------------------------------------------------------------------ */

static enum wm_status load(const struct wm_ccl_vendor *vendor) {
	static const char *const names[] = {
#define X(member, symbol, result, parameters) symbol,
		WM_CCL_FUNCTIONS(X)
#undef X
	};
	enum { COUNT = sizeof(names) / sizeof(names[0]) };
	_Static_assert(sizeof(struct wm_ccl_api) == COUNT * sizeof(void (*)(void)), "the calls are an array of functions");
	void (*fn[COUNT])(void);
	const char *lib;
	enum wm_status st = wm_load_library(vendor->libraries, names, COUNT, fn, &lib);

	if (st == WM_OK)
		memcpy(vendor->api, fn, sizeof(*vendor->api));
	return st;
}

static int by_text(const void *a, const void *b) {
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The library's settings in the environment, in the order of their names. */
static void add_settings(const char *prefix, char *out, size_t room) {
	size_t n = 0, used = strlen(out), length = strlen(prefix);
	char **found;

	for (char **e = environ; *e; e++)
		n += strncmp(*e, prefix, length) == 0;
	found = wm_zalloc((n + 1) * sizeof(*found));
	n = 0;
	for (char **e = environ; *e; e++)
		if (strncmp(*e, prefix, length) == 0)
			found[n++] = *e;
	qsort(found, n, sizeof(*found), by_text);
	for (size_t i = 0; i < n && used < room; i++)
		used += (size_t)snprintf(out + used, room - used, "%s%s", used ? " " : "", found[i]);
	free(found);
}

static void describe(struct wm_run *run, const struct wm_ccl_vendor *vendor) {
	int version = 0;

	if (vendor->api->get_version(&version) == WM_CCL_SUCCESS)
		snprintf(run->library, sizeof(run->library), "%s %d.%d.%d", vendor->name, version / MAJOR_UNIT,
		         version / MINOR_UNIT % MINOR_UNIT, version % MINOR_UNIT);
}

/* The id that makes the ranks one communicator: rank 0 draws it, all get it. Nobody waits in the library for a rank
 * that could not open it. */
static enum wm_status agree_on_id(const struct wm_run *run, struct rank *me, enum wm_status st,
                                  struct wm_ccl_id *id_p) {
	struct wm_ccl_id mine = {{0}}, all[WM_MAX_RANKS];

	if (st == WM_OK && me->operation.rank == 0) {
		int error = me->vendor->api->get_id(&mine);

		if (error != WM_CCL_SUCCESS)
			st = fail(me, "unique id", error);
	}
	st = wm_meet(run->meeting, st, &mine, sizeof(mine), all);
	if (st == WM_OK)
		*id_p = all[0];
	return st;
}

static enum wm_status join(struct wm_run *run, struct rank *me) {
	struct wm_ccl_id id;
	enum wm_status st = agree_on_id(run, me, load(me->vendor), &id);
	int error;

	if (st != WM_OK)
		return st;
	describe(run, me->vendor);
	/* before the library has threads of its own, which read the environment too */
	if (me->operation.rank == 0)
		wm_ccl_tuning_listen(&me->tuning, me->vendor->api);
	error = me->vendor->api->init_rank(&me->operation.comm, me->operation.ranks, id, me->operation.rank);
	return error == WM_CCL_SUCCESS ? WM_OK : fail(me, "joining the communicator", error);
}

/* ---- operations --------------------------------------------------------------------------------------------- */

int wm_ccl_allreduce(const struct wm_ccl_operation *o) {
	return o->api->all_reduce(o->send, o->recv, o->total, o->type, WM_CCL_SUM, o->comm, o->stream);
}

int wm_ccl_reducescatter(const struct wm_ccl_operation *o) {
	return o->api->reduce_scatter(o->send, o->recv, o->part, o->type, WM_CCL_SUM, o->comm, o->stream);
}

int wm_ccl_allgather(const struct wm_ccl_operation *o) {
	return o->api->all_gather(o->send, o->recv, o->part, o->type, o->comm, o->stream);
}

int wm_ccl_broadcast(const struct wm_ccl_operation *o) {
	return o->api->broadcast(o->send, o->recv, o->total, o->type, 0, o->comm, o->stream);
}

/* One send and one receive of a group; the first error. */
static int exchange(const struct wm_ccl_operation *o, int to, const char *send, int from, char *recv, size_t count) {
	int error = o->api->send(send, count, o->type, to, o->comm, o->stream);

	return error != WM_CCL_SUCCESS ? error : o->api->recv(recv, count, o->type, from, o->comm, o->stream);
}

static int end_group(const struct wm_ccl_operation *o, int error) {
	int end = o->api->group_end();

	return error != WM_CCL_SUCCESS ? error : end;
}

int wm_ccl_alltoall(const struct wm_ccl_operation *o) {
	int error = o->api->group_start();

	for (int r = 0; r < o->ranks && error == WM_CCL_SUCCESS; r++)
		error = exchange(o, r, o->send + (size_t)r * o->part_bytes, r, o->recv + (size_t)r * o->part_bytes, o->part);
	return end_group(o, error);
}

int wm_ccl_sendrecv(const struct wm_ccl_operation *o) {
	int next = (o->rank + 1) % o->ranks, before = (o->rank + o->ranks - 1) % o->ranks;
	int error = o->api->group_start();

	if (error == WM_CCL_SUCCESS)
		error = exchange(o, next, o->send, before, o->recv, o->total);
	return end_group(o, error);
}

/* ---- the implementation ------------------------------------------------------------------------------------- */

/* -1: the library has no such type, or the benchmark no such sums. */
static int type_of(const struct wm_problem *p) {
	switch (wm_get_dtype(p)) {
	case WM_I8: return WM_CCL_INT8;
	case WM_F32: return WM_CCL_FLOAT32;
	case WM_BF16: return WM_CCL_BFLOAT16;
	default: return -1;
	}
}

enum wm_status wm_ccl_can_run(const struct wm_run *run) {
	if (!run->meeting)
		return wm_fail(WM_UNSUPPORTED, "needs >= 2 devices, each a rank in a process of its own");
	if (type_of(run->problem) < 0)
		return wm_fail(WM_UNSUPPORTED, "no type of the library is %s", wm_dtype_word(wm_get_dtype(run->problem)));
	return WM_OK;
}

enum wm_status wm_ccl_enqueue(struct wm_run *run, int set) {
	struct rank *me = run->priv;
	struct wm_ccl_operation o = me->operation;
	enum wm_status st = check_async(me);
	int error;

	if (st != WM_OK)
		return st;
	o.send = run->buf[set * run->tensors].ptr;
	o.recv = run->buf[set * run->tensors + 1].ptr;
	error = me->collective(&o);
	return error == WM_CCL_SUCCESS ? WM_OK : fail(me, run->problem->bench->name, error);
}

/* The first operation connects the ranks, and tells how it is done: rank 0's log has it. */
static enum wm_status connect_ranks(struct wm_run *run, struct rank *me) {
	enum wm_status st = wm_ccl_enqueue(run, 0);

	if (st == WM_OK)
		st = run->backend->sync(run->dev);
	wm_ccl_tuning_read(&me->tuning, me->vendor->api, run->detail, sizeof(run->detail));
	add_settings("NCCL_", run->detail, sizeof(run->detail));
	return st;
}

enum wm_status wm_ccl_prepare(struct wm_run *run, const struct wm_ccl_vendor *vendor, wm_ccl_fn *collective) {
	const struct wm_problem *p = run->problem;
	struct rank *me = wm_zalloc(sizeof(*me));
	struct wm_ccl_operation *o = &me->operation;
	size_t element = wm_dtype_bytes(wm_get_dtype(p));
	enum wm_status st;

	run->priv = me;
	me->tuning.fd = -1;
	me->vendor = vendor;
	me->collective = collective;
	o->api = vendor->api;
	o->total = (size_t)wm_get(p, "bytes") / element;
	o->part = o->total / (size_t)p->ranks;
	o->part_bytes = o->part * element;
	o->type = type_of(p);
	o->rank = p->rank;
	o->ranks = p->ranks;
	o->stream = run->backend->native(run->dev, "queue");
	st = join(run, me);
	return st == WM_OK ? connect_ranks(run, me) : st;
}

/* A communicator that had an error cannot be left in order: the others may never come. */
void wm_ccl_finish(struct wm_run *run) {
	struct rank *me = run->priv;

	if (me && me->operation.comm && me->broken)
		me->vendor->api->abort(me->operation.comm);
	else if (me && me->operation.comm)
		me->vendor->api->destroy(me->operation.comm);
	free(me);
	run->priv = NULL;
}
