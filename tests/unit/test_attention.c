/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_attention.c - the work model, the exact inputs' promises, and what verification passes and refuses. A model of
 * a fused kernel stands for the implementations: with any tile size, split and rounding that is right it must pass,
 * with any of the errors that such kernels have it must not.
 */
#include "../../bench/attention.h"
#include "../inject/sets.h"

#include "core/problem.h"
#include "core/registry.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 11 };
static const char *const types[] = {"f32", "f16", "bf16"};
enum { TYPES = 3 };

static void open_type(struct wm_set *set, const char *shape, const char *type) {
	char problem[160];

	snprintf(problem, sizeof(problem), "attention:%s,dtype=%s", shape, type);
	wm_set_open(set, problem);
}

/* ---- shapes and work ---------------------------------------------------------------------------- */

static void work_by_hand(void **state) {
	static const struct {
		const char *problem;
		double flop, bytes;
	} rows[] = {
		/* 2 sequences x 6 heads x 4 d x pairs; bytes of q and o (36 rows), of k and v (20 rows), 8 elements each */
		{"attention:batch=2,heads=6,kvheads=2,sq=3,sk=5,d=8", 12 * 32 * 15, 4 * 8 * (2 * 36 + 2 * 20)},
		/* queries see 3, 4 and 5 keys */
		{"attention:batch=2,heads=6,kvheads=2,sq=3,sk=5,d=8,causal=yes", 12 * 32 * 12, 4 * 8 * (2 * 36 + 2 * 20)},
		{"attention:batch=2,heads=6,kvheads=2,sq=3,sk=5,d=8,dtype=bf16", 12 * 32 * 15, 2 * 8 * (2 * 36 + 2 * 20)},
		{"attention:heads=1,sq=4,d=1,causal=yes", 4 * 10, 4 * 16},
		/* a decoding step sees every key */
		{"attention:heads=1,sq=1,sk=7,d=1,causal=yes", 4 * 7, 4 * 16},
		{"attention", 16.0 * 4 * 128 * 1048576, 4 * 4.0 * 16 * 1024 * 128},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct wm_problem p;
		struct wm_work work;

		assert_int_equal(wm_problem_parse(rows[i].problem, &p), WM_OK);
		assert_int_equal(p.bench->accept(&p), WM_OK);
		p.bench->work(&p, &work);
		assert_true(work.flop == rows[i].flop);
		assert_true(work.bytes == rows[i].bytes);
		assert_true(work.wire_bytes == 0);
	}
}

static void tensors(void **state) {
	struct wm_set set;
	struct wm_problem p;

	(void)state;
	open_type(&set, "batch=2,heads=6,kvheads=2,sq=3,sk=5,d=8", "bf16");
	assert_int_equal(set.n, 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(set.t[i].count, i == 1 || i == 2 ? 2 * 5 * 2 * 8 : 2 * 3 * 6 * 8);
		assert_int_equal(set.t[i].dtype, WM_BF16);
		assert_int_equal(set.t[i].output, i == 3);
	}
	wm_set_close(&set);
	assert_int_equal(wm_problem_parse("attention:batch=16777216,heads=65536,sq=16777216,d=1024", &p), WM_INPUT);
	assert_non_null(strstr(wm_why(), "tensor q of 16777216 x 16777216 x 65536 x 1024 f32 has more bytes"));
}

static void refused(void **state) {
	struct wm_problem p;

	(void)state;
	assert_int_equal(wm_problem_parse("attention:heads=6,kvheads=4", &p), WM_OK);
	assert_int_equal(p.bench->accept(&p), WM_UNSUPPORTED);
	assert_string_equal(wm_why(), "heads=6 is no multiple of kvheads=4");
	assert_int_equal(wm_problem_parse("attention:sq=8,sk=7,causal=yes", &p), WM_OK);
	assert_int_equal(p.bench->accept(&p), WM_UNSUPPORTED);
	assert_string_equal(wm_why(), "causal=yes with sq=8 and sk=7: query 0 would see no key");
	assert_int_equal(wm_problem_parse("attention:sq=8,sk=7", &p), WM_OK);
	assert_int_equal(p.bench->accept(&p), WM_OK);
}

