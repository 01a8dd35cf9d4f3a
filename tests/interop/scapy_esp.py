# SPDX-License-Identifier: ISC
"""ESP packets of ours opened by scapy's SecurityAssociation, and scapy's by ours: each
algorithm, tunnels and GRE, numbers of 32 and 64 bits. Called by scapy_esp.sh.

scapy 2.5 extends numbers for AEAD only; with HMAC it leaves the high half out.
"""
import os
import subprocess
import sys

from scapy.layers.inet import IP, UDP
from scapy.layers.ipsec import ESP, IPSecIntegrityError, SecurityAssociation
from scapy.layers.l2 import GRE
from scapy.packet import Raw

PROGRAM = os.path.join(os.environ.get("SJ_BUILD", "."), "tests/interop/esp_packets")
NEAR, FAR = "198.51.100.1", "203.0.113.1"
SPI = 0x12345678
SIZES = (20, 21, 22, 23, 28, 100, 101, 102, 103, 576, 1400)
AEAD = "aead"
# Our name, scapy's, octets of key and of what follows it: salt, or integrity key.
ALGORITHMS = (
    ("aes-128-gcm", "AES-GCM", 16, AEAD),
    ("aes-256-gcm", "AES-GCM", 32, AEAD),
    ("chacha20-poly1305", "CHACHA20-POLY1305", 32, AEAD),
    ("aes-128-cbc-hmac-sha-256", "AES-CBC", 16, "SHA2-256-128"),
    ("aes-256-cbc-hmac-sha-256", "AES-CBC", 32, "SHA2-256-128"),
    ("aes-256-cbc-hmac-sha-512", "AES-CBC", 32, "SHA2-512-256"),
    ("null-hmac-sha-256", "NULL", 0, "SHA2-256-128"),
)


class Ours:
    """The program that seals and opens with the code of the agents."""

    def __init__(self, algorithm, esn, material):
        self.words = [algorithm, "esn" if esn else "plain", material.hex(), f"{SPI:x}"]
        self.process = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, verb, number, packet):
        words = [verb, *self.words, f"{number:x}", bytes(packet).hex()]
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        return answer if answer.startswith("drop") else bytes.fromhex(answer)

    def seal(self, number, packet):
        return self.ask("seal", number, packet)

    def open(self, number, packet):
        return self.ask("open", number, packet)

    def close(self):
        self.process.stdin.close()
        return self.process.wait(timeout=10)


def material_of(key_len, kind):
    more = {AEAD: 4, "SHA2-512-256": 64}.get(kind, 32)
    return bytes(range(7, 7 + key_len + more))


def theirs(name, key_len, kind, material, number, tunnel):
    """An association of scapy's: the high half of the number is the SA's."""
    options = {"crypt_algo": name, "seq_num": number & 0xffffffff}
    if kind == AEAD:
        options["crypt_key"] = material
    else:
        options.update(auth_algo=kind, auth_key=material[key_len:])
        if key_len:
            options["crypt_key"] = material[:key_len]
    if tunnel:
        options["tunnel_header"] = IP(src=NEAR, dst=FAR, ttl=64, id=77)
    return SecurityAssociation(ESP, SPI, esn_en=number >> 32 != 0, esn=number >> 32,
                               **options)


def inner(size):
    return IP(src="192.0.2.80", dst="198.51.100.50") / Raw(bytes(i % 251 for i in
                                                                  range(size - 20)))


def outer(size, tunnel):
    head = IP(src=NEAR, dst=FAR, ttl=64, id=77)
    return IP(bytes(head / inner(size) if tunnel else head / GRE() / inner(size)))


def fault_of_ours(ours, sa, number, packet, tunnel):
    """Sealed by us, opened by scapy: why it is not what it was, or None."""
    sealed = ours.seal(number, packet)
    if isinstance(sealed, str):
        return sealed
    try:
        opened = sa.decrypt(IP(sealed))
    except IPSecIntegrityError as error:
        return f"scapy: {error}"
    wanted = bytes(packet.payload) if tunnel else bytes(packet)
    return None if bytes(opened) == wanted else f"scapy opens {bytes(opened).hex()}"


def fault_of_theirs(ours, sa, number, packet, tunnel):
    """Sealed by scapy, opened by us; and altered, refused by us."""
    sealed = bytes(sa.encrypt(packet.payload if tunnel else packet.copy(),
                              seq_num=number & 0xffffffff))
    opened = ours.open(number, sealed)
    if opened != bytes(packet):
        return f"we open {opened if isinstance(opened, str) else opened.hex()}"
    altered = ours.open(number, sealed[:-20] + bytes([sealed[-20] ^ 1]) + sealed[-19:])
    return None if altered == "drop esp-icv" else "altered, we take it"


def faults(row, number, tunnel, fault_of):
    algorithm, name, key_len, kind = row
    material = material_of(key_len, kind)
    ours = Ours(algorithm, number >> 32 != 0, material)
    for step, size in enumerate(SIZES):
        n = number + step
        sa = theirs(name, key_len, kind, material, n, tunnel)
        fault = fault_of(ours, sa, n, outer(size, tunnel), tunnel)
        if fault:
            yield f"{size} octets, number {n:#x}: {fault}"
    if ours.close() != 0:
        yield "our program fails"


def main():
    count, bad = 0, False
    for row in ALGORITHMS:
        for number in (1, 0xfffffff0, 0x500000001, 0xffffffff00000000):
            if number >> 32 and row[3] != AEAD:
                continue
            for tunnel in (True, False):
                for who, fault_of in (("scapy opens ours", fault_of_ours),
                                      ("we open scapy's", fault_of_theirs)):
                    found = list(faults(row, number, tunnel, fault_of))
                    count += 1
                    bad = bad or bool(found)
                    print(f"{'not ok' if found else 'ok'} {count} - {row[0]},"
                          f" {'tunnel' if tunnel else 'GRE'}, from {number:#x}: {who}")
                    for line in found:
                        print(f"# {line}")
    print(f"1..{count}")
    return bad


sys.exit(main())
