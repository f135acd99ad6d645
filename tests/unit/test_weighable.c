/* SPDX-License-Identifier: Apache-2.0 */
/* test_weighable.c - which of the sources at hand weigh everything, and what weigh takes out of a command's output. */
#include "cli/command.h"
#include "cli/weighable.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 8 };

static struct wm_source v[MOST];
static struct wm_meters meters;
static struct wm_weighable classes[WM_SCOPES];
static char nothing[512];

static int clean(void **state) {
	(void)state;
	memset(v, 0, sizeof(v));
	memset(&meters, 0, sizeof(meters));
	meters.sources = v;
	return 0;
}

static struct wm_source *add(const char *id, enum wm_scope scope, int package) {
	struct wm_source *s = &v[meters.n++];

	snprintf(s->id, sizeof(s->id), "%s", id);
	s->scope = scope;
	s->kind = WM_POWER;
	s->package = package;
	s->refresh_s = 0.1;
	return s;
}

static int choose(void) {
	int n = wm_weighable_all(&meters, classes);

	wm_weighable_nothing(&meters, classes, n, nothing);
	return n;
}

static void test_packages_are_added_up(void **state) {
	(void)state;
	add("a", WM_SCOPE_CPU, 0);
	add("b", WM_SCOPE_CPU, 1);
	add("n", WM_SCOPE_NODE, -1);
	assert_int_equal(choose(), 2);
	assert_int_equal(classes[0].scope, WM_SCOPE_CPU);
	assert_int_equal(classes[0].n, 2);
	assert_int_equal(classes[1].n, 1);
	assert_int_equal(classes[1].index[0], 2);
	assert_string_equal(nothing, "");
}

/* Of several that weigh one package: a counter, then the one that is new more often, of equals the first. */
static void test_one_source_a_package(void **state) {
	(void)state;
	add("slow", WM_SCOPE_CPU, 0)->refresh_s = 1;
	add("fast", WM_SCOPE_CPU, 0);
	add("same", WM_SCOPE_CPU, 0);
	assert_int_equal(choose(), 1);
	assert_int_equal(classes[0].n, 1);
	assert_int_equal(classes[0].index[0], 1);
	add("counter", WM_SCOPE_CPU, 0)->kind = WM_COUNTER;
	v[3].refresh_s = 5;
	choose();
	assert_int_equal(classes[0].n, 1);
	assert_int_equal(classes[0].index[0], 3);
	strcpy(v[3].off, "broken");
	choose();
	assert_int_equal(classes[0].index[0], 1);
}

/* A sum that lacks a package would be too small: there is none. */
static void test_a_package_that_cannot_be_read(void **state) {
	(void)state;
	add("a", WM_SCOPE_CPU, 0);
	strcpy(add("b", WM_SCOPE_CPU, 1)->off, "permission: x is for root only");
	assert_int_equal(choose(), 1);
	assert_int_equal(classes[0].n, 0);
	assert_string_equal(classes[0].why, "b: permission: x is for root only");
	assert_string_equal(nothing, "b: permission: x is for root only");
	add("c", WM_SCOPE_CPU, 1); /* another way to that package */
	choose();
	assert_int_equal(classes[0].n, 2);
	assert_string_equal(nothing, "");
}

static void test_a_source_of_nobody_knows_what(void **state) {
	(void)state;
	add("a", WM_SCOPE_CPU, 0);
	add("b", WM_SCOPE_CPU, -1);
	choose();
	assert_int_equal(classes[0].n, 0);
	assert_non_null(strstr(classes[0].why, "b: of which package"));
}

static void test_parts_are_nothing(void **state) {
	(void)state;
	assert_int_equal(choose(), 0);
	assert_string_equal(nothing, "no meter found a source");
	add("core", WM_SCOPE_PART, 0);
	assert_int_equal(choose(), 0);
	assert_non_null(strstr(nothing, "1 source found, none"));
}

/* ---- output of a command ---- */

static void test_the_number_behind_a_text(void **state) {
	static const struct {
		const char *line;
		double amount; /* NAN: none */
	} table[] = {
		{"FLOP: 2.5e12", 2.5e12}, {"it did FLOP=17 in 3 s", 17},
		{"FLOP \t 4", 4},         {"FLOP12units", 12},
		{"FLOP: none", NAN},      {"FLOP:", NAN},
		{"FLOP: 0", NAN},         {"FLOP: -3", NAN},
		{"FLOP: nan", NAN},       {"FLOP: inf", NAN},
		{"FLOP: 1e999", NAN},     {"FLOP: 1,234", NAN}, /* not 1 */
		{"FLOP: 1, then", 1},
	};
	double amount;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!wm_command_amount(table[i].line, "FLOP", &amount))
			fail_msg("'%s' is said not to have it", table[i].line);
		if (isnan(table[i].amount) != isnan(amount) || (!isnan(amount) && amount != table[i].amount))
			fail_msg("'%s' gives %g", table[i].line, amount);
	}
	assert_false(wm_command_amount("flop: 3", "FLOP", &amount));
	assert_false(wm_command_amount("", "FLOP", &amount));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_packages_are_added_up, clean),
		cmocka_unit_test_setup(test_one_source_a_package, clean),
		cmocka_unit_test_setup(test_a_package_that_cannot_be_read, clean),
		cmocka_unit_test_setup(test_a_source_of_nobody_knows_what, clean),
		cmocka_unit_test_setup(test_parts_are_nothing, clean),
		cmocka_unit_test(test_the_number_behind_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
