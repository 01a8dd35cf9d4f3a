#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The kernel's large segments next to ours; called by kernel_segments.sh.

A segment is written into a TUN device with its metadata. The kernel routes it to a
link without offload and so cuts it; at the far end the packets are taken as they are,
and, where the link coalesces, joined again. Our own code gets the same segment, one
hop later, and must give the same octets.
"""
import fcntl
import os
import socket
import struct
import subprocess
import sys

TUNSETIFF, IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x400454CA, 1, 0x1000, 0x4000
SOL_PACKET, PACKET_VNET_HDR = 263, 15
CLONE_NEWNET = 0x40000000
TCP, UDP, PARTIAL, ECN = 1, 5, 1, 0x80
SRC, DST = bytes([192, 0, 2, 80]), bytes([198, 51, 100, 50])
META = struct.Struct("=BBHHHH")
FIN, PSH, ACK, URG, ECE, CWR = 1, 8, 16, 32, 64, 128
STAMPS = b"\1\1\x08\x0a" + struct.pack("!II", 12345, 67890)


def fold(octets):
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def ipv4(protocol, body, ident=7, ttl=64, tos=0, fragment=0x4000, options=b""):
    length = 20 + len(options)
    head = struct.pack("!BBHHHBBH", 0x40 | length // 4, tos, length + len(body), ident,
                       fragment, ttl, protocol, 0) + SRC + DST + options
    return head[:10] + struct.pack("!H", 0xFFFF & ~fold(head)) + head[12:] + body


def later(packet):
    """The same one hop on."""
    head = bytearray(packet[:(packet[0] & 15) * 4])
    head[8] -= 1
    head[10:12] = b"\0\0"
    head[10:12] = struct.pack("!H", 0xFFFF & ~fold(bytes(head)))
    return bytes(head) + packet[len(head):]


def pseudo(protocol, length):
    return fold(SRC + DST + struct.pack("!HH", protocol, length))


def tcp(payload, flags=ACK, options=STAMPS, sequence=1000, spoil=0):
    words = 5 + len(options) // 4
    body = struct.pack("!HHIIBBHHH", 5001, 40000, sequence, 77, words << 4, flags, 500,
                       pseudo(6, words * 4 + len(payload)) ^ spoil, 0)
    return body + options + payload


def udp(payload, spoil=0):
    length = 8 + len(payload)
    return struct.pack("!HHHH", 5001, 40000, length, pseudo(17, length) ^ spoil) + payload


def octets(n, seed=1):
    return bytes((i * 7 + i // 251 + seed) & 255 for i in range(n))


def tcp_segment(size, payload, flags=ACK, options=STAMPS, ecn=0, spoil=0, **more):
    start = 20 + len(more.get("options_ip", b""))
    ip = {k: v for k, v in more.items() if k in ("ident", "tos", "fragment")}
    if "options_ip" in more:
        ip["options"] = more["options_ip"]
    packet = ipv4(6, tcp(payload, flags, options, more.get("sequence", 1000), spoil), **ip)
    return META.pack(PARTIAL, TCP | ecn, start + 20 + len(options), size, start, 16), packet


def udp_segment(size, payload, spoil=0, **ip):
    return (META.pack(PARTIAL, UDP, 28, size, 20, 6),
            ipv4(17, udp(payload, spoil), **ip))


def partial(packet, offset):
    return META.pack(PARTIAL, 0, 0, 0, 20, offset), packet


CUT = {
    "TCP, three packets": tcp_segment(1000, octets(2500)),
    "TCP, all full": tcp_segment(1000, octets(3000)),
    "TCP without options": tcp_segment(536, octets(5000), options=b""),
    "TCP, odd sizes": tcp_segment(777, octets(7770 + 333)),
    "TCP, 64 KB": tcp_segment(1348, octets(64000)),
    "TCP, PSH and FIN": tcp_segment(1000, octets(3500), ACK | PSH | FIN),
    "TCP, congestion window reduced": tcp_segment(1000, octets(3500), ACK | CWR | ECE | PSH,
                                                  ecn=ECN, tos=2),
    "TCP, urgent": tcp_segment(1000, octets(2500), ACK | URG),
    "TCP, identification over its end": tcp_segment(100, octets(900), ident=0xFFFC),
    "TCP, sequence over its end": tcp_segment(1000, octets(4000), sequence=0xFFFFF9FF),
    "TCP without DF": tcp_segment(1000, octets(2500), fragment=0),
    "TCP, a wrong sum": tcp_segment(1000, octets(2500), spoil=0x0101),
    "TCP, IPv4 options": tcp_segment(1000, octets(2500), options_ip=b"\1\1\1\0"),
    "UDP, three packets": udp_segment(1000, octets(2500)),
    "UDP, odd sizes": udp_segment(333, octets(3333), ident=0xFFFF),
    "UDP, 64 KB": udp_segment(1472, octets(64000), fragment=0),
    "UDP, a wrong sum": udp_segment(1000, octets(2500), spoil=0x0101),
    "one packet, TCP sum left open": partial(ipv4(6, tcp(octets(901))), 16),
    "one packet, UDP sum left open": partial(ipv4(17, udp(octets(900))), 6),
}
# What coalesces again, and what the kernel's link gives for it in one piece.
JOIN = {
    "TCP, three packets": ("TCP, three packets", 1000, TCP),
    "TCP, all full": ("TCP, all full", 1000, TCP),
    "TCP without options": ("TCP without options", 536, TCP),
    "TCP, odd sizes": ("TCP, odd sizes", 777, TCP),
    "TCP, identification over its end": ("TCP, identification over its end", 100, TCP),
    "TCP, sequence over its end": ("TCP, sequence over its end", 1000, TCP),
    "UDP, three packets": ("UDP, three packets", 1000, UDP),
    "UDP, odd sizes": ("UDP, odd sizes", 333, UDP),
}


def enter(name):
    """This thread into the namespace of that name."""
    with open(f"/run/netns/{name}") as ns:
        if libc().setns(ns.fileno(), CLONE_NEWNET) != 0:
            raise OSError("setns")


def libc():
    import ctypes
    return ctypes.CDLL(None)


class Ours:
    """Our code behind a pipe."""

    def __init__(self):
        program = os.path.join(os.environ["SJ_BUILD"], "tests/interop/segment_packets")
        self.child = subprocess.Popen([program], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        self.tell(line)
        answer = []
        while (said := self.child.stdout.readline().rstrip("\n")):
            answer.append(said)
        return answer

    def tell(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def cut(self, meta, packet):
        return [bytes.fromhex(said) if not said.startswith("drop") else said
                for said in self.ask(f"cut {meta.hex()} {packet.hex()}")]

    def join(self, packets):
        for packet in packets:
            self.tell(f"take {packet.hex()}")
        return [tuple(map(bytes.fromhex, said.split())) for said in self.ask("join")]


class Lab:
    def __init__(self):
        near, self.far = os.environ["NEAR"], os.environ["FAR"]
        enter(near)
        self.tun = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(self.tun, TUNSETIFF,
                    struct.pack("16sH22x", b"t0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR))
        for command in (["link", "set", "t0", "up", "mtu", "9000"],
                        ["route", "add", "192.0.2.0/24", "dev", "t0"]):
            subprocess.run(["ip", "-n", near, *command], check=True)
        enter(self.far)
        self.tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.tap.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        self.tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.tap.bind(("in", 0x0800))

    def coalesce(self, features):
        subprocess.run(["ip", "netns", "exec", self.far, "ethtool", "-K", "in",
                        *features.split()], check=True, stdout=subprocess.DEVNULL)

    def through(self, meta, packet):
        """(metadata, packet) of all that arrives of it."""
        os.write(self.tun, meta + packet)
        got = []
        self.tap.settimeout(2)
        try:
            while True:
                frame = self.tap.recv(70000)
                got.append((frame[:META.size], frame[META.size + 14:]))
                self.tap.settimeout(0.05)
        except TimeoutError:
            return got


def main():
    results = []

    def check(what, good, *why):
        results.append(good)
        print(f"{'ok' if good else 'not ok'} {len(results)} - {what}")
        for line in why if not good else ():
            print(f"#   {line}")

    lab, ours = Lab(), Ours()
    lab.coalesce("gro off")
    for name, (meta, packet) in CUT.items():
        kernel = [p for _, p in lab.through(meta, packet)]
        mine = ours.cut(meta, later(packet))
        check(f"cut: {name}: {len(kernel)} packets, the same", kernel == mine and kernel,
              f"the kernel's: {[p[:60].hex() for p in kernel[:4]]}",
              f"ours:         {[p if isinstance(p, str) else p[:60].hex() for p in mine[:4]]}")
    lab.coalesce("gro on rx-udp-gro-forwarding on")
    for name, (of, size, kind) in JOIN.items():
        meta, packet = CUT[of]
        kernel = lab.through(meta, packet)
        mine = ours.join(ours.cut(meta, later(packet)))
        check(f"join: {name}: one segment, the same",
              len(kernel) == len(mine) == 1 and kernel[0][1] == mine[0][1] == later(packet),
              f"the kernel's: {[p[:60].hex() for _, p in kernel]}",
              f"ours:         {[p[:60].hex() for _, p in mine]}")
        # Offsets of a packet socket count from the Ethernet header on.
        flags, its_kind, _, its_size, start, offset = META.unpack(kernel[0][0])
        check(f"join: {name}: with the same metadata",
              (flags & PARTIAL, its_kind, its_size, start - 14, offset) ==
              (PARTIAL, kind, size, *META.unpack(mine[0][0])[4:]) and
              META.unpack(mine[0][0])[1:4:2] == (kind, size),
              f"the kernel's: {META.unpack(kernel[0][0])}",
              f"ours:         {META.unpack(mine[0][0])}")
    print(f"1..{len(results)}")
    sys.exit(not all(results))


main()
