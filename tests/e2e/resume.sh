#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What outlives a run and its machine: segments, job files, full disks, gaps between replicates, probes that do not
# come back. Prints TAP. WATTMARK: the binary (default build/wattmark).
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

skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# edit BUNDLE FILTER: changes its run.json as jq says
edit() {
	jq "$2" "$1/run.json" >"$tmp/run.json" && cp "$tmp/run.json" "$1/run.json"
}

# again BUNDLE: resumes it in silence; what it says goes to $tmp/err
again() {
	"$bin" run --resume "$1" --quiet >/dev/null 2>"$tmp/err"
}

# marks BUNDLE KIND: how many lines of that kind
marks() {
	grep -c "^{\"$2\"" "$1/records.jsonl"
}

segments() {
	jq '.segments | length' "$1/run.json"
}

small="copy:bytes=256K,cache=hot --device host --impl simd"

# ---- segments ----
# shellcheck disable=SC2086
"$bin" run $small --profile smoke --out "$tmp/b" --quiet >/dev/null
edit "$tmp/b" '.segments[-1].environment.boot_id = "another boot"'
: >"$tmp/b/records.jsonl"
again "$tmp/b" && [ "$(segments "$tmp/b")" -eq 2 ] && [ "$(jq 'select(.status) | .segment' "$tmp/b/records.jsonl")" = 1 ]
check "after another boot the run goes on in a new segment"
jq -e '.segments[1] | .started and .drivers.host and .environment.kernel' "$tmp/b/run.json" >/dev/null
check "which has its own environment and drivers"
again "$tmp/b" && [ "$(segments "$tmp/b")" -eq 2 ]; check "the next resume stays in it"
edit "$tmp/b" '.segments[-1].drivers.host = "an older driver"'
again "$tmp/b" && [ "$(segments "$tmp/b")" -eq 3 ]; check "another driver begins a new segment"
again "$tmp/b" && [ "$(segments "$tmp/b")" -eq 3 ]; check "and one only"
edit "$tmp/b" '.segments[-1].drivers["cuda:7"] = "of a device that is not here"'
again "$tmp/b" && [ "$(segments "$tmp/b")" -eq 3 ]; check "a device that no case needs may be gone"
bash "$(dirname "$0")/schema.sh" "$tmp/b" >"$tmp/schema" 2>&1; check "run.json keeps the schema"

# ---- what cannot go on ----
cp -r "$tmp/b" "$tmp/case"
echo '{"problem": "gem:m=1"}' >>"$tmp/case/cases.jsonl"
again "$tmp/case"
[ $? -eq 2 ] && [ "$(cat "$tmp/err")" = "wattmark: $tmp/case/cases.jsonl:2: unknown benchmark 'gem'; did you mean 'gemm'?" ]
check "a bad line of cases.jsonl is named"
mkdir "$tmp/stillborn" && : >"$tmp/stillborn/records.jsonl"
again "$tmp/stillborn"
[ $? -eq 2 ] && [ "$(cat "$tmp/err")" = "wattmark: the run of $tmp/stillborn died before it began: remove that folder" ]
check "a run that died before it began cannot go on"

# ---- a full disk: the limit on a file's size stands for it ----
: >"$tmp/b/records.jsonl"
truncate -s 64K "$tmp/b/samples.f64"
for turn in first second; do
	(
		trap '' XFSZ
		ulimit -f 64
		again "$tmp/b"
	)
	[ $? -eq 1 ] && [ "$(cat "$tmp/err")" = "wattmark: cannot write $tmp/b/samples.f64: File too large" ]
	check "a record that finds no room ends the run ($turn time)"
done
[ "$(marks "$tmp/b" begin)" -eq 2 ] && [ "$(marks "$tmp/b" interrupted)" -eq 2 ]
check "its case counts as interrupted"
again "$tmp/b" && [[ $(jq -r 'select(.status) | .status' "$tmp/b/records.jsonl") =~ ^(ok|suspect)$ ]]
check "and runs once there is room"

# ---- replicates lie minutes apart ----
# shellcheck disable=SC2086
"$bin" run $small --profile standard --replicates 2 --out "$tmp/gap" --quiet >/dev/null 2>&1 &
run=$!
for _ in $(seq 1200); do
	grep -qs '"status"' "$tmp/gap/records.jsonl" && break
	sleep 0.05
