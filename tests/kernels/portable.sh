#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# portable.sh - every text of kernels/gpu behind device.h is accepted by each compiler that is here, as OpenCL C, HIP
# and CUDA, for every type and shape that its launcher asks for; and oclgrind finds no wrong access in runs of it.
# May run beside other tests: no figure counts here.
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

# flags_TEXT - the flags that TEXT.c gives, one set a line.

# Types of operands and result; A and B both along k, or neither. The tile is small: its size changes how long the
# compilers take and nothing else here.
flags_gemm_tiled() {
	local types along
	for types in F64:F64 F32:F32 F16:F16 F16:F32 BF16:BF16 BF16:F32 I8:I32; do
		for along in 0 1; do
			echo "-DIN_${types%:*} -DOUT_${types#*:} -DA_ALONG_K=$along -DB_ALONG_K=$along -DVECS=1 -DCOLS=2 -DA_PACK_K=32" \
				"-DA_PACK_PANELS=1 -DB_PACK_K=16 -DB_PACK_PANELS=2"
		done
	done
}

# Types and layouts as above; the larger and the smaller block.
flags_gemm_blocks() {
	local types along
	for types in F64:F64 F32:F32 F16:F16 BF16:BF16 BF16:F32 I8:I32; do
		for along in 0 1; do
			echo "-DIN_${types%:*} -DOUT_${types#*:} -DA_ALONG_K=$along -DB_ALONG_K=$along -DSIDE=$((8 + 8 * along))"
		done
	done
}

# A CPU's shape (small: HIP has a limit for what one work-item keeps), and a GPU's for many rows and for one.
flags_attention_flash() {
	local type
	for type in F32 F16 BF16; do
		echo "-DIN_$type -DD=32 -DITEMS=1 -DLANES=16 -DROWS=4 -DKEYS=32 -DROW_TILE=2 -DK_VECS=2 -DD_VECS=1" \
			"-DD_STEP=32 -DKEY_STEP=32"
		echo "-DIN_$type -DD=128 -DITEMS=128 -DLANES=4 -DROWS=64 -DKEYS=64 -DROW_TILE=8 -DK_VECS=1 -DD_VECS=2" \
			"-DD_STEP=16 -DKEY_STEP=16"
		echo "-DIN_$type -DD=128 -DITEMS=64 -DLANES=4 -DROWS=1 -DKEYS=256 -DROW_TILE=1 -DK_VECS=1 -DD_VECS=1" \
			"-DD_STEP=16 -DKEY_STEP=16"
	done
}

# A CPU's shape and a GPU's.
flags_memory() {
	local type
	for type in F32 F64; do
		echo "-DIN_$type -DVEC_BYTES=64 -DITEMS=1 -DDEEP=4"
		echo "-DIN_$type -DVEC_BYTES=16 -DITEMS=256 -DDEEP=4"
	done
}

flags_fma() {
	local type
	for type in F32 F64; do
		echo "-DIN_$type -DVEC_BYTES=64 -DITEMS=1 -DVECS=4"
		echo "-DIN_$type -DVEC_BYTES=16 -DITEMS=128 -DVECS=4"
	done
}

# accepts LANGUAGE TEXT SETS COMMAND.. - the command, given flags and a text, says nothing and succeeds for every set of
# flags, or for so many of them.
accepts() {
	local name="$2 is $1" flags=flags_$2 sets=$3 set
	shift 3
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
	done < <("$flags" | head -n "$sets")
	ok "$name"
}

hip=(-x hip --cuda-device-only -nogpulib -nogpuinc -Wall -Wextra -Wno-pass-failed -S -o /dev/null)
for text in gemm_tiled gemm_blocks attention_flash memory fma; do
	cat kernels/gpu/device.h "kernels/gpu/$text.k" >"$scratch/text.k"
	accepts "OpenCL C 1.2" $text 99 clang-19 -x cl -cl-std=CL1.2 --target=spir64 -Wall -Wextra -fsyntax-only
	# what is accepted for one target of a vendor rarely depends on the types for the next one
	accepts "HIP for gfx942" $text 99 clang-19 "${hip[@]}" --offload-arch=gfx942
	accepts "HIP for gfx90a" $text 2 clang-19 "${hip[@]}" --offload-arch=gfx90a
	accepts "CUDA for sm_90a" $text 99 nvcc -x cu -cubin -arch=sm_90a -o "$scratch/cubin"
	accepts "CUDA for sm_80" $text 2 nvcc -x cu -cubin -arch=sm_80 -o "$scratch/cubin"
