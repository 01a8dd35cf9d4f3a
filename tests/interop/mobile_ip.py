# SPDX-License-Identifier: ISC
"""Mobile IPv4 as layers of scapy: RFC 5944, RFC 1256, RFC 2004, RFC 3024.

Written from the standards alone, so that it shares no mistake with the agents that it
is held against. Authenticators are Python's own hmac and hashlib.
"""
import hashlib
import hmac
import struct
import time

from scapy.fields import (BitField, ByteEnumField, ByteField, ConditionalField,
                          FieldLenField, FieldListField, FlagsField, IPField,
                          IntField, LongField, PacketListField,
                          ShortField, SignedIntField, StrLenField, XIntField,
                          XShortField)
from scapy.layers.inet import IP
from scapy.packet import NoPayload, Packet, bind_layers
from scapy.utils import checksum

PORT = 434
REQUEST_FLAGS = "xTrGMDBS"  # RFC 5944 3.3, from the lowest bit
ADVERT_FLAGS = ".....IXUTrGMFHBR"  # RFC 5944 2.1.1, likewise
MN_HA, MN_FA, FA_HA = 32, 33, 34
PROTO_MINIMAL = 55
NTP_EPOCH = 2208988800


class Part(Packet):
    """A piece of a message: what follows it is not its payload."""

    def extract_padding(self, s):
        return b"", s


# -- Registration, RFC 5944 3 -------------------------------------------------------

class Extension(Part):
    """Type, length, value (RFC 5944 1.8)."""

    fields_desc = [
        ByteField("type", 128),
        FieldLenField("length", None, length_of="value", fmt="B"),
        StrLenField("value", b"", length_from=lambda p: p.length),
    ]


class PadExtension(Part):
    """One octet, without a length."""

    fields_desc = [ByteField("type", 0)]


class Authentication(Part):
    """RFC 5944 3.5.2 to 3.5.4."""

    fields_desc = [
        ByteEnumField("type", MN_HA, {MN_HA: "MN-HA", MN_FA: "MN-FA", FA_HA: "FA-HA"}),
        FieldLenField("length", None, length_of="authenticator", fmt="B",
                      adjust=lambda p, n: n + 4),
        XIntField("spi", 256),
        StrLenField("authenticator", b"", length_from=lambda p: p.length - 4),
    ]


def extension_class(packet, parts, current, remaining):
    """Which class the next octets are of; None at the end."""
    if not remaining:
        return None
    if remaining[0] == 0:
        return PadExtension
    return Authentication if remaining[0] in (MN_HA, MN_FA, FA_HA) else Extension


class RegistrationRequest(Packet):
    """RFC 5944 3.3."""

    fields_desc = [
        ByteField("type", 1),
        FlagsField("flags", 0, 8, REQUEST_FLAGS),
        ShortField("lifetime", 300),
        IPField("home", "0.0.0.0"),
        IPField("home_agent", "0.0.0.0"),
        IPField("care_of", "0.0.0.0"),
        LongField("ident", 0),
        PacketListField("extensions", [], next_cls_cb=extension_class),
    ]


class RegistrationReply(Packet):
    """RFC 5944 3.4."""

    fields_desc = [
        ByteField("type", 3),
        ByteField("code", 0),
        ShortField("lifetime", 0),
        IPField("home", "0.0.0.0"),
        IPField("home_agent", "0.0.0.0"),
        LongField("ident", 0),
        PacketListField("extensions", [], next_cls_cb=extension_class),
    ]


def timestamp(ahead=0.0):
    """RFC 5944 5.7.1: now, as NTP writes it."""
    now = time.time() + ahead
    return (int(now) + NTP_EPOCH & 0xFFFFFFFF) << 32 | int(now % 1 * 2 ** 32)


def seconds_of(ident):
    """The wall clock's time that the high word of an Identification says."""
    return (ident >> 32) - NTP_EPOCH


class Association:
    """A mobility security association (RFC 5944 1.6, 5.1)."""

    hashes = {"hmac-md5": "md5", "hmac-sha1": "sha1", "hmac-sha256": "sha256"}

    def __init__(self, kind, spi, algorithm, key):
        self.kind, self.spi, self.algorithm, self.key = kind, spi, algorithm, key

    def authenticator(self, covered):
        """RFC 2104; RFC 2002 3.5.1 for prefix+suffix."""
        if self.algorithm == "keyed-md5":
            return hashlib.md5(self.key + covered + self.key).digest()
        return hmac.new(self.key, covered, self.hashes[self.algorithm]).digest()

    def sign(self, message):
        """Add our extension: it covers all before it, its own type, length, SPI."""
        length = 4 + len(self.authenticator(b""))
        covered = bytes(message) + struct.pack("!BBI", self.kind, length, self.spi)
        message.extensions = message.extensions + [Authentication(
            type=self.kind, spi=self.spi, authenticator=self.authenticator(covered))]
        return message

    def proves(self, octets):
        """Is our extension in this Reply or Request, and right?"""
        at = 24 if octets[0] == 1 else 20
        while at < len(octets):
            if octets[at] == 0:
                at += 1
                continue
            end = at + 2 + octets[at + 1]
            if octets[at] == self.kind:
                spi, = struct.unpack("!I", octets[at + 2:at + 6])
                right = self.authenticator(octets[:at + 6])
                return spi == self.spi and hmac.compare_digest(right,
                                                               octets[at + 6:end])
            at = end
        return False


