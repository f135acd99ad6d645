/* SPDX-License-Identifier: Apache-2.0 */
/* html_text.h - text on its way into a page. What does not come from this program's own source goes through here. */
#ifndef WM_HTML_TEXT_H
#define WM_HTML_TEXT_H

#include <stdio.h>

/* Writes text so that it is text, between tags and in quoted attributes; what may not be shown is escaped as text.h
 * says. */
void wm_html_text(FILE *out, const char *text);
/* The same of a formatted text. */
void wm_html_textf(FILE *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Into a buffer; cut at a whole character. Returns out. */
char *wm_html_escape(const char *text, char *out, size_t room);

#endif
