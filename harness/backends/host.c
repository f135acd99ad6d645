/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.c - the CPU as a device: memory of this process, a team of pinned threads, the monotonic clock.
 *
 * Which cores make up the device is said by dev->cpuset, which the core fills from the topology before open.
 */
#include "core/wm.h"
#include "team.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Below this one core copies faster than a team is called. */
#define PARALLEL_COPY_BYTES ((size_t)1 << 20)
/* From here on a buffer holds whole huge pages. */
#define HUGE_BYTES ((size_t)2 << 20)

/* What open makes and close ends. */
struct host {
	struct wm_team *team;
	double marks[WM_MAX_MARKS];
};

/* What stands between this process and the cores. */
static void put_driver(struct wm_device *dev) {
	struct utsname system;

	if (uname(&system) == 0)
		snprintf(dev->driver, sizeof(dev->driver), "%.60s %.60s", system.sysname, system.release);
}

static enum wm_status find(struct wm_device *devs, int max, int *n_p) {
	struct wm_device dev = {.id = "host", .backend = "host", .on_host = true};

	dev.features = WM_HAS_F64 | WM_HAS_F16;
	put_driver(&dev);
	if (max > 0)
		devs[0] = dev;
	*n_p = max > 0;
	return WM_OK;
}

static enum wm_status open_host(struct wm_device *dev) {
	struct wm_team *team;
	struct host *host;
	enum wm_status st = wm_team_open(dev->cpuset, &team);

	if (st != WM_OK)
		return st;
	host = wm_zalloc(sizeof(*host));
	host->team = team;
	dev->priv = host;
	dev->threads = wm_team_threads(team);
	put_driver(dev);
	return WM_OK;
}

static void close_host(struct wm_device *dev) {
	struct host *host = dev->priv;

	wm_team_close(host->team);
	free(host);
	dev->priv = NULL;
}

/* ---- memory ------------------------------------------------------------------------------------------------- */

/* A page belongs to the NUMA node of the core that writes it first: every thread writes its own part. */
static void touch(void *arg, int thread, int threads) {
	const struct wm_buf *buf = arg;
	size_t page = (size_t)sysconf(_SC_PAGESIZE), from, to;

	wm_part(buf->bytes, page, thread, threads, &from, &to);
	for (; from < to; from += page)
		((volatile char *)buf->ptr)[from] = 0;
}

static enum wm_status alloc(struct wm_device *dev, size_t bytes, struct wm_buf *buf_p) {
	struct host *host = dev->priv;
	struct wm_buf buf = {.bytes = bytes};
	enum wm_status st;

	buf.ptr = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buf.ptr == MAP_FAILED)
		return wm_fail(errno == ENOMEM ? WM_NOMEM : WM_FAILED, "cannot map %zu bytes: %s", bytes, strerror(errno));
	/* Advice: a kernel without huge pages says no, and small pages are right too. */
	if (bytes >= HUGE_BYTES)
		madvise(buf.ptr, bytes, MADV_HUGEPAGE);
	st = wm_team_run_free(host->team, touch, &buf);
	if (st != WM_OK) {
		munmap(buf.ptr, bytes);
		return st;
	}
	*buf_p = buf;
	return WM_OK;
}

static enum wm_status view(struct wm_device *dev, const struct wm_buf *whole, size_t offset, size_t bytes,
                           struct wm_buf *view_p) {
	(void)dev;
	if (bytes == 0 || offset > whole->bytes || bytes > whole->bytes - offset)
		return wm_fail(WM_FAILED, "a view of %zu bytes at %zu is not inside a buffer of %zu", bytes, offset,
		               whole->bytes);
	*view_p = (struct wm_buf){.ptr = (char *)whole->ptr + offset, .bytes = bytes, .is_view = true};
	return WM_OK;
}

static void free_buf(struct wm_device *dev, struct wm_buf *buf) {
	(void)dev;
	if (!buf->is_view)
		munmap(buf->ptr, buf->bytes);
	*buf = (struct wm_buf){0};
}

/* ---- copies ------------------------------------------------------------------------------------------------- */

struct copy {
	char *dst;
	const char *src;
	size_t bytes;
};

static void copy_part(void *arg, int thread, int threads) {
	const struct copy *copy = arg;
	size_t from, to;

	wm_part(copy->bytes, (size_t)sysconf(_SC_PAGESIZE), thread, threads, &from, &to);
	memcpy(copy->dst + from, copy->src + from, to - from);
}

static enum wm_status copy_all(struct wm_device *dev, const struct wm_buf *buf, size_t offset, struct copy *copy) {
	struct host *host = dev->priv;

	if (offset > buf->bytes || copy->bytes > buf->bytes - offset)
		return wm_fail(WM_FAILED, "a copy of %zu bytes at %zu is outside a buffer of %zu", copy->bytes, offset,
		               buf->bytes);
	if (copy->bytes >= PARALLEL_COPY_BYTES)
		return wm_team_run_free(host->team, copy_part, copy);
	memcpy(copy->dst, copy->src, copy->bytes);
	return WM_OK;
}

static enum wm_status put(struct wm_device *dev, const struct wm_buf *dst, size_t offset, const void *src,
                          size_t bytes) {
	struct copy copy = {.dst = (char *)dst->ptr + offset, .src = src, .bytes = bytes};

	return copy_all(dev, dst, offset, &copy);
}

static enum wm_status get(struct wm_device *dev, void *dst, const struct wm_buf *src, size_t offset, size_t bytes) {
	struct copy copy = {.dst = dst, .src = (const char *)src->ptr + offset, .bytes = bytes};

	return copy_all(dev, src, offset, &copy);
}

/* ---- time and threads --------------------------------------------------------------------------------------- */

/* Calls return when their work is done: there is never anything left to wait for. */
static enum wm_status sync_host(struct wm_device *dev) {
	(void)dev;
	return WM_OK;
}

static enum wm_status mark(struct wm_device *dev, int slot) {
	struct host *host = dev->priv;

	host->marks[slot] = wm_now();
	return WM_OK;
}

static enum wm_status between(struct wm_device *dev, int from, int to, double *seconds_p) {
	const struct host *host = dev->priv;

	*seconds_p = host->marks[to] - host->marks[from];
	return WM_OK;
}

/* Integer work in registers, so that clocks rise and caches stay as they are. */
static void spin(void *arg, int thread, int threads) {
	double end = *(const double *)arg;
	uint64_t x = (uint64_t)thread + (uint64_t)threads;
	volatile uint64_t keep;

	do {
		for (int i = 0; i < 1000; i++)
			x = x * 6364136223846793005u + 1442695040888963407u;
		keep = x;
	} while (wm_now() < end);
	(void)keep;
}

static enum wm_status rouse(struct wm_device *dev, double seconds) {
	struct host *host = dev->priv;
	double end = wm_now() + seconds;

	return wm_team_run_free(host->team, spin, &end);
}

static enum wm_status parallel(struct wm_device *dev, void (*fn)(void *arg, int thread, int threads), void *arg) {
	struct host *host = dev->priv;

	return wm_team_run(host->team, fn, arg);
}

const struct wm_backend wm_backend_host = {
	.name = "host",
	.about = "the CPU's cores, one pinned thread each",
	.find = find,
	.open = open_host,
	.close = close_host,
	.alloc = alloc,
	.view = view,
	.free = free_buf,
	.put = put,
	.get = get,
	.sync = sync_host,
	.mark = mark,
	.between = between,
	.rouse = rouse,
	.parallel = parallel,
};