/* ---- the reference ------------------------------------------------------------------------------ */

/* Scores 0 and ln 3 / sqrt(4) * 2: weights 1/4 and 3/4; the second query of the causal problem sees both keys, the
 * first the first alone. */
static void by_hand(void **state) {
	static const double want[2][2] = {{7, 7}, {4, 7}};

	(void)state;
	for (int causal = 0; causal < 2; causal++) {
		struct wm_set set;

		open_type(&set, causal ? "heads=1,sq=2,d=4,causal=yes" : "heads=1,sq=2,d=4", "f32");
		for (int i = 0; i < 3; i++)
			memset(set.host[i], 0, set.bytes[i]);
		for (size_t i = 0; i < 2; i++)
			wm_store_element(WM_F32, set.host[0], 4 * i, 2);
		wm_store_element(WM_F32, set.host[1], 4, log(3));
		wm_store_element(WM_F32, set.host[2], 0, 4);
		wm_store_element(WM_F32, set.host[2], 4, 8);
		assert_int_equal(wm_set_run(&set, wm_impl_find("attention", "ref"), 1), WM_OK);
		for (size_t i = 0; i < 2; i++)
			assert_true(fabs(wm_load_element(WM_F32, set.host[3], 4 * i) - want[causal][i]) < 1e-6);
		wm_set_close(&set);
	}
}

/* Where elements lie, which keys a query sees and which kv head its own uses, by a formula in other words: the
 * output is the derivative of log sum exp(score + v t) in t. */
static double by_formula(const struct wm_set *set, size_t b, size_t i, size_t h, size_t c) {
	const struct wm_problem *p = &set->p;
	size_t heads = (size_t)wm_get(p, "heads"), kvheads = (size_t)wm_get(p, "kvheads"), d = (size_t)wm_get(p, "d");
	size_t sq = (size_t)wm_get(p, "sq"), sk = (size_t)wm_get(p, "sk");
	double up = 0, down = 0, t = 0x1p-13;

	for (size_t j = 0; j < sk; j++) {
		size_t key = (b * sk + j) * kvheads * d + h * kvheads / heads * d;
		double score = 0, v = wm_load_element(set->t[2].dtype, set->host[2], key + c);

		if (wm_get(p, "causal") && sq - i > sk - j)
			continue;
		for (size_t e = 0; e < d; e++)
			score += wm_load_element(set->t[0].dtype, set->host[0], ((b * sq + i) * heads + h) * d + e) *
			         wm_load_element(set->t[1].dtype, set->host[1], key + e);
		up += exp(score / sqrt((double)d) + v * t);
		down += exp(score / sqrt((double)d) - v * t);
	}
	return log(up / down) / (2 * t);
}

static void reference(void **state) {
	static const char *const shapes[] = {"batch=2,heads=6,kvheads=2,sq=5,sk=9,d=7,causal=yes",
	                                     "batch=2,heads=3,sq=7,sk=4,d=5",
	                                     "heads=4,kvheads=1,sq=1,sk=11,d=8,causal=yes"};

	(void)state;
	for (int s = 0; s < 3; s++)
		for (int t = 0; t < TYPES; t++) {
			struct wm_set set;
			double half;

			open_type(&set, shapes[s], types[t]);
			wm_set_fill(&set, WM_TIMED, SEED);
			assert_int_equal(wm_set_run(&set, wm_impl_find("attention", "ref"), 1), WM_OK);
			struct wm_attention a = wm_attention_shape(&set.p);
			half = ldexp(1, -wm_dtype_bits(a.type));
			for (size_t at = 0; at < set.t[3].count; at++) {
				size_t row = at / a.d;
				double want = by_formula(&set, row / a.heads / a.sq, row / a.heads % a.sq, row % a.heads, at % a.d);

				/* the formula's own error: t^2 / 6 of the third cumulant, and rounding over t */
				assert_true(fabs(wm_load_element(a.type, set.host[3], at) - want) <= half * fabs(want) + 1e-8);
			}
			wm_set_close(&set);
		}
}

