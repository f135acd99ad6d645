/* SPDX-License-Identifier: Apache-2.0 */
/* fibers.cc - threads take turns in an order of chance; barriers; what happens by the side; who waits when nothing can
 * happen any more. */
#include "machine.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

wm_emulated_place *wm_emulated_here;

namespace machine {

thread *now;
std::vector<std::unique_ptr<block>> cluster;
wm_emulated_launch launch;

enum : size_t { STACK = 256 << 10 };
enum : unsigned { MOST_VAIN = 20000 };

static std::vector<thread *> ready;
static std::vector<deed> deeds;
static std::vector<deed> late; /* those that happen only when no thread can go on */
static const std::function<void()> *body;
static unsigned vain;
static uint64_t random_state;
static event cluster_met;
static unsigned cluster_here, cluster_phase;
static bool is_wrong, in_fiber;
static char message[8192];

/* ---- chance: a run is repeated by its seed -------------------------------------------------------------------- */

/* xorshift64* (Vigna, 2016). */
unsigned chance(unsigned n) {
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (unsigned)((random_state * 0x2545F4914F6CDD1Dull >> 33) % n);
}

/* ---- fibers ---------------------------------------------------------------------------------------------------- */

#if defined(__SANITIZE_ADDRESS__)
static ucontext_t scheduler;
static void *scheduler_sanitizer;
static const void *scheduler_stack;
static size_t scheduler_size;

static void switch_to(thread &t) {
	__sanitizer_start_switch_fiber(&scheduler_sanitizer, t.stack, STACK);
	swapcontext(&scheduler, &t.context);
	__sanitizer_finish_switch_fiber(scheduler_sanitizer, nullptr, nullptr);
}
static void switch_back(thread &t, bool for_ever) {
	__sanitizer_start_switch_fiber(for_ever ? nullptr : &t.sanitizer, scheduler_stack, scheduler_size);
	swapcontext(&t.context, &scheduler);
	__sanitizer_finish_switch_fiber(t.sanitizer, nullptr, nullptr);
}
static void arrived(thread &t) {
	__sanitizer_finish_switch_fiber(t.sanitizer, &scheduler_stack, &scheduler_size);
}
#else
/* A jump is a tenth of swapcontext, which asks the kernel for the signal mask; a fiber's first entry takes the latter.
 */
static jmp_buf scheduler_jump;

static void switch_to(thread &t) {
	if (_setjmp(scheduler_jump))
		return;
	if (t.entered)
		_longjmp(t.jump, 1);
	t.entered = true;
	setcontext(&t.context);
}
static void switch_back(thread &t, bool) {
	if (!_setjmp(t.jump))
		_longjmp(scheduler_jump, 1);
}
static void arrived(thread &) {
}
#endif

/* The same stacks serve all runs. */
static unsigned char *stack_of(size_t i) {
	static std::vector<unsigned char *> stacks;
	while (stacks.size() <= i) {
		void *p = mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (p == MAP_FAILED) {
			perror("emulate: a stack");
			exit(2);
		}
		stacks.push_back((unsigned char *)p);
	}
	return stacks[i];
}

const char *whoami() {
	static char name[96];
	if (!now)
		return "a copy under way";
	const wm_dim3 &b = now->in->index;
	snprintf(name, sizeof(name), "block (%u, %u, %u) warp %u lane %u", b.x, b.y, b.z, now->number / 32,
	         now->number % 32);
	return name;
}

void wrong(const char *format, ...) {
	char what[4096];
	va_list list;
	va_start(list, format);
	vsnprintf(what, sizeof(what), format, list);
	va_end(list);
	snprintf(message, sizeof(message), "%s: %s", whoami(), what);
	is_wrong = true;
	throw std::exception(); /* to the end of the fiber, or of the run where it was no fiber's doing */
}

static void fiber_main() {
	thread &me = *now;
	arrived(me);
	try {
		(*body)();
		check_end(me);
	} catch (const std::exception &) {
	}
	me.ended = true;
	switch_back(me, true);
}

static void make_ready(thread *t) {
	vain = 0;
	ready.push_back(t);
}

void sleep_on(event &e, reason why) {
	thread &me = *now;
	me.waits = why;
	e.waiting.push_back(&me);
	switch_back(me, false);
	me.waits.what = nullptr;
}

void wake(event &e) {
	std::vector<thread *> woken;
	woken.swap(e.waiting);
	for (thread *t : woken)
		make_ready(t);
}

void give_way(bool in_vain) {
	if (!in_vain)
		vain = 0;
	else if (++vain > MOST_VAIN && deeds.empty() && late.empty())
		wrong("asks again and again for what never comes");
	ready.push_back(now);
	switch_back(*now, false);
}

void later(std::function<void()> happen) {
	(chance(4) ? deeds : late).push_back({std::move(happen)});
}

/* ---- collectives and barriers ---------------------------------------------------------------------------------- */

void meet(const char *what, void *brings, void *act, void (*call)(void *act, warp &, void *const *)) {
	warp &w = *now->of;
	meeting &m = w.meets;
	if (m.here == 0)
		m.what = what;
	else if (strcmp(m.what, what) != 0)
		wrong("is at %s while other lanes of its warp are at %s", what, m.what);
	m.brought[now->number % 32] = brings;
	if (++m.here < 32) {
		sleep_on(m.all_here, {what, 0, 0});
		return;
	}
	m.here = 0;
	call(act, w, m.brought);
	wake(m.all_here);
}

static void act_nothing(warp &, void *const *) {
}

static void arrive(block &b, wm_u32 id, wm_u32 threads, bool waits) {
	if (id > 15)
		wrong("barrier %u: there are 0 to 15", id);
	if (threads % 32 || threads == 0)
		wrong("barrier %u: %u threads is no multiple of a warp", id, threads);
	named_barrier &barrier = b.barriers[id];
	if (barrier.here == 0)
		barrier.expected = threads;
	else if (barrier.expected != threads)
		wrong("barrier %u: comes with %u threads, others with %u", id, threads, barrier.expected);
	if (++barrier.here == barrier.expected) {
		barrier.here = 0;
		barrier.phase++;
		wake(barrier.complete);
	} else if (waits) {
		sleep_on(barrier.complete, {"barrier", id, threads});
	}
}

/* The cluster's barrier; threads that have ended count as there (PTX ISA, barrier.cluster). */
static unsigned cluster_alive() {
	unsigned n = 0;
	for (auto &b : cluster)
		n += b->alive;
	return n;
}
static void cluster_check() {
	if (cluster_here < cluster_alive() || cluster_here == 0)
		return;
	cluster_here = 0;
	cluster_phase++;
	wake(cluster_met);
}

/* ---- one cluster ------------------------------------------------------------------------------------------------ */

static std::unique_ptr<thread> make_thread(block &b, unsigned number) {
	auto t = std::unique_ptr<thread>(new thread());
	t->place = {{number, 0, 0}, b.index, {launch.block, 1, 1}, launch.grid};
	t->number = number;
	t->in = &b;
	t->of = &b.warps[number / 32];
	t->of->in = &b;
	t->of->number = number / 32;
	t->of->lane[number % 32] = t.get();
	t->stack = stack_of(b.rank * launch.block + number);
	return t;
}

static void begin(thread &t) {
	getcontext(&t.context);
	t.context.uc_stack.ss_sp = t.stack;
	t.context.uc_stack.ss_size = STACK;
	t.context.uc_link = nullptr;
	makecontext(&t.context, fiber_main, 0);
	ready.push_back(&t);
}

static void make_block(unsigned rank, wm_dim3 index) {
	auto b = std::unique_ptr<block>(new block());
	b->index = index;
	b->rank = rank;
	b->alive = launch.block;
	b->warps.resize(launch.block / 32);
	b->issued.resize((launch.block + 127) / 128);
	make_shared(*b, launch.shared_bytes);
	for (unsigned i = 0; i < launch.block; i++) {
		b->threads.push_back(make_thread(*b, i));
		begin(*b->threads.back());
	}
	cluster.push_back(std::move(b));
}

/* A line for each warp and thing that its lanes wait for. */
static void stuck() {
	std::string all = "nothing can happen any more:";
	for (auto &b : cluster)
		for (auto &w : b->warps) {
			std::map<std::string, int> lanes;
			for (thread *t : w.lane)
				if (!t->ended)
					lanes[tell(*t)]++;
			for (auto &l : lanes) {
				char line[512];
				snprintf(line, sizeof(line), "\n  block (%u, %u, %u) warp %u: %d lane%s at %s", b->index.x, b->index.y,
				         b->index.z, w.number, l.second, l.second > 1 ? "s" : "", l.first.c_str());
				all += line;
			}
		}
	now = nullptr;
	wrong("%s", all.c_str());
}

static void end_of(thread &t) {
	t.in->alive--;
	cluster_check();
	/* __syncthreads() is left to those that go on. */
	named_barrier &all = t.in->barriers[0];
	if (all.here && all.here == t.in->alive) {
		all.here = 0;
		wake(all.complete);
	}
	if (t.of->meets.here)
		wrong("ends while lanes of its warp are at %s", t.of->meets.what);
	if (!t.in->alive)
		check_landed(*t.in);
}

/* One of these happens. */
static void one_of(std::vector<deed> &of) {
	std::swap(of[chance((unsigned)of.size())], of.back());
	deed d = std::move(of.back());
	of.pop_back();
	d.happen();
	vain = 0;
}

static void run_cluster() {
	unsigned alive = (unsigned)cluster.size() * launch.block;
	while (alive || !deeds.empty() || !late.empty()) {
		if (!deeds.empty() && (ready.empty() || chance(8) == 0)) {
			one_of(deeds);
			continue;
		}
		if (!late.empty() && (ready.empty() || vain > MOST_VAIN / 2)) {
			one_of(late);
			continue;
		}
		if (ready.empty())
			stuck();
		std::swap(ready[chance((unsigned)ready.size())], ready.back());
		now = ready.back();
		ready.pop_back();
		wm_emulated_here = &now->place;
		in_fiber = true;
		switch_to(*now);
		in_fiber = false;
		if (is_wrong)
			throw std::exception();
		if (now->ended) {
			alive--;
			end_of(*now);
		}
		now = nullptr;
	}
	for (auto &b : cluster) {
		for (auto &w : b->warps)
			check_end(w);
		check_shared(*b);
	}
}

static void check_launch() {
	if (launch.block == 0 || launch.block % 32 || launch.block > 1024)
		wrong("a block of %u threads", launch.block);
	if (launch.cluster == 0 || launch.cluster > 8 || launch.grid.x % launch.cluster)
		wrong("clusters of %u blocks in a grid of %u", launch.cluster, launch.grid.x);
	/* Largest dynamic shared memory of a block on sm_90 (CUDA C++ Programming Guide, compute capabilities). */
	if (launch.shared_bytes > 227 << 10)
		wrong("%u bytes of shared memory, a block has at most %u", launch.shared_bytes, 227 << 10);
}

} // namespace machine

