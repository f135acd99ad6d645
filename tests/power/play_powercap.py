#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays a RAPL package below a root: its counter rises as if the package drew a known power.

usage: play_powercap.py ROOT WATTS [--range UJ] [--start UJ] [--stop-after S] [--dram WATTS]

Makes ROOT/sys/class/powercap/intel-rapl:0 (and its dram zone) and writes energy_uj every 5 ms, in place and always of the
same width, so that no reader ever sees half a number. Ends when it is killed.
"""
import argparse
import os
import time

p = argparse.ArgumentParser()
p.add_argument("root")
p.add_argument("watts", type=float)
p.add_argument("--range", type=int, default=262143328850)
p.add_argument("--start", type=int, default=100000000000)
p.add_argument("--stop-after", type=float, default=float("inf"), help="the counter stands still from then on")
p.add_argument("--dram", type=float)
a = p.parse_args()


def zone(path, name):
    """The folder of a zone with what does not change; its counter's descriptor."""
    os.makedirs(path, exist_ok=True)
    for file, text in (("name", name), ("max_energy_range_uj", str(a.range)), ("enabled", "1")):
        with open(f"{path}/{file}", "w") as f:
            f.write(text + "\n")
    return os.open(f"{path}/energy_uj", os.O_RDWR | os.O_CREAT, 0o644)


def put(fd, watts, seconds):
    os.pwrite(fd, b"%012d\n" % ((a.start + int(watts * seconds * 1e6)) % a.range), 0)


top = f"{a.root}/sys/class/powercap/intel-rapl:0"
package = zone(top, "package-0")
dram = zone(f"{top}:0", "dram") if a.dram is not None else None
put(package, a.watts, 0)
if dram is not None:
    put(dram, a.dram, 0)
print("ready", flush=True)
began = time.monotonic()
while True:
    seconds = min(time.monotonic() - began, a.stop_after)
    put(package, a.watts, seconds)
    if dram is not None:
        put(dram, a.dram, seconds)
    time.sleep(0.005)
