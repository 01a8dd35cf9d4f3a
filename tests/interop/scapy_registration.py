# SPDX-License-Identifier: ISC
"""A mobile node, a foreign agent, a home agent and a tunnel end made with scapy, against
mip-ha and mip-fa. Called by scapy_registration.sh with the names of stories.

    mn   10.7.0.x, 10.1.0.10   mobile nodes on the visited link of mip-fa
    cn   10.0.9.2, 10.0.9.3    co-located care-of addresses; home agents of 10.7.0.x
    fa2  10.0.3.2              a foreign agent before mip-ha
    host 10.1.0.2              a correspondent on the home link of mip-ha
"""
import itertools
import sys
import time

from lab import (LONG, SHORT, Link, Station, TunnelEnd, association, check, payload,
                 rows)
from mobile_ip import (FA_HA, MN_FA, MN_HA, PORT, Advertisement, Association,
                       Authentication, Extension, Minimal, MobilityAgent,
                       PrefixLengths, RegistrationReply, RegistrationRequest,
                       Solicitation, minimal_pull, minimal_push, seconds_of, timestamp)
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import GRE
from scapy.packet import Raw
from scapy.utils import checksum

HA, FA, CARE_OF = "10.1.0.1", "10.2.0.1", "10.0.2.2"
NODE, CO_LOCATED = "10.1.0.10", "10.1.0.11"
WITH_OPTIONS, PLAIN = "10.0.9.2", "10.0.9.3"
SCAPY_FA, HOST = "10.0.3.2", "10.1.0.2"
KEY_TO_US, KEY_FROM_US = 7, 9
NODE_PORT, HOST_PORT = 40000, 40001  # nobody knows a protocol there
ACCEPTED = 0


def request(**fields):
    return RegistrationRequest(**{"ident": timestamp(), "home_agent": HA, **fields})


def describe(octets):
    if octets is None:
        return "nothing came"
    return RegistrationReply(octets).command()


def check_reply(text, octets, question, *proofs, **fields):
    """A Reply to that Request, with these fields and signatures, and no other."""
    wanted = {"type": 3, "home": question.home, "ident": question.ident, **fields}
    faults = []
    if octets is not None:
        reply = RegistrationReply(octets)
        faults = [f"{name} is {getattr(reply, name)}, should be {value}"
                  for name, value in wanted.items() if getattr(reply, name) != value]
        kinds = [e.type for e in reply.extensions if isinstance(e, Authentication)]
        if kinds != [proof.kind for proof in proofs]:
            faults.append(f"authenticated by {kinds}")
        faults += [f"the authenticator of {proof.kind} is wrong" for proof in proofs
                   if not proof.proves(octets)]
    check(text, octets is not None and not faults, *faults, describe(octets))
    return RegistrationReply(octets) if octets else None


def story_status():
    """What the agents say of themselves."""
    ha, fa = rows("ha", "status")[0], rows("fa1", "status")[0]
    check("mip-ha tells its address, home networks and link",
          (ha["address"], ha["home-networks"], ha["links"], ha["links-down"]) ==
          (HA, ["10.1.0.0/24"], ["home"], []), ha)
    check("mip-fa tells its care-of address and link",
          (fa["care-of"], fa["links"], fa["links-down"]) == (CARE_OF, ["visit"], []), fa)
    check("both tell version, start, and what they are busy with",
          ha["version"] == fa["version"] and 0 <= ha["uptime"] < 60 and
          (ha["nodes"], ha["bindings"], ha["tunnels"]) == (2, 0, 0) and
          (fa["visitors"], fa["pending"], fa["tunnels"]) == (0, 0, 0), ha, fa)


# -- Mobile nodes on the visited link ------------------------------------------------

