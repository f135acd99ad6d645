/* SPDX-License-Identifier: Apache-2.0 */
/*
 * analyzer.h - what clang's analyzer cannot see across files, included first by scripts/lint and nowhere else:
 * wm_fail returns the status that it is given, so "status is WM_OK" means that no wm_fail was passed on the way.
 */
#include "core/wm.h"

#define wm_fail(st, ...) (wm_fail((st), __VA_ARGS__), (st))
