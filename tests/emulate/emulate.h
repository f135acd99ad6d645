/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emulate.h - kernels/cuda/ptx.h for the CPU: the same functions, run lane by lane, so that a text of kernels/cuda
 * compiles as C++ and runs without a GPU; and wm_emulate(), which runs it. README.md here tells what is modelled.
 *
 * A source that holds a text: includes this header (which includes device.h), then the text inside of a namespace of
 * its own. Texts see of all this only the names of ptx.h and CUDA's own.
 */
#ifndef WM_EMULATE_H
#define WM_EMULATE_H

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <tuple>

/* ---- CUDA's words ----------------------------------------------------------------------------------------- */

#define WM_EMULATE 1
#define __global__
#define __device__
#define __forceinline__ inline
#define __restrict__ __restrict
#define __grid_constant__
#define __launch_bounds__(...)
#define __cluster_dims__(...)
/* Arrays of the block: the linker puts them all side by side, where shared.cc finds them. */
#define __shared__ static __attribute__((section("wm_shared")))

struct wm_dim3 {
	unsigned x, y, z;
};

/* Where the running thread is. */
struct wm_emulated_place {
	wm_dim3 thread, block, block_dim, grid_dim;
};
extern wm_emulated_place *wm_emulated_here;
#define threadIdx (wm_emulated_here->thread)
#define blockIdx (wm_emulated_here->block)
#define blockDim (wm_emulated_here->block_dim)
#define gridDim (wm_emulated_here->grid_dim)

void __syncthreads();

/* IEEE binary16 and back, to nearest even; device.h has these from the hardware. */
uint16_t wm_emulated_f16(float x);
float wm_emulated_of_f16(uint16_t x);

#include "../../kernels/gpu/device.h"

/* ---- running a kernel ------------------------------------------------------------------------------------- */

struct wm_emulated_launch {
	wm_dim3 grid;          /* blocks */
	unsigned block;        /* threads, a multiple of 32 */
	unsigned cluster;      /* blocks of a cluster along x; what the text says with WM_CLUSTER */
	unsigned shared_bytes; /* dynamic */
	unsigned seed;         /* of the order in which threads run and copies land */
};

/* Runs all blocks, one cluster after another; body is one thread's call of the kernel. NULL, or what went wrong and
 * where (static text, until the next run). */
const char *wm_emulate_body(const wm_emulated_launch &launch, const std::function<void()> &body);

/* Runs a kernel of a text with these arguments. */
template <typename... P, typename... A>
const char *wm_emulate(const wm_emulated_launch &launch, void (*entry)(P...), A... arguments) {
	std::tuple<typename std::decay<P>::type...> values(arguments...);
	return wm_emulate_body(launch, [&] { std::apply(entry, values); });
}

/* cuTensorMapEncodeTiled: the same arguments and rules; 0, or CUDA_ERROR_INVALID_VALUE (1) after a line on stderr. */
struct wm_tensor_map;
extern "C" int wm_emulated_encode(wm_tensor_map *map, int type, uint32_t dims, void *address, const uint64_t *size,
                                  const uint64_t *stride_bytes, const uint32_t *box, const uint32_t *element_stride,
                                  int interleave, int swizzle, int l2_promotion, int out_of_bounds);

/* ---- ptx.h ------------------------------------------------------------------------------------------------ */

#define WM_SM89 1
#define WM_SM90 1
#define WM_SM90A 1

typedef unsigned long long wm_u64;

struct __attribute__((aligned(16))) wm_u32x4 {
	wm_u32 at[4];
};

unsigned char *wm_emulated_shared();
#define WM_SHARED(name) unsigned char *const name = wm_emulated_shared()
#define WM_CLUSTER(n)
#define WM_UNROLL
#define WM_UNROLL_BY(n)

static inline wm_u32 wm_lane() {
	return threadIdx.x % 32;
}
static inline wm_u32 wm_warp() {
	return threadIdx.x / 32;
}
static inline wm_u32 wm_warpgroup() {
	return threadIdx.x / 128;
}
wm_u32 wm_shared(const void *p);
wm_u32 wm_shared_load(wm_u32 address);
void wm_shared_store(wm_u32 address, wm_u32 x);
wm_u32x4 wm_shared_load_16(wm_u32 address);
void wm_shared_store_16(wm_u32 address, wm_u32x4 v);

void wm_warp_sync();
void wm_bar_sync(wm_u32 id, wm_u32 threads);
void wm_bar_arrive(wm_u32 id, wm_u32 threads);
static inline void wm_fence_gpu() {
}

