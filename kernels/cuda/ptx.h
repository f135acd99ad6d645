/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ptx.h - what NVIDIA's instruction set has and CUDA C++ has no word for. Stands behind device.h and before every
 * text of kernels/cuda: nvcc includes both, NVRTC gets them in front of the text. Includes nothing.
 *
 * Each function is one instruction (or says what it adds); its comment ends with the name under which NVIDIA's "PTX
 * ISA" describes it in chapter 9.7. Where a layout comes from, the section is named by its number in PTX ISA 9.0.
 * tests/emulate/emulate.h has the same functions for the CPU, so that every text can be run lane by lane without a GPU.
 *
 * Conventions: an address in shared memory is a 32-bit number, wm_shared(pointer). Of two 16-bit elements in one
 * register the first is in the lower half. What begins with "collective" is executed by all lanes of a warp (or all
 * four warps of a warpgroup) together, with the same arguments unless it says otherwise.
 *
 * Which target has what: everything up to "sm_89" is for sm_80 and later. One text may be compiled for several
 * targets: WM_SM89, WM_SM90 and WM_SM90A are defined where the functions of these parts are (in a pass for the
 * host, which has no target, all are).
 */

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 890
#define WM_SM89 1
#endif
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
#define WM_SM90 1
#endif
#if !defined(__CUDA_ARCH__) || defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define WM_SM90A 1
#endif

typedef unsigned long long wm_u64;

struct __attribute__((aligned(16))) wm_u32x4 {
	wm_u32 at[4];
};

/* Dynamic shared memory of the block under that name, bytes, aligned to the 1024 bytes of the largest swizzle pattern.
 * At the top of a kernel. */
#define WM_SHARED(name) extern __shared__ __attribute__((aligned(1024))) unsigned char name[]
/* Before a kernel's name: its blocks run in clusters of n along x. */
#define WM_CLUSTER(n) __cluster_dims__(n, 1, 1)
/* Copies of a loop's body; 1 for none. Before the loop. */
#define WM_UNROLL _Pragma("unroll")
#define WM_UNROLL_BY(n) WM_PRAGMA(unroll n)
#define WM_PRAGMA(text) _Pragma(#text)

/* ---- who and where ---------------------------------------------------------------------------------------- */

/* Lane in its warp, 0..31. Blocks are one-dimensional. */
WM_INLINE wm_u32 wm_lane() {
	return threadIdx.x % 32;
}
/* Warp and warpgroup (4 warps) in the block. shfl.sync () tells the compiler that all lanes agree. */
WM_INLINE wm_u32 wm_warp() {
	wm_u32 warp;
	asm volatile("shfl.sync.idx.b32 %0, %1, 0, 0x1f, 0xffffffff;" : "=r"(warp) : "r"(threadIdx.x / 32));
	return warp;
}
WM_INLINE wm_u32 wm_warpgroup() {
	return wm_warp() / 4;
}
/* The 32-bit address of what p points to in the block's shared memory. cvta.to.shared. */
WM_INLINE wm_u32 wm_shared(const void *p) {
	return (wm_u32)__cvta_generic_to_shared(p);
}
/* ld.shared, st.shared (): one word; 16 bytes, address a multiple of 16. */
WM_INLINE wm_u32 wm_shared_load(wm_u32 address) {
	wm_u32 x;
	asm volatile("ld.shared.u32 %0, [%1];" : "=r"(x) : "r"(address) : "memory");
	return x;
}
WM_INLINE void wm_shared_store(wm_u32 address, wm_u32 x) {
	asm volatile("st.shared.u32 [%0], %1;" ::"r"(address), "r"(x) : "memory");
}
WM_INLINE wm_u32x4 wm_shared_load_16(wm_u32 address) {
	wm_u32x4 v;
	asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
	             : "=r"(v.at[0]), "=r"(v.at[1]), "=r"(v.at[2]), "=r"(v.at[3])
	             : "r"(address)
	             : "memory");
	return v;
}
WM_INLINE void wm_shared_store_16(wm_u32 address, wm_u32x4 v) {
	asm volatile("st.shared.v4.u32 [%0], {%1, %2, %3, %4};" ::"r"(address), "r"(v.at[0]), "r"(v.at[1]), "r"(v.at[2]),
	             "r"(v.at[3])
	             : "memory");
}

/* ---- barriers of threads ---------------------------------------------------------------------------------- */

/* Collective of a warp: its lanes wait for each other and see each other's memory. bar.warp.sync. */
WM_INLINE void wm_warp_sync() {
	asm volatile("bar.warp.sync 0xffffffff;" ::: "memory");
}
/* Named barrier id 0..15 of that many threads (a multiple of 32; 0 is __syncthreads' own): sync arrives and waits,
 * arrive does not wait. Collective of a warp. barrier.cta.sync/arrive.aligned. */
WM_INLINE void wm_bar_sync(wm_u32 id, wm_u32 threads) {
	asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}
WM_INLINE void wm_bar_arrive(wm_u32 id, wm_u32 threads) {
	asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
}
/* Memory of this thread before it is seen by all of the GPU before what comes after. fence.acq_rel. */
WM_INLINE void wm_fence_gpu() {
	asm volatile("fence.acq_rel.gpu;" ::: "memory");
}

/* ---- between lanes ---------------------------------------------------------------------------------------- */

