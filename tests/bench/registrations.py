#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Registrations a second of mip-ha, next to the least that any server does.

    tests/bench/registrations.py --build DIR [--rounds N] [--seconds S]
                              [--bindings 1,1000,100000,1000000] [--json FILE]
    tests/bench/registrations.py --figures --build DIR [--seconds S]

Two namespaces, ha - fa, veth.  regload renews the registrations of nodes drawn at
random, each signed with HMAC-MD5 beforehand: to a server that checks one HMAC, signs
one answer and does nothing else ("bare"), and to mip-ha, round after round.  One
processor each for the server and for regload.  The table gives medians and the
spread; growth is the rate next to that of the first row; latency is at half of the
agent's own rate, mip-ha next to bare.  Memory is what a binding adds to what the
configuration of its node takes.  mip-ha has large pages, as its service unit sets.
With --figures one round of few bindings, a figure a line, as control.py takes them.
"""
import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PREFIX = f"mbr{os.getpid()}"
AGENT, PEER, FIRST = "10.12.0.1", "10.12.0.2", (10 << 24) + (128 << 16) + 1
KEY = "bench key 123456"  # as regload has it
LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
FEW = 1000
CORES = sorted(os.sched_getaffinity(0))


def run(*argv, **kwargs):
    return subprocess.run([str(a) for a in argv], check=True, text=True, **kwargs)


def inside(end, core, *argv):
    return ["ip", "netns", "exec", f"{PREFIX}-{end}", "taskset", "-c", str(core), *argv]


def line_down():
    for end in ("ha", "fa"):
        subprocess.run(["ip", "netns", "del", f"{PREFIX}-{end}"], check=False,
                       stderr=subprocess.DEVNULL)


def line_up():
    line_down()
    for end in ("ha", "fa"):
        run("ip", "netns", "add", f"{PREFIX}-{end}")
    run("ip", "link", "add", "core", "netns", f"{PREFIX}-ha", "type", "veth",
        "peer", "name", "core", "netns", f"{PREFIX}-fa")
    for end, addr in (("ha", AGENT), ("fa", PEER)):
        run("ip", "-n", f"{PREFIX}-{end}", "addr", "add", f"{addr}/24", "dev", "core")
        run("ip", "-n", f"{PREFIX}-{end}", "link", "set", "core", "up")
        run("ip", "-n", f"{PREFIX}-{end}", "link", "set", "lo", "up")
    run("ip", "netns", "exec", f"{PREFIX}-ha", "sysctl", "-qw", "net.ipv4.ip_forward=1")


def write_config(path, nodes, socket):
    """Nodes of a virtual home network, all with regload's key."""
    with open(path, "w", encoding="ascii") as f:
        os.chmod(path, 0o600)
        f.write(f'<home-agent address="{AGENT}" max-bindings="{nodes}">\n'
                f'<log level="warn"/><control socket="{socket}"/>\n'
                '<limits source-rate="0"/><home-network prefix="10.128.0.0/9"/>\n')
        for home in range(FIRST, FIRST + nodes):
            octets = ".".join(str(home >> s & 255) for s in (24, 16, 8, 0))
            f.write(f'<node home-address="{octets}"><association spi="256" '
                    f'key="text:{KEY}" tolerance="3600"/></node>\n')
        f.write("</home-agent>\n")


