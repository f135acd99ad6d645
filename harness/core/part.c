/* SPDX-License-Identifier: Apache-2.0 */
/* part.c - the one split of work among threads, so that who touched a page first is also who uses it. */
#include "wm.h"

/*
 * Part t of n of [0, count): from *from_p up to, not including, *to_p. Borders lie on multiples of grain, so only
 * the last part that is not empty can end in a broken unit. The parts differ by at most one unit, cover every
 * index exactly once, and are empty (from = to) where there are fewer units than parts. grain >= 1, 0 <= t < n.
 */
void wm_part(size_t count, size_t grain, int t, int n, size_t *from_p, size_t *to_p) {
	size_t units = count / grain + (count % grain != 0);
	size_t each = units / (size_t)n, longer = units % (size_t)n, part = (size_t)t;
	size_t first = part * each + (part < longer ? part : longer);
	size_t last = first + each + (part < longer);

	*from_p = first >= units ? count : first * grain;
	*to_p = last >= units ? count : last * grain;
}
