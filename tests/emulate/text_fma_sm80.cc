/* SPDX-License-Identifier: Apache-2.0 */
/* text_fma_sm80.cc - fma_mma.k as sm_80 has it: f64 by instructions of four products. */
#include "entries.h"

#undef WM_SM89
#undef WM_SM90
#undef WM_SM90A
#define fma_mma_f64 fma_mma_f64_sm80
#define fma_mma_bf16 fma_mma_bf16_sm80
#define fma_mma_f16 fma_mma_f16_sm80
#define fma_mma_tf32 fma_mma_tf32_sm80
#define fma_mma_s8 fma_mma_s8_sm80
namespace fma_mma_sm80 {
#include "../../kernels/cuda/fma_mma.k"
}

static wm_emulated_registration f64("sm_80:kernels/cuda/fma_mma.k", "fma_mma_f64", 1, fma_mma_sm80::fma_mma_f64);
