/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_matrix.cc - matrix instructions against plain loops. Operands come to wgmma by TMA in every swizzle, and by
 * the exact layouts that PTX ISA 9.7.15.5.1.2.1.3 gives as examples; to mma by ldmatrix from plain rows.
 */
#include "emulate.h"
#include "tap.h"

#include <cstring>
#include <vector>

enum { M = 64, N = 64 };

/* Small integers, exact in all types. */
static int left_of(int row, int k) {
	return (row * 7 + k * 3) % 11 - 5;
}
static int right_of(int column, int k) {
	return (column * 5 + k * 2) % 9 - 4;
}
static double expected(int row, int column, int k) {
	double sum = 0;
	for (int i = 0; i < k; i++)
		sum += left_of(row, i) * right_of(column, i);
	return sum;
}

/* One of the integers above as each type has it. */
static void put(unsigned char *p, const char *type, int x) {
	uint16_t h;
	float f = (float)x;
	if (!strcmp(type, "bf16") || !strcmp(type, "f16")) {
		h = type[0] == 'b' ? wm_bf16_of_f32(f) : wm_emulated_f16(f);
		memcpy(p, &h, 2);
	} else if (!strcmp(type, "tf32")) {
		memcpy(p, &f, 4);
	} else if (!strcmp(type, "s8")) {
		*p = (unsigned char)x;
	} else {
		*p = (unsigned char)(!strcmp(type, "e4m3") ? wm_pack_e4m3(f, 0) : wm_pack_e5m2(f, 0));
	}
}
static int bytes_of(const char *type) {
	return strstr(type, "16") ? 2 : !strcmp(type, "tf32") ? 4 : 1;
}

static void compare(const char *name, const char *error, const std::vector<float> &d, int rows, int columns, int k) {
	char why[128] = "";
	for (int i = 0; !error && i < rows * columns; i++)
		if (d[(size_t)i] != (float)expected(i / columns, i % columns, k)) {
			snprintf(why, sizeof(why), "row %d, column %d: %g, not %g", i / columns, i % columns, d[(size_t)i],
			         expected(i / columns, i % columns, k));
			error = why;
		}
	tap(!error, name, error);
}

/* ---- wgmma --------------------------------------------------------------------------------------------------- */

/* How a test's matrices lie: 32 bytes of k from each of two descriptors. */
struct places {
	wm_u32 left_leading, left_stride, right_leading, right_stride;
	wm_swizzle swizzle;
	const char *type;
	bool left_across, right_across;
	wm_u32 right_at, bytes;
};

template <typename T> static void product(T (&d)[N / 2], const places &p, wm_u64 a, wm_u64 b) {
	(void)d, (void)p, (void)a, (void)b;
}
template <> void product(float (&d)[N / 2], const places &p, wm_u64 a, wm_u64 b) {
	bool bf16 = !strcmp(p.type, "bf16");
	if (!strcmp(p.type, "tf32"))
		wm_wgmma_tf32(d, a, b, 0);
	else if (!strcmp(p.type, "e4m3"))
		wm_wgmma_e4m3(d, a, b, 0);
	else if (!strcmp(p.type, "e5m2"))
		wm_wgmma_e5m2(d, a, b, 0);
	else if (p.left_across && p.right_across)
		bf16 ? wm_wgmma_bf16<1, 1>(d, a, b, 0) : wm_wgmma_f16<1, 1>(d, a, b, 0);
	else if (p.left_across)
		bf16 ? wm_wgmma_bf16<1, 0>(d, a, b, 0) : wm_wgmma_f16<1, 0>(d, a, b, 0);
	else if (p.right_across)
		bf16 ? wm_wgmma_bf16<0, 1>(d, a, b, 0) : wm_wgmma_f16<0, 1>(d, a, b, 0);
	else
		bf16 ? wm_wgmma_bf16(d, a, b, 0) : wm_wgmma_f16(d, a, b, 0);
}
template <> void product(int (&d)[N / 2], const places &, wm_u64 a, wm_u64 b) {
	wm_wgmma_s8(d, a, b, 0);
}

template <typename T> static void multiply(const places &p, wm_u32 base, float *out) {
	T d[N / 2];
	wm_wgmma_fence();
	product(d, p, wm_descriptor(base, p.left_leading, p.left_stride, p.swizzle),
	        wm_descriptor(base + p.right_at, p.right_leading, p.right_stride, p.swizzle));
	wm_wgmma_commit();
	wm_wgmma_wait<0>();
	for (wm_u32 i = 0; i < N / 2; i++) {
		wm_u32 row = wm_warp() * 16 + wm_lane() / 4 + i % 4 / 2 * 8, column = i / 4 * 8 + wm_lane() % 4 * 2 + i % 2;
		out[row * N + column] = (float)d[i];
	}
}
static void multiply_any(const places &p, wm_u32 base, float *out) {
	if (!strcmp(p.type, "s8"))
		multiply<int>(p, base, out);
	else
		multiply<float>(p, base, out);
}

