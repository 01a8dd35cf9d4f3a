# SPDX-License-Identifier: ISC
"""The results as a picture: SVG that needs nothing else.

A row a kind of tunnel, a panel a figure.  Speeds are bars of the ratio to plain
forwarding, which the vertical line stands for; times are dots on a logarithmic axis,
the full one the median and the hollow one the 99th percentile.  The thin line through
both goes from the minimum to the maximum of the rounds; a red mark is a goal.
"""
import math
from xml.sax.saxutils import escape

from figures import FIGURES, TITLES, base_of
from table import short

LABEL, PANEL, GAP, ROW, HEAD, MARGIN = 108, 164, 22, 20, 58, 24
COLOURS = {"plain": "#8a8f98", "ebpf": "#00695c", "user": "#1565c0", "peer": "#c77c11",
           "other": "#555"}
LEGEND = {"plain": "plain forwarding", "ebpf": "Sojourn, eBPF",
          "user": "Sojourn, user space", "peer": "others"}
GOAL = "#c62828"
SPEEDS = ["tcp1", "tcp4", "udp1372", "udp64", "rate"]
TIMES = [("ping", "ping99"), ("busy", "busy99"), ("reply", "reply99")]
PANELS = 6               # that fit side by side
WIDEST = 8.0             # times the base; what is more is cut off


class Sheet:
    """Elements drawn so far, and where the next section begins."""

    def __init__(self):
        self.parts = []
        self.width = MARGIN + LABEL + PANELS * (PANEL + GAP) + MARGIN
        self.y = MARGIN

    def text(self, x, y, words, size=11, anchor="start", fill="#222", weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" '
                          f'text-anchor="{anchor}" font-weight="{weight}">'
                          f'{escape(words)}</text>')

    def line(self, x1, y1, x2, y2, stroke, width=1.0):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                          f'stroke="{stroke}" stroke-width="{width}"/>')

    def bar(self, x, y, width, height, fill):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
                          f'height="{height:.1f}" fill="{fill}"/>')

    def dot(self, x, y, colour, full):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" stroke="{colour}" '
                          f'stroke-width="1.5" fill="{colour if full else "#fff"}"/>')

    def svg(self):
        height = self.y + MARGIN
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" '
                f'height="{height}" viewBox="0 0 {self.width} {height}" '
                f'font-family="DejaVu Sans, Helvetica, Arial, sans-serif">\n'
                f'<rect width="100%" height="100%" fill="#fff"/>\n' +
                "\n".join(self.parts) + "\n</svg>\n")


class Axis:
    """From values to pixels of a panel; a label stays free at its right end."""
    ROOM = 34

    def __init__(self, left, low, high, logarithmic=False):
        self.left = left
        self.scale = math.log if logarithmic else float
        self.low, self.high = low, high

    def x(self, value):
        value = min(max(value, self.low), self.high)
        part = ((self.scale(value) - self.scale(self.low)) /
                (self.scale(self.high) - self.scale(self.low)))
        return self.left + part * (PANEL - self.ROOM)


def column(number):
    return MARGIN + LABEL + number * (PANEL + GAP)


def goal_marks(sheet, axis, y, goals):
    for limit in goals:
        sheet.line(axis.x(limit), y + 2, axis.x(limit), y + ROW - 3, GOAL, 2.2)


def goals_for(goals, mode, kind, figure, base):
    return [g.limit for g in goals
            if (g.mode, g.kind, g.figure, g.base) == (mode, kind, figure, base)]


def speed_panel(sheet, number, results, mode, kinds, figure, colours, goals):
    ratios = {k: results.ratio(mode, k, figure) for k in kinds}
    aims = {k: goals_for(goals, mode, k, figure, base_of(mode)) for k in kinds}
    highest = max([r.high for r in ratios.values() if r] + sum(aims.values(), [1.1]))
    axis = Axis(column(number), 0, min(highest, WIDEST))
    plain = results.spread(mode, base_of(mode), figure)
    title = FIGURES[figure]
    sheet.text(axis.left, sheet.y + 36, title.title, 11, weight="bold")
    if plain:
        sheet.text(axis.left, sheet.y + 50, f"1 = {short(plain.middle)} {title.unit}", 9.5,
                   fill="#666")
    y = sheet.y + HEAD
    for kind in kinds:
        ratio = ratios[kind]
        if ratio:
            sheet.bar(axis.left, y + 4, axis.x(ratio.middle) - axis.left, ROW - 9,
                      colours[kind])
            sheet.line(axis.x(ratio.low), y + ROW / 2 - .5, axis.x(ratio.high),
                       y + ROW / 2 - .5, "#222")
            sheet.text(axis.left + PANEL, y + 14, short(ratio.middle), 10, "end")
        goal_marks(sheet, axis, y, aims[kind])
        y += ROW
    sheet.line(axis.x(1), sheet.y + HEAD, axis.x(1), y, "#999")


