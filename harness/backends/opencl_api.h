/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opencl_api.h - the part of the OpenCL 1.2 API that opencl.c calls, resolved at run time, and its error
 * names. Types and constants are those of the Khronos headers. Private to opencl.c.
 */
#ifndef WM_OPENCL_API_H
#define WM_OPENCL_API_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <CL/cl_ext.h>

/* cl_khr_pci_bus_info is younger than the headers of Debian 11, which the portable binary is built with. */
#ifndef CL_DEVICE_PCI_BUS_INFO_KHR
#define CL_DEVICE_PCI_BUS_INFO_KHR 0x410F
typedef struct {
	cl_uint pci_domain, pci_bus, pci_device, pci_function;
} cl_device_pci_bus_info_khr;
#endif

/* X(name without "cl"): every function used. */
#define WM_CL_FUNCTIONS(X)       \
	X(GetPlatformIDs)            \
	X(GetPlatformInfo)           \
	X(GetDeviceIDs)              \
	X(GetDeviceInfo)             \
	X(CreateContext)             \
	X(ReleaseContext)            \
	X(CreateCommandQueue)        \
	X(ReleaseCommandQueue)       \
	X(CreateBuffer)              \
	X(CreateSubBuffer)           \
	X(GetMemObjectInfo)          \
	X(ReleaseMemObject)          \
	X(EnqueueFillBuffer)         \
	X(EnqueueReadBuffer)         \
	X(EnqueueWriteBuffer)        \
	X(EnqueueMarkerWithWaitList) \
	X(EnqueueNDRangeKernel)      \
	X(Finish)                    \
	X(WaitForEvents)             \
	X(GetEventInfo)              \
	X(GetEventProfilingInfo)     \
	X(ReleaseEvent)              \
	X(CreateProgramWithSource)   \
	X(BuildProgram)              \
	X(GetProgramBuildInfo)       \
	X(ReleaseProgram)            \
	X(CreateKernel)              \
	X(SetKernelArg)              \
	X(ReleaseKernel)

/* One pointer per function, in the order of the list. */
struct wm_cl_api {
#define X(name) __typeof__(cl##name) *name;
	WM_CL_FUNCTIONS(X)
#undef X
};

/* X(suffix after CL_): every error code of OpenCL 1.2 that these functions return. */
#define WM_CL_ERRORS(X)                          \
	X(DEVICE_NOT_FOUND)                          \
	X(DEVICE_NOT_AVAILABLE)                      \
	X(COMPILER_NOT_AVAILABLE)                    \
	X(MEM_OBJECT_ALLOCATION_FAILURE)             \
	X(OUT_OF_RESOURCES)                          \
	X(OUT_OF_HOST_MEMORY)                        \
	X(PROFILING_INFO_NOT_AVAILABLE)              \
	X(MEM_COPY_OVERLAP)                          \
	X(BUILD_PROGRAM_FAILURE)                     \
	X(MISALIGNED_SUB_BUFFER_OFFSET)              \
	X(EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST) \
	X(COMPILE_PROGRAM_FAILURE)                   \
	X(LINK_PROGRAM_FAILURE)                      \
	X(INVALID_VALUE)                             \
	X(INVALID_DEVICE_TYPE)                       \
	X(INVALID_PLATFORM)                          \
	X(INVALID_DEVICE)                            \
	X(INVALID_CONTEXT)                           \
	X(INVALID_QUEUE_PROPERTIES)                  \
	X(INVALID_COMMAND_QUEUE)                     \
	X(INVALID_HOST_PTR)                          \
	X(INVALID_MEM_OBJECT)                        \
	X(INVALID_BINARY)                            \
	X(INVALID_BUILD_OPTIONS)                     \
	X(INVALID_PROGRAM)                           \
	X(INVALID_PROGRAM_EXECUTABLE)                \
	X(INVALID_KERNEL_NAME)                       \
	X(INVALID_KERNEL_DEFINITION)                 \
	X(INVALID_KERNEL)                            \
	X(INVALID_ARG_INDEX)                         \
	X(INVALID_ARG_VALUE)                         \
	X(INVALID_ARG_SIZE)                          \
	X(INVALID_KERNEL_ARGS)                       \
	X(INVALID_WORK_DIMENSION)                    \
	X(INVALID_WORK_GROUP_SIZE)                   \
	X(INVALID_WORK_ITEM_SIZE)                    \
	X(INVALID_GLOBAL_OFFSET)                     \
	X(INVALID_EVENT_WAIT_LIST)                   \
	X(INVALID_EVENT)                             \
	X(INVALID_OPERATION)                         \
	X(INVALID_BUFFER_SIZE)                       \
	X(INVALID_GLOBAL_WORK_SIZE)                  \
	X(INVALID_PROPERTY)                          \
	X(PLATFORM_NOT_FOUND_KHR)

#endif
