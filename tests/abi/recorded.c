/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorded.c - what harness/meters declares of NVML, AMD SMI and ROCm SMI, harness/backends of CUDA, and kernels/libs
 * of NCCL and RCCL, held against values that were read off their headers, for machines without them: name in the
 * header, value, where it was read. Sizes are those of 64-bit Linux.
 */
#include "../../harness/backends/gpu_api.h"
#include "../../harness/backends/gpu_cuda.h"
#include "../../harness/meters/amdsmi_api.h"
#include "../../harness/meters/nvml_api.h"
#include "../../harness/meters/rocmsmi_api.h"
#include "../../kernels/libs/ccl_api.h"

#include <stddef.h>

#define RECORDED(ours, value, name) _Static_assert((ours) == (value), name)

/* nvml.h of the packages nvidia-nvml-dev-cu11 11.8.86, -cu12 12.8.90 and 12.9.79,
 * nvidia-nvml-dev 13.0.39, 13.0.87, 13.5.37 */
RECORDED(WM_NVML_SUCCESS, 0, "NVML_SUCCESS");
RECORDED(WM_NVML_INVALID_ARGUMENT, 2, "NVML_ERROR_INVALID_ARGUMENT");
RECORDED(WM_NVML_NOT_SUPPORTED, 3, "NVML_ERROR_NOT_SUPPORTED");
RECORDED(WM_NVML_NOT_FOUND, 6, "NVML_ERROR_NOT_FOUND");
RECORDED(WM_NVML_INSUFFICIENT_SIZE, 7, "NVML_ERROR_INSUFFICIENT_SIZE");
RECORDED(WM_NVML_MOST_LINKS, 18, "NVML_NVLINK_MAX_LINKS");
RECORDED(WM_NVML_LINK_TO_SWITCH, 2, "NVML_NVLINK_DEVICE_TYPE_SWITCH");
RECORDED(WM_NVML_NVLINK_SPEED, 90, "NVML_FI_DEV_NVLINK_SPEED_MBPS_COMMON");
RECORDED(sizeof(struct wm_nvml_process), 24, "nvmlProcessInfo_t");
RECORDED(offsetof(struct wm_nvml_process, bytes), 8, "nvmlProcessInfo_t: usedGpuMemory");
RECORDED(offsetof(struct wm_nvml_process, gpu_instance), 16, "nvmlProcessInfo_t: gpuInstanceId");
RECORDED(WM_NVML_MIG_ON, 1, "NVML_DEVICE_MIG_ENABLE");
RECORDED(WM_NVML_CLOCK_SM, 1, "NVML_CLOCK_SM");
RECORDED(WM_NVML_TEMPERATURE_GPU, 0, "NVML_TEMPERATURE_GPU");
RECORDED(WM_NVML_UUID_BYTES, 96, "NVML_DEVICE_UUID_V2_BUFFER_SIZE");
RECORDED(WM_NVML_VERSION_BYTES, 80, "NVML_SYSTEM_DRIVER_VERSION_BUFFER_SIZE");
RECORDED(WM_NVML_SCOPE_GPU, 0, "NVML_POWER_SCOPE_GPU");
RECORDED(WM_NVML_SCOPE_MODULE, 1, "NVML_POWER_SCOPE_MODULE");
RECORDED(WM_NVML_POLICY_POWER, 74, "NVML_FI_DEV_PERF_POLICY_POWER");
RECORDED(WM_NVML_POLICY_THERMAL, 75, "NVML_FI_DEV_PERF_POLICY_THERMAL");
RECORDED(WM_NVML_POWER_AVERAGE, 185, "NVML_FI_DEV_POWER_AVERAGE");
RECORDED(WM_NVML_POWER_INSTANT, 186, "NVML_FI_DEV_POWER_INSTANT");
RECORDED(WM_NVML_REASONS_575, 251, "NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN, 12.9.79 and 13.0.39");
RECORDED(WM_NVML_REASONS_580_95, 269, "NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN, 13.0.87 and 13.5.37");
RECORDED(WM_NVML_BRAKE_NOW, 0x80, "nvmlClocksThrottleReasonHwPowerBrakeSlowdown");
RECORDED(WM_NVML_DOUBLE, 0, "NVML_VALUE_TYPE_DOUBLE");
RECORDED(WM_NVML_UNSIGNED_INT, 1, "NVML_VALUE_TYPE_UNSIGNED_INT");
RECORDED(WM_NVML_UNSIGNED_LONG, 2, "NVML_VALUE_TYPE_UNSIGNED_LONG");
RECORDED(WM_NVML_UNSIGNED_LONG_LONG, 3, "NVML_VALUE_TYPE_UNSIGNED_LONG_LONG");
RECORDED(WM_NVML_SIGNED_LONG_LONG, 4, "NVML_VALUE_TYPE_SIGNED_LONG_LONG");
RECORDED(sizeof(struct wm_nvml_field), 40, "nvmlFieldValue_t");
RECORDED(offsetof(struct wm_nvml_field, scope), 4, "nvmlFieldValue_t: scopeId");
RECORDED(offsetof(struct wm_nvml_field, at_us), 8, "nvmlFieldValue_t: timestamp");
RECORDED(offsetof(struct wm_nvml_field, type), 24, "nvmlFieldValue_t: valueType");
RECORDED(offsetof(struct wm_nvml_field, status), 28, "nvmlFieldValue_t: nvmlReturn");
RECORDED(offsetof(struct wm_nvml_field, value), 32, "nvmlFieldValue_t: value");
RECORDED(sizeof(struct wm_nvml_pci), 68, "nvmlPciInfo_t");
RECORDED(offsetof(struct wm_nvml_pci, domain), 16, "nvmlPciInfo_t: domain");
RECORDED(offsetof(struct wm_nvml_pci, address), 36, "nvmlPciInfo_t: busId");