/* Collective of a warp: x of lane ^ mask, of lane from. shfl.sync.bfly, shfl.sync.idx. */
WM_INLINE wm_u32 wm_shfl_xor(wm_u32 x, wm_u32 mask) {
	wm_u32 y;
	asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 0x1f, 0xffffffff;" : "=r"(y) : "r"(x), "r"(mask));
	return y;
}
WM_INLINE float wm_shfl_xor(float x, wm_u32 mask) {
	return wm_f32_of_bits(wm_shfl_xor(wm_bits_of_f32(x), mask));
}
WM_INLINE wm_u32 wm_shfl(wm_u32 x, wm_u32 from) {
	wm_u32 y;
	asm volatile("shfl.sync.idx.b32 %0, %1, %2, 0x1f, 0xffffffff;" : "=r"(y) : "r"(x), "r"(from));
	return y;
}
WM_INLINE float wm_shfl(float x, wm_u32 from) {
	return wm_f32_of_bits(wm_shfl(wm_bits_of_f32(x), from));
}
/* Collective of a warp: whether what is not 0 in any lane. vote.sync.any. */
WM_INLINE int wm_warp_any(int what) {
	int any;
	asm volatile("{.reg .pred p; setp.ne.b32 p, %1, 0; vote.sync.any.pred p, p, 0xffffffff; selp.b32 %0, 1, 0, p;}"
	             : "=r"(any)
	             : "r"(what));
	return any;
}

/* ---- global memory ---------------------------------------------------------------------------------------- */

/* 16 bytes that nobody writes while the kernel runs, not kept in L1. ld.global.nc. */
WM_INLINE wm_u32x4 wm_load_once(const void *p) {
	wm_u32x4 v;
	asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
	             : "=r"(v.at[0]), "=r"(v.at[1]), "=r"(v.at[2]), "=r"(v.at[3])
	             : "l"(p));
	return v;
}
/* 16 bytes that are not read again soon. st.global.cs. */
WM_INLINE void wm_store_once(void *p, wm_u32x4 v) {
	asm volatile("st.global.cs.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(p), "r"(v.at[0]), "r"(v.at[1]), "r"(v.at[2]),
	             "r"(v.at[3])
	             : "memory");
}
/* Adds to a word of global memory that all of the GPU shares, gives what was there. atom.add. */
WM_INLINE wm_u32 wm_atomic_add(wm_u32 *p, wm_u32 x) {
	wm_u32 old;
	asm volatile("atom.global.add.u32 %0, [%1], %2;" : "=r"(old) : "l"(p), "r"(x) : "memory");
	return old;
}

/* 16 bytes from global to shared memory, by the side; the first bytes (0..16) are read, the others become 0. Both
 * addresses are multiples of 16. cp.async.cg. */
WM_INLINE void wm_cp_async(wm_u32 to, const void *from, wm_u32 bytes) {
	asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
}
WM_INLINE void wm_cp_async(wm_u32 to, const void *from) {
	asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
}
/* Closes this thread's group of copies; waits until at most N of its groups are under way. */
WM_INLINE void wm_cp_async_commit() {
	asm volatile("cp.async.commit_group;" ::: "memory");
}
template <int N> WM_INLINE void wm_cp_async_wait() {
	asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
}

/* ---- numbers ---------------------------------------------------------------------------------------------- */

/* 2^x, 1/x: at most 2 units in the last place off, subnormals are 0. ex2.approx, rcp.approx. */
WM_INLINE float wm_exp2_fast(float x) {
	float y;
	asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
	return y;
}
WM_INLINE float wm_inverse_fast(float x) {
	float y;
	asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
	return y;
}
/* Two floats rounded to nearest even, first in the lower half. cvt.rn.bf16x2.f32, cvt.rn.f16x2.f32. */
WM_INLINE wm_u32 wm_pack_bf16(float first, float second) {
	wm_u32 u;
	asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(u) : "f"(second), "f"(first));
	return u;
}
WM_INLINE wm_u32 wm_pack_f16(float first, float second) {
	wm_u32 u;
	asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(u) : "f"(second), "f"(first));
	return u;
}
/* A float with the 10 bits of fraction of tf32, halves away from zero. cvt.rna.tf32.f32. */
WM_INLINE wm_u32 wm_round_tf32(float x) {
	wm_u32 u;
	asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(u) : "f"(x));
	return u;
}

/* ---- matrices from and to shared memory ------------------------------------------------------------------- */

/*
 * Collective of a warp: 1, 2 or 4 matrices of 8 rows of 16 bytes. Lane 8 i + r gives the address of row r of matrix i
 * (lanes beyond the last matrix: any). r[i] of lane l is the 4 bytes at 4 (l % 4) of row l / 4 of matrix i;
 * with _t the matrix of 16-bit elements is transposed: elements (2 (l % 4), l / 4) and (2 (l % 4) + 1, l / 4).
 * ldmatrix, PTX 9.7.14.5.15.
 */
