# SPDX-License-Identifier: ISC
"""Taking the figures of one tunnel: traffic from cn to the node, each bounded in time."""
import contextlib
import json
import os
import re
import subprocess
import time

from figures import percentile
from line import SOURCE, Trouble

PORT = 5555
PING_APART = 0.002       # seconds from one echo request to the next
SETTLE = 0.3             # a server that was just started listens by then
LATE = 15                # seconds that a program may take longer than told
FIGURES_OF = {"tcp1": ["tcp1"], "tcp4": ["tcp4"], "udp1372": ["udp1372"],
              "udp64": ["udp64"], "ping": ["ping", "ping99"], "busy": ["busy", "busy99"]}


class Measure:
    """seconds: of traffic a figure; pin: the sender's core and the receiver's, or None."""

    def __init__(self, line, build, seconds, pin):
        self.line = line
        self.flood = build / "tests/bench/udpflood"
        self.seconds = seconds
        self.sender, self.receiver = (
            (["taskset", "-c", cpu] for cpu in pin) if pin else ([], []))

    def take(self, name, target):
        """Values by the names of FIGURES_OF[name]."""
        if name.startswith("tcp"):
            return {name: self.tcp(target, int(name[3:]))}
        if name.startswith("udp"):
            return {name: self.udp(target, int(name[3:]))}
        with self.load(target) if name == "busy" else contextlib.nullcontext():
            times = self.ping(target)
        return {name: percentile(times, 50), f"{name}99": percentile(times, 99)}

    @contextlib.contextmanager
    def iperf(self, target, seconds, streams):
        server = self.line.start("mn", *self.receiver, "iperf3", "-s", "-1", "-B", target)
        time.sleep(SETTLE)
        client = self.line.start(
            "cn", *self.sender, "iperf3", "-J", "-c", target, "-B", SOURCE, "-t", seconds,
            "-O", "0.5", "-C", "cubic", "-P", streams, stdout=subprocess.PIPE)
        try:
            yield client
        finally:
            self.line.stop(client)
            self.line.stop(server)

    def tcp(self, target, streams):
        """Received, in Gb/s."""
        with self.iperf(target, self.seconds, streams) as client:
            result = json.loads(output_of(client, self.seconds))
        if "error" in result:
            raise Trouble(f"iperf3: {result['error']}")
        return result["end"]["sum_received"]["bits_per_second"] / 1e9

    @contextlib.contextmanager
    def load(self, target):
        """One TCP stream as fast as it goes, past its slow start."""
        with self.iperf(target, self.seconds + LATE, 1):
            time.sleep(1)
            yield

    def udp(self, target, octets):
        """Delivered, in thousands of datagrams a second of sending."""
        receiver = self.line.start("mn", *self.receiver, self.flood, "receive", target, PORT,
                                   self.seconds + LATE, stdout=subprocess.PIPE)
        try:
            time.sleep(SETTLE)
            sent = self.line.run("cn", *self.sender, self.flood, "send", target, PORT, octets,
                                 self.seconds, timeout=self.seconds + LATE).stdout.split()
            time.sleep(SETTLE)
            receiver.terminate()
            got = output_of(receiver, 1).split()
        finally:
            self.line.stop(receiver)
        return float(got[0]) / max(float(sent[1]), float(got[1])) / 1e3

    def ping(self, target):
        """There and back, in microseconds, of every answer."""
        count = int(self.seconds / PING_APART)
        told = self.line.run("cn", "ping", "-n", "-i", PING_APART, "-c", count,
                             "-w", self.seconds + 2, target, check=False,
                             timeout=self.seconds + LATE).stdout
        times = [float(t) * 1e3 for t in re.findall(r"time=([\d.]+)", told)]
        if len(times) < count / 2:
            raise Trouble(f"ping: {len(times)} answers of {count}")
        return times


def output_of(child, seconds):
    try:
        return child.communicate(timeout=seconds + LATE)[0]
    except subprocess.TimeoutExpired:
        raise Trouble(f"{child.args[4]} does not end") from None


def two_cores():
    """A core for the sender and one for the receiver, or None where there is only one."""
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else None