/* Shared memory as a test made it. */
static void from_image(const places *p, const unsigned char *image, float *out) {
	WM_SHARED(shared);
	for (wm_u32 i = threadIdx.x; i < p->bytes; i += 128)
		shared[i] = image[i];
	wm_fence_async();
	__syncthreads();
	multiply_any(*p, wm_shared(shared), out);
}

/* The exact layouts of the examples, their repeats continued to 64 lines: T elements of 16 bytes, line i at k. */
static int example_of(int which, int i, int k) {
	switch (which) {
	case 0: /* K-major, no swizzle, tf32: ((8,2),(4,4)):((4,32),(1,64)), with m = 8 now, so LBO is 8 x 32 x 4 bytes */
		return i % 8 * 4 + i / 8 * 32 + k % 4 + k / 4 * 256;
	case 1: /* K-major, 32-byte swizzle, tf32: ((8,2),(4,4)):((8,64),(1,4)) */ return i % 8 * 8 + i / 8 * 64 + k;
	case 2: /* MN-major, no swizzle, bf16: ((8,1,2),(8,2)):((1,8,64),(8,128)), with m = 8: LBO is 8 x 64 x 2 bytes */
		return i % 8 + i / 8 * 64 + k % 8 * 8 + k / 8 * 512;
	case 3: /* MN-major, 32-byte swizzle, bf16: ((8,2,2),(8,2)):((1,8,128),(16,256)), m = 4: SBO is 4 x 128 x 2 bytes */
		return i % 8 + i / 8 % 2 * 8 + i / 16 * 128 + k % 8 * 16 + k / 8 * 512;
	default: /* MN-major, 64-byte swizzle, bf16: ((8,4,2),(8,2)):((1,8,256),(32,512)) */
		return i % 8 + i / 8 % 4 * 8 + i / 32 * 256 + k % 8 * 32 + k / 8 * 512;
	}
}
/* CuTe's Swizzle<b, 4, 3> of byte offsets. */
static int swizzled(int offset, int b) {
	return offset ^ ((offset >> 7 & ((1 << b) - 1)) << 4);
}

static void try_example(int which, const char *name, places p) {
	static const int bits[] = {0, 1, 0, 1, 2};
	int bytes = bytes_of(p.type), k = 32 / bytes;
	std::vector<unsigned char> image(2 * 4096, 0xff);
	std::vector<float> out(M * N);
	p.bytes = (wm_u32)image.size();
	p.right_at = 4096;
	p.right_leading = p.left_leading;
	p.right_stride = p.left_stride;
	for (int i = 0; i < 64; i++)
		for (int j = 0; j < k; j++) {
			int at = swizzled(example_of(which, i, j) * bytes, bits[which]);
			put(&image[(size_t)at], p.type, left_of(i, j));
			put(&image[(size_t)at + 4096], p.type, right_of(i, j));
		}
	const char *error = wm_emulate({{1, 1, 1}, 128, 1, p.bytes, 1}, from_image, (const places *)&p,
	                               (const unsigned char *)image.data(), out.data());
	compare(name, error, out, M, N, k);
}

/* The same by TMA: boxes as wide as the swizzle, of the step-th 32 bytes of k. */
static void from_tensors(WM_TENSOR_MAP left, WM_TENSOR_MAP right, const places *p, int boxes_left, int boxes_right,
                         int wide, float *out) {
	WM_SHARED(shared);
	wm_u32 base = wm_shared(shared), bar = base + p->bytes;
	if (threadIdx.x == 0) {
		wm_mbarrier_init(bar, 1);
		wm_fence_mbarrier_init();
		wm_mbarrier_arrive_expect(bar, p->bytes);
		for (int i = 0; i < boxes_left; i++)
			wm_tma_load_2d(base + (wm_u32)i * p->right_at / (wm_u32)boxes_left, &left, bar, i * wide, 0);
		for (int i = 0; i < boxes_right; i++)
			wm_tma_load_2d(base + p->right_at + (wm_u32)i * (p->bytes - p->right_at) / (wm_u32)boxes_right, &right, bar,
			               i * wide, 0);
	}
	__syncthreads();
	wm_mbarrier_wait(bar, 0);
	multiply_any(*p, base, out);
}

/* A tensor of lines (along k: a row of A or a column of B each; across: a k each) and its map. */
struct tensor {
	std::vector<unsigned char> room;
	unsigned char *at;
	wm_tensor_map map;

