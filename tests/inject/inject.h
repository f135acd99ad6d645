/* SPDX-License-Identifier: Apache-2.0 */
/* inject.h - the errors that verification must catch (method 2), done to the output of a right operation. */
#ifndef WM_INJECT_H
#define WM_INJECT_H

#include "core/wm.h"

enum wm_injection {
	WM_INJECT_ZERO,    /* the output is all zeros */
	WM_INJECT_ELEMENT, /* one element is wrong by the smallest step; timed part: by 8 times what is allowed */
	WM_INJECT_DROPPED, /* one key is left out: one k, one element, one iteration */
	WM_INJECT_DOUBLED, /* one key is counted twice */
	WM_INJECT_TAIL,    /* the last few keys are left out */
	WM_INJECTIONS
};
const char *wm_injection_word(enum wm_injection what);

/*
 * Damages the outputs of host (host[i] = tensor i, inputs whole, outputs right) in a place that try_ chooses.
 * False when the error has no meaning for this problem or would change nothing. In the timed part of gemm,
 * which is sampled, ELEMENT chooses among elements that are always looked at, and the errors that change a
 * key may lie within what rounding is allowed.
 */
bool wm_damage(enum wm_injection what, const struct wm_problem *p, enum wm_data_part part, uint64_t seed,
               void *const *host, uint64_t try_);

#endif
