/* SPDX-License-Identifier: Apache-2.0 */
/*
 * completion.c - the completion for bash, made from the tables: commands, options of a command, values of an option,
 * operands by the words of the command table. All words are written into it, so that no program runs at a key press.
 */
#include "docs.h"

#include "core/options.h"
#include "core/registry.h"
#include "topics.h"

#include <ctype.h>
#include <string.h>

/*
 * The parts that are the same whatever the tables hold. _wattmark_words completes from the words that it is given;
 * behind a '/', which joins values, only the rest is looked at. _wattmark_values prints nothing and returns 1 for an
 * option without a value.
 */
static const char head[] =
	"# SPDX-License-Identifier: Apache-2.0\n"
	"# bash completion for wattmark; made by: wattmark docs completion\n"
	"_wattmark_words() { # words what-is-typed\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$2\")\n"
	"}\n"
	"_wattmark_list() { # words what-is-typed: values joined by '/'\n"
	"\tlocal before=''\n"
	"\t[[ $2 == */* ]] && before=${2%/*}/\n"
	"\tmapfile -t COMPREPLY < <(compgen -P \"$before\" -W \"$1\" -- \"${2##*/}\")\n"
	"}\n"
	"_wattmark_files() { # what-is-typed pattern: folders, and files of the pattern; empty: folders alone\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\tmapfile -t COMPREPLY < <(compgen -d -- \"$1\"; [[ -z $2 ]] || compgen -f -X \"!$2\" -- \"$1\")\n"
	"}\n";

static const char tail[] =
	"_wattmark() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}\n"
	"\tCOMPREPLY=()\n"
	"\tif ((COMP_CWORD == 1)); then\n"
	"\t\t_wattmark_words \"$_wattmark_commands\" \"$cur\"\n"
	"\t\treturn\n"
	"\tfi\n"
	"\t# bash cuts --format=md and gemm:m=4 at '=' and ':'; behind these only a value of an option is known\n"
	"\tlocal joint=''\n"
	"\t[[ $cur == [:=] ]] && joint=$cur cur=\n"
	"\t[[ -z $joint && $before == [:=] ]] && joint=$before before=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\t[[ $joint == : || ($joint == = && $before != -*) ]] && return\n"
	"\tif [[ $before == -* ]] && _wattmark_value \"$before\" \"$cur\"; then\n"
	"\t\treturn\n"
	"\tfi\n"
	"\t_wattmark_operand \"$command\" \"$cur\"\n"
	"}\n"
	"complete -F _wattmark wattmark\n";

/* ---- words -------------------------------------------------------------------------------------------------- */

/* One word of a list in double quotes; a blank before all but the first. */
static void put_word(FILE *out, bool *first, const char *word) {
	if (strpbrk(word, " '\"$`\\"))
		return; /* "B/s bus" and its like must be quoted by hand */
	fprintf(out, "%s%s", *first ? "" : " ", word);
	*first = false;
}

static void put_suites(FILE *out, bool *first, const struct wm_topics *topics) {
	for (size_t i = 0; i < topics->n; i++)
		if (topics->v[i].kind == WM_TOPIC_SUITE)
			put_word(out, first, topics->v[i].name);
}

static void put_benches(FILE *out, bool *first) {
	for (int i = 0; wm_benches[i]; i++)
		put_word(out, first, wm_benches[i]->name);
}

/* Every name, once. */
static void put_names(FILE *out, bool *first, const struct wm_topics *topics) {
	for (size_t i = 0; i < topics->n; i++) {
		bool repeated = false;

		for (size_t k = 0; k < i && !repeated; k++)
			repeated = strcmp(topics->v[k].name, topics->v[i].name) == 0;
		if (!repeated)
			put_word(out, first, topics->v[i].name);
	}
}

/* ---- values of options -------------------------------------------------------------------------------------- */

/* The implementations' names, each once. */
static void put_impls(FILE *out, bool *first) {
	for (int i = 0; wm_impls[i]; i++) {
		bool repeated = false;

		for (int k = 0; k < i && !repeated; k++)
			repeated = strcmp(wm_impls[k]->name, wm_impls[i]->name) == 0;
		if (!repeated)
			put_word(out, first, wm_impls[i]->name);
	}
}

/* Words that need no look at the machine: backends stand for all of their devices. */
static void put_devices(FILE *out, bool *first) {
	put_word(out, first, "all");
	for (int i = 0; wm_backends[i]; i++)
		put_word(out, first, wm_backends[i]->name);
}

static void put_option_words(FILE *out, const struct wm_option *row) {
	bool first = true;
	const char *word;

	for (int i = 0; row->word && (word = row->word(i)); i++)
		put_word(out, &first, word);
	if (row->id == WM_OPT_IMPL)
		put_impls(out, &first);
	if (row->id == WM_OPT_DEVICE)
		put_devices(out, &first);
}