wm_u32 wm_shfl_xor(wm_u32 x, wm_u32 mask);
wm_u32 wm_shfl(wm_u32 x, wm_u32 from);
static inline float wm_shfl_xor(float x, wm_u32 mask) {
	return wm_f32_of_bits(wm_shfl_xor(wm_bits_of_f32(x), mask));
}
static inline float wm_shfl(float x, wm_u32 from) {
	return wm_f32_of_bits(wm_shfl(wm_bits_of_f32(x), from));
}
int wm_warp_any(int what);

wm_u32x4 wm_load_once(const void *p);
void wm_store_once(void *p, wm_u32x4 v);
static inline wm_u32 wm_atomic_add(wm_u32 *p, wm_u32 x) {
	wm_u32 old = *p;
	*p = old + x;
	return old;
}

void wm_cp_async(wm_u32 to, const void *from, wm_u32 bytes);
static inline void wm_cp_async(wm_u32 to, const void *from) {
	wm_cp_async(to, from, 16);
}
void wm_cp_async_commit();
void wm_emulated_cp_async_wait(unsigned left);
template <int N> void wm_cp_async_wait() {
	wm_emulated_cp_async_wait(N);
}

static inline float wm_exp2_fast(float x) {
	return exp2f(x);
}
static inline float wm_inverse_fast(float x) {
	return 1 / x;
}
static inline wm_u32 wm_pack_bf16(float first, float second) {
	return (wm_u32)wm_bf16_of_f32(second) << 16 | wm_bf16_of_f32(first);
}
static inline wm_u32 wm_pack_f16(float first, float second) {
	return (wm_u32)wm_emulated_f16(second) << 16 | wm_emulated_f16(first);
}
wm_u32 wm_round_tf32(float x);
wm_u16 wm_pack_e4m3(float first, float second);
wm_u16 wm_pack_e5m2(float first, float second);

void wm_emulated_ldmatrix(wm_u32 *r, int n, bool transposed, wm_u32 address);
void wm_emulated_stmatrix(const wm_u32 *r, int n, bool transposed, wm_u32 address);
template <int N> void wm_ldmatrix(wm_u32 (&r)[N], wm_u32 address) {
	static_assert(N == 1 || N == 2 || N == 4, "1, 2 or 4 matrices");
	wm_emulated_ldmatrix(r, N, false, address);
}
template <int N> void wm_ldmatrix_t(wm_u32 (&r)[N], wm_u32 address) {
	static_assert(N == 1 || N == 2 || N == 4, "1, 2 or 4 matrices");
	wm_emulated_ldmatrix(r, N, true, address);
}
template <int N> void wm_stmatrix(wm_u32 address, const wm_u32 (&r)[N]) {
	static_assert(N == 1 || N == 2 || N == 4, "1, 2 or 4 matrices");
	wm_emulated_stmatrix(r, N, false, address);
}
template <int N> void wm_stmatrix_t(wm_u32 address, const wm_u32 (&r)[N]) {
	static_assert(N == 1 || N == 2 || N == 4, "1, 2 or 4 matrices");
	wm_emulated_stmatrix(r, N, true, address);
}

/* The types of a matrix instruction: those of A and of B. */
enum wm_emulated_types {
	WM_EMULATED_BF16,
	WM_EMULATED_F16,
	WM_EMULATED_TF32,
	WM_EMULATED_S8,
	WM_EMULATED_E4M3,
	WM_EMULATED_E5M2,
	WM_EMULATED_E4M3_E5M2,
	WM_EMULATED_E5M2_E4M3
};

void wm_emulated_mma(wm_emulated_types types, void *d, const wm_u32 *a, const wm_u32 *b);
#define WM_EMULATED_MMA(suffix, TYPES, T)                                                    \
	static inline void wm_mma_##suffix(T(&d)[4], const wm_u32(&a)[4], const wm_u32(&b)[2]) { \
		wm_emulated_mma(TYPES, d, a, b);                                                     \
	}
WM_EMULATED_MMA(bf16, WM_EMULATED_BF16, float)
WM_EMULATED_MMA(f16, WM_EMULATED_F16, float)
WM_EMULATED_MMA(tf32, WM_EMULATED_TF32, float)
WM_EMULATED_MMA(s8, WM_EMULATED_S8, int)
WM_EMULATED_MMA(e4m3, WM_EMULATED_E4M3, float)
WM_EMULATED_MMA(e5m2, WM_EMULATED_E5M2, float)
WM_EMULATED_MMA(e4m3_e5m2, WM_EMULATED_E4M3_E5M2, float)
WM_EMULATED_MMA(e5m2_e4m3, WM_EMULATED_E5M2_E4M3, float)
void wm_mma_f64(double (&d)[2], double a, double b);
void wm_mma_f64_k16(double (&d)[4], const double (&a)[8], const double (&b)[4]);