class VisitingNode:
    """It knows the agent from its advertisement and speaks by frames alone."""

    ports = itertools.count(5000)

    def __init__(self):
        self.link = Link("mn", "radio0")
        self.agent_mac = None

    def solicit(self, home):
        """The frame of the advertisement that answers."""
        self.link.send(IP(src=home, dst="224.0.0.11", ttl=1, proto=1) / Solicitation(),
                       to="01:00:5e:00:00:0b")
        frame = self.link.hear(lambda f: f[IP].proto == 1 and
                               bytes(f[IP].payload)[:1] == b"\x09")
        if frame:
            self.agent_mac = frame.src
        return frame

    def ask(self, message, ttl=255, seconds=LONG):
        """Send a Request to the agent; the frame of the Reply."""
        port = next(self.ports)
        self.link.forget()
        self.link.send(IP(src=message.home, dst=FA, ttl=ttl) /
                       UDP(sport=port, dport=PORT) / bytes(message), to=self.agent_mac)
        return self.link.hear(lambda f: UDP in f and f[UDP].dport == port, seconds)

    def register(self, message, **more):
        """The same; the octets of the Reply."""
        frame = self.ask(message, **more)
        return payload(frame) if frame else None


def check_advertisement(node):
    frame = node.solicit(NODE)
    if frame is None:
        check("a solicitation is answered", False)
        return
    octets = bytes(frame[IP].payload)[:frame[IP].len - 20]
    advert = Advertisement(octets)
    agent, prefixes = advert.extension(MobilityAgent), advert.extension(PrefixLengths)
    check("a solicitation is answered from the agent's address on the link, with TTL 1",
          (frame[IP].src, frame[IP].ttl) == (FA, 1), frame.command())
    check("the advertisement's sum is right", checksum(octets) == 0)
    check("it is for mobility only (code 16), for 9 seconds, and names its router",
          (advert.code, advert.lifetime, [r.address for r in advert.routers]) ==
          (16, 9, [FA]), advert.command())
    check("extension 16: flags, lifetime, care-of address",
          agent and set(str(agent.flags)) == set("RFMGT") and
          agent.lifetime == 600 and agent.care_of == [CARE_OF], advert.command())
    check("extension 19: the prefix length of its router's address",
          prefixes and prefixes.prefixes == [24], advert.command())
    again = node.solicit(NODE)
    later = again and Advertisement(bytes(again[IP].payload)).extension(MobilityAgent)
    check("the next advertisement has the next sequence number",
          later and later.sequence == agent.sequence + 1)


def story_visit():
    """A node discovers the agent, registers, renews and deregisters through it."""
    node, backbone = VisitingNode(), Link("core", "fa1")
    to_ha = association(MN_HA, "ha", "node", NODE)
    to_fa = association(MN_FA, "fa1", "node", NODE)
    between = association(FA_HA, "ha", "peer-agent", CARE_OF)
    check_advertisement(node)

    ask = to_fa.sign(to_ha.sign(request(home=NODE, care_of=CARE_OF, flags="TG")))
    frame = node.ask(ask)
    check("through mip-fa: the Reply comes from where the Request went, to its port",
          frame and (frame[IP].src, frame[UDP].sport, frame[IP].dst, frame.dst) ==
          (FA, PORT, NODE, node.link.mac))
    check_reply("through mip-fa: accepted, signed for the node by both agents",
                frame and payload(frame), ask, to_ha, to_fa, code=ACCEPTED, lifetime=300,
                home_agent=HA)
    relayed = backbone.hear(lambda f: UDP in f and f[IP].dst == HA)
    octets = relayed and payload(relayed)
    check("mip-fa relays from and to port 434, from the care-of address",
          relayed and (relayed[IP].src, relayed[UDP].sport, relayed[UDP].dport) ==
          (CARE_OF, PORT, PORT))
    check("what the node signed is relayed as it was, MN-FA gone, FA-HA added",
          octets and octets[:62] == bytes(ask)[:62] and between.proves(octets) and
          [e.type for e in RegistrationRequest(octets).extensions] == [MN_HA, FA_HA])
    check("the visitor and its binding are shown",
          [v["home"] for v in rows("fa1", "visitors")] == [NODE] and
          [(b["home"], b["care-of"], b["encapsulation"])
           for b in rows("ha", "bindings")] == [(NODE, CARE_OF, "gre")])

    again = node.register(ask)
    check("the same Request again gets the same Reply", again == payload(frame),
          describe(again))
    leave = to_fa.sign(to_ha.sign(request(home=NODE, care_of=CARE_OF, lifetime=0)))
    check_reply("through mip-fa: deregistered", node.register(leave), leave, to_ha,
                to_fa, code=ACCEPTED, lifetime=0)
    check("nothing is left of it", rows("fa1", "visitors") == [] and
          rows("ha", "bindings") == [])


