#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Throw bad packets at an agent: registrations, tunnel packets, ICMP errors.

    storm.py registrations TARGET [--link INTERFACE]
    storm.py tunnels TARGET PEER NODE
    storm.py noise TARGET PEER --seconds S --seed N

"registrations" sends every kind of bad message to port 434, as packets or, with --link,
as frames on a link; "tunnels" every kind of bad tunnel packet, from strangers and in the
name of PEER, about NODE; "noise" random ones of both kinds until the time is up.
"""
import argparse
import random
import socket
import struct
import time

UDP, ICMP, IPIP, GRE, MINIMAL = 17, 1, 4, 47, 55
PORT = 434
STRANGER = "198.51.100.7"


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def addr(text):
    return socket.inet_aton(text)


def ip(src, dst, protocol, payload, *, first=0x45, length=None, ttl=64, flags=0,
       ident=0, right=True):
    size = 20 + len(payload) if length is None else length
    head = struct.pack("!BBHHHBBH4s4s", first, 0, size, ident, flags, ttl, protocol, 0,
                       addr(src), addr(dst))
    check = checksum(head) if right else checksum(head) ^ 0x1111
    return head[:10] + struct.pack("!H", check) + head[12:] + payload


def udp(payload, sport=5555, dport=PORT, length=None, check=0):
    size = 8 + len(payload) if length is None else length
    return struct.pack("!HHHH", sport, dport, size, check) + payload


def registration(kind=1, flags=0, lifetime=60, home="10.1.0.10", agent="10.1.0.1",
                 care_of="10.0.2.2", ident=0x1234567890):
    if kind == 3:
        return struct.pack("!BBH4s4sQ", 3, flags, lifetime, addr(home), addr(agent), ident)
    return struct.pack("!BBH4s4s4sQ", kind, flags, lifetime, addr(home), addr(agent),
                       addr(care_of), ident)


def extension(kind, data):
    return struct.pack("!BB", kind, len(data)) + data


def bad_registrations():
    """Payloads for port 434, one of every kind."""
    whole = registration() + extension(32, struct.pack("!I", 1000) + b"x" * 32)
    for n in range(len(whole)):
        yield whole[:n]
    for kind in (0, 2, 4, 5, 15, 16, 128, 255):
        yield registration(kind)
    yield whole
    yield registration() + extension(32, struct.pack("!I", 77) + b"x" * 16)
    yield registration() + extension(32, struct.pack("!I", 1000))
    yield registration() + b"\x20\xff" + b"x" * 20          # longer than the message
    yield registration() + extension(99, b"not to be skipped")
    yield registration() + extension(200, b"may be skipped")
    yield registration() + b"\0" * 200 + b"\x20"            # padding, then half of one
    yield whole + extension(33, struct.pack("!I", 1) + b"y" * 16) * 20
    yield registration(flags=0xFF)
    for home in "0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1", "10.1.0.66":
        yield registration(home=home) + whole[24:]
    for care_of in "0.0.0.0", "10.1.0.10", "10.1.0.1", "255.255.255.255", "224.0.0.1":
        yield registration(care_of=care_of) + whole[24:]
    for agent in "0.0.0.0", "255.255.255.255", "192.0.2.1", "10.1.0.255":
        yield registration(agent=agent) + whole[24:]
    yield registration(3)                                   # a reply that nobody awaits
    yield registration(3)[:12]
    yield registration(3) + extension(34, struct.pack("!I", 3001) + b"z" * 20)
    yield registration() + b"q" * 1300
    yield whole * 20


def gre(payload, flags=0, protocol=0x0800, options=b""):
    return struct.pack("!HH", flags, protocol) + options + payload


def bad_tunnel_packets(target, peer, node):
    """Outer packets, one of every kind."""
    inner = ip("10.0.9.2", node, UDP, udp(b"inner", 9, 9))
    for protocol in IPIP, GRE, MINIMAL:
        body = gre(inner) if protocol == GRE else inner
        yield ip(STRANGER, target, protocol, body)
        for n in range(0, 24):
            yield ip(peer, target, protocol, body[:n])
    yield ip(peer, target, GRE, gre(inner, 0x2000, options=b"\0\0\0\x2a"))   # a key
    yield ip(peer, target, GRE, gre(inner, 0x0001))                          # version 1
    yield ip(peer, target, GRE, gre(inner, 0x4000, options=b"\0" * 4))       # routing
    yield ip(peer, target, GRE, gre(inner, 0x8000, options=b"\x12\x34\0\0"))  # checksum
    yield ip(peer, target, GRE, gre(inner, protocol=0x86DD))
    yield ip(peer, target, GRE, gre(inner, protocol=0x6558))
    for bad in (b"\x65" + inner[1:], ip("10.0.9.2", node, UDP, b"x", first=0x44),
                ip("10.0.9.2", node, UDP, b"x", first=0x4F),
                ip("10.0.9.2", node, UDP, b"x", length=2000),
                ip("10.0.9.2", node, UDP, b"x", length=10),
                ip("10.0.9.2", node, UDP, b"x", right=False),
                ip("10.0.9.2", node, UDP, udp(b"x", 9, 9), ttl=0),
                ip("10.0.9.2", node, UDP, udp(b"x", 9, 9), ttl=1),
                ip("10.0.9.2", "10.1.0.77", UDP, udp(b"x", 9, 9)),    # no visitor
                ip("10.1.0.77", "10.0.9.2", UDP, udp(b"x", 9, 9)),    # no binding
                ip("10.0.9.2", target, UDP, udp(b"x", 9, 9)),         # to the agent
                ip("10.0.9.2", peer, UDP, udp(b"x", 9, 9)),           # and back again
                ip(peer, target, GRE, gre(inner)),                    # a tunnel in it
                ip("10.0.9.2", "255.255.255.255", UDP, udp(b"x", 9, 9)),
                ip("10.0.9.2", "224.0.0.5", UDP, udp(b"x", 9, 9)),
                ip("127.0.0.1", node, UDP, udp(b"x", 9, 9)),
                ip("255.255.255.255", node, UDP, udp(b"x", 9, 9))):
        yield ip(peer, target, GRE, gre(bad))
    deep = inner
    for _ in range(20):
        deep = ip(peer, target, GRE, gre(deep))
    yield deep
    yield ip(peer, target, GRE, gre(inner)[:24], flags=0x2000, ident=77)     # a fragment
    yield ip(peer, target, GRE, gre(inner)[24:], flags=0x0100, ident=78)     # another's end
    yield from bad_errors(target, peer, inner)


def bad_errors(target, peer, inner):
    """ICMP errors about tunnel packets that were never sent, or unsound."""
    outer = ip(target, peer, GRE, gre(inner))
    for kind, code in (3, 0), (3, 1), (3, 4), (4, 0), (5, 1), (11, 0), (12, 0):
        for quoted in outer, outer[:27], outer[:12], b"", ip(STRANGER, peer, GRE, b"x" * 8):
            for mtu in 0, 40, 1476:
                body = struct.pack("!BBHHH", kind, code, 0, 0, mtu) + quoted
                body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
                yield ip(STRANGER, target, ICMP, body)
    yield ip(STRANGER, target, ICMP, b"\x03\x04\x11\x11" + b"\0\0\0\x28" + outer)


class Packets:
    """Whole IPv4 packets, from whatever source they name."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def send(self, packet):
        try:
            self.sock.sendto(packet, (socket.inet_ntoa(packet[16:20]), 0))
        except OSError:
            pass                                            # what no kernel would send


