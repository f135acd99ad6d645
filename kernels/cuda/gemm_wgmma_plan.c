/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gemm_wgmma_plan.c - tiles, tensor maps and the cost model of gemm_wgmma.k. kernels/cuda/README.md says where the
 * model's numbers come from.
 */
#include "gemm_wgmma.h"

#include <math.h>
#include <string.h>

enum {
	LINE = 128, /* bytes; a stage is one line deep along k */
	GROUP_ROWS = 64,
	BOX_BYTES = GROUP_ROWS * LINE,
	BOXES = 2, /* of output, a consumer */
	H100_UNITS = 132,
	MAX_SPLITS = 16
};

/* What the kernels take, as the problem names it. */
struct type {
	const char *word;
	double products;      /* a cycle and multiprocessor: the H100's dense rate over 132 x 1.83 GHz; one is two flop */
	bool any_layout;      /* wgmma reads it along k and across */
	bool added_outside;   /* of wgmma, whose own sums are too short: a second set of sums takes their place */
	enum wm_dtype planes; /* of the parts of k */
};
static const struct type types[] = {
	{"bf16", 2048, true, false, WM_F32}, {"f16", 2048, true, false, WM_F32},  {"tf32", 1024, false, false, WM_F32},
	{"e4m3", 4096, false, true, WM_F32}, {"e5m2", 4096, false, true, WM_F32}, {"i8", 4096, false, false, WM_I32},
};
enum { TYPES = sizeof(types) / sizeof(types[0]) };

static const struct wm_gemm_tile_kind tiles[] = {
	{"large", 2, 256, 2, 4},
	{"medium", 2, 128, 2, 6},
	{"small", 1, 128, 1, 8},
};
/* Instead of the large one, where there are two sets of sums. */
static const struct wm_gemm_tile_kind narrow = {"large", 2, 192, 2, 4};
enum { TILES = sizeof(tiles) / sizeof(tiles[0]) };

/* What of the problem the plan goes by. */
struct shape {
	const struct type *type;
	struct wm_tensor tensor[WM_MAX_TENSORS];
	uint64_t m, n, k;
	bool left_across, right_across; /* the operand's lines lie across k */
	uint32_t bytes, out_bytes;
};

static uint64_t ceil_div(uint64_t x, uint64_t by) {
	return (x + by - 1) / by;
}

static enum wm_status read_problem(const struct wm_problem *p, struct shape *s) {
	const char *word = wm_get_word(p, "dtype"), *trans = wm_get_word(p, "trans");
	int n;

	for (int i = 0; i < TYPES; i++)
		if (!strcmp(types[i].word, word))
			s->type = &types[i];
	if (!s->type)
		return wm_fail(WM_UNSUPPORTED, "no wgmma kernel for %s: bf16, f16, tf32, e4m3, e5m2 and i8 have one", word);
	if (!s->type->any_layout && strcmp(trans, "tn") != 0)
		return wm_fail(WM_UNSUPPORTED, "wgmma reads %s along k only, that is trans=tn", word);
	enum wm_status st = p->bench->tensors(p, s->tensor, &n);
	if (st)
		return st;
	s->m = (uint64_t)wm_get(p, "m");
	s->n = (uint64_t)wm_get(p, "n");
	s->k = (uint64_t)wm_get(p, "k");
	s->right_across = trans[0] == 'n';
	s->left_across = trans[1] == 't';
	s->bytes = (uint32_t)wm_dtype_bytes(s->tensor[0].dtype);
	s->out_bytes = (uint32_t)wm_dtype_bytes(s->tensor[2].dtype);
	return WM_OK;
}

/* ---- the cost model --------------------------------------------------------------------------------------- */

/*
 * Cycles of a multiprocessor. A stage takes as long as its products or as its bytes need to come from L2, which gives
 * at most 64 bytes a cycle to one multiprocessor and 32 to each of 132 (what fast.cu's 808 TFLOP/s ask of it); a tile
 * adds the latency of its first stage and its epilogue; nothing is faster than memory.
 */
static const double l2_one = 64, l2_all = 32 * H100_UNITS, dram = 1800, fill = 1000, epilogue_bytes = 64, launch = 4000;

