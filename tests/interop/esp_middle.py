# SPDX-License-Identifier: ISC
"""The attacker on the way: a bridge between two interfaces that does something to ESP,
raw or in UDP, and lets everything else pass.

    esp_middle.py replay|alter|reorder|late IF1 IF2

replay   everything goes on, then goes on once more, and every tenth packet brings the
         very first one again
alter    before each packet go copies of it with one thing changed: the number, far
         ahead, IV, what is encrypted, ICV, SPI; one octet cut off, and a block
reorder  packets go on by eights, the last one first
late     the tenth packet is kept until 70 others have passed

Ended by SIGTERM it prints what it made, by the interface that it left by, as JSON.
"""
import collections
import json
import select
import signal
import socket
import struct
import sys

ETHERNET, ETH_P_ALL, OUTGOING = 14, 3, 4
ESP, UDP, PORT = 50, 17, 4500
EIGHT, PATIENCE, LATE_AT, LATE_BY = 8, 0.2, 10, 70


def sum16(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def esp_at(frame):
    """Where the SPI of a frame is; 0 for what is no whole ESP packet."""
    ip = frame[ETHERNET:]
    if frame[12:14] != b"\x08\x00" or len(ip) < 28 or ip[0] != 0x45:
        return 0
    if struct.unpack("!H", ip[6:8])[0] & 0x3fff:
        return 0
    if ip[9] == ESP:
        return ETHERNET + 20
    if ip[9] == UDP and struct.unpack("!H", ip[22:24])[0] == PORT and ip[28:32] != b"\0\0\0\0":
        return ETHERNET + 28 if len(ip) > 36 else 0
    return 0


def flipped(frame, at):
    return frame[:at] + bytes([frame[at] ^ 1]) + frame[at + 1:]


def shorter(frame, octets):
    """With the lengths of IPv4 and UDP and the checksum of the former put right."""
    new = bytearray(frame[:-octets])
    struct.pack_into("!H", new, ETHERNET + 2, len(new) - ETHERNET)
    struct.pack_into("!H", new, ETHERNET + 10, 0)
    header = bytes(new[ETHERNET:ETHERNET + 20])
    struct.pack_into("!H", new, ETHERNET + 10, 0xffff - sum16(header))
    if new[ETHERNET + 9] == UDP:
        struct.pack_into("!H", new, ETHERNET + 24, len(new) - ETHERNET - 20)
    return bytes(new)


class Side:
    """What leaves by one interface."""

    def __init__(self, name):
        self.name = name
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                    socket.htons(ETH_P_ALL))
        self.socket.bind((name, 0))
        self.made = collections.Counter()
        self.seen = 0
        self.first = self.kept = None
        self.held = []

    def send(self, frame, what=None):
        self.socket.send(frame)
        if what:
            self.made[what] += 1


def replay(side, frame, _at):
    side.first = side.first or frame
    side.send(frame)
    side.send(frame, "replayed")
    if side.seen % 10 == 0:
        side.send(side.first, "replayed")


def alter(side, frame, at):
    for what, where in (("number", at + 6), ("iv", at + 8), ("body", at + 24),
                        ("icv", len(frame) - 1)):
        side.send(flipped(frame, where), "altered")
        side.made[what] += 1
    side.send(flipped(frame, at + 3), "strange")
    side.send(shorter(frame, 1), "cut")
    side.send(shorter(frame, 16), "cut")
    side.send(frame)


def reorder(side, frame, _at):
    side.held.append(frame)
    if len(side.held) == EIGHT:
        release(side)


def release(side):
    for frame in reversed(side.held):
        side.send(frame, "reordered" if len(side.held) > 1 else None)
    side.held = []


def late(side, frame, _at):
    if side.seen == LATE_AT:
        side.kept = frame
        return
    side.send(frame)
    if side.seen == LATE_AT + LATE_BY:
        side.send(side.kept, "late")


def carry(come, go, act):
    frame, address = come.socket.recvfrom(65535)
    if address[2] == OUTGOING:
        return
    at = esp_at(frame)
    if at:
        go.seen += 1
        act(go, frame, at)
    else:
        go.send(frame)


def main():
    act = {"replay": replay, "alter": alter, "reorder": reorder, "late": late}[sys.argv[1]]
    one, other = Side(sys.argv[2]), Side(sys.argv[3])
    ways = {one.socket: (one, other), other.socket: (other, one)}
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    print("ready", flush=True)
    while not ended:
        ready = select.select(list(ways), [], [], PATIENCE)[0]
        for readable in ready:
            carry(*ways[readable], act)
        if not ready:
            release(one)
            release(other)
    print(json.dumps({s.name: dict(s.made, seen=s.seen) for s in (one, other)}))


main()
