/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libnccl.c - a fake libnccl.so.2 that really moves bytes between the processes of its ranks, through memory that they
 * share under the name of the unique id. What the fake libcuda.so.1 calls device memory is memory of its process, so a
 * buffer is read and written as it is, and an operation is done when its call returns. It plays the script of
 * WM_FAKE_NCCL (script.h), where there is one:
 *
 *     version 22705   (22809)
 *     init CODE       ncclCommInitRank fails with that error in rank `rank`
 *     fail CODE       an operation does; async CODE: ncclCommGetAsyncError says so from then on
 *     hang 1          it never returns; crash 1: its process dies
 *     wrong 1         it flips one bit of what the rank receives
 *     rank R          the rank that all this happens to (1); after N: in its Nth operation (1)
 */
#include "script.h"

#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define VARIABLE "WM_FAKE_NCCL"

enum {
	SUCCESS = 0,
	SYSTEM_ERROR = 2,
	INVALID_ARGUMENT = 4,
	INVALID_USAGE = 5,
	INT8 = 0,
	FLOAT32 = 7,
	BFLOAT16 = 9,
	SUM = 0,
	ID_BYTES = 128,
	RANKS = 16,
	WINDOW = 256 << 10, /* bytes that a rank shows at a time; a multiple of every element */
	QUEUE = 2 * RANKS,  /* of sends and receives in a group */
};

struct id {
	char name[ID_BYTES];
};

/* What the ranks share. */
struct shared {
	_Atomic int joined;
	_Atomic uint64_t came[RANKS]; /* barriers that each rank has come to */
	uint64_t bytes[RANKS];        /* of the message that a rank shows; kept between two barriers */
	_Alignas(64) unsigned char window[RANKS][WINDOW];
};

struct message {
	const void *send;
	void *recv;
	size_t bytes;
	int peer;
};

struct comm {
	struct shared *shared;
	int rank, ranks;
	uint64_t barriers;
	long operations;
	int async;
};

static struct {
	int depth;
	struct comm *comm;
	struct message message[QUEUE];
	int n;
} group;

static const char *last_error = "";

static double value(const char *key, double otherwise) {
	struct wm_script s;

	if (!getenv(VARIABLE))
		return otherwise;
	s = wm_script_read(VARIABLE);
	return wm_script_value(&s, WM_SCRIPT_ALL, key, otherwise);
}

static int fail(int code, const char *why) {
	last_error = why;
	return code;
}

/* ---- what can be asked -------------------------------------------------------------------------------------- */

int ncclGetVersion(int *version) {
	*version = (int)value("version", 22809);
	return SUCCESS;
}

const char *ncclGetErrorString(int code) {
	static const char *const words[] = {
		"no error",         "unhandled cuda error", "unhandled system error", "internal error",
		"invalid argument", "invalid usage",        "remote process exited",  "in progress",
	};

	return code >= 0 && code < 8 ? words[code] : "unknown result code";
}

const char *ncclGetLastError(const struct comm *comm) {
	(void)comm;
	return last_error;
}

int ncclCommGetAsyncError(const struct comm *comm, int *error) {
	*error = comm->async;
	return SUCCESS;
}

/* ---- joining ------------------------------------------------------------------------------------------------ */

int ncclGetUniqueId(struct id *id) {
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	memset(id, 0, sizeof(*id));
	snprintf(id->name, sizeof(id->name), "/wattmark-fake-nccl-%d-%ld%09ld", (int)getpid(), (long)now.tv_sec,
	         now.tv_nsec);
	return SUCCESS;
}

static struct shared *share(const char *name) {
	int fd = shm_open(name, O_RDWR | O_CREAT, 0600);
	void *memory = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof(struct shared)) == 0)
		memory = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	return memory == MAP_FAILED ? NULL : memory;
}

