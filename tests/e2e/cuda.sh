#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The CUDA backend in the program: why there is none, and on a fake driver (tests/fakes/libcuda.c) that whatever breaks
# costs one case and the run goes on. Prints TAP.
set -u
export LC_ALL=C
wattmark=${WATTMARK:-build/wattmark}
fakes=$(readlink -f "${B:-build}/tests/fakes/cuda")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export WM_FAKE_CUDA=$scratch/script
number=0 bad=0

result() { # status name
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		[ -z "${3:-}" ] || sed 's/^/# /' "$3"
		bad=1
	fi
}
skip() { # name reason
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}
# The program with the driver in that folder.
with() { # folder arguments..
	LD_LIBRARY_PATH=$1 "$wattmark" "${@:2}"
}
# The field of the record of a problem on a device.
row() { # bundle device problem field
	jq -r --arg device "$2" --arg problem "$3" \
		"select(.status and .device == \$device and (.problem | startswith(\$problem))) | .$4" "$1/records.jsonl"
}
# The row has that status, and a reason with these words.
ends() { # bundle device problem status words
	[ "$(row "$1" "$2" "$3" status)" = "$4" ] && row "$1" "$2" "$3" why | grep -qF -- "$5"
}
device() { # ordinal
	printf 'device 0000:%02x:00.0 GPU-11111111-2222-3333-4444-5555555555%02x\n' "$1" "$1"
}

# A driver that is slow to start: the first process on a host of many GPUs waits for seconds.
{ echo 'slow 5.5' && device 1; } >"$scratch/slow"
WM_FAKE_CUDA=$scratch/slow with "$fakes" list devices >"$scratch/slow-list" 2>&1 &
slow=$!
# One that hangs is killed long before it would be by default.
{ device 1 && echo 'hang 1'; } >"$scratch/hang"
WM_FAKE_CUDA=$scratch/hang with "$fakes" run copy:bytes=4M --device cuda:0 --impl driver --profile smoke --deadline 0.2 --quiet \
	--out "$scratch/hangs" >"$scratch/hang-out" 2>&1 &
hang=$!

# ---- none ------------------------------------------------------------------------------------------------------

name="a machine without a driver says which library it lacks"
if ldconfig -p 2>/dev/null | grep -q 'libcuda\.so\.1'; then
	skip "$name" "this one has libcuda.so.1"
else
	"$wattmark" list devices >"$scratch/list" 2>&1
	grep -q '^  cuda  *unavailable: libcuda\.so\.1: cannot open shared object file' "$scratch/list"
	result $? "$name" "$scratch/list"
fi

name="the toolkit's stub is no driver"
stub=$(ls /usr/local/cuda/lib*/stubs/libcuda.so 2>/dev/null | head -n 1)
if [ -z "$stub" ]; then
	skip "$name" "no CUDA toolkit in /usr/local/cuda"
else
	mkdir "$scratch/stub"
	ln -s "$stub" "$scratch/stub/libcuda.so.1"
	with "$scratch/stub" list devices >"$scratch/list" 2>&1
	grep -q "^  cuda  *unavailable: cuInit: CUDA_ERROR_STUB_LIBRARY: .* (34)$" "$scratch/list"
	result $? "$name" "$scratch/list"
fi

for pair in 'none 1:CUDA_ERROR_NO_DEVICE: a driver, but no GPU' 'init 999:cuInit: CUDA_ERROR_UNKNOWN (999)' \
	'version 11020: is older than CUDA driver 11.4'; do
	{ echo "${pair%%:*}" && device 1; } >"$WM_FAKE_CUDA"
	with "$fakes" list devices >"$scratch/list" 2>&1
	grep '^  cuda  *unavailable: ' "$scratch/list" | grep -qF "${pair#*:}"
	result $? "a driver of which nothing can be had: ${pair%%:*}" "$scratch/list"
done

# ---- faults ----------------------------------------------------------------------------------------------------

# Each device has its own; the second work of a process is the first of verification's timed part.
{
	device 1
	device 2 && echo 'fault 700' && echo 'after 2'
	device 3 && echo 'refuse 719'
	device 4 && echo 'lost 1' && echo 'after 3'
	device 5 && echo 'really 1e6'
	device 6 && echo 'crash 1'
	device 7 && echo 'fault 700' && echo 'once 1'
	device 8 && echo 'mode 2'
} >"$WM_FAKE_CUDA"
with "$fakes" list devices >"$scratch/list" 2>&1
grep -q '^  cuda:0  *Fake H100, 16.0 GB, 1.0 MB of caches from L2 up, CUDA driver 13.0.*, ECC on$' "$scratch/list" &&
	grep -q '^  cuda:7 .*; unavailable: its compute mode is prohibited$' "$scratch/list"
