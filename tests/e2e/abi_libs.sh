#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# abi_libs.sh - what kernels/ and harness/meters declare of other libraries is what their installed headers say: each file of
# tests/abi compiles beside the real header. A header that is not installed is a skip.
# May run beside other tests: no figure counts here.
set -u
cd "$(dirname "$0")/../.." || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
n=0 failed=0
# where CUDA's own installer puts its headers, which no compiler looks for by itself
include=()
[ ! -d /usr/local/cuda/include ] || include=(-isystem /usr/local/cuda/include)

check() { # file header
	local name
	name="our part of $2 is what $2 says"
	n=$((n + 1))
	if ! echo "#include <$2>" | "${CC:-cc}" "${include[@]}" -E -x c - >/dev/null 2>&1; then
		echo "ok $n - $name # SKIP $2 is not installed"
	elif "${CC:-cc}" -std=c11 -Wall -Wextra -Werror "${include[@]}" -Iharness -fsyntax-only "tests/abi/$1" >"$scratch/log" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		failed=1
		sed 's/^/# /' "$scratch/log"
	fi
}

check cblas.c cblas.h
check clblast.c clblast_c.h
check dnnl.c oneapi/dnnl/dnnl.h
check curl.c curl/curl.h
check nvml.c nvml.h
check amdsmi.c amd_smi/amdsmi.h
check rocmsmi.c rocm_smi/rocm_smi.h
check cuda.c nvrtc.h
check nccl.c nccl.h
check tensor_map.c cuda.h
check cublaslt.c cublasLt.h
# tables that were recorded from headers, so nothing has to be installed
check recorded.c stdint.h
check gpu_metrics.c stdint.h
check recorded_cublaslt.c stdint.h

# a symbol that the backend asks the driver for is one whose parameters cuda.c has held against the header
n=$((n + 1))
name="every symbol of gpu_cuda.c is in cuda.c"
missing=$(grep -oE '= "(cu|nvrtc)[A-Z][A-Za-z0-9_]*"' harness/backends/gpu_cuda.c | tr -d '= "' | while read -r symbol; do
	grep -qE "\b$symbol\(" tests/abi/cuda.c || echo "$symbol"
done)
if [ -z "$missing" ]; then
	echo "ok $n - $name"
else
	echo "not ok $n - $name"
	failed=1
	sed 's/^/# /' <<<"$missing"
fi
# what kernels/libs asks NCCL for is in the library of this machine, where there is one
n=$((n + 1))
name="every symbol of ccl_api.h is in libnccl.so.2"
library=$(ldconfig -p 2>/dev/null | sed -n 's/.*libnccl\.so\.2 .*=> //p' | head -n 1)
missing=
[ -z "$library" ] || missing=$(grep -oE '"\??nccl[A-Za-z]*"' kernels/libs/ccl_api.h | tr -d '"?' | while read -r symbol; do
	nm -D --defined-only "$library" | grep -qE " $symbol$" || echo "$symbol"
done)
if [ -z "$library" ]; then
	echo "ok $n - $name # SKIP there is none"
elif [ -z "$missing" ]; then
	echo "ok $n - $name"
else
	echo "not ok $n - $name"
	failed=1
	sed 's/^/# /' <<<"$missing"
fi
echo "1..$n"
exit $failed