/* cuda.h of the packages nvidia-cuda-runtime-cu11 11.8.89, -cu12 12.0.146, and of the CUDA toolkit 13.0.88 */
RECORDED(WM_GPU_OUT_OF_MEMORY, 2, "CUDA_ERROR_OUT_OF_MEMORY");
RECORDED(WM_GPU_QUEUE_NON_BLOCKING, 1, "CU_STREAM_NON_BLOCKING");
RECORDED(WM_GPU_DYNAMIC_SHARED, 8, "CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES");
RECORDED(WM_GPU_CAPTURE_THIS_THREAD, 1, "CU_STREAM_CAPTURE_MODE_THREAD_LOCAL");
RECORDED(WM_CUDA_COMPUTE_PROHIBITED, 2, "CU_COMPUTEMODE_PROHIBITED");
RECORDED(WM_CUDA_STUB_LIBRARY, 34, "CUDA_ERROR_STUB_LIBRARY");
RECORDED(WM_CUDA_NO_DEVICE, 100, "CUDA_ERROR_NO_DEVICE");
RECORDED(WM_CUDA_INVALID_IMAGE, 200, "CUDA_ERROR_INVALID_IMAGE");
RECORDED(WM_CUDA_NO_BINARY_FOR_GPU, 209, "CUDA_ERROR_NO_BINARY_FOR_GPU");
RECORDED(WM_CUDA_INVALID_PTX, 218, "CUDA_ERROR_INVALID_PTX");
RECORDED(WM_CUDA_JIT_COMPILER_NOT_FOUND, 221, "CUDA_ERROR_JIT_COMPILER_NOT_FOUND");
RECORDED(WM_CUDA_UNSUPPORTED_PTX_VERSION, 222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION");
RECORDED(WM_CUDA_CLOCK_RATE, 13, "CU_DEVICE_ATTRIBUTE_CLOCK_RATE");
RECORDED(WM_CUDA_MULTIPROCESSOR_COUNT, 16, "CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT");
RECORDED(WM_CUDA_COMPUTE_MODE, 20, "CU_DEVICE_ATTRIBUTE_COMPUTE_MODE");
RECORDED(WM_CUDA_ECC_ENABLED, 32, "CU_DEVICE_ATTRIBUTE_ECC_ENABLED");
RECORDED(WM_CUDA_MEMORY_CLOCK_RATE, 36, "CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE");
RECORDED(WM_CUDA_L2_CACHE_SIZE, 38, "CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE");
RECORDED(WM_CUDA_CAPABILITY_MAJOR, 75, "CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR");
RECORDED(WM_CUDA_CAPABILITY_MINOR, 76, "CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR");
RECORDED(sizeof(struct wm_gpu_uuid), 16, "CUuuid");

/* amdsmi.h of ROCm/amdsmi: rocm-6.2.0 (2b02a0797002), rocm-6.2.2 (52b3947d364d); amdsmi_wrapper.py of the package
 * amdsmi 7.0.2 */
RECORDED(WM_AMDSMI_SUCCESS, 0, "AMDSMI_STATUS_SUCCESS");
RECORDED(WM_AMDSMI_NOT_SUPPORTED, 2, "AMDSMI_STATUS_NOT_SUPPORTED");
RECORDED(WM_AMDSMI_NOT_YET_IMPLEMENTED, 3, "AMDSMI_STATUS_NOT_YET_IMPLEMENTED");
RECORDED(WM_AMDSMI_NO_DATA, 40, "AMDSMI_STATUS_NO_DATA");
RECORDED(WM_AMDSMI_INIT_AMD_GPUS, 2, "AMDSMI_INIT_AMD_GPUS");
RECORDED(WM_AMDSMI_AMD_GPU, 1, "AMD_GPU, 7.0: AMDSMI_PROCESSOR_TYPE_AMD_GPU");
RECORDED(WM_AMDSMI_DOMAIN_SHIFT, 3 + 5 + 8, "amdsmi_bdf_t: domain_number");
/* 6.2: year, major, minor, release, build; 7.0: major, minor, release, 4 bytes of nothing, build */
RECORDED(sizeof(struct wm_amdsmi_version), 24, "amdsmi_version_t");
RECORDED(offsetof(struct wm_amdsmi_version, build), 16, "amdsmi_version_t: build");
/* amdsmi_power_info_t: 6.2 68 bytes; 6.4 40 (rocm.docs.amd.com, docs-6.4.1); 7.0 192; current_socket_power at */
RECORDED(WM_AMDSMI_CURRENT_POWER_6_2, 0, "amdsmi_power_info_t of 6.2 and 24.7: current_socket_power");
RECORDED(WM_AMDSMI_CURRENT_POWER_6_4, 8, "amdsmi_power_info_t of 6.4 and 7.0: current_socket_power");
_Static_assert(sizeof(union wm_amdsmi_power_info) >= 192, "room for amdsmi_power_info_t");

/* rocm_smi.h of Debian's librocm-smi-dev 5.2.3 */
RECORDED(WM_ROCMSMI_SUCCESS, 0, "RSMI_STATUS_SUCCESS");
RECORDED(WM_ROCMSMI_NOT_SUPPORTED, 2, "RSMI_STATUS_NOT_SUPPORTED");
RECORDED(WM_ROCMSMI_NOT_YET_IMPLEMENTED, 9, "RSMI_STATUS_NOT_YET_IMPLEMENTED");
RECORDED(WM_ROCMSMI_NO_DATA, 14, "RSMI_STATUS_NO_DATA");

/* nccl.h of NCCL 2.18.3, 2.21.5, 2.27.7 and 2.28.9 (github.com/NVIDIA/nccl); rccl.h of ROCm/rccl: rocm-6.2.0
 * (45b618a315b4) */
RECORDED(WM_CCL_SUCCESS, 0, "ncclSuccess");
RECORDED(WM_CCL_IN_PROGRESS, 7, "ncclInProgress");
RECORDED(WM_CCL_SUM, 0, "ncclSum");
RECORDED(WM_CCL_INT8, 0, "ncclInt8");
RECORDED(WM_CCL_FLOAT32, 7, "ncclFloat32");
RECORDED(WM_CCL_BFLOAT16, 9, "ncclBfloat16");
RECORDED(sizeof(struct wm_ccl_id), 128, "ncclUniqueId");
