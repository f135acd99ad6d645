/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - the table of options, and what is made from it: the parser and the help. */
#include "core/options.h"

#include "core/problem.h"
#include "core/registry.h"
#include "measure/profile.h"
#include "wrap.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Counts are exact in a double and in JSON up to here: 2^53 - 1. */
#define MOST_COUNT 9007199254740991.0
#define YEAR_S 31536000.0

/* ---- tables ------------------------------------------------------------------------------------------------- */

static const char *profile_word(int i) {
	return wm_profiles[i].name;
}

static const char *report_word(int i) {
	return wm_reports[i] ? wm_reports[i]->name : NULL;
}

enum {
	ALL_COMMANDS = WM_CMD_RUN | WM_CMD_LIST | WM_CMD_REPORT | WM_CMD_VERSION | WM_CMD_TOPO | WM_CMD_EXPLAIN |
	               WM_CMD_DOCTOR | WM_CMD_DOCS | WM_CMD_METERS | WM_CMD_WEIGH
};

const struct wm_option wm_options[WM_OPTIONS] = {
	{WM_OPT_DEVICE, WM_CMD_RUN | WM_CMD_WEIGH, "device", 0, WM_OPT_LIST, "ID", NULL, NULL, 0, 0, true,
     "where to run, or what to weigh: a device id, a group for collectives (cuda:0-3), a backend (all of its devices) "
     "or "
     "all, joined by '/'; default: the job's, else all; weigh: every meter there is"},
	{WM_OPT_IMPL, WM_CMD_RUN, "impl", 0, WM_OPT_LIST, "NAME", NULL, NULL, 0, 0, true,
     "implementations, joined by '/'; default: the job's, else all but those that must be asked for"},
	{WM_OPT_OUT, WM_CMD_RUN, "out", 0, WM_OPT_TEXT, "BUNDLE", NULL, NULL, 0, 0, false,
     "folder for the results, new or empty; default: a new one under results/runs"},
	{WM_OPT_RESUME, WM_CMD_RUN, "resume", 0, WM_OPT_TEXT, "BUNDLE", NULL, NULL, 0, 0, false,
     "go on with a run that was cut off: what has no final record runs"},
	{WM_OPT_TIME_BUDGET, WM_CMD_RUN, "time-budget", 0, WM_OPT_SECONDS, "SECONDS", NULL, NULL, 0.001, YEAR_S, false,
     "start no case after that time; the rest is skipped and says so"},
	{WM_OPT_SEED, WM_CMD_RUN, "seed", 0, WM_OPT_COUNT, "NUMBER", "1", NULL, 0, MOST_COUNT, false,
     "seed of the inputs and of the order of cases"},
	{WM_OPT_PROFILE, WM_CMD_RUN, "profile", 0, WM_OPT_WORD, "NAME", NULL, profile_word, 0, 0, true,
     "how much care to take; default: the suite's, else quick"},
	{WM_OPT_REPLICATES, WM_CMD_RUN, "replicates", 0, WM_OPT_COUNT, "NUMBER", NULL, NULL, 1, 100, false,
     "fresh worker processes a case; default: the profile's"},
	{WM_OPT_DEADLINE, WM_CMD_RUN, "deadline", 0, WM_OPT_SECONDS, "SECONDS", "10", NULL, 0.001, YEAR_S, false,
     "how long a timed phase may overrun what it announced before its worker is killed"},
	{WM_OPT_DRY_RUN, WM_CMD_RUN, "dry-run", 0, WM_OPT_FLAG, NULL, NULL, NULL, 0, 0, false,
     "print what would run where, and run nothing"},
	{WM_OPT_TOPOLOGY, WM_CMD_RUN | WM_CMD_TOPO, "topology", 0, WM_OPT_TEXT, "FILE", NULL, NULL, 0, 0, false,
     "the machine of an hwloc XML file instead of this one; run: in a dry run only"},
	{WM_OPT_METERS, WM_CMD_RUN | WM_CMD_METERS | WM_CMD_WEIGH, "meters", 0, WM_OPT_TEXT, "FILE", NULL, NULL, 0, 0,
     false, "a file that names meters which cannot be found by looking: a PDU, a logger's file, a BMC"},
	{WM_OPT_WEIGH, WM_CMD_RUN, "weigh", 0, WM_OPT_FLAG, NULL, NULL, NULL, 0, 0, false,
     "weigh every case, not only those that the suite asks for"},
	{WM_OPT_PROBE, WM_CMD_METERS, "probe", 0, WM_OPT_FLAG, NULL, NULL, NULL, 0, 0, false,
     "watch each source for 5 s at rest and 5 s under load, and say how good it is"},
	{WM_OPT_WORK, WM_CMD_WEIGH, "work", 0, WM_OPT_NUMBER, "AMOUNT", NULL, NULL, 1e-300, 1e300, false,
     "how much work the command does, in any unit: gives work per joule"},
	{WM_OPT_WORK_LINE, WM_CMD_WEIGH, "work-line", 0, WM_OPT_TEXT, "TEXT", NULL, NULL, 0, 0, false,
     "take the amount of work from the command's output: the number behind this text, on the last line that has it"},
	{WM_OPT_QUIET, WM_CMD_RUN, "quiet", 'q', WM_OPT_FLAG, NULL, NULL, NULL, 0, 0, false, "no progress on stderr"},
	{WM_OPT_FORMAT, WM_CMD_REPORT, "format", 0, WM_OPT_WORD, "NAME", "table", report_word, 0, 0, false,
     "form of the report"},
	{WM_OPT_COUNTRY, WM_CMD_REPORT, "country", 0, WM_OPT_TEXT, "CODE", NULL, NULL, 0, 0, false,
     "grid intensity of that country (ISO 3166 alpha-3, such as FRA): adds columns of gCO2e"},
	{WM_OPT_INTENSITY, WM_CMD_REPORT, "grid-intensity", 0, WM_OPT_NUMBER, "G/KWH", NULL, NULL, 0, 10000, false,
     "grid intensity in gCO2e per kWh, in place of the country's"},
	{WM_OPT_PUE, WM_CMD_REPORT, "pue", 0, WM_OPT_NUMBER, "RATIO", NULL, NULL, 1, 10, false,
     "power usage effectiveness of the site; default: 1.0, labelled IT only"},
	{WM_OPT_PRICES, WM_CMD_REPORT, "prices", 0, WM_OPT_TEXT, "FILE", NULL, NULL, 0, 0, false,
     "a file with purchase price and lifetime, or rent, of each device: adds columns of cost"},
	{WM_OPT_SVG, WM_CMD_TOPO, "svg", 0, WM_OPT_TEXT, "FILE", NULL, NULL, 0, 0, false,
     "also write a drawing of the machine, made by lstopo"},
	{WM_OPT_JSON, WM_CMD_DOCTOR | WM_CMD_METERS | WM_CMD_WEIGH, "json", 0, WM_OPT_FLAG, NULL, NULL, NULL, 0, 0, false,
     "print JSON instead of text"},
	{WM_OPT_ROOT, WM_CMD_DOCTOR | WM_CMD_RUN | WM_CMD_METERS | WM_CMD_WEIGH, "root", 0, WM_OPT_TEXT, "FOLDER", NULL,
     NULL, 0, 0, false,
     "read /proc and /sys below that folder: a machine that was recorded; run and weigh: of meters only"},
	{WM_OPT_HELP, ALL_COMMANDS, "help", 'h', WM_OPT_FLAG, NULL, NULL, NULL, 0, 0, false, "print this help"},
};

