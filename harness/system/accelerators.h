/* SPDX-License-Identifier: Apache-2.0 */
/* accelerators.h - what is published of accelerators, for drivers that do not say it. */
#ifndef WM_ACCELERATORS_H
#define WM_ACCELERATORS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Bytes of all caches from L2 up of the device at a PCI address ("0000:41:00.0"), as
 * results/reference/accelerators.ini has them for its PCI ids; 0 = not known there, or no device at that address.
 * root is "" for the real machine, else a folder that stands for /.
 */
uint64_t wm_accelerator_cache_bytes(const char *root, const char *pci);

/* The PCI ids, "10de:2330", of the device at an address in a file of hwloc XML; false when it holds no such device or
 * cannot be read. */
enum { WM_PCI_IDS_CHARS = 16 };
bool wm_accelerator_ids(const char *xml, const char *pci, char ids[WM_PCI_IDS_CHARS]);

#endif
