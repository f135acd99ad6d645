#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# wattmark topo: the text of a machine in a file, of this machine, and the drawing with and without lstopo. Prints TAP.
# After an intended change: tests/e2e/topo.sh --write, then read the difference.
# May run beside other tests: no figure counts here.
set -u
wattmark=${WATTMARK:-build/wattmark}
folder=tests/topologies
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
skip() { # name reason
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}
# Runs topo with these arguments; its exit status is left in $status.
topo() {
	"$wattmark" topo "$@" >"$scratch/out" 2>"$scratch/why"
	status=$?
}
# Exit status 2, one line on stderr that holds these words.
is_refused() { # words
	[ "$status" -eq 2 ] && [ "$(wc -l <"$scratch/why")" -eq 1 ] && grep -qF -- "$1" "$scratch/why"
}

if [ "${1:-}" = --write ]; then
	for name in h100x4 mi300x8; do
		"$wattmark" topo --topology "$folder/$name.xml" >"$folder/$name.topo" || exit 1
	done
	exit 0
fi

echo 1..9
for name in h100x4 mi300x8; do
	topo --topology "$folder/$name.xml"
	[ "$status" -eq 0 ] && [ ! -s "$scratch/why" ] && diff -u "$folder/$name.topo" "$scratch/out" >"$scratch/why"
	result $? "text of $name"
done

topo
[ "$status" -eq 0 ] && [ ! -s "$scratch/why" ] && grep -q '^  usable here [1-9]' "$scratch/out" &&
	grep -qE '^  host\b' "$scratch/out" && grep -qE 'NUMA 0 ' "$scratch/out"
result $? "text of this machine"

taskset -c "$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')" "$wattmark" topo >"$scratch/out" 2>"$scratch/why"
if [ "$(nproc)" -gt 1 ]; then
	grep -q '^  usable here 1 core, 1 PU' "$scratch/out" && grep -q '^  not usable  PUs ' "$scratch/out"
	result $? "cores that this process is kept off are said"
else
	skip "cores that this process is kept off are said" "there is one core"
fi

if command -v lstopo-no-graphics >/dev/null || command -v lstopo >/dev/null; then
	topo --topology "$folder/h100x4.xml" --svg "$scratch/machine.svg"
	[ "$status" -eq 0 ] && diff -u "$folder/h100x4.topo" "$scratch/out" >"$scratch/why" &&
		grep -q '<svg' "$scratch/machine.svg" && tail -n 1 "$scratch/machine.svg" | grep -q '</svg>'
	result $? "a drawing beside the text"
else
	skip "a drawing beside the text" "lstopo is not installed"
fi

# The text is printed all the same; what could not be done is one line.
mkdir "$scratch/empty"
PATH=$scratch/empty "$wattmark" topo --topology "$folder/h100x4.xml" --svg "$scratch/none.svg" >"$scratch/out" 2>"$scratch/why"
status=$?
is_refused "lstopo" && diff -q "$folder/h100x4.topo" "$scratch/out" >/dev/null && [ ! -e "$scratch/none.svg" ]
result $? "without lstopo: the text, the reason and no file"

mkdir "$scratch/bin"
printf '#!/bin/sh\necho no drawing today >&2\nexit 3\n' >"$scratch/bin/lstopo-no-graphics"
chmod +x "$scratch/bin/lstopo-no-graphics"
PATH=$scratch/bin:$PATH "$wattmark" topo --topology "$folder/h100x4.xml" --svg "$scratch/none.svg" >"$scratch/out" 2>"$scratch/why"
status=$?
[ "$status" -eq 1 ] && grep -qF 'status 3: no drawing today' "$scratch/why" && [ ! -e "$scratch/none.svg" ]
result $? "lstopo that fails: its own words and no file"

printf '#!/bin/sh\necho "<svg></svg>"\n' >"$scratch/bin/lstopo-no-graphics"
PATH=$scratch/bin:$PATH "$wattmark" topo --topology "$folder/h100x4.xml" --svg "$scratch/no/such/folder.svg" >"$scratch/out" 2>"$scratch/why"
status=$?
is_refused "$scratch/no/such/folder.svg"
result $? "a drawing that cannot be written is refused"

head -c 9000 "$folder/h100x4.xml" >"$scratch/cut.xml"
topo --topology "$scratch/cut.xml"
is_refused "$scratch/cut.xml" && [ ! -s "$scratch/out" ]
result $? "a topology that ends too early is refused"
exit "$bad"
