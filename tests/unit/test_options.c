/* SPDX-License-Identifier: Apache-2.0 */
/* test_options.c - the command line: what it means, and one exact line for all that is wrong in it. */
#include "core/options.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_WORDS = 16 };

/* Parses a line of space-separated words behind "wattmark"; '' is an empty word. The words live until the next. */
static enum wm_status parse(const char *line, struct wm_option_values *values) {
	static char copy[512];
	static char *argv[MAX_WORDS + 2];
	char *rest = NULL, name[] = "wattmark";
	static char program[16];
	int argc = 1;

	snprintf(program, sizeof(program), "%s", name);
	snprintf(copy, sizeof(copy), "%s", line);
	argv[0] = program;
	for (char *w = strtok_r(copy, " ", &rest); w && argc <= MAX_WORDS; w = strtok_r(NULL, " ", &rest))
		argv[argc++] = strcmp(w, "''") == 0 ? w + 2 : w;
	argv[argc] = NULL;
	return wm_options_parse(argc, argv, values);
}

static void good_line(void **state) {
	struct wm_option_values v;

	(void)state;
	assert_int_equal(parse("run smoke --device cuda:0 --seed 7 gemm:m=4 --device=host -q --time-budget 1.5e2", &v),
	                 WM_OK);
	assert_int_equal(v.command->bit, WM_CMD_RUN);
	assert_int_equal(v.n, 2);
	assert_string_equal(v.operands[0], "smoke");
	assert_string_equal(v.operands[1], "gemm:m=4");
	assert_string_equal(v.v[WM_OPT_DEVICE], "cuda:0/host");
	assert_true(v.given[WM_OPT_DEVICE] && v.given[WM_OPT_SEED] && v.given[WM_OPT_QUIET]);
	assert_true(wm_option_count(&v, WM_OPT_SEED) == 7);
	assert_float_equal(wm_option_number(&v, WM_OPT_TIME_BUDGET), 150, 0);
	/* defaults stand, but were not given */
	assert_float_equal(wm_option_number(&v, WM_OPT_DEADLINE), 10, 0);
	assert_false(v.given[WM_OPT_DEADLINE]);
	assert_true(isnan(wm_option_number(&v, WM_OPT_REPLICATES)));
	assert_true(wm_option_count(&v, WM_OPT_REPLICATES) == 0);
	assert_null(v.v[WM_OPT_PROFILE]);
	assert_null(v.v[WM_OPT_FORMAT]);
	wm_options_free(&v);

	assert_int_equal(parse("run --seed 1 --seed 2 --impl ref --out a -- --odd", &v), WM_OK);
	assert_true(wm_option_count(&v, WM_OPT_SEED) == 2);
	assert_string_equal(v.operands[0], "--odd");
	wm_options_free(&v);

	assert_int_equal(parse("report a b --format md", &v), WM_OK);
	assert_int_equal(v.n, 2);
	assert_string_equal(v.v[WM_OPT_FORMAT], "md");
	wm_options_free(&v);

	assert_int_equal(parse("report a", &v), WM_OK);
	assert_string_equal(v.v[WM_OPT_FORMAT], "table");
	assert_null(v.v[WM_OPT_SEED]);
	wm_options_free(&v);

	assert_int_equal(parse("run --resume b --quiet --time-budget 60 --deadline 0.5", &v), WM_OK);
	wm_options_free(&v);
	assert_int_equal(parse("run quick --dry-run --topology x.xml --seed 9007199254740991", &v), WM_OK);
	assert_true(wm_option_count(&v, WM_OPT_SEED) == 9007199254740991u);
	wm_options_free(&v);
	assert_int_equal(parse("list suites", &v), WM_OK);
	wm_options_free(&v);
	assert_int_equal(parse("meters --probe --json --root r --meters f", &v), WM_OK);
	assert_true(v.given[WM_OPT_PROBE] && v.given[WM_OPT_JSON]);
	wm_options_free(&v);
	assert_int_equal(parse("report a --pue 1.25 --grid-intensity 0", &v), WM_OK);
	assert_true(wm_option_number(&v, WM_OPT_PUE) == 1.25);
	assert_true(wm_option_number(&v, WM_OPT_INTENSITY) == 0);
	wm_options_free(&v);
	assert_int_equal(parse("report a --pue 10 --grid-intensity 1e4", &v), WM_OK);
	wm_options_free(&v);
}

