/* SPDX-License-Identifier: Apache-2.0 */
/* test_gemm.c - the work model, the exact inputs' promises, and what verification passes and refuses. */
#include "../../bench/gemm.h"
#include "../inject/sets.h"

#include "core/problem.h"
#include "core/registry.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 11 };
/* Values of dtype, some with the type of C; floats, then integers. */
static const char *const types[] = {"f64",          "f32",  "f16",  "bf16", "f16,out=f32",
                                    "bf16,out=f32", "tf32", "e4m3", "e5m2", "i8"};
enum { FLOATS = 9, TYPES = 10 };
static const char *const all_trans[] = {"nn", "nt", "tn", "tt"};

static void open_shape(struct wm_set *set, int m, int n, int k, const char *type, const char *trans) {
	char problem[128];

	snprintf(problem, sizeof(problem), "gemm:m=%d,n=%d,k=%d,dtype=%s,trans=%s", m, n, k, type, trans);
	wm_set_open(set, problem);
}

/* ---- shapes and work ---------------------------------------------------------------------------- */

static void work_by_hand(void **state) {
	static const struct {
		const char *problem;
		double flop, bytes;
	} rows[] = {
		{"gemm:m=2,n=3,k=5,dtype=f64", 60, 8 * (10 + 15 + 6)},
		{"gemm:m=2,n=3,k=5,dtype=f32", 60, 4 * (10 + 15 + 6)},
		{"gemm:m=2,n=3,k=5,dtype=bf16", 60, 2 * (10 + 15 + 6)},
		{"gemm:m=2,n=3,k=5,dtype=i8", 60, 10 + 15 + 4 * 6},
		{"gemm:m=2,n=3,k=5,dtype=bf16,out=f32", 60, 2 * (10 + 15) + 4 * 6},
		{"gemm:m=2,n=3,k=5,dtype=tf32", 60, 4 * (10 + 15 + 6)},
		{"gemm:m=2,n=3,k=5,dtype=e4m3", 60, 10 + 15 + 2 * 6},
		{"gemm:m=2,n=3,k=5,dtype=e5m2", 60, 10 + 15 + 2 * 6},
		{"gemm:m=1024", 2147483648.0, 3 * 4 * 1048576},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct wm_problem p;
		struct wm_work work;

		assert_int_equal(wm_problem_parse(rows[i].problem, &p), WM_OK);
		p.bench->work(&p, &work);
		assert_true(work.flop == rows[i].flop);
		assert_true(work.bytes == rows[i].bytes);
		assert_true(work.wire_bytes == 0);
	}
}

static void tensors(void **state) {
	struct wm_set set;
	struct wm_problem p;

	(void)state;
	open_shape(&set, 2, 3, 5, "i8", "nn");
	assert_int_equal(set.n, 3);
	assert_int_equal(set.t[0].count, 10);
	assert_int_equal(set.t[1].count, 15);
	assert_int_equal(set.t[2].count, 6);
	assert_int_equal(set.t[1].dtype, WM_I8);
	assert_int_equal(set.t[2].dtype, WM_I32);
	assert_true(set.t[2].output && !set.t[0].output && !set.t[1].output);
	wm_set_close(&set);
	assert_int_equal(wm_problem_parse("gemm:m=2147483647,n=1,dtype=f64", &p), WM_INPUT);
	assert_non_null(strstr(wm_why(), "matrix a of 2147483647 x 2147483647 f64 has more bytes than 64 bits can count"));
	assert_int_equal(wm_problem_parse("gemm:m=2147483647,n=1,k=1", &p), WM_OK);
}

