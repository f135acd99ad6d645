/* SPDX-License-Identifier: Apache-2.0 */
/* environment.h - one picture of the machine for run.json: every key has a value or says why it is unknown. */
#ifndef WM_ENVIRONMENT_H
#define WM_ENVIRONMENT_H

#include <jansson.h>

/* An object of strings and numbers: host, kernel, os, cpu, boot_id, governor, turbo, numa_balancing, huge pages,
 * load average, memory, cgroup limits, virtualisation, compiler and flags of this binary, its git state, its
 * checksum, hwloc and jansson versions. Unknown: {"unknown": "reason"}. root: "" or a folder that stands for /,
 * which tests use. New reference, never NULL. */
json_t *wm_environment(const char *root);
/* FNV-1a 64 of /proc/self/exe as 16 hex digits: the "binary" that --resume compares. */
void wm_binary_id(char out[17]);

#endif