#define WM_LDMATRIX(name, trans)                                                                 \
	WM_INLINE void name(wm_u32(&r)[1], wm_u32 address) {                                         \
		asm volatile("ldmatrix.sync.aligned.m8n8.x1" trans ".shared.b16 {%0}, [%1];"             \
		             : "=r"(r[0])                                                                \
		             : "r"(address)                                                              \
		             : "memory");                                                                \
	}                                                                                            \
	WM_INLINE void name(wm_u32(&r)[2], wm_u32 address) {                                         \
		asm volatile("ldmatrix.sync.aligned.m8n8.x2" trans ".shared.b16 {%0, %1}, [%2];"         \
		             : "=r"(r[0]), "=r"(r[1])                                                    \
		             : "r"(address)                                                              \
		             : "memory");                                                                \
	}                                                                                            \
	WM_INLINE void name(wm_u32(&r)[4], wm_u32 address) {                                         \
		asm volatile("ldmatrix.sync.aligned.m8n8.x4" trans ".shared.b16 {%0, %1, %2, %3}, [%4];" \
		             : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])                            \
		             : "r"(address)                                                              \
		             : "memory");                                                                \
	}
WM_LDMATRIX(wm_ldmatrix, "")
WM_LDMATRIX(wm_ldmatrix_t, ".trans")

/* ---- matrix multiply-add of a warp: D = A B + D ----------------------------------------------------------- */

/*
 * Collective of a warp; l is the lane, g = l / 4, t = l % 4. A is 16 x k, B is k x 8, D is 16 x 8. PTX 9.7.14.5.
 *   D   d[0], d[1]: row g, columns 2 t, 2 t + 1; d[2], d[3]: row g + 8
 *   16-bit, k = 16 (9.7.14.5.8)   a[0]: row g, k 2 t, 2 t + 1; a[1]: row g + 8; a[2], a[3]: the same at k + 8
 *                                 b[0]: column g, k 2 t, 2 t + 1; b[1]: k + 8
 *   tf32, k = 8 (9.7.14.5.5)      a[0]: row g, k t; a[1]: row g + 8; a[2], a[3]: the same at k + 4
 *                                 b[0]: column g, k t; b[1]: k + 4
 *   8-bit, k = 32 (9.7.14.5.10)   a[0]: row g, k 4 t .. 4 t + 3; a[1]: row g + 8; a[2], a[3]: the same at k + 16
 *                                 b[0]: column g, k 4 t .. 4 t + 3; b[1]: k + 16
 */
#define WM_MMA(name, T, c, shape, types)                                                  \
	WM_INLINE void name(T(&d)[4], const wm_u32(&a)[4], const wm_u32(&b)[2]) {             \
		asm volatile("mma.sync.aligned." shape ".row.col." types                          \
		             " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "                    \
		             "{%0, %1, %2, %3};"                                                  \
		             : c(d[0]), c(d[1]), c(d[2]), c(d[3])                                 \
		             : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1])); \
	}
WM_MMA(wm_mma_bf16, float, "+f", "m16n8k16", "f32.bf16.bf16.f32")
WM_MMA(wm_mma_f16, float, "+f", "m16n8k16", "f32.f16.f16.f32")
WM_MMA(wm_mma_tf32, float, "+f", "m16n8k8", "f32.tf32.tf32.f32")
WM_MMA(wm_mma_s8, int, "+r", "m16n8k32", "s32.s8.s8.s32")

/* A is 8 x 4, B is 4 x 8, D is 8 x 8. a: row g, k t; b: column g, k t; d: row g, columns 2 t, 2 t + 1. PTX 9.7.14.5.2.
 */
WM_INLINE void wm_mma_f64(double (&d)[2], double a, double b) {
	asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0, %1}, {%2}, {%3}, {%0, %1};"
	             : "+d"(d[0]), "+d"(d[1])
	             : "d"(a), "d"(b));
}

/* ---- sm_89 and later -------------------------------------------------------------------------------------- */

#ifdef WM_SM89

WM_MMA(wm_mma_e4m3, float, "+f", "m16n8k32", "f32.e4m3.e4m3.f32")
WM_MMA(wm_mma_e5m2, float, "+f", "m16n8k32", "f32.e5m2.e5m2.f32")
WM_MMA(wm_mma_e4m3_e5m2, float, "+f", "m16n8k32", "f32.e4m3.e5m2.f32")
WM_MMA(wm_mma_e5m2_e4m3, float, "+f", "m16n8k32", "f32.e5m2.e4m3.f32")

/* Two floats rounded to nearest even, above the largest finite value: that; first in the lower byte.
 * cvt.rn.satfinite.e4m3x2.f32. */
WM_INLINE wm_u16 wm_pack_e4m3(float first, float second) {
	wm_u16 u;
	asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(u) : "f"(second), "f"(first));
	return u;
}
WM_INLINE wm_u16 wm_pack_e5m2(float first, float second) {
	wm_u16 u;
	asm("cvt.rn.satfinite.e5m2x2.f32 %0, %1, %2;" : "=h"(u) : "f"(second), "f"(first));
	return u;
}

#endif

/* ---- sm_90 and later: clusters, mbarriers, bulk copies ---------------------------------------------------- */

#ifdef WM_SM90

/* True in one lane of the warp, always the same while all are there. elect.sync. */
WM_INLINE bool wm_elect() {
	wm_u32 chosen;
	asm volatile("{.reg .pred p; elect.sync _|p, 0xffffffff; selp.u32 %0, 1, 0, p;}" : "=r"(chosen));
	return chosen;
}

/* f64 with k = 16: A is 16 x 16, B is 16 x 8, D is 16 x 8 as above. a[2 j + i]: row g + 8 i, k t + 4 j; b[j]: column
 * g, k t + 4 j. PTX 9.7.14.5.2. */
