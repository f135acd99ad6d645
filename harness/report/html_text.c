/* SPDX-License-Identifier: Apache-2.0 */
#include "html_text.h"

#include "text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* One character, at most 15 bytes: an entity for the five that HTML acts on, an escape for what is not plain. */
static size_t piece_of(const char *text, char piece[16], size_t *bytes_p) {
	unsigned code;
	if (!wm_text_char(text, bytes_p, &code))
		return (size_t)snprintf(piece, 16, code < 0x100 ? "\\x%02x" : "\\u%04x", code);
	switch (*text) {
	case '&': return (size_t)snprintf(piece, 16, "&amp;");
	case '<': return (size_t)snprintf(piece, 16, "&lt;");
	case '>': return (size_t)snprintf(piece, 16, "&gt;");
	case '"': return (size_t)snprintf(piece, 16, "&quot;");
	case '\'': return (size_t)snprintf(piece, 16, "&#39;");
	default: memcpy(piece, text, *bytes_p); return *bytes_p;
	}
}

void wm_html_text(FILE *out, const char *text) {
	char piece[16];
	size_t bytes;
	for (; *text; text += bytes) {
		size_t length = piece_of(text, piece, &bytes);
		fwrite(piece, 1, length, out);
	}
}

void wm_html_textf(FILE *out, const char *fmt, ...) {
	char *text;
	va_list args;
	va_start(args, fmt);
	int n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	wm_html_text(out, text);
	free(text);
}

char *wm_html_escape(const char *text, char *out, size_t room) {
	size_t n = 0, bytes;
	char piece[16];
	for (; *text; text += bytes) {
		size_t length = piece_of(text, piece, &bytes);
		if (n + length + 1 > room)
			break;
		memcpy(out + n, piece, length);
		n += length;
	}
	out[n] = 0;
	return out;
}