/* C in f32 is another problem, whose name says so; the usual C has the name that it had before there was a choice. */
static void outputs(void **state) {
	static const struct {
		const char *text, *why;
	} refused[] = {
		{"gemm:m=8,dtype=f64,out=f32", "out=f32: C is always f64 with dtype=f64, only f16 and bf16 leave a choice"},
		{"gemm:m=8,dtype=f32,out=f32", "out=f32: C is always f32 with dtype=f32, only f16 and bf16 leave a choice"},
		{"gemm:m=8,dtype=tf32,out=f32", "out=f32: C is always f32 with dtype=tf32, only f16 and bf16 leave a choice"},
		{"gemm:m=8,dtype=e4m3,out=f32", "out=f32: C is always bf16 with dtype=e4m3, only f16 and bf16 leave a choice"},
		{"gemm:m=8,dtype=i8,out=f32", "out=f32: C is always i32 with dtype=i8, only f16 and bf16 leave a choice"},
	};
	struct wm_set set;
	struct wm_problem p;

	(void)state;
	open_shape(&set, 2, 3, 5, "f16,out=f32", "nn");
	assert_int_equal(set.t[0].dtype, WM_F16);
	assert_int_equal(set.t[2].dtype, WM_F32);
	assert_int_equal(set.bytes[2], 4 * 6);
	assert_non_null(strstr(set.p.str, ",out=f32"));
	wm_set_close(&set);
	assert_int_equal(wm_problem_parse("gemm:m=8,dtype=bf16,out=same", &p), WM_OK);
	assert_null(strstr(p.str, "out"));
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		assert_int_equal(wm_problem_parse(refused[i].text, &p), WM_OK);
		assert_int_equal(p.bench->accept(&p), WM_UNSUPPORTED);
		assert_string_equal(wm_why(), refused[i].why);
	}
}

/* Letters are BLAS's, column major: the same product, laid out by hand. */
static void layout(void **state) {
	static const double a[2][3] = {{1, 2, 3}, {4, 5, 6}}, b[3][2] = {{1, 0}, {0, 1}, {2, 3}};
	static const double want[4] = {7, 16, 11, 23};

	(void)state;
	for (int x = 0; x < 4; x++) {
		struct wm_set set;

		open_shape(&set, 2, 2, 3, "f32", all_trans[x]);
		for (size_t k = 0; k < 3; k++)
			for (size_t i = 0; i < 2; i++) {
				wm_store_element(WM_F32, set.host[0], all_trans[x][0] == 'n' ? i + 2 * k : k + 3 * i, a[i][k]);
				wm_store_element(WM_F32, set.host[1], all_trans[x][1] == 'n' ? k + 3 * i : i + 2 * k, b[k][i]);
			}
		assert_int_equal(wm_set_run(&set, wm_impl_find("gemm", "ref"), 1), WM_OK);
		for (size_t at = 0; at < 4; at++)
			assert_true(wm_load_element(WM_F32, set.host[2], at) == want[at]);
		wm_set_close(&set);
	}
}

/* ---- the exact inputs --------------------------------------------------------------------------- */

/* Sums of magnitudes stay below the limit, the first and last k count in every row, and enough rows use every
 * k. */
static void promises(const char *type, const char *trans, int m, int k) {
	struct wm_set set;

	open_shape(&set, m, 3, k, type, trans);
	wm_set_fill(&set, WM_EXACT, SEED);
	struct wm_gemm g = wm_gemm_shape(&set.p);
	struct wm_gemm_exact rule = wm_gemm_exact_rule(&g);
	bool *used = wm_zalloc((size_t)k * sizeof(*used));

	for (size_t i = 0; i < g.c.rows; i++)
		for (size_t j = 0; j < g.c.cols; j++) {
			double magnitude = 0;

			for (size_t at = 0; at < g.a.cols; at++) {
				double x = wm_load_element(g.a.type, set.host[0], i * g.a.row_step + at * g.a.col_step);
				double y = wm_load_element(g.b.type, set.host[1], at * g.b.row_step + j * g.b.col_step);

				assert_true(y != 0);
				assert_true(x == nearbyint(x) && y == nearbyint(y));
				if (at == 0 || at + 1 == g.a.cols)
					assert_true(x != 0);
				used[at] |= x != 0;
				magnitude += fabs(x * y);
			}
			assert_true(magnitude <= rule.limit);
		}
	if (g.c.rows >= rule.period)
		for (int at = 0; at < k; at++)
			assert_true(used[at]);
	free(used);
	wm_set_close(&set);
}

