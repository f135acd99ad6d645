/* SPDX-License-Identifier: Apache-2.0 */
/* backend.h - the emulator as a backend, for the trials of tests/inject: launchers see a GPU whose texts are those that
 * entries.h knows. */
#ifndef WM_EMULATE_BACKEND_H
#define WM_EMULATE_BACKEND_H

#include "../inject/trial.h"

/* "cuda", but not in any registry. load takes a text by its path; a launch is done when it returns. */
extern const struct wm_backend wm_emulated_backend;

/* Opens its one device, of that arch ("sm_90"), with guards around buffers. */
void wm_emulated_open(struct wm_trial_place *at, const char *arch);

/* launch.cc: runs a kernel; the next seed each time. NULL: it ran to its end; else what was wrong. */
const char *wm_emulated_launch_entry(const char *arch, const char *path, const char *entry, const struct wm_grid *grid,
                                     const struct wm_arg *args, int nargs);
bool wm_emulated_has(const char *path);
/* emulate.h tells it. */
int wm_emulated_encode(void *map, int type, uint32_t dims, void *address, const uint64_t *size,
                       const uint64_t *stride_bytes, const uint32_t *box, const uint32_t *element_stride,
                       int interleave, int swizzle, int l2_promotion, int out_of_bounds);

#endif
