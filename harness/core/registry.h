/* SPDX-License-Identifier: Apache-2.0 */
/* registry.h - the plug-ins of registry.def, found by name. Private to the harness. */
#ifndef WM_REGISTRY_H
#define WM_REGISTRY_H

#include "wm.h"

/* NULL-terminated tables in the order of registry.def. */
extern const struct wm_backend *const wm_backends[];
extern const struct wm_bench *const wm_benches[];
extern const struct wm_impl *const wm_impls[];
extern const struct wm_meter *const wm_meters[];
extern const struct wm_report *const wm_reports[];

const struct wm_backend *wm_backend_find(const char *name); /* NULL: none */
const struct wm_bench *wm_bench_find(const char *name);
const struct wm_impl *wm_impl_find(const char *bench, const char *name);
const struct wm_meter *wm_meter_find(const char *name);
const struct wm_report *wm_report_find(const char *name);
bool wm_impl_runs_on(const struct wm_impl *impl, const char *backend); /* by its backends list */

/* Every plug-in keeps its contract: names unique, required members set, axes within limits, defaults that parse,
 * every implementation's benchmark registered. WM_FAILED + the first breach. */
enum wm_status wm_registry_check(void);
/* The same of other tables: tests break contracts on purpose. */
struct wm_registry {
	const struct wm_backend *const *backends;
	const struct wm_bench *const *benches;
	const struct wm_impl *const *impls;
	const struct wm_meter *const *meters;
	const struct wm_report *const *reports;
};
enum wm_status wm_registry_check_tables(const struct wm_registry *registry);

/* The word of the list nearest to word by edit distance (at most a third of its letters, at least 1), or NULL. */
const char *wm_nearest(const char *word, const char *const *words, int n);
/* wm_fail(WM_INPUT, "unknown KIND 'WORD'; did you mean 'NEAREST'?") or, with no near one, "..; known: a b c". */
enum wm_status wm_fail_unknown(const char *kind, const char *word, const char *const *words, int n);
/* The same for a space-separated list of at most 64 words. */
enum wm_status wm_fail_unknown_of(const char *kind, const char *word, const char *words);

/* Is word one of the space-separated words? Returns its index or -1. */
int wm_word_index(const char *words, const char *word);

#endif
