# SPDX-License-Identifier: ISC
"""A line of four namespaces, cn - ha - fa - mn, and the programs that run in them.

    cn 10.11.0.2 --- 10.11.0.1 ha 10.12.0.1 --- 10.12.0.2 fa 10.13.0.1 --- 10.13.0.2 mn

Virtual Ethernet, MTU 1500.  Nothing but the links' own networks is routed: what carries
the traffic adds its routes, so that a tunnel which is not there is not measured as
plain forwarding.  Everything is removed, and every program in it ended, by down().
"""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

HOSTS = ["cn", "ha", "fa", "mn"]
LINKS = [("cn", "eth0", "10.11.0.2/24", "ha", "cn", "10.11.0.1/24"),
         ("ha", "fa", "10.12.0.1/24", "fa", "ha", "10.12.0.2/24"),
         ("fa", "visit", "10.13.0.1/24", "mn", "radio0", "10.13.0.2/24")]
SOURCE = "10.11.0.2"     # the correspondent, who sends
VISITED = "10.13.0.2"    # the node, on the visited link
AGENTS = {"ha": "10.12.0.1", "fa": "10.12.0.2"}
# The network behind an agent, seen from the other.
BEHIND = {"ha": "10.11.0.0/24", "fa": "10.13.0.0/24"}
INNER_MTU = 1400
OFFLOADS = {"on": [],
            "gro": "tso off gso off gro on tx off rx off".split(),
            "off": "tso off gso off gro off tx off rx off".split()}
QUIET = """ip link set lo up
    cd /proc/sys/net
    echo 1 >ipv6/conf/all/disable_ipv6; echo 1 >ipv6/conf/default/disable_ipv6
    for c in all default; do echo 0 >ipv4/conf/$c/rp_filter
        echo 0 >ipv4/conf/$c/send_redirects; done"""
GRACE = 5


def other(agent):
    return "fa" if agent == "ha" else "ha"


class Trouble(Exception):
    """A tunnel that does not come up, or a figure that cannot be taken; says why."""


class Line:
    def __init__(self):
        self.prefix = f"sjb{os.getpid()}"
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="sojourn-bench-"))
        self.programs = []

    def ns(self, host):
        return f"{self.prefix}-{host}"

    def run(self, host, *command, check=True, **more):
        """In a namespace, to its end; output as text in the result."""
        done = subprocess.run(["ip", "netns", "exec", self.ns(host), *map(str, command)],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              **more)
        if check and done.returncode:
            raise Trouble(f"{command[0]} in {host}: {done.stderr.strip()[-300:]}")
        return done

    def start(self, host, *command, **more):
        """In a namespace and in the background, until stop() or down()."""
        name = pathlib.Path(str(command[0])).name
        with open(self.dir / f"{host}-{name}.log", "a", encoding="utf-8") as log:
            more = {"stdout": log, "stderr": log, **more}
            child = subprocess.Popen(
                ["ip", "netns", "exec", self.ns(host), *map(str, command)],
                stdin=subprocess.DEVNULL, text=True, **more)
        self.programs.append(child)
        return child

    def stop(self, child):
        child.terminate()
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        self.programs.remove(child)

    def up(self, mode):
        for host in HOSTS:
            subprocess.run(["ip", "netns", "add", self.ns(host)], check=True)
            self.run(host, "sh", "-c", QUIET)
        for host in AGENTS:
            self.run(host, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        for a, if_a, address_a, b, if_b, address_b in LINKS:
            subprocess.run(["ip", "-n", self.ns(a), "link", "add", if_a, "type", "veth",
                            "peer", "name", if_b, "netns", self.ns(b)], check=True)
            self.attach(a, if_a, address_a, OFFLOADS[mode])
            self.attach(b, if_b, address_b, OFFLOADS[mode])
        self.run("cn", "ip", "route", "add", "default", "via", "10.11.0.1",
                 "mtu", "lock", INNER_MTU)

    def attach(self, host, interface, address, offloads):
        self.run(host, "ip", "addr", "add", address, "dev", interface)
        self.run(host, "ip", "link", "set", interface, "up")
        if offloads:
            self.run(host, "ethtool", "-K", interface, *offloads)

    def route_node(self):
        """The node on the visited link reaches out as a plain host there."""
        self.run("mn", "ip", "route", "replace", "default", "via", "10.13.0.1",
                 "mtu", "lock", INNER_MTU)

    def wait_for(self, what, holds, seconds=15):
        end = time.monotonic() + seconds
        while not holds():
            ended = [c.args[4] for c in self.programs if c.poll() is not None]
            if ended or time.monotonic() > end:
                raise Trouble(f"no {what}{' without ' if ended else ''}{' '.join(ended)}"
                              f"{self.last_words()}")
            time.sleep(0.1)

    def wait_path(self, target):
        self.wait_for("answer to a ping", lambda: self.run(
            "cn", "ping", "-n", "-c", 1, "-W", 1, target, check=False).returncode == 0)

    def last_words(self):
        tails = [(log.name, log.read_text(errors="replace").strip().splitlines()[-3:])
                 for log in sorted(self.dir.glob("*.log"))]
        return "".join(f"; {name}: {' | '.join(tail)}" for name, tail in tails if tail)

    def down(self):
        """Also what a program left running that was started by us."""
        for child in reversed(self.programs):
            child.terminate()
        for child in list(self.programs):
            self.stop(child)
        for host in HOSTS:
            for pid in subprocess.run(["ip", "netns", "pids", self.ns(host)], text=True,
                                      capture_output=True).stdout.split():
                try:
                    os.kill(int(pid), signal.SIGKILL)
                except ProcessLookupError:
                    pass
            subprocess.run(["ip", "netns", "del", self.ns(host)], capture_output=True)
        for name in self.dir.iterdir():
            shutil.rmtree(name) if name.is_dir() else name.unlink()

    def close(self):
        self.down()
        shutil.rmtree(self.dir, ignore_errors=True)