bool wm_elect();
wm_u32 wm_cluster_rank();
wm_u32 wm_cluster_blocks();
void wm_cluster_arrive();
void wm_cluster_wait();
static inline void wm_cluster_sync() {
	wm_cluster_arrive();
	wm_cluster_wait();
}
wm_u32 wm_shared_of(wm_u32 address, wm_u32 rank);

void wm_mbarrier_init(wm_u32 bar, wm_u32 count);
void wm_fence_mbarrier_init();
void wm_mbarrier_arrive(wm_u32 bar);
void wm_mbarrier_arrive_expect(wm_u32 bar, wm_u32 bytes);
void wm_mbarrier_expect(wm_u32 bar, wm_u32 bytes);
void wm_mbarrier_arrive_at(wm_u32 bar, wm_u32 rank);
bool wm_mbarrier_try(wm_u32 bar, wm_u32 parity);
void wm_mbarrier_wait(wm_u32 bar, wm_u32 parity);
static inline void wm_mbarrier_wait_cluster(wm_u32 bar, wm_u32 parity) {
	wm_mbarrier_wait(bar, parity);
}
void wm_fence_async();

struct __attribute__((aligned(64))) wm_tensor_map {
	wm_u64 opaque[16];
};
#define WM_TENSOR_MAP const wm_tensor_map

static inline void wm_tma_prefetch(const wm_tensor_map *) {
}
static inline wm_u64 wm_keep_first() {
	return 1;
}
static inline wm_u64 wm_drop_first() {
	return 2;
}

/* blocks: of the cluster, a bit each; 0: this one alone. */
void wm_emulated_tma_load(wm_u32 to, const wm_tensor_map *map, wm_u32 bar, unsigned rank, const int *at, wm_u32 blocks);
void wm_emulated_tma_store(const wm_tensor_map *map, wm_u32 from, unsigned rank, const int *at);
#define WM_EMULATED_TMA(rank, parameters, ...)                                                                       \
	static inline void wm_tma_load_##rank##d(wm_u32 to, const wm_tensor_map *map, wm_u32 bar,                        \
	                                         WM_EMULATED_PLAIN parameters) {                                         \
		const int at[] = {__VA_ARGS__};                                                                              \
		wm_emulated_tma_load(to, map, bar, rank, at, 0);                                                             \
	}                                                                                                                \
	static inline void wm_tma_load_##rank##d(wm_u32 to, const wm_tensor_map *map, wm_u32 bar,                        \
	                                         WM_EMULATED_PLAIN parameters, wm_u64) {                                 \
		const int at[] = {__VA_ARGS__};                                                                              \
		wm_emulated_tma_load(to, map, bar, rank, at, 0);                                                             \
	}                                                                                                                \
	static inline void wm_tma_load_##rank##d_multicast(wm_u32 to, const wm_tensor_map *map, wm_u32 bar,              \
	                                                   WM_EMULATED_PLAIN parameters, wm_u16 blocks) {                \
		const int at[] = {__VA_ARGS__};                                                                              \
		wm_emulated_tma_load(to, map, bar, rank, at, blocks);                                                        \
	}                                                                                                                \
	static inline void wm_tma_load_##rank##d_multicast(wm_u32 to, const wm_tensor_map *map, wm_u32 bar,              \
	                                                   WM_EMULATED_PLAIN parameters, wm_u16 blocks, wm_u64) {        \
		const int at[] = {__VA_ARGS__};                                                                              \
		wm_emulated_tma_load(to, map, bar, rank, at, blocks);                                                        \
	}                                                                                                                \
	static inline void wm_tma_store_##rank##d(const wm_tensor_map *map, wm_u32 from, WM_EMULATED_PLAIN parameters) { \
		const int at[] = {__VA_ARGS__};                                                                              \
		wm_emulated_tma_store(map, from, rank, at);                                                                  \
	}
#define WM_EMULATED_PLAIN(...) __VA_ARGS__
WM_EMULATED_TMA(2, (int x, int y), x, y)
WM_EMULATED_TMA(3, (int x, int y, int z), x, y, z)
WM_EMULATED_TMA(4, (int x, int y, int z, int w), x, y, z, w)

void wm_bulk_commit();
void wm_emulated_bulk_wait(unsigned left, bool read);
template <int N> void wm_bulk_wait() {
	wm_emulated_bulk_wait(N, false);
}
template <int N> void wm_bulk_wait_read() {
	wm_emulated_bulk_wait(N, true);
}
void wm_bulk_load(wm_u32 to, const void *from, wm_u32 bytes, wm_u32 bar);