static void exact_inputs(void **state) {
	(void)state;
	for (int t = 0; t < TYPES; t++)
		for (int x = 0; x < 4; x++) {
			promises(types[t], all_trans[x], 1, 1);
			promises(types[t], all_trans[x], 2, 2);
			promises(types[t], all_trans[x], 2, 3);
			promises(types[t], all_trans[x], 9, 1000);
		}
	promises("bf16", "tn", 40, 4096);
	promises("f16", "nn", 40, 4096);
	promises("f32", "nt", 5, 10000);
	promises("i8", "tn", 2, 300000);
	promises("f64", "tn", 2, 300000);
	promises("bf16,out=f32", "tn", 5, 10000);
	promises("f16,out=f32", "nt", 30, 10000);
	promises("tf32", "nn", 30, 10000);
	promises("e4m3", "tn", 40, 4096);
	promises("e5m2", "tt", 40, 4096);
}

/* ---- what passes -------------------------------------------------------------------------------- */

static void passes(struct wm_set *set, enum wm_data_part part) {
	struct wm_check check;

	wm_set_fill(set, part, SEED);
	assert_int_equal(wm_set_run(set, wm_impl_find("gemm", "ref"), 1), WM_OK);
	if (wm_set_verify(set, part, SEED, &check) != WM_OK)
		fail_msg("%s: %s", set->p.str, wm_why());
	assert_true(check.worst <= 1);
	assert_true(check.compared > 0);
	assert_true(check.method[0] != 0);
}

static void reference_passes(void **state) {
	static const int shapes[][3] = {{1, 1, 1}, {7, 13, 129}, {64, 64, 64}, {1, 5, 300}, {130, 1, 2}, {129, 70, 65}};

	(void)state;
	for (size_t s = 0; s < sizeof(shapes) / sizeof(*shapes); s++)
		for (int t = 0; t < TYPES; t++)
			for (int x = 0; x < 4; x++) {
				struct wm_set set;

				open_shape(&set, shapes[s][0], shapes[s][1], shapes[s][2], types[t], all_trans[x]);
				passes(&set, WM_EXACT);
				passes(&set, WM_TIMED);
				wm_set_close(&set);
			}
}

static void other_data_passes(void **state) {
	const char *const data[] = {"normal", "zeros"};

	(void)state;
	for (int d = 0; d < 2; d++)
		for (int t = 0; t < TYPES; t++) {
			struct wm_set set;
			char problem[128];

			snprintf(problem, sizeof(problem), "gemm:m=33,n=31,k=500,dtype=%s,data=%s", types[t], data[d]);
			wm_set_open(&set, problem);
			passes(&set, WM_TIMED);
			wm_set_close(&set);
		}
}

/* The timed part's products of very small numbers are subnormal in f16; their rounding is not an error. */
static void subnormal_results_pass(void **state) {
	struct wm_set set;

	(void)state;
	open_shape(&set, 64, 64, 1, "f16", "tn");
	passes(&set, WM_TIMED);
	for (size_t i = 0; i < 64; i++)
		for (int operand = 0; operand < 2; operand++)
			wm_store_element(WM_F16, set.host[operand], i, ldexp(1 + (double)i / 64, -11 - (int)(i % 4)));
	struct wm_check check;
	assert_int_equal(wm_set_run(&set, wm_impl_find("gemm", "ref"), 1), WM_OK);
	assert_int_equal(wm_set_verify(&set, WM_TIMED, SEED, &check), WM_OK);
	wm_set_close(&set);
}

/* ---- what does not ------------------------------------------------------------------------------ */

static void assert_wrong(struct wm_set *set, enum wm_data_part part, const char *what) {
	struct wm_check check;

	if (wm_set_verify(set, part, SEED, &check) != WM_WRONG)
		fail_msg("%s: %s passed", set->p.str, what);
}

/* Every bit of every element of a small output. */
static void every_flip(void **state) {
	(void)state;
	for (int t = 0; t < TYPES; t++) {
		struct wm_set set;

		open_shape(&set, 5, 7, 11, types[t], "tn");
		wm_set_fill(&set, WM_EXACT, SEED);
		assert_int_equal(wm_set_run(&set, wm_impl_find("gemm", "ref"), 1), WM_OK);
		for (size_t bit = 0; bit < 8 * set.bytes[2]; bit++) {
			unsigned char *byte = (unsigned char *)set.host[2] + bit / 8;
			double before = wm_load_element(set.t[2].dtype, set.host[2], bit / 8 / wm_dtype_bytes(set.t[2].dtype));

			*byte ^= (unsigned char)(1 << bit % 8);
			/* a zero of the other sign is the same number */
			if (wm_load_element(set.t[2].dtype, set.host[2], bit / 8 / wm_dtype_bytes(set.t[2].dtype)) != before)
				assert_wrong(&set, WM_EXACT, "a flipped bit");
			*byte ^= (unsigned char)(1 << bit % 8);
		}
		wm_set_close(&set);
	}
}

