/* SPDX-License-Identifier: Apache-2.0 */
/* merge.c - which table of sums and copies runs here. */
#include "merge.h"

const struct wm_merge *wm_merge(void) {
	const struct wm_merge *tables[] = {wm_merge_avx512(), wm_merge_avx2(), wm_merge_base()};
	int i = 0;

	while (!tables[i])
		i++;
	return tables[i];
}
