/* SPDX-License-Identifier: Apache-2.0 */
/* text_fma.cc - fma_wgmma.k and fma_mma.k, emulated. */
#include "entries.h"

namespace fma_wgmma {
#include "../../kernels/cuda/fma_wgmma.k"
}
#define WGMMA(type)                                                                     \
	WM_EMULATED_ENTRY("kernels/cuda/fma_wgmma.k", fma_wgmma::fma_wgmma_##type##_128, 1) \
	WM_EMULATED_ENTRY("kernels/cuda/fma_wgmma.k", fma_wgmma::fma_wgmma_##type##_256, 1)
WGMMA(bf16)
WGMMA(f16)
WGMMA(tf32)
WGMMA(e4m3)
WGMMA(e5m2)
WGMMA(s8)

#undef FMA
#undef FMA_ENTRY
namespace fma_mma {
#include "../../kernels/cuda/fma_mma.k"
}
#define MMA(type) WM_EMULATED_ENTRY("kernels/cuda/fma_mma.k", fma_mma::fma_mma_##type, 1)
MMA(bf16)
MMA(f16)
MMA(tf32)
MMA(e4m3)
MMA(e5m2)
MMA(s8)
MMA(f64)
