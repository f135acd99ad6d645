/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mpi_collectives.c - the collectives of bench/ by MPI, for scripts/compare-peers, which compiles it with mpicc.
 *
 * usage: mpirun .. mpi_collectives SECONDS OP:BYTES:TIMING..    (allreduce:1048576:bandwidth broadcast:8:latency ..)
 *
 * Same sizes, data type (f32), results and times as bench/README.md and method 1: bytes is S, out of place. Bandwidth:
 * barrier, N operations back to back, the largest over the ranks of own time / N; latency: N = 1. Each is sampled for
 * about SECONDS after one eighth of that as a warm-up; every element is checked before and after. Rank 0 prints one
 * line of JSON a case. Exit status 1: a result was wrong; 2: the arguments make no sense.
 */
#define _DEFAULT_SOURCE /* madvise */

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MAX_SAMPLES = 1 << 20, TERMS = 13, MOST_BATCH = 1 << 20, HUGE = 2 << 20 };
#define BATCH_S 1e-3 /* shortest batch of operations back to back */

struct buffers {
	float *send, *recv;
	size_t total, part; /* elements of S, and of one rank's part of it */
	int rank, ranks;
};

struct operation {
	const char *name;
	int send_part, recv_part; /* that buffer is one part, else all of S */
	void (*run)(struct buffers *b);
	float (*expected)(const struct buffers *b, size_t i); /* element i of recv */
};

/* ---- the operations ----------------------------------------------------------------------------- */

/* Element i of what a rank sends: small integers, whose sums are exact. */
static float value(int rank, size_t i) {
	return (float)((i % TERMS + 1) * ((size_t)rank % TERMS + 1));
}

static float sum(const struct buffers *b, size_t i) {
	float x = 0;

	for (int r = 0; r < b->ranks; r++)
		x += value(r, i);
	return x;
}

