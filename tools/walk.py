#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads docs/walk.md, which names every hop of two ways through the code, and holds it to the code.

    tools/walk.py            prints both ways with line numbers
    tools/walk.py --check    file:line: what; exit 1 if a hop is not there or a way has grown

A row is | `file:function` | from | what it does | section |. `from` is the function of an earlier
row that calls it, or nothing where a way begins. A pointer between them is named: `virtqueue_add`
via `vq->ops->add` of `vring_split_ops`; so is what a CPU does when an interrupt comes: `wait_event`
at `cpu_halt`. Functions that do a part of a row end its text: (with `enter`, `kernel/smp.c:wake`).
Inline functions of headers are listed below the table, in the line that begins with INLINE.
"""

import re
import shutil
import signal
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import c_source

TREE = Path(__file__).resolve().parent.parent
PAGE = "docs/walk.md"
INLINE = "Inline functions of headers on this way:"
FOLDERS = ("apps", "boot", "drivers", "kernel")

# What a way may cost at most: a change that needs more has to say so here.
FIGURES = ("hops", "functions", "files", "changes of file", "calls through pointers")
BUDGET = {
    "From power-on to DRIVER_OK": (51, 82, 29, 45, 17),
    "A request, there and back": (30, 39, 13, 27, 9),
}

NAMED = re.compile(r"`([\w./-]+):(\w+)`")
ROW = re.compile(r"^\| `([\w./-]+):(\w+)` \|([^|]*)\|([^|]*)\|([^|]*)\|$")
FROM = re.compile(r"`(\w+)`(?: (via|at) `([^`]+)`(?: of `(\w+)`)?)?")
WITH = re.compile(r"\(with ([^()]*)\)$")
LABEL = re.compile(r"^([A-Za-z_]\w*):", re.MULTILINE)


@dataclass
class Row:
    """One hop; `line` is that of the page."""

    line: int
    path: str
    name: str
    origin: str
    what: str
    section: str
    parts: list = field(default_factory=list)  # (path, name) of the functions within it
    depth: int = 0

    @property
    def place(self):
        """Where it is."""
        return self.path, self.name

    def code(self):
        """That of the row's function and of its parts."""
        places = [self.place, *self.parts]
        return " ".join(functions_of(path).get(name, (0, ""))[1] for path, name in places)


@dataclass
class Way:
    """One table."""

    title: str
    rows: list = field(default_factory=list)
    inline: list = field(default_factory=list)

    def functions(self):
        """(path, name) of each function once, in the order in which they are entered."""
        places = (place for row in self.rows for place in [row.place, *row.parts])
        return [place for place in dict.fromkeys(places) if not place[0].endswith(".h")]

    def figures(self):
        """What the way costs, in the order of FIGURES."""
        files = [path for path, _ in self.functions()]
        changes = sum(a != b for a, b in zip(files, files[1:]))
        pointers = sum(" via " in row.origin for row in self.rows)
        return len(self.rows), len(files), len(set(files)), changes, pointers


def code_of(text):
    """C without comments, strings and needless blanks."""
    kinds = ("word", "number", "mark")
    words = " ".join(token.text for token in c_source.tokens_of(text) if token.kind in kinds)
    return re.sub(r"(?<!\w) | (?!\w)", "", words)


@cache
def functions_of(path):
    """{name: (line, code)} of a file; in assembly, of what lies behind each label."""
    text = (TREE / path).read_text(encoding="utf-8") if (TREE / path).is_file() else ""
    found = {}
    if path.endswith(".S"):
        text = re.sub(r"(?s)/\*.*?\*/", lambda comment: "\n" * comment[0].count("\n"), text)
        labels = [*LABEL.finditer(text), None]
        for label, following in zip(labels, labels[1:]):
            end = following.end() if following else len(text)  # one falls through to the next
            found[label[1]] = (text.count("\n", 0, label.start()) + 1, text[label.end():end])
        return found
    lines = text.split("\n")
    for function in c_source.parse(text).functions:
        line = function.first
        while line > 1 and f"{function.name}(" not in lines[line - 1]:
            line -= 1
        found[function.name] = (line, code_of("\n".join(lines[line:function.last])))
    return found


@cache
def sources():
    """{path: text} of the kernel's C."""
    paths = (path for name in FOLDERS for path in sorted((TREE / name).rglob("*.[ch]")))
    return {path.relative_to(TREE).as_posix(): path.read_text(encoding="utf-8") for path in paths}


@cache
def macros():
    """{name: what it stands for} of the headers."""
    define = re.compile(r"^#define (\w+)\(((?:\\\n|.)*)$", re.MULTILINE)
    return {name: text for path in sources() if path.endswith(".h")
            for name, text in define.findall(sources()[path])}


