# SPDX-License-Identifier: ISC
"""Figures of the control plane: how fast the agents register nodes.

Every executable in control/ is run once a round, as PROGRAM --build DIR --seconds N, and
prints one figure a line, "KIND FIGURE VALUE", with a FIGURE of figures.py.  It cleans up
after itself, also on SIGTERM, and leaves with status 77 and a reason on its last line
where it cannot run.
"""
import os
import pathlib
import signal
import subprocess

from figures import CONTROL, FIGURES
from line import Trouble

LONGEST = 120


def programs(folder):
    return [p for p in sorted(folder.glob("*")) if p.is_file() and os.access(p, os.X_OK)]


def figures_in(text):
    """(kind, figure, value) of every line."""
    for line in text.splitlines():
        words = line.split()
        if len(words) != 3 or words[1] not in FIGURES:
            raise Trouble(f"no figure: {line}")
        yield words[0], words[1], float(words[2])


def run(program, build, seconds):
    child = subprocess.Popen([program, "--build", build, "--seconds", str(seconds)],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    try:
        told, complaints = child.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        raise Trouble(f"not done in {LONGEST} s") from None
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            child.wait()
    if child.returncode:
        last = (complaints + told).strip().splitlines()[-1:]
        raise Trouble(last[0] if last else f"exit status {child.returncode}")
    return told


def measure(folder, build, seconds, number, results):
    """One round of all of them."""
    for program in programs(folder):
        name = pathlib.Path(program).name
        try:
            for kind, figure, value in figures_in(run(program, build, seconds)):
                results.add(CONTROL, kind, figure, number, value)
        except (Trouble, OSError, ValueError) as why:
            results.troubles.append(f"{name}, round {number + 1}: {why}")
