#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Octets that can be told apart, from one end to the other.

    stream.py take ADDRESS PORT            accept one TCP stream; print length and SHA-256
    stream.py send ADDRESS PORT OCTETS     send one, of that length; print the same
    stream.py take-datagrams ADDRESS PORT  until one that says "end"; print how many came,
                                           whether all were whole and in their order
    stream.py send-datagrams ADDRESS PORT COUNT OCTETS
"""
import hashlib
import random
import socket
import struct
import sys

PIECE = 1 << 16
END = b"end"
WAIT = 20


def pattern(seed, octets):
    return random.Random(seed).randbytes(octets)


def take(address, port):
    digest, length = hashlib.sha256(), 0
    with socket.create_server((address, port)) as server:
        server.settimeout(WAIT)
        print("listening", file=sys.stderr, flush=True)
        end, _ = server.accept()
        end.settimeout(WAIT)
        with end:
            while octets := end.recv(PIECE):
                digest.update(octets)
                length += len(octets)
    print(length, digest.hexdigest())


def send(address, port, octets):
    digest = hashlib.sha256()
    with socket.create_connection((address, port), timeout=WAIT) as end:
        for at in range(0, octets, PIECE):
            piece = pattern(at, min(PIECE, octets - at))
            digest.update(piece)
            end.sendall(piece)
    print(octets, digest.hexdigest())


def take_datagrams(address, port):
    numbers, whole = [], True
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        end.bind((address, port))
        end.settimeout(WAIT)
        print("listening", file=sys.stderr, flush=True)
        while (octets := end.recv(PIECE)) != END:
            number, = struct.unpack("!I", octets[:4])
            numbers.append(number)
            whole = whole and octets[4:] == pattern(number, len(octets) - 4)
    print(len(numbers), "whole" if whole else "spoilt",
          "in-order" if numbers == sorted(set(numbers)) else "out-of-order")


def send_datagrams(address, port, count, octets):
    datagrams = [struct.pack("!I", n) + pattern(n, octets - 4) for n in range(count)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.connect((address, port))
        for datagram in datagrams:
            end.send(datagram)
        end.settimeout(0.2)
        for _ in range(5):  # those of a burst may be lost, and so may one of these
            end.send(END)
            try:
                end.recv(1)
            except (TimeoutError, ConnectionRefusedError):
                pass


if __name__ == "__main__":
    what = {"take": take, "send": send, "take-datagrams": take_datagrams,
            "send-datagrams": send_datagrams}[sys.argv[1]]
    what(sys.argv[2], *map(int, sys.argv[3:]))
