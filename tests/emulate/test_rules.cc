/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_rules.cc - what the emulator refuses: small kernels that each break one rule, and the same kernels with it kept.
 */
#include "emulate.h"
#include "tap.h"

#include <cstring>
#include <initializer_list>
#include <vector>

enum { BOX = 64 * 128, BAR = 2 * BOX, SHARED = BAR + 64 };

/* What a kernel does otherwise than it should. */
enum fault {
	NONE,
	ARRIVAL_MISSING,
	ARRIVAL_TOO_MANY,
	TOO_FEW_BYTES,
	TOO_MANY_BYTES,
	READ_TOO_EARLY,
	BARRIER_NOT_FENCED,
	TWO_LOADS_AT_ONCE,
	ENDS_BEFORE_LOAD,
	STORE_NOT_FENCED,
	STORE_NOT_COMMITTED,
	STORE_NOT_WAITED,
	NO_WGMMA_FENCE,
	SUMS_TOO_EARLY,
	LOADS_INTO_OPERAND,
	WARPS_DISAGREE,
	DESCRIPTOR_RUNS_OVER,
	WGMMA_NOT_WAITED,
	LANES_DISAGREE,
	COUNTS_DISAGREE,
	WARP_MISSING,
	BEHIND_THE_END,
	PLAIN_BEHIND_THE_END,
	CLUSTER_ARRIVES_ALONE,
	PARITY_WRONG,
	COPY_NOT_WAITED
};

/* A box comes by TMA, its first word is put out. */
static void loads(WM_TENSOR_MAP map, wm_u32 *out, fault f) {
	WM_SHARED(shared);
	wm_u32 at = wm_shared(shared), bar = at + BAR;
	if (threadIdx.x == 0) {
		wm_mbarrier_init(bar, f == ARRIVAL_MISSING ? 2 : 1);
		if (f != BARRIER_NOT_FENCED)
			wm_fence_mbarrier_init();
	}
	__syncthreads();
	if (threadIdx.x == 0) {
		wm_mbarrier_arrive_expect(bar, f == TOO_FEW_BYTES ? BOX - 16 : f == TOO_MANY_BYTES ? BOX + 16 : BOX);
		wm_tma_load_2d(at, &map, bar, 0, 0);
		if (f == ARRIVAL_TOO_MANY)
			wm_mbarrier_arrive(bar);
		if (f == TWO_LOADS_AT_ONCE)
			wm_tma_load_2d(at + BOX - 1024, &map, bar, 0, 0);
	}
	if (f == ENDS_BEFORE_LOAD)
		return;
	if (f != READ_TOO_EARLY)
		wm_mbarrier_wait(bar, f == PARITY_WRONG);
	wm_u32 word = wm_shared_load(at);
	if (threadIdx.x == 0)
		*out = word;
}

/* A box is written by ordinary stores and goes out by TMA. */
static void stores(WM_TENSOR_MAP map, fault f) {
	WM_SHARED(shared);
	wm_u32 at = wm_shared(shared);
	for (wm_u32 i = threadIdx.x; i < BOX / 4; i += blockDim.x)
		((wm_u32 *)shared)[i] = 7;
	if (f != STORE_NOT_FENCED)
		wm_fence_async();
	__syncthreads();
	if (threadIdx.x == 0) {
		wm_tma_store_2d(&map, at, 0, 0);
		if (f != STORE_NOT_COMMITTED)
			wm_bulk_commit();
		if (f != STORE_NOT_COMMITTED && f != STORE_NOT_WAITED)
			wm_bulk_wait<0>();
	}
}

/* 64 x 8 sums of ones: 16 each. */
static void multiplies(WM_TENSOR_MAP map, float *out, fault f) {
	WM_SHARED(shared);
	wm_u32 at = wm_shared(shared), bar = at + BAR;
	float d[4] = {};
	wm_u32 ones = 0x3f803f80;
	for (wm_u32 i = threadIdx.x; i < BOX / 4; i += blockDim.x)
		((wm_u32 *)shared)[i] = ones;
	if (threadIdx.x == 0)
		wm_mbarrier_init(bar, 1);
	wm_fence_async();
	__syncthreads();
	if (f != NO_WGMMA_FENCE)
		wm_wgmma_fence();
	wm_u64 a = wm_descriptor(at, 16, 1024, WM_SWIZZLE_128);
	if (f == WARPS_DISAGREE && wm_warp() == 2)
		a = wm_descriptor_at(a, 32);
	if (f == DESCRIPTOR_RUNS_OVER)
		a = wm_descriptor_at(a, 1 << 18);
	wm_wgmma_bf16(d, a, wm_descriptor(at, 16, 1024, WM_SWIZZLE_128), 1);
	wm_wgmma_commit();
	if (f == WGMMA_NOT_WAITED)
		return;
	float early = d[0];
	if (f == LOADS_INTO_OPERAND && threadIdx.x == 0) {
		wm_mbarrier_arrive_expect(bar, BOX);
		wm_tma_load_2d(at, &map, bar, 0, 0);
	}
	wm_wgmma_wait<0>();
	out[threadIdx.x] = f == SUMS_TOO_EARLY ? early : d[0];
}

