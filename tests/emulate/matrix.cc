/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matrix.cc - matrices between registers and shared memory (ldmatrix, stmatrix), products of a warp (mma) and of a
 * warpgroup (wgmma). Sections are of PTX ISA 9.0. Sums are made in f64 and rounded once an instruction: what the
 * hardware keeps between its own steps is not documented.
 */
#include "machine.h"

#include <cstring>

namespace machine {

/* ---- numbers --------------------------------------------------------------------------------------------------- */

/* A float of sign, exponent and fraction bits with that bias; top: the highest exponent is for infinity and NaN. */
static double of_bits(wm_u32 u, int exponent_bits, int fraction_bits, bool top) {
	wm_u32 most = (1u << exponent_bits) - 1, e = u >> fraction_bits & most, f = u & ((1u << fraction_bits) - 1);
	int bias = (1 << (exponent_bits - 1)) - 1;
	double sign = u >> (exponent_bits + fraction_bits) & 1 ? -1 : 1;
	if (top && e == most)
		return f ? NAN : sign * INFINITY;
	if (e == 0)
		return sign * ldexp(f, 1 - bias - fraction_bits);
	return sign * ldexp((1u << fraction_bits) + f, (int)e - bias - fraction_bits);
}
/* e4m3 has no infinity: only all ones is NaN. OCP 8-bit floating point, revision 1.0. */
static double of_e4m3(wm_u32 u) {
	return (u & 0x7f) == 0x7f ? NAN : of_bits(u, 4, 3, false);
}
static double of_e5m2(wm_u32 u) {
	return of_bits(u, 5, 2, true);
}

/* x in that format, to nearest even; beyond the largest finite value: that. */
static wm_u32 to_bits(float x, int exponent_bits, int fraction_bits, double largest, wm_u32 largest_bits, wm_u32 nan) {
	int bias = (1 << (exponent_bits - 1)) - 1;
	wm_u32 sign = std::signbit(x) ? 1u << (exponent_bits + fraction_bits) : 0;
	double a = std::fabs((double)x);
	int e;
	if (std::isnan(x))
		return nan;
	frexp(a, &e);
	e = e - 1 < 1 - bias ? 1 - bias : e - 1;
	double unit = ldexp(1, e - fraction_bits), rounded = nearbyint(a / unit) * unit;
	if (rounded > largest)
		return sign | largest_bits;
	if (rounded < ldexp(1, 1 - bias))
		return sign | (wm_u32)(rounded / ldexp(1, 1 - bias - fraction_bits));
	frexp(rounded, &e);
	e--;
	wm_u32 fraction = (wm_u32)ldexp(rounded, fraction_bits - e) - (1u << fraction_bits);
	return sign | (wm_u32)(e + bias) << fraction_bits | fraction;
}

static std::vector<double> table(wm_u32 n, double (*of)(wm_u32)) {
	std::vector<double> value(n);
	for (wm_u32 u = 0; u < n; u++)
		value[u] = of(u);
	return value;
}

static double bf16(const unsigned char *p) {
	uint16_t u;
	memcpy(&u, p, 2);
	return wm_f32_of_bf16(u);
}
static double f16(const unsigned char *p) {
	static const std::vector<double> value = table(1 << 16, [](wm_u32 u) { return of_bits(u, 5, 10, true); });
	uint16_t u;
	memcpy(&u, p, 2);
	return value[u];
}
/* The lower 13 bits are not looked at (PTX ISA 5.2.3: alternate floating point formats). */
static double tf32(const unsigned char *p) {
	wm_u32 u;
	memcpy(&u, p, 4);
	return wm_f32_of_bits(u & 0xffffe000u);
}
static double s8(const unsigned char *p) {
	return (int8_t)*p;
}
static double e4m3(const unsigned char *p) {
	static const std::vector<double> value = table(1 << 8, of_e4m3);
	return value[*p];
}
static double e5m2(const unsigned char *p) {
	static const std::vector<double> value = table(1 << 8, of_e5m2);
	return value[*p];
}

typedef double (*reader)(const unsigned char *);
struct kind {
	int bytes;
	reader a, b;
	bool integer;
};
static const kind kinds[] = {
	{2, bf16, bf16, false}, {2, f16, f16, false},   {4, tf32, tf32, false}, {1, s8, s8, true},
	{1, e4m3, e4m3, false}, {1, e5m2, e5m2, false}, {1, e4m3, e5m2, false}, {1, e5m2, e4m3, false},
};

/* What one product adds to an element of D: a line of A, a column of B, both of k elements. */
static wm_u32 add(const kind &t, wm_u32 old, const double *a, const double *b, int k) {
	double sum = 0;
	for (int i = 0; i < k; i++)
		sum += a[i] * b[i];
	if (t.integer)
		return old + (wm_u32)(int64_t)sum;
	return wm_bits_of_f32((float)(wm_f32_of_bits(old) + sum));
}

/* ---- ldmatrix, stmatrix: 9.7.14.5.15, 9.7.14.5.16 --------------------------------------------------------------- */

struct rows {
	wm_u32 *r;
	wm_u32 address;
};

static void rows_meet(wm_u32 *r, int n, bool transposed, wm_u32 address, bool store) {
	static const char *const names[] = {"ldmatrix", "ldmatrix.trans", "stmatrix", "stmatrix.trans"};
	const char *what = names[2 * store + transposed];
	rows mine = {r, address};
	collective(what, &mine, [n, transposed, store, what](warp &w, void *const *all) {
		for (int i = 0; i < n; i++) {
			unsigned char *line[8];
			for (int row = 0; row < 8; row++) {
				wm_u32 at = ((rows *)all[8 * i + row])->address;
				if (at % 16)
					wrong("%s: lane %d's address %u is no multiple of 16", what, 8 * i + row, at);
				line[row] =
					store ? for_writing(*w.in, at, 16, what) : (unsigned char *)for_reading(*w.in, at, 16, what);
			}
			for (int lane = 0; lane < 32; lane++)
				for (int half = 0; half < 2; half++) {
					int row = lane / 4, column = 2 * (lane % 4) + half;
					unsigned char *element = transposed ? line[column] + 2 * row : line[row] + 2 * column;
					unsigned char *in_register = (unsigned char *)&((rows *)all[lane])->r[i] + 2 * half;
					memcpy(store ? element : in_register, store ? in_register : element, 2);
				}
		}
	});
}

/* ---- fragments --------------------------------------------------------------------------------------------------- */

/* Registers of A, 16 x 32 bytes: a[2 j + i] of lane (g, t) is bytes 16 j + 4 t .. of row g + 8 i: 9.7.14.5.5, .8, .10
 * for tf32, 16-bit and 8-bit types, and 9.7.15.5.1.1, which is the same. */
static void unpack_a(unsigned char (&to)[16][32], const wm_u32 *const (&a)[32]) {
	for (int lane = 0; lane < 32; lane++)
		for (int j = 0; j < 2; j++)
			for (int i = 0; i < 2; i++)
				memcpy(&to[lane / 4 + 8 * i][16 * j + 4 * (lane % 4)], &a[lane][2 * j + i], 4);
}

struct operands {
	void *d;
	const wm_u32 *a, *b;
};

static void multiply(const kind &t, void *const *all) {
	unsigned char a[16][32], b[8][32];
	const wm_u32 *registers[32];
	int k = 32 / t.bytes;
	for (int lane = 0; lane < 32; lane++) {
		const operands &o = *(operands *)all[lane];
		registers[lane] = o.a;
		for (int j = 0; j < 2; j++)
			memcpy(&b[lane / 4][16 * j + 4 * (lane % 4)], &o.b[j], 4);
	}
	unpack_a(a, registers);
	for (int lane = 0; lane < 32; lane++)
		for (int j = 0; j < 4; j++) {
			int row = lane / 4 + 8 * (j / 2), column = 2 * (lane % 4) + j % 2;
			double x[32], y[32];
			for (int i = 0; i < k; i++) {
				x[i] = t.a(&a[row][i * t.bytes]);
				y[i] = t.b(&b[column][i * t.bytes]);
			}
			wm_u32 *d = (wm_u32 *)((operands *)all[lane])->d + j;
			*d = add(t, *d, x, y, k);
		}
}

/* ---- wgmma: 9.7.15 ------------------------------------------------------------------------------------------------
 */

enum : wm_u32 { GARBAGE = 0x7fc0dead }; /* a NaN */

/* A matrix in shared memory as a descriptor tells it, 9.7.15.5.1.2. */
struct layout {
	wm_u32 start, leading, stride;
	unsigned pattern; /* bytes of a line of the swizzle, 0: none */
};

static layout read_descriptor(wm_u64 u) {
	static const unsigned patterns[] = {0, 128, 64, 32};
	layout l = {(wm_u32)(u & 0x3fff) << 4, (wm_u32)(u >> 16 & 0x3fff) << 4, (wm_u32)(u >> 32 & 0x3fff) << 4,
	            patterns[u >> 62]};
	if (u >> 14 & 3 || u >> 30 & 3 || u >> 46 & 7 || u >> 52 & 0x3ff)
		wrong("wgmma: descriptor %#llx has bits where there is no field (an address that ran over?)", u);
	if (u >> 49 & 7)
		wrong("wgmma: a base offset is not emulated");
	if (l.pattern && l.start >> 7 & (l.pattern / 16 - 1))
		wrong("wgmma: address %u is not in the first line of a swizzle pattern, which begins at multiples of %u",
		      l.start, 8 * l.pattern);
	return l;
}

/* Where the 16 bytes lie that hold byte kb of line i (row of A, column of B); lines along k. Canonical layouts of
 * 9.7.15.5.1.2.1.3: without swizzle 8 lines of 16 bytes are together, LBO further the next 16 bytes of them; with,
 * 8 lines of the pattern's length. SBO further are the next 8 lines. */
static wm_u32 along_k(const layout &l, wm_u32 i, wm_u32 kb) {
	if (!l.pattern)
		return l.start + i / 8 * l.stride + i % 8 * 16 + kb / 16 * l.leading;
	return xor_swizzle(l.start + i / 8 * l.stride + i % 8 * l.pattern + kb / 16 * 16, l.pattern);
}

/* The same where elements of 2 bytes lie along i: without swizzle 8 k of 8 elements are together, SBO further the next
 * 8 elements, LBO further the next 8 k; with, 8 k of a pattern's line, LBO further the next elements, SBO the next k.
 */
static wm_u32 across_k(const layout &l, wm_u32 i, wm_u32 k) {
	if (!l.pattern)
		return l.start + i / 8 * l.stride + k / 8 * l.leading + k % 8 * 16;
	wm_u32 line = l.pattern / 2;
	return xor_swizzle(l.start + i / line * l.leading + k / 8 * l.stride + k % 8 * l.pattern + i % line / 8 * 16,
	                   l.pattern);
}

/* Calls act(address, line, k) for every 16 bytes of lines first .. first + n - 1, with their first element. */
template <typename F>
static void each_unit(const layout &l, bool transposed, wm_u32 first, wm_u32 n, wm_u32 bytes, F act) {
	wm_u32 k = 32 / bytes;
	if (transposed) {
		for (wm_u32 i = 0; i < n; i += 8)
			for (wm_u32 j = 0; j < k; j++)
				act(across_k(l, first + i, j), i, j);
	} else {
		for (wm_u32 i = 0; i < n; i++)
			for (wm_u32 j = 0; j < k; j += UNIT / bytes)
				act(along_k(l, first + i, j * bytes), i, j);
	}
}

/* Lines first .. first + n - 1 of a matrix, k elements each, as they are now. */
static std::vector<double> gather(block &b, const layout &l, bool transposed, wm_u32 first, wm_u32 n, const kind &t,
                                  reader read) {
	wm_u32 k = 32 / (wm_u32)t.bytes;
	std::vector<double> x(n * k);
	each_unit(l, transposed, first, n, (wm_u32)t.bytes, [&](wm_u32 address, wm_u32 i, wm_u32 j) {
		const unsigned char *p = by_proxy(b, address, UNIT, "wgmma");
		for (wm_u32 e = 0; e < UNIT / (wm_u32)t.bytes; e++)
			x[transposed ? (i + e) * k + j : i * k + j + e] = read(p + e * (wm_u32)t.bytes);
	});
	return x;
}

/* Keeps writers off all of it until the product is waited for. */
static void hold(warp &w, product &p, const layout &l, bool transposed, wm_u32 first, wm_u32 n, const kind &t) {
	each_unit(l, transposed, first, n, (wm_u32)t.bytes, [&](wm_u32 address, wm_u32, wm_u32) {
		will_read(*w.in, address, UNIT, "wgmma");
		p.units.push_back(address);
	});
}

static void execute(warp &w, product &p) {
	const kind &t = kinds[p.types];
	int k = 32 / t.bytes, registers = p.sums->registers;
	wm_u32 first = w.number % 4 * 16;
	std::vector<double> a(16 * (size_t)k), b;
	if (p.a_in_registers) {
		unsigned char bytes[16][32];
		const wm_u32 *lanes[32];
		for (int i = 0; i < 32; i++)
			lanes[i] = p.a[i];
		unpack_a(bytes, lanes);
		for (int i = 0; i < 16 * k; i++)
			a[(size_t)i] = t.a(&bytes[i / k][i % k * t.bytes]);
	} else {
		a = gather(*w.in, read_descriptor(p.left), p.left_transposed, first, 16, t, t.a);
	}
	b = gather(*w.in, read_descriptor(p.right), p.right_transposed, 0, 2 * (wm_u32)registers, t, t.b);
	for (int lane = 0; lane < 32; lane++)
		for (int r = 0; r < registers; r++) {
			/* 9.7.15.5.1.1, D: d[4 i + j] is row g + 8 (j / 2), column 8 i + 2 t + j % 2. */
			int row = lane / 4 + 8 * (r % 4 / 2), column = r / 4 * 8 + 2 * (lane % 4) + r % 2;
			wm_u32 &value = p.sums->value[(size_t)(lane * registers + r)];
			value = add(t, p.scale_d ? value : 0, &a[(size_t)(row * k)], &b[(size_t)(column * k)], k);
		}
	p.done = true;
}

/* Products are done in order. */
static void execute_all(warp &w) {
	for (auto &group : w.multiplies)
		for (auto &p : group)
			if (!p->done)
				execute(w, *p);
	for (auto &p : w.products)
		if (!p->done)
			execute(w, *p);
}

/* Sums that nothing is under way for go back to their registers. */
static void give_back(warp &w) {
	for (auto at = w.sums.begin(); at != w.sums.end();) {
		accumulator &s = *at->second;
		if (s.under_way) {
			++at;
			continue;
		}
		for (int lane = 0; lane < 32; lane++)
			memcpy(s.d[lane], &s.value[(size_t)(lane * s.registers)], 4 * (size_t)s.registers);
		at = w.sums.erase(at);
	}
}

struct request {
	void *d;
	const wm_u32 *a;
	wm_u64 left, right;
	int scale_d;
};

static std::shared_ptr<accumulator> take_sums(warp &w, int registers, void *const *all) {
	void *key = ((request *)all[0])->d;
	auto found = w.sums.find(key);
	if (found != w.sums.end()) {
		if (found->second->registers != registers)
			wrong("wgmma: sums of %d registers while a wgmma of %d has them", registers, found->second->registers);
		return found->second;
	}
	if (!w.fenced)
		wrong("wgmma: no wm_wgmma_fence since its sums were last in the hands of the threads");
	auto s = std::make_shared<accumulator>();
	s->registers = registers;
	s->value.resize(32 * (size_t)registers);
	for (int lane = 0; lane < 32; lane++) {
		s->d[lane] = ((request *)all[lane])->d;
		memcpy(&s->value[(size_t)(lane * registers)], s->d[lane], 4 * (size_t)registers);
		for (int r = 0; r < registers; r++)
			((wm_u32 *)s->d[lane])[r] = GARBAGE;
	}
	w.sums[key] = s;
	return s;
}

/* The four warps of a group must issue the same; they need not do so at the same time. */
static void same_as_others(warp &w, wm_u64 what) {
	auto &issued = w.in->issued[w.number / 4];
	if (w.issued < issued.size() && issued[w.issued] != what)
		wrong("wgmma: the warps of a warpgroup disagree about the %zuth one", w.issued);
	if (w.issued == issued.size())
		issued.push_back(what);
	w.issued++;
}

void check_end(warp &w) {
	if (!w.products.empty())
		wrong("warp %u ends with wgmma that no wm_wgmma_commit closed", w.number);
	for (auto &group : w.multiplies)
		if (!group.empty())
			wrong("warp %u ends without having waited for its wgmma", w.number);
	if (w.issued != w.in->issued[w.number / 4].size())
		wrong("warp %u issued %zu wgmma, another of its warpgroup %zu", w.number, w.issued,
		      w.in->issued[w.number / 4].size());
}

} // namespace machine

