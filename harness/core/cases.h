/* SPDX-License-Identifier: Apache-2.0 */
/* cases.h - a case is problem x device x implementation; its id is stable across runs. Private to the harness. */
#ifndef WM_CASES_H
#define WM_CASES_H

#include "job.h"

#define WM_METHOD "1.0" /* of method.md; the major number changes with any meaning */
#define WM_METHOD_MAJOR 1
#define WM_SCHEMA 1 /* of the records; results/schema.json */

struct wm_case {
	char id[17]; /* 16 hex digits, see wm_cases_expand */
	struct wm_problem problem;
	const struct wm_impl *impl;
	int device; /* index into the run's device table */
	bool weigh;
	double expect_s; /* estimated wall time of one replicate's start and verification: 1 s, 8 times the bytes of a
	                  * set at 1e9 B/s, and prepare_s; the profile's warm-up and sampling come on top */
};

/* A growing list. Start from {0}; released by wm_cases_free. */
struct wm_cases {
	struct wm_case *v;
	size_t n, room;
};
void wm_cases_free(struct wm_cases *cases);

/* What joins records of one device across runs and reboots: UUID, else PCI address, else id and name. */
void wm_device_key(const struct wm_device *dev, char *out, size_t room);

/*
 * All cases of a suite: every job's problems x devices x implementations. devices and impls are '/' lists from the
 * command line ("" = the job's, else all found; impls: all that are registered for the benchmark and backend and
 * not asked_only). A device word is a device id, a backend's name (all of its devices) or "all"; parts of the host
 * (host:..) are in neither of the last two. Groups are for collectives alone, and the group of all devices of a backend
 * takes the place of these for them. A device that is off stays: its rows say why. Each case once.
 *
 * A case's id is FNV-1a 64 of problem, backend, device key, implementation and method major, each ended by a 0 byte.
 * Two devices of one backend may have one key (a card under two OpenCL platforms): then the later one's own id
 * takes the place of the key.
 *
 * WM_INPUT: a device or implementation that does not exist (nearest named), or nothing left to run. Devices of the
 * form host:numa=0 or cuda:0-3 must be in devs already (see wm_device_requests).
 */
enum wm_status wm_cases_expand(const struct wm_suite *suite, const struct wm_device *devs, int ndevs,
                               const char *devices, const char *impls, struct wm_cases *cases);
/*
 * The devices that are there only when asked for: of the '/' list devices or, when that is "", of the jobs' device
 * keys, every word that begins with "host:" and every group; and where all devices of a backend are asked for by a job
 * with a collective, the group of them. Each once, at most max.
 */
int wm_device_requests(const struct wm_suite *suite, const struct wm_device *devs, int ndevs, const char *devices,
                       char (*out)[96], int max);
/* Fisher-Yates by wm_random(seed, 0x53485546, ..): the same order for the same seed. */
void wm_cases_shuffle(struct wm_cases *cases, uint64_t seed);
/*
 * How many buffer sets the problem's rotation needs on a device with that much cache: hot 1; cold enough that the
 * sets together hold 2 x cache_bytes (method 1), and at least two, so that a kernel that is stuck on one set shows.
 * WM_SKIP + reason when cold cannot be promised: the size of the cache is unknown (0), a memory benchmark's smallest
 * input is below cold_factor x cache_bytes, or more than WM_MAX_SETS are needed.
 */
enum { WM_MIN_COLD_SETS = 2, WM_MAX_SETS = 65536 };
enum wm_status wm_rotation_sets(const struct wm_problem *p, uint64_t cache_bytes, int *sets_p);

#endif
