#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# wattmark meters and wattmark weigh on recorded machines, of which a writer here keeps the counters going, and on this
# one: text, JSON, exit status, refusals, and that a weighed command notices nothing. Prints TAP.
set -u
export LC_ALL=C
wattmark=${WATTMARK:-build/wattmark}
bare=$PWD/tests/roots/bare
scratch=$(mktemp -d)
writer=
trap 'kill $writer 2>/dev/null; rm -rf "$scratch"' EXIT
number=0 bad=0

result() { # status name
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		head -n 40 "$scratch/out" "$scratch/why" | sed 's/^/# /'
		bad=1
	fi
}
skip() { # name reason
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}
# Runs wattmark with these arguments; its exit status is left in $status.
run() {
	"$wattmark" "$@" >"$scratch/out" 2>"$scratch/why"
	status=$?
}
# Exit status 2, nothing on stdout, one line on stderr that holds these words.
is_refused() { # words
	[ "$status" -eq 2 ] && [ ! -s "$scratch/out" ] && [ "$(wc -l <"$scratch/why")" -eq 1 ] &&
		grep -qF -- "$1" "$scratch/why"
}
# The same with weigh, again when a busy machine kept the writer or the sampler from a core for too long.
weigh() {
	for _ in 1 2 3 4 5 6; do
		run weigh --root "$root" "$@"
		grep -qE 'stood still|no look at the meter|at the ends of the run' "$scratch/why" || return
	done
}
# What weigh --json said last on stderr.
said() { tail -n 1 "$scratch/why"; }

# ---- a machine of two packages, which draw 100 W and 60 W ------------------------------------------------------

root=$scratch/root
mkdir -p "$root/proc"
for i in 0 1; do
	zone=$root/sys/class/powercap/intel-rapl:$i
	mkdir -p "$zone"
	echo "package-$i" >"$zone/name"
	echo 262143328850 >"$zone/max_energy_range_uj"
	echo 00000000001000000000 >"$zone/energy_uj"
done
# one write of a fixed length, so that no reader sees half of it
cat >"$scratch/writer.py" <<'PY'
import os, sys, time

files = [os.open(f"{sys.argv[1]}/sys/class/powercap/intel-rapl:{i}/energy_uj", os.O_WRONLY) for i in (0, 1)]
start = time.monotonic()
while True:
    for file, watts in zip(files, (100, 60)):
        os.pwrite(file, b"%020d\n" % (1e9 + 1e6 * watts * (time.monotonic() - start)), 0)
    time.sleep(0.002)
PY

# ---- meters ----------------------------------------------------------------------------------------------------

run meters --root $bare
[ "$status" -eq 0 ] && [ ! -s "$scratch/why" ] && grep -q '^meters without a source$' "$scratch/out" &&
	grep -qE '^  powercap +[^ ]' "$scratch/out" && ! grep -qE '\b0(\.0+)? [WJ]\b' "$scratch/out"
result $? "a machine without meters: status 0, a reason for each, no 0 W"

run meters --root $bare --json
[ "$status" -eq 0 ] && jq -e '
	.schema == 1 and .root == "'$bare'" and .file == null and .probe == null and
	([.missing[] | .meter != "" and .why != ""] | all) and (.missing | length) + (.sources | length) > 5' \
	"$scratch/out" >"$scratch/why"
result $? "the same as JSON"

# a driver's library may show accelerators of this machine, whatever the root is
if jq -e '.sources == []' "$scratch/out" >/dev/null; then
	jq -e '.classes == [] and .nothing != ""' "$scratch/out" >/dev/null && run meters --root $bare &&
		tail -n 1 "$scratch/out" | grep -q '^Nothing can be weighed here: '
	result $? "the last words say that nothing can be weighed here"
else
	skip "the last words say that nothing can be weighed here" "this machine has a source whatever the root is"
fi

run meters --root "$root"
[ "$status" -eq 0 ] && [ ! -s "$scratch/why" ] && grep -q '^  powercap:package-0$' "$scratch/out" &&
	grep -q '^    class    cpu: ' "$scratch/out" && grep -q 'counter, in joules' "$scratch/out" &&
	grep -q '^    state    readable$' "$scratch/out" &&
	grep -q '^  cpu: powercap:package-0 + powercap:package-1$' "$scratch/out"
result $? "two packages are listed, and weigh the class cpu together"

run meters --root "$root" --json
[ "$status" -eq 0 ] && jq -e '
	(.sources[] | select(.id == "powercap:package-1") |
		.scope == "cpu" and .kind == "counter" and .unit == "J" and .readable and .off == "" and .package == 1 and
		.gain_rel == null and .refresh_s > 0) and
	(.classes[] | select(.scope == "cpu") | .sources == ["powercap:package-0", "powercap:package-1"] and .why == "") and
	.nothing == ""' "$scratch/out" >"$scratch/why"
