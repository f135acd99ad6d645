/* SPDX-License-Identifier: Apache-2.0 */
/* test_attention_tiles.c - every instruction set's tiles that run here, and how the work is dealt to threads. */
#include "../../kernels/cpu/attention_tiles.h"
#include "../inject/sets.h"

#include "core/registry.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 5 };

static void verified(struct wm_set *set, enum wm_data_part part, const char *what) {
	struct wm_check check;

	if (wm_set_verify(set, part, SEED, &check) != WM_OK)
		fail_msg("%s, %s, %s: %s", set->p.str, part == WM_EXACT ? "exact" : "timed", what, wm_why());
	assert_true(wm_set_slack_whole(set));
}

static void run_few(const struct wm_attend *table, struct wm_attend_block w, struct wm_attend_part *part) {
	size_t end = w.to;

	memset(part->sums, 0, w.n * w.d * sizeof(float));
	for (size_t i = 0; i < w.n; i++) {
		part->most[i] = WM_ATTEND_LOWEST;
		part->total[i] = 0;
	}
	for (; w.from < end; w.from = w.to) {
		w.to = w.from + WM_ATTEND_FEW_KEYS < end ? w.from + WM_ATTEND_FEW_KEYS : end;
		table->few(&w, part);
	}
}

/* Queries [from, to) of one head as a block; their keys cut at multiples of an odd number into nparts parts. */
static void run_block(struct wm_set *set, const struct wm_attend *table, size_t b, size_t h, size_t from, size_t to,
                      size_t nparts) {
	const struct wm_problem *p = &set->p;
	size_t heads = (size_t)wm_get(p, "heads"), kvheads = (size_t)wm_get(p, "kvheads"), d = (size_t)wm_get(p, "d");
	size_t sq = (size_t)wm_get(p, "sq"), sk = (size_t)wm_get(p, "sk"), bytes = wm_dtype_bytes(set->t[0].dtype);
	size_t key = (b * sk * kvheads + h * kvheads / heads) * d, keys = 0, scratch = table->scratch(d);
	struct wm_attend_block w = {.type = set->t[0].dtype, .d = d, .step = kvheads * d};
	struct wm_attend_part part[3];
	bool few = to - from <= WM_ATTEND_FEW && (from / 2 + h) % 2;

	for (size_t i = from; i < to; i++) {
		size_t at = ((b * sq + i) * heads + h) * d * bytes;

		w.q[w.n] = (char *)set->host[0] + at;
		w.o[w.n] = (char *)set->host[3] + at;
		keys = w.limit[w.n++] = wm_get(p, "causal") ? i + 1 + sk - sq : sk;
	}
	w.k = (char *)set->host[1] + key * bytes;
	w.v = (char *)set->host[2] + key * bytes;
	w.scratch = aligned_alloc(64, (scratch + 15) / 16 * 64);
	for (size_t n = 0; n < nparts; n++) {
		part[n].sums = malloc(w.n * d * sizeof(float));
		w.from = keys * n / nparts;
		w.to = keys * (n + 1) / nparts;
		/* what stood there before must not matter */
		memset(w.scratch, 0xff, scratch * sizeof(float));
		memset(part[n].sums, 0xff, w.n * d * sizeof(float));
		if (few)
			run_few(table, w, &part[n]);
		else
			table->many(&w, &part[n]);
	}
	table->join(&w, part, nparts);
	for (size_t n = 0; n < nparts; n++)
		free(part[n].sums);
	free(w.scratch);
}

static void run_table(struct wm_set *set, const struct wm_attend *table, size_t queries, size_t nparts) {
	size_t sq = (size_t)wm_get(&set->p, "sq");

	for (size_t b = 0; b < (size_t)wm_get(&set->p, "batch"); b++)
		for (size_t h = 0; h < (size_t)wm_get(&set->p, "heads"); h++)
			for (size_t from = 0; from < sq; from += queries)
				run_block(set, table, b, h, from, from + queries < sq ? from + queries : sq, nparts);
}

