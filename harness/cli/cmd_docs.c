/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_docs.c - the man page or the completion, on stdout. */
#include "commands.h"
#include "docs.h"

#include <string.h>

int wm_cmd_docs(const struct wm_option_values *options) {
	bool man = strcmp(options->operands[0], "man") == 0;
	enum wm_status st = man ? wm_docs_man(stdout) : wm_docs_completion(stdout);

	return st == WM_OK ? WM_EXIT_OK : wm_complain(st);
}
