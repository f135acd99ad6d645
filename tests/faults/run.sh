#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What breaks costs one case: faulty implementations, killed workers, killed supervisors. Prints TAP.
# WATTMARK_FAULTY: the binary (default build/wattmark-faulty). KILLS: how often the supervisor is killed (default 5).
set -u
bin=${WATTMARK_FAULTY:-build/wattmark-faulty}
# a sanitizer must not catch what is to kill
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:handle_segv=0 TSAN_OPTIONS=${TSAN_OPTIONS:-}:handle_segv=0
kills=${KILLS:-5}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

# ok WORDS.. : the status of the last command decides
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

# row BUNDLE IMPL FIELD: a field of the only record of that implementation
row() {
	jq -r --arg impl "$2" "select(.status and .impl == \$impl) | .$3" "$1/records.jsonl"
}

# finals BUNDLE: are there exactly as many final records as cases, all distinct, one per case and replicate?
finals() {
	local planned all distinct
	planned=$(jq .planned "$1/run.json")
	all=$(jq -R 'fromjson? | select(.status) | .case + "/" + (.replicate | tostring)' "$1/records.jsonl" | wc -l)
	distinct=$(jq -R 'fromjson? | select(.status) | .case + "/" + (.replicate | tostring)' "$1/records.jsonl" | sort -u | wc -l)
	[ "$planned" -gt 0 ] && [ "$all" -eq "$planned" ] && [ "$distinct" -eq "$planned" ]
}

# ends PID: is the process gone, or nothing but a name, within 3 s?
ends() {
	for _ in $(seq 60); do
		grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status" || return 0
		sleep 0.05
	done
	return 1
}

# begun BUNDLE N: waits until N workers were started for its cases
begun() {
	for _ in $(seq 600); do
		[ "$(grep -s '^{"begin"' "$1/records.jsonl" | wc -l)" -ge "$2" ] && return 0
		sleep 0.05
	done
	return 1
}

small=copy:bytes=1M,cache=hot

# ---- one row per fault ----
"$bin" run "$small" --impl simd/ref/hang/crash/wrong/outside/stops/nomem --device host --profile smoke --deadline 1 \
	--out "$tmp/faults" --quiet >"$tmp/out" 2>"$tmp/err"
