/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu_api.h - what the host path of GPUs calls: the entry points that the CUDA driver API and HIP's module API share,
 * and those of their run-time compilers (NVRTC, hipRTC). Our own declarations: a handle is a pointer, a device address
 * a pointer (CUDA says CUdeviceptr, a 64-bit integer, which is passed the same way), an enum an int, and every function
 * returns 0 when all is well. Names and numbers are the vendor's: gpu_cuda.c. tests/abi holds them against cuda.h and
 * nvrtc.h.
 */
#ifndef WM_GPU_API_H
#define WM_GPU_API_H

#include <stdbool.h>
#include <stddef.h>

struct wm_gpu_uuid {
	unsigned char bytes[16];
};

/* X(member, parameters). Comments name what is not plain from the name. */
#define WM_GPU_FUNCTIONS(X)                                                                                        \
	X(init, (unsigned flags))                                                                                      \
	X(driver_version, (int *version))                                                                              \
	X(device_count, (int *n))                                                                                      \
	X(device_get, (int *device, int ordinal))                                                                      \
	X(device_name, (char *name, int room, int device))                                                             \
	X(device_memory, (size_t * bytes, int device))                                                                 \
	X(device_attribute, (int *value, int attribute, int device))                                                   \
	X(device_pci, (char *address, int room, int device))                                                           \
	X(device_uuid, (struct wm_gpu_uuid * uuid, int device))                                                        \
	X(context_retain, (void **context, int device))                                                                \
	X(context_release, (int device))                                                                               \
	X(context_set, (void *context))                                                                                \
	X(memory_info, (size_t * free_bytes, size_t * bytes))                                                          \
	X(alloc, (void **address, size_t bytes))                                                                       \
	X(release, (void *address))                                                                                    \
	X(host_register, (void *host, size_t bytes, unsigned flags))                                                   \
	X(host_unregister, (void *host))                                                                               \
	X(copy_in, (void *device, const void *host, size_t bytes, void *queue))                                        \
	X(copy_out, (void *host, void *device, size_t bytes, void *queue))                                             \
	X(fill_bytes, (void *device, unsigned char value, size_t bytes, void *queue))                                  \
	X(queue_create, (void **queue, unsigned flags))                                                                \
	X(queue_wait, (void *queue))                                                                                   \
	X(queue_destroy, (void *queue))                                                                                \
	X(event_create, (void **event, unsigned flags))                                                                \
	X(event_record, (void *event, void *queue))                                                                    \
	X(event_wait, (void *event))                                                                                   \
	X(event_between, (float *milliseconds, void *from, void *to))                                                  \
	X(event_destroy, (void *event))                                                                                \
	X(module_load, (void **module, const void *image))                                                             \
	X(module_function, (void **function, void *module, const char *name))                                          \
	X(module_unload, (void *module))                                                                               \
	X(function_set, (void *function, int attribute, int value))                                                    \
	X(launch, (void *function, unsigned groups_x, unsigned groups_y, unsigned groups_z, unsigned items_x,          \
	           unsigned items_y, unsigned items_z, unsigned shared_bytes, void *queue, void **args, void **extra)) \
	X(capture_begin, (void *queue, int mode))                                                                      \
	X(capture_end, (void *queue, void **graph))                                                                    \
	X(graph_instantiate, (void **executable, void *graph, unsigned long long flags))                               \
	X(graph_launch, (void *executable, void *queue))                                                               \
	X(graph_destroy, (void *graph))                                                                                \
	X(graph_drop, (void *executable))                                                                              \
	X(error_name, (int code, const char **name))

/* One pointer per function, in the order of the list. */
struct wm_gpu_api {
#define X(member, parameters) int(*member) parameters;
	WM_GPU_FUNCTIONS(X)
#undef X
};

/* X(result, member, parameters): of a run-time compiler. A program is what it is given, code what it makes for one
 * target, portable code what the driver compiles further. */
#define WM_RTC_FUNCTIONS(X)                                                                          \
	X(int, version, (int *major, int *minor))                                                        \
	X(int, create,                                                                                   \
	  (void **program, const char *text, const char *name, int nheaders, const char *const *headers, \
	   const char *const *header_names))                                                             \
	X(int, compile, (void *program, int n, const char *const *options))                              \
	X(int, log_size, (void *program, size_t *bytes))                                                 \
	X(int, log, (void *program, char *text))                                                         \
	X(int, code_size, (void *program, size_t *bytes))                                                \
	X(int, code, (void *program, char *code))                                                        \
	X(int, portable_size, (void *program, size_t *bytes))                                            \
	X(int, portable, (void *program, char *code))                                                    \
	X(int, target_count, (int *n))                                                                   \
	X(int, targets, (int *targets))                                                                  \
	X(int, destroy, (void **program))                                                                \
	X(const char *, error_text, (int code))

struct wm_rtc_api {
#define X(result, member, parameters) result(*member) parameters;
	WM_RTC_FUNCTIONS(X)
#undef X
};

/* X(enum suffix): what a driver is asked of a device; each vendor has its own numbers. */
#define WM_GPU_ATTRIBUTES(X)                           \
	X(MAJOR)        /* of the compute capability .. */ \
	X(MINOR)        /* .. */                           \
	X(UNITS)        /* multiprocessors */              \
	X(CLOCK)        /* of them at most, kHz */         \
	X(MEMORY_CLOCK) /* kHz */                          \
	X(CACHE)        /* bytes of L2 */                  \
	X(ECC)          /* 1: on */                        \
	X(MODE)         /* who may use it: vendor's numbers */

enum wm_gpu_attribute {
#define X(id) WM_GPU_##id,
	WM_GPU_ATTRIBUTES(X)
#undef X
		WM_GPU_ATTRIBUTE_COUNT
};

/* Numbers that are the same for both vendors. */
enum {
	WM_GPU_SUCCESS = 0,
	WM_GPU_OUT_OF_MEMORY = 2,
	WM_GPU_QUEUE_NON_BLOCKING = 1,
	WM_GPU_DYNAMIC_SHARED = 8,     /* attribute of a function: most dynamic shared memory, bytes */
	WM_GPU_CAPTURE_THIS_THREAD = 1 /* mode: another thread may do what it likes */
};

#endif
