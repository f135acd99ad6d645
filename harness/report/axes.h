/* SPDX-License-Identifier: Apache-2.0 */
/* axes.h - the axes in the text of a problem, "gemm:m=256,n=256": a report knows problems only as text. */
#ifndef WM_AXES_H
#define WM_AXES_H

#include <stdbool.h>
#include <stddef.h>

struct wm_axis_text {
	const char *key, *value; /* into the problem; not terminated */
	size_t key_bytes, value_bytes;
};

/* Next axis of a problem; *at_p starts as the problem. False at the end; a part without '=' has an empty key. */
bool wm_axes_next(const char **at_p, struct wm_axis_text *axis_p);
/* The axis with that key; false if the problem has none. */
bool wm_axes_find(const char *problem, const char *key, size_t key_bytes, struct wm_axis_text *axis_p);

#endif