/* Poison anywhere, also where the timed part does not sample. */
static void poison(void **state) {
	(void)state;
	for (int t = 0; t < FLOATS; t++) {
		struct wm_set set;

		open_shape(&set, 100, 90, 2, types[t], "nn");
		wm_set_fill(&set, WM_TIMED, SEED);
		assert_int_equal(wm_set_run(&set, wm_impl_find("gemm", "ref"), 1), WM_OK);
		for (size_t at = 0; at < set.t[2].count; at += 101) {
			double right = wm_load_element(set.t[2].dtype, set.host[2], at);

			wm_store_element(set.t[2].dtype, set.host[2], at, NAN);
			assert_wrong(&set, WM_TIMED, "a NaN");
			wm_store_element(set.t[2].dtype, set.host[2], at, INFINITY);
			assert_wrong(&set, WM_TIMED, "an infinity");
			wm_store_element(set.t[2].dtype, set.host[2], at, right);
		}
		wm_set_close(&set);
	}
}

static void message(void **state) {
	struct wm_set set;
	struct wm_check check;
	char want[128];

	(void)state;
	open_shape(&set, 20, 40, 8, "f32", "nt");
	passes(&set, WM_EXACT);
	double right = wm_load_element(WM_F32, set.host[2], 17 + 33 * 20);
	wm_store_element(WM_F32, set.host[2], 17 + 33 * 20, right - 1);
	assert_int_equal(wm_set_verify(&set, WM_EXACT, SEED, &check), WM_WRONG);
	snprintf(want, sizeof(want), "c[17,33] is %.17g, expected %.17g", right - 1, right);
	assert_string_equal(wm_why(), want);
	wm_set_close(&set);
}

/* Rounds an operand to fewer significand bits, as an instruction of another type would. */
static void round_operand(struct wm_set *set, int operand, int bits) {
	for (size_t i = 0; i < set->t[operand].count; i++) {
		double x = wm_load_element(set->t[operand].dtype, set->host[operand], i);
		int exponent;
		double fraction = frexp(x, &exponent);

		wm_store_element(set->t[operand].dtype, set->host[operand], i,
		                 ldexp(nearbyint(ldexp(fraction, bits)), exponent - bits));
	}
}

/* The product of rounded operands, held against the operands as they were. */
static void rounded_operands(void **state) {
	static const struct {
		const char *type;
		int bits; /* of what pretends to be it */
	} rows[] = {{"f64", 24}, {"f64", 49}, {"f32", 8},          {"f32", 11},         {"f32", 16},
	            {"f32", 21}, {"f16", 8},  {"f16,out=f32", 10}, {"bf16,out=f32", 7}, {"tf32", 10},
	            {"tf32", 8}, {"e4m3", 3}, {"e5m2", 2}};

	(void)state;
	for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++)
		for (int operand = 0; operand < 2; operand++) {
			struct wm_set set;

			open_shape(&set, 3, 2, 37, rows[r].type, "tn");
			wm_set_fill(&set, WM_EXACT, SEED);
			round_operand(&set, operand, rows[r].bits);
			assert_int_equal(wm_set_run(&set, wm_impl_find("gemm", "ref"), 1), WM_OK);
			set.p.bench->fill(&set.p, operand, WM_EXACT, SEED, set.host[operand]);
			assert_wrong(&set, WM_EXACT, "a rounded operand");
			wm_set_close(&set);
		}
}