def stranger(number, **fields):
    """A Request of a node that shares a key with nobody here."""
    key = Association(MN_HA, 5000, "hmac-md5", bytes(16))
    return key.sign(request(**{"home": f"10.7.0.{number}", "care_of": CARE_OF,
                               "home_agent": PLAIN, **fields}))


def story_fa_refusals():
    """What mip-fa denies itself; a denial a second for each node, so many nodes."""
    node = VisitingNode()
    node.solicit(NODE)
    to_ha = association(MN_HA, "ha", "node", NODE)
    to_fa = association(MN_FA, "fa1", "node", NODE)
    wrong = Association(MN_FA, to_fa.spi, to_fa.algorithm, bytes(16))

    ask = wrong.sign(to_ha.sign(request(home=NODE, care_of=CARE_OF)))
    check_reply("67: the node's authenticator for mip-fa is wrong", node.register(ask),
                ask, to_fa, code=67)
    cases = [
        ("69: the lifetime is too long; the answer tells the longest",
         {"lifetime": 601}, {}, {"code": 69, "lifetime": 600}),
        ("77: the care-of address is another's", {"care_of": SCAPY_FA}, {}, {"code": 77}),
        ("77: a co-located care-of address that is the agent's own",
         {"flags": "D"}, {}, {"code": 77}),
        ("76: a reverse tunnel through a router", {"flags": "T"}, {"ttl": 254},
         {"code": 76}),
        ("116: the home agent is the foreign agent", {"home_agent": FA}, {},
         {"code": 116}),
        ("116: or its care-of address", {"home_agent": CARE_OF}, {}, {"code": 116}),
        ("79: encapsulating delivery is not offered",
         {"flags": "T", "extensions": [Extension(type=130)]}, {}, {"code": 79}),
    ]
    for number, (text, fields, more, wanted) in enumerate(cases, 20):
        ask = stranger(number, **fields)
        check_reply(text, node.register(ask, **more), ask, **wanted)
    unsigned = request(home="10.7.0.40", care_of=CARE_OF)
    check_reply("70: no authenticator at all", node.register(unsigned), unsigned, code=70)
    ask = stranger(41, extensions=[Extension(type=5, value=b"new")])
    check("an extension below 128 that it does not know silences mip-fa",
          node.register(ask, seconds=SHORT) is None)


# -- Directly at the home agent ------------------------------------------------------

class CoLocatedNode:
    def __init__(self, care_of):
        self.care_of = care_of
        self.station = Station("cn", care_of, 0)
        self.to_ha = association(MN_HA, "ha", "node", CO_LOCATED)

    def request(self, flags="DT", **fields):
        return self.to_ha.sign(request(**{"home": CO_LOCATED, "care_of": self.care_of,
                                          "flags": flags, **fields}))

    def register(self, message, to=HA, seconds=LONG):
        self.station.send(message, to)
        octets, source = self.station.hear(seconds)
        assert source in (None, (HA, PORT)), source
        return octets

    def leave(self):
        self.register(self.request(lifetime=0))


