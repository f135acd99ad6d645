/* SPDX-License-Identifier: Apache-2.0 */
/* random.c - numbers that are the same on every machine: Philox, the timed inputs made from it, and a
 * checksum. */
#include "philox.h"
#include "wm.h"

#include <math.h>
#include <string.h>

void wm_philox(uint32_t c[4][WM_PHILOX_LANES], uint32_t key0, uint32_t key1) {
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < WM_PHILOX_LANES; i++) {
			uint64_t p0 = (uint64_t)c[0][i] * 0xD2511F53, p1 = (uint64_t)c[2][i] * 0xCD9E8D57;

			c[0][i] = (uint32_t)(p1 >> 32) ^ c[1][i] ^ key0;
			c[1][i] = (uint32_t)p1;
			c[2][i] = (uint32_t)(p0 >> 32) ^ c[3][i] ^ key1;
			c[3][i] = (uint32_t)p0;
		}
		key0 += 0x9E3779B9;
		key1 += 0xBB67AE85;
	}
}

enum { RUN = 4 * WM_PHILOX_LANES }; /* words of one call of wm_philox */

/* The RUN words from index 4 * block on. */
static void random_run(uint64_t seed, uint64_t stream, uint64_t block, uint32_t out[RUN]) {
	uint32_t c[4][WM_PHILOX_LANES];

	for (int i = 0; i < WM_PHILOX_LANES; i++) {
		c[0][i] = (uint32_t)(block + (uint64_t)i);
		c[1][i] = (uint32_t)((block + (uint64_t)i) >> 32);
		c[2][i] = (uint32_t)stream;
		c[3][i] = (uint32_t)(stream >> 32);
	}
	wm_philox(c, (uint32_t)seed, (uint32_t)(seed >> 32));
	for (int i = 0; i < RUN; i++)
		out[i] = c[i % 4][i / 4];
}

/* Word i is word i % 4 of the block whose counter is (i / 4, stream) and whose key is the seed, low words
 * first. */
void wm_random(uint64_t seed, uint64_t stream, uint64_t first, size_t n, uint32_t *out) {
	uint64_t block = first / 4;
	size_t skip = first % 4;

	while (n > 0) {
		uint32_t word[RUN];
		size_t take = RUN - skip < n ? RUN - skip : n;

		random_run(seed, stream, block, word);
		memcpy(out, word + skip, take * sizeof(*out));
		out += take;
		n -= take;
		block += WM_PHILOX_LANES;
		skip = 0;
	}
}

/*
 * Eight lanes, each over every eighth word. A step is a bijection of the lane for a given word and of the
 * word for a given lane, so that no change of one word can be lost; the rotation brings the top bits, which a
 * product moves nowhere, back into play. Eight lanes hide the latency of the product.
 */
enum { LANES = 8 };
static const uint64_t checksum_factor = UINT64_C(0x9E3779B97F4A7C15); /* 2^64 / golden ratio, odd */

static uint64_t mix(uint64_t lane, uint64_t word) {
	uint64_t x = (lane ^ word) * checksum_factor;

	return x << 29 | x >> 35;
}

uint64_t wm_checksum(const void *data, size_t bytes) {
	const unsigned char *at = data;
	uint64_t lane[LANES], word[LANES], sum = bytes;

	for (int i = 0; i < LANES; i++)
		lane[i] = (uint64_t)i + 1;
	for (; bytes >= sizeof(word); bytes -= sizeof(word), at += sizeof(word)) {
		memcpy(word, at, sizeof(word));
		for (int i = 0; i < LANES; i++)
			lane[i] = mix(lane[i], word[i]);
	}
	memset(word, 0, sizeof(word));
	memcpy(word, at, bytes);
	for (int i = 0; i < LANES; i++)
		sum = mix(sum, mix(lane[i], word[i]));
	return sum ^ sum >> 32;
}

/* ---- timed inputs ------------------------------------------------------------------------------- */

enum {
	CHUNK = 1024,    /* values made at a time */
	NORMAL_WORDS = 6 /* words a normal value takes: 12 halves */
};

/* Uniform on the multiples of 2^-24 in [-1, 1). */
static double uniform(uint32_t word) {
	return ((double)(word >> 7) - 0x1p24) * 0x1p-24;
}

/* The modulus 255 divides 2^32 - 1: every value has the same weight but one, which has 1 in 2^32 more. */
static double uniform_i8(uint32_t word) {
	return (double)(word % 255) - 127;
}

/* Twelve uniform 16-bit integers have variance 2^32 - 1: their sum about its mean, over 2^16, is close to
 * normal with variance 1, an exact multiple of 2^-16, and below 6. */
static double normal(const uint32_t *word) {
	int32_t sum = -6 * 65535;

	for (int i = 0; i < NORMAL_WORDS; i++)
		sum += (int32_t)((word[i] & 0xffff) + (word[i] >> 16));
	return sum * 0x1p-16;
}

/* Integers are drawn on their own. */
static void make_uniform(bool integers, uint64_t seed, uint64_t stream, size_t first, size_t n, double *value) {
	uint32_t word[CHUNK];

	wm_random(seed, stream, first, n, word);
	for (size_t i = 0; i < n; i++)
		value[i] = integers ? uniform_i8(word[i]) : uniform(word[i]);
}

/* Integers take 21 times the value, to the nearest, which stays within [-126, 126]. */
static void make_normal(bool integers, uint64_t seed, uint64_t stream, size_t first, size_t n, double *value) {
	uint32_t word[CHUNK * NORMAL_WORDS] = {0};

	wm_random(seed, stream, first * NORMAL_WORDS, n * NORMAL_WORDS, word);
	for (size_t i = 0; i < n; i++) {
		double x = normal(word + i * NORMAL_WORDS);

		value[i] = integers ? nearbyint(21 * x) : x;
	}
}

/* No value is a negative zero, so the plain conversions may stand for the two types that fill most memory. */
static void store(enum wm_dtype t, void *out, size_t first, size_t n, const double *value) {
	if (t == WM_F64)
		memcpy((double *)out + first, value, n * sizeof(*value));
	else if (t == WM_F32)
		for (size_t i = 0; i < n; i++)
			((float *)out)[first + i] = (float)value[i];
	else
		for (size_t i = 0; i < n; i++)
			wm_store_element(t, out, first + i, value[i]);
}

void wm_fill_timed(const struct wm_problem *p, enum wm_dtype t, uint64_t seed, uint64_t stream, size_t n, void *out) {
	enum wm_data data = (enum wm_data)wm_get(p, "data");
	bool integers = wm_dtype_bits(t) == 0;

	if (data == WM_ZEROS) {
		memset(out, 0, n * wm_dtype_bytes(t));
		return;
	}
	for (size_t first = 0; first < n; first += CHUNK) {
		size_t part = n - first < CHUNK ? n - first : CHUNK;
		double value[CHUNK];

		if (data == WM_NORMAL)
			make_normal(integers, seed, stream, first, part, value);
		else
			make_uniform(integers, seed, stream, first, part, value);
		store(t, out, first, part, value);
	}
}