/* ---- the exact inputs --------------------------------------------------------------------------- */

/* What a query looks at has the score 0, made of zeros; all else that it sees is far below; the first key that it must
 * not see draws where it wants the last one that it sees. */
static void promises(const char *shape, const char *type, bool draws) {
	struct wm_set set;
	size_t drawn = 0, means = 0;

	open_type(&set, shape, type);
	wm_set_fill(&set, WM_EXACT, SEED);
	struct wm_attention a = wm_attention_shape(&set.p);
	for (size_t row = 0; row < a.batch * a.sq * a.heads; row++) {
		size_t h = row % a.heads, i = row / a.heads % a.sq, b = row / a.heads / a.sq;
		size_t keys = wm_attention_keys(&a, i), seen = 0;
		struct wm_attention_aim aim = wm_attention_aim(&a, SEED, b, i, h);

		assert_true(aim.count > 0 && aim.first + (aim.count - 1) * aim.step < keys);
		means += aim.step == 1;
		for (size_t j = 0; j < a.sk && j <= keys; j++) {
			double score = 0, size = 0;

			for (size_t c = 0; c < a.d; c++) {
				double term = wm_load_element(a.type, set.host[0], wm_attention_query_at(&a, b, i, h) + c) *
				              wm_load_element(a.type, set.host[1], wm_attention_key_at(&a, b, j, h / a.group) + c);

				score += term / sqrt((double)a.d);
				size += fabs(term);
			}
			if (j == keys) {
				drawn += score > 100;
			} else if (j >= aim.first && (j - aim.first) % aim.step == 0) {
				assert_true(size == 0);
				seen++;
			} else {
				assert_true(score <= -127.99);
			}
		}
		assert_int_equal(seen, aim.count);
	}
	assert_true(means > 0);
	assert_true((drawn > 0) == draws);
	wm_set_close(&set);
}

static void exact_inputs(void **state) {
	(void)state;
	for (int t = 0; t < TYPES; t++) {
		promises("heads=5,sq=70,sk=150,d=16,causal=yes", types[t], true);
		promises("batch=2,heads=4,kvheads=2,sq=33,d=1024,causal=yes", types[t], true);
		promises("heads=6,kvheads=3,sq=9,sk=70,d=33", types[t], false);
		promises("heads=7,sq=1,sk=300,d=64,causal=yes", types[t], false);
		promises("heads=2,sq=70,d=6,causal=yes", types[t], true);
		promises("heads=2,sq=7,sk=10,d=2,causal=yes", types[t], false);
		promises("heads=2,sq=7,sk=10,d=1,causal=yes", types[t], false);
		promises("heads=2,sq=7,sk=1,d=8", types[t], false);
	}
}

/* The sum of the magnitudes of values stays where f32 has all integers, and other values have all bits of the type. */
static void exact_values(void **state) {
	(void)state;
	for (int t = 0; t < TYPES; t++) {
		struct wm_set set;
		double whole = 0, most = 0;

		open_type(&set, "heads=1,sq=1,sk=5000,d=2", types[t]);
		wm_set_fill(&set, WM_EXACT, SEED);
		for (size_t j = 0; j < 5000; j++) {
			whole += fabs(wm_load_element(set.t[2].dtype, set.host[2], 2 * j));
			most = fmax(most, fabs(wm_load_element(set.t[2].dtype, set.host[2], 2 * j + 1)));
		}
		assert_true(whole <= 0x1p24);
		assert_true(most >= ldexp(1, wm_dtype_bits(set.t[2].dtype) - 1));
		wm_set_close(&set);
	}
}

/* ---- a model of fused kernels ------------------------------------------------------------------- */

