#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""As much as a path takes, until told to stop by SIGTERM.

    full_traffic.py serve ADDRESS     take streams, and send back datagrams
    full_traffic.py stream ADDRESS    one TCP stream, unthrottled; prints the octets sent,
                                      and "whole" if the far end had the same. The far
                                      end's window is less than what queues on the way
                                      hold.
    full_traffic.py volley ADDRESS    numbered datagrams, each sent back by the far end, at
                                      most WINDOW under way: no queue can overflow, and a
                                      number that stays away was lost for another reason.
                                      Prints how many were sent, lost, and came again.
"""
import hashlib
import os
import random
import selectors
import signal
import socket
import struct
import sys
import time

PORT = 7001
PIECE = 1 << 16
WINDOW = 256
STREAM_WINDOW = 1 << 18
OCTETS = 1200
ROOM = 1 << 22
# No packet is as late as that, also where many share the processors.
WAIT = 10 * float(os.environ.get("SJ_SLOW", "1"))

stopped = False


def stop(_signal, _frame):
    global stopped
    stopped = True


def datagram_socket():
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_RCVBUFFORCE", 33), ROOM)
    return end


def waiting(end):
    """The datagrams that are there, and where from."""
    try:
        while True:
            yield end.recvfrom(PIECE, socket.MSG_DONTWAIT)
    except BlockingIOError:
        pass


def serve(address):
    with datagram_socket() as datagrams, \
            socket.create_server((address, PORT)) as server, \
            selectors.DefaultSelector() as ready:
        datagrams.bind((address, PORT))
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, STREAM_WINDOW)
        ready.register(datagrams, selectors.EVENT_READ)
        ready.register(server, selectors.EVENT_READ)
        print("listening", flush=True)
        while not stopped:
            for key, _ in ready.select(0.1):
                if key.fileobj is server:
                    take(server.accept()[0])
                for octets, source in waiting(datagrams):
                    datagrams.sendto(octets, source)


def take(end):
    digest = hashlib.sha256()
    with end:
        end.settimeout(WAIT)
        while octets := end.recv(PIECE):
            digest.update(octets)
        end.sendall(digest.digest())


def stream(address):
    digest, sent = hashlib.sha256(), 0
    piece = random.Random(1).randbytes(PIECE)
    with socket.create_connection((address, PORT), timeout=WAIT) as end:
        while not stopped:
            numbered = struct.pack("!Q", sent) + piece
            digest.update(numbered)
            end.sendall(numbered)
            sent += len(numbered)
        end.shutdown(socket.SHUT_WR)
        answer = end.recv(digest.digest_size, socket.MSG_WAITALL)
    print(sent, "whole" if answer == digest.digest() else "spoilt")


def volley(address):
    sent, again, away = 0, 0, set()
    padding = bytes(OCTETS - 8)
    with datagram_socket() as end, selectors.DefaultSelector() as ready:
        end.connect((address, PORT))
        ready.register(end, selectors.EVENT_READ)
        heard = time.monotonic()
        while not stopped or (away and time.monotonic() < heard + WAIT):
            while len(away) < WINDOW and not stopped:
                end.send(struct.pack("!Q", sent) + padding)
                away.add(sent)
                sent += 1
            if not ready.select(0.1):
                continue
            heard = time.monotonic()
            for octets, _ in waiting(end):
                number, = struct.unpack_from("!Q", octets)
                again += number not in away
                away.discard(number)
    print(sent, "lost", len(away), "again", again)


signal.signal(signal.SIGTERM, stop)
{"serve": serve, "stream": stream, "volley": volley}[sys.argv[1]](sys.argv[2])
