#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Plans of machines that are not at hand: tests/topologies/NAME.xml must give the plan in NAME.expect. Prints TAP.
# After an intended change: tests/e2e/dry_run.sh --write, then read the difference.
# May run beside other tests: no figure counts here.
set -u
wattmark=${WATTMARK:-build/wattmark}
folder=tests/topologies
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0 bad=0

plan() { # name argument..
	local name=$1
	shift
	"$wattmark" run --dry-run --topology "$folder/$name.xml" "$@"
}

# Eight accelerators beside the host: near cores and node of each, a problem that does not fit in half of their memory. Of
# the implementations one a device, so that a new one changes no plan.
few=(--impl cblas/tiled/simd/vec)
h100x8() { plan h100x8 "${few[@]}" gemm:m=4096,dtype=f32/bf16 gemm:m=65536,dtype=f64 read:bytes=4G; }
mi300x8() { plan mi300x8 "${few[@]}" gemm:m=4096,dtype=f32/bf16 gemm:m=131072,dtype=f32 read:bytes=8G; }
# Parts of the host, each with its own caches and rotation; arrays that are too small to be cold on the larger ones.
altra() { plan altra --device host/host:package=1/host:numa=0/host:cpus=0-15 gemm:m=2048 copy:bytes=256M/2G; }
ampereone() { plan ampereone gemm:m=512/8192 triad:bytes=1G/2G; }

result() { # status name
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		sed 's/^/# /' "$scratch/why"
		bad=1
	fi
}

golden() { # name
	"$1" >"$scratch/out" 2>"$scratch/why" && [ ! -s "$scratch/why" ] &&
		diff -u "$folder/$1.expect" "$scratch/out" >"$scratch/why"
	result $? "plan of $1"
}

# One exact line that names the file, exit status 2, no plan of this machine instead.
refused() { # what file
	local status
	"$wattmark" run --dry-run --topology "$2" gemm:m=64 >"$scratch/out" 2>"$scratch/why"
	status=$?
	[ "$status" -eq 2 ] && [ ! -s "$scratch/out" ] && [ "$(wc -l <"$scratch/why")" -eq 1 ] &&
		grep -qF "$2" "$scratch/why"
	result $? "$1 is refused"
}

if [ "${1:-}" = --write ]; then
	for name in h100x8 mi300x8 altra ampereone; do
		"$name" >"$folder/$name.expect" || exit 1
	done
	exit 0
fi

echo 1..7
for name in h100x8 mi300x8 altra ampereone; do
	golden "$name"
done
head -c 20000 "$folder/altra.xml" >"$scratch/cut.xml"
echo "no topology at all" >"$scratch/text.xml"
refused "a file that is not there" "$scratch/none.xml"
refused "a file that ends too early" "$scratch/cut.xml"
refused "a file of something else" "$scratch/text.xml"
exit "$bad"
