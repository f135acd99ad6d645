/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device.h - stands before every portable kernel text and makes it OpenCL C, CUDA or HIP. Texts include
 * nothing and use only what is defined here and plain C (WM_EMULATE: tests/emulate has CUDA's words for the CPU):
 *
 *   WM_ENTRY(items) name(..)   a kernel; its groups have that many work-items, all in dimension 0
 *   WM_GLOBAL, WM_LOCAL        address spaces of pointers
 *   WM_LOCAL_ARRAY             before an array at the top of a kernel that the group shares; 64-byte aligned
 *   WM_INLINE                  before the type of every other function
 *   WM_BARRIER()               all work-items of the group arrive, local memory is seen by all
 *   wm_group_id(d)             index of the group in dimension d = 0, 1, 2 (a literal)
 *   wm_local_id()              index of the work-item in its group
 *   wm_prefetch(p)             a CPU fetches the cache line of global p in good time; nothing elsewhere
 *   wm_size                    unsigned 64-bit; wm_u16, wm_u32, wm_i8, wm_i32
 *   WM_HAS_DOUBLE                 defined where there is double: not on OpenCL devices without cl_khr_fp64
 *   wm_f32x16, wm_i32x16, wm_f64x8   vectors of 64 bytes; below, T is the element type: f32, i32, f64
 *   wm_f32x4, wm_f64x2, wm_i32x4   vectors of 16 bytes, T is f32x4, f64x2 (i32x4: the type alone)
 *   wm_splat_T(x)              a vector of one value
 *   wm_mad_T(a, x, c)          a * x + c with a scalar x, fused for floats
 *   wm_read_T(p), wm_write_T(p, v)   from and to p[0..lanes) of any alignment of the element
 *   wm_stream(p, v)            *p = v, past the caches where the language has a word for it
 *   wm_zip_low_T(a, b), wm_zip_high_T(a, b)   a and b lane by lane in turn, from their lower or upper halves
 *   wm_max_T(a, b), wm_exp2_T(a)   lane by lane, T is f32 or f32x4; wm_exp2(x) of a scalar
 *   wm_f32_of_bf16(u), wm_bf16_of_f32(x)                  bits of bfloat16, rounded to nearest even
 *   wm_read_f16(p, i), wm_write_f16(p, i, x)              IEEE binary16 in memory, as f32 outside of it
 *   wm_fma_f32(a, b, c), wm_fma_f64(a, b, c)              a b + c of scalars, rounded once
 * and of a text whose launcher says IN_F64, _F32, _F16, _BF16 or _I8, and OUT_F16, OUT_BF16 or neither:
 *   wm_in, wm_acc, wm_out      types in memory, of sums, of results: as the sums where OUT_ is not said
 *   wm_quad                    a vector of 16 bytes of wm_acc
 *   WM_IN_IS_ACC, WM_OUT_IS_ACC   defined where these are the same
 *   wm_read_in(p, i), wm_write_out(p, i, x)               elements in memory, wm_acc outside of it
 *   wm_mad_acc(a, b, c)        a b + c of wm_acc, rounded at most once
 */

#if defined(__OPENCL_C_VERSION__)

#define WM_ENTRY(items) __kernel __attribute__((reqd_work_group_size(items, 1, 1))) void
#define WM_GLOBAL __global
#define WM_LOCAL __local
#define WM_LOCAL_ARRAY __local __attribute__((aligned(64)))
#define WM_INLINE static inline __attribute__((always_inline, unused))
#define WM_BARRIER() barrier(CLK_LOCAL_MEM_FENCE)
#define wm_group_id(d) ((unsigned)get_group_id(d))
#define wm_local_id() ((unsigned)get_local_id(0))
/* OpenCL's own prefetch does nothing in PoCL 3.1. A CPU has one address space. */
#if defined(__x86_64__) || defined(__aarch64__)
#define wm_prefetch(p) __builtin_prefetch((const void *)(size_t)(p), 0, 2)
#else
#define wm_prefetch(p) (void)(p)
#endif

typedef ulong wm_size;
typedef ushort wm_u16;
typedef uint wm_u32;
typedef char wm_i8;
typedef int wm_i32;
typedef half wm_f16;

typedef float16 wm_f32x16;
typedef int16 wm_i32x16;
#define wm_splat_f32(x) ((float16)(x))
#define wm_splat_i32(x) ((int16)(x))
#define wm_mad_f32(a, x, c) fma(a, (float16)(x), c)
#define wm_mad_i32(a, x, c) ((a) * (int16)(x) + (c))
typedef float4 wm_f32x4;
typedef int4 wm_i32x4;
#define wm_splat_f32x4(x) ((float4)(x))
#define wm_mad_f32x4(a, x, c) fma(a, (float4)(x), c)
#define wm_max_f32(a, b) max(a, b)
#define wm_max_f32x4(a, b) max(a, b)
#define wm_exp2_f32(a) exp2(a)
#define wm_exp2_f32x4(a) exp2(a)
#define wm_exp2(x) exp2(x)
#define wm_fma_f32(a, b, c) fma(a, b, c)
#define wm_fma_f64(a, b, c) fma(a, b, c)
#ifdef cl_khr_fp64
#define WM_HAS_DOUBLE
typedef double8 wm_f64x8;
typedef double2 wm_f64x2;
#define wm_splat_f64(x) ((double8)(x))
#define wm_mad_f64(a, x, c) fma(a, (double8)(x), c)
#define wm_splat_f64x2(x) ((double2)(x))
#define wm_mad_f64x2(a, x, c) fma(a, (double2)(x), c)
#endif

/* A pointer to a vector aligned as its elements, in each address space: PoCL 3.1 makes three stores of one vstore16. */
#define WM_ACCESS(T, S, vector)          \
	WM_ACCESS_IN(T, S, vector, __global) \
	WM_ACCESS_IN(T, S, vector, __local)  \
	WM_ACCESS_IN(T, S, vector, __private)
#define WM_ACCESS_IN(T, S, vector, space)                                             \
	WM_INLINE __attribute__((overloadable)) vector wm_read_##T(space const S *p) {    \
		typedef vector any __attribute__((aligned(sizeof(S))));                       \
		return *(space const any *)p;                                                 \
	}                                                                                 \
	WM_INLINE __attribute__((overloadable)) void wm_write_##T(space S *p, vector v) { \
		typedef vector any __attribute__((aligned(sizeof(S))));                       \
		*(space any *)p = v;                                                          \
	}