const struct wm_command_row wm_commands[] = {
	{WM_CMD_RUN, "run", "SUITE|FILE|PATTERN..", "measure: a suite, a job file, or problems such as gemm:m=1024/4096"},
	{WM_CMD_LIST, "list", "[devices|benchmarks|implementations|suites]", "what is here, and what is not and why"},
	{WM_CMD_REPORT, "report", "BUNDLE..", "print the results of runs"},
	{WM_CMD_TOPO, "topo", "", "the machine: packages, cores, caches, memory, and where each device hangs"},
	{WM_CMD_DOCTOR, "doctor", "",
     "what of this machine spoils measurements, and what to do about it; status 1 when something does"},
	{WM_CMD_METERS, "meters", "",
     "what can be weighed here: sources of energy, what each is of, and why one cannot be read"},
	{WM_CMD_WEIGH, "weigh", "-- COMMAND [ARGUMENT..]", "run any command and weigh it: joules, watts, work per joule"},
	{WM_CMD_EXPLAIN, "explain", "[NAME]", "what a field, metric, status, axis or column means"},
	{WM_CMD_DOCS, "docs", "man|completion", "print the man page or the completion for bash"},
	{WM_CMD_VERSION, "version", "", "print the version of program, method and records"},
	{0}};

/* Options that contradict each other, with the reason. */
static const struct {
	enum wm_option_id a, b;
	const char *why;
} conflicts[] = {
	{WM_OPT_RESUME, WM_OPT_DEVICE, "the bundle keeps its devices"},
	{WM_OPT_RESUME, WM_OPT_IMPL, "the bundle keeps its implementations"},
	{WM_OPT_RESUME, WM_OPT_OUT, "the bundle stays where it is"},
	{WM_OPT_RESUME, WM_OPT_SEED, "the bundle keeps its seed"},
	{WM_OPT_RESUME, WM_OPT_PROFILE, "the bundle keeps its profile"},
	{WM_OPT_RESUME, WM_OPT_REPLICATES, "the bundle keeps its replicates"},
	{WM_OPT_RESUME, WM_OPT_DRY_RUN, "a dry run resumes nothing"},
	{WM_OPT_RESUME, WM_OPT_WEIGH, "the bundle keeps what is weighed"},
	{WM_OPT_RESUME, WM_OPT_METERS, "the bundle keeps where meters were looked for"},
	{WM_OPT_RESUME, WM_OPT_ROOT, "the bundle keeps where meters were looked for"},
	{WM_OPT_RESUME, WM_OPT_TOPOLOGY, "a run goes on on its own machine"},
	{WM_OPT_DRY_RUN, WM_OPT_OUT, "a dry run writes nothing"},
	{WM_OPT_WORK, WM_OPT_WORK_LINE, "the amount of work is given already"},
};