@cache
def address_is_taken(name, table):
    """Whether `name` is stored or passed somewhere: in `table`, if that is given."""
    before = rf"\b{table}\b[^;{{}}]*=\s*{{(?:[^{{}}]|{{[^{{}}]*}})*?" if table else r"[,({=&?:]\s*"
    taken = re.compile(rf"{before}(?<!\w){name}\b(?!\s*\()")
    return any(name in text and taken.search(text) for text in sources().values())


def calls(row, name):
    """Whether a row calls a function: in C by its name or by a macro of that meaning."""
    if row.path.endswith(".S"):
        return bool(re.search(rf"\b{name}\b", row.code()))
    return bool(re.search(rf"(?<![\w.>]){name}\(", row.code())) or any(
        re.search(rf"\b{name}\b", macros()[word])
        for word in re.findall(r"(\w+)\(", row.code()) if word in macros())


def missing_link(caller, row):
    """Why `caller` does not lead to `row`: a list of one reason, or of none."""
    _, kind, expression, table = FROM.fullmatch(row.origin).groups()
    if kind is None:
        return [] if calls(caller, row.name) else [f"{caller.name} does not call {row.name}"]
    if not re.search(rf"(?<![\w.>]){re.escape(expression)}\(", caller.code()):
        return [f"{caller.name} has no call by {expression}"]
    if kind == "via" and not address_is_taken(row.name, table):
        return [f"{row.name} is not in {table}" if table else f"nothing points to {row.name}"]
    return []


def read_ways(text):
    """The tables of the page."""
    ways, way = [], None
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("## "):
            way = Way(line[3:])
        found = ROW.match(line)
        if found:
            ways += [] if way.rows else [way]
            row = Row(number, *(cell.strip() for cell in found.groups()))
            within = WITH.search(row.what)
            for name in re.findall(r"`([^`]+)`", within[1]) if within else ():
                row.parts.append(tuple(name.split(":")) if ":" in name else (row.path, name))
            way.rows.append(row)
        elif line.startswith(INLINE):
            way.inline = re.findall(r"`(\w+)`", text[text.index(line):].split("\n\n", 1)[0])
    return ways


def check_way(way):
    """(line, what) of each row that the code does not bear out; sets depths."""
    earlier = {}
    for row in way.rows:
        missing = [f"{path}: no {name}" for path, name in [row.place, *row.parts]
                   if name not in functions_of(path)]
        origin = FROM.fullmatch(row.origin)
        if (earlier and not origin) or not row.section:
            missing.append("want | `file:function` | `from` | what it does | section |")
        elif origin and origin[1] not in earlier:
            missing.append(f"from {origin[1]}, which is in no row above")
        elif origin and not missing:
            row.depth = earlier[origin[1]].depth + (not row.path.endswith(".S"))
            missing += missing_link(earlier[origin[1]], row)
        earlier[row.name] = row
        missing += [f"{row.name} does not call {name}" for _, name in row.parts
                    if not missing and not calls(row, name)]
        yield from ((row.line, what) for what in missing)


def check_budget(way):
    """(line, what) of each figure that is not what BUDGET has for this way."""
    for figure, value, most in zip(FIGURES, way.figures(), BUDGET.get(way.title, (0,) * 5)):
        if value != most:
            advice = "at most" if value > most else "write that into BUDGET of tools/walk.py, for"
            yield way.rows[0].line, f"{way.title}: {value} {figure} ({advice} {most})"


def violations(text):
    """(line, what) of all that is wrong with the page."""
    ways = read_ways(text)
    if [way.title for way in ways] != list(BUDGET):
        yield 1, f"want these ways: {', '.join(BUDGET)}"
    for way in ways:
        yield from check_way(way)
        yield from check_budget(way)
    for number, line in enumerate(text.split("\n"), 1):
        for path, name in NAMED.findall(line):
            if not line.startswith("| ") and name not in functions_of(path):
                yield number, f"{path}: no {name}"


def print_way(way):
    """A way as an indented list, a hop a line."""
    list(check_way(way))
    width = shutil.get_terminal_size((1000, 24)).columns  # where there is no terminal, all of it
    print(f"{way.title}\n")
    for row in way.rows:
        line = functions_of(row.path).get(row.name, (0,))[0]
        by = re.search(r"(?:via|at) `[^`]+`", row.origin)
        text = " " * row.depth + row.name + (f" [{by[0]}]" if by else "") + "  " + row.what
        text += f" [{row.section}]" if row.section != "-" else ""
        print((f"{row.path}:{line}".ljust(50) + re.sub(r"`|\*\*", "", text))[:width])
    print("\n" + ", ".join(f"{n} {figure}" for n, figure in zip(way.figures(), FIGURES)) + "\n")


def main(arguments):
    """Prints the ways or, with --check, what is wrong with them."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as `make walk | head` wants it
    text = (TREE / PAGE).read_text(encoding="utf-8")
    found = list(violations(text)) if "--check" in arguments else []
    for line, what in found:
        print(f"{PAGE}:{line}: {what}")
    for way in () if "--check" in arguments else read_ways(text):
        print_way(way)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
