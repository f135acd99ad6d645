/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attention.c - o = softmax(q k^T / sqrt(d)) v, forward: shapes, work and inputs. How a result is verified:
 * attention_verify.c.
 */
#include "attention.h"
#include "arrays.h"

#include <string.h>

/* sk ends where sums of the exact part would leave the integers that f32 holds. */
enum { MOST_KEYS = 1 << 24 };

static const struct wm_axis axes[] = {
	{"batch", "1", NULL, 1, 1 << 24, "independent sequences", false},
	{"heads", "16", NULL, 1, 1 << 16, "query heads", false},
	{"kvheads", "@heads", NULL, 1, 1 << 16, "heads of k and v; each serves heads / kvheads query heads", false},
	{"sq", "1024", NULL, 1, MOST_KEYS, "queries a sequence; 1 is a decode step", false},
	{"sk", "@sq", NULL, 1, MOST_KEYS, "keys a sequence", false},
	{"d", "128", NULL, 1, 1024, "elements of a head", false},
	{"causal", "no", "no yes", 0, 0, "yes: query i sees the keys up to i + sk - sq alone", false},
	{"dtype", "f32", "f32 f16 bf16", 0, 0, "type of q, k, v and the output; sums are in f32", false},
	{0},
};

struct wm_attention wm_attention_shape(const struct wm_problem *p) {
	struct wm_attention a = {
		.type = wm_get_dtype(p),
		.batch = (size_t)wm_get(p, "batch"),
		.heads = (size_t)wm_get(p, "heads"),
		.kvheads = (size_t)wm_get(p, "kvheads"),
		.sq = (size_t)wm_get(p, "sq"),
		.sk = (size_t)wm_get(p, "sk"),
		.d = (size_t)wm_get(p, "d"),
		.causal = wm_get(p, "causal") != 0,
	};

	a.group = a.heads / a.kvheads;
	return a;
}

size_t wm_attention_keys(const struct wm_attention *a, size_t i) {
	return a->causal ? i + 1 + a->sk - a->sq : a->sk;
}

size_t wm_attention_query_at(const struct wm_attention *a, size_t b, size_t i, size_t h) {
	return ((b * a->sq + i) * a->heads + h) * a->d;
}

size_t wm_attention_key_at(const struct wm_attention *a, size_t b, size_t j, size_t g) {
	return ((b * a->sk + j) * a->kvheads + g) * a->d;
}

/* One tensor of batch x length x heads x d. WM_INPUT when its bytes are more than a size_t counts. */
static enum wm_status tensor(const char *name, const struct wm_attention *a, size_t length, size_t heads, bool output,
                             struct wm_tensor *t) {
	size_t count, bytes;

	if (__builtin_mul_overflow(a->batch * length, heads * a->d, &count) ||
	    __builtin_mul_overflow(count, wm_dtype_bytes(a->type), &bytes))
		return wm_fail(WM_INPUT, "tensor %s of %zu x %zu x %zu x %zu %s has more bytes than 64 bits can count", name,
		               a->batch, length, heads, a->d, wm_dtype_word(a->type));
	*t = (struct wm_tensor){name, a->type, count, output};
	return WM_OK;
}

static enum wm_status tensors(const struct wm_problem *p, struct wm_tensor *t, int *n_p) {
	struct wm_attention a = wm_attention_shape(p);
	enum wm_status st = tensor("q", &a, a.sq, a.heads, false, &t[0]);

	if (st == WM_OK)
		st = tensor("k", &a, a.sk, a.kvheads, false, &t[1]);
	if (st == WM_OK)
		st = tensor("v", &a, a.sk, a.kvheads, false, &t[2]);
	if (st == WM_OK)
		st = tensor("o", &a, a.sq, a.heads, true, &t[3]);
	if (st == WM_OK)
		*n_p = 4;
	return st;
}

static enum wm_status accept(const struct wm_problem *p) {
	struct wm_attention a = wm_attention_shape(p);
	struct wm_tensor t[WM_MAX_TENSORS];
	int n;

	if (a.heads % a.kvheads != 0)
		return wm_fail(WM_UNSUPPORTED, "heads=%zu is no multiple of kvheads=%zu", a.heads, a.kvheads);
	if (a.causal && a.sk < a.sq)
		return wm_fail(WM_UNSUPPORTED, "causal=yes with sq=%zu and sk=%zu: query 0 would see no key", a.sq, a.sk);
	return tensors(p, t, &n);
}