enum fault {
	NONE,
	TOP_LEFT,       /* causal as if query 0 saw key 0 alone */
	ONE_KEY_LESS,   /* causal without the last key */
	ONE_KEY_MORE,   /* causal with the first hidden key */
	OTHER_KV_HEAD,  /* heads dealt to kv heads in turn */
	OTHER_K_HEAD,   /* of the keys alone */
	OTHER_SEQUENCE, /* keys of sequence 0 */
	NO_RESCALE,     /* sums and total stay when the maximum grows */
	NO_RESCALE_SUMS,
	NO_RESCALE_TOTAL,
	LAST_TILE_LOST,  /* the tile that is not whole */
	LAST_TILE_WHOLE, /* its missing keys count as zeros */
	FIRST_TILE_LOST,
	HALF_A_HEAD,  /* scores of the first half of the elements */
	LAST_ELEMENT, /* scores without the last pair of elements */
	KEYS_SWAPPED, /* two neighbours have each other's values */
	SHORT_SUMS,   /* sums in the type of the inputs */
	SHORT_VALUES, /* values of 11 bits, as in tf32 */
	SHORT_QUERIES,
	NO_SCALE,
	FAULTS
};

/* How a kernel does it: all of these are right. */
struct way {
	size_t tile, splits;
	bool short_weights; /* rounded to the type of the inputs before they meet the values */
	bool scaled;        /* queries are scaled, with log2 e, before the product */
	bool folded;        /* exponent by a multiply-add of the score and the rounded maximum */
	bool by_logarithm;  /* parts are joined by the logarithm of their totals */
	enum fault fault;
};

static float short_of(enum wm_dtype type, float x) {
	uint16_t half;

	if (type == WM_F32)
		return x;
	wm_store_element(type, &half, 0, (double)x);
	return (float)wm_load_element(type, &half, 0);
}

static float bits11(float x) {
	int exponent;
	double fraction = frexp((double)x, &exponent);

	return (float)ldexp(nearbyint(ldexp(fraction, 11)), exponent - 11);
}

/* One query, from its part of the keys. */
struct sums {
	float most, total, *o;
};

struct model {
	const struct wm_set *set;
	const struct way *way;
	struct wm_attention a;
	size_t b, i, h, keys; /* keys: that the query sees, as far as the model believes */
};

static float input(const struct model *m, int tensor, size_t at) {
	float x = (float)wm_load_element(m->a.type, m->set->host[tensor], at);
	bool rounds = (tensor == 0 && m->way->fault == SHORT_QUERIES) || (tensor == 2 && m->way->fault == SHORT_VALUES);

	return rounds ? bits11(x) : x;
}

static size_t head_of(const struct model *m, bool keys) {
	enum fault fault = m->way->fault;

	return fault == OTHER_KV_HEAD || (keys && fault == OTHER_K_HEAD) ? m->h % m->a.kvheads : m->h / m->a.group;
}

/* The score in powers of 2, or before scaling where the exponent is folded. */
static float score_of(const struct model *m, size_t j) {
	size_t d = m->a.d, q = wm_attention_query_at(&m->a, m->b, m->i, m->h);
	size_t k = wm_attention_key_at(&m->a, m->way->fault == OTHER_SEQUENCE ? 0 : m->b, j, head_of(m, true));
	float factor = (float)(1.4426950408889634 / (m->way->fault == NO_SCALE ? 1 : sqrt((double)d))), sum = 0;

	if (m->way->fault == HALF_A_HEAD)
		d /= 2;
	if (m->way->fault == LAST_ELEMENT)
		d -= 2;
	for (size_t c = 0; c < d; c++)
		sum +=
			m->way->scaled ? input(m, 0, q + c) * factor * input(m, 1, k + c) : input(m, 0, q + c) * input(m, 1, k + c);
	return m->way->scaled ? sum : sum * factor;
}

static float weight_of(const struct model *m, float score, float most) {
	/* a multiply-add keeps what the rounded product loses */
	double rest = m->way->folded ? (double)score * 0x1p-25 : 0;

	return exp2f((float)((double)score + rest - (double)most));
}

static float value_of(const struct model *m, size_t j, size_t c) {
	if (m->way->fault == KEYS_SWAPPED)
		j = j / 2 * 2 + !(j % 2) < m->keys ? j / 2 * 2 + !(j % 2) : j;
	return input(m, 2, wm_attention_key_at(&m->a, m->b, j, head_of(m, false)) + c);
}