int ncclCommInitRank(struct comm **comm_p, int ranks, struct id id, int rank) {
	struct comm *comm;

	if (ranks < 1 || ranks > RANKS || rank < 0 || rank >= ranks)
		return fail(INVALID_ARGUMENT, "rank out of range");
	comm = calloc(1, sizeof(*comm));
	*comm = (struct comm){.shared = share(id.name), .rank = rank, .ranks = ranks};
	if (!comm->shared) {
		free(comm);
		return fail(SYSTEM_ERROR, "no shared memory");
	}
	if (value("init", SUCCESS) != SUCCESS && rank == (int)value("rank", 1)) {
		while (atomic_load(&comm->shared->joined) < ranks - 1)
			sched_yield();
		shm_unlink(id.name); /* the others will wait until they are killed */
		free(comm);
		return fail((int)value("init", SUCCESS), "the script says that it does not start");
	}
	atomic_fetch_add(&comm->shared->joined, 1);
	while (atomic_load(&comm->shared->joined) < ranks)
		sched_yield();
	shm_unlink(id.name); /* all have it open; only the first finds the name */
	*comm_p = comm;
	return SUCCESS;
}

int ncclCommDestroy(struct comm *comm) {
	munmap(comm->shared, sizeof(*comm->shared));
	free(comm);
	return SUCCESS;
}

int ncclCommAbort(struct comm *comm) {
	return ncclCommDestroy(comm);
}

/* ---- meeting ------------------------------------------------------------------------------------------------ */

static void barrier(struct comm *comm) {
	atomic_store(&comm->shared->came[comm->rank], ++comm->barriers);
	for (int r = 0; r < comm->ranks; r++)
		while (atomic_load(&comm->shared->came[r]) < comm->barriers)
			sched_yield();
}

/* The script's faults, at the beginning of an operation. */
static int play_faults(struct comm *comm) {
	comm->operations++;
	if (comm->rank != (int)value("rank", 1) || comm->operations < (long)value("after", 1))
		return SUCCESS;
	if (value("crash", 0) != 0)
		abort();
	while (value("hang", 0) != 0)
		pause();
	comm->async = (int)value("async", SUCCESS);
	if (value("fail", SUCCESS) != SUCCESS)
		return fail((int)value("fail", SUCCESS), "the script says that it fails");
	return SUCCESS;
}

static void spoil(struct comm *comm, void *recv) {
	if (value("wrong", 0) != 0 && comm->rank == (int)value("rank", 1) && comm->operations >= (long)value("after", 1))
		*(unsigned char *)recv ^= 1;
}

/* ---- the log ------------------------------------------------------------------------------------------------ */

static bool log_is_known;
static FILE *log_file;

void ncclResetDebugInit(void) {
	log_is_known = false;
}

static void open_log(void) {
	const char *level = getenv("NCCL_DEBUG"), *what = getenv("NCCL_DEBUG_SUBSYS"), *file = getenv("NCCL_DEBUG_FILE");

	if (log_file)
		fclose(log_file);
	log_file = level && strcmp(level, "INFO") == 0 && what && strstr(what, "TUNING") && file ? fopen(file, "w") : NULL;
	if (log_file)
		setlinebuf(log_file);
	log_is_known = true;
}

static void tell(const struct comm *comm, const char *function, size_t bytes) {
	if (!log_is_known)
		open_log();
	if (log_file && comm->rank == 0)
		fprintf(log_file, "box:1:2 [0] NCCL INFO %s: %zu Bytes -> Algo RING proto SIMPLE channel{Lo..Hi}={0..1}\n",
		        function, bytes);
}

/* ---- operations --------------------------------------------------------------------------------------------- */

static size_t size_of(int type) {
	return type == INT8 ? 1 : type == FLOAT32 ? 4 : type == BFLOAT16 ? 2 : 0;
}

