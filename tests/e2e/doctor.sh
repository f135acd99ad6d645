#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# wattmark doctor on recorded machines and on this one: text, JSON, exit status, refusals. Prints TAP.
# May run beside other tests: no figure counts here.
set -u
wattmark=${WATTMARK:-build/wattmark}
roots=tests/roots
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0 bad=0

result() { # status name
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		sed 's/^/# /' "$scratch/out" "$scratch/why"
		bad=1
	fi
}
# Runs doctor with these arguments; its exit status is left in $status.
doctor() {
	"$wattmark" doctor "$@" >"$scratch/out" 2>"$scratch/why"
	status=$?
}
# Exit status 2, nothing on stdout, one line on stderr that holds these words.
is_refused() { # words
	[ "$status" -eq 2 ] && [ ! -s "$scratch/out" ] && [ "$(wc -l <"$scratch/why")" -eq 1 ] &&
		grep -qF -- "$1" "$scratch/why"
}

echo 1..10

doctor --root $roots/good
[ "$status" -eq 0 ] && [ ! -s "$scratch/why" ] && tail -n 1 "$scratch/out" | grep -q ' 0 warn, 0 bad$'
result $? "a good machine: no warning, status 0"

doctor --root $roots/three-bad
[ "$status" -eq 1 ] && [ ! -s "$scratch/why" ] && tail -n 1 "$scratch/out" | grep -q ' 3 warn, 0 bad$' &&
	[ "$(awk '$2 == "warn" { print $1 }' "$scratch/out" | paste -s -d ' ')" = "governor numa_balancing huge_pages" ]
result $? "three bad settings: three warnings, status 1"

[ "$(grep -c '^ *why ' "$scratch/out")" -eq 3 ] && [ "$(grep -c '^ *fix ' "$scratch/out")" -eq 3 ]
result $? "each warning says why it matters and what to do"

doctor --root $roots/three-bad --json
[ "$status" -eq 1 ] && [ ! -s "$scratch/why" ] && jq -e '
	.schema == 1 and .counts.warn == 3 and
	([.checks[] | select(.verdict == "warn") | .name] == ["governor", "numa_balancing", "huge_pages"]) and
	([.checks[] | has("value") and has("why") and has("fix") and has("about")] | all) and
	([.counts[]] | add) == (.checks | length)' "$scratch/out" >"$scratch/why"
result $? "the same as JSON"

doctor --root $roots/limited
[ "$status" -eq 1 ] && grep -q '^cgroup_cpu  *bad ' "$scratch/out"
result $? "a CPU quota is bad, status 1"

# Whatever this machine is: every check has a line, and the status follows the verdicts.
doctor --json
[ ! -s "$scratch/why" ] && jq -e --argjson status "$status" '
	.root == null and (.checks | length) > 20 and ([.checks[] | .value != ""] | all) and
	(.checks[] | select(.name == "timer") | .verdict != "unknown") and
	(if .counts.warn + .counts.bad > 0 then 1 else 0 end) == $status' "$scratch/out" >"$scratch/why"
result $? "this machine"

doctor --root "$scratch/none"
is_refused "$scratch/none"
result $? "a folder that is not there is refused"

mkdir "$scratch/empty"
doctor --root "$scratch/empty"
is_refused "$scratch/empty"
result $? "a folder without a machine in it is refused"

lost=""
for words in "doctor --root $roots/good" "doctor --root $roots/good --json" "topo --topology tests/topologies/h100x4.xml" \
	"list suites" "explain ok" "docs man" version; do
	: >"$scratch/out"
	# shellcheck disable=SC2086 # words
	"$wattmark" $words >/dev/full 2>"$scratch/why"
	status=$?
	[ "$status" -eq 1 ] && [ "$(wc -l <"$scratch/why")" -eq 1 ] && grep -q 'No space left' "$scratch/why" || lost=$words
done
echo "the last of those that lost it: $lost" >"$scratch/out"
[ -z "$lost" ]
result $? "what cannot be printed is a failure and not silence"

mkdir "$scratch/empty/proc"
doctor --root "$scratch/empty"
[ "$status" -eq 0 ] && tail -n 1 "$scratch/out" | grep -q '^0 ok,.* 0 warn, 0 bad$'
result $? "a machine of which nothing was recorded: all unknown, nothing judged"
exit "$bad"