void wm_emulated_registers(int n);
template <int N> void wm_registers_less() {
	static_assert(N >= 24 && N <= 256 && N % 8 == 0, "24..256 in steps of 8");
	wm_emulated_registers(N);
}
template <int N> void wm_registers_more() {
	static_assert(N >= 24 && N <= 256 && N % 8 == 0, "24..256 in steps of 8");
	wm_emulated_registers(N);
}

enum wm_swizzle { WM_SWIZZLE_NONE = 0, WM_SWIZZLE_128 = 1, WM_SWIZZLE_64 = 2, WM_SWIZZLE_32 = 3 };

static inline wm_u64 wm_descriptor(wm_u32 address, wm_u32 leading_bytes, wm_u32 stride_bytes, wm_swizzle swizzle) {
	return (wm_u64)((address & 0x3ffff) >> 4) | (wm_u64)((leading_bytes & 0x3ffff) >> 4) << 16 |
	       (wm_u64)((stride_bytes & 0x3ffff) >> 4) << 32 | (wm_u64)swizzle << 62;
}
static inline wm_u64 wm_descriptor_at(wm_u64 descriptor, wm_u32 bytes) {
	return descriptor + (bytes >> 4);
}

void wm_wgmma_fence();
void wm_wgmma_commit();
void wm_emulated_wgmma_wait(unsigned left);
template <int N> void wm_wgmma_wait() {
	wm_emulated_wgmma_wait(N);
}
template <int N> void wm_keep(float (&)[N]) {
}
template <int N> void wm_keep(int (&)[N]) {
}

/* a: four registers, or NULL: A is where left says. */
void wm_emulated_wgmma(wm_emulated_types types, void *d, int registers, const wm_u32 *a, wm_u64 left, wm_u64 right,
                       int scale_d, bool left_transposed, bool right_transposed);
/* What ptx.h has: twice these registers is N. */
constexpr bool wm_emulated_n(int registers) {
	return registers == 4 || (registers % 8 == 0 && registers >= 8 && registers <= 64 && registers != 72) ||
	       registers == 80 || registers == 88 || registers == 96 || registers == 112 || registers == 128;
}
#define WM_EMULATED_WGMMA_16(suffix, TYPES)                                                                          \
	template <int TA = 0, int TB = 0, int R> void wm_wgmma_##suffix(float(&d)[R], wm_u64 a, wm_u64 b, int scale_d) { \
		static_assert(wm_emulated_n(R), "N is none of those in ptx.h");                                              \
		wm_emulated_wgmma(TYPES, d, R, nullptr, a, b, scale_d, TA, TB);                                              \
	}                                                                                                                \
	template <int TB = 0, int R> void wm_wgmma_##suffix(float(&d)[R], const wm_u32(&a)[4], wm_u64 b, int scale_d) {  \
		static_assert(wm_emulated_n(R), "N is none of those in ptx.h");                                              \
		wm_emulated_wgmma(TYPES, d, R, a, 0, b, scale_d, false, TB);                                                 \
	}
#define WM_EMULATED_WGMMA(suffix, TYPES, T)                                                         \
	template <int R> void wm_wgmma_##suffix(T(&d)[R], wm_u64 a, wm_u64 b, int scale_d) {            \
		static_assert(wm_emulated_n(R), "N is none of those in ptx.h");                             \
		wm_emulated_wgmma(TYPES, d, R, nullptr, a, b, scale_d, false, false);                       \
	}                                                                                               \
	template <int R> void wm_wgmma_##suffix(T(&d)[R], const wm_u32(&a)[4], wm_u64 b, int scale_d) { \
		static_assert(wm_emulated_n(R), "N is none of those in ptx.h");                             \
		wm_emulated_wgmma(TYPES, d, R, a, 0, b, scale_d, false, false);                             \
	}
WM_EMULATED_WGMMA_16(bf16, WM_EMULATED_BF16)
WM_EMULATED_WGMMA_16(f16, WM_EMULATED_F16)
WM_EMULATED_WGMMA(tf32, WM_EMULATED_TF32, float)
WM_EMULATED_WGMMA(e4m3, WM_EMULATED_E4M3, float)
WM_EMULATED_WGMMA(e5m2, WM_EMULATED_E5M2, float)
WM_EMULATED_WGMMA(e4m3_e5m2, WM_EMULATED_E4M3_E5M2, float)
WM_EMULATED_WGMMA(e5m2_e4m3, WM_EMULATED_E5M2_E4M3, float)
WM_EMULATED_WGMMA(s8, WM_EMULATED_S8, int)

#endif
