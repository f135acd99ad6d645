/* SPDX-License-Identifier: Apache-2.0 */
/* text_gemm_mma.cc - the kernels of kernels/cuda/gemm_mma.k. */
#include "entries.h"

namespace gemm_mma {
#include "../../kernels/cuda/gemm_mma.k"
}

#define ENTRY(name) WM_EMULATED_ENTRY("kernels/cuda/gemm_mma.k", gemm_mma::gemm_##name, 1)
#define LAYOUTS(type) \
	ENTRY(type##_tn)  \
	ENTRY(type##_nn)  \
	ENTRY(type##_tt)  \
	ENTRY(type##_nt)  \
	ENTRY(type##_any)
#define ALONG(type)  \
	ENTRY(type##_tn) \
	ENTRY(type##_any)

LAYOUTS(bf16)
LAYOUTS(f16)
ALONG(tf32)
ALONG(i8)
ALONG(f64)
ALONG(e4m3)
ALONG(e5m2)
