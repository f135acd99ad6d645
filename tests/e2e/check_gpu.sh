#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# scripts/check-gpu from end to end on a driver, a meter and a PyTorch that play (tests/fakes): what runs, what it says, that it
# goes on where it was cut off. Prints TAP.
# May run beside other tests: no figure counts here.
set -u
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1
bin=$(readlink -f "${WATTMARK:-build/wattmark}")
fakes=$(dirname "$bin")/tests/fakes
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0 failed=0

check() {
	local status=$?
	n=$((n + 1))
	if [ $status -eq 0 ]; then
		echo "ok $n - $*"
	else
		echo "not ok $n - $*"
		sed 's/^/# /' "$tmp/out" "$tmp/err"
		failed=1
	fi
}
# gpu ARGUMENT..: check-gpu on what the fakes play; exit status in $status.
gpu() {
	LD_LIBRARY_PATH=$fakes/cuda:$fakes WM_FAKE_CUDA=$tmp/cuda WM_FAKE_NVML=$tmp/nvml \
		scripts/check-gpu "$bin" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}
# is_refused LINE: exit status 2 and that line alone.
is_refused() { [ "$status" -eq 2 ] && [ ! -s "$tmp/out" ] && [ "$(cat "$tmp/err")" = "check-gpu: $1" ]; }
held() { tar -tzf "$tmp/$1/"*.tar.gz | grep -qE "$2"; }

device='device 0000:41:00.0 GPU-11111111-2222-3333-4444-55555555555a\nmemory 16e9\nl2 52428800\n'
printf "$device" >"$tmp/cuda"
printf "$device"'power 300\ncap 500\ncap_default 700\n' >"$tmp/nvml"
small=copy:bytes=1M,cache=hot

# ---- refusals ----
gpu verify --speed 1
is_refused "unknown option '--speed'; $(sed -n 's/^usage="\(.*\)"$/\1/p' scripts/check-gpu)"; check "an unknown option is refused"
gpu quick
[ "$status" -eq 2 ] && grep -q "^check-gpu: unknown target 'quick'; usage: " "$tmp/err"; check "an unknown target is refused"
scripts/check-gpu "$tmp/none" verify >"$tmp/out" 2>"$tmp/err"
status=$?
is_refused "$tmp/none: no program there; make portable builds one"; check "a binary that is not there is refused"
printf "none 1\n$device" >"$tmp/cuda"
gpu verify --out "$tmp/none"
is_refused "no cuda:0 here: unavailable: cuInit: CUDA_ERROR_NO_DEVICE: a driver, but no GPU that it lets this process use (100)" &&
	[ ! -e "$tmp/none" ]
check "without a GPU: one line, exit status 2"

# ---- verify ----
printf "$device" >"$tmp/cuda"
gpu verify --out "$tmp/a" --only "$small"
[ "$status" -eq 0 ] && grep -qE '^copy +driver +1 +0 +0 +0 +0$|^copy +driver +0 +1 +0 +0 +0$' "$tmp/out"; check "verify ends with a table"
held a '^fake-h100-verify-[0-9TZ]*/verify/records.jsonl$' && held a '/table.txt$' && held a '/devices.txt$' &&
	[ "$(ls "$tmp/a")" = "$(basename "$tmp/a"/*.tar.gz .tar.gz)"$'\n'"$(basename "$tmp/a"/*.tar.gz)" ]
