# SPDX-License-Identifier: ISC
"""Goals (goals.txt), and whether the figures of a run reach them.

A goal is reached by the median.  One that holds for fewer rounds than ENOUGH is told as
what it is: a figure, not a verdict.
"""
import re
from collections import namedtuple

ENOUGH = 5

Goal = namedtuple("Goal", "kind mode figure limit base text")
# verdict: "reached", "missed", "few rounds" or "not measured"; measured: a Spread
Judgement = namedtuple("Judgement", "goal verdict measured")

ROW = re.compile(r"(\S+)\s+(\S+)\s+(\S+)\s+((?:at least ([\d.]+) x (\S+))|"
                 r"(?:at most ([\d.]+) us(?: over (\S+))?))$")


def parse(text, groups):
    """Goals of the file's rows; groups: a name there, and the kinds it stands for."""
    goals = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        found = ROW.match(line)
        if not found:
            raise ValueError(f"goals.txt:{number}: not a goal: {line}")
        kinds, modes, figures, words, ratio, other, most, over = found.groups()
        for kind in kinds.split(","):
            for one in groups.get(kind, [kind]):
                goals += [Goal(one, mode, figure, float(ratio or most), other or over,
                               " ".join(words.split()))
                          for mode in modes.split(",") for figure in figures.split(",")]
    return goals


def judge(goal, results):
    cell = (goal.mode, goal.kind, goal.figure)
    at_least = goal.text.startswith("at least")
    if at_least:
        measured = results.ratio(*cell, goal.base)
    elif goal.base:
        measured = results.excess(*cell, goal.base)
    else:
        measured = results.spread(*cell)
    if measured is None:
        return Judgement(goal, "not measured", None)
    if measured.rounds < ENOUGH:
        return Judgement(goal, "few rounds", measured)
    reached = (measured.middle >= goal.limit if at_least else
               measured.middle <= goal.limit)
    return Judgement(goal, "reached" if reached else "missed", measured)
