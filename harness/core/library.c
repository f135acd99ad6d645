/* SPDX-License-Identifier: Apache-2.0 */
/* library.c - shared libraries that are opened at run time, so that their absence is an answer with a reason. */
#include "wm.h"

#include <dlfcn.h>
#include <string.h>

/* Opens the first that loads. The reasons of all are kept: a file that is there but lacks a library of its own is
 * told apart from one that is absent only by dlopen's words. */
static void *open_first(const char *const *libs, const char **lib_p) {
	char reasons[448] = "";
	size_t used = 0;

	for (; *libs; libs++) {
		void *handle = dlopen(*libs, RTLD_LOCAL | RTLD_NOW);

		if (handle) {
			*lib_p = *libs;
			return handle;
		}
		if (used < sizeof(reasons))
			used += (size_t)snprintf(reasons + used, sizeof(reasons) - used, "%s%s", used ? "; " : "", dlerror());
	}
	wm_fail(WM_SKIP, "%s", reasons);
	return NULL;
}

enum wm_status wm_load_library(const char *const *libs, const char *const *names, int n, void (**fn)(void),
                               const char **lib_p) {
	const char *lib = NULL;
	void *handle = open_first(libs, &lib);

	if (!handle)
		return WM_SKIP;
	for (int i = 0; i < n; i++)
		if (names[i][0] != '?' && !dlsym(handle, names[i])) {
			dlclose(handle);
			return wm_fail(WM_FAILED, "%s has no symbol %s", lib, names[i]);
		}
	for (int i = 0; i < n; i++) {
		void *symbol = dlsym(handle, names[i] + (names[i][0] == '?'));

		/* ISO C has no cast from object to function pointer; POSIX says they are alike. */
		memcpy(&fn[i], &symbol, sizeof(fn[i]));
	}
	*lib_p = lib;
	return WM_OK;
}
