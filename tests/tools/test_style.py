# SPDX-License-Identifier: MIT
"""tools/style.py: each rule fires on what breaks it, and only on that."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tools"))

import c_source  # noqa: E402  (tools/ is no package)
import style  # noqa: E402

from patience import patience

HEAD = "/* SPDX-License-Identifier: MIT */\n"
TASK = "TO" + "DO"  # in one piece, it would be found in this file


def violations(tmp_path, name, text):
    """What style.py says about one file, as (line, what)."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    report = style.Report()
    style.check_file(report, tmp_path, name, {})
    style.check_distribution(report)
    return [(line, what) for _, line, what in report.violations]


def c_function(lines, name="f"):
    """A function of so many lines from brace to brace."""
    return f"int {name}(void)\n{{\n" + "\tg();\n" * (lines - 2) + "}\n"


def test_clean_file_has_no_violation(tmp_path):
    text = HEAD + "/* Adds; never fails. */\n#include \"a.h\"\n\n" + c_function(15)
    assert violations(tmp_path, "kernel/a.c", text) == []


C_CASES = {
    "wide line": ("/* " + "x" * 98 + " */\n", 2, "columns"),
    "tab counts as eight": ("\t" * 12 + "int x;\n", 2, "columns"),
    "blank at end": ("int x; \n", 2, "blanks at the end"),
    "no last newline": ("int x;", 2, "no newline"),
    "empty last line": ("int x;\n\n", 3, "empty lines at the end"),
    "long function": (c_function(61), 3, "61 lines"),
    "#ifdef inside": ("int f(void)\n{\n#ifdef A\n#endif\n}\n", 4, "#if inside f"),
    "#if 0": ("#if 0\n#endif\n", 2, "#if 0"),
    "task": (f"/* {TASK}: later */\n", 2, "without an owner"),
    "task in a long comment": (f"/*\n * a\n * {TASK} b\n */\n", 4, "without an owner"),
    "code: call": ("/* start(queue, 3); */\n", 2, "commented-out"),
    "code: assignment": ("/*\n * device->status = 0;\n */\n", 3, "commented-out"),
    "code: //": ("// return 0;\n", 2, "commented-out"),
    "code: if": ("/* if (x) { */\n", 2, "commented-out"),
    "split message": ('void f(void)\n{\n\tg("one "\n\t  "text");\n}\n', 5, "split over two"),
    "split beside a comment": ('const char *s = "a " /* b */ "c";\n', 2, "split over two"),
    "long message and more": (f'\tprintk("{"x" * 90}", a);\n', 2, "columns"),
    "long message and a comment": (f'\tprintk("{"x" * 90}"); /* a */\n', 2, "columns"),
}


@pytest.mark.parametrize("name", C_CASES)
def test_c_rule_fires(tmp_path, name):
    body, line, what = C_CASES[name]
    found = violations(tmp_path, "kernel/a.c", HEAD + body)
    assert any(at == line and what in text for at, text in found), found


@pytest.mark.parametrize("body", [
    "/* " + "x" * 94 + " */\n",
    c_function(15, "a") * 3 + c_function(60),
    "#ifdef A\nint f(void);\n#endif\n",
    f"/* {TASK}(ann): later */\n",
    "/* Reads x; then the device returns it; y = 3 is kept. */\n",
    "/* return early; the queue is empty. */\n",
    "const char *s = \"" + TASK + " return 0;\";\n",
    'const char *s = "one line\\n"\n\t\t"and another\\n";\n',
    'const char *s = "\\x08"\n\t\t"CRES", *t = "b" PRIx64 "c";\n',
    f'\tprintk("{"x" * 90}",\n\t       a);\n',
    f'\t{{ 0x01,\n\t  "{"x" * 98}" }},\n',
])
def test_c_rule_leaves_alone(tmp_path, body):
    assert violations(tmp_path, "kernel/a.c", HEAD + body) == []


def test_long_file(tmp_path):
    assert violations(tmp_path, "kernel/a.c", HEAD + "int x;\n" * 399) == []
    assert "401 lines" in violations(tmp_path, "kernel/a.c", HEAD + "int x;\n" * 400)[0][1]


