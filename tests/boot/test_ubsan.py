# SPDX-License-Identifier: MIT
"""An image built with UBSAN=1: undefined behaviour ends in a panic that names its line."""

import fcntl
import re
import subprocess
from pathlib import Path

import pytest

from knobs import parse_knobs
from machine import run
from qemu import TREE, as_make_takes_it, build_directory, command_line

KINDS = {
    "ubsan": r"shift of 1, of type 'unsigned int', by 32",
    "ubsan-overflow": r"2147483647 \+ 1 does not fit into 'int'",
    "ubsan-index": r"index 4 is outside of 'u8 ?\[4\]'.*",
    "ubsan-align": r"load of 'u32'.* at 0x[0-9a-f]+, which is not aligned to 4",
    "ubsan-bool": r"2 is not a valid '_Bool'",
}


@pytest.fixture(scope="module")
def image():
    """The crash app, in a folder of its own; each worker asks for it, the first one makes it."""
    build = build_directory() / "test-ubsan"
    build.mkdir(parents=True, exist_ok=True)
    command = ["make", "--no-print-directory", "-j2", "UBSAN=1",
               f"BUILD={as_make_takes_it(build)}", "APP=crash", "kernel"]
    with open(build / "make.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(command, cwd=TREE, text=True, check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    return build / "crash" / "doorbell.elf"


@pytest.mark.parametrize("kind", KINDS)
def test_the_line_is_named(qemu, image, kind):
    """X09: undefined behaviour is a panic that names file and line."""
    knobs = parse_knobs({"APP": "crash", "BOOT": "direct", "DEVICES": "none", "QEMU": qemu,
                         "TIMEOUT": "20", "CMDLINE": f"kind={kind}"})
    result = run(command_line(knobs, image), knobs["timeout"])
    assert result.outcome == "panic"
    [line] = [line for line in result.lines if "panic: " in line]
    found = re.search(rf"panic: UBSan: (tests/guests/crash/own\.c):(\d+):\d+: {KINDS[kind]}$", line)
    assert found, line
    source = (Path(TREE) / found[1]).read_text(encoding="utf-8").splitlines()
    assert "hide(" in source[int(found[2]) - 1]  # each of these crashes is on such a line