done
kill -TERM $run
wait $run
[ $? -eq 130 ] && [ "$(marks "$tmp/gap" begin)" -eq 1 ] && [ "$(marks "$tmp/gap" interrupted)" -eq 0 ]
check "a second replicate does not begin at once, and the wait for it can be interrupted"
"$bin" run --resume "$tmp/gap" --time-budget 60 --quiet >/dev/null 2>&1
[ "$(jq -r 'select(.replicate == 1 and .status) | .why' "$tmp/gap/records.jsonl")" = "time budget of 60 s is spent" ]
check "one that would begin beyond the time budget is skipped without a wait"

# ---- suite.ini ----
printf '[global]\ndtype = f64\n[gemm]\nbench = gemm\nm = 16' >"$tmp/first.ini"
printf '[gemm]\nbench = gemm\nm = 8\n' >"$tmp/second.ini"
long=fma:n=$(seq -s / 1000 1080)
set -- "$tmp/first.ini" gemm:m=32 "$tmp/second.ini" "$long"
"$bin" run "$@" --device host --time-budget 0.001 --out "$tmp/suite" --quiet >/dev/null
"$bin" run "$@" --device host --dry-run >"$tmp/then"
"$bin" run "$tmp/suite/suite.ini" --device host --dry-run >"$tmp/now" 2>"$tmp/err" && [ "$(wc -l <"$tmp/now")" -gt 84 ] &&
	cmp -s "$tmp/then" "$tmp/now"
check "a bundle's suite.ini plans what was run"

# ---- probes ----
cat >"$tmp/bad.c" <<'C'
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void begin(void) {
	close(open(getenv("BAD_MARK"), O_CREAT | O_WRONLY, 0666));
	if (getenv("BAD_DIES"))
		raise(SIGKILL);
	sleep(600);
}
C
cat >"$tmp/once.c" <<'C'
/* Lets the process say one thing on descriptor 4, then it dies. */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t write(int fd, const void *data, size_t n) {
	static int said;

	if (fd == 4 && said++)
		raise(SIGKILL);
	return syscall(SYS_write, fd, data, n);
}
C
export BAD_MARK=$tmp/mark
mkdir "$tmp/vendors" && echo "$tmp/bad.so" >"$tmp/vendors/bad.icd"
compiled=no
cc -shared -fPIC -o "$tmp/bad.so" "$tmp/bad.c" 2>/dev/null && cc -shared -fPIC -o "$tmp/once.so" "$tmp/once.c" 2>/dev/null && compiled=yes
OCL_ICD_VENDORS=$tmp/vendors timeout 120 "$bin" list devices >"$tmp/out" 2>&1
grep -q '^  opencl  *unavailable: its probe took over 5 s and was ended$' "$tmp/out" && grep -q '^  host ' "$tmp/out"
hung=$?
if [ $compiled = yes ] && [ -e "$tmp/mark" ]; then
	[ $hung -eq 0 ]; check "a driver that hangs costs its backend only"
	BAD_DIES=1 OCL_ICD_VENDORS=$tmp/vendors "$bin" list devices >"$tmp/out" 2>&1
	grep -q '^  opencl  *unavailable: its probe was killed by signal 9 ' "$tmp/out" && grep -q '^  host ' "$tmp/out"
	check "and so does one that crashes"
else
	skip "a driver that hangs costs its backend only" "no compiler or no OpenCL loader"
	skip "and so does one that crashes" "no compiler or no OpenCL loader"
fi
# the sanitizers' libraries must come first and refuse
if [ $compiled = yes ] && LD_PRELOAD=$tmp/once.so "$bin" version >/dev/null 2>&1; then
	LD_PRELOAD=$tmp/once.so "$bin" list devices >"$tmp/out" 2>&1
	grep -q '^  host .* threads' "$tmp/out" &&
		grep -q '^  host  *unavailable: its probe was killed by signal 9 .*; devices that it had told of by then: 1$' "$tmp/out"
	check "a probe that dies half way keeps what it found, and says so"
else
	skip "a probe that dies half way keeps what it found, and says so" "nothing can be loaded before this binary's libraries"
fi

echo "1..$n"
exit $failed
