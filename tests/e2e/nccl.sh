#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Collectives on GPUs without any: a fake driver with as many devices as are wanted, and a fake NCCL that moves bytes
# between the processes of the ranks. Every collective is verified on 2, 3 and 4 ranks; faults of the library are rows
# with their reason. Prints TAP. WATTMARK: the binary (default build/wattmark).
set -u
bin=$(readlink -f "${WATTMARK:-build/wattmark}")
fakes=$(dirname "$bin")/tests/fakes
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

if [ ! -e "$fakes/cuda/libcuda.so.1" ] || [ ! -e "$fakes/nccl/libnccl.so.2" ]; then
	echo "1..0 # SKIP no fake libraries in $fakes: make tests"
	exit 0
fi

# The status of the last command decides.
check() {
	local status=$?
	n=$((n + 1))
	if [ $status -eq 0 ]; then
		echo "ok $n - $*"
	else
		echo "not ok $n - $*"
		failed=1
	fi
}

# gpus COUNT: what the fake driver has from then on
gpus() {
	for ((i = 0; i < $1; i++)); do
		echo "device 0000:4$i:00.0 GPU-0000000$i-1111-2222-3333-444444444444"
	done >"$tmp/gpus"
}

# run_on DEVICE PATTERN..: the rows in $tmp/rows
run_on() {
	local device=$1 status
	shift
	rm -rf "$tmp/bundle"
	WM_FAKE_CUDA=$tmp/gpus LD_LIBRARY_PATH=$fakes/cuda${nccl:+:$fakes/nccl}${meters:+:$meters} \
		"$bin" run "$@" --device "$device" --profile smoke --out "$tmp/bundle" -q >"$tmp/out" 2>"$tmp/err"
	status=$?
	"$bin" report "$tmp/bundle" --format json >"$tmp/rows"
	return $status
}

rows() { # what must be true of every row
	jq -e "length > 0 and all(.[]; $1)" "$tmp/rows" >"$tmp/out" || { jq -c '.[] | [.problem, .status, .why]' "$tmp/rows" | sed 's/^/# /' && false; }
}

nccl=yes meters=

# ---- every collective, and three sizes of group ----
# 300 KB and 768 KB are more than the fake moves at a time
ran() { # RANKS: every row of that group ran, and is right; an odd one on a busy machine is suspect by its time
	rows "(.status == \"ok\" or .status == \"suspect\") and .verified and .ranks == $1 and .impl == \"nccl\" and
		.device == \"cuda:0-$(($1 - 1))\" and .device_name == \"$1 x Fake H100\""
}
gpus 3
run_on cuda reducescatter:bytes=960 allgather:bytes=960 broadcast:bytes=300K alltoall:bytes=768K sendrecv:bytes=12K \
	allreduce:bytes=96K,dtype=f32/bf16/i8 allreduce:bytes=960,timing=latency; check "3 ranks: exit 0"
ran 3; check "3 ranks: every row ran and was verified"
jq -e 'length == 9 and ([.[].bench] | unique | length) == 6' "$tmp/rows" >"$tmp/out"; check "3 ranks: all six, three types"
rows '.library == "NCCL 2.28.9" and .time.clock == "ranks" and .time.skew_s >= 0'
check "3 ranks: the library's version, the ranks' own clocks"
jq -en '[inputs | select(.status) | .members | length == 3 and .[1].pci == "0000:41:00.0" and
	.[1].uuid == "00000001-1111-2222-3333-444444444444"] | all' "$tmp/bundle/records.jsonl" >"$tmp/out"
check "3 ranks: records name their devices"
rows 'if .bench == "allreduce" then .impl_detail | startswith("algo=RING proto=SIMPLE channels={0..1}")
	elif .bench == "alltoall" then .impl_detail == "" else true end'
check "3 ranks: the algorithm, where the library tells it"
if [ -z "${WM_TEST_TRIES:-}" ]; then # slow builds have the one size
	gpus 2
	run_on cuda allreduce:bytes=960 alltoall:bytes=12K && ran 2; check "2 ranks: run and verified"
	gpus 4
	run_on cuda reducescatter:bytes=12K sendrecv:bytes=300K && ran 4; check "4 ranks: run and verified"
fi

