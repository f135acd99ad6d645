#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The set-up that quickstart and check share: what it says is missing, and what it asks of apt; and what quickstart
# makes of a run. Runs against programs that stand in for dpkg-query, apt-get, sudo, id, make and wattmark; nothing is
# installed or built. Prints TAP.
# May run beside other tests: no figure counts here.
set -u
fake=$(mktemp -d)
trap 'rm -rf "$fake"' EXIT
number=0 bad=0
ok() { # name command..
	local name=$1
	shift
	number=$((number + 1))
	if "$@"; then echo "ok $number - $name"; else echo "not ok $number - $name" && bad=1; fi
}
fake() { # program body
	printf '#!/bin/bash\n%s\n' "$2" >"$fake/$1" && chmod +x "$fake/$1"
}
# Runs a script with the fakes before, and nothing but the plainest tools behind them.
with_fakes() { PATH=$fake:/usr/bin:/bin "$@" >"$fake/out" 2>&1; }
status_is() { [ "$1" -eq "$2" ] || { sed 's/^/# /' "$fake/out" && return 1; }; }
says() { grep -qE -- "$1" "$fake/out" || { sed 's/^/# /' "$fake/out" && return 1; }; }
asked() { grep -qE -- "$1" "$fake/asked"; }

echo 1..17

fake dpkg-query 'echo installed'
with_fakes scripts/quickstart --no-install
ok "nothing missing is 0" status_is $? 0

# shellcheck disable=SC2016 # for the inner shell
fake dpkg-query '[[ $* == *libjansson-dev* ]] || echo installed'
with_fakes scripts/quickstart --no-install
ok "something missing is 1" status_is $? 1
ok "what is missing is named with the reason" says 'libjansson-dev +records are JSON'

# shellcheck disable=SC2016
fake dpkg-query '[[ $* == *libopenblas0-openmp ]] && echo installed; [[ $* == *libopenblas* ]] || echo installed'
with_fakes scripts/quickstart --no-install
ok "another package that serves is enough" status_is $? 0

# shellcheck disable=SC2016
fake dpkg-query '[[ $* == *libcmocka-dev* ]] && echo not-installed || echo installed'
with_fakes scripts/quickstart --no-install
ok "quickstart does not ask for what tests need" status_is $? 0
with_fakes scripts/check --no-install
ok "check does" status_is $? 1
ok "and names it" says 'libcmocka-dev +unit tests'

with_fakes scripts/quickstart --instal
ok "an unknown argument is 2" status_is $? 2

setup_alone() { bash -c '. scripts/setup.sh; setup yes build check'; }
export -f setup_alone
fake id 'echo 1000'
fake sudo "echo \"\$@\" >>$fake/asked"
with_fakes bash -c setup_alone
ok "sudo is asked to update" asked 'apt-get -q -y update'
ok "and to install what is missing, no more" asked 'apt-get -q -y install --no-install-recommends libcmocka-dev$'

fake sudo 'exit 1'
with_fakes bash -c setup_alone
ok "apt that fails is 1" status_is $? 1
ok "with the command that would help" says 'as root, run: .*apt-get install libcmocka-dev'

# A tree whose wattmark makes the bundle that it is told to in $BUNDLE, and ends as $END says.
tree=$fake/tree
mkdir -p "$tree/scripts" "$tree/build"
cp scripts/quickstart scripts/setup.sh "$tree/scripts/"
fake dpkg-query 'echo installed'
fake make ''
# shellcheck disable=SC2016
fake tree/build/wattmark 'case $1 in
report) echo "report $*" ;;
run) [ -z "$BUNDLE" ] || { mkdir -p "$BUNDLE" && echo "$BUNDLE"; }; exit "$END" ;;
esac'
bundle=$tree/results/runs/one-two
BUNDLE=results/runs/one-two END=0 with_fakes "$tree/scripts/quickstart"
ok "quickstart ends as its run does" status_is $? 0
ok "the last lines name the bundle that run named, and its report" \
	[ "$(tail -n 2 "$fake/out" | xargs)" = "bundle: $bundle report: $bundle/report.html" ]
ok "the reports lie in it" grep -q 'format csv$' "$bundle/report.csv"
BUNDLE=results/runs/bad END=1 with_fakes "$tree/scripts/quickstart"
ok "bad rows are 1, with a report" eval "status_is $? 1 && says '^report: .*/bad/report.html'"
BUNDLE='' END=2 with_fakes "$tree/scripts/quickstart"
ok "a run without a bundle has no report" eval "status_is $? 2 && ! says '^report: ' >/dev/null"
exit $bad
