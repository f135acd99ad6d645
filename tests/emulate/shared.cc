/* SPDX-License-Identifier: Apache-2.0 */
/* shared.cc - shared memory of a block, what may touch it when, its mbarriers, and copies of 16 bytes by cp.async. */
#include "machine.h"

#include <cstdio>
#include <cstring>

/* Set by the linker around all __shared__ arrays; absent where there are none. */
extern "C" unsigned char __start_wm_shared[] __attribute__((weak));
extern "C" unsigned char __stop_wm_shared[] __attribute__((weak));

namespace machine {

enum : unsigned { POISON = 0xff, CANARY = 0xa5, CANARIES = 1024 };
static const uint64_t barrier_mark = 0x6261727269657221ull;

static wm_u32 static_bytes() {
	return __start_wm_shared ? (wm_u32)(__stop_wm_shared - __start_wm_shared) : 0;
}

/* Poison is NaN in every type of float but f64's neighbours, and -1. */
void make_shared(block &b, unsigned bytes) {
	if (static_bytes() && launch.cluster > 1 && b.rank > 0)
		wrong("blocks of a cluster would share their __shared__ arrays here: use WM_SHARED");
	b.room.assign(bytes + CANARIES + 1024, POISON);
	b.shared = b.room.data() + (1024 - (uintptr_t)b.room.data() % 1024) % 1024;
	memset(b.shared + bytes, CANARY, CANARIES);
	b.proxy.assign(bytes, POISON);
	b.written.assign(bytes / UNIT + 1, 0);
	b.read.assign(bytes / UNIT + 1, 0);
	if (static_bytes())
		memset(__start_wm_shared, POISON, static_bytes());
}

void check_shared(block &b) {
	for (unsigned i = 0; i < CANARIES; i++)
		if (b.shared[launch.shared_bytes + i] != CANARY)
			wrong("block (%u, %u, %u) wrote %u bytes behind its dynamic shared memory", b.index.x, b.index.y, b.index.z,
			      i);
}

void check_landed(block &b) {
	for (size_t u = 0; u < b.written.size(); u++)
		if (b.written[u])
			wrong("its block ends while a copy is writing shared memory at %zu", u * UNIT);
}

block &owner(wm_u32 &address) {
	wm_u32 rank = address >> BLOCK_SHIFT;
	address &= (1u << BLOCK_SHIFT) - 1;
	if (rank > cluster.size())
		wrong("address %#x is in no block's shared memory", address);
	return rank ? *cluster[rank - 1] : *now->in;
}

unsigned char *memory(block &b, wm_u32 address, wm_u32 bytes, const char *what) {
	if (address >= STATIC_BASE && address - STATIC_BASE + bytes <= static_bytes())
		return __start_wm_shared + (address - STATIC_BASE);
	if (address + bytes > launch.shared_bytes)
		wrong("%s: bytes %u..%u of %u bytes of dynamic shared memory", what, address, address + bytes - 1,
		      launch.shared_bytes);
	return b.shared + address;
}

static bool any(const std::vector<uint16_t> &units, wm_u32 address, wm_u32 bytes) {
	if (address >= STATIC_BASE)
		return false;
	for (wm_u32 u = address / UNIT; u <= (address + bytes - 1) / UNIT; u++)
		if (units[u])
			return true;
	return false;
}
static void count(std::vector<uint16_t> &units, wm_u32 address, wm_u32 bytes, int by) {
	if (address >= STATIC_BASE)
		return;
	for (wm_u32 u = address / UNIT; u <= (address + bytes - 1) / UNIT; u++)
		units[u] = (uint16_t)(units[u] + by);
}

const unsigned char *for_reading(block &b, wm_u32 address, wm_u32 bytes, const char *what) {
	unsigned char *p = memory(b, address, bytes, what);
	if (any(b.written, address, bytes))
		wrong("%s: reads shared memory at %u, which a copy under way is writing", what, address);
	return p;
}

unsigned char *for_writing(block &b, wm_u32 address, wm_u32 bytes, const char *what) {
	unsigned char *p = memory(b, address, bytes, what);
	if (any(b.written, address, bytes))
		wrong("%s: writes shared memory at %u, which a copy under way is writing too", what, address);
	if (any(b.read, address, bytes))
		wrong("%s: writes shared memory at %u, which is still being read", what, address);
	return p;
}

const unsigned char *by_proxy(block &b, wm_u32 address, wm_u32 bytes, const char *what) {
	const unsigned char *p = for_reading(b, address, bytes, what);
	return address >= STATIC_BASE ? p : b.proxy.data() + address;
}

void will_write(block &b, wm_u32 address, wm_u32 bytes, const char *what) {
	memset(for_writing(b, address, bytes, what), POISON, bytes);
	if (address < STATIC_BASE)
		memset(b.proxy.data() + address, POISON, bytes);
	count(b.written, address, bytes, 1);
}
void land(block &b, wm_u32 address, const unsigned char *data, wm_u32 bytes) {
	memcpy(memory(b, address, bytes, "a copy"), data, bytes);
	if (address < STATIC_BASE)
		memcpy(b.proxy.data() + address, data, bytes);
	count(b.written, address, bytes, -1);
}
void will_read(block &b, wm_u32 address, wm_u32 bytes, const char *what) {
	for_reading(b, address, bytes, what);
	count(b.read, address, bytes, 1);
}
void was_read(block &b, wm_u32 address, wm_u32 bytes) {
	count(b.read, address, bytes, -1);
}

/* ---- mbarriers ------------------------------------------------------------------------------------------------ */

mbarrier &barrier_at(block &b, wm_u32 bar, const char *what) {
	auto found = b.mbarriers.find(bar);
	uint64_t mark;
	if (found == b.mbarriers.end())
		wrong("%s: no mbarrier was made at %u", what, bar);
	memcpy(&mark, memory(b, bar, 8, what), 8);
	if (mark != barrier_mark)
		wrong("%s: the mbarrier at %u was written over", what, bar);
	return found->second;
}

/* Counts as the phases of PTX ISA "mbarrier" do. */
static void check_phase(mbarrier &m) {
	if (m.pending || m.bytes)
		return;
	m.pending = m.count;
	m.phase++;
	wake(m.changed);
}

static void arrive(block &b, wm_u32 bar, wm_u32 bytes, const char *what) {
	mbarrier &m = barrier_at(b, bar, what);
	if (m.pending == 0)
		wrong("%s: the mbarrier at %u has had its %u arrivals and waits for %lld bytes", what, bar, m.count,
		      (long long)m.bytes);
	m.bytes += bytes;
	m.pending--;
	check_phase(m);
}

void complete_bytes(block &b, wm_u32 bar, wm_u32 bytes, const char *what) {
	mbarrier &m = barrier_at(b, bar, what);
	m.bytes -= bytes;
	if (m.bytes < 0 && m.pending == 0)
		wrong("%s: more bytes came to the mbarrier at %u than were expected", what, bar);
	check_phase(m);
}

/* What a thread waits for, in words. */
std::string tell(const thread &t) {
	char line[256];
	const reason &r = t.waits;
	if (!r.what)
		return "work";
	if (!strcmp(r.what, "barrier")) {
		const named_barrier &barrier = t.in->barriers[r.a];
		snprintf(line, sizeof(line), "barrier %u: %u of %u threads are there", r.a, barrier.here, barrier.expected);
	} else if (!strcmp(r.what, "mbarrier")) {
		const mbarrier &m = t.in->mbarriers.at(r.a);
		snprintf(line, sizeof(line),
		         "the mbarrier at %u, for parity %u: in its phase %u, %u of %u arrivals and %lld bytes are missing",
		         r.a, r.b, m.phase, m.pending, m.count, (long long)m.bytes);
	} else {
		snprintf(line, sizeof(line), "%s", r.what);
	}
	return line;
}

static bool has_ended(const mbarrier &m, wm_u32 parity) {
	return (m.phase & 1) != parity;
}

} // namespace machine

