# SPDX-License-Identifier: ISC
"""Decrypt a capture of ESP, raw or in UDP, with a key log of ours by scapy.

    esp_decrypt.py CAPTURE KEY-LOG ipip|gre ESN STREAM

ESN is "yes" for numbers of 64 bits, whose high half is 0 in a short capture. Prints
"SOURCE DESTINATION TYPE" of ICMP inside, then "good N bad N". What went by TCP to port
7000 is put in order, into the file STREAM.
"""
import re
import sys

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.ipsec import ESP, IPSecIntegrityError, SecurityAssociation
from scapy.layers.l2 import GRE
from scapy.utils import rdpcap

CIPHERS = {"AES-GCM": "AES-GCM", "chacha20-poly1305": "CHACHA20-POLY1305"}


def association(line, encapsulation, esn):
    """SPI and what opens its packets; what tshark has no name for is a comment."""
    spi, key = re.findall(r"\b0x([0-9a-f]+)", line)[:2]
    name = next(name for word, name in CIPHERS.items() if word in line)
    source, destination = re.findall(r"\d+\.\d+\.\d+\.\d+", line)
    options = {"esn_en": esn, "esn": 0}
    if encapsulation == "ipip":
        options["tunnel_header"] = IP(src=source, dst=destination)
    return int(spi, 16), SecurityAssociation(ESP, int(spi, 16), crypt_algo=name,
                                             crypt_key=bytes.fromhex(key), **options)


def as_protocol_50(packet):
    ip = packet[IP]
    sealed = bytes(ip[UDP].payload) if UDP in ip else bytes(ip.payload)
    return IP(bytes(IP(src=ip.src, dst=ip.dst, ttl=ip.ttl, id=ip.id, proto=50) /
                    ESP(sealed)))


def in_order(segments):
    """The octets of one connection, given as its packets, some perhaps twice."""
    first = next(s.seq for s in segments if "S" in s.flags) + 1
    octets = bytearray()
    for at, payload in sorted(((s.seq - first) % 2**32, bytes(s.payload))
                              for s in segments if "S" not in s.flags):
        octets[at:at + len(payload)] = payload
    return octets


def main():
    capture, log, encapsulation, esn, stream = sys.argv[1:]
    with open(log) as lines:
        found = dict(association(line, encapsulation, esn == "yes") for line in lines)
    good = bad = 0
    segments = []
    for packet in map(as_protocol_50, rdpcap(capture)):
        try:
            inside = found[packet[ESP].spi].decrypt(packet)
        except IPSecIntegrityError:
            bad += 1
            continue
        good += 1
        inner = inside[GRE].payload if GRE in inside else inside
        if ICMP in inner:
            print(inner[IP].src, inner[IP].dst, inner[ICMP].type)
        elif TCP in inner and inner[TCP].dport == 7000:
            segments.append(inner[TCP])
    print("good", good, "bad", bad)
    with open(stream, "wb") as f:
        f.write(in_order(segments))


main()
