/* SPDX-License-Identifier: Apache-2.0 */
/* scope.c - words of what joules are of, and a reading of nothing. */
#include "wm.h"

#include <math.h>
#include <string.h>

static const struct {
	const char *word, *meaning;
} scopes[WM_SCOPES] = {
#define X(id, word, meaning) [WM_SCOPE_##id] = {word, meaning},
	WM_SCOPE_MAP(X)
#undef X
};

const char *wm_scope_word(enum wm_scope scope) {
	return scopes[scope].word;
}

const char *wm_scope_meaning(enum wm_scope scope) {
	return scopes[scope].meaning;
}

enum wm_scope wm_scope_parse(const char *word) {
	for (int i = 0; i < WM_SCOPES; i++)
		if (strcmp(scopes[i].word, word) == 0)
			return (enum wm_scope)i;
	return WM_SCOPES;
}

bool wm_scope_is_server(enum wm_scope scope) {
	return scope == WM_SCOPE_SERVER || scope == WM_SCOPE_NODE;
}

struct wm_reading wm_no_reading(void) {
	return (struct wm_reading){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
}