static double cycles_of(const struct shape *s, const struct wm_gemm_tile_kind *tile, const struct wm_gemm_work *w) {
	double rows = tile->groups * GROUP_ROWS, step = (double)LINE / s->bytes;
	double items = (double)w->row_tiles * w->col_tiles * w->splits;
	double at_once = floor((double)H100_UNITS / tile->blocks);
	double active = fmin(items, at_once) * tile->blocks, rounds = ceil(items / at_once);
	double products = rows * tile->cols * step / s->type->products;
	double fetched = (rows + (double)tile->cols / tile->blocks) * LINE;
	double stage = fmax(products, fmax(fetched / l2_one, fetched * active / l2_all));
	double out = w->splits > 1 ? 4 : s->out_bytes;
	double computed = rounds * (w->split_steps * stage + fill + rows * tile->cols * out / epilogue_bytes);
	double inputs = ((double)s->m * (double)s->k + (double)s->k * (double)s->n) * s->bytes;
	double elements = (double)s->m * (double)s->n, moved = inputs + elements * s->out_bytes;
	double total = fmax(computed, moved / dram);

	return w->splits > 1 ? total + launch + 2 * w->splits * elements * 4 / dram : total;
}

/* ---- a candidate ------------------------------------------------------------------------------------------ */

/* Row tiles that are walked together: what runs at a time is then about a square of C'. */
static uint32_t band_of(const struct wm_gemm_tile_kind *tile, uint32_t clusters, uint32_t row_tiles) {
	double rows = (double)tile->groups * GROUP_ROWS * tile->blocks, band = round(sqrt(clusters * tile->cols / rows));

	return band < 1 ? 1 : band > row_tiles ? row_tiles : (uint32_t)band;
}

/* False: more tiles than 32 bits count. */
static bool work_of(const struct shape *s, const struct wm_gemm_tile_kind *tile, uint32_t splits, uint32_t units,
                    struct wm_gemm_work *work_p) {
	uint64_t rows = ceil_div(s->n, (uint64_t)tile->groups * GROUP_ROWS * tile->blocks),
			 cols = ceil_div(s->m, tile->cols);
	uint64_t steps = ceil_div(s->k * s->bytes, LINE), each = ceil_div(steps, splits), parts = ceil_div(steps, each);
	uint64_t items = rows * cols * parts, most = units / tile->blocks;

	if (rows > UINT32_MAX || cols > UINT32_MAX || items > UINT32_MAX / 2)
		return false;
	/* as many clusters as leave none with more rounds than others need */
	uint64_t rounds = ceil_div(items, most ? most : 1), clusters = ceil_div(items, rounds);
	*work_p = (struct wm_gemm_work){
		.row_tiles = (uint32_t)rows,
		.col_tiles = (uint32_t)cols,
		.splits = (uint32_t)parts,
		.steps = (uint32_t)steps,
		.split_steps = (uint32_t)each,
		.clusters = (uint32_t)clusters,
		.band = band_of(tile, (uint32_t)clusters, (uint32_t)rows),
		.out_32 = parts > 1 || s->out_bytes == 4,
	};
	return true;
}

/* The tile of that kind for the problem's type. */
static const struct wm_gemm_tile_kind *tile_of(const struct shape *s, int kind) {
	return s->type->added_outside && tiles[kind].cols > narrow.cols ? &narrow : &tiles[kind];
}

/* The fastest variant by the model; false: none can count its tiles. */
static bool choose(const struct shape *s, struct wm_gemm_plan *plan) {
	plan->cycles = INFINITY;
	for (int kind = 0; kind < TILES; kind++)
		for (uint32_t splits = 1; splits <= MAX_SPLITS; splits *= 2) {
			const struct wm_gemm_tile_kind *tile = tile_of(s, kind);
			struct wm_gemm_work work;
			if (!work_of(s, tile, splits, H100_UNITS, &work) || cycles_of(s, tile, &work) >= plan->cycles)
				continue;
			plan->cycles = cycles_of(s, tile, &work);
			plan->tile = tile;
			plan->work = work;
		}
	return plan->tile;
}

/* ---- tensor maps ------------------------------------------------------------------------------------------ */

