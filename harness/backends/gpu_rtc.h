/* SPDX-License-Identifier: Apache-2.0 */
/* gpu_rtc.h - code of a text, made now. Private to backends/gpu*.c. */
#ifndef WM_GPU_RTC_H
#define WM_GPU_RTC_H

#include "gpu.h"

/* Compiles a text for the device. *image_p is for module_load, the caller's to free; made_by gets the compiler, its
 * version, the target and the flags. WM_SKIP + why: no compiler here; WM_FAILED + the first lines of what it said, of
 * which all goes to stderr. */
enum wm_status wm_gpu_compile(const struct wm_gpu_place *at, const char *text, const char *flags, char *made_by,
                              size_t room, void **image_p);

#endif