/* Pairs of a query and a key that it sees, of one head. */
static double pairs_seen(const struct wm_attention *a) {
	double sq = (double)a->sq, sk = (double)a->sk;

	return a->causal ? sq * (sk - sq) + sq * (sq + 1) / 2 : sq * sk;
}

static void work(const struct wm_problem *p, struct wm_work *work_p) {
	struct wm_attention a = wm_attention_shape(p);
	double queries = (double)a.sq * (double)a.heads, keys = (double)a.sk * (double)a.kvheads;

	*work_p = (struct wm_work){
		.flop = 4 * (double)a.batch * (double)a.heads * (double)a.d * pairs_seen(&a),
		.bytes = (double)a.batch * (double)a.d * (2 * queries + 2 * keys) * (double)wm_dtype_bytes(a.type),
	};
}

/* ---- inputs of the exact part ------------------------------------------------------------------- */

/*
 * A key carries its number in binary, a pair of elements for each bit: KEY_UNIT stands in the one or the other. A
 * query holds 0 against the bits of the key that it wants and -QUERY_UNIT or less against others, so that the wanted
 * key's score is a sum of zeros, and any other's at most -QUERY_UNIT KEY_UNIT / sqrt(d) <= -128: a weight of e^-128,
 * which is 0 in f32. bench/README.md says why.
 */
enum { KEY_UNIT = 64, QUERY_UNIT = 64, TILE = 16 };

/* Bits that it takes to write the numbers below n. */
static int bits_below(size_t n) {
	return n > 1 ? 64 - __builtin_clzll((unsigned long long)n - 1) : 0;
}

/* Bits of a key's number that its d elements have room for: its low ones, if not all. */
static int code_bits(const struct wm_attention *a) {
	int bits = bits_below(a->sk);

	return (size_t)bits < a->d / 2 ? bits : (int)(a->d / 2);
}

/* What the numbers of a kv head's keys are flipped by, so that another head's keys are told apart. */
static size_t head_mask(const struct wm_attention *a, size_t b, size_t g) {
	return ((b * a->kvheads + g) * 0x9E3779B1) & (((size_t)1 << code_bits(a)) - 1);
}

/* The kinds of queries; five in turn, so that neither heads nor tiles of even size always meet the same. */
enum kind { MEAN, LAST, BORDER, LAST_TOO, ANY, KINDS };

static enum kind kind_of(size_t b, size_t i, size_t h) {
	return (enum kind)((b + i + h) % KINDS);
}

/* The key that a query of that kind wants, of the keys that it sees. */
static size_t wanted(enum kind kind, size_t keys, const uint32_t word[2]) {
	size_t at;

	if (kind == LAST || kind == LAST_TOO)
		return keys - 1;
	if (kind == ANY)
		return word[0] % keys;
	at = word[0] % (keys / TILE + 1) * TILE;
	if (at > 0 && (word[1] & 1 || at == keys))
		at--;
	return at;
}

static void aim_words(const struct wm_attention *a, uint64_t seed, size_t b, size_t i, size_t h, uint32_t word[2]) {
	wm_random(seed, WM_STREAM_EXACT, 2 * ((b * a->sq + i) * a->heads + h), 2, word);
}

struct wm_attention_aim wm_attention_aim(const struct wm_attention *a, uint64_t seed, size_t b, size_t i, size_t h) {
	size_t keys = wm_attention_keys(a, i), step = (size_t)1 << code_bits(a), first;
	uint32_t word[2];

	if (kind_of(b, i, h) == MEAN)
		return (struct wm_attention_aim){0, 1, keys};
	aim_words(a, seed, b, i, h, word);
	first = wanted(kind_of(b, i, h), keys, word) % step;
	return (struct wm_attention_aim){first, step, (keys - first - 1) / step + 1};
}

bool wm_attention_sums_exact(const struct wm_attention *a, size_t c) {
	return c % 2 == 0 || wm_dtype_bits(a->type) + bits_below(a->sk) <= 24;
}

/* Significand bits of component c of the values: so many that no sum of them leaves 2^24, or all of the type's. */
static int value_bits(const struct wm_attention *a, size_t c) {
	int room = 24 - bits_below(a->sk);

	if (wm_attention_sums_exact(a, c) && room < wm_dtype_bits(a->type))
		return room > 1 ? room : 1;
	return wm_dtype_bits(a->type);
}

