/* SPDX-License-Identifier: Apache-2.0 */
/* accelerators.h - what is published of accelerators, for drivers that do not say it. */
#ifndef WM_ACCELERATORS_H
#define WM_ACCELERATORS_H

#include <stdint.h>

/*
 * Bytes of all caches from L2 up of the device at a PCI address ("0000:41:00.0"), as
 * results/reference/accelerators.ini has them for its PCI ids; 0 = not known there, or no device at that address.
 * root is "" for the real machine, else a folder that stands for /.
 */
uint64_t wm_accelerator_cache_bytes(const char *root, const char *pci);

#endif