result $? "the same as JSON"

mv "$root/sys/class/powercap/intel-rapl:1/energy_uj" "$scratch/energy_uj"
run meters --root "$root"
[ "$status" -eq 0 ] && grep -q '^    state    cannot be read: .*energy_uj' "$scratch/out" &&
	grep -qE '^(  cpu: no|Nothing can be weighed here): powercap:package-1: ' "$scratch/out"
result $? "a counter that cannot be read says why, and the sum that lacks it is none"
mv "$scratch/energy_uj" "$root/sys/class/powercap/intel-rapl:1/energy_uj"

run meters --root "$scratch/none"
is_refused "$scratch/none"
result $? "a folder that is not there is refused"

printf '[pdu]\nmeter = comand\n' >"$scratch/bad.ini"
run meters --meters "$scratch/bad.ini"
is_refused "$scratch/bad.ini:2: "
result $? "a wrong file of meters is refused with its line"

# ---- weigh: a command notices nothing ------------------------------------------------------------------------------

# shellcheck disable=SC2016 # for the inner shell
printf 'from stdin\n' | "$wattmark" weigh --root $bare -- sh -c 'cat; echo to stderr >&2; exit 7' >"$scratch/out" 2>"$scratch/why"
[ $? -eq 7 ] && [ "$(cat "$scratch/out")" = "from stdin" ] && head -n 1 "$scratch/why" | grep -qx 'to stderr'
result $? "its stdin, stdout, stderr and exit status are its own"

if jq -e '.nothing != ""' <("$wattmark" meters --root $bare --json) >/dev/null; then
	grep -q '^wattmark: not weighed: ' "$scratch/why"
	result $? "where nothing can be weighed it runs all the same, and the reason is on stderr"
else
	skip "where nothing can be weighed it runs all the same, and the reason is on stderr" "there is a source here"
fi

run weigh --root $bare -- "$scratch/no-such-program"
[ "$status" -eq 127 ] && [ "$(wc -l <"$scratch/why")" -eq 1 ] && grep -qF "$scratch/no-such-program: No such file" "$scratch/why"
result $? "a command that is not there ends with 127"

echo text >"$scratch/not-a-program"
run weigh --root $bare -- "$scratch/not-a-program"
[ "$status" -eq 126 ] && [ "$(wc -l <"$scratch/why")" -eq 1 ]
result $? "a file that is no program ends with 126"

run weigh --root $bare sh -c 'kill -9 $$'
[ "$status" -eq 137 ]
result $? "a command that a signal ended ends with 128 and its number"

"$wattmark" weigh --root $bare -- sh -c 'trap "echo told; exit 5" TERM; echo ready; while :; do sleep 0.05; done' \
	>"$scratch/out" 2>"$scratch/why" &
pid=$!
for _ in $(seq 200); do grep -q ready "$scratch/out" && break || sleep 0.1; done
kill -TERM $pid
for _ in $(seq 200); do kill -0 $pid 2>/dev/null && sleep 0.1 || break; done
pkill -KILL -P $pid # the command, where it was told nothing
wait $pid
[ $? -eq 5 ] && grep -qx told "$scratch/out"
result $? "SIGTERM is passed on to the command"

# shellcheck disable=SC2216 # yes is to be ended by head
timeout 60 "$wattmark" weigh --root $bare --json --work-line x -- yes 2>"$scratch/why" | head -n 1 >"$scratch/out"
[ "$(cat "$scratch/out")" = y ] && [ "$(said | jq .status)" = 141 ]
result $? "a pipe that is closed ends the command behind --work-line as it would without"

run weigh --root "$root" --device no-such-device -- true
is_refused "unknown device 'no-such-device'"
result $? "a device that is not there is refused"

run weigh --root $bare
is_refused "weigh needs a command"
result $? "no command is refused"

# ---- weigh: the figures --------------------------------------------------------------------------------------------

run weigh --root "$root" --json -- sleep 0.2
[ "$status" -eq 0 ] && said | jq -e '
	.classes[] | select(.scope == "cpu") | .joules == null and .watts == null and .work_per_j == null and .why != ""' >/dev/null
result $? "a counter that stands still is no number, and says why"

python3 "$scratch/writer.py" "$root" &
writer=$!
sleep 0.2