using namespace machine;

const char *wm_emulate_body(const wm_emulated_launch &how, const std::function<void()> &call) {
	launch = how;
	body = &call;
	random_state = 0x9E3779B97F4A7C15ull * (how.seed + 1);
	is_wrong = in_fiber = false;
	now = nullptr;
	try {
		check_launch();
		for (unsigned z = 0; z < how.grid.z; z++)
			for (unsigned y = 0; y < how.grid.y; y++)
				for (unsigned x = 0; x < how.grid.x; x += how.cluster) {
					for (unsigned rank = 0; rank < how.cluster; rank++)
						make_block(rank, {x + rank, y, z});
					run_cluster();
					cluster.clear();
				}
	} catch (const std::exception &) {
	}
	now = nullptr;
	ready.clear();
	deeds.clear();
	late.clear();
	cluster.clear();
	cluster_met.waiting.clear();
	cluster_here = cluster_phase = vain = 0;
	return is_wrong ? message : nullptr;
}

void __syncthreads() {
	block &b = *now->in;
	named_barrier &all = b.barriers[0];
	if (all.here && all.expected != launch.block)
		wrong("__syncthreads() while others are at barrier 0 with %u threads", all.expected);
	all.expected = launch.block;
	if (++all.here == b.alive) {
		all.here = 0;
		all.phase++;
		wake(all.complete);
	} else {
		sleep_on(all.complete, {"__syncthreads()", 0, 0});
	}
}

