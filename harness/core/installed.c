/* SPDX-License-Identifier: Apache-2.0 */
/* installed.c - suites that lie beside an installed program. */
#include "installed.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* PREFIX/share/wattmark/suites of PREFIX/bin/wattmark; "" when the program cannot tell where it is. */
static void suites_folder(char out[PATH_MAX]) {
	char exe[PATH_MAX] = "";
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	out[0] = 0;
	for (int up = 0; up < 2 && n > 0; up++) {
		slash = strrchr(exe, '/');
		if (!slash)
			return;
		*slash = 0;
	}
	if (n > 0 && snprintf(out, PATH_MAX, "%s/share/wattmark/suites", exe) >= PATH_MAX)
		out[0] = 0;
}

bool wm_installed_suite(const char *name, char *path_p, size_t room) {
	char folder[PATH_MAX];

	suites_folder(folder);
	if (!*folder || !*name || strchr(name, '/'))
		return false;
	if ((size_t)snprintf(path_p, room, "%s/%s.ini", folder, name) >= room)
		return false;
	return access(path_p, F_OK) == 0;
}

/* The folder's name as glob must read it: its special letters mean themselves. */
static void escape(const char *folder, char *out, size_t room) {
	size_t used = 0;

	for (; *folder && used + 2 < room; folder++) {
		if (strchr("*?[\\", *folder))
			out[used++] = '\\';
		out[used++] = *folder;
	}
	out[used] = 0;
}

void wm_installed_suites(void (*fn)(void *arg, const char *name), void *arg) {
	char folder[PATH_MAX], pattern[2 * PATH_MAX + 8];
	glob_t found;

	suites_folder(folder);
	if (!*folder)
		return;
	escape(folder, pattern, sizeof(pattern) - 8);
	strncat(pattern, "/*.ini", 7);
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *name = strrchr(found.gl_pathv[i], '/') + 1;

		name[strlen(name) - strlen(".ini")] = 0;
		fn(arg, name);
	}
	globfree(&found);
}