WM_INLINE void wm_mma_f64_k16(double (&d)[4], const double (&a)[8], const double (&b)[4]) {
	asm volatile(
		"mma.sync.aligned.m16n8k16.row.col.f64.f64.f64.f64 {%0, %1, %2, %3}, {%4, %5, %6, %7, %8, %9, %10, %11}, "
		"{%12, %13, %14, %15}, {%0, %1, %2, %3};"
		: "+d"(d[0]), "+d"(d[1]), "+d"(d[2]), "+d"(d[3])
		: "d"(a[0]), "d"(a[1]), "d"(a[2]), "d"(a[3]), "d"(a[4]), "d"(a[5]), "d"(a[6]), "d"(a[7]), "d"(b[0]), "d"(b[1]),
		  "d"(b[2]), "d"(b[3]));
}

/* stmatrix, PTX 9.7.14.5.16: the reverse of ldmatrix. */
#define WM_STMATRIX(name, trans)                                                                                    \
	WM_INLINE void name(wm_u32 address, const wm_u32(&r)[1]) {                                                      \
		asm volatile("stmatrix.sync.aligned.m8n8.x1" trans ".shared.b16 [%0], {%1};" ::"r"(address), "r"(r[0])      \
		             : "memory");                                                                                   \
	}                                                                                                               \
	WM_INLINE void name(wm_u32 address, const wm_u32(&r)[2]) {                                                      \
		asm volatile("stmatrix.sync.aligned.m8n8.x2" trans ".shared.b16 [%0], {%1, %2};" ::"r"(address), "r"(r[0]), \
		             "r"(r[1])                                                                                      \
		             : "memory");                                                                                   \
	}                                                                                                               \
	WM_INLINE void name(wm_u32 address, const wm_u32(&r)[4]) {                                                      \
		asm volatile("stmatrix.sync.aligned.m8n8.x4" trans ".shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(address),    \
		             "r"(r[0]), "r"(r[1]), "r"(r[2]), "r"(r[3])                                                     \
		             : "memory");                                                                                   \
	}
WM_STMATRIX(wm_stmatrix, "")
WM_STMATRIX(wm_stmatrix_t, ".trans")

/* The block's rank in its cluster, and its blocks. %cluster_ctarank, %cluster_nctarank. */
WM_INLINE wm_u32 wm_cluster_rank() {
	wm_u32 rank;
	asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
	return rank;
}
WM_INLINE wm_u32 wm_cluster_blocks() {
	wm_u32 blocks;
	asm volatile("mov.u32 %0, %%cluster_nctarank;" : "=r"(blocks));
	return blocks;
}
/* All threads of the cluster: arrive says so, wait waits for all and sees their memory. Collective of a warp.
 * barrier.cluster. */
WM_INLINE void wm_cluster_arrive() {
	asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory");
}
WM_INLINE void wm_cluster_wait() {
	asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory");
}
WM_INLINE void wm_cluster_sync() {
	wm_cluster_arrive();
	wm_cluster_wait();
}
/* The same place in the shared memory of another block of the cluster. mapa. */
WM_INLINE wm_u32 wm_shared_of(wm_u32 address, wm_u32 rank) {
	wm_u32 there;
	asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(there) : "r"(address), "r"(rank));
	return there;
}

/*
 * An mbarrier is 8 bytes of shared memory, aligned to 8: a phase ends when count arrivals were made and all bytes
 * that were expected have come.. A wait names the parity of the phase that it waits for the end of: 0 for
 * the first after init, 1 for the second, 0 ..; waiting with 1 on a fresh barrier passes at once.
 */
WM_INLINE void wm_mbarrier_init(wm_u32 bar, wm_u32 count) {
	asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(bar), "r"(count) : "memory");
}
/* One thread, after its inits and before others of the cluster use them. fence.mbarrier_init. */
WM_INLINE void wm_fence_mbarrier_init() {
	asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}
WM_INLINE void wm_mbarrier_arrive(wm_u32 bar) {
	asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(bar) : "memory");
}
/* Arrives, and the phase waits for that many bytes more. */
WM_INLINE void wm_mbarrier_arrive_expect(wm_u32 bar, wm_u32 bytes) {
	asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(bar), "r"(bytes) : "memory");
}
/* Does not arrive, but the phase waits for that many bytes more. */
WM_INLINE void wm_mbarrier_expect(wm_u32 bar, wm_u32 bytes) {
	asm volatile("mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [%0], %1;" ::"r"(bar), "r"(bytes) : "memory");
}
/* Arrives at the barrier in the same place of another block of the cluster. mapa, and mbarrier.arrive. */
WM_INLINE void wm_mbarrier_arrive_at(wm_u32 bar, wm_u32 rank) {
	asm volatile("mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%0];" ::"r"(wm_shared_of(bar, rank))
	             : "memory");
}
/* Has the phase of that parity ended? May wait a little for it. mbarrier.try_wait.parity. */
WM_INLINE bool wm_mbarrier_try(wm_u32 bar, wm_u32 parity) {
	wm_u32 ended;
	asm volatile("{.reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2; selp.u32 %0, 1, 0, p;}"
	             : "=r"(ended)
	             : "r"(bar), "r"(parity)
	             : "memory");
	return ended;
}
WM_INLINE void wm_mbarrier_wait(wm_u32 bar, wm_u32 parity) {
	while (!wm_mbarrier_try(bar, parity)) {
	}
}
/* The same with acquire.cluster: arrivals came from other blocks of the cluster, and their memory is to be seen. */
WM_INLINE void wm_mbarrier_wait_cluster(wm_u32 bar, wm_u32 parity) {
	wm_u32 ended;
	do {
		asm volatile(
			"{.reg .pred p; mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 p, [%1], %2; "
			"selp.u32 %0, 1, 0, p;}"
			: "=r"(ended)
			: "r"(bar), "r"(parity)
			: "memory");
	} while (!ended);
}