static void add_tile(const struct model *m, size_t from, size_t to, size_t padding, struct sums *s) {
	enum fault fault = m->way->fault;
	float most = s->most, factor, score[512];

	for (size_t j = from; j < to; j++) {
		score[j - from] = score_of(m, j);
		most = fmaxf(most, score[j - from]);
	}
	if (padding > 0)
		most = fmaxf(most, 0);
	factor = exp2f(s->most - most);
	s->total *= fault == NO_RESCALE || fault == NO_RESCALE_TOTAL ? 1 : factor;
	for (size_t c = 0; c < m->a.d; c++)
		s->o[c] *= fault == NO_RESCALE || fault == NO_RESCALE_SUMS ? 1 : factor;
	s->most = most;
	for (size_t j = from; j < to; j++) {
		float weight = weight_of(m, score[j - from], most);

		s->total += weight;
		if (m->way->short_weights)
			weight = short_of(m->a.type, weight);
		for (size_t c = 0; c < m->a.d; c++) {
			s->o[c] += weight * value_of(m, j, c);
			if (fault == SHORT_SUMS)
				s->o[c] = short_of(m->a.type, s->o[c]);
		}
	}
	if (padding > 0)
		s->total += (float)padding * weight_of(m, 0, most);
}

/* Keys [from, to) tile by tile. */
static void add_keys(const struct model *m, size_t from, size_t to, struct sums *s) {
	size_t tile = m->way->tile;

	s->most = -INFINITY;
	s->total = 0;
	memset(s->o, 0, m->a.d * sizeof(*s->o));
	for (size_t first = from; first < to; first += tile) {
		bool whole = first + tile <= to;

		if ((m->way->fault == LAST_TILE_LOST && !whole) || (m->way->fault == FIRST_TILE_LOST && first == 0))
			continue;
		add_tile(m, first, whole ? first + tile : to,
		         m->way->fault == LAST_TILE_WHOLE && !whole ? first + tile - to : 0, s);
	}
}

static size_t keys_believed(const struct model *m) {
	size_t keys = wm_attention_keys(&m->a, m->i);

	if (!m->a.causal)
		return keys;
	if (m->way->fault == TOP_LEFT)
		return m->i + 1;
	if (m->way->fault == ONE_KEY_MORE && keys < m->a.sk)
		return keys + 1;
	return m->way->fault == ONE_KEY_LESS && keys > 1 ? keys - 1 : keys;
}

/* One query: its parts, joined. */
static void attend(struct model *m, float *o) {
	size_t splits = m->way->splits, d = m->a.d;
	struct sums part[4];
	float most = -INFINITY, total = 0;

	m->keys = keys_believed(m);
	for (size_t p = 0; p < splits; p++) {
		part[p].o = wm_zalloc(d * sizeof(float));
		add_keys(m, m->keys * p / splits, m->keys * (p + 1) / splits, &part[p]);
		if (m->way->by_logarithm) {
			for (size_t c = 0; c < d && part[p].total > 0; c++)
				part[p].o[c] *= 1 / part[p].total;
			part[p].most += log2f(part[p].total);
			part[p].total = part[p].total > 0;
		}
		if (part[p].total > 0)
			most = fmaxf(most, part[p].most);
	}
	memset(o, 0, d * sizeof(*o));
	for (size_t p = 0; p < splits; p++) {
		float factor = part[p].total > 0 ? exp2f(part[p].most - most) : 0;

		total += factor * part[p].total;
		for (size_t c = 0; c < d; c++)
			o[c] += factor * part[p].o[c];
		free(part[p].o);
	}
	for (size_t c = 0; c < d; c++)
		o[c] *= 1 / total;
}

