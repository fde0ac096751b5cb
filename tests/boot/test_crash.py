# SPDX-License-Identifier: MIT
"""Ends that the kernel cannot report: what the runner makes of them."""

import os
import re
import shlex
import subprocess
import sys

import pytest

from knobs import parse_knobs
from machine import run
from qemu import TREE, command_line

RUNNER = TREE / "tools" / "run.py"
PAGE = TREE / "docs" / "panics.md"


def verdict(qemu, kind, timeout="30"):
    """The runner's one line about a crash of that kind."""
    settings = {"APP": "crash", "BOOT": "direct", "DEVICES": "none", "TIMEOUT": timeout,
                "CMDLINE": f"kind={kind}", "QEMU": qemu, "PATH": os.environ["PATH"],
                "BUILD": os.environ.get("BUILD", "build"), "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run([sys.executable, str(RUNNER)], env=settings, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    assert done.returncode == 1, done.stderr
    [line] = [line for line in done.stderr.splitlines() if line.startswith("run: ")]
    return line


@pytest.mark.parametrize("kind, said", [
    ("triple-fault", ("triple fault: vector 6 (invalid opcode)", "triple_fault+0x",
                      "apps/crash/cpu.c:")),
    ("reset", ("the guest reset the machine without a verdict",
               "and again after each boot: a reset loop")),
    ("null-read", ("the kernel panicked: panic: #PF page fault", "read_null+0x",
                   "apps/crash/crash.h:")),
])
def test_end(qemu, kind, said):
    line = verdict(qemu, kind)
    for words in said:
        assert words in line


def test_hang(qemu):
    line = verdict(qemu, "hang", timeout="3")
    assert "no end after 3 s, at 0x" in line and "hang+0x" in line


def crash(qemu, *words):
    """The console of a run with these words, KNOB=value, without time stamps."""
    settings = dict(word.split("=", 1) for word in words)
    knobs = parse_knobs({"TIMEOUT": "20", "QEMU": qemu, **settings})
    lines = run(command_line(knobs), knobs["timeout"]).lines
    return [re.sub(r"^\[ *\d+\.\d+\] ", "", line) for line in lines]


def shape(line):
    """A line without what another compiler, or another machine, makes of it."""
    return re.sub(r"\b(0x)?[0-9a-f]*[0-9][0-9a-f]*\b", "N", re.sub(r"^\[ *\S+\] ", "", line))


def test_the_page_shows_a_panic_as_it_is(qemu):
    text = PAGE.read_text(encoding="utf-8")
    [command] = re.findall(r"^    make run (.*)$", text, re.MULTILINE)
    [shown] = re.findall(r"^```\n(.*?)\.\.\.\n```$", text, re.MULTILINE | re.DOTALL)
    expected = [shape(line) for line in shown.splitlines()]
    lines = [shape(line) for line in crash(qemu, *shlex.split(command))]
    start = next(i for i, line in enumerate(lines) if line.startswith("panic: "))
    assert lines[start:start + len(expected)] == expected


def test_the_page_knows_the_words_of_the_kernel():
    """Each phrase of its tables is one that the sources print."""
    sources = "".join(path.read_text(encoding="utf-8") for folder in ("kernel", "drivers/pci")
                      for path in (TREE / folder).glob("*.c"))
    for phrase in ("the null page", "the guard page of the %s stack", "kernel constants",
                   "a page %s", "that is free", "device registers", "decoding %s",
                   "memory that the firmware keeps to itself", "no RAM, which ends at",
                   "beyond what this CPU can address", "low memory, which is the firmware's",
                   "stack smashed: ", "UBSan: ", "is held too long", "again, while in a panic"):
        assert phrase in sources, phrase


def test_every_kind_has_a_case(qemu):
    line = next(line for line in crash(qemu, "APP=crash", "BOOT=direct", "DEVICES=none")
                if "what to break" in line)
    cases = "".join(path.read_text(encoding="utf-8")
                    for path in (TREE / "tests" / "boot" / "cases").glob("*.case"))
    elsewhere = {"reset", "hang"} | {kind for kind in line.split() if kind.startswith("ubsan")}
    for kind in line.partition("one of: ")[2].split():
        if kind not in elsewhere:
            assert re.search(rf"^CMDLINE = (kind=)?{kind}\b", cases, re.MULTILINE), kind