/* What this thread wrote to shared memory by ordinary stores (stmatrix and cp.async among them) is seen by wgmma and
 * bulk copies. Each thread that wrote does it, then a barrier. fence.proxy.async. */
WM_INLINE void wm_fence_async() {
	asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

/* A box of a tensor, as cuTensorMapEncodeTiled wrote it; a parameter of the kernel, of which the address is used:
 * void entry(WM_TENSOR_MAP map, ..). */
struct __attribute__((aligned(64))) wm_tensor_map {
	wm_u64 opaque[16];
};
#define WM_TENSOR_MAP const __grid_constant__ wm_tensor_map

/* Fetches the map itself. prefetch.tensormap. */
WM_INLINE void wm_tma_prefetch(const wm_tensor_map *map) {
	asm volatile("prefetch.tensormap [%0];" ::"l"(map) : "memory");
}

/* How long L2 should keep what a bulk copy reads or writes. createpolicy.fractional. */
WM_INLINE wm_u64 wm_keep_first() {
	wm_u64 policy;
	asm("createpolicy.fractional.L2::evict_last.b64 %0, 1.0;" : "=l"(policy));
	return policy;
}
WM_INLINE wm_u64 wm_drop_first() {
	wm_u64 policy;
	asm("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(policy));
	return policy;
}

/*
 * One thread: the box that begins at element (x, y, ..) of the tensor (x is the dimension without a stride) goes to
 * shared memory at to, aligned to 128 bytes, swizzled as the map says; elements outside of the tensor become 0. All
 * bytes of the box, these too, count at the mbarrier bar. _multicast: to the same place of every block whose
 * bit is set in blocks, counting at the barrier in the same place there. cp.async.bulk.tensor.
 */
#define WM_TMA_LOAD(rank, coordinates, c2, c3, c4, ...)                                                               \
	WM_INLINE void wm_tma_load_##rank##d(wm_u32 to, const wm_tensor_map *map, wm_u32 bar, WM_COORDINATES_##rank) {    \
		asm volatile("cp.async.bulk.tensor." #rank                                                                    \
		             "d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], "                                   \
		             "[%1, " coordinates "], [%2];" ::"r"(to),                                                        \
		             "l"(map), "r"(bar), __VA_ARGS__                                                                  \
		             : "memory");                                                                                     \
	}                                                                                                                 \
	WM_INLINE void wm_tma_load_##rank##d(wm_u32 to, const wm_tensor_map *map, wm_u32 bar, WM_COORDINATES_##rank,      \
	                                     wm_u64 policy) {                                                             \
		asm volatile("cp.async.bulk.tensor." #rank                                                                    \
		             "d.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint [%0], "                    \
		             "[%1, " coordinates "], [%2], " c2 ";" ::"r"(to),                                                \
		             "l"(map), "r"(bar), __VA_ARGS__, "l"(policy)                                                     \
		             : "memory");                                                                                     \
	}                                                                                                                 \
	WM_INLINE void wm_tma_load_##rank##d_multicast(wm_u32 to, const wm_tensor_map *map, wm_u32 bar,                   \
	                                               WM_COORDINATES_##rank, wm_u16 blocks) {                            \
		asm volatile("cp.async.bulk.tensor." #rank                                                                    \
		             "d.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster [%0], "                \
		             "[%1, " coordinates "], [%2], " c3 ";" ::"r"(to),                                                \
		             "l"(map), "r"(bar), __VA_ARGS__, "h"(blocks)                                                     \
		             : "memory");                                                                                     \
	}                                                                                                                 \
	WM_INLINE void wm_tma_load_##rank##d_multicast(wm_u32 to, const wm_tensor_map *map, wm_u32 bar,                   \
	                                               WM_COORDINATES_##rank, wm_u16 blocks, wm_u64 policy) {             \
		asm volatile("cp.async.bulk.tensor." #rank                                                                    \
		             "d.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster.L2::cache_hint [%0], " \
		             "[%1, " coordinates "], [%2], " c3 ", " c4 ";" ::"r"(to),                                        \
		             "l"(map), "r"(bar), __VA_ARGS__, "h"(blocks), "l"(policy)                                        \
		             : "memory");                                                                                     \
	}
#define WM_COORDINATES_2 int x, int y
#define WM_COORDINATES_3 int x, int y, int z
#define WM_COORDINATES_4 int x, int y, int z, int w
WM_TMA_LOAD(2, "{%3, %4}", "%5", "%5", "%6", "r"(x), "r"(y))
WM_TMA_LOAD(3, "{%3, %4, %5}", "%6", "%6", "%7", "r"(x), "r"(y), "r"(z))
WM_TMA_LOAD(4, "{%3, %4, %5, %6}", "%7", "%7", "%8", "r"(x), "r"(y), "r"(z), "r"(w))

/* One thread: the box from shared memory to the tensor; what is outside of the tensor is not written. Belongs to the
 * thread's bulk group.. */
