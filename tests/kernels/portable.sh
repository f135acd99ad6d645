#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# portable.sh - every text of kernels/gpu behind device.h is accepted by each compiler that is here, as OpenCL C, HIP
# and CUDA, for every type and both layouts of each operand; and oclgrind finds no wrong access in runs of it.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
n=0

ok() {
	n=$((n + 1))
	echo "ok $n - $1"
}

not_ok() {
	n=$((n + 1))
	echo "not ok $n - $1"
	sed 's/^/# /' "$scratch/out"
}

skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# The flags that gemm_tiled.c gives, one set a line: types of operands and result; A and B both along k, or neither.
# The tile is small: its size changes how long the compilers take and nothing else here.
flags() {
	local types along
	for types in F64:F64 F32:F32 F16:F16 F16:F32 BF16:BF16 BF16:F32 I8:I32; do
		for along in 0 1; do
			echo "-DIN_${types%:*} -DOUT_${types#*:} -DA_ALONG_K=$along -DB_ALONG_K=$along -DVECS=1 -DCOLS=2 -DPACK_VECS=2"
		done
	done
}

# accepts NAME COMMAND.. - the command, given flags and a text, says nothing and succeeds for every set of flags.
accepts() {
	local name=$1 set
	shift
	command -v "$1" >"$scratch/out" || {
		skip "$name" "no $1 here"
		return
	}
	while read -r set; do
		# shellcheck disable=SC2086 # a set is several words
		if ! "$@" $set "$scratch/text.k" >"$scratch/out" 2>&1 || [ -s "$scratch/out" ]; then
			not_ok "$name: $set"
			return
		fi
	done < <(flags)
	ok "$name"
}

cat kernels/gpu/device.h kernels/gpu/gemm_tiled.k >"$scratch/text.k"
accepts "gemm_tiled is OpenCL C 1.2" clang-19 -x cl -cl-std=CL1.2 --target=spir64 -Wall -Wextra -fsyntax-only
accepts "gemm_tiled is HIP for gfx942" clang-19 -x hip --offload-arch=gfx942 --cuda-device-only -nogpulib -nogpuinc \
	-Wall -Wextra -Wno-pass-failed -S -o /dev/null
accepts "gemm_tiled is CUDA for sm_90a" nvcc -x cu -cubin -arch=sm_90a -o "$scratch/cubin"

# oclgrind 21.10 as an OpenCL driver of its own: put before the loader by its launcher, as usual, it gets mixed up
# with the other drivers, since wattmark opens the loader itself. It checks bounds and races; not --uninitialized,
# which takes most of what one kernel leaves in memory for the next one for uninitialised. It knows the operations
# of unoptimised code only. Its exit status says nothing: its words count.
driver=$(find /usr/lib /usr/local/lib -name liboclgrind-rt-icd.so -print -quit 2>"$scratch/out")

check_run() {
	local name="oclgrind finds nothing in $1"
	OCL_ICD_VENDORS=$driver OCLGRIND_DATA_RACES=1 OCLGRIND_CHECK_API=1 OCLGRIND_BUILD_OPTIONS=-cl-opt-disable \
		CMOCKA_MESSAGE_OUTPUT=STDOUT "$B/tests/unit/test_gemm_tiled" "$1" >"$scratch/out" 2>&1
	if grep -q '^skipped: ' "$scratch/out"; then
		skip "$name" "$(sed -n 's/^skipped: //p' "$scratch/out")"
	elif grep -q '  PASSED  \] 1 ' "$scratch/out" && ! grep -qiE 'invalid|race|oclgrind' "$scratch/out"; then
		ok "$name"
	else
		not_ok "$name"
	fi
}

# Sizes that end inside a tile, more than one tile, and less than one.
for problem in m=65,n=33,k=17,dtype=f32,trans=tn m=40,n=9,k=5,dtype=f32,trans=nt m=9,n=3,k=3,dtype=f64,trans=tt \
	m=33,n=17,k=33,dtype=i8,trans=nn m=33,n=9,k=17,dtype=bf16,trans=tn; do
	if [ -z "$driver" ]; then
		skip "oclgrind finds nothing in gemm:$problem" "no oclgrind here"
	elif [ ! -x "$B/tests/unit/test_gemm_tiled" ]; then
		skip "oclgrind finds nothing in gemm:$problem" "$B/tests/unit/test_gemm_tiled is not built"
	else
		check_run "gemm:$problem"
	fi
done

echo "1..$n"
