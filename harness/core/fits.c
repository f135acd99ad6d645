/* SPDX-License-Identifier: Apache-2.0 */
/* fits.c - whether a device gives buffers that large. */
#include "wm.h"

enum wm_status wm_fits_buffer(const struct wm_device *dev, const char *what, uint64_t bytes) {
	if (!dev->max_alloc_bytes || bytes <= dev->max_alloc_bytes)
		return WM_OK;
	return wm_fail(WM_SKIP, "does not fit: %s need a buffer of %llu bytes, the device's largest is %llu bytes", what,
	               (unsigned long long)bytes, (unsigned long long)dev->max_alloc_bytes);
}