def story_direct():
    """A co-located node registers, with prefix+suffix MD5, and leaves."""
    node = CoLocatedNode(PLAIN)
    ask = node.request("D", lifetime=200)
    check_reply("directly at mip-ha: accepted", node.register(ask), ask, node.to_ha,
                code=ACCEPTED, lifetime=200, home_agent=HA)
    check("its binding is co-located",
          [(b["home"], b["care-of"], b["co-located"]) for b in rows("ha", "bindings")] ==
          [(CO_LOCATED, PLAIN, True)])
    ask = node.request("D", lifetime=65535)
    check_reply("renewed, and its lifetime cut to what mip-ha grants",
                node.register(ask), ask, node.to_ha, code=ACCEPTED, lifetime=600)
    ask = node.request("D", extensions=[Extension(type=200, value=b"new")])
    check_reply("an extension from 128 on that it does not know is passed over",
                node.register(ask), ask, node.to_ha, code=ACCEPTED)
    ask = node.request("D", extensions=[Extension(type=5, value=b"new")])
    check("one below 128 silences mip-ha", node.register(ask, seconds=SHORT) is None)
    ask = node.request("D", lifetime=0)
    check_reply("deregistered", node.register(ask), ask, node.to_ha, code=ACCEPTED,
                lifetime=0)


def story_ha_refusals():
    """What mip-ha denies."""
    node = CoLocatedNode(PLAIN)
    wrong = Association(MN_HA, node.to_ha.spi, node.to_ha.algorithm, bytes(16))
    ask = wrong.sign(request(home=CO_LOCATED, care_of=PLAIN, flags="D"))
    check_reply("131: the node's authenticator is wrong", node.register(ask), ask,
                node.to_ha, code=131)

    ask = node.request(ident=timestamp(-60))
    reply = RegistrationReply(node.register(ask))
    check_reply("133: the timestamp is old; signed, the low word as it was",
                bytes(reply), ask, node.to_ha, code=133, ident=reply.ident)
    check("133: the high word is mip-ha's clock, so that the node can set its own",
          reply.ident & 0xFFFFFFFF == ask.ident & 0xFFFFFFFF and
          abs(seconds_of(reply.ident) - time.time()) < 3)
    ask = node.request(ident=timestamp(60))
    check("133: a timestamp from the future",
          RegistrationReply(node.register(ask)).code == 133)

    ask = node.request(home_agent="10.1.0.255")
    check_reply("136: sent to the home network's broadcast address; names mip-ha",
                node.register(ask, to="10.1.0.255"), ask, node.to_ha, code=136,
                home_agent=HA)
    ask = node.request(home_agent="10.9.9.9")
    check_reply("136: another home agent; names mip-ha", node.register(ask), ask,
                node.to_ha, code=136, home_agent=HA)
    ask = node.request(care_of="224.0.0.1")
    check_reply("134: a care-of address that cannot be one", node.register(ask), ask,
                node.to_ha, code=134)
    unknown = request(home="10.1.0.99", care_of=PLAIN, flags="D")
    check("a node that mip-ha does not know gets no answer",
          node.register(wrong.sign(unknown), seconds=SHORT) is None)
    check("nothing of it made a binding", rows("ha", "bindings") == [])


def story_without_gre():
    """Both agents have gre="no" now."""
    visitor, node = VisitingNode(), CoLocatedNode(PLAIN)
    visitor.solicit(NODE)
    ask = stranger(50, flags="G")
    check_reply("72: mip-fa does not offer GRE", visitor.register(ask), ask, code=72)
    ask = node.request("DG")
    check_reply("139: mip-ha does not offer GRE", node.register(ask), ask, node.to_ha,
                code=139)


# -- A foreign agent of ours before mip-ha, a home agent of ours behind mip-fa --------

