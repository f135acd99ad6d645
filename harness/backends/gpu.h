/* SPDX-License-Identifier: Apache-2.0 */
/* gpu.h - the host path that GPU vendors share, and what a vendor gives to it. Private to backends/gpu*.c. */
#ifndef WM_GPU_H
#define WM_GPU_H

#include "core/wm.h"
#include "gpu_api.h"

/* Places of the functions in their table, to find a name by. */
enum wm_gpu_function {
#define X(member, parameters) WM_GPU_AT_##member,
	WM_GPU_FUNCTIONS(X)
#undef X
		WM_GPU_FUNCTION_COUNT
};
enum wm_rtc_function {
#define X(result, member, parameters) WM_RTC_AT_##member,
	WM_RTC_FUNCTIONS(X)
#undef X
		WM_RTC_FUNCTION_COUNT
};

/* What one vendor is: names and numbers, and the few things that only he words so. */
struct wm_gpu_vendor {
	const char *backend;          /* "cuda" */
	const char *maker;            /* "NVIDIA" */
	const char *const *libraries; /* of the driver, NULL-terminated */
	const char *const *symbols;   /* in the order of WM_GPU_FUNCTIONS */
	const char *order[2];         /* name and value of the variable that numbers devices by PCI address */
	int attributes[WM_GPU_ATTRIBUTE_COUNT];
	int oldest;          /* version of the driver that all of this needs */
	int mode_prohibited; /* value of WM_GPU_MODE */
	const struct wm_gpu_absence {
		int code;
		const char *words;
	} * absences;         /* results of init that mean: none here; ended by 0 */
	const int *foreign;   /* results of module_load that mean: not code for this device or driver; ended by 0 */
	const char *compiler; /* name of the run-time compiler, "NVRTC" */
	const char *const *rtc_symbols; /* in the order of WM_RTC_FUNCTIONS */
	const char *own_header;         /* embedded text that stands before texts of this vendor alone; may be missing */
	const char *made;               /* embedded text that says what compiled ahead: "nvcc 13.0.88 -O3" */
	/* Libraries of the run-time compiler for a driver of that version, the best first; NULL-terminated. */
	const char *const *(*rtc_libraries)(int driver_version);
	/* "CUDA driver 13.0 (580.65.06)" */
	void (*driver_text)(int version, char *out, size_t room);
	/* The target of a compute capability, 90 for 9.0, with all that only this device has: "sm_90a". */
	void (*target_text)(int capability, char *out, size_t room);
	/* What of a text's targets ("sm_80 sm_90a compute_80") the driver takes for that capability; "" = nothing. */
	void (*choose_target)(const char *targets, int capability, char *out, size_t room);

	/* Filled when the libraries are opened. */
	struct wm_gpu_api *api;
	struct wm_rtc_api *rtc;
};

/* Memory for small buffers: a block of the driver's, of which parts are given out from its start. */
struct wm_gpu_block {
	char *at;
	size_t bytes, used;
	int live; /* parts given out and not freed */
};

/* An open device: one context, one queue. */
struct wm_gpu_place {
	const struct wm_gpu_vendor *vendor;
	int device, capability, driver_version;
	bool retained, registered;
	void *context, *queue;
	void *marks[WM_MAX_MARKS];
	bool marked[WM_MAX_MARKS];
	void *staging; /* pinned host memory that every copy goes through */
	void *rouse_at;
	struct wm_gpu_block *blocks;
	int nblocks;
};

/*
 * A call of the driver: WM_OK, or WM_NOMEM or WM_FAILED with the function's name and the error's:
 * WM_GPU(v, queue_wait, queue).
 */
#define WM_GPU(v, member, ...) wm_gpu_done(v, WM_GPU_AT_##member, (v)->api->member(__VA_ARGS__))
enum wm_status wm_gpu_done(const struct wm_gpu_vendor *v, enum wm_gpu_function function, int code);
/* Name of an error code, as the driver has it; static. */
const char *wm_gpu_error_name(const struct wm_gpu_vendor *v, int code);

/* Members of struct wm_backend that need to be told the vendor. */
enum wm_status wm_gpu_find(const struct wm_gpu_vendor *v, struct wm_device *devs, int max, int *n_p);
enum wm_status wm_gpu_open(const struct wm_gpu_vendor *v, struct wm_device *dev);

/* Those that find him in dev->priv. */
void wm_gpu_close(struct wm_device *dev);
enum wm_status wm_gpu_alloc(struct wm_device *dev, size_t bytes, struct wm_buf *buf_p);
enum wm_status wm_gpu_view(struct wm_device *dev, const struct wm_buf *whole, size_t offset, size_t bytes,
                           struct wm_buf *view_p);
void wm_gpu_free(struct wm_device *dev, struct wm_buf *buf);
enum wm_status wm_gpu_put(struct wm_device *dev, const struct wm_buf *dst, size_t offset, const void *src,
                          size_t bytes);
enum wm_status wm_gpu_get(struct wm_device *dev, void *dst, const struct wm_buf *src, size_t offset, size_t bytes);
enum wm_status wm_gpu_sync(struct wm_device *dev);
enum wm_status wm_gpu_mark(struct wm_device *dev, int slot);
enum wm_status wm_gpu_wait(struct wm_device *dev, int slot);
enum wm_status wm_gpu_between(struct wm_device *dev, int from, int to, double *seconds_p);
enum wm_status wm_gpu_rouse(struct wm_device *dev, double seconds);
void *wm_gpu_native(struct wm_device *dev, const char *what);

/* gpu_code.c */
enum wm_status wm_gpu_build(struct wm_device *dev, const char *text, const char *flags, void **module_p);
enum wm_status wm_gpu_load(struct wm_device *dev, const char *path, void **module_p);
const char *wm_gpu_made_by(struct wm_device *dev, void *module);
enum wm_status wm_gpu_launch(struct wm_device *dev, void *module, const char *entry, const struct wm_grid *grid,
                             const struct wm_arg *args, int nargs);
void wm_gpu_unbuild(struct wm_device *dev, void *module);

/* gpu_graph.c */
enum wm_status wm_gpu_record_begin(struct wm_device *dev);
enum wm_status wm_gpu_record_end(struct wm_device *dev, void **recording_p);
enum wm_status wm_gpu_play(struct wm_device *dev, void *recording);
void wm_gpu_forget(struct wm_device *dev, void *recording);

#endif
