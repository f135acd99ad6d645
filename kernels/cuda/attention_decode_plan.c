/* SPDX-License-Identifier: Apache-2.0 */
/* attention_decode_plan.c - shares, shared memory and workspace of attention_decode.k. */
#include "attention_decode_plan.h"
#include "launch.h"

#include <math.h>

enum {
	H100_MULTIPROCESSORS = 132,
	PER_MULTIPROCESSOR = 2, /* blocks at a time: registers allow no more */
	RESERVED = 1024,        /* bytes of shared memory that each block takes for itself */
	MOST_BLOCKS = 512,
	LEAST_UNITS = 2, /* of a share; fewer are not worth a part of their own */
	PAGE = 4096
};

/* Head dimensions, and the slots of a warp's ring: as many as two blocks of a multiprocessor have room for, where d is
 * 256 one. */
static const struct kind { uint32_t d, slots; } kinds[] = {{64, 11}, {128, 5}, {256, 4}};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static uint32_t smaller(uint32_t a, uint32_t b) {
	return a < b ? a : b;
}

static uint64_t pages(uint64_t bytes) {
	return (bytes + PAGE - 1) / PAGE * PAGE;
}

/* Rows of a key head: queries x query heads that share it. */
static long rows_of(const struct wm_problem *p) {
	return wm_get(p, "sq") * (wm_get(p, "heads") / wm_get(p, "kvheads"));
}

bool wm_decode_takes(const struct wm_problem *p) {
	return wm_get(p, "sq") <= WM_DECODE_MOST_SQ && rows_of(p) <= WM_DECODE_MOST_ROWS;
}

/* Rings of the warps, then the struct meeting: maxima and totals, sums, a flag. */
static uint32_t shared_bytes(const struct kind *kind) {
	uint32_t warps = WM_DECODE_THREADS / 32, tile = WM_DECODE_UNIT / warps * kind->d * 2;
	uint32_t meeting = 2 * warps * WM_DECODE_ROWS * 4 + WM_DECODE_ROWS * (kind->d + 8) * 4 + 4;

	return warps * kind->slots * tile + (meeting + 15) / 16 * 16;
}

/* NULL: there is none for the problem's d. */
static const struct kind *find_kind(const struct wm_problem *p) {
	for (int i = 0; i < KINDS; i++)
		if (wm_get(p, "d") == (long)kinds[i].d)
			return &kinds[i];
	return NULL;
}

static enum wm_status check(const struct wm_problem *p, int capability, uint32_t shared) {
	enum wm_dtype type = wm_get_dtype(p);

	if (capability < 80)
		return wm_fail(WM_UNSUPPORTED, "sm_%d: needs sm_80 or later, which copies to shared memory by the side",
		               capability);
	if (type != WM_BF16 && type != WM_F16)
		return wm_fail(WM_UNSUPPORTED, "dtype=%s: bf16 or f16 here, which matrix units take", wm_dtype_word(type));
	if (wm_get(p, "sq") > WM_DECODE_MOST_SQ)
		return wm_fail(WM_UNSUPPORTED, "sq=%ld: at most %d queries here, which is for steps of decoding",
		               wm_get(p, "sq"), (int)WM_DECODE_MOST_SQ);
	if (rows_of(p) > WM_DECODE_MOST_ROWS)
		return wm_fail(WM_UNSUPPORTED, "sq x heads / kvheads = %ld rows share keys: at most %d here", rows_of(p),
		               (int)WM_DECODE_MOST_ROWS);
	if (shared > wm_shared_per_block(capability))
		return wm_fail(WM_UNSUPPORTED, "d=%ld needs %u bytes of shared memory a block, sm_%d has %u", wm_get(p, "d"),
		               shared, capability, wm_shared_per_block(capability));
	return WM_OK;
}

/* Blocks that run at a time. */
static uint32_t slots(int capability, int multiprocessors, uint32_t shared) {
	uint32_t fit = (wm_shared_per_block(capability) + RESERVED) / (shared + RESERVED);

	return (uint32_t)(multiprocessors ? multiprocessors : H100_MULTIPROCESSORS) * smaller(fit, PER_MULTIPROCESSOR);
}

enum wm_status wm_decode_plan(const struct wm_problem *p, int capability, int multiprocessors,
                              struct wm_decode_plan *plan_p) {
	const struct kind *kind = find_kind(p);
	struct wm_decode_plan plan = {0};
	struct wm_decode_sizes *s = &plan.sizes;

	if (!kind)
		return wm_fail(WM_UNSUPPORTED, "d=%ld: 64, 128 or 256 here", wm_get(p, "d"));
	plan.shared_bytes = shared_bytes(kind);
	enum wm_status st = check(p, capability, plan.shared_bytes);
	if (st)
		return st;
	*s = (struct wm_decode_sizes){
		.sq = (uint32_t)wm_get(p, "sq"),
		.sk = (uint32_t)wm_get(p, "sk"),
		.kvheads = (uint32_t)wm_get(p, "kvheads"),
		.share = (uint32_t)(wm_get(p, "heads") / wm_get(p, "kvheads")),
		.rows = (uint32_t)rows_of(p),
		.hidden = wm_get(p, "causal") ? (uint32_t)wm_get(p, "sq") : 0,
		.key_heads = (uint32_t)(wm_get(p, "batch") * wm_get(p, "kvheads")),
		.factor = (float)(1.4426950408889634 / sqrt(kind->d)), /* log2(e) / sqrt(d) */
	};
	s->row_blocks = (s->rows + WM_DECODE_ROWS - 1) / WM_DECODE_ROWS;
	s->units = (s->sk + WM_DECODE_UNIT - 1) / WM_DECODE_UNIT;
	uint64_t all = (uint64_t)s->units * s->key_heads, most = MOST_BLOCKS / s->row_blocks;
	if (most > (all + LEAST_UNITS - 1) / LEAST_UNITS)
		most = (all + LEAST_UNITS - 1) / LEAST_UNITS;
	uint32_t wanted = slots(capability, multiprocessors, plan.shared_bytes) / s->row_blocks;
	s->shares = smaller((uint32_t)most, wanted ? wanted : 1);
	/* two parts of a share: of a head that began before it and of one that ends behind it */
	plan.parts_bytes = pages(2 * most * s->row_blocks * WM_DECODE_ROWS * (kind->d + 2) * sizeof(float));
	plan.done_bytes = pages((uint64_t)s->key_heads * s->row_blocks * sizeof(uint32_t));
	snprintf(plan.entry, sizeof(plan.entry), "decode_%s_d%u", wm_dtype_word(wm_get_dtype(p)), kind->d);
	*plan_p = plan;
	return WM_OK;
}
