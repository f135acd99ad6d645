/* SPDX-License-Identifier: Apache-2.0 */
/* test_problem.c - patterns, canonical strings, and what a user is told when a pattern is wrong. */
#include "core/problem.h"
#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Joins one axis of all problems of a pattern: "1 2 4". */
static const char *values(const char *pattern, const char *key) {
	static char text[512];
	struct wm_problems list = {0};
	size_t used = 0;

	if (wm_pattern_expand(pattern, &list) != WM_OK)
		return wm_why();
	text[0] = 0;
	for (size_t i = 0; i < list.n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%ld", i ? " " : "", wm_get(&list.v[i], key));
	wm_problems_free(&list);
	return text;
}

static void lists(void **state) {
	(void)state;
	assert_string_equal(values("gemm:m=7", "m"), "7");
	assert_string_equal(values("gemm:m=1K/2M/3", "m"), "1024 2097152 3");
	assert_string_equal(values("gemm:m=1:8:x2", "m"), "1 2 4 8");
	assert_string_equal(values("gemm:m=1:9:x2", "m"), "1 2 4 8");
	assert_string_equal(values("gemm:m=10:20:+5", "m"), "10 15 20");
	assert_string_equal(values("gemm:m=10:19:+5/3", "m"), "10 15 3");
	assert_string_equal(values("gemm:m=1K:4K:+1K", "m"), "1024 2048 3072 4096");
	assert_string_equal(values("gemm:m=2147483646:2147483647:x2,n=1,k=1", "m"), "2147483646");
	/* the first axis is the slowest; a point that comes twice is kept once */
	assert_string_equal(values("gemm:m=1/2,n=3/4,k=5", "m"), "1 1 2 2");
	assert_string_equal(values("gemm:m=1/2,n=3/4,k=5", "n"), "3 4 3 4");
	assert_string_equal(values("gemm:m=1/2/1", "m"), "1 2");
	/* ties: by default n and k follow m; chains; an entry of a list may be one */
	assert_string_equal(values("gemm:m=3/5", "k"), "3 5");
	assert_string_equal(values("gemm:k=9,n=@k,m=@n", "m"), "9");
	assert_string_equal(values("gemm:m=16,n=2/@m", "n"), "2 16");
}

static void counts(void **state) {
	long value = -1;

	(void)state;
	assert_int_equal(wm_parse_count("0", &value), WM_OK);
	assert_int_equal(value, 0);
	assert_int_equal(wm_parse_count("9223372036854775807", &value), WM_OK);
	assert_true(value == 9223372036854775807L);
	assert_int_equal(wm_parse_count("8388607G", &value), WM_OK);
	assert_true(value == 8388607L << 30);
	value = 5;
	for (const char *const *bad =
	         (const char *const[]){"9223372036854775808", "8589934592G", "9007199254740992K", "", "K", "1k", "1KK",
	                               "-1", "+1", " 1", "1 ", "0x10", "1e3", "1.5", NULL};
	     *bad; bad++) {
		assert_int_equal(wm_parse_count(*bad, &value), WM_INPUT);
		assert_non_null(strstr(wm_why(), *bad));
	}
	assert_int_equal(value, 5);
}

static void canonical(void **state) {
	struct wm_problem p;
	char brief[WM_PROBLEM_CHARS];

	(void)state;
	assert_int_equal(wm_problem_parse("gemm", &p), WM_OK);
	assert_string_equal(p.str,
	                    "gemm:m=1024,n=1024,k=1024,dtype=f32,trans=tn,cache=cold,data=uniform,"
	                    "regime=sustained,load=alone");
	/* the order in which a user writes the axes does not matter */
	assert_int_equal(wm_problem_parse("gemm:regime=burst,trans=nn,k=8,dtype=i8,m=4", &p), WM_OK);
	assert_string_equal(p.str, "gemm:m=4,n=4,k=8,dtype=i8,trans=nn,cache=cold,data=uniform,regime=burst,load=alone");
	wm_problem_brief(&p, brief, sizeof(brief));
	assert_string_equal(brief, "gemm:m=4,n=4,k=8,dtype=i8,trans=nn,regime=burst");
	assert_int_equal(wm_get(&p, "k"), 8);
	assert_string_equal(wm_get_word(&p, "trans"), "nn");
	assert_ptr_equal(wm_get_word(&p, "trans"), wm_get_word(&p, "trans"));
	assert_int_equal(wm_get_dtype(&p), WM_I8);
	assert_int_equal(wm_get(&p, "regime"), WM_BURST);
}

/* ---- random problems ---------------------------------------------------------------------------------------- */

static unsigned long random_bits(void) {
	return (unsigned long)random() << 31 ^ (unsigned long)random();
}

/* A random value of an axis as text: a word, a number of any size in range, or a small multiple of 8. */
static void random_value(const struct wm_axis *axis, char out[64]) {
	unsigned long span = (unsigned long)(axis->max - axis->min) + 1;
	char copy[256], *rest = NULL;

	if (!axis->words && random() % 2) {
		snprintf(out, 64, "%ld", axis->min + (long)((random_bits() >> random() % 62) % span));
	} else if (!axis->words) {
		snprintf(out, 64, "%ld", 8 + 8 * (random() % 64));
	} else {
		snprintf(copy, sizeof(copy), "%s", axis->words);
		snprintf(out, 64, "%s", strtok_r(copy, " ", &rest));
		for (char *word; (word = strtok_r(NULL, " ", &rest));)
			if (random() % 2)
				snprintf(out, 64, "%s", word);
	}
}

static void random_pair(const struct wm_axis *axis, char text[64], const char **pair) {
	random_value(axis, text);
	pair[0] = axis->key;
	pair[1] = text;
}

/* Every problem that a benchmark takes is a string that parses back to the same problem. */
static void round_trip(void **state) {
	(void)state;
	srandom(20261122);
	for (int b = 0; wm_benches[b]; b++) {
		int taken = 0;

		for (int round = 0; round < 2000; round++) {
			char text[WM_MAX_AXES][64];
			const char *pairs[2 * WM_MAX_AXES];
			struct wm_problems list = {0};
			struct wm_problem back;
			int n = 0;

			for (const struct wm_axis *a = wm_benches[b]->axes; a->key; a++, n++)
				random_pair(a, text[n], &pairs[2 * n]);
			for (const struct wm_axis *a = wm_core_axes; a->key; a++, n++)
				random_pair(a, text[n], &pairs[2 * n]);
			if (wm_pattern_expand_pairs(wm_benches[b], pairs, n, &list) != WM_OK)
				continue; /* sizes that overflow or that the benchmark does not take */
			assert_int_equal(list.n, 1);
			if (wm_problem_parse(list.v[0].str, &back) != WM_OK)
				fail_msg("%s: %s", list.v[0].str, wm_why());
			assert_string_equal(back.str, list.v[0].str);
			assert_memory_equal(back.v, list.v[0].v, sizeof(back.v));
			taken++;
			wm_problems_free(&list);
		}
		assert_in_range(taken, 100, 2000);
	}
}

/* Also in its brief form, which a user may copy from a progress line. */
static void brief_round_trip(void **state) {
	struct wm_problems list = {0};
	struct wm_problem back;
	char brief[WM_PROBLEM_CHARS];

	(void)state;
	assert_int_equal(wm_pattern_expand("gemm:m=3/4,cache=cold/hot,data=zeros/uniform,load=node/alone", &list), WM_OK);
	assert_int_equal(list.n, 16);
	for (size_t i = 0; i < list.n; i++) {
		wm_problem_brief(&list.v[i], brief, sizeof(brief));
		assert_int_equal(wm_problem_parse(brief, &back), WM_OK);
		assert_string_equal(back.str, list.v[i].str);
	}
	wm_problems_free(&list);
}

/* ---- axes that came later ----------------------------------------------------------------------------------- */

static enum wm_status no_tensors(const struct wm_problem *p, struct wm_tensor *t, int *n_p) {
	(void)p;
	(void)t;
	*n_p = 0;
	return WM_OK;
}

static enum wm_status takes_no_seven(const struct wm_problem *p) {
	if (wm_get(p, "n") == 7)
		return wm_fail(WM_INPUT, "seven is not taken");
	return wm_get(p, "n") == 8 ? wm_fail(WM_UNSUPPORTED, "eight has no meaning") : WM_OK;
}

static const struct wm_axis toy_axes[] = {{"n", "4", NULL, 1, 100, "a number", false},
                                          {"out", "a", "a b", 0, 0, "a word that came later", true},
                                          {"ld", "@n", NULL, 1, 50, "a number that came later", true},
                                          {0}};
static const struct wm_bench toy = {.name = "toy", .axes = toy_axes, .accept = takes_no_seven, .tensors = no_tensors};

static const char *toy_string(const char *const *pairs, int n) {
	static char text[WM_PROBLEM_CHARS];
	struct wm_problems list = {0};

	if (wm_pattern_expand_pairs(&toy, pairs, n, &list) != WM_OK)
		return wm_why();
	snprintf(text, sizeof(text), "%s", list.v[0].str);
	wm_problems_free(&list);
	return text;
}

#define CORE ",cache=cold,data=uniform,regime=sustained,load=alone"

/* An axis that is added later is in the string only when it is not its default, so that old strings stay valid. */
static void late_axes(void **state) {
	(void)state;
	assert_string_equal(toy_string(NULL, 0), "toy:n=4" CORE);
	assert_string_equal(toy_string((const char *[]){"out", "a", "ld", "4"}, 2), "toy:n=4" CORE);
	assert_string_equal(toy_string((const char *[]){"out", "b", "ld", "4"}, 2), "toy:n=4,out=b" CORE);
	assert_string_equal(toy_string((const char *[]){"n", "9", "ld", "4"}, 2), "toy:n=9,ld=4" CORE);
}

static void accept_decides(void **state) {
	(void)state;
	assert_string_equal(toy_string((const char *[]){"n", "7"}, 1), "toy:n=7: seven is not taken");
	/* a point without meaning stays: its row says why */
	assert_string_equal(toy_string((const char *[]){"n", "8"}, 1), "toy:n=8" CORE);
	/* a tie brings a value that the other axis does not take */
	assert_string_equal(toy_string((const char *[]){"n", "51"}, 1), "toy axis ld: 51 is outside 1 to 50");
}

/* ---- what is not said in a pattern -------------------------------------------------------------------------- */

static void filled_from_elsewhere(void **state) {
	const char *const pairs[] = {"dtype", "f64/i8", "bytes", "4K", "m", "2", "dtype", "f16"};
	struct wm_problems list = {0};

	(void)state;
	assert_int_equal(wm_pattern_expand_over("gemm:m=5", pairs, 4, &list), WM_OK);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.v[0].str, "gemm:m=5,n=5,k=5,dtype=f64,trans=tn" CORE);
	assert_string_equal(list.v[1].str, "gemm:m=5,n=5,k=5,dtype=i8,trans=tn" CORE);
	wm_problems_free(&list);
}

