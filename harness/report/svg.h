/* SPDX-License-Identifier: Apache-2.0 */
/* svg.h - a drawing that another program made, on its way into a page. Private to the reports. */
#ifndef WM_SVG_H
#define WM_SVG_H

#include "core/wm.h"

/* What the drawing is called; texts are unescaped. */
struct wm_svg_frame {
	const char *prefix; /* letters and digits: stands before every id, so that two drawings share none */
	const char *cls;    /* class of the drawing */
	const char *title;  /* its name .. */
	const char *about;  /* .. and what can be seen, for those who do not see it */
	bool scales;        /* as wide as there is room; else as wide as it was drawn */
};

/*
 * Writes the drawing as an <svg> of the page. Only shapes, text and their geometry pass: no script, style, link, image
 * or foreign element, nothing that refers to anything outside; and no colour, which is the page's matter. rgb(1,0,N)
 * becomes class "sN", rgb(2,0,N) class "bN", rgb(3,0,N) class "gN", all of it currentColor; classes that it had get
 * "t-" in front. WM_FAILED when it is not one whole SVG; nothing is written then.
 */
enum wm_status wm_svg_write(FILE *out, const char *svg, const struct wm_svg_frame *frame);

#endif