/* The case of one option in _wattmark_value: words, files, or a number or text that nobody can guess. */
static void put_value(FILE *out, const struct wm_option *row) {
	fprintf(out, "\t--%s", row->key);
	if (row->letter)
		fprintf(out, " | -%c", row->letter);
	if (row->type == WM_OPT_WORD || row->type == WM_OPT_LIST) {
		fprintf(out, ") _wattmark_%s \"", row->type == WM_OPT_LIST ? "list" : "words");
		put_option_words(out, row);
		fputs("\" \"$2\" ;;\n", out);
	} else if (row->type == WM_OPT_TEXT && wm_word_index("FILE FOLDER BUNDLE", row->metavar) >= 0) {
		fprintf(out, ") _wattmark_files \"$2\" %s ;;\n", strcmp(row->metavar, "FILE") == 0 ? "'*'" : "''");
	} else {
		fputs(") ;;\n", out);
	}
}

static void put_values(FILE *out) {
	fputs("_wattmark_value() { # option what-is-typed: 1 when the option takes no value\n\tcase $1 in\n", out);
	for (int i = 0; i < WM_OPTIONS; i++)
		if (wm_options[i].type != WM_OPT_FLAG)
			put_value(out, &wm_options[i]);
	fputs("\t*) return 1 ;;\n\tesac\n}\n", out);
}

/* ---- operands ----------------------------------------------------------------------------------------------- */

/* The words that one part of the command table's operands stands for: small letters mean themselves. */
static void put_operand_words(FILE *out, bool *first, const char *part, const struct wm_topics *topics) {
	if (islower((unsigned char)part[0]))
		put_word(out, first, part);
	else if (strcmp(part, "SUITE") == 0)
		put_suites(out, first, topics);
	else if (strcmp(part, "PATTERN") == 0)
		put_benches(out, first);
	else if (strcmp(part, "NAME") == 0)
		put_names(out, first, topics);
}

/* The case of one command: its options behind a '-', else what its operands can be. */
static void put_command(FILE *out, const struct wm_command_row *c, const struct wm_topics *topics) {
	char operands[128], *rest = NULL;
	bool first = true, folders = false, files = false, programs = false;

	fprintf(out, "\t%s)\n\t\toptions=\"", c->name);
	for (int i = 0; i < WM_OPTIONS; i++) {
		char word[64];

		snprintf(word, sizeof(word), "--%s", wm_options[i].key);
		if (wm_options[i].commands & c->bit)
			put_word(out, &first, word);
	}
	first = true;
	fputs("\"\n\t\twords=\"", out);
	snprintf(operands, sizeof(operands), "%s", c->operands);
	for (char *part = strtok_r(operands, "[]|. ", &rest); part; part = strtok_r(NULL, "[]|. ", &rest)) {
		put_operand_words(out, &first, part, topics);
		files |= strcmp(part, "FILE") == 0;
		folders |= strcmp(part, "BUNDLE") == 0;
		programs |= strcmp(part, "COMMAND") == 0;
	}
	fprintf(out, "\"\n\t\tfiles=%s\n%s\t\t;;\n",
	        files     ? "'*.ini'"
	        : folders ? ""
	                  : "none",
	        programs ? "\t\tprograms=yes\n" : "");
}

static void put_operands(FILE *out, const struct wm_topics *topics) {
	fputs(
		"_wattmark_operand() { # command what-is-typed\n\tlocal options='' words='' files=none programs='' found\n"
		"\tcase $1 in\n",
		out);
	for (const struct wm_command_row *c = wm_commands; c->name; c++)
		put_command(out, c, topics);
	fputs(
		"\thelp) words=$_wattmark_commands ;;\n"
		"\tesac\n"
		"\t# behind a '--' options are another program's\n"
		"\tif [[ $2 == -* && \" ${COMP_WORDS[*]:1:COMP_CWORD-1} \" != *' -- '* ]]; then\n"
		"\t\t_wattmark_words \"$options\" \"$2\"\n"
		"\t\treturn\n"
		"\tfi\n"
		"\tif [[ -n $programs ]]; then\n"
		"\t\tcompopt -o filenames 2>/dev/null\n"
		"\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$2\"; compgen -f -- \"$2\")\n"
		"\t\treturn\n"
		"\tfi\n"
		"\t_wattmark_words \"$words\" \"$2\"\n"
		"\t[[ $files != none ]] || return\n"
		"\tfound=(\"${COMPREPLY[@]}\")\n"
		"\t_wattmark_files \"$2\" \"$files\"\n"
		"\tCOMPREPLY=(\"${found[@]}\" \"${COMPREPLY[@]}\")\n"
		"}\n",
		out);
}

enum wm_status wm_docs_completion(FILE *out) {
	struct wm_topics topics;
	enum wm_status st = wm_topics_make(&topics);

	if (st != WM_OK)
		return st;
	fputs(head, out);
	fputs("_wattmark_commands=\"help", out);
	for (const struct wm_command_row *c = wm_commands; c->name; c++)
		fprintf(out, " %s", c->name);
	fputs("\"\n", out);
	put_values(out);
	put_operands(out, &topics);
	fputs(tail, out);
	wm_topics_free(&topics);
	return WM_OK;
}