done

# oclgrind 21.10 as an OpenCL driver of its own: put before the loader by its launcher, as usual, it gets mixed up
# with the other drivers, since wattmark opens the loader itself. It checks bounds and races, and reads of what nobody
# wrote where the operation is one launch: most of what one kernel leaves in memory for the next one it takes for
# unwritten. It knows the operations of unoptimised code only. Its exit status says nothing: its words count.
driver=$(find /usr/lib /usr/local/lib -name liboclgrind-rt-icd.so -print -quit 2>"$scratch/out")

# clean TEST PROBLEM [SHAPE] - the test's run of one problem is right, and no access in it is wrong; checks is what
# oclgrind is asked to look for.
clean() {
	local name="oclgrind finds nothing in ${*:2}" test=$B/tests/unit/$1
	shift
	if [ -z "$driver" ]; then
		skip "$name" "no oclgrind here"
		return
	elif [ ! -x "$test" ]; then
		skip "$name" "$test is not built"
		return
	fi
	env "${checks[@]}" OCL_ICD_VENDORS="$driver" OCLGRIND_BUILD_OPTIONS=-cl-opt-disable \
		CMOCKA_MESSAGE_OUTPUT=STDOUT "$test" "$@" >"$scratch/out" 2>&1
	if grep -q '^skipped: ' "$scratch/out"; then
		skip "$name" "$(sed -n 's/^skipped: //p' "$scratch/out")"
	elif grep -q '  PASSED  \] 1 ' "$scratch/out" && ! grep -qiE 'invalid|race|uninit|oclgrind' "$scratch/out"; then
		ok "$name"
	else
		not_ok "$name"
	fi
}

checks=(OCLGRIND_DATA_RACES=1 OCLGRIND_CHECK_API=1)
# Sizes that end inside a tile, more than one tile, and less than one.
for problem in m=65,n=33,k=17,dtype=f32,trans=tn m=40,n=9,k=5,dtype=f32,trans=nt m=9,n=3,k=3,dtype=f64,trans=tt \
	m=33,n=17,k=33,dtype=i8,trans=nn m=33,n=9,k=17,dtype=bf16,trans=tn; do
	clean test_gemm_tiled "gemm:$problem" cpu
done
clean test_gemm_tiled gemm:m=65,n=3,k=9,dtype=f32,trans=tn gpu
clean test_gemm_tiled gemm:m=3,n=66,k=17,dtype=bf16,trans=nt gpu

# Keys in two parts; then in one: several blocks of rows and keys that end inside a tile, and shared keys.
for shape in cpu gpu; do
	checks=(OCLGRIND_DATA_RACES=1 OCLGRIND_CHECK_API=1)
	clean test_attention_flash attention:heads=1,sq=1,sk=520,d=16,dtype=f32 $shape
	checks+=(OCLGRIND_UNINITIALIZED=1)
	for problem in heads=1,sq=66,sk=70,d=32,causal=yes,dtype=f32 heads=3,kvheads=1,sq=5,sk=140,d=16,dtype=bf16; do
		clean test_attention_flash "attention:$problem" $shape
	done
done

# Arrays that end inside a vector, a tile and a run, and blocks that begin there.
checks=(OCLGRIND_DATA_RACES=1 OCLGRIND_CHECK_API=1 OCLGRIND_UNINITIALIZED=1)
clean test_ceilings read:bytes=12316 cpu
clean test_ceilings read:bytes=200 gpu # as many groups as elements, up to 1024
for shape in cpu gpu; do
	for problem in copy:bytes=16396 triad:bytes=8216,dtype=f64 fma:n=2051,iters=3; do
		clean test_ceilings "$problem" $shape
	done
done

echo "1..$n"
