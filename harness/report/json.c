/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - the records as they are stored, as one array: what results/README.md says of a record holds here. */
#include "cells.h"
#include "text.h"

/*
 * A stored line, which the reader has parsed, so that only the inside of strings can hold anything but ASCII: there
 * an escape says the same as the character, and does not steer a terminal. Control characters below 0x20 can only
 * be white space between tokens.
 */
static void put_line(FILE *out, const char *line, size_t length) {
	for (size_t i = 0; i < length;) {
		size_t ascii = i, bytes;
		unsigned code;
		while (ascii < length && line[ascii] >= 0x20 && line[ascii] < 0x7f)
			ascii++;
		fwrite(line + i, 1, ascii - i, out);
		i = ascii;
		if (i == length)
			return;
		if (wm_text_char(line + i, &bytes, &code))
			fwrite(line + i, 1, bytes, out);
		else if (code < 0x20)
			fputc(' ', out);
		else
			fprintf(out, "\\u%04x", code);
		i += bytes;
	}
}

static enum wm_status write_json(FILE *out, const struct wm_rows *rows) {
	const char *before = "\n";
	fputc('[', out);
	for (size_t i = 0; i < rows->n; i++)
		for (int k = 0; k < rows->v[i].n; k++) {
			fputs(before, out);
			put_line(out, rows->v[i].records[k].line, rows->v[i].records[k].line_bytes);
			before = ",\n";
		}
	fputs("\n]\n", out);
	return wm_report_end(out);
}

const struct wm_report wm_report_json = {
	.name = "json",
	.about = "an array of the stored records",
	.write = write_json,
};
