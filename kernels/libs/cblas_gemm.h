/* SPDX-License-Identifier: Apache-2.0 */
/* cblas_gemm.h - gemm by any library with the CBLAS interface. Private to kernels/libs. */
#ifndef WM_CBLAS_GEMM_H
#define WM_CBLAS_GEMM_H

#include "core/wm.h"

/* WM_UNSUPPORTED + why where the problem is not f64 or f32; name is the implementation's, for the reason. */
enum wm_status wm_cblas_can_run(const struct wm_run *run, const char *name);
/* Opens the first of the NULL-terminated library names that loads, and plans the product; released by wm_cblas_finish.
 * Sets run->library and run->threads to what the library says of itself. WM_SKIP + dlopen's reasons: none loads. */
enum wm_status wm_cblas_prepare(struct wm_run *run, const char *const *libraries);
/* As wm_impl.enqueue and .finish. */
enum wm_status wm_cblas_enqueue(struct wm_run *run, int set);
void wm_cblas_finish(struct wm_run *run);

#endif