using namespace machine;

uint16_t wm_emulated_f16(float x) {
	if (std::isinf(x) || std::fabs(x) >= 65520)
		return std::isnan(x) ? 0x7fff : std::signbit(x) ? 0xfc00 : 0x7c00;
	return (uint16_t)to_bits(x, 5, 10, 65504, 0x7bff, 0x7fff);
}
float wm_emulated_of_f16(uint16_t x) {
	return (float)of_bits(x, 5, 10, true);
}
/* Halves away from zero. */
wm_u32 wm_round_tf32(float x) {
	wm_u32 u = wm_bits_of_f32(x);
	if ((u & 0x7f800000u) == 0x7f800000u)
		return u;
	return (u + 0x1000u) & 0xffffe000u;
}
static uint8_t to_e4m3(float x) {
	return (uint8_t)to_bits(x, 4, 3, 448, 0x7e, 0x7f);
}
static uint8_t to_e5m2(float x) {
	return (uint8_t)to_bits(x, 5, 2, 57344, 0x7b, 0x7f);
}
wm_u16 wm_pack_e4m3(float first, float second) {
	return (wm_u16)(to_e4m3(second) << 8 | to_e4m3(first));
}
wm_u16 wm_pack_e5m2(float first, float second) {
	return (wm_u16)(to_e5m2(second) << 8 | to_e5m2(first));
}