static float from_bf16(uint16_t x) {
	uint32_t bits = (uint32_t)x << 16;
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

/* Rounded to nearest even; the tests have no NaN. */
static uint16_t to_bf16(float f) {
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* Element i of what rank r shows. */
static float shown(const struct comm *comm, int r, int type, size_t i) {
	const unsigned char *window = comm->shared->window[r];

	switch (type) {
	case INT8: return ((const int8_t *)window)[i];
	case FLOAT32: return ((const float *)(const void *)window)[i];
	default: return from_bf16(((const uint16_t *)(const void *)window)[i]);
	}
}

static void add_up(const struct comm *comm, int type, size_t from, size_t n, void *out) {
	for (size_t i = 0; i < n; i++) {
		float sum = 0;

		for (int r = 0; r < comm->ranks; r++)
			sum += shown(comm, r, type, from + i);
		switch (type) {
		case INT8: ((int8_t *)out)[i] = (int8_t)sum; break;
		case FLOAT32: ((float *)out)[i] = sum; break;
		default: ((uint16_t *)out)[i] = to_bf16(sum);
		}
	}
}

/* One operation whose ranks all send as much: every rank shows its send, a window at a time, and takes what it wants
 * from what all show, of which [from, from + bytes) of their sends is there. */
struct operation {
	struct comm *comm;
	size_t bytes; /* of a rank's send */
	char *recv;
	int type, root;
	size_t part; /* bytes */
};

static int run(const struct operation *o, const char *function, const void *send,
               void (*take)(const struct operation *o, size_t from, size_t bytes)) {
	struct comm *comm = o->comm;
	int code = play_faults(comm);

	if (code != SUCCESS)
		return code;
	if (size_of(o->type) == 0)
		return fail(INVALID_ARGUMENT, "a type that it does not know");
	tell(comm, function, o->bytes);
	for (size_t from = 0; from < o->bytes; from += WINDOW) {
		size_t bytes = o->bytes - from < WINDOW ? o->bytes - from : WINDOW;

		memcpy(comm->shared->window[comm->rank], (const char *)send + from, bytes);
		barrier(comm);
		take(o, from, bytes);
		barrier(comm);
	}
	spoil(comm, o->recv);
	return SUCCESS;
}

/* Bytes of an element; operations of types that are not known have been refused. */
static size_t element(const struct operation *o) {
	size_t bytes = size_of(o->type);

	return bytes ? bytes : 1;
}

static void take_sum(const struct operation *o, size_t from, size_t bytes) {
	add_up(o->comm, o->type, 0, bytes / element(o), o->recv + from);
}

/* Of the sum only this rank's part. */
static void take_part_of_sum(const struct operation *o, size_t from, size_t bytes) {
	size_t begin = o->part * (size_t)o->comm->rank, end = begin + o->part;

	begin = begin > from ? begin : from;
	end = end < from + bytes ? end : from + bytes;
	if (begin < end)
		add_up(o->comm, o->type, (begin - from) / element(o), (end - begin) / element(o),
		       o->recv + begin - o->part * (size_t)o->comm->rank);
}

static void take_all(const struct operation *o, size_t from, size_t bytes) {
	for (int r = 0; r < o->comm->ranks; r++)
		memcpy(o->recv + (size_t)r * o->part + from, o->comm->shared->window[r], bytes);
}

static void take_root(const struct operation *o, size_t from, size_t bytes) {
	memcpy(o->recv + from, o->comm->shared->window[o->root], bytes);
}

int ncclAllReduce(const void *send, void *recv, size_t count, int type, int operation, struct comm *comm,
                  void *stream) {
	struct operation o = {.comm = comm, .bytes = count * size_of(type), .recv = recv, .type = type};

	return operation == SUM && stream ? run(&o, "AllReduce", send, take_sum) : fail(INVALID_ARGUMENT, "not a sum");
}

int ncclReduceScatter(const void *send, void *recv, size_t count, int type, int operation, struct comm *comm,
                      void *stream) {
	struct operation o = {.comm = comm, .recv = recv, .type = type, .part = count * size_of(type)};

	o.bytes = o.part * (size_t)comm->ranks;
	return operation == SUM && stream ? run(&o, "ReduceScatter", send, take_part_of_sum)
	                                  : fail(INVALID_ARGUMENT, "not a sum");
}

int ncclAllGather(const void *send, void *recv, size_t count, int type, struct comm *comm, void *stream) {
	struct operation o = {.comm = comm, .recv = recv, .type = type, .part = count * size_of(type)};

	o.bytes = o.part;
	return stream ? run(&o, "AllGather", send, take_all) : fail(INVALID_ARGUMENT, "no stream");
}

int ncclBroadcast(const void *send, void *recv, size_t count, int type, int root, struct comm *comm, void *stream) {
	struct operation o = {.comm = comm, .bytes = count * size_of(type), .recv = recv, .type = type, .root = root};

	return stream ? run(&o, "Broadcast", send, take_root) : fail(INVALID_ARGUMENT, "no stream");
}

/* ---- groups of sends and receives ---------------------------------------------------------------------------- */

int ncclGroupStart(void) {
	group.depth++;
	return SUCCESS;
}

static int put(struct message message, struct comm *comm, void *stream) {
	if (group.depth == 0 || group.n == QUEUE || !stream)
		return fail(INVALID_USAGE, "a send or receive outside of a group");
	group.comm = comm;
	group.message[group.n++] = message;
	return SUCCESS;
}

int ncclSend(const void *send, size_t count, int type, int peer, struct comm *comm, void *stream) {
	return put((struct message){.send = send, .bytes = count * size_of(type), .peer = peer}, comm, stream);
}

int ncclRecv(void *recv, size_t count, int type, int peer, struct comm *comm, void *stream) {
	return put((struct message){.recv = recv, .bytes = count * size_of(type), .peer = peer}, comm, stream);
}

/* This rank's message to or from a peer; NULL: there is none. */
static const struct message *find(bool send, int peer) {
	for (int i = 0; i < group.n; i++)
		if ((group.message[i].send != NULL) == send && group.message[i].peer == peer)
			return &group.message[i];
	return NULL;
}

/* All ranks send to the one that far behind them: the longest message says how often windows are shown. */
static void run_distance(struct comm *comm, int distance) {
	int to = (comm->rank + distance) % comm->ranks, from = (comm->rank + comm->ranks - distance) % comm->ranks;
	const struct message *send = find(true, to), *recv = find(false, from);
	uint64_t longest = 0;

	comm->shared->bytes[comm->rank] = send ? send->bytes : 0;
	barrier(comm);
	for (int r = 0; r < comm->ranks; r++)
		longest = comm->shared->bytes[r] > longest ? comm->shared->bytes[r] : longest;
	for (uint64_t at = 0; at < longest; at += WINDOW) {
		if (send && at < send->bytes)
			memcpy(comm->shared->window[comm->rank], (const char *)send->send + at,
			       send->bytes - at < WINDOW ? send->bytes - at : WINDOW);
		barrier(comm);
		if (recv && at < recv->bytes)
			memcpy((char *)recv->recv + at, comm->shared->window[from],
			       recv->bytes - at < WINDOW ? recv->bytes - at : WINDOW);
		barrier(comm);
	}
	barrier(comm); /* lengths may change now */
}

int ncclGroupEnd(void) {
	struct comm *comm = group.comm;
	int code;

	if (--group.depth > 0 || group.n == 0)
		return SUCCESS;
	code = comm->ranks > 0 ? play_faults(comm) : INVALID_ARGUMENT;
	for (int distance = 0; distance < comm->ranks && code == SUCCESS; distance++)
		run_distance(comm, distance);
	for (int i = 0; i < group.n && code == SUCCESS; i++)
		if (group.message[i].recv) {
			spoil(comm, group.message[i].recv);
			break;
		}
	group.n = 0;
	return code;
}