static void meets(fault f) {
	WM_SHARED(shared);
	if (f == LANES_DISAGREE && wm_lane() == 3)
		wm_warp_any(1);
	wm_shfl(wm_lane(), 0);
	if (f == WARP_MISSING && wm_warp() == 1)
		return;
	wm_bar_sync(1, f == COUNTS_DISAGREE && wm_warp() == 0 ? 64 : 128);
	if (f == BEHIND_THE_END)
		wm_shared_store(SHARED, 1);
	if (f == PLAIN_BEHIND_THE_END)
		shared[SHARED + threadIdx.x] = 1;
	if (f == CLUSTER_ARRIVES_ALONE) {
		if (wm_cluster_rank() == 0)
			wm_cluster_wait();
	} else {
		wm_cluster_sync();
	}
}

/* 16 bytes of cp.async a thread. */
static void copies(const wm_u32x4 *in, wm_u32 *out, fault f) {
	WM_SHARED(shared);
	wm_u32 at = wm_shared(shared) + 16 * threadIdx.x;
	wm_cp_async(at, in + threadIdx.x, 4);
	wm_cp_async_commit();
	if (f == COPY_NOT_WAITED)
		wm_cp_async_wait<1>();
	else
		wm_cp_async_wait<0>();
	wm_u32x4 v = wm_shared_load_16(at);
	out[threadIdx.x] = v.at[0] + v.at[1] + v.at[2] + v.at[3];
}

/* A multicast: each block of a pair fetches half for both, and tells the other that it may. */
static void shares(WM_TENSOR_MAP map, wm_u32 *out) {
	WM_SHARED(shared);
	wm_u32 at = wm_shared(shared), bar = at + BAR, rank = wm_cluster_rank();
	if (threadIdx.x == 0) {
		wm_mbarrier_init(bar, 1);
		wm_mbarrier_init(bar + 8, 2);
		wm_fence_mbarrier_init();
	}
	wm_cluster_sync();
	if (threadIdx.x == 0) {
		wm_mbarrier_arrive_expect(bar, 2 * BOX);
		wm_tma_load_2d_multicast(at + rank * BOX, &map, bar, 0, (int)rank * 64, (wm_u16)3);
		wm_mbarrier_wait(bar, 0);
		out[rank] = wm_shared_load(at) + wm_shared_load(at + BOX);
		wm_mbarrier_arrive_at(bar + 8, 0);
		wm_mbarrier_arrive_at(bar + 8, 1);
		wm_mbarrier_wait_cluster(bar + 8, 0);
	}
	wm_cluster_sync();
}

/* 128 lines of 64 bf16, each line full of its number; as words. */
static std::vector<uint16_t> memory(128 * 64 + 8);
static uint16_t *base = (uint16_t *)(((uintptr_t)memory.data() + 15) / 16 * 16);
static wm_tensor_map map_of() {
	wm_tensor_map m;
	uint64_t size[] = {64, 128}, pitch[] = {128};
	uint32_t box[] = {64, 64}, dense[] = {1, 1};
	for (int i = 0; i < 128 * 64; i++)
		base[i] = (uint16_t)(i / 64 + 1);
	if (wm_emulated_encode(&m, 9, 2, base, size, pitch, box, dense, 0, 3, 0, 0))
		abort();
	return m;
}

/* wanted: words of the message; NULL: none. */
static void expect(const char *name, const char *error, const char *wanted) {
	bool ok = wanted ? error && strstr(error, wanted) : !error;
	tap(ok, name, error ? error : "it ran to its end");
}

static void try_loads(fault f, const char *name, const char *wanted) {
	wm_u32 out = 0;
	const char *error = nullptr;
	/* Whether the box is there when the block ends is a matter of chance. */
	for (unsigned seed = 0; !error && seed < (f == ENDS_BEFORE_LOAD ? 100 : 1); seed++)
		error = wm_emulate({{1, 1, 1}, 64, 1, SHARED, seed}, loads, map_of(), &out, f);
	expect(name, error, wanted);
	if (!wanted && out != 0x10001)
		tap(false, name, "a wrong word");
}
/* wanted "": it runs, and what it stored is wrong. */
static void try_stores(fault f, const char *name, const char *wanted) {
	wm_tensor_map m = map_of();
	const char *error = wm_emulate({{1, 1, 1}, 64, 1, SHARED, 2}, stores, m, f);
	if (wanted && *wanted)
		expect(name, error, wanted);
	else
		tap(!error && (base[0] == 7) == !wanted && base[64 * 64] == 65, name, error);
}
static void try_multiplies(fault f, const char *name, const char *wanted) {
	float out[128] = {};
	const char *error = wm_emulate({{1, 1, 1}, 128, 1, SHARED, 3}, multiplies, map_of(), out, f);
	if (wanted && *wanted)
		expect(name, error, wanted);
	else
		tap(!error && (out[77] == 16) == !wanted, name, error);
}
static void try_meets(fault f, const char *name, const char *wanted) {
	expect(name, wm_emulate({{2, 1, 1}, 128, 2, SHARED, 4}, meets, f), wanted);
}

