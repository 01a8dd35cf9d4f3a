# SPDX-License-Identifier: ISC
"""What is measured, and the arithmetic on it: medians, spreads, ratios.

Values are kept by cell (offload mode, kind of tunnel, figure) and round.  A ratio is
taken inside a round, from two values that were measured minutes apart at most, and the
median of those is shown: so a machine that slows down for a while spoils the rounds
that it spoils, not the comparison.
"""
import math
import statistics
from collections import namedtuple

# less: small values are good, and a difference says more than a ratio.
Figure = namedtuple("Figure", "name title unit less")
Spread = namedtuple("Spread", "middle low high rounds")

FIGURES = {f.name: f for f in (
    Figure("tcp1", "TCP, 1 stream", "Gb/s", False),
    Figure("tcp4", "TCP, 4 streams", "Gb/s", False),
    Figure("udp1372", "UDP, 1372 octets", "k/s", False),
    Figure("udp64", "UDP, 64 octets", "k/s", False),
    Figure("ping", "idle ping", "us", True),
    Figure("ping99", "idle ping, 99 %", "us", True),
    Figure("busy", "ping under TCP", "us", True),
    Figure("busy99", "ping under TCP, 99 %", "us", True),
    Figure("rate", "registrations", "k/s", False),
    Figure("reply", "reply", "us", True),
    Figure("reply99", "reply, 99 %", "us", True))}

CONTROL = "control"      # stands where data-plane figures have their offload mode
# What ratios are taken to: plain forwarding, or a UDP server with one HMAC an answer.
BASES = {CONTROL: "bare-udp"}
MODES = {"on": "64 KB segments cross the links, as virtual Ethernet comes",
         "gro": "real packets, software receive coalescing: a plain network card",
         "off": "real packets, no offload at all"}
TITLES = {**{m: f"offload {m}: {words}" for m, words in MODES.items()},
          CONTROL: "control plane: registrations"}


def percentile(values, percent):
    """The smallest value that so many percent of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = math.ceil(len(ordered) * percent / 100)
    return ordered[max(rank, 1) - 1]


def spread(values):
    """Median, minimum and maximum of those that were measured; None without any."""
    known = [v for v in values if v is not None]
    if not known:
        return None
    return Spread(statistics.median(known), min(known), max(known), len(known))


def base_of(mode):
    return BASES.get(mode, "plain")


class Results:
    """Values by cell and round, and why some are not there."""

    def __init__(self):
        self.cells = {}
        self.troubles = []

    def add(self, mode, kind, figure, number, value):
        """The value of round `number`, counted from 0; earlier gaps stay None."""
        values = self.cells.setdefault((mode, kind, figure), [])
        values += [None] * (number + 1 - len(values))
        values[number] = value

    def values(self, mode, kind, figure):
        return self.cells.get((mode, kind, figure), [])

    def spread(self, mode, kind, figure):
        return spread(self.values(mode, kind, figure))

    def compare(self, mode, kind, figure, base, how):
        """Spread of how(ours, base's) over the rounds that have both."""
        pairs = zip(self.values(mode, kind, figure), self.values(mode, base, figure))
        return spread([how(a, b) for a, b in pairs if a is not None and b])

    def ratio(self, mode, kind, figure, base=None):
        return self.compare(mode, kind, figure, base or base_of(mode), lambda a, b: a / b)

    def excess(self, mode, kind, figure, base=None):
        return self.compare(mode, kind, figure, base or base_of(mode), lambda a, b: a - b)

    def kinds(self, mode):
        return list(dict.fromkeys(k for m, k, _ in self.cells if m == mode))

    def figures(self, mode):
        return {f for m, _, f in self.cells if m == mode}

    def modes(self):
        return [m for m in TITLES if any(m == mode for mode, _, _ in self.cells)]

    def rounds(self):
        return max((len(v) for v in self.cells.values()), default=0)

    def to_json(self):
        return {"figures": [{"offload": m, "kind": k, "figure": f, "values": v}
                            for (m, k, f), v in self.cells.items()],
                "troubles": self.troubles}

    @classmethod
    def from_json(cls, document):
        results = cls()
        results.troubles = list(document.get("troubles", []))
        for row in document["figures"]:
            cell = (row["offload"], row["kind"], row["figure"])
            results.cells[cell] = list(row["values"])
        return results