def story_foreign_agent():
    agent = Station("fa2", SCAPY_FA, PORT)
    to_ha = association(MN_HA, "ha", "node", NODE)
    between = association(FA_HA, "ha", "peer-agent", SCAPY_FA)
    wrong = Association(FA_HA, between.spi, between.algorithm, bytes(16))

    def relay(*signers, **fields):
        ask = to_ha.sign(request(home=NODE, care_of=SCAPY_FA, **fields))
        for signer in signers:
            signer.sign(ask)
        agent.send(ask, HA)
        return ask, agent.hear()[0]

    ask, reply = relay(between)
    check_reply("a foreign agent of scapy: accepted, signed for the node, then for it",
                reply, ask, to_ha, between, code=ACCEPTED, lifetime=300)
    ask, reply = relay(wrong)
    check_reply("132: its authenticator is wrong", reply, ask, to_ha, between, code=132)
    ask, reply = relay()
    check_reply("132: it did not sign", reply, ask, to_ha, between, code=132)
    ask, reply = relay(lifetime=0)
    check_reply("a deregistration needs no signature of it", reply, ask, to_ha,
                between, code=ACCEPTED, lifetime=0)


class HomeAgent:
    """It answers what mip-fa relays for nodes 10.7.0.x."""

    def __init__(self, address):
        self.station = Station("cn", address, PORT)
        self.address = address
        self.to_node = Association(MN_HA, 5000, "hmac-md5", bytes(16))

    def answer(self, between, **fields):
        """Answer the next Request, signed with `between` if given; what it was."""
        octets, source = self.station.hear()
        if octets is None:
            return None
        asked = RegistrationRequest(octets)
        reply = RegistrationReply(**{
            "home": asked.home, "home_agent": self.address, "ident": asked.ident,
            "lifetime": asked.lifetime, **fields})
        self.to_node.sign(reply)
        self.station.send(between.sign(reply) if between else reply, *source)
        return octets


def visit(node, agent, number, between, flags="T", **fields):
    """A node registers through mip-fa with a home agent of ours."""
    ask = stranger(number, home_agent=agent.address, flags=flags)
    port = next(node.ports)
    node.link.forget()
    node.link.send(IP(src=ask.home, dst=FA, ttl=255) / UDP(sport=port, dport=PORT) /
                   bytes(ask), to=node.agent_mac)
    octets = agent.answer(between, **fields)
    frame = node.link.hear(lambda f: UDP in f and f[UDP].dport == port)
    return ask, octets, frame and payload(frame)


def story_home_agent():
    node, agent = VisitingNode(), HomeAgent(WITH_OPTIONS)
    node.solicit(NODE)
    between = association(FA_HA, "fa1", "peer-agent", WITH_OPTIONS)
    wrong = Association(FA_HA, between.spi, between.algorithm, bytes(16))

    ask, relayed, reply = visit(node, agent, 60, between)
    check("a home agent of scapy: mip-fa signs what it relays",
          relayed and between.proves(relayed))
    check_reply("its Reply is relayed, mip-fa's own part taken out", reply, ask,
                agent.to_node, code=ACCEPTED, home_agent=WITH_OPTIONS)
    ask, _, reply = visit(node, agent, 61, wrong)
    check_reply("68: its authenticator for mip-fa is wrong", reply, ask, code=68)
    ask, _, reply = visit(node, agent, 62, None)
    check_reply("68: it did not sign for mip-fa", reply, ask, code=68)
    ask, _, reply = visit(node, agent, 63, between, code=129, lifetime=0)
    check_reply("its denial is relayed as it is", reply, ask, agent.to_node, code=129)
    check("only the first is a visitor",
          [v["home"] for v in rows("fa1", "visitors")] == ["10.7.0.60"])


# -- Tunnels -------------------------------------------------------------------------

