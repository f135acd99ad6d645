/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

int wm_cmd_docs(const struct wm_option_values *options) {
	(void)options;
	return wm_complain(wm_fail(WM_UNSUPPORTED, "not in this version"));
}
