#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Collectives as a user sees them: two ranks run all of it, one rank and more ranks than cores are told why not. Prints
# TAP. WATTMARK: the binary (default build/wattmark).
set -u
bin=${WATTMARK:-build/wattmark}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

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

# Runs patterns on a device; the rows in $tmp/rows.
run_on() { # device pattern..
	local device=$1 status
	shift
	rm -rf "$tmp/bundle"
	"$bin" run "$@" --device "$device" --profile smoke --out "$tmp/bundle" -q >"$tmp/out" 2>"$tmp/err"
	status=$?
	"$bin" report "$tmp/bundle" --format json >"$tmp/rows"
	return $status
}

rows() { # what must be true of every row
	jq -e "length > 0 and all(.[]; $1)" "$tmp/rows" >"$tmp/out"
}

# three types where there is arithmetic, one elsewhere and in slow builds: the unit tests have them all
types=f32/bf16/i8 count=16
[ -z "${WM_TEST_TRIES:-}" ] || types=f32 count=12
all='allreduce reducescatter allgather broadcast alltoall sendrecv'
patterns="allreduce:bytes=960,dtype=$types reducescatter:bytes=960,dtype=$types"
for bench in $all; do
	patterns="$patterns $bench:bytes=960,timing=latency"
	[[ $bench == *reduce* ]] || patterns="$patterns $bench:bytes=960"
done

# ---- two ranks ----
run_on host:cores=2 allreduce:bytes=960
if ! rows '.status == "skip"'; then
	# shellcheck disable=SC2086 # one word a pattern
	run_on host:cores=2 $patterns; check "two ranks: all six, $types, both timings exit 0"
	# an odd row out on a busy machine is suspect by its time, never wrong
	rows '(.status == "ok" or .status == "suspect") and .verified and .ranks == 2'
	check "two ranks: every row ran and was verified"
	jq -e "length == $count"' and ([.[].bench] | unique | length) == 6' "$tmp/rows" >"$tmp/out"
	check "two ranks: $count rows"
	rows '.time.clock == "ranks" and .time.skew_s >= 0 and .time.median_s > 0 and .time.launch_bound == false'
	check "two ranks: times are the ranks' own, with their skew"
	rows '({"allreduce": 1, "broadcast": 1, "sendrecv": 1}[.bench] // 0.5) as $factor |
		(.values.bus_bytes_per_s / .values.bytes_per_s / $factor - 1) | fabs < 1e-9'
	check "two ranks: bus bandwidth is algorithm bandwidth times the factor"

	run_on host:cores=2 allreduce:bytes=4K,cache=cold alltoall:bytes=64K,data=zeros sendrecv:bytes=1M,data=normal &&
		rows '(.status == "ok" or .status == "suspect") and .verified'
	check "two ranks: cold, zeros, normal"
	run_on host:cores=2 allreduce:bytes=4K broadcast:bytes=4K && run_on host:cores=2 allreduce:bytes=4K --impl ref &&
		rows '(.status == "ok" or .status == "suspect") and .impl == "ref"'
	check "the reference runs when asked for"
	run_on host:cores=2 alltoall:bytes=9,dtype=i8 allreduce:bytes=9,dtype=i8
	check "sizes that do not divide exit 0"
	jq -e '[.[] | select(.bench == "alltoall")][0] | .status == "unsupported" and
		.why == "bytes=9 is no multiple of 2, an element of i8 for each of 2 ranks: 8 would do"' "$tmp/rows" >"$tmp/out" &&
		jq -e '[.[] | select(.bench == "allreduce")][0].status != "unsupported"' "$tmp/rows" >"$tmp/out"
	check "a size that does not divide is refused where parts are dealt out, with one that does"
else
	echo "ok $((n += 1)) - two ranks # SKIP this process may use one core"
fi

# ---- one rank, and more than there are cores ----
# shellcheck disable=SC2086 # one word a pattern
run_on host:cores=1 $patterns; check "one rank exits 0"
rows '.status == "unsupported" and .why == "needs >= 2 ranks, host:cores=1 has 1" and .time == null and
	.values.bus_bytes_per_s == null'
check "one rank: every row says that two are needed, without a figure"
# shellcheck disable=SC2086 # one word a pattern
run_on host:cores=9999 $patterns; check "more ranks than cores exit 0"
rows '.status == "skip" and (.why | test("9999 cores are wanted, this process may use [0-9]+")) and .time == null'
check "more ranks than cores: every row is skipped and says why"

"$bin" run allreduce:bytes=10 --device host >"$tmp/out" 2>"$tmp/err"
[ $? -eq 2 ] && grep -q 'bytes=10 is no multiple of 4, the size of an element of f32' "$tmp/err" &&
	[ "$(wc -l <"$tmp/err")" -eq 1 ]
check "a size that holds no whole elements is refused"
"$bin" run collectives --dry-run >"$tmp/out" 2>"$tmp/err" && [ ! -s "$tmp/err" ] &&
	[ "$(grep -oE "(${all// /|}):" "$tmp/out" | sort -u | wc -l)" -eq 6 ]
check "the suite collectives plans all six"

echo "1..$n"
exit $failed
