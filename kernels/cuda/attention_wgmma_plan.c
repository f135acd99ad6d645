/* SPDX-License-Identifier: Apache-2.0 */
/* attention_wgmma_plan.c - kernels of attention_wgmma.k, their shared memory, and who does what. */
#include "attention_wgmma_plan.h"
#include "attention_decode_plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	H100_MULTIPROCESSORS = 132,
	H100_L2 = 50 << 20,
	MOST_BLOCKS = 1024,
	MOST_TILES = 1 << 22,
	STAGES = 2,
	GROUP_ROWS = 64,  /* of a warpgroup */
	BOX_COLUMNS = 64, /* as many as 128 bytes have, the longest pattern of the TMA */
	OVERHEAD = 1,     /* of a tile, in blocks of keys: its first scores and its last outputs wait for each other */
	PAGE = 4096
};

/* Warpgroups that compute and keys of a block: the tiles of FlashAttention-3 (Dao-AILab/flash-attention,
 * hopper/tile_size.h at 07602adc); kernels/cuda/README.md says what bounds them. */
static const struct kind {
	uint32_t d;
	bool causal;
	uint32_t groups, keys;
} kinds[] = {
	{64, false, 3, 128}, {64, true, 3, 128},  {128, false, 2, 176},
	{128, true, 2, 128}, {256, false, 2, 80}, {256, true, 2, 80},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static uint64_t ceil_div(uint64_t x, uint64_t by) {
	return (x + by - 1) / by;
}

/* NULL: there is none for the problem's d. */
static const struct kind *find_kind(const struct wm_problem *p) {
	for (int i = 0; i < KINDS; i++)
		if (wm_get(p, "d") == (long)kinds[i].d && (wm_get(p, "causal") != 0) == kinds[i].causal)
			return &kinds[i];
	return NULL;
}

static enum wm_status check(const struct wm_problem *p) {
	enum wm_dtype type = wm_get_dtype(p);

	if (type != WM_BF16 && type != WM_F16)
		return wm_fail(WM_UNSUPPORTED, "dtype=%s: bf16 or f16 here, which matrix units take", wm_dtype_word(type));
	if (wm_decode_takes(p))
		return wm_fail(WM_UNSUPPORTED, "sq=%ld: a tile is 128 queries or more here, decode is for few",
		               wm_get(p, "sq"));
	return WM_OK;
}

/* [batch, length, heads, d] in boxes of 64 elements of so many lines of one head. */
static struct wm_tensor_shape shape_of(const struct wm_problem *p, const char *heads, const char *length,
                                       uint32_t lines) {
	uint64_t d = (uint64_t)wm_get(p, "d"), h = (uint64_t)wm_get(p, heads), n = (uint64_t)wm_get(p, length);

	return (struct wm_tensor_shape){
		.type = wm_get_dtype(p),
		.dims = 4,
		.size = {d, h, n, (uint64_t)wm_get(p, "batch")},
		.stride_bytes = {0, 2 * d, 2 * d * h, 2 * d * h * n},
		.box = {BOX_COLUMNS, 1, lines, 1},
		.swizzle = WM_TMA_SWIZZLE_128B,
		.l2 = WM_TMA_L2_256B,
	};
}

/* Q, stages of K and of V, and a barrier each way for each. */
static uint32_t shared_bytes(const struct kind *kind) {
	return kind->groups * GROUP_ROWS * kind->d * 2 + 2 * STAGES * kind->keys * kind->d * 2 + 8 * (2 + 4 * STAGES);
}

/* In how many sections the key heads are taken, so that keys and values of each fill half of L2 at most: the halves
 * of an H100's L2 each keep what their own multiprocessors read. */
static uint32_t sections_of(const struct wm_problem *p, uint64_t cache_bytes) {
	uint64_t bytes = 4 * (uint64_t)wm_get(p, "sk") * (uint64_t)wm_get(p, "d");
	uint64_t fit = (cache_bytes ? cache_bytes : H100_L2) / 2 / bytes;
	uint64_t key_heads = (uint64_t)wm_get(p, "batch") * (uint64_t)wm_get(p, "kvheads");

	return (uint32_t)ceil_div(key_heads, fit ? fit : 1);
}

uint32_t wm_wgmma_tiles_at(uint32_t blocks) {
	return (blocks + 2) / 2;
}

enum wm_status wm_wgmma_plan(const struct wm_problem *p, int multiprocessors, uint64_t cache_bytes,
                             struct wm_wgmma_plan *plan_p) {
	const struct kind *kind = find_kind(p);
	enum wm_status st = kind ? check(p) : wm_fail(WM_UNSUPPORTED, "d=%ld: 64, 128 or 256 here", wm_get(p, "d"));

	if (st)
		return st;
	struct wm_wgmma_plan plan = {
		.rows = kind->groups * GROUP_ROWS,
		.keys = kind->keys,
		.threads = (kind->groups + 1) * 128,
		.shared_bytes = shared_bytes(kind),
		.heads = (uint32_t)(wm_get(p, "batch") * wm_get(p, "heads")),
		.sections = sections_of(p, cache_bytes),
		.sizes =
			{
				.sq = (uint32_t)wm_get(p, "sq"),
				.sk = (uint32_t)wm_get(p, "sk"),
				.heads = (uint32_t)wm_get(p, "heads"),
				.share = (uint32_t)(wm_get(p, "heads") / wm_get(p, "kvheads")),
				.hidden = wm_get(p, "causal") ? (uint32_t)wm_get(p, "sq") : 0,
				.factor = (float)(1.4426950408889634 / sqrt(kind->d)), /* log2(e) / sqrt(d) */
			},
	};
	uint64_t head_tiles = ceil_div(plan.sizes.sq, plan.rows);
	uint64_t tiles = head_tiles * (uint64_t)wm_get(p, "batch") * (uint64_t)wm_get(p, "heads");
	uint32_t blocks = (uint32_t)(multiprocessors ? multiprocessors : H100_MULTIPROCESSORS);

	if (tiles > MOST_TILES)
		return wm_fail(WM_UNSUPPORTED, "%llu tiles of %u queries: at most %d here", (unsigned long long)tiles,
		               plan.rows, (int)MOST_TILES);
	plan.tiles = (uint32_t)tiles;
	plan.head_tiles = (uint32_t)head_tiles;
	if (blocks > MOST_BLOCKS)
		blocks = MOST_BLOCKS;
	plan.blocks = blocks < plan.tiles ? blocks : plan.tiles;
	plan.q = shape_of(p, "heads", "sq", plan.rows);
	plan.kv = shape_of(p, "kvheads", "sk", plan.keys);
	plan.schedule_bytes =
		ceil_div((wm_wgmma_tiles_at(MOST_BLOCKS) + tiles) * sizeof(struct wm_wgmma_tile), PAGE) * PAGE;
	snprintf(plan.entry, sizeof(plan.entry), "attend_%s_d%u_k%u", wm_dtype_word(wm_get_dtype(p)), kind->d, kind->keys);
	st = wm_tensor_shape_check(&plan.q, "q");
	if (!st)
		st = wm_tensor_shape_check(&plan.kv, "k");
	if (!st)
		*plan_p = plan;
	return st;
}

/* Keys that the last query of a tile sees, of which the tile's other queries see no more. */
uint32_t wm_wgmma_length(const struct wm_wgmma_plan *plan, struct wm_wgmma_tile tile) {
	const struct wm_wgmma_sizes *s = &plan->sizes;
	uint32_t last = tile.first + plan->rows - 1, seen = s->sk;

	if (s->hidden && last < s->sq)
		seen = last + 1 + s->sk - s->sq;
	return (uint32_t)ceil_div(seen, plan->keys);
}

/* Tiles of the heads from first to before end, in the order in which they are dealt out: head by head, or under the
 * mask the longest first. Returns where the next ones go. */
static struct wm_wgmma_tile *list_section(const struct wm_wgmma_plan *plan, uint32_t first, uint32_t end,
                                          struct wm_wgmma_tile *to) {
	if (!plan->sizes.hidden)
		for (uint32_t head = first; head < end; head++)
			for (uint32_t i = 0; i < plan->head_tiles; i++)
				*to++ = (struct wm_wgmma_tile){head, i * plan->rows};
	else
		for (uint32_t i = plan->head_tiles; i-- > 0;)
			for (uint32_t head = first; head < end; head++)
				*to++ = (struct wm_wgmma_tile){head, i * plan->rows};
	return to;
}

static uint32_t least_of(const uint64_t *load, uint32_t n) {
	uint32_t least = 0;

	for (uint32_t i = 1; i < n; i++)
		if (load[i] < load[least])
			least = i;
	return least;
}

void wm_wgmma_schedule(const struct wm_wgmma_plan *plan, uint32_t *begins, struct wm_wgmma_tile *tiles) {
	struct wm_wgmma_tile *order = wm_zalloc(plan->tiles * sizeof(*order)), *end = order;
	uint64_t *load = wm_zalloc(plan->blocks * sizeof(*load)), key_heads = plan->heads / plan->sizes.share;
	uint32_t *owner = wm_zalloc(plan->tiles * sizeof(*owner)), *next = wm_zalloc((plan->blocks + 1) * sizeof(*next));

	for (uint64_t i = 0; i < plan->sections; i++)
		end = list_section(plan, (uint32_t)(key_heads * i / plan->sections) * plan->sizes.share,
		                   (uint32_t)(key_heads * (i + 1) / plan->sections) * plan->sizes.share, end);
	for (uint32_t n = 0; n < plan->tiles; n++) {
		owner[n] = least_of(load, plan->blocks);
		load[owner[n]] += wm_wgmma_length(plan, order[n]) + OVERHEAD;
		next[owner[n] + 1]++;
	}
	for (uint32_t b = 0; b < plan->blocks; b++)
		next[b + 1] += next[b];
	memcpy(begins, next, (plan->blocks + 1) * sizeof(*begins));
	for (uint32_t n = 0; n < plan->tiles; n++)
		tiles[next[owner[n]]++] = order[n];
	free(order);
	free(load);
	free(owner);
	free(next);
}