void wm_emulated_ldmatrix(wm_u32 *r, int n, bool transposed, wm_u32 address) {
	rows_meet(r, n, transposed, address, false);
}
void wm_emulated_stmatrix(const wm_u32 *r, int n, bool transposed, wm_u32 address) {
	rows_meet((wm_u32 *)r, n, transposed, address, true);
}

void wm_emulated_mma(wm_emulated_types types, void *d, const wm_u32 *a, const wm_u32 *b) {
	operands mine = {d, a, b};
	collective("mma", &mine, [types](warp &, void *const *all) { multiply(kinds[types], all); });
}

struct doubles {
	double *d;
	const double *a, *b;
};
/* 9.7.14.5.2: rows 8 (m8n8k4) or 16 (m16n8k16); register r of A is row g + 8 (r % (rows / 8)), k t + 4 (r / (rows /
 * 8)).
 */
static void multiply_f64(void *const *all, int rows, int k) {
	double a[16][16], b[16][8];
	int halves = rows / 8;
	for (int lane = 0; lane < 32; lane++) {
		const doubles &o = *(doubles *)all[lane];
		for (int r = 0; r < halves * k / 4; r++)
			a[lane / 4 + 8 * (r % halves)][lane % 4 + 4 * (r / halves)] = o.a[r];
		for (int r = 0; r < k / 4; r++)
			b[lane % 4 + 4 * r][lane / 4] = o.b[r];
	}
	for (int lane = 0; lane < 32; lane++)
		for (int j = 0; j < 2 * halves; j++) {
			double &d = ((doubles *)all[lane])->d[j];
			for (int i = 0; i < k; i++)
				d = fma(a[lane / 4 + 8 * (j / 2)][i], b[i][2 * (lane % 4) + j % 2], d);
		}
}
void wm_mma_f64(double (&d)[2], double a, double b) {
	doubles mine = {d, &a, &b};
	collective("mma f64", &mine, [](warp &, void *const *all) { multiply_f64(all, 8, 4); });
}
void wm_mma_f64_k16(double (&d)[4], const double (&a)[8], const double (&b)[4]) {
	doubles mine = {d, a, b};
	collective("mma f64 k16", &mine, [](warp &, void *const *all) { multiply_f64(all, 16, 16); });
}