weigh --json --work 480 -- sleep 3
[ "$status" -eq 0 ] && [ ! -s "$scratch/out" ] && said | jq -e '
	.command == ["sleep", "3"] and .status == 0 and .work == 480 and .not_weighed == "" and
	(.classes[] | select(.scope == "cpu") |
		.why == "" and .watts > 155 and .watts < 165 and
		.uncovered >= 0 and .uncovered <= 0.02 and (.joules / .covered_s - .watts | fabs) < 1 and
		.gain_rel == null and (.work_per_j - 480 / (.watts * 3) | fabs) < 0.02 and
		([.sources[] | .id] == ["powercap:package-0", "powercap:package-1"]))' >/dev/null
result $? "two packages of 100 W and 60 W are 160 W, and the work is divided by their joules"

run weigh --root $bare --json --work-line 'flop:' -- sh -c 'echo flop: 3; echo "flop: 320 in all"; echo done'
[ "$status" -eq 0 ] && [ "$(wc -l <"$scratch/out")" -eq 3 ] && said | jq -e '.work == 320 and .work_why == ""' >/dev/null
result $? "the amount of work is that of the last line that has it, and all lines are passed on"

weigh --work-line 'flop:' -- sh -c 'echo flop: 3; sleep 2; echo "flop: 320 in all"; echo done'
[ "$status" -eq 0 ] && [ "$(wc -l <"$scratch/out")" -eq 3 ] && grep -q '^wattmark: sh ran for ' "$scratch/why" &&
	grep -qE '^  cpu: [0-9.]+ J in [0-9.]+ s, 1[56][0-9.]* W, [01]\.[0-9]+ of work per J \(powercap:package-0 \+ powercap:package-1\)$' "$scratch/why" &&
	grep -q 'at its ends .* of the run are not in these joules' "$scratch/why" &&
	grep -q 'accuracy of the meter: unknown' "$scratch/why"
result $? "joules, watts and work per joule in words"

weigh --json --work-line 'flop:' -- sh -c 'echo flop: many; sleep 2'
said | jq -e '.work == null and .work_why != "" and (.classes[] | select(.scope == "cpu") | .watts > 155 and .work_per_j == null)' >/dev/null
result $? "without a number there is no work per joule, and joules all the same"

run weigh --root "$root" --json -- sleep 0.2
said | jq -e '.classes[] | select(.scope == "cpu") | .joules == null and (.why | test("refreshes|at the ends"))' >/dev/null
result $? "a run of a few refreshes is not weighed"

# ---- probe -----------------------------------------------------------------------------------------------------

run meters --probe --root "$root"
[ "$status" -eq 0 ] && [ ! -s "$scratch/why" ] && grep -q 'load cannot change a recording' "$scratch/out" &&
	grep -qE '^    at rest  (9[5-9]|10[0-5])' "$scratch/out" && grep -q '^    loaded   unknown: no load was run$' "$scratch/out" &&
	grep -q '^    order    it never went back$' "$scratch/out" && grep -q 'cost of the sampler: a computation on all ' "$scratch/out"
result $? "a recording is watched without load"

kill "$writer" 2>/dev/null
wait "$writer" 2>/dev/null
writer=

# A program that shows 40 W, and once every core here is busy 90 W.
cat >"$scratch/watts.py" <<'PY'
import os, time

def busy():
    with open("/proc/stat") as f:
        v = [int(x) for x in f.readline().split()[1:9]]
    return sum(v) - v[3] - v[4], sum(v)

last = busy()
n = 0
while True:
    time.sleep(0.05)
    now = busy()
    share = (now[0] - last[0]) / max(1, now[1] - last[1])
    last = now
    n += 1
    print(40 + 50 * share + 0.1 * (n % 2), flush=True)
PY
printf '[made]\nmeter = command\nscope = wall\nrun = python3 %s\nrefresh = 0.05\ngain = 0.01\n' "$scratch/watts.py" >"$scratch/made.ini"
run meters --probe --json --meters "$scratch/made.ini"
[ "$status" -eq 0 ] && jq -e '
	.probe.why == "" and .probe.load == "host only" and .probe.threads > 0 and
	(.probe.sampler | .why == "" and .pairs == 10 and .lo <= .ratio and .ratio <= .hi and .ratio > 0) and
	(.probe.sources[] | select(.id == "command:made") |
		.looks > 100 and .changes > 50 and .period_s > 0 and .quantum > 0 and .rest_w >= 40 and .back == null and
		(.load_w == null or .load_w <= 95) and (.lag_s != null or .lag_why != "")) and
	(.classes[] | select(.scope == "wall") | .sources == ["command:made"])' "$scratch/out" >"$scratch/why"
result $? "a meter of a file is probed at rest, under load and for what the sampler costs"

echo "1..$number"
exit "$bad"
