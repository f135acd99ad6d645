/* SPDX-License-Identifier: Apache-2.0 */
/* buffers.c - guarded buffer sets. */
#include "buffers.h"

#include <stdlib.h>
#include <string.h>

enum { SCRATCH = 1 << 20, GUARD_BYTE = 0xA5 };

size_t wm_tensor_bytes(const struct wm_tensor *t) {
	return t->count * wm_dtype_bytes(t->dtype);
}

uint64_t wm_guarded_bytes(uint64_t bytes) {
	return WM_GUARD + (bytes + WM_GUARD - 1) / WM_GUARD * WM_GUARD + WM_GUARD;
}

/* Writes one byte value over [offset, offset + bytes) of a buffer. */
static enum wm_status flood(struct wm_buffers *b, const struct wm_buf *buf, size_t offset, size_t bytes, int value) {
	memset(b->scratch, value, bytes < SCRATCH ? bytes : SCRATCH);
	while (bytes > 0) {
		size_t step = bytes < SCRATCH ? bytes : SCRATCH;
		enum wm_status st = b->backend->put(b->dev, buf, offset, b->scratch, step);

		if (st != WM_OK)
			return st;
		offset += step;
		bytes -= step;
	}
	return WM_OK;
}

static enum wm_status make_one(struct wm_buffers *b, int at, size_t bytes) {
	size_t total = (size_t)wm_guarded_bytes(bytes);
	enum wm_status st = b->backend->alloc(b->dev, total, &b->whole[at]);

	if (st != WM_OK)
		return st;
	st = b->backend->view(b->dev, &b->whole[at], WM_GUARD, bytes, &b->part[at]);
	if (st == WM_OK)
		st = flood(b, &b->whole[at], 0, WM_GUARD, GUARD_BYTE);
	if (st == WM_OK)
		st = flood(b, &b->whole[at], WM_GUARD + bytes, total - WM_GUARD - bytes, GUARD_BYTE);
	return st;
}

enum wm_status wm_buffers_make(const struct wm_backend *backend, struct wm_device *dev, const struct wm_tensor *tensors,
                               int ntensors, int sets, struct wm_buffers *b_p) {
	struct wm_buffers b = {.backend = backend, .dev = dev, .tensors = tensors, .ntensors = ntensors, .sets = sets};
	size_t n = (size_t)sets * (size_t)ntensors;
	enum wm_status st = WM_OK;

	b.whole = wm_zalloc(n * sizeof(*b.whole));
	b.part = wm_zalloc(n * sizeof(*b.part));
	b.scratch = wm_zalloc(SCRATCH);
	for (size_t i = 0; i < n && st == WM_OK; i++)
		st = make_one(&b, (int)i, wm_tensor_bytes(&tensors[i % (size_t)ntensors]));
	if (st != WM_OK) {
		wm_buffers_free(&b);
		return st;
	}
	*b_p = b;
	return WM_OK;
}

void wm_buffers_free(struct wm_buffers *b) {
	size_t n = (size_t)b->sets * (size_t)b->ntensors;

	for (size_t i = 0; b->whole && i < n; i++) {
		if (b->part[i].ptr)
			b->backend->free(b->dev, &b->part[i]);
		if (b->whole[i].ptr)
			b->backend->free(b->dev, &b->whole[i]);
	}
	free(b->whole);
	free(b->part);
	free(b->scratch);
	memset(b, 0, sizeof(*b));
}

/* All bits set is a NaN in every float format here; 0x80.. is a number that no sum of ours reaches. */
static unsigned char poison_byte(const struct wm_tensor *t) {
	return wm_dtype_bits(t->dtype) ? 0xFF : 0x80;
}

enum wm_status wm_buffers_poison(struct wm_buffers *b, int set) {
	enum wm_status st = WM_OK;

	for (int i = 0; i < b->ntensors && st == WM_OK; i++)
		if (b->tensors[i].output)
			st = flood(b, &b->part[set * b->ntensors + i], 0, wm_tensor_bytes(&b->tensors[i]),
			           poison_byte(&b->tensors[i]));
	return st;
}

enum wm_status wm_buffers_still_poison(const struct wm_buffers *b, int set, void *const *host) {
	for (int i = 0; i < b->ntensors; i++) {
		const unsigned char *byte = host[i];
		size_t n = wm_tensor_bytes(&b->tensors[i]);

		/* equal to itself moved by one byte: all bytes are the first */
		if (b->tensors[i].output && (byte[0] != poison_byte(&b->tensors[i]) || memcmp(byte, byte + 1, n - 1) != 0))
			return wm_fail(WM_WRONG, "wrote tensor %s of set %d, which no operation was given", b->tensors[i].name,
			               set);
	}
	return WM_OK;
}

/* One stretch of guard; where says which side, base is its distance from the tensor's edge. */
static enum wm_status guard_holds(struct wm_buffers *b, int set, int i, size_t offset, size_t bytes, bool after) {
	enum wm_status st = b->backend->get(b->dev, b->scratch, &b->whole[set * b->ntensors + i], offset, bytes);

	if (st != WM_OK)
		return st;
	for (size_t k = 0; k < bytes; k++)
		if (b->scratch[k] != GUARD_BYTE)
			return wm_fail(WM_WRONG, "wrote outside tensor %s of set %d: %zu bytes %s", b->tensors[i].name, set,
			               after ? k : bytes - k, after ? "after its end" : "before its start");
	return WM_OK;
}

enum wm_status wm_buffers_guards(struct wm_buffers *b, int set) {
	enum wm_status st = WM_OK;

	for (int i = 0; i < b->ntensors && st == WM_OK; i++) {
		size_t bytes = wm_tensor_bytes(&b->tensors[i]), end = WM_GUARD + bytes;

		st = guard_holds(b, set, i, 0, WM_GUARD, false);
		if (st == WM_OK)
			st = guard_holds(b, set, i, end, (size_t)wm_guarded_bytes(bytes) - end, true);
	}
	return st;
}

enum wm_status wm_buffers_put_inputs(struct wm_buffers *b, int set, void *const *host) {
	enum wm_status st = WM_OK;

	for (int i = 0; i < b->ntensors && st == WM_OK; i++)
		if (!b->tensors[i].output)
			st = b->backend->put(b->dev, &b->part[set * b->ntensors + i], 0, host[i], wm_tensor_bytes(&b->tensors[i]));
	return st;
}

static enum wm_status get_all(struct wm_buffers *b, int set, void *const *host, bool outputs) {
	enum wm_status st = WM_OK;

	for (int i = 0; i < b->ntensors && st == WM_OK; i++)
		if (b->tensors[i].output == outputs)
			st = b->backend->get(b->dev, host[i], &b->part[set * b->ntensors + i], 0, wm_tensor_bytes(&b->tensors[i]));
	return st;
}

enum wm_status wm_buffers_get_inputs(struct wm_buffers *b, int set, void *const *host) {
	return get_all(b, set, host, false);
}

enum wm_status wm_buffers_get_outputs(struct wm_buffers *b, int set, void *const *host) {
	return get_all(b, set, host, true);
}
