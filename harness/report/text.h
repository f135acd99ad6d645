/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - text from records on its way to a reader. Records may come from anywhere: nothing in them may steer a
 * terminal, a spreadsheet or a Markdown renderer. */
#ifndef WM_TEXT_H
#define WM_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* One character of text: *bytes_p says how many bytes it has. True if it may be shown as it is; control characters,
 * line separators, marks that change the direction of writing and bytes that are no UTF-8 may not. *code_p is the
 * code point, or the byte. */
int wm_text_char(const char *text, size_t *bytes_p, unsigned *code_p);

/* Copies text; what may not be shown becomes \xNN or \uNNNN. Cut to room - 1 bytes at a whole character. Returns
 * out. */
char *wm_text_clean(const char *text, char *out, size_t room);
/* Characters (not bytes) of clean text: its width in a terminal. */
size_t wm_text_width(const char *text);

/* A word as a shell takes it: in quotes unless it has only characters that no shell acts on. */
void wm_text_word(FILE *out, const char *word);

#endif