static void tables(void **state) {
	const struct wm_attend *all[] = {wm_attend_avx512(), wm_attend_avx2(), wm_attend_neon(), wm_attend_c()};
	static const char *const types[] = {"f32", "f16", "bf16"};
	static const char *const shapes[] = {
		"heads=2,kvheads=1,sq=70,sk=300,d=16,causal=yes",
		"heads=1,sq=3,sk=211,d=1",
		"batch=2,heads=1,sq=17,sk=97,d=33,causal=yes,data=normal",
		"heads=1,sq=65,sk=5,d=70",
		"heads=3,sq=1,sk=500,d=128",
		"heads=1,sq=64,sk=192,d=24,causal=yes",
	};

	(void)state;
	for (int t = 0; t < 4; t++) {
		if (!all[t])
			continue;
		print_message("%s\n", all[t]->name);
		for (size_t s = 0; s < 3 * sizeof(shapes) / sizeof(*shapes); s++)
			for (int way = 0; way < 6; way++) {
				static const size_t queries[] = {64, 7, 33};
				char problem[128], what[64];
				struct wm_set set;

				snprintf(problem, sizeof(problem), "attention:%s,dtype=%s", shapes[s / 3], types[s % 3]);
				snprintf(what, sizeof(what), "%s, %zu queries, %d parts", all[t]->name, queries[way % 3],
				         1 + way / 3 * 2);
				wm_set_open(&set, problem);
				for (int part = WM_EXACT; part <= WM_TIMED; part++) {
					wm_set_fill(&set, (enum wm_data_part)part, SEED);
					run_table(&set, all[t], queries[way % 3], 1 + (size_t)way / 3 * 2);
					verified(&set, (enum wm_data_part)part, what);
				}
				wm_set_close(&set);
			}
	}
}

/* Infinite scores and values stay what they are, and no NaN is stored as a number: what is wrong must show. */
static void nothing_is_hidden(void **state) {
	const struct wm_attend *all[] = {wm_attend_avx512(), wm_attend_avx2(), wm_attend_neon(), wm_attend_c()};
	static const char *const problems[] = {"attention:heads=1,sq=20,sk=40,d=32,dtype=bf16",
	                                       "attention:heads=1,sq=2,sk=40,d=32,dtype=f16"};

	(void)state;
	for (int t = 0; t < 4; t++)
		for (int i = 0; i < 2 && all[t]; i++) {
			struct wm_set set;

			wm_set_open(&set, problems[i]);
			wm_set_fill(&set, WM_TIMED, SEED);
			wm_store_element(set.t[2].dtype, set.host[2], 7 * 32 + 5, (double)NAN);
			run_table(&set, all[t], 64, 1);
			for (size_t at = 0; at < set.t[3].count; at++) {
				double o = wm_load_element(set.t[3].dtype, set.host[3], at);

				assert_true(at % 32 == 5 ? o != o : o == o);
			}
			wm_set_close(&set);
		}
}

/* Every thread count, and blocks of several heads or parts: the implementation as it is run. */
static void dealt_out(void **state) {
	static const char *const problems[] = {
		"attention:heads=2,sq=130,sk=700,d=8,causal=yes",
		"attention:heads=12,kvheads=2,sq=1,sk=3000,d=16,causal=yes",
		"attention:heads=38,kvheads=19,sq=1,sk=530,d=16",
		"attention:batch=2,heads=17,sq=3,sk=40,d=8,causal=yes",
		"attention:batch=3,heads=20,kvheads=2,sq=5,sk=1000,d=8,dtype=bf16,causal=yes",
		"attention:heads=1,sq=1,sk=1,d=1",
		"attention:heads=70,kvheads=1,sq=1,sk=600,d=4,dtype=f16",
		"attention:heads=6,kvheads=2,sq=31,sk=40,d=12",
	};
	static const int threads[] = {1, 2, 3, 16, 61};

	(void)state;
	for (size_t i = 0; i < sizeof(problems) / sizeof(*problems); i++)
		for (int n = 0; n < 5; n++)
			for (int part = WM_EXACT; part <= WM_TIMED; part++) {
				struct wm_set set;
				char what[32];

				snprintf(what, sizeof(what), "%d threads", threads[n]);
				wm_set_open(&set, problems[i]);
				wm_set_fill(&set, (enum wm_data_part)part, SEED);
				assert_int_equal(wm_set_run(&set, wm_impl_find("attention", "simd"), threads[n]), WM_OK);
				verified(&set, (enum wm_data_part)part, what);
				wm_set_close(&set);
			}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables),
		cmocka_unit_test(nothing_is_hidden),
		cmocka_unit_test(dealt_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
