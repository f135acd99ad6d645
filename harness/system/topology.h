/* SPDX-License-Identifier: Apache-2.0 */
/* topology.h - what hwloc knows of the machine: cores, caches, NUMA, where a device hangs. Private. */
#ifndef WM_TOPOLOGY_H
#define WM_TOPOLOGY_H

#include "core/wm.h"

struct wm_topology; /* owns an hwloc topology */

/* path NULL: this machine (components opencl, gl, cuda, nvml, rsmi, levelzero kept out); else a file of hwloc XML,
 * never falling back to the real machine. WM_INPUT for a bad file, WM_FAILED else. */
enum wm_status wm_topology_open(const char *path, struct wm_topology **topo_p);
void wm_topology_close(struct wm_topology *topo);
bool wm_topology_is_real(const struct wm_topology *topo);
/* Bytes of all NUMA nodes; 0 where there are nodes that this process may not use, of which hwloc tells nothing. */
uint64_t wm_topology_memory(const struct wm_topology *topo);
/* Writes hwloc's XML (version 2 form). */
enum wm_status wm_topology_write(const struct wm_topology *topo, const char *path);

/*
 * A host device: id "host" (all cores that this process may use), "host:package=N", "host:numa=N",
 * "host:cores=N" (the first N of them; with more than there are the device is off and says so) or "host:cpus=LIST".
 * Fills id, backend, name, arch, cpuset (one PU a core), nodeset, threads, units, caches (every
 * instance from L2 up that one of its cores uses), memory (of its NUMA nodes; free = least of MemAvailable and the
 * cgroup's room). WM_INPUT + what exists instead, when the part does not exist or is not allowed.
 */
enum wm_status wm_topology_host(const struct wm_topology *topo, const char *id, struct wm_device *dev_p);
/* For any other device: fills cpuset and nodeset from its PCI address (the nearest cores; all when unknown). With
 * dev->on_host: cpuset, nodeset, threads, cache_bytes and memory as the host device has them, and name, arch and
 * units where the backend left them unknown. */
enum wm_status wm_topology_near(const struct wm_topology *topo, struct wm_device *dev);
/* The packages, as the system numbers them, that the PUs of a list lie in, in rising order; at most max. 0: the list
 * is none, or hwloc knows no package. */
int wm_topology_packages(const struct wm_topology *topo, const char *cpuset, int *packages, int max);
/* The usable PUs that are not in the list and share no core with one that is: "" = none. */
void wm_topology_spare(const struct wm_topology *topo, const char *cpuset, char *out, size_t room);
/* Accelerators that the topology shows as PCI devices, for dry runs without the machine: ids as their backend
 * would give them, cache and memory from results/reference/accelerators.ini by PCI id, else 0. */
enum wm_status wm_topology_accelerators(const struct wm_topology *topo, struct wm_device *devs, int max, int *n_p);

/* Binds the calling process (all its threads) to a list of PUs, and its memory to the node where nodeset holds exactly
 * one (preferred, not strict); with none or several, memory stays where it is first written. WM_FAILED + the list. */
enum wm_status wm_bind_process(const struct wm_topology *topo, const char *cpuset, const char *nodeset);
/* Binds the calling thread to the nth PU of the list. */
enum wm_status wm_bind_thread(const struct wm_topology *topo, const char *cpuset, int nth);
/* How many PUs the list holds. */
int wm_cpuset_count(const char *cpuset);
/* PUs number from .. from + n - 1 of the list, counted from 0, as a list. */
void wm_cpuset_part(const char *cpuset, int from, int n, char *out, size_t room);
/* Adds the numbers of a list to another, which has that much room; "" is a list without any. */
void wm_cpuset_add(char *list, size_t room, const char *more);

#endif
