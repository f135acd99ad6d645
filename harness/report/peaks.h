/* SPDX-License-Identifier: Apache-2.0 */
/* peaks.h - datasheet peaks of rows (method 7), from results/reference/peaks.ini. Private to the reports. */
#ifndef WM_PEAKS_H
#define WM_PEAKS_H

#include "intern.h"
#include "rows.h"

/*
 * Sets peak, peak_most, peak_source, peak_why, peak_note and sku of every row, by the name of its device, or by its PCI
 * id in the bundle's topology.xml; an ok row above what its device can do becomes suspect. Texts go to texts.
 */
void wm_peaks_set(struct wm_rows *rows, struct wm_intern *texts);

#endif
