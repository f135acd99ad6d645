#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""generate.py N OUT - a bundle of N records with every field of a real one, to see what a report of it costs."""
import itertools
import json
import os
import sys

EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bundle")
DEVICES = [f"cuda:{i}" for i in range(8)]
SIZES = range(64, 64 * 64, 64)


def example_record():
    """The first record of the example that was timed."""
    with open(os.path.join(EXAMPLE, "records.jsonl"), encoding="utf-8") as file:
        for line in file:
            if line.startswith('{"schema"') and '"median_s"' in line:
                return json.loads(line)
    raise SystemExit("the example bundle has no timed record")


def main():
    count, out = int(sys.argv[1]), sys.argv[2]
    record = example_record()
    os.makedirs(out)
    with open(os.path.join(EXAMPLE, "run.json"), encoding="utf-8") as file:
        run = json.load(file)
    run["planned"] = count
    with open(os.path.join(out, "run.json"), "w", encoding="utf-8") as file:
        json.dump(run, file, indent=1)
    points = itertools.product(SIZES, SIZES, SIZES, ("f32", "f64"), DEVICES)
    with open(os.path.join(out, "records.jsonl"), "w", encoding="utf-8") as file:
        for number, (m, n, k, dtype, device) in enumerate(itertools.islice(points, count)):
            median = 2.0 * m * n * k / 1e13 * (1 + number % 97 / 1000)
            record.update(case=f"{number:016x}", replicate=0, index=number, device=device, backend="cuda",
                          problem=f"gemm:m={m},n={n},k={k},dtype={dtype},trans=nn,out=same,cache=cold,data=uniform,"
                                  "regime=sustained,load=alone",
                          samples={"offset": 40 * number, "count": 40})
            record["work"]["flop"] = 2.0 * m * n * k
            record["time"].update(median_s=median, lo_s=0.995 * median, hi_s=1.005 * median)
            file.write(json.dumps(record, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
