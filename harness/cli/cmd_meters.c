/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_meters.c - what can be weighed here, by what, and why the rest cannot. */
#include "commands.h"

#include "meters_probe.h"
#include "run/fields.h"
#include "weighable.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct found {
	struct wm_meters meters;
	struct wm_weighable classes[WM_SCOPES];
	int nclasses;
	char nothing[512]; /* why nothing can be weighed; "" = something can */
	struct wm_meters_probe probe;
	bool probed;
};

/* ---- text --------------------------------------------------------------------------------------------------- */

/* "0.1 s", or that nobody knows. */
static void print_number(FILE *out, const char *head, double value, const char *unit) {
	if (isnan(value))
		fprintf(out, "%s unknown", head);
	else
		fprintf(out, "%s %.4g %s", head, value, unit);
}

static void print_kind(FILE *out, const struct wm_source *s) {
	bool counter = s->kind == WM_COUNTER;

	fprintf(out, "    kind     %s", counter ? "counter, in joules" : "power, in watts");
	if (counter && isinf(s->range_j))
		fputs("; never begins again at 0", out);
	else if (counter && isnan(s->range_j))
		fputs("; whether and where it begins again at 0 is unknown", out);
	else if (counter)
		fprintf(out, "; begins again at 0 behind %.6g J", s->range_j);
	print_number(out, "\n    refresh ", s->refresh_s, "s");
	print_number(out, "; lag", s->lag_s, "s");
	print_number(out, "; smallest step", s->quantum, counter ? "J" : "W");
}

/* What a user can do when the system says no. Most meters say it themselves, behind a ';'. */
static const char *remedy(const char *off) {
	bool refused = strstr(off, "ermission") || strstr(off, "not permitted");

	return refused && !strchr(off, ';') ? "run wattmark as root, or give this user the right to read it" : "";
}

static void print_source(FILE *out, const struct wm_source *s) {
	fprintf(out, "  %s\n    class    %s: %s\n", s->id, wm_scope_word(s->scope), wm_scope_meaning(s->scope));
	fprintf(out, "    word     %s, as the vendor calls it; %s reads %s\n", s->word, s->meter, s->where);
	if (s->package >= 0)
		fprintf(out, "    of       package %d\n", s->package);
	else if (s->pci[0] || s->uuid[0])
		fprintf(out, "    of       %s%s%s\n", s->pci, s->pci[0] && s->uuid[0] ? ", " : "", s->uuid);
	print_kind(out, s);
	if (isnan(s->gain_rel))
		fputs("\n    accuracy unknown", out);
	else
		fprintf(out, "\n    accuracy %.3g%% (95%%)", 100 * s->gain_rel);
	fprintf(out, "%s%s\n", s->note[0] ? "; " : "", s->note);
	if (s->off[0])
		fprintf(out, "    state    cannot be read: %s%s%s\n", s->off, *remedy(s->off) ? "; " : "", remedy(s->off));
	else
		fputs("    state    readable\n", out);
}

static void print_class(FILE *out, const struct wm_meters *m, const struct wm_weighable *c) {
	fprintf(out, "  %s: ", wm_scope_word(c->scope));
	if (c->n == 0)
		fprintf(out, "no: %s", c->why);
	for (int i = 0; i < c->n; i++)
		fprintf(out, "%s%s", i ? " + " : "", m->sources[c->index[i]].id);
	fputc('\n', out);
}

static void print_text(FILE *out, const struct found *f) {
	const struct wm_meters *m = &f->meters;

	fputs("sources\n", out);
	for (int i = 0; i < m->n; i++)
		print_source(out, &m->sources[i]);
	if (m->n == 0)
		fputs("  none\n", out);
	if (m->nmissing > 0)
		fputs("meters without a source\n", out);
	for (int i = 0; i < m->nmissing; i++)
		fprintf(out, "  %-10s %s\n", m->missing[i].meter, m->missing[i].why);
	if (f->probed)
		wm_meters_probe_text(out, m, &f->probe);
	if (f->nothing[0]) {
		fprintf(out, "Nothing can be weighed here: %s\n", f->nothing);
		return;
	}
	fputs("What can be weighed here:\n", out);
	for (int i = 0; i < f->nclasses; i++)
		print_class(out, m, &f->classes[i]);
}

/* ---- JSON --------------------------------------------------------------------------------------------------- */

static json_t *source_json(const struct wm_source *s) {
	json_t *o = wm_source_to_json(s);

	wm_set_text(o, "unit", s->kind == WM_COUNTER ? "J" : "W");
	wm_set_bool(o, "readable", !s->off[0]);
	wm_set_text(o, "fix", remedy(s->off));
	return o;
}

static json_t *text_or_null(const char *text) {
	return *text ? wm_json_text(text) : NULL;
}

static void print_json(FILE *out, const struct found *f) {
	const struct wm_meters *m = &f->meters;
	json_t *o = json_object(), *sources = json_array(), *missing = json_array();

	for (int i = 0; i < m->n; i++)
		json_array_append_new(sources, source_json(&m->sources[i]));
	for (int i = 0; i < m->nmissing; i++)
		json_array_append_new(missing, json_pack("{s:o, s:o}", "meter", wm_json_text(m->missing[i].meter), "why",
		                                         wm_json_text(m->missing[i].why)));
	wm_set_count(o, "schema", 1);
	wm_set(o, "root", text_or_null(m->root));
	wm_set(o, "file", text_or_null(m->file));
	wm_set(o, "sources", sources);
	wm_set(o, "missing", missing);
	wm_set(o, "probe", f->probed ? wm_meters_probe_json(m, &f->probe) : NULL);
	wm_set(o, "classes", wm_weighable_json(m, f->classes, f->nclasses));
	wm_set_text(o, "nothing", f->nothing);
	json_dumpf(o, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(o);
}

/* ---- the command -------------------------------------------------------------------------------------------- */

/* A sampler that dies breaks the pipe to it: that is an answer, and no end of this process. */
static void probe(struct found *f) {
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;

	sigaction(SIGPIPE, &ignore, &before);
	wm_meters_probe(&f->meters, &f->probe);
	sigaction(SIGPIPE, &before, NULL);
	f->probed = true;
}

static enum wm_status find(const struct wm_option_values *options, struct found *f) {
	const char *root = options->v[WM_OPT_ROOT], *file = options->v[WM_OPT_METERS];
	enum wm_status st = root ? wm_check_root(root) : WM_OK;

	if (st == WM_OK)
		st = wm_meters_find(root ? root : "", file ? file : "", &f->meters);
	if (st != WM_OK)
		return st;
	f->nclasses = wm_weighable_all(&f->meters, f->classes);
	wm_weighable_nothing(&f->meters, f->classes, f->nclasses, f->nothing);
	return WM_OK;
}

int wm_cmd_meters(const struct wm_option_values *options) {
	struct found *f = wm_zalloc(sizeof(*f));
	enum wm_status st = find(options, f);
	int code = WM_EXIT_OK;

	if (st == WM_OK) {
		if (options->given[WM_OPT_PROBE])
			probe(f);
		if (options->given[WM_OPT_JSON])
			print_json(stdout, f);
		else
			print_text(stdout, f);
	} else {
		code = wm_complain(st);
	}
	if (f->probed)
		wm_meters_probe_free(&f->probe);
	wm_meters_free(&f->meters);
	free(f);
	return code;
}