/* Sums that went through the short type on their way into f32. */
static void rounded_output(void **state) {
	static const enum wm_dtype through[] = {WM_F16, WM_BF16};

	(void)state;
	for (int t = 0; t < 2; t++)
		for (int k = 1; k < 300; k += 37)
			for (int part = WM_EXACT; part <= WM_TIMED; part++) {
				struct wm_set set;
				uint16_t shorter;

				open_shape(&set, 9, 7, k, types[4 + t], "tn");
				passes(&set, (enum wm_data_part)part);
				for (size_t i = 0; i < set.t[2].count; i++) {
					wm_store_element(through[t], &shorter, 0, wm_load_element(WM_F32, set.host[2], i));
					wm_store_element(WM_F32, set.host[2], i, wm_load_element(through[t], &shorter, 0));
				}
				assert_wrong(&set, (enum wm_data_part)part, "a rounded output");
				wm_set_close(&set);
			}
}

/* A 16-bit product that also accumulates in 16 bits is another problem: the timed part sees it. */
static void narrow_accumulation(void **state) {
	(void)state;
	for (int t = 2; t < 4; t++) {
		struct wm_set set;

		open_shape(&set, 32, 32, 512, types[t], "tn");
		wm_set_fill(&set, WM_TIMED, SEED);
		for (size_t j = 0; j < 32; j++)
			for (size_t i = 0; i < 32; i++) {
				uint16_t sum = 0;

				for (size_t k = 0; k < 512; k++)
					wm_store_element(set.t[2].dtype, &sum, 0,
					                 wm_load_element(set.t[2].dtype, &sum, 0) +
					                     wm_load_element(set.t[0].dtype, set.host[0], i * 512 + k) *
					                         wm_load_element(set.t[1].dtype, set.host[1], j * 512 + k));
				memcpy((uint16_t *)set.host[2] + i + j * 32, &sum, sizeof(sum));
			}
		assert_wrong(&set, WM_TIMED, "16-bit accumulation");
		wm_set_close(&set);
	}
}

/* Every fp8 input is a number that the fp8 of all vendors hold: the largest of AMD's e4m3 is 240, and none has -0. */
static void fp8_inputs(void **state) {
	static const char *const data[] = {"uniform", "normal", "zeros"};

	(void)state;
	for (int d = 0; d < 3; d++)
		for (int t = FLOATS - 2; t < FLOATS; t++)
			for (int part = WM_EXACT; part <= WM_TIMED; part++) {
				struct wm_set set;
				char problem[128];

				snprintf(problem, sizeof(problem), "gemm:m=50,n=40,k=300,dtype=%s,data=%s", types[t], data[d]);
				wm_set_open(&set, problem);
				wm_set_fill(&set, (enum wm_data_part)part, SEED);
				for (size_t i = 0; i < set.t[0].count; i++) {
					assert_true(fabs(wm_load_element(set.t[0].dtype, set.host[0], i)) <= 240);
					assert_int_not_equal(((uint8_t *)set.host[0])[i], 0x80);
				}
				wm_set_close(&set);
			}
}

/* x cut to the multiples of 2^-13 of the power of two that is in top: what an instruction with 14 bits keeps of it. */
static double cut(double x, double top) {
	int exponent;

	frexp(top, &exponent);
	return ldexp(trunc(ldexp(x, 14 - exponent)), exponent - 14);
}

/* 32 products at a time, each and the sum so far cut to 14 bits; the sum goes on in f32 every so many products. */
static double short_sum(const struct wm_set *set, size_t i, size_t j, size_t depth, size_t every) {
	float sum = 0;
	double part = 0;

	for (size_t k = 0; k < depth; k += 32) {
		double product[32], top = fabs(part), next;

		for (size_t q = 0; q < 32; q++) {
			product[q] = wm_load_element(set->t[0].dtype, set->host[0], i * depth + k + q) *
			             wm_load_element(set->t[1].dtype, set->host[1], j * depth + k + q);
			top = fmax(top, fabs(product[q]));
		}
		next = cut(part, top);
		for (size_t q = 0; q < 32; q++)
			next += cut(product[q], top);
		part = cut(next, next);
		if ((k + 32) % every == 0) {
			sum += (float)part;
			part = 0;
		}
	}
	return (double)sum;
}