class Server:
    """A program in the agent's namespace, on a processor of its own."""

    def __init__(self, argv, ready):
        began = time.monotonic()
        self.process = subprocess.Popen(inside("ha", CORES[0], *map(str, argv)),
                                        env={**os.environ, **LARGE_PAGES},
                                        stderr=subprocess.DEVNULL)
        while not ready():
            if self.process.poll() is not None or time.monotonic() - began > 120:
                raise RuntimeError(f"{argv[0]} does not start")
            time.sleep(0.01)
        self.started_in = time.monotonic() - began

    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        return int(status.split("RssAnon:")[1].split()[0]) * 1024

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Bench:
    def __init__(self, build, seconds, folder):
        self.regload = build / "tests/bench/regload"
        self.agent = build / "ha/mip-ha"
        self.mipctl = build / "common/ctl/mipctl"
        self.seconds, self.folder = seconds, pathlib.Path(folder)
        self.socket = self.folder / "ha.sock"

    def load(self, nodes, *argv):
        out = run(*inside("fa", CORES[-1], str(self.regload), "load", "--to", AGENT,
                          "--from", PEER, "--nodes", str(nodes),
                          "--seconds", str(self.seconds), *map(str, argv)),
                  stdout=subprocess.PIPE).stdout
        result = json.loads(out)
        if result["accepted"] != result["answers"] or result["lost"]:
            print(f"registrations: not all accepted: {out.strip()}", file=sys.stderr)
        return result

    def bare(self):
        began = time.monotonic()
        return Server([self.regload, "serve", "--to", AGENT],
                      lambda: time.monotonic() - began > 0.3)

    def home_agent(self, config):
        def ready():
            return self.socket.exists() and subprocess.run(
                [self.mipctl, "--socket", self.socket, "show", "status"], check=False,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
        return Server([self.agent, "-c", config], ready)

    def one_round(self, nodes, config):
        row = {}
        with self.bare():
            row["bare"] = self.load(nodes)["rate"]
        with self.home_agent(config) as agent:
            row["start"], before = agent.started_in, agent.memory()
            row["join"] = self.load(nodes, "--join")["rate"]
            row["memory"] = (agent.memory() - before) / nodes
            row["rate"] = self.load(nodes)["rate"]
            half = self.load(nodes, "--rate", int(row["rate"] / 2))
        with self.bare():
            least = self.load(nodes, "--rate", int(row["rate"] / 2))
        for name in ("p50_us", "p99_us"):
            row[name], row["bare " + name] = half[name], least[name]
        return row


def middle(rows, name):
    return statistics.median(r[name] for r in rows)


def spread(rows, name):
    values = [r[name] for r in rows]
    return f"{min(values):,.0f}..{max(values):,.0f}"


def print_table(results):
    first = None
    print(f"{'bindings':>9} {'bare/s':>9} {'mip-ha/s':>9} {'spread':>17} {'ratio':>6} "
          f"{'growth':>6} {'first/s':>9} {'p50 us':>11} {'p99 us':>13} {'start s':>8} "
          f"{'octets':>7}")
    for nodes, rows in results.items():
        rate, bare = middle(rows, "rate"), middle(rows, "bare")
        ratio = statistics.median(r["rate"] / r["bare"] for r in rows)
        first = first or rate
        many = nodes >= 1000
        half = [f"{middle(rows, p):.0f}/{middle(rows, 'bare ' + p):.0f}" if many else "-"
                for p in ("p50_us", "p99_us")]
        octets = f"{middle(rows, 'memory'):.0f}" if many else "-"
        print(f"{nodes:>9} {bare:>9,.0f} {rate:>9,.0f} {spread(rows, 'rate'):>17} "
              f"{ratio:>6.2f} {rate / first:>6.2f} {middle(rows, 'join'):>9,.0f} "
              f"{half[0]:>11} {half[1]:>13} {middle(rows, 'start'):>8.2f} {octets:>7}")


def print_figures(row):
    for kind, before in (("bare-udp", "bare "), ("mip-ha", "")):
        rate = row["rate" if not before else "bare"]
        print(f"{kind} rate {rate / 1e3:.1f}")
        print(f"{kind} reply {row[before + 'p50_us']:.0f}")
        print(f"{kind} reply99 {row[before + 'p99_us']:.0f}")


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--build", required=True, type=pathlib.Path)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=float, default=2)
    p.add_argument("--bindings", default="1,1000,100000,1000000")
    p.add_argument("--json", type=pathlib.Path)
    p.add_argument("--figures", action="store_true")
    o = p.parse_args()
    if o.figures:
        o.rounds, o.bindings = 1, str(FEW)
    counts = [int(n) for n in o.bindings.split(",")]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if os.geteuid() != 0:
        print("registrations: left out, needs root")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(o.build.resolve(), o.seconds, folder)
        configs = {n: pathlib.Path(folder) / f"ha-{n}.xml" for n in counts}
        for nodes, path in configs.items():
            write_config(path, nodes, bench.socket)
        results = {n: [] for n in counts}
        try:
            line_up()
            for _ in range(o.rounds):
                for nodes in counts:
                    results[nodes].append(bench.one_round(nodes, configs[nodes]))
        finally:
            line_down()
    if o.figures:
        print_figures(results[FEW][0])
        return 0
    print_table(results)
    if o.json:
        o.json.write_text(json.dumps(results, indent=1), "ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