static void try_copies(fault f, const char *name, const char *wanted) {
	wm_u32 out[64];
	std::vector<wm_u32x4> in(64);
	for (wm_u32 i = 0; i < 64; i++)
		in[i] = {{i, 1, 1, 1}};
	const char *error = wm_emulate({{1, 1, 1}, 64, 1, SHARED, 5}, copies, (const wm_u32x4 *)in.data(), out, f);
	expect(name, !error && out[63] != 63 ? "wrong bytes" : error, wanted);
}

int main() {
	wm_u32 shared_out[2];

	try_loads(NONE, "a box comes", nullptr);
	try_loads(ARRIVAL_MISSING, "an arrival is missing", "in its phase 0, 1 of 2 arrivals and 0 bytes are missing");
	try_loads(ARRIVAL_TOO_MANY, "an arrival too many", "has had its 1 arrivals and waits for 8192 bytes");
	try_loads(TOO_FEW_BYTES, "too few bytes expected", "more bytes came to the mbarrier");
	try_loads(TOO_MANY_BYTES, "too many bytes expected", "0 of 1 arrivals and 16 bytes are missing");
	try_loads(READ_TOO_EARLY, "a box is read before it is there", "which a copy under way is writing");
	try_loads(BARRIER_NOT_FENCED, "no fence after init", "was not fenced after its init");
	try_loads(TWO_LOADS_AT_ONCE, "two boxes to one place", "which a copy under way is writing too");
	try_loads(ENDS_BEFORE_LOAD, "the block ends too early", "its block ends while a copy is writing");
	try_loads(PARITY_WRONG, "a wait for the phase before", "which a copy under way is writing");

	try_stores(NONE, "a box goes", nullptr);
	try_stores(STORE_NOT_FENCED, "ordinary stores without a fence stay unseen", "");
	try_stores(STORE_NOT_COMMITTED, "a store without commit", "bulk stores that no wm_bulk_commit closed");
	try_stores(STORE_NOT_WAITED, "a store without wait", "while a bulk store still reads");

	try_multiplies(NONE, "a product", nullptr);
	try_multiplies(NO_WGMMA_FENCE, "no fence before the first product", "no wm_wgmma_fence since");
	try_multiplies(SUMS_TOO_EARLY, "sums before the wait are garbage", "");
	try_multiplies(LOADS_INTO_OPERAND, "a box comes to where a product reads", "which is still being read");
	try_multiplies(WARPS_DISAGREE, "one warp has another descriptor", "the warps of a warpgroup disagree");
	try_multiplies(DESCRIPTOR_RUNS_OVER, "an address runs over", "has bits where there is no field");
	try_multiplies(WGMMA_NOT_WAITED, "a product nobody waited for", "without having waited for its wgmma");

	try_meets(NONE, "threads meet", nullptr);
	try_meets(LANES_DISAGREE, "a lane is elsewhere", "of its warp are at");
	try_meets(COUNTS_DISAGREE, "a barrier with two counts", "barrier 1: comes with");
	try_meets(WARP_MISSING, "a warp does not come", "warp 0: 32 lanes at barrier 1: 96 of 128 threads are there");
	try_meets(BEHIND_THE_END, "a store behind the end", "bytes 16448..16451 of 16448 bytes of dynamic shared memory");
	try_meets(PLAIN_BEHIND_THE_END, "a plain store behind the end", "behind its dynamic shared memory");
	try_meets(CLUSTER_ARRIVES_ALONE, "a wait without arrival", "waits at the cluster's barrier without having arrived");

	try_copies(NONE, "16 bytes each, of which 4 are read", nullptr);
	try_copies(COPY_NOT_WAITED, "a copy nobody waited for", "which a copy under way is writing");

	for (unsigned seed = 0; seed < 8; seed++) {
		const char *error = wm_emulate({{2, 1, 1}, 32, 2, SHARED, seed}, shares, map_of(), shared_out);
		tap(!error && shared_out[0] == 66 * 0x10001 && shared_out[1] == 66 * 0x10001, "a pair shares its boxes", error);
	}
	return tap_end();
}