static void run_model(struct wm_set *set, const struct way *way) {
	struct model m = {.set = set, .way = way, .a = wm_attention_shape(&set->p)};
	float *o = wm_zalloc(m.a.d * sizeof(*o));

	for (m.b = 0; m.b < m.a.batch; m.b++)
		for (m.i = 0; m.i < m.a.sq; m.i++)
			for (m.h = 0; m.h < m.a.heads; m.h++) {
				attend(&m, o);
				for (size_t c = 0; c < m.a.d; c++)
					wm_store_element(m.a.type, set->host[3], wm_attention_query_at(&m.a, m.b, m.i, m.h) + c,
					                 (double)o[c]);
			}
	free(o);
}

/* ---- what passes -------------------------------------------------------------------------------- */

static void assert_right(struct wm_set *set, enum wm_data_part part, const char *what) {
	struct wm_check check;

	if (wm_set_verify(set, part, SEED, &check) != WM_OK)
		fail_msg("%s, %s: %s: %s", set->p.str, part == WM_EXACT ? "exact" : "timed", what, wm_why());
	assert_true(check.worst <= 1);
	assert_true(check.compared > 0);
	assert_true(check.method[0] != 0);
}

static void reference_passes(void **state) {
	static const char *const shapes[] = {
		"heads=1,sq=1,d=1",
		"heads=2,sq=3,sk=2,d=2",
		"batch=3,heads=6,kvheads=2,sq=5,sk=17,d=12",
		"heads=3,sq=65,sk=129,d=33,causal=yes",
		"batch=2,heads=8,kvheads=2,sq=1,sk=500,d=64",
		"heads=2,sq=100,d=24,causal=yes,data=normal",
		"heads=2,sq=20,d=2,data=normal",
		"heads=2,sq=20,d=24,causal=yes,data=zeros",
	};

	(void)state;
	for (size_t s = 0; s < sizeof(shapes) / sizeof(*shapes); s++)
		for (int t = 0; t < TYPES; t++)
			for (int part = WM_EXACT; part <= WM_TIMED; part++) {
				struct wm_set set;

				open_type(&set, shapes[s], types[t]);
				wm_set_fill(&set, (enum wm_data_part)part, SEED);
				assert_int_equal(wm_set_run(&set, wm_impl_find("attention", "ref"), 1), WM_OK);
				assert_right(&set, (enum wm_data_part)part, "reference");
				wm_set_close(&set);
			}
}

static void every_right_way_passes(void **state) {
	static const char *const shapes[] = {"batch=2,heads=4,kvheads=2,sq=23,sk=307,d=16,causal=yes",
	                                     "heads=3,sq=11,sk=290,d=7,data=normal",
	                                     "heads=6,kvheads=1,sq=1,sk=400,d=32,data=zeros"};
	static const struct way ways[] = {
		{1, 1, false, false, false, false, NONE}, {16, 1, true, true, false, false, NONE},
		{64, 3, true, false, true, false, NONE},  {256, 1, false, true, true, false, NONE},
		{100, 4, true, false, false, true, NONE}, {7, 2, false, true, false, true, NONE},
	};

	(void)state;
	for (int s = 0; s < 3; s++)
		for (int t = 0; t < TYPES; t++)
			for (size_t w = 0; w < sizeof(ways) / sizeof(*ways); w++)
				for (int part = WM_EXACT; part <= WM_TIMED; part++) {
					struct wm_set set;
					char what[64];

					snprintf(what, sizeof(what), "tiles of %zu, %zu parts", ways[w].tile, ways[w].splits);
					open_type(&set, shapes[s], types[t]);
					wm_set_fill(&set, (enum wm_data_part)part, SEED);
					run_model(&set, &ways[w]);
					assert_right(&set, (enum wm_data_part)part, what);
					wm_set_close(&set);
				}
}

/* ---- what does not ------------------------------------------------------------------------------ */

static void assert_wrong(struct wm_set *set, enum wm_data_part part, const char *what) {
	struct wm_check check;

	if (wm_set_verify(set, part, SEED, &check) != WM_WRONG)
		fail_msg("%s, %s: %s passed", set->p.str, part == WM_EXACT ? "exact" : "timed", what);
}