def test_licence_goes_by_folder(tmp_path):
    gpl = "/* SPDX-License-Identifier: GPL-2.0-or-later */\n"
    assert "MIT" in violations(tmp_path, "kernel/a.c", "int x;\n")[0][1]
    assert "MIT" in violations(tmp_path, "kernel/a.c", gpl)[0][1]
    assert "GPL-2.0" in violations(tmp_path, "qemu/a.c", HEAD)[0][1]
    assert violations(tmp_path, "qemu/a.c", gpl) == []


def test_median_and_p90(tmp_path):
    def body(lengths):
        return HEAD + "".join(c_function(n, f"f{i}") for i, n in enumerate(lengths))

    assert violations(tmp_path, "kernel/a.c", body([15] * 9 + [60])) == []
    assert "median is 16" in violations(tmp_path, "kernel/a.c", body([16] * 3))[0][1]
    assert "p90 is 41" in violations(tmp_path, "kernel/a.c", body([3] * 5 + [41] * 2))[0][1]


@pytest.mark.parametrize("text,fires", [
    ("#ifndef A_H\n#define A_H\n#endif\n", False),
    ("#ifndef A_H\n#define B_H\n#endif\n", True),
    ("#pragma once\n", True),
    ("int x;\n", True),
])
def test_header_guard(tmp_path, text, fires):
    assert bool(violations(tmp_path, "kernel/a.h", HEAD + text)) == fires


def test_header_guard_is_unique(tmp_path):
    guards = {"A_H": "kernel/b.h"}
    report = style.Report()
    source = c_source.parse("#ifndef A_H\n#define A_H\n#endif\n")
    style.check_guard(report, "kernel/a.h", source, guards)
    assert "also kernel/b.h's" in report.violations[0][2]