	tensor(const char *type, bool across, int lines, int k, int swizzle_bytes, int (*of)(int, int)) {
		int bytes = bytes_of(type), length = across ? lines : k, n = across ? k : lines;
		int kind = !strcmp(type, "tf32") ? 7 : bytes == 2 ? 9 : 0;
		uint64_t size[] = {(uint64_t)length, (uint64_t)n}, pitch[] = {(uint64_t)(length * bytes)};
		uint32_t box[] = {(uint32_t)(swizzle_bytes / bytes), (uint32_t)n}, dense[] = {1, 1};
		room.resize((size_t)(length * n * bytes) + 16);
		at = (unsigned char *)(((uintptr_t)room.data() + 15) / 16 * 16);
		for (int i = 0; i < n; i++)
			for (int j = 0; j < length; j++)
				put(at + (i * length + j) * bytes, type, across ? of(j, i) : of(i, j));
		if (wm_emulated_encode(&map, kind, 2, at, size, pitch, box, dense, 0,
		                       swizzle_bytes == 128  ? 3
		                       : swizzle_bytes == 64 ? 2
		                                             : 1,
		                       0, 0))
			abort();
	}
};

static void try_swizzle(const char *type, int bytes_wide, bool left_across, bool right_across) {
	int bytes = bytes_of(type), k = 32 / bytes, wide = bytes_wide / bytes;
	wm_swizzle swizzle = bytes_wide == 128 ? WM_SWIZZLE_128 : bytes_wide == 64 ? WM_SWIZZLE_64 : WM_SWIZZLE_32;
	tensor left(type, left_across, M, k * (left_across ? 1 : bytes_wide / 32), bytes_wide, left_of);
	tensor right(type, right_across, N, k * (right_across ? 1 : bytes_wide / 32), bytes_wide, right_of);
	int boxes_left = left_across ? M / wide : 1, boxes_right = right_across ? N / wide : 1;
	wm_u32 pattern = 8 * (wm_u32)bytes_wide, left_bytes = left_across ? M * 32 : M * (wm_u32)bytes_wide,
		   right_bytes = right_across ? N * 32 : N * (wm_u32)bytes_wide;
	places p = {};
	char name[128];
	std::vector<float> out(M * N);

	p.type = type;
	p.swizzle = swizzle;
	p.left_across = left_across;
	p.right_across = right_across;
	p.left_stride = p.right_stride = pattern;
	p.left_leading = left_across ? left_bytes / (wm_u32)boxes_left : 16;
	p.right_leading = right_across ? right_bytes / (wm_u32)boxes_right : 16;
	p.right_at = left_bytes;
	p.bytes = left_bytes + right_bytes;
	snprintf(name, sizeof(name), "wgmma %s, swizzle of %d, A %s k, B %s k", type, bytes_wide,
	         left_across ? "across" : "along", right_across ? "across" : "along");
	const char *error = wm_emulate({{1, 1, 1}, 128, 1, p.bytes + 8, 2}, from_tensors, left.map, right.map,
	                               (const places *)&p, boxes_left, boxes_right, wide, out.data());
	compare(name, error, out, M, N, k);
}

/* ---- A from registers, mma and ldmatrix ------------------------------------------------------------------------ */

enum { ROWS = 64, LINE = 32 }; /* A: 64 lines of 32 bytes, B: 8 lines; plain rows */

/* Registers of A from plain rows: matrices of 8 lines of 16 bytes, lower rows first, then the next 16 bytes. */
static void load_a(wm_u32 (&a)[4], wm_u32 base) {
	wm_u32 lane = wm_lane(), row = wm_warp() * 16 + lane % 16;
	wm_ldmatrix(a, base + row * LINE + lane / 16 * 16);
}
static void fill_lines(unsigned char *shared, const char *type) {
	int bytes = bytes_of(type), k = 32 / bytes;
	for (int i = 0; threadIdx.x == 0 && i < ROWS + 8; i++)
		for (int j = 0; j < k; j++)
			put(shared + i * LINE + j * bytes, type, i < ROWS ? left_of(i, j) : right_of(i - ROWS, j));
	wm_fence_async();
	__syncthreads();
}