static void attack(const char *shape, enum fault fault, enum wm_data_part part, int first_type, int last_type) {
	static const struct way ways[] = {{16, 1, false, true, false, false, NONE},
	                                  {24, 2, true, false, true, false, NONE}};

	for (int t = first_type; t <= last_type; t++)
		for (int w = 0; w < 2; w++) {
			struct way way = ways[w];
			struct wm_set set;
			char what[64];

			way.fault = fault;
			snprintf(what, sizeof(what), "fault %d, tiles of %zu", (int)fault, way.tile);
			open_type(&set, shape, types[t]);
			wm_set_fill(&set, part, SEED);
			run_model(&set, &way);
			assert_wrong(&set, part, what);
			wm_set_close(&set);
		}
}

static void faults(void **state) {
	static const char causal[] = "batch=2,heads=6,kvheads=3,sq=37,sk=75,d=16,causal=yes";
	static const char full[] = "batch=2,heads=6,kvheads=3,sq=11,sk=75,d=16";
	static const char decode[] = "batch=2,heads=6,kvheads=3,sq=1,sk=75,d=16,causal=yes";

	(void)state;
	for (int fault = TOP_LEFT; fault <= ONE_KEY_MORE; fault++)
		attack(causal, (enum fault)fault, WM_EXACT, 0, 2);
	for (int fault = OTHER_KV_HEAD; fault <= KEYS_SWAPPED; fault++) {
		attack(causal, (enum fault)fault, WM_EXACT, 0, 2);
		attack(full, (enum fault)fault, WM_EXACT, 0, 2);
		attack(decode, (enum fault)fault, WM_EXACT, 0, 2);
	}
	/* what needs more than zeros and ones to show, and what only f32 can tell */
	attack(full, NO_SCALE, WM_TIMED, 0, 2);
	attack("heads=2,sq=5,sk=400,d=16", SHORT_SUMS, WM_EXACT, 1, 2);
	attack(full, SHORT_VALUES, WM_EXACT, 0, 0);
	attack("heads=2,sq=50,sk=400,d=64", SHORT_QUERIES, WM_TIMED, 0, 0);
	for (int fault = NO_RESCALE; fault <= NO_RESCALE_TOTAL; fault++)
		attack(full, (enum fault)fault, WM_TIMED, 0, 2);
}

/* Causal as long as wide: bottom-right and top-left are one. */
static void square_is_top_left(void **state) {
	static const struct way way = {16, 1, false, true, false, false, TOP_LEFT};
	struct wm_set set;

	(void)state;
	open_type(&set, "heads=3,sq=40,d=8,causal=yes", "f32");
	wm_set_fill(&set, WM_EXACT, SEED);
	run_model(&set, &way);
	assert_right(&set, WM_EXACT, "top left");
	wm_set_close(&set);
}

/* The lowest bit of every element whose query looks at one key; of the others a bit of 1/16 of the value. */
static void every_flip(void **state) {
	(void)state;
	for (int t = 0; t < TYPES; t++) {
		struct wm_set set;

		open_type(&set, "heads=4,kvheads=2,sq=9,sk=23,d=10,causal=yes", types[t]);
		wm_set_fill(&set, WM_EXACT, SEED);
		assert_int_equal(wm_set_run(&set, wm_impl_find("attention", "ref"), 1), WM_OK);
		struct wm_attention a = wm_attention_shape(&set.p);
		for (size_t at = 0; at < set.t[3].count; at++) {
			size_t row = at / a.d;
			double right = wm_load_element(a.type, set.host[3], at);
			int shift =
				wm_attention_aim(&a, SEED, 0, row / a.heads, row % a.heads).count == 1 ? wm_dtype_bits(a.type) - 1 : 4;

			/* a mean of 0 comes out as what its sum lost */
			if (fabs(right) < 1e-3)
				continue;
			wm_store_element(a.type, set.host[3], at, right + ldexp(1, ilogb(right) - shift));
			assert_wrong(&set, WM_EXACT, "one bit");
			wm_store_element(a.type, set.host[3], at, NAN);
			assert_wrong(&set, WM_EXACT, "a NaN");
			wm_store_element(a.type, set.host[3], at, right);
		}
		wm_set_close(&set);
	}
}

