# SPDX-License-Identifier: MIT
"""docs/conformance.md: all items, everything that a row names, and all that virtio 1.4 demands."""

import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TREE / "tools"), str(TREE / "tests/guests/transport")]

import c_source  # noqa: E402  (tools/ is no package)
import virtio_sections  # noqa: E402  (as above)
from cells import all_cells  # noqa: E402  (nor is tests/guests/transport/)

COLUMNS = ["item", "demand", "status", "where", "shown by"]
STATUSES = ("met", "met (nothing to do)", "not applicable", "not met", "not driven")
# What a demand begins with: the section of 1.2, where it is another one or none; that of 1.4.
SECTION = re.compile(r"(?:(?P<older>-|[\d.]+) / )?(?P<number>\d\.\d+(?:\.\d+)*)[ :]")
NAMED = re.compile(r"`([^`]+)`")
# What a row says instead of a test; the reason has to be more than a word.
NO_TEST = re.compile(r"no test can show it\b.{20}")


def tables_of(text):
    """The tables of items, each a list of rows, each a list of cells."""
    lines = text.splitlines()
    for head, line in enumerate(lines):
        if line != "| " + " | ".join(COLUMNS) + " |":
            continue
        rows = []
        for row in lines[head + 2:]:
            if not row.startswith("|"):
                break
            rows.append([cell.strip() for cell in row.strip("|").split("|")])
        yield rows


TABLES = list(tables_of((TREE / "docs/conformance.md").read_text()))
ROWS = [row for table in TABLES for row in table]


def listed_sections():
    """tests/tools/virtio_sections.txt: by 1.4's number, 1.2's and whether a driver has demands."""
    for line in (TREE / "tests/tools/virtio_sections.txt").read_text().splitlines():
        if not line.startswith("#"):
            number, older, must, _ = line.split(" | ", 3)
            yield number, (older, must != "-")


SECTIONS = dict(listed_sections())


def section_is_right(demand):
    """Whether a demand begins with a section of 1.4, and before it 1.2's number if that differs."""
    section = SECTION.match(demand)
    if not section or section["number"] not in SECTIONS:
        return False
    older = SECTIONS[section["number"]][0]
    return section["older"] == (older if older != section["number"] else None)


def not_named(rows):
    """The sections with demands on a driver that no row names, or stands for as not driven."""
    named = {(SECTION.match(row[1])["number"], row[2] == "not driven") for row in rows}
    return {number for number, (_, demands) in SECTIONS.items() if demands and not any(
        number == name or whole and number.startswith(f"{name}.") for name, whole in named)}


@cache
def functions_in(path):
    """The names of the functions that a file defines."""
    text = (TREE / path).read_text()
    if path.endswith(".py"):
        return set(re.findall(r"^def (\w+)\(", text, re.MULTILINE))
    return {function.name for function in c_source.parse(text).functions}


@cache
def host_tests():
    """The names of the tests in tests/host/."""
    return {name for path in (TREE / "tests/host").rglob("*.c")
            for name in re.findall(r"^TEST\((\w+)\)", path.read_text(), re.MULTILINE)}


@cache
def guards():
    """The names of the guards that are taken out in turn."""
    return {guard["name"] for path in (TREE / "tests/host/guards").glob("*.toml")
            for guard in tomllib.loads(path.read_text())["guard"]}


@cache
def cell_names():
    """The machines of the matrix."""
    return {cell.name for cell in all_cells()}


def missing_in_code(cell):
    """What the column `where` names and the tree has not: paths, and the functions behind each."""
    path = None
    for name in NAMED.findall(cell):
        if "/" in name:
            path = name
            if not (TREE / path).exists():
                yield path
        elif re.fullmatch(r"\w+", name) and path:
            if not (TREE / path).is_file() or name not in functions_in(path):
                yield f"{path}: {name}"
        elif not path:
            yield name


def kind_is_known(name):
    """Whether a test of that name exists: a case, a guard or a cell, or a host test."""
    if name.endswith(".case"):
        return (TREE / "tests/boot/cases" / name).is_file()
    if "-" in name:
        return name in guards() | cell_names()
    return name in host_tests()


