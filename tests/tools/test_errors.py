# SPDX-License-Identifier: MIT
"""Every error code that the sources print is explained in docs/errors.md, and no other one is."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRINTED = re.compile(r'"(E\d\d) ')
EXPLAINED = re.compile(r"^\| (E\d\d) \|", re.MULTILINE)


def printed_codes():
    """The codes that open a string in the kernel's sources."""
    sources = [path for folder in ("kernel", "drivers", "net", "apps")
               for path in (ROOT / folder).rglob("*.[ch]")]
    return {code for path in sources for code in PRINTED.findall(path.read_text())} | {
        code for path in sources for code in re.findall(r"\b(E\d\d) [a-z]", path.read_text())}


def test_printed_codes_are_explained_and_explained_codes_are_printed():
    explained = EXPLAINED.findall((ROOT / "docs/errors.md").read_text())
    assert len(explained) == len(set(explained)), "a code is explained twice"
    assert printed_codes() == set(explained)