/* Poison anywhere, also in rows that the timed part does not compute. */
static void poison(void **state) {
	struct wm_set set;

	(void)state;
	open_type(&set, "heads=64,kvheads=64,sq=64,sk=512,d=64", "bf16");
	for (int i = 0; i < 4; i++)
		memset(set.host[i], 0, set.bytes[i]);
	assert_right(&set, WM_TIMED, "zeros");
	for (size_t at = 0; at < set.t[3].count; at += 40001) {
		wm_store_element(WM_BF16, set.host[3], at, NAN);
		assert_wrong(&set, WM_TIMED, "a NaN");
		wm_store_element(WM_BF16, set.host[3], at, INFINITY);
		assert_wrong(&set, WM_TIMED, "an infinity");
		wm_store_element(WM_BF16, set.host[3], at, 0);
	}
	wm_set_close(&set);
}

/* Large problems are sampled: the first and the last query of every kv head among them. */
static void sampled_rows(void **state) {
	struct wm_set set;
	struct wm_check check;

	(void)state;
	open_type(&set, "batch=2,heads=4,kvheads=2,sq=300,sk=1000,d=64", "bf16");
	for (int i = 0; i < 4; i++)
		memset(set.host[i], 0, set.bytes[i]);
	assert_int_equal(wm_set_verify(&set, WM_TIMED, SEED, &check), WM_OK);
	assert_non_null(strstr(check.method, "random rows"));
	struct wm_attention a = wm_attention_shape(&set.p);
	for (size_t b = 0; b < 2; b++)
		for (size_t i = 0; i < 300; i += 299)
			for (size_t g = 0; g < 2; g++) {
				size_t at[2] = {wm_attention_query_at(&a, b, i, 2 * g) + 63,
				                wm_attention_query_at(&a, b, i, 2 * g + 1) + 63};

				for (int n = 0; n < 2; n++)
					wm_store_element(WM_BF16, set.host[3], at[n], 1e-3);
				assert_wrong(&set, WM_TIMED, "a wrong element of a corner");
				for (int n = 0; n < 2; n++)
					wm_store_element(WM_BF16, set.host[3], at[n], 0);
			}
	wm_set_close(&set);
}

static void messages(void **state) {
	static const struct way way = {16, 1, false, true, false, false, NONE};
	struct wm_set set;
	struct wm_check check;
	size_t at = ((1 * 5 + 3) * 4 + 2) * 8 + 6; /* b 1, i 3, h 2: kind 6 % 5 wants the last key */
	double right;
	char want[128];

	(void)state;
	open_type(&set, "batch=2,heads=4,sq=5,sk=9,d=8", "f32");
	wm_set_fill(&set, WM_EXACT, SEED);
	run_model(&set, &way);
	right = wm_load_element(WM_F32, set.host[3], at);
	assert_true(right == wm_load_element(WM_F32, set.host[2], ((1 * 9 + 8) * 4 + 2) * 8 + 6));
	wm_store_element(WM_F32, set.host[3], at, right + 1);
	assert_int_equal(wm_set_verify(&set, WM_EXACT, SEED, &check), WM_WRONG);
	snprintf(want, sizeof(want), "o[1,3,2,6] is %.17g, expected %.17g", right + 1, right);
	assert_string_equal(wm_why(), want);
	wm_set_close(&set);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_by_hand),
		cmocka_unit_test(tensors),
		cmocka_unit_test(refused),
		cmocka_unit_test(by_hand),
		cmocka_unit_test(reference),
		cmocka_unit_test(exact_inputs),
		cmocka_unit_test(exact_values),
		cmocka_unit_test(reference_passes),
		cmocka_unit_test(every_right_way_passes),
		cmocka_unit_test(faults),
		cmocka_unit_test(square_is_top_left),
		cmocka_unit_test(every_flip),
		cmocka_unit_test(poison),
		cmocka_unit_test(sampled_rows),
		cmocka_unit_test(messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