def missing_tests(cell):
    """What the column `shown by` names and the tree has not."""
    path = None
    for name in NAMED.findall(cell):
        if "/" in name:
            path = name
            if not (TREE / path).is_file():
                yield path
        elif name.startswith("test_"):
            if not path or name not in functions_in(path):
                yield f"{path}: {name}"
        elif not kind_is_known(name):
            yield name


def test_each_item_once_and_in_order():
    assert [row[0] for row in TABLES[0]] == [f"C{number}" for number in range(1, 76)]
    for table in TABLES[1:]:
        prefix = re.fullmatch(r"([A-Z]+)1", table[0][0])[1]
        assert [row[0] for row in table] == [f"{prefix}{n + 1}" for n in range(len(table))]
    assert len({row[0] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_row(row):
    assert len(row) == len(COLUMNS) and all(row)
    _, demand, status, where, shown = row
    assert section_is_right(demand)
    assert status in STATUSES
    assert not list(missing_in_code(where))
    assert not list(missing_tests(shown))
    if status.startswith("met"):
        assert NAMED.search(where)
        assert NAMED.search(shown) or NO_TEST.search(shown), "shown by nothing, and no reason"


def test_every_section_with_demands_has_a_row():
    assert not not_named(ROWS)


@pytest.mark.parametrize("item, missed", [
    ("GEN3", {"2.12.1.2.5"}), ("C33", {"2.8.11"}), ("NET26", set()),
    ("ND1", {"4.2.2.2", "4.2.3.1.1", "4.2.3.4.1"}),
])
def test_a_row_that_is_taken_out_is_missed(item, missed):
    assert not_named([row for row in ROWS if row[0] != item]) == missed


@pytest.mark.parametrize("section", [
    "a demand", "2.99", "2.1.1 / 2.1.1", "- / 2.1.1", "3.4.1", "5.1.6.1", "5.1.9.1",
    "5.1.6.2 / 5.1.9.1", "5.1.9.1 / 5.1.6.1", "5.1.6.1 / ",
])
def test_a_section_that_is_not_there_is_noticed(section):
    assert not section_is_right(f"{section}: a demand")


def test_sections_are_numbered_as_latex_does(tmp_path):
    """What is included, commented out or without a number in the way; two levels down at once."""
    (tmp_path / "main.tex").write_text(r"""\chapter{First} % \section{No}
\section*{No number}
\input{more.tex}
\chapter{\field{Last} one}
\appendix \section{No}""")
    (tmp_path / "more.tex").write_text(r"""\section{A}\label{sec:a}
\drivernormative{\subsection}{A}{Other
  A} It MUST, MUST NOT, \% SHOULD.
\devicenormative{\paragraph}{A}{A} MUST
\section{B}""")
    sections = virtio_sections.sections_of(tmp_path)
    assert [(s.number, s.title, s.label, s.file) for s in sections] == [
        ("1", "First", "", "main.tex"), ("1.1", "A", "sec:a", "more.tex"),
        ("1.1.1", "Driver Requirements: A", "other a", "more.tex"),
        ("1.1.1.0.1", "Device Requirements: A", "a", "more.tex"),
        ("1.2", "B", "", "more.tex"), ("2", "Last one", "", "main.tex")]
    assert [(s.count("MUST"), s.count("SHOULD")) for s in sections[1:4]] == [
        ("-", "-"), (2, 1), ("-", "-")]


@pytest.mark.parametrize("cell", [
    "`drivers/virtio/absent.c`", "`drivers/virtio/virtio.c`: `no_such_function`",
    "`virtio_dev_probe`, of no file", "`drivers/virtio/virtio.h`: `virtio_reset_device`",
])
def test_code_that_is_not_there_is_noticed(cell):
    assert list(missing_in_code(cell))


@pytest.mark.parametrize("cell", [
    "`virtio_no_such_test`", "guard `no-such-guard`", "`no-such.case`", "`tests/no/such.py`",
    "`test_without_a_file`", "`tests/tools/test_make.py`: `test_no_such_one`",
])
def test_tests_that_are_not_there_are_noticed(cell):
    assert list(missing_tests(cell))


def test_no_virtio_capability_is_written():
    """C54, C63: the virtio drivers read configuration space and never write to it."""
    for path in (TREE / "drivers/virtio").rglob("*.[ch]"):
        text = path.read_text()
        assert "pci_write_config" not in text and "ops->write" not in text, path
