/* SPDX-License-Identifier: Apache-2.0 */
/* clblast.c - what kernels/libs/clblast_api.h declares, held against the installed clblast_c.h by compiling this. */
#include "../../kernels/libs/clblast_api.h"

#define CL_TARGET_OPENCL_VERSION 120
#include <clblast_c.h>

_Static_assert((int)WM_CLBLAST_COLUMN_MAJOR == (int)CLBlastLayoutColMajor, "column major");
_Static_assert((int)WM_CLBLAST_NO_TRANS == (int)CLBlastTransposeNo, "no transpose");
_Static_assert((int)WM_CLBLAST_TRANS == (int)CLBlastTransposeYes, "transpose");
_Static_assert((int)WM_CLBLAST_SUCCESS == (int)CLBlastSuccess, "success");
_Static_assert((int)WM_CLBLAST_NO_MEMORY == (int)CLBlastTempBufferAllocFailure, "no memory");
_Static_assert((int)WM_CLBLAST_OUT_OF_RESOURCES == (int)CLBlastOpenCLOutOfResources, "no resources");
_Static_assert((int)WM_CLBLAST_OUT_OF_HOST_MEMORY == (int)CLBlastOpenCLOutOfHostMemory, "no host memory");
_Static_assert(sizeof(CLBlastTranspose) == sizeof(int), "an enum is passed as an int");
_Static_assert(sizeof(CLBlastStatusCode) == sizeof(int), "a status is an int");
_Static_assert(sizeof(cl_mem) == sizeof(void *) && sizeof(cl_command_queue) == sizeof(void *), "handles are pointers");

/* The library's functions take our arguments, one for one. */
int sgemm(cl_mem x, cl_command_queue *queue, cl_event *event);
int sgemm(cl_mem x, cl_command_queue *queue, cl_event *event) {
	return CLBlastSgemm(CLBlastLayoutColMajor, CLBlastTransposeNo, CLBlastTransposeYes, 1, 1, 1, 1, x, 0, 1, x, 0, 1, 0,
	                    x, 0, 1, queue, event);
}
int dgemm(cl_mem x, cl_command_queue *queue, cl_event *event);
int dgemm(cl_mem x, cl_command_queue *queue, cl_event *event) {
	return CLBlastDgemm(CLBlastLayoutColMajor, CLBlastTransposeNo, CLBlastTransposeYes, 1, 1, 1, 1, x, 0, 1, x, 0, 1, 0,
	                    x, 0, 1, queue, event);
}
