/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk.cc - the tensor memory accelerator: maps, boxes to and from shared memory, swizzled, at a time of chance.
 *
 * Rules of maps: CUDA driver API, cuTensorMapEncodeTiled. Copies: PTX ISA, cp.async.bulk.tensor, and the chapters on
 * bounding boxes and swizzling modes before it.
 */
#include "machine.h"

#include <cstdio>
#include <cstring>

namespace machine {

enum : unsigned { MARK = 0x746d6170, MOST_DIMS = 5, MOST_BOX = 256 };

/* What the emulated driver writes into the 128 bytes of a map. */
struct map {
	unsigned char *address;
	wm_u32 mark;
	uint8_t dims, element, swizzle, unused;
	wm_u32 size[MOST_DIMS];
	wm_u32 box[MOST_DIMS];
	uint64_t stride[MOST_DIMS]; /* bytes; [0]: of an element */
};
static_assert(sizeof(map) <= 128, "a map is 128 bytes");

/* CUtensorMapDataType of cuda.h 13.0: bytes of u8, u16, u32, i32, u64, i64, f16, f32, f64, bf16, f32 ftz, tf32, tf32
 * ftz. */
static const uint8_t element_bytes[] = {1, 2, 4, 4, 8, 8, 2, 4, 8, 2, 4, 4, 4};

static const map &open(const wm_tensor_map *opaque, unsigned rank, const char *what) {
	const map &m = *(const map *)opaque;
	if (m.mark != MARK)
		wrong("%s: that is no tensor map", what);
	if (m.dims != rank)
		wrong("%s: %u coordinates, the tensor has %u dimensions", what, rank, m.dims);
	return m;
}

static wm_u32 box_bytes(const map &m) {
	wm_u32 bytes = m.element;
	for (unsigned i = 0; i < m.dims; i++)
		bytes *= m.box[i];
	return bytes;
}

/* Bits 4.. of an address are changed by its bits 7..: the pattern lies at absolute addresses, whatever the box. */
wm_u32 xor_swizzle(wm_u32 address, unsigned pattern_bytes) {
	wm_u32 mask = pattern_bytes == 128 ? 7 : pattern_bytes == 64 ? 3 : pattern_bytes == 32 ? 1 : 0;
	return address ^ ((address >> 7 & mask) << 4);
}
static unsigned pattern_bytes(const map &m) {
	return m.swizzle ? 16u << m.swizzle : 0;
}

struct box {
	map m;
	wm_u32 shared;
	int at[MOST_DIMS];
};

/* Calls act(offset from where the box begins in shared memory, address in the tensor or NULL) for each element. */
template <typename F> static void each_element(const box &b, F act) {
	wm_u32 count[MOST_DIMS] = {0};
	wm_u32 bytes = box_bytes(b.m), pattern = pattern_bytes(b.m);
	for (wm_u32 dense = 0; dense < bytes; dense += b.m.element) {
		unsigned char *p = b.m.address;
		for (unsigned i = 0; i < b.m.dims; i++) {
			int64_t at = (int64_t)b.at[i] + count[i];
			if (at < 0 || at >= b.m.size[i])
				p = nullptr;
			else if (p)
				p += (uint64_t)at * b.m.stride[i];
		}
		act(xor_swizzle(b.shared + dense, pattern) - b.shared, p);
		for (unsigned i = 0; i < b.m.dims && ++count[i] == b.m.box[i]; i++)
			count[i] = 0;
	}
}

/* The swizzle pattern must not lead out of the box: it begins where the pattern does, or the box is without. */
static box make_box(const map &m, wm_u32 shared, const int *at, const char *what) {
	box b = {m, shared, {0}};
	memcpy(b.at, at, m.dims * sizeof(int));
	if (shared % 128)
		wrong("%s: shared memory address %u is no multiple of 128", what, shared);
	if (m.swizzle && box_bytes(m) % (8 * pattern_bytes(m)) == 0 && shared % (8 * pattern_bytes(m)))
		wrong("%s: shared memory address %u is no multiple of %u, where the swizzle's pattern begins", what, shared,
		      8 * pattern_bytes(m));
	return b;
}

static void load_into(block *to, const box &b, wm_u32 bar) {
	will_write(*to, b.shared, box_bytes(b.m), "wm_tma_load");
	if (!barrier_at(*to, bar, "wm_tma_load").fenced)
		wrong("wm_tma_load: the mbarrier at %u was not fenced after its init", bar);
	later([to, b, bar] {
		std::vector<unsigned char> data(box_bytes(b.m));
		each_element(b, [&](wm_u32 offset, const unsigned char *p) {
			if (p)
				memcpy(&data[offset], p, b.m.element);
			else
				memset(&data[offset], 0, b.m.element);
		});
		land(*to, b.shared, data.data(), (wm_u32)data.size());
		complete_bytes(*to, bar, (wm_u32)data.size(), "wm_tma_load");
	});
}

/* Nothing of a thread or a block may be under way when it ends. */
void check_end(thread &t) {
	if (!t.copies.empty())
		wrong("ends with copies that no wm_cp_async_commit closed");
	if (t.bulk->unread || t.bulk->unwritten)
		wrong("ends with bulk stores that no wm_bulk_commit closed");
	for (auto &g : t.bulks)
		if (g->unread)
			wrong("ends while a bulk store still reads its block's shared memory");
}

} // namespace machine

using namespace machine;

static int refused(const char *why) {
	fprintf(stderr, "cuTensorMapEncodeTiled: %s\n", why);
	return 1;
}