class Encapsulation:
    """A tunnel's packets from outside: how to make one, and what is in one."""

    def __init__(self, name, flags, local, remote, options=False):
        self.name, self.flags, self.options = name, flags, options
        self.local, self.remote = local, remote
        self.sent, self.heard = 0, None
        # One router is between the ends. RFC 2004 3.1 has one TTL for both headers.
        self.hops = 1 if "M" in flags else 0

    def push(self, inner, **gre):
        outer = {"src": self.local, "dst": self.remote}
        if "M" in self.flags:
            return minimal_push(inner, **outer)
        if "G" not in self.flags:
            return IP(**outer) / inner
        if self.options:
            gre = {"chksum_present": 1, "key_present": 1, "key": KEY_FROM_US,
                   "seqnum_present": 1, "sequence_number": self.sent, **gre}
            self.sent += 1
        return IP(**outer) / GRE(**gre) / inner

    def pull(self, packet):
        """The inner packet, and what is wrong with the outer one."""
        faults = []
        if checksum(bytes(packet)[:packet.ihl * 4]) != 0:
            faults.append("the outer header's sum is wrong")
        if packet.proto != {"": 4, "M": 55, "G": 47}[self.flags]:
            faults.append(f"protocol {packet.proto}")
        if Minimal in packet:
            return minimal_pull(packet), faults
        if GRE in packet:
            faults += self.gre_faults(packet[GRE])
        return packet.getlayer(IP, 2), faults

    def gre_faults(self, gre):
        bits = (gre.chksum_present, gre.key_present, gre.seqnum_present)
        if bits != ((1, 1, 1) if self.options else (0, 0, 0)):
            yield f"GRE with checksum, key, sequence {bits}"
        elif self.options:
            if checksum(bytes(gre)) != 0:
                yield "GRE's sum is wrong"
            if gre.key != KEY_TO_US:
                yield f"key {gre.key}"
            if self.heard is not None and gre.sequence_number != self.heard + 1:
                yield f"number {gre.sequence_number} after {self.heard}"
            self.heard = gre.sequence_number
        if gre.version or gre.proto != 0x800 or gre.routing_present:
            yield gre.command()


def encapsulations(remote):
    """Those towards an agent; the address decides on the options (<tunnel>)."""
    return [Encapsulation("IP-in-IP", "", PLAIN, remote),
            Encapsulation("minimal", "M", PLAIN, remote),
            Encapsulation("GRE", "G", PLAIN, remote),
            Encapsulation("GRE with key, sum and number", "G", WITH_OPTIONS, remote,
                          options=True)]


def check_ours(what, encapsulation, packet, ttl, **inner_fields):
    """A tunnel packet of our agents, dissected by scapy."""
    if packet is None:
        check(f"{what}: a packet comes", False)
        return
    inner, faults = encapsulation.pull(packet)
    ttl -= encapsulation.hops
    inner_fields["ttl"] = ttl
    wanted = {"src": encapsulation.remote, "dst": encapsulation.local,
              "ttl": ttl if encapsulation.hops else 63}
    faults += [f"outer {name} is {getattr(packet, name)}, should be {value}"
               for name, value in wanted.items() if getattr(packet, name) != value]
    if inner is None:
        faults.append("there is nothing inside")
    else:
        faults += [f"inner {name} is {getattr(inner, name)}, should be {value}"
                   for name, value in inner_fields.items()
                   if getattr(inner, name) != value]
    check(f"{what}: scapy dissects it, and all is right", not faults, *faults,
          packet.command())


def filled(inner, load):
    packet = inner.copy()
    packet[Raw].load = load
    return packet


def send_among_forged(end, encapsulation, inner, strange):
    """Two good packets, "first" and "second"; others, which must stay in the tunnel."""
    forged = filled(inner, b"forged")
    packets = [encapsulation.push(strange)]
    if encapsulation.options:
        packets += [encapsulation.push(forged, key=KEY_FROM_US + 1),
                    encapsulation.push(forged, key_present=0),
                    encapsulation.push(forged, chksum=1)]
    packets.append(encapsulation.push(filled(inner, b"first")))
    if encapsulation.options:
        packets.append(encapsulation.push(forged,
                                          sequence_number=encapsulation.sent - 2))
    packets.append(encapsulation.push(filled(inner, b"second")))
    for packet in packets:
        end.send(packet)