WM_INLINE void wm_tma_store_2d(const wm_tensor_map *map, wm_u32 from, int x, int y) {
	asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%0, {%2, %3}], [%1];" ::"l"(map), "r"(from),
	             "r"(x), "r"(y)
	             : "memory");
}
WM_INLINE void wm_tma_store_3d(const wm_tensor_map *map, wm_u32 from, int x, int y, int z) {
	asm volatile("cp.async.bulk.tensor.3d.global.shared::cta.bulk_group [%0, {%2, %3, %4}], [%1];" ::"l"(map),
	             "r"(from), "r"(x), "r"(y), "r"(z)
	             : "memory");
}
WM_INLINE void wm_tma_store_4d(const wm_tensor_map *map, wm_u32 from, int x, int y, int z, int w) {
	asm volatile("cp.async.bulk.tensor.4d.global.shared::cta.bulk_group [%0, {%2, %3, %4, %5}], [%1];" ::"l"(map),
	             "r"(from), "r"(x), "r"(y), "r"(z), "r"(w)
	             : "memory");
}
/* Closes this thread's group of bulk stores; waits until at most N groups are not done, or (_read) have not read all
 * of their shared memory.. */
WM_INLINE void wm_bulk_commit() {
	asm volatile("cp.async.bulk.commit_group;" ::: "memory");
}
template <int N> WM_INLINE void wm_bulk_wait() {
	asm volatile("cp.async.bulk.wait_group %0;" ::"n"(N) : "memory");
}
template <int N> WM_INLINE void wm_bulk_wait_read() {
	asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(N) : "memory");
}
/* One thread: bytes (a multiple of 16) that lie together, from global to shared memory, both aligned to 16; they count
 * at the mbarrier. cp.async.bulk. */
WM_INLINE void wm_bulk_load(wm_u32 to, const void *from, wm_u32 bytes, wm_u32 bar) {
	asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(to),
	             "l"(from), "r"(bytes), "r"(bar)
	             : "memory");
}

#endif

/* ---- sm_90a only: matrix multiply-add of a warpgroup ------------------------------------------------------ */

#ifdef WM_SM90A

/* Collective of a warpgroup: registers a thread from now on, 24..256 in steps of 8. setmaxnreg. */
template <int N> WM_INLINE void wm_registers_less() {
	asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(N));
}
template <int N> WM_INLINE void wm_registers_more() {
	asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(N));
}

/*
 * What a wgmma reads in shared memory (PTX 9.7.15.5.1.2): the matrix descriptor. leading_bytes and stride_bytes are
 * multiples of 16; what they mean depends on which way the matrix lies, tests/emulate/README.md tells it with pictures.
 * Patterns of a swizzle begin at multiples of 1024 (128 bytes), 512 (64), 256 (32).
 */
enum wm_swizzle { WM_SWIZZLE_NONE = 0, WM_SWIZZLE_128 = 1, WM_SWIZZLE_64 = 2, WM_SWIZZLE_32 = 3 };

WM_INLINE wm_u64 wm_descriptor(wm_u32 address, wm_u32 leading_bytes, wm_u32 stride_bytes, wm_swizzle swizzle) {
	return (wm_u64)((address & 0x3ffff) >> 4) | (wm_u64)((leading_bytes & 0x3ffff) >> 4) << 16 |
	       (wm_u64)((stride_bytes & 0x3ffff) >> 4) << 32 | (wm_u64)swizzle << 62;
}
/* The descriptor of what begins that many bytes (a multiple of 16) further on. */
WM_INLINE wm_u64 wm_descriptor_at(wm_u64 descriptor, wm_u32 bytes) {
	return descriptor + (bytes >> 4);
}

/* Collective of a warpgroup. Before the first wgmma, and before one whose registers were written by others than
 * wgmma: fence. A run of wgmma is closed by commit; wait: at most N runs are under way. Registers of a run may not be
 * touched before its wait. wgmma.fence, .commit_group, .wait_group. */
WM_INLINE void wm_wgmma_fence() {
	asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}
