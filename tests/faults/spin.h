/* SPDX-License-Identifier: Apache-2.0 */
/* spin.h - about 10 us of work that no compiler can shorten: a chain of dependent multiplications. */
#ifndef WM_SPIN_H
#define WM_SPIN_H

#include <stdint.h>

static inline void wm_spin(void) {
	uint64_t x = 1;

	for (int i = 0; i < 8000; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(x));
	}
}

#endif