check "one archive, named by the product that the record names"
tar -C "$tmp/a" -xzf "$tmp/a"/*.tar.gz && "$bin" report "$tmp/a"/fake*Z/verify >"$tmp/err" &&
	grep -q '^doubt     cuda:0 was not as it comes: power limit 500 W, it comes with 700 W$' "$tmp/err" &&
	grep -q 'cuda:0 of .* was not as it comes: power limit 500 W, it comes with 700 W\.' "$tmp/a"/fake*Z/verify/report.html &&
	grep -q '"state": *"mig=off power_limit_w=500 power_limit_default_w=700' "$tmp/a"/fake*Z/verify/run.json &&
	grep -q 'doubt .* power limit 500 W' "$tmp/a"/fake*Z/topo.txt
check "what of the GPU is not as it comes stands in the record, the reports and topo"
bash tests/e2e/schema.sh "$tmp/a"/fake*Z/verify >"$tmp/err" 2>&1
check "its bundle keeps the schema"
printf "$device"'fault 700\n' >"$tmp/cuda"
gpu verify --out "$tmp/b" --only "$small"
[ "$status" -eq 1 ] && grep -qE '^copy +driver +0 +0 +0 +0 +1$' "$tmp/out" && grep -q "^failed: copy:.* driver: .*CUDA_ERROR_ILLEGAL_ADDRESS" "$tmp/out"
check "what failed is told with its reason, exit status 1"

# ---- cut off and gone on with ----
printf "$device" >"$tmp/cuda"
gpu verify --out "$tmp/c" --only "$small" --minutes 0.1
[ "$status" -eq 3 ] && tail -n 1 "$tmp/out" | grep -q 'not complete: the same command goes on from here'
check "where time is too short: exit status 3"
gpu verify --out "$tmp/c" --only copy:bytes=1M/2M/3M,cache=hot &
run=$!
records=$tmp/c/check-gpu-verify.unfinished/verify/records.jsonl
until grep -qs '"status"' "$records" || ! kill -0 $run 2>/dev/null; do sleep 0.1; done
kill -INT $(pgrep -P $(pgrep -P $run) timeout)
wait $run
first=$(grep -c 'not complete: the same command goes on' "$tmp/out")
begun=$(grep -c '"status"' "$records")
gpu verify --out "$tmp/c" --only ignored
[ "$first" -eq 1 ] && [ "$begun" -lt 3 ] && [ "$status" -eq 0 ] && grep -qE '^copy +driver +[0-9]' "$tmp/out"
check "a bundle that was cut off is gone on with"

# ---- speed ----
gpu speed --out "$tmp/d" --only "$small" --turns 1
[ "$status" -eq 0 ] && grep -qE '^PyTorch: not measured: (torch cannot be imported|python3 is not|torch .* sees no GPU)' "$tmp/out" &&
	held d '/suite/report.html$'
check "without PyTorch the rest is measured, and it says so"
if command -v python3 >/dev/null; then
	export PYTHONPATH=$PWD/tests/fakes/python
	gpu speed --out "$tmp/e" --only "$small" --turns 3
	[ "$status" -eq 0 ] && grep -qE '^copy:bytes=1M,cache=hot +driver +copy_ +[0-9.]+ us +[0-9.]+ +\[[0-9.]+, [0-9.]+\] +3$' "$tmp/out" &&
		held e '/peers.csv$' && held e '/peers-2-0/records.jsonl$'
	check "with PyTorch there is a ratio with its interval"
	tests/peers/torch_peers.py "$bin" --out "$tmp/e/"fake*/ --table >"$tmp/out" 2>"$tmp/err" && [ "$(wc -l <"$tmp/out")" -eq 3 ]
	check "the table can be made again from the archive"
	unset PYTHONPATH
else
	for what in "with PyTorch there is a ratio with its interval" "the table can be made again from the archive"; do
		n=$((n + 1))
		echo "ok $n - $what # SKIP python3 is not installed"
	done
fi

# ---- energy ----
gpu energy --out "$tmp/f" --only "$small" --turns 2
[ "$status" -eq 0 ] && grep -qE '^with the sampler / without: [0-9.]+ \(no interval\) of 2 pairs: driver copy:' "$tmp/out" &&
	held f '/meters.txt$' && held f '/weighed/power.csv$'
check "energy: meters, a weighed bundle, and what watching costs"

echo "1..$n"
exit $failed