/* ---- values ------------------------------------------------------------------------------------------------- */

/* Whole numbers in messages without an exponent. */
static enum wm_status fail_number(const struct wm_option *row, const char *value, const char *kind) {
	return wm_fail(WM_INPUT, "'%s' is not a %s from %.16g to %.16g", value, kind, row->min, row->max);
}

static enum wm_status check_count(const struct wm_option *row, const char *value) {
	long count = 0;

	if (wm_parse_count(value, &count) != WM_OK || (double)count < row->min || (double)count > row->max)
		return fail_number(row, value, "whole number");
	return WM_OK;
}

static enum wm_status check_decimal(const struct wm_option *row, const char *value, const char *kind) {
	char *end = NULL;
	double number = strtod(value, &end);

	/* strtod would take blanks, signs, "inf", "nan" and hexadecimal too */
	if (!*value || strspn(value, "0123456789.eE+-") != strlen(value) || *end || !(number >= row->min) ||
	    number > row->max)
		return fail_number(row, value, kind);
	return WM_OK;
}

static enum wm_status check_part(void *arg, const char *part) {
	(void)arg;
	return *part ? WM_OK : wm_fail(WM_INPUT, "an empty name in the list");
}

enum { MAX_WORDS = 64 }; /* that a message names */

static enum wm_status check_word(const struct wm_option *row, const char *value) {
	const char *words[MAX_WORDS], *word;
	int n = 0;

	for (int i = 0; (word = row->word(i)); i++) {
		if (strcmp(word, value) == 0)
			return WM_OK;
		if (n < MAX_WORDS)
			words[n++] = word;
	}
	return wm_fail_unknown(row->key, value, words, n);
}

enum wm_status wm_option_check(const struct wm_option *row, const char *value) {
	switch (row->type) {
	case WM_OPT_FLAG: return WM_OK;
	case WM_OPT_TEXT: return *value ? WM_OK : wm_fail(WM_INPUT, "the %s is empty", row->metavar);
	case WM_OPT_LIST: return wm_split(value, '/', check_part, NULL);
	case WM_OPT_COUNT: return check_count(row, value);
	case WM_OPT_SECONDS: return check_decimal(row, value, "number of seconds");
	case WM_OPT_NUMBER: return check_decimal(row, value, "number");
	case WM_OPT_WORD: return check_word(row, value);
	}
	return WM_OK;
}

