#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the norms that CONTRIBUTING.md promises, and prints a line for each that is not kept.

    tools/style.py [ROOT]        file:line: what (norm), then the numbers; exit 1 if there is any

What clang-format and shellcheck know is left to them, when they are there.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import c_source
import walk

FOLDERS = ["boot", "kernel", "drivers", "net", "apps", "qemu", "tests", "tools"]
CI_ENTRY = ".ci/run"
C_SUFFIXES = (".c", ".h", ".S")
TEXT_SUFFIXES = C_SUFFIXES + (".py", ".sh", ".ld", ".awk", ".mk")

WIDTH = 100
FILE_LINES = 400
FUNCTION_MEDIAN, FUNCTION_P90, FUNCTION_MAX = 15, 40, 60
NESTING = 3
# A backtrace prints a static function's name and nothing of its file.
NAMED_ONCE = ("kernel/", "drivers/", "net/")
LICENCES = [("qemu/", "GPL-2.0-or-later"), ("", "MIT")]
# QEMU's headers and macros are laid out in QEMU's way; the device's files are not compared.
NOT_CLANG_FORMATTED = ("qemu/",)
CLANG_FORMAT_VERSION = "14"
# A change under qemu/ would rebuild QEMU, so its messages are left as they are.
SPLIT_MESSAGES = ("qemu/",)
# A sourced file of the system (os-release) differs from one to the next, and is not followed.
SHELLCHECK = ["shellcheck", "--norc", "-f", "gcc", "-x", "-P", "SCRIPTDIR", "-e", "SC1091"]

# A message is one string, so that a user who greps for it finds it. It alone may make a line long.
STRING_ALONE = re.compile(r'\s*(?:\w+\()?"(?:[^"\\]|\\.)*"[\s,;)}]*')
# What may be continued by another string: a line of text, and a hexadecimal escape.
STRING_ENDS = re.compile(r'(?:\\n|\\x[0-9a-fA-F]+)"$')

TODO = re.compile(r"\b(TODO|FIXME|XXX)\b(?!\(\w[^)]*\))")
C_CODE = re.compile(
    r"""^(?:(?:if|for|while|switch)\s*\(.*\)\s*\{?      # if (x) {
        |(?:return|break|continue|goto)\b[^.,]*;         # return x;
        |[\w>.\[\]*&()-]+\s*[-+|&^]?=\s*[^=;]+;          # x->y = z;
        |\w+\([^;]*\);                                   # call(x);
        |(?:static|const|struct|unsigned|int|u8|u16|u32|u64|void|char|bool)\b[^.,]*;
        |\#\s*(?:include|define|if|ifdef|endif)\b.*)$""",
    re.VERBOSE,
)
PYTHON_CODE = re.compile(
    r"""^(?:[\w.\[\]]+\s*=\s*[\w"'(\[{].*|[\w.]+\(.*\)|(?:def|class)\s\w+.*:|return\s\w+\(.*\)
        |(?:from\s\S+\s)?import\s\w+|(?:if|for|while)\s.*:)$""",
    re.VERBOSE,
)


class Report:
    """Collects violations and the numbers of the summary."""

    def __init__(self):
        self.violations = []
        self.functions = []
        self.statics = {}
        self.files = 0
        self.notes = []

    def add(self, path, line, what):
        """One violation."""
        self.violations.append((path, line, what))


def source_files(root):
    """Every text file the norms are about, as paths from `root`."""
    if (root / CI_ENTRY).is_file():
        yield CI_ENTRY
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in TEXT_SUFFIXES and path.is_file():
                yield path.relative_to(root).as_posix()


def check_lines(report, path, text):
    """Width, blanks at line ends, the last newline, the number of lines."""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        width = len(line.expandtabs(8))
        if width > WIDTH and not STRING_ALONE.fullmatch(line):
            report.add(path, number, f"line of {width} columns (at most {WIDTH})")
        if line != line.rstrip():
            report.add(path, number, "blanks at the end of the line (none)")
    if lines[-1]:
        report.add(path, len(lines), "no newline at the end of the file")
    elif text.endswith("\n\n"):
        report.add(path, len(lines) - 1, "empty lines at the end of the file (none)")
    if len(lines) - 1 > FILE_LINES:
        report.add(path, len(lines) - 1, f"file of {len(lines) - 1} lines (at most {FILE_LINES})")


