/* SPDX-License-Identifier: Apache-2.0 */
/* attention.h - attention as its files see it: where elements lie, who sees what, and the rule of exact inputs. */
#ifndef WM_ATTENTION_H
#define WM_ATTENTION_H

#include "core/wm.h"

/* The tensors, in their order: q [batch, sq, heads, d], k and v [batch, sk, kvheads, d], o like q; all of one type. */
struct wm_attention {
	enum wm_dtype type;
	size_t batch, heads, kvheads, sq, sk, d;
	size_t group; /* query heads that share a kv head: head h uses kv head h / group */
	bool causal;
};
struct wm_attention wm_attention_shape(const struct wm_problem *p);

/* Query i sees the keys [0, that). */
size_t wm_attention_keys(const struct wm_attention *a, size_t i);
/* Where the d elements of a query (or output) begin, and those of a key (or value). */
size_t wm_attention_query_at(const struct wm_attention *a, size_t b, size_t i, size_t h);
size_t wm_attention_key_at(const struct wm_attention *a, size_t b, size_t j, size_t g);

/*
 * What a query of the exact part looks at: the keys first, first + step, .. (count of them, all of those that it
 * sees) have the score 0, all others that it sees one so low that their weight is 0. So its output is the mean of
 * those keys' values, and one key's value itself where count is 1.
 */
struct wm_attention_aim {
	size_t first, step, count;
};
struct wm_attention_aim wm_attention_aim(const struct wm_attention *a, uint64_t seed, size_t b, size_t i, size_t h);
/* In component c of the exact values: the sums of any of the values are exact in f32. */
bool wm_attention_sums_exact(const struct wm_attention *a, size_t c);

/* bench.verify of attention. */
enum wm_status wm_attention_verify(const struct wm_problem *p, enum wm_data_part part, uint64_t seed, void *const *host,
                                   struct wm_check *check_p);

#endif
