#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Libraries of a GPU's vendor as a user sees them, on a fake GPU with fake libraries (tests/fakes): rows that are default
# and tuned, what the record says of an algorithm, what an error costs. A suspect row is as good here: the machine was busy.
# Prints TAP. WATTMARK: the binary (default build/wattmark); B: the build folder.
# May run beside other tests: no figure counts here.
set -u
bin=${WATTMARK:-build/wattmark}
fakes=$(realpath "${B:-build}/tests/fakes/cuda")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

# The status of the last command decides.
check() {
	local status=$?
	n=$((n + 1))
	if [ $status -eq 0 ]; then
		echo "ok $n - $*"
	else
		echo "not ok $n - $*"
		failed=1
		[ ! -s "$tmp/err" ] || sed 's/^/# /' "$tmp/err"
	fi
}

echo 'device 0000:41:00.0 GPU-11111111-2222-3333-4444-555555555555' >"$tmp/script"

# Runs gemm on the fake GPU, with these words of tests/fakes/libcublasLt.c; the rows in $tmp/rows.
run_gemm() { # words axes [options..]
	local words=$1 status
	shift
	rm -rf "$tmp/bundle"
	LD_LIBRARY_PATH=$fakes WM_FAKE_CUDA=$tmp/script WM_FAKE_CUBLASLT=$words \
		"$bin" run "gemm:$1" --device cuda:0 --profile smoke --out "$tmp/bundle" "${@:2}" -q >"$tmp/out" 2>"$tmp/err"
	status=$?
	cp "$tmp/bundle/records.jsonl" "$tmp/rows"
	return $status
}

# Something is true of every record, and there are that many.
rows() { # how-many what
	jq -es "map(select(.status)) | length == $1 and all(.[]; $2)" "$tmp/rows" >"$tmp/out"
}

good='(.status == "ok" or .status == "suspect") and .verified'

run_gemm '60 20 30:fails' m=32,dtype=e4m3 --impl blaslt; check "the first answer runs"
rows 1 "$good and .origin == \"library\" and .library == \"cuBLASLt 13.1.7, libcublasLt.so.13\""
check "its row is verified and names library and version"
rows 1 '.impl_detail | test("^choice=default asked=1 found=1 tried=0 rank=0 .* workspace=0 .* id=0 .* algo=[0-9a-f]{128}$")'
check "its row says that it is the first answer, and has the whole algorithm"

run_gemm '60 20 30:fails' m=32,dtype=bf16 --impl blaslt_tuned; check "the best of all answers runs"
rows 1 "$good"' and (.impl_detail | test("^choice=tuned asked=64 found=3 tried=2 failed=1 budget_s=30 .* algo=[0-9a-f]{128}$"))'
check "its row is verified and says how many were tried"
tests/e2e/schema.sh "$tmp/bundle" >"$tmp/err"; check "the bundle keeps the schema"

run_gemm 20 m=32,dtype=e5m2 --impl blaslt; check "what cuBLASLt does not have leaves the exit status 0"
rows 1 '.status == "unsupported" and .why == "cuBLASLt has no product of two e5m2 matrices, one has to be e4m3"'
check "what cuBLASLt does not have is said"

run_gemm none m=32 --impl blaslt; check "a heuristic without an answer leaves the exit status 0"
rows 1 '.status == "unsupported" and (.why | startswith("cuBLASLt 13.1.7 has no algorithm for this problem"))'
check "a heuristic without an answer is said"

run_gemm init m=32 --impl blaslt
[ $? -eq 1 ]; check "a library that cannot start ends the run with 1"
rows 1 '.status == "failed" and .why == "cublasLtCreate: CUBLAS_STATUS_NOT_INITIALIZED"'
check "a library that cannot start is said in its own words"

run_gemm 20:wrong m=32 --impl blaslt
[ $? -eq 1 ]; check "a wrong product ends the run with 1"
rows 1 '.status == "wrong" and .time == null'; check "a wrong product is never timed"

echo "1..$n"
exit $failed
