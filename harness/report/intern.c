/* SPDX-License-Identifier: Apache-2.0 */
#include "intern.h"

#include "core/wm.h"

#include <stdlib.h>
#include <string.h>

struct wm_intern_block {
	struct wm_intern_block *next;
	size_t used, room;
	char text[];
};

/* FNV-1a, 64 bit: offset basis and prime from the authors' page (Fowler, Noll, Vo). */
static size_t hash_of(const char *text, size_t bytes) {
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < bytes; i++)
		h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
	return (size_t)(h ^ h >> 32);
}

static struct wm_interned *probe(const struct wm_intern *intern, const char *text, size_t bytes) {
	size_t i = hash_of(text, bytes) & (intern->room - 1);
	while (intern->v[i].text && (intern->v[i].bytes != bytes || memcmp(intern->v[i].text, text, bytes) != 0))
		i = (i + 1) & (intern->room - 1);
	return &intern->v[i];
}

static void grow(struct wm_intern *intern) {
	struct wm_intern bigger = *intern;
	bigger.room = intern->room ? 2 * intern->room : 256;
	bigger.v = wm_zalloc(bigger.room * sizeof *bigger.v);
	for (size_t i = 0; i < intern->room; i++)
		if (intern->v[i].text)
			*probe(&bigger, intern->v[i].text, intern->v[i].bytes) = intern->v[i];
	free(intern->v);
	*intern = bigger;
}

static const char *keep(struct wm_intern *intern, const char *text, size_t bytes) {
	struct wm_intern_block *block = intern->blocks;
	if (!block || block->room - block->used <= bytes) {
		size_t room = bytes < 65536 ? 65536 : bytes + 1;
		block = wm_zalloc(sizeof *block + room);
		*block = (struct wm_intern_block){.next = intern->blocks, .room = room};
		intern->blocks = block;
	}
	char *copy = block->text + block->used;
	memcpy(copy, text, bytes);
	block->used += bytes + 1;
	return copy;
}

struct wm_interned *wm_intern_at(struct wm_intern *intern, const char *text, size_t bytes) {
	if (2 * (intern->n + 1) > intern->room)
		grow(intern);
	struct wm_interned *entry = probe(intern, text, bytes);
	if (!entry->text) {
		*entry = (struct wm_interned){.text = keep(intern, text, bytes), .bytes = bytes, .run = -1};
		intern->n++;
	}
	return entry;
}

const char *wm_intern_text(struct wm_intern *intern, const char *text) {
	return text && *text ? wm_intern_at(intern, text, strlen(text))->text : "";
}

void wm_intern_free(struct wm_intern *intern) {
	free(intern->v);
	while (intern->blocks) {
		struct wm_intern_block *next = intern->blocks->next;
		free(intern->blocks);
		intern->blocks = next;
	}
	*intern = (struct wm_intern){0};
}
