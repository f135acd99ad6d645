/* SPDX-License-Identifier: Apache-2.0 */
/* test_ptx.cc - the emulator has every function of kernels/cuda/ptx.h: the text that uses them all compiles. */
#include "emulate.h"
#include "tap.h"

namespace text {
#include "../kernels/ptx.k"
}

int main() {
	tap(true, "tests/kernels/ptx.k is C++", nullptr);
	return tap_end();
}
