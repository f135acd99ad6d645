/* SPDX-License-Identifier: Apache-2.0 */
/* gpu_memory.c - memory of a GPU, and the pinned host memory between it and everybody else's. */
#include "gpu_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	PAGE = 4096,
	STAGING = 8 << 20,
	BLOCK = 64 << 20, /* of small buffers */
	SMALL = 2 << 20   /* larger ones are the driver's own, on its 2 MiB pages */
};

/* ---- the host's side ---------------------------------------------------------------------------------------- */

/* Own pages, touched by this thread and then pinned: the system can be asked on which node they lie, which it does not
 * tell of pages that a driver allocates. */
enum wm_status wm_gpu_stage(struct wm_gpu_place *at) {
	enum wm_status st;
	void *pages = mmap(NULL, STAGING, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		return wm_fail(WM_NOMEM, "no host memory for copies (%d bytes): %s", STAGING, strerror(errno));
	at->staging = pages;
	memset(pages, 0, STAGING);
	st = WM_GPU(at->vendor, host_register, pages, STAGING, 0);
	at->registered = st == WM_OK;
	return st;
}

void wm_gpu_unstage(struct wm_gpu_place *at) {
	if (at->registered)
		at->vendor->api->host_unregister(at->staging);
	if (at->staging)
		munmap(at->staging, STAGING);
}

/* Pages of the staging memory on another node than that one, and one such node; -1: the system does not say. */
static int strays(const struct wm_gpu_place *at, int node, int *other_p) {
	enum { PAGES = STAGING / PAGE };
	void *pages[PAGES];
	int nodes[PAGES], n = 0;

	for (int i = 0; i < PAGES; i++)
		pages[i] = (char *)at->staging + (size_t)i * PAGE;
	if (syscall(SYS_move_pages, 0, (unsigned long)PAGES, pages, NULL, nodes, 0) != 0)
		return -1;
	for (int i = 0; i < PAGES; i++)
		if (nodes[i] >= 0 && nodes[i] != node) {
			*other_p = nodes[i];
			n++;
		}
	return n;
}

void wm_gpu_tell_staging(struct wm_device *dev) {
	char *end;
	size_t used = strlen(dev->driver);
	long node = strtol(dev->nodeset, &end, 10);
	int other = -1, n;

	if (end == dev->nodeset || *end) /* near no node, or near several */
		return;
	n = strays(dev->priv, (int)node, &other);
	if (n > 0)
		snprintf(dev->driver + used, sizeof(dev->driver) - used, ", %d of %d host pages on node %d, not %ld", n,
		         STAGING / PAGE, other, node);
}

/* ---- the device's side -------------------------------------------------------------------------------------- */

/* A block with room for that many bytes, the last that has any; NULL: none. */
static struct wm_gpu_block *block_with(struct wm_gpu_place *at, size_t bytes) {
	for (int i = at->nblocks - 1; i >= 0; i--)
		if (at->blocks[i].bytes - at->blocks[i].used >= bytes)
			return &at->blocks[i];
	return NULL;
}

static struct wm_gpu_block *block_of(struct wm_gpu_place *at, const void *address) {
	for (int i = 0; i < at->nblocks; i++)
		if ((const char *)address >= at->blocks[i].at && (const char *)address < at->blocks[i].at + at->blocks[i].bytes)
			return &at->blocks[i];
	return NULL;
}

static enum wm_status add_block(struct wm_gpu_place *at, size_t bytes, struct wm_gpu_block **block_p) {
	struct wm_gpu_block *blocks;
	void *address = NULL;
	enum wm_status st = WM_GPU(at->vendor, alloc, &address, bytes);