def time_panel(sheet, number, results, mode, kinds, figures, colours, goals):
    measured = {(k, f): results.spread(mode, k, f) for k in kinds for f in figures}
    values = [s for s in measured.values() if s]
    axis = Axis(column(number), 10, max([s.high for s in values] + [1000]), True)
    sheet.text(axis.left, sheet.y + 36, FIGURES[figures[0]].title, 11, weight="bold")
    sheet.text(axis.left, sheet.y + 50, "us, median and 99 %", 9.5, fill="#666")
    y = sheet.y + HEAD
    for decade in (10 ** power for power in range(1, 7)):
        if decade <= axis.high:
            sheet.line(axis.x(decade), y, axis.x(decade), y + len(kinds) * ROW, "#e4e4e4")
            sheet.text(axis.x(decade), y + len(kinds) * ROW + 10, str(decade), 8, "middle",
                       "#888")
    for kind in kinds:
        for figure in figures:
            one = measured[kind, figure]
            goal_marks(sheet, axis, y, goals_for(goals, mode, kind, figure, None))
            if one:
                sheet.line(axis.x(one.low), y + ROW / 2, axis.x(one.high), y + ROW / 2,
                           colours[kind])
                sheet.dot(axis.x(one.middle), y + ROW / 2, colours[kind],
                          figure == figures[0])
        if measured[kind, figures[0]]:
            sheet.text(axis.left + PANEL, y + 14,
                       short(measured[kind, figures[0]].middle), 10, "end")
        y += ROW


def section(sheet, results, mode, colours, goals):
    kinds = results.kinds(mode)
    sheet.text(MARGIN, sheet.y + 14, TITLES[mode], 13, weight="bold")
    for n, kind in enumerate(kinds):
        y = sheet.y + HEAD + n * ROW
        if n % 2 == 0:
            sheet.bar(MARGIN, y, sheet.width - 2 * MARGIN, ROW, "#f6f7f9")
        sheet.text(MARGIN + 4, y + 14, kind, 11, fill=colours[kind], weight="bold")
    measured = results.figures(mode)
    speeds = [f for f in SPEEDS if f in measured]
    times = [pair for pair in TIMES if pair[0] in measured]
    for n, figure in enumerate(speeds):
        speed_panel(sheet, n, results, mode, kinds, figure, colours, goals)
    for n, figures in enumerate(times, len(speeds)):
        time_panel(sheet, n, results, mode, kinds, figures, colours, goals)
    sheet.y += HEAD + len(kinds) * ROW + 30


def legend(sheet, families):
    x = MARGIN
    for family, words in LEGEND.items():
        if family in families.values():
            sheet.bar(x, sheet.y, 12, 12, COLOURS[family])
            sheet.text(x + 18, sheet.y + 10, words)
            x += 40 + 7 * len(words)
    sheet.line(x + 4, sheet.y, x + 4, sheet.y + 12, GOAL, 2.2)
    sheet.text(x + 14, sheet.y + 10, "goal")
    sheet.y += 12


def draw(results, goals, families, caption):
    """families: of every kind, a key of COLOURS; goals: all of them."""
    sheet = Sheet()
    sheet.text(MARGIN, sheet.y + 14, "Tunnels next to plain forwarding", 18, weight="bold")
    sheet.text(MARGIN, sheet.y + 34, caption, 11, fill="#555")
    sheet.y += 58
    for mode in results.modes():
        colours = {k: COLOURS[families.get(k, "other")] for k in results.kinds(mode)}
        section(sheet, results, mode, colours, goals)
    legend(sheet, families)
    return sheet.svg()
