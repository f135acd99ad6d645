/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amd_socket.h - what the amdgpu driver's files say of one AMD GPU, by its PCI address: power limit, clock,
 * temperature, time held back. The meters amdgpu, amdsmi and rocmsmi share it.
 */
#ifndef WM_AMD_SOCKET_H
#define WM_AMD_SOCKET_H

#include "files.h"
#include "gpu_metrics.h"

/* One step of the energy counter of every AMD GPU: 2^-16 J (kgd_pp_interface.h: "15.259uJ (2^-16) units"). */
#define WM_AMD_JOULES_PER_COUNT (1.0 / 65536)
/* The driver asks the firmware for its table again when the last one is older than 1 ms (Linux, smu_cmn.c). */
#define WM_AMD_REFRESH_S 0.001

/* An open GPU. */
struct wm_amd_socket {
	int table;                  /* gpu_metrics; -1: there is none */
	struct wm_number cap;       /* power1_cap */
	struct wm_gpu_metrics last; /* what was read last */
	bool seen;                  /* last is set */
	double thermal_s, capped_s; /* added up since open */
	struct wm_reading aside;    /* wm_amd_socket_aside */
	double aside_at_s;
};

/* WM_FAILED + why gpu_metrics of that GPU cannot be read. The socket is closed by wm_amd_socket_close, also after a
 * failure, and can be read (all NAN). */
enum wm_status wm_amd_socket_open(const char *root, const char *pci, struct wm_amd_socket *socket_p);
void wm_amd_socket_close(struct wm_amd_socket *socket);
/* All that the files tell now; *metrics_p (may be NULL) is the table itself. WM_FAILED + reason: no table this time. */
enum wm_status wm_amd_socket_read(struct wm_amd_socket *socket, struct wm_reading *reading_p,
                                  struct wm_gpu_metrics *metrics_p);
/*
 * For meters that read energy by other means: socket->aside becomes what the files tell, without joules, watts and own
 * clock, NAN where they tell nothing; at most ten times a second, since each look costs as much as one at the counter.
 * Is it new?
 */
bool wm_amd_socket_aside(struct wm_amd_socket *socket);
/* The greatest power limit that can be set, watts; NAN: unknown. */
double wm_amd_socket_limit(const char *root, const char *pci);

/* "0000:41:00.0" of a number whose low 16 bits are bus, device and function. */
void wm_amd_address(uint64_t domain, uint64_t bus_device_function, char pci[16]);
/* A source of that meter at that address, with everything set that all AMD GPUs share. */
void wm_amd_source(const char *meter, const char *root, const char *pci, struct wm_source *source_p);
/* A library's count as joules and its clock as seconds; NAN for what it marks as missing. */
void wm_amd_count(uint64_t counts, float microjoules, uint64_t nanoseconds, double *joules_p, double *own_s_p);
/* The power as a reading has it: NAN for 0, which no GPU that answers draws. */
double wm_amd_watts(double watts);
/* Kind, step and range from what was read, or why there is nothing to read. NAN: none. */
void wm_amd_kind(double joules, double watts, struct wm_source *source);

#endif