# -- Agent discovery, RFC 5944 2 and RFC 1256 ----------------------------------------

class IcmpMessage(Packet):
    """The sum of an ICMP message is in its third and fourth octet."""

    def post_build(self, pkt, pay):
        pkt += pay
        if self.chksum is None:
            pkt = pkt[:2] + struct.pack("!H", checksum(pkt)) + pkt[4:]
        return pkt


class Solicitation(IcmpMessage):
    fields_desc = [ByteField("type", 10), ByteField("code", 0),
                   XShortField("chksum", None), IntField("reserved", 0)]


class Router(Part):
    fields_desc = [IPField("address", "0.0.0.0"), SignedIntField("preference", 0)]


class MobilityAgent(Part):
    """RFC 5944 2.1.1."""

    fields_desc = [
        ByteField("type", 16),
        FieldLenField("length", None, count_of="care_of", fmt="B",
                      adjust=lambda p, n: 6 + 4 * n),
        ShortField("sequence", 0),
        ShortField("lifetime", 0),
        FlagsField("flags", 0, 16, ADVERT_FLAGS),
        FieldListField("care_of", [], IPField("", "0.0.0.0"),
                       count_from=lambda p: (p.length - 6) // 4),
    ]


class PrefixLengths(Part):
    """RFC 5944 2.1.2."""

    fields_desc = [
        ByteField("type", 19),
        FieldLenField("length", None, count_of="prefixes", fmt="B"),
        FieldListField("prefixes", [], ByteField("", 0),
                       count_from=lambda p: p.length),
    ]


def advert_extension_class(packet, parts, current, remaining):
    if not remaining:
        return None
    return {0: PadExtension, 16: MobilityAgent,
            19: PrefixLengths}.get(remaining[0], Extension)


class Advertisement(IcmpMessage):
    fields_desc = [
        ByteField("type", 9),
        ByteField("code", 0),
        XShortField("chksum", None),
        FieldLenField("count", None, count_of="routers", fmt="B"),
        ByteField("entry_size", 2),
        ShortField("lifetime", 1800),
        PacketListField("routers", [], Router, count_from=lambda p: p.count),
        PacketListField("extensions", [], next_cls_cb=advert_extension_class),
    ]

    def extension(self, kind):
        """The extension of that class, or None."""
        return next((e for e in self.extensions if isinstance(e, kind)), None)


# -- Minimal encapsulation, RFC 2004 -------------------------------------------------

class Minimal(Packet):
    """The forwarding header; after it what followed the inner IPv4 header."""

    fields_desc = [
        ByteField("proto", 17),
        BitField("S", 1, 1),
        BitField("reserved", 0, 7),
        XShortField("chksum", None),
        IPField("dst", "0.0.0.0"),
        ConditionalField(IPField("src", "0.0.0.0"), lambda p: p.S == 1),
    ]

    def post_build(self, pkt, pay):
        if self.chksum is None:
            pkt = pkt[:2] + struct.pack("!H", checksum(pkt)) + pkt[4:]
        return pkt + pay


bind_layers(IP, Minimal, proto=PROTO_MINIMAL)


def minimal_push(inner, **outer):
    """3.1: the inner header gives way to the forwarding header."""
    inner = IP(bytes(inner))
    stays = inner.src == outer["src"]
    header = Minimal(proto=inner.proto, S=0 if stays else 1, dst=inner.dst,
                     src=inner.src)
    return IP(proto=PROTO_MINIMAL, ttl=inner.ttl, **outer) / header / bytes(
        inner.payload)


def minimal_pull(packet):
    """The inner packet, or None if the forwarding header's sum is wrong."""
    header = packet[Minimal]
    size = 12 if header.S else 8
    if checksum(bytes(header)[:size]) != 0:
        return None
    payload = b"" if isinstance(header.payload, NoPayload) else bytes(header.payload)
    inner = IP(src=header.src if header.S else packet.src, dst=header.dst,
               ttl=packet.ttl, proto=header.proto) / payload
    return IP(bytes(inner))
