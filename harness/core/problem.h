/* SPDX-License-Identifier: Apache-2.0 */
/* problem.h - from text to problems and back. Private to the harness. */
#ifndef WM_PROBLEM_H
#define WM_PROBLEM_H

#include "wm.h"

/* A growing list of problems; owned by the caller, released by wm_problems_free. Start from {0}. */
struct wm_problems {
	struct wm_problem *v;
	size_t n, room;
};
void wm_problems_free(struct wm_problems *list);

/* The core's axes (cache, data, regime, load), ends with {0}. */
extern const struct wm_axis wm_core_axes[];
/* Axis of the benchmark or the core by key, with its index into wm_problem.v; NULL if there is none. */
const struct wm_axis *wm_axis_find(const struct wm_bench *bench, const char *key, int *index_p);

/*
 * Appends every point of a pattern `bench:key=list,..`. A list is values joined by '/': a number (4096, 64K, 2M,
 * 1G; K = 1024), a word, a range lo:hi:xF or lo:hi:+S (both ends included where hit), or @key, a tie to another
 * axis. Axes left out take their default. Points whose accept() says WM_INPUT are errors. Several occurrences of
 * the same point in the list are kept once. WM_INPUT: unknown benchmark, axis or word (with the nearest), a
 * malformed list or range, a number out of [min, max] or too large for a long, a circle of ties, buffers that
 * overflow, more than WM_MAX_POINTS in list. Nothing is appended then.
 */
enum { WM_MAX_POINTS = 10000 };
enum wm_status wm_pattern_expand(const char *pattern, struct wm_problems *list);
/* The same from a benchmark and key/value pairs, as job files have them; pairs = key, value, key, value, .. */
enum wm_status wm_pattern_expand_pairs(const struct wm_bench *bench, const char *const *pairs, int npairs,
                                       struct wm_problems *list);
/* A pattern whose left-out axes are looked for in key/value pairs (the first of a key counts) before they take their
 * default. Keys that the benchmark lacks are passed over: a job file's defaults serve several benchmarks. */
enum wm_status wm_pattern_expand_over(const char *pattern, const char *const *pairs, int npairs,
                                      struct wm_problems *list);
/* The benchmark that a pattern names: WM_INPUT + the nearest when there is none. */
enum wm_status wm_pattern_bench(const char *pattern, const struct wm_bench **bench_p);
/* One key=list of a benchmark by itself: WM_INPUT when it could stand in no pattern. */
enum wm_status wm_axis_check(const struct wm_bench *bench, const char *key, const char *list);
/* Exactly one point: WM_INPUT when the text gives more. */
enum wm_status wm_problem_parse(const char *text, struct wm_problem *problem_p);
/* Bytes of one buffer set: all tensors, dense. WM_INPUT when they overflow. */
enum wm_status wm_problem_bytes(const struct wm_problem *p, uint64_t *set_bytes_p);
/* Whose part of a collective the device computes: all ranks, one per thread of it; of a group rank 0, which stands for
 * any of them until a worker knows its own; nothing for other benchmarks. */
void wm_problem_place(struct wm_problem *p, const struct wm_device *dev);
/* What an axis has in patterns that do not name it: a value, a word or "@key"; static. */
const char *wm_axis_default(const struct wm_bench *bench, const struct wm_axis *axis);
/* The canonical string without the core's axes that have their default: for progress lines and tables. */
void wm_problem_brief(const struct wm_problem *p, char *out, size_t room);

/* Room for one more behind n elements of that size: v, or a larger copy (v is freed then). Never NULL. */
void *wm_grow(void *v, size_t n, size_t *room_p, size_t each);
/* Splits "a/b/c" in place of a copy: calls fn for each part, stops at the first status that is not WM_OK. */
enum wm_status wm_split(const char *list, char sep, enum wm_status (*fn)(void *arg, const char *part), void *arg);
/* A number with K, M, G suffix. WM_INPUT: not a number, too large (names the text). */
enum wm_status wm_parse_count(const char *text, long *value_p);

#endif