	if (st != WM_OK)
		return st;
	if ((uintptr_t)address % PAGE) {
		at->vendor->api->release(address);
		return wm_fail(WM_FAILED, "%s: %zu bytes at %p, no multiple of %d", at->vendor->symbols[WM_GPU_AT_alloc], bytes,
		               address, PAGE);
	}
	blocks = realloc(at->blocks, (size_t)(at->nblocks + 1) * sizeof(*blocks));
	if (!blocks) {
		at->vendor->api->release(address);
		return wm_fail(WM_NOMEM, "no host memory for a list of %d blocks", at->nblocks + 1);
	}
	at->blocks = blocks;
	blocks[at->nblocks] = (struct wm_gpu_block){.at = address, .bytes = bytes};
	*block_p = &blocks[at->nblocks++];
	return WM_OK;
}

/* Drivers promise 256 bytes and align what is large to their page of 2 MiB; wattmark wants 4 KiB. So small buffers are
 * parts of blocks, which also spares the driver thousands of calls in a cold case of a small problem. */
enum wm_status wm_gpu_alloc(struct wm_device *dev, size_t bytes, struct wm_buf *buf_p) {
	struct wm_gpu_place *at = dev->priv;
	struct wm_gpu_block *block = bytes <= SMALL ? block_with(at, bytes) : NULL;
	enum wm_status st = WM_OK;

	if (!block)
		st = add_block(at, bytes <= SMALL ? BLOCK : bytes, &block);
	if (st != WM_OK)
		return st;
	*buf_p = (struct wm_buf){.ptr = block->at + block->used, .bytes = bytes};
	block->used += bytes;
	block->live++;
	return WM_OK;
}

enum wm_status wm_gpu_view(struct wm_device *dev, const struct wm_buf *whole, size_t offset, size_t bytes,
                           struct wm_buf *view_p) {
	(void)dev;
	if (offset > whole->bytes || bytes > whole->bytes - offset)
		return wm_fail(WM_FAILED, "view [%zu, %zu) of a buffer of %zu bytes", offset, offset + bytes, whole->bytes);
	*view_p = (struct wm_buf){.ptr = (char *)whole->ptr + offset, .bytes = bytes, .is_view = true};
	return WM_OK;
}

void wm_gpu_free(struct wm_device *dev, struct wm_buf *buf) {
	struct wm_gpu_place *at = dev->priv;
	struct wm_gpu_block *block = buf->ptr && !buf->is_view ? block_of(at, buf->ptr) : NULL;

	if (block && --block->live == 0) {
		at->vendor->api->release(block->at);
		*block = at->blocks[--at->nblocks];
	}
	*buf = (struct wm_buf){0};
}

void wm_gpu_free_all(struct wm_gpu_place *at) {
	if (at->rouse_at)
		at->vendor->api->release(at->rouse_at);
	for (int i = 0; i < at->nblocks; i++)
		at->vendor->api->release(at->blocks[i].at);
	free(at->blocks);
}

/* ---- copies ------------------------------------------------------------------------------------------------- */

enum wm_status wm_gpu_put(struct wm_device *dev, const struct wm_buf *dst, size_t offset, const void *src,
                          size_t bytes) {
	struct wm_gpu_place *at = dev->priv;
	const struct wm_gpu_vendor *v = at->vendor;
	enum wm_status st = WM_OK;

	for (size_t done = 0, step; done < bytes && st == WM_OK; done += step) {
		step = bytes - done < STAGING ? bytes - done : STAGING;
		memcpy(at->staging, (const char *)src + done, step);
		st = WM_GPU(v, copy_in, (char *)dst->ptr + offset + done, at->staging, step, at->queue);
		if (st == WM_OK)
			st = WM_GPU(v, queue_wait, at->queue);
	}
	return st;
}

enum wm_status wm_gpu_get(struct wm_device *dev, void *dst, const struct wm_buf *src, size_t offset, size_t bytes) {
	struct wm_gpu_place *at = dev->priv;
	const struct wm_gpu_vendor *v = at->vendor;
	enum wm_status st = WM_OK;

	for (size_t done = 0, step; done < bytes && st == WM_OK; done += step) {
		step = bytes - done < STAGING ? bytes - done : STAGING;
		st = WM_GPU(v, copy_out, at->staging, (char *)src->ptr + offset + done, step, at->queue);
		if (st == WM_OK)
			st = WM_GPU(v, queue_wait, at->queue);
		if (st == WM_OK)
			memcpy((char *)dst + done, at->staging, step);
	}
	return st;
}
