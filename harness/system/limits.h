/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h - how much memory and CPU time the kernel lets this process have. Private to harness/system. */
#ifndef WM_LIMITS_H
#define WM_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* A machine's own memory is one figure, what a container or a job may take of it another: both are kept. */
struct wm_limits {
	uint64_t total;        /* bytes, MemTotal; 0 = unknown */
	uint64_t available;    /* bytes, MemAvailable; 0 = unknown */
	bool has_cgroup;       /* /proc/self/cgroup could be read: the limits below are known */
	uint64_t cgroup_limit; /* bytes, least limit of our control group and its parents; UINT64_MAX = none */
	uint64_t cgroup_room;  /* bytes, least of (limit - use that cannot be reclaimed); UINT64_MAX = none */
	double cgroup_cpus;    /* CPU time a second, in CPUs; INFINITY = none */
};

/* Reads /proc/meminfo and the control groups, versions 1 and 2, under root ("" = the real machine). */
void wm_limits_read(const char *root, struct wm_limits *limits_p);

#endif
