#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# May run beside other tests: no figure counts here.
#
# ptx.sh - ptxas takes every instruction of kernels/cuda/ptx.h for each target that has it, keeps all in registers
# and finds nothing to warn of; NVRTC's form of it, one text, compiles too.
set -u
cd "$(dirname "$0")/../.." || exit 1

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

echo 1..4
if ! nvcc=$(command -v nvcc); then
	for n in 1 2 3 4; do echo "ok $n - ptx.h # SKIP no nvcc here"; done
	exit 0
fi

n=0
# compiles NAME ARGUMENT.. - nvcc with these says nothing of spills or losses.
compiles() {
	local name=$1
	shift
	n=$((n + 1))
	if "$nvcc" -x cu -cubin -Xptxas -v -o "$scratch/cubin" "$@" >"$scratch/out" 2>&1 &&
		! grep -E 'warning|C75[0-9]{2}|[1-9][0-9]* bytes spill' "$scratch/out" >"$scratch/bad"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' "$scratch/bad"
		grep -i error "$scratch/out" | sed 's/^/# /'
	fi
}

for target in sm_80 sm_90a sm_100a; do
	compiles "ptx.h on $target" -arch=$target -include kernels/gpu/device.h -include kernels/cuda/ptx.h tests/kernels/ptx.k
done
cat kernels/gpu/device.h kernels/cuda/ptx.h tests/kernels/ptx.k >"$scratch/text.k"
compiles "ptx.h as one text" -arch=sm_90a "$scratch/text.k"
