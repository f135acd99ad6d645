/* SPDX-License-Identifier: Apache-2.0 */
/* copy_toy.c - the smallest implementation there is: copy by one memcpy. What tests/plugin/run.sh adds to a tree. */
#include "core/wm.h"

#include <string.h>

static enum wm_status can_run(const struct wm_run *run) {
	(void)run;
	return WM_OK;
}

static enum wm_status enqueue(struct wm_run *run, int set) {
	const struct wm_buf *from = &run->buf[set * run->tensors], *to = from + 1;

	memcpy(to->ptr, from->ptr, to->bytes);
	return WM_OK;
}

const struct wm_impl wm_impl_copy_toy = {
	.name = "toy",
	.bench = "copy",
	.backends = "host",
	.about = "one memcpy",
	.origin = WM_PORTABLE,
	.asked_only = true,
	.can_run = can_run,
	.enqueue = enqueue,
};
