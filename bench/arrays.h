/* SPDX-License-Identifier: Apache-2.0 */
/* arrays.h - what the benchmarks share: axes of arrays, exact inputs, and comparing long arrays. */
#ifndef WM_ARRAYS_H
#define WM_ARRAYS_H

#include "core/wm.h"

enum { WM_CHUNK = 1024 }; /* elements that are handled at a time, as doubles on the stack */

/* Streams of wm_random: tensor i of the timed part has stream i, of the exact part WM_STREAM_EXACT + i;
 * checks that draw at random have their own. */
enum { WM_STREAM_EXACT = 16, WM_STREAM_CHECK = 32 };

/* Axes bytes (of one array) and dtype of read, copy and triad. */
extern const struct wm_axis wm_array_axes[];
/* WM_INPUT when bytes is no multiple of the element size. */
enum wm_status wm_array_accept(const struct wm_problem *p);
/* Elements of one array. */
size_t wm_array_count(const struct wm_problem *p);

/* Elements first, first + stride, .. (n of them) as doubles. */
void wm_load_run(enum wm_dtype t, const void *array, size_t first, size_t stride, size_t n, double *out);

/* The type that sums of products of that type have: f64, f32, or i32 for integers. */
enum wm_dtype wm_sum_type(enum wm_dtype in);
/*
 * A sum holds every integer of that many bits, on every device. 8-bit floats: 14, since the instructions of some
 * devices keep no more of it (DeepSeek-V3 Technical Report, arXiv:2412.19437, section 3.3.2).
 */
int wm_sum_bits(enum wm_dtype in);

/* An odd integer of exactly that many significant bits (1 to 53) and of either sign: no type with fewer bits
 * holds it. The bits of word decide all of it. */
double wm_odd_integer(uint32_t word, int bits);
/* n of them, from the words of that stream, into an array. */
void wm_fill_odd_integers(enum wm_dtype t, int bits, uint64_t seed, uint64_t stream, size_t n, void *out);

/*
 * Compares elements first .. first + n of an output, as doubles, with what they must be: |got - want| <=
 * bound, or got = want where bound is NULL. NaN never passes. Adds to check->compared and raises
 * check->worst. WM_WRONG and "c[17] is 5, expected 6" for the first that is wrong.
 */
enum wm_status wm_compare_run(const char *name, size_t first, size_t n, const double *got, const double *want,
                              const double *bound, struct wm_check *check);

#endif
