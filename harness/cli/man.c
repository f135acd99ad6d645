/* SPDX-License-Identifier: Apache-2.0 */
/* man.c - the man page, made from the tables of options, commands, plug-ins and topics. */
#include "docs.h"

#include "core/options.h"
#include "core/registry.h"
#include "topics.h"

#include <string.h>

const struct wm_example wm_examples[] = {
	{"wattmark list", "what is here: devices, benchmarks, implementations, suites, and why something is not"},
	{"wattmark run quick", "a first picture of this machine; prints the folder that it wrote"},
	{"wattmark run gemm:m=1024:8192:x2,dtype=f32/f64 --device host --dry-run",
     "what a pattern would run, without running it"},
	{"wattmark run --resume results/runs/NAME", "go on with a run that was cut off"},
	{"wattmark report results/runs/NAME --format md", "its results as tables"},
	{"wattmark meters", "what can be weighed here, and what to do about what cannot be read"},
	{"wattmark weigh --work-line FLOP: -- ./my-program",
     "weigh any program, and take the work that it did from its output"},
	{"wattmark explain time.median_s", "what a field of a record means, and its unit"},
	{NULL, NULL},
};

const char wm_meters_example[] =
	"[rack-pdu]\n"
	"meter = command\n"
	"scope = wall\n"
	"run = /usr/local/bin/pdu-watts --outlet 7\n"
	"refresh = 1\n"
	"lag = 1\n"
	"gain = 0.01\n";

/* One letter as roff must read it. */
static void put_letter(FILE *out, char letter) {
	if (letter == '\\')
		fputs("\\e", out);
	else if (letter == '-')
		fputs("\\-", out); /* a plain '-' is a hyphen, which nobody can search for or paste */
	else
		fputc(letter, out);
}

/* Part of a line. */
static void put(FILE *out, const char *text) {
	for (; *text; text++)
		put_letter(out, *text);
}

enum { LINE = 70 };

/* Lines of text: cut at blanks, and none begins like a request. */
static void put_text(FILE *out, const char *text) {
	int at = 0;

	for (; *text; text++, at++) {
		if (*text == ' ' && at + (int)strcspn(text + 1, " ") > LINE) {
			fputc('\n', out);
			at = -1;
			continue;
		}
		if (at == 0 && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		put_letter(out, *text);
	}
	fputc('\n', out);
}

/* A tagged paragraph: bold head, then text. */
static void put_item(FILE *out, const char *head, const char *text) {
	fputs(".TP\n.B ", out);
	put(out, head);
	fputc('\n', out);
	put_text(out, text);
}

/* "-q, --quiet", or "--format NAME" and what it does, its words and its default. */
static void put_option(FILE *out, const struct wm_option *row) {
	char text[1024];
	const char *word;
	size_t used = (size_t)snprintf(text, sizeof(text), "%s", row->help);

	fputs(".TP\n\\fB", out);
	if (row->letter)
		fprintf(out, "\\-%c\\fR, \\fB", row->letter);
	fputs("\\-\\-", out);
	put(out, row->key);
	fprintf(out, "\\fR%s%s%s\n", row->metavar ? " \\fI" : "", row->metavar ? row->metavar : "",
	        row->metavar ? "\\fR" : "");
	for (int i = 0; row->word && used < sizeof(text) && (word = row->word(i)); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "; one of ", word);
	if (row->def && used < sizeof(text))
		snprintf(text + used, sizeof(text) - used, "; default: %s", row->def);
	put_text(out, text);
}

static unsigned all_commands(void) {
	unsigned all = 0;

	for (const struct wm_command_row *c = wm_commands; c->name; c++)
		all |= c->bit;
	return all;
}

static void put_synopsis(FILE *out) {
	fputs(".SH SYNOPSIS\n", out);
	for (const struct wm_command_row *c = wm_commands; c->name; c++) {
		fprintf(out, "%s.B wattmark %s\n[\\fIOPTION\\fR..]", c == wm_commands ? "" : ".br\n", c->name);
		if (*c->operands) {
			fputc(' ', out);
			put(out, c->operands);
		}
		fputc('\n', out);
	}
}

/* Each command with the options that are not every command's. */
static void put_commands(FILE *out) {
	unsigned all = all_commands();

	fputs(".SH COMMANDS\n", out);
	for (const struct wm_command_row *c = wm_commands; c->name; c++) {
		fputs(".SS ", out);
		put(out, c->name);
		fputc('\n', out);
		put_text(out, c->about);
		for (int i = 0; i < WM_OPTIONS; i++)
			if ((wm_options[i].commands & c->bit) && wm_options[i].commands != all)
				put_option(out, &wm_options[i]);
	}
	fputs(".SS every command\n", out);
	for (int i = 0; i < WM_OPTIONS; i++)
		if (wm_options[i].commands == all)
			put_option(out, &wm_options[i]);
}

static void put_topics(FILE *out, const struct wm_topics *topics, enum wm_topic_kind kind) {
	for (size_t i = 0; i < topics->n; i++)
		if (topics->v[i].kind == kind)
			put_item(out, topics->v[i].name, topics->v[i].text);
}

/* ---- the environment of workers ----------------------------------------------------------------------------- */

/* What somebody sets: names that hold the thread count, and pairs NAME, VALUE. */
struct setter {
	const char *bench, *name; /* bench: NULL for a backend */
	const char *const *threads, *const *pairs;
};

enum { MAX_SETTERS = 256 };

static int find_setters(struct setter *v) {
	int n = 0;

	for (int i = 0; wm_backends[i] && n < MAX_SETTERS; i++)
		v[n++] = (struct setter){NULL, wm_backends[i]->name, wm_backends[i]->thread_env, wm_backends[i]->env};
	for (int i = 0; wm_impls[i] && n < MAX_SETTERS; i++)
		v[n++] = (struct setter){wm_impls[i]->bench, wm_impls[i]->name, wm_impls[i]->thread_env, wm_impls[i]->env};
	return n;
}

/* What that setter sets the variable to, or NULL when it lets it be. */
static const char *set_to(const struct setter *s, const char *variable) {
	for (const char *const *name = s->threads; name && *name; name++)
		if (strcmp(*name, variable) == 0)
			return "the number of threads, whatever it was,";
	for (const char *const *pair = s->pairs; pair && *pair; pair += 2)
		if (strcmp(pair[0], variable) == 0)
			return pair[1];
	return NULL;
}

/* One variable, unless a setter before this one has it too: who sets it, and to what. */
static void put_variable(FILE *out, const struct setter *v, int n, int first, const char *variable) {
	char text[1024];
	size_t used = (size_t)snprintf(text, sizeof(text), "set to %s in workers of", set_to(&v[first], variable));

	for (int i = 0; i < first; i++)
		if (set_to(&v[i], variable))
			return;
	for (int i = first; i < n && used < sizeof(text); i++)
		if (set_to(&v[i], variable))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %s%s%s", i == first ? "" : ",",
			                         v[i].bench ? v[i].bench : "", v[i].bench ? "." : "", v[i].name);
	put_item(out, variable, text);
}

