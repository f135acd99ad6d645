/* SPDX-License-Identifier: Apache-2.0 */
#include "entries.h"

namespace attention_decode {
#include "../../kernels/cuda/attention_decode.k"
}
WM_EMULATED_ENTRY("kernels/cuda/attention_decode.k", attention_decode::decode_bf16_d64, 1)
WM_EMULATED_ENTRY("kernels/cuda/attention_decode.k", attention_decode::decode_bf16_d128, 1)
WM_EMULATED_ENTRY("kernels/cuda/attention_decode.k", attention_decode::decode_bf16_d256, 1)
WM_EMULATED_ENTRY("kernels/cuda/attention_decode.k", attention_decode::decode_f16_d64, 1)
WM_EMULATED_ENTRY("kernels/cuda/attention_decode.k", attention_decode::decode_f16_d128, 1)
WM_EMULATED_ENTRY("kernels/cuda/attention_decode.k", attention_decode::decode_f16_d256, 1)
