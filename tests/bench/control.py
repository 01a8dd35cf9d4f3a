# SPDX-License-Identifier: ISC
"""Figures of the control plane: how fast the home agent registers nodes.

registrations.py makes them, once a round: one a line, "KIND FIGURE VALUE", with a FIGURE
of figures.py.
"""
import pathlib
import signal
import subprocess

from figures import CONTROL, FIGURES
from line import Trouble

PROGRAM = pathlib.Path(__file__).resolve().parent / "registrations.py"
LONGEST = 120


def figures_in(text):
    """(kind, figure, value) of every line."""
    for line in text.splitlines():
        words = line.split()
        if len(words) != 3 or words[1] not in FIGURES:
            raise Trouble(f"no figure: {line}")
        yield words[0], words[1], float(words[2])


def run(build, seconds):
    child = subprocess.Popen([PROGRAM, "--figures", "--build", build,
                              "--seconds", str(seconds)],
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


def measure(build, seconds, number, results):
    """One round."""
    try:
        for kind, figure, value in figures_in(run(build, seconds)):
            results.add(CONTROL, kind, figure, number, value)
    except (Trouble, OSError, ValueError) as why:
        results.troubles.append(f"{PROGRAM.stem}, round {number + 1}: {why}")
