# SPDX-License-Identifier: MIT
"""Prints what to make before the boot tests run, one line each: "iso APP=demo".

The cases themselves say which images they need, so adding one takes no edit of the Makefile.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent / "tools"), str(HERE)]

from casefile import CaseError, load_case  # noqa: E402  (the path above must come first)
from qemu import IMAGE_TARGET  # noqa: E402

# What the tests in Python start: the runner's own, and the comparisons of PCI topologies.
OTHERS = {(app, "direct") for app in (
    "blkcheck", "chars", "crash", "lspci", "shell", "demo", "hello", "listen", "endure",
    "matrix", "smp")} | {("hello", "iso")}
# Those that serve.
OTHERS |= {("httpd", "direct"), ("netecho", "direct"), ("resolve", "direct")}


def needed():
    """(app, boot) of every variant of every readable case; tests report the unreadable ones."""
    found = set(OTHERS)
    for path in (HERE / "cases").glob("*.case"):
        try:
            variants = load_case(path).variants()
        except CaseError:
            continue
        found |= {(v.settings.get("APP", "demo"), v.settings.get("BOOT", "iso")) for v in variants}
    return found


if __name__ == "__main__":
    for app, target in sorted({(app, IMAGE_TARGET[boot]) for app, boot in needed()}):
        print(f"{target} APP={app}")
