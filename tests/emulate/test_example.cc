/* SPDX-License-Identifier: Apache-2.0 */
/* test_example.cc - example.k against plain loops: sizes on and beside the edges of its tiles. */
#include "emulate.h"
#include "tap.h"

#include <vector>

namespace text {
#include "example.k"
}

/* A dense matrix of bf16 whose lines begin at multiples of 16 bytes, behind and between guards. */
struct matrix {
	int rows, columns, pitch;
	std::vector<uint16_t> at;

	matrix(int rows, int columns)
		: rows(rows), columns(columns), pitch((columns + 7) / 8 * 8), at((size_t)(rows * pitch + 8), 0x7fff) {
	}
	uint16_t *base() { /* aligned to 16 bytes */
		return (uint16_t *)(((uintptr_t)at.data() + 15) / 16 * 16);
	}
	uint16_t &operator()(int row, int column) {
		return base()[row * pitch + column];
	}
	wm_tensor_map map() {
		wm_tensor_map m;
		uint64_t size[] = {(uint64_t)columns, (uint64_t)rows}, stride[] = {2 * (uint64_t)pitch};
		uint32_t box[] = {64, 64}, dense[] = {1, 1};
		if (wm_emulated_encode(&m, 9, 2, base(), size, stride, box, dense, 0, 3, 2, 0))
			abort();
		return m;
	}
};

static void try_size(int m, int n, int k, unsigned seed) {
	matrix a(m, k), b(n, k), c(m, n);
	char name[128];
	for (int i = 0; i < m; i++)
		for (int j = 0; j < k; j++)
			a(i, j) = wm_bf16_of_f32((float)((i * 7 + j * 3) % 11 - 5));
	for (int i = 0; i < n; i++)
		for (int j = 0; j < k; j++)
			b(i, j) = wm_bf16_of_f32((float)((i * 5 + j * 2) % 9 - 4));

	wm_emulated_launch launch = {{(unsigned)(n + 63) / 64, (unsigned)(m + 63) / 64, 1}, 256, 1, text::FULL + 32, seed};
	const char *error = wm_emulate(launch, text::example, a.map(), b.map(), c.map(), (k + 63) / 64);

	snprintf(name, sizeof(name), "%d x %d x %d, seed %u", m, n, k, seed);
	for (int i = 0; !error && i < m; i++)
		for (int j = 0; j < c.pitch; j++) {
			float sum = 0;
			for (int l = 0; j < n && l < k; l++)
				sum += wm_f32_of_bf16(a(i, l)) * wm_f32_of_bf16(b(j, l));
			if (c(i, j) != (j < n ? wm_bf16_of_f32(sum) : 0x7fff)) {
				error = "an element is wrong";
				break;
			}
		}
	tap(!error, name, error);
}

int main() {
	try_size(64, 64, 64, 0);
	for (unsigned seed = 1; seed < 4; seed++)
		try_size(100, 72, 200, seed);
	return tap_end();
}
