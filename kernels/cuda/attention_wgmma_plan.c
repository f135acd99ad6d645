/* SPDX-License-Identifier: Apache-2.0 */
/* attention_wgmma_plan.c - kernels of attention_wgmma.k, their shared memory, and who does what. */
#include "attention_wgmma_plan.h"
#include "attention_decode_plan.h"

#include <math.h>
#include <stdlib.h>

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

/* Query heads whose keys and values fill half of L2 at most, or those of one key head. */
static uint32_t section_of(const struct wm_problem *p, uint64_t cache_bytes) {
	uint64_t bytes = 4 * (uint64_t)wm_get(p, "sk") * (uint64_t)wm_get(p, "d");
	uint64_t fit = (cache_bytes ? cache_bytes : H100_L2) / 2 / bytes,
			 heads = (uint64_t)wm_get(p, "batch") * (uint64_t)wm_get(p, "kvheads");

	if (fit < 1)
		fit = 1;
	return (uint32_t)((fit < heads ? fit : heads) * (uint64_t)(wm_get(p, "heads") / wm_get(p, "kvheads")));
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
		.section = section_of(p, cache_bytes),
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

/*
 * Tile number n in the order in which tiles are dealt out: section by section; within one, under a mask the longest
 * first, the tiles of all heads with as many keys together; else head by head.
 */
static struct wm_wgmma_tile tile_of(const struct wm_wgmma_plan *plan, uint32_t n) {
	uint32_t section = n / (plan->section * plan->head_tiles), at = n % (plan->section * plan->head_tiles);
	uint32_t first = section * plan->section, heads = plan->heads - first;

	if (heads > plan->section)
		heads = plan->section;
	if (!plan->sizes.hidden)
		return (struct wm_wgmma_tile){first + at / plan->head_tiles, at % plan->head_tiles * plan->rows};
	return (struct wm_wgmma_tile){first + at % heads, (plan->head_tiles - 1 - at / heads) * plan->rows};
}

void wm_wgmma_schedule(const struct wm_wgmma_plan *plan, uint32_t *begins, struct wm_wgmma_tile *tiles) {
	uint64_t *load = wm_zalloc(plan->blocks * sizeof(*load));
	uint32_t *owner = wm_zalloc(plan->tiles * sizeof(*owner)), *next = wm_zalloc((plan->blocks + 1) * sizeof(*next));

	for (uint32_t n = 0; n < plan->tiles; n++) {
		uint32_t least = 0;
		for (uint32_t b = 1; b < plan->blocks; b++)
			if (load[b] < load[least])
				least = b;
		load[least] += wm_wgmma_length(plan, tile_of(plan, n)) + OVERHEAD;
		owner[n] = least;
		next[least + 1]++;
	}
	for (uint32_t b = 0; b < plan->blocks; b++)
		next[b + 1] += next[b];
	for (uint32_t b = 0; b <= plan->blocks; b++)
		begins[b] = next[b];
	for (uint32_t n = 0; n < plan->tiles; n++)
		tiles[next[owner[n]]++] = tile_of(plan, n);
	free(load);
	free(owner);
	free(next);
}
