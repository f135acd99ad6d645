/* SPDX-License-Identifier: Apache-2.0 */
/* plan_print.h - what a run would do, without doing it: `wattmark run --dry-run`. */
#ifndef WM_PLAN_PRINT_H
#define WM_PLAN_PRINT_H

#include "../core/cases.h"

/*
 * Prints a head line and one line per case, in the order of the cases, columns aligned and at least two blanks apart:
 *
 *   case      1-based place in the list
 *   problem   the problem without the core's axes that have their default
 *   device    device id
 *   impl      implementation
 *   cores     CPUs that the worker is bound to, list form
 *   numa      NUMA nodes that its host memory comes from, list form
 *   rotation  "SETS x BYTES = BYTES B": buffer sets x bytes of one set = bytes that a rotation goes through
 *   memory    "BYTES B": device memory taken, every buffer rounded to 4 KiB with a 4 KiB guard on both sides
 *
 * A case that cannot run has "skip: REASON" in place of the last two. "-" stands for an empty list; a device whose
 * memory is unknown is not checked for room. WM_FAILED when out cannot be written.
 */
enum wm_status wm_print_plan(FILE *out, const struct wm_cases *cases, const struct wm_device *devs, int ndevs);

#endif
