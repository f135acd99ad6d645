/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu_cuda.c - what CUDA gives to the host path of GPUs: names, numbers and words, from cuda.h and nvrtc.h of
 * CUDA 13.0. Of a function that has several versions the symbol named is the oldest whose parameters are those that we
 * declare: every later driver has it too, which is not so for what the newest header maps to. The youngest of them,
 * cuGraphInstantiateWithFlags, makes CUDA 11.4 the oldest driver.
 */
#include "gpu.h"
#include "gpu_cuda.h"
#include "nvml_state.h"

#include "system/sysfile.h"

#include <stdlib.h>
#include <string.h>

static struct wm_gpu_api api;
static struct wm_rtc_api rtc;

static const char *const libraries[] = {"libcuda.so.1", NULL};

static const char *const symbols[WM_GPU_FUNCTION_COUNT] = {
	[WM_GPU_AT_init] = "cuInit",
	[WM_GPU_AT_driver_version] = "cuDriverGetVersion",
	[WM_GPU_AT_device_count] = "cuDeviceGetCount",
	[WM_GPU_AT_device_get] = "cuDeviceGet",
	[WM_GPU_AT_device_name] = "cuDeviceGetName",
	[WM_GPU_AT_device_memory] = "cuDeviceTotalMem_v2",
	[WM_GPU_AT_device_attribute] = "cuDeviceGetAttribute",
	[WM_GPU_AT_device_pci] = "cuDeviceGetPCIBusId",
	[WM_GPU_AT_device_uuid] = "cuDeviceGetUuid_v2", /* 11.4; of a MIG instance its own, which v1 does not tell */
	[WM_GPU_AT_context_retain] = "cuDevicePrimaryCtxRetain",
	[WM_GPU_AT_context_release] = "cuDevicePrimaryCtxRelease_v2",
	[WM_GPU_AT_context_set] = "cuCtxSetCurrent",
	[WM_GPU_AT_memory_info] = "cuMemGetInfo_v2",
	[WM_GPU_AT_alloc] = "cuMemAlloc_v2",
	[WM_GPU_AT_release] = "cuMemFree_v2",
	[WM_GPU_AT_host_register] = "cuMemHostRegister_v2",
	[WM_GPU_AT_host_unregister] = "cuMemHostUnregister",
	[WM_GPU_AT_copy_in] = "cuMemcpyHtoDAsync_v2",
	[WM_GPU_AT_copy_out] = "cuMemcpyDtoHAsync_v2",
	[WM_GPU_AT_fill_bytes] = "cuMemsetD8Async",
	[WM_GPU_AT_queue_create] = "cuStreamCreate",
	[WM_GPU_AT_queue_wait] = "cuStreamSynchronize",
	[WM_GPU_AT_queue_destroy] = "cuStreamDestroy_v2",
	[WM_GPU_AT_event_create] = "cuEventCreate",
	[WM_GPU_AT_event_record] = "cuEventRecord",
	[WM_GPU_AT_event_wait] = "cuEventSynchronize",
	[WM_GPU_AT_event_between] = "cuEventElapsedTime",
	[WM_GPU_AT_event_destroy] = "cuEventDestroy_v2",
	[WM_GPU_AT_module_load] = "cuModuleLoadData",
	[WM_GPU_AT_module_function] = "cuModuleGetFunction",
	[WM_GPU_AT_module_unload] = "cuModuleUnload",
	[WM_GPU_AT_function_set] = "cuFuncSetAttribute",
	[WM_GPU_AT_launch] = "cuLaunchKernel",
	[WM_GPU_AT_capture_begin] = "cuStreamBeginCapture_v2",
	[WM_GPU_AT_capture_end] = "cuStreamEndCapture",
	[WM_GPU_AT_graph_instantiate] = "cuGraphInstantiateWithFlags", /* 11.4 */
	[WM_GPU_AT_graph_launch] = "cuGraphLaunch",
	[WM_GPU_AT_graph_destroy] = "cuGraphDestroy",
	[WM_GPU_AT_graph_drop] = "cuGraphExecDestroy",
	[WM_GPU_AT_error_name] = "cuGetErrorName",
};

static const char *const rtc_symbols[WM_RTC_FUNCTION_COUNT] = {
	[WM_RTC_AT_version] = "nvrtcVersion",
	[WM_RTC_AT_create] = "nvrtcCreateProgram",
	[WM_RTC_AT_compile] = "nvrtcCompileProgram",
	[WM_RTC_AT_log_size] = "nvrtcGetProgramLogSize",
	[WM_RTC_AT_log] = "nvrtcGetProgramLog",
	[WM_RTC_AT_code_size] = "nvrtcGetCUBINSize",
	[WM_RTC_AT_code] = "nvrtcGetCUBIN",
	[WM_RTC_AT_portable_size] = "nvrtcGetPTXSize",
	[WM_RTC_AT_portable] = "nvrtcGetPTX",
	[WM_RTC_AT_target_count] = "nvrtcGetNumSupportedArchs", /* 11.2 */
	[WM_RTC_AT_targets] = "nvrtcGetSupportedArchs",
	[WM_RTC_AT_destroy] = "nvrtcDestroyProgram",
	[WM_RTC_AT_error_text] = "nvrtcGetErrorString",
};

static const struct wm_gpu_absence absences[] = {
	{WM_CUDA_STUB_LIBRARY, "CUDA_ERROR_STUB_LIBRARY: this libcuda.so.1 is the toolkit's stub, no driver"},
	{WM_CUDA_NO_DEVICE, "CUDA_ERROR_NO_DEVICE: a driver, but no GPU that it lets this process use"},
	{0, NULL},
};