WM_ACCESS(f32, float, float16)
WM_ACCESS(f32x4, float, float4)
WM_ACCESS(i32, int, int16)
#ifdef WM_HAS_DOUBLE
WM_ACCESS(f64, double, double8)
WM_ACCESS(f64x2, double, double2)
#endif

#define WM_ZIP(T, vector, part, half)                          \
	WM_INLINE vector wm_zip_##part##_##T(vector a, vector b) { \
		vector r;                                              \
		r.even = a.half;                                       \
		r.odd = b.half;                                        \
		return r;                                              \
	}
WM_ZIP(f32, float16, low, lo)
WM_ZIP(f32, float16, high, hi)
WM_ZIP(f32x4, float4, low, lo)
WM_ZIP(f32x4, float4, high, hi)
WM_ZIP(i32, int16, low, lo)
WM_ZIP(i32, int16, high, hi)
#ifdef WM_HAS_DOUBLE
WM_ZIP(f64, double8, low, lo)
WM_ZIP(f64, double8, high, hi)
#endif

#if defined(__has_builtin) && __has_builtin(__builtin_nontemporal_store)
#define wm_stream(p, v) __builtin_nontemporal_store(v, p)
#else
#define wm_stream(p, v) (*(p) = (v))
#endif

#define wm_bits_of_f32(x) as_uint(x)
#define wm_f32_of_bits(u) as_float(u)
#define wm_read_f16(p, i) vload_half(i, p)
#define wm_write_f16(p, i, x) vstore_half_rte(x, i, p)

#else

#define WM_HAS_DOUBLE
#define WM_GLOBAL
#define WM_LOCAL
#define WM_INLINE static inline __attribute__((device, unused))
#if defined(__CUDACC__) || defined(WM_EMULATE)
#define WM_ENTRY(items) extern "C" __global__ __launch_bounds__(items) void
#define WM_LOCAL_ARRAY __shared__ __attribute__((aligned(64)))
#define WM_BARRIER() __syncthreads()
#define wm_group_id(d) ((d) == 0 ? blockIdx.x : (d) == 1 ? blockIdx.y : blockIdx.z)
#define wm_local_id() (threadIdx.x)
#else
#define WM_ENTRY(items) \
	extern "C" __attribute__((global)) __attribute__((amdgpu_flat_work_group_size(items, items))) void