result $? "devices are listed with their driver, and one that cannot be used with the reason" "$scratch/list"

b=$scratch/faults
with "$fakes" run copy:bytes=4M/5M --device cuda:3/cuda:6 --impl driver --profile smoke --quiet --out "$b" \
	>"$scratch/out" 2>&1 &
two=$!
b1=$scratch/faults-1
with "$fakes" run copy:bytes=4M --device cuda:0/cuda:1/cuda:2/cuda:4/cuda:5 --impl driver --profile smoke --quiet --out "$b1" \
	>"$scratch/out-1" 2>&1
[ $? -eq 1 ]
result $? "a run with bad rows exits 1" "$scratch/out-1"
[ "$(jq -r 'select(.status) | .device' "$b1/records.jsonl" | sort | uniq -c | awk '{ print $1 $2 }' | paste -s -d ' ')" = \
	"1cuda:0 1cuda:1 1cuda:2 1cuda:4 1cuda:5" ]
result $? "every case has one record" "$b1/records.jsonl"
ends "$b1" cuda:0 copy ok ''
result $? "the device without a fault is measured" "$b1/records.jsonl"
[ "$(row "$b1" cuda:0 copy driver | cut -d , -f 1 | cut -d ' ' -f 1-3)" = "CUDA driver 13.0" ]
result $? "its record names the driver" "$b1/records.jsonl"
ends "$b1" cuda:1 copy failed 'CUDA_ERROR_ILLEGAL_ADDRESS (700)'
result $? "an illegal address in mid run costs its case" "$b1/records.jsonl"
ends "$b1" cuda:2 copy failed 'cuMemcpyDtoDAsync_v2: CUDA_ERROR_LAUNCH_FAILED (719)'
result $? "a refused launch costs its case" "$b1/records.jsonl"
ends "$b1" cuda:4 copy nomem 'cuMemAlloc_v2: CUDA_ERROR_OUT_OF_MEMORY (2)'
result $? "out of memory costs its case" "$b1/records.jsonl"
ends "$b1" cuda:5 copy crash 'signal 6'
result $? "a driver that crashes costs its case" "$b1/records.jsonl"

wait $two
statuses=$(jq -r 'select(.status and .device == "cuda:6") | .status' "$b/records.jsonl" | sort | paste -s -d ' ')
[ "$statuses" = "failed ok" ]
result $? "after an illegal address the next case runs" "$b/records.jsonl"
reasons=$(jq -r 'select(.status and .device == "cuda:3") | .status + ": " + .why' "$b/records.jsonl" | sort)
[ "$(grep -c '^failed: ' <<<"$reasons")" -eq 2 ] && grep -q 'CUDA_ERROR_LAUNCH_FAILED (719)' <<<"$reasons" &&
	grep -q 'cuDevicePrimaryCtxRetain: CUDA_ERROR_DEVICE_UNAVAILABLE (46)' <<<"$reasons"
result $? "a device off the bus: each of its cases says so, the others run" "$b/records.jsonl"

wait $hang
ends "$scratch/hangs" cuda:0 copy hang 'phase'
result $? "work that never ends costs its case" "$scratch/hangs/records.jsonl"

b=$scratch/vec
with "$fakes" run read:bytes=4M copy:bytes=4M triad:bytes=4M fma:n=10K,iters=16 --device cuda:0 --impl vec --profile smoke \
	--quiet --out "$b" >"$scratch/out" 2>&1
[ "$(jq -r 'select(.status) | .problem + " " + .status' "$b/records.jsonl" | sed 's/:.* / /' | sort | paste -s -d ' ')" = \
	"copy ok fma ok read ok triad ok" ]
result $? "portable texts are built, launched and right" "$b/records.jsonl"

name="NVRTC compiles every text for NVIDIA that is embedded"
said=$("${B:-build}/tests/unit/test_gpu" nvrtc 2>&1)
status=$?
printf '%s\n' "$said" >"$scratch/out"
if grep -q '^skipped: ' "$scratch/out"; then
	skip "$name" "$(sed -n 's/^skipped: //p' "$scratch/out")"
else
	result $status "$name" "$scratch/out"
fi

wait $slow
grep -q '^  cuda:0 ' "$scratch/slow-list"
result $? "a driver that starts slowly is waited for" "$scratch/slow-list"

echo "1..$number"
exit $bad