# ---- other groups ----
gpus 4
run_on cuda:3,1 sendrecv:bytes=4K && rows '.device == "cuda:3,1" and .ranks == 2 and .verified'
check "a group in the order that was asked for"
NCCL_ALGO=Ring run_on cuda:0-1 allreduce:bytes=960 && rows '.impl_detail | endswith(" NCCL_ALGO=Ring")'
check "the library's settings are recorded"
NCCL_DEBUG=WARN run_on cuda:0-1 allreduce:bytes=960 && rows '.impl_detail == "NCCL_DEBUG=WARN"'
check "a log that the user asked for is left alone"
gpus 1
run_on cuda allreduce:bytes=960 && rows '.status == "unsupported" and .why == "needs >= 2 devices, cuda:0 is one" and .time == null'
check "one device: unsupported, and says that two are needed"
gpus 2
run_on cuda:0-1 alltoall:bytes=12 &&
	rows '.status == "unsupported" and (.why | startswith("bytes=12 is no multiple of 8"))'
check "what all ranks refuse is nobody's fault"
if ldconfig -p 2>/dev/null | grep -q libnccl.so.2; then
	echo "ok $((n += 1)) - no library # SKIP there is one"
else
	nccl=''
	run_on cuda:0-1 allreduce:bytes=960 && rows '.status == "skip" and (.why | contains("libnccl.so.2"))'
	check "no library: a skip with the loader's reason"
	nccl=yes
fi

# ---- energy: that of all devices of the group, and of no other ----
{
	echo "step 0.1"
	for ((i = 0; i < 4; i++)); do
		echo "device 0000:4$i:00.0 GPU-0000000$i-1111-2222-3333-444444444444"
		echo "power $((100 * (i + 1)))"
	done
} >"$tmp/power"
mkdir "$tmp/nvml"
ln -s "$fakes/libnvidia-ml.so.1" "$tmp/nvml/"
gpus 4
# a window that other load on the machine spoils is refused: another try
for _ in 1 2 3 4 5 6 7 8; do
	WM_FAKE_NVML=$tmp/power meters=$tmp/nvml run_on cuda:0,2 sendrecv:bytes=12K --weigh
	jq -e '.[0].energy.classes[0].watts' "$tmp/rows" >"$tmp/out" && break
	jq -c '.[0].not_weighed' "$tmp/rows" | sed 's/^/# /'
done
rows '[.energy.classes[] | select(.scope == "accelerator") | .sources] == [["nvml:GPU-00000000-1111-2222-3333-444444444444",
	"nvml:GPU-00000002-1111-2222-3333-444444444444"]]'
check "energy: the sources are the meters of both devices"
# a busy machine spoils windows, and then the product gives no number
rows '.energy.classes[0].watts | . > 392 and . < 408'; check "energy: 100 W and 300 W are 400 W"

# ---- faults of the library, in rank 1 of 3 ----
segments() { find /dev/shm -name 'wattmark-fake-nccl-*' | wc -l; }
before=$(segments)
gpus 3
# fault SCRIPT STATUS WORDS: one case ends so, and says that
fault() {
	local lines=$1 status=$2 words=$3
	shift 3
	printf '%b\n' "$lines" >"$tmp/script"
	WM_FAKE_NCCL=$tmp/script run_on cuda allreduce:bytes=960 "$@"
	[ $? -eq 1 ] && rows ".status == \"$status\" and (.why | contains(\"$words\"))"
	check "$status: $words"
}
fault 'init 3' failed 'rank 1 (cuda:1): NCCL: joining the communicator: internal error (3): the script says that it does not start'
fault 'fail 5\nafter 9' failed 'rank 1 (cuda:1): NCCL: allreduce: invalid usage (5): the script says that it fails'
fault 'async 6\nafter 9' failed 'rank 1 (cuda:1): NCCL: asynchronous error: remote process exited (6)'
fault 'wrong 1' wrong 'rank 1 (cuda:1): recv of rank 1[0] is'
fault 'wrong 1\nafter 30' wrong 'rank 1 (cuda:1): recv of rank 1[0] is'
fault 'crash 1\nafter 9' crash 'rank 1 (cuda:1): killed by signal 6'
fault 'hang 1\nafter 9' hang 'by its deadline' --deadline 0.5
[ "$(segments)" -le "$before" ]; check "nothing is left in shared memory"

echo "1..$n"
exit $failed
