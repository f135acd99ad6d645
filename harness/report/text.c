/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <stdbool.h>
#include <string.h>

/* Bytes of a UTF-8 sequence by its first byte (RFC 3629); 0: cannot begin one. */
static size_t sequence_bytes(unsigned char first) {
	return first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

/* C0 and C1 controls, line and paragraph separators, the directional marks of Unicode's annex 9, the BOM. */
static bool is_plain(unsigned code) {
	return code >= 0x20 && !(code >= 0x7f && code <= 0x9f) && code != 0x061c && !(code >= 0x200b && code <= 0x200f) &&
	       !(code >= 0x2028 && code <= 0x202e) && !(code >= 0x2060 && code <= 0x206f) && code != 0xfeff;
}

int wm_text_char(const char *text, size_t *bytes_p, unsigned *code_p) {
	unsigned char first = (unsigned char)*text;
	size_t n = sequence_bytes(first);
	unsigned code = n == 1 ? first : first & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80) {
			n = 0;
			break;
		}
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	}
	*bytes_p = n ? n : 1;
	*code_p = n ? code : first;
	return n && is_plain(code);
}

/* Bytes at the beginning of text, at most limit, that are printable ASCII. */
static size_t ascii_bytes(const char *text, size_t limit) {
	size_t n = 0;
	while (n < limit && text[n] >= 0x20 && text[n] < 0x7f)
		n++;
	return n;
}

char *wm_text_clean(const char *text, char *out, size_t room) {
	size_t n = 0;
	while (*text) {
		size_t ascii = ascii_bytes(text, room - n - 1);
		memcpy(out + n, text, ascii);
		n += ascii;
		text += ascii;
		if (!*text)
			break;
		char escape[16];
		const char *piece = text;
		size_t bytes, length;
		unsigned code;
		bool plain = wm_text_char(text, &bytes, &code);
		length = bytes;
		if (!plain) {
			length = (size_t)snprintf(escape, sizeof escape, code < 0x100 ? "\\x%02x" : "\\u%04x", code);
			piece = escape;
		}
		if (n + length + 1 > room)
			break;
		memcpy(out + n, piece, length);
		n += length;
		text += bytes;
	}
	out[n] = 0;
	return out;
}

void wm_text_word(FILE *out, const char *word) {
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
	if (*word && !word[strspn(word, plain)]) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (const char *quote; (quote = strchr(word, '\'')); word = quote + 1)
		fprintf(out, "%.*s'\\''", (int)(quote - word), word);
	fprintf(out, "%s'", word);
}

size_t wm_text_width(const char *text) {
	size_t n = 0;
	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}
