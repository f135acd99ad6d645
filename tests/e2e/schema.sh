#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# schema.sh [BUNDLE..] - every line of a bundle keeps results/schema.json. With bundles: each is checked. Without:
# the example of tests/reports, a copy of it that is wrong (which must be refused), and a small run made here.
# May run beside other tests: no figure counts here.
set -u
cd "$(dirname "$0")/../.." || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
n=0 failed=0

result() { # good name [log]
	n=$((n + 1))
	if [ "$1" = yes ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
		sed 's/^/# /' "$3"
	fi
}
holds() { python3 tests/e2e/schema_check.py results/schema.json "$1" >"$scratch/log" 2>&1; }
check() { if holds "$1"; then result yes "$2"; else result no "$2" "$scratch/log"; fi; }

if ! command -v python3 >/dev/null; then
	echo "1..0 # SKIP python3 is not installed"
	exit 0
fi
if [ $# -gt 0 ]; then
	for bundle; do check "$bundle" "$bundle keeps the schema"; done
	echo "1..$n"
	exit $failed
fi

check tests/reports/bundle "the example bundle keeps the schema"
for change in 's/"status":"ok"/"status":"fine"/' 's/"verified":true,//' 's/"impl":/"extra":0,"impl":/' \
	's/"samples":{"offset":0,/"samples":{"offset":-1,/'; do
	rm -rf "$scratch/wrong"
	cp -r tests/reports/bundle "$scratch/wrong"
	sed -i "$change" "$scratch/wrong/records.jsonl"
	# by a complaint about that file; a check that broke down has refused nothing
	if ! holds "$scratch/wrong" && grep -q "^# .*/wrong/records.jsonl:[0-9]*: " "$scratch/log"; then
		result yes "a record after $change is refused"
	else
		result no "a record after $change is refused" "$scratch/log"
	fi
done
if [ -x "${WATTMARK:-}" ]; then
	"$WATTMARK" run --quiet --profile smoke --device host --impl ref --out "$scratch/run" \
		gemm:m=32,n=32,k=32,dtype=f32/f64 >"$scratch/log" 2>&1 ||
		sed 's/^/# /' "$scratch/log"
	check "$scratch/run" "a bundle of a real run keeps the schema"
else
	n=$((n + 1))
	echo "ok $n - a bundle of a real run keeps the schema # SKIP no wattmark binary in \$WATTMARK"
fi
echo "1..$n"
exit $failed
