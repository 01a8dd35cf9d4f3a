# SPDX-License-Identifier: ISC
"""The laboratory of tests/netns/lib.sh for one Python process: stations in its network
namespaces, the keys of its configurations, and results, one a line.
"""
import contextlib
import ctypes
import json
import os
import select
import socket
import subprocess
import time
import xml.etree.ElementTree as tree

import mobile_ip
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

LAB, DIR = os.environ["LAB"], os.environ["LAB_DIR"]
SLOW = float(os.environ.get("SJ_SLOW", 1))
LONG, SHORT = 3 * SLOW, 0.4 * SLOW  # for what must come, and what must not
TUNNEL_PROTOCOLS = (4, 47, 55)
CLONE_NEWNET = 0x40000000
ETH_P_ALL = 3

libc = ctypes.CDLL(None, use_errno=True)


def check(text, holds, *details):
    print(("ok " if holds else "not ok ") + text)
    for detail in [] if holds else details:
        print(f"# {detail}")


@contextlib.contextmanager
def namespace(host):
    """What is opened inside belongs to that host of the laboratory."""
    def enter(path):
        with open(path) as f:
            if libc.setns(f.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"setns {path}")

    with open("/proc/self/ns/net") as home:
        enter(f"/run/netns/{LAB}-{host}")
        try:
            yield
        finally:
            libc.setns(home.fileno(), CLONE_NEWNET)


class Link:
    """A station's interface: whole frames, as scapy builds and dissects them."""

    def __init__(self, host, interface):
        with namespace(host):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                        socket.htons(ETH_P_ALL))
            self.socket.bind((interface, 0))
        self.mac = ":".join(f"{b:02x}" for b in self.socket.getsockname()[4])

    def send(self, packet, to="ff:ff:ff:ff:ff:ff"):
        self.socket.send(bytes(Ether(src=self.mac, dst=to) / packet))

    def frames(self, seconds):
        """Frames that come in until the time is over."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.socket], [], [], left)[0]:
                octets, address = self.socket.recvfrom(65535)
                if address[2] != socket.PACKET_OUTGOING:
                    yield Ether(octets)

    def hear(self, wanted, seconds=LONG):
        """The next frame with IPv4 that is wanted, or None."""
        return next((f for f in self.frames(seconds) if IP in f and wanted(f)), None)

    def forget(self):
        """Leave out what has come so far."""
        while select.select([self.socket], [], [], 0)[0]:
            self.socket.recv(65535)


class Station:
    """A UDP socket of a host."""

    def __init__(self, host, address, port):
        with namespace(host):
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.bind((address, port))

    def send(self, payload, address, port=mobile_ip.PORT):
        self.socket.sendto(bytes(payload), (address, port))

    def hear(self, seconds=LONG):
        """The next datagram's octets and where it came from, or (None, None)."""
        if not select.select([self.socket], [], [], seconds)[0]:
            return None, None
        return self.socket.recvfrom(65535)


class TunnelEnd:
    """An end of tunnels: it sends whole packets and hears what comes."""

    def __init__(self, host, interface):
        self.link = Link(host, interface)
        with namespace(host):
            # The kernel says "no such protocol" for what no socket takes.
            self.raw = [socket.socket(socket.AF_INET, socket.SOCK_RAW, p)
                        for p in TUNNEL_PROTOCOLS]
            self.out = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                                     socket.IPPROTO_RAW)

    def send(self, packet):
        self.out.sendto(bytes(packet), (packet.dst, 0))

    def hear(self, address):
        """The next tunnel packet to that address of ours."""
        frame = self.link.hear(lambda f: f[IP].proto in TUNNEL_PROTOCOLS and
                               f[IP].dst == address)
        return frame and frame[IP]


def payload(frame):
    """What a datagram carries, without its padding."""
    return bytes(frame[UDP].payload)[:frame[UDP].len - 8]


def key_octets(text):
    form, _, rest = text.partition(":")
    return bytes.fromhex(rest) if form == "hex" else rest.encode()


def association(kind, agent, element, address):
    """What the configuration of an agent shares with that peer."""
    name = "home-address" if element == "node" else "address"
    for peer in tree.parse(f"{DIR}/{agent}.xml").iter(element):
        if peer.get(name) == address:
            row = peer.find("association")
            return mobile_ip.Association(kind, int(row.get("spi")),
                                         row.get("algorithm"),
                                         key_octets(row.get("key")))
    raise KeyError(f"{agent}: {element} {address}")


def rows(agent, what):
    """The rows of `mipctl show`."""
    done = subprocess.run(["mipctl", "-s", f"{DIR}/{agent}.sock", "--json", "show", what],
                          check=True, text=True, stdout=subprocess.PIPE)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [row for row in found if "end" not in row]
