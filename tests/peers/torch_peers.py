#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PyTorch beside wattmark on one GPU: what check-gpu speed asks for. Needs python3, and torch with CUDA.

usage: torch_peers.py WATTMARK --out FOLDER [--device cuda:N] [--turns N] [--seconds S] [--table] [PROBLEM..]

In each turn every problem once by wattmark (each implementation of a library or of our own for that device, a fresh process,
profile smoke) and once by each way that PyTorch has for it, in turns the other way round, so that neither always
finds the warmer chip. Both compute the same shape on buffers that rotate past the caches, on uniform values, and take the
median of batches between two events of the stream.

gemm: torch.matmul (cuBLASLt asked for), fp8 torch._scaled_mm, i8 torch._int_mm. attention: scaled_dot_product_attention with
each backend forced (a step of one query without a mask, which hides nothing there). copy: Tensor.copy_.

FOLDER gets peers.csv, one line an attempt, all of them; bundles peers-TURN-NUMBER; a run that was cut off goes on from what
stands there. --seconds: no attempt begins after that. --table measures nothing and prints what peers.csv says: the peer's
time over ours, above 1 = we are faster, geometric mean over the turns and a 95% t interval, of which the lower end counts.

Exit status: 0; 1 when something was wrong or failed; 3 when there was no time for all; 4 when there is no torch with a GPU.
"""
import argparse
import contextlib
import csv
import json
import math
import os
import statistics
import subprocess
import sys
import time

PROBLEMS = [
    "gemm:m=8192,n=8192,k=8192,dtype=bf16,trans=tn", "gemm:m=4096,n=4096,k=4096,dtype=bf16,trans=tn",
    "gemm:m=8192,n=8192,k=8192,dtype=e4m3,trans=tn", "copy:bytes=1G,dtype=f32",
    "attention:batch=4,heads=16,sq=4096,d=128,causal=yes,dtype=bf16",
    "attention:batch=4,heads=16,sq=4096,d=128,causal=no,dtype=bf16",
    "attention:batch=1,heads=16,sq=16384,d=128,causal=yes,dtype=bf16",
    "attention:batch=1,heads=16,sq=16384,d=128,causal=no,dtype=bf16",
    "attention:batch=16,heads=32,kvheads=8,sq=1,sk=8192,d=128,dtype=bf16",
]
FIELDS = ["turn", "problem", "who", "kind", "status", "median_s", "samples", "why"]
BAD = ("wrong", "failed", "nomem", "crash", "hang")
# 97.5% quantiles of Student's t by degrees of freedom; beyond the table the last is a little too wide.
T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228]
WARM_S, SAMPLE_S, BATCH_S, LEAST_SAMPLES = 1.0, 0.6, 0.01, 5


# ---- what was measured -------------------------------------------------------------------------------------------


class Attempts:
    """peers.csv: read, and added to line by line, so that a cut costs the attempt in flight alone."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "peers.csv")
        self.rows = []
        if os.path.exists(self.path):
            with open(self.path, newline="", encoding="utf-8") as file:
                self.rows = list(csv.DictReader(file))
        else:
            self.write(FIELDS)

    def write(self, values):
        with open(self.path, "a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(values)

    def add(self, turn, problem, who, kind, status, median_s="", samples="", why=""):
        row = dict(zip(FIELDS, (str(turn), problem, who, kind, status, str(median_s), str(samples), why)))
        self.rows.append(row)
        self.write(row.values())

    def has(self, turn, problem, kind):
        return any((r["turn"], r["problem"], r["kind"]) == (str(turn), problem, kind) for r in self.rows)


def interval(logs):
    """Mean of ratios in the logarithm, and the ends of its t interval: NAN below three."""
    mean = statistics.fmean(logs)
    if len(logs) < 3:
        return math.exp(mean), math.nan, math.nan
    half = T[min(len(logs) - 2, len(T) - 1)] * statistics.stdev(logs) / math.sqrt(len(logs))
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def times(rows, problem, who):
    return {r["turn"]: float(r["median_s"]) for r in rows
            if r["problem"] == problem and r["who"] == who and r["status"] in ("ok", "suspect")}


def table(rows):
    """Lines of the table: every way of ours against every way of PyTorch, then what has no time and why."""
    lines = [f"{'problem':<68} {'ours':<12} {'peer':<22} {'our time':>10} {'peer/ours':>9}  95% interval       turns"]
    names = lambda problem, kind: sorted({r["who"] for r in rows if r["problem"] == problem and r["kind"] == kind})
    for problem in dict.fromkeys(r["problem"] for r in rows):
        for ours in names(problem, "wattmark"):
            for peer in names(problem, "torch"):
                a, b = times(rows, problem, ours), times(rows, problem, peer)
                both = sorted(a.keys() & b.keys())
                if not both:
                    continue
                mean, low, high = interval([math.log(b[t] / a[t]) for t in both])
                ends = "no interval" if math.isnan(low) else f"[{low:.4f}, {high:.4f}]"
                lines.append(f"{problem:<68} {ours:<12} {peer:<22} {1e6 * statistics.median(a.values()):>7.1f} us"
                             f" {mean:>9.4f}  {ends:<18} {len(both)}")
    for text in dict.fromkeys(f"none: {r['problem']} {r['who']}: {r['status']}: {r['why']}"
                              for r in rows if r["status"] not in ("ok", "suspect")):
        lines.append(text)
    return lines


# ---- wattmark ----------------------------------------------------------------------------------------------------


def our_implementations(wattmark, bench, backend):
    """Those of a library and our own tuned ones; portable texts where nothing is tuned: of products and attention they are
    no match for a vendor's library and take their time."""
    said = subprocess.run([wattmark, "list", "implementations"], check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = [line.split() for line in said.splitlines() if line.startswith("  ")]
    ours = ("library", "tuned") if bench in ("gemm", "attention") else ("library", "tuned", "portable")
    return [r[1] for r in rows if r[0] == bench and r[2] in ours and backend in r[3:9]]


def run_wattmark(options, turn, problem, attempts):
    """One run of the implementations that are worth a peer."""
    bench, backend = problem.split(":")[0], options.device.split(":")[0]
    bundle = os.path.join(options.out, f"peers-{turn}-{options.problems.index(problem)}")
    impls = our_implementations(options.wattmark, bench, backend)
    if not impls:
        attempts.add(turn, problem, "-", "wattmark", "skip", why=f"no library's and no tuned {bench} for {backend}")
        return
    if os.path.exists(bundle): # cut off in the midst of it
        subprocess.run(["rm", "-rf", bundle], check=True)
    ran = subprocess.run([options.wattmark, "run", problem, "--impl", "/".join(impls), "--device", options.device,
                          "--profile", "smoke", "--seed", str(turn + 1), "--out", bundle, "--quiet"],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if ran.returncode not in (0, 1):
        why = (ran.stderr.strip().splitlines() or [f"exit status {ran.returncode}"])[-1]
        attempts.add(turn, problem, "-", "wattmark", "failed", why=why)
        return
    with open(os.path.join(bundle, "records.jsonl"), encoding="utf-8") as lines:
        for r in (r for r in map(json.loads, lines) if "status" in r):
            t = r["time"] or {}
            attempts.add(turn, problem, r["impl"], "wattmark", r["status"], t.get("median_s", ""), t.get("samples", ""),
                         r["why"])


# ---- PyTorch -----------------------------------------------------------------------------------------------------


class Refused(Exception):
    """This PyTorch cannot do that, for the reason given."""


def axes_of(problem):
    bench, rest = problem.split(":")
    axes = dict(a.split("=") for a in rest.split(","))
    return bench, axes


def amount(text):
    unit = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(text[-1])
    return int(text[:-1]) * unit if unit else int(text)


class Peer:
    """One way to do a problem: a name, and what makes a set of buffers and one call on a set."""

    def __init__(self, name, make, call, around=None):
        self.name, self.make, self.call, self.around = name, make, call, around


def gemm_peers(torch, axes):
    m, n, k = (amount(axes[x]) if x in axes else None for x in "mnk")
    n, k = n or m, k or m
    kind, trans = axes.get("dtype", "f32"), axes.get("trans", "tn")
    plain = {"f64": "float64", "f32": "float32", "tf32": "float32", "f16": "float16", "bf16": "bfloat16"}
    uniform = lambda rows, cols, t: (torch.rand(rows, cols, device="cuda", dtype=torch.float32) * 2 - 1).to(t)

    # Column major C = A B is, in the rows that PyTorch has, C^T [n, m] = B^T [n, k] A^T [k, m]. "t" of A: along k.
    def operands(t, draw=uniform):
        left = draw(n, k, t) if trans[1] == "n" else draw(k, n, t).t()
        right = draw(m, k, t).t() if trans[0] == "t" else draw(k, m, t)
        return left, right

    if kind in plain:
        t = getattr(torch, plain[kind])
        torch.backends.cuda.matmul.allow_tf32 = kind == "tf32"
        name = "matmul"
        try:
            torch.backends.cuda.preferred_blas_library("cublaslt")
            name = "matmul (cuBLASLt)"
        except (AttributeError, RuntimeError):
            pass # an older one: what it takes by itself
        make = lambda: (*operands(t), torch.empty(n, m, device="cuda", dtype=t))
        return [Peer(name, make, lambda s: torch.matmul(s[0], s[1], out=s[2]))]
    if kind in ("e4m3", "e5m2"):
        t = getattr(torch, {"e4m3": "float8_e4m3fn", "e5m2": "float8_e5m2"}[kind], None)
        if t is None or not hasattr(torch, "_scaled_mm"):
            raise Refused(f"torch {torch.__version__} has no _scaled_mm of {kind}")
        one = torch.ones((), device="cuda", dtype=torch.float32)
        return [Peer("_scaled_mm", lambda: operands(t),
                     lambda s: torch._scaled_mm(s[0], s[1], scale_a=one, scale_b=one, out_dtype=torch.bfloat16))]
    if kind == "i8" and hasattr(torch, "_int_mm"):
        draw = lambda rows, cols, t: torch.randint(-127, 128, (rows, cols), device="cuda", dtype=t)
        return [Peer("_int_mm", lambda: operands(torch.int8, draw), lambda s: torch._int_mm(s[0], s[1]))]
    raise Refused(f"torch has no product of {kind}")


def attention_peers(torch, axes):
    get = lambda key, default: amount(axes.get(key, str(default)))
    batch, heads, d, sq = get("batch", 1), get("heads", 16), get("d", 128), get("sq", 1024)
    kvheads, sk = get("kvheads", heads), get("sk", sq)
    t = getattr(torch, {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}[axes.get("dtype", "f32")])
    # of one query every key is seen: a mask would hide nothing, and PyTorch's begins at the other corner
    causal = axes.get("causal", "no") == "yes" and sq > 1
    if causal and sq != sk:
        raise Refused("torch's causal mask begins at the other corner where queries and keys differ in number")
    try:
        from torch.nn.attention import SDPBackend, sdpa_kernel
    except ImportError as e:
        raise Refused(f"torch {torch.__version__} has no torch.nn.attention") from e
    # as ours lie: [batch, tokens, heads, d]
    draw = lambda tokens, h: (torch.rand(batch, tokens, h, d, device="cuda", dtype=torch.float32) * 2 - 1).to(t) \
        .transpose(1, 2)
    more = {"enable_gqa": True} if kvheads != heads else {}
    call = lambda s: torch.nn.functional.scaled_dot_product_attention(*s, is_causal=causal, **more)
    make = lambda: (draw(sq, heads), draw(sk, kvheads), draw(sk, kvheads))
    return [Peer("sdpa " + name, make, call, lambda b=getattr(SDPBackend, backend): sdpa_kernel(b))
            for name, backend in (("flash", "FLASH_ATTENTION"), ("cudnn", "CUDNN_ATTENTION"),
                                  ("efficient", "EFFICIENT_ATTENTION")) if hasattr(SDPBackend, backend)]


def copy_peers(torch, axes):
    bytes_, t = amount(axes.get("bytes", "256M")), {"f32": torch.float32, "f64": torch.float64}[axes.get("dtype", "f32")]
    count = bytes_ // (8 if axes.get("dtype") == "f64" else 4)
    make = lambda: (torch.rand(count, device="cuda", dtype=t), torch.empty(count, device="cuda", dtype=t))
    return [Peer("copy_", make, lambda s: s[1].copy_(s[0]))]


def peers_of(torch, problem):
    bench, axes = axes_of(problem)
    makers = {"gemm": gemm_peers, "attention": attention_peers, "copy": copy_peers}
    if bench not in makers:
        raise Refused(f"no peer of {bench} here")
    return makers[bench](torch, axes)


def size_of(buffers):
    return sum(b.numel() * b.element_size() for b in buffers)


def timed(torch, peer, cold):
    """Seconds per call: the median of batches, each between two events, one batch ahead of the one that is waited for."""
    first = peer.make()
    caches = getattr(torch.cuda.get_device_properties(torch.cuda.current_device()), "L2_cache_size", 64 << 20)
    sets = [first] + [peer.make() for _ in range(max(2, -(-2 * caches // size_of(first))) - 1 if cold else 0)]
    calls = 0

    def batch(n):
        nonlocal calls
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        for _ in range(n):
            peer.call(sets[calls % len(sets)])
            calls += 1
        end.record()
        return begin, end

    for _ in sets: # each kernel is chosen and loaded at its first call
        batch(1)
    torch.cuda.synchronize()
    one = batch(len(sets))
    torch.cuda.synchronize()
    n = max(len(sets), math.ceil(BATCH_S * len(sets) / max(1e-9, one[0].elapsed_time(one[1]) / 1000)))

    def through(seconds, least):
        taken, ahead, began = [], batch(n), time.monotonic()
        while time.monotonic() - began < seconds or len(taken) < least:
            behind, ahead = ahead, batch(n)
            behind[1].synchronize()
            taken.append(behind[0].elapsed_time(behind[1]) / 1000 / n)
        torch.cuda.synchronize()
        return taken

    through(WARM_S, 1)
    samples = through(SAMPLE_S, LEAST_SAMPLES)
    return statistics.median(samples), len(samples)


def run_torch(torch, turn, problem, attempts):
    """Written when all are done: what was cut off in between runs again."""
    try:
        peers = peers_of(torch, problem)
    except Refused as e:
        attempts.add(turn, problem, "torch", "torch", "unsupported", why=str(e))
        return
    rows = []
    for peer in peers:
        try:
            with peer.around() if peer.around else contextlib.nullcontext():
                seconds, samples = timed(torch, peer, "cache=hot" not in problem)
            rows.append((peer.name, "torch", "ok", seconds, samples))
        except RuntimeError as e: # what a backend refuses and what it breaks of come as the same
            rows.append((peer.name, "torch", "unsupported", "", "", str(e).strip().split("\n")[0][:200]))
        torch.cuda.empty_cache()
    for row in rows:
        attempts.add(turn, problem, *row)


def load_torch(device):
    # as much workspace as cuBLASLt gets from wattmark, in KiB
    os.environ.setdefault("CUBLASLT_WORKSPACE_SIZE", "32768")
    try:
        import torch
    except ImportError as e:
        return None, f"torch cannot be imported: {e}"
    if not torch.cuda.is_available():
        return None, f"torch {torch.__version__} sees no GPU"
    torch.cuda.set_device(int(device.split(":")[1]))
    return torch, f"torch {torch.__version__}, CUDA {torch.version.cuda}, {torch.cuda.get_device_name()}"


# ---- all of it ---------------------------------------------------------------------------------------------------


def measure(options, torch, attempts):
    """False when there was no time for all. By turns, so that the first one sees every problem."""
    ends = time.monotonic() + options.seconds
    for turn in range(options.turns):
        for problem in options.problems:
            parts = [("wattmark", lambda: run_wattmark(options, turn, problem, attempts)),
                     ("torch", lambda: run_torch(torch, turn, problem, attempts))]
            for kind, part in parts if turn % 2 == 0 else reversed(parts):
                if attempts.has(turn, problem, kind):
                    continue
                if time.monotonic() > ends:
                    return False
                print(f"peers: turn {turn + 1} of {options.turns}: {problem}: {kind}", file=sys.stderr, flush=True)
                part()
    return True


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("wattmark")
    p.add_argument("--out", required=True)
    p.add_argument("--device", default="cuda:0")
    p.add_argument("--turns", type=int, default=5)
    p.add_argument("--seconds", type=float, default=math.inf)
    p.add_argument("--table", action="store_true")
    p.add_argument("problems", nargs="*", metavar="PROBLEM")
    options = p.parse_intermixed_args()
    options.problems = options.problems or PROBLEMS
    os.makedirs(options.out, exist_ok=True)
    if options.table:
        print("\n".join(table(Attempts(options.out).rows)))
        return 0
    torch, said = load_torch(options.device)
    print(said, file=sys.stderr)
    if torch is None:
        return 4
    with open(os.path.join(options.out, "torch.txt"), "w", encoding="utf-8") as file:
        file.write(said + "\n")
    attempts = Attempts(options.out)
    complete = measure(options, torch, attempts)
    if any(r["status"] in BAD for r in attempts.rows):
        return 1
    return 0 if complete else 3


if __name__ == "__main__":
    sys.exit(main())
