/* SPDX-License-Identifier: Apache-2.0 */
#include "pairs.h"

#include "core/wm.h"

#include <stdlib.h>
#include <string.h>

/* Case ids are hashes already: one multiplication mixes the replicate in. room is a power of two. */
static size_t place_of(uint64_t case_id, int replicate, size_t room) {
	uint64_t x = (case_id + (uint64_t)replicate) * 0x9e3779b97f4a7c15u;
	return (size_t)(x >> 32) & (room - 1);
}

/* The pair's place, or the free one where it would go; the table has at least one free place. */
static struct wm_pair *probe(const struct wm_pairs *pairs, uint64_t case_id, int replicate) {
	size_t i = place_of(case_id, replicate, pairs->room);
	while (pairs->v[i].replicate >= 0 && (pairs->v[i].case_id != case_id || pairs->v[i].replicate != replicate))
		i = (i + 1) & (pairs->room - 1);
	return &pairs->v[i];
}

static void grow(struct wm_pairs *pairs) {
	struct wm_pairs bigger = {.n = pairs->n, .room = pairs->room ? 2 * pairs->room : 64};
	bigger.v = wm_zalloc(bigger.room * sizeof *bigger.v);
	for (size_t i = 0; i < bigger.room; i++)
		bigger.v[i].replicate = -1;
	for (size_t i = 0; i < pairs->room; i++)
		if (pairs->v[i].replicate >= 0)
			*probe(&bigger, pairs->v[i].case_id, pairs->v[i].replicate) = pairs->v[i];
	free(pairs->v);
	*pairs = bigger;
}

struct wm_pair *wm_pairs_at(struct wm_pairs *pairs, uint64_t case_id, int replicate) {
	if (2 * (pairs->n + 1) > pairs->room)
		grow(pairs);
	struct wm_pair *pair = probe(pairs, case_id, replicate);
	if (pair->replicate < 0) {
		*pair = (struct wm_pair){.case_id = case_id, .replicate = replicate};
		pairs->n++;
	}
	return pair;
}

const struct wm_pair *wm_pairs_find(const struct wm_pairs *pairs, uint64_t case_id, int replicate) {
	if (!pairs->n)
		return NULL;
	const struct wm_pair *pair = probe(pairs, case_id, replicate);
	return pair->replicate < 0 ? NULL : pair;
}

void wm_pairs_free(struct wm_pairs *pairs) {
	free(pairs->v);
	*pairs = (struct wm_pairs){0};
}

bool wm_case_id_parse(const char *text, uint64_t *id_p) {
	if (strspn(text, "0123456789abcdef") != 16 || text[16])
		return false;
	*id_p = strtoull(text, NULL, 16);
	return true;
}
