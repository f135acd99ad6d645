/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svg.c - lets through what draws and nothing else. It reads the XML that gnuplot and lstopo write, tag by tag; what is
 * not on its lists is left out, with all that it holds.
 */
#include "svg.h"

#include "html_text.h"

#include <stdlib.h>
#include <string.h>

enum { NAME = 32, VALUE = 16384, DEEPEST = 64 };

struct tag {
	char name[NAME];
	bool closes, alone; /* </name>, <name/> */
	const char *attributes, *end;
};

struct attribute {
	char name[NAME];
	const char *value; /* not terminated, entities as they are */
	size_t bytes;
};

struct copy {
	FILE *out;
	const struct wm_svg_frame *frame;
	int depth;   /* of open elements that were copied */
	int dropped; /* depth of open elements inside one that was left out; 0 = none */
	char open[DEEPEST][NAME];
};

static bool is_one_of(const char *name, const char *const *list) {
	for (; *list; list++)
		if (!strcmp(name, *list))
			return true;
	return false;
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

static bool is_name(char c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	       c == ':';
}

static bool is_blank(char c) {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_blanks(const char *at) {
	while (is_blank(*at))
		at++;
	return at;
}

/* Behind the name, which is "" where there is none or it is too long to be one that is known. */
static const char *read_name(const char *at, char name[NAME]) {
	size_t n = 0;
	while (at[n] && is_name(at[n]))
		n++;
	snprintf(name, NAME, "%.*s", n < NAME ? (int)n : 0, at);
	return at + n;
}

/* The next attribute of a tag; NULL at its end, and where it can be read no further. */
static const char *next_attribute(const char *at, const char *end, struct attribute *a) {
	at = skip_blanks(at);
	if (at >= end || *at == '/')
		return NULL;
	at = skip_blanks(read_name(at, a->name));
	if (at >= end || *at != '=')
		return NULL;
	at = skip_blanks(at + 1);
	const char *close = *at == '"' || *at == '\'' ? strchr(at + 1, *at) : NULL;
	if (!close || close >= end)
		return NULL;
	a->value = at + 1;
	a->bytes = (size_t)(close - at - 1);
	return close + 1;
}

/* The end of the tag that begins at `at`: a '>' outside quotes. */
static const char *end_of_tag(const char *at) {
	char quote = 0;
	for (; *at; at++) {
		if (quote ? *at == quote : *at == '"' || *at == '\'')
			quote = quote ? 0 : *at;
		else if (!quote && *at == '>')
			return at;
	}
	return NULL;
}

/* Behind the tag at `at`; NULL when it does not end. */
static const char *read_tag(const char *at, struct tag *tag) {
	const char *end = end_of_tag(at);
	if (!end)
		return NULL;
	tag->closes = at[1] == '/';
	tag->attributes = read_name(at + 1 + tag->closes, tag->name);
	tag->alone = end[-1] == '/';
	tag->end = end;
	return end + 1;
}

/* Behind a comment, a declaration or an instruction at `at`; `at` itself when there is none; NULL when it does not end.
 */
static const char *skip_aside(const char *at) {
	const char *mark = !strncmp(at, "<!--", 4)        ? "-->"
	                   : !strncmp(at, "<![CDATA[", 9) ? "]]>"
	                   : !strncmp(at, "<?", 2)        ? "?>"
	                   : !strncmp(at, "<!", 2)        ? ">"
	                                                  : NULL;
	if (!mark)
		return at;
	const char *end = strstr(at, mark);
	return end ? end + strlen(mark) : NULL;
}

/* ---- writing ------------------------------------------------------------------------------------------------ */

/* The text of a value, with the entities that XML itself knows turned into characters. */
static char *plain(const char *value, size_t bytes, char out[VALUE]) {
	static const struct entity {
		const char *name, *text;
	} entities[] = {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}};
	size_t n = 0;
	for (size_t i = 0; i < bytes && n + 1 < VALUE;) {
		size_t k = 0, entries = sizeof entities / sizeof *entities;
		while (k < entries && strncmp(value + i, entities[k].name, strlen(entities[k].name)) != 0)
			k++;
		out[n++] = k < entries ? *entities[k].text : value[i];
		i += k < entries ? strlen(entities[k].name) : 1;
	}
	out[n] = 0;
	return out;
}

static void put_attribute(struct copy *c, const char *name, const char *before, const char *value) {
	fprintf(c->out, " %s=\"%s", name, before);
	wm_html_text(c->out, value);
	fputc('"', c->out);
}

/* A colour as the page's: *class_p gets what class says it. Returns what stands in the attribute. */
static const char *page_colour(const char *value, char cls[16]) {
	unsigned r, g, n;
	cls[0] = 0;
	if (!strcmp(value, "none"))
		return "none";
	if (sscanf(value, "rgb( %u , %u , %u )", &r, &g, &n) == 3 && g == 0 && n < 100 && r >= 1 && r <= 3)
		snprintf(cls, 16, "%c%u", "sbg"[r - 1], n);
	return "currentColor";
}

/* "#name" of this drawing with the prefix; whatever else points outside. */
static void put_reference(struct copy *c, const char *value) {
	if (value[0] != '#')
		return;
	fprintf(c->out, " href=\"#%s-", c->frame->prefix);
	wm_html_text(c->out, value + 1);
	fputc('"', c->out);
}

/* Numbers, commands of a path and functions of a transform have no other characters. */
static void put_geometry(struct copy *c, const struct attribute *a) {
	fprintf(c->out, " %s=\"", a->name);
	for (size_t i = 0; i < a->bytes; i++)
		if (is_blank(a->value[i]))
			fputc(' ', c->out);
		else if (is_name(a->value[i]) || (a->value[i] && strchr(".,()+%", a->value[i])))
			fputc(a->value[i], c->out);
	fputc('"', c->out);
}

static bool is_word(const char *value) {
	for (; *value; value++)
		if (!is_name(*value) || *value == ':')
			return false;
	return true;
}

static void put_attributes(struct copy *c, const struct tag *tag) {
	static const char *const geometry[] = {"x",           "y",
	                                       "width",       "height",
	                                       "d",           "cx",
	                                       "cy",          "r",
	                                       "x1",          "y1",
	                                       "x2",          "y2",
	                                       "points",      "transform",
	                                       "text-anchor", "font-size",
	                                       "rx",          "ry",
	                                       "dy",          "stroke-dasharray",
	                                       "font-weight", "stroke-width",
	                                       "dx",          "stroke-linejoin",
	                                       NULL};
	char value[VALUE], colour[16], cls[32] = "";
	struct attribute a;
	const char *at = tag->attributes;
	while ((at = next_attribute(at, tag->end, &a))) {
		bool is_paint = !strcmp(a.name, "fill") || !strcmp(a.name, "stroke");
		if (is_one_of(a.name, geometry)) {
			put_geometry(c, &a);
			continue;
		}
		plain(a.value, a.bytes, value);
		if (is_paint || !strcmp(a.name, "color")) {
			const char *paint = page_colour(value, colour);
			if (*colour)
				snprintf(cls, sizeof cls, "%s", colour);
			if (is_paint)
				put_attribute(c, a.name, "", paint);
		} else if (!strcmp(a.name, "class") && is_word(value) && !*cls) {
			snprintf(cls, sizeof cls, "t-%.28s", value);
		} else if (!strcmp(a.name, "id") && is_word(value)) {
			fprintf(c->out, " id=\"%s-%s\"", c->frame->prefix, value);
		} else if (!strcmp(a.name, "href") || !strcmp(a.name, "xlink:href")) {
			put_reference(c, value);
		}
	}
	if (*cls)
		fprintf(c->out, " class=\"%s\"", cls);
}

/* The page's own <svg> with the extent of the drawing: numbers only, whatever units they were written with. */
static enum wm_status put_head(struct copy *c, const struct tag *tag) {
	double box[4] = {0};
	struct attribute a;
	const char *at = tag->attributes;
	int n = 0;
	while ((at = next_attribute(at, tag->end, &a)))
		if (!strcmp(a.name, "viewBox"))
			n = sscanf(a.value, "%lf%*[px ,]%lf%*[px ,]%lf%*[px ,]%lf", &box[0], &box[1], &box[2], &box[3]);
	if (n != 4 || !(box[2] > 0 && box[2] < 1e6) || !(box[3] > 0 && box[3] < 1e6))
		return wm_fail(WM_FAILED, "the drawing has no extent");
	fprintf(c->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" class=\"%s\" viewBox=\"%g %g %g %g\"",
	        c->frame->cls, box[0], box[1], box[2], box[3]);
	if (!c->frame->scales)
		fprintf(c->out, " width=\"%g\" height=\"%g\"", box[2], box[3]);
	fprintf(c->out, " aria-labelledby=\"%s-title %s-about\"><title id=\"%s-title\">", c->frame->prefix,
	        c->frame->prefix, c->frame->prefix);
	wm_html_text(c->out, c->frame->title);
	fprintf(c->out, "</title><desc id=\"%s-about\">", c->frame->prefix);
	wm_html_text(c->out, c->frame->about);
	fputs("</desc>", c->out);
	return WM_OK;
}

/* ---- element by element ------------------------------------------------------------------------------------- */

static enum wm_status open_element(struct copy *c, const struct tag *tag) {
	static const char *const drawn[] = {"g",   "path",    "rect",    "circle", "line", "polyline", "text",
	                                    "use", "polygon", "ellipse", "tspan",  "defs", NULL};
	enum wm_status st = WM_OK;
	bool is_root = c->depth == 0 && !strcmp(tag->name, "svg");
	if (c->dropped || !(is_root || (c->depth > 0 && is_one_of(tag->name, drawn)))) {
		c->dropped += !tag->alone;
		return WM_OK;
	}
	if (c->depth == DEEPEST)
		return wm_fail(WM_FAILED, "the drawing is nested deeper than %d", DEEPEST);
	if (is_root) {
		st = put_head(c, tag);
	} else {
		fprintf(c->out, "<%s", tag->name);
		put_attributes(c, tag);
		fputs(tag->alone ? "/>" : ">", c->out);
	}
	if (!tag->alone)
		snprintf(c->open[c->depth++], NAME, "%s", tag->name);
	return st;
}

static enum wm_status close_element(struct copy *c, const struct tag *tag) {
	if (c->dropped) {
		c->dropped--;
		return WM_OK;
	}
	if (!c->depth || strcmp(c->open[c->depth - 1], tag->name) != 0)
		return wm_fail(WM_FAILED, "the drawing has a </%s> that closes nothing", tag->name);
	fprintf(c->out, "</%s>", tag->name);
	c->depth--;
	return WM_OK;
}

/* Text is wanted in <text> and <tspan> only; elsewhere it is the layout of the file. */
static void put_characters(struct copy *c, const char *from, const char *to) {
	char value[VALUE];
	if (c->dropped || !c->depth)
		return;
	const char *parent = c->open[c->depth - 1];
	if (strcmp(parent, "text") != 0 && strcmp(parent, "tspan") != 0)
		return;
	wm_html_text(c->out, plain(from, (size_t)(to - from), value));
}

/* gnuplot writes hundreds of groups that hold nothing: *behind_p moves behind one. */
static bool is_empty_group(const struct tag *tag, const char **behind_p) {
	const char *next = skip_blanks(*behind_p);
	if (strcmp(tag->name, "g") != 0 || tag->closes || tag->alone || strncmp(next, "</g>", 4) != 0)
		return false;
	*behind_p = next + 4;
	return true;
}

static enum wm_status copy_all(struct copy *c, const char *at) {
	bool begun = false;
	enum wm_status st = WM_OK;
	while (*at && !st && !(begun && !c->depth)) {
		const char *text = at;
		struct tag tag;
		at += strcspn(at, "<");
		put_characters(c, text, at);
		if (!*at)
			break;
		const char *behind = skip_aside(at);
		if (behind == at) {
			behind = read_tag(at, &tag);
			if (behind && is_empty_group(&tag, &behind))
				;
			else if (behind)
				st = tag.closes ? close_element(c, &tag) : open_element(c, &tag);
			begun |= c->depth > 0;
		}
		if (!behind)
			return wm_fail(WM_FAILED, "the drawing breaks off inside a tag");
		at = behind;
	}
	if (!st && (!begun || c->depth))
		return wm_fail(WM_FAILED, begun ? "the drawing has no end" : "there is no drawing");
	return st;
}

enum wm_status wm_svg_write(FILE *out, const char *svg, const struct wm_svg_frame *frame) {
	char *text = NULL;
	size_t bytes = 0;
	struct copy c = {.out = open_memstream(&text, &bytes), .frame = frame};
	if (!c.out)
		return wm_fail(WM_FAILED, "no memory for a drawing");
	enum wm_status st = copy_all(&c, svg);
	fclose(c.out);
	if (!st)
		fwrite(text, 1, bytes, out);
	free(text);
	return st;
}