static void one_problem(void **state) {
	struct wm_problem p = {.str = "untouched"};

	(void)state;
	assert_int_equal(wm_problem_parse("gemm:m=1/2", &p), WM_INPUT);
	assert_string_equal(wm_why(), "'gemm:m=1/2' is 2 problems where one is wanted");
	assert_string_equal(p.str, "untouched");
}

/* ---- bad input ---------------------------------------------------------------------------------------------- */

static void bad_patterns(void **state) {
	static const struct {
		const char *pattern, *why;
	} table[] = {
		{"gem:m=4", "unknown benchmark 'gem'; did you mean 'gemm'?"},
		{"zzzzzz",
	     "unknown benchmark 'zzzzzz'; known: gemm attention read copy triad fma "
	     "allreduce reducescatter allgather broadcast alltoall sendrecv"},
		{"",
	     "unknown benchmark ''; known: gemm attention read copy triad fma "
	     "allreduce reducescatter allgather broadcast alltoall sendrecv"},
		{"gemm:M=4", "unknown gemm axis 'M'; did you mean 'm'?"},
		{"gemm:dtypes=f32", "unknown gemm axis 'dtypes'; did you mean 'dtype'?"},
		{"gemm:q=4", "unknown gemm axis 'q'; known: m n k dtype trans out cache data regime load"},
		{"gemm:dtype=f23", "unknown gemm dtype 'f23'; did you mean 'f32'?"},
		{"gemm:cache=warm", "unknown gemm cache 'warm'; known: cold hot"},
		{"gemm:dtype=1:2:x2", "unknown gemm dtype '1:2:x2'; known: f64 f32 f16 bf16 i8 tf32 e4m3 e5m2"},
		{"gemm:m", "gemm: 'm' is not key=list"},
		{"gemm:", "gemm: '' is not key=list"},
		{"gemm:m=4,", "gemm: '' is not key=list"},
		{"gemm:m,n=4", "gemm: 'm' is not key=list"},
		{"gemm:m=4,m=4", "gemm: axis m is given twice"},
		{"gemm:m=", "gemm axis m: an empty value in its list"},
		{"gemm:m=1//2", "gemm axis m: an empty value in its list"},
		{"gemm:m=1/", "gemm axis m: an empty value in its list"},
		{"gemm:dtype=/f32", "gemm axis dtype: an empty value in its list"},
		{"gemm:m=0", "gemm axis m: 0 is outside 1 to 2147483647"},
		{"gemm:m=2G", "gemm axis m: 2147483648 is outside 1 to 2147483647"},
		{"gemm:m=-4", "gemm axis m: '-4' is not a whole number (digits, then nothing, K, M or G)"},
		{"gemm:m=4x", "gemm axis m: '4x' is not a whole number (digits, then nothing, K, M or G)"},
		{"gemm:m=1.5", "gemm axis m: '1.5' is not a whole number (digits, then nothing, K, M or G)"},
		{"gemm:m=99999999999999999999", "gemm axis m: '99999999999999999999' is too large a number"},
		{"gemm:m=9999999999G", "gemm axis m: '9999999999G' is too large a number"},
		{"gemm:m=1:10", "gemm axis m: '1:10' is not a range lo:hi:xF or lo:hi:+S"},
		{"gemm:m=1:10:2", "gemm axis m: '1:10:2' is not a range lo:hi:xF or lo:hi:+S"},
		{"gemm:m=1:10:x2:x3", "gemm axis m: '1:10:x2:x3' is not a range lo:hi:xF or lo:hi:+S"},
		{"gemm:m=:10:x2", "gemm axis m: '' is not a whole number (digits, then nothing, K, M or G)"},
		{"gemm:m=1:10:x", "gemm axis m: '' is not a whole number (digits, then nothing, K, M or G)"},
		{"gemm:m=1:10:x1", "gemm axis m: the factor of a range is at least 2"},
		{"gemm:m=1:10:+0", "gemm axis m: the step of a range is at least 1"},
		{"gemm:m=0:10:x2", "gemm axis m: a range with a factor cannot begin at 0"},
		{"gemm:m=10:1:x2", "gemm axis m: the range 10:1 is empty"},
		{"gemm:m=1:4G:x2", "gemm axis m: 2147483648 is outside 1 to 2147483647"},
		{"gemm:m=@m", "gemm: a circle of ties: m -> m"},
		{"gemm:m=@n,n=@k,k=@m", "gemm: a circle of ties: m -> n -> k -> m"},
		{"gemm:m=@n,n=@k,k=@n", "gemm: a circle of ties: m -> n -> k -> n"},
		/* the points before the wrong one go too */
		{"gemm:m=4,n=@m/@k,k=@n", "gemm: a circle of ties: n -> k -> n"},
		{"copy:bytes=16/13", "copy:bytes=13,dtype=f32: bytes=13 is no multiple of 4, the size of an element of f32"},
		{"gemm:m=@", "unknown gemm axis ''; known: m n k dtype trans out cache data regime load"},
		{"gemm:m=@l", "unknown gemm axis 'l'; known: m n k dtype trans out cache data regime load"},
		{"gemm:m=@dtype", "gemm axis m: it cannot be tied to dtype, which has other values"},
		{"gemm:trans=@dtype", "gemm axis trans: it cannot be tied to dtype, which has other values"},
		{"gemm:m=1:10001:+1", "gemm axis m: more than 10000 values"},
		{"gemm:m=1:101:+1,n=1:100:+1", "gemm: more than 10000 problems"},
		{"copy:bytes=13,dtype=f32",
	     "copy:bytes=13,dtype=f32: bytes=13 is no multiple of 4, the size of an element of f32"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct wm_problems list = {0};

		assert_int_equal(wm_pattern_expand("fma:n=8", &list), WM_OK);
		if (wm_pattern_expand(table[i].pattern, &list) != WM_INPUT)
			fail_msg("%s is taken", table[i].pattern);
		assert_string_equal(wm_why(), table[i].why);
		assert_int_equal(list.n, 1); /* nothing half done is left */
		wm_problems_free(&list);
	}
}

/* Sizes that no address space holds are refused by name, each benchmark in its own words. */
static void overflow(void **state) {
	struct wm_problems list = {0};

	(void)state;
	assert_int_equal(wm_pattern_expand("gemm:m=2147483647,k=1,dtype=f64", &list), WM_INPUT);
	assert_non_null(strstr(wm_why(), "gemm:m=2147483647,n=2147483647,k=1,dtype=f64,trans=tn: "));
	/* each of the three fits by itself */
	assert_int_equal(wm_pattern_expand("gemm:m=1200000000", &list), WM_INPUT);
	assert_non_null(strstr(wm_why(), "trans=tn: the size of its buffers overflows"));
	wm_problems_free(&list);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(counts),
		cmocka_unit_test(canonical),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(brief_round_trip),
		cmocka_unit_test(late_axes),
		cmocka_unit_test(accept_decides),
		cmocka_unit_test(filled_from_elsewhere),
		cmocka_unit_test(one_problem),
		cmocka_unit_test(bad_patterns),
		cmocka_unit_test(overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
