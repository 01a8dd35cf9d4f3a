#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A million nodes, registered by mn-sim swarm with the real daemons.

    tests/bench/swarms.py --build DIR [--rounds N] [--json FILE]
                          [--nodes N] [--rate R] [--agents N] [--visiting N]
                          [--visiting-rate R] [--reverse-tunnel]

Directly: one mip-ha, --nodes nodes with co-located care-of addresses, a hundred to
each, --rate of them a second.  Through foreign agents: --agents times mip-fa between
mip-ha and the links of --visiting nodes, --visiting-rate a second.  Every node
registers once; one that is not accepted after all its tries has failed.  The swarm has
a processor, all daemons share the other.  0 nodes leave one of the two ways out.

Told are the time that it took, failures, latencies, how long mip-ha took to start with
a configuration of all nodes, and what the daemons' own memory has grown by for a
binding and for a visitor.  They have large pages, as their service units set.
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

PREFIX = f"mbs{os.getpid()}"
HOME, FIRST = "10.128.0.0/9", (10 << 24) + (128 << 16) + 1
AGENT, CARE_OF, NODES_PER_CARE_OF = "10.12.0.1", "10.64.0.0", 100
KEY = "bench key 123456"
LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
CORES = sorted(os.sched_getaffinity(0))
LONGEST_START, LONGEST_STOP = 60, 60


def run(*argv, **more):
    return subprocess.run([str(a) for a in argv], check=True, text=True,
                          stdin=subprocess.DEVNULL, **more)


def ip(*argv):
    run("ip", *argv)


def dotted(number):
    return ".".join(str(number >> s & 255) for s in (24, 16, 8, 0))


class Line:
    """Namespaces: the home agent's, the foreign agents', the nodes'."""

    def __init__(self, agents):
        self.hosts = ["ha", *(f"fa{i}" for i in range(agents)), "mn"]
        self.agents = agents

    def up(self):
        self.down()
        for host in self.hosts:
            ip("netns", "add", f"{PREFIX}-{host}")
            ip("-n", f"{PREFIX}-{host}", "link", "set", "lo", "up")
            self.set(host, "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0",
                     "net.ipv4.conf.default.rp_filter=0",
                     "net.ipv6.conf.all.disable_ipv6=1",
                     "net.ipv6.conf.default.disable_ipv6=1")
        if self.agents == 0:
            self.cable("ha", "core", f"{AGENT}/24", "mn", "core", "10.12.0.2/24")
            ip("-n", f"{PREFIX}-mn", "route", "add", "local", f"{CARE_OF}/10", "dev", "lo")
            ip("-n", f"{PREFIX}-ha", "route", "add", f"{CARE_OF}/10", "via", "10.12.0.2")
        for i in range(self.agents):
            self.cable("ha", f"fa{i}", f"10.12.{i}.1/24",
                       f"fa{i}", "core", f"10.12.{i}.2/24")
            ip("-n", f"{PREFIX}-fa{i}", "route", "add", "default", "via", f"10.12.{i}.1")
            self.cable(f"fa{i}", "visit", f"10.13.{i}.1/24", "mn", f"radio{i}", None)

    def cable(self, one, one_name, one_addr, other, other_name, other_addr):
        ip("link", "add", one_name, "netns", f"{PREFIX}-{one}", "type", "veth",
           "peer", "name", other_name, "netns", f"{PREFIX}-{other}")
        for host, name, addr in ((one, one_name, one_addr), (other, other_name, other_addr)):
            if addr:
                ip("-n", f"{PREFIX}-{host}", "addr", "add", addr, "dev", name)
            ip("-n", f"{PREFIX}-{host}", "link", "set", name, "up")

    def set(self, host, *values):
        run(*self.inside(host), "sysctl", "-qw", *values)

    def inside(self, host, core=None):
        pin = ["taskset", "-c", str(core)] if core is not None else []
        return ["ip", "netns", "exec", f"{PREFIX}-{host}", *pin]

    def down(self):
        for host in self.hosts:
            subprocess.run(["ip", "netns", "del", f"{PREFIX}-{host}"], check=False,
                           stderr=subprocess.DEVNULL)


