/* SPDX-License-Identifier: Apache-2.0 */
#include "entries.h"

namespace attention_wgmma {
#include "../../kernels/cuda/attention_wgmma.k"
}
WM_EMULATED_ENTRY("kernels/cuda/attention_wgmma.k", attention_wgmma::attend_bf16_d64_k128, 1)
WM_EMULATED_ENTRY("kernels/cuda/attention_wgmma.k", attention_wgmma::attend_bf16_d128_k128, 1)
WM_EMULATED_ENTRY("kernels/cuda/attention_wgmma.k", attention_wgmma::attend_bf16_d128_k176, 1)
WM_EMULATED_ENTRY("kernels/cuda/attention_wgmma.k", attention_wgmma::attend_bf16_d256_k80, 1)
WM_EMULATED_ENTRY("kernels/cuda/attention_wgmma.k", attention_wgmma::attend_f16_d64_k128, 1)
WM_EMULATED_ENTRY("kernels/cuda/attention_wgmma.k", attention_wgmma::attend_f16_d128_k128, 1)
WM_EMULATED_ENTRY("kernels/cuda/attention_wgmma.k", attention_wgmma::attend_f16_d128_k176, 1)
WM_EMULATED_ENTRY("kernels/cuda/attention_wgmma.k", attention_wgmma::attend_f16_d256_k80, 1)
