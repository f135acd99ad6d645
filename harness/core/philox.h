/* SPDX-License-Identifier: Apache-2.0 */
/* philox.h - the generator behind wm_random, several blocks at a time. Private to harness and tests. */
#ifndef WM_PHILOX_H
#define WM_PHILOX_H

#include <stdint.h>

enum { WM_PHILOX_LANES = 8 }; /* independent blocks, so that compilers can use vector registers */

/* Philox4x32-10: turns word w of the counter of each lane, c[w][lane], into word w of that lane's output. */
void wm_philox(uint32_t c[4][WM_PHILOX_LANES], uint32_t key0, uint32_t key1);

#endif
