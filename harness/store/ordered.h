/* SPDX-License-Identifier: Apache-2.0 */
/* ordered.h - all lines of a records.jsonl, parsed by several threads, given in the order of the file. Private to the
 * store. */
#ifndef WM_ORDERED_H
#define WM_ORDERED_H

#include "lines.h"

/*
 * Calls fn for every line from the first on, one at a time and in order, but not always from the same thread; the line
 * is fn's until it returns. Pages that were read are given back, so that the mapped file does not fill the memory.
 * Ends early with the status of the first fn that fails.
 */
enum wm_status wm_lines_each(const struct wm_lines *lines, enum wm_status (*fn)(void *arg, const struct wm_line *line),
                             void *arg);

#endif