/* Products of 8-bit floats may be summed in 14 bits over 128 of them, as instructions do it; over all is too many. */
static void short_sums(void **state) {
	static const struct {
		const char *type;
		size_t size, depth, every;
	} rows[] = {{"e4m3", 64, 128, 128},
	            {"e5m2", 64, 128, 128},
	            {"e4m3", 8, 4096, 128},
	            {"e5m2", 8, 4096, 128},
	            {"e4m3", 8, 32768, 32768}};

	(void)state;
	for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
		size_t size = rows[r].size, depth = rows[r].depth;
		struct wm_set set;
		struct wm_check check;

		open_shape(&set, (int)size, (int)size, (int)depth, rows[r].type, "tn");
		wm_set_fill(&set, WM_TIMED, SEED);
		for (size_t j = 0; j < size; j++)
			for (size_t i = 0; i < size; i++)
				wm_store_element(WM_BF16, set.host[2], i + j * size, short_sum(&set, i, j, depth, rows[r].every));
		if (rows[r].every == 128)
			assert_int_equal(wm_set_verify(&set, WM_TIMED, SEED, &check), WM_OK);
		else
			assert_wrong(&set, WM_TIMED, "a sum of 14 bits");
		wm_set_close(&set);
	}
}

/* One product, one rounding: the bound is a few units in the last place, and no more. */
static void tight_bound(void **state) {
	(void)state;
	for (int t = 0; t < FLOATS; t++) {
		struct wm_set set;
		enum wm_dtype type;

		open_shape(&set, 20, 20, 1, types[t], "tn");
		passes(&set, WM_TIMED);
		type = set.t[2].dtype;
		for (size_t i = 0; i < 400; i++) {
			double right = wm_load_element(type, set.host[2], i), step = ldexp(fabs(right), 4 - wm_dtype_bits(type));

			if (fabs(right) < 0.01)
				continue;
			wm_store_element(type, set.host[2], i, right + step);
			assert_wrong(&set, WM_TIMED, "an error of 8 to 16 units in the last place");
			wm_store_element(type, set.host[2], i, right);
		}
		wm_set_close(&set);
	}
}

/* One wrong element at a border of tiles, where remainders are handled. */
static void wrong_corner(void **state) {
	static const size_t corners[][2] = {{0, 0}, {63, 63}, {64, 64}, {65, 128}, {256, 192}, {255, 193}, {257, 1}};
	struct wm_set set;

	(void)state;
	open_shape(&set, 300, 200, 4, "f32", "nt");
	passes(&set, WM_TIMED);
	for (size_t c = 0; c < sizeof(corners) / sizeof(*corners); c++) {
		float *element = (float *)set.host[2] + corners[c][0] + corners[c][1] * 300, right = *element;

		*element += 0.01F;
		assert_wrong(&set, WM_TIMED, "a wrong corner of a tile");
		*element = right;
	}
	wm_set_close(&set);
}

/* One wrong tile of 64 x 64, or the remainder of one, anywhere in an output that is only sampled. */
static void wrong_tile(void **state) {
	struct wm_set set;

	(void)state;
	open_shape(&set, 300, 200, 4, "f32", "nt");
	passes(&set, WM_TIMED);
	for (size_t row = 0; row < 300; row += 64)
		for (size_t col = 0; col < 200; col += 64) {
			for (size_t j = col; j < col + 64 && j < 200; j++)
				for (size_t i = row; i < row + 64 && i < 300; i++)
					((float *)set.host[2])[i + j * 300] += 0.01F;
			assert_wrong(&set, WM_TIMED, "a wrong tile");
			for (size_t j = col; j < col + 64 && j < 200; j++)
				for (size_t i = row; i < row + 64 && i < 300; i++)
					((float *)set.host[2])[i + j * 300] -= 0.01F;
		}
	wm_set_close(&set);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_by_hand),      cmocka_unit_test(tensors),
		cmocka_unit_test(outputs),           cmocka_unit_test(layout),
		cmocka_unit_test(exact_inputs),      cmocka_unit_test(reference_passes),
		cmocka_unit_test(other_data_passes), cmocka_unit_test(subnormal_results_pass),
		cmocka_unit_test(every_flip),        cmocka_unit_test(poison),
		cmocka_unit_test(message),           cmocka_unit_test(rounded_operands),
		cmocka_unit_test(rounded_output),    cmocka_unit_test(narrow_accumulation),
		cmocka_unit_test(tight_bound),       cmocka_unit_test(wrong_corner),
		cmocka_unit_test(wrong_tile),        cmocka_unit_test(fp8_inputs),
		cmocka_unit_test(short_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
