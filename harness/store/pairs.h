/* SPDX-License-Identifier: Apache-2.0 */
/* pairs.h - what is known of each (case, replicate) of a bundle. Private to the store. */
#ifndef WM_PAIRS_H
#define WM_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wm_pair {
	uint64_t case_id;
	int replicate;             /* -1: the place is free */
	int begins, interruptions; /* marks seen */
	long final_line;           /* line of its final record, 0 = none yet */
};

/* An open hash table that only grows. Start from {0}; released by wm_pairs_free. */
struct wm_pairs {
	struct wm_pair *v;
	size_t n, room;
};

/* The entry of the pair, added if there is none. Valid until the next call. */
struct wm_pair *wm_pairs_at(struct wm_pairs *pairs, uint64_t case_id, int replicate);
/* The entry of the pair, or NULL. */
const struct wm_pair *wm_pairs_find(const struct wm_pairs *pairs, uint64_t case_id, int replicate);
void wm_pairs_free(struct wm_pairs *pairs);

/* A case id, 16 lower-case hex digits, as a number; false for any other text. */
bool wm_case_id_parse(const char *text, uint64_t *id_p);

#endif
