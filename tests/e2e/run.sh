#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A user's day: a small run and its reports, bad input, a budget, a resume, a machine without OpenCL. A suspect row is as
# good here: the machine was busy. Prints TAP.
# WATTMARK: the binary (default build/wattmark).
# May run beside other tests: no figure counts here.
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

# refuses 'WHAT IT SAYS' ARGUMENT..: exit status 2, nothing on stdout, exactly that one line on stderr.
refuses() {
	local want=$1
	shift
	"$bin" "$@" >"$tmp/out" 2>"$tmp/err"
	if [ $? -eq 2 ] && [ ! -s "$tmp/out" ] && [ "$(cat "$tmp/err")" = "wattmark: $want" ]; then
		true
	else
		sed 's/^/# /' "$tmp/err"
		false
	fi
	check "refuses: $want"
}

# ---- a run ----
cat >"$tmp/small.ini" <<'END'
[global]
profile = smoke

[library]
bench = gemm
m = 33
dtype = f32/bf16
impl = cblas

[own]
problem = gemm:m=64,dtype=bf16
impl = tiled/ref

[memory]
problem = copy:bytes=256K,cache=hot
impl = simd/ref

[arithmetic]
problem = fma:n=1K,iters=64
impl = simd/ref
END
"$bin" run "$tmp/small.ini" --out "$tmp/b" >"$tmp/out" 2>"$tmp/err"
check "a small job file with every implementation exits 0"
[ "$(cat "$tmp/out")" = "$tmp/b" ]; check "its only output is the bundle's path"
cases=$(wc -l <"$tmp/b/cases.jsonl")
[ "$(grep -c '^\[ *[0-9]*/' "$tmp/err")" -eq "$cases" ]; check "progress is one line a case ($cases)"
grep -qE '(ok|suspect)  [0-9.]* GFLOP/s  [0-9]+:[0-9][0-9] left' "$tmp/err"; check "progress has status, value and time left"
missing=
for file in run.json suite.ini cases.jsonl records.jsonl samples.f64 topology.xml worker.log report.html; do
	[ -e "$tmp/b/$file" ] || missing="$missing $file"
done
[ -z "$missing" ]; check "the bundle is whole${missing:+, but for$missing}"
bash "$(dirname "$0")/schema.sh" "$tmp/b" >"$tmp/schema" 2>&1
check "its lines are what results/schema.json says$(sed -n 's/^1\.\.0 # / # /p' "$tmp/schema")"
"$bin" report "$tmp/b" --format json >"$tmp/json" &&
	jq -e 'length == '"$cases"' and all(.[]; all(.bench, .problem, .impl, .backend, .device, .status; strings != "")
		and has("why") and has("verified") and has("values"))' "$tmp/json" >"$tmp/out"
check "report --format json has every case with its fields"
jq -e '[.[] | select(.status == "ok" or .status == "suspect")] | length > 0 and all(.[]; .verified and .time.median_s > 0 and .time.samples >= 5)' "$tmp/json" >"$tmp/out"
check "every good row is verified and timed"
jq -e '[.[] | select(.status == "unsupported")] | length > 0 and all(.[]; .why != "" and .time == null)' "$tmp/json" >"$tmp/out"
check "every unsupported row says why and has no time"
[ "$(stat -c %s "$tmp/b/samples.f64")" -eq $((8 * $(jq '[.[].samples.count] | add' "$tmp/json"))) ]
check "samples.f64 holds all samples"
for format in table md csv; do
	"$bin" report "$tmp/b" --format $format >"$tmp/out" 2>"$tmp/err" && [ -s "$tmp/out" ] && [ ! -s "$tmp/err" ]
	check "report --format $format"
done
problem=$(jq -r '.[0].problem' "$tmp/json")
"$bin" run "$problem" --dry-run >"$tmp/out" 2>&1 && grep -q '^1  ' "$tmp/out"; check "a record's problem string can be run again"

# ---- cores ----
core=$(awk '/^Cpus_allowed_list/ { split($2, a, /[-,]/); print a[1] }' /proc/self/status)
taskset -c "$core" "$bin" run copy:bytes=256K,cache=hot --device host --profile smoke --out "$tmp/one" --quiet >/dev/null &&
	[ "$(jq -r 'select(.status) | "\(.cpuset) \(.threads)"' "$tmp/one/records.jsonl")" = "$core 1" ]
check "host is the cores that this process may use"
"$bin" run gemm:m=64 --impl cblas --device "host:cpus=$core" --profile smoke --out "$tmp/part" --quiet >/dev/null &&
	[ "$(jq -r 'select(.status) | "\(.device) \(.threads)"' "$tmp/part/records.jsonl")" = "host:cpus=$core 1" ]
check "a part of the host is a device, and the library keeps to it"

# ---- what does not fit, what takes too long ----
"$bin" run gemm:m=1M --device host --impl cblas --out "$tmp/big" --quiet >/dev/null 2>&1 &&
	[ "$(jq -r 'select(.status) | .status' "$tmp/big/records.jsonl")" = skip ] &&
	jq -e 'select(.status) | .why | test("does not fit: needs [0-9]+ bytes")' "$tmp/big/records.jsonl" >/dev/null