def check_licence(report, path, text):
    """An SPDX line among the first two, with the licence of its folder."""
    licence = next(licence for prefix, licence in LICENCES if path.startswith(prefix))
    head = "\n".join(text.split("\n")[:2])
    if f"SPDX-License-Identifier: {licence}" not in head:
        report.add(path, 1, f"no SPDX-License-Identifier: {licence} in the first two lines")


def check_comment(report, path, line, text, code):
    """A to-do has an owner, and code that is out is out."""
    for offset, row in enumerate(text.split("\n")):
        prose = row.strip().lstrip("/*#").rstrip("*/").strip()
        if TODO.search(row):
            report.add(path, line + offset, "to-do without an owner (write TODO(name))")
        if code.match(prose):
            report.add(path, line + offset, f"commented-out code (none): {prose}")


def check_guard(report, path, source, guards):
    """A header opens with #ifndef X, #define X, and no other header has the same X."""
    texts = [directive.text.split() for directive in source.directives[:2]]
    names = [words[1] for words in texts if len(words) > 1]
    if [words[0] for words in texts] != ["#ifndef", "#define"] or len(set(names)) != 1:
        report.add(path, 1, "no header guard (#ifndef X, #define X)")
    elif names[0] in guards:
        report.add(path, 1, f"header guard {names[0]} is also {guards[names[0]]}'s")
    else:
        guards[names[0]] = path


def check_function(report, path, function, directives):
    """Length, nesting, and no conditional compilation inside."""
    report.functions.append(function.length)
    if function.length > FUNCTION_MAX:
        what = f"{function.name} has {function.length} lines (at most {FUNCTION_MAX})"
        report.add(path, function.first, what)
    depth, line = function.deepest
    if depth > NESTING:
        report.add(path, line, f"{function.name} nests {depth} deep (at most {NESTING})")
    for directive in directives:
        inside = function.first < directive.line < function.last
        if inside and re.match(r"\s*#\s*if", directive.text):
            report.add(path, directive.line, f"#if inside {function.name} (none in functions)")


def check_static_name(report, path, function):
    """More than one word, and no other file's: a backtrace prints nothing else."""
    if "_" not in function.name.strip("_"):
        report.add(path, function.first, f"static {function.name} is one word (at least two)")
    first = report.statics.setdefault(function.name, path)
    if first != path:
        report.add(path, function.first, f"static {function.name} is also {first}'s")


def check_strings(report, path, text):
    """A message is not split over several strings."""
    before = None
    for token in c_source.tokens_of(text):
        if token.kind == "comment":
            continue
        is_text = token.kind == "string" and token.text.startswith('"')
        if is_text and before and not STRING_ENDS.search(before):
            report.add(path, token.line, "message split over two strings (one, greppable)")
        before = token.text if is_text else None


def check_c(report, path, text, guards):
    """The rules for C."""
    source = c_source.parse(text)
    if not path.startswith(SPLIT_MESSAGES):
        check_strings(report, path, text)
    for comment in source.comments:
        check_comment(report, path, comment.line, comment.text, C_CODE)
    for directive in source.directives:
        if re.match(r"\s*#\s*if\s+0\b", directive.text):
            report.add(path, directive.line, "commented-out code (none): #if 0")
    for function in source.functions:
        check_function(report, path, function, source.directives)
        if function.static and path.startswith(NAMED_ONCE) and path.endswith(".c"):
            check_static_name(report, path, function)
    if path.endswith(".h"):
        check_guard(report, path, source, guards)


