/* SPDX-License-Identifier: Apache-2.0 */
/* machine.h - the emulated machine: threads that are fibers, in warps, in blocks, in one cluster at a time. */
#ifndef WM_EMULATE_MACHINE_H
#define WM_EMULATE_MACHINE_H

#include "emulate.h"

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <setjmp.h>
#include <ucontext.h>

namespace machine {

struct thread;
struct warp;
struct block;

/* Threads that wait for the same thing. */
struct event {
	std::vector<thread *> waiting;
};

/* Why a thread waits, told in words only when nothing moves any more. */
struct reason {
	const char *what;
	wm_u32 a, b;
};

/* ---- what is under way ------------------------------------------------------------------------------------ */

/* A range of one block's shared memory that an asynchronous copy writes or reads. */
struct range {
	block *where;
	wm_u32 from, bytes;
};

/* A group of a thread's bulk stores. */
struct bulk_group {
	int unread = 0, unwritten = 0;
	event progress;
};

/* Something that happens by the side, at a time of its own choice. */
struct deed {
	std::function<void()> happen;
};

struct small_copy {
	wm_u32 to;
	const void *from;
	wm_u32 bytes;
};

/* Sums of one warp in the hands of wgmma: what d points to holds garbage meanwhile. */
struct accumulator {
	void *d[32];
	int registers;
	int under_way = 0;
	std::vector<wm_u32> value; /* [lane][register] */
};

struct product {
	wm_emulated_types types;
	std::shared_ptr<accumulator> sums;
	bool a_in_registers, left_transposed, right_transposed;
	wm_u32 a[32][4];
	wm_u64 left, right;
	int scale_d;
	std::vector<wm_u32> units; /* of 16 bytes, that it reads */
	bool done = false;
};

typedef std::vector<std::shared_ptr<product>> product_group;

/* ---- who ---------------------------------------------------------------------------------------------------- */

struct thread {
	wm_emulated_place place;
	unsigned number; /* in its block */
	block *in;
	warp *of;
	bool ended = false, cluster_arrived = false;
	unsigned cluster_phase; /* in which it arrived */
	reason waits = {nullptr, 0, 0};
	ucontext_t context; /* of its first entry; sanitizers: of every one */
	jmp_buf jump;
	bool entered = false;
	unsigned char *stack;
	void *sanitizer = nullptr;
	std::vector<small_copy> copies;              /* cp.async, not closed */
	std::deque<std::vector<small_copy>> copying; /* closed groups */
	std::shared_ptr<bulk_group> bulk = std::make_shared<bulk_group>();
	std::deque<std::shared_ptr<bulk_group>> bulks;
};

/* What the lanes that have come to a collective brought. */
struct meeting {
	const char *what = nullptr;
	int here = 0;
	void *brought[32];
	event all_here;
};

struct warp {
	block *in;
	unsigned number;
	thread *lane[32];
	meeting meets;
	int registers = 0; /* a thread, by setmaxnreg; 0: it never said */
	bool fenced = false;
	product_group products;               /* not closed */
	std::deque<product_group> multiplies; /* closed groups */
	std::map<void *, std::shared_ptr<accumulator>> sums;
	size_t issued = 0; /* wgmma of this warp: one in four of its group's */
};

struct named_barrier {
	wm_u32 expected = 0, here = 0;
	event complete;
	unsigned phase = 0;
};

struct mbarrier {
	wm_u32 count, pending;
	int64_t bytes = 0;
	unsigned phase = 0;
	bool fenced = false;
	event changed;
};

struct block {
	wm_dim3 index;
	unsigned rank;
	unsigned alive;
	std::vector<std::unique_ptr<thread>> threads;
	std::vector<warp> warps;
	named_barrier barriers[16];
	std::map<wm_u32, mbarrier> mbarriers;
	/* Shared memory: as threads see it, as the asynchronous proxy sees it, and copies under way a unit of 16 bytes. */
	unsigned char *shared;
	std::vector<unsigned char> room, proxy;
	std::vector<uint16_t> written, read;
	/* What the warps of each warpgroup issued, in order, to hold them against each other. */
	std::vector<std::vector<wm_u64>> issued;
};

extern thread *now;
extern std::vector<std::unique_ptr<block>> cluster;
extern wm_emulated_launch launch;

/* Ends the run with this message. Does not return. */
[[noreturn]] void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "block (0, 0, 0) warp 2 lane 5". Static. */
const char *whoami();

unsigned chance(unsigned n); /* 0..n-1 */

/* The running thread waits until someone wakes the event. */
void sleep_on(event &e, reason why);
void wake(event &e);
/* Others may run. A thread that only asks again and again calls it with true. */
void give_way(bool in_vain);

/* At some time from now on, maybe only when nothing else can happen. */
void later(std::function<void()> happen);

/* All lanes of the warp meet; the last one calls act(warp, what each brought). Nothing is allocated for it: lanes that
 * still wait when a run ends are left where they are. */
void meet(const char *what, void *brings, void *act, void (*call)(void *act, warp &, void *const *));
template <typename F> void collective(const char *what, void *brings, F act) {
	meet(what, brings, &act, [](void *a, warp &w, void *const *brought) { (*(F *)a)(w, brought); });
}

/* ---- shared memory ---------------------------------------------------------------------------------------- */

enum : wm_u32 { STATIC_BASE = 0x800000, BLOCK_SHIFT = 24, UNIT = 16 };

/* The block that an address is in, and the address in it. */
block &owner(wm_u32 &address);
/* The memory behind an address of a block; ends the run where [address, address + bytes) is not in it. */
unsigned char *memory(block &b, wm_u32 address, wm_u32 bytes, const char *what);
/* The same for an ordinary read, or write: nothing under way may touch it. */
const unsigned char *for_reading(block &b, wm_u32 address, wm_u32 bytes, const char *what);
unsigned char *for_writing(block &b, wm_u32 address, wm_u32 bytes, const char *what);
/* As wgmma and bulk copies see it: ordinary stores only after a fence. */
const unsigned char *by_proxy(block &b, wm_u32 address, wm_u32 bytes, const char *what);

/* Poisons a range that a copy will write, and keeps others off it until landed. */
void will_write(block &b, wm_u32 address, wm_u32 bytes, const char *what);
void land(block &b, wm_u32 address, const unsigned char *data, wm_u32 bytes);
void will_read(block &b, wm_u32 address, wm_u32 bytes, const char *what);
void was_read(block &b, wm_u32 address, wm_u32 bytes);

void make_shared(block &b, unsigned bytes);
void check_shared(block &b); /* at its end */
void check_landed(block &b); /* when its last thread ends */
std::string tell(const thread &t);

/* Bytes that a copy brought, at a barrier of block b. */
void complete_bytes(block &b, wm_u32 bar, wm_u32 bytes, const char *what);
/* The barrier at that address, which must be ready to count bytes. */
mbarrier &barrier_at(block &b, wm_u32 bar, const char *what);

void check_end(thread &t); /* nothing of it may be under way */
void check_end(warp &w);

wm_u32 xor_swizzle(wm_u32 address, unsigned pattern_bytes);

} // namespace machine

#endif
