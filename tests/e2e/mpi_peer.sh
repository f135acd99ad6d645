#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# mpi_peer.sh - the program that compare-peers holds our collectives against: it compiles without a warning, all six
# give right results on two ranks, and what makes no sense is refused.
# May run beside other tests: no figure counts here.
set -u
cd "$(dirname "$0")/../.." || exit 1
for tool in mpicc mpirun; do
	if ! command -v "$tool" >/dev/null; then
		echo "1..0 # SKIP $tool is not installed"
		exit 0
	fi
done
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
n=0 failed=0

result() { # name command..
	local name=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		failed=1
		sed 's/^/# /' "$scratch/out" "$scratch/err"
	fi
}
compile() {
	OMPI_CC=${CC:-gcc} mpicc -std=c11 -O2 -Wall -Wextra -Werror -o "$scratch/peer" tests/peers/mpi_collectives.c \
		>"$scratch/out" 2>"$scratch/err"
}
run() { # arguments..
	local root=()
	[ "$(id -u)" -ne 0 ] || root=(--allow-run-as-root)
	mpirun "${root[@]}" --oversubscribe -np 2 --bind-to none --mca btl ^tcp --mca mpi_yield_when_idle 1 "$scratch/peer" \
		"$@" >"$scratch/out" 2>"$scratch/err" </dev/null
}
says() { grep -q "$1" "$scratch/out" "$scratch/err"; }
refuses() { ! run 0.01 "$1" && says "is not OP:BYTES:TIMING"; }

: >"$scratch/out"
: >"$scratch/err"
result "it compiles without a warning" compile
for op in allreduce allgather reducescatter broadcast alltoall sendrecv; do
	result "$op is right" run 0.01 "$op:8:latency" "$op:40000:bandwidth"
	result "$op is told as JSON" says "^{\"op\":\"$op\",\"bytes\":40000,\"timing\":\"bandwidth\",\"ranks\":2,\"median_s\":"
done
result "an unknown operation is refused" refuses allreduct:8:latency
result "half an element a rank is refused" refuses allreduce:12:latency
result "an unknown timing is refused" refuses allreduce:8:lately
echo "1..$n"
exit $failed
