# SPDX-License-Identifier: MIT
"""Ends that the kernel cannot report: what the runner makes of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUNNER = Path(__file__).resolve().parents[2] / "tools" / "run.py"


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
               "and again after each boot: a reset loop (3 seen)")),
    ("null-read", ("the kernel panicked: panic: #PF page fault", "read_null+0x")),
])
def test_end(qemu, kind, said):
    line = verdict(qemu, kind)
    for words in said:
        assert words in line


def test_hang(qemu):
    line = verdict(qemu, "hang", timeout="3")
    assert "no end after 3 s, at 0x" in line and "hang+0x" in line
