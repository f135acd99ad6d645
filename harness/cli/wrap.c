/* SPDX-License-Identifier: Apache-2.0 */
/* wrap.c - text in a column. */
#include "wrap.h"

#include <string.h>

enum { WIDTH = 80 };

void wm_wrap(FILE *out, int at, int column, const char *text) {
	if (at >= column && column > 0) {
		fputc('\n', out);
		at = 0;
	}
	while (*text) {
		size_t room = (size_t)(WIDTH - column), n = strlen(text);

		if (n > room)
			for (n = room; n > 0 && text[n] != ' '; n--)
				;
		if (n == 0)
			n = strcspn(text, " ");
		fprintf(out, "%*s%.*s\n", column - at, "", (int)n, text);
		text += n;
		text += strspn(text, " ");
		at = 0;
	}
}
