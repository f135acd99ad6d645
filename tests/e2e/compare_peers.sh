#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# compare_peers.sh - what scripts/compare-peers makes of known times: a made-up wattmark and a made-up Open MPI stand in
# for the real ones. Nothing is timed here.
# May run beside other tests: no figure counts here.
set -u
cd "$(dirname "$0")/../.." || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
n=0 failed=0

if ! command -v python3 >/dev/null; then
	echo "1..0 # SKIP python3 is not installed"
	exit 0
fi

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
says() { grep -qF -- "$1" "$scratch/out"; }
says_not() { ! grep -qF -- "$1" "$scratch/out"; }
run() { PATH=$scratch/bin:$PATH scripts/compare-peers "$@" "$scratch/build" >"$scratch/out" 2>"$scratch/err"; }
ends_with() { [ "$1" -eq "$status" ]; }

# Ours takes 1 s, 2 s in the third turn; cblas twice that in every turn; blis is not installed; onednn is suspect, and as
# fast as ours elsewhere; the ceiling is twice as fast as ours.
mkdir -p "$scratch/build" "$scratch/bin"
cat >"$scratch/build/wattmark" <<'END'
#!/usr/bin/env python3
import json, os, sys
if sys.argv[1] == "version":
    print("wattmark 0 made up")
elif sys.argv[1:] == ["list", "devices"]:
    print("devices\n  host         CPU, 3 threads on cores 0-2, 1 GB")
elif sys.argv[1] == "list":
    for pair in "gemm tiled|gemm cblas|gemm blis|gemm onednn|gemm clblast|fma simd|allreduce threads".split("|"):
        print("  " + pair + "  portable  on host")
else:
    option = lambda name: sys.argv[sys.argv.index(name) + 1]
    out = option("--out")
    os.makedirs(out)
    with open(out + "/records.jsonl", "w") as records:
        for r in range(int(option("--replicates"))):
            for problem in [p for p in sys.argv[2:sys.argv.index("--impl")]]:
                bench = problem.split(":")[0]
                impls = {"fma": ["simd"], "allreduce": ["threads"]}.get(bench, option("--impl").split("/"))
                for impl in impls:
                    if bench == "gemm" and impl == "simd":
                        continue
                    turn = r if bench == "gemm" else int(option("--seed")) - 1
                    ours = 2.0 if turn == 2 else 1.0
                    seconds = {"cblas": 2 * ours, "simd": 0.5 * ours}.get(impl, ours)
                    status, why = {"blis": ("skip", "libblis.so.4: no such file"),
                                   "onednn": ("suspect", "clocks disagree") if "m=2048" in problem else ("ok", "")
                                   }.get(impl, ("ok", ""))
                    wrong = os.environ.get("WRONG") == impl
                    records.write(json.dumps({
                        "bench": bench, "problem": problem.replace(",timing", ",dtype=f32,timing") + ",cache=hot",
                        "impl": impl, "replicate": r, "library": "lib " + impl,
                        "device": "opencl:0" if impl in ("tiled", "clblast") else "host",
                        "device_name": "CPU", "driver": "d", "threads": 2,
                        "status": "wrong" if wrong else status, "why": "c[0] is 7" if wrong else why,
                        "work": {"flop": 1e9, "bytes": 1e9, "wire_bytes": 3e9 if bench == "allreduce" else 0},
                        "time": {"median_s": seconds}}) + "\n")
END
cat >"$scratch/bin/mpicc" <<'END'
#!/bin/sh
exit 0
END
cat >"$scratch/bin/mpirun" <<'END'
#!/bin/sh
if [ "$1" = --version ]; then
	echo "made-up MPI 4"
	exit
fi
for word; do
	case $word in
	allreduce:*) op=${word%%:*} rest=${word#*:}
		echo "{\"op\":\"$op\",\"bytes\":${rest%%:*},\"timing\":\"${rest#*:}\",\"ranks\":2,\"median_s\":4.0}" ;;
	alltoall:*) echo "no room for alltoall" >&2 ;;
	esac
done
END
chmod +x "$scratch/build/wattmark" "$scratch/bin"/*

run --quick
status=$?
result "a failure of a peer ends with 1" ends_with 1
result "a ratio is the peer's time over ours" says "2.00 [2.00, 2.00]"
result "speed and ceiling stand beside it" says "1.0 Gflop/s  50% of fma 2 G"
result "an absent peer is its reason" says ") skip: libblis.so.4: no such file"
result "a suspect row is its reason and no ratio" says ") suspect: clocks disagree"
result "the mix says over how many shapes" says "1.00 [1.00, 1.00] over 1 of 2"
result "what is too slow says so" says ") not run: one product takes seconds, a case minutes"
result "what this build lacks is said" says ") alltoall has no implementation threads in this build"
result "bandwidth is bus bandwidth" says "3.00 GB/s bus"
result "turns are paired: 4, 4 and 2 times as fast" says "3.17 [1.17, 8.58]"
result "the peer has as many ranks as ours" says "made-up MPI 4, 3 ranks, bound to: core"
result "what Open MPI says of its failure is passed on" says ") failed: no room for alltoall"

run --quick --markdown --replicates 2
result "two turns give no interval" says "2.00 (no interval)"
result "markdown has tables" says "| shape | ours | our speed | of the ceiling | vs OpenBLAS | vs BLIS | vs oneDNN | vs CLBlast |"

WRONG=tiled run --quick
status=$?
result "a wrong result ends with 1" ends_with 1
result "and gives no ratio" says_not "2.00 [2.00, 2.00]"
result "but its reason" says ") wrong: c[0] is 7"

run --slow
status=$?
result "an unknown argument ends with 2" ends_with 2
mv "$scratch/build/wattmark" "$scratch/build/gone"
run --quick
status=$?
result "without a program to run it ends with 2" ends_with 2

echo "1..$n"
exit $failed