@pytest.mark.parametrize("path,text,what", [
    ("kernel/a.c", "static int look(void)\n{\n}\n", "static look is one word (at least two)"),
    ("net/a.c", "static inline u64 __mix(void)\n{\n}\n", "static __mix is one word"),
    ("drivers/pci/a.c", "static void clock_look(void)\n{\n}\n", "clock_look is also kernel/c.c's"),
    ("kernel/a.c", "static int clock_read(int look)\n{\n}\n", None),
    ("kernel/a.c", "int look(void)\n{\n}\n", None),
    ("kernel/a.c", "module_init(a)\nint look(void)\n{\n}\n", None),
    ("kernel/a.h", "#ifndef A\n#define A\nstatic inline int look(void)\n{\n}\n#endif\n", None),
    ("apps/a.c", "static int look(void)\n{\n}\nstatic int clock_look(void)\n{\n}\n", None),
])
def test_static_name(tmp_path, path, text, what):
    report = style.Report()
    for name, body in (("kernel/c.c", "static int clock_look(void)\n{\n}\n"), (path, text)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(HEAD + body)
        style.check_file(report, tmp_path, name, {})
    found = [text for at, _, text in report.violations if at == path]
    assert [what in text for text in found] == [True] if what else not found


NESTING = {
    "x = 1;": 0,
    "if (a) x();": 1,
    "if (a) { for (;;) { while (b) { x(); } } }": 3,
    "for (;;) for (;;) if (a) x();": 3,
    "if (a) x(); else if (b) y(); else if (c) z();": 1,
    "switch (a) { case 1: if (b) x(); break; default: y(); }": 2,
    "do { if (a) x(); } while (b);": 2,
    "list_for_each_entry(a, b, c) { if (d) x(); }": 2,
    "list_for_each_entry(a, b, c) if (d) x();": 2,
    "struct s v = { .a = { { { { 1 } } } } };": 0,
    "if (a) goto out; x(); out: return y;": 1,
    "while (f(g(h(\"{{{{\")))) ;": 0,
    "{ { x(); } }": 2,
}


@pytest.mark.parametrize("body", NESTING)
def test_nesting_is_measured(body):
    (function,) = c_source.parse(f"int f(int a)\n{{\n{body}\n}}\n").functions
    assert function.deepest[0] == NESTING[body]


def test_nesting_rule_fires(tmp_path):
    body = "int f(void)\n{\n\tif (a)\n\t\tif (b)\n\t\t\tif (c)\n\t\t\t\tif (d)\n\t\t\t\t\tx();\n}\n"
    assert violations(tmp_path, "kernel/a.c", HEAD + body) == [(8, "f nests 4 deep (at most 3)")]


@pytest.mark.parametrize("text,names", [
    ("static int f(void) { return 0; }\n", ["f"]),
    ("const struct x *const *g(\n\tint a, int (*b)(int c))\n{\n}\n", ["g"]),
    ("struct s { int a; };\nenum e { A };\nint v[] = { f(1) };\n", []),
    ("__attribute__((noinline)) void h(void)\n{\n}\n", ["h"]),
    ("struct __attribute__((packed)) s { int a; };\n", []),
    ("#define M(x) \\\n\tint x(void) \\\n\t{ \\\n\t}\nM(a)\nM(b)\nint k(void)\n{\n}\n", ["M"]),
    ("/* int c(void) { } */ char d = '{';\nint e(void)\n{\n}\n", ["e"]),
])
def test_functions_are_found(text, names):
    # After macro calls without a semicolon the name found is the macro's; the length is right.
    assert [function.name for function in c_source.parse(text).functions] == names


PYTHON_CASES = {
    "long function": ("def f():\n" + "    x()\n" * 60, 2, "61 lines"),
    "task": (f"x = 1  # {TASK}: later\n", 2, "without an owner"),
    "code: call": ("# f(3)\n", 2, "commented-out"),
    "code: assignment": ("# x = y\n", 2, "commented-out"),
    "code: def": ("# def f(x):\n", 2, "commented-out"),
    "wide line": ("x = '" + "x" * 100 + "'\n", 2, "columns"),
}


@pytest.mark.parametrize("name", PYTHON_CASES)
def test_python_rule_fires(tmp_path, name):
    body, line, what = PYTHON_CASES[name]
    found = violations(tmp_path, "tools/a.py", "# SPDX-License-Identifier: MIT\n" + body)
    assert any(at == line and what in text for at, text in found), found


def test_python_prose_and_strings_are_left_alone(tmp_path):
    body = f"x = '{TASK}: no'\n# Returns the port (of ours).\n# Ends: see f(3) there.\n"
    assert violations(tmp_path, "tools/a.py", "# SPDX-License-Identifier: MIT\n" + body) == []


def test_shell_task_fires(tmp_path):
    text = f"#!/bin/sh\n# SPDX-License-Identifier: MIT\n# {TASK}: later\n"
    assert "without an owner" in violations(tmp_path, "tools/a.sh", text)[0][1]


@pytest.mark.skipif(not style.clang_format()[0], reason="needs the clang-format we compare with")
def test_layout_fires(tmp_path):
    shutil.copy(TREE / ".clang-format", tmp_path)
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel" / "a.c").write_text(HEAD + "int f(void)\n{\n  return  0;\n}\n")
    report = style.Report()
    style.check_clang_format(report, tmp_path, ["kernel/a.c"])
    # clang-format points at the blanks before what it would move.
    assert [line for _, line, _ in report.violations] == [3]


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="needs shellcheck")
def test_shellcheck_fires(tmp_path):
    (tmp_path / "a.sh").write_text("#!/bin/bash\necho $1\n")
    report = style.Report()
    style.check_shell(report, tmp_path, ["a.sh"])
    assert "SC2086" in report.violations[0][2]


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="needs shellcheck")
def test_settings_of_the_user_for_shellcheck_do_not_count(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".shellcheckrc").write_text("enable=all\n")
    (tmp_path / "a.sh").write_text("#!/bin/bash\ntext=x\nset -- a\necho $1 \"$text\"\n")
    report = style.Report()
    style.check_shell(report, tmp_path, ["a.sh"])
    assert [line for _, line, _ in report.violations] == [4]


def test_other_clang_format_is_not_compared_with(tmp_path, monkeypatch):
    monkeypatch.setattr(style, "run", lambda command: (0, "clang-format version 19.1.7\n"))
    report = style.Report()
    style.check_clang_format(report, tmp_path, ["kernel/a.c"])
    assert report.violations == [] and "version 19.1.7 is here" in report.notes[0]


def test_exit_status_and_summary(tmp_path):
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel" / "a.c").write_text("int x;\n")
    done = subprocess.run(
        [sys.executable, TREE / "tools" / "style.py", tmp_path], text=True, check=False,
        capture_output=True, timeout=patience(20),
    )
    assert done.returncode == 1
    assert "kernel/a.c:1: no SPDX" in done.stdout
    assert done.stdout.endswith("style: 1 files, 1 violations\n")