def tunnel_at_ha(encapsulation, end, host):
    """A co-located node is the other end of mip-ha's tunnel."""
    what = f"mip-ha, {encapsulation.name}"
    node = CoLocatedNode(encapsulation.local)
    ask = node.request("DT" + encapsulation.flags)
    check_reply(f"{what}: accepted", node.register(ask), ask, node.to_ha, code=ACCEPTED)
    end.link.forget()
    for word in ("one", "two"):
        host.send(word.encode(), CO_LOCATED, NODE_PORT)
        check_ours(f"{what}, packet {word}", encapsulation,
                   end.hear(encapsulation.local), src=HOST, dst=CO_LOCATED, ttl=63)

    inner = IP(src=CO_LOCATED, dst=HOST) / UDP(sport=NODE_PORT, dport=HOST_PORT) / Raw()
    strange = filled(inner, b"strange")
    strange.src = "10.1.0.77"
    send_among_forged(end, encapsulation, inner, strange)
    heard = [host.hear(), host.hear()]
    check(f"{what}: what scapy wraps comes out, and nothing forged",
          heard == [(word, (CO_LOCATED, NODE_PORT)) for word in (b"first", b"second")],
          heard)
    node.leave()


def tunnel_at_fa(encapsulation, end, node, agent, between, number):
    """A home agent is the other end of mip-fa's tunnel."""
    what = f"mip-fa, {encapsulation.name}"
    home = f"10.7.0.{number}"
    ask, _, reply = visit(node, agent, number, between, "T" + encapsulation.flags)
    check_reply(f"{what}: accepted", reply, ask, agent.to_node, code=ACCEPTED)

    # From the home agent itself: minimal encapsulation then leaves its address out.
    inner = (IP(src=encapsulation.local, dst=home, ttl=9) /
             UDP(sport=HOST_PORT, dport=NODE_PORT) / Raw())
    strange = filled(inner, b"strange")
    strange.dst = "10.7.0.99"
    node.link.forget()
    send_among_forged(end, encapsulation, inner, strange)
    heard = [node.link.hear(lambda f: UDP in f and f[UDP].dport == NODE_PORT)
             for _ in range(2)]
    check(f"{what}: what scapy wraps comes out, and nothing forged",
          [f and payload(f) for f in heard] == [b"first", b"second"], heard)
    check(f"{what}: on the node's link, one hop further",
          all(f and (f.src, f.dst, f[IP].src, f[IP].dst, f[IP].ttl) ==
              (node.agent_mac, node.link.mac, inner.src, home,
               8 - encapsulation.hops) and
              checksum(bytes(f[IP])[:20]) == 0 for f in heard), heard)

    end.link.forget()
    for word in ("one", "two"):
        node.link.send(IP(src=home, dst=HOST, ttl=9) /
                       UDP(sport=NODE_PORT, dport=HOST_PORT) / word, to=node.agent_mac)
        check_ours(f"{what}, packet {word}", encapsulation,
                   end.hear(encapsulation.local), src=home, dst=HOST, ttl=8)


def story_tunnels():
    """Scapy is the other end: its packets come out of our tunnels, and ours of its."""
    end, host = TunnelEnd("cn", "eth0"), Station("host", HOST, HOST_PORT)
    for encapsulation in encapsulations(HA):
        tunnel_at_ha(encapsulation, end, host)
    node = VisitingNode()
    node.solicit(NODE)
    agents = {address: HomeAgent(address) for address in (PLAIN, WITH_OPTIONS)}
    keys = {WITH_OPTIONS: association(FA_HA, "fa1", "peer-agent", WITH_OPTIONS)}
    for number, encapsulation in enumerate(encapsulations(CARE_OF), 80):
        tunnel_at_fa(encapsulation, end, node, agents[encapsulation.local],
                     keys.get(encapsulation.local), number)


def main():
    for name in sys.argv[1:]:
        globals()[f"story_{name}"]()
    print("end")


main()
