#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The runner's own test: what it counts, and that no way to fail goes uncounted. Prints TAP.
# May run beside other tests: no figure counts here.
set -u -o pipefail
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
number=0 bad=0
mkdir -p "$tree/scripts" "$tree/tests/e2e"
cp scripts/run-tests "$tree/scripts/"

# One script that prints a text and ends with a status, and the closing line and exit status that must follow.
expect() { # what text exit-status closing-line exit-status
	local line status
	number=$((number + 1))
	printf '#!/bin/sh\nprintf "%s"\n%s\n' "$2" "$3" >"$tree/tests/e2e/x.sh"
	chmod +x "$tree/tests/e2e/x.sh"
	line=$("$tree/scripts/run-tests" build e2e | tail -n 1)
	status=$?
	if [ "$line" = "$4" ] && [ "$status" -eq "$5" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		echo "# '$line', exit status $status"
		bad=1
	fi
}

echo 1..12
expect "two that pass" '1..2\nok 1 - a\nok 2 - b\n' 'exit 0' "2 passed, 0 failed, 0 skipped" 0
expect "one that fails" '1..2\nok 1 - a\nnot ok 2 - b\n' 'exit 1' "1 passed, 1 failed, 0 skipped" 1
expect "a failure with exit status 0" '1..1\nnot ok 1 - a\n' 'exit 0' "0 passed, 1 failed, 0 skipped" 1
expect "skips, as TAP and as cmocka write them" '1..2\nok 1 - a # SKIP no b\nnot ok 2 # SKIP c\n' 'exit 0' \
	"0 passed, 0 failed, 2 skipped" 0
expect "a whole file skipped" '1..0 # SKIP no b\n' 'exit 0' "0 passed, 0 failed, 1 skipped" 0
expect "a plan that is not kept" '1..2\nok 1 - a\n' 'exit 0' "1 passed, 1 failed, 0 skipped" 1
expect "no plan" 'ok 1 - a\n' 'exit 0' "1 passed, 1 failed, 0 skipped" 1
expect "a death" '1..1\nok 1 - a\n' 'kill -9 $$' "1 passed, 1 failed, 0 skipped" 1
expect "silence" '' 'exit 0' "0 passed, 1 failed, 0 skipped" 1
# The scripts of one kind that ran, in the order in which they ended.
ran() { "$tree/scripts/run-tests" build e2e | sed -nE 's/^ok +e2e-([a-z]+) .*/\1/p' | xargs; }
is() { # what got wanted
	number=$((number + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		echo "# '$2'"
		bad=1
	fi
}
printf '#!/bin/sh\n# May run beside other tests\necho 1..1\n' >"$tree/tests/e2e/y.sh"
# shellcheck disable=SC2016 # for that script
printf 'touch "$0.began"; for i in 1 2 3 4 5 6 7 8 9; do [ -e "%s" ] && echo ok 1 - a && exit; sleep 1; done\n' \
	"$tree/tests/e2e/z.sh.began" >>"$tree/tests/e2e/y.sh"
sed "s|z.sh.began|y.sh.began|" "$tree/tests/e2e/y.sh" >"$tree/tests/e2e/z.sh"
printf '#!/bin/sh\n[ -e "%s" ] && echo 1..1 && echo ok 1 - a\n' "$tree/tests/e2e/y.sh.began" >"$tree/tests/e2e/x.sh"
chmod +x "$tree"/tests/e2e/?.sh
is "scripts that may run beside others do, the others after them" "$(JOBS=2 ran | tr yz zz)" "z z x"
is "a script is left out on demand" "$(SKIP="y z" ran)" "x"
rm "$tree"/tests/e2e/*
number=$((number + 1))
if "$tree/scripts/run-tests" build e2e >/dev/null 2>&1; then
	echo "not ok $number - no test at all is a failure" && bad=1
else
	echo "ok $number - no test at all is a failure"
fi
exit $bad