void wm_warp_sync() {
	collective("wm_warp_sync", nullptr, act_nothing);
}
void wm_bar_sync(wm_u32 id, wm_u32 threads) {
	arrive(*now->in, id, threads, true);
}
void wm_bar_arrive(wm_u32 id, wm_u32 threads) {
	arrive(*now->in, id, threads, false);
}

wm_u32 wm_cluster_rank() {
	return now->in->rank;
}
wm_u32 wm_cluster_blocks() {
	return launch.cluster;
}
void wm_cluster_arrive() {
	if (now->cluster_arrived)
		wrong("arrives twice at the cluster's barrier without waiting");
	now->cluster_arrived = true;
	now->cluster_phase = cluster_phase;
	cluster_here++;
	cluster_check();
}
void wm_cluster_wait() {
	if (!now->cluster_arrived)
		wrong("waits at the cluster's barrier without having arrived");
	if (now->cluster_phase == cluster_phase)
		sleep_on(cluster_met, {"wm_cluster_wait", 0, 0});
	now->cluster_arrived = false;
}

/* Which lane is chosen the hardware does not promise; here it is any, the same for a whole run. */
bool wm_elect() {
	collective("wm_elect", nullptr, act_nothing);
	return wm_lane() == (launch.seed * 7 + now->number / 32 * 5) % 32;
}

void wm_emulated_registers(int n) {
	collective("setmaxnreg", nullptr, [n](warp &w, void *const *) { w.registers = n; });
}

struct shuffle {
	wm_u32 x, from;
};
static wm_u32 exchange(const char *what, wm_u32 x, wm_u32 from) {
	shuffle mine = {x, from};
	if (from > 31)
		wrong("%s: lane %u of 32", what, from);
	collective(what, &mine, [](warp &, void *const *all) {
		wm_u32 was[32];
		for (int i = 0; i < 32; i++)
			was[i] = ((shuffle *)all[i])->x;
		for (int i = 0; i < 32; i++)
			((shuffle *)all[i])->x = was[((shuffle *)all[i])->from];
	});
	return mine.x;
}
wm_u32 wm_shfl_xor(wm_u32 x, wm_u32 mask) {
	return exchange("wm_shfl_xor", x, wm_lane() ^ mask);
}
wm_u32 wm_shfl(wm_u32 x, wm_u32 from) {
	return exchange("wm_shfl", x, from);
}
int wm_warp_any(int what) {
	collective("wm_warp_any", &what, [](warp &, void *const *all) {
		int any = 0;
		for (int i = 0; i < 32; i++)
			any |= *(int *)all[i] != 0;
		for (int i = 0; i < 32; i++)
			*(int *)all[i] = any;
	});
	return what;
}
