/* SPDX-License-Identifier: Apache-2.0 */
/* root.c - the folder of --root. */
#include "commands.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum wm_status wm_check_root(const char *root) {
	static const char *const parts[] = {"proc", "sys"};
	struct stat info;
	int found = 0;

	if (stat(root, &info) < 0)
		return wm_fail(WM_INPUT, "%s: %s", root, strerror(errno));
	for (int i = 0; i < 2; i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", root, parts[i]);
		found += stat(path, &info) == 0 && S_ISDIR(info.st_mode);
	}
	return found ? WM_OK : wm_fail(WM_INPUT, "%s: not a recorded machine: holds neither proc nor sys", root);
}
