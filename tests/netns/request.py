#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Send one Registration Request made here, and print the Reply as JSON.

A second implementation of the messages of RFC 5944 3.3 to 3.5, for stories about
nodes that do not behave as ours would: late clocks, wrong keys, any bits. On a link
(--interface, --mac) it speaks as the home address, which need not be configured;
without one it sends from a socket.

    request.py --to 10.2.0.1 --interface radio0 --mac 02:.. --home 10.1.0.10
               --agent 10.1.0.1 --care-of 10.0.2.2 --auth 32:1000:hmac-sha256:KEYHEX

Printed: {"code": 0, "lifetime": .., "authentic": true, ...}, or {"code": null} when
nothing came in time.
"""
import argparse
import hashlib
import hmac
import json
import socket
import struct
import time

REQUEST, REPLY, PORT = 1, 3, 434
NTP_EPOCH = 2208988800
HMACS = {"hmac-md5": "md5", "hmac-sha1": "sha1", "hmac-sha256": "sha256"}


def authenticator(algorithm, key, data):
    if algorithm == "keyed-md5":
        return hashlib.md5(key + data + key).digest()
    return hmac.new(key, data, HMACS[algorithm]).digest()


class Association:
    """TYPE:SPI:ALGORITHM:KEY, an authentication extension."""

    def __init__(self, text):
        kind, spi, self.algorithm, key = text.split(":")
        self.kind, self.spi, self.key = int(kind), int(spi, 0), bytes.fromhex(key)

    def append(self, message):
        size = len(authenticator(self.algorithm, self.key, b""))
        head = struct.pack("!BBI", self.kind, 4 + size, self.spi)
        return message + head + authenticator(self.algorithm, self.key, message + head)

    def holds(self, message):
        """Is the extension of this kind in the message right?"""
        at = 20
        while at + 2 <= len(message):
            kind, size = message[at], message[at + 1]
            end = at + 2 + size
            if kind == self.kind:
                right = authenticator(self.algorithm, self.key, message[:at + 6])
                return hmac.compare_digest(right, message[at + 6:end])
            at = end
        return False


def ntp(seconds):
    whole = int(seconds)
    return ((whole + NTP_EPOCH) & 0xFFFFFFFF) << 32 | int((seconds - whole) * 2**32)


def build(o, ident):
    message = struct.pack("!BBH4s4s4sQ", REQUEST, o.flags, o.lifetime,
                          socket.inet_aton(o.home), socket.inet_aton(o.agent),
                          socket.inet_aton(o.care_of), ident)
    for association in o.auth:
        message = association.append(message)
    return message + o.append


def describe(o, message, ident):
    kind, code, lifetime, home, agent, got = struct.unpack("!BBH4s4sQ", message[:20])
    return {
        "code": code, "lifetime": lifetime, "home": socket.inet_ntoa(home),
        "home-agent": socket.inet_ntoa(agent), "same-ident": got == ident,
        "same-low-ident": got & 0xFFFFFFFF == ident & 0xFFFFFFFF,
        "seconds-off": round(got / 2**32 - ntp(time.time()) / 2**32, 1),
        "authentic": all(a.holds(message) for a in o.auth),
    }


def exchange_on_link(o, message):
    from scapy.all import IP, UDP, Ether, conf, get_if_hwaddr

    conf.verb = 0
    link = conf.L2socket(iface=o.interface)
    link.send(Ether(src=get_if_hwaddr(o.interface), dst=o.mac) /
              IP(src=o.source or o.home, dst=o.to, ttl=255) /
              UDP(sport=o.port, dport=PORT, chksum=o.checksum) / message)
    end = time.monotonic() + o.wait
    while time.monotonic() < end:
        if not link.select([link], end - time.monotonic()):
            break
        frame = link.recv()
        if frame and UDP in frame and frame[UDP].dport == o.port and \
                frame[UDP].sport == PORT:
            yield bytes(frame[UDP].payload)


def exchange(o, message):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(o.wait)
    sock.bind((o.source or "", o.port))
    sock.sendto(message, (o.to, PORT))
    try:
        while True:
            yield sock.recv(2000)
    except socket.timeout:
        return


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--to", required=True)
    p.add_argument("--interface")
    p.add_argument("--mac", default="ff:ff:ff:ff:ff:ff")
    p.add_argument("--source")
    p.add_argument("--port", type=int, default=4340)
    p.add_argument("--home", required=True)
    p.add_argument("--agent", required=True)
    p.add_argument("--care-of", required=True)
    p.add_argument("--lifetime", type=int, default=60)
    p.add_argument("--flags", type=lambda v: int(v, 0), default=0)
    p.add_argument("--clock", type=float, default=0, help="seconds that ours is ahead")
    p.add_argument("--ident", type=lambda v: int(v, 0))
    p.add_argument("--auth", action="append", type=Association, default=[])
    p.add_argument("--checksum", type=lambda v: int(v, 0), help="of UDP, as it stands")
    p.add_argument("--append", type=bytes.fromhex, default=b"", help="octets after all")
    p.add_argument("--wait", type=float, default=1.0)
    o = p.parse_args()
    ident = o.ident if o.ident is not None else ntp(time.time() + o.clock)
    message = build(o, ident)
    replies = exchange_on_link(o, message) if o.interface else exchange(o, message)
    for reply in replies:
        if len(reply) >= 20 and reply[0] == REPLY:
            print(json.dumps(describe(o, reply, ident)))
            return
    print(json.dumps({"code": None}))


if __name__ == "__main__":
    main()