/* What stands behind the name of another program is that program's, with or without "--". */
static void weighed_commands(void **state) {
	struct wm_option_values v;

	(void)state;
	assert_int_equal(parse("weigh --work 1e12 -- make -j --json --work 3", &v), WM_OK);
	assert_true(wm_option_number(&v, WM_OPT_WORK) == 1e12);
	assert_false(v.given[WM_OPT_JSON]);
	assert_int_equal(v.n, 5);
	assert_string_equal(v.operands[0], "make");
	assert_string_equal(v.operands[4], "3");
	assert_null(v.operands[5]);
	wm_options_free(&v);

	assert_int_equal(parse("weigh --json make -j --work 3", &v), WM_OK);
	assert_true(v.given[WM_OPT_JSON] && !v.given[WM_OPT_WORK]);
	assert_int_equal(v.n, 4);
	wm_options_free(&v);

	assert_int_equal(parse("weigh --work-line FLOP: --device host/cuda:0 -- --odd", &v), WM_OK);
	assert_string_equal(v.v[WM_OPT_WORK_LINE], "FLOP:");
	assert_string_equal(v.operands[0], "--odd");
	wm_options_free(&v);

	/* of other commands options may still stand behind words */
	assert_int_equal(parse("run smoke --seed 3", &v), WM_OK);
	assert_true(v.given[WM_OPT_SEED]);
	wm_options_free(&v);
}

