# SPDX-License-Identifier: MIT
"""Reads transcript cases (README.md here has the format); a mistake is told as file:line."""

import ast
import itertools
import re
from dataclasses import dataclass, field, replace

from knobs import KNOBS

OUTCOMES = ("ok", "fail", "panic", "stop", "timeout", "reset", "off", "killed", "qemu")
SECTIONS = ("expect", "forbid", "count", "check")
SINGLE = ("CMDLINE", "QEMU_ARGS")  # knobs whose text may hold a '|' of its own
TEMPLATE_PARTS = re.compile(r"\{(\*|[a-z_][a-z0-9_]*)\}")
CHECK_NODES = (
    ast.Expression, ast.Compare, ast.BinOp, ast.Name, ast.Load, ast.Constant,
    ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq,
    ast.Add, ast.Sub, ast.Mult, ast.FloorDiv,
)


class CaseError(Exception):
    """The case file is wrong, not the kernel."""


@dataclass(frozen=True)
class Pattern:
    """One line as the case wants it."""

    where: str
    text: str
    regex: re.Pattern
    follows: bool = False

    def match(self, line):
        """The match of a whole line, or None."""
        return self.regex.fullmatch(line)


@dataclass(frozen=True)
class Count:
    """How many lines of the transcript match."""

    pattern: Pattern
    least: int
    most: int


@dataclass(frozen=True)
class Check:
    """An arithmetic comparison of captured numbers."""

    where: str
    text: str


@dataclass
class Case:
    """A case file, before its knobs are multiplied out."""

    name: str
    settings: dict = field(default_factory=dict)
    outcome: str = "ok"
    tags: tuple = ()
    expect: list = field(default_factory=list)
    forbid: list = field(default_factory=list)
    count: list = field(default_factory=list)
    check: list = field(default_factory=list)

    def variants(self):
        """A case for each combination of the values that a '|' separates."""
        lists = [[(knob, value) for value in values] for knob, values in self.settings.items()]
        for combination in itertools.product(*lists):
            varied = [value for knob, value in combination if len(self.settings[knob]) > 1]
            name = self.name + (f"[{'-'.join(varied)}]" if varied else "")
            yield replace(self, name=name, settings=dict(combination))


def exact(text):
    """Byte for byte."""
    return re.escape(text)


def template(text):
    """{name} stands for a decimal number, to be named in a check; {*} for anything."""
    parts, end = [], 0
    for found in TEMPLATE_PARTS.finditer(text):
        parts.append(re.escape(text[end:found.start()]))
        parts.append(".*" if found[1] == "*" else rf"(?P<{found[1]}>\d+)")
        end = found.end()
    return "".join(parts) + re.escape(text[end:])


FORMS = {"= ": exact, "~ ": str, "% ": template}


def parse_pattern(text, where):
    """A line of a section: an optional mark, then what it says."""
    follows = text.startswith("+ ")
    body = text[2:] if follows else text
    form = FORMS.get(body[:2])
    source = form(body[2:]) if form else exact(body)
    try:
        return Pattern(where, text, re.compile(source), follows)
    except re.error as error:
        raise CaseError(f"{where}: not a regular expression: {error}") from None


def parse_expect(case, text, where):
    """A line that must come, after the one before it."""
    pattern = parse_pattern(text, where)
    if pattern.follows and not case.expect:
        raise CaseError(f"{where}: '+' follows a line, but this is the first")
    case.expect.append(pattern)


def parse_forbid(case, text, where):
    """A line that must not come, anywhere."""
    pattern = parse_pattern(text, where)
    if pattern.follows:
        raise CaseError(f"{where}: '+' has no meaning here: a forbidden line follows nothing")
    case.forbid.append(pattern)


def parse_count(case, text, where):
    """N, N+ or N-M, then the pattern."""
    found = re.fullmatch(r"(\d+)(\+|-(\d+))? (.+)", text)
    if not found:
        raise CaseError(f"{where}: want a count (8, 1+ or 0-3), a space, and a line to count")
    least = int(found[1])
    most = {None: least, "+": None}.get(found[2], int(found[3] or 0))
    case.count.append(Count(parse_pattern(found[4], where), least, most))


def parse_check(case, text, where):
    """A comparison, such as interrupts <= requests."""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        tree = None
    if not tree or not isinstance(tree.body, ast.Compare):
        raise CaseError(f"{where}: want a comparison, such as interrupts <= requests")
    if not all(isinstance(node, CHECK_NODES) for node in ast.walk(tree)):
        raise CaseError(f"{where}: only names, numbers, + - * // and comparisons are known here")
    case.check.append(Check(where, text))


PARSERS = {
    "expect": parse_expect, "forbid": parse_forbid, "count": parse_count, "check": parse_check,
}


def parse_setting(case, text, where):
    """A header line: a knob, or exit or tags."""
    key, equals, value = (part.strip() for part in text.partition("="))
    if not equals:
        raise CaseError(f"{where}: want key = value, or a section such as --- expect")
    if key == "exit":
        if value not in OUTCOMES:
            raise CaseError(f"{where}: exit = {value}: choices: {', '.join(OUTCOMES)}")
        case.outcome = value
    elif key == "tags":
        case.tags = tuple(value.replace(",", " ").split())
    elif key in KNOBS:
        case.settings[key] = parse_values(key, value, where)
    else:
        raise CaseError(f"{where}: unknown key {key}; known: exit, tags, {', '.join(KNOBS)}")


def parse_values(key, value, where):
    """The values of a knob, each checked here, where the line is known."""
    values = [value] if key in SINGLE else [one.strip() for one in value.split("|")]
    for one in values:
        try:
            KNOBS[key][1](one)
        except ValueError as error:
            raise CaseError(f"{where}: {key}={one}: {error}") from None
    return values


def section_name(text, where):
    """What a --- line opens."""
    name = text[3:].strip()
    if name not in SECTIONS:
        raise CaseError(f"{where}: unknown section {name}; known: {', '.join(SECTIONS)}")
    return name


def check_names(case):
    """Every name in a check is captured, once, by an expected line."""
    names = [name for pattern in case.expect for name in pattern.regex.groupindex]
    for name in names:
        if names.count(name) > 1:
            raise CaseError(f"{case.name}: {{{name}}} is captured by two lines")
    for check in case.check:
        for node in ast.walk(ast.parse(check.text, mode="eval")):
            if isinstance(node, ast.Name) and node.id not in names:
                raise CaseError(f"{check.where}: no expected line captures {node.id}")


def parse_case(text, name, shown):
    """The case in `text`; `shown` is how its file is called in messages."""
    case = Case(name)
    parse = parse_setting
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{shown}:{number}"
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("---"):
            parse = PARSERS[section_name(line, where)]
        else:
            parse(case, line, where)
    if not case.expect:
        raise CaseError(f"{shown}: expects no line; a case that cannot fail proves nothing")
    check_names(case)
    return case


def load_case(path):
    """The case in a file."""
    shown = f"{path.parent.name}/{path.name}"
    return parse_case(path.read_text(encoding="utf-8"), path.stem, shown)
