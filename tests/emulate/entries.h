/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entries.h - names the kernels of a text for the emulated backend (backend.h here): behind a text, for each kernel
 *
 *   WM_EMULATED_ENTRY("kernels/cuda/my_kernel.k", text::entry, 2)
 *
 * with the blocks of its cluster, 1 where it says nothing with WM_CLUSTER. What a text has for one architecture alone
 * is registered under "sm_80:kernels/cuda/my_kernel.k".
 */
#ifndef WM_EMULATE_ENTRIES_H
#define WM_EMULATE_ENTRIES_H

/* First, since device.h gives other meanings to words of it. */
extern "C" {
#include "core/wm.h"
}

#include "emulate.h"

#include <cstring>

/* A kernel: bind makes one thread's call of it with these arguments, or an empty one where they do not fit. */
struct wm_emulated_entry {
	const char *path, *name;
	unsigned cluster;
	std::function<std::function<void()>(const wm_arg *, int)> bind;
};
void wm_emulated_add(const wm_emulated_entry &entry);

template <typename T> bool wm_emulated_argument(T &to, const wm_arg &from) {
	if (from.buf) {
		if (sizeof(T) != sizeof(void *))
			return false;
		memcpy((void *)&to, &from.buf->ptr, sizeof(void *));
		return true;
	}
	if (from.bytes != sizeof(T))
		return false;
	memcpy((void *)&to, from.value, sizeof(T));
	return true;
}

template <typename... P, size_t... I>
std::function<void()> wm_emulated_bind(void (*entry)(P...), const wm_arg *arguments, int n, std::index_sequence<I...>) {
	std::tuple<typename std::remove_cv<P>::type...> values;
	bool fit = n == (int)sizeof...(P) && (wm_emulated_argument(std::get<I>(values), arguments[I]) && ...);
	(void)arguments;
	if (!fit)
		return nullptr;
	return [entry, values] { std::apply(entry, values); };
}

struct wm_emulated_registration {
	template <typename... P>
	wm_emulated_registration(const char *path, const char *name, unsigned cluster, void (*entry)(P...)) {
		const char *last = strrchr(name, ':');
		wm_emulated_add({path, last ? last + 1 : name, cluster, [entry](const wm_arg *arguments, int n) {
							 return wm_emulated_bind(entry, arguments, n, std::index_sequence_for<P...>());
						 }});
	}
};
#define WM_EMULATED_ENTRY(path, entry, cluster) WM_EMULATED_ENTRY_AT(path, entry, cluster, __COUNTER__)
#define WM_EMULATED_ENTRY_AT(path, entry, cluster, n) WM_EMULATED_ENTRY_AS(path, entry, cluster, n)
#define WM_EMULATED_ENTRY_AS(path, entry, cluster, n) \
	static wm_emulated_registration registration_##n(path, #entry, cluster, entry);

#endif