extern "C" int wm_emulated_encode(wm_tensor_map *opaque, int type, uint32_t dims, void *address, const uint64_t *size,
                                  const uint64_t *stride_bytes, const uint32_t *box, const uint32_t *element_stride,
                                  int interleave, int swizzle, int l2_promotion, int out_of_bounds) {
	map m = {(unsigned char *)address, MARK, (uint8_t)dims, 0, (uint8_t)swizzle, 0, {0}, {0}, {0}};
	if (type < 0 || type >= (int)sizeof(element_bytes))
		return refused("unknown type");
	m.element = element_bytes[type];
	if (dims < 1 || dims > MOST_DIMS)
		return refused("1 to 5 dimensions");
	if (interleave || l2_promotion < 0 || l2_promotion > 3 || swizzle < 0 || swizzle > 3 || out_of_bounds)
		return refused("an interleave, swizzle, promotion or fill that is not emulated");
	if ((uintptr_t)address % 16)
		return refused("the address is no multiple of 16");
	m.stride[0] = m.element;
	for (uint32_t i = 0; i < dims; i++) {
		if (size[i] < 1 || size[i] >> 32)
			return refused("a size that is not in 1..2^32-1");
		if (box[i] < 1 || box[i] > MOST_BOX)
			return refused("a box that is not in 1..256");
		if (element_stride[i] != 1)
			return refused("an element stride other than 1 is not emulated");
		if (i && (stride_bytes[i - 1] % 16 || stride_bytes[i - 1] >> 40))
			return refused("a stride that is no multiple of 16 below 2^40");
		m.size[i] = (wm_u32)size[i];
		m.box[i] = box[i];
		if (i)
			m.stride[i] = stride_bytes[i - 1];
	}
	if (box[0] * m.element % 16)
		return refused("a box whose lines are no multiple of 16 bytes");
	if (swizzle && box[0] * m.element > pattern_bytes(m))
		return refused("a box whose lines are longer than the swizzle");
	if (swizzle && box[0] * m.element < pattern_bytes(m))
		return refused("lines shorter than the swizzle are not emulated: where they would lie is not certain");
	memset((void *)opaque, 0, sizeof(*opaque));
	memcpy((void *)opaque, &m, sizeof(m));
	return 0;
}

void wm_emulated_tma_load(wm_u32 to, const wm_tensor_map *opaque, wm_u32 bar, unsigned rank, const int *at,
                          wm_u32 blocks) {
	const map &m = open(opaque, rank, "wm_tma_load");
	block *mine = now->in;
	if (to >> BLOCK_SHIFT || bar >> BLOCK_SHIFT)
		wrong("wm_tma_load: another block's address");
	if (blocks >> cluster.size())
		wrong("wm_tma_load: to blocks %#x of a cluster of %zu", blocks, cluster.size());
	box b = make_box(m, to, at, "wm_tma_load");
	if (!blocks)
		load_into(mine, b, bar);
	for (unsigned i = 0; i < cluster.size(); i++)
		if (blocks >> i & 1) {
			if (!cluster[i]->alive)
				wrong("wm_tma_load: to the block of rank %u, which has ended", i);
			load_into(cluster[i].get(), b, bar);
		}
}

void wm_emulated_tma_store(const wm_tensor_map *opaque, wm_u32 from, unsigned rank, const int *at) {
	const map &m = open(opaque, rank, "wm_tma_store");
	block *mine = now->in;
	box b = make_box(m, from, at, "wm_tma_store");
	wm_u32 bytes = box_bytes(m);
	auto group = now->bulk;
	will_read(*mine, from, bytes, "wm_tma_store");
	group->unread++;
	group->unwritten++;
	later([mine, b, bytes, group] {
		std::vector<unsigned char> data(bytes);
		memcpy(data.data(), by_proxy(*mine, b.shared, bytes, "wm_tma_store"), bytes);
		was_read(*mine, b.shared, bytes);
		group->unread--;
		wake(group->progress);
		later([b, data, group] {
			each_element(b, [&](wm_u32 offset, unsigned char *p) {
				if (p)
					memcpy(p, &data[offset], b.m.element);
			});
			group->unwritten--;
			wake(group->progress);
		});
	});
}

void wm_bulk_commit() {
	now->bulks.push_back(now->bulk);
	now->bulk = std::make_shared<bulk_group>();
}
void wm_emulated_bulk_wait(unsigned left, bool read) {
	thread &me = *now;
	for (size_t i = 0; i + left < me.bulks.size(); i++)
		while (read ? me.bulks[i]->unread : me.bulks[i]->unwritten)
			sleep_on(me.bulks[i]->progress, {"wm_bulk_wait", 0, 0});
	while (!me.bulks.empty() && me.bulks.front()->unwritten == 0)
		me.bulks.pop_front();
}

void wm_bulk_load(wm_u32 to, const void *from, wm_u32 bytes, wm_u32 bar) {
	block *mine = now->in;
	if (to % 16 || bytes % 16 || bytes == 0 || (uintptr_t)from % 16)
		wrong("wm_bulk_load: %u bytes to %u from %p: all are multiples of 16", bytes, to, from);
	will_write(*mine, to, bytes, "wm_bulk_load");
	if (!barrier_at(*mine, bar, "wm_bulk_load").fenced)
		wrong("wm_bulk_load: the mbarrier at %u was not fenced after its init", bar);
	later([mine, to, from, bytes, bar] {
		land(*mine, to, (const unsigned char *)from, bytes);
		complete_bytes(*mine, bar, bytes, "wm_bulk_load");
	});
}
