/* SPDX-License-Identifier: Apache-2.0 */
/* text_gemm_wgmma.cc - the kernels of kernels/cuda/gemm_wgmma.k, and its order of tiles. */
#include "entries.h"

namespace gemm_wgmma {
#include "../../kernels/cuda/gemm_wgmma.k"
}

#define ENTRY(name, cluster) WM_EMULATED_ENTRY("kernels/cuda/gemm_wgmma.k", gemm_wgmma::gemm_##name, cluster)
#define TILES(variant)         \
	ENTRY(variant##_large, 2)  \
	ENTRY(variant##_medium, 2) \
	ENTRY(variant##_small, 1)

TILES(bf16_tn)
TILES(bf16_nn)
TILES(bf16_nt)
TILES(bf16_tt)
TILES(f16_tn)
TILES(f16_nn)
TILES(f16_nt)
TILES(f16_tt)
TILES(tf32_tn)
TILES(e4m3_tn)
TILES(e5m2_tn)
TILES(i8_tn)
ENTRY(add_f32, 1)
ENTRY(add_i32, 1)
ENTRY(add_bf16, 1)
ENTRY(add_f16, 1)

/* Item w of the grid's work; work is a struct wm_gemm_work, tile is its row, column and part of k. */
extern "C" void wm_emulated_gemm_tile(const void *work, unsigned w, unsigned *tile);
void wm_emulated_gemm_tile(const void *work, unsigned w, unsigned *tile) {
	gemm_wgmma::wm_gemm_tile t = gemm_wgmma::wm_gemm_tile_of(*(const gemm_wgmma::wm_gemm_work *)work, w);
	tile[0] = t.row;
	tile[1] = t.col;
	tile[2] = t.split;
}
