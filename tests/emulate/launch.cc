/* SPDX-License-Identifier: Apache-2.0 */
/* launch.cc - kernels by the path of their text and their name. */
#include "entries.h"

#include <cstdio>
#include <string>
#include <vector>

/* Made before first use, since registrations run before main in any order. */
static std::vector<wm_emulated_entry> &entries() {
	static std::vector<wm_emulated_entry> all;
	return all;
}

void wm_emulated_add(const wm_emulated_entry &entry) {
	entries().push_back(entry);
}

extern "C" bool wm_emulated_has(const char *path) {
	for (auto &e : entries())
		if (!strcmp(e.path, path))
			return true;
	return false;
}

/* What a text has for one architecture alone goes before what it has for all. */
static const wm_emulated_entry *find(const char *arch, const char *path, const char *entry) {
	const wm_emulated_entry *found = nullptr;
	std::string special = std::string(arch) + ":" + path;

	for (auto &e : entries())
		if (!strcmp(e.name, entry) && (e.path == special || (!found && !strcmp(e.path, path))))
			found = &e;
	return found;
}

extern "C" const char *wm_emulated_launch_entry(const char *arch, const char *path, const char *entry,
                                                const wm_grid *grid, const wm_arg *args, int nargs) {
	static unsigned seed;
	static char error[256];

	const wm_emulated_entry *e = find(arch, path, entry);

	if (!e) {
		snprintf(error, sizeof(error), "no kernel %s of %s is emulated", entry, path);
		return error;
	}
	auto call = e->bind(args, nargs);
	if (!call) {
		snprintf(error, sizeof(error), "%s: its %d arguments are not those of the text", entry, nargs);
		return error;
	}
	if (grid->items[1] != 1 || grid->items[2] != 1)
		return "blocks are one-dimensional here";
	wm_dim3 groups = {grid->groups[0], grid->groups[1], grid->groups[2]};
	return wm_emulate_body({groups, grid->items[0], e->cluster, grid->shared_bytes, seed++}, call);
}
