#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Packets a second of mip-ha by how many bindings it has.

    tests/bench/growth.py --build DIR [--rounds N] [--seconds S]
                          [--bindings 1,1000,100000,1000000] [--json FILE]

    cn - ha - mn, veth.  mn-sim swarm registers that many nodes with mip-ha, a hundred to
a care-of address; then datagrams of 64 octets go from cn to home addresses drawn at
random, and those are counted that come to mn in GRE tunnels: by the kernel's eBPF
program, and by the daemon.  Growth is the rate next to that of the first row in the
same round, after the median with least and most.  cn has a processor, mip-ha the other.
"""
import argparse
import json
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import swarms                      # noqa: E402  (no __pycache__ among the sources)
from kinds import FAST, SLOW       # noqa: E402

WAYS = {"eBPF": FAST, "user space": SLOW}
CORRESPONDENT, ROUTER, PORT, OCTETS = "10.14.0.2", "10.14.0.1", 5555, 64
SETTLE = 0.5     # what is under way has arrived by then


class Line(swarms.Line):
    """Also the correspondent node's namespace."""

    def __init__(self):
        super().__init__(agents=0)
        self.hosts.append("cn")

    def up(self):
        super().up()
        self.cable("ha", "cn", f"{ROUTER}/24", "cn", "core", f"{CORRESPONDENT}/24")
        swarms.ip("-n", f"{swarms.PREFIX}-cn", "route", "add", "default", "via", ROUTER)

    def swallow(self):
        """Packets to care-of addresses go no further than mn."""
        where = ("-n", f"{swarms.PREFIX}-mn", "route")
        swarms.ip(*where, "del", "local", f"{swarms.CARE_OF}/10", "dev", "lo")
        swarms.ip(*where, "add", "blackhole", f"{swarms.CARE_OF}/10")

    def arrived(self):
        told = swarms.run("ip", "-n", f"{swarms.PREFIX}-mn", "-j", "-s", "link", "show",
                          "core", stdout=subprocess.PIPE).stdout
        return json.loads(told)[0]["stats64"]["rx"]["packets"]


class Bench(swarms.Bench):
    def __init__(self, build, folder, seconds):
        super().__init__(build, folder, reverse=False)
        self.seconds = seconds

    def flood(self, line, nodes):
        """Thousands of packets a second that arrive."""
        before = line.arrived()
        sent = swarms.run(*line.inside("cn", swarms.CORES[-1]),
                          self.build / "tests/bench/udpflood", "send",
                          swarms.dotted(swarms.FIRST), PORT, OCTETS, self.seconds, nodes,
                          stdout=subprocess.PIPE).stdout.split()
        time.sleep(SETTLE)
        return (line.arrived() - before) / float(sent[1]) / 1e3

    def measure(self, tunnel, nodes, rate):
        line, daemon = Line(), None
        try:
            line.up()
            daemon = self.daemon(line, "ha", "ha/mip-ha",
                                 lambda s: swarms.home_agent_rows(nodes, s, tunnel))
            told = self.swarm(line, nodes, rate)["operations"]["register"]
            if told["accepted"] != nodes:
                raise RuntimeError(f"{told['accepted']} of {nodes} nodes are registered")
            line.swallow()
            return self.flood(line, nodes)
        finally:
            if daemon:
                daemon.stop()
            line.down()


def spread(values, text):
    return (f"{text.format(statistics.median(values))} "
            f"[{text.format(min(values))}..{text.format(max(values))}]")


def print_table(results):
    print(f"{'thousand packets/s':>20}" + "".join(f"{way:>24}{'growth':>22}" for way in WAYS))
    for nodes, rates in results.items():
        first = next(iter(results.values()))
        print(f"{nodes:>20,}" + "".join(
            f"{spread(rates[way], '{:.0f}'):>24}"
            f"{spread([r / f for r, f in zip(rates[way], first[way])], '{:.2f}'):>22}"
            for way in WAYS))


def parse_arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--build", required=True, type=pathlib.Path)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=int, default=2)
    p.add_argument("--bindings", default=[1, 1000, 100000, 1000000],
                   type=lambda text: [int(n) for n in text.split(",")])
    p.add_argument("--rate", type=int, default=30000, help="of registrations")
    p.add_argument("--json", type=pathlib.Path)
    return p.parse_args()


def main():
    o = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if swarms.os.geteuid() != 0:
        print("growth: left out, needs root")
        return
    results = {nodes: {way: [] for way in WAYS} for nodes in o.bindings}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(o.build.resolve(), folder, o.seconds)
        for _ in range(o.rounds):
            for nodes, rates in results.items():
                for way, tunnel in WAYS.items():
                    rates[way].append(bench.measure(tunnel, nodes, o.rate))
    print_table(results)
    if o.json:
        o.json.write_text(json.dumps(results, indent=1), "ascii")


if __name__ == "__main__":
    main()
