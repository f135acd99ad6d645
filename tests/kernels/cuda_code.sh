#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# May run beside other tests: no figure counts here.
#
# cuda_code.sh - what the compiler made of the texts of kernels/cuda, from what it said when wattmark was built: nothing
# spills, no wgmma waits for another without need, kernels have the registers that their launchers count on; and the
# instructions that a kernel is named for are in it.
set -u
cd "$(dirname "$0")/../.." || exit 1
code=${CUDA_B:-build-cuda}/kernels/cuda
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
n=0

ok() {
	n=$((n + 1))
	if [ -s "$scratch/bad" ]; then
		echo "not ok $n - $1"
		sed 's/^/# /' "$scratch/bad"
	else
		echo "ok $n - $1"
	fi
}
skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# kernels LOG - a line a kernel: name, target, registers, bytes of spills.
kernels() {
	awk '/Compiling entry function/ { split($0, word, "\047"); name = word[2]; target = word[4] }
		/bytes spill stores/ { spills = $(NF - 7) + $(NF - 3) }
		/: Used [0-9]+ registers/ { match($0, /Used [0-9]+/); print name, target, substr($0, RSTART + 5, RLENGTH - 5), spills }' "$1"
}

for text in kernels/cuda/*.k; do
	name=$(basename "$text" .k)
	if [ ! -e "$code/$name.log" ]; then
		skip "$name: nothing spills" "no nvcc when this was built"
		continue
	fi
	kernels "$code/$name.log" >"$scratch/kernels"
	awk '$4 > 0 { print $1, "for", $2, "spills", $4, "bytes" }' "$scratch/kernels" >"$scratch/bad"
	grep -E 'C75[0-9]{2}|serialized' "$code/$name.log" >>"$scratch/bad"
	[ -s "$scratch/kernels" ] || echo "no kernel in $code/$name.log" >>"$scratch/bad"
	ok "$name: nothing spills, no wgmma is serialized"
done

# 3 x 128 threads share 65536 registers by eights; gemm_wgmma.k gives 40 of them to the producer and 232 to consumers.
name="gemm_wgmma: 36 variants, two consumers start from 168 registers"
if [ -e "$code/gemm_wgmma.log" ]; then
	kernels "$code/gemm_wgmma.log" | grep -E '_(large|medium|small) ' >"$scratch/kernels"
	awk '/_(large|medium) / && $3 != 168 { print $1, "has", $3 } END { if (NR != 36) print NR, "variants" }' "$scratch/kernels" >"$scratch/bad"
	ok "$name"
else
	skip "$name" "no nvcc when this was built"
fi

# 3 x 128 threads start from 168 registers, 4 x 128 from 128; attention_wgmma.k deals out 504 or 512 times 128 of them.
name="attention_wgmma: 8 kernels, which start from 168 registers, three groups and a loader from 128"
if [ -e "$code/attention_wgmma.log" ]; then
	kernels "$code/attention_wgmma.log" >"$scratch/kernels"
	awk '$3 != ($1 ~ /_d64_/ ? 128 : 168) { print $1, "has", $3 } END { if (NR != 8) print NR, "kernels" }' \
		"$scratch/kernels" >"$scratch/bad"
	ok "$name"
else
	skip "$name" "no nvcc when this was built"
fi

# instructions NAME TARGET - a line a kernel: its name and the instructions of its PTX that match the rest of the arguments.
instructions() {
	local text=$1 target=$2
	shift 2
	"$nvcc" -x cu -ptx -arch="$target" -include kernels/gpu/device.h -include kernels/cuda/ptx.h -o "$scratch/ptx" "$text" || return
	awk -v words="$*" 'BEGIN { n = split(words, word, " ") }
		/\.entry/ { match($0, /entry [a-z0-9_]+/); name = substr($0, RSTART + 6, RLENGTH - 6) }
		name != "" { for (i = 1; i <= n; i++) if (index($0, word[i])) count[i]++ }
		/^}/ { line = name; for (i = 1; i <= n; i++) { line = line " " count[i] + 0; count[i] = 0 } print line; name = "" }' "$scratch/ptx"
}

if nvcc=$(command -v nvcc); then
	instructions kernels/cuda/gemm_wgmma.k sm_90a wgmma.mma_async multicast::cluster setmaxnreg stmatrix \
		cp.async.bulk.tensor.3d.global >"$scratch/found"
	# one stage: four products; all but the small tile fetch for their cluster
	awk '/_(large|medium|small) / {
			if ($2 != 4) print $1, "has", $2, "wgmma"
			if (($3 > 0) != ($1 !~ /_small$/)) print $1, "has", $3, "multicasts"
			if (($4 > 0) != ($1 !~ /_small$/)) print $1, "has", $4, "setmaxnreg"
			if (($5 > 0) != ($1 !~ /tf32|i8/)) print $1, "has", $5, "stmatrix"
			if ($6 == 0) print $1, "stores without the TMA"
		}' "$scratch/found" >"$scratch/bad"
	ok "gemm_wgmma: wgmma, multicast, setmaxnreg, stmatrix and TMA stores where they are meant to be"
	instructions kernels/cuda/gemm_mma.k sm_80 mma.sync ldmatrix cp.async.cg >"$scratch/found"
	awk '{
			if ($2 == 0) print $1, "has no mma"
			if (($3 > 0) != ($1 !~ /f64/)) print $1, "has", $3, "ldmatrix"
			if (($4 > 0) != ($1 !~ /_any$/)) print $1, "has", $4, "cp.async"
		}' "$scratch/found" >"$scratch/bad"
	ok "gemm_mma: mma, ldmatrix and cp.async where they are meant to be"
else
	skip "instructions of gemm_wgmma" "no nvcc here"
	skip "instructions of gemm_mma" "no nvcc here"
fi
echo "1..$n"