void wm_wgmma_fence() {
	collective("wgmma.fence", nullptr, [](warp &w, void *const *) { w.fenced = true; });
}

void wm_emulated_wgmma(wm_emulated_types types, void *d, int registers, const wm_u32 *a, wm_u64 left, wm_u64 right,
                       int scale_d, bool left_transposed, bool right_transposed) {
	request mine = {d, a, left, right, scale_d};
	collective("wgmma", &mine, [=](warp &w, void *const *all) {
		const kind &t = kinds[types];
		auto p = std::make_shared<product>();
		p->types = types;
		p->left = left;
		p->right = right;
		p->scale_d = scale_d;
		p->left_transposed = left_transposed;
		p->right_transposed = right_transposed;
		p->a_in_registers = a;
		for (int lane = 0; lane < 32; lane++) {
			const request &o = *(request *)all[lane];
			if (o.left != left || o.right != right || !o.scale_d != !scale_d)
				wrong("wgmma: lane %d gives other descriptors, or scale, than its warp", lane);
			if (a)
				memcpy(p->a[lane], o.a, sizeof(p->a[lane]));
		}
		same_as_others(w, (left * 31 + right) * 31 + (wm_u64)types * 4 + (scale_d != 0));
		if (a && !w.fenced)
			wrong("wgmma: no wm_wgmma_fence since A's registers were written");
		if (!a)
			hold(w, *p, read_descriptor(left), left_transposed, w.number % 4 * 16, 16, t);
		hold(w, *p, read_descriptor(right), right_transposed, 0, 2 * (wm_u32)registers, t);
		p->sums = take_sums(w, registers, all);
		p->sums->under_way++;
		w.products.push_back(p);
		if (chance(2))
			execute_all(w);
	});
}

void wm_wgmma_commit() {
	collective("wgmma.commit_group", nullptr, [](warp &w, void *const *) {
		w.multiplies.push_back(std::move(w.products));
		w.products.clear();
	});
}

void wm_emulated_wgmma_wait(unsigned left) {
	collective("wgmma.wait_group", nullptr, [left](warp &w, void *const *) {
		while (w.multiplies.size() > left) {
			for (auto &p : w.multiplies.front()) {
				if (!p->done)
					execute(w, *p);
				for (wm_u32 unit : p->units)
					was_read(*w.in, unit, UNIT);
				p->sums->under_way--;
			}
			w.multiplies.pop_front();
		}
		give_back(w);
		w.fenced = false;
	});
}