static const int foreign[] = {WM_CUDA_INVALID_IMAGE,           WM_CUDA_NO_BINARY_FOR_GPU,      WM_CUDA_INVALID_PTX,
                              WM_CUDA_UNSUPPORTED_PTX_VERSION, WM_CUDA_JIT_COMPILER_NOT_FOUND, 0};

/* ---- words -------------------------------------------------------------------------------------------------- */

/* A compiler that is newer than the driver makes code that the driver may not take: its own release first. */
static const char *const *rtc_libraries(int driver_version) {
	static const char *const from_13[] = {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", NULL};
	static const char *const from_12[] = {"libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so.13", NULL};
	static const char *const from_11[] = {"libnvrtc.so.11.2", "libnvrtc.so.12", "libnvrtc.so.13", NULL};

	return driver_version >= 13000 ? from_13 : driver_version >= 12000 ? from_12 : from_11;
}

/* The kernel's part has a version of its own, by which people know the driver. */
static void driver_text(int version, char *out, size_t room) {
	char kernel[64];
	int n = snprintf(out, room, "CUDA driver %d.%d", version / 1000, version % 1000 / 10);

	if (n > 0 && (size_t)n < room && wm_sysfile_line("", "/sys/module/nvidia/version", kernel, sizeof(kernel)))
		snprintf(out + n, room - (size_t)n, " (%s)", kernel);
}

/* From 9.0 on there are instructions that one capability alone has; "a" asks for them. */
static void target_text(int capability, char *out, size_t room) {
	snprintf(out, room, "sm_%d%s", capability, capability >= 90 ? "a" : "");
}

/*
 * CUDA C++ Programming Guide, "Binary Compatibility": code of a capability runs on that and on later minor ones of the
 * same major; with an "a" on exactly that one; PTX is compiled by the driver for anything later.
 */
void wm_cuda_choose_target(const char *targets, int capability, char *out, size_t room) {
	int best = -1;

	out[0] = '\0';
	for (const char *at = targets; *at; at += strspn(at, " \n")) {
		int length = (int)strcspn(at, " \n"), number = 0, used = 0, rank = -1;
		bool is_ptx = sscanf(at, "compute_%d%n", &number, &used) == 1;
		bool exact;

		if (!is_ptx && sscanf(at, "sm_%d%n", &number, &used) != 1)
			used = length;
		exact = at[used] == 'a';
		if (exact ? number == capability : number <= capability && (is_ptx || number / 10 == capability / 10))
			rank = (is_ptx ? 0 : 4096) + 2 * number + exact;
		if (rank > best && number > 0) {
			best = rank;
			snprintf(out, room, "%.*s", length, at);
		}
		at += length;
	}
}

/* ---- the backend -------------------------------------------------------------------------------------------- */

static const struct wm_gpu_vendor cuda = {
	.backend = "cuda",
	.maker = "NVIDIA",
	.libraries = libraries,
	.symbols = symbols,
	.order = {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"},
	.attributes = {[WM_GPU_MAJOR] = WM_CUDA_CAPABILITY_MAJOR,
                   [WM_GPU_MINOR] = WM_CUDA_CAPABILITY_MINOR,
                   [WM_GPU_UNITS] = WM_CUDA_MULTIPROCESSOR_COUNT,
                   [WM_GPU_CLOCK] = WM_CUDA_CLOCK_RATE,
                   [WM_GPU_MEMORY_CLOCK] = WM_CUDA_MEMORY_CLOCK_RATE,
                   [WM_GPU_CACHE] = WM_CUDA_L2_CACHE_SIZE,
                   [WM_GPU_ECC] = WM_CUDA_ECC_ENABLED,
                   [WM_GPU_MODE] = WM_CUDA_COMPUTE_MODE},
	.oldest = WM_CUDA_OLDEST,
	.mode_prohibited = WM_CUDA_COMPUTE_PROHIBITED,
	.absences = absences,
	.foreign = foreign,
	.compiler = "NVRTC",
	.rtc_symbols = rtc_symbols,
	.own_header = "kernels/cuda/ptx.h",
	.made = "kernels/cuda/compiler",
	.rtc_libraries = rtc_libraries,
	.driver_text = driver_text,
	.target_text = target_text,
	.choose_target = wm_cuda_choose_target,
	.api = &api,
	.rtc = &rtc,
};

static enum wm_status find(struct wm_device *devs, int max, int *n_p) {
	enum wm_status st = wm_gpu_find(&cuda, devs, max, n_p);

	if (st == WM_OK)
		wm_nvml_state(devs, *n_p);
	return st;
}

static enum wm_status open_device(struct wm_device *dev) {
	return wm_gpu_open(&cuda, dev);
}

const struct wm_backend wm_backend_cuda = {
	.name = "cuda",
	.about = "NVIDIA GPUs, through the CUDA driver",
	.asynchronous = true,
	.probe_s = 60, /* the first to use 8 GPUs without persistence mode waits for seconds for each */
	.find = find,
	.open = open_device,
	.close = wm_gpu_close,
	.alloc = wm_gpu_alloc,
	.view = wm_gpu_view,
	.free = wm_gpu_free,
	.put = wm_gpu_put,
	.get = wm_gpu_get,
	.sync = wm_gpu_sync,
	.mark = wm_gpu_mark,
	.wait = wm_gpu_wait,
	.between = wm_gpu_between,
	.rouse = wm_gpu_rouse,
	.build = wm_gpu_build,
	.launch = wm_gpu_launch,
	.unbuild = wm_gpu_unbuild,
	.record_begin = wm_gpu_record_begin,
	.record_end = wm_gpu_record_end,
	.play = wm_gpu_play,
	.forget = wm_gpu_forget,
	.load = wm_gpu_load,
	.made_by = wm_gpu_made_by,
	.native = wm_gpu_native,
};