double wm_option_number(const struct wm_option_values *values, enum wm_option_id id) {
	const char *text = values->v[id];
	long count = 0;

	if (!text)
		return NAN;
	if (wm_options[id].type == WM_OPT_SECONDS || wm_options[id].type == WM_OPT_NUMBER)
		return strtod(text, NULL);
	return wm_parse_count(text, &count) == WM_OK ? (double)count : NAN;
}

uint64_t wm_option_count(const struct wm_option_values *values, enum wm_option_id id) {
	long count = 0;

	return values->v[id] && wm_parse_count(values->v[id], &count) == WM_OK ? (uint64_t)count : 0;
}

/* ---- parsing ------------------------------------------------------------------------------------------------ */

/* getopt's tables: the long forms, and "+:" with the short ones; an option's val is its id and this. */
enum { FIRST_VAL = 256 };

struct getopt_tables {
	struct option longs[WM_OPTIONS + 1];
	char shorts[2 * WM_OPTIONS + 3];
};

/* in_order: options end at the first word, as those behind it are another program's. */
static void make_tables(struct getopt_tables *t, bool in_order) {
	char *s = t->shorts;

	memset(t, 0, sizeof(*t));
	if (in_order)
		*s++ = '+';
	*s++ = ':'; /* tells a missing value from an unknown option */
	for (int i = 0; i < WM_OPTIONS; i++) {
		const struct wm_option *row = &wm_options[i];

		t->longs[i] =
			(struct option){row->key, row->type == WM_OPT_FLAG ? no_argument : required_argument, NULL, FIRST_VAL + i};
		if (!row->letter)
			continue;
		*s++ = row->letter;
		if (row->type != WM_OPT_FLAG)
			*s++ = ':';
	}
}

/* The row that getopt's answer means, or NULL. */
static const struct wm_option *find_row(int val) {
	if (val >= FIRST_VAL)
		return &wm_options[val - FIRST_VAL];
	for (int i = 0; i < WM_OPTIONS; i++)
		if (wm_options[i].letter && wm_options[i].letter == val)
			return &wm_options[i];
	return NULL;
}

