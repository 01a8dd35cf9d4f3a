# SPDX-License-Identifier: ISC
"""What the lints share: the tree to look at, and their results as TAP.

SJ_SRC and SJ_BUILD say which tree and which build; tests/lint/planted points them
at small trees with one fault each, to see every lint fail.
"""
import os
import pathlib
import re
import sys

SRC = pathlib.Path(os.environ.get("SJ_SRC") or pathlib.Path(__file__).resolve().parents[2])
BUILD = pathlib.Path(os.environ.get("SJ_BUILD") or SRC / "build")

PRODUCT = ("common", "ha", "fa", "mn-sim")
PURE_FOLDERS = ("common/base", "common/wire", "common/security", "common/tunnel",
                "common/keying", "common/agent")
CORE_FOLDERS = ("ha", "fa", "mn-sim")


class Tap:
    """Results of one lint; "with" prints the plan and sets the exit status."""

    def __init__(self):
        self.count = 0
        self.bad = 0

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            print(f"1..{self.count}")
            sys.exit(1 if self.bad else 0)

    def _line(self, word, text):
        self.count += 1
        print(f"{word} {self.count} - {text}", flush=True)

    def check(self, text, faults):
        """Passed if the list of faults is empty; prints them otherwise."""
        for fault in faults:
            print(f"# {fault}")
        self._line("not ok" if faults else "ok", text)
        self.bad += bool(faults)

    def skip(self, text, why):
        self._line("ok", f"{text} # SKIP {why}")

    def check_or_skip(self, text, seen, faults):
        """As check, but looking at nothing is not passing."""
        if seen:
            self.check(f"{text} ({seen} seen)", faults)
        else:
            self.skip(text, "nothing to check yet")


def files(suffixes, folders=PRODUCT + ("tests",)):
    """Files of the tree with these suffixes, as paths relative to SRC."""
    found = []
    for folder in folders:
        found += [p.relative_to(SRC) for p in (SRC / folder).rglob("*")
                  if p.suffix in suffixes and p.is_file()]
    return sorted(found)


def text_of(path):
    return (SRC / path).read_text(errors="replace")


def without_comments(text):
    """C text with comments and strings blanked, lines kept."""
    def blank(found):
        whole = found.group(0)
        if whole.startswith("/"):
            return re.sub(r"[^\n]", " ", whole)
        return whole[0] + " " * (len(whole) - 2) + whole[-1]
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, blank, text, flags=re.S)


def listed_in(variable, fragment):
    """Words a module.mk adds to a variable."""
    path = SRC / fragment
    if not path.exists():
        return set()
    joined = path.read_text().replace("\\\n", " ")
    words = set()
    for line in re.findall(rf"^{variable}\s*\+?=(.*)$", joined, re.M):
        words.update(line.split())
    return words


def is_pure(path):
    """A file of the pure ring: by its folder, or as a core by its module.mk."""
    folder = str(path.parent)
    if folder in PURE_FOLDERS:
        return True
    if folder not in CORE_FOLDERS:
        return False
    pure = listed_in("pure_sources", f"{folder}/module.mk")
    source = path.with_suffix(".c")
    if path.suffix != ".c" and not (SRC / source).exists():
        return str(path) not in listed_in("edge_sources", f"{folder}/module.mk")
    return str(source) in pure
