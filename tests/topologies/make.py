#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the machines of this folder as hwloc XML (version 2), beside this file.

They are constructed, not recorded: numbers of cores, caches, NUMA nodes and accelerators follow the vendors' published
descriptions, bus addresses follow the pattern of such machines. Each holds what a plan must get right:

  h100x4     one 16-core CPU, two GPUs on each of two PCI switches, beside one of which hangs a network device; every
             GPU linked to every other, a matrix of their bandwidths
  h100x8     two 56-core CPUs with hardware threads, four GPUs on each; a switch, a network device and a
             console that are no accelerators
  mi300x8    two 96-core CPUs in four NUMA nodes each, one accelerator on each node
  altra      two 80-core Arm CPUs, 1 MB L2 a core, 32 MB system-level cache a package
  ampereone  one 192-core Arm CPU, 2 MB L2 a core, 64 MB system-level cache
"""
import os
import sys
from xml.sax.saxutils import quoteattr

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


def bits(numbers):
    """A set of numbers as hwloc writes it: 32-bit words, highest first."""
    mask = sum(1 << n for n in numbers)
    words = []
    while mask or not words:
        words.append("0x%08x" % (mask & 0xFFFFFFFF))
        mask >>= 32
    return ",".join(reversed(words))


class Machine:
    """Collects lines of XML; objects are opened and closed in the order of the tree."""

    def __init__(self, nodes, pus):
        self.lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<!DOCTYPE topology SYSTEM "hwloc2.dtd">',
                      '<topology version="2.0">']
        self.gp = 0
        sets = {"allowed_cpuset": bits(range(pus)), "allowed_nodeset": bits(range(nodes))}
        self.open("Machine", range(pus), range(nodes), os_index=0, **sets)

    def open(self, object_type, pus=None, nodes=None, **attributes):
        self.gp += 1
        if pus is not None:
            c, n = bits(pus), bits(nodes)
            attributes.update(cpuset=c, complete_cpuset=c, nodeset=n, complete_nodeset=n)
        attributes["gp_index"] = self.gp
        text = " ".join("%s=%s" % (k, quoteattr(str(v))) for k, v in attributes.items())
        self.lines.append("<object type=%s %s>" % (quoteattr(object_type), text))

    def close(self):
        self.lines.append("</object>")

    def info(self, **pairs):
        for name, value in pairs.items():
            self.lines.append("<info name=%s value=%s/>" % (quoteattr(name), quoteattr(value)))

    def memory(self, node, pus, size):
        self.open("NUMANode", pus, [node], os_index=node, local_memory=size)
        self.lines.append('<page_type size="4096" count="%d"/>' % (size // 4096))
        self.close()

    def cache(self, level, pus, nodes, size, cache_type):
        self.open(level, pus, nodes, cache_size=size, depth=level[1], cache_linesize=64, cache_associativity=0,
                  cache_type=cache_type)

    def core(self, number, pus, node, l2, l1d, l1i):
        """A core with its own L2 and L1 and one PU per hardware thread."""
        self.cache("L2Cache", pus, [node], l2, 0)
        self.cache("L1Cache", pus, [node], l1d, 1)
        self.cache("L1iCache", pus, [node], l1i, 2)
        self.open("Core", pus, [node], os_index=number)
        for pu in pus:
            self.open("PU", [pu], [node], os_index=pu)
            self.close()
        for _ in range(4):
            self.close()

    def pci(self, bus, pci_class, vendor_device):
        """One device behind a host bridge of its own."""
        self.host_bridge(bus, bus)
        self.pci_device(bus, pci_class, vendor_device)
        self.close()

    def host_bridge(self, first, last):
        """Left open for what hangs on its buses."""
        self.open("Bridge", bridge_type="0-1", depth=0, bridge_pci="0000:[%02x-%02x]" % (first, last))

    def pci_bridge(self, bus, first, last):
        """A port of a switch on that bus, left open for what hangs on the buses behind it."""
        self.open("Bridge", bridge_type="1-1", depth=1, bridge_pci="0000:[%02x-%02x]" % (first, last),
                  pci_busid="0000:%02x:00.0" % bus, pci_type="0604 [1000:c030] [0000:0000] 00",
                  pci_link_speed="63.015385")

    def pci_device(self, bus, pci_class, vendor_device, speed=0.0, osdev=None):
        """speed in GB/s, 0: not known; osdev: name, subtype and type of what the system calls it. Returns the number
        of the last object."""
        self.open("PCIDev", pci_busid="0000:%02x:00.0" % bus, pci_link_speed="%.6f" % speed,
                  pci_type="%04x [%s] [0000:0000] 00" % (pci_class, vendor_device))
        if osdev:
            name, subtype, osdev_type = osdev
            self.open("OSDev", name=name, subtype=subtype, osdev_type=osdev_type)
            self.close()
        self.close()
        return self.gp

    def distances(self, name, objects, values):
        """A matrix of bandwidths in MB/s between OS devices; kind 9: told by the system, bandwidths."""
        self.lines.append('<distances2 type="OSDev" nbobjs="%d" kind="9" name="%s" indexing="gp">' %
                          (len(objects), name))
        for tag, numbers in (("indexes", objects), ("u64values", values)):
            text = "".join("%d " % x for x in numbers)
            self.lines.append('<%s length="%d">%s</%s>' % (tag, len(text), text, tag))
        self.lines.append("</distances2>")

    def write(self, name):
        self.lines += ["</topology>", ""]
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "w", encoding="ascii") as f:
            f.write("\n".join(self.lines))


def h100x4():
    cores, link = 16, 150000                        # MB/s: 6 of 18 NVLink 4 links to each of three others
    m = Machine(nodes=1, pus=cores)
    m.info(Architecture="x86_64")
    m.open("Package", range(cores), [0], os_index=0)
    m.info(CPUVendor="GenuineIntel", CPUModel="Intel(R) Xeon(R) Gold 6426Y")
    m.memory(0, range(cores), 256 * GIB)
    m.cache("L3Cache", range(cores), [0], 37 * MIB + 512 * KIB, 0)
    for c in range(cores):
        m.core(c, [c], 0, 2 * MIB, 48 * KIB, 32 * KIB)
    m.close()
    gpus = []
    for s, bus in enumerate((0x16, 0x40)):
        m.host_bridge(bus, bus + 4)
        m.pci_bridge(bus, bus + 1, bus + 4)
        for g in range(2):
            osdev = ("nvml%d" % len(gpus), "NVML", 1)
            gpus.append(m.pci_device(bus + 2 + g, 0x0302, "10de:2330", 63.015385, osdev))
        if s == 0:
            m.pci_device(bus + 4, 0x0200, "15b3:1021", 31.507692, ("ens1np0", "", 2))
        m.close()
        m.close()
    m.close()
    m.close()
    m.distances("NVLinkBandwidth", gpus, [1000000 if i == j else link for i in range(4) for j in range(4)])
    m.write("h100x4.xml")


def h100x8():
    cores, threads = 56, 2
    m = Machine(nodes=2, pus=2 * cores * threads)
    m.info(Architecture="x86_64")
    # Not in the order of addresses, as nothing may depend on the order in a file.
    buses = [[0x43, 0x1B, 0x61, 0x52], [0xDF, 0xC3, 0xD1, 0x9D]]
    for p in range(2):
        first = [p * cores + c for c in range(cores)]
        pus = first + [pu + 2 * cores for pu in first]
        m.open("Package", pus, [p], os_index=p)
        m.info(CPUVendor="GenuineIntel", CPUModel="Intel(R) Xeon(R) Platinum 8480C")
        m.memory(p, pus, 1024 * GIB)
        m.cache("L3Cache", pus, [p], 105 * MIB, 0)
        for c in range(cores):
            m.core(c, [first[c], first[c] + 2 * cores], p, 2 * MIB, 48 * KIB, 32 * KIB)
        m.close()
        for bus in buses[p]:
            m.pci(bus, 0x0302, "10de:2330")
        if p == 0:
            m.pci(0x04, 0x0300, "1a03:2000")        # the console of the board's controller
            m.pci(0x07, 0x0680, "10de:22a3")        # a switch of the GPUs' vendor
            m.pci(0x08, 0x0200, "10de:0269")        # a network device of theirs
        m.close()
    m.close()
    m.write("h100x8.xml")


def mi300x8():
    dies, cores = 3, 8                              # per NUMA node: core dies, each with its own L3
    m = Machine(nodes=8, pus=192)
    m.info(Architecture="x86_64")
    buses = [0x05, 0x26, 0x46, 0x65, 0x85, 0xA6, 0xC6, 0xE5]
    for p in range(2):
        m.open("Package", range(p * 96, p * 96 + 96), range(p * 4, p * 4 + 4), os_index=p)
        m.info(CPUVendor="AuthenticAMD", CPUModel="AMD EPYC 9654 96-Core Processor")
        for node in range(p * 4, p * 4 + 4):
            pus = range(node * 24, node * 24 + 24)
            m.open("Group", pus, [node], kind=0, subkind=0)
            m.memory(node, pus, 288 * GIB)
            for d in range(dies):
                part = pus[d * cores:(d + 1) * cores]
                m.cache("L3Cache", part, [node], 32 * MIB, 0)
                for pu in part:
                    m.core(pu - p * 96, [pu], node, 1 * MIB, 32 * KIB, 32 * KIB)
                m.close()
            m.pci(buses[node], 0x1200, "1002:74a1")
            m.close()
        m.close()
    m.close()
    m.write("mi300x8.xml")


def arm(name, packages, cores, part, implementer, memory, slc, l2, l1i):
    m = Machine(nodes=packages, pus=packages * cores)
    m.info(Architecture="aarch64")
    for p in range(packages):
        pus = range(p * cores, (p + 1) * cores)
        m.open("Package", pus, [p], os_index=p)
        m.info(CPUImplementer=implementer, CPUPart=part)
        m.memory(p, pus, memory)
        m.cache("L3Cache", pus, [p], slc, 0)
        for pu in pus:
            m.core(pu - p * cores, [pu], p, l2, 64 * KIB, l1i)
        m.close()
        m.close()
    m.close()
    m.write(name)


def main():
    h100x4()
    h100x8()
    mi300x8()
    arm("altra.xml", 2, 80, "0xd0c", "0x41", 256 * GIB, 32 * MIB, 1 * MIB, 64 * KIB)
    arm("ampereone.xml", 1, 192, "0xac3", "0xc0", 512 * GIB, 64 * MIB, 2 * MIB, 16 * KIB)


if __name__ == "__main__":
    sys.exit(main())
