#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A plug-in is one file and one line in registry.def: adds a toy implementation, a toy meter and a toy report to
# a copy of the tree, builds it there, runs the first, has the second found and the third print what came out. Prints TAP.
# May run beside other tests: no figure counts here.
set -u
cd "$(dirname "$0")/../.." || exit 1

tree=$(mktemp -d "${TMPDIR:-/tmp}/wattmark-plugin-XXXXXX")
trap 'rm -rf "$tree"' EXIT
number=0 bad=0

ok() { # name command..
	local name=$1
	shift
	number=$((number + 1))
	if "$@"; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		bad=1
	fi
}
good_row() {
	[ -s row.json ] && jq -e 'length == 1 and (.[0] | .impl == "toy" and .status == "ok" and .verified)' row.json >/dev/null
}

echo 1..7
# The tree as it is, with what is not committed; a plain copy of it has no git and no list.
if git rev-parse --git-dir >/dev/null 2>&1; then
	git ls-files -z --cached --others --exclude-standard
else
	find . -name 'build*' -prune -o -type f -print0
fi | while IFS= read -r -d '' file; do
	[ -f "$file" ] && printf '%s\0' "$file"
done | tar -c --null -T - | tar -x -C "$tree"
cp tests/plugin/toy_impl.c "$tree/kernels/cpu/copy_toy.c"
cp tests/plugin/toy_meter.c "$tree/harness/meters/toy.c"
cp tests/plugin/toy_report.c "$tree/harness/report/toy.c"
registry=harness/core/registry.def
sed -i -e '0,/^WM_IMPL(copy_/s//WM_IMPL(copy_toy)\n&/' -e '$aWM_METER(toy)\nWM_REPORT(toy)' "$tree/$registry"

ok "a line was added for each" [ "$(diff "$registry" "$tree/$registry" | grep '^[<>]' | xargs)" = \
	"> WM_IMPL(copy_toy) > WM_METER(toy) > WM_REPORT(toy)" ]
builds() { env -u MAKEFLAGS make NVCC= -C "$tree" -j "${JOBS:-2}" B=build build/wattmark >/dev/null; }
ok "the copy builds" builds
cd "$tree" || exit 1
build/wattmark run copy:bytes=1M,cache=hot,dtype=f32 --impl toy --device host --profile smoke --out bundle
ok "run says all is well" [ $? -eq 0 ]
build/wattmark report bundle --format json >row.json
ok "one row, by the toy, ok and verified" good_row
ok "the toy report prints it" [ "$(build/wattmark report bundle --format toy)" = "copy by toy: ok" ]
ok "the toy meter is found" grep -q "toy:0" <(build/wattmark meters)
ok "help names the toy report" grep -qE '\([a-z ]* toy\)' <(build/wattmark report --help)
exit $bad