static const struct wm_command_row *find_command(const char *name) {
	for (const struct wm_command_row *c = wm_commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* A word that getopt could not place: --dry-run=yes, --de (two options begin so), --sede, or -x. */
static enum wm_status fail_option(const struct wm_command_row *command, const char *word) {
	const char *keys[WM_OPTIONS], *nearest;
	char name[64];
	int n = 0, begin = 0;

	if (optopt >= FIRST_VAL)
		return wm_fail(WM_INPUT, "option --%s takes no value", wm_options[optopt - FIRST_VAL].key);
	if (optopt)
		return wm_fail(WM_INPUT, "unknown option -%c; see wattmark %s --help", optopt, command->name);
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	for (int i = 0; i < WM_OPTIONS; i++) {
		if (!(wm_options[i].commands & command->bit))
			continue;
		keys[n++] = wm_options[i].key;
		begin += strncmp(wm_options[i].key, name, strlen(name)) == 0;
	}
	if (begin > 1)
		return wm_fail(WM_INPUT, "option --%s is short for more than one; see wattmark %s --help", name, command->name);
	nearest = wm_nearest(name, keys, n);
	if (nearest)
		return wm_fail(WM_INPUT, "unknown option --%s; did you mean --%s?", name, nearest);
	return wm_fail(WM_INPUT, "unknown option --%s; see wattmark %s --help", name, command->name);
}

/* Keeps a copy; the values of a list that is given again are joined. */
static void keep_value(struct wm_option_values *values, const struct wm_option *row, const char *value) {
	char *before = values->v[row->id];
	bool join = before && row->type == WM_OPT_LIST;
	size_t room = (join ? strlen(before) + 1 : 0) + strlen(value) + 1;
	char *text = wm_zalloc(room);

	snprintf(text, room, "%s%s%s", join ? before : "", join ? "/" : "", value);
	free(before);
	values->v[row->id] = text;
}

static enum wm_status take_option(struct wm_option_values *values, const struct wm_option *row, const char *value) {
	if (!(row->commands & values->command->bit))
		return wm_fail(WM_INPUT, "option --%s is not one of %s; see wattmark %s --help", row->key,
		               values->command->name, values->command->name);
	values->given[row->id] = true;
	if (row->type == WM_OPT_FLAG)
		return WM_OK;
	if (wm_option_check(row, value) != WM_OK)
		return wm_fail(WM_INPUT, "option --%s: %s", row->key, wm_why());
	keep_value(values, row, value);
	return WM_OK;
}

/* getopt over what follows the command; argv[0] here is the command. */
static enum wm_status take_options(int argc, char **argv, struct wm_option_values *values) {
	struct getopt_tables tables;
	enum wm_status st = WM_OK;
	int val;

	make_tables(&tables, values->command->bit == WM_CMD_WEIGH);
	optind = 0; /* glibc: begin anew */
	opterr = 0;
	while (st == WM_OK) {
		const struct wm_option *row;

		optopt = 0;
		val = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);
		if (val == -1)
			break;
		row = find_row(val == ':' ? optopt : val);
		if (val == '?' || !row)
			st = fail_option(values->command, argv[optind - 1]);
		else if (val == ':')
			st = wm_fail(WM_INPUT, "option --%s needs a value: %s", row->key, row->metavar);
		else
			st = take_option(values, row, optarg);
	}
	values->operands = argv + optind;
	values->n = argc - optind;
	return st;
}

static enum wm_status check_operands(const struct wm_option_values *values) {
	const struct wm_command_row *c = values->command;

	switch (c->bit) {
	case WM_CMD_RUN:
		if (values->given[WM_OPT_RESUME] && values->n > 0)
			return wm_fail(WM_INPUT, "'%s' beside --resume: the bundle keeps its problems", values->operands[0]);
		if (!values->given[WM_OPT_RESUME] && values->n == 0)
			return wm_fail(WM_INPUT, "run needs a suite, a job file or a pattern; see wattmark list suites");
		return WM_OK;
	case WM_CMD_LIST:
		if (values->n > 1)
			return wm_fail(WM_INPUT, "list takes one word at most, not '%s' too", values->operands[1]);
		if (values->n == 1 && wm_word_index("devices benchmarks implementations suites", values->operands[0]) < 0)
			return wm_fail_unknown_of("list", values->operands[0], "devices benchmarks implementations suites");
		return WM_OK;
	case WM_CMD_REPORT:
		return values->n ? WM_OK : wm_fail(WM_INPUT, "report needs a BUNDLE, the folder that a run left");
	case WM_CMD_EXPLAIN:
		return values->n > 1 ? wm_fail(WM_INPUT, "explain takes one name, not '%s' too", values->operands[1]) : WM_OK;
	case WM_CMD_DOCS:
		if (values->n != 1)
			return wm_fail(WM_INPUT, "docs needs one word: man or completion");
		if (wm_word_index("man completion", values->operands[0]) < 0)
			return wm_fail_unknown_of("document", values->operands[0], "man completion");
		return WM_OK;
	case WM_CMD_WEIGH: return values->n ? WM_OK : wm_fail(WM_INPUT, "weigh needs a command: wattmark weigh -- COMMAND");
	case WM_CMD_VERSION:
	case WM_CMD_TOPO:
	case WM_CMD_DOCTOR:
	case WM_CMD_METERS:
		return values->n ? wm_fail(WM_INPUT, "%s takes no word, but '%s' is there", c->name, values->operands[0])
		                 : WM_OK;
	}
	return WM_OK;
}

static enum wm_status check_together(const struct wm_option_values *values) {
	for (size_t i = 0; i < sizeof(conflicts) / sizeof(*conflicts); i++)
		if (values->given[conflicts[i].a] && values->given[conflicts[i].b])
			return wm_fail(WM_INPUT, "option --%s cannot stand beside --%s: %s", wm_options[conflicts[i].b].key,
			               wm_options[conflicts[i].a].key, conflicts[i].why);
	if (values->command->bit == WM_CMD_RUN && values->given[WM_OPT_TOPOLOGY] && !values->given[WM_OPT_DRY_RUN])
		return wm_fail(WM_INPUT, "option --topology needs --dry-run: nothing can run on another machine");
	return check_operands(values);
}

static void fill_defaults(struct wm_option_values *values) {
	for (int i = 0; i < WM_OPTIONS; i++)
		if (!values->v[i] && wm_options[i].def && (wm_options[i].commands & values->command->bit))
			keep_value(values, &wm_options[i], wm_options[i].def);
}

static enum wm_status fail_unknown_command(const char *word) {
	const char *names[16] = {"help"};
	int n = 1;

	for (const struct wm_command_row *c = wm_commands; c->name && n < 16; c++)
		names[n++] = c->name;
	return wm_fail_unknown("command", word, names, n);
}

/* The command, and where the rest begins. "help", --help and -h may stand before a command, or alone. */
static enum wm_status take_command(int argc, char **argv, struct wm_option_values *values, int *rest_p) {
	int at = 1;

	if (at < argc && wm_word_index("help --help -h", argv[at]) >= 0) {
		values->given[WM_OPT_HELP] = true;
		at++;
	}
	*rest_p = at;
	if (at >= argc)
		return WM_OK;
	values->command = find_command(strcmp(argv[at], "--version") == 0 ? "version" : argv[at]);
	if (values->command)
		return WM_OK;
	if (argv[at][0] == '-')
		return wm_fail(WM_INPUT, "'%s' where a command is wanted; see wattmark --help", argv[at]);
	return fail_unknown_command(argv[at]);
}

enum wm_status wm_options_parse(int argc, char **argv, struct wm_option_values *values_p) {
	struct wm_option_values values = {0};
	int at = 0;
	enum wm_status st = take_command(argc, argv, &values, &at);

	if (st == WM_OK && values.command) {
		st = take_options(argc - at, argv + at, &values);
		if (st == WM_OK && !values.given[WM_OPT_HELP])
			st = check_together(&values);
		if (st == WM_OK)
			fill_defaults(&values);
	}
	if (st != WM_OK)
		wm_options_free(&values);
	else
		*values_p = values;
	return st;
}

void wm_options_free(struct wm_option_values *values) {
	for (int i = 0; i < WM_OPTIONS; i++)
		free(values->v[i]);
	*values = (struct wm_option_values){0};
}

/* ---- help --------------------------------------------------------------------------------------------------- */

enum { HELP_COLUMN = 26 };

static void print_option(FILE *out, const struct wm_option *row) {
	char head[64], text[512];
	const char *word;
	size_t used;
	int n = 0;

	n += snprintf(head, sizeof(head), row->letter ? "  -%c, " : "      ", row->letter);
	n += snprintf(head + n, sizeof(head) - (size_t)n, "--%s%s%s", row->key, row->metavar ? " " : "",
	              row->metavar ? row->metavar : "");
	used = (size_t)snprintf(text, sizeof(text), "%s", row->help);
	for (int i = 0; row->word && used < sizeof(text) && (word = row->word(i)); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : " (", word);
	if (used < sizeof(text))
		snprintf(text + used, sizeof(text) - used, "%s%s%s", row->word ? ")" : "", row->def ? "; default: " : "",
		         row->def ? row->def : "");
	fputs(head, out);
	wm_wrap(out, n, HELP_COLUMN, text);
}

static void print_command(FILE *out, const struct wm_command_row *c) {
	char head[32];
	int n = snprintf(head, sizeof(head), "  %s", c->name);

	fputs(head, out);
	wm_wrap(out, n, HELP_COLUMN, c->about);
}

void wm_options_help(FILE *out, const struct wm_command_row *command) {
	if (!command) {
		fprintf(out, "usage: wattmark COMMAND [OPTION..] [WORD..]\n\n");
		for (const struct wm_command_row *c = wm_commands; c->name; c++)
			print_command(out, c);
		fprintf(out, "\nwattmark COMMAND --help prints the options of a command.\n");
		return;
	}
	fprintf(out, "usage: wattmark %s [OPTION..]%s%s\n%s\n\n", command->name, *command->operands ? " " : "",
	        command->operands, command->about);
	for (int i = 0; i < WM_OPTIONS; i++)
		if (wm_options[i].commands & command->bit)
			print_option(out, &wm_options[i]);
}
