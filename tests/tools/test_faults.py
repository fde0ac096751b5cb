# SPDX-License-Identifier: MIT
"""docs/faults.md: a row for each code that tests carry, and each row says which kinds show it."""

import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tools"))

from test_list import Entry, all_tests  # noqa: E402  (tools/ is no package)

ROW = re.compile(r"^\| ([BPTRX]\d\d) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
CODE = re.compile(r"(?<![A-Za-z0-9])([BCPRTX]\d\d)(?![A-Za-z0-9])")
NO_TEST = "no test yet"
ROWS = ROW.findall((TREE / "docs/faults.md").read_text(encoding="utf-8"))


def codes_of(test):
    """The codes in its name and in what is said of it."""
    return set(CODE.findall(f"{test.name} {test.description}".replace("_", " ")))


def kinds_by_code(tests):
    """{code: the kinds of the tests that carry it}."""
    kinds = defaultdict(set)
    for test in tests:
        for code in codes_of(test):
            kinds[code].add(test.kind)
    return kinds


KINDS = kinds_by_code(all_tests())


def test_each_code_has_one_row_and_they_are_in_order():
    for letter in "BPTRX":
        codes = [row[0] for row in ROWS if row[0][0] == letter]
        assert codes and codes == sorted(set(codes))


def test_every_code_that_a_test_carries_is_explained():
    """Codes with a C are items of docs/conformance.md."""
    text = (TREE / "docs/conformance.md").read_text(encoding="utf-8")
    known = {row[0] for row in ROWS} | set(re.findall(r"^\| (C\d\d) \|", text, re.MULTILINE))
    assert set(KINDS) <= known


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_row(row):
    code, _, _, shown = row
    assert shown == (", ".join(sorted(KINDS[code])) or NO_TEST), f"make test-list {code}"


@pytest.mark.parametrize("name, codes", [
    ("virtqueue_R12_R29_size_1", {"R12", "R29"}), ("pci_P06_full_house", {"P06"}),
    ("panic_0X01", set()), ("virtio_pci_T021", set()), ("R1", set()),
])
def test_codes_are_found_in_names(name, codes):
    assert codes_of(Entry("host", name, "", 1, "")) == codes
    assert codes_of(Entry("python", "", "", 1, f"{name}: it works.")) == codes
