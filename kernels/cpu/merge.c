/* SPDX-License-Identifier: Apache-2.0 */
/* merge.c - which table of sums and copies runs here. */
#include "merge.h"

const struct wm_merge *wm_merge(void) {
	const struct wm_merge *table = wm_merge_avx512();

	if (!table)
		table = wm_merge_avx2();
	return table ? table : wm_merge_base();
}