static void put_environment(FILE *out) {
	struct setter v[MAX_SETTERS];
	int n = find_setters(v);

	fputs(".SH ENVIRONMENT\n", out);
	put_text(out,
	         "Libraries and drivers are opened in worker processes, whose environment says how many threads they may "
	         "have and how those wait. But for the number of threads, what is set already stands.");
	for (int i = 0; i < n; i++) {
		for (const char *const *name = v[i].threads; name && *name; name++)
			put_variable(out, v, n, i, *name);
		for (const char *const *pair = v[i].pairs; pair && *pair; pair += 2)
			put_variable(out, v, n, i, *pair);
	}
}

/* ---- the page ----------------------------------------------------------------------------------------------- */

static void put_description(FILE *out) {
	fputs(".SH DESCRIPTION\n", out);
	put_text(out,
	         "wattmark measures the same work, such as matrix products and memory streams, on CPUs and accelerators "
	         "of any vendor, and says which of the numbers may stand in one table. Every result is verified before "
	         "it is timed and checked after. A run leaves a bundle, a folder with all that was recorded; reports "
	         "are made from bundles alone. Where the machine has meters, time comes with energy: wattmark meters says "
	         "which there are, and wattmark weigh weighs any other program.");
	fputs(".PP\n", out);
	put_text(out,
	         "What is run is named by a suite, by a job file, or by a pattern, BENCHMARK:AXIS=LIST,.. where a list "
	         "is values joined by '/', each a number (K, M and G are 1024, 1024^2 and 1024^3), a word, a range "
	         "FROM:TO:xFACTOR or FROM:TO:+STEP, or @AXIS for the value of another axis. Axes that are left out "
	         "have their default; wattmark list benchmarks prints them.");
	fputs(".PP\n", out);
	put_text(out,
	         "wattmark explain NAME says what any other word means: fields of records, metrics, statuses, columns.");
}

static void put_files(FILE *out, const struct wm_topics *topics) {
	fputs(".SH FILES\nIn a bundle:\n", out);
	put_topics(out, topics, WM_TOPIC_FILE);
	fputs(".PP\nBeside the folder of the program:\n", out);
	put_item(out, "../share/wattmark/suites/NAME.ini",
	         "a suite that was added on this machine; files of the names of built-in suites are copies to read");
}

static void put_meters(FILE *out, const struct wm_topics *topics) {
	fputs(".SH METERS\n", out);
	put_text(
		out,
		"Meters look by themselves for what they can read, but for what a file names (--meters FILE), one section a "
		"source. Its meter is command (a program that prints a number a line), csv (the file of a logger), redfish or "
		"dcmi; scope is a class of those below; refresh and lag are in seconds, gain is the accuracy at 95%, "
		"relative.");
	fputs(".PP\n.nf\n", out);
	put(out, wm_meters_example);
	fputs(".fi\n", out);
	put_topics(out, topics, WM_TOPIC_METER);
	fputs(".PP\nJoules are compared within one class only:\n", out);
	put_topics(out, topics, WM_TOPIC_SCOPE);
}

static void put_examples(FILE *out) {
	fputs(".SH EXAMPLES\n", out);
	for (const struct wm_example *e = wm_examples; e->line; e++)
		put_item(out, e->line, e->about);
}

enum wm_status wm_docs_man(FILE *out) {
	struct wm_topics topics;
	enum wm_status st = wm_topics_make(&topics);

	if (st != WM_OK)
		return st;
	fprintf(out, ".\\\" SPDX-License-Identifier: Apache-2.0\n.TH WATTMARK 1 \"\" \"wattmark %s\"\n", WM_VERSION);
	fputs(".SH NAME\nwattmark \\- benchmark accelerators and CPUs of different vendors\n", out);
	put_synopsis(out);
	put_description(out);
	put_commands(out);
	fputs(".SH SUITES\n", out);
	put_topics(out, &topics, WM_TOPIC_SUITE);
	fputs(".SH BENCHMARKS\n", out);
	put_topics(out, &topics, WM_TOPIC_BENCH);
	fputs(".SH EXIT STATUS\n", out);
	put_topics(out, &topics, WM_TOPIC_EXIT);
	put_environment(out);
	put_meters(out, &topics);
	put_files(out, &topics);
	put_examples(out);
	fputs(".SH SEE ALSO\n.BR hwloc (7),\n.BR lstopo (1)\n", out);
	wm_topics_free(&topics);
	return WM_OK;
}