/*
 * What a query has against keys with another bit than the one that it wants, in QUERY_UNITs. Where it draws, it wants
 * the last key that it sees, keys - 1, and the one that follows, which it must not see, has a score above 0. The
 * numbers of these two differ in the last 1 of keys and all bits behind it: that 1 draws with more than the bits
 * behind it are against, and any bit before it is against with more again.
 */
static int penalty(size_t keys, bool draw, int bit) {
	int last = __builtin_ctzll((unsigned long long)keys);

	if (!draw || bit < last)
		return 1;
	return bit == last ? -(last + 1) : last + 2;
}

static void fill_query(const struct wm_attention *a, uint64_t seed, size_t b, size_t i, size_t h, void *q) {
	size_t keys = wm_attention_keys(a, i), pairs = a->d / 2, at = wm_attention_query_at(a, b, i, h), key, code;
	enum kind kind = kind_of(b, i, h);
	int bits = code_bits(a);
	uint32_t word[2];
	bool draw;

	if (kind == MEAN)
		return;
	aim_words(a, seed, b, i, h, word);
	key = wanted(kind, keys, word);
	code = key ^ head_mask(a, b, h / a->group);
	draw = key + 1 == keys && keys < a->sk && keys >> bits == 0;
	for (int t = 0; t < bits; t++) {
		size_t copies = (pairs - (size_t)t - 1) / (size_t)bits + 1;
		size_t pair = (size_t)t + (size_t)bits * ((word[1] / 2 + (size_t)t) % copies);

		wm_store_element(a->type, q, at + 2 * pair + !(code >> t & 1), -QUERY_UNIT * penalty(keys, draw, t));
	}
}

static void fill_queries(const struct wm_attention *a, uint64_t seed, void *q) {
	for (size_t b = 0; b < a->batch; b++)
		for (size_t i = 0; i < a->sq; i++)
			for (size_t h = 0; h < a->heads; h++)
				fill_query(a, seed, b, i, h, q);
}

/* Every bit has as many pairs as there is room for; a query uses one of them. */
static void fill_keys(const struct wm_attention *a, void *k) {
	int bits = code_bits(a);

	for (size_t b = 0; b < a->batch && bits; b++)
		for (size_t j = 0; j < a->sk; j++)
			for (size_t g = 0; g < a->kvheads; g++) {
				size_t at = wm_attention_key_at(a, b, j, g), code = j ^ head_mask(a, b, g);

				for (size_t pair = 0; pair < a->d / 2; pair++)
					wm_store_element(a->type, k, at + 2 * pair + (code >> pair % (size_t)bits & 1), KEY_UNIT);
			}
}

static void fill_values(const struct wm_attention *a, uint64_t seed, void *v) {
	size_t count = a->batch * a->sk * a->kvheads * a->d;
	int bits[2] = {value_bits(a, 0), value_bits(a, 1)};
	uint32_t word[WM_CHUNK];

	for (size_t first = 0; first < count; first += WM_CHUNK) {
		size_t n = count - first < WM_CHUNK ? count - first : WM_CHUNK;

		wm_random(seed, WM_STREAM_EXACT + 2, first, n, word);
		for (size_t i = 0; i < n; i++)
			wm_store_element(a->type, v, first + i, wm_odd_integer(word[i], bits[(first + i) % a->d % 2]));
	}
}

static void fill(const struct wm_problem *p, int i, enum wm_data_part part, uint64_t seed, void *host) {
	struct wm_attention a = wm_attention_shape(p);
	size_t count = a.batch * a.d * (i == 0 ? a.sq * a.heads : a.sk * a.kvheads);

	if (part == WM_TIMED) {
		wm_fill_timed(p, a.type, seed, (uint64_t)i, count, host);
		return;
	}
	memset(host, 0, count * wm_dtype_bytes(a.type));
	if (i == 0)
		fill_queries(&a, seed, host);
	else if (i == 1)
		fill_keys(&a, host);
	else
		fill_values(&a, seed, host);
}

const struct wm_bench wm_bench_attention = {
	.name = "attention",
	.about = "o = softmax(q k^T / sqrt(d)) v, forward",
	.metric = "flop/s",
	.axes = axes,
	.accept = accept,
	.tensors = tensors,
	.work = work,
	.fill = fill,
	.verify = wm_attention_verify,
};