using namespace machine;

unsigned char *wm_emulated_shared() {
	return now->in->shared;
}

wm_u32 wm_shared(const void *p) {
	const unsigned char *at = (const unsigned char *)p;
	block &b = *now->in;
	if (at >= b.shared && at <= b.shared + launch.shared_bytes)
		return (wm_u32)(at - b.shared);
	if (static_bytes() && at >= __start_wm_shared && at <= __stop_wm_shared)
		return STATIC_BASE + (wm_u32)(at - __start_wm_shared);
	wrong("wm_shared: the pointer is not into shared memory");
}
wm_u32 wm_shared_of(wm_u32 address, wm_u32 rank) {
	if (rank >= cluster.size())
		wrong("wm_shared_of: rank %u in a cluster of %zu", rank, cluster.size());
	return (address & ((1u << BLOCK_SHIFT) - 1)) | (rank + 1) << BLOCK_SHIFT;
}

static void aligned(wm_u32 address, wm_u32 by, const char *what) {
	if (address % by)
		wrong("%s: address %u is no multiple of %u", what, address, by);
}

wm_u32 wm_shared_load(wm_u32 address) {
	wm_u32 x;
	aligned(address, 4, "wm_shared_load");
	block &b = owner(address);
	memcpy(&x, for_reading(b, address, 4, "wm_shared_load"), 4);
	return x;
}
void wm_shared_store(wm_u32 address, wm_u32 x) {
	aligned(address, 4, "wm_shared_store");
	block &b = owner(address);
	memcpy(for_writing(b, address, 4, "wm_shared_store"), &x, 4);
}
wm_u32x4 wm_shared_load_16(wm_u32 address) {
	wm_u32x4 v;
	aligned(address, 16, "wm_shared_load_16");
	block &b = owner(address);
	memcpy(&v, for_reading(b, address, 16, "wm_shared_load_16"), 16);
	return v;
}
void wm_shared_store_16(wm_u32 address, wm_u32x4 v) {
	aligned(address, 16, "wm_shared_store_16");
	block &b = owner(address);
	memcpy(for_writing(b, address, 16, "wm_shared_store_16"), &v, 16);
}