WM_INLINE void wm_wgmma_commit() {
	asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
template <int N> WM_INLINE void wm_wgmma_wait() {
	asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory");
}
/* No instruction: what uses d stays on its side of this line. After a wait, around everything that reads d; before a
 * fence, behind everything that wrote it. */
template <int N> WM_INLINE void wm_keep(float (&d)[N]) {
	WM_UNROLL for (int i = 0; i < N; i++) asm volatile("" : "+f"(d[i])::"memory");
}
template <int N> WM_INLINE void wm_keep(int (&d)[N]) {
	WM_UNROLL for (int i = 0; i < N; i++) asm volatile("" : "+r"(d[i])::"memory");
}

/*
 * Collective of a warpgroup, asynchronous: D = A B + D, or D = A B where scale_d is 0. A is 64 x k, B is k x N, D is
 * 64 x N; N is twice the length of d: 8, 16, 32, 48, 64, 80, 96, 112, 128, 160, 176, 192, 224 or 256. wgmma.mma_async,
 * PTX 9.7.15.5. w is the warp in its group, l the lane, g = l / 4, t = l % 4:
 *   D   d[4 i + j]: row 16 w + g + 8 (j / 2), column 8 i + 2 t + j % 2
 *   A   by descriptor, or in registers, laid out as for wm_mma_.. above, of rows 16 w .. 16 w + 15
 *   B   by descriptor
 * k is 16 for 16-bit types, 8 for tf32, 32 for 8-bit types. In shared memory both A and B lie along k: rows of A and
 * columns of B are contiguous; 16-bit types can do otherwise: with TA = 1 columns of A are, with TB = 1 rows of B are.
 */
#define WM_WGMMA_16(name, types, n, regs, p0, p1, p2, p3, p4, p5, p6)                                             \
	template <int TA = 0, int TB = 0> WM_INLINE void name(float(&d)[regs], wm_u64 a, wm_u64 b, int scale_d) {     \
		asm volatile("{.reg .pred p; setp.ne.b32 p, %" #p2 ", 0; wgmma.mma_async.sync.aligned.m64n" #n            \
		             "k16.f32." types " {" WM_NAMES_##regs "}, %" #p0 ", %" #p1 ", p, 1, 1, %" #p3 ", %" #p4 ";}" \
		             : WM_BIND_##regs("+f", 0)                                                                    \
		             : "l"(a), "l"(b), "r"(scale_d), "n"(TA), "n"(TB));                                           \
	}                                                                                                             \
	template <int TB = 0> WM_INLINE void name(float(&d)[regs], const wm_u32(&a)[4], wm_u64 b, int scale_d) {      \
		asm volatile("{.reg .pred p; setp.ne.b32 p, %" #p5 ", 0; wgmma.mma_async.sync.aligned.m64n" #n            \
		             "k16.f32." types " {" WM_NAMES_##regs "}, {%" #p0 ", %" #p1 ", %" #p2 ", %" #p3 "}, %" #p4   \
		                                                   ", p, 1, 1, %" #p6 ";}"                                \
		             : WM_BIND_##regs("+f", 0)                                                                    \
		             : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(scale_d), "n"(TB));                \
	}
#define WM_WGMMA_WIDE(name, T, c, k, types, scales, n, regs, p0, p1, p2, p3, p4, p5)                                   \
	WM_INLINE void name(T(&d)[regs], wm_u64 a, wm_u64 b, int scale_d) {                                                \
		asm volatile("{.reg .pred p; setp.ne.b32 p, %" #p2 ", 0; wgmma.mma_async.sync.aligned.m64n" #n "k" k "." types \
		             " {" WM_NAMES_##regs "}, %" #p0 ", %" #p1 ", p" scales ";}"                                       \
		             : WM_BIND_##regs(c, 0)                                                                            \
		             : "l"(a), "l"(b), "r"(scale_d));                                                                  \
	}                                                                                                                  \
	WM_INLINE void name(T(&d)[regs], const wm_u32(&a)[4], wm_u64 b, int scale_d) {                                     \
		asm volatile("{.reg .pred p; setp.ne.b32 p, %" #p5 ", 0; wgmma.mma_async.sync.aligned.m64n" #n "k" k "." types \
		             " {" WM_NAMES_##regs "}, {%" #p0 ", %" #p1 ", %" #p2 ", %" #p3 "}, %" #p4 ", p" scales ";}"       \
		             : WM_BIND_##regs(c, 0)                                                                            \
		             : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(scale_d));                              \
	}
#define WM_WGMMA_TF32(name, types, n, regs, p0, p1, p2, p3, p4, p5, p6) \
	WM_WGMMA_WIDE(name, float, "+f", "8", types, ", 1, 1", n, regs, p0, p1, p2, p3, p4, p5)
#define WM_WGMMA_FP8(name, types, n, regs, p0, p1, p2, p3, p4, p5, p6) \
	WM_WGMMA_WIDE(name, float, "+f", "32", types, ", 1, 1", n, regs, p0, p1, p2, p3, p4, p5)
#define WM_WGMMA_S8(name, types, n, regs, p0, p1, p2, p3, p4, p5, p6) \
	WM_WGMMA_WIDE(name, int, "+r", "32", types, "", n, regs, p0, p1, p2, p3, p4, p5)

/* n, the registers of D, and the numbers of the operands behind them. */
#define WM_WGMMA_EACH(make, name, types)                                                                            \
	make(name, types, 8, 4, 4, 5, 6, 7, 8, 9, 10) make(name, types, 16, 8, 8, 9, 10, 11, 12, 13, 14)                \
		make(name, types, 32, 16, 16, 17, 18, 19, 20, 21, 22) make(name, types, 48, 24, 24, 25, 26, 27, 28, 29, 30) \
			make(name, types, 64, 32, 32, 33, 34, 35, 36, 37, 38)                                                   \
				make(name, types, 80, 40, 40, 41, 42, 43, 44, 45, 46)                                               \
					make(name, types, 96, 48, 48, 49, 50, 51, 52, 53, 54)                                           \
						make(name, types, 112, 56, 56, 57, 58, 59, 60, 61, 62)                                      \
							make(name, types, 128, 64, 64, 65, 66, 67, 68, 69, 70)                                  \
								make(name, types, 160, 80, 80, 81, 82, 83, 84, 85, 86)                              \
									make(name, types, 176, 88, 88, 89, 90, 91, 92, 93, 94)                          \
										make(name, types, 192, 96, 96, 97, 98, 99, 100, 101, 102)                   \
											make(name, types, 224, 112, 112, 113, 114, 115, 116, 117, 118)          \
												make(name, types, 256, 128, 128, 129, 130, 131, 132, 133, 134)

/* The first registers of a text, by eights. */
#define WM_EIGHT_0 "%0, %1, %2, %3, %4, %5, %6, %7"
#define WM_EIGHT_1 "%8, %9, %10, %11, %12, %13, %14, %15"
#define WM_EIGHT_2 "%16, %17, %18, %19, %20, %21, %22, %23"
#define WM_EIGHT_3 "%24, %25, %26, %27, %28, %29, %30, %31"
#define WM_EIGHT_4 "%32, %33, %34, %35, %36, %37, %38, %39"
#define WM_EIGHT_5 "%40, %41, %42, %43, %44, %45, %46, %47"
#define WM_EIGHT_6 "%48, %49, %50, %51, %52, %53, %54, %55"
#define WM_EIGHT_7 "%56, %57, %58, %59, %60, %61, %62, %63"
#define WM_EIGHT_8 "%64, %65, %66, %67, %68, %69, %70, %71"
#define WM_EIGHT_9 "%72, %73, %74, %75, %76, %77, %78, %79"
#define WM_EIGHT_10 "%80, %81, %82, %83, %84, %85, %86, %87"
#define WM_EIGHT_11 "%88, %89, %90, %91, %92, %93, %94, %95"
#define WM_EIGHT_12 "%96, %97, %98, %99, %100, %101, %102, %103"
#define WM_EIGHT_13 "%104, %105, %106, %107, %108, %109, %110, %111"
#define WM_EIGHT_14 "%112, %113, %114, %115, %116, %117, %118, %119"
#define WM_EIGHT_15 "%120, %121, %122, %123, %124, %125, %126, %127"
#define WM_NAMES_4 "%0, %1, %2, %3"
#define WM_NAMES_8 WM_EIGHT_0
#define WM_NAMES_16 WM_NAMES_8 ", " WM_EIGHT_1
#define WM_NAMES_24 WM_NAMES_16 ", " WM_EIGHT_2
#define WM_NAMES_32 WM_NAMES_24 ", " WM_EIGHT_3
#define WM_NAMES_40 WM_NAMES_32 ", " WM_EIGHT_4
#define WM_NAMES_48 WM_NAMES_40 ", " WM_EIGHT_5
#define WM_NAMES_56 WM_NAMES_48 ", " WM_EIGHT_6
#define WM_NAMES_64 WM_NAMES_56 ", " WM_EIGHT_7
#define WM_NAMES_80 WM_NAMES_64 ", " WM_EIGHT_8 ", " WM_EIGHT_9
#define WM_NAMES_88 WM_NAMES_80 ", " WM_EIGHT_10
#define WM_NAMES_96 WM_NAMES_88 ", " WM_EIGHT_11
#define WM_NAMES_112 WM_NAMES_96 ", " WM_EIGHT_12 ", " WM_EIGHT_13
#define WM_NAMES_128 WM_NAMES_112 ", " WM_EIGHT_14 ", " WM_EIGHT_15
/* Their operands: elements of d from i on, of constraint c. */
#define WM_BIND_4(c, i) c(d[i]), c(d[i + 1]), c(d[i + 2]), c(d[i + 3])
#define WM_BIND_8(c, i) WM_BIND_4(c, i), WM_BIND_4(c, i + 4)
#define WM_BIND_16(c, i) WM_BIND_8(c, i), WM_BIND_8(c, i + 8)
#define WM_BIND_24(c, i) WM_BIND_16(c, i), WM_BIND_8(c, i + 16)
#define WM_BIND_32(c, i) WM_BIND_16(c, i), WM_BIND_16(c, i + 16)
#define WM_BIND_40(c, i) WM_BIND_32(c, i), WM_BIND_8(c, i + 32)
#define WM_BIND_48(c, i) WM_BIND_32(c, i), WM_BIND_16(c, i + 32)
#define WM_BIND_56(c, i) WM_BIND_32(c, i), WM_BIND_24(c, i + 32)
#define WM_BIND_64(c, i) WM_BIND_32(c, i), WM_BIND_32(c, i + 32)
#define WM_BIND_80(c, i) WM_BIND_64(c, i), WM_BIND_16(c, i + 64)
#define WM_BIND_88(c, i) WM_BIND_64(c, i), WM_BIND_24(c, i + 64)
#define WM_BIND_96(c, i) WM_BIND_64(c, i), WM_BIND_32(c, i + 64)
#define WM_BIND_112(c, i) WM_BIND_64(c, i), WM_BIND_48(c, i + 64)
#define WM_BIND_128(c, i) WM_BIND_64(c, i), WM_BIND_64(c, i + 64)

WM_WGMMA_EACH(WM_WGMMA_16, wm_wgmma_bf16, "bf16.bf16")
WM_WGMMA_EACH(WM_WGMMA_16, wm_wgmma_f16, "f16.f16")
WM_WGMMA_EACH(WM_WGMMA_TF32, wm_wgmma_tf32, "f32.tf32.tf32")
WM_WGMMA_EACH(WM_WGMMA_FP8, wm_wgmma_e4m3, "f32.e4m3.e4m3")
WM_WGMMA_EACH(WM_WGMMA_FP8, wm_wgmma_e5m2, "f32.e5m2.e5m2")
WM_WGMMA_EACH(WM_WGMMA_FP8, wm_wgmma_e4m3_e5m2, "f32.e4m3.e5m2")
WM_WGMMA_EACH(WM_WGMMA_FP8, wm_wgmma_e5m2_e4m3, "f32.e5m2.e4m3")
WM_WGMMA_EACH(WM_WGMMA_S8, wm_wgmma_s8, "s32.s8.s8")

#endif