/* An operand of that many lines (rows of C' or columns), fetched in boxes of box_lines: as gemm_wgmma.k wants it. */
static struct wm_tensor_shape operand(const struct shape *s, int tensor, bool across, uint64_t lines,
                                      uint32_t box_lines) {
	uint32_t step = LINE / s->bytes;
	struct wm_tensor_shape t = {
		.type = s->tensor[tensor].dtype,
		.dims = 2,
		.size = {across ? lines : s->k, across ? s->k : lines},
		.stride_bytes = {0, (across ? lines : s->k) * s->bytes},
		.box = {step, across ? step : box_lines},
		.swizzle = WM_TMA_SWIZZLE_128B,
		.l2 = WM_TMA_L2_256B,
	};
	return t;
}

/* C, or its parts one behind the other, as sums. */
static struct wm_tensor_shape output(const struct shape *s, uint32_t splits) {
	uint32_t bytes = splits > 1 ? 4 : s->out_bytes;
	struct wm_tensor_shape t = {
		.type = splits > 1 ? s->type->planes : s->tensor[2].dtype,
		.dims = 3,
		.size = {s->m, s->n, splits},
		.stride_bytes = {0, s->m * bytes, s->m * s->n * bytes},
		.box = {LINE / bytes, GROUP_ROWS, 1},
		.swizzle = WM_TMA_SWIZZLE_128B,
		.l2 = WM_TMA_L2_NONE,
	};
	return t;
}

static enum wm_status make_maps(const struct shape *s, struct wm_gemm_plan *plan) {
	const struct wm_gemm_tile_kind *tile = plan->tile;
	enum wm_status st;

	plan->left = operand(s, 1, s->left_across, s->n, tile->groups * GROUP_ROWS);
	plan->right = operand(s, 0, s->right_across, s->m, tile->cols / tile->blocks);
	plan->out = output(s, plan->work.splits);
	st = wm_tensor_shape_check(&plan->left, "b");
	if (!st)
		st = wm_tensor_shape_check(&plan->right, "a");
	if (!st)
		st = wm_tensor_shape_check(&plan->out, "c");
	return st;
}

static uint32_t shared_bytes(const struct wm_gemm_tile_kind *tile) {
	uint32_t stage = (tile->groups * GROUP_ROWS + tile->cols) * LINE;

	return tile->stages * stage + tile->groups * BOXES * BOX_BYTES + tile->stages * 2 * (uint32_t)sizeof(uint64_t);
}

/* What follows of the tile and the parts of k, for a grid of that many multiprocessors. */
static enum wm_status finish_plan(const struct wm_problem *p, const struct shape *s, int units,
                                  struct wm_gemm_plan *plan) {
	uint32_t most = units > 0 ? (uint32_t)units : H100_UNITS;

	if (!work_of(s, plan->tile, plan->work.splits, most, &plan->work))
		return wm_fail(WM_UNSUPPORTED, "more than 2^31 tiles");
	plan->threads = (plan->tile->groups + 1) * 128;
	plan->shared_bytes = shared_bytes(plan->tile);
	plan->planes_bytes = plan->work.splits > 1 ? s->m * s->n * 4 * plan->work.splits : 0;
	snprintf(plan->entry, sizeof(plan->entry), "gemm_%s_%s_%s", s->type->word, wm_get_word(p, "trans"),
	         plan->tile->name);
	return make_maps(s, plan);
}

enum wm_status wm_gemm_wgmma_plan(const struct wm_problem *p, int units, struct wm_gemm_plan *plan_p) {
	struct shape s = {0};
	struct wm_gemm_plan plan = {0};
	enum wm_status st = read_problem(p, &s);

	if (!st && !choose(&s, &plan))
		st = wm_fail(WM_UNSUPPORTED, "more than 2^31 tiles");
	if (!st)
		st = finish_plan(p, &s, units, &plan);
	if (!st)
		*plan_p = plan;
	return st;
}

enum wm_status wm_gemm_wgmma_plan_with(const struct wm_problem *p, int units, const char *tile, uint32_t splits,
                                       struct wm_gemm_plan *plan_p) {
	struct shape s = {0};
	struct wm_gemm_plan plan = {.work = {.splits = splits}};
	enum wm_status st = read_problem(p, &s);

	for (int kind = 0; kind < TILES && !st; kind++)
		if (!strcmp(tiles[kind].name, tile))
			plan.tile = tile_of(&s, kind);
	if (!st)
		st = plan.tile ? finish_plan(p, &s, units, &plan) : wm_fail(WM_INPUT, "no tile is called \"%s\"", tile);
	if (!st)
		*plan_p = plan;
	return st;
}