static void aligned(const void *p, const char *what) {
	if ((uintptr_t)p % 16)
		wrong("%s: the global address is no multiple of 16", what);
}
wm_u32x4 wm_load_once(const void *p) {
	wm_u32x4 v;
	aligned(p, "wm_load_once");
	memcpy(&v, p, 16);
	return v;
}
void wm_store_once(void *p, wm_u32x4 v) {
	aligned(p, "wm_store_once");
	memcpy(p, &v, 16);
}

/* ---- cp.async: lands at the wait, the latest moment ------------------------------------------------------------ */

void wm_cp_async(wm_u32 to, const void *from, wm_u32 bytes) {
	aligned(to, 16, "wm_cp_async");
	if (bytes > 16)
		wrong("wm_cp_async: %u of 16 bytes", bytes);
	if (bytes)
		aligned(from, "wm_cp_async");
	will_write(*now->in, to, 16, "wm_cp_async");
	now->copies.push_back({to, from, bytes});
}
void wm_cp_async_commit() {
	now->copying.push_back(std::move(now->copies));
	now->copies.clear();
}
void wm_emulated_cp_async_wait(unsigned left) {
	while (now->copying.size() > left) {
		for (const small_copy &c : now->copying.front()) {
			unsigned char data[16] = {0};
			if (c.bytes)
				memcpy(data, c.from, c.bytes);
			/* By ordinary stores, as the proxy sees it. */
			memcpy(memory(*now->in, c.to, 16, "wm_cp_async"), data, 16);
			if (c.to < STATIC_BASE)
				count(now->in->written, c.to, 16, -1);
		}
		now->copying.pop_front();
	}
}

/* ---- mbarriers ------------------------------------------------------------------------------------------------ */

void wm_mbarrier_init(wm_u32 bar, wm_u32 arrivals) {
	block &b = *now->in;
	aligned(bar, 8, "wm_mbarrier_init");
	if (arrivals == 0 || arrivals >= 1 << 20)
		wrong("wm_mbarrier_init: a count of %u", arrivals);
	if (b.mbarriers.count(bar))
		wrong("wm_mbarrier_init: there is one at %u already", bar);
	memcpy(for_writing(b, bar, 8, "wm_mbarrier_init"), &barrier_mark, 8);
	mbarrier &m = b.mbarriers[bar];
	m.count = m.pending = arrivals;
}
void wm_fence_mbarrier_init() {
	for (auto &m : now->in->mbarriers)
		m.second.fenced = true;
}
void wm_mbarrier_arrive(wm_u32 bar) {
	arrive(*now->in, bar, 0, "wm_mbarrier_arrive");
}
void wm_mbarrier_arrive_expect(wm_u32 bar, wm_u32 bytes) {
	arrive(*now->in, bar, bytes, "wm_mbarrier_arrive_expect");
}
void wm_mbarrier_expect(wm_u32 bar, wm_u32 bytes) {
	barrier_at(*now->in, bar, "wm_mbarrier_expect").bytes += bytes;
}
void wm_mbarrier_arrive_at(wm_u32 bar, wm_u32 rank) {
	if (rank >= cluster.size())
		wrong("wm_mbarrier_arrive_at: rank %u in a cluster of %zu", rank, cluster.size());
	if (!cluster[rank]->alive)
		wrong("wm_mbarrier_arrive_at: the block of rank %u has ended", rank);
	arrive(*cluster[rank], bar, 0, "wm_mbarrier_arrive_at");
}
bool wm_mbarrier_try(wm_u32 bar, wm_u32 parity) {
	if (has_ended(barrier_at(*now->in, bar, "wm_mbarrier_try"), parity))
		return true;
	give_way(true);
	return has_ended(barrier_at(*now->in, bar, "wm_mbarrier_try"), parity);
}
void wm_mbarrier_wait(wm_u32 bar, wm_u32 parity) {
	if (parity > 1)
		wrong("wm_mbarrier_wait: a parity of %u", parity);
	for (;;) {
		mbarrier &m = barrier_at(*now->in, bar, "wm_mbarrier_wait");
		if (has_ended(m, parity))
			return;
		sleep_on(m.changed, {"mbarrier", bar, parity});
	}
}

/* All that was stored so far, by whom ever: the emulator does not know who stored through plain pointers. */
void wm_fence_async() {
	block &b = *now->in;
	for (auto &m : b.mbarriers)
		m.second.fenced = true;
	if (launch.shared_bytes)
		memcpy(b.proxy.data(), b.shared, launch.shared_bytes);
}
