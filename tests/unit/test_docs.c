/* SPDX-License-Identifier: Apache-2.0 */
/* test_docs.c - the man page and the completion hold what the tables hold. tests/e2e/install.sh tries them out. */
#include "cli/docs.h"

#include "core/options.h"
#include "core/registry.h"
#include "meters/setup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What a document writes; the caller frees it. */
static char *document(enum wm_status (*write)(FILE *)) {
	static char *text;
	static size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert_int_equal(write(out), WM_OK);
	fclose(out);
	return text;
}

/* Takes the backslashes of roff out of the text, in place. */
static void plain(char *text) {
	char *to = text;

	for (; *text; text++) {
		if (*text == '\\' && text[1] == '-')
			continue;
		*to++ = *text;
	}
	*to = 0;
}

static void assert_holds(const char *text, const char *part) {
	if (!strstr(text, part))
		fail_msg("'%s' is not in it", part);
}

static void test_the_man_page_has_every_option(void **state) {
	char *page = document(wm_docs_man), word[128];

	(void)state;
	plain(page);
	for (int i = 0; i < WM_OPTIONS; i++) {
		snprintf(word, sizeof(word), "--%s\\fR", wm_options[i].key);
		assert_holds(page, word);
	}
	for (const struct wm_command_row *c = wm_commands; c->name; c++) {
		snprintf(word, sizeof(word), ".B wattmark %s\n", c->name);
		assert_holds(page, word);
		snprintf(word, sizeof(word), ".SS %s\n", c->name);
		assert_holds(page, word);
	}
	for (int i = 0; wm_benches[i]; i++)
		assert_holds(page, wm_benches[i]->name);
	for (int i = 0; wm_meters[i]; i++) {
		snprintf(word, sizeof(word), ".TP\n.B %s\n", wm_meters[i]->name);
		assert_holds(page, word);
	}
	free(page);
}

/* The file of meters that the page shows is one that is taken. */
static void test_the_example_of_meters_is_right(void **state) {
	char path[] = "/tmp/wm-meters-XXXXXX", *page = document(wm_docs_man);
	struct wm_meter_entry *entries;
	FILE *file = fdopen(mkstemp(path), "w");
	int n = 0;

	(void)state;
	assert_non_null(file);
	fputs(wm_meters_example, file);
	fclose(file);
	if (wm_meter_entries(path, &entries, &n) != WM_OK)
		fail_msg("%s", wm_why());
	unlink(path);
	assert_int_equal(n, 1);
	assert_string_equal(entries[0].name, "rack-pdu");
	assert_int_equal(entries[0].scope, WM_SCOPE_WALL);
	free(entries);
	plain(page);
	assert_holds(page, wm_meters_example);
	free(page);
}

/* Every variable that a worker's environment is given. */
static void test_the_man_page_has_every_variable(void **state) {
	char *page = document(wm_docs_man), item[128];

	(void)state;
	for (int i = 0; wm_impls[i]; i++) {
		for (const char *const *name = wm_impls[i]->thread_env; name && *name; name++) {
			snprintf(item, sizeof(item), ".TP\n.B %s\n", *name);
			assert_holds(page, item);
			assert_null(strstr(strstr(page, item) + 1, item)); /* once */
		}
		for (const char *const *pair = wm_impls[i]->env; pair && *pair; pair += 2) {
			snprintf(item, sizeof(item), ".TP\n.B %s\n", *pair);
			assert_holds(page, item);
		}
	}
	free(page);
}

/* Words of tables stay words: no line but a request begins with a dot, no backslash comes from them. */
static void test_no_word_of_a_table_is_a_request(void **state) {
	static const char *const requests[] = {".TH ", ".SH ",  ".SS ",  ".TP\n", ".PP\n", ".B ",
	                                       ".BR ", ".br\n", ".nf\n", ".fi\n", ".\\\""};
	char *page = document(wm_docs_man);

	(void)state;
	for (const char *line = page; *line; line += strcspn(line, "\n") + 1) {
		bool known = false;

		for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
			known |= strncmp(line, requests[i], strlen(requests[i])) == 0;
		if ((*line == '.' || *line == '\'') && !known)
			fail_msg("a line begins with a dot: %.60s", line);
		assert_true(strcspn(line, "\n") < 200);
	}
	free(page);
}

/* Each example is a command line that parses. */
static void test_the_examples_are_right(void **state) {
	(void)state;
	for (const struct wm_example *e = wm_examples; e->line; e++) {
		struct wm_option_values values;
		char line[256], *argv[16] = {NULL}, *rest = NULL;
		int argc = 0;

		snprintf(line, sizeof(line), "%s", e->line);
		for (char *w = strtok_r(line, " ", &rest); w && argc < 15; w = strtok_r(NULL, " ", &rest))
			argv[argc++] = w;
		assert_string_equal(argv[0], "wattmark");
		if (wm_options_parse(argc, argv, &values) != WM_OK)
			fail_msg("%s: %s", e->line, wm_why());
		wm_options_free(&values);
	}
}

static void test_the_completion_has_every_word(void **state) {
	char *text = document(wm_docs_completion), word[128];

	(void)state;
	for (int i = 0; i < WM_OPTIONS; i++) {
		snprintf(word, sizeof(word), "--%s", wm_options[i].key);
		assert_holds(text, word);
	}
	for (const struct wm_command_row *c = wm_commands; c->name; c++) {
		snprintf(word, sizeof(word), "\t%s)\n", c->name);
		assert_holds(text, word);
	}
	for (int i = 0; wm_impls[i]; i++)
		assert_holds(text, wm_impls[i]->name);
	free(text);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_man_page_has_every_option),   cmocka_unit_test(test_the_man_page_has_every_variable),
		cmocka_unit_test(test_no_word_of_a_table_is_a_request), cmocka_unit_test(test_the_examples_are_right),
		cmocka_unit_test(test_the_completion_has_every_word),   cmocka_unit_test(test_the_example_of_meters_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