class Daemon:
    def __init__(self, argv, mipctl, socket):
        began = time.monotonic()
        self.process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL,
                                        env={**os.environ, **LARGE_PAGES})
        try:
            self.wait_for(mipctl, socket, began + LONGEST_START)
        except BaseException:  # a signal, too
            self.stop()
            raise
        self.started_in = time.monotonic() - began
        self.before = self.memory()

    def wait_for(self, mipctl, socket, deadline):
        while not socket.exists() or subprocess.run(
                [mipctl, "--socket", socket, "show", "status"], check=False,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.process.args} does not start")
            time.sleep(0.01)

    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        return int(status.split("RssAnon:")[1].split()[0]) * 1024

    def grown(self):
        return self.memory() - self.before

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(LONGEST_STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        os.chmod(path, 0o600)
        f.writelines(text)


def home_agent_rows(nodes, socket, tunnel=""):
    yield (f'<home-agent address="{AGENT}" max-bindings="{nodes}">\n'
           f'<log level="warn"/><control socket="{socket}"/>{tunnel}\n'
           '<limits source-rate="0" total-rate="0"/>'
           f'<home-network prefix="{HOME}"/>\n')
    for home in range(FIRST, FIRST + nodes):
        yield (f'<node home-address="{dotted(home)}"><association spi="256" '
               f'key="text:{KEY}" tolerance="30"/></node>\n')
    yield "</home-agent>\n"


def foreign_agent_rows(number, visitors, socket):
    yield (f'<foreign-agent care-of-address="10.12.{number}.2" '
           f'max-visitors="{visitors}" max-pending="65536">\n'
           f'<log level="warn"/><control socket="{socket}"/>\n'
           '<limits source-rate="0" total-rate="0"/>\n'
           '<advertise interface="visit"/>\n</foreign-agent>\n')


class Bench:
    def __init__(self, build, folder, reverse):
        self.build, self.folder = build, pathlib.Path(folder)
        self.reverse = ["--reverse-tunnel"] if reverse else []
        self.key = self.folder / "key"
        write(self.key, f"text:{KEY}\n")

    def daemon(self, line, host, program, rows):
        config, socket = self.folder / f"{host}.xml", self.folder / f"{host}.sock"
        write(config, rows(socket))
        return Daemon([*line.inside(host, CORES[0]), self.build / program, "-c", config],
                      self.build / "common/ctl/mipctl", socket)

    def daemons(self, line, nodes):
        yield self.daemon(line, "ha", "ha/mip-ha", lambda s: home_agent_rows(nodes, s))
        for i in range(line.agents):
            yield self.daemon(line, f"fa{i}", "fa/mip-fa",
                              lambda s, i=i: foreign_agent_rows(i, nodes, s))

    def where(self, agents, nodes):
        if agents:
            return ["--visit", ",".join(f"radio{i}" for i in range(agents))]
        bits = max(nodes // NODES_PER_CARE_OF - 1, 0).bit_length()
        return ["--care-of", f"{CARE_OF}/{32 - bits}"]

    def swarm(self, line, nodes, rate):
        told = self.folder / "swarm.json"
        told.unlink(missing_ok=True)
        subprocess.run([str(a) for a in (
            *line.inside("mn", CORES[-1]), self.build / "mn-sim/mn-sim", "swarm", "--quiet",
            "--json", told, "--home-agent", AGENT, "--home", dotted(FIRST),
            "--nodes", nodes, "--spi", 256, "--key-file", self.key, "--rate", rate,
            *self.where(line.agents, nodes), *self.reverse, "register")],
            check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return json.loads(told.read_text("ascii"))

    def register(self, agents, nodes, rate):
        """One round."""
        line, daemons = Line(agents), []
        try:
            line.up()
            for daemon in self.daemons(line, nodes):
                daemons.append(daemon)
            told = self.swarm(line, nodes, rate)
            op = told["operations"]["register"]
            return {"seconds": told["steps"][0]["seconds"], "accepted": op["accepted"],
                    "failed": op["due"] - op["accepted"], "again": told["retransmitted"],
                    "replies": told["replies"], "p50": op["latency-ms"]["p50"],
                    "p99": op["latency-ms"]["p99"], "start": daemons[0].started_in,
                    "late": told["sent-late-ms"]["p99"],
                    "binding": daemons[0].grown() / nodes,
                    "visitor": sum(d.grown() for d in daemons[1:]) / nodes}
        finally:
            for daemon in reversed(daemons):
                daemon.stop()
            line.down()


COLUMNS = (("registered", "accepted", "{:,.0f}"), ("failed", "failed", "{:,.0f}"),
           ("sent again", "again", "{:,.0f}"), ("seconds", "seconds", "{:.1f}"),
           ("p50 ms", "p50", "{:.2f}"), ("p99 ms", "p99", "{:.1f}"),
           ("late ms", "late", "{:.1f}"), ("start s", "start", "{:.2f}"),
           ("a binding", "binding", "{:.0f}"), ("a visitor", "visitor", "{:.0f}"))


def print_table(results):
    """Medians, and below them minimum and maximum."""
    print(f"{'':>16}" + "".join(f"{title:>16}" for title, _, _ in COLUMNS))
    for way, rows in results.items():
        for name, pick in (way, statistics.median), ("least", min), ("most", max):
            print(f"{name:>16}" + "".join(
                f"{text.format(pick([r[key] for r in rows])):>16}"
                for _, key, text in COLUMNS))


def parse_arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--build", required=True, type=pathlib.Path)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--nodes", type=int, default=1000000)
    p.add_argument("--rate", type=int, default=30000)
    p.add_argument("--agents", type=int, default=4)
    p.add_argument("--visiting", type=int, default=100000)
    p.add_argument("--visiting-rate", type=int, default=8000)
    p.add_argument("--reverse-tunnel", action="store_true")
    p.add_argument("--json", type=pathlib.Path)
    return p.parse_args()


def main():
    o = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if os.geteuid() != 0:
        print("swarms: left out, needs root")
        return 0
    ways = [("directly", 0, o.nodes, o.rate),
            (f"through {o.agents}", o.agents, o.visiting, o.visiting_rate)]
    ways = [way for way in ways if way[2] > 0]
    results = {name: [] for name, *_ in ways}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(o.build.resolve(), folder, o.reverse_tunnel)
        for _ in range(o.rounds):
            for name, agents, nodes, rate in ways:
                results[name].append(bench.register(agents, nodes, rate))
    print_table(results)
    if o.json:
        o.json.write_text(json.dumps(results, indent=1), "ascii")
    return 1 if any(r["failed"] for rows in results.values() for r in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
