#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lists the tests whose name, file or description contains each of the words; without a word, all.

    make test-list WORD

Prints one line per test: its kind, its name, file:line. Case does not matter, nor whether words are
joined by "-" or "_". A code such as R07 or C5 is only found whole. The description is the comment
directly above a host test, the docstring of a Python test, the head of a boot case with its tags,
and for a guard the file that it is in and the host tests that miss it. No test is run for this.
"""

import ast
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent
sys.path.append(str(TREE / "tests/guests/transport"))

from cells import ROWS  # noqa: E402  (the path above must come first)

# An optional comment that ends on the line above, then the test: a macro and its first argument.
HOST_TEST = re.compile(r"(?:^/\*((?:(?!\*/).)*)\*/\n)?^(\w+)\((\w+)", re.MULTILINE | re.DOTALL)
# A macro that makes tests whose names begin alike.
HOST_MACRO = re.compile(r"^#define (\w+)\((\w+).*\\\n\s*TEST\((\w+)##\2\)", re.MULTILINE)
CODE = re.compile(r"[a-z]\d{1,2}")


@dataclass(frozen=True)
class Entry:
    """One line of the list, and what is said of the test where it stands."""

    kind: str
    name: str
    path: str
    line: int
    description: str

    def contains(self, word):
        """Whether the word is in it; a code must not be part of a longer word or number."""
        text = plain(f"{self.name} {self.path} {self.description}")
        if CODE.fullmatch(plain(word)):
            return bool(re.search(rf"(?<![a-z0-9]){plain(word)}(?![a-z0-9])", text))
        return plain(word) in text


def plain(text):
    """What is compared."""
    return text.lower().replace("-", "_")


def line_of(text, position):
    """The number of the line that a position is in."""
    return text.count("\n", 0, position) + 1


def files(tree, pattern):
    """(path below the tree, content) of each file, in order."""
    for path in sorted(tree.glob(pattern)):
        yield path.relative_to(tree).as_posix(), path.read_text(encoding="utf-8")


def host_tests(tree):
    """TEST(name) in C, also by way of a macro."""
    for path, text in files(tree, "tests/host/*/test_*.c"):
        prefixes = {"TEST": "", **{found[1]: found[3] for found in HOST_MACRO.finditer(text)}}
        for found in HOST_TEST.finditer(text):
            if found[2] in prefixes:
                name = prefixes[found[2]] + found[3]
                yield Entry("host", name, path, line_of(text, found.start(2)), found[1] or "")


def guards(tree):
    """The checks that are taken out in turn."""
    for path, text in files(tree, "tests/host/guards/*.toml"):
        for guard in tomllib.loads(text)["guard"]:
            line = line_of(text, text.index(f'name = "{guard["name"]}"'))
            description = " ".join([guard["file"], *guard["tests"]])
            yield Entry("guard", guard["name"], path, line, description)


def boot_cases(tree):
    """Transcripts; the head is what stands before the first section."""
    for path, text in files(tree, "tests/boot/cases/*.case"):
        yield Entry("case", Path(path).stem, path, 1, text.partition("\n---")[0])


def python_tests(tree):
    """Functions that pytest calls; one with parameters counts once."""
    for path, text in files(tree, "tests/**/test_*.py"):
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                description = ast.get_docstring(node) or ""
                yield Entry("python", node.name, path, node.lineno, description)


def matrix_cells(tree):
    """The machines of the matrix, each at the function that makes it."""
    path = (tree / "tests/guests/transport/cells.py").relative_to(tree).as_posix()
    for row in ROWS:
        for cell in row():
            tags = "" if cell.sample else "full"
            yield Entry("cell", cell.name, path, row.__code__.co_firstlineno, tags)


def all_tests(tree=TREE):
    """Every test, kind by kind."""
    for tests_of in (host_tests, guards, boot_cases, python_tests, matrix_cells):
        yield from tests_of(tree)


def main(words):
    """Prints the list, and how long it is."""
    tests = [test for test in all_tests() if all(map(test.contains, words))]
    width = max((len(test.name) for test in tests), default=0)
    for test in tests:
        print(f"{test.kind:6}  {test.name:{width}}  {test.path}:{test.line}")
    print(f"{len(tests)} test{'s' * (len(tests) != 1)}" + " with " * bool(words) + ", ".join(words))


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]).split())