#define WM_LOCAL_ARRAY __attribute__((shared, aligned(64)))
#define WM_BARRIER() __builtin_amdgcn_fence(__ATOMIC_SEQ_CST, "workgroup"), __builtin_amdgcn_s_barrier()
#define wm_group_id(d)                              \
	((d) == 0   ? __builtin_amdgcn_workgroup_id_x() \
	 : (d) == 1 ? __builtin_amdgcn_workgroup_id_y() \
	            : __builtin_amdgcn_workgroup_id_z())
#define wm_local_id() (__builtin_amdgcn_workitem_id_x())
#endif

/* NVRTC has these functions under their plain names only, without any header; the others under these names. */
#if defined(__CUDACC_RTC__)
#define __builtin_fmaf(a, b, c) fmaf(a, b, c)
#define __builtin_fma(a, b, c) fma(a, b, c)
#define __builtin_fmaxf(a, b) fmaxf(a, b)
#define __builtin_exp2f(x) exp2f(x)
#define __builtin_huge_valf() __int_as_float(0x7f800000)
#endif

#define wm_prefetch(p) (void)(p)
#define wm_stream(p, v) (*(p) = (v))
typedef unsigned long long wm_size;
typedef unsigned short wm_u16;
typedef unsigned wm_u32;
typedef signed char wm_i8;
typedef int wm_i32;

/* A vector of L values of type S, and its operations, named as in OpenCL C above. */
#define WM_VECTOR(name, T, S, L)                                     \
	struct __attribute__((aligned(sizeof(S) * (L)))) name {          \
		S at[L];                                                     \
	};                                                               \
	WM_INLINE name wm_splat_##T(S x) {                               \
		name r;                                                      \
		for (int i = 0; i < L; i++)                                  \
			r.at[i] = x;                                             \
		return r;                                                    \
	}                                                                \
	WM_INLINE name wm_mad_##T(name a, S x, name c) {                 \
		for (int i = 0; i < L; i++)                                  \
			c.at[i] = WM_MAD_##T(a.at[i], x, c.at[i]);               \
		return c;                                                    \
	}                                                                \
	WM_INLINE name wm_read_##T(const S *p) {                         \
		name r;                                                      \
		for (int i = 0; i < L; i++)                                  \
			r.at[i] = p[i];                                          \
		return r;                                                    \
	}                                                                \
	WM_INLINE void wm_write_##T(S *p, name v) {                      \
		for (int i = 0; i < L; i++)                                  \
			p[i] = v.at[i];                                          \
	}                                                                \
	WM_INLINE name wm_zip_low_##T(name a, name b) {                  \
		name r;                                                      \
		for (int i = 0; i < L; i++)                                  \
			r.at[i] = i % 2 ? b.at[i / 2] : a.at[i / 2];             \
		return r;                                                    \
	}                                                                \
	WM_INLINE name wm_zip_high_##T(name a, name b) {                 \
		name r;                                                      \
		for (int i = 0; i < L; i++)                                  \
			r.at[i] = i % 2 ? b.at[(L + i) / 2] : a.at[(L + i) / 2]; \
		return r;                                                    \
	}
#define WM_MAD_f32(a, x, c) __builtin_fmaf(a, x, c)
#define WM_MAD_f64(a, x, c) __builtin_fma(a, x, c)
#define WM_MAD_i32(a, x, c) ((a) * (x) + (c))
#define wm_fma_f32(a, b, c) WM_MAD_f32(a, b, c)
#define wm_fma_f64(a, b, c) WM_MAD_f64(a, b, c)
#define WM_MAD_f32x4(a, x, c) WM_MAD_f32(a, x, c)
#define WM_MAD_f64x2(a, x, c) WM_MAD_f64(a, x, c)
WM_VECTOR(wm_f32x16, f32, float, 16)
WM_VECTOR(wm_f32x4, f32x4, float, 4)
WM_VECTOR(wm_f64x8, f64, double, 8)
WM_VECTOR(wm_f64x2, f64x2, double, 2)
WM_VECTOR(wm_i32x16, i32, int, 16)
struct __attribute__((aligned(16))) wm_i32x4 {
	int at[4];
};

