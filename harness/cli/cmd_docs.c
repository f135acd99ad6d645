/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_docs.c - the man page or the completion, on stdout. */
#include "commands.h"
#include "docs.h"

#include <errno.h>
#include <string.h>

int wm_cmd_docs(const struct wm_option_values *options) {
	bool man = strcmp(options->operands[0], "man") == 0;
	enum wm_status st = man ? wm_docs_man(stdout) : wm_docs_completion(stdout);

	if (st == WM_OK && fflush(stdout) != 0)
		st = wm_fail(WM_FAILED, "cannot write: %s", strerror(errno));
	return st == WM_OK ? WM_EXIT_OK : wm_complain(st);
}
