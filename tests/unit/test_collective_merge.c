/* SPDX-License-Identifier: Apache-2.0 */
/* test_collective_merge.c - the loops of the collectives: every instruction set gives what plain C gives, to the bit.
 */
#include "../../kernels/cpu/merge.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* More sources than any loop takes at once; lengths around vectors and blocks; room for guards. */
enum { SOURCES = 7, TARGETS = 3, MOST = 5000, GUARD = 64, ROOM = GUARD + 4 * MOST + GUARD };
static const size_t lengths[] = {0, 1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1023, 1024, 1025, 2049, 4096, 4097, MOST};

static char source[SOURCES][ROOM], target[TARGETS][ROOM], want[4 * MOST];

static wm_merge_fn *function(const struct wm_merge *table, enum wm_dtype t) {
	return t == WM_F32 ? table->f32 : t == WM_BF16 ? table->bf16 : table->i8;
}

/* Any bits: NaN, infinities, subnormals and zeros of both signs among them. */
static void fill(void) {
	uint32_t word[ROOM / 4];

	for (int s = 0; s < SOURCES; s++) {
		wm_random(9, (uint64_t)s, 0, ROOM / 4, word);
		memcpy(source[s], word, ROOM);
	}
}

/* The definition: in the order of the sources, bf16 in f32, i8 modulo 256. */
static void expect(enum wm_dtype t, const void *const *src, int nsrc, size_t n) {
	for (size_t i = 0; i < n; i++) {
		float sum = 0;
		uint8_t byte = 0;

		for (int s = 0; s < nsrc; s++)
			if (t == WM_I8)
				byte = (uint8_t)(byte + ((const uint8_t *)src[s])[i]);
			else
				sum += (float)wm_load_element(t, src[s], i);
		if (t == WM_I8)
			want[i] = (char)byte;
		else if (t == WM_BF16)
			((uint16_t *)want)[i] = wm_bf16_from_f32(sum);
		else
			memcpy(want + 4 * i, &sum, sizeof(sum));
	}
	if (nsrc == 1)
		memcpy(want, src[0], n * wm_dtype_bytes(t));
}

/* NaN are equal to each other; zeros of either sign too. */
static bool same(enum wm_dtype t, const void *got, size_t i) {
	double x = wm_load_element(t, got, i), y = wm_load_element(t, want, i);

	return x == y || (isnan(x) && isnan(y));
}

static void check(const struct wm_merge *table, enum wm_dtype t, int nsrc, int ndst, size_t n, size_t shift,
                  bool stream) {
	size_t element = wm_dtype_bytes(t), bytes = n * element;
	const void *src[SOURCES];
	void *dst[TARGETS];

	/* shifted by different numbers of elements */
	for (int s = 0; s < nsrc; s++)
		src[s] = source[s] + (size_t)(s + 1) * shift * element;
	for (int d = 0; d < ndst; d++) {
		dst[d] = target[d] + GUARD + (size_t)d * shift * element;
		memset(target[d], 0x5a, ROOM);
	}
	expect(t, src, nsrc, n);
	function(table, t)(dst, ndst, src, nsrc, n, stream);
	for (int d = 0; d < ndst; d++) {
		const char *at = dst[d];

		for (size_t i = 0; i < n; i++)
			if (!same(t, at, i))
				fail_msg("%s, %s: %d sources, target %d of %d, element %zu of %zu, shift %zu: %g instead of %g",
				         table->name, wm_dtype_word(t), nsrc, d, ndst, i, n, shift, wm_load_element(t, at, i),
				         wm_load_element(t, want, i));
		for (const char *c = target[d]; c < target[d] + ROOM; c++)
			if ((c < at || c >= at + bytes) && *c != 0x5a)
				fail_msg("%s, %s: wrote %td bytes from target %d", table->name, wm_dtype_word(t), c - at, d);
	}
}

static void check_table(const struct wm_merge *table) {
	static const enum wm_dtype types[] = {WM_F32, WM_BF16, WM_I8};

	if (!table)
		return;
	print_message("%s\n", table->name);
	for (int t = 0; t < 3; t++)
		for (int nsrc = 1; nsrc <= SOURCES; nsrc++)
			for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++)
				for (int way = 0; way < 4; way++)
					check(table, types[t], nsrc, 1 + (nsrc + (int)l) % TARGETS, lengths[l], way & 1 ? 1 : 0, way & 2);
}

static void tables(void **state) {
	(void)state;
	fill();
	assert_non_null(wm_merge_base());
	check_table(wm_merge_base());
	check_table(wm_merge_avx2());
	check_table(wm_merge_avx512());
}

/* The ties and the ends of the range, two at a time and more: each stands in a vector and in a rest. */
static void rounds_bf16_once(void **state) {
	static const struct {
		double a, b, c;
		uint16_t sum;
	} rows[] = {
		{1, 0x1p-8, 0, 0x3f80},          /* half of the last place: to even, down */
		{1, 0x1p-7 + 0x1p-8, 0, 0x3f82}, /* .. and up */
		{1, 0x1p-8, 0x1p-8, 0x3f81},     /* rounded once: twice would give 1 */
		{-1, -0x1p-8, 0, 0xbf80},
		{0x1.fep127, 0x1p119, 0, 0x7f80}, /* the largest and half of its last place: infinity */
		{0x1p-133, 0x1p-133, 0, 0x0002},  /* the smallest */
		{INFINITY, -INFINITY, 0, 0x7fc0},
		{INFINITY, 1, 0, 0x7f80},
	};
	const struct wm_merge *all[] = {wm_merge_base(), wm_merge_avx2(), wm_merge_avx512()};

	(void)state;
	for (int k = 0; k < 3; k++)
		for (size_t r = 0; all[k] && r < sizeof(rows) / sizeof(rows[0]); r++)
			for (int nsrc = rows[r].c != 0 ? 3 : 2; nsrc <= 3; nsrc++) {
				uint16_t term[3][70], sum[70];
				const void *src[] = {term[0], term[1], term[2]};
				void *dst[] = {sum};

				for (size_t i = 0; i < 70; i++) {
					wm_store_element(WM_BF16, term[0], i, rows[r].a);
					wm_store_element(WM_BF16, term[1], i, rows[r].b);
					wm_store_element(WM_BF16, term[2], i, rows[r].c);
				}
				all[k]->bf16(dst, 1, src, nsrc, 70, false);
				for (size_t i = 0; i < 70; i++)
					if ((sum[i] & 0x7fff) != (rows[r].sum & 0x7fff) &&
					    !(isnan(wm_bf16_to_f32(sum[i])) && rows[r].sum == 0x7fc0))
						fail_msg("%s: row %zu, %d sources, element %zu: %04x instead of %04x", all[k]->name, r, nsrc, i,
						         (unsigned)sum[i], (unsigned)rows[r].sum);
			}
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(tables), cmocka_unit_test(rounds_bf16_once)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