#define wm_exp2(x) __builtin_exp2f(x)
#define WM_FLOAT_VECTOR(name, T, L)                          \
	WM_INLINE name wm_max_##T(name a, name b) {              \
		for (int i = 0; i < L; i++)                          \
			a.at[i] = a.at[i] < b.at[i] ? b.at[i] : a.at[i]; \
		return a;                                            \
	}                                                        \
	WM_INLINE name wm_exp2_##T(name a) {                     \
		for (int i = 0; i < L; i++)                          \
			a.at[i] = wm_exp2(a.at[i]);                      \
		return a;                                            \
	}
WM_FLOAT_VECTOR(wm_f32x16, f32, 16)
WM_FLOAT_VECTOR(wm_f32x4, f32x4, 4)

WM_INLINE wm_u32 wm_bits_of_f32(float x) {
	union {
		float f;
		wm_u32 u;
	} both = {x};
	return both.u;
}
WM_INLINE float wm_f32_of_bits(wm_u32 u) {
	union {
		wm_u32 u;
		float f;
	} both = {u};
	return both.f;
}

#if defined(WM_EMULATE)
typedef wm_u16 wm_f16;
#define wm_read_f16(p, i) wm_emulated_of_f16((p)[i])
#define wm_write_f16(p, i, x) ((p)[i] = wm_emulated_f16(x))
#elif defined(__CUDACC__)
typedef wm_u16 wm_f16;
WM_INLINE float wm_read_f16(const wm_f16 *p, wm_size i) {
	float x;
	asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(p[i]));
	return x;
}
WM_INLINE void wm_write_f16(wm_f16 *p, wm_size i, float x) {
	wm_u16 u;
	asm("cvt.rn.f16.f32 %0, %1;" : "=h"(u) : "f"(x));
	p[i] = u;
}
#else
typedef _Float16 wm_f16;
#define wm_read_f16(p, i) ((float)(p)[i])
#define wm_write_f16(p, i, x) ((p)[i] = (_Float16)(x))
#endif

#endif

WM_INLINE float wm_f32_of_bf16(wm_u16 u) {
	return wm_f32_of_bits((wm_u32)u << 16);
}
/* Adding half of the last kept place, less one when that place is even, carries as rounding to nearest even
 * does; a NaN keeps its sign and becomes quiet. */
WM_INLINE wm_u16 wm_bf16_of_f32(float x) {
	wm_u32 u = wm_bits_of_f32(x);
	if ((u & 0x7fffffffu) > 0x7f800000u)
		return (wm_u16)(u >> 16 | 0x40u);
	return (wm_u16)((u + 0x7fffu + (u >> 16 & 1u)) >> 16);
}

#if defined(IN_F64) && defined(WM_HAS_DOUBLE)
typedef double wm_in, wm_acc;
typedef wm_f64x2 wm_quad;
#define WM_IN_IS_ACC
#define wm_read_in(p, i) ((p)[i])
#define wm_mad_acc(a, b, c) wm_fma_f64(a, b, c)
#elif defined(IN_I8)
typedef wm_i8 wm_in;
typedef wm_i32 wm_acc;
typedef wm_i32x4 wm_quad;
#define wm_read_in(p, i) ((wm_acc)(p)[i])
#define wm_mad_acc(a, b, c) ((a) * (b) + (c))
#elif defined(IN_F32)
typedef float wm_in, wm_acc;
typedef wm_f32x4 wm_quad;
#define WM_IN_IS_ACC
#define wm_read_in(p, i) ((p)[i])
#define wm_mad_acc(a, b, c) wm_fma_f32(a, b, c)
#elif defined(IN_F16)
typedef wm_f16 wm_in;
typedef float wm_acc;
typedef wm_f32x4 wm_quad;
#define wm_read_in(p, i) wm_read_f16(p, i)
#define wm_mad_acc(a, b, c) wm_fma_f32(a, b, c)
#elif defined(IN_BF16)
typedef wm_u16 wm_in;
typedef float wm_acc;
typedef wm_f32x4 wm_quad;
#define wm_read_in(p, i) wm_f32_of_bf16((p)[i])
#define wm_mad_acc(a, b, c) wm_fma_f32(a, b, c)
#endif

#if defined(OUT_F16)
typedef wm_f16 wm_out;
#define wm_write_out(p, i, x) wm_write_f16(p, i, x)
#elif defined(OUT_BF16)
typedef wm_u16 wm_out;
#define wm_write_out(p, i, x) ((p)[i] = wm_bf16_of_f32(x))
#elif defined(wm_read_in)
typedef wm_acc wm_out;
#define WM_OUT_IS_ACC
#define wm_write_out(p, i, x) ((p)[i] = (x))
#endif