static void allreduce(struct buffers *b) {
	MPI_Allreduce(b->send, b->recv, (int)b->total, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
}

static void allgather(struct buffers *b) {
	MPI_Allgather(b->send, (int)b->part, MPI_FLOAT, b->recv, (int)b->part, MPI_FLOAT, MPI_COMM_WORLD);
}
static float gathered(const struct buffers *b, size_t i) {
	return value((int)(i / b->part), i % b->part);
}

static void reducescatter(struct buffers *b) {
	MPI_Reduce_scatter_block(b->send, b->recv, (int)b->part, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
}
static float scattered(const struct buffers *b, size_t i) {
	return sum(b, (size_t)b->rank * b->part + i);
}

/* MPI_Bcast is in place; that the first rank has the result in recv too costs it a copy, as it does everywhere. */
static void broadcast(struct buffers *b) {
	MPI_Bcast(b->rank == 0 ? b->send : b->recv, (int)b->total, MPI_FLOAT, 0, MPI_COMM_WORLD);
	if (b->rank == 0)
		memcpy(b->recv, b->send, b->total * sizeof(float));
}
static float first(const struct buffers *b, size_t i) {
	(void)b;
	return value(0, i);
}

static void alltoall(struct buffers *b) {
	MPI_Alltoall(b->send, (int)b->part, MPI_FLOAT, b->recv, (int)b->part, MPI_FLOAT, MPI_COMM_WORLD);
}
static float exchanged(const struct buffers *b, size_t i) {
	return value((int)(i / b->part), (size_t)b->rank * b->part + i % b->part);
}

static void sendrecv(struct buffers *b) {
	int to = (b->rank + 1) % b->ranks, from = (b->rank + b->ranks - 1) % b->ranks;

	MPI_Sendrecv(b->send, (int)b->total, MPI_FLOAT, to, 0, b->recv, (int)b->total, MPI_FLOAT, from, 0, MPI_COMM_WORLD,
	             MPI_STATUS_IGNORE);
}
static float before(const struct buffers *b, size_t i) {
	return value((b->rank + b->ranks - 1) % b->ranks, i);
}

static const struct operation operations[] = {
	{"allreduce", 0, 0, allreduce, sum},     {"allgather", 1, 0, allgather, gathered},
	{"alltoall", 0, 0, alltoall, exchanged}, {"reducescatter", 0, 1, reducescatter, scattered},
	{"broadcast", 0, 0, broadcast, first},   {"sendrecv", 0, 0, sendrecv, before},
};
enum { OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

static const struct operation *find(const char *name, size_t n) {
	for (int i = 0; i < OPERATIONS; i++)
		if (strlen(operations[i].name) == n && strncmp(operations[i].name, name, n) == 0)
			return &operations[i];
	return NULL;
}

/* ---- checking and timing ------------------------------------------------------------------------ */

/* Is every element of every rank right after one more operation on a recv that was poisoned? */
static int is_right(const struct operation *op, struct buffers *b) {
	size_t n = op->recv_part ? b->part : b->total;
	int right = 1, all;

	memset(b->recv, 0xff, n * sizeof(float));
	op->run(b);
	for (size_t i = 0; i < n && right; i++)
		right = b->recv[i] == op->expected(b, i);
	MPI_Allreduce(&right, &all, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
	return all;
}

/* Seconds an operation: barrier, n of them, the largest of all ranks' own time / n. The same on every rank. */
static double sample(const struct operation *op, struct buffers *b, long n) {
	double from, own, slowest;

	MPI_Barrier(MPI_COMM_WORLD);
	from = MPI_Wtime();
	for (long i = 0; i < n; i++)
		op->run(b);
	own = (MPI_Wtime() - from) / (double)n;
	MPI_Allreduce(&own, &slowest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
	return slowest;
}

static int by_size(const void *x, const void *y) {
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

/* Fills times with samples for so many seconds of operations, as the slowest rank counts them; at least 5. */
static long collect(const struct operation *op, struct buffers *b, long batch, double seconds, double *times) {
	double spent = 0;
	long n = 0;

	while (n < 5 || (spent < seconds && n < MAX_SAMPLES)) {
		times[n] = sample(op, b, batch);
		spent += times[n++] * (double)batch;
	}
	return n;
}

/* Warms up and measures; prints the case. times has room for MAX_SAMPLES. */
static int measure(const struct operation *op, struct buffers *b, int latency, double seconds, double *times) {
	long batch = 1, n;

	if (!is_right(op, b))
		return 0;
	n = collect(op, b, 1, seconds / 8, times);
	qsort(times, (size_t)n, sizeof(*times), by_size);
	while (!latency && batch < MOST_BATCH && times[n / 2] * (double)batch < BATCH_S)
		batch *= 2;
	n = collect(op, b, batch, seconds, times);
	qsort(times, (size_t)n, sizeof(*times), by_size);
	if (!is_right(op, b))
		return 0;
	if (b->rank == 0)
		printf(
			"{\"op\":\"%s\",\"bytes\":%zu,\"timing\":\"%s\",\"ranks\":%d,\"median_s\":%.9g,\"min_s\":%.9g,"
			"\"samples\":%ld,\"batch\":%ld}\n",
			op->name, b->total * sizeof(float), latency ? "latency" : "bandwidth", b->ranks,
			n % 2 ? times[n / 2] : (times[n / 2 - 1] + times[n / 2]) / 2, times[0], n, batch);
	return 1;
}

/* In huge pages where ours are, whose buffers hold all ranks' in one: copies are about twice as fast so. */
static float *allocate(size_t bytes, int ranks) {
	size_t page = bytes * (size_t)ranks < HUGE ? 4096 : HUGE, room = (bytes + page - 1) / page * page;
	float *x = aligned_alloc(page, room);

	if (x && page == HUGE)
		madvise(x, room, MADV_HUGEPAGE); /* advice: small pages are right too */
	return x;
}

/* One OP:BYTES:TIMING. Returns 0, or the exit status that it asks for. */
static int do_case(const char *text, struct buffers *b, double seconds, double *times) {
	size_t length = strcspn(text, ":"), bytes;
	const struct operation *op = find(text, length);
	char *end = NULL;
	int right;

	bytes = text[length] ? strtoul(text + length + 1, &end, 10) : 0;
	if (!op || !end || (strcmp(end, ":bandwidth") != 0 && strcmp(end, ":latency") != 0) || bytes == 0 ||
	    bytes % (sizeof(float) * (size_t)b->ranks) != 0 || bytes > 1u << 30) {
		if (b->rank == 0)
			fprintf(stderr, "mpi_collectives: '%s' is not OP:BYTES:TIMING with a part of whole f32 for %d ranks\n",
			        text, b->ranks);
		return 2;
	}
	b->total = bytes / sizeof(float);
	b->part = b->total / (size_t)b->ranks;
	b->send = allocate(bytes, b->ranks);
	b->recv = allocate(bytes, b->ranks);
	if (!b->send || !b->recv) {
		fprintf(stderr, "mpi_collectives: no memory for 2 x %zu bytes\n", bytes);
		MPI_Abort(MPI_COMM_WORLD, 1);
		return 1;
	}
	for (size_t i = 0; i < (op->send_part ? b->part : b->total); i++)
		b->send[i] = value(b->rank, i);
	right = measure(op, b, strcmp(end, ":latency") == 0, seconds, times);
	if (!right && b->rank == 0)
		fprintf(stderr, "mpi_collectives: %s: a wrong result\n", text);
	free(b->send);
	free(b->recv);
	return right ? 0 : 1;
}

int main(int argc, char **argv) {
	struct buffers b = {0};
	double *times = malloc(MAX_SAMPLES * sizeof(*times));
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 0;
	int status = 0;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &b.rank);
	MPI_Comm_size(MPI_COMM_WORLD, &b.ranks);
	if (!times || !(seconds > 0) || argc < 3) {
		if (b.rank == 0)
			fprintf(stderr, "usage: mpi_collectives SECONDS OP:BYTES:TIMING..\n");
		status = 2;
	}
	for (int i = 2; i < argc && status == 0; i++)
		status = do_case(argv[i], &b, seconds, times);
	MPI_Finalize();
	free(times);
	return status;
}