static void by_warps(const char *type, float *out) {
	WM_SHARED(shared);
	wm_u32 base = wm_shared(shared), lane = wm_lane(), a[4], b[2];
	float d[4] = {};
	int e[4] = {};
	fill_lines(shared, type);
	load_a(a, base);
	wm_ldmatrix(b, base + (ROWS + lane % 8) * LINE + lane / 8 % 2 * 16);
	if (!strcmp(type, "bf16"))
		wm_mma_bf16(d, a, b);
	else if (!strcmp(type, "f16"))
		wm_mma_f16(d, a, b);
	else if (!strcmp(type, "tf32"))
		wm_mma_tf32(d, a, b);
	else if (!strcmp(type, "e4m3"))
		wm_mma_e4m3(d, a, b);
	else if (!strcmp(type, "e5m2"))
		wm_mma_e5m2(d, a, b);
	else
		wm_mma_s8(e, a, b);
	for (wm_u32 i = 0; i < 4; i++)
		out[(wm_warp() * 16 + lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2] = d[i] + (float)e[i];
}

/* B without swizzle: 8 lines of 16 bytes together, the next 16 bytes of k behind them. */
static void by_warpgroup(float *out) {
	WM_SHARED(shared);
	wm_u32 base = wm_shared(shared), lane = wm_lane(), a[4], right = base + ROWS * LINE + 8 * LINE;
	float d[4];
	fill_lines(shared, "bf16");
	if (threadIdx.x < 16) {
		wm_u32 from = base + (ROWS + threadIdx.x % 8) * LINE + threadIdx.x / 8 * 16;
		wm_shared_store_16(right + threadIdx.x * 16, wm_shared_load_16(from));
	}
	wm_fence_async();
	__syncthreads();
	load_a(a, base);
	wm_wgmma_fence();
	wm_wgmma_bf16(d, a, wm_descriptor(right, 128, 256, WM_SWIZZLE_NONE), 0);
	wm_wgmma_commit();
	wm_wgmma_wait<0>();
	for (wm_u32 i = 0; i < 4; i++)
		out[(wm_warp() * 16 + lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2] = d[i];
}

static void by_doubles(float *out) {
	wm_u32 g = wm_lane() / 4, t = wm_lane() % 4;
	double small[2] = {0, 0}, large[4] = {0, 0, 0, 0}, a[8], b[4];
	for (wm_u32 i = 0; i < 8; i++)
		a[i] = left_of((int)(g + i % 2 * 8), (int)(t + i / 2 * 4));
	for (wm_u32 i = 0; i < 4; i++)
		b[i] = right_of((int)g, (int)(t + i * 4));
	for (int i = 0; i < 4; i++)
		wm_mma_f64(small, a[2 * i], b[i]);
	wm_mma_f64_k16(large, a, b);
	for (wm_u32 i = 0; i < 4; i++)
		out[(g + i / 2 * 8) * 8 + t * 2 + i % 2] = (float)(i < 2 && small[i] != large[i] ? NAN : large[i]);
}

int main() {
	static const char *const types[] = {"bf16", "f16", "tf32", "s8", "e4m3", "e5m2"};
	places p = {};

	p.type = "tf32";
	p.left_leading = 8 * 32 * 4;
	p.left_stride = 32 * 4;
	try_example(0, "the ISA's example: along k, no swizzle, tf32", p);
	p.swizzle = WM_SWIZZLE_32;
	p.left_stride = 64 * 4;
	try_example(1, "the ISA's example: along k, swizzle of 32, tf32", p);
	p.type = "bf16";
	p.left_across = p.right_across = true;
	p.swizzle = WM_SWIZZLE_NONE;
	p.left_leading = 512 * 2;
	p.left_stride = 64 * 2;
	try_example(2, "the ISA's example: across k, no swizzle, bf16", p);
	p.swizzle = WM_SWIZZLE_32;
	p.left_leading = 128 * 2;
	p.left_stride = 512 * 2;
	try_example(3, "the ISA's example: across k, swizzle of 32, bf16", p);
	p.swizzle = WM_SWIZZLE_64;
	p.left_leading = 256 * 2;
	p.left_stride = 512 * 2;
	try_example(4, "the ISA's example: across k, swizzle of 64, bf16", p);

	for (int bytes = 32; bytes <= 128; bytes *= 2) {
		for (const char *type : types)
			if (strcmp(type, "f16"))
				try_swizzle(type, bytes, false, false);
		for (int i = 1; i < 4; i++)
			try_swizzle("bf16", bytes, i & 1, i & 2);
	}
	for (const char *type : types) {
		std::vector<float> out(ROWS * 8);
		char name[64];
		const char *error = wm_emulate({{1, 1, 1}, 128, 1, (ROWS + 8) * LINE, 3}, by_warps, type, out.data());
		snprintf(name, sizeof(name), "mma %s, operands by ldmatrix", type);
		compare(name, error, out, ROWS, 8, 32 / bytes_of(type));
	}
	std::vector<float> out(ROWS * 8);
	const char *error = wm_emulate({{1, 1, 1}, 128, 1, (ROWS + 16) * LINE, 4}, by_warpgroup, out.data());
	compare("wgmma bf16, A in registers", error, out, ROWS, 8, 16);
	error = wm_emulate({{1, 1, 1}, 32, 1, 0, 5}, by_doubles, out.data());
	compare("mma f64, k of 4 and of 16", error, out, 16, 8, 16);
	return tap_end();
}