/* What people type first: command (-: none) and whether help is asked for. */
static void first_words(void **state) {
	static const struct {
		const char *line, *command;
		bool help;
	} table[] = {
		{"", NULL, false},
		{"--help", NULL, true},
		{"-h", NULL, true},
		{"help", NULL, true},
		{"help run", "run", true},
		{"run --help", "run", true},
		{"run -h", "run", true},
		{"report --help", "report", true},
		{"--version", "version", false},
		{"version", "version", false},
		{"--help list", "list", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct wm_option_values v;

		if (parse(table[i].line, &v) != WM_OK)
			fail_msg("%s: %s", table[i].line, wm_why());
		if (table[i].command)
			assert_string_equal(v.command->name, table[i].command);
		else
			assert_null(v.command);
		assert_int_equal(v.given[WM_OPT_HELP], table[i].help);
		wm_options_free(&v);
	}
}

static void bad_lines(void **state) {
	static const struct {
		const char *line, *why;
	} table[] = {
		{"runn", "unknown command 'runn'; did you mean 'run'?"},
		{"frobnicate",
	     "unknown command 'frobnicate'; known: help run list report topo doctor meters weigh explain docs "
	     "version"},
		{"--seed 3 run", "'--seed' where a command is wanted; see wattmark --help"},
		{"run", "run needs a suite, a job file or a pattern; see wattmark list suites"},
		{"run --sede 3 x", "unknown option --sede; did you mean --seed?"},
		{"run --sede=3 x", "unknown option --sede; did you mean --seed?"},
		{"run --zzz x", "unknown option --zzz; see wattmark run --help"},
		{"run -x", "unknown option -x; see wattmark run --help"},
		{"run -qx", "unknown option -x; see wattmark run --help"},
		{"run --de x", "option --de is short for more than one; see wattmark run --help"},
		{"run x --format md", "option --format is not one of run; see wattmark run --help"},
		{"report x --seed 1", "option --seed is not one of report; see wattmark report --help"},
		{"run x --dry-run=yes", "option --dry-run takes no value"},
		{"run x --out", "option --out needs a value: BUNDLE"},
		{"run x --out ''", "option --out: the BUNDLE is empty"},
		{"run x --device ''", "option --device: an empty name in the list"},
		{"run x --impl ref/", "option --impl: an empty name in the list"},
		{"run x --seed x", "option --seed: 'x' is not a whole number from 0 to 9007199254740991"},
		{"run x --seed -1", "option --seed: '-1' is not a whole number from 0 to 9007199254740991"},
		{"run x --seed 9007199254740992",
	     "option --seed: '9007199254740992' is not a whole number from 0 to 9007199254740991"},
		{"run x --seed 99999999999999999999",
	     "option --seed: '99999999999999999999' is not a whole number from 0 to 9007199254740991"},
		{"run x --replicates 0", "option --replicates: '0' is not a whole number from 1 to 100"},
		{"run x --replicates 101", "option --replicates: '101' is not a whole number from 1 to 100"},
		{"run x --replicates 2.5", "option --replicates: '2.5' is not a whole number from 1 to 100"},
		{"run x --time-budget 0", "option --time-budget: '0' is not a number of seconds from 0.001 to 31536000"},
		{"run x --time-budget -5", "option --time-budget: '-5' is not a number of seconds from 0.001 to 31536000"},
		{"run x --time-budget 5s", "option --time-budget: '5s' is not a number of seconds from 0.001 to 31536000"},
		{"run x --time-budget inf", "option --time-budget: 'inf' is not a number of seconds from 0.001 to 31536000"},
		{"run x --time-budget nan", "option --time-budget: 'nan' is not a number of seconds from 0.001 to 31536000"},
		{"run x --time-budget 0x9", "option --time-budget: '0x9' is not a number of seconds from 0.001 to 31536000"},
		{"run x --deadline 1e99", "option --deadline: '1e99' is not a number of seconds from 0.001 to 31536000"},
		{"run x --deadline ''", "option --deadline: '' is not a number of seconds from 0.001 to 31536000"},
		{"run x --profile quack", "option --profile: unknown profile 'quack'; did you mean 'quick'?"},
		{"report x --format pages", "option --format: unknown format 'pages'; known: table md csv json html"},
		{"run x --topology f", "option --topology needs --dry-run: nothing can run on another machine"},
		{"run --resume b smoke", "'smoke' beside --resume: the bundle keeps its problems"},
		{"run --resume b --out c", "option --out cannot stand beside --resume: the bundle stays where it is"},
		{"run --resume b --seed 2", "option --seed cannot stand beside --resume: the bundle keeps its seed"},
		{"run --resume b --device host", "option --device cannot stand beside --resume: the bundle keeps its devices"},
		{"run --resume b --impl ref",
	     "option --impl cannot stand beside --resume: the bundle keeps its implementations"},
		{"run --resume b --profile quick",
	     "option --profile cannot stand beside --resume: the bundle keeps its profile"},
		{"run --resume b --replicates 2",
	     "option --replicates cannot stand beside --resume: the bundle keeps its replicates"},
		{"run --resume b --dry-run", "option --dry-run cannot stand beside --resume: a dry run resumes nothing"},
		{"run x --dry-run --out c", "option --out cannot stand beside --dry-run: a dry run writes nothing"},
		{"list device", "unknown list 'device'; did you mean 'devices'?"},
		{"list suites devices", "list takes one word at most, not 'devices' too"},
		{"report", "report needs a BUNDLE, the folder that a run left"},
		{"version 2", "version takes no word, but '2' is there"},
		{"meters here", "meters takes no word, but 'here' is there"},
		{"meters --work 3", "option --work is not one of meters; see wattmark meters --help"},
		{"weigh", "weigh needs a command: wattmark weigh -- COMMAND"},
		{"weigh --json --", "weigh needs a command: wattmark weigh -- COMMAND"},
		{"weigh --work 0 ls", "option --work: '0' is not a number from 1e-300 to 1e+300"},
		{"weigh --work -1 ls", "option --work: '-1' is not a number from 1e-300 to 1e+300"},
		{"weigh --work 5J ls", "option --work: '5J' is not a number from 1e-300 to 1e+300"},
		{"weigh --work nan ls", "option --work: 'nan' is not a number from 1e-300 to 1e+300"},
		{"weigh --work 0x9 ls", "option --work: '0x9' is not a number from 1e-300 to 1e+300"},
		{"weigh --work '' ls", "option --work: '' is not a number from 1e-300 to 1e+300"},
		{"weigh --work-line '' ls", "option --work-line: the TEXT is empty"},
		{"weigh --work 5 --work-line x ls",
	     "option --work-line cannot stand beside --work: the amount of work is given already"},
		{"weigh --probe ls", "option --probe is not one of weigh; see wattmark weigh --help"},
		{"report x --pue 0.99", "option --pue: '0.99' is not a number from 1 to 10"},
		{"report x --pue 10.01", "option --pue: '10.01' is not a number from 1 to 10"},
		{"report x --grid-intensity -1", "option --grid-intensity: '-1' is not a number from 0 to 10000"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct wm_option_values v;

		if (parse(table[i].line, &v) != WM_INPUT)
			fail_msg("%s: taken", table[i].line);
		assert_string_equal(wm_why(), table[i].why);
	}
}

/* The table itself: rows in the order of their ids, unique keys and letters, defaults that pass their own check. */
static void table_is_sound(void **state) {
	(void)state;
	for (int i = 0; i < WM_OPTIONS; i++) {
		const struct wm_option *row = &wm_options[i];

		assert_int_equal(row->id, i);
		assert_non_null(row->help);
		assert_true(row->commands);
		assert_true(row->type == WM_OPT_FLAG || row->metavar);
		if (row->def)
			assert_int_equal(wm_option_check(row, row->def), WM_OK);
		for (int k = 0; k < i; k++) {
			assert_string_not_equal(row->key, wm_options[k].key);
			assert_true(!row->letter || row->letter != wm_options[k].letter);
		}
	}
}

/* Help names every option of a command and none of the others, in lines that fit a terminal. */
static void help(void **state) {
	(void)state;
	for (const struct wm_command_row *c = wm_commands; c->name; c++) {
		char *text = NULL, *rest = NULL, flag[32];
		size_t n = 0;
		FILE *out = open_memstream(&text, &n);

		wm_options_help(out, c);
		fclose(out);
		for (int i = 0; i < WM_OPTIONS; i++) {
			snprintf(flag, sizeof(flag), " --%s", wm_options[i].key);
			assert_int_equal(strstr(text, flag) != NULL, (wm_options[i].commands & c->bit) != 0);
		}
		for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
			assert_in_range(strlen(line), 1, 100);
		free(text);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_line), cmocka_unit_test(weighed_commands), cmocka_unit_test(first_words),
		cmocka_unit_test(bad_lines), cmocka_unit_test(table_is_sound),   cmocka_unit_test(help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
