# SPDX-License-Identifier: ISC
"""The results as text: a table a mode, and the goals."""
from figures import FIGURES, TITLES, base_of

NAME = 14
RATIOS = [f for f in FIGURES.values() if not f.less]
TIMES = [f for f in FIGURES.values() if f.less]


def short(value):
    """Three digits are more than the machine's noise leaves."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def with_range(spread):
    return f"{short(spread.middle)} [{short(spread.low)}..{short(spread.high)}]"


def rows_of(results, mode, figures, cell):
    """One line a kind; the width of a column is that of its widest cell."""
    present = [f for f in figures
               if any(results.spread(mode, k, f.name) for k in results.kinds(mode))]
    lines = [[""] + [f"{f.title}" for f in present]]
    for kind in results.kinds(mode):
        cells = [cell(results, mode, kind, f) for f in present]
        if any(c != "-" for c in cells):
            lines.append([kind] + cells)
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    widths[0] = max(widths[0], NAME)
    for line in lines if present else []:
        rest = "  ".join(c.rjust(w) for c, w in zip(line[1:], widths[1:]))
        yield line[0].ljust(widths[0]) + "  " + rest


def speed(results, mode, kind, figure):
    """What the ratios are taken to as it is, everything else as a ratio to it."""
    measured = results.spread(mode, kind, figure.name)
    if kind == base_of(mode) and measured:
        return with_range(measured)
    ratio = results.ratio(mode, kind, figure.name)
    return with_range(ratio) if ratio else "-"


def delay(results, mode, kind, figure):
    measured = results.spread(mode, kind, figure.name)
    return with_range(measured) if measured else "-"


def of_mode(results, mode):
    yield TITLES[mode]
    for title, figures, cell in (
            (f"  {base_of(mode)} in Gb/s and thousands a second, others as a ratio to it:",
             RATIOS, speed),
            ("  time there and back, in microseconds:", TIMES, delay)):
        rows = list(rows_of(results, mode, figures, cell))
        if rows:
            yield title
            yield from (f"    {row}" for row in rows)


def of_goals(judgements):
    order = ("reached", "missed", "few rounds", "not measured")
    count = {v: sum(j.verdict == v for j in judgements) for v in order}
    yield "goals: " + ", ".join(f"{count[v]} {v}" for v in order if count[v])
    for verdict in order[:3]:
        for j in judgements:
            if j.verdict == verdict:
                what = f"{j.goal.kind}, {FIGURES[j.goal.figure].title}, {j.goal.mode}"
                yield (f"    {verdict:10}  {what:38} {with_range(j.measured):20} "
                       f"{j.goal.text}")


def text(results, judgements, left_out):
    lines = [f"medians of {results.rounds()} rounds [minimum..maximum]"]
    for mode in results.modes():
        lines += ["", *of_mode(results, mode)]
    if judgements:
        lines += ["", *of_goals(judgements)]
    if left_out or results.troubles:
        lines += ["", "left out:"] + [f"    {why}" for why in left_out]
        lines += [f"    {why}" for why in results.troubles]
    return "\n".join(lines) + "\n"
