# SPDX-License-Identifier: MIT
"""tests/README.md: its table names files that there are, and leaves none of the tests out."""

import re
from functools import cache
from itertools import takewhile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
FOLDERS = {"host": "host", "guards": "host/guards", "boot": "boot", "guests": "guests",
           "oracle": "oracle", "device": "device", "tools": "tools"}
KINDS = ("test_*.c", "test_*.py", "*.case", "*.toml")
HEAD = "| subject | " + " | ".join(FOLDERS) + " |"
NAME = re.compile(r"`([^`]+)`")


def rows_of(text):
    """{subject: {column: the names in it}} of the one table with that head."""
    lines = text.splitlines()
    rows = {}
    for line in takewhile(lambda line: line.startswith("|"), lines[lines.index(HEAD) + 2:]):
        subject, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert len(cells) == len(FOLDERS), line
        assert subject not in rows, f"{subject} has two rows"
        rows[subject] = dict(zip(FOLDERS, map(NAME.findall, cells)))
    return rows


@cache
def all_tests():
    """Every file that is a test or holds some, and the programs that tests boot."""
    found = {path for kind in KINDS for path in TESTS.rglob(kind)}
    return found | set((TESTS / "guests").glob("*.c"))


def files_of(name, column):
    """The tests that a name in a column stands for; a program may have parts of the same name."""
    return set((TESTS / FOLDERS[column]).rglob(name)) & all_tests()


ROWS = rows_of((TESTS / "README.md").read_text(encoding="utf-8"))
NAMES = sorted({(column, name) for row in ROWS.values() for column, names in row.items()
                for name in names})


def test_each_name_is_that_of_a_file():
    for column, name in NAMES:
        found = files_of(name, column)
        assert len(found) == 1 or ("*" in name and found), f"{column}: {name}: {found}"


def test_every_test_is_in_the_table():
    named = {path for column, name in NAMES for path in files_of(name, column)}
    assert not sorted(str(path.relative_to(TESTS)) for path in all_tests() - named)


def test_each_subject_has_a_test():
    headings = [subject for subject, row in ROWS.items() if not any(row.values())]
    assert all(subject.startswith("**") for subject in headings), headings
    assert len(headings) < len(ROWS)


def test_a_row_is_read():
    row = "| rings | `a.c`, `b*.c` | | | | | | `c.py` |"
    rows = rows_of("\n".join(["text", HEAD, "| --- |", row, "", "| no row |"]))
    assert rows == {"rings": {"host": ["a.c", "b*.c"], "guards": [], "boot": [], "guests": [],
                              "oracle": [], "device": [], "tools": ["c.py"]}}