def check_python(report, path, text):
    """The rules for Python: a function's length, and comments."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION_MAX:
                what = f"{node.name} has {length} lines (at most {FUNCTION_MAX})"
                report.add(path, node.lineno, what)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            check_comment(report, path, token.start[0], token.string, PYTHON_CODE)


def check_file(report, root, path, guards):
    """Everything about one file."""
    text = (root / path).read_text(encoding="utf-8")
    report.files += 1
    check_lines(report, path, text)
    check_licence(report, path, text)
    if path.endswith((".c", ".h")):
        check_c(report, path, text, guards)
    elif path.endswith(".py"):
        check_python(report, path, text)
    else:
        for number, line in enumerate(text.split("\n"), 1):
            if TODO.search(line):
                report.add(path, number, "to-do without an owner (write TODO(name))")


def check_distribution(report):
    """The norms that are about all functions together."""
    lengths = sorted(report.functions)
    if not lengths:
        return
    median, p90 = lengths[(len(lengths) - 1) // 2], lengths[(len(lengths) - 1) * 9 // 10]
    for name, value, norm in (("median", median, FUNCTION_MEDIAN), ("p90", p90, FUNCTION_P90)):
        if value > norm:
            report.add("(all C)", 0, f"function length: {name} is {value} (at most {norm})")
    report.notes.append(
        f"{len(lengths)} C functions: median {median} lines, p90 {p90}, longest {lengths[-1]}"
    )


def run(command):
    """(exit status, output) of a command, or None when it is not installed."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return done.returncode, done.stdout


def clang_format():
    """(the command of the version we compare with, or None; why not)."""
    for command in (f"clang-format-{CLANG_FORMAT_VERSION}", "clang-format"):
        answer = run([command, "--version"])
        if answer and re.search(rf"version {CLANG_FORMAT_VERSION}\.", answer[1]):
            return command, ""
    found = re.search(r"version (\S+)", answer[1]) if answer else None
    have = f"version {found.group(1)} is here" if found else "it is not installed"
    return None, f"clang-format {CLANG_FORMAT_VERSION} wanted, {have}: layout not compared"


def check_clang_format(report, root, paths):
    """Layout, as .clang-format has it."""
    files = [p for p in paths if p.endswith((".c", ".h")) and not p.startswith(NOT_CLANG_FORMATTED)]
    command, why_not = clang_format()
    if not command:
        report.notes.append(why_not)
        return
    if not files:
        return
    dry_run = [command, "--dry-run", "--ferror-limit=1", *(str(root / p) for p in files)]
    for line in run(dry_run)[1].splitlines():
        found = re.match(r"(.*):(\d+):\d+: warning: ", line)
        if found:
            path = Path(found.group(1)).relative_to(root).as_posix()
            report.add(path, int(found.group(2)), f"layout (clang-format -i {path})")


def check_shell(report, root, paths):
    """What shellcheck says about the shell scripts."""
    files = [str(root / path) for path in paths if path.endswith((".sh", CI_ENTRY))]
    answer = run([*SHELLCHECK, *files]) if files else (0, "")
    if answer is None:
        report.notes.append("shellcheck is not installed: shell scripts not checked")
        return
    for line in answer[1].splitlines():
        found = re.match(r"(.*?):(\d+):\d+: (.*)", line)
        if found:
            path = Path(found.group(1)).relative_to(root).as_posix()
            report.add(path, int(found.group(2)), f"shellcheck: {found.group(3)}")


def check_walk(report, root):
    """The ways of docs/walk.md: that they are there, and what they cost."""
    if root == walk.TREE:
        for line, what in walk.violations((root / walk.PAGE).read_text(encoding="utf-8")):
            report.add(walk.PAGE, line, what)


def measure(root):
    """A report on everything under `root`."""
    report, guards, paths = Report(), {}, list(source_files(root))
    for path in paths:
        check_file(report, root, path, guards)
    check_distribution(report)
    check_clang_format(report, root, paths)
    check_shell(report, root, paths)
    check_walk(report, root)
    return report


def main(arguments):
    """Prints the report; 1 if a norm is not kept."""
    root = Path(arguments[0] if arguments else Path(__file__).parent.parent).resolve()
    report = measure(root)
    for path, line, what in report.violations:
        print(f"{path}:{line}: {what}")
    for note in report.notes:
        print(f"style: {note}")
    print(f"style: {report.files} files, {len(report.violations)} violations")
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