check "a problem that does not fit is a skip with both figures"
"$bin" run copy:bytes=256K/512K/1M,cache=hot --device host --profile smoke --time-budget 0.001 --out "$tmp/budget" --quiet >/dev/null &&
	[ "$(jq -r 'select(.status) | .why' "$tmp/budget/records.jsonl" | grep -c 'time budget')" -ge 2 ]
check "cases beyond the time budget are skips"

# ---- without OpenCL ----
OCL_ICD_VENDORS=/nonexistent "$bin" list devices | grep -q '^  opencl  *unavailable: .'
check "a backend without devices says why"
OCL_ICD_VENDORS=/nonexistent "$bin" run gemm:m=32 --profile smoke --out "$tmp/noocl" --quiet >/dev/null 2>&1 &&
	[ "$(jq -r 'select(.status) | "\(.backend) \(.status)"' "$tmp/noocl/records.jsonl" | sed s/suspect/ok/ | sort -u)" = "host ok" ]
check "a run without it does the rest"

# ---- resume ----
"$bin" run --resume "$tmp/b" --quiet >"$tmp/out" 2>&1 && [ "$("$bin" report "$tmp/b" --format json | jq length)" -eq "$cases" ]
check "resuming a complete run adds nothing"
cp -r "$tmp/b" "$tmp/other"
jq '.binary = "0000000000000000"' "$tmp/b/run.json" >"$tmp/other/run.json"
"$bin" run --resume "$tmp/other" >"$tmp/out" 2>"$tmp/err"
[ $? -eq 2 ] && grep -q "^wattmark: cannot resume $tmp/other: binary was '0000000000000000', is '" "$tmp/err"
check "another binary is refused by name"
jq '.method = "0.9"' "$tmp/b/run.json" >"$tmp/other/run.json"
"$bin" run --resume "$tmp/other" >"$tmp/out" 2>"$tmp/err"
[ $? -eq 2 ] && grep -q "method was '0.9', is '" "$tmp/err"
check "another method is refused by name"
jq '.devices[].name = "another device"' "$tmp/b/run.json" >"$tmp/other/run.json"
"$bin" run --resume "$tmp/other" >"$tmp/out" 2>"$tmp/err"
[ $? -eq 2 ] && grep -q "the device was '.*another device" "$tmp/err"
check "another device is refused by name"

# ---- broken records ----
cp -r "$tmp/b" "$tmp/torn"
truncate -s -40 "$tmp/torn/records.jsonl"
lines=$(($(wc -l <"$tmp/torn/records.jsonl") + 1))
"$bin" report "$tmp/torn" --format json >"$tmp/json" 2>"$tmp/err"
[ $? -eq 2 ] && [ "$(jq length "$tmp/json")" -eq $((cases - 1)) ] && grep -q "^wattmark: $tmp/torn/records.jsonl:$lines: " "$tmp/err"
check "a truncated record is named by line and the rest is reported"
mkdir "$tmp/foreign" && cp "$tmp/b/run.json" "$tmp/foreign" && printf 'hello\n{"a": 1}\n' >"$tmp/foreign/records.jsonl"
"$bin" report "$tmp/foreign" >"$tmp/out" 2>"$tmp/err"
[ $? -eq 2 ] && grep -q "records.jsonl:1: " "$tmp/err"
check "a foreign record file is named"

# ---- bad input: one exact line ----
refuses "unknown command 'runn'; did you mean 'run'?" runn
refuses "unknown benchmark 'gem'; did you mean 'gemm'?" run gem:m=1
refuses "unknown gemm axis 'tran'; did you mean 'trans'?" run gemm:tran=nn
refuses "unknown gemm dtype 'f31'; did you mean 'f32'?" run gemm:dtype=f31
refuses "gemm axis m: 0 is outside 1 to 2147483647" run gemm:m=0
refuses "gemm axis m: '99999999999999999999' is too large a number" run gemm:m=99999999999999999999
refuses "gemm axis m: an empty value in its list" run gemm:m=1/
refuses "gemm: a circle of ties: m -> n -> m" run gemm:m=@n
refuses "unknown device 'hots'; did you mean 'host'?" run gemm:m=64 --device hots
refuses "unknown suite or benchmark 'quik'; did you mean 'quick'?" run quik
refuses "option --time-budget: '0' is not a number of seconds from 0.001 to 31536000" run gemm:m=64 --time-budget 0
refuses "/proc exists and is not empty: name a new folder" run gemm:m=64 --out /proc
refuses "cannot make folder /proc/none: No such file or directory" run gemm:m=64 --out /proc/none
refuses "option --topology needs --dry-run: nothing can run on another machine" run gemm:m=64 --topology x.xml
refuses "cannot read bundle $tmp/none: No such file or directory" report "$tmp/none"
printf '[global]\nprofile = smoke\n[job]\nbench = gemm\nm = 64\nbogus = 1\n' >"$tmp/job.ini"
"$bin" run "$tmp/job.ini" >"$tmp/out" 2>"$tmp/err"
[ $? -eq 2 ] && grep -q "^wattmark: $tmp/job.ini:6: unknown .*'bogus'" "$tmp/err" && [ "$(wc -l <"$tmp/err")" -eq 1 ]
check "a job file's unknown key is named with file and line"

echo "1..$n"
exit $failed
