/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cuda.c - what harness/backends/gpu_api.h and gpu_cuda.h declare of the CUDA driver and of NVRTC, held against the
 * installed cuda.h and nvrtc.h (CUDA 11.8 to 13.0) by compiling this. Functions are called by the very symbols that
 * gpu_cuda.c asks for: with this macro cuda.h declares all versions of a function and maps no name to another.
 */
#define __CUDA_API_VERSION_INTERNAL
#include "../../harness/backends/gpu_api.h"
#include "../../harness/backends/gpu_cuda.h"

#include <cuda.h>
#include <nvrtc.h>

#define SAME(ours, theirs) _Static_assert((int)(ours) == (int)(theirs), #theirs)

SAME(WM_GPU_SUCCESS, CUDA_SUCCESS);
SAME(WM_GPU_OUT_OF_MEMORY, CUDA_ERROR_OUT_OF_MEMORY);
SAME(WM_GPU_QUEUE_NON_BLOCKING, CU_STREAM_NON_BLOCKING);
SAME(WM_GPU_DYNAMIC_SHARED, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
SAME(WM_GPU_CAPTURE_THIS_THREAD, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
SAME(WM_CUDA_COMPUTE_PROHIBITED, CU_COMPUTEMODE_PROHIBITED);
SAME(WM_CUDA_STUB_LIBRARY, CUDA_ERROR_STUB_LIBRARY);
SAME(WM_CUDA_NO_DEVICE, CUDA_ERROR_NO_DEVICE);
SAME(WM_CUDA_INVALID_IMAGE, CUDA_ERROR_INVALID_IMAGE);
SAME(WM_CUDA_NO_BINARY_FOR_GPU, CUDA_ERROR_NO_BINARY_FOR_GPU);
SAME(WM_CUDA_INVALID_PTX, CUDA_ERROR_INVALID_PTX);
SAME(WM_CUDA_JIT_COMPILER_NOT_FOUND, CUDA_ERROR_JIT_COMPILER_NOT_FOUND);
SAME(WM_CUDA_UNSUPPORTED_PTX_VERSION, CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
SAME(WM_CUDA_CLOCK_RATE, CU_DEVICE_ATTRIBUTE_CLOCK_RATE);
SAME(WM_CUDA_MULTIPROCESSOR_COUNT, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
SAME(WM_CUDA_COMPUTE_MODE, CU_DEVICE_ATTRIBUTE_COMPUTE_MODE);
SAME(WM_CUDA_ECC_ENABLED, CU_DEVICE_ATTRIBUTE_ECC_ENABLED);
SAME(WM_CUDA_MEMORY_CLOCK_RATE, CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE);
SAME(WM_CUDA_L2_CACHE_SIZE, CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE);
SAME(WM_CUDA_CAPABILITY_MAJOR, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
SAME(WM_CUDA_CAPABILITY_MINOR, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
SAME(0, NVRTC_SUCCESS);

_Static_assert(sizeof(CUdeviceptr) == sizeof(void *), "an address is passed as a pointer is");
_Static_assert(sizeof(CUresult) == sizeof(int) && sizeof(CUdevice) == sizeof(int) &&
                   sizeof(CUdevice_attribute) == sizeof(int) && sizeof(CUfunction_attribute) == sizeof(int) &&
                   sizeof(CUstreamCaptureMode) == sizeof(int) && sizeof(nvrtcResult) == sizeof(int),
               "an enum is passed as an int");
_Static_assert(sizeof(struct wm_gpu_uuid) == sizeof(CUuuid), "UUID");

/* A handle is a pointer, and a place for one a pointer to that. */
#define HANDLE(type) _Static_assert(sizeof(type) == sizeof(void *), #type " is a pointer")
HANDLE(CUcontext);
HANDLE(CUstream);
HANDLE(CUevent);
HANDLE(CUmodule);
HANDLE(CUfunction);
HANDLE(CUgraph);
HANDLE(CUgraphExec);
HANDLE(nvrtcProgram);

/* The driver's functions take our arguments, one for one: variables have the types of gpu_api.h. */
int driver(void *context, void *queue, void *event, void *module, void *function, void *graph, void *executable);
int driver(void *context, void *queue, void *event, void *module, void *function, void *graph, void *executable) {
	int i, n = 0;
	unsigned u = 0;
	size_t bytes, all;
	char text[8];
	const char *name;
	float milliseconds;
	struct wm_gpu_uuid uuid;
	void *host = NULL, *args[1] = {NULL};
	CUdeviceptr address;

	return (int)cuInit(u) | (int)cuDriverGetVersion(&i) | (int)cuDeviceGetCount(&i) | (int)cuDeviceGet(&i, n) |
	       (int)cuDeviceGetName(text, n, n) | (int)cuDeviceTotalMem_v2(&bytes, n) |
	       (int)cuDeviceGetAttribute(&i, (CUdevice_attribute)n, n) | (int)cuDeviceGetPCIBusId(text, n, n) |
	       (int)cuDeviceGetUuid_v2((CUuuid *)&uuid, n) | (int)cuDevicePrimaryCtxRetain((CUcontext *)&context, n) |
	       (int)cuDevicePrimaryCtxRelease_v2(n) | (int)cuCtxSetCurrent(context) | (int)cuMemGetInfo_v2(&bytes, &all) |
	       (int)cuMemAlloc_v2(&address, bytes) | (int)cuMemFree_v2(address) |
	       (int)cuMemHostRegister_v2(host, bytes, u) | (int)cuMemHostUnregister(host) |
	       (int)cuMemcpyHtoDAsync_v2(address, (const void *)host, bytes, queue) |
	       (int)cuMemcpyDtoHAsync_v2(host, address, bytes, queue) |
	       (int)cuMemsetD8Async(address, (unsigned char)u, bytes, queue) | (int)cuStreamCreate((CUstream *)&queue, u) |
	       (int)cuStreamSynchronize(queue) | (int)cuStreamDestroy_v2(queue) | (int)cuEventCreate((CUevent *)&event, u) |
	       (int)cuEventRecord(event, queue) | (int)cuEventSynchronize(event) |
	       (int)cuEventElapsedTime(&milliseconds, event, event) | (int)cuEventDestroy_v2(event) |
	       (int)cuModuleLoadData((CUmodule *)&module, (const void *)host) |
	       (int)cuModuleGetFunction((CUfunction *)&function, module, (const char *)text) | (int)cuModuleUnload(module) |
	       (int)cuFuncSetAttribute(function, (CUfunction_attribute)n, n) |
	       (int)cuLaunchKernel(function, u, u, u, u, u, u, u, queue, args, args) |
	       (int)cuStreamBeginCapture_v2(queue, (CUstreamCaptureMode)n) |
	       (int)cuStreamEndCapture(queue, (CUgraph *)&graph) |
	       (int)cuGraphInstantiateWithFlags((CUgraphExec *)&executable, graph, 0ULL) |
	       (int)cuGraphLaunch(executable, queue) | (int)cuGraphDestroy(graph) | (int)cuGraphExecDestroy(executable) |
	       (int)cuGetErrorName((CUresult)n, &name) |
	       /* of kernels/libs/copy_driver.c */
	       (int)cuMemcpyDtoDAsync_v2(address, address, bytes, queue);
}

/* NVRTC's. */
int compiler(void *program);
int compiler(void *program) {
	int major, minor;
	size_t bytes;
	char text[8];
	const char *const *texts = NULL;

	return (int)nvrtcVersion(&major, &minor) |
	       (int)nvrtcCreateProgram((nvrtcProgram *)&program, text, text, major, texts, texts) |
	       (int)nvrtcCompileProgram(program, major, texts) | (int)nvrtcGetProgramLogSize(program, &bytes) |
	       (int)nvrtcGetProgramLog(program, text) | (int)nvrtcGetCUBINSize(program, &bytes) |
	       (int)nvrtcGetCUBIN(program, text) | (int)nvrtcGetPTXSize(program, &bytes) | (int)nvrtcGetPTX(program, text) |
	       (int)nvrtcGetNumSupportedArchs(&major) | (int)nvrtcGetSupportedArchs(&minor) |
	       (int)nvrtcDestroyProgram((nvrtcProgram *)&program) | (nvrtcGetErrorString((nvrtcResult)major) != NULL);
}
