/* SPDX-License-Identifier: Apache-2.0 */
/* test_svg.c - what of another program's drawing gets into a page. */
#include "report/svg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct wm_svg_frame frame = {
	.prefix = "d7", .cls = "drawing", .title = "T<i>tle", .about = "\"about\"", .scales = true};

/* What is written of a drawing; NULL when it is refused. */
static char *copy(const char *svg) {
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	enum wm_status st = wm_svg_write(out, svg, &frame);
	fclose(out);
	if (st) {
		assert_int_equal(st, WM_FAILED);
		assert_int_equal(bytes, 0);
		free(text);
		return NULL;
	}
	return text;
}

/* The drawing of one element comes out with, and without, these texts. */
static void assert_copied(const char *inside, const char *with, const char *without) {
	char svg[1024];
	snprintf(svg, sizeof svg, "<?xml version='1.0'?>\n<svg viewBox='0 0 10px 20px'>%s</svg>\n", inside);
	char *text = copy(svg);
	assert_non_null(text);
	if (!strstr(text, with))
		fail_msg("\"%s\" is not in: %s", with, text);
	if (without && strstr(text, without))
		fail_msg("\"%s\" is in: %s", without, text);
	free(text);
}

static void a_drawing_has_a_name_an_extent_and_words(void **state) {
	(void)state;
	assert_copied("", "viewBox=\"0 0 10 20\"", "px");
	assert_copied("", "role=\"img\"", NULL);
	assert_copied("", "aria-labelledby=\"d7-title d7-about\"", NULL);
	assert_copied("", "<title id=\"d7-title\">T&lt;i&gt;tle</title><desc id=\"d7-about\">&quot;about&quot;</desc>",
	              NULL);
}

static void shapes_and_text_pass(void **state) {
	(void)state;
	assert_copied("<g transform='translate(1,2) rotate(270)'><path d='M1,2\n\tL3,4 z'/></g>",
	              "<g transform=\"translate(1,2) rotate(270)\"><path d=\"M1,2  L3,4 z\"/></g>", NULL);
	assert_copied("<text x='1'><tspan>a &amp; b &lt;c&gt;</tspan></text>", "<tspan>a &amp; b &lt;c&gt;</tspan>", NULL);
	assert_copied("<g><text>\xe2\x80\xaegpj</text></g>", "<text>\\u202egpj</text>", "\xe2\x80\xae");
	assert_copied("<!-- <b> --><g fill='none'> </g><path d=''/>", "<path d=\"\"/>", "<g");
}

static void nothing_that_acts_or_points_outside_passes(void **state) {
	(void)state;
	assert_copied("<script>alert(1)</script><path d='M1'/>", "><path d=\"M1\"/>", "script");
	assert_copied("<style>*{}</style><foreignObject><g><b>x</b></g></foreignObject><g><path/></g>", "<g><path/></g>",
	              "b>");
	assert_copied("<image href='http://example.invalid/x.png'/><path/>", "<path/>", "invalid");
	assert_copied("<a href='javascript:alert(1)'><path d='M1'/></a><path/>", "<path/>", "alert");
	assert_copied("<path onload='alert(1)' style='fill:url(//x)' d='M1'/>", "<path d=\"M1\"/>", "alert");
	assert_copied("<use href='http://example.invalid/#a'/>", "<use/>", NULL);
	assert_copied("<use xlink:href='#a\"b'/>", "<use href=\"#d7-a&quot;b\"/>", NULL);
	assert_copied("<path d='M1\" onload=\"x'/>", "<path d=\"M1 onloadx\"/>", "\" onload");
	assert_copied("<svg onload='alert(1)'><path/></svg><g><path/></g>", "<g><path/></g>", "alert");
	assert_copied("<animate attributeName='href' values='javascript:x'/><set to='x'/><path/>", "<path/>", "javascript");
}

static void ids_are_the_drawings_own(void **state) {
	(void)state;
	assert_copied("<defs><path id='gpPt4'/></defs><use xlink:href='#gpPt4'/>", "<path id=\"d7-gpPt4\"/>", "\"gpPt4\"");
	assert_copied("<path id='a b'/><path id='c'/>", "<path/><path id=\"d7-c\"/>", NULL);
}

static void colours_become_classes(void **state) {
	(void)state;
	assert_copied("<path stroke='rgb(  1,   0,   3)'/>", "<path stroke=\"currentColor\" class=\"s3\"/>", "rgb");
	assert_copied("<use color='rgb(1,0,12)'/>", "<use class=\"s12\"/>", "rgb");
	assert_copied("<path stroke='rgb(2,0,1)'/>", "class=\"b1\"", NULL);
	assert_copied("<path stroke='rgb(3,0,0)' fill='none'/>", "fill=\"none\" class=\"g0\"", NULL);
	assert_copied("<rect class='Core' fill='rgb(190,190,190)'/>", "<rect fill=\"currentColor\" class=\"t-Core\"/>",
	              NULL);
	assert_copied("<rect class='a b\"c'/>", "<rect/>", NULL);
}

static void what_is_no_whole_drawing_is_refused(void **state) {
	(void)state;
	static const char *const broken[] = {"",
	                                     "gnuplot: no",
	                                     "<html></html>",
	                                     "<svg viewBox='0 0 1 1'>",
	                                     "<svg viewBox='0 0 1 1'><g></svg>",
	                                     "<svg viewBox='0 0 1 1'><path d='M1",
	                                     "<svg viewBox='0 0 1 1'><!-- ",
	                                     "<svg viewBox='0 0 0 1'></svg>",
	                                     "<svg viewBox='0 0 nan nan'></svg>",
	                                     "<svg></svg>"};
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		assert_null(copy(broken[i]));
	char *deep = calloc(1, 4096);
	snprintf(deep, 4096, "<svg viewBox='0 0 1 1'>");
	for (int i = 0; i < 100; i++)
		memcpy(deep + strlen(deep), "<g id='a'>", 11);
	assert_null(copy(deep));
	free(deep);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drawing_has_a_name_an_extent_and_words),
		cmocka_unit_test(shapes_and_text_pass),
		cmocka_unit_test(nothing_that_acts_or_points_outside_passes),
		cmocka_unit_test(ids_are_the_drawings_own),
		cmocka_unit_test(colours_become_classes),
		cmocka_unit_test(what_is_no_whole_drawing_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