class Frames:
    """The same as broadcast frames on a link, by a station that nobody knows."""

    def __init__(self, interface):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.sock.bind((interface, 0))

    def send(self, packet, ethertype=0x0800):
        self.sock.send(b"\xff" * 6 + b"\x02\xba\xd0\0\0\1" + struct.pack("!H", ethertype) +
                       packet)


def send_registrations(o):
    out = Frames(o.link) if o.link else Packets()
    for number, payload in enumerate(bad_registrations()):
        # Each from another source: none of them is to be lost by being too many.
        out.send(ip(f"198.51.100.{number % 200 + 1}", o.target, UDP, udp(payload)))
    out.send(ip(STRANGER, o.target, UDP, udp(registration(), length=7)))
    out.send(ip(STRANGER, o.target, UDP, udp(registration(), length=600)))
    out.send(ip(STRANGER, o.target, UDP, udp(registration(), check=1)))
    if o.link:
        send_link(out)
    else:
        plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        plain.sendto(registration() + b"q" * 3000, (o.target, PORT))
    time.sleep(0.1)                                         # a full socket hears no more
    for _ in range(1000):
        out.send(ip(STRANGER, o.target, UDP, udp(registration())))


def send_link(out):
    """What else comes on a link: cut off packets, ARP, solicitations, advertisements."""
    whole = ip(STRANGER, "224.0.0.1", ICMP, b"\x09\0\0\0\1\2\0\x64" + b"\x0a\2\0\1\0\0\0\0" +
               b"\x10\x0e\0\1\2\x58\x10\0\x0a\0\2\2\x0a\0\2\3")
    for n in range(len(whole)):
        out.send(whole[:n])
    solicit = ip(STRANGER, "224.0.0.11", ICMP, b"\x0a\1\2\3\0\0\0\0", ttl=1)
    out.send(solicit)
    out.send(solicit[:23])
    arp = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, b"\2\xba\xd0\0\0\1", addr(STRANGER),
                      b"\0" * 6, addr("10.1.0.99"))
    for n in range(len(arp)):
        out.send(arp[:n], 0x0806)
    out.send(arp[:6] + b"\0\x63" + arp[8:], 0x0806)


def send_tunnels(o):
    out = Packets()
    for packet in bad_tunnel_packets(o.target, o.peer, o.node):
        out.send(packet)


def send_noise(o):
    out, chance = Packets(), random.Random(o.seed)
    kinds = list(bad_tunnel_packets(o.target, o.peer, o.node))
    kinds += [ip(STRANGER, o.target, UDP, udp(p)) for p in bad_registrations()]
    end = time.monotonic() + o.seconds
    while time.monotonic() < end:
        for _ in range(20):
            packet = bytearray(chance.choice(kinds))
            for _ in range(chance.randrange(4)):
                packet[chance.randrange(20, len(packet) + 1) - 1] = chance.randrange(256)
            # The limit on messages goes by source: who can speak as the peer all the
            # time keeps it out, and that is not what is tried here.
            sources = [chance.randbytes(4)] + [addr(o.peer)] * (packet[9] != UDP)
            packet[12:16] = chance.choice(sources)
            packet[16:20] = addr(o.target)
            out.send(bytes(packet))
        time.sleep(0.01)


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=["registrations", "tunnels", "noise"])
    p.add_argument("target")
    p.add_argument("peer", nargs="?", default=STRANGER)
    p.add_argument("node", nargs="?", default="10.1.0.10")
    p.add_argument("--link")
    p.add_argument("--seconds", type=float, default=1)
    p.add_argument("--seed", type=int, default=1)
    o = p.parse_args()
    {"registrations": send_registrations, "tunnels": send_tunnels,
     "noise": send_noise}[o.what](o)


if __name__ == "__main__":
    main()