[ $? -eq 1 ]; check "a run with bad rows exits 1"
finals "$tmp/faults"; check "every case has exactly one final record"
for pair in hang:hang crash:crash wrong:wrong outside:wrong stops:wrong nomem:nomem simd:ok ref:ok; do
	impl=${pair%:*} want=${pair#*:}
	got=$(row "$tmp/faults" "$impl" status)
	why=$(row "$tmp/faults" "$impl" why)
	[ "$got" = "$want" ] && { [ "$want" = ok ] || [ -n "$why" ]; }
	check "$impl is $want: $why"
done
row "$tmp/faults" outside why | grep -q 'outside tensor'; check "an out-of-bounds write is named as one"
row "$tmp/faults" stops phase | grep -q check; check "a kernel that stopped is found after timing"
row "$tmp/faults" crash why | grep -q 'signal 11'; check "a crash names its signal"
row "$tmp/faults" hang why | grep -q 'phase'; check "a hang names its phase"

# ---- groups: one rank of four breaks, and costs its case ----
ranks=toys/rank_crash/rank_hang/rank_fail/rank_wrong/rank_stop/rank_start
"$bin" run allreduce:bytes=4K --impl "$ranks" --device toy:0-3 --profile smoke --deadline 1 --out "$tmp/ranks" \
	--quiet >"$tmp/out" 2>"$tmp/err"
[ $? -eq 1 ] && finals "$tmp/ranks"; check "groups: every case has exactly one final record"
for pair in toys:ok rank_crash:crash rank_hang:hang rank_fail:failed rank_wrong:wrong rank_stop:wrong rank_start:failed; do
	impl=${pair%:*} want=${pair#*:}
	got=$(row "$tmp/ranks" "$impl" status)
	why=$(row "$tmp/ranks" "$impl" why)
	[ "$got" = "$want" ] || { [ "$got" = suspect ] && [ "$want" = ok ]; } &&
		{ [ "$want" = ok ] || [ "$want" = hang ] || [[ $why == 'rank 2 (toy:2): '* ]]; }
	check "groups: $impl is $want: $why"
done
row "$tmp/ranks" rank_hang why | grep -q 'all 4 ranks had come equally far'; check "groups: a hang that nobody can be blamed for says so"
[ "$(row "$tmp/ranks" toys 'members | length')" -eq 4 ] && [ "$(row "$tmp/ranks" toys ranks)" -eq 4 ] &&
	[ "$(row "$tmp/ranks" toys check.exact.compared)" -eq 4096 ]
check "groups: the record names its devices and counts all ranks' elements"
"$bin" run allreduce:bytes=4K --impl rank_late --device toy:0-3 --profile smoke --deadline 0.1 --out "$tmp/late" \
	--quiet >"$tmp/out" 2>"$tmp/err"
row "$tmp/late" rank_late why | grep -q '^rank 2 (toy:2): no end of phase build by its deadline, and the others wait'
check "groups: a rank that the others wait for is named"

# ---- three crashes in a row ----
"$bin" run copy:bytes=1M/2M/3M/4M/5M,cache=hot --impl crash --device host --profile smoke --out "$tmp/three" --quiet >/dev/null 2>&1
[ "$(jq -r 'select(.status == "crash") | .case' "$tmp/three/records.jsonl" | wc -l)" -eq 3 ]; check "three crashes are tried"
[ "$(jq -r 'select(.status == "skip") | .why' "$tmp/three/records.jsonl" | grep -c 'crashed 3 times')" -eq 2 ]
check "after three crashes in a row the rest is skipped"

# ---- kill -9 of a worker ----
"$bin" run copy:bytes=1M/2M,cache=hot --impl slow/simd --device host --profile smoke --out "$tmp/worker" --quiet >/dev/null 2>&1 &
run=$!
worker=
for _ in $(seq 200); do
	worker=$(pgrep -P $run -f -- --as-worker)
	[ -n "$worker" ] && break
	sleep 0.01
done
kill -9 $worker
wait $run
finals "$tmp/worker"; check "a killed worker costs no other case its record"
[ "$(jq -r 'select(.status == "crash") | .why' "$tmp/worker/records.jsonl" | grep -c 'signal 9')" -eq 1 ]
check "exactly the killed worker's case is a crash"

# ---- interruption ----
# Each signal comes while a worker is at it; the last two are both there before the supervisor looks.
first="run copy:bytes=1M/2M,cache=hot --impl slow --device host --profile smoke --out"
begins=0
for signals in INT TERM HUP "TERM HUP"; do
	# shellcheck disable=SC2086
	"$bin" $first "$tmp/int" --quiet >/dev/null 2>&1 &
	run=$!
	first="run --resume"
	begins=$((begins + 1))
	begun "$tmp/int" $begins
	kill -STOP $run
	for signal in $signals; do kill -"$signal" $run; done
	kill -CONT $run
	wait $run
	[ $? -eq 130 ] && [ "$(jq -r .outcome "$tmp/int/run.json")" = interrupted ] &&
		[ "$(grep -c '^{"interrupted"' "$tmp/int/records.jsonl")" -eq $begins ]
	check "SIG$signals ends a run with 130, an outcome and a mark"
done
"$bin" run --resume "$tmp/int" --quiet >/dev/null 2>&1
[ $? -eq 0 ] && finals "$tmp/int"; check "and --resume completes it: interruptions are no deaths"

# ---- a group's run is killed: its ranks go with it, and --resume makes the same group again ----
"$bin" run allreduce:bytes=4K/8K --impl toys --device toy:3,0-1 --profile smoke --out "$tmp/group" --quiet >/dev/null 2>&1 &
run=$!
begun "$tmp/group" 1
for _ in $(seq 200); do
	children=$(pgrep -P $run -f -- --as-worker)
	[ "$(wc -w <<<"$children")" -eq 3 ] && break
	sleep 0.01
done
kill -9 $run
wait $run 2>/dev/null
left=0
for child in $children; do ends "$child" || left=1; done
[ "$(wc -w <<<"$children")" -eq 3 ] && [ $left -eq 0 ]; check "groups: three ranks end with their supervisor"
"$bin" run --resume "$tmp/group" --quiet >/dev/null 2>&1
[ $? -eq 0 ] && finals "$tmp/group" && [ "$(jq -r 'select(.status) | .device' "$tmp/group/records.jsonl" | sort -u)" = toy:3,0-1 ]
check "groups: --resume runs the rest on the same devices"

# ---- the whole run dies of one case ----
first="run copy:bytes=1M,cache=hot --impl slow --device host --profile smoke --out"
for begins in 1 2; do
	# shellcheck disable=SC2086
	"$bin" $first "$tmp/twice" --quiet >/dev/null 2>&1 &
	run=$!
	first="run --resume"
	begun "$tmp/twice" $begins
	check "begun for time $begins"
	kill -9 $run
	wait $run 2>/dev/null
done
"$bin" run --resume "$tmp/twice" --quiet >/dev/null 2>&1
[ $? -eq 1 ] && finals "$tmp/twice" && [ "$(row "$tmp/twice" slow status)" = crash ] &&
	[ "$(row "$tmp/twice" slow why)" = "the whole run died twice while this case was in flight" ]
check "after two deaths of the run the case in flight is a crash"

# ---- kill -9 of the supervisor at random moments ----
done_kills=0 round=0 all_good=0 orphans=0
RANDOM=${SEED:-17}
while [ $done_kills -lt "$kills" ]; do
	round=$((round + 1))
	bundle=$tmp/kill$round
	first=1
	while :; do
		if [ $first = 1 ] || [ ! -e "$bundle/run.json" ]; then
			rm -rf "$bundle"
			"$bin" run copy:bytes=1M/2M/3M/4M,cache=hot --impl simd/ref --device host --profile smoke --out "$bundle" --quiet >/dev/null 2>&1 &
		else
			"$bin" run --resume "$bundle" --quiet >/dev/null 2>&1 &
		fi
		run=$!
		first=0
		if [ $done_kills -lt "$kills" ]; then
			sleep "$(printf '%d.%03d' $((RANDOM % 3)) $((RANDOM % 1000)))"
			children=$(pgrep -P $run)
			if kill -9 $run 2>/dev/null; then
				done_kills=$((done_kills + 1))
				wait $run 2>/dev/null
				for child in $children; do
					ends "$child" || orphans=$((orphans + 1))
				done
				continue
			fi
		fi
		wait $run
		break
	done
	finals "$bundle" || all_good=1
done
[ $all_good -eq 0 ]; check "after $done_kills kills of the supervisor every case has exactly one final record"
[ $orphans -eq 0 ]; check "no worker outlives its supervisor"

echo "1..$n"
exit $failed
