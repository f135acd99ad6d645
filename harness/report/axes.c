/* SPDX-License-Identifier: Apache-2.0 */
#include "axes.h"

#include <string.h>

bool wm_axes_next(const char **at_p, struct wm_axis_text *axis_p) {
	const char *at = *at_p;
	size_t head = strcspn(at, ":,=");
	if (at[head] == ':')
		at += head + 1;
	if (!*at)
		return false;
	size_t part = strcspn(at, ",");
	const char *equals = memchr(at, '=', part);
	*axis_p = (struct wm_axis_text){.key = at, .value = equals ? equals + 1 : at};
	axis_p->key_bytes = equals ? (size_t)(equals - at) : 0;
	axis_p->value_bytes = part - (size_t)(axis_p->value - at);
	*at_p = at + part + (at[part] == ',');
	return true;
}

bool wm_axes_find(const char *problem, const char *key, size_t key_bytes, struct wm_axis_text *axis_p) {
	while (wm_axes_next(&problem, axis_p))
		if (axis_p->key_bytes == key_bytes && !memcmp(axis_p->key, key, key_bytes))
			return true;
	return false;
}
