/* SPDX-License-Identifier: Apache-2.0 */
/* arrays.c - what the benchmarks share: axes of arrays, exact inputs, and comparing long arrays. */
#include "arrays.h"

#include <math.h>

/* 256 GiB a side keeps every sum of `read` exact: see bench/README.md. */
const struct wm_axis wm_array_axes[] = {
	{"bytes", "256M", NULL, 4, 256L << 30, "size of one array in bytes", false},
	{"dtype", "f32", "f64 f32", 0, 0, "type of the elements", false},
	{0},
};

enum wm_status wm_array_accept(const struct wm_problem *p) {
	size_t element = wm_dtype_bytes(wm_get_dtype(p));
	long bytes = wm_get(p, "bytes");

	if ((size_t)bytes % element != 0)
		return wm_fail(WM_INPUT, "bytes=%ld is no multiple of %zu, the size of an element of %s", bytes, element,
		               wm_get_word(p, "dtype"));
	return WM_OK;
}

size_t wm_array_count(const struct wm_problem *p) {
	return (size_t)wm_get(p, "bytes") / wm_dtype_bytes(wm_get_dtype(p));
}

void wm_load_run(enum wm_dtype t, const void *array, size_t first, size_t stride, size_t n, double *out) {
	/* The two types that fill most memory get a loop that compilers can make fast. */
	if ((t == WM_F32 || t == WM_TF32) && stride == 1)
		for (size_t i = 0; i < n; i++)
			out[i] = (double)((const float *)array)[first + i];
	else if (t == WM_F64 && stride == 1)
		for (size_t i = 0; i < n; i++)
			out[i] = ((const double *)array)[first + i];
	else
		for (size_t i = 0; i < n; i++)
			out[i] = wm_load_element(t, array, first + i * stride);
}

enum wm_dtype wm_sum_type(enum wm_dtype in) {
	if (wm_dtype_bits(in) == 0)
		return WM_I32;
	return in == WM_F64 ? WM_F64 : WM_F32;
}

int wm_sum_bits(enum wm_dtype in) {
	if (in == WM_E4M3 || in == WM_E5M2)
		return 14;
	return wm_sum_type(in) == WM_I32 ? 31 : wm_dtype_bits(wm_sum_type(in));
}

double wm_odd_integer(uint32_t word, int bits) {
	/* The product spreads 32 random bits over 64; its top bits depend on all of them. */
	uint64_t spread = ((uint64_t)word + 1) * UINT64_C(0x9E3779B97F4A7C15);
	int64_t magnitude = (int64_t)(spread >> (64 - bits) | UINT64_C(1) << (bits - 1) | 1);

	return (double)(word & 1 ? -magnitude : magnitude);
}

void wm_fill_odd_integers(enum wm_dtype t, int bits, uint64_t seed, uint64_t stream, size_t n, void *out) {
	uint32_t word[WM_CHUNK];

	for (size_t first = 0; first < n; first += WM_CHUNK) {
		size_t part = n - first < WM_CHUNK ? n - first : WM_CHUNK;

		wm_random(seed, stream, first, part, word);
		if (t == WM_F32)
			for (size_t i = 0; i < part; i++)
				((float *)out)[first + i] = (float)wm_odd_integer(word[i], bits);
		else
			for (size_t i = 0; i < part; i++)
				wm_store_element(t, out, first + i, wm_odd_integer(word[i], bits));
	}
}

enum wm_status wm_compare_run(const char *name, size_t first, size_t n, const double *got, const double *want,
                              const double *bound, struct wm_check *check) {
	for (size_t i = 0; i < n; i++) {
		double allowed = bound ? bound[i] : 0, error = fabs(got[i] - want[i]);

		if (!(error <= allowed) && bound)
			return wm_fail(WM_WRONG, "%s[%zu] is %.17g, expected %.17g within %.3g", name, first + i, got[i], want[i],
			               allowed);
		if (!(error <= allowed))
			return wm_fail(WM_WRONG, "%s[%zu] is %.17g, expected %.17g", name, first + i, got[i], want[i]);
		if (error > check->worst * allowed)
			check->worst = error / allowed;
	}
	check->compared += n;
	return WM_OK;
}
